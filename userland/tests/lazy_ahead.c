/*
 * lazy_ahead.c - cases of lazymore: several fresh pages a fault for who walks over them, and for nobody else (mm/ahead.c).
 */
#include <sys/mman.h>

#include <faultline.h>

#include "lazymore.h"

#define WALK  512                               /* pages */
#define FEW   7                                 /* pages in a row that are no walk yet */
#define FAR   (64 * PAGE_BYTES)
#define QUIET 4                                 /* pages that other processes may come to use meanwhile */

static struct {
    long faults, ahead, used, wasted, resident;
} before;

static long since(const char *row, long then) { return self_vmstat(row) - then; }

static void begin(void)
{
    before.faults = self_vmstat("fault_B3");
    before.ahead = self_vmstat("fault_ahead");
    before.used = self_vmstat("fault_ahead_used");
    before.wasted = self_vmstat("fault_ahead_wasted");
    before.resident = anon_pages();
}

/* Fails unless n pages were touched, each by a fault of its own, and no page besides has come in. */
static void check_one_by_one(long n)
{
    check_eq(since("fault_ahead", before.ahead), 0);
    check_ge(since("fault_B3", before.faults), n);
    check_le(anon_pages() - before.resident, n + QUIET);
}

static void walk_gets_more(void)
{
    uintptr_t start = heap_grow(2 * WALK * PAGE_BYTES);

    begin();
    pages_mark(start, WALK, PAGE_BYTES);
    pages_verify(start, WALK, PAGE_BYTES);
    for (size_t i = 0; i < WALK; i++)
        check_eq(peek(start + i * PAGE_BYTES + PAGE_BYTES - 8), 0);
    long ahead = since("fault_ahead", before.ahead);
    if (ram_bytes() >= MIB(64)) {               /* in less there may be nothing to spare */
        check_ge(ahead, WALK * 3 / 4);
        check_le(since("fault_B3", before.faults), WALK / 4);
    }
    long judged = since("fault_ahead_used", before.used) + since("fault_ahead_wasted", before.wasted);
    check_le(judged, ahead);
    if (!chaos_is_on()) {
        check_ge(judged, ahead - 32);           /* all but the last ones */
        check_eq(since("fault_ahead_wasted", before.wasted), 0);
    }
    check_le(anon_pages() - before.resident, WALK + 32 + QUIET);        /* what lies beyond its end is less than a neighbourhood */
}

static void walk_by_loads(void)
{
    uintptr_t start = heap_grow(WALK * PAGE_BYTES);

    begin();
    for (size_t i = 0; i < WALK; i++)
        check_eq(peek(start + i * PAGE_BYTES), 0);
    if (ram_bytes() >= MIB(64))
        check_ge(since("fault_ahead", before.ahead), WALK * 3 / 4);
    pages_mark(start, WALK, PAGE_BYTES);
    pages_verify(start, WALK, PAGE_BYTES);
}

static void sparse_walk_gets_none(void)
{
    uintptr_t start = heap_grow(2 * WALK * PAGE_BYTES);

    begin();
    pages_mark(start, WALK, 2 * PAGE_BYTES);
    check_one_by_one(WALK);
}

static void downward_walk_gets_none(void)
{
    uintptr_t start = heap_grow(WALK * PAGE_BYTES);

    begin();
    pages_mark(start + (WALK - 1) * PAGE_BYTES, WALK, -PAGE_BYTES);
    check_one_by_one(WALK);
}

static void few_in_a_row_get_none(void)
{
    uintptr_t start = heap_grow(40 * FAR);

    begin();
    for (size_t i = 0; i < 40; i++)
        pages_mark(start + i * FAR, FEW, PAGE_BYTES);
    check_one_by_one(40 * FEW);
}

static void never_beyond_the_heap(void)
{
    uintptr_t start = heap_grow(20 * PAGE_BYTES);

    begin();
    pages_mark(start, 20, PAGE_BYTES);
    check_le(anon_pages() - before.resident, 20 + QUIET);
    heap_grow(20 * PAGE_BYTES);
    check_le(anon_pages() - before.resident, 20 + QUIET);
}

static void random_gets_none(void)
{
    uintptr_t start = heap_grow(WALK * PAGE_BYTES);

    check_eq(madvise((void *)start, WALK * PAGE_BYTES, MADV_RANDOM), 0);
    begin();
    pages_mark(start, WALK, PAGE_BYTES);
    check_one_by_one(WALK);
}

static void sequential_starts_wide(void)
{
    uintptr_t start = heap_grow(WALK * PAGE_BYTES);

    check_eq(madvise((void *)start, WALK * PAGE_BYTES, MADV_SEQUENTIAL), 0);
    begin();
    pages_mark(start, 64, PAGE_BYTES);
    if (!chaos_is_on() && ram_bytes() >= MIB(64))
        check_le(since("fault_B3", before.faults), 2 + 3);
}

/* Jumping ahead at each run leaves pages untouched: that is seen, and longer and longer runs get none. */
static void waste_is_learnt(void)
{
    uintptr_t start = heap_grow(64 * FAR);

    begin();
    for (size_t i = 0; i < 64; i++)
        pages_mark(start + i * FAR, FEW + 1, PAGE_BYTES);
    check_le(since("fault_ahead", before.ahead), 2 * (FEW + 1));
    check_le(since("fault_ahead_wasted", before.wasted), since("fault_ahead", before.ahead));
}

/* The boot word ahead=off: scripts/tests/programs.py boots with it. */
static void off(void)
{
    uintptr_t start = heap_grow(WALK * PAGE_BYTES);

    begin();
    pages_mark(start, WALK, PAGE_BYTES);
    if (since("fault_ahead", before.ahead) != 0)
        skip("the boot line does not say ahead=off");
    check_one_by_one(WALK);
}

const struct test_case ahead_cases[] = {
    { .name = "walk gets pages ahead", .run = walk_gets_more },
    { .name = "walk by loads gets them too", .run = walk_by_loads },
    { .name = "sparse walk gets none", .run = sparse_walk_gets_none },
    { .name = "downward walk gets none", .run = downward_walk_gets_none },
    { .name = "few in a row get none", .run = few_in_a_row_get_none },
    { .name = "none beyond the heap", .run = never_beyond_the_heap },
    { .name = "MADV_RANDOM gets none", .run = random_gets_none },
    { .name = "MADV_SEQUENTIAL starts wide", .run = sequential_starts_wide },
    { .name = "waste is learnt from", .run = waste_is_learnt },
    { .name = "ahead=off", .run = off },
    { .name = NULL },
};
