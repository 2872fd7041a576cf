/*
 * stats.h - what pages an address space shows now, and whose they are; a fault's record in the trace.
 */
#pragma once

#include <stddef.h>

#include "kernel/core/trace.h"
#include "mm/fault.h"

struct vma;

/* Pages of one VMA, or of several: those the page table shows now, and whose they are. */
struct vma_usage {
    size_t pages;                       /* promised */
    size_t resident;                    /* shown; the sum of the next two */
    size_t shared, private;             /* others can reach it too; nobody else can */
    size_t anon;                        /* resident, and no file's */
    size_t dirty_shared, dirty_private; /* resident, and not as they were filled */
};

/* Add vma's pages to sum. Cost follows those that are resident. Caller holds as->lock. */
void vma_usage_add(struct vma *vma, struct vma_usage *sum);

/* Count a fault; and while there is a trace record it, with the page that it has brought, NULL: none. */
void stats_trace_fault(struct addrspace *as, vaddr_t va, enum access access, enum fault_case which, const struct page *page);
static inline void fault_record(struct addrspace *as, vaddr_t va, enum access access, enum fault_case which,
                                const struct page *page)
{
    fault_count(which);
    if (trace_on())
        stats_trace_fault(as, va, access, which, page);
}
