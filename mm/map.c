/*
 * map.c - the verbs that change which ranges there are: map, unmap, protect, brk.
 * Owns: where a mapping may lie, the one unmap.
 * Does not own: struct vma and its tree (vma.c), contents (radix, anon, object), translations
 * (pmap).
 * Read next: fault.c, where what is promised here is delivered.
 *
 * Every verb is prepare, then commit. Prepare allocates whatever is needed (VMAs, copies of shared
 * radix nodes at the edges) and may fail with nothing changed; commit cannot fail. munmap, mapping
 * over something, shrinking the heap and mremap all end in the same unmap: forget the leaves,
 * fence, put the contents.
 *
 * Where a program can make it long, others run meanwhile, and as->lock stays held: between VMAs,
 * tables (pmap.c), radix nodes.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/core/trace.h"
#include "mm/addrspace.h"
#include "mm/commit.h"

/* ---- what there may be ---- */

struct pages as_count(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    struct pages n = { 0 };
    for (struct vma *vma = vma_find_from(as, start); vma != NULL && vma->start < end; vma = vma_next(vma)) {
        size_t npages = ((vma->end < end ? vma->end : end) - (vma->start > start ? vma->start : start)) >> PAGE_SHIFT;
        n.all += npages;
        n.data += vma_is_data(vma) ? npages : 0;
        n.locked += vma->flags & VMA_LOCKED ? npages : 0;
        n.committed += vma->flags & VMA_COMMITTED ? npages : 0;
        thread_let_others();
    }
    return n;
}

/* May added be mapped, in the place of as many pages as gone says? Returns 0, -ENOMEM, or of what is locked -EPERM, -EAGAIN. */
static int within_limits(const struct addrspace *as, const struct vma *added, struct pages gone, uint8_t asked_flags)
{
    size_t npages = vma_npages(added);
    const struct as_limits *limits = &as->limits;
    if (as->vmas.npages - gone.all + npages > limits->mapped >> PAGE_SHIFT)
        return -ENOMEM;
    if (vma_is_data(added) && as->vmas.ndata - gone.data + npages > limits->data >> PAGE_SHIFT)
        return -ENOMEM;
    if ((asked_flags & VMA_LOCKED) && limits->locked == 0)
        return -EPERM;
    return (added->flags & VMA_LOCKED) && as->vmas.nlocked + npages > limits->locked >> PAGE_SHIFT ? -EAGAIN : 0;
}

/*
 * May the part of vma in [start, end) have the rights in prot? more: pages that become data, or are
 * committed and have been reserved, by it and by what comes before.
 */
static int may_have(const struct addrspace *as, const struct vma *vma, vaddr_t start, vaddr_t end, unsigned prot,
                    struct pages *more)
{
    if (vma == NULL || vma->start > start)
        return -ENOMEM;
    if (prot & vma->prot_denied)
        return -EACCES;
    size_t npages = ((vma->end < end ? vma->end : end) - start) >> PAGE_SHIFT;
    if ((prot & PROT_WRITE) && !vma->shared && !vma_is_data(vma))
        more->data += npages;
    if (as->vmas.ndata + more->data > as->limits.data >> PAGE_SHIFT && more->data > 0)
        return -ENOMEM;
    if (!commit_strict || vma_commit_flags(vma->flags, prot, vma->shared) == vma->flags)
        return 0;
    if (!commit_reserve_strict(npages))
        return -ENOMEM;
    more->committed += npages;
    return 0;
}

/* How far [start, end), which vma begins, may get the rights in prot; and what is wrong there, or 0. more: as above. */
static int protectable(struct addrspace *as, struct vma *vma, vaddr_t start, vaddr_t *end, unsigned prot, struct pages *more)
{
    for (vaddr_t at = start; at < *end; vma = at < *end ? vma_next(vma) : NULL, thread_let_others()) {
        int err = may_have(as, vma, at, *end, prot, more);
        if (err != 0) {
            *end = at;
            return err;
        }
        at = vma->end;
    }
    return 0;
}

/* ---- the trace ---- */

__attribute__((cold)) void map_record_slow(struct addrspace *as, vaddr_t start, size_t len)
{
    const struct vma *vma = vma_find(as, start);
    unsigned object = vma->object != NULL ? TRACE_OBJECT : 0;
    trace_of(as->pmap.root, TRACE_MAP, start, len, vma->prot, vma->kind * TRACE_KIND | object | (vma->shared ? TRACE_SHARED : 0));
}

/* ---- unmap ---- */

int unmap_prepare(struct addrspace *as, vaddr_t start, vaddr_t end, struct vma_spare *spare, struct unmap *unmap)
{
    assert(as_held_alone(as));
    struct vma *vma = vma_find(as, start);
    bool hole = vma != NULL && vma->start < start && end < vma->end;    /* one VMA becomes two; all else only gets shorter */
    if (hole && vma_spare_alloc(as, spare, spare->count + 1) != 0)
        return -ENOMEM;
    /* Often nothing has been touched: one look at the range is cheaper than two walks along its edges. */
    uint64_t first = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;
    *unmap = (struct unmap){ start, end, radix_any(&as->anons, first, last) };
    return unmap->any_anon ? radix_prepare_clear(&as->anons, first, last) : 0;
}

void as_hide(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    struct pmap_batch batch;
    pmap_batch_begin(&batch, as);
    pmap_remove(&batch, start, end);
    pmap_batch_end(&batch);
}

/* The translations go first, then the promise (an object may then forget its page), and last the contents. */
void unmap_commit(struct addrspace *as, const struct unmap *unmap, struct vma_spare *spare)
{
    vaddr_t start = unmap->start, end = unmap->end;
    as_hide(as, start, end);
    struct vma *vma = vma_find_from(as, start), *next;
    if (vma != NULL && vma->start < start && end < vma->end)
        vma_split(as, vma, end, spare);
    for (; vma != NULL && vma->start < end; vma = next) {
        next = vma_next(vma);
        if (vma->start < start) {
            vma_resize(as, vma, vma->start, start);
        } else if (end < vma->end) {
            vma_resize(as, vma, end, vma->end);
        } else {
            vma_remove(as, vma);
            vma_free(vma);
        }
    }
    if (unmap->any_anon)
        radix_clear(&as->anons, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
    trace_of(as->pmap.root, TRACE_UNMAP, start, end - start, 0, 0);
}

int unmap_locked(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    struct vma_spare spare = { 0 };
    struct unmap unmap;
    int err = unmap_prepare(as, start, end, &spare, &unmap);
    if (err == 0)
        unmap_commit(as, &unmap, &spare);
    vma_spare_free(&spare);
    return err;
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

/* ---- map ---- */

/* added joins a neighbour that is like it, if there is one: so a heap grows without a new VMA. next is the VMA after it. */
static bool join_neighbour(struct addrspace *as, const struct vma *added, struct vma *next)
{
    struct vma *below = next != NULL ? vma_prev(next) : vma_last(as);
    if (below != NULL && vma_continues(below, added)) {
        vma_resize(as, below, below->start, added->end);
        if (next != NULL && next->start == added->end)
            vma_merge(as, added->end, added->end);
    } else if (next != NULL && vma_continues(added, next)) {
        vma_resize(as, next, added->start, next->end);
    } else {
        return false;
    }
    return true;
}

/* Map what req says to [start, end). With commit=strict what that promises more is reserved. */
static int map_locked(struct addrspace *as, vaddr_t start, vaddr_t end, const struct map_request *req)
{
    struct vma *next = vma_find_from(as, start);
    if (!req->replace && !vma_lies_above(next, end + req->gap))
        return -EEXIST;
    bool replaces = next != NULL && next->start < end;
    /* A draft, whose links nobody looks at: an initialiser would clear them, at the cost of all the rest of growing a heap. */
    struct vma added;
    added.start = start;
    added.end = end;
    added.prot = req->prot;
    added.prot_denied = req->prot_denied;
    added.kind = req->kind;
    added.flags = vma_commit_flags(req->flags | as->lock_future, req->prot, req->shared);
    added.shared = req->shared;
    added.object = req->object;
    added.object_index = req->object_index;
    int err = within_limits(as, &added, replaces ? as_count(as, start, end) : (struct pages){ 0 }, req->flags);
    if (err != 0)
        return err;
    if (added.flags & VMA_LOCKED)
        atomic_store_explicit(&as->locks, true, memory_order_relaxed);
    if (!replaces && join_neighbour(as, &added, next))
        return 0;
    struct vma_spare spare = { 0 };             /* first the new one, then what unmapping needs */
    struct unmap unmap;
    if (as->vmas.count >= VMA_MAX || (spare.vma[0] = vma_clone(&added)) == NULL)
        return -ENOMEM;
    spare.count = 1;
    if (replaces) {
        if (unmap_prepare(as, start, end, &spare, &unmap) != 0) {
            vma_spare_free(&spare);
            return -ENOMEM;
        }
        unmap_commit(as, &unmap, &spare);
    }
    vma_insert(as, spare.vma[0], NULL);
    if (replaces)
        vma_merge(as, start, end);
    return 0;
}

/* The same: reserve it, or refuse. */
static __attribute__((noinline)) int reserve_and_map(struct addrspace *as, vaddr_t start, vaddr_t end,
                                                     const struct map_request *req)
{
    bool counts = vma_commit_flags(0, req->prot, req->shared) & VMA_COMMITTED;
    size_t more = counts ? ((end - start) >> PAGE_SHIFT) - (req->replace ? as_count(as, start, end).committed : 0) : 0;
    if (!commit_reserve(more))
        return -ENOMEM;
    int err = map_locked(as, start, end, req);
    commit_release(more);
    return err;
}

/* Where a mapping of len bytes goes: result in *start. Page 0 is never mapped. */
static int find_place(struct addrspace *as, vaddr_t hint, size_t len, const struct map_request *req, vaddr_t *start)
{
    bool inside = hint <= USER_END - len;
    *start = hint;
    if (req->fixed && !inside)
        return -ENOMEM;
    if (req->fixed && hint < PAGE_SIZE)
        return -EPERM;
    if (req->fixed || (inside && hint >= PAGE_SIZE && vma_lies_above(vma_find_from(as, hint), hint + len)))
        return 0;
    *start = vma_find_room(as, len, as_room_from(as));
    return *start != 0 ? 0 : -ENOMEM;
}

int as_map(struct addrspace *as, vaddr_t hint, size_t len, const struct map_request *req, vaddr_t *out)
{
    if (!page_aligned(hint) || len == 0 || (req->prot & ~PROT_ALL))
        return -EINVAL;
    if (len > USER_END)
        return -ENOMEM;
    len = page_up(len);
    as_write(as);
    int err = find_place(as, hint, len, req, out);
    if (err == 0)
        err = commit_strict ? reserve_and_map(as, *out, *out + len, req) : map_locked(as, *out, *out + len, req);
    if (err == 0)
        map_record(as, *out, len);
    as_write_done(as);
    return err;
}

/* ---- protect ---- */

vaddr_t as_allowed_end(struct addrspace *as, vaddr_t start, vaddr_t end, unsigned prot)
{
    vaddr_t at = start;
    for (struct vma *vma; at < end && (vma = vma_find(as, at)) != NULL && (vma->prot & prot) == prot; thread_let_others())
        at = vma->end;
    return at < end ? at : end;
}

int split_prepare(struct addrspace *as, const struct vma *first, vaddr_t start, vaddr_t end, struct vma_spare *spare)
{
    const struct vma *last = first != NULL && end <= first->end ? first : vma_find(as, end - 1);
    bool low = first != NULL && first->start < start, high = last != NULL && end < last->end;
    return low || high ? vma_spare_alloc(as, spare, spare->count + low + high) : 0;
}

static int protect_locked(struct addrspace *as, struct vma *vma, vaddr_t start, vaddr_t end, unsigned prot)
{
    struct vma_spare spare = { 0 };
    int err = split_prepare(as, vma, start, end, &spare);
    if (err == 0) {
        vma = vma_split(as, vma, start, &spare);
        if (spare.count > 0)
            vma_split(as, vma_find(as, end), end, &spare);
        for (; vma != NULL && vma->start < end; vma = vma_next(vma)) {
            vma_set(as, vma, prot, vma->flags);
            thread_let_others();
        }
        /* New rights come by faults; rights that are gone must be gone everywhere before we return. */
        struct pmap_batch batch;
        pmap_batch_begin(&batch, as);
        pmap_protect(&batch, start, end, prot);
        pmap_batch_end(&batch);
        vma_merge(as, start, end);
        trace_of(as->pmap.root, TRACE_PROTECT, start, end - start, prot, 0);
    }
    vma_spare_free(&spare);
    return err;
}

int as_protect(struct addrspace *as, vaddr_t start, size_t len, unsigned prot)
{
    if (!range_valid(start, len) || (prot & ~PROT_ALL))
        return -EINVAL;
    as_write(as);
    vaddr_t end = start + page_up(len);
    struct vma *vma = vma_find(as, start);
    struct pages more = { 0 };
    int wrong = protectable(as, vma, start, &end, prot, &more);
    int err = end > start ? protect_locked(as, vma, start, end, prot) : 0;
    commit_release(more.committed);
    as_write_done(as);
    return err != 0 ? err : wrong;
}

/* ---- brk, and limits ---- */

static void limit_brk(struct addrspace *as)
{
    as->brk_max = as->limits.data < USER_END - as->brk_base ? as->brk_base + as->limits.data : USER_END;
}

void as_set_limits(struct addrspace *as, const struct as_limits *limits)
{
    as_write(as);
    as->limits = *limits;
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
    static const struct map_request heap = { .prot = PROT_READ | PROT_WRITE, .kind = VMA_HEAP, .gap = PAGE_SIZE };
    vaddr_t old_end = page_up(as->brk), new_end = page_up(new_brk);
    int err = 0;
    if (new_end > old_end)
        err = commit_strict ? reserve_and_map(as, old_end, new_end, &heap) : map_locked(as, old_end, new_end, &heap);
    else if (new_end < old_end)
        err = unmap_locked(as, new_end, old_end);
    if (err != 0)
        return -ENOMEM;
    if (new_end > old_end)
        map_record(as, old_end, new_end - old_end);
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
