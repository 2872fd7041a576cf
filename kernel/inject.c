/*
 * inject.c - fail the n-th allocation of a process, so that a test can see every failure once.
 * Does not own: the allocators (mm/page.h, mm/slab.h), which ask here first; /proc (fs/proc.c), where tests ask.
 */
#include "kernel/inject.h"
#include "kernel/proc.h"

bool alloc_site_fails(struct alloc_site *site)
{
    struct proc *p = current();         /* NULL while booting */
    site->calls++;
    if (p == NULL || p->fail_nth == 0 || --p->fail_nth > 0)
        return false;
    site->failures++;
    return true;
}
