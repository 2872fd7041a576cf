/*
 * usertests.c - the tests of xv6 under their names, in their order and format.
 * Owns: the lists, the options, how a test is run and reported, the count of free pages around all of it.
 * Does not own: the tests (usertests_*.c), and the interface that they are about (userland/lib/xv6).
 * Expected: test NAME: OK for each, ALL TESTS PASSED, status 0.
 *
 * Usage: usertests [-q] [-c | -C] [-2020] [-t] [NAME...]
 *   -q     the quick ones only       -c, -C  again and again; -C also after a failure
 *   -2020  the suite of 2020, whose sbrk is lazy; otherwise the newest
 *   -t     TAP                       NAME    only these
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "kernel/vm.h"
#include "user/user.h"

#include "usertests.h"

#define PATIENCE_TICKS 200

/*
 * Pages that one count may find less than the other, though none is lost: with -2020 two processes at the ends of a pipe change
 * harts as they go, and what each hart keeps then lies in frames that are not empty; and chaos=N may drop a page table, or not,
 * just before the last page is taken. On a quiet machine the newest count is exact.
 */
#define PAGES_BETWEEN  8

struct test {
    const char *name;
    void (*run)(void);
};

static const struct test quick[] = {
    { "copyin", copyin }, { "copyout", copyout }, { "copyinstr1", copyinstr1 }, { "copyinstr2", copyinstr2 },
    { "copyinstr3", copyinstr3 }, { "rwsbrk", rwsbrk }, { "truncate1", truncate1 }, { "truncate2", truncate2 },
    { "truncate3", truncate3 }, { "openiput", openiput }, { "exitiput", exitiput }, { "iput", iput },
    { "opentest", opentest }, { "writetest", writetest }, { "writebig", writebig }, { "createtest", createtest },
    { "dirtest", dirtest }, { "exectest", exectest }, { "pipe1", pipe1 }, { "killstatus", killstatus },
    { "killzero", killzero }, { "preempt", preempt }, { "exitwait", exitwait }, { "reparent", reparent },
    { "twochildren", twochildren }, { "forkfork", forkfork }, { "forkforkfork", forkforkfork },
    { "reparent2", reparent2 }, { "mem", mem }, { "sharedfd", sharedfd }, { "fourfiles", fourfiles },
    { "createdelete", createdelete }, { "unlinkread", unlinkread }, { "linktest", linktest },
    { "concreate", concreate }, { "linkunlink", linkunlink }, { "subdir", subdir }, { "bigwrite", bigwrite },
    { "bigfile", bigfile }, { "fourteen", fourteen }, { "rmdot", rmdot }, { "dirfile", dirfile }, { "iref", iref },
    { "forktest", forktest }, { "sbrkbasic", sbrkbasic }, { "sbrkmuch", sbrkmuch }, { "kernmem", kernmem },
    { "MAXVAplus", MAXVAplus }, { "sbrkfail", sbrkfail }, { "sbrkarg", sbrkarg }, { "validatetest", validatetest },
    { "bsstest", bsstest }, { "bigargtest", bigargtest }, { "argptest", argptest }, { "stacktest", stacktest },
    { "nowrite", nowrite }, { "pgbug", pgbug }, { "sbrkbugs", sbrkbugs }, { "sbrklast", sbrklast },
    { "sbrk8000", sbrk8000 }, { "badarg", badarg }, { "lazy_alloc", lazy_alloc }, { "lazy_unmap", lazy_unmap },
    { "lazy_copy", lazy_copy }, { "lazy_copyinstr", lazy_copyinstr }, { "lazy_sbrk", lazy_sbrk },
    { "partial_write", partial_write }, { "unlinkcwd", unlinkcwd },
    { 0, 0 },
};

static const struct test slow[] = {
    { "bigdir", bigdir }, { "manywrites", manywrites }, { "badwrite", badwrite }, { "execout", execout },
    { "diskfull", diskfull }, { "outofinodes", outofinodes },
    { 0, 0 },
};

static const struct test all_of_2020[] = {
    { "execout", execout }, { "copyin", copyin }, { "copyout", copyout }, { "copyinstr1", copyinstr1 },
    { "copyinstr2", copyinstr2 }, { "copyinstr3", copyinstr3 }, { "rwsbrk", rwsbrk }, { "truncate1", truncate1 },
    { "truncate2", truncate2 }, { "truncate3", truncate3 }, { "reparent2", reparent2 }, { "pgbug", pgbug },
    { "sbrkbugs", sbrkbugs }, { "badarg", badarg }, { "reparent", reparent }, { "twochildren", twochildren },
    { "forkfork", forkfork }, { "forkforkfork", forkforkfork }, { "argptest", argptest },
    { "createdelete", createdelete }, { "linkunlink", linkunlink }, { "linktest", linktest },
    { "unlinkread", unlinkread }, { "concreate", concreate }, { "subdir", subdir }, { "fourfiles", fourfiles },
    { "sharedfd", sharedfd }, { "exectest", exectest }, { "bigargtest", bigargtest_2020 }, { "bigwrite", bigwrite },
    { "bsstest", bsstest }, { "sbrkbasic", sbrkbasic }, { "sbrkmuch", sbrkmuch_2020 }, { "kernmem", kernmem },
    { "sbrkfail", sbrkfail_2020 }, { "sbrkarg", sbrkarg }, { "validatetest", validatetest }, { "stacktest", stacktest },
    { "opentest", opentest }, { "writetest", writetest }, { "writebig", writebig }, { "createtest", createtest },
    { "openiput", openiput }, { "exitiput", exitiput }, { "iput", iput }, { "mem", mem }, { "pipe1", pipe1 },
    { "preempt", preempt }, { "exitwait", exitwait }, { "rmdot", rmdot }, { "fourteen", fourteen },
    { "bigfile", bigfile }, { "dirfile", dirfile }, { "iref", iref }, { "forktest", forktest }, { "bigdir", bigdir },
    { 0, 0 },
};

const uint64 bad_addresses[NBAD] = { 0x80000000, 0x3fffffe000, 0x3ffffff000, 0x4000000000, 0xffffffffff, ~0ul };

int as_2020, pages_at_start;
char buffer[BUFFER_BYTES];

static const char *running = "usertests";
static int tap, reported, failed;

/* ---- what the tests use ---- */

void test_failed(const char *file, int line, const char *what)
{
    for (const char *at = file; *at; at++)
        if (*at == '/')
            file = at + 1;
    printf("%s%s: %s:%d: not true: %s\n", tap ? "# " : "", running, file, line, what);
    exit(1);
}

void test_check_eq(const char *file, int line, const char *what, long actual, long expected)
{
    if (actual == expected)
        return;
    printf("%s%s: not %ld but %ld:\n", tap ? "# " : "", running, expected, actual);
    test_failed(file, line, what);
}

/* Orphans of earlier tests count towards the limit until they have been buried, so a refusal need not be the last word. */
static int patient_fork(void)
{
    int pid, tries = 0;

    while ((pid = fork()) < 0 && tries++ < PATIENCE_TICKS)
        sleep(1);
    return pid;
}

int start(child *run, uint64 argument)
{
    int pid = patient_fork();

    check(pid >= 0);
    if (pid == 0) {
        run(argument);
        exit(0);
    }
    return pid;
}

int status_of(int pid)
{
    int status;

    check_eq(wait(&status), pid);
    return status;
}

int run_child(child *run, uint64 argument)
{
    return status_of(start(run, argument));
}

int open_checked(const char *name, int flags)
{
    int fd = open(name, flags);

    if (fd < 0)
        printf("%s%s: cannot open %s\n", tap ? "# " : "", running, name);
    check(fd >= 0);
    return fd;
}

void make_file(const char *name, const char *contents)
{
    int fd = open_checked(name, O_CREATE | O_RDWR);

    check_eq(write(fd, contents, strlen(contents)), strlen(contents));
    close(fd);
}

void align_heap(void)
{
    uint64 end = (uint64)sbrk(0);

    if (end % PGSIZE != 0)
        check(sbrk(PGSIZE - end % PGSIZE) != SBRK_ERROR);
}

/* ---- free pages ---- */

/* Take pages until there are none, and give them back. */
static int count_free(void)
{
    char *start = sbrk(0);
    int pages = 0;

    while (sys_sbrk(PGSIZE, SBRK_EAGER) != SBRK_ERROR)
        pages++;
    for (long more; (more = sbrk(0) - start) > 0;)
        sbrk(more > GIB ? -GIB : (int)-more);
    return pages;
}

/* As in 2020: touch one page after another until that is fatal, and send a byte for each. */
static void touch_until_killed(uint64 fd)
{
    for (;;) {
        char *page = sbrk(PGSIZE);
        if (page == SBRK_ERROR)
            exit(0);
        poke((uint64)page + PGSIZE - 1, 1);
        check_eq(write(fd, "x", 1), 1);
    }
}

static int count_free_2020(void)
{
    int fds[2], pages = 0, n;

    check_eq(pipe(fds), 0);
    int pid = start(touch_until_killed, fds[1]);
    close(fds[1]);
    while ((n = read(fds[0], buffer, sizeof(buffer))) > 0)
        pages += n;
    close(fds[0]);
    status_of(pid);
    return pages;
}

static int count(void)
{
    return as_2020 ? count_free_2020() : count_free();
}

/* ---- running ---- */

static void report(const char *name, int ok)
{
    reported++;
    failed += !ok;
    if (tap)
        printf("%sok %d - %s\n", ok ? "" : "not ", reported, name);
    else
        printf("test %s: %s\n", name, ok ? "OK" : "FAILED");
}

/* The line is printed at the end, in one piece, because the kernel reports on the console whom it kills. */
static int run(const struct test *test)
{
    int status;

    running = test->name;
    int pid = patient_fork();
    if (pid < 0)
        printf("%s%s: cannot fork\n", tap ? "# " : "", running);
    if (pid == 0) {
        test->run();
        exit(0);
    }
    int ok = pid > 0 && wait(&status) == pid && status == 0;
    running = "usertests";
    report(test->name, ok);
    return ok;
}

static int is_wanted(const char *name, char **names)
{
    if (!*names)
        return 1;
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return 1;
    return 0;
}

static int count_wanted(const struct test *tests, char **names)
{
    int n = 0;

    for (; tests->name; tests++)
        n += is_wanted(tests->name, names);
    return n;
}

/* A failure stops the suite, unless all is to go on, or to be listed. */
static int run_list(const struct test *tests, char **names, int go_on)
{
    for (; tests->name; tests++)
        if (is_wanted(tests->name, names) && !run(tests) && !go_on)
            return 0;
    return 1;
}

static const struct test no_tests[] = { { 0, 0 } };

static void run_all(const struct test *first, const struct test *second, char **names, int go_on)
{
    int wanted = count_wanted(first, names) + count_wanted(second, names);

    reported = failed = 0;
    if (tap)
        printf("TAP version 13\n1..%d\n", wanted + 1);
    else
        printf("usertests starting\n");
    if (wanted == 0) {
        printf("NO TESTS EXECUTED\n");
        exit(1);
    }
    pages_at_start = count();
    if (run_list(first, names, go_on) && count_wanted(second, names) > 0) {
        if (!tap)
            printf("usertests slow tests starting\n");
        run_list(second, names, go_on);
    }
    int pages = count(), enough = pages + PAGES_BETWEEN >= pages_at_start;
    if (tap || !enough) {
        printf("%s%d free pages of %d\n", tap ? "# " : "FAILED -- lost some free pages: ", pages, pages_at_start);
        if (tap)
            report("free pages", enough);
        else
            failed++;
    }
    if (!tap)
        printf("%s\n", failed ? "SOME TESTS FAILED" : "ALL TESTS PASSED");
}

static void usage(void)
{
    fprintf(2, "usage: usertests [-q] [-c | -C] [-2020] [-t] [NAME...]\n");
    exit(2);
}

int main(int argc, char **argv)
{
    int quick_only = 0, again = 0, go_on = 0;

    for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
        if (strcmp(argv[1], "-q") == 0)
            quick_only = 1;
        else if (strcmp(argv[1], "-c") == 0)
            again = 1;
        else if (strcmp(argv[1], "-C") == 0)
            again = go_on = 1;
        else if (strcmp(argv[1], "-2020") == 0)
            as_2020 = xv6_sbrk_is_lazy = 1;
        else if (strcmp(argv[1], "-t") == 0)
            tap = go_on = 1;
        else
            usage();
    }
    do
        run_all(as_2020 ? all_of_2020 : quick, as_2020 || quick_only ? no_tests : slow, argv + 1, go_on);
    while (again && (go_on || !failed));
    exit(failed ? 1 : 0);
}
