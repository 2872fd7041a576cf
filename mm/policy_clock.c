/*
 * policy_clock.c - second chance, or the clock: first in, first out, but a page that has been used
 * since it was last looked at goes round once more. Source: Corbato, A Paging Experiment with the
 * Multics System, 1968.
 */
#include "mm/policy.h"

static struct page_queue ring = TAILQ_HEAD_INITIALIZER(ring);   /* the hand stands before the first */

static void came(struct page *page)
{
    queue_name(page->anon, QUEUE_POLICY);
    TAILQ_INSERT_TAIL(&ring, page, queue_link);
}

static void gone(struct page *page) { TAILQ_REMOVE(&ring, page, queue_link); }

static struct page *next(ask_fn *ask)
{
    for (unsigned n = POLICY_LOOKS; n > 0 && !TAILQ_EMPTY(&ring); n--) {
        struct page *page = TAILQ_FIRST(&ring);
        enum page_used used = ask(page);
        if (used == PAGE_UNUSED)
            return page;
        TAILQ_REMOVE(&ring, page, queue_link);
        TAILQ_INSERT_TAIL(&ring, page, queue_link);
        if (used == PAGE_BUSY)
            break;
    }
    return NULL;
}

const struct policy policy_clock = { "clock", came, gone, next };
