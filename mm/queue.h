/*
 * queue.h - pages that may be taken one day, in queues.
 * Owns: queue_lock, the queues of pages that have just come, and which policy has the others.
 * Does not own: the order in which they go (policy.h), their going (reclaim.h).
 */
#pragma once

#include "mm/anon.h"
#include "mm/page.h"

struct policy;

TAILQ_HEAD(page_queue, page);

enum { QUEUE_NONE, QUEUE_ARRIVING, QUEUE_LEAVING, QUEUE_POLICY };      /* anon->queue; policies name theirs from the last one on */

/* Others look at it before they have a lock (anon_put). */
static inline void queue_name(struct anon *anon, uint8_t queue) { __atomic_store_n(&anon->queue, queue, __ATOMIC_RELEASE); }

extern bool queue_on;                           /* set once: until then nothing is queued */
extern bool queue_all;                          /* set once: until then only pages with a home are (swap.h) */
extern struct spinlock queue_lock;
extern const struct policy *queue_policy;       /* fixed once queue_on is set */
extern size_t queued_pages;                     /* [queue_lock] on queues of the policy */

/* anon, which nobody can free now, has a page that may be taken one day. Nothing, if it is queued already. */
void queue_came_slow(struct anon *anon);
static inline void queue_came(struct anon *anon)
{
    if (__builtin_expect(queue_on, 0))
        queue_came_slow(anon);
}

/*
 * The page of anon, which is QUEUE_LEAVING or QUEUE_NONE, is queued. A page that was to leave is
 * never QUEUE_NONE on the way back: the last put would not wait for who has anon->lock.
 */
void queue_back(struct anon *anon);

/* No queue has anon's page any more. Caller holds anon->lock. */
void queue_forget(struct anon *anon);

/* The same under queue_lock, but anon->queue is the caller's to name. */
void queue_take_off(struct anon *anon);

/* All that have come are the policy's. Caller holds queue_lock. */
void queue_hand_over(void);

/* Begin, with pages that have a home. All harts stand still. */
void queue_start(const struct policy *policy);
