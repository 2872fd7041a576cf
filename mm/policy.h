/*
 * policy.h - which page is given up next: the interface that every policy has.
 * Owns: struct policy, and what a policy may ask of a page.
 * Does not own: how a page is given up (reclaim.c).
 *
 * A policy keeps pages on queues of its own, by page->queue_link, and names in anon->queue the one
 * that a page is on. No policy can break anything but speed. All its functions are called under
 * queue_lock, so none of them sleeps, allocates or is slow: next asks about POLICY_LOOKS pages at
 * most, and goes on from there when it is called again.
 */
#pragma once

#include "mm/queue.h"

enum { POLICY_LOOKS = 32 };

/*
 * Has the page been used since this was last asked? The page table's leaves are what tells: they
 * are taken away, so that the next use is a fault, which brings one back. PAGE_BUSY: someone is at
 * work on it, or on what it belongs to. So asking goes on with another page, after a while: next
 * goes past this one and returns NULL.
 */
enum page_used { PAGE_UNUSED, PAGE_USED, PAGE_BUSY };
typedef enum page_used ask_fn(struct page *page);

struct policy {
    const char *name;
    void (*came)(struct page *page);            /* it is on no queue: new, or back in memory, or it could not be given up */
    void (*gone)(struct page *page);            /* take it off its queue: freed, or about to be given up */
    struct page *(*next)(ask_fn *ask);          /* the page to give up, still on its queue. NULL: none, or not now */
};

extern const struct policy policy_fifo, policy_clock, policy_two_queues, policy_sieve, policy_s3fifo, policy_random;
