/*
 * ahead.h - fill-ahead: who walks over fresh memory page by page gets several pages a fault.
 * Owns: how many, and whether it was worth it. struct memory_walk (kernel/core/thread.h) is what a
 * thread remembers.
 * Does not own: the fault itself (fault.c).
 */
#pragma once

#include "kernel/core/thread.h"
#include "mm/vma.h"

struct near;
struct pte;

/* On at start; the boot word ahead=off turns it off. */
void ahead_enable(bool on);

/* The caller fills page vpn with zeroes for its program: is it time for ahead_fill? If not a walk may begin here. */
static inline bool ahead_due(uint64_t vpn)
{
    struct memory_walk *walk = &thread_current()->walk;
    if (__builtin_expect(vpn == walk->next, 0))
        return true;
    walk->next = vpn + 1;
    walk->run = 0;
    return false;
}

/*
 * Judge what was filled ahead last, and if the walk is long enough fill what comes after vpn, whose
 * entry is given, in its neighbourhood. Nobody is told when there is no memory for that.
 * Locks: as->lock and near, which has the node of vpn, and no owner's lock, since this allocates.
 */
void ahead_fill(struct addrspace *as, struct near *near, const struct vma *vma, uint64_t vpn, struct pte *entry);

/*
 * A fault at vpn makes what its neighbourhood lacks. If it is one of a long walk, make nodes up to
 * the end of the page table, too: else two who walk in one address space would have to be alone in
 * it, each for each neighbourhood, and wait for one another. Nobody is told when there is no memory
 * for that. Locks: as->lock, alone.
 */
void ahead_prepare(struct addrspace *as, const struct vma *vma, uint64_t vpn);
