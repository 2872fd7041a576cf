/*
 * record.h - a fault's record in the trace.
 */
#pragma once

#include "kernel/core/trace.h"
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
