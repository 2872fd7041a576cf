/*
 * replay.h - page references, replayed against a policy: the policy's own code, with a machine around it that only counts.
 * Owns: which pages are in memory, which have a leaf.
 * Does not own: the order in which pages go (mm/policy_*.c).
 *
 * A page comes with its leaf, so whoever asks first hears that it was used: by the fault that brought it. Most papers set their
 * bit at the second use; to compare with these, first_use_is_none says "not used" of a page that has only come.
 */
#pragma once

#include "mm/policy.h"

struct replay_page {
    struct page page;                   /* first, so that one leads to the other */
    struct anon anon;
    bool resident, leaf, used_again;    /* used_again: there was a reference after the one that brought it */
};

struct replay {
    const struct policy *policy;
    size_t nframes;
    bool first_use_is_none;
    size_t misses;
    size_t soft;                        /* found in memory, but without its leaf: the price at which the kernel learns of a use */
};

const struct policy *replay_policy(const char *name);           /* NULL: there is none */

/* A reference to page, all zero before its first. One replay at a time. False: the policy gives nothing up. */
bool replay_turn_to(struct replay *replay, struct replay_page *page);
