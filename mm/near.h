/*
 * near.h - a neighbourhood: the 32 pages around a fault, its lock, and what is remembered about
 * them.
 * Owns: struct near (addrspace.h), found by a hash of the page number in a small array of the
 * address space.
 * Does not own: what it remembers. vma.c, radix.c and pmap.c do; everything here can be looked up
 * again.
 *
 * The 32 pages are those of one bottom node of the radix tree, and their entries lie side by side
 * in one page table. A fault locks one neighbourhood, so faults that are further apart than that
 * run side by side. Two neighbourhoods may share a struct near: then they take turns, and each
 * forgets what the other remembered.
 *
 * What is remembered holds until the next verb: as_forget_near raises as->generation, and that is
 * the only way in which anything here is forgotten. Only a node with an exclusive path is
 * remembered; it stays exclusive, since only fork, a verb, shares it.
 *
 * What is remembered saves a fault 159 instructions of 1,189. All of it is inline, for fault.c
 * alone: as calls these cost 60.
 */
#pragma once

#include "kernel/core/panic.h"
#include "mm/addrspace.h"

#define NEAR_PAGES RADIX_SLOTS

static inline uint64_t near_first(uint64_t vpn) { return vpn & ~(uint64_t)(NEAR_PAGES - 1); }

/*
 * When and where in one word, so that a struct near is one cache line and one comparison tells: the
 * generation counts in RADIX_END. An address beyond user space may look like another; but no VMA
 * has it, remembered or not, so no more is asked.
 */
static inline uint64_t near_about(const struct addrspace *as, uint64_t vpn) { return as->generation | near_first(vpn); }

/* The neighbourhood of page number vpn, locked. Caller reads as->lock, and holds no other neighbourhood. */
static inline struct near *near_lock(struct addrspace *as, uint64_t vpn)
{
    assert(as_held(as));
    /* Fibonacci hashing (Knuth, vol. 3, 6.4): stacks that lie 8 MiB apart do not meet, as they would by the lowest bits. */
    struct near *near = &as->near[(vpn / NEAR_PAGES * 0x9e3779b97f4a7c15ul) >> (64 - NEAR_BITS)];
    mutex_lock(&near->lock);
    if (near->about != near_about(as, vpn)) {
        near->about = near_about(as, vpn);
        near->vma = NULL;
        near->node = NULL;
        near->entries = NULL;
    }
    return near;
}

static inline void near_unlock(struct near *near) { mutex_unlock(&near->lock); }

/* The one assertion: near is locked, about vpn, and no verb has come since it was looked up. */
static inline void near_assert_good(const struct addrspace *as, const struct near *near, uint64_t vpn)
{
    assert(as_held(as) && mutex_held(&near->lock) && near->about == near_about(as, vpn));
}

/* The VMA with page number vpn, which near holds; NULL: none. This and the next two remember what they find. */
static inline struct vma *near_vma(struct addrspace *as, struct near *near, uint64_t vpn)
{
    near_assert_good(as, near, vpn);
    vaddr_t va = vpn << PAGE_SHIFT;
    if (near->vma == NULL || va < near->vma->start || va >= near->vma->end)
        near->vma = vma_find(as, va);
    return near->vma;
}

/* The anon at vpn, NULL: none. *path_exclusive: as radix_find_node says. */
static inline struct anon *near_anon(struct addrspace *as, struct near *near, uint64_t vpn, bool *path_exclusive)
{
    near_assert_good(as, near, vpn);
    *path_exclusive = true;
    if (near->node != NULL)
        return radix_slot(near->node, vpn);
    struct radix_node *node = radix_find_node(&as->anons, vpn, path_exclusive);
    if (node == NULL)
        return NULL;
    if (*path_exclusive)
        near->node = node;
    return radix_slot(node, vpn);
}

/* The entry of vpn's page; NULL: there is no page table. */
static inline struct pte *near_entry(struct addrspace *as, struct near *near, uint64_t vpn)
{
    near_assert_good(as, near, vpn);
    if (near->entries == NULL)
        near->entries = pte_find(as->pmap.root, near_first(vpn) << PAGE_SHIFT, 0);
    return near->entries != NULL ? near->entries + vpn % NEAR_PAGES : NULL;
}
