/*
 * addrspace.c - the verbs of an address space.
 * Owns: struct addrspace, families, the list of all address spaces, the one unmap.
 * Does not own: contents (radix, anon, object), translations (pmap).
 * Read next: fault.c, where what is promised here is delivered.
 *
 * Every verb is prepare, then commit. Prepare allocates whatever is needed (VMAs, copies of shared radix nodes at the edges)
 * and may fail with nothing changed; commit cannot fail. munmap, shrinking the heap, a failed exec and exit all end in the
 * same few calls: forget the leaves, fence, put the contents.
 *
 * Where a program can make it long, others run meanwhile, and as->lock stays held: between VMAs, tables (pmap.c), radix nodes.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/object.h"
#include "mm/slab.h"

static SLAB_CACHE(addrspaces, struct addrspace);
static SLAB_CACHE(families, struct family);

static struct spinlock as_list_lock = SPINLOCK_INIT(RANK_PAGE);
static LIST_HEAD(, addrspace) as_list;          /* [as_list_lock] */

/* ---- create ---- */

static void family_join(struct family *family, struct addrspace *as)
{
    mutex_lock(&family->lock);
    family->members++;
    LIST_INSERT_HEAD(&family->list, as, family_link);
    mutex_unlock(&family->lock);
    as->family = family;
}

/* The last to leave takes the family with it. */
static void family_leave(struct addrspace *as)
{
    struct family *family = as->family;
    mutex_lock(&family->lock);
    LIST_REMOVE(as, family_link);
    bool last = --family->members == 0;
    mutex_unlock(&family->lock);
    if (last)
        slab_free(&families, family);
}

static struct family *family_alloc(void)
{
    struct family *family = slab_alloc(&families);
    if (family != NULL) {
        mutex_init(&family->lock, RANK_OBJECT);
        family->members = 0;
        LIST_INIT(&family->list);
    }
    return family;
}

/* An address space with an empty page table and nothing else. */
static struct addrspace *as_alloc(void)
{
    struct addrspace *as = slab_alloc(&addrspaces);
    if (as == NULL)
        return NULL;
    if (pmap_init(&as->pmap) != 0) {
        slab_free(&addrspaces, as);
        return NULL;
    }
    atomic_store_explicit(&as->users, 1, memory_order_relaxed);
    rwlock_init(&as->lock, RANK_AS);
    RB_INIT(&as->vmas.tree);
    as->vmas.count = as->vmas.npages = 0;
    radix_init(&as->anons);
    as->brk_base = as->brk = 0;
    as->generation = RADIX_END;
    for (unsigned i = 0; i < NEAR_COUNT; i++) {
        mutex_init(&as->near[i].lock, RANK_NEAR);
        as->near[i].about = 0;
    }
    atomic_store_explicit(&as->oom_va, 0, memory_order_relaxed);
    as->pages_max = as->heap_max = UINT64_MAX;
    as->brk_max = USER_END;
    return as;
}

static void as_publish(struct addrspace *as)
{
    spin_lock(&as_list_lock);
    LIST_INSERT_HEAD(&as_list, as, all_link);
    spin_unlock(&as_list_lock);
}

struct addrspace *as_create(void)
{
    struct family *family = family_alloc();
    struct addrspace *as = family != NULL ? as_alloc() : NULL;
    if (as == NULL) {
        if (family != NULL)
            slab_free(&families, family);
        return NULL;
    }
    family_join(family, as);
    as_publish(as);
    return as;
}

/* ---- destroy ---- */

/* Take every VMA in [start, end), which none straddles, away. */
static void remove_vmas(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    struct vma *vma;
    while ((vma = vma_find_from(as, start)) != NULL && vma->start < end) {
        vma_remove(as, vma);
        vma_free(vma);
    }
}

void as_destroy(struct addrspace *as)
{
    /* Nobody else can find it, but a lock held tells the checker that it is not whole. */
    as_write(as);
    spin_lock(&as_list_lock);
    LIST_REMOVE(as, all_link);
    spin_unlock(&as_list_lock);

    remove_vmas(as, 0, USER_END);
    pmap_destroy(&as->pmap);
    radix_put_all(&as->anons);
    family_leave(as);
    as_write_done(as);
    slab_free(&addrspaces, as);
}

/* ---- fork ---- */

static bool private_writable(const struct vma *vma)
{
    return !vma->shared && (vma->prot & PROT_WRITE);
}

int as_fork(struct addrspace *parent, struct addrspace **out)
{
    struct addrspace *child = as_alloc();
    if (child == NULL)
        return -ENOMEM;

    as_write(parent);
    rwlock_write_unpublished(&child->lock);

    /* Prepare: the child's VMAs. */
    struct vma *vma;
    int err = 0;
    for (vma = vma_first(parent); vma != NULL; vma = vma_next(vma)) {
        struct vma *clone = vma_clone(vma);
        if (clone == NULL) {
            err = -ENOMEM;
            break;
        }
        vma_insert(child, clone);
        thread_let_others();
    }
    if (err == 0) {
        /* Commit: share the contents, and take the right to store from the parent's leaves. The child's table is empty. */
        radix_share(&child->anons, &parent->anons);
        child->brk_base = parent->brk_base;
        child->brk = parent->brk;
        child->pages_max = parent->pages_max;
        child->heap_max = parent->heap_max;
        child->brk_max = parent->brk_max;
        family_join(parent->family, child);
        struct pmap_batch batch;
        pmap_batch_begin(&batch, parent);
        for (vma = vma_first(parent); vma != NULL; vma = vma_next(vma))
            if (private_writable(vma))
                pmap_share(&batch, vma->start, vma->end);
        pmap_batch_end(&batch);
        as_publish(child);
        *out = child;
    } else {
        remove_vmas(child, 0, USER_END);
    }
    as_write_done(child);
    as_write_done(parent);

    if (err != 0) {
        pmap_destroy(&child->pmap);
        slab_free(&addrspaces, child);
    }
    return err;
}

/* ---- map ---- */

static bool range_valid(vaddr_t start, size_t len)
{
    return page_aligned(start) && len > 0 && len <= USER_END && start <= USER_END - page_up(len);
}

/* Is a range free that ends at end? next is the first VMA that ends after its start. */
static bool lies_below(vaddr_t end, const struct vma *next)
{
    return next == NULL || end + (next->kind == VMA_STACK ? VMA_STACK_GAP : 0) <= next->start;
}

/* The highest free range of len bytes below the lowest stack, or 0. Page 0 is never mapped. */
static vaddr_t find_room(struct addrspace *as, size_t len)
{
    vaddr_t top = USER_END - PAGE_SIZE;
    for (struct vma *vma = vma_last(as);; vma = vma_prev(vma)) {
        vaddr_t bottom = vma != NULL ? vma->end : PAGE_SIZE;
        if (vma == NULL || vma->kind == VMA_HEAP) {
            /* The heap grows upwards from here: nothing is placed below it. */
            if (top < bottom || top - bottom < len)
                return 0;
            return top - len;
        }
        if (top >= bottom && top - bottom >= len)
            return top - len;
        top = vma->start - (vma->kind == VMA_STACK ? VMA_STACK_GAP : 0);
        thread_let_others();
    }
}

static int map_locked(struct addrspace *as, vaddr_t start, vaddr_t end, const struct map_request *req)
{
    struct vma *next = vma_find_from(as, start);
    if (start < PAGE_SIZE || !lies_below(end, next))
        return -EEXIST;
    if (as->vmas.npages + ((end - start) >> PAGE_SHIFT) > as->pages_max)
        return -ENOMEM;
    /* Growing what lies below needs no new VMA: the way of the heap. */
    struct vma *below = next != NULL ? vma_prev(next) : vma_last(as);
    struct vma added = { .start = start, .end = end, .prot = req->prot, .kind = req->kind, .shared = req->shared,
                         .object = req->object, .object_index = req->object_index };
    if (below != NULL && vma_continues(below, &added)) {
        vma_resize(as, below, below->start, end);
        return 0;
    }
    struct vma *vma = as->vmas.count < VMA_MAX ? vma_clone(&added) : NULL;
    if (vma == NULL)
        return -ENOMEM;
    vma_insert(as, vma);
    return 0;
}

int as_map(struct addrspace *as, vaddr_t hint, size_t len, const struct map_request *req, vaddr_t *out)
{
    if (!range_valid(hint, len) || (req->prot & ~PROT_ALL))
        return -EINVAL;
    len = page_up(len);
    as_write(as);
    vaddr_t start = hint;
    if (!req->fixed && (hint < PAGE_SIZE || !lies_below(hint + len, vma_find_from(as, hint))))
        start = find_room(as, len);
    int err = start == 0 ? (req->fixed ? -EEXIST : -ENOMEM) : map_locked(as, start, start + len, req);
    as_write_done(as);
    if (err == 0)
        *out = start;
    return err;
}

/* ---- unmap ---- */

/* The pieces that an unmap or protect of a range cuts off: got beforehand, so that the commit cannot fail. */
struct cuts {
    struct vma *first, *last;           /* VMAs that contain start, and the page before end; NULL: none */
    struct vma *low;                    /* for first, when it begins before start */
    struct vma *high;                   /* for last, when it ends after end */
};

static void cuts_free(struct cuts *cuts)
{
    if (cuts->low != NULL)
        vma_free(cuts->low);
    if (cuts->high != NULL)
        vma_free(cuts->high);
}

static int cuts_prepare(struct addrspace *as, vaddr_t start, vaddr_t end, struct cuts *cuts)
{
    struct vma *first = vma_find(as, start), *last = vma_find(as, end - 1);
    *cuts = (struct cuts){ .first = first, .last = last };
    bool low = first != NULL && first->start < start, high = last != NULL && end < last->end;
    if (as->vmas.count + low + high > VMA_MAX)
        return -ENOMEM;
    if ((low && (cuts->low = vma_clone(first)) == NULL) || (high && (cuts->high = vma_clone(last)) == NULL)) {
        cuts_free(cuts);
        return -ENOMEM;
    }
    return 0;
}

/* Split so that no VMA straddles start or end. */
static void cuts_commit(struct addrspace *as, vaddr_t start, vaddr_t end, struct cuts *cuts)
{
    if (cuts->low != NULL)
        vma_split(as, cuts->first, start, cuts->low);
    if (cuts->high != NULL)
        vma_split(as, cuts->low != NULL && cuts->last == cuts->first ? cuts->low : cuts->last, end, cuts->high);
}

/* Take the translations of [start, end) away: from here on nobody sees its pages. */
static void hide(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    struct pmap_batch batch;
    pmap_batch_begin(&batch, as);
    pmap_remove(&batch, start, end);
    pmap_batch_end(&batch);
}

/* Unmap [start, end): the end of munmap and of shrinking the heap. */
static int unmap_locked(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    assert(as_held_alone(as));
    /* Prepare. The tail of one VMA, as when a heap shrinks, needs no cut: the VMA is just made shorter. */
    struct vma *first = vma_find(as, start);
    bool tail = first != NULL && first->start < start && first->end <= end;
    vaddr_t rest = tail ? first->end : start;           /* from here on there are whole VMAs to remove, or parts to cut */
    struct cuts cuts;
    cuts.low = cuts.high = NULL;
    int err = rest < end ? cuts_prepare(as, rest, end, &cuts) : 0;
    if (err != 0)
        return err;
    /* Often nothing has been touched: one look at the range is cheaper than two walks along its edges. */
    bool any_anon = radix_any(&as->anons, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
    if (any_anon)
        err = radix_prepare_clear(&as->anons, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
    if (err != 0) {
        cuts_free(&cuts);
        return err;
    }
    /* Commit: the translations, then the promise (an object may then forget its page), and last the contents. */
    hide(as, start, end);
    if (tail)
        vma_resize(as, first, first->start, start);
    if (rest < end) {
        cuts_commit(as, rest, end, &cuts);
        remove_vmas(as, rest, end);
    }
    if (any_anon)
        radix_clear(&as->anons, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
    return 0;
}

int as_unmap(struct addrspace *as, vaddr_t start, size_t len)
{
    if (!range_valid(start, len))
        return -EINVAL;
    as_write(as);
    int err = unmap_locked(as, start, start + page_up(len));
    as_write_done(as);
    return err;
}

bool as_range_allows(struct addrspace *as, vaddr_t start, vaddr_t end, unsigned prot)
{
    vaddr_t at = start;
    for (struct vma *vma; at < end && (vma = vma_find(as, at)) != NULL && (vma->prot & prot) == prot; thread_let_others())
        at = vma->end;
    return at >= end;
}

int as_forget(struct addrspace *as, vaddr_t start, size_t len)
{
    if (!range_valid(start, len))
        return -EINVAL;
    vaddr_t end = start + page_up(len);
    as_write(as);
    int err = as_range_allows(as, start, end, PROT_NONE) ? 0 : -ENOMEM;
    if (err == 0)
        err = radix_prepare_clear(&as->anons, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
    if (err == 0) {
        hide(as, start, end);
        radix_clear(&as->anons, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
    }
    as_write_done(as);
    return err;
}

/* ---- protect ---- */

int as_protect(struct addrspace *as, vaddr_t start, size_t len, unsigned prot)
{
    if (!range_valid(start, len) || (prot & ~PROT_ALL))
        return -EINVAL;
    vaddr_t end = start + page_up(len);
    struct cuts cuts;
    as_write(as);
    int err = as_range_allows(as, start, end, PROT_NONE) ? 0 : -ENOMEM;
    if (err == 0)
        err = cuts_prepare(as, start, end, &cuts);
    if (err == 0) {
        cuts_commit(as, start, end, &cuts);
        struct vma *vma = cuts.low != NULL ? cuts.low : cuts.first;
        for (; vma != NULL && vma->start < end; vma = vma_next(vma)) {
            vma->prot = prot;
            thread_let_others();
        }
        /* New rights come by faults; rights that are gone must be gone everywhere before we return. */
        struct pmap_batch batch;
        pmap_batch_begin(&batch, as);
        pmap_protect(&batch, start, end, prot);
        pmap_batch_end(&batch);
        vma = vma_find_from(as, start > 0 ? start - 1 : 0);
        for (struct vma *next; vma != NULL && vma->start < end && (next = vma_next(vma)) != NULL;) {
            if (vma_continues(vma, next))
                vma_merge(as, vma, next);
            else
                vma = next;
        }
    }
    as_write_done(as);
    return err;
}

/* ---- brk ---- */

static void limit_brk(struct addrspace *as)
{
    as->brk_max = as->heap_max < USER_END - as->brk_base ? as->brk_base + as->heap_max : USER_END;
}

void as_set_limits(struct addrspace *as, uint64_t bytes, uint64_t heap_bytes)
{
    as_write(as);
    as->pages_max = bytes >> PAGE_SHIFT;
    as->heap_max = heap_bytes;
    limit_brk(as);
    as_write_done(as);
}

void as_set_brk_base(struct addrspace *as, vaddr_t base)
{
    as_write(as);
    as->brk_base = as->brk = base;
    limit_brk(as);
    as_write_done(as);
}

static int set_brk_locked(struct addrspace *as, vaddr_t new_brk)
{
    if (new_brk < as->brk_base)
        return -EINVAL;
    if (new_brk > as->brk_max && new_brk > as->brk)     /* less is always allowed, whatever the limit has become */
        return -ENOMEM;
    static const struct map_request heap = { .prot = PROT_READ | PROT_WRITE, .kind = VMA_HEAP };
    vaddr_t old_end = page_up(as->brk), new_end = page_up(new_brk);
    int err = 0;
    if (new_end > old_end)
        err = map_locked(as, old_end, new_end, &heap);
    else if (new_end < old_end)
        err = unmap_locked(as, new_end, old_end);
    if (err != 0)
        return -ENOMEM;
    as->brk = new_brk;
    return 0;
}

int as_set_brk(struct addrspace *as, vaddr_t new_brk, vaddr_t *brk)
{
    as_write(as);
    int err = set_brk_locked(as, new_brk);
    *brk = as->brk;
    as_write_done(as);
    return err;
}

int as_move_brk(struct addrspace *as, int64_t increment, vaddr_t *old_brk)
{
    as_write(as);
    vaddr_t old = as->brk, new_brk;
    int err = 0;
    if (__builtin_add_overflow(old, increment, &new_brk))
        err = increment < 0 ? -EINVAL : -ENOMEM;
    if (err == 0)
        err = set_brk_locked(as, new_brk);
    as_write_done(as);
    if (err == 0)
        *old_brk = old;
    return err;
}

/* ---- the rest ---- */

void as_activate(struct thread *thread, struct addrspace *as)
{
    thread->mmu = as != NULL ? &as->pmap.id : NULL;
    thread->mmu_root = as != NULL ? as->pmap.root : 0;
    if (thread == thread_current())
        mmu_activate(thread->mmu, thread->mmu_root);
}

void as_for_each(void (*visit)(struct addrspace *as, void *arg), void *arg)
{
    struct addrspace *as;
    spin_lock(&as_list_lock);
    LIST_FOREACH(as, &as_list, all_link)
        visit(as, arg);
    spin_unlock(&as_list_lock);
}
