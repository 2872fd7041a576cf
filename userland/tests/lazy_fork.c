/*
 * lazy_fork.c - cases of lazymore: copy-on-write, the fault cases by their counters, what a context switch must keep.
 * The letters A1 .. B3 are the cases of the picture in mm/fault.c; S7, f: see lazy_heap.c.
 */
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "lazymore.h"

/* Far enough apart that no fault can serve two of them. */
#define FAR (64 * PAGE_BYTES)

/* ---- what is copied, and what is shared ---- */

#define SPARSE 40

static uintptr_t sparse_page(uintptr_t start, size_t i)
{
    return start + i * i * 7 * PAGE_BYTES;
}

static void verify_sparse(uintptr_t start)
{
    for (size_t i = 0; i < SPARSE; i++) {
        check_eq(peek(sparse_page(start, i)), i + 1);
        if (i > 0) {
            check_eq(peek(sparse_page(start, i) + PAGE_BYTES), 0);      /* a hole, on either side */
            check_eq(peek(sparse_page(start, i) - PAGE_BYTES), 0);
        }
    }
    for (size_t i = 0; i < SPARSE; i++)
        poke(sparse_page(start, i), 1000 + i);
}

/* S7: the child has the parent's pages and the parent's holes, and what it does to them is its own affair. */
static void fork_with_holes(void)
{
    uintptr_t start = heap_grow(SPARSE * SPARSE * 7 * PAGE_BYTES + 2 * PAGE_BYTES);

    for (size_t i = 0; i < SPARSE; i++)
        poke(sparse_page(start, i), i + 1);
    for (unsigned round = 0; round < 5; round++)
        expect_ok(verify_sparse, start);
    verify_sparse(start);
}

/* Sharing takes no frames for contents: 4 MiB in three processes are 1024 pages, and each write adds exactly one. */
static void fork_shares(void)
{
    uintptr_t start = heap_grow(1024 * PAGE_BYTES);

    pages_mark(start, 1024, PAGE_BYTES);
    anon_pages();
    long before = anon_pages();
    pid_t first = child_start(sleep_forever, 0), second = child_start(sleep_forever, 0);
    check_le(anon_pages() - before, 40);                /* stacks and data of the children */
    pages_mark(start, 100, PAGE_BYTES);
    check_ge(anon_pages() - before, 100);
    check_le(anon_pages() - before, 140);
    kill(first, SIGKILL);
    kill(second, SIGKILL);
    expect_status(first, SIGKILL);
    expect_status(second, SIGKILL);
    check_le(anon_pages() - before, 8);
}

/* ---- more processes than memory has room for, were their pages not shared ---- */

#define CROWD       16
#define GENERATIONS 12

static size_t crowd_pages;                              /* each of them has so many, and they are the same */

static void verify_and_change(uintptr_t start)
{
    pages_verify(start, crowd_pages, PAGE_BYTES);
    pages_mark(start + PAGE_BYTES, 8, PAGE_BYTES);
    poke(start, 1);
}

/* Who has most of memory can fork all the same: what is not changed is there once. */
static void fork_of_most_of_memory(void)
{
    crowd_pages = free_pages() * 6 / 10;
    uintptr_t start = heap_grow(crowd_pages * PAGE_BYTES);

    pages_mark(start, crowd_pages, PAGE_BYTES);
    for (unsigned round = 0; round < 2; round++)
        expect_ok(verify_and_change, start);
    pages_verify(start, crowd_pages, PAGE_BYTES);
}

/* Many live at once on a quarter of memory, each with one page of its own. */
static void crowd_shares(void)
{
    pid_t pids[CROWD];
    int ready[2], go[2];
    char byte = 0;

    crowd_pages = free_pages() / 4;
    uintptr_t start = heap_grow(crowd_pages * PAGE_BYTES);
    pages_mark(start, crowd_pages, PAGE_BYTES);
    pipe_or_fail(ready);
    pipe_or_fail(go);
    for (size_t i = 0; i < CROWD; i++) {
        pids[i] = fork();
        check(pids[i] >= 0);
        if (pids[i] == 0) {
            close(go[1]);
            pages_verify(start, crowd_pages, PAGE_BYTES);
            poke(start + i * PAGE_BYTES, i);
            write(ready[1], &byte, 1);
            read(go[0], &byte, 1);                      /* all have come so far */
            check_eq(peek(start + i * PAGE_BYTES), i);
            _exit(0);
        }
    }
    for (size_t i = 0; i < CROWD; i++)
        check_eq(read(ready[0], &byte, 1), 1);
    pages_verify(start, crowd_pages, PAGE_BYTES);
    close(go[1]);
    expect_all_ok(pids, CROWD);
}

/* Each has its ancestors' changes, makes one of its own, and lives until its descendants are gone. */
static void generation(uintptr_t start, unsigned number)
{
    for (size_t i = 0; i < number; i++)
        check_eq(peek(start + i * PAGE_BYTES), i);
    pages_verify(start + number * PAGE_BYTES, crowd_pages - number, PAGE_BYTES);
    if (number == GENERATIONS)
        return;
    poke(start + number * PAGE_BYTES, number);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        generation(start, number + 1);
        _exit(0);
    }
    expect_status(pid, 0);
    check_eq(peek(start + (number + 1) * PAGE_BYTES), start + (number + 1) * PAGE_BYTES);
}

static void generations_share(void)
{
    crowd_pages = free_pages() / 4;
    uintptr_t start = heap_grow(crowd_pages * PAGE_BYTES);

    pages_mark(start, crowd_pages, PAGE_BYTES);
    generation(start, 0);
}

static void shrink_and_exit(uintptr_t start)
{
    check(sbrk(-(ptrdiff_t)(heap_end() - start)) != (void *)-1);
    heap_grow(PAGE_BYTES);
    check_eq(peek(start), 0);
}

/* What a child gives back, its parent still has, and the other way round. */
static void shrink_is_private(void)
{
    uintptr_t start = heap_grow(600 * PAGE_BYTES);
    int go[2];
    char byte;

    pages_mark(start, 600, PAGE_BYTES);
    expect_ok(shrink_and_exit, start);
    pages_verify(start, 600, PAGE_BYTES);
    pipe_or_fail(go);
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        read(go[0], &byte, 1);                          /* the parent has shrunk */
        pages_verify(start, 600, PAGE_BYTES);
        _exit(0);
    }
    shrink_and_exit(start);
    close(go[1]);
    expect_status(pid, 0);
}

/* A grandchild still has its grandparent's pages when both are gone from the middle. */
static void grandchild_outlives(void)
{
    uintptr_t start = heap_grow(64 * PAGE_BYTES);
    int go[2], result[2];
    char byte = 0;

    pages_mark(start, 64, PAGE_BYTES);
    pipe_or_fail(go);
    pipe_or_fail(result);
    pid_t pid = fork();
    if (pid == 0) {
        poke(start, 1);
        if (fork() == 0) {
            close(go[1]);
            read(go[0], &byte, 1);
            pages_verify(start + PAGE_BYTES, 63, PAGE_BYTES);
            check_eq(peek(start), 1);
            pages_mark(start, 64, PAGE_BYTES);
            pages_verify(start, 64, PAGE_BYTES);
            write(result[1], "k", 1);
        }
        _exit(0);
    }
    expect_status(pid, 0);
    check(sbrk(-64 * (ptrdiff_t)PAGE_BYTES) != (void *)-1);
    close(go[1]);
    close(result[1]);
    check_eq(read(result[0], &byte, 1), 1);
    check_eq(byte, 'k');
}

#define TREE_DEPTH 5

/* Each process of a tree of 32 writes its own number into the same pages; nobody sees another's. */
static void fork_tree(uintptr_t start)
{
    pid_t pids[TREE_DEPTH];
    unsigned me = 0, nchildren = 0;

    for (unsigned level = 0; level < TREE_DEPTH; level++) {
        pages_verify(start + (level + 1) * 8 * PAGE_BYTES, 8, PAGE_BYTES);      /* not written to yet */
        pid_t pid = fork();
        check(pid >= 0);
        if (pid == 0) {
            me |= 1u << level;
            nchildren = 0;
        } else {
            pids[nchildren++] = pid;
        }
        for (size_t page = 0; page < 8 * (level + 1); page++)
            poke(start + page * PAGE_BYTES, me);
        raw_syscall(SYS_sched_yield);
        for (size_t page = 0; page < 8 * (level + 1); page++)
            check_eq(peek(start + page * PAGE_BYTES), me);
    }
    for (unsigned i = 0; i < nchildren; i++)
        expect_status(pids[i], 0);
}

static void tree_of_writers(void)
{
    uintptr_t start = heap_grow((TREE_DEPTH + 2) * 8 * PAGE_BYTES);

    pages_mark(start, (TREE_DEPTH + 2) * 8, PAGE_BYTES);
    expect_ok(fork_tree, start);
    pages_verify(start, (TREE_DEPTH + 2) * 8, PAGE_BYTES);
}

/* ---- on several harts at once ---- */

struct race {
    uintptr_t start;
    size_t npages;
    uint64_t deadline;                                  /* in ticks of rdtime, the same on every hart */
};

/* At the deadline, write to every page; then see that only this process has done so. */
static void race_run(const struct race *race, uint64_t me)
{
    while (rdtime() < race->deadline)
        ;
    for (size_t i = 0; i < race->npages; i++)
        poke(race->start + i * PAGE_BYTES + 8 * me, me);
    for (size_t i = 0; i < race->npages; i++) {
        uintptr_t va = race->start + i * PAGE_BYTES;
        for (uint64_t who = 1; who <= 4; who++)
            check_eq(peek(va + 8 * who), who == me ? me : 0);
        check_eq(peek(va), va);
    }
}

/* The same copy-on-write pages, written at the same moment by two to four processes. */
static void same_page_at_once(void)
{
    struct race race = { .start = heap_grow(4 * PAGE_BYTES), .npages = 4 };

    for (unsigned round = 0; round < 300; round++) {
        pid_t pids[3];
        unsigned nothers = 1 + round % 3;
        memset((void *)race.start, 0, 4 * PAGE_BYTES);
        pages_mark(race.start, 4, PAGE_BYTES);
        race.deadline = rdtime() + 3000 * nothers;
        for (unsigned i = 0; i < nothers; i++) {
            pids[i] = fork();
            check(pids[i] >= 0);
            if (pids[i] == 0) {
                race_run(&race, 2 + i);
                _exit(0);
            }
        }
        race_run(&race, 1);
        for (unsigned i = 0; i < nothers; i++)
            expect_status(pids[i], 0);
    }
}

/* The last fault before a fork and the first after it are at one page: what was remembered of it must not be believed. */
static void store_right_after_fork(uintptr_t page)
{
    for (unsigned round = 0; round < 10; round++) {
        poke(page, 1);
        long pid = raw_syscall(SYS_fork);               /* fork(3) would store elsewhere in between */
        if (pid != 0)
            poke(page, 2);
        if (pid == 0) {
            check_eq(peek(page), 1);
            _exit(0);
        }
        expect_status(pid, 0);
        check_eq(peek(page), 2);
    }
}

/* Forking while the children of earlier forks are still writing. */
static void fork_while_writing(void)
{
    size_t n = 64;
    uintptr_t start = heap_grow(n * PAGE_BYTES);
    pid_t pids[4] = { 0 };

    store_right_after_fork(start + n / 2 * PAGE_BYTES);

    for (unsigned round = 1; round <= 60; round++) {
        pid_t *pid = &pids[round % 4];
        if (*pid > 0)
            expect_status(*pid, 0);
        for (size_t i = 0; i < n; i++)
            poke(start + i * PAGE_BYTES, round);
        *pid = fork();
        check(*pid >= 0);
        if (*pid == 0) {
            for (uint64_t pass = 0; pass < 20; pass++)
                for (size_t i = 0; i < n; i++) {
                    check_eq(peek(start + i * PAGE_BYTES), pass == 0 ? round : 1000 * round + pass - 1);
                    poke(start + i * PAGE_BYTES, 1000 * round + pass);
                }
            _exit(0);
        }
        /* At once, before anybody else runs: a translation that fork should have taken away would let the child see it. */
        for (size_t i = 0; i < n; i += 2)
            poke(start + i * PAGE_BYTES, round + 500);
        for (size_t i = 0; i < n; i++)
            check_eq(peek(start + i * PAGE_BYTES), i % 2 ? round : round + 500);
    }
    for (unsigned i = 0; i < 4; i++)
        expect_status(pids[i], 0);
}

/* ---- f: death in the middle of things ---- */

static void busy_with_memory(uintptr_t seed)
{
    static char line[64];

    for (;; seed++) {
        uintptr_t start = heap_grow((seed % 7 + 1) * FAR);
        pages_mark(start, seed % 7 + 1, FAR);
        pid_t pid = fork();
        if (pid == 0) {
            pages_mark(start, seed % 7 + 1, FAR);
            _exit(0);
        }
        int fds[2];
        pipe_or_fail(fds);
        write(fds[1], (void *)(start + PAGE_BYTES), 2 * PAGE_BYTES / 3);
        read(fds[0], (void *)(start + 2 * PAGE_BYTES - 100), PAGE_BYTES / 2);
        close(fds[0]);
        close(fds[1]);
        proc_row("/proc/vmstat", "no such row");
        line[seed % sizeof(line)]++;
        waitpid(pid, NULL, 0);
        sbrk(-(ptrdiff_t)((seed % 7 + 1) * FAR));
    }
}

/* f: kill a process at any moment of its faults, copies, forks, exits and pipes; the runner counts what is left behind. */
static void killed_at_any_moment(void)
{
    uint64_t random = 12345;

    for (unsigned round = 0; round < 150; round++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        pid_t pid = child_start(busy_with_memory, round);
        /* Asleep, not spinning: on one hart it would not run at all otherwise. */
        struct timespec span = { .tv_nsec = (random >> 40) % 2000000 };
        nanosleep(&span, NULL);
        check_eq(kill(pid, SIGKILL), 0);
        expect_status(pid, SIGKILL);
    }
}

static void touch_and_die(uintptr_t npages)
{
    uintptr_t start = heap_grow(npages * PAGE_BYTES);

    pages_mark(start, npages, PAGE_BYTES);
    poke(heap_end(), 1);
}

/* f: many die of their own faults at the same time. */
static void deaths_at_once(void)
{
    for (unsigned round = 0; round < 10; round++) {
        pid_t pids[16];
        for (unsigned i = 0; i < 16; i++)
            pids[i] = child_start(touch_and_die, 8 * i + 1);
        for (unsigned i = 0; i < 16; i++)
            expect_status(pids[i], SIGSEGV);
    }
}

/* ---- the fault cases, counted ---- */

struct counts {
    long a1, a2, a3, b1, b2, b3;
};

static struct counts counts_read(void)
{
    return (struct counts){
        .a1 = self_vmstat("fault_A1"), .a2 = self_vmstat("fault_A2"), .a3 = self_vmstat("fault_A3"),
        .b1 = self_vmstat("fault_B1"), .b2 = self_vmstat("fault_B2"), .b3 = self_vmstat("fault_B3"),
    };
}

/* The counters, after everything that reading them takes has been faulted in. */
static struct counts counts_now(void)
{
    char room[KIB(1)];                  /* check_counts reads them from further down the stack, maybe in the next page */

    poke_byte((uintptr_t)room, 0);
    counts_read();
    return counts_read();
}

/*
 * A3, B2 and B3 change contents, so they happen exactly once a page whatever is dropped. A1, A2 and B1 only bring back what
 * the page table has forgotten: exact unless the kernel drops leaves on purpose.
 */
static void check_counts(const char *what, struct counts before, struct counts expected)
{
    struct counts now = counts_read();
    bool exact = !chaos_is_on();

    note("%s: A1 %ld A2 %ld A3 %ld B1 %ld B2 %ld B3 %ld", what, now.a1 - before.a1, now.a2 - before.a2, now.a3 - before.a3,
         now.b1 - before.b1, now.b2 - before.b2, now.b3 - before.b3);
    check_eq(now.a3 - before.a3, expected.a3);
    check_eq(now.b2 - before.b2, expected.b2);
    check_eq(now.b3 - before.b3, expected.b3);
    check_ge(now.a1 - before.a1, exact ? expected.a1 : 0);
    check_ge(now.a2 - before.a2, exact ? expected.a2 : 0);
    if (exact) {
        check_le(now.a1 - before.a1, expected.a1);
        check_le(now.a2 - before.a2, expected.a2);
    }
}

static void touch_far(uintptr_t start, unsigned n)
{
    pages_mark(start, n, FAR);
}

static void load_far(uintptr_t start, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        peek(start + i * FAR);
}

static void count_B3(void)
{
    uintptr_t start = heap_grow(20 * FAR);

    struct counts before = counts_now();
    touch_far(start, 10);
    check_counts("store to 10 new pages", before, (struct counts){ .b3 = 10 });
    before = counts_now();
    load_far(start + 10 * FAR, 10);
    check_counts("load from 10 new pages", before, (struct counts){ .b3 = 10 });
    before = counts_now();
    touch_far(start + 10 * FAR, 10);                    /* the load has left them writable: they are exclusive */
    check_counts("store to them", before, (struct counts){ 0 });
}

/* A child's page table starts empty: each page that is there is found again. */
static void child_counts_A1(uintptr_t start)
{
    struct counts before = counts_now();

    load_far(start, 10);
    check_counts("load from 10 pages of the parent", before, (struct counts){ .a1 = 10 });
}

static void count_A1(void)
{
    uintptr_t start = heap_grow(10 * FAR);

    touch_far(start, 10);
    expect_ok(child_counts_A1, start);
}

static void nothing(uintptr_t unused)
{
    (void)unused;
}

/* The child is gone, so the pages are the parent's alone again: no copies. */
static void count_A2(void)
{
    uintptr_t start = heap_grow(10 * FAR);

    touch_far(start, 10);
    expect_ok(nothing, 0);
    struct counts before = counts_now();
    touch_far(start, 10);
    check_counts("store after the child is gone", before, (struct counts){ .a2 = 10 });
    before = counts_now();
    touch_far(start, 10);
    check_counts("store again", before, (struct counts){ 0 });
}

/* Fork, then write 10 pages: 10 copies. The other side then has the only reference to the old pages, and copies nothing. */
static void count_A3(void)
{
    uintptr_t start = heap_grow(10 * FAR);
    int go[2];
    char byte;

    touch_far(start, 10);
    pipe_or_fail(go);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        close(go[1]);
        read(go[0], &byte, 1);
        struct counts before = counts_now();
        touch_far(start, 10);
        check_counts("store to what the parent has copied", before, (struct counts){ .a2 = 10 });
        _exit(0);
    }
    struct counts before = counts_now();
    touch_far(start, 10);
    check_counts("store while the child lives", before, (struct counts){ .a3 = 10 });
    before = counts_now();
    touch_far(start, 10);
    check_counts("store again", before, (struct counts){ 0 });
    close(go[1]);
    expect_status(pid, 0);
}

static const char file_constant[20 * PAGE_BYTES] __attribute__((aligned(4096))) = { 1 };
static char file_data[5 * PAGE_BYTES] __attribute__((aligned(4096))) = { 2 };

/* Constants come from the file's own frames: found, never copied. Several may be mapped by one fault. */
static void count_B1(void)
{
    struct counts before = counts_now();

    for (unsigned i = 0; i < 20; i++)
        check_eq(peek_byte((uintptr_t)file_constant + i * PAGE_BYTES), i == 0);
    struct counts now = counts_read();
    check_eq(now.b2 - before.b2, 0);
    check_eq(now.b3 - before.b3, 0);
    check_ge(now.b1 - before.b1, 1);
    if (!chaos_is_on())
        check_le(now.b1 - before.b1, 20);
}

/* A store to a page of the file promotes it to a private page: once. */
static void count_B2(void)
{
    struct counts before = counts_now();

    pages_mark((uintptr_t)file_data + 8, 5, PAGE_BYTES);
    check_eq(peek_byte((uintptr_t)file_data), 2);
    check_counts("store to 5 pages of data", before, (struct counts){ .b2 = 5 });
    before = counts_now();
    pages_mark((uintptr_t)file_data + 8, 5, PAGE_BYTES);
    check_counts("store again", before, (struct counts){ 0 });
}

static void count_segv(void)
{
    long before = vmstat("fault_segv");

    expect_death(store_at, 0, SIGSEGV);
    check_eq(vmstat("fault_segv") - before, 1);
}

/* ---- floating-point registers ---- */

#define FP_REGISTERS(op) \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15) \
    op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27) op(28) op(29) op(30) op(31)
#define FP_LOAD(n)    "fld f" #n ", 8*" #n "(%[in])\n\t"
#define FP_STORE(n)   "fsd f" #n ", 8*" #n "(%[out])\n\t"
#define FP_CLOBBER(n) "f" #n,

struct fp_state {
    uint64_t f[32];
    uint64_t rounding;                                  /* frm, 0 to 4 */
};

static struct fp_state fp_pattern(uint64_t seed)
{
    struct fp_state state = { .rounding = seed % 5 };

    for (unsigned i = 0; i < 32; i++)
        state.f[i] = (seed << 32 | i) * 0x9e3779b97f4a7c15;
    return state;
}

/* Load all registers, make system call nr, or none but 2 ms of spinning when it is negative, and see what the registers hold. */
static long fp_across(const struct fp_state *in, struct fp_state *out, long nr)
{
    register long a7 __asm__("a7") = nr;
    register long a0 __asm__("a0") = 0;

    __asm__ volatile("fsrm  %[rounding]\n\t"
                     FP_REGISTERS(FP_LOAD)
                     "bltz  a7, 1f\n\t"
                     "ecall\n\t"
                     "j     2f\n"
                     "1:\n\t"
                     "rdtime t1\n\t"
                     "li    t0, 20000\n\t"
                     "add   t1, t1, t0\n"
                     "3:\n\t"
                     "rdtime t2\n\t"
                     "bltu  t2, t1, 3b\n"
                     "2:\n\t"
                     FP_REGISTERS(FP_STORE)
                     "frrm  t0\n\t"
                     "sd    t0, 256(%[out])\n\t"
                     "fsrmi 0"
                     : "+r"(a0)
                     : [in] "r"(in->f), [out] "r"(out->f), [rounding] "r"(in->rounding), "r"(a7)
                     : FP_REGISTERS(FP_CLOBBER) "t0", "t1", "t2", "memory");
    return a0;
}

static void fp_check(const struct fp_state *in, const struct fp_state *out)
{
    for (unsigned i = 0; i < 32; i++)
        if (in->f[i] != out->f[i])
            fail("f%u is %#lx, was %#lx", i, out->f[i], in->f[i]);
    check_eq(out->rounding, in->rounding);
}

static void fp_compute(uintptr_t seed)
{
    struct fp_state in, out;

    for (unsigned round = 0; round < 200; round++) {
        in = fp_pattern(seed * 1000 + round);
        fp_across(&in, &out, SYS_sched_yield);
        fp_check(&in, &out);
    }
    for (unsigned round = 0; round < 20; round++) {
        in = fp_pattern(seed * 1000 + round);
        fp_across(&in, &out, -1);
        fp_check(&in, &out);
    }
}

/* Several processes with floating-point registers, one without, switching by choice and by preemption. */
static void fp_kept_across_switches(void)
{
    pid_t pids[4];

    for (unsigned i = 0; i < 3; i++)
        pids[i] = child_start(fp_compute, i + 1);
    pids[3] = child_start(spin_ticks, 200000);
    for (unsigned i = 0; i < 4; i++)
        expect_status(pids[i], 0);
}

static void fp_inherited_by_fork(void)
{
    for (unsigned round = 0; round < 20; round++) {
        struct fp_state in = fp_pattern(round + 77), out;
        long pid = fp_across(&in, &out, SYS_fork);
        check_ge(pid, 0);
        fp_check(&in, &out);
        if (pid == 0)
            _exit(0);
        expect_status(pid, 0);
    }
}

const struct test_case fork_cases[] = {
    { .name = "S7 fork with holes", .run = fork_with_holes },
    { .name = "fork shares", .run = fork_shares },
    { .name = "fork of most of memory", .run = fork_of_most_of_memory },
    { .name = "crowd shares", .run = crowd_shares },
    { .name = "generations share", .run = generations_share },
    { .name = "shrink is private", .run = shrink_is_private },
    { .name = "grandchild outlives", .run = grandchild_outlives },
    { .name = "tree of writers", .run = tree_of_writers },
    { .name = "same page at once", .run = same_page_at_once },
    { .name = "fork while writing", .run = fork_while_writing },
    { .name = "f killed at any moment", .run = killed_at_any_moment },
    { .name = "f deaths at once", .run = deaths_at_once },
    { .name = "count A1", .run = count_A1 },
    { .name = "count A2", .run = count_A2 },
    { .name = "count A3", .run = count_A3 },
    { .name = "count B1", .run = count_B1 },
    { .name = "count B2", .run = count_B2 },
    { .name = "count B3", .run = count_B3 },
    { .name = "count segv", .run = count_segv },
    { .name = "fp kept across switches", .run = fp_kept_across_switches },
    { .name = "fp inherited by fork", .run = fp_inherited_by_fork },
    { .name = NULL },
};
