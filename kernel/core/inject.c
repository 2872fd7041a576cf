/*
 * inject.c - fail the n-th allocation of a thread, so that a test can see every failure once.
 * Does not own: the allocators (mm/page.h, mm/slab.h), which ask here first; /proc
 * (kernel/fs/procfs.c), where tests ask.
 */
#include "kernel/core/inject.h"
#include "kernel/core/thread.h"

bool alloc_site_fails(struct alloc_site *site)
{
    struct thread *t = thread_current();         /* NULL while booting */
    site->calls++;
    if (t == NULL || t->fail_nth == 0 || --t->fail_nth > 0)
        return false;
    site->failures++;
    t->has_failed = true;
    return true;
}
