/*
 * policy_two_queues.c - an active and an inactive queue.
 *
 * A page comes to the active one. From its front pages move to the inactive one, whose pages have no leaves: a use of such a
 * page is a fault, and proves that it is wanted. At the front of the inactive queue it goes back if it was used, and is given
 * up if not. A third of all pages are inactive: enough time to show what is used, and few faults for those that are.
 * Source: Linux before 6.1 (mm/vmscan.c); Johnson and Shasha, 2Q, 1994, for the idea of a queue on probation.
 */
#include "mm/policy.h"

enum { ACTIVE = QUEUE_POLICY, INACTIVE };

static struct page_queue active = TAILQ_HEAD_INITIALIZER(active), inactive = TAILQ_HEAD_INITIALIZER(inactive);
static size_t ninactive;

static void put(struct page *page, uint8_t queue)
{
    queue_name(page->anon, queue);
    TAILQ_INSERT_TAIL(queue == ACTIVE ? &active : &inactive, page, queue_link);
    ninactive += queue == INACTIVE;
}

static void came(struct page *page) { put(page, ACTIVE); }

static void gone(struct page *page)
{
    uint8_t queue = page->anon->queue;
    TAILQ_REMOVE(queue == ACTIVE ? &active : &inactive, page, queue_link);
    ninactive -= queue == INACTIVE;
}

/* The first of the active ones is put on probation. */
static void deactivate(ask_fn *ask)
{
    struct page *page = TAILQ_FIRST(&active);
    gone(page);
    put(page, ask(page) == PAGE_BUSY ? ACTIVE : INACTIVE);
}

static struct page *next(ask_fn *ask)
{
    /* Half of the looks may go to filling the inactive queue: pages that cannot be had now must not use up all. */
    for (unsigned n = POLICY_LOOKS; n > 0; n--) {
        if (n > POLICY_LOOKS / 2 && ninactive < queued_pages / 3 + 1 && !TAILQ_EMPTY(&active)) {
            deactivate(ask);
            continue;
        }
        struct page *page = TAILQ_FIRST(&inactive);
        if (page == NULL)
            return NULL;
        if (ask(page) == PAGE_UNUSED)
            return page;
        gone(page);
        put(page, ACTIVE);
    }
    return NULL;
}

const struct policy policy_two_queues = { "two", came, gone, next };
