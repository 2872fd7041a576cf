/*
 * vma.h - which ranges of an address space exist, with which rights, backed by what.
 * Owns: struct vma, the tree of an address space, splitting and merging.
 * Does not own: contents (anon.c, object.c) and what the MMU sees (pmap.c): splitting and merging never touch them.
 * Locks: as->lock, read to look and written to change; a VMA on an object's list changes range or object only under object->lock as well.
 */
#pragma once

#include <sys/queue.h>
#include <sys/tree.h>

#include "arch/types.h"

struct addrspace;
struct vm_object;

enum vma_kind {
    VMA_PLAIN,
    VMA_HEAP,                           /* grown and shrunk by brk */
    VMA_STACK,                          /* never merged; keeps VMA_STACK_GAP below it free */
};

#define VMA_STACK_GAP (256 * PAGE_SIZE)
#define VMA_MAX       65530             /* of one address space; Linux's vm.max_map_count */

struct vma {
    struct addrspace *as;               /* set by vma_insert */
    RB_ENTRY(vma) tree_link;
    vaddr_t start;                      /* page aligned, start < end */
    vaddr_t end;
    uint8_t prot;                       /* PROT_ bits */
    uint8_t kind;                       /* enum vma_kind */
    bool shared;                        /* stores go to the object; private: to anons of the address space */
    struct vm_object *object;           /* NULL: zero-fill; holds a reference */
    uint64_t object_index;              /* page index in object at start */
    LIST_ENTRY(vma) object_link;        /* [object->lock] */
};

RB_HEAD(vma_tree, vma);

struct vma_set {
    struct vma_tree tree;
    size_t count;
    size_t npages;                      /* [as->lock to change] in all of them; /proc reads it as it is */
};

static inline size_t vma_npages(const struct vma *vma) { return (vma->end - vma->start) >> PAGE_SHIFT; }

/* The page index in vma's object of the page at va. */
static inline uint64_t vma_object_index(const struct vma *vma, vaddr_t va)
{
    return vma->object_index + ((va - vma->start) >> PAGE_SHIFT);
}

/* The VMA that contains va, or NULL. */
struct vma *vma_find(struct addrspace *as, vaddr_t va);

/* The first VMA that ends after va, or NULL. */
struct vma *vma_find_from(struct addrspace *as, vaddr_t va);
struct vma *vma_first(struct addrspace *as);
struct vma *vma_last(struct addrspace *as);
struct vma *vma_next(struct vma *vma);
struct vma *vma_prev(struct vma *vma);

/* A copy of vma with the same object (one more reference), not in a tree yet; NULL without memory. */
struct vma *vma_clone(const struct vma *vma);
void vma_free(struct vma *vma);         /* drops its reference on object; lets others run, for there may be many */

void vma_insert(struct addrspace *as, struct vma *vma);
void vma_remove(struct addrspace *as, struct vma *vma);

/* Make vma end at at, and put upper, a clone of it, where the rest was. Cannot fail. */
void vma_split(struct addrspace *as, struct vma *vma, vaddr_t at, struct vma *upper);

/* Move vma's start or end; the range it leaves is no longer part of it. */
void vma_resize(struct addrspace *as, struct vma *vma, vaddr_t start, vaddr_t end);

/* Make low reach to the end of high, the VMA after it, which goes: vma_continues(low, high). Frees high. */
void vma_merge(struct addrspace *as, struct vma *low, struct vma *high);

/* Does b begin where a ends, and is nothing else different: could both be one? */
bool vma_continues(const struct vma *a, const struct vma *b);
