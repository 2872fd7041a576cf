/*
 * policy_random.c - any page: what a policy that knows nothing is worth. It asks nobody, and no
 * sequence of uses is its worst.
 * Source: Belady, A Study of Replacement Algorithms for a Virtual-Storage Computer, 1966.
 */
#include "mm/policy.h"

static struct page_queue queue = TAILQ_HEAD_INITIALIZER(queue);

static void came(struct page *page)
{
    queue_name(page->anon, QUEUE_POLICY);
    TAILQ_INSERT_TAIL(&queue, page, queue_link);
}

static void gone(struct page *page) { TAILQ_REMOVE(&queue, page, queue_link); }

/* Any of the first few, which then go to the end: over a while that is any of all. */
static struct page *next(ask_fn *unused)
{
    static uint64_t state = 1;                          /* a linear congruential generator: Knuth, MMIX */
    (void)unused;
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    for (unsigned n = (state >> 33) % POLICY_LOOKS; n > 0 && !TAILQ_EMPTY(&queue); n--) {
        struct page *page = TAILQ_FIRST(&queue);
        gone(page);
        came(page);
    }
    return TAILQ_FIRST(&queue);
}

const struct policy policy_random = { "random", came, gone, next };
