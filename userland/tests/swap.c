/*
 * swap.c - more memory than there is.
 * Expected: TAP, every case ok, on a machine of at most 64 MiB with a swap disk of 512 MiB. Each page has a pattern that says which
 * page it is and how often it was written, so that one that comes back as another is seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define WORDS (PAGE_BYTES / sizeof(uint64_t))

static uint64_t pattern(size_t n, uint64_t round) { return (n + 1) * 0x9e3779b97f4a7c15ul + round; }

/* The n-th page at start, written for the round-th time. */
static void page_write(uintptr_t start, size_t n, uint64_t round)
{
    uint64_t *word = (uint64_t *)(start + n * PAGE_BYTES);

    for (size_t i = 0; i < WORDS; i += 64)
        word[i] = pattern(n, round) + i;
    word[WORDS - 1] = ~pattern(n, round);
}

static void page_check(uintptr_t start, size_t n, uint64_t round)
{
    const uint64_t *word = (const uint64_t *)(start + n * PAGE_BYTES);

    for (size_t i = 0; i < WORDS; i += 64)
        if (word[i] != pattern(n, round) + i)
            fail("page %zu of round %lu has %#lx at word %zu, expected %#lx", n, round, word[i], i, pattern(n, round) + i);
    if (word[WORDS - 1] != ~pattern(n, round))
        fail("page %zu of round %lu has %#lx in its last word", n, round, word[WORDS - 1]);
}

static size_t memory_npages(void) { return (size_t)vmstat("nr_pages"); }

static uintptr_t map_pages(size_t npages, int flags)
{
    void *p = mmap(NULL, npages * PAGE_BYTES, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

    check(p != MAP_FAILED);
    return (uintptr_t)p;
}

static void unmap_pages(uintptr_t start, size_t npages)
{
    check_eq(munmap((void *)start, npages * PAGE_BYTES), 0);
}

static void working_set(size_t times, int flags)
{
    size_t npages = times * memory_npages();
    uint8_t *round = calloc(npages, 1);
    uintptr_t start = map_pages(npages, flags);
    long out = vmstat("pswpout"), in = vmstat("pswpin");
    uint64_t seed = 1;

    check(round != NULL);
    for (size_t i = 0; i < npages; i++)
        page_write(start, i, 0);
    for (size_t i = 0; i < npages; i++)
        page_check(start, i, 0);
    for (size_t n = 0; n < 2000; n++) {
        seed = seed * 6364136223846793005ul + 1442695040888963407ul;
        size_t i = (seed >> 33) % npages;
        page_check(start, i, round[i]);
        if (n % 2 == 0)
            page_write(start, i, ++round[i]);
    }
    for (size_t i = npages; i-- > 0;)
        page_check(start, i, round[i]);
    note("%zu pages, %zu times memory: %ld out, %ld in", npages, times, vmstat("pswpout") - out, vmstat("pswpin") - in);
    check_ge(vmstat("pswpout") - out, npages / 2);
    struct rusage usage;
    check_eq(getrusage(RUSAGE_SELF, &usage), 0);
    check_ge(usage.ru_majflt, npages);          /* all of it was looked at twice, and half does not fit */
    check_le(usage.ru_majflt, vmstat("pswpin") - in);
    check_le(usage.ru_minflt, 4 * npages);
    unmap_pages(start, npages);
    free(round);
}

static void twice(void) { working_set(2, MAP_PRIVATE); }
static void four_times(void) { working_set(4, MAP_PRIVATE); }
static void shared_twice(void) { working_set(2, MAP_SHARED); }

/* A child shares all of it, part of which is on disk; each writes its own. */
static void forked(void)
{
    size_t npages = memory_npages() * 3 / 2;
    uintptr_t start = map_pages(npages, MAP_PRIVATE);

    for (size_t i = 0; i < npages; i++)
        page_write(start, i, 0);
    pid_t pid = fork();
    check_ge(pid, 0);
    for (size_t i = pid == 0; i < npages; i += 2)
        page_write(start, i, pid == 0 ? 1 : 2);
    for (size_t i = 0; i < npages; i++)
        page_check(start, i, i % 2 == (pid == 0) ? (pid == 0 ? 1 : 2) : 0);
    if (pid == 0)
        _exit(0);
    expect_status(pid, 0);
    unmap_pages(start, npages);
}

/* Several at once, each with as much as there is. */
static void crowd(void)
{
    enum { NCHILDREN = 4 };
    pid_t pids[NCHILDREN];

    for (unsigned c = 0; c < NCHILDREN; c++) {
        pids[c] = fork();
        check_ge(pids[c], 0);
        if (pids[c] == 0) {
            size_t npages = memory_npages() / 2;
            uintptr_t start = map_pages(npages, MAP_PRIVATE);
            for (unsigned round = 0; round < 3; round++) {
                for (size_t i = 0; i < npages; i++)
                    page_write(start, i, c * 100 + round);
                for (size_t i = 0; i < npages; i++)
                    page_check(start, i, c * 100 + round);
            }
            _exit(0);
        }
    }
    for (unsigned c = 0; c < NCHILDREN; c++)
        expect_status(pids[c], 0);
}

/* System calls whose buffers are on disk; and a file that is as large as memory. */
static void calls(void)
{
    size_t npages = memory_npages(), piece = 16;
    uintptr_t start = map_pages(npages, MAP_PRIVATE);
    int fds[2];

    check_eq(pipe(fds), 0);
    for (size_t i = 0; i < npages; i++)
        page_write(start, i, 5);
    for (size_t i = 0; i + piece <= npages; i += npages / 64 / piece * piece + piece) {
        for (size_t n = 0; n < piece; n++) {
            check_eq(write(fds[1], (void *)(start + (i + n) * PAGE_BYTES), PAGE_BYTES), PAGE_BYTES);
            check_eq(read(fds[0], (void *)(start + (npages - 1 - i - n) * PAGE_BYTES), PAGE_BYTES), PAGE_BYTES);
            check_eq(memcmp((void *)(start + (i + n) * PAGE_BYTES), (void *)(start + (npages - 1 - i - n) * PAGE_BYTES), PAGE_BYTES), 0);
            page_write(start, i + n, 5);
            page_write(start, npages - 1 - i - n, 5);
        }
    }
    for (size_t i = 0; i < npages; i++)
        page_check(start, i, 5);
    unmap_pages(start, npages);
    close(fds[0]);
    close(fds[1]);
}

/* swapoff with more on disk than there is room for fails whole; without, everything is back, and the disk can be used again. */
static void off_and_on(void)
{
    size_t npages = memory_npages() * 3 / 2;
    uintptr_t start = map_pages(npages, MAP_PRIVATE);

    for (size_t i = 0; i < npages; i++)
        page_write(start, i, 9);
    check_eq(raw_syscall(SYS_swapoff, "/dev/vda"), -ENOMEM);
    for (size_t i = 0; i < npages; i++)
        page_check(start, i, 9);
    unmap_pages(start, npages / 2);
    check_eq(raw_syscall(SYS_swapoff, "/dev/vda"), 0);
    long in = vmstat("pswpin");
    for (size_t i = npages / 2; i < npages; i++)
        page_check(start, i, 9);
    check_eq(vmstat("pswpin"), in);
    check_eq(raw_syscall(SYS_swapoff, "/dev/vda"), -EINVAL);
    check_eq(raw_syscall(SYS_swapoff, "/dev/null"), -EINVAL);
    check_eq(raw_syscall(SYS_swapon, "/dev/null", 0), -EINVAL);
    check_eq(raw_syscall(SYS_swapon, "/dev/nothing", 0), -ENOENT);
    check_eq(raw_syscall(SYS_swapon, "/dev/vda", 1 << 20), -EINVAL);
    check_eq(raw_syscall(SYS_swapon, "/dev/vda", 0), 0);
    check_eq(raw_syscall(SYS_swapon, "/dev/vda", 0), -EBUSY);
    unmap_pages(start + npages / 2 * PAGE_BYTES, npages - npages / 2);
}

static long major_faults(void)
{
    struct rusage usage;

    check_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_majflt;
}

/*
 * A sixteenth of memory is used in every round, and in between other pages come by, a quarter of memory: who asks whether a page
 * was used keeps the first. With policy=fifo the case fails: it has to read each of them again every fourth round.
 */
static void hot_pages_stay(void)
{
    enum { ROUNDS = 24, FIRST = 8 };                    /* until all of memory has been through the queues */
    size_t npages = memory_npages(), nhot = npages / 16, next = 0;
    uintptr_t hot = map_pages(nhot, MAP_PRIVATE), cold = map_pages(2 * npages, MAP_PRIVATE);
    long hot_majors = 0;

    if (chaos_is_on())
        skip("chaos=N takes the leaves that tell what is used");
    for (size_t i = 0; i < nhot; i++)
        page_write(hot, i, 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        long before = major_faults();
        for (size_t i = 0; i < nhot; i++)
            page_check(hot, i, 0);
        if (round >= FIRST)
            hot_majors += major_faults() - before;
        for (size_t n = 0; n < npages / 4; n++)
            page_write(cold, next++ % (2 * npages), 0);
    }
    note("%zu hot pages, used %d times: read from disk %ld times", nhot, ROUNDS - FIRST, hot_majors);
    unmap_pages(hot, nhot);
    unmap_pages(cold, 2 * npages);
    check_le(hot_majors, nhot * (ROUNDS - FIRST) / 8);
}

static const struct test_case cases[] = {
    { .name = "twice as much", .run = twice },
    { .name = "four times as much", .run = four_times },
    { .name = "shared memory", .run = shared_twice },
    { .name = "forked", .run = forked },
    { .name = "crowd", .run = crowd },
    { .name = "calls", .run = calls },
    { .name = "hot pages stay", .run = hot_pages_stay },
    { .name = "off and on", .run = off_and_on },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "swap", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
