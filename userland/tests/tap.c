/*
 * tap.c - running and judging the cases of a test program.
 * Owns: the child, the watchdog and the count of memory around each case.
 * Does not own: the cases; how a check fails and what a line looks like (judge.c); what memory is worth counting (the kernel's /proc/vmstat).
 *
 * What "no memory is missing" means. Free frames are compared exactly, but three kinds of frames are counted as free: page
 * tables and pages of files, because they are caches that may be dropped and filled at any time, and frames cut into small
 * objects, because one survivor keeps a frame. These may only grow a little over the whole run, and the objects that matter
 * are compared exactly by number.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "judge.h"
#include "seal.h"
#include "tap.h"

#define SETTLE_MS         20000                 /* orphans of a case may still be exiting */
#define TICKS_PER_MS      10000ull              /* of rdtime, on QEMU virt; elsewhere SETTLE_MS is only as good as this */
#define TABLE_GROWTH_MAX  16                    /* pages, of the few processes that outlive a case */
#define SLAB_GROWTH_MAX   64                    /* pages */
#define FILE_GROWTH_MAX   32                    /* pages, that the runner itself has come to use */
#define RUNNER_GROWTH_MAX 8                     /* pages and objects, when a case has run in the runner itself */
#define RESULT_BYTES      128                   /* of a line with a result */
#define QUIET_MS          3                     /* until the watchdog of a case is asleep */

static const char *const exact_rows[] = { "anons", "radix_nodes", "vmas", "procs", "files", "pipes" };
enum { ROW_ANONS, ROW_NODES };                  /* of these */
#define NEXACT (sizeof(exact_rows) / sizeof(exact_rows[0]))

struct memory {
    long free, tables, slabs, file, anon;       /* pages */
    long exact[NEXACT];
};

static struct memory memory_at_start;

/* ---- children ---- */

pid_t child_start(child_fn *run, uintptr_t arg)
{
    pid_t pid = fork();

    if (pid < 0)
        fail("fork: %s", strerror(errno));
    if (pid == 0) {
        run(arg);
        _exit(0);
    }
    return pid;
}

#define SHARER_STACK (4 * PAGE_BYTES)

struct sharer {                                 /* at the upper end of its stack */
    child_fn *run;
    uintptr_t arg;
};

static int sharer_run(void *arg)
{
    const struct sharer *sharer = arg;

    sharer->run(sharer->arg);
    return 0;
}

pid_t sharer_start(child_fn *run, uintptr_t arg)
{
    struct sharer *sharer = (struct sharer *)(heap_grow(SHARER_STACK) + SHARER_STACK) - 1;

    *sharer = (struct sharer){ run, arg };
    pid_t pid = clone(sharer_run, sharer, CLONE_VM | SIGCHLD, sharer);
    if (pid < 0)
        fail("clone: %s", strerror(errno));
    return pid;
}

void await(const _Atomic uint64_t *word, uint64_t value)
{
    while (*word < value)
        raw_syscall(SYS_sched_yield);
}

int child_wait(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid)
        fail("waitpid(%d): %s", (int)pid, strerror(errno));
    return status;
}

void test_expect_all_ok(const char *file, int line, const pid_t *pids, size_t n)
{
    for (size_t left = n; left > 0; left--) {
        int status = 0;

        if (waitpid(-1, &status, 0) < 0)
            fail("waitpid: %s", strerror(errno));
        for (size_t i = 0; status != 0 && i < n; i++)
            kill(pids[i], SIGKILL);
        test_expect(file, line, "one of the children", status, 0);
    }
}

void gate_close(struct gate *gate)
{
    pipe_or_fail(gate->fds);
}

void gate_pass(const struct gate *gate)
{
    char byte;

    close(gate->fds[1]);
    read(gate->fds[0], &byte, 1);
    close(gate->fds[0]);
}

void gate_open(struct gate *gate)
{
    int status;

    /* After fork the first store to each page takes a frame. What a parent does while its children run, done once now: */
    close(gate->fds[0]);
    waitpid(1, &status, WNOHANG);              /* nobody of ours */
    kill(0, 0);
    sleep_ms(1);
    check_eq(0, 0);
    close(gate->fds[1]);
}

void skip_if_chaos(void)
{
    if (chaos_is_on())
        skip("chaos=N takes page tables from whoever waits while memory is full");
}

/* ---- memory ---- */

uintptr_t heap_end(void)
{
    return (uintptr_t)sbrk(0);
}

uintptr_t heap_grow(size_t bytes)
{
    uintptr_t start = page_up(heap_end());
    intptr_t increment = start + page_up(bytes) - heap_end();

    if (sbrk(increment) == (void *)-1)
        fail("sbrk(%ld): %s", (long)increment, strerror(errno));
    return start;
}

void pages_mark(uintptr_t start, size_t n, size_t stride)
{
    for (size_t i = 0; i < n; i++)
        poke(start + i * stride, start + i * stride);
}

void pages_verify(uintptr_t start, size_t n, size_t stride)
{
    for (size_t i = 0; i < n; i++) {
        uintptr_t va = start + i * stride;
        if (peek(va) != va)
            fail("page at %#lx holds %#lx, not its own address", va, peek(va));
    }
}

size_t free_pages(void)
{
    drop_caches();
    return vmstat("nr_free_pages");
}

size_t ram_bytes(void)
{
    static long kib;

    if (kib == 0)
        kib = proc_row("/proc/meminfo", "MemTotal");
    check(kib > 0);
    return KIB(kib);
}

bool chaos_is_on(void)
{
    return vmstat("chaos") > 0;
}

static struct memory memory_measure(void)
{
    const char *rows[5 + NEXACT] = { "nr_free_pages", "nr_page_table_pages", "nr_slab_pages", "nr_file_pages", "nr_anon_pages" };
    long values[5 + NEXACT];

    memcpy(rows + 5, exact_rows, sizeof(exact_rows));
    if (drop_caches() != 0)
        note("drop_caches: %s", strerror(errno));
    vmstat_rows(rows, 5 + NEXACT, values);
    struct memory m = { .free = values[0], .tables = values[1], .slabs = values[2], .file = values[3],
                        .anon = values[4] };
    for (size_t i = 0; i < NEXACT; i++)
        m.exact[i] = values[5 + i] > 0 ? values[5 + i] : 0;     /* a row may appear with its first object */
    return m;
}

/*
 * May b have more in use than a by at most slack pages, and as many objects? Where pages are taken back some of our own may be on
 * disk now, or have come back: so frames of private memory count for what they were, and it is the anons that may not be more.
 * Pages of programs come and go then, too, and with them their anons and the nodes that lead to them.
 */
static bool memory_same(const struct memory *a, const struct memory *b, long slack)
{
    bool taken = vmstat("pgsteal") > 0;
    long lost = a->free + a->tables + a->slabs + a->file - (b->free + b->tables + b->slabs + b->file);

    if (taken)
        lost -= b->anon - a->anon;
    if (lost < 0 || lost > slack)
        return false;
    for (size_t i = 0; i < NEXACT; i++) {
        long more = slack;
        if (taken && (i == ROW_ANONS || i == ROW_NODES))
            more += i == ROW_NODES ? FILE_GROWTH_MAX : b->file > a->file ? b->file - a->file : 0;
        if ((b->exact[i] < a->exact[i] && !taken) || b->exact[i] > a->exact[i] + more)
            return false;
    }
    return true;
}

/* Is everything back that there was? Says what is not. */
static bool memory_is_back(const struct memory *before, long slack)
{
    struct memory after = memory_measure();

    /* What orphans had comes back when init gets to them: as long as something changes, there is more to come. */
    uint64_t start = rdtime();
    while (rdtime() - start < SETTLE_MS * TICKS_PER_MS && !memory_same(before, &after, slack)) {
        sleep_ms(20);
        struct memory now = memory_measure();
        if (!memory_same(&after, &now, 0))
            start = rdtime();
        after = now;
    }
    bool growth_ok = after.tables <= memory_at_start.tables + TABLE_GROWTH_MAX
        && after.slabs <= memory_at_start.slabs + SLAB_GROWTH_MAX
        && after.file <= memory_at_start.file + FILE_GROWTH_MAX;
    if (memory_same(before, &after, slack) && growth_ok)
        return true;
    note("memory before and after: nr_free_pages %ld, %ld; nr_page_table_pages %ld, %ld; nr_slab_pages %ld, %ld; "
         "nr_file_pages %ld, %ld", before->free, after.free, before->tables, after.tables, before->slabs, after.slabs,
         before->file, after.file);
    for (size_t i = 0; i < NEXACT; i++)
        if (before->exact[i] != after.exact[i])
            note("%s before and after: %ld, %ld", exact_rows[i], before->exact[i], after.exact[i]);
    if (!growth_ok)
        note("at the program's start there were %ld pages of tables, %ld of slabs, %ld of files", memory_at_start.tables,
             memory_at_start.slabs, memory_at_start.file);
    return false;
}

static struct memory noted;

void memory_note(void)
{
    *(volatile long *)&noted.free = 0;  /* the store may take a frame: let that be before the count */
    noted = memory_measure();
}

void memory_expect_back(void)
{
    if (!memory_is_back(&noted, 0))
        fail("memory is missing");
}

/* What orphans had may come back a little later: measure until nothing changes any more, for a tenth of a second. */
static struct memory memory_at_rest(void)
{
    struct memory now = memory_measure(), earlier;

    do {
        earlier = now;
        sleep_ms(100);
        now = memory_measure();
    } while (!memory_same(&earlier, &now, 0));
    return now;
}

void run_on_stack(uintptr_t sp, child_fn *run, uintptr_t arg)
{
    __asm__ volatile("mv    s1, sp\n\t"
                     "mv    sp, %0\n\t"
                     "mv    a0, %2\n\t"
                     "jalr  %1\n\t"
                     "mv    sp, s1"
                     :
                     : "r"(sp), "r"(run), "r"(arg)
                     : "s1", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
                       "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9", "ft10", "ft11",
                       "fa0", "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7", "memory");
}

/* ---- time ---- */

void sleep_ms(unsigned ms)
{
    struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

    nanosleep(&span, NULL);
}

void spin_ticks(uint64_t ticks)
{
    uint64_t start = rdtime();

    while (rdtime() - start < ticks)
        ;
}

/* ---- files ---- */

int open_or_fail(const char *path, int flags)
{
    int fd = open(path, flags);

    if (fd < 0)
        fail("open %s: %s", path, strerror(errno));
    return fd;
}

void pipe_or_fail(int fds[2])
{
    if (pipe(fds) != 0)
        fail("pipe: %s", strerror(errno));
}

/* ---- the runner ---- */

static pid_t watchdog_start(pid_t watched, unsigned seconds, struct gate *gate)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    gate_open(gate);
    sleep_ms(seconds * 1000);
    kill(watched, SIGKILL);
    _exit(1);
}

/* True when the watchdog had to bite. */
static bool watchdog_stop(pid_t watchdog)
{
    int status = 0;

    if (watchdog < 0)
        return false;
    kill(watchdog, SIGKILL);
    waitpid(watchdog, &status, 0);
    return WIFEXITED(status);
}

/* Run the case in a child. Returns its wait status. */
static int case_status(const struct test_case *tc)
{
    unsigned seconds = tc->seconds ? tc->seconds : TEST_SECONDS;
    int status = 0;

    if (tc->in_runner) {
        tc->run();
        return 0;
    }
    /* A case may count pages from its first line on, so it begins when runner and watchdog have come to rest. */
    struct gate gate;
    gate_close(&gate);
    pid_t pid = fork();
    if (pid < 0) {
        note("fork: %s", strerror(errno));
        gate_open(&gate);
        return SIGKILL;
    }
    if (pid == 0) {
        gate_pass(&gate);
        tc->run();
        _exit(0);
    }
    pid_t watchdog = watchdog_start(pid, seconds, &gate);
    gate_open(&gate);
    while (waitpid(pid, &status, 0) != pid)
        ;
    if (watchdog_stop(watchdog)) {
        /* What it started may still be running, and nothing after this could be trusted. */
        note("%s: no end after %u seconds", tc->name, seconds);
        say("Bail out! %s hangs", tc->name);
        _exit(1);
    }
    return status;
}

enum verdict { PASSED, FAILED, SKIPPED };

static enum verdict case_run(const struct test_case *tc)
{
    char actual[40], expected[40];
    enum verdict verdict = PASSED;

    ram_bytes();                        /* asked now: in the middle of a case there may be no memory for the answer */
    struct memory before = memory_measure();
    if (tc->in_runner) {
        tc->run();                      /* so that the pages which the runner comes to need are there already */
        before = memory_at_rest();
    }
    int status = case_status(tc);
    if (status == STATUS_SKIPPED << 8)
        verdict = SKIPPED;
    else if (status != tc->death) {
        note("%s %s, expected that it %s", tc->name, status_text(status, actual, sizeof(actual)),
             status_text(tc->death, expected, sizeof(expected)));
        verdict = FAILED;
    }
    if (tc->in_runner)
        memory_at_rest();               /* its slack is not to be counted as the next case's */
    if (!memory_is_back(&before, tc->in_runner ? RUNNER_GROWTH_MAX : 0))
        verdict = FAILED;
    return verdict;
}

/* The first fork, death, orphan and look at the counters bring in pages that stay; this takes them out of the account. */
static void warm_up_orphan(void)
{
    if (fork() == 0)
        sleep_ms(20);
}

static void fail_on_purpose(void)
{
    _exit(1);
}

/* The runner's stack begins where its arguments end, and so does its next page: let all that it comes to need be there. */
static void deepen_stack(void)
{
    volatile char deep[4 * PAGE_BYTES];

    for (size_t i = 0; i < sizeof(deep); i += PAGE_BYTES)
        deep[i] = 0;
}

static void warm_up(void)
{
    static const struct test_case nothing = { .name = "warm-up", .run = warm_up_orphan };
    static const struct test_case failing = { .name = "failure on purpose", .run = fail_on_purpose };

    deepen_stack();
    memory_at_start = memory_measure();
    case_status(&nothing);
    if (case_status(&failing) != 1 << 8) {
        say("Bail out! a case that fails is not seen to fail");
        _exit(1);
    }
    memory_at_start = memory_at_rest();
    memory_is_back(&memory_at_start, RUNNER_GROWTH_MAX);
    memory_at_start = memory_measure();
}

static const struct test_case *case_find(const struct test_program *program, const char *name)
{
    for (const struct test_case *const *table = program->tables; *table; table++)
        for (const struct test_case *tc = *table; tc->name; tc++)
            if (strcmp(tc->name, name) == 0)
                return tc;
    return NULL;
}

struct tally {
    enum test_format format;
    unsigned planned, done, failed;
};

static void case_report(struct tally *tally, const struct test_case *tc)
{
    if (tally->format == TEST_RUNNING_AND_OK_LINES)
        say("running test %s", tc->name);
    uint64_t start = rdinstret();
    enum verdict verdict = case_run(tc);
    uint64_t instructions = rdinstret() - start;
    tally->done++;
    tally->failed += verdict == FAILED;
    if (tally->format == TEST_TAP) {
        char result[RESULT_BYTES];
        snprintf(result, sizeof(result), "%sok %u - %s%s", verdict == FAILED ? "not " : "", tally->done, tc->name,
                 verdict == SKIPPED ? " # SKIP" : "");
        say("%s", result);
        seal_result(result, instructions);
    } else {
        say("test %s: %s", tc->name, verdict == FAILED ? "FAILED" : verdict == SKIPPED ? "SKIPPED" : "OK");
    }
}

static void plan(struct tally *tally, const struct test_program *program)
{
    if (tally->format == TEST_TAP) {
        say("TAP version 13");
        say("1..%u", tally->planned);
    } else {
        say("%s starting", program->name);
    }
}

static void run_all(struct tally *tally, const struct test_program *program)
{
    for (const struct test_case *const *table = program->tables; *table; table++)
        for (const struct test_case *tc = *table; tc->name; tc++)
            tally->planned++;
    plan(tally, program);
    for (const struct test_case *const *table = program->tables; *table; table++)
        for (const struct test_case *tc = *table; tc->name; tc++)
            case_report(tally, tc);
}

static void list_all(const struct test_program *program)
{
    for (const struct test_case *const *table = program->tables; *table; table++)
        for (const struct test_case *tc = *table; tc->name; tc++)
            say("%s", tc->name);
}

int test_main(const struct test_program *program, int argc, char **argv)
{
    struct tally tally = { .format = program->format };
    int next = 1;

    for (; next < argc && argv[next][0] == '-'; next++) {
        if (strcmp(argv[next], "-t") == 0) {
            tally.format = TEST_TAP;
        } else if (strcmp(argv[next], "-l") == 0) {
            list_all(program);
            return 0;
        } else {
            say("usage: %s [-t] [-l] [NAME...]   -t: as TAP; -l: list the names", program->name);
            return 2;
        }
    }
    for (int i = next; i < argc; i++) {
        if (!case_find(program, argv[i])) {
            say("%s: no test is called %s (-l lists them)", program->name, argv[i]);
            return 2;
        }
    }
    if (vmstat("nr_free_pages") < 0) {
        say("Bail out! /proc/vmstat: %s", strerror(errno));
        return 1;
    }
    warm_up();
    if (next == argc) {
        run_all(&tally, program);
    } else {
        tally.planned = argc - next;
        plan(&tally, program);
        for (int i = next; i < argc; i++)
            case_report(&tally, case_find(program, argv[i]));
    }
    if (tally.format != TEST_TAP)
        say("%s", tally.failed ? "SOME TESTS FAILED" : "ALL TESTS PASSED");
    return tally.failed ? 1 : 0;
}
