/*
 * quiesce.h - moments at which nothing in mm is half done.
 */
#pragma once

#include <stdbool.h>

/*
 * Give back what is only kept to be quick: front ends of all harts, empty slabs, free kernel stacks, file pages that nobody
 * maps. The checked kernel also checks the invariants, whatever the time. Caller holds no lock.
 */
void mm_drop_caches(void);

/* Checked kernel: run the invariant checker, unless it has had its share of the time already. Caller holds no lock. */
void check_point(void);

void check_enable(bool on);

