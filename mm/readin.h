/*
 * readin.h - a fault's page that is on disk.
 * Owns: reading it, and how many of the pages after it come along.
 * Does not own: slots (swap.h), what becomes of the fault (fault.c).
 */
#pragma once

#include "mm/fault.h"
#include "mm/radix.h"
#include "mm/swap.h"

struct read_in {
    unsigned nframes;                   /* to read into; 0: still to be got, and no anon is locked */
    unsigned n;                         /* anons: that of the page itself, and those that come along; all locked */
    struct page *frame[SWAP_CLUSTER];
    struct anon *anon[SWAP_CLUSTER];
};

/*
 * Before the caller lets go of all locks but anon's, whose page at index of tree is on disk, for a
 * fault at page vpn: lock what is to come along, at most one less than there are frames. Locks:
 * those that keep tree and its anons as they are.
 */
void read_in_gather(struct read_in *in, struct anon *anon, const struct radix *tree, uint64_t index, uint64_t vpn);

/*
 * For a fault at page vpn: get frames; or read into those that there are, and unlock the anons.
 * Returns FAULT_DONE: begin again; FAULT_NO_MEMORY, FAULT_IO.
 */
enum fault_result read_in(struct read_in *in, uint64_t vpn);

/*
 * Before the kernel copies from or to page index of obj, a disk: bring it in, and what read-ahead
 * adds. It may leave again: who copies pins it. Returns 0; -EIO. Where memory is short nothing
 * comes. Locks: none from RANK_OBJECT on.
 */
int read_in_object(struct vm_object *obj, uint64_t index);

/* Someone else has read it, or nobody could. */
void read_in_drop_frames(struct read_in *in);
