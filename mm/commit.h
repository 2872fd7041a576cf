/*
 * commit.h - how many pages have been promised that only memory or swap can hold.
 * Owns: their number, its limit, and whether more may be promised than that.
 * Does not own: which they are: of private memory vma.h says so (VMA_COMMITTED), of shared memory
 * and files object.c.
 *
 * With commit=strict a verb that promises more reserves that first, does it, which counts it, and
 * then lets go of what it has reserved: so the number is never too small, and two that come at once
 * are not both given the last page.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern bool commit_strict;              /* fixed at start; otherwise nothing is refused */
extern _Atomic int64_t commit_pages;    /* promised now, and reserved */

/* So many are promised more; or less. */
static inline void commit_count(int64_t npages) { atomic_fetch_add_explicit(&commit_pages, npages, memory_order_relaxed); }

/* Can so many be promised more? False, and nothing is reserved: not with commit=strict. Otherwise commit_release is due. */
bool commit_reserve_strict(size_t npages);
static inline bool commit_reserve(size_t npages) { return !commit_strict || commit_reserve_strict(npages); }

static inline void commit_release(size_t npages)
{
    if (commit_strict)
        commit_count(-(int64_t)npages);
}

/* With commit=strict, may nothing more be promised? For a page of a file, which is counted when it comes. */
bool commit_is_full_strict(void);
static inline bool commit_is_full(void) { return commit_strict && commit_is_full_strict(); }

/*
 * Pages: of all memory but a sixteenth, for page tables, radix nodes and stacks of the kernel, and
 * of all swap. proc_meminfo(5), CommitLimit.
 */
size_t commit_limit(void);
