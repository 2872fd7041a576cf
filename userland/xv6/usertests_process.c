/*
 * usertests_process.c - usertests about processes, time and pipes: fork, exit, wait, kill.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"

#include "usertests.h"

static void nothing(uint64 unused) {}
static void exit_with(uint64 status) { exit((int)status); }

static void fork_twice(uint64 unused)
{
    fork();
    fork();
}

/* Two orphans at a time: whoever inherits them must bury them, or processes run out. */
void reparent2(void)
{
    for (int i = 0; i < 800; i++)
        check_eq(run_child(fork_twice, 0), 0);
}

static void fork_once(uint64 unused)
{
    check(fork() >= 0);
}

void reparent(void)
{
    for (int i = 0; i < 200; i++) {
        int pid = start(fork_once, 0);
        check_eq(wait(0), pid);
    }
}

void twochildren(void)
{
    for (int i = 0; i < 1000; i++) {
        int first = start(nothing, 0), second = start(nothing, 0);
        int a = wait(0), b = wait(0);
        check((a == first && b == second) || (a == second && b == first));
    }
}

static void fork_200(uint64 unused)
{
    for (int i = 0; i < 200; i++)
        check_eq(run_child(nothing, 0), 0);
}

void forkfork(void)
{
    int status;

    start(fork_200, 0);
    start(fork_200, 0);
    for (int i = 0; i < 2; i++) {
        check(wait(&status) > 0);
        check_eq(status, 0);
    }
}

#define STOP "stopforking"

static void fork_for_ever(uint64 unused)
{
    for (;;) {
        if (open(STOP, O_RDONLY) >= 0)
            exit(0);
        if (fork() < 0)
            close(open(STOP, O_CREATE | O_RDWR));
    }
}

/* Everybody forks until that is refused: the system must come back from it. */
void forkforkfork(void)
{
    unlink(STOP);
    int pid = start(fork_for_ever, 0);
    sleep(20);
    close(open_checked(STOP, O_CREATE | O_RDWR));
    check_eq(wait(0), pid);
    sleep(10);
    check_eq(unlink(STOP), 0);
}

void exitwait(void)
{
    for (int i = 0; i < 100; i++)
        check_eq(run_child(exit_with, i), i);
    check_eq(run_child(exit_with, 0x12345678), 0x12345678);
}

/* fork must be refused before there are 1000 processes, and wait finds exactly those that were made. */
void forktest(void)
{
    int n = 0, pid;

    while (n < 1000 && (pid = fork()) >= 0) {
        if (pid == 0)
            exit(0);
        n++;
    }
    check(n > 0);
    check(n < 1000);
    for (int i = 0; i < n; i++)
        check(wait(0) > 0);
    check_eq(wait(0), -1);
}

/* To kill number 0, that of a process that does not exist, must not hit the next one that is made. */
void killzero(void)
{
    check_eq(kill(0), -1);
    check_eq(run_child(exit_with, 7), 7);
}

static void getpid_for_ever(uint64 unused)
{
    for (;;)
        getpid();
}

void killstatus(void)
{
    for (int i = 0; i < 100; i++) {
        int pid = start(getpid_for_ever, 0);
        sleep(1);
        check_eq(kill(pid), 0);
        check_eq(status_of(pid), KILLED);
    }
}

static void spin(uint64 unused)
{
    for (;;)
        __asm__ volatile("");
}

static void write_and_spin(uint64 fd)
{
    check_eq(write(fd, "x", 1), 1);
    spin(0);
}

/* Processes that never call the kernel do not keep others from running. */
void preempt(void)
{
    int pids[3], fds[2], status;
    char byte;

    check_eq(pipe(fds), 0);
    pids[0] = start(spin, 0);
    pids[1] = start(spin, 0);
    pids[2] = start(write_and_spin, fds[1]);
    close(fds[1]);
    check_eq(read(fds[0], &byte, 1), 1);
    close(fds[0]);
    for (int i = 0; i < 3; i++)
        check_eq(kill(pids[i]), 0);
    for (int i = 0; i < 3; i++) {
        check(wait(&status) > 0);
        check_eq(status, KILLED);
    }
}

#define CHUNK  1033
#define CHUNKS 5

static void write_counting(uint64 fd)
{
    int next = 0;

    for (int n = 0; n < CHUNKS; n++) {
        for (int i = 0; i < CHUNK; i++)
            buffer[i] = (char)next++;
        check_eq(write(fd, buffer, CHUNK), CHUNK);
    }
}

/* The two ends of a pipe need not agree on how much goes at a time. */
void pipe1(void)
{
    int fds[2], total = 0, want = 1, n;

    check_eq(pipe(fds), 0);
    int pid = start(write_counting, fds[1]);
    close(fds[1]);
    while ((n = read(fds[0], buffer, want)) > 0) {
        for (int i = 0; i < n; i++)
            check_eq(buffer[i], (char)(total + i));
        total += n;
        want = want * 2 < BUFFER_BYTES ? want * 2 : BUFFER_BYTES;
    }
    check_eq(n, 0);
    check_eq(total, CHUNK * CHUNKS);
    close(fds[0]);
    check_eq(status_of(pid), 0);
}
