/*
 * record.c - records of a fault in the trace: what it took and brought, and how much memory there
 * is.
 */
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/near.h"
#include "mm/page.h"
#include "mm/record.h"
#include "mm/swap.h"

__attribute__((cold)) void record_fault(struct addrspace *as, vaddr_t va, enum access access, enum fault_case which,
                                        const struct page *page)
{
    struct thread *t = thread_current();
    const struct pte *leaf = page != NULL ? pte_find(as->pmap.root, va, 0) : NULL;      /* without one va may be the kernel's */
    spin_lock(&as->pmap.lock);                  /* records about leaves come in the order in which leaves come and go */
    trace_add(&(struct trace_record){
        .event = TRACE_FAULT, .root = as->pmap.root >> PAGE_SHIFT, .address = va, .access = access, .which = which,
        .leaf = leaf != NULL ? pte_prot(leaf) : PROT_NONE, .value = page != NULL ? page_to_phys(page) : 0,
        .spent = trace_spent(t->fault_began), .resident = as->pmap.resident, .free = page_used(PAGE_FREE), .swapped = swap_held(),
    });
    spin_unlock(&as->pmap.lock);
    t->fault_began = 0;
}

__attribute__((cold)) void record_leaves(struct addrspace *as, uint64_t vpn, enum fault_case which)
{
    spin_lock(&as->pmap.lock);
    for (vaddr_t va = near_first(vpn) << PAGE_SHIFT; va < (near_first(vpn) + NEAR_PAGES) << PAGE_SHIFT; va += PAGE_SIZE) {
        const struct pte *leaf = pte_find(as->pmap.root, va, 0);
        if (pte_kind(leaf) != PTE_EMPTY)
            trace_of(as->pmap.root, TRACE_LEAF, va, pte_address(leaf), pte_prot(leaf), which);
    }
    spin_unlock(&as->pmap.lock);
}
