/*
 * vma.c - which ranges of an address space exist.
 * Owns: struct vma, the tree, the objects' lists of VMAs.
 * Does not own: contents and translations; nothing here touches an anon or a leaf.
 */
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "mm/vma.h"

static SLAB_CACHE(vmas, struct vma);

static int vma_compare(const struct vma *a, const struct vma *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

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

/* ---- making ---- */

struct vma *vma_clone(const struct vma *vma)
{
    struct vma *clone = slab_alloc(&vmas);
    if (clone == NULL)
        return NULL;
    /* Not all of it: the link belongs to the object's list, and that to object->lock. */
    *clone = (struct vma){ .start = vma->start, .end = vma->end, .prot = vma->prot, .kind = vma->kind, .shared = vma->shared,
                           .object = vma->object, .object_index = vma->object_index };
    if (clone->object != NULL)
        object_get(clone->object);
    return clone;
}

void vma_free(struct vma *vma)
{
    if (vma->object != NULL)
        object_put(vma->object);
    slab_free(&vmas, vma);
    thread_let_others();
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

static void insert_locked(struct addrspace *as, struct vma *vma)
{
    vma->as = as;
    RB_INSERT(vma_tree, &as->vmas.tree, vma);
    as->vmas.count++;
    as->vmas.npages += vma_npages(vma);
    if (vma->object != NULL)
        LIST_INSERT_HEAD(&vma->object->vmas, vma, object_link);
}

void vma_insert(struct addrspace *as, struct vma *vma)
{
    assert(as_held_alone(as));
    assert(page_aligned(vma->start) && page_aligned(vma->end) && vma->start < vma->end && vma->end <= USER_END);
    lock_object(vma);
    insert_locked(as, vma);
    unlock_object(vma);
}

void vma_remove(struct addrspace *as, struct vma *vma)
{
    assert(as_held_alone(as));
    lock_object(vma);
    if (vma->object != NULL)
        LIST_REMOVE(vma, object_link);
    unlock_object(vma);
    RB_REMOVE(vma_tree, &as->vmas.tree, vma);
    as->vmas.count--;
    as->vmas.npages -= vma_npages(vma);
}

void vma_split(struct addrspace *as, struct vma *vma, vaddr_t at, struct vma *upper)
{
    assert(as_held_alone(as));
    assert(page_aligned(at) && vma->start < at && at < vma->end);
    lock_object(vma);                           /* one hold: whoever walks the list sees the old range or both new ones */
    upper->start = at;
    upper->end = vma->end;
    upper->object_index = vma_object_index(vma, at);
    vma->end = at;
    as->vmas.npages -= (upper->end - at) >> PAGE_SHIFT;
    insert_locked(as, upper);
    unlock_object(vma);
}

void vma_resize(struct addrspace *as, struct vma *vma, vaddr_t start, vaddr_t end)
{
    assert(as_held_alone(as));
    assert(page_aligned(start) && page_aligned(end) && start < end && end <= USER_END);
    as->vmas.npages += ((end - start) >> PAGE_SHIFT) - vma_npages(vma);
    lock_object(vma);
    /* The order in the tree stays: the neighbours are outside both the old and the new range. */
    vma->object_index += (int64_t)(start - vma->start) >> PAGE_SHIFT;
    vma->start = start;
    vma->end = end;
    unlock_object(vma);
}

void vma_merge(struct addrspace *as, struct vma *low, struct vma *high)
{
    assert(as_held_alone(as) && vma_continues(low, high));
    lock_object(low);                           /* one hold: whoever walks the list finds the range in low or in high */
    if (high->object != NULL)
        LIST_REMOVE(high, object_link);
    low->end = high->end;
    unlock_object(low);
    RB_REMOVE(vma_tree, &as->vmas.tree, high);
    as->vmas.count--;
    vma_free(high);
}

bool vma_continues(const struct vma *a, const struct vma *b)
{
    return a->end == b->start && a->prot == b->prot && a->kind == b->kind && a->shared == b->shared &&
           a->kind != VMA_STACK && a->object == b->object &&
           (a->object == NULL || vma_object_index(a, a->end) == b->object_index);
}
