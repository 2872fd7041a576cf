/*
 * ahead.c - fill-ahead: who walks over fresh memory page by page gets several pages a fault.
 * Owns: when a walk is one, how many pages it gets, and the count of those that it did not want.
 * Does not own: fresh memory (fault.c, case B3).
 *
 * A walk is a thread's zero-fill faults at one page after the other, upwards. From its
 * AHEAD_AFTER-th page on it gets as many pages ahead as it has touched, but none beyond its
 * neighbourhood or its VMA. So what is wasted is never more than what was used, and who touches a
 * page here and a page there, or a few in a row, gets what it touches and no more.
 *
 * Pages filled ahead are entered with the A bit clear. When the thread next touches two fresh pages
 * in a row, those whose A bit is set by then were used, the others wasted. After waste the walk
 * begins again, and has to be twice as long before it gets anything; every time all were used, half
 * as long again. A leaf that has gone meanwhile says nothing.
 *
 * What a thread remembers is its own, so there is no lock for it; and it is only advice, so nothing
 * has to be forgotten when memory is unmapped. Threads that walk side by side through one VMA do
 * not disturb each other.
 */
#include "kernel/core/panic.h"
#include "mm/ahead.h"
#include "mm/anon.h"
#include "mm/fault.h"
#include "mm/near.h"
#include "mm/queue.h"
#include "mm/record.h"

#define AHEAD_AFTER 8                   /* pages */
#define DOUBT_MAX   8                   /* doublings of it */
#define RUN_MAX     (AHEAD_AFTER << DOUBT_MAX)

static bool enabled = true;             /* fixed after boot */

void ahead_enable(bool on) { enabled = on; }

static unsigned least(unsigned a, uint64_t b) { return a < b ? a : b; }

/* What has become of the pages filled ahead last? */
static void judge(struct addrspace *as, struct memory_walk *walk, uint64_t vpn)
{
    const struct pte *entry = pte_find(as->pmap.root, (vaddr_t)walk->filled << PAGE_SHIFT, 0);
    const struct pte *end = entry != NULL ? entry + walk->nfilled : NULL;
    unsigned wasted = 0, gone = walk->nfilled - (end - entry);
    for (; entry < end; entry++)
        if (!pte_touched(entry))
            *(pte_kind(entry) == PTE_EMPTY ? &gone : &wasted) += 1;
    thread_current()->counter[FAULT_AHEAD_USED] += walk->nfilled - wasted - gone;
    thread_current()->counter[FAULT_AHEAD_WASTED] += wasted;
    if (vpn == walk->filled + walk->nfilled)            /* it is the same walk that goes on */
        walk->run += walk->nfilled;
    walk->nfilled = 0;
    if (wasted == 0) {
        walk->doubt -= walk->doubt > 0;
        return;
    }
    walk->run = 0;
    walk->doubt += walk->doubt < DOUBT_MAX;
}

/* How many pages after vpn to fill. VMA_DENSE promises a walk: it is believed from the start, until it disappoints. */
static unsigned window(const struct memory_walk *walk, const struct vma *vma, const struct radix_node *node, uint64_t vpn)
{
    bool promised = (vma->flags & VMA_DENSE) && walk->doubt == 0;
    if (!promised && walk->run < (AHEAD_AFTER << walk->doubt) - 1)
        return 0;
    /* Locked pages are memory that nobody gets back, and what may be fetched needs a fence. */
    if (!enabled || walk->asked || (vma->flags & (VMA_SPARSE | VMA_LOCKED)) || (vma->prot & PROT_EXEC))
        return 0;
    unsigned n = NEAR_PAGES - 1 - vpn % NEAR_PAGES;
    n = least(n, (vma->end >> PAGE_SHIFT) - 1 - vpn);
    if (!promised)
        n = least(n, walk->run + 1);
    uint64_t taken = (uint64_t)node->occupied >> vpn % NEAR_PAGES >> 1;
    return taken != 0 ? least(n, __builtin_ctzl(taken)) : n;
}

__attribute__((noinline)) void ahead_fill(struct addrspace *as, struct near *near, const struct vma *vma, uint64_t vpn,
                                          struct pte *entry)
{
    near_assert_good(as, near, vpn);
    struct memory_walk *walk = &thread_current()->walk;
    struct anon **anon = radix_room(near->node, vpn + 1);
    walk->run++;
    walk->next++;
    if (walk->nfilled > 0)
        judge(as, walk, vpn);
    walk->run = least(RUN_MAX, walk->run);
    unsigned n = window(walk, vma, near->node, vpn);
    if (n > 0)
        n = anon_alloc_spare(as->family, vpn + 1, anon, n);
    if (n == 0)
        return;
    radix_fill_many(near->node, vpn + 1, n);
    pmap_enter_fresh(as, entry + 1, anon, n, vma->prot);
    leaves_record(as, vpn, FAULT_AHEAD);
    for (unsigned i = 0; queue_on && i < n; i++) {
        mutex_lock(&anon[i]->lock);
        if (anon[i]->page != NULL)              /* the first swapon of all may have queued it meanwhile, and reclaim taken it */
            queue_came(anon[i]);
        mutex_unlock(&anon[i]->lock);
    }
    thread_current()->counter[FAULT_AHEAD] += n;
    walk->filled = vpn + 1;
    walk->nfilled = n;
    walk->next += n;
}

void ahead_prepare(struct addrspace *as, const struct vma *vma, uint64_t vpn)
{
    const struct memory_walk *walk = &thread_current()->walk;
    assert(as_held_alone(as));
    if (vpn != walk->next || walk->run < NEAR_PAGES || vma->object != NULL)
        return;
    uint64_t end = (vpn | (MMU_TABLE_SPAN - 1)) + 1;
    if (end > vma->end >> PAGE_SHIFT)
        end = vma->end >> PAGE_SHIFT;
    for (uint64_t next = near_first(vpn) + NEAR_PAGES; next < end && radix_prepare(&as->anons, next, NULL) != NULL;)
        next += NEAR_PAGES;
}
