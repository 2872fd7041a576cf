/*
 * reclaim.h - taking pages back when memory runs short.
 * Owns: which pages may be taken, in what order they are asked for (by the policy), the way of a
 * page out of memory.
 * Does not own: slots on disk (swap.h), contents (anon.h, object.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mm/anon.h"

struct policy;
struct page_device;

/* The policy by its name; before reclaim_start. False: there is none of that name, or it is too late. */
bool reclaim_use_policy(const char *name);
const char *reclaim_policy_name(void);

/*
 * Begin to keep track, of pages that come and of those that are there already: of all; or of those
 * with a home (swap.h), for without swap no others can go.
 */
void reclaim_start(void);
void reclaim_start_homes(void);

/*
 * Bring back what is on dev, and use it no more. Returns 0; -EINVAL: not in use; -ENOMEM (also:
 * without it too much would be promised, see commit.h), -EIO: it is in use as before, with some
 * pages back. Source: swapoff(2). Locks: none.
 */
int reclaim_leave_disk(struct page_device *dev);

/* Free page tables and radix nodes that hold nothing, where nobody is at work; otherwise it is for the next time. Locks: none. */
void reclaim_tables(void);

/*
 * Take some pages that are used least, and give their frames back. Returns how many; 0: nothing
 * that may be taken is left, or there is no place on disk for it.
 * Locks: may be called holding everything that one may allocate under; takes the locks of others by
 * trylock alone.
 */
size_t reclaim(void);

/*
 * Take the pages of these n <= SWAP_CLUSTER anons, used or not, if they may be had. Locks: as for
 * reclaim; the caller keeps the anons from being freed.
 */
void reclaim_these(struct anon *const anon[], unsigned n);

/* The same, but they only count as not used any more, until the next use. */
void reclaim_cool(struct anon *const anon[], unsigned n);

struct reclaim_counts {
    size_t zeroes;                      /* pages of zeroes that went, and were not written */
    size_t dropped;                     /* given up without writing: clean, or to be filled again */
    size_t saved;                       /* of disks, given up after they had been written there */
    size_t scanned;                     /* asked about */
};
void reclaim_counts(struct reclaim_counts *counts);
