/*
 * stats.c - numbers that nobody keeps: made by looking when somebody asks, so that nothing is counted on the way of a fault.
 * Does not own: the counters, which stand where they are counted; how they are shown (kernel/fs/procfs.c).
 */
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/page.h"
#include "mm/stats.h"
#include "mm/swap.h"

/* The leaf at va maps page, which stays what it is while as->lock is written: it would be unmapped under that first. */
static void count_leaf(struct vma *vma, vaddr_t va, struct page *page, struct vma_usage *sum)
{
    bool exclusive = true;
    bool own = page_use(page) == PAGE_ANON;
    if (own)
        radix_find(&vma->as->anons, va >> PAGE_SHIFT, &exclusive);
    bool shared = own ? !exclusive || !anon_sole(page->anon) : true;
    bool dirty = own || page->anon->dirty;
    sum->resident++;
    sum->anon += own;
    sum->shared += shared;
    sum->private += !shared;
    sum->dirty_shared += dirty && shared;
    sum->dirty_private += dirty && !shared;
}

void vma_usage_add(struct vma *vma, struct vma_usage *sum)
{
    struct pmap *pmap = &vma->as->pmap;
    assert(as_held_alone(vma->as));
    sum->pages += vma_npages(vma);
    for (vaddr_t va = vma->start; va < vma->end; va += PAGE_SIZE) {
        paddr_t pa;
        unsigned prot;
        spin_lock(&pmap->lock);                 /* let go for each leaf: there may be many */
        va = pmap_next(pmap, va, vma->end);
        bool found = va < vma->end && pmap_lookup(pmap, va, &pa, &prot);
        if (found)
            count_leaf(vma, va, phys_to_page(pa), sum);
        spin_unlock(&pmap->lock);
        thread_let_others();
    }
}

__attribute__((cold)) void stats_trace_fault(struct addrspace *as, vaddr_t va, enum access access, enum fault_case which,
                                             const struct page *page)
{
    struct thread *t = thread_current();
    trace_add(&(struct trace_record){
        .event = TRACE_FAULT, .address = va, .access = access, .which = which, .value = page != NULL ? page_to_phys(page) : 0,
        .spent = trace_spent(t->fault_began), .resident = as->pmap.resident, .free = page_used(PAGE_FREE), .swapped = swap_held(),
    });
    t->fault_began = 0;
}
