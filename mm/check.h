/*
 * check.h - the invariants, as code. Checked kernel only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct addrspace;

/*
 * Check every invariant of mm/README.md over all memory; panic with the values at the first that does not hold.
 * All other harts are stopped, and no process is in the middle of a change (none holds a lock of mm).
 */
void mm_check(void);

/* Drop a random leaf or leaf table every interval faults; 0: never. */
void check_set_chaos(uint64_t interval, uint64_t seed);

uint64_t check_chaos_interval(void);

/* Called by every fault with as->lock held: chaos, if it is due. */
void check_chaos(struct addrspace *as);
