/*
 * lazytests.c - the three tests of the lazy-allocation lab, by their names and in their format.
 * Expected: test NAME: OK three times, ALL TESTS PASSED, and status 0 (the lab's own program always ended with 1).
 * Does not own: everything else that lazy allocation can get wrong (lazymore.c).
 *
 * Usage: lazytests [-t] [NAME]     for instance lazytests "lazy unmap"
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define REGION_BYTES GIB(1)
#define ALLOC_STRIDE (64 * PAGE_BYTES)
#define UNMAP_STRIDE (4096 * PAGE_BYTES)
#define BLOCK_BYTES  MIB(16)

/* Grow by a gibibyte; returns the old end. */
static uintptr_t grow_region(void)
{
    void *old_end = sbrk(REGION_BYTES);

    check(old_end != (void *)-1);
    return (uintptr_t)old_end;
}

/* A sparse array: only the pages that are written to may cost memory, and they keep what was written. */
static void lazy_alloc(void)
{
    uintptr_t old_end = grow_region();

    pages_mark(old_end + PAGE_BYTES, REGION_BYTES / ALLOC_STRIDE, ALLOC_STRIDE);
    pages_verify(old_end + PAGE_BYTES, REGION_BYTES / ALLOC_STRIDE, ALLOC_STRIDE);
}

static void shrink_then_store(uintptr_t va)
{
    poke(va, va);                               /* fork has left the page table empty: now there is something to unmap */
    check(sbrk(-(ptrdiff_t)REGION_BYTES) != (void *)-1);
    poke(va, va);
}

/* What a shrink gives back must be gone, page by page, whether or not it was ever touched. */
static void lazy_unmap(void)
{
    uintptr_t first = grow_region() + PAGE_BYTES;
    size_t n = REGION_BYTES / UNMAP_STRIDE;

    pages_mark(first, n, UNMAP_STRIDE);
    for (size_t i = 0; i < n; i++)
        expect_death(shrink_then_store, first + i * UNMAP_STRIDE, SIGSEGV);
}

/*
 * Allocate blocks of 16 MiB until malloc refuses, linking them, which touches a page or two of each. On a small machine that
 * is more than memory holds. Where the address space is used up first, go on through the blocks page by page.
 */
static void exhaust_memory(uintptr_t unused)
{
    char *newest = NULL, *block;

    (void)unused;
    while ((block = malloc(BLOCK_BYTES)) != NULL) {
        *(char *volatile *)block = newest;
        newest = block;
    }
    for (block = newest; block; block = *(char **)block)
        for (size_t offset = PAGE_BYTES; offset < BLOCK_BYTES; offset += PAGE_BYTES)
            poke_byte((uintptr_t)block + offset, 1);
}

/* Memory that was promised and cannot be delivered: that process must die, and no other. */
static void out_of_memory(void)
{
    expect_death(exhaust_memory, 0, SIGKILL);
}

static const struct test_case cases[] = {
    { .name = "lazy alloc", .run = lazy_alloc },
    { .name = "lazy unmap", .run = lazy_unmap },
    { .name = "out of memory", .run = out_of_memory, .seconds = 600 },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "lazytests", TEST_RUNNING_AND_OK_LINES, tables };

    return test_main(&program, argc, argv);
}
