/*
 * record.c - a fault's record in the trace: with how much memory there is.
 */
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/page.h"
#include "mm/record.h"
#include "mm/swap.h"

__attribute__((cold)) void record_fault(struct addrspace *as, vaddr_t va, enum access access, enum fault_case which,
                                        const struct page *page)
{
    struct thread *t = thread_current();
    trace_add(&(struct trace_record){
        .event = TRACE_FAULT, .address = va, .access = access, .which = which, .value = page != NULL ? page_to_phys(page) : 0,
        .spent = trace_spent(t->fault_began), .resident = as->pmap.resident, .free = page_used(PAGE_FREE), .swapped = swap_held(),
    });
    t->fault_began = 0;
}
