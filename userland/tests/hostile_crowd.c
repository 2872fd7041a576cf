/*
 * hostile_crowd.c - cases of hostile: too many processes, too much memory, too much dying.
 * Expected: limits are errors, and those who stay within them notice nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "hostile.h"

#define NPROC_MAX 1000                          /* a limit must show itself below this */

/* ---- forks ---- */

/* Every process forks as fast as it can, and so do its children; those that cannot, end. */
static void bomb(uintptr_t unused)
{
    (void)unused;
    setpgid(0, 0);
    while (fork() >= 0)
        ;
}

/* The same, and nobody ever ends. */
static void lasting_bomb(uintptr_t unused)
{
    (void)unused;
    setpgid(0, 0);
    for (;;)
        if (fork() < 0)
            sleep_ms(10);
}

static void fork_bombs(void)
{
    child_fn *const bombs[] = { bomb, lasting_bomb };

    for (unsigned i = 0; i < 2; i++) {
        pid_t pid = child_start(bombs[i], 0);
        sleep_ms(300);
        kill(-pid, SIGKILL);
        child_wait(pid);
        kill_whole_group(pid);
        /* There is room again as soon as init has reaped them. */
        for (unsigned ms = 0; (pid = fork()) < 0; ms++) {
            check_le(ms, 5000);
            sleep_ms(1);
        }
        if (pid == 0)
            _exit(0);
        expect_status(pid, 0);
    }
}

static void sleep_long(uintptr_t unused)
{
    (void)unused;
    sleep_ms(1000 * 1000);
}

/* Fork until refused: all of them are there, all can be killed, and the same number fits again. */
static void process_limit(void)
{
    pid_t pids[NPROC_MAX];
    unsigned first = 0;

    for (unsigned round = 0; round < 2; round++) {
        unsigned n = 0;
        while (n < NPROC_MAX && (pids[n] = fork()) != -1) {
            if (pids[n] == 0)
                sleep_long(0);
            n++;
        }
        int error = errno;
        for (unsigned i = 0; i < n; i++)
            kill(pids[i], SIGKILL);
        for (unsigned i = 0; i < n; i++)
            expect_status(pids[i], SIGKILL);
        check(n < NPROC_MAX);
        check(error == EAGAIN || error == ENOMEM);
        check_ge(n, 16);
        if (round == 0)
            first = n;
        else if (error == EAGAIN)
            check_eq(n, first);
    }
}

/* ---- waits ---- */

static void exit_at_once(uintptr_t status)
{
    _exit(status);
}

/* Many children end at the same time, and every one is reaped exactly once. */
static void wait_storm(void)
{
    for (unsigned round = 0; round < 10; round++) {
        unsigned seen[40] = { 0 };
        int status;
        for (unsigned i = 0; i < 40; i++)
            child_start(exit_at_once, i);
        for (unsigned i = 0; i < 40; i++) {
            check_ge(wait(&status), 2);
            check(WIFEXITED(status) && WEXITSTATUS(status) < 40);
            seen[WEXITSTATUS(status)]++;
        }
        for (unsigned i = 0; i < 40; i++)
            check_eq(seen[i], 1);
        check_eq(wait(&status), -1);
        check_eq(errno, ECHILD);
    }
}

/* Processes whose parents end first, in a chain: init inherits them all. */
static void orphan_chain(uintptr_t length)
{
    if (length > 0)
        child_start(orphan_chain, length - 1);
}

static void orphans(void)
{
    for (unsigned round = 0; round < 20; round++)
        expect_ok(orphan_chain, 10);
}

/* ---- memory ---- */

static struct gate gate;

static void hog(uintptr_t unused)
{
    size_t bytes = 2 * ram_bytes();

    (void)unused;
    gate_pass(&gate);
    uintptr_t start = heap_grow(bytes);
    for (;;)
        for (size_t i = 0; i < bytes; i += PAGE_BYTES)
            poke(start + i, i);
}

static void fork_and_hog(uintptr_t depth)
{
    if (depth > 0)
        child_start(fork_and_hog, depth - 1);
    hog(0);
}

static void modest(uintptr_t page)
{
    uint64_t end = rdtime() + 5000000;          /* half a second */

    for (unsigned i = 0; rdtime() < end; i++) {
        poke(page, i);
        raw_syscall(SYS_sched_yield);
        check_eq(peek(page), i);
    }
}

/* Hogs beside a process that only wants its own page: they die, it does not. */
static void memory_hogs(void)
{
    uintptr_t page = heap_grow(PAGE_BYTES);
    pid_t hogs[6];

    skip_if_chaos();
    poke(page, 1);
    pid_t neighbour = child_start(modest, page);
    gate_close(&gate);
    for (unsigned i = 0; i < 6; i++)
        hogs[i] = child_start(hog, 0);
    sleep_ms(20);                               /* the neighbour has all its pages */
    gate_open(&gate);
    for (unsigned i = 0; i < 6; i++)
        expect_status(hogs[i], SIGKILL);
    expect_status(neighbour, 0);
    check_eq(peek(page), 1);
}

static void forking_hogs(void)
{
    skip_if_chaos();
    gate_close(&gate);
    pid_t pid = child_start(fork_and_hog, 5);
    gate_open(&gate);
    expect_status(pid, SIGKILL);
}

/* ---- kill ---- */

/* init cannot be killed: it is told, or it is not, but it lives, and orphans still find it. */
static void kill_init(void)
{
    static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGSEGV, SIGHUP };

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        long result = raw_syscall(SYS_kill, 1, signals[i]);
        check(result == 0 || result == -EPERM);
    }
    sleep_ms(20);
    check_eq(raw_syscall(SYS_kill, 1, 0), 0);
    expect_ok(orphan_chain, 3);
}

static void spin_for_ever(uintptr_t unused)
{
    (void)unused;
    for (;;)
        __asm__ volatile("nop");
}

static void fork_for_ever(uintptr_t unused)
{
    (void)unused;
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
}

/* A whole group of the busy, the sleeping and the waiting goes at once. */
static void kill_group(void)
{
    child_fn *const members[] = { spin_for_ever, sleep_long, fork_for_ever };

    for (unsigned round = 0; round < 10; round++) {
        pid_t leader = child_start(sleep_long, 0), pids[6];
        check_eq(setpgid(leader, leader), 0);
        for (unsigned i = 0; i < 6; i++) {
            pids[i] = child_start(members[i % 3], 0);
            check_eq(setpgid(pids[i], leader), 0);
        }
        sleep_ms(round);
        check_eq(kill(-leader, SIGTERM), 0);
        expect_status(leader, SIGTERM);
        for (unsigned i = 0; i < 6; i++)
            expect_status(pids[i], SIGTERM);
        kill_whole_group(leader);               /* a child that was just being born */
    }
}

/*
 * Everybody but init and the caller. The caller is this test program itself, because the one that started a case would not
 * live to hear of it; started from a shell, it would leave its user without one.
 */
static void kill_everybody(void)
{
    child_fn *const victims[] = { spin_for_ever, sleep_long, fork_for_ever };
    pid_t pids[6];

    if (getppid() != 1) {
        note("kill(-1) left out: not started by init, so there is somebody whom it would kill");
        return;
    }
    for (unsigned i = 0; i < 6; i++)
        pids[i] = child_start(victims[i % 3], 0);
    sleep_ms(20);
    check_eq(kill(-1, SIGKILL), 0);
    for (unsigned i = 0; i < 6; i++)
        expect_status(pids[i], SIGKILL);
}

const struct test_case crowd_cases[] = {
    { .name = "fork bombs", .run = fork_bombs, .seconds = 300 },
    { .name = "process limit", .run = process_limit },
    { .name = "wait storm", .run = wait_storm },
    { .name = "orphans", .run = orphans },
    { .name = "memory hogs", .run = memory_hogs, .seconds = 600 },
    { .name = "forking hogs", .run = forking_hogs, .seconds = 600 },
    { .name = "kill init", .run = kill_init },
    { .name = "kill group", .run = kill_group },
    { .name = "kill everybody", .run = kill_everybody, .in_runner = true },
    { .name = NULL },
};
