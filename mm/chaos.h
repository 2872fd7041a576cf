/*
 * chaos.h - translations that disappear: what I3 allows must do no harm. Checked kernel only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addrspace;

/* Drop a random leaf or leaf table every interval faults; 0: never. */
void chaos_set(uint64_t interval, uint64_t seed);
uint64_t chaos_interval(void);

/*
 * A fault in an address space that has max leaves, at least 8, first takes them all away, and none
 * brings in its neighbours: so nearly every page that a program turns to is a fault, and the trace
 * has its page references.
 */
void chaos_set_leaves(size_t max);
bool chaos_few_leaves(void);

/* Called by every fault, before it locks anything: chaos, if it is due. */
void chaos_strike(struct addrspace *as);

/* Forget the leaf nearest to random, or its whole table. Caller writes as->lock. */
void chaos_forget(struct addrspace *as, uint64_t random);
