/*
 * lazytests.c - the tests of the lazy-allocation lab in xv6's interface: as lazytests2020 with the names and the sbrk of then,
 * as lazytests with those of 2025.
 * Expected: test NAME: OK for each, ALL TESTS PASSED, status 0 (the lab's own program always ended with 1).
 * Does not own: the same tests for native programs (userland/tests/lazytests.c).
 *
 * Usage: lazytests [NAME]
 */
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "user/user.h"

#define REGION_BYTES (1024 * 1024 * 1024)
#define ALLOC_STRIDE (64 * PGSIZE)
#define UNMAP_STRIDE (4096 * PGSIZE)
#define BLOCK_BYTES  (16 * 1024 * 1024)
#define KILLED       (-1)

static void fail(const char *what)
{
    printf("%s\n", what);
    exit(1);
}

static char *grow_region(void)
{
    char *start = sbrklazy(REGION_BYTES);

    if (start == SBRK_ERROR)
        fail("the heap cannot grow by a gibibyte");
    return start;
}

static void lazy_alloc(void)
{
    char *start = grow_region();

    for (uint64 at = PGSIZE; at < REGION_BYTES; at += ALLOC_STRIDE)
        *(char **)(start + at) = start + at;
    for (uint64 at = PGSIZE; at < REGION_BYTES; at += ALLOC_STRIDE)
        if (*(char *volatile *)(start + at) != start + at)
            fail("a page has lost what was stored in it");
}

static void shrink_then_store(char *address)
{
    int status, pid = fork();

    if (pid < 0)
        fail("cannot fork");
    if (pid == 0) {
        sbrklazy(-REGION_BYTES);
        *(char *volatile *)address = address;
        exit(0);
    }
    if (wait(&status) != pid || status != KILLED)
        fail("memory that was given back can still be written");
}

static void lazy_unmap(void)
{
    char *start = grow_region();

    for (uint64 at = PGSIZE; at < REGION_BYTES; at += UNMAP_STRIDE)
        *(char **)(start + at) = start + at;
    for (uint64 at = PGSIZE; at < REGION_BYTES; at += UNMAP_STRIDE)
        shrink_then_store(start + at);
}

/*
 * Blocks of 16 MiB until malloc refuses, linked, so that a page or two of each is touched. If that was the end of addresses
 * and not of memory, touch the rest of them.
 */
static void exhaust(void)
{
    char *newest = 0, *block;

    while ((block = malloc(BLOCK_BYTES)) != 0) {
        *(char *volatile *)block = newest;
        newest = block;
    }
    for (block = newest; block && xv6_sbrk_is_lazy; block = *(char **)block)
        for (int at = PGSIZE; at < BLOCK_BYTES; at += PGSIZE)
            *(volatile char *)(block + at) = 1;
    exit(0);
}

/* A promise that cannot be kept is fatal to that process; with an eager sbrk none is given, and malloc says so. */
static void out_of_memory(void)
{
    int status, pid = fork();

    if (pid < 0)
        fail("cannot fork");
    if (pid == 0)
        exhaust();
    if (wait(&status) != pid || status != (xv6_sbrk_is_lazy ? KILLED : 0))
        fail(xv6_sbrk_is_lazy ? "the child was not killed" : "the child was killed");
}

static const struct test {
    const char *name_2020, *name;
    void (*run)(void);
} tests[] = {
    { "lazy alloc", "lazy_alloc", lazy_alloc },
    { "lazy unmap", "lazy_unmap", lazy_unmap },
    { "out of memory", "out_of_memory", out_of_memory },
};

static int passes(const struct test *test, const char *name)
{
    int status = -1;

    printf("running test %s\n", name);
    int pid = fork();
    if (pid == 0) {
        test->run();
        exit(0);
    }
    int ok = pid > 0 && wait(&status) == pid && status == 0;
    printf("test %s: %s\n", name, ok ? "OK" : "FAILED");
    return ok;
}

int main(int argc, char **argv)
{
    int n = 0, failed = 0;

    printf("lazytests starting\n");
    for (const struct test *test = tests; test < tests + sizeof(tests) / sizeof(tests[0]); test++) {
        const char *name = xv6_sbrk_is_lazy ? test->name_2020 : test->name;
        if (argc > 1 && strcmp(argv[1], name) != 0)
            continue;
        n++;
        failed += !passes(test, name);
    }
    if (n == 0)
        fail("NO TESTS EXECUTED");
    printf("%s\n", failed ? "SOME TESTS FAILED" : "ALL TESTS PASSED");
    exit(failed ? 1 : 0);
}
