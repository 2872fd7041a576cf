/*
 * host.h - the simulated machine, as its tests see it.
 * Owns: starting it, which hart a thread runs, the program's accesses, making allocations fail.
 * Does not own: what a page fault leads to (the test calls vm_fault, as the kernel's trap dispatcher does).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/types.h"
#include "arch/mmu.h"

/* ---- the machine ---- */

/* Memory of npages frames, all of them given to page_init, and the calling thread on hart 0. Once in a process. */
void host_boot(size_t npages, uint64_t seed);

/* The same without page_init: memory is at HOST_RAM_BASE, contents undefined. */
void host_boot_bare(size_t npages, uint64_t seed);

/* This thread runs that hart from now on. No two threads run the same one. */
void host_use_hart(unsigned hart);

/* Do all that the machine does at random from seed on. */
void host_seed(uint64_t seed);

/* Several threads: a fence may be on its way at any moment, so a translation that the table has taken back is no proof. */
extern bool host_concurrent;

/* Say that no other hart is online: who must wait for a lock sleeps at once, instead of looking for a while first. */
extern bool host_alone;

uint64_t host_random(void);             /* the calling thread's own sequence */

/* Called by panic with the message, before the program aborts. */
extern void (*host_panicked)(const char *message);

/* ---- the processor ---- */

/* Hardware may set A and D in an entry, or fault when they are clear: Privileged spec, Sv39. mm must work with both. */
extern bool soft_faults_on_ad;

/*
 * One access of one byte by the program that runs on this hart, through its TLB, its page table and, for ACCESS_EXEC, its
 * instruction cache. False: a page fault, nothing moved. Panics when the TLB has what it may not have any more.
 */
bool soft_access(vaddr_t va, enum access access, uint8_t *byte);

/* The program's own fence.i, on this hart. */
void soft_fence_fetch(void);

/*
 * Look through all TLBs: whatever is cached for an address space must still be in its page table, with no fewer rights.
 * Only while no hart is in the middle of a change.
 */
struct mmu_id;
void soft_check(const struct mmu_id *id, paddr_t root);

/* ---- allocations that fail ---- */

enum host_failure { FAIL_NONE, FAIL_ONCE, FAIL_FROM_THEN_ON };

/*
 * The nth allocation (1: the next) of a frame or of a kernel object fails; or it and all later ones do.
 * Only where mm is built with CHECKED: the plain one's inline ways do not ask.
 */
void host_fail_allocation(enum host_failure how, uint64_t nth);

/* How many allocations have been made to fail since the last call of host_fail_allocation, and how many were asked for. */
uint64_t host_failed(void);
uint64_t host_allocations(void);
