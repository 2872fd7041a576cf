/*
 * readin.c - a fault's page that is on disk.
 * Owns: reading it, and how many of the pages after it come along.
 *
 * Nothing is held meanwhile but the locks of the anons that are read: nobody's munmap or fork waits
 * for this disk, unless another thread wants one of these pages too, and waits for it with what a
 * fault holds, as long as this one read takes. And none of the anons can go, since who lets go of
 * the last reference waits for its lock (anon_put).
 *
 * Read-ahead: a disk brings several pages in little more time than one. Which are wanted is guessed
 * from the thread's last one: where this fault is at the page after those, it gets twice as many,
 * up to SWAP_CLUSTER; anywhere else the page alone. All come in idle and without a leaf, so what
 * nobody touches is the first to go, and is clean.
 */
#include "kernel/core/errno.h"
#include "kernel/core/thread.h"
#include "mm/anon.h"
#include "mm/object.h"
#include "mm/readin.h"

/* How many pages are wanted at vpn, itself among them. */
static unsigned window(struct memory_walk *walk, uint64_t vpn)
{
    unsigned n = vpn == walk->read_next ? 2 * walk->nread : 1;
    return n < SWAP_CLUSTER ? n : SWAP_CLUSTER;
}

void read_in_gather(struct read_in *in, struct anon *anon, const struct radix *tree, uint64_t index, uint64_t vpn)
{
    bool unused;
    struct radix_node *node = radix_find_node(tree, index, &unused);
    in->anon[0] = anon;
    for (in->n = 1; in->n < in->nframes && (index + in->n) % RADIX_SLOTS != 0; in->n++) {
        struct anon *next = in->anon[in->n] = radix_slot(node, index + in->n);
        if (next == NULL || !mutex_trylock(&next->lock))
            break;
        if (next->page != NULL || !swap_same_disk(next->slot, anon->slot)) {
            mutex_unlock(&next->lock);
            break;
        }
    }
    thread_current()->walk.read_next = vpn + in->n;
}

void read_in_drop_frames(struct read_in *in)
{
    while (in->nframes > 0)
        page_free(in->frame[--in->nframes]);
}

static enum fault_result get_frames(struct read_in *in, unsigned n)
{
    struct page *page;
    while (in->nframes < n && (page = page_alloc(PAGE_KERNEL)) != NULL)
        in->frame[in->nframes++] = page;
    return in->nframes > 0 ? FAULT_DONE : FAULT_NO_MEMORY;
}

static void came(struct anon *anon, struct page *page)
{
    anon_came(anon, page);
    if (anon->use == PAGE_FILE)
        object_zero_beyond(anon);
    mutex_unlock(&anon->lock);
}

/* Read the first n. Those after them are not wanted after all: they are on disk as before. Returns 0 or -EIO. */
static int read_first(struct read_in *in, unsigned n)
{
    swap_slot slots[SWAP_CLUSTER];
    while (in->n > n)
        mutex_unlock(&in->anon[--in->n]->lock);
    for (unsigned i = 0; i < n; i++)
        slots[i] = in->anon[i]->slot;
    return swap_read(slots, in->frame, n);
}

/* Read into the frames that there are, and unlock the anons. */
static enum fault_result read_all(struct read_in *in)
{
    int err = read_first(in, in->n);
    if (err != 0 && in->n > 1)                  /* only the page itself is needed, and it may be another that has failed */
        err = read_first(in, 1);
    if (err != 0) {
        mutex_unlock(&in->anon[0]->lock);
        return FAULT_IO;
    }
    while (in->nframes > in->n)
        page_free(in->frame[--in->nframes]);
    while (in->nframes > 0) {
        unsigned i = --in->nframes;
        came(in->anon[i], in->frame[i]);
    }
    return FAULT_DONE;
}

enum fault_result read_in(struct read_in *in, uint64_t vpn)
{
    struct memory_walk *walk = &thread_current()->walk;
    if (in->nframes == 0)
        return get_frames(in, walk->nread = window(walk, vpn));
    if (in->anon[0]->slot != SWAP_ZEROES)
        fault_count(FAULT_MAJOR);
    return read_all(in);
}

int read_in_object(struct vm_object *obj, uint64_t index)
{
    struct memory_walk *walk = &thread_current()->walk;
    struct read_in in = { 0 };
    struct anon *anon;
    enum fault_result result = FAULT_DONE;
    if (obj->home == 0)
        return 0;
    while (result == FAULT_DONE && object_lock_page(obj, index, &anon) == 0) {
        if (anon->page == NULL && in.nframes > 0) {
            read_in_gather(&in, anon, &obj->slots, index, index);
            mutex_unlock(&obj->lock);
            result = read_all(&in);
            break;
        }
        bool there = anon->page != NULL;
        object_unlock_page(obj, anon);
        if (there)
            break;
        result = get_frames(&in, walk->nread = window(walk, index));
    }
    read_in_drop_frames(&in);
    return result == FAULT_IO ? -EIO : 0;
}
