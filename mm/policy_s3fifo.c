/*
 * policy_s3fifo.c - S3-FIFO: a small queue, where what is used only for a moment goes out soon, and
 * a main one for the rest.
 * Source: Yang and others, FIFO Queues are All You Need for Cache Eviction, SOSP 2023.
 *
 * A tenth of all pages is in the small queue. At its end a page that was used again goes to the
 * main queue, others are given up; and one that comes back soon after that goes to the main queue
 * at once. The main queue is a clock.
 *
 * Two things are other than in the paper, because a leaf is one bit, and a page comes with it. What
 * is used is not counted, so one use in the small queue is enough (there: two). And the use for
 * which a page came is none: on its way from the arrivals to the small queue it loses its leaf, as
 * in policy_two_queues.c. The paper's third queue, of names without pages, is a number in each
 * anon: when it was given up. One that the small queue has given up less than a main queue's length
 * ago is remembered.
 */
#include "mm/policy.h"

enum { ARRIVED = QUEUE_POLICY, SMALL, MAIN, NQUEUES };
enum { PART = 10 };                                     /* one in so many pages is in the small queue */

static struct {
    struct page_queue pages;
    size_t n;
} queues[NQUEUES] = {
    [ARRIVED].pages = TAILQ_HEAD_INITIALIZER(queues[ARRIVED].pages),
    [SMALL].pages = TAILQ_HEAD_INITIALIZER(queues[SMALL].pages),
    [MAIN].pages = TAILQ_HEAD_INITIALIZER(queues[MAIN].pages),
};
static uint32_t ngiven;                                 /* pages that the small queue has given up */

static void put(struct page *page, uint8_t queue)
{
    queue_name(page->anon, queue);
    TAILQ_INSERT_TAIL(&queues[queue].pages, page, queue_link);
    queues[queue].n++;
}

static void came(struct page *page)
{
    struct anon *anon = page->anon;
    put(page, anon->left_at != 0 && ngiven - anon->left_at < queues[MAIN].n ? MAIN : ARRIVED);
    anon->left_at = 0;
}

static void gone(struct page *page)
{
    uint8_t queue = page->anon->queue;
    TAILQ_REMOVE(&queues[queue].pages, page, queue_link);
    queues[queue].n--;
}

static void move(struct page *page, uint8_t queue)
{
    gone(page);
    put(page, queue);
}

/* The queue that has to give one up. */
static uint8_t choose(size_t part)
{
    bool small = queues[ARRIVED].n + queues[SMALL].n >= part || queues[MAIN].n == 0;
    return small && queues[SMALL].n > 0 ? SMALL : MAIN;
}

static struct page *next(ask_fn *ask)
{
    size_t part = queued_pages / PART + 2;              /* with one, a page would be judged as soon as its leaf is taken */
    for (unsigned n = POLICY_LOOKS; n > 0; n--) {
        bool refill = queues[SMALL].n < part && queues[ARRIVED].n > 0;
        uint8_t queue = refill ? ARRIVED : choose(part);
        struct page *page = TAILQ_FIRST(&queues[queue].pages);
        if (page == NULL)
            break;
        enum page_used used = ask(page);
        if (used == PAGE_UNUSED && !refill) {
            ngiven += queue == SMALL;
            page->anon->left_at = queue == SMALL ? ngiven : 0;
            return page;
        }
        move(page, used == PAGE_BUSY ? queue : refill ? SMALL : MAIN);
        if (used == PAGE_BUSY)
            break;
    }
    return NULL;
}

const struct policy policy_s3fifo = { "s3fifo", came, gone, next };
