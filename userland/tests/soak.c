/*
 * soak.c - everything at once, for as long as one likes.
 * Owns: kinds of work that check themselves, and rounds in which a few of them run side by side.
 * Expected: no kind finds a wrong byte or status, nobody dies but who is meant to, and no frame is missing after the last round.
 *
 * Usage: soak [-t SECONDS] [-s SEED]      20 seconds, seed 1; a seed repeats the choice of work, not the order in which harts do it
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define ROUND_SECONDS  4
#define WORKERS        6
#define TICKS_PER_S    10000000ul               /* of rdtime, on QEMU virt */
#define SELF           "/tests/soak"
#define SPARE_BYTES    MIB(24)                  /* what a hog leaves free where nobody may be killed for it */

#define STATUS_CORRUPT 3                        /* of a worker that has seen a wrong byte: never excused */

static unsigned seconds = 20;
static uint64_t seed = 1, deadline;             /* of the round, in ticks */

static bool time_left(void) { return rdtime() < deadline; }

/* xorshift64*; each worker has a state of its own. */
static uint64_t state;

static uint64_t random_number(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dul >> 16;
}

static uint64_t below(uint64_t n) { return random_number() % n; }

static void expect_word(uintptr_t va, uint64_t expected)
{
    uint64_t actual = peek(va);

    if (actual == expected)
        return;
    note("the word at %#lx is %#lx, expected %#lx", (unsigned long)va, (unsigned long)actual, (unsigned long)expected);
    _exit(STATUS_CORRUPT);
}

/* Wait for a child; what one has seen wrong, its parent reports on. */
static void settle(pid_t pid, int expected)
{
    int status = child_wait(pid);

    if (status == STATUS_CORRUPT << 8)
        _exit(STATUS_CORRUPT);
    test_expect(__FILE__, __LINE__, "child", status, expected);
}

/* ---- a heap with holes, and children that write to it ---- */

#define HEAP_PAGES 256
static uint64_t stored[HEAP_PAGES];             /* what each page holds; 0: untouched */
static uintptr_t heap;

static void heap_store(size_t page)
{
    stored[page] = random_number() | 1;
    poke(heap + page * PAGE_BYTES + 8 * below(8), stored[page]);
    for (size_t i = 0; i < 8; i++)
        poke(heap + page * PAGE_BYTES + 8 * i, stored[page]);
}

static void heap_expect(size_t page)
{
    for (size_t i = 0; i < 8; i++)
        expect_word(heap + page * PAGE_BYTES + 8 * i, stored[page]);
}

static void heap_expect_all(void)
{
    for (size_t page = 0; page < HEAP_PAGES; page++)
        if (stored[page] != 0 || below(8) == 0)
            heap_expect(page);
}

static void heap_child(uintptr_t nstores)
{
    heap_expect_all();
    while (nstores-- > 0)
        heap_store(below(HEAP_PAGES));
    heap_expect_all();
}

static void work_heap(void)
{
    heap = heap_grow(HEAP_PAGES * PAGE_BYTES);
    while (time_left()) {
        for (unsigned n = below(40); n > 0; n--)
            heap_store(below(HEAP_PAGES));
        pid_t pid = child_start(heap_child, below(30));
        for (unsigned n = below(20); n > 0; n--)
            heap_store(below(HEAP_PAGES));
        settle(pid, 0);
        heap_expect_all();
        /* Give the upper part back, and get it again: zeroes. */
        size_t keep = below(HEAP_PAGES);
        check_eq((uintptr_t)sbrk(-(long)((HEAP_PAGES - keep) * PAGE_BYTES)), heap + HEAP_PAGES * PAGE_BYTES);
        check_eq((uintptr_t)sbrk((HEAP_PAGES - keep) * PAGE_BYTES), heap + keep * PAGE_BYTES);
        memset(&stored[keep], 0, (HEAP_PAGES - keep) * sizeof(stored[0]));
        heap_expect_all();
    }
}

/* ---- more memory than there is, if there is a disk for it ---- */

static size_t swap_npages(void)
{
    struct sysinfo info;

    check_eq(sysinfo(&info), 0);
    return info.totalswap * info.mem_unit / PAGE_BYTES;
}

static uint32_t *stamps;                        /* what each page holds */

static uintptr_t stamp_of(uintptr_t va, size_t page) { return va + page * PAGE_BYTES + page % 512 * 8; }

static void expect_stamps(uintptr_t va, size_t from, size_t n)
{
    for (size_t i = from; i < from + n && time_left(); i++)
        expect_word(stamp_of(va, i), stamps[i]);
}

/* Pages of which each has a stamp: stored to, looked at, seen by a child, advised about; private, or shared with the child. */
static void work_paging(void)
{
    static const int advices[] = { MADV_PAGEOUT, MADV_COLD, MADV_WILLNEED };
    size_t npages = swap_npages() > 0 ? vmstat("nr_pages") / 2 : HEAP_PAGES;
    bool shared = below(2) == 0;
    uintptr_t va = (uintptr_t)mmap(NULL, npages * PAGE_BYTES, PROT_READ | PROT_WRITE,
                                   MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);

    check(va != (uintptr_t)MAP_FAILED && (stamps = calloc(npages, sizeof(*stamps))) != NULL);
    while (time_left()) {
        size_t from = below(npages), n = 1 + below(npages - from);
        switch (below(4)) {
        case 0:
            check_eq(madvise((void *)(va + from * PAGE_BYTES), n * PAGE_BYTES, advices[below(3)]), 0);
            break;
        case 1:
            for (size_t i = from; i < from + n && time_left(); i++) {
                stamps[i] = random_number();
                poke(stamp_of(va, i), stamps[i]);
            }
            break;
        case 2:
            for (n = 100; n > 0; n--)
                expect_stamps(va, below(npages), 1);
            break;
        default:;
            pid_t pid = fork();
            if (pid == 0) {
                expect_stamps(va, from, n);
                _exit(0);
            }
            if (pid > 0)
                settle(pid, 0);
        }
    }
    deadline += 100 * TICKS_PER_S;              /* for a last look at all of it */
    expect_stamps(va, 0, npages);
}

/* ---- rights that come and go ---- */

static void store_read_only(uintptr_t va) { poke(va, 1); }

static void work_rights(void)
{
    uintptr_t va = heap_grow(16 * PAGE_BYTES);

    while (time_left()) {
        uintptr_t page = va + below(16) * PAGE_BYTES;
        poke(page, page);
        check_eq(raw_syscall(SYS_mprotect, page, PAGE_BYTES, PROT_READ), 0);
        settle(child_start(store_read_only, page), SIGSEGV);
        expect_word(page, page);
        check_eq(raw_syscall(SYS_mprotect, va, 16 * PAGE_BYTES, PROT_READ | PROT_WRITE), 0);
        poke(page, 7);
    }
}

/* ---- pipes ---- */

#define STREAM_PAGES 16

static void stream_out(uintptr_t fd)
{
    uintptr_t buffer = heap_grow(STREAM_PAGES * PAGE_BYTES);

    for (uint64_t sent = 0; time_left();) {
        size_t len = below(4) == 0 ? 8 * (1 + below(600)) : PAGE_BYTES * (1 + below(STREAM_PAGES));
        for (size_t i = 0; i < len; i += 8)
            poke(buffer + i, sent + i);
        check_eq(write_all(fd, (void *)buffer, len), 0);
        sent += len;
    }
}

static void work_stream(void)
{
    uintptr_t buffer = heap_grow(STREAM_PAGES * PAGE_BYTES);
    int fds[2];
    ssize_t n;

    pipe_or_fail(fds);
    pid_t pid = child_start(stream_out, fds[1]);
    close(fds[1]);
    size_t have = 0;                            /* bytes of a word that has not come whole */
    for (uint64_t seen = 0; (n = read(fds[0], (char *)buffer + have, STREAM_PAGES * PAGE_BYTES - have)) > 0;) {
        size_t whole = (have + n) & -8ul;
        for (size_t i = 0; i < whole; i += 8)
            expect_word(buffer + i, seen + i);
        seen += whole;
        have += n - whole;
        memmove((void *)buffer, (char *)buffer + whole, have);
    }
    check_eq(n, 0);
    close(fds[0]);
    settle(pid, 0);
}

/* ---- programs ---- */

static void work_exec(void)
{
    static char *const programs[][3] = { { "/bin/true" }, { "/bin/false" }, { SELF, "-x" } };
    static const int statuses[] = { 0, 1, 42 };

    while (time_left()) {
        unsigned which = below(3);
        pid_t pid = fork();
        if (pid == 0) {
            execve(programs[which][0], programs[which], (char *[]){ NULL });
            _exit(99);
        }
        if (pid > 0)
            settle(pid, statuses[which] << 8);
    }
}

/* ---- files ---- */

static uint64_t file_sum(size_t piece)
{
    uint64_t sum = 0;
    unsigned char *buffer = (unsigned char *)heap_grow(piece + PAGE_BYTES);
    int fd = open_or_fail(SELF, O_RDONLY);
    ssize_t n;

    while ((n = read(fd, buffer, piece)) > 0)
        for (ssize_t i = 0; i < n; i++)
            sum = sum * 31 + buffer[i];
    check_eq(n, 0);
    close(fd);
    sbrk(-(long)(piece + PAGE_BYTES));
    return sum;
}

static void work_files(void)
{
    uint64_t sum = file_sum(PAGE_BYTES);

    while (time_left()) {
        check_eq(file_sum(1 + below(3 * PAGE_BYTES)), sum);
        if (below(8) == 0)
            drop_caches();
    }
}

/* ---- death ---- */

static void spin(uintptr_t page)
{
    for (uint64_t n = 0;; n++)
        poke(page + n % 4 * PAGE_BYTES, n);
}

static void work_kill(void)
{
    uintptr_t page = heap_grow(4 * PAGE_BYTES);

    while (time_left()) {
        pid_t pids[4];
        for (unsigned i = 0; i < 4; i++)
            pids[i] = child_start(spin, page);
        sleep_ms(below(20));
        for (unsigned i = 0; i < 4; i++)
            kill(pids[i], SIGKILL);
        for (unsigned i = 0; i < 4; i++)
            settle(pids[i], SIGKILL);
    }
}

/* Children that nobody waits for. */
static void work_orphans(void)
{
    while (time_left()) {
        pid_t pid = fork();
        if (pid == 0) {
            for (unsigned i = 0; i < 3; i++)
                if (fork() == 0)
                    sleep_ms(below(5));
            _exit(0);
        }
        if (pid > 0)
            settle(pid, 0);
        sleep_ms(2);
    }
}

/* ---- all memory there is ---- */

/*
 * Where the kernel drops page tables on purpose, whoever faults while memory is full may be the one to die, the runner too; so
 * there a hog leaves something.
 */
static bool hogs_take_all(void) { return !chaos_is_on(); }

static void hog(uintptr_t unused)
{
    (void)unused;
    while (time_left() && (hogs_take_all() || free_pages() > SPARE_BYTES / PAGE_BYTES)) {
        uintptr_t va = heap_grow(PAGE_BYTES * 64);
        pages_mark(va, 64, PAGE_BYTES);
    }
}

static void work_hog(void)
{
    while (time_left()) {
        int status = child_wait(child_start(hog, 0));
        check(status == 0 || status == SIGKILL);
        sleep_ms(50);
    }
}

/* ---- rounds ---- */

static const struct kind {
    const char *name;
    void (*work)(void);
} kinds[] = {
    { "heap", work_heap },   { "rights", work_rights }, { "stream", work_stream }, { "exec", work_exec },
    { "files", work_files }, { "kill", work_kill },     { "orphans", work_orphans }, { "hog", work_hog },
    { "paging", work_paging },
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))
#define PAGING (NKINDS - 1)

static void worker(uintptr_t which)
{
    state = (seed + which) * 0x9e3779b97f4a7c15ul + 1;
    kinds[which % NKINDS].work();
}

/* A worker is fine when it ends so; while a hog takes all memory anybody may be the one who finds none. */
static bool end_is_fine(int status, bool hogged)
{
    return status == 0 || (hogged && hogs_take_all() && (status == SIGKILL || status == 1 << 8));
}

static void play_round(unsigned number)
{
    pid_t pids[WORKERS];
    unsigned kind[WORKERS];
    bool hogged = false;

    deadline = rdtime() + ROUND_SECONDS * TICKS_PER_S;
    for (unsigned i = 0; i < WORKERS; i++) {
        kind[i] = i % 2 == 0 && swap_npages() > 0 ? PAGING : below(NKINDS);
        hogged = hogged || kinds[kind[i]].work == work_hog;
    }
    for (unsigned i = 0; i < WORKERS; i++)
        pids[i] = child_start(worker, kind[i] + NKINDS * (number * WORKERS + i));
    for (unsigned i = 0; i < WORKERS; i++) {
        int status = child_wait(pids[i]);
        if (!end_is_fine(status, hogged))
            fail("round %u: the worker \"%s\" ended with wait status %#x", number, kinds[kind[i]].name, status);
    }
}

static void all_rounds(void)
{
    uint64_t end = rdtime() + seconds * TICKS_PER_S, minute = rdtime();

    state = seed * 0x9e3779b97f4a7c15ul + 1;
    for (unsigned number = 0; rdtime() < end; number++) {
        play_round(number);
        if (rdtime() - minute > 60 * TICKS_PER_S) {
            note("%u rounds, %zu pages free", number + 1, free_pages());
            minute = rdtime();
        }
    }
}

int main(int argc, char **argv)
{
    static struct test_case cases[] = { { .name = "soak", .run = all_rounds }, { .name = NULL } };
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "soak", TEST_TAP, tables };

    if (argc == 2 && strcmp(argv[1], "-x") == 0)
        return 42;
    for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2) {
        if (argv[1][1] == 't')
            seconds = strtoul(argv[2], NULL, 0);
        else if (argv[1][1] == 's')
            seed = strtoul(argv[2], NULL, 0);
    }
    cases[0].seconds = 2 * seconds + 120;       /* harts that are processes of a busy machine fall behind */
    note("seed %lu", (unsigned long)seed);
    return test_main(&program, argc, argv);
}
