/*
 * stats.c - numbers that nobody keeps: made by looking when somebody asks, so that nothing is
 * counted on the way of a fault.
 * Does not own: the counters, which stand where they are counted; how they are shown
 * (kernel/fs/procfs.c).
 */
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/stats.h"

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

static uint64_t first_of(const struct vma *vma) { return vma->start >> PAGE_SHIFT; }
static uint64_t end_of(const struct vma *vma) { return vma->end >> PAGE_SHIFT; }

/* What has a place in tree from page number first on, up to end: in memory, and on disk only. Caller keeps it from changing. */
static void count_anons(struct radix *tree, uint64_t first, uint64_t end, size_t *in_memory, size_t *on_disk)
{
    struct anon *anon;
    for (uint64_t vpn = radix_next(tree, first, &anon); anon != NULL && vpn < end; vpn = radix_next(tree, vpn + 1, &anon)) {
        *(anon_in_memory(anon) ? in_memory : on_disk) += 1;
        thread_let_others();
    }
}

/* The same of the object that vma shows. */
static void count_object(const struct vma *vma, size_t *in_memory, size_t *on_disk)
{
    struct vm_object *obj = vma->object;
    mutex_lock(&obj->lock);
    count_anons(&obj->slots, vma->object_index, vma->object_index + vma_npages(vma), in_memory, on_disk);
    mutex_unlock(&obj->lock);
}

void as_measure(struct addrspace *as, struct as_size *size)
{
    *size = (struct as_size){ 0 };
    as_alone(as);
    count_anons(&as->anons, 0, RADIX_END, &size->in_memory, &size->on_disk);
    for (struct vma *vma = vma_first(as); vma != NULL; vma = vma_next(vma)) {
        if (vma->shared)
            count_object(vma, &size->shared, &size->shared);
        thread_let_others();
    }
    as_write_done(as);
}

void vma_usage_add(struct vma *vma, struct vma_usage *sum)
{
    struct pmap *pmap = &vma->as->pmap;
    assert(as_held_alone(vma->as));
    sum->pages += vma_npages(vma);
    size_t in_memory = 0;
    if (vma->shared)
        count_object(vma, &in_memory, &sum->swapped);
    else
        count_anons(&vma->as->anons, first_of(vma), end_of(vma), &in_memory, &sum->swapped);
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
