/*
 * policy_fifo.c - first in, first out: the page that came first goes first, however much it is
 * used. The cheapest policy, and the one that more memory can make slower (Belady's anomaly).
 */
#include "mm/policy.h"

static struct page_queue queue = TAILQ_HEAD_INITIALIZER(queue);

static void came(struct page *page)
{
    queue_name(page->anon, QUEUE_POLICY);
    TAILQ_INSERT_TAIL(&queue, page, queue_link);
}

static void gone(struct page *page) { TAILQ_REMOVE(&queue, page, queue_link); }
static struct page *next(ask_fn *unused) { return (void)unused, TAILQ_FIRST(&queue); }

const struct policy policy_fifo = { "fifo", came, gone, next };
