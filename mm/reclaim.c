/*
 * reclaim.c - taking pages back when memory runs short.
 * Owns: the way of a page out of memory.
 * Does not own: which page goes next (policy_*.c), slots on disk (swap.c), contents (anon.c,
 * object.c).
 *
 * The way out of a page:
 *   queue      a policy names it, under queue_lock; anon->queue says that it is queued, so its anon cannot be freed
 *   lock       its owner's locks, by trylock: whoever is at work on it has it for a while yet
 *   unmap      the leaves go, found from the owner: the family's address spaces, or the object's VMAs. From here on a use of it
 *              is a fault, which waits for anon->lock
 *   write      unless it is clean, or all zeroes. Only anon->lock is held, and queue_lock is not
 *   free       anon->slot says where it is, anon->page is NULL
 * A fault that finds no page there reads it in: with anon->lock alone, after letting go of
 * everything else (fault.c).
 *
 * Locks: reclaim_lock lets one do this at a time. queue_lock (spin) has the policy's queues. All
 * locks of owners, which stand above in the order, are tried and never waited for, and nothing is
 * allocated; so it can be called wherever memory is wanted.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/commit.h"
#include "mm/object.h"
#include "mm/pmap.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/record.h"
#include "mm/swap.h"
#include "mm/writeback.h"

static const struct policy *policy = &policy_two_queues;        /* fixed once queue_on is set */
static struct mutex reclaim_lock = MUTEX_INIT(reclaim_lock, RANK_RECLAIM);

static struct reclaim_counts counts;                            /* [reclaim_lock to change] /proc reads them as they are */
static bool busy;                                               /* [reclaim_lock] a page was passed over: someone is at work on it */
static struct {
    bool now;
    size_t looks, freed;                                        /* since then, or since the last judgement */
    bool fruitless;
} full;                                                         /* [reclaim_lock] the disk is: see judge_full */

/* ---- leaves ---- */

/* Why a page stays: someone is at work on it, or has locked it in memory. */
enum { BUSY = -1, LOCKED = -2 };

/* May the page at va go, as far as as is concerned? Returns 0, BUSY: as is being changed, or LOCKED. */
static int may_go(struct addrspace *as, vaddr_t va)
{
    if (!atomic_load_explicit(&as->locks, memory_order_relaxed))        /* it may be our own, which we are changing */
        return 0;
    if (!rwlock_try_read(&as->lock))
        return BUSY;
    const struct vma *vma = vma_find(as, va);
    bool locked = vma != NULL && (vma->flags & VMA_LOCKED);
    rwlock_read_unlock(&as->lock);
    return locked ? LOCKED : 0;
}

/*
 * Take every leaf that maps anon's page away. Caller holds anon->lock, and an object's lock.
 * Returns how many there were; BUSY or LOCKED: not all of them have gone.
 */
static int leaves_of_object(struct vm_object *obj, uint64_t index, struct page *page)
{
    struct vma *vma;
    int n = 0, stays;
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        vaddr_t va;
        if (!vma_maps_index(vma, index, &va))
            continue;
        if ((stays = may_go(vma->as, va)) != 0)
            return stays;
        n += pmap_forget(&vma->as->pmap, va, page);
    }
    return n;
}

static int leaves_of_family(struct family *family, vaddr_t va, struct page *page)
{
    struct addrspace *as;
    int n = 0, stays = 0;
    if (!mutex_trylock(&family->lock))
        return BUSY;
    LIST_FOREACH(as, &family->list, family_link) {
        if ((stays = may_go(as, va)) != 0)
            break;
        n += pmap_forget(&as->pmap, va, page);
    }
    mutex_unlock(&family->lock);
    return stays != 0 ? stays : n;
}

/* Lock the owner of page, which is on a queue, and take its leaves. Returns as above; nothing is locked if it stays. */
static int lock_and_unmap(struct page *page)
{
    struct anon *anon = page->anon;
    bool of_object = page_use(page) == PAGE_FILE;
    struct vm_object *obj = of_object ? anon->object : NULL;
    int n = BUSY;
    if (of_object && !mutex_trylock(&obj->lock))
        return BUSY;
    if (mutex_trylock(&anon->lock)) {
        if (!of_object)
            n = leaves_of_family(anon->family, anon->vpn << PAGE_SHIFT, page);
        else if (anon_sole(anon))                       /* not pinned */
            n = leaves_of_object(obj, anon->vpn, page);
        if (n < 0)
            mutex_unlock(&anon->lock);
    }
    if (of_object)
        mutex_unlock(&obj->lock);
    return n;
}

static enum page_used was_used(struct page *page)
{
    counts.scanned++;
    int n = lock_and_unmap(page);
    if (n == LOCKED)
        return PAGE_USED;
    if (n == BUSY) {
        busy = true;
        return PAGE_BUSY;
    }
    bool used = n > 0 || page->anon->idle == ANON_USED;     /* by a program; or, since it was asked about last, by a copy of the kernel's */
    page->anon->idle = ANON_IDLE;
    mutex_unlock(&page->anon->lock);
    return used ? PAGE_USED : PAGE_UNUSED;
}

/* ---- out ---- */

/* anon, whose lock is held, stays in memory. */
static void stay(struct anon *anon)
{
    queue_back(anon);
    mutex_unlock(&anon->lock);
}

/* The contents are on disk, or are zeroes: the frame is free. The slot is there before anon is out of our hands (anon_put). */
static void leave(struct anon *anon)
{
    struct page *page = anon->page;
    assert(anon->slot != 0);
    page_record(TRACE_OUT, anon, page);
    anon->page = NULL;
    queue_name(anon, QUEUE_NONE);
    mutex_unlock(&anon->lock);
    page_free(page);
}

/* Pages that leave: their anons locked, no leaf maps them. */
struct victims {
    unsigned n;
    struct anon *anon[SWAP_CLUSTER];
};

/* Lock the owner of page, which is queued, take it off its queue, and put it to victims. False: it stays. */
static bool add_victim(struct victims *victims, struct page *page)
{
    struct anon *anon = page->anon;
    int n = lock_and_unmap(page);
    if (n < 0) {
        busy |= n == BUSY;
        return false;
    }
    queue_take_off(anon);
    queue_name(anon, QUEUE_LEAVING);
    victims->anon[victims->n++] = anon;
    return true;
}

/* A few looks, since others wait for queue_lock. Returns how many; and how many pages there are. */
static size_t choose(struct victims *victims, size_t *queued)
{
    size_t before = counts.scanned;
    spin_lock(&queue_lock);
    queue_hand_over();
    while (victims->n < SWAP_CLUSTER && counts.scanned - before < POLICY_LOOKS) {
        struct page *page = queue_policy->next(was_used);
        if (page == NULL)
            break;
        counts.scanned++;
        if (!add_victim(victims, page)) {
            queue_policy->gone(page);
            queue_policy->came(page);
            break;
        }
    }
    *queued = queued_pages;
    spin_unlock(&queue_lock);
    return counts.scanned - before;
}

/* Pages that can be had again from where they came, all of one object: they go, or stay if that is locked. Returns pages freed. */
static size_t give_up(struct anon *const anon[], unsigned n)
{
    size_t freed = 0;
    for (unsigned i = 0; i < n; i++) {
        struct anon *one = anon[i];
        paddr_t frame = page_to_phys(one->page);
        uint64_t vpn = one->vpn;
        if (object_can_refill(one) && object_give_up(one)) {
            trace_of(0, TRACE_OUT, vpn << PAGE_SHIFT, frame, 0, TRACE_OBJECT);
            freed++;
        } else {
            stay(one);
        }
    }
    return freed;
}

/* Pages of disks that were stored to, home. Returns pages freed. */
static size_t write_home(struct anon *const anon[], unsigned n)
{
    size_t freed = 0;
    for (unsigned done = 0, more; done < n; done += more) {
        for (more = 1; done + more < n && anon[done + more]->object == anon[done]->object; more++)
            ;
        writeback_pages(anon + done, more);
        freed += give_up(anon + done, more);
    }
    counts.saved += freed;
    return freed;
}

/* Write neighbouring slots; where the disk fails, one by one, so that only the bad ones are given up. Returns pages freed. */
static size_t write_cluster(struct anon *const anon[], unsigned n, swap_slot first)
{
    struct page *pages[SWAP_CLUSTER];
    swap_slot slots[SWAP_CLUSTER];
    size_t freed = 0;
    for (unsigned i = 0; i < n; i++) {
        pages[i] = anon[i]->page;
        slots[i] = first + i;
    }
    bool whole = swap_write(slots, pages, n) == 0;
    for (unsigned i = 0; i < n; i++) {
        if (whole || (n > 1 && swap_write(&slots[i], &pages[i], 1) == 0)) {
            anon[i]->slot = slots[i];
            freed++;
            leave(anon[i]);
        } else {
            swap_abandon(slots[i]);
            stay(anon[i]);
        }
    }
    return freed;
}

static size_t write_out(struct anon *const anon[], unsigned n)
{
    size_t freed = 0;
    for (unsigned done = 0; done < n;) {
        swap_slot first;
        unsigned got = swap_reserve(n - done, &first);
        full.now = got == 0;
        if (got == 0) {
            while (done < n)
                stay(anon[done++]);
            break;
        }
        freed += write_cluster(anon + done, got, first);
        done += got;
    }
    return freed;
}

/* Returns pages freed. */
static size_t take_out(const struct victims *victims)
{
    struct anon *dirty[SWAP_CLUSTER], *stored[SWAP_CLUSTER];
    unsigned ndirty = 0, nstored = 0;
    size_t freed = 0;
    for (unsigned i = 0; i < victims->n; i++) {
        struct anon *anon = victims->anon[i];
        if (anon->use == PAGE_FILE && object_can_refill(anon)) {
            size_t gone = give_up(&anon, 1);
            counts.dropped += gone;
            freed += gone;
        } else if (anon->use == PAGE_FILE && anon->object->home != 0) {
            stored[nstored++] = anon;
        } else if (anon->slot != 0) {
            counts.dropped++;
            freed++;
            leave(anon);
        } else if (swap_is_zeroes(anon->page)) {
            anon->slot = SWAP_ZEROES;
            counts.zeroes++;
            freed++;
            leave(anon);
        } else {
            dirty[ndirty++] = anon;
        }
    }
    return freed + write_home(stored, nstored) + write_out(dirty, ndirty);
}

/* Let others have their turn. Who allocates may have an anon that is nobody's yet: meanwhile the checker must not come. */
static void pause(bool yield)
{
    struct thread *t = thread_current();
    t->waits_for = RANK_RECLAIM;
    if (yield)
        thread_yield();
    else
        thread_let_others();
    t->waits_for = 0;
}

#define PASS     4                              /* looks at a page, after which all policies have made up their minds */
#define PATIENCE 20                             /* passes, as long as pages that could go are in someone's hands */

/*
 * With a full disk only what needs no place there can still go: zeroes, and files' pages that can
 * be filled again. Where that is little, it is what runs just now, which comes back at once: each
 * page chases another, and nobody gets anywhere. So when a pass has brought less than a page of
 * SPARSE, nothing is left that may be taken; that is said once, and then seen anew.
 */
#define SPARSE 64

static void judge_full(size_t looks, size_t freed, size_t queued)
{
    if (!full.now) {
        full.looks = full.freed = 0;
        return;
    }
    full.looks += looks;
    full.freed += freed;
    if (full.looks < PASS * queued)
        return;
    full.fruitless = full.freed < queued / SPARSE;
    full.looks = full.freed = 0;
}

size_t reclaim(void)
{
    size_t freed = 0, looks = 0, queued = 0;
    for (unsigned passes = 0; queue_on && freed == 0 && passes < PATIENCE;) {
        struct victims victims = { 0 };
        mutex_lock(&reclaim_lock);
        if (full.fruitless) {
            full.fruitless = false;
            mutex_unlock(&reclaim_lock);
            break;
        }
        if (looks == 0)
            busy = false;
        size_t more = choose(&victims, &queued);
        freed = take_out(&victims);
        judge_full(more, freed, queued);
        bool again = busy;
        mutex_unlock(&reclaim_lock);
        looks += more;
        bool passed = more == 0 || looks >= PASS * queued;
        if (passed && !again)
            break;                              /* nothing may be taken, or there is no place for it */
        if (passed) {
            passes++;
            looks = 0;
        }
        if (freed == 0)
            pause(passed);
    }
    return freed;
}

static bool is_queued(const struct anon *anon) { return anon->queue == QUEUE_ARRIVING || anon->queue >= QUEUE_POLICY; }

void reclaim_these(struct anon *const anon[], unsigned n)
{
    struct victims victims = { 0 };
    mutex_lock(&reclaim_lock);
    spin_lock(&queue_lock);
    for (unsigned i = 0; i < n; i++)
        if (is_queued(anon[i]))                 /* so it has a page */
            add_victim(&victims, anon[i]->page);
    spin_unlock(&queue_lock);
    take_out(&victims);
    mutex_unlock(&reclaim_lock);
}

void reclaim_cool(struct anon *const anon[], unsigned n)
{
    mutex_lock(&reclaim_lock);
    spin_lock(&queue_lock);
    for (unsigned i = 0; i < n; i++)
        if (is_queued(anon[i]))
            was_used(anon[i]->page);
    spin_unlock(&queue_lock);
    mutex_unlock(&reclaim_lock);
}

/* ---- on ---- */

bool reclaim_use_policy(const char *name)
{
    static const struct policy *const all[] = { &policy_fifo, &policy_clock, &policy_two_queues, &policy_sieve,
                                               &policy_s3fifo, &policy_random };
    for (unsigned i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(all[i]->name, name) == 0 && !queue_on) {
            policy = all[i];
            return true;
        }
    return false;
}

const char *reclaim_policy_name(void) { return policy->name; }

static void start(bool all)
{
    /* What is there already is found by its frame. All harts stand still, so what page->anon says is so. */
    harts_stop();
    if (!queue_on)
        queue_start(policy);
    queue_all = all;
    for (struct page *page = page_frames; page < page_frames + page_count; page++) {
        enum page_use use = page_use(page);
        if ((use != PAGE_ANON && use != PAGE_FILE) || page->anon->family == NULL || !mutex_trylock(&page->anon->lock))
            continue;                           /* one that is nobody's yet comes later */
        queue_came_slow(page->anon);
        mutex_unlock(&page->anon->lock);
    }
    harts_resume();
}

void reclaim_start_homes(void)
{
    if (!queue_on)
        start(false);
}

void reclaim_start(void)
{
    if (!queue_all)
        start(true);
}

/* ---- off ---- */

static int as_leave_disk(struct addrspace *as)
{
    struct anon *anon;
    int err = 0;
    as_alone(as);
    for (uint64_t vpn = radix_next(&as->anons, 0, &anon); anon != NULL && err == 0;
         vpn = radix_next(&as->anons, vpn + 1, &anon)) {
        if (swap_slot_retires(anon->slot) && (err = anon_lock_in_memory(anon)) == 0) {
            anon_stored(anon);
            mutex_unlock(&anon->lock);
        }
        thread_let_others();
    }
    as_write_done(as);
    return err;
}

static struct mutex one_walk = MUTEX_INIT(one_walk, RANK_FILE);   /* over all address spaces, by rounds */
static uint32_t walk_round;                     /* [one_walk] */

/* Nothing new comes to a disk that retires, so once round all is enough, but for what is nobody's at the moment. */
static int everybody_leaves(uint32_t round)
{
    struct addrspace *as;
    struct vm_object *obj;
    int err = 0;
    while (err == 0 && (as = as_next(round)) != NULL) {
        err = as_leave_disk(as);
        if (as_put(as))
            as_destroy(as);
    }
    while (err == 0 && (obj = object_next(round)) != NULL) {
        err = object_leave_disk(obj);
        object_put(obj);
    }
    return err;
}

int reclaim_leave_disk(struct page_device *dev)
{
    mutex_lock(&one_walk);
    int err = swap_retire(dev);
    if (err == 0) {
        err = commit_is_full() ? -ENOMEM : 0;   /* what has been promised could not be held without it */
        while (err == 0 && !swap_forget(dev)) {
            err = everybody_leaves(++walk_round);
            thread_yield();
        }
        if (err != 0)
            swap_resume(dev);
    }
    mutex_unlock(&one_walk);
    return err;
}

void reclaim_tables(void)
{
    struct addrspace *as;
    if (!mutex_trylock(&one_walk))
        return;                                 /* a swapoff, which kswapd must not wait for */
    walk_round++;
    while ((as = as_next(walk_round)) != NULL) {
        if (as->pmap.emptied >= PMAP_EMPTIED_SOME && rwlock_try_write(&as->lock)) {
            as_trim(as);
            as_write_done(as);
        }
        if (as_put(as))
            as_destroy(as);
    }
    mutex_unlock(&one_walk);
}

void reclaim_counts(struct reclaim_counts *out)
{
    *out = counts;
}
