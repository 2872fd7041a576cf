/*
 * fault.h - the one fault function, and its counters.
 * Read fault.c: the picture at its top is the heart of this kernel.
 */
#pragma once

#include "arch/types.h"
#include "kernel/core/lock.h"

struct addrspace;
struct locked_page;
struct page;

/* The cases of the picture in fault.c, and how a fault can fail. */
enum fault_case {
    FAULT_A1,                           /* private, read: an anon is there */
    FAULT_A2,                           /* private, write: an exclusive anon is there */
    FAULT_A3,                           /* private, write: a shared anon is there, copy */
    FAULT_B1,                           /* private, read: the object's page */
    FAULT_B2,                           /* private, write: copy the object's page */
    FAULT_B3,                           /* private: zero-fill */
    FAULT_C,                            /* shared: the object's page */
    FAULT_SPURIOUS,                     /* the leaf was there already */
    FAULT_SEGV,                         /* no VMA, or it forbids the access */
    FAULT_BUS,                          /* beyond the object's end */
    FAULT_OOM,                          /* no memory */
    FAULT_AROUND,                       /* leaves entered beside a fault's own (not faults) */
    FAULT_NCASES
};

struct fault_counts {
    uint64_t n[FAULT_NCASES];
};

/* The name of a case as it stands in /proc/vmstat: "fault_A1". */
const char *fault_case_name(enum fault_case which);
void fault_counts_add(struct fault_counts *sum, const struct fault_counts *more);

/* Faults that were served without I/O: getrusage(2)'s minor faults. */
uint64_t fault_counts_minor(const struct fault_counts *counts);

/*
 * Make the page at va available for access: the one way to a new translation, from user traps, user copies and exec.
 * Returns 0: retry the access; -EFAULT: no VMA; -EACCES: the VMA forbids it; -ENXIO: beyond the object's end;
 * -ENOMEM: no memory, and the VMA's promise cannot be kept.
 * Locks: takes as->lock.
 */
int vm_fault(struct addrspace *as, vaddr_t va, enum access access);

/*
 * The same, returning with the page locked by its owner, for copies by the kernel: until page_unlock its contents belong
 * to va's page and stay where they are.
 * Locks: caller holds as->lock. On failure nothing is locked.
 */
int fault_page_lock(struct addrspace *as, vaddr_t va, enum access access, struct locked_page *out);

/*
 * Store a whole page: the bytes of *page become those of the page at va. Where they are private to as, the frames change places
 * instead of being copied, and *page is then the frame that was there, contents undefined; no leaf shows it any more.
 * Locks: caller holds as->lock. Failure: as vm_fault, nothing changed.
 */
int fault_page_store(struct addrspace *as, vaddr_t va, struct page **page);
