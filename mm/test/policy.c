/*
 * policy.c - tests of mm/policy.h: which page each policy gives up, on strings of references that show what it is about.
 */
#include <string.h>

#include "mm/test/replay.h"
#include "mm/test/test.h"

enum { FIRST_USE_COUNTS, FIRST_USE_IS_NONE };

static struct replay_page pages[256];
static struct replay replay;

static void start(const char *policy, size_t nframes, bool how)
{
    replay = (struct replay){ .policy = replay_policy(policy), .nframes = nframes, .first_use_is_none = how };
    check(replay.policy != NULL);
}

static void turn_to(unsigned page) { check(replay_turn_to(&replay, &pages[page])); }

static void turn_to_each(unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        turn_to(i);
}

/* All pages leave, so that the next begins with nothing. */
static size_t end(void)
{
    for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (pages[i].resident)
            replay.policy->gone(&pages[i].page);
    queued_pages = 0;
    memset(pages, 0, sizeof pages);
    return replay.misses;
}

/* Belady, Nelson and Shedler, An Anomaly in Space-time Characteristics of Certain Programs Running in a Paging Machine, 1969. */
static size_t belady(const char *policy, size_t nframes, bool how)
{
    static const unsigned string[] = { 1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5 };
    start(policy, nframes, how);
    for (unsigned i = 0; i < sizeof string / sizeof string[0]; i++)
        turn_to(string[i]);
    return end();
}

/* More memory, more misses: first in, first out does that; so does the clock, when all pages look used. */
static void anomaly(void)
{
    check_eq(belady("fifo", 3, FIRST_USE_COUNTS), 9);
    check_eq(belady("fifo", 4, FIRST_USE_COUNTS), 10);
    check_eq(belady("clock", 3, FIRST_USE_COUNTS), 9);
    check_eq(belady("clock", 4, FIRST_USE_COUNTS), 10);
    check_eq(belady("clock", 3, FIRST_USE_IS_NONE), 10);
    check_eq(belady("clock", 4, FIRST_USE_IS_NONE), 8);
    check_eq(belady("sieve", 3, FIRST_USE_IS_NONE), 10);
    check_eq(belady("sieve", 4, FIRST_USE_IS_NONE), 8);
}

/* Eight pages used again and again, then a scan of 120 that are used once. How many of the eight are still there? */
static unsigned survivors(const char *policy)
{
    unsigned n = 0;
    start(policy, 40, FIRST_USE_COUNTS);
    for (unsigned i = 0; i < 40; i++)
        turn_to_each(0, 8);
    turn_to_each(8, 48);
    for (unsigned i = 48; i < 128; i++) {
        turn_to(i);
        if (i % 8 == 0)
            turn_to_each(0, 8);
    }
    for (unsigned i = 128; i < 144; i++)
        turn_to(i);
    for (unsigned i = 0; i < 8; i++)
        n += pages[i].resident;
    end();
    return n;
}

static void scan(void)
{
    check(survivors("fifo") < 8);
    check_eq(survivors("clock"), 8);
    check_eq(survivors("two"), 8);
    check_eq(survivors("sieve"), 8);
    check_eq(survivors("s3fifo"), 8);
}

/* The hand of SIEVE goes on from a page that it has spared, and finds what is new; that of the clock comes round to it first. */
static bool spared_survives(const char *policy)
{
    static const unsigned string[] = { 1, 2, 3, 4, 1, 5, 6, 7, 8 };
    start(policy, 4, FIRST_USE_IS_NONE);
    for (unsigned i = 0; i < sizeof string / sizeof string[0]; i++)
        turn_to(string[i]);
    bool there = pages[1].resident;
    end();
    return there;
}

static void sieve(void)
{
    check(spared_survives("sieve"));
    check(!spared_survives("clock"));
}

/* Of pages that are used once, those that come back soon stay; others go, and do not take with them what is used always. */
static void s3fifo(void)
{
    enum { NFRAMES = 40, NHOT = 20 };
    start("s3fifo", NFRAMES, FIRST_USE_COUNTS);
    unsigned once = NHOT;
    for (; once < 100; once++) {
        turn_to_each(0, NHOT);
        turn_to(once);
    }
    size_t misses = replay.misses;
    turn_to_each(0, NHOT);
    check_eq(replay.misses, misses);
    unsigned back = once;
    while (pages[--back].resident)                      /* the one that was given up last */
        ;
    turn_to(back);
    for (; once < 160; once++) {
        turn_to_each(0, NHOT);
        turn_to(once);
    }
    check(pages[back].resident);
    check(!pages[back + 1].resident && !pages[back + 2].resident);
    check_eq(replay.misses, misses + 1 + 60);
    end();
}

const struct test_case policy_cases[] = {
    { "Belady's anomaly", anomaly },
    { "a scan", scan },
    { "sieve: stays where it is", sieve },
    { "s3fifo: once, and again", s3fifo },
    { 0 },
};
