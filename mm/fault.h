/*
 * fault.h - the one fault function, and its counters.
 * Read fault.c: the picture at its top is the heart of this kernel.
 */
#pragma once

#include "arch/types.h"
#include "kernel/core/thread.h"

struct addrspace;
struct anon;
struct near;
struct page;
struct vm_object;

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
    FAULT_MAJOR,                        /* pages that a fault or a copy had to read from a disk (not one more fault) */
    FAULT_AROUND,                       /* leaves entered beside a fault's own (not faults) */
    FAULT_AHEAD,                        /* pages made and entered before they are touched (not faults): ahead.h */
    FAULT_AHEAD_USED,                   /* of these: touched when the walk went on */
    FAULT_AHEAD_WASTED,                 /* and not touched */
    FAULT_NCASES
};

struct fault_counts {
    uint64_t n[FAULT_NCASES];
};

/* Each thread counts its own faults, wherever it takes them: struct thread has the place. */
_Static_assert(FAULT_NCASES <= THREAD_COUNTERS, "a thread's counters hold all cases");
static inline void fault_count(enum fault_case which) { thread_current()->counter[which]++; }

/* How a fault ends. */
enum fault_result {
    FAULT_DONE,                         /* the access may be tried again */
    FAULT_NO_MAPPING,                   /* no VMA: SIGSEGV, SEGV_MAPERR */
    FAULT_FORBIDDEN,                    /* the VMA forbids the access: SIGSEGV, SEGV_ACCERR */
    FAULT_BEYOND_END,                   /* of the object: SIGBUS, BUS_ADRERR */
    FAULT_NO_MEMORY,                    /* the VMA's promise cannot be kept: SIGKILL */
    FAULT_IO,                           /* the disk has lost the page: SIGBUS, BUS_ADRERR */
    FAULT_UNPREPARED,                   /* within fault.c: a table or a node must be made first */
    FAULT_SWAPPED,                      /* within fault.c: the page must be read in first */
};

/* The name of a case as it stands in /proc/vmstat: "fault_A1". */
const char *fault_case_name(enum fault_case which);
void fault_counts_of(const struct thread *thread, struct fault_counts *counts);
void fault_counts_add(struct fault_counts *sum, const struct fault_counts *more);

/* Faults that were served without I/O: getrusage(2)'s minor faults. */
uint64_t fault_counts_minor(const struct fault_counts *counts);

/*
 * Make the page at va available for access: the one way to a new translation, from user traps, user
 * copies and exec.
 * Locks: caller holds none from RANK_AS on. Reads as->lock; writes it for a moment when a table or
 * a node is missing. Sleeps.
 */
enum fault_result vm_fault(struct addrspace *as, vaddr_t va, enum access access);

/*
 * The same, returning with the page locked, for copies by the kernel: until fault_page_unlock its
 * contents belong to va's page and stay where they are. Unless the result is FAULT_DONE nothing is
 * locked.
 */
struct fault_page {
    struct page *page;
    struct near *near;                  /* fault.c's: what is locked besides as->lock */
    struct anon *anon;
    struct anon *old;                   /* what anon has replaced: to be put */
    struct vm_object *object;
};
enum fault_result fault_page_lock(struct addrspace *as, vaddr_t va, enum access access, struct fault_page *out);
void fault_page_unlock(struct addrspace *as, const struct fault_page *locked);
