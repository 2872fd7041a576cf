/*
 * vma.c - which ranges of an address space exist.
 * Owns: struct vma, the tree, the objects' lists of VMAs.
 * Does not own: contents and translations; nothing here touches an anon or a leaf.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/commit.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "mm/vma.h"

static SLAB_CACHE(vmas, struct vma);

static int vma_compare(const struct vma *a, const struct vma *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

/* <sys/tree.h> asks for this at the root of each subtree that it has changed, up to the root of the tree. */
#undef RB_AUGMENT
#define RB_AUGMENT(vma) ((vma)->outdated = true)

RB_PROTOTYPE_STATIC(vma_tree, vma, tree_link, vma_compare)
RB_GENERATE_STATIC(vma_tree, vma, tree_link, vma_compare)

/* ---- finding ---- */

struct vma *vma_find_from(struct addrspace *as, vaddr_t va)
{
    struct vma *vma = RB_ROOT(&as->vmas.tree), *best = NULL;
    while (vma != NULL) {
        if (va < vma->end) {
            best = vma;
            vma = RB_LEFT(vma, tree_link);
        } else {
            vma = RB_RIGHT(vma, tree_link);
        }
    }
    return best;
}

struct vma *vma_find(struct addrspace *as, vaddr_t va)
{
    assert(as_held(as));
    struct vma *vma = vma_find_from(as, va);
    return vma != NULL && vma->start <= va ? vma : NULL;
}

struct vma *vma_first(struct addrspace *as) { return RB_MIN(vma_tree, &as->vmas.tree); }
struct vma *vma_last(struct addrspace *as) { return RB_MAX(vma_tree, &as->vmas.tree); }
struct vma *vma_next(struct vma *vma) { return RB_NEXT(vma_tree, NULL, vma); }
struct vma *vma_prev(struct vma *vma) { return RB_PREV(vma_tree, NULL, vma); }

/* ---- room ---- */

/*
 * Every VMA knows of its subtree where it begins and ends, and the largest free range inside. Most
 * changes, such as a growing heap, are never asked about, so a change only says that this is
 * outdated, here and all the way up; who looks for room computes what is. An outdated VMA has
 * outdated ones above it.
 */
static void outdate(struct vma *vma)
{
    for (; vma != NULL && !vma->outdated; vma = RB_PARENT(vma, tree_link))
        vma->outdated = true;
}

static size_t span(vaddr_t from, vaddr_t to) { return from < to ? to - from : 0; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void compute(struct vma *vma)
{
    const struct vma *left = RB_LEFT(vma, tree_link), *right = RB_RIGHT(vma, tree_link);
    vma->lowest = vma_floor(vma);
    vma->highest = vma->end;
    vma->room = 0;
    if (left != NULL) {
        vma->room = larger(left->room, span(left->highest, vma->lowest));
        vma->lowest = left->lowest;
    }
    if (right != NULL) {
        vma->room = larger(vma->room, larger(right->room, span(vma->end, right->lowest)));
        vma->highest = right->highest;
    }
    vma->outdated = false;
}

/* As deep as the tree, whose height is at most twice the logarithm of its size. */
static void update(struct vma *vma)
{
    if (vma == NULL || !vma->outdated)
        return;
    update(RB_LEFT(vma, tree_link));
    update(RB_RIGHT(vma, tree_link));
    compute(vma);
}

vaddr_t vma_find_room(struct addrspace *as, size_t len, vaddr_t low)
{
    assert(as_held_alone(as));
    struct vma *vma = RB_ROOT(&as->vmas.tree);
    vaddr_t bottom = PAGE_SIZE, top = USER_END - PAGE_SIZE;     /* what vma's subtree divides into free ranges */
    update(vma);
    while (vma != NULL) {
        const struct vma *right = RB_RIGHT(vma, tree_link);
        size_t above = right == NULL ? span(vma->end, top)
                       : larger(right->room, larger(span(vma->end, right->lowest), span(right->highest, top)));
        if (above >= len) {
            bottom = vma->end;
            vma = RB_RIGHT(vma, tree_link);
        } else {
            top = vma_floor(vma);
            vma = RB_LEFT(vma, tree_link);
        }
    }
    return span(bottom, top) >= len && top - len >= low ? top - len : 0;
}

bool vma_room_true(struct vma *vma)
{
    if (vma->outdated)
        return RB_PARENT(vma, tree_link) == NULL || RB_PARENT(vma, tree_link)->outdated;
    struct vma was = *vma;
    compute(vma);
    return vma->lowest == was.lowest && vma->highest == was.highest && vma->room == was.room;
}

/* ---- making ---- */

/* What vma promises, for clone, whose range and place in trees and lists are its own. */
static void copy_promise(struct vma *clone, const struct vma *vma)
{
    clone->prot = vma->prot;
    clone->prot_denied = vma->prot_denied;
    clone->kind = vma->kind;
    clone->flags = vma->flags;
    clone->shared = vma->shared;
    clone->cut = false;
    clone->object = vma->object;
    if (clone->object != NULL)
        object_get(clone->object);
}

struct vma *vma_clone(const struct vma *vma)
{
    struct vma *clone = slab_alloc(&vmas);
    if (clone == NULL)
        return NULL;
    clone->start = vma->start;
    clone->end = vma->end;
    clone->object_index = vma->object_index;
    copy_promise(clone, vma);
    return clone;
}

void vma_free(struct vma *vma)
{
    if (vma->object != NULL)
        object_put(vma->object);
    slab_free(&vmas, vma);
    thread_let_others();
}

int vma_spare_alloc(struct addrspace *as, struct vma_spare *spare, unsigned n)
{
    assert(n <= VMA_SPARE_MAX);
    if (as->vmas.count + n > VMA_MAX)
        return -ENOMEM;
    while (spare->count < n) {
        struct vma *vma = slab_alloc(&vmas);
        if (vma == NULL)
            return -ENOMEM;
        vma->object = NULL;
        spare->vma[spare->count++] = vma;
    }
    return 0;
}

void vma_spare_free(struct vma_spare *spare)
{
    while (spare->count > 0)
        vma_free(spare->vma[--spare->count]);
}

/* ---- the tree, and the object's list beside it ---- */

static void lock_object(struct vma *vma)
{
    if (vma->object != NULL)
        mutex_lock(&vma->object->lock);
}

static void unlock_object(struct vma *vma)
{
    if (vma->object != NULL)
        mutex_unlock(&vma->object->lock);
}

/* npages more are in vma; or less. */
static inline __attribute__((always_inline)) void account(struct addrspace *as, const struct vma *vma, int64_t npages)
{
    as->vmas.npages += npages;
    if (vma->flags & VMA_LOCKED)
        as->vmas.nlocked += npages;
    if (vma_is_data(vma))
        as->vmas.ndata += npages;
    if (vma->flags & VMA_COMMITTED)
        commit_count(npages);
}

static void insert_locked(struct addrspace *as, struct vma *vma)
{
    vma->as = as;
    RB_INSERT(vma_tree, &as->vmas.tree, vma);
    as->vmas.count++;
    if (vma->object != NULL)
        LIST_INSERT_HEAD(&vma->object->vmas, vma, object_link);
}

void vma_insert(struct addrspace *as, struct vma *vma, const struct vma *from)
{
    assert(as_held_alone(as));
    assert(page_aligned(vma->start) && page_aligned(vma->end) && vma->start < vma->end && vma->end <= USER_END);
    lock_object(vma);
    vma->cut = from != NULL && from->cut;       /* asked now: a cut has marked from already, or will find both on the list */
    insert_locked(as, vma);
    unlock_object(vma);
    account(as, vma, vma_npages(vma));
}

static void remove_locked(struct addrspace *as, struct vma *vma)
{
    if (vma->object != NULL)
        LIST_REMOVE(vma, object_link);
    RB_REMOVE(vma_tree, &as->vmas.tree, vma);
    as->vmas.count--;
}

void vma_remove(struct addrspace *as, struct vma *vma)
{
    assert(as_held_alone(as));
    lock_object(vma);
    remove_locked(as, vma);
    unlock_object(vma);
    account(as, vma, -(int64_t)vma_npages(vma));
}

struct vma *vma_split(struct addrspace *as, struct vma *vma, vaddr_t at, struct vma_spare *spare)
{
    assert(as_held_alone(as) && page_aligned(at));
    if (vma == NULL || vma->start == at)
        return vma;
    assert(vma->start < at && at < vma->end && spare->count > 0);
    struct vma *upper = spare->vma[--spare->count];
    lock_object(vma);                           /* one hold: whoever walks the list sees the old range or both new ones */
    copy_promise(upper, vma);
    upper->start = at;
    upper->end = vma->end;
    upper->object_index = vma_object_index(vma, at);
    upper->cut = vma->cut;
    vma->end = at;
    insert_locked(as, upper);
    unlock_object(vma);
    outdate(vma);
    return upper;
}

void vma_resize(struct addrspace *as, struct vma *vma, vaddr_t start, vaddr_t end)
{
    assert(as_held_alone(as));
    assert(page_aligned(start) && page_aligned(end) && start < end && end <= USER_END);
    account(as, vma, (int64_t)((end - start) >> PAGE_SHIFT) - (int64_t)vma_npages(vma));
    lock_object(vma);
    /* The order in the tree stays: the neighbours are outside both the old and the new range. */
    vma->object_index += (int64_t)(start - vma->start) >> PAGE_SHIFT;
    vma->start = start;
    vma->end = end;
    unlock_object(vma);
    outdate(vma);
}

bool vma_continues(const struct vma *a, const struct vma *b)
{
    return a->end == b->start && a->prot == b->prot && a->prot_denied == b->prot_denied && a->kind == b->kind &&
           a->flags == b->flags && a->shared == b->shared && a->kind != VMA_STACK && a->object == b->object &&
           (a->object == NULL || vma_object_index(a, a->end) == b->object_index);
}

/* Make low reach to the end of high, the VMA after it, which goes. */
static void merge_two(struct addrspace *as, struct vma *low, struct vma *high)
{
    lock_object(low);                           /* one hold: whoever walks the list finds the range in low or in high */
    remove_locked(as, high);
    low->end = high->end;
    low->cut |= high->cut;
    unlock_object(low);
    outdate(low);
    vma_free(high);
}

void vma_merge(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    assert(as_held_alone(as));
    struct vma *vma = vma_find_from(as, start > 0 ? start - 1 : 0);
    for (struct vma *next; vma != NULL && vma->end <= end && (next = vma_next(vma)) != NULL;) {
        if (vma_continues(vma, next))
            merge_two(as, vma, next);
        else
            vma = next;
        thread_let_others();
    }
}

void vma_set(struct addrspace *as, struct vma *vma, uint8_t prot, uint8_t flags)
{
    assert(as_held_alone(as));
    size_t npages = vma_npages(vma);
    bool was_data = vma_is_data(vma), was_locked = vma->flags & VMA_LOCKED;
    vma->prot = prot;
    flags = vma_commit_flags(flags, prot, vma->shared);         /* once it counts it does so until it is unmapped */
    if (flags & ~vma->flags & VMA_COMMITTED)
        commit_count(npages);
    __atomic_store_n(&vma->flags, flags, __ATOMIC_RELAXED);     /* may_be_mapped of object.c looks, as a guess */
    as->vmas.ndata += npages * vma_is_data(vma) - npages * was_data;
    as->vmas.nlocked += npages * ((flags & VMA_LOCKED) != 0) - npages * was_locked;
}
