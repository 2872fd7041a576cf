/*
 * pmap.h - an address space's page table: a cache of what VMAs promise and anons and objects hold.
 * Owns: the tables, as->pt_lock, and the one sequence in which a translation is taken away:
 *       valid -> invalid -> fence complete on every hart -> the new value, or the page's reuse.
 * Does not own: the decision what may be mapped (fault.c).
 */
#pragma once

#include "arch/mmu.h"
#include "kernel/core/lock.h"
#include "mm/page.h"

struct addrspace;
struct anon;

#define PMAP_EMPTIED_SOME 8            /* tables: fewer are not worth the fence */

struct pmap {
    struct spinlock lock;               /* pt_lock */
    paddr_t root;                       /* fixed */
    struct mmu_id id;
    size_t resident;                    /* [lock to change] live leaves: the resident size in pages; /proc reads it as it is */
    _Atomic size_t emptied;             /* [lock to change] tables that pmap_forget has left empty; some may be in use again */
    size_t resident_max;                /* [lock to change] its most, when leaves were last taken away: pmap_resident_max */
};

/* The most that has been resident, in pages. */
static inline size_t pmap_resident_max(const struct pmap *pmap)
{
    return pmap->resident > pmap->resident_max ? pmap->resident : pmap->resident_max;
}

/* Takes a root table. Returns 0 or -ENOMEM. */
int pmap_init(struct pmap *pmap);

/* Free all tables. No hart has the root loaded. */
void pmap_destroy(struct pmap *pmap);

/*
 * Make sure that the tables which lead to va's entry exist. Tables are freed by verbs alone, so
 * they stay until the caller lets go of as->lock; going on as a reader is not letting go.
 * Locks:   as->lock, alone, and none above it, since this allocates.
 * Failure: -ENOMEM, nothing changed that matters.
 */
int pmap_prepare(struct addrspace *as, vaddr_t va);

/*
 * Map page at va with rights prot, replacing what was mapped there. entry is va's in the page
 * table. Returns PMAP_ENTERED; or PMAP_SPURIOUS when the leaf is already there as wanted: then this
 * hart has been fenced.
 * Locks:   as->lock, the neighbourhood, and the lock of the page's owner, so that the page cannot be freed before it is mapped.
 */
enum pmap_result { PMAP_ENTERED, PMAP_SPURIOUS };
enum pmap_result pmap_enter(struct addrspace *as, vaddr_t va, struct pte *entry, struct page *page, unsigned prot);

/* The same only if nothing is mapped there: for the neighbours of a fault, in the same table. Returns whether it entered it. */
bool pmap_enter_absent(struct addrspace *as, struct pte *entry, struct page *page, unsigned prot);

/*
 * Map the pages of n anons that nobody has seen yet, side by side, where nothing is mapped: entry
 * is the first one's. They look untouched to pte_touched until the program comes. Nothing may be
 * fetched there: prot is without PROT_EXEC.
 * Locks: as->lock, the neighbourhood.
 */
void pmap_enter_fresh(struct addrspace *as, struct pte *entry, struct anon *const anon[], unsigned n, unsigned prot);

/*
 * A batch takes translations away from any number of ranges with one fence. begin takes pt_lock;
 * end fences what was taken, lets go of pt_lock and frees the tables that became empty. Only after
 * end may the pages themselves be given back. When others are due they run between two tables,
 * after a fence of their own and without pt_lock; as->lock is written all the time, so no leaf
 * comes back.
 */
struct pmap_batch {
    struct addrspace *as;
    struct page_list tables;            /* to free after the fence */
    size_t ntaken;                      /* leaves made invalid or read-only */
    vaddr_t va;                         /* one of them */
};

void pmap_batch_begin(struct pmap_batch *batch, struct addrspace *as);
void pmap_batch_end(struct pmap_batch *batch);

/* Forget all leaves in [start, end). The cost follows the tables that exist. */
void pmap_remove(struct pmap_batch *batch, vaddr_t start, vaddr_t end);

/* Take away all rights but prot from the leaves in [start, end); those left with none go. */
void pmap_protect(struct pmap_batch *batch, vaddr_t start, vaddr_t end, unsigned prot);

/* Free the tables that have no leaf. As pmap_remove, for who has the address space alone. */
void pmap_trim(struct pmap_batch *batch);

/* fork has shared the pages of [start, end): no leaf there may stay writable. Full tables are dropped, others downgraded. */
void pmap_share(struct pmap_batch *batch, vaddr_t start, vaddr_t end);

/* Forget va's leaf, on all harts, if it maps page. Its table stays. Returns whether it did. Caller holds page's owner's lock. */
bool pmap_forget(struct pmap *pmap, vaddr_t va, const struct page *page);

/* The page and rights of va's leaf; false when there is none. Caller holds pt_lock, or all harts are stopped. */
bool pmap_lookup(struct pmap *pmap, vaddr_t va, paddr_t *pa, unsigned *prot);

/* The first va in [from, end) that has a leaf, or end. Same locks. */
vaddr_t pmap_next(struct pmap *pmap, vaddr_t from, vaddr_t end);
