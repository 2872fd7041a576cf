/*
 * mremap.c - a mapping becomes longer or shorter, or moves with its contents.
 * Owns: which of these it is, and how private pages come to another page number.
 * Does not own: unmap (map.c), the tree of anons (radix.c).
 *
 * A page number is part of what an anon is: by (family, page number) every place that may show it
 * is found. So an anon can only move when this address space is alone in reaching it: then it gets
 * the new number. One that a fork shares stays what it is, and a copy moves. All that moves is
 * collected in a tree of its own:
 *
 *     prepare   the copies, and an empty slot for each page that only gets a new number; may fail, nothing has changed
 *     commit    unmap the new place; take the pages out of their old slots; unmap the old place; graft the tree on that of the
 *               address space
 *
 * Grafting copies nothing and needs no memory: the nodes that both trees have, on the paths to the
 * two ends of the new range, have been made exclusive in prepare.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/core/trace.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/commit.h"
#include "mm/queue.h"
#include "mm/remap.h"

struct move {
    struct addrspace *as;
    vaddr_t from, to;
    size_t old_len, new_len;
    size_t len;                         /* the smaller of the two: bytes whose contents move */
    bool keep;                          /* the old range stays, empty */
    struct radix contents;              /* by new page number: copies, and slots for what moves */
    struct vma_spare spare;
    struct vma *vma;                    /* what is promised at the new place */
    struct unmap target, source;        /* of the new range; of the old one, unless old_len is 0 */
};

/* ---- contents ---- */

static uint64_t first_page(const struct move *m) { return m->from >> PAGE_SHIFT; }
static uint64_t end_page(const struct move *m) { return (m->from + m->len) >> PAGE_SHIFT; }
static uint64_t new_page(const struct move *m, uint64_t vpn) { return vpn - first_page(m) + (m->to >> PAGE_SHIFT); }

static struct anon *copy_for(struct addrspace *as, struct anon *old, uint64_t vpn)
{
    struct anon *anon = anon_alloc(PAGE_ANON);
    if (anon == NULL)
        return NULL;
    if (anon_lock_in_memory(old) != 0) {
        anon_put(anon);
        return NULL;
    }
    page_copy(page_address(anon->page), page_address(anon_page(old)));
    mutex_unlock(&old->lock);
    mutex_lock(&anon->lock);
    anon->family = as->family;
    anon->vpn = vpn;
    queue_came(anon);
    mutex_unlock(&anon->lock);
    return anon;
}

/* The bottom node for the new number of vpn. The last one is remembered: most pages have the same as the one before. */
struct target_node {
    uint64_t first;
    struct radix_node *node;            /* NULL: none yet */
};

static struct radix_node *target_of(struct move *m, uint64_t vpn, struct target_node *last)
{
    uint64_t first = new_page(m, vpn) & ~(uint64_t)(RADIX_SLOTS - 1);
    if (last->node == NULL || last->first != first)
        *last = (struct target_node){ first, radix_prepare(&m->contents, first, NULL) };
    return last->node;
}

/* A slot for each page that moves, and a copy of each that a fork shares. path_exclusive: of the node that anon is in. */
static int prepare_page(struct move *m, uint64_t vpn, struct anon *anon, bool path_exclusive, struct target_node *last)
{
    struct radix_node *to = target_of(m, vpn, last);
    if (to == NULL)
        return -ENOMEM;
    if (path_exclusive && anon_sole(anon))
        return 0;
    struct anon *copy = copy_for(m->as, anon, new_page(m, vpn));
    if (copy == NULL)
        return -ENOMEM;
    radix_fill(to, new_page(m, vpn), copy);
    return 0;
}

/* What is not there as a copy moves: out of its slot, and with a new number into the other tree. */
static void take_page(struct move *m, struct radix_node *node, uint64_t vpn, struct target_node *last)
{
    struct anon *anon = radix_slot(node, vpn);
    struct radix_node *to = target_of(m, vpn, last);    /* prepared, so this allocates nothing */
    if (radix_slot(to, new_page(m, vpn)) != NULL)
        return;
    radix_take(node, vpn);
    mutex_lock(&anon->lock);
    anon->vpn = new_page(m, vpn);
    mutex_unlock(&anon->lock);
    radix_fill(to, new_page(m, vpn), anon);
}

enum step { PREPARE, TAKE };

/* Do one of the two for every page that has contents. Returns 0; -ENOMEM, for PREPARE. */
static int for_each_page(struct move *m, enum step step)
{
    struct radix *anons = &m->as->anons;
    struct target_node last = { 0 };
    struct radix_node *node;
    bool exclusive;
    int err = 0;
    for (uint64_t vpn = first_page(m); (node = radix_next_node(anons, &vpn, end_page(m), &exclusive)) != NULL;
         vpn += RADIX_SLOTS) {
        for (unsigned i = 0; i < RADIX_SLOTS && err == 0; i++) {
            if (node->slot[i] == NULL || vpn + i < first_page(m) || vpn + i >= end_page(m))
                continue;
            if (step == PREPARE)
                err = prepare_page(m, vpn + i, node->slot[i], exclusive, &last);
            else
                take_page(m, node, vpn + i, &last);
        }
        if (err != 0)
            return err;
        thread_let_others();
    }
    return 0;
}

static int prepare_contents(struct move *m)
{
    struct radix *anons = &m->as->anons;
    int err = for_each_page(m, PREPARE);
    if (err != 0 || m->contents.root == NULL)
        return err;
    /* Where the tree of the address space and the new one meet. */
    uint64_t first = m->to >> PAGE_SHIFT, last = (m->to + m->len - 1) >> PAGE_SHIFT;
    return radix_prepare(anons, first, NULL) != NULL && radix_prepare(anons, last, NULL) != NULL ? 0 : -ENOMEM;
}

/* ---- the move ---- */

static int prepare_move(struct move *m, const struct vma *vma)
{
    struct addrspace *as = m->as;
    const unsigned more = 3;                    /* the new one, and one for each hole */
    if (as->vmas.count > VMA_MAX - more || (m->vma = vma_clone(vma)) == NULL)
        return -ENOMEM;
    m->vma->start = m->to;
    m->vma->end = m->to + m->new_len;
    m->vma->kind = VMA_PLAIN;                   /* away from where it was, it is no heap and no stack */
    m->vma->object_index = vma_object_index(vma, m->from);
    int err = unmap_prepare(as, m->to, m->to + m->new_len, &m->spare, &m->target);
    if (err == 0 && m->old_len > 0)
        err = prepare_contents(m);
    if (err == 0 && m->old_len > 0)
        err = unmap_prepare(as, m->from, m->from + m->old_len, &m->spare, &m->source);
    return err;
}

/* As on Linux, all of the old VMA is no longer locked then, also what lies beside the range. */
static void leave_empty(struct move *m)
{
    struct vma *vma = vma_find(m->as, m->from);
    vma_set(m->as, vma, vma->prot, vma->flags & ~(VMA_LOCKED | VMA_LOCK_ON_FAULT));
    if (m->source.any_anon)
        radix_clear(&m->as->anons, first_page(m), end_page(m));
}

static void commit_move(struct move *m)
{
    struct addrspace *as = m->as;
    unmap_commit(as, &m->target, &m->spare);
    trace_of(as->pmap.root, TRACE_MOVE, m->from, m->to, 0, 0);
    vma_insert(as, m->vma, m->old_len > 0 ? vma_find(as, m->from) : NULL);
    m->vma = NULL;
    if (m->old_len > 0) {
        as_hide(as, m->from, m->from + m->old_len);
        for_each_page(m, TAKE);
        if (m->keep)
            leave_empty(m);
        else
            unmap_commit(as, &m->source, &m->spare);
    }
    radix_graft(&as->anons, &m->contents);
    vma_merge(as, m->to, m->to + m->new_len);
}

static int move(struct move *m, const struct vma *vma)
{
    m->len = m->old_len < m->new_len ? m->old_len : m->new_len;
    int err = prepare_move(m, vma);
    if (err == 0)
        commit_move(m);
    radix_put_all(&m->contents);
    vma_spare_free(&m->spare);
    if (m->vma != NULL)
        vma_free(m->vma);
    return err;
}

/* ---- what is to be done ---- */

static bool overlap(vaddr_t a, size_t a_len, vaddr_t b, size_t b_len) { return a < b + b_len && b < a + a_len; }

/* Is a place that the caller names a possible one? */
static int place_valid(const struct remap_request *req, size_t old_len, size_t new_len)
{
    if (!page_aligned(req->to) || req->to > USER_END - new_len ||
        overlap(req->from, old_len, req->to, new_len))
        return -EINVAL;
    return req->fixed && req->to < PAGE_SIZE ? -EPERM : 0;
}

/*
 * May there be these many bytes more like vma? grown: those that are new; what moves takes its
 * locks along. 0: commit_release is due for *reserved pages.
 */
static int may_grow(const struct addrspace *as, const struct vma *vma, size_t more, size_t grown, size_t *reserved)
{
    size_t npages = more >> PAGE_SHIFT;
    if ((vma->flags & VMA_LOCKED) && as->vmas.nlocked + (grown >> PAGE_SHIFT) > as->limits.locked >> PAGE_SHIFT)
        return -EAGAIN;
    if (vma_is_data(vma) && as->vmas.ndata + npages > as->limits.data >> PAGE_SHIFT)
        return -ENOMEM;
    if (as->vmas.npages + npages > as->limits.mapped >> PAGE_SHIFT)
        return -ENOMEM;
    if (!(vma->flags & VMA_COMMITTED))
        return 0;
    if (!commit_reserve(npages))
        return -ENOMEM;
    *reserved = npages;
    return 0;
}

/* Are more bytes free behind vma, so that it can grow where it is? */
static bool free_behind(struct vma *vma, size_t more)
{
    const struct vma *next = vma_next(vma);
    return more <= USER_END - vma->end && vma_lies_above(next, vma->end + more);
}

static int remap_locked(struct addrspace *as, const struct remap_request *req, size_t old_len, size_t new_len, vaddr_t *out,
                        size_t *grown, size_t *reserved)
{
    bool named = req->fixed || req->keep;
    struct vma *vma = vma_find(as, req->from);
    int err = vma == NULL ? -EFAULT : named ? place_valid(req, old_len, new_len) : 0;
    if (err != 0)
        return err;
    *out = req->from;
    if (!named && old_len >= new_len)           /* shorter, where it is */
        return old_len > new_len ? unmap_locked(as, req->from + new_len, req->from + old_len) : 0;
    if (old_len == 0 && !vma->shared)
        return -EINVAL;
    if (old_len > vma->end - req->from)
        return -EFAULT;
    *grown = new_len > old_len ? new_len - old_len : 0;
    size_t more = req->keep ? new_len : *grown;
    if ((err = may_grow(as, vma, more, *grown, reserved)) != 0)
        return err;
    if (!named && old_len == vma->end - req->from && free_behind(vma, more)) {      /* longer, where it is */
        vma_resize(as, vma, vma->start, vma->end + more);
        vma_merge(as, vma->end, vma->end);
        return 0;
    }
    if (!req->may_move)
        return -ENOMEM;
    bool as_named = req->fixed || (req->keep && req->to >= PAGE_SIZE &&
                                   vma_lies_above(vma_find_from(as, req->to), req->to + new_len));
    *out = as_named ? req->to : vma_find_room(as, new_len, as_room_from(as));
    if (*out == 0)
        return -ENOMEM;
    struct move m = { .as = as, .from = req->from, .to = *out, .old_len = old_len, .new_len = new_len, .keep = req->keep };
    return move(&m, vma);
}

int as_remap(struct addrspace *as, const struct remap_request *req, vaddr_t *out, size_t *grown)
{
    size_t old_len = page_up(req->old_len), new_len = page_up(req->new_len);
    if (!page_aligned(req->from) || new_len == 0 || new_len > USER_END || ((req->fixed || req->keep) && !req->may_move) ||
        (req->keep && old_len != new_len))
        return -EINVAL;
    if (req->from >= USER_END || old_len > USER_END - req->from)
        return req->from >= USER_END || new_len > old_len || req->fixed ? -EFAULT : -EINVAL;
    size_t reserved = 0;
    *grown = 0;
    as_write(as);
    int err = remap_locked(as, req, old_len, new_len, out, grown, &reserved);
    commit_release(reserved);
    if (err == 0)
        map_record(as, *out, new_len);
    as_write_done(as);
    return err;
}
