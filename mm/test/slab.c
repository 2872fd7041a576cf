/*
 * slab.c - tests of mm/slab.h: objects of one size, side by side in frames.
 */
#include <string.h>

#include "mm/slab.h"
#include "mm/test/test.h"

#define NOBJECTS 500

struct thing {
    char bytes[72];
};

struct other {
    char bytes[72];
};

static SLAB_CACHE(things, struct thing);
static SLAB_CACHE(others, struct other);
static struct thing *thing[NOBJECTS];

static void take_all(void)
{
    for (unsigned i = 0; i < NOBJECTS; i++) {
        thing[i] = slab_alloc(&things);
        check(thing[i] != NULL);
        memset(thing[i], i, sizeof *thing[i]);
    }
}

static void drain_all(void)
{
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        slab_drain_hart(h);
}

static void apart_and_back(void)
{
    take_all();
    check_eq(slab_in_use(&things), NOBJECTS);
    for (unsigned i = 0; i < NOBJECTS; i++)     /* none lies in another */
        for (unsigned b = 0; b < sizeof *thing[i]; b++)
            check_eq((uint8_t)thing[i]->bytes[b], (uint8_t)i);
    check_eq(page_used(PAGE_SLAB), (NOBJECTS + 55) / 56);       /* 56 to a frame */
    for (unsigned i = 0; i < NOBJECTS; i += 2)
        slab_free(&things, thing[i]);
    check_eq(slab_in_use(&things), NOBJECTS / 2);
    for (unsigned i = 1; i < NOBJECTS; i += 2)
        slab_free(&things, thing[i]);
    drain_all();
    check_eq(slab_in_use(&things), 0);
    check_eq(page_used(PAGE_SLAB), 0);
}

/* Taken on one hart, given back on another: magazines are filled and emptied through the slabs. */
static void across_harts(void)
{
    for (unsigned round = 0; round < 5; round++) {
        host_use_hart(0);
        take_all();
        host_use_hart(1);
        for (unsigned i = 0; i < NOBJECTS; i++)
            slab_free(&things, thing[i]);
        check_eq(slab_in_use(&things), 0);
        check(page_used(PAGE_SLAB) <= 3);       /* what two magazines hold */
    }
    host_use_hart(0);
}

/* Before a frame is refused, slabs that only a magazine holds on to are given back; and a slab gets what another hart keeps. */
static void give_way(void)
{
    static struct page *frame[TEST_FRAMES];
    size_t n = 0;
    page_shrink = world_shrink;
    host_use_hart(1);
    take_all();
    for (unsigned i = 0; i < NOBJECTS; i++)
        slab_free(&things, thing[i]);
    host_use_hart(0);
    check(page_used(PAGE_SLAB) > 0);
    while ((frame[n] = page_alloc(PAGE_KERNEL)) != NULL)
        n++;
    check_eq(page_used(PAGE_SLAB), 0);
    check(slab_alloc(&things) == NULL);
    page_free(frame[--n]);
    host_use_hart(1);
    thing[0] = slab_alloc(&things);
    check(thing[0] != NULL);
    slab_free(&things, thing[0]);
    while (n > 0)
        page_free(frame[--n]);
}

static void count_named(const struct slab_cache *cache, void *arg)
{
    *(unsigned *)arg += strcmp(cache->name, "things") == 0;
}

static void listed_once(void)
{
    unsigned n = 0;
    take_all();
    for (unsigned i = 0; i < NOBJECTS; i++)
        slab_free(&things, thing[i]);
    slab_for_each(count_named, &n);
    check_eq(n, 1);
}

static void written_while_free(void)
{
    take_all();
    slab_free(&things, thing[3]);
    thing[3]->bytes[40] = 1;
    slab_alloc(&things);
}

static void freed_to_another(void)
{
    take_all();
    for (unsigned i = 0; i <= MAGAZINE_MAX; i++)
        slab_free(&others, thing[i]);
}

const struct test_case slab_cases[] = {
    { "objects lie apart, and frames come back", apart_and_back },
    { "from hart to hart", across_harts },
    { "nothing is kept that is needed", give_way },
    { "a cache is listed once", listed_once },
    { "written to while free", written_while_free, .panics = "a free one of things" },
    { "freed to another cache", freed_to_another, .panics = "slab->cache == cache" },
    { 0 },
};
