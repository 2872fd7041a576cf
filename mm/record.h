/*
 * record.h - a fault's record in the trace.
 */
#pragma once

#include "kernel/core/trace.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/fault.h"

/* Count a fault; and while there is a trace record it, with the page that it has brought, NULL: none. */
void record_fault(struct addrspace *as, vaddr_t va, enum access access, enum fault_case which, const struct page *page);
static inline void fault_record(struct addrspace *as, vaddr_t va, enum access access, enum fault_case which,
                                const struct page *page)
{
    fault_count(which);
    if (trace_on())
        record_fault(as, va, access, which, page);
}

/* Leaves were entered in vpn's neighbourhood beside a fault's own: while there is a trace, a record of each that is there. */
void record_leaves(struct addrspace *as, uint64_t vpn, enum fault_case which);
static inline void leaves_record(struct addrspace *as, uint64_t vpn, enum fault_case which)
{
    if (trace_on())
        record_leaves(as, vpn, which);
}

/* The page of anon leaves, or has come back. */
static inline void page_record(enum trace_event event, const struct anon *anon, const struct page *page)
{
    trace_of(0, event, anon->vpn << PAGE_SHIFT, page_to_phys(page), 0, anon->use == PAGE_FILE ? TRACE_OBJECT : 0);
}
