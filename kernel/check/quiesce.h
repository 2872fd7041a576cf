/*
 * quiesce.h - stopping all harts, to check mm or to collect what it keeps.
 */
#pragma once

#include <stdbool.h>

/*
 * If memory is short, take some pages back (mm/reclaim.h), if there is a disk for them: true.
 * Otherwise, or when none goes, give back what is only kept to be quick: magazines of all harts,
 * empty slabs, free kernel stacks, file pages that nobody maps. This is mm's page_shrink: whoever
 * may allocate may call it.
 */
bool mm_shrink(bool short_of_memory);
void mm_drop_caches(void);      /* and the checked kernel checks the invariants, whatever the time; caller holds no lock */

/* Checked kernel: run the invariant checker, unless it has had its share of the time already. Caller holds no lock. */
void check_point(void);

void check_enable(bool on);

