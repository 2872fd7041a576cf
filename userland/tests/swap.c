/*
 * swap.c - more memory than there is.
 * Expected: TAP, every case ok, on a machine of at most 64 MiB with a swap disk of 512 MiB. Each page has a pattern that says which
 * page it is and how often it was written, so that one that comes back as another is seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
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
    struct rusage before, usage;
    check_eq(getrusage(RUSAGE_SELF, &before), 0);
    for (size_t i = 0; i < npages; i++)
        page_check(start, i, 0);
    check_eq(getrusage(RUSAGE_SELF, &usage), 0);
    check_le(usage.ru_majflt - before.ru_majflt, npages / 2);   /* who goes from page to page gets several at a time */
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
    check_eq(getrusage(RUSAGE_SELF, &usage), 0);
    check_ge(usage.ru_majflt, npages - memory_npages());        /* downwards there is no read-ahead */
    check_ge(vmstat("pgsteal_kswapd"), vmstat("pgsteal_direct"));
    check_le(usage.ru_majflt, vmstat("pswpin") - in);
    check_le(usage.ru_minflt, 4 * npages);
    unmap_pages(start, npages);
    free(round);
}

static void twice(void) { working_set(2, MAP_PRIVATE); }
static void four_times(void) { working_set(4, MAP_PRIVATE); }
static void eight_times(void) { working_set(8, MAP_PRIVATE); }
static void shared_twice(void) { working_set(2, MAP_SHARED); }

/* Page tables that nothing is left in go, too: a page in each, 400 of them, and then more than there is of other memory. */
static void tables_go(void)
{
    enum { NTABLES = 400, SPAN = 512 };         /* pages that a table maps */
    uintptr_t sparse = map_pages(NTABLES * SPAN, MAP_PRIVATE);
    for (size_t i = 0; i < NTABLES; i++)
        page_write(sparse, i * SPAN, 1);
    long before = vmstat("nr_page_table_pages");
    check_ge(before, NTABLES);
    size_t npages = memory_npages() * 3 / 2;
    uintptr_t dense = map_pages(npages, MAP_PRIVATE);
    for (size_t i = 0; i < npages; i++)
        page_write(dense, i, 2);
    check_le(vmstat("nr_page_table_pages"), before - NTABLES / 2);
    for (size_t i = 0; i < NTABLES; i++)
        page_check(sparse, i * SPAN, 1);
    unmap_pages(dense, npages);
    unmap_pages(sparse, NTABLES * SPAN);
}

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
/* Look at all of a file by a mapping that does not stay. Returns how many pages that are. */
static size_t look_at(const char *path)
{
    int fd = open_or_fail(path, O_RDONLY);
    size_t npages = (size_t)(lseek(fd, 0, SEEK_END) + PAGE_BYTES - 1) / PAGE_BYTES;
    char *bytes = mmap(NULL, npages * PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);

    check(bytes != MAP_FAILED);
    for (size_t i = 0; i < npages; i++)
        (void)*(volatile char *)(bytes + i * PAGE_BYTES);
    unmap_pages((uintptr_t)bytes, npages);
    close(fd);
    return npages;
}

/* What can be filled again from the archive goes before anything is written. */
static void files_first(void)
{
    drop_caches();
    long before = vmstat("nr_file_pages"), out = vmstat("pswpout");
    size_t npages = look_at("/tests/posix") + look_at("/tests/hostile") + look_at("/tests/soak");
    uintptr_t start = map_pages(2 * memory_npages(), MAP_PRIVATE);

    check_ge(npages, 30);
    check_ge(vmstat("nr_file_pages") - before, npages);
    for (size_t i = 0; vmstat("pswpout") == out; i++)
        page_write(start, i, 0);
    check_le(vmstat("nr_file_pages") - before, 10);
    unmap_pages(start, 2 * memory_npages());
}

/* Bytes. */
static size_t swap_left(void)
{
    struct sysinfo info;

    check_eq(sysinfo(&info), 0);
    check_ge(info.totalswap, MIB(1));
    return info.freeswap * info.mem_unit;
}

static size_t count_resident(uintptr_t start, size_t npages)
{
    unsigned char resident[npages];
    size_t n = 0;

    check_eq(mincore((void *)start, npages * PAGE_BYTES, resident), 0);
    for (size_t i = 0; i < npages; i++)
        n += resident[i] & 1;
    return n;
}

/* Look at pages that are all in memory. Returns by how many faults that was. */
static long soft_faults(uintptr_t start, size_t npages, uint64_t round)
{
    struct rusage before, after;

    check_eq(getrusage(RUSAGE_SELF, &before), 0);
    for (size_t i = 0; i < npages; i++)
        page_check(start, i, round);
    check_eq(getrusage(RUSAGE_SELF, &after), 0);
    check_eq(after.ru_majflt - before.ru_majflt, 0);
    return after.ru_minflt - before.ru_minflt;
}

/* MADV_PAGEOUT, MADV_WILLNEED and MADV_COLD do what they say, and change no byte. */
static void advice(void)
{
    enum { NPAGES = 100 };
    const size_t len = NPAGES * PAGE_BYTES;
    uintptr_t start = map_pages(NPAGES, MAP_PRIVATE);

    for (size_t i = 0; i < NPAGES; i++)
        page_write(start, i, 4);
    check_eq(count_resident(start, NPAGES), NPAGES);
    size_t left = swap_left();
    check_eq(madvise((void *)start, len, MADV_PAGEOUT), 0);
    check_eq(count_resident(start, NPAGES), 0);
    check_eq(left - swap_left(), len);

    long in = vmstat("pswpin");
    check_eq(madvise((void *)start, len, MADV_WILLNEED), 0);
    check_eq(vmstat("pswpin") - in, NPAGES);
    check_eq(count_resident(start, NPAGES), NPAGES);
    soft_faults(start, NPAGES, 4);

    check_eq(madvise((void *)start, len, MADV_COLD), 0);
    check_eq(count_resident(start, NPAGES), NPAGES);
    check_ge(soft_faults(start, NPAGES, 4), NPAGES);

    check_eq(madvise((void *)start, len, MADV_PAGEOUT), 0);
    unmap_pages(start + 40 * PAGE_BYTES, 20);
    check_eq(madvise((void *)start, len, MADV_WILLNEED), -1);
    check_eq(errno, ENOMEM);
    check_eq(count_resident(start, 40), 40);
    check_eq(count_resident(start + 60 * PAGE_BYTES, 40), 40);
    check_eq(mlock((void *)start, PAGE_BYTES), 0);
    check_eq(madvise((void *)start, 40 * PAGE_BYTES, MADV_COLD), -1);
    check_eq(errno, EINVAL);
    unmap_pages(start, 40);
    unmap_pages(start + 60 * PAGE_BYTES, 40);
}

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

/*
 * A sixteenth of memory is used in every round, and in between other pages come by, a quarter of memory: who asks whether a page
 * was used keeps the first. With policy=fifo the case fails: it has to read each of them again every fourth round.
 */
static void hot_pages_stay(void)
{
    enum { ROUNDS = 24, FIRST = 8 };                    /* until all of memory has been through the queues */
    size_t npages = memory_npages(), nhot = npages / 16, next = 0;
    uintptr_t hot = map_pages(nhot, MAP_PRIVATE), cold = map_pages(2 * npages, MAP_PRIVATE);
    size_t nread = 0;

    if (chaos_is_on())
        skip("chaos=N takes the leaves that tell what is used");
    for (size_t i = 0; i < nhot; i++)
        page_write(hot, i, 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        nread += round >= FIRST ? nhot - count_resident(hot, nhot) : 0;
        for (size_t i = 0; i < nhot; i++)
            page_check(hot, i, 0);
        for (size_t n = 0; n < npages / 4; n++)
            page_write(cold, next++ % (2 * npages), 0);
    }
    note("%zu hot pages, used %d times: read from disk %zu times", nhot, ROUNDS - FIRST, nread);
    unmap_pages(hot, nhot);
    unmap_pages(cold, 2 * npages);
    check_le(nread, nhot * (ROUNDS - FIRST) / 8);
}

/* ---- a disk that fails now and then: disk=error:N on the boot line ---- */

static void one_and_a_half(uintptr_t number)
{
    size_t npages = memory_npages() * 3 / 2;
    uintptr_t start = map_pages(npages, number % 2 ? MAP_SHARED : MAP_PRIVATE);

    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < npages; i++)
            page_write(start, i, number + round);
        for (size_t i = npages; i-- > 0;)       /* page by page: downwards nothing is read ahead */
            page_check(start, i, number + round);
    }
}

/* Whose page cannot be read dies of it, and nobody sees a wrong byte; what cannot be written stays, and its slot is used no more. */
static void some_fail(void)
{
    unsigned died = 0;

    for (unsigned n = 0; n < 6; n++) {
        int status = child_wait(child_start(one_and_a_half, n));
        check(status == 0 || status == SIGBUS);
        died += status == SIGBUS;
    }
    note("%u of 6 died", died);
    check_ge(died, 1);
}

static const struct test_case usual[] = {
    { .name = "twice as much", .run = twice },
    { .name = "four times as much", .run = four_times },
    { .name = "eight times as much", .run = eight_times },
    { .name = "tables go", .run = tables_go },
    { .name = "shared memory", .run = shared_twice },
    { .name = "forked", .run = forked },
    { .name = "crowd", .run = crowd },
    { .name = "calls", .run = calls },
    { .name = "files first", .run = files_first },
    { .name = "advice", .run = advice },
    { .name = "hot pages stay", .run = hot_pages_stay },
    { .name = "off and on", .run = off_and_on },
    { .name = NULL },
};

static const struct test_case errors[] = {
    { .name = "some fail", .run = some_fail },
    { .name = NULL },
};

/* Usage: swap [-e] [CASE...]      -e: on a disk that fails */
int main(int argc, char **argv)
{
    bool fails = argc > 1 && strcmp(argv[1], "-e") == 0;
    const struct test_case *const tables[] = { fails ? errors : usual, NULL };
    const struct test_program program = { "swap", TEST_TAP, tables };

    return test_main(&program, argc - fails, argv + fails);
}
