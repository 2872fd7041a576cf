/*
 * commit.c - how many pages have been promised that only memory or swap can hold.
 */
#include "mm/commit.h"
#include "mm/page.h"
#include "mm/swap.h"

#define OVERHEAD_SHIFT 4

bool commit_strict;
_Atomic int64_t commit_pages;

size_t commit_limit(void)
{
    size_t on_disk, unused;
    swap_totals(&on_disk, &unused);
    return page_total() - (page_total() >> OVERHEAD_SHIFT) + on_disk;
}

bool commit_reserve_strict(size_t npages)
{
    int64_t before = atomic_fetch_add_explicit(&commit_pages, npages, memory_order_relaxed);
    if (npages == 0 || before + (int64_t)npages <= (int64_t)commit_limit())
        return true;
    commit_count(-(int64_t)npages);
    return false;
}

bool commit_is_full_strict(void)
{
    return atomic_load_explicit(&commit_pages, memory_order_relaxed) >= (int64_t)commit_limit();
}
