/*
 * writeback.h - what was stored to a disk's pages goes to the disk.
 * Owns: the way there, and what is true of a page meanwhile.
 * Does not own: when (fsync and msync: kernel and syscalls; reclaim.c), the pages (object.h), the
 * disk (struct page_device).
 */
#pragma once

#include "mm/object.h"

/*
 * Have what was stored to pages [first, end) of a disk written to it, and survive a loss of power;
 * nothing, of memory's objects. Returns 0; -EIO: some of it is not there, and still to be written.
 * Sleeps; locks: none from RANK_OBJECT on.
 */
int writeback(struct vm_object *obj, uint64_t first, uint64_t end);

/*
 * Write n <= SWAP_CLUSTER pages of one disk, locked and without leaves. Those that have their slot
 * afterwards are there; the others stay to be written. Returns 0, or -EIO: there are such.
 */
int writeback_pages(struct anon *const anon[], unsigned n);
