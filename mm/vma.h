/*
 * vma.h - which ranges of an address space exist, with which rights, backed by what.
 * Owns: struct vma, the tree of an address space, splitting and merging.
 * Does not own: contents (anon.c, object.c) and what the MMU sees (pmap.c): splitting and merging
 * never touch them.
 * Locks: as->lock, read to look and written to change. A VMA on an object's list changes range or
 * object only under object->lock as well.
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

/* What has been asked of a VMA besides; its flags. */
enum {
    VMA_LOCKED = 1 << 0,                /* mlock: its pages stay in memory. Not inherited by fork */
    VMA_LOCK_ON_FAULT = 1 << 1,         /* mlock2: those that have come in; only with VMA_LOCKED */
    VMA_NOT_TO_CHILD = 1 << 2,          /* MADV_DONTFORK */
    VMA_EMPTY_IN_CHILD = 1 << 3,        /* MADV_WIPEONFORK; of private zero-fill only */
    VMA_SPARSE = 1 << 4,                /* MADV_RANDOM: a touched page says nothing about its neighbours */
    VMA_DENSE = 1 << 5,                 /* MADV_SEQUENTIAL */
    VMA_COMMITTED = 1 << 6,             /* private, and may be stored to, or once might be: all of it counts (commit.h) */
    VMA_NOT_COMMITTED = 1 << 7,         /* MAP_NORESERVE: it never does */
};

#define VMA_STACK_GAP (256 * PAGE_SIZE)
#define VMA_MAX       65530             /* of one address space; Linux's vm.max_map_count */

struct vma {
    struct addrspace *as;               /* set by vma_insert */
    RB_ENTRY(vma) tree_link;
    vaddr_t start;                      /* page aligned, start < end */
    vaddr_t end;
    uint8_t prot;                       /* PROT_ bits */
    uint8_t prot_denied;                /* what mprotect may not give: PROT_WRITE, where a file opened to read is shared */
    uint8_t kind;                       /* enum vma_kind */
    uint8_t flags;                      /* VMA_ */
    bool shared;                        /* stores go to the object; private: to anons of the address space */
    bool cut;                           /* [object->lock] the object has lost pages that may be mapped here: see cut.c */
    struct vm_object *object;           /* NULL: zero-fill; holds a reference */
    uint64_t object_index;              /* page index in object at start */
    LIST_ENTRY(vma) object_link;        /* [object->lock] */

    /* Of this VMA and all below it in the tree, for vma_find_room. */
    vaddr_t lowest;                     /* where the first begins, less the gap that it keeps */
    vaddr_t highest;                    /* where the last ends */
    size_t room;                        /* the largest free range between two of them */
    bool outdated;                      /* the three are to be computed anew, and so are those above */
};

RB_HEAD(vma_tree, vma);

struct vma_set {
    struct vma_tree tree;
    size_t count;
    size_t npages;                      /* [as->lock to change] in all of them; /proc reads it as it is */
    size_t nlocked;                     /* the same, of those with VMA_LOCKED */
    size_t ndata;                       /* the same, of those that vma_is_data */
};

static inline size_t vma_npages(const struct vma *vma) { return (vma->end - vma->start) >> PAGE_SHIFT; }

/* Does vma map page index of its object? Then *va is where. */
static inline bool vma_maps_index(const struct vma *vma, uint64_t index, vaddr_t *va)
{
    if (index < vma->object_index || index - vma->object_index >= vma_npages(vma))
        return false;
    *va = vma->start + ((index - vma->object_index) << PAGE_SHIFT);
    return true;
}

/* The page index in vma's object of the page at va. */
static inline uint64_t vma_object_index(const struct vma *vma, vaddr_t va)
{
    return vma->object_index + ((va - vma->start) >> PAGE_SHIFT);
}

/* What RLIMIT_DATA counts: private memory that may be stored to, but the stack. */
static inline bool vma_is_data(const struct vma *vma)
{
    return !vma->shared && (vma->prot & PROT_WRITE) && vma->kind != VMA_STACK;
}

/* Pages of vma that commit.h counts. */
static inline size_t vma_ncommitted(const struct vma *vma) { return vma->flags & VMA_COMMITTED ? vma_npages(vma) : 0; }

/* flags, with VMA_COMMITTED where the other two call for it. */
static inline uint8_t vma_commit_flags(uint8_t flags, unsigned prot, bool shared)
{
    return !shared && (prot & PROT_WRITE) && !(flags & VMA_NOT_COMMITTED) ? flags | VMA_COMMITTED : flags;
}

/* Below this address nothing may be placed because of vma: a stack keeps a gap. */
static inline vaddr_t vma_floor(const struct vma *vma)
{
    size_t gap = vma->kind == VMA_STACK ? VMA_STACK_GAP : 0;
    return vma->start > gap ? vma->start - gap : 0;
}

/* Is a range free that ends at end? next is the first VMA that ends after its start, or NULL. */
static inline bool vma_lies_above(const struct vma *next, vaddr_t end) { return next == NULL || end <= vma_floor(next); }

/* The VMA that contains va, or NULL. */
struct vma *vma_find(struct addrspace *as, vaddr_t va);

/* The first VMA that ends after va, or NULL. */
struct vma *vma_find_from(struct addrspace *as, vaddr_t va);
struct vma *vma_first(struct addrspace *as);
struct vma *vma_last(struct addrspace *as);
struct vma *vma_next(struct vma *vma);
struct vma *vma_prev(struct vma *vma);

/*
 * The start of the highest free range of len bytes that begins at low or above and ends below the
 * last page of user space; 0: there is none. Caller writes as->lock. Cost: the height of the tree,
 * and for each VMA changed since the last time once more.
 */
vaddr_t vma_find_room(struct addrspace *as, size_t len, vaddr_t low);

/* A copy of vma with the same object (one more reference), not in a tree yet; NULL without memory. */
struct vma *vma_clone(const struct vma *vma);
void vma_free(struct vma *vma);         /* drops its reference on object; lets others run, for there may be many */

/* VMAs got beforehand, without an object, so that a commit cannot fail. */
enum { VMA_SPARE_MAX = 5 };
struct vma_spare {
    unsigned count;
    struct vma *vma[VMA_SPARE_MAX];
};

/* Have n in spare. Returns 0; -ENOMEM: no memory, or with n more as would have too many; spare is to be freed all the same. */
int vma_spare_alloc(struct addrspace *as, struct vma_spare *spare, unsigned n);
void vma_spare_free(struct vma_spare *spare);

/*
 * Put vma into the tree, and onto its object's list. from: the VMA whose private contents it shares
 * (fork) or takes over (mremap): if a cut has marked from, it has to look at vma as well. NULL: vma
 * has no contents yet.
 */
void vma_insert(struct addrspace *as, struct vma *vma, const struct vma *from);
void vma_remove(struct addrspace *as, struct vma *vma);

/*
 * vma is the one that contains address at, or NULL. If it does not begin there, make two of it: it
 * stays the lower one, and one of spare becomes the upper. Returns the one that begins at at; NULL
 * if vma is.
 */
struct vma *vma_split(struct addrspace *as, struct vma *vma, vaddr_t at, struct vma_spare *spare);

/* Move vma's start or end; the range it leaves is no longer part of it. */
void vma_resize(struct addrspace *as, struct vma *vma, vaddr_t start, vaddr_t end);

/* Does b begin where a ends, and is nothing else different: could both be one? */
bool vma_continues(const struct vma *a, const struct vma *b);

/* Make one of neighbours that could be, among those that touch [start, end]. */
void vma_merge(struct addrspace *as, vaddr_t start, vaddr_t end);

/* Change rights and flags of vma, and what the set counts by them. */
void vma_set(struct addrspace *as, struct vma *vma, uint8_t prot, uint8_t flags);

/* For check.c: is what vma remembers about room right, unless it is outdated? */
bool vma_room_true(struct vma *vma);
