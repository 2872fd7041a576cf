/*
 * policy_two_queues.c - an active and an inactive queue.
 *
 * A page comes to the active one. From its front pages move to the inactive one, whose pages have
 * no leaves: a use of such a page is a fault, and proves that it is wanted. At the front of the
 * inactive queue it goes back if it was used, and is given up if not. A third of all pages are
 * inactive: enough time to show what is used, and few faults for those that are.
 * Source: Linux before 6.1 (mm/vmscan.c); Johnson and Shasha, 2Q, 1994, for the idea of a queue on
 * probation.
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

static void move(struct page *page, uint8_t queue)
{
    gone(page);
    put(page, queue);
}

static struct page *next(ask_fn *ask)
{
    for (unsigned n = POLICY_LOOKS; n > 0; n--) {
        bool refill = ninactive < queued_pages / 3 + 1 && !TAILQ_EMPTY(&active);
        struct page *page = TAILQ_FIRST(refill ? &active : &inactive);
        enum page_used used = page != NULL ? ask(page) : PAGE_BUSY;
        if (used == PAGE_UNUSED && !refill)
            return page;
        if (used == PAGE_BUSY) {
            if (page != NULL)
                move(page, page->anon->queue);  /* to its end */
            break;
        }
        move(page, refill ? INACTIVE : ACTIVE);
    }
    return NULL;
}

const struct policy policy_two_queues = { "two", came, gone, next };
