/*
 * writeback.c - what was stored to a disk's pages goes to the disk.
 *
 * A page of a disk has its slot while disk and memory are the same. The first store takes the slot
 * away (anon_stored). It can only come by a fault or a write, since no leaf of a page with a slot
 * may be stored to. Here the page gets its slot back: its leaves go, it is written, and its lock is
 * held until that is done, so a program that wants to store waits. A write(2) that copies to it
 * meanwhile takes the slot away once more after the copy (object_written): the page is written
 * twice, and nothing is lost.
 */
#include "kernel/core/errno.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/writeback.h"

/* Nobody lets go of a page before it is saved, so anon's lock is enough. */
int writeback_pages(struct anon *const anon[], unsigned n)
{
    struct page *pages[SWAP_CLUSTER] = { 0 };
    swap_slot slots[SWAP_CLUSTER] = { 0 };
    int err = 0;
    for (unsigned i = 0; i < n; i++) {
        assert(mutex_held(&anon[i]->lock));
        pages[i] = anon[i]->page;
        slots[i] = anon[i]->object->home + anon[i]->vpn;
    }
    bool whole = swap_write(slots, pages, n) == 0;
    for (unsigned i = 0; i < n; i++) {
        if (whole || (n > 1 && swap_write(&slots[i], &pages[i], 1) == 0))
            anon[i]->slot = slots[i];
        else
            err = -EIO;
    }
    return err;
}

/* In one walk over the VMAs, of which there may be many, for all of them. */
static void unmap_pages(struct vm_object *obj, struct anon *const some[], unsigned n)
{
    struct vma *vma;
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        vaddr_t va;
        for (unsigned i = 0; i < n; i++)
            if (vma_maps_index(vma, some[i]->vpn, &va))
                pmap_forget(&vma->as->pmap, va, some[i]->page);
        thread_let_others();
    }
}

/* Lock some pages of [*index, end) that are to be saved, without a leaf: the next store is a fault, which waits. */
static unsigned lock_unsaved(struct vm_object *obj, uint64_t *index, uint64_t end, struct anon *some[])
{
    unsigned n = 0;
    struct anon *anon;
    mutex_lock(&obj->lock);
    for (*index = radix_next(&obj->slots, *index, &anon); anon != NULL && *index < end && n < SWAP_CLUSTER;
         *index = radix_next(&obj->slots, *index + 1, &anon)) {
        if (n == 0)
            mutex_lock(&anon->lock);
        else if (!mutex_trylock(&anon->lock))
            break;
        if (anon->slot == 0)
            some[n++] = anon;
        else
            mutex_unlock(&anon->lock);
        thread_let_others();
    }
    unmap_pages(obj, some, n);
    mutex_unlock(&obj->lock);
    return n;
}

int writeback(struct vm_object *obj, uint64_t first, uint64_t end)
{
    struct anon *some[SWAP_CLUSTER];
    unsigned n;
    int err = 0;
    if (obj->home == 0)
        return 0;
    while ((n = lock_unsaved(obj, &first, end, some)) > 0) {
        int failed = writeback_pages(some, n);
        while (n > 0)
            mutex_unlock(&some[--n]->lock);
        err = err != 0 ? err : failed;
    }
    int failed = swap_home_flush(obj->home);
    return err != 0 ? err : failed;
}
