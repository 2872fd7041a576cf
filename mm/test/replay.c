/*
 * replay.c - page references, replayed against a policy.
 */
#include <string.h>

#include "mm/test/replay.h"

const struct policy *replay_policy(const char *name)
{
    static const struct policy *const all[] = { &policy_fifo, &policy_clock, &policy_two_queues, &policy_sieve, &policy_s3fifo };
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

static bool first_use_is_none;

static enum page_used ask(struct page *page)
{
    struct replay_page *p = (struct replay_page *)page;
    bool used = p->leaf && (p->used_again || !first_use_is_none);
    p->leaf = false;
    return used ? PAGE_USED : PAGE_UNUSED;
}

static bool give_one_up(const struct policy *policy)
{
    struct page *page = NULL;
    for (size_t calls = 0; page == NULL && calls < 4 * queued_pages; calls++)
        page = policy->next(ask);
    if (page == NULL)
        return false;
    policy->gone(page);
    queued_pages--;
    ((struct replay_page *)page)->resident = false;
    return true;
}

bool replay_turn_to(struct replay *replay, struct replay_page *p)
{
    if (p->resident) {
        replay->soft += !p->leaf;
        p->leaf = p->used_again = true;
        return true;
    }
    first_use_is_none = replay->first_use_is_none;
    replay->misses++;
    if (queued_pages == replay->nframes && !give_one_up(replay->policy))
        return false;
    p->page.anon = &p->anon;
    p->resident = p->leaf = true;
    p->used_again = false;
    queued_pages++;
    replay->policy->came(&p->page);
    return true;
}
