/*
 * posix_native.c - the part of tap.h that the programs posix and glibc use, as a program for Linux has it.
 * Owns: how a case is run there. Does not own: the count of memory, which only this kernel answers (tap.c).
 *
 * Usage besides tap.h's: --user (first) runs everything as an ordinary user, when root starts it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "judge.h"
#include "tap.h"

#define NOBODY 65534

/* A case that is to die of a signal must do so under a sanitizer too, and has no alternate stack but its own. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_abort=0:use_sigaltstack=0:detect_leaks=0:allocator_may_return_null=1";
}

/* ---- children, memory, files ---- */

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

int child_wait(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid)
        fail("waitpid(%d): %s", (int)pid, strerror(errno));
    return WIFSIGNALED(status) ? WTERMSIG(status) : status;     /* whether there was a core is not looked at */
}

uintptr_t heap_end(void)
{
    return (uintptr_t)sbrk(0);
}

uintptr_t heap_grow(size_t bytes)
{
    uintptr_t start = page_up(heap_end());

    if (sbrk(start + page_up(bytes) - heap_end()) == (void *)-1)
        fail("sbrk: %s", strerror(errno));
    return start;
}

void pipe_or_fail(int fds[2])
{
    if (pipe(fds) != 0)
        fail("pipe: %s", strerror(errno));
}

/* ---- the runner ---- */

/* In a process group of its own, so that nothing survives a case that hangs. Returns the wait status. */
static int case_status(const struct test_case *tc)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        setpgid(0, 0);
        alarm(tc->seconds ? tc->seconds : TEST_SECONDS);
        tc->run();
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        fail("fork: %s", strerror(errno));
    kill(-pid, SIGKILL);
    return status;
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 0;
}

/* Call visit(case, its number) for each case that is asked for. Returns the sum of what it returned. */
static unsigned for_each(const struct test_program *program, int argc, char **argv,
                         unsigned (*visit)(const struct test_case *tc, unsigned number))
{
    unsigned number = 0, sum = 0;

    for (const struct test_case *const *table = program->tables; *table; table++)
        for (const struct test_case *tc = *table; tc->name; tc++)
            if (wanted(tc->name, argc, argv))
                sum += visit(tc, ++number);
    return sum;
}

static unsigned count_one(const struct test_case *tc, unsigned number)
{
    (void)tc, (void)number;
    return 1;
}

static unsigned list_one(const struct test_case *tc, unsigned number)
{
    (void)number;
    say("%s", tc->name);
    return 0;
}

/* 1 when it failed. */
static unsigned run_one(const struct test_case *tc, unsigned number)
{
    int status = case_status(tc);
    bool skipped = status == STATUS_SKIPPED << 8, failed = !skipped && (status & 0xff7f) != tc->death;

    if (failed && status != 1 << 8)
        note("%s: its wait status is %#x", tc->name, status);
    say("%sok %u - %s%s", failed ? "not " : "", number, tc->name, skipped ? " # SKIP" : "");
    return failed;
}

int test_main(const struct test_program *program, int argc, char **argv)
{
    argc--, argv++;
    if (argc > 0 && strcmp(argv[0], "--user") == 0) {
        if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
            say("1..0 # SKIP cannot become an ordinary user");
            return 0;
        }
        argc--, argv++;
    }
    if (argc > 0 && strcmp(argv[0], "-l") == 0) {
        for_each(program, 0, NULL, list_one);
        return 0;
    }
    say("TAP version 13");
    say("1..%u", for_each(program, argc, argv, count_one));
    return for_each(program, argc, argv, run_one) ? 1 : 0;
}
