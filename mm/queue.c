/*
 * queue.c - pages that may be taken one day, in queues.
 * Owns: queue_lock, the queues of pages that have just come.
 * Does not own: the order in which they go (policy_*.c), their going (reclaim.c).
 */
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/policy.h"
#include "mm/queue.h"

bool queue_on, queue_all;
size_t queued_pages;
struct spinlock queue_lock = SPINLOCK_INIT(RANK_QUEUE);
const struct policy *queue_policy;

/* New pages wait in a queue of the hart where they came, so that a fault takes no lock that other harts want. */
#define ARRIVALS 31
static struct arrivals {
    struct spinlock lock;
    unsigned n;
    struct page_queue pages;
} arrivals[MMU_MAX_HARTS] __attribute__((aligned(64)));

static void hand_over(struct arrivals *from)
{
    assert(spin_held(&queue_lock));
    spin_lock(&from->lock);
    struct page *page;
    while ((page = TAILQ_FIRST(&from->pages)) != NULL) {
        TAILQ_REMOVE(&from->pages, page, queue_link);
        queued_pages++;
        queue_policy->came(page);
    }
    from->n = 0;
    spin_unlock(&from->lock);
}

void queue_came_slow(struct anon *anon)
{
    if (anon->queue == QUEUE_NONE && (queue_all || swap_is_home(anon->slot)))
        queue_back(anon);
}

void queue_back(struct anon *anon)
{
    unsigned hart = hart_index();
    struct arrivals *here = &arrivals[hart];
    spin_lock(&here->lock);
    anon->arrived_at = hart;
    queue_name(anon, QUEUE_ARRIVING);
    TAILQ_INSERT_TAIL(&here->pages, anon->page, queue_link);
    bool full = ++here->n >= ARRIVALS;
    spin_unlock(&here->lock);
    if (full) {
        spin_lock(&queue_lock);
        hand_over(here);
        spin_unlock(&queue_lock);
    }
}

void queue_take_off(struct anon *anon)
{
    assert(spin_held(&queue_lock));             /* so no arrival is being handed over */
    if (anon->queue == QUEUE_ARRIVING) {
        struct arrivals *there = &arrivals[anon->arrived_at];
        spin_lock(&there->lock);
        TAILQ_REMOVE(&there->pages, anon->page, queue_link);
        there->n--;
        spin_unlock(&there->lock);
    } else if (anon->queue >= QUEUE_POLICY) {
        queue_policy->gone(anon->page);
        queued_pages--;
    }
}

void queue_forget(struct anon *anon)
{
    assert(mutex_held(&anon->lock));
    spin_lock(&queue_lock);
    queue_take_off(anon);
    queue_name(anon, QUEUE_NONE);
    spin_unlock(&queue_lock);
}

void queue_hand_over(void)
{
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        hand_over(&arrivals[h]);
}

void queue_start(const struct policy *policy)
{
    queue_policy = policy;
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++) {
        spin_init(&arrivals[h].lock, RANK_PAGE);
        TAILQ_INIT(&arrivals[h].pages);
    }
    queue_on = true;
}
