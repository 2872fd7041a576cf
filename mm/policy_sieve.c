/*
 * policy_sieve.c - SIEVE: the hand moves from the oldest page to the newest and gives up the first
 * that was not used; unlike the clock's, a page that was used stays where it is, so what is new and
 * never used again is found soon.
 * Source: Zhang and others, SIEVE is Simpler than LRU, NSDI 2024.
 */
#include "mm/policy.h"

static struct page_queue queue = TAILQ_HEAD_INITIALIZER(queue);        /* oldest first */
static struct page *hand;                                               /* NULL: at the oldest */

static void came(struct page *page)
{
    queue_name(page->anon, QUEUE_POLICY);
    TAILQ_INSERT_TAIL(&queue, page, queue_link);
}

static void gone(struct page *page)
{
    if (hand == page)
        hand = TAILQ_NEXT(page, queue_link);
    TAILQ_REMOVE(&queue, page, queue_link);
}

static struct page *next(ask_fn *ask)
{
    for (unsigned n = POLICY_LOOKS; n > 0 && !TAILQ_EMPTY(&queue); n--) {
        struct page *page = hand != NULL ? hand : TAILQ_FIRST(&queue);
        enum page_used used = ask(page);
        if (used == PAGE_UNUSED)
            return page;
        hand = TAILQ_NEXT(page, queue_link);
        if (used == PAGE_BUSY)
            break;
    }
    return NULL;
}

const struct policy policy_sieve = { "sieve", came, gone, next };
