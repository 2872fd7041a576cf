/*
 * posix_interrupts.c - calls that wait, and signals that come meanwhile; calls that wait for signals; timers.
 * Contracts: signal(7) "Interruption of system calls", sigsuspend(2), pause(2), nanosleep(2), poll(2), setitimer(2), alarm(2).
 * Who interrupts is a child that looks in /proc whether its parent sleeps (nag_start), and does so again and again: so nothing
 * here depends on who is faster.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_signals.h"

#define CAPACITY KIB(64)                            /* of a pipe */
#define SECOND   1000000000ll

static char buffer[4 * CAPACITY];

static int64_t now(void)
{
    struct timespec time;

    check_ok(clock_gettime(CLOCK_MONOTONIC, &time));
    return time.tv_sec * SECOND + time.tv_nsec;
}

/* ---- calls that are begun again, when the handler says so ---- */

static void wait_for_end(uintptr_t fd)
{
    char byte;

    check_eq(read((int)fd, &byte, 1), 0);
}

/* A child that ends when the pipe's other end, which is put in *end, is closed. */
static pid_t waiting_child(int *end)
{
    int fds[2];

    check_ok(pipe2(fds, O_CLOEXEC));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        close(fds[1]);
        wait_for_end(fds[0]);
        _exit(5);
    }
    check_ok(close(fds[0]));
    *end = fds[1];
    return pid;
}

/* Each of these calls waits until it is interrupted, and returns EINTR unless it is begun again. */
static void read_interrupted(void)
{
    int fds[2];

    check_ok(pipe(fds));
    check_errno(read(fds[0], buffer, 1), EINTR);
}

static void write_interrupted(void)
{
    int fds[2];

    check_ok(pipe(fds));
    check_eq(write(fds[1], buffer, CAPACITY), CAPACITY);
    check_errno(write(fds[1], buffer, 1), EINTR);
}

static void wait4_interrupted(void)
{
    int end;
    pid_t pid = waiting_child(&end);

    check_errno(waitpid(pid, NULL, 0), EINTR);
    check_ok(close(end));
}

static void waitid_interrupted(void)
{
    siginfo_t info;
    int end;
    pid_t pid = waiting_child(&end);

    check_errno(waitid(P_PID, pid, &info, WEXITED), EINTR);
    check_ok(close(end));
}

static void poll_interrupted(void)
{
    struct pollfd fd;
    int fds[2];

    check_ok(pipe(fds));
    fd = (struct pollfd){ .fd = fds[0], .events = POLLIN };
    check_errno(poll(&fd, 1, -1), EINTR);
    check_errno(poll(&fd, 1, 100000), EINTR);
    check_errno(poll(NULL, 0, 100000), EINTR);
}

/* The time that is left is told (a little more, on Linux), and with what has passed it is at least what was asked for. */
static void nanosleep_interrupted(void)
{
    struct timespec span = { 100, 0 }, left = { 0, 0 };
    int64_t before = now();

    check_errno(nanosleep(&span, &left), EINTR);
    check(left.tv_nsec >= 0 && left.tv_nsec < SECOND);
    check_le(left.tv_sec * SECOND + left.tv_nsec, 100 * SECOND + SECOND / 1000);
    check_ge(left.tv_sec * SECOND + left.tv_nsec + now() - before, 100 * SECOND);
    check_errno(nanosleep(&span, NULL), EINTR);
}

static void clock_nanosleep_interrupted(void)
{
    struct timespec span = { 100, 0 }, left = { -5, -5 };
    int64_t before = now();

    check_errno(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &span, &left), EINTR);
    check_ge(left.tv_sec * SECOND + left.tv_nsec + now() - before, 100 * SECOND);
    left.tv_sec = -5;
    check_ok(clock_gettime(CLOCK_MONOTONIC, &span));
    span.tv_sec += 100;
    check_errno(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &span, &left), EINTR);
    check_eq(left.tv_sec, -5);                      /* who named a moment knows it */
}

static void pause_interrupted(void)
{
    check_errno(pause(), EINTR);
}

static void sigsuspend_interrupted(void)
{
    sigset_t none = SET(0);

    check_errno(sigsuspend(&none), EINTR);
}

static void sigtimedwait_interrupted(void)
{
    sigset_t set = SET(SIGUSR2);

    block(SIGUSR2);
    check_errno(sigwaitinfo(&set, NULL), EINTR);
    check_errno(sigtimedwait(&set, NULL, &(struct timespec){ 100, 0 }), EINTR);
}

static void check_interrupted(void (*const calls[])(void), int flags)
{
    handle(SIGUSR1, log_signal, flags);
    pid_t nag = nag_start(SIGUSR1);
    for (unsigned i = 0; calls[i]; i++) {
        nlogged = 0;
        calls[i]();
        check_ge(nlogged, 1);                       /* the handler has run before the call returns */
    }
    nag_stop(nag, SIGUSR1);
}

/* A call that waits is interrupted by a signal whose handler does not say SA_RESTART. */
CASE(calls_are_interrupted)
{
    static void (*const calls[])(void) = {
        read_interrupted, write_interrupted, wait4_interrupted, waitid_interrupted, NULL,
    };

    check_interrupted(calls, 0);
}

static void (*const never_restarted[])(void) = {
    poll_interrupted, nanosleep_interrupted, clock_nanosleep_interrupted, pause_interrupted, sigsuspend_interrupted,
    sigtimedwait_interrupted, NULL,
};

/* Some calls are interrupted whatever the handler says. */
CASE(calls_never_begun_again)
{
    check_interrupted(never_restarted, 0);
}

CASE(calls_never_begun_again_by_flag)
{
    check_interrupted(never_restarted, SA_RESTART);
}

static int told[2];                                 /* a pipe on which a handler tells that it has run */

static void tell(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    nlogged++;
    if (nlogged <= 3)
        check_eq(write(told[1], "h", 1), 1);
}

/* In a child: interrupt the parent when it sleeps, until its handler has run three times; return when it sleeps again. */
static void interrupt_thrice(pid_t parent)
{
    char byte;

    for (unsigned i = 0; i < 3; i++) {
        check(await_state(parent, 'S'));
        check_ok(kill(parent, SIGUSR1));
        check_eq(read(told[0], &byte, 1), 1);
    }
    check(await_state(parent, 'S'));
}

static void restart_begin(void)
{
    check_ok(pipe(told));
    handle(SIGUSR1, tell, SA_RESTART);
}

/* read goes on waiting after a handler with SA_RESTART, and reads where it was told to. */
CASE(read_is_begun_again)
{
    int fds[2];

    restart_begin();
    check_ok(pipe(fds));
    pid_t parent = getpid(), pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        interrupt_thrice(parent);
        _exit(write(fds[1], "abc", 3) == 3 ? 0 : 1);
    }
    check_eq(read(fds[0], buffer + 1, 5), 3);
    check(memcmp(buffer, "\0abc\0", 5) == 0);
    check_eq(nlogged, 3);
    expect_status(pid, 0);
}

/* So does write to a full pipe. */
CASE(write_is_begun_again)
{
    int fds[2];

    restart_begin();
    check_ok(pipe(fds));
    check_eq(write(fds[1], buffer, CAPACITY), CAPACITY);
    pid_t parent = getpid(), pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        static char taken[CAPACITY];
        interrupt_thrice(parent);
        check_eq(read(fds[0], taken, CAPACITY), CAPACITY);
        check_eq(read(fds[0], taken, CAPACITY), 3);
        _exit(memcmp(taken, "xyz", 3) == 0 ? 0 : 1);
    }
    check_eq(write(fds[1], "xyz", 3), 3);
    check_eq(nlogged, 3);
    expect_status(pid, 0);
}

static void end_after_interrupts(uintptr_t parent)
{
    interrupt_thrice((pid_t)parent);
    _exit(8);
}

/* So do wait4 and waitid. */
CASE(waits_are_begun_again)
{
    siginfo_t info;
    int status;

    restart_begin();
    pid_t pid = child_start(end_after_interrupts, getpid());
    check_eq(wait4(pid, &status, 0, NULL), pid);
    check_eq(status, 8 << 8);
    check_eq(nlogged, 3);
    nlogged = 0;
    pid = child_start(end_after_interrupts, getpid());
    check_ok(waitid(P_PID, pid, &info, WEXITED));
    check_eq(info.si_status, 8);
    check_eq(nlogged, 3);
}

/* A write that is interrupted when some of it is in the pipe says how much; whatever the handler says. */
CASE(partial_write)
{
    static const int flags[] = { 0, SA_RESTART };
    int fds[2];

    for (unsigned i = 0; i < 2; i++) {
        check_ok(pipe(fds));
        check_eq(write(fds[1], buffer, 100), 100);
        nlogged = 0;
        handle(SIGUSR1, log_signal, flags[i]);
        pid_t nag = nag_start(SIGUSR1);
        ssize_t len = write(fds[1], buffer, 3 * CAPACITY);
        nag_stop(nag, SIGUSR1);
        check_ge(nlogged, 1);
        check_ge(len, 1);
        check_le(len, CAPACITY);
        check_eq(read(fds[0], buffer, sizeof(buffer)), len + 100);
    }
}

/* ---- signals that do not interrupt ---- */

static void send_harmless_ones(uintptr_t packed)
{
    pid_t parent = (pid_t)(packed >> 8);

    for (unsigned i = 0; i < 5; i++) {
        check(await_state(parent, 'S'));
        check_ok(kill(parent, SIGWINCH));           /* ignored by default */
        check_ok(kill(parent, SIGHUP));             /* ignored on request */
        check_ok(kill(parent, SIGUSR1));            /* blocked */
        check_ok(kill(parent, SIGCONT));            /* it does run */
    }
    check_eq(write((int)(packed & 0xff), "x", 1), 1);
}

/* Who waits is not disturbed by signals that are ignored or blocked, even if the call is one that is never begun again. */
CASE(harmless_signals_do_not_interrupt)
{
    struct pollfd fd;
    int fds[2];

    check_ok(pipe(fds));
    handle_not(SIGHUP, SIG_IGN);
    handle(SIGUSR1, log_signal, 0);
    block(SIGUSR1);
    pid_t pid = child_start(send_harmless_ones, (uintptr_t)getpid() << 8 | fds[1]);
    fd = (struct pollfd){ .fd = fds[0], .events = POLLIN };
    check_eq(poll(&fd, 1, -1), 1);
    check_eq(nlogged, 0);
    expect_status(pid, 0);
    check(is_pending(SIGUSR1));
}

static void stop_and_continue(pid_t pid)
{
    int status;

    for (unsigned i = 0; i < 3; i++) {
        check(await_state(pid, 'S'));
        check_ok(kill(pid, SIGSTOP));
        check_eq(waitpid(pid, &status, WUNTRACED), pid);
        check(WIFSTOPPED(status));
        check_ok(kill(pid, SIGCONT));
    }
}

static void sleep_whole(uintptr_t unused)
{
    struct timespec span = { 0, 100000000 };
    int64_t before = now();

    (void)unused;
    check_ok(nanosleep(&span, NULL));
    check_ge(now() - before, 100000000);
}

static void poll_whole(uintptr_t unused)
{
    int64_t before = now();

    (void)unused;
    check_eq(poll(NULL, 0, 100), 0);
    check_ge(now() - before, 100000000);
}

/* Who is stopped and continued while it sleeps wakes at the time that it said. */
CASE(stop_does_not_end_sleep)
{
    static child_fn *const sleeps[] = { sleep_whole, poll_whole };

    for (unsigned i = 0; i < 2; i++) {
        int status;
        pid_t pid = child_start(sleeps[i], 0);
        while (state_of(pid) != 'S' && state_of(pid) != 'Z')
            usleep(200);
        check_ok(kill(pid, SIGSTOP));
        check_eq(waitpid(pid, &status, WUNTRACED), pid);
        if (WIFSTOPPED(status)) {                   /* it may have slept enough already */
            check_ok(kill(pid, SIGCONT));
            check_eq(waitpid(pid, &status, 0), pid);
        }
        check_eq(status, 0);
    }
}

static void pause_until_handled(uintptr_t unused)
{
    (void)unused;
    handle(SIGUSR1, log_signal, 0);
    check_errno(pause(), EINTR);
    check_eq(nlogged, 1);
}

static void suspend_until_handled(uintptr_t unused)
{
    sigset_t none = SET(0);

    (void)unused;
    handle(SIGUSR1, log_signal, 0);
    check_errno(sigsuspend(&none), EINTR);
    check_eq(nlogged, 1);
}

/* Nor does that end pause and sigsuspend, which wait for a handler to run; nor a read. */
CASE(stop_does_not_end_pause)
{
    static child_fn *const pauses[] = { pause_until_handled, suspend_until_handled };
    int fds[2];

    for (unsigned i = 0; i < 2; i++) {
        pid_t pid = child_start(pauses[i], 0);
        stop_and_continue(pid);
        check(await_state(pid, 'S'));
        check_ok(kill(pid, SIGUSR1));
        expect_status(pid, 0);
    }
    check_ok(pipe(fds));
    pid_t pid = child_start(wait_for_end, fds[0]);
    check_ok(close(fds[1]));                        /* the child has a copy of it, so that its read lasts */
    stop_and_continue(pid);
    check_ok(kill(pid, SIGKILL));
    expect_status(pid, SIGKILL);
}

/* ---- sigsuspend, ppoll ---- */

static void note_masks(int number, siginfo_t *info, void *context)
{
    const ucontext_t *interrupted = context;

    (void)number, (void)info;
    check(sigismember(&interrupted->uc_sigmask, SIGUSR1));          /* what will be set again */
    check(!sigismember(&interrupted->uc_sigmask, SIGHUP));
    check(is_blocked(SIGHUP));                                      /* what is while the call waits */
    check(is_blocked(SIGUSR1));
    nlogged++;
}

/* sigsuspend waits with another mask; what is pending and not in it comes at once; afterwards the mask is as before. */
CASE(suspend_with_pending)
{
    sigset_t others = SET(SIGHUP);

    handle(SIGUSR1, note_masks, 0);
    block(SIGUSR1);
    check_ok(kill(getpid(), SIGUSR1));
    check_errno(sigsuspend(&others), EINTR);
    check_eq(nlogged, 1);
    check(is_blocked(SIGUSR1) && !is_blocked(SIGHUP) && !is_pending(SIGUSR1));
}

/* What sigsuspend refuses; SIGKILL and SIGSTOP cannot be held off by it. */
CASE(suspend_errors)
{
    sigset_t all;

    check_errno(syscall(SYS_rt_sigsuspend, BAD_ADDRESS, SET_BYTES), EFAULT);
    check_errno(syscall(SYS_rt_sigsuspend, &all, 4), EINVAL);
    check_errno(syscall(SYS_rt_sigsuspend, &all, 16), EINVAL);
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check_ok(sigfillset(&all));
        sigsuspend(&all);
        _exit(1);
    }
    check(await_state(pid, 'S'));
    check_ok(kill(pid, SIGTERM));
    check_ok(kill(pid, SIGKILL));
    expect_status(pid, SIGKILL);
}

/* ppoll waits with another mask in the same way; when something is ready the signal waits. */
CASE(ppoll_with_mask)
{
    sigset_t others = SET(SIGHUP);
    struct pollfd fd;
    int fds[2];

    check_ok(pipe(fds));
    fd = (struct pollfd){ .fd = fds[0], .events = POLLIN };
    handle(SIGUSR1, note_masks, SA_RESTART);
    block(SIGUSR1);
    check_ok(kill(getpid(), SIGUSR1));
    check_errno(syscall(SYS_ppoll, &fd, 1, NULL, &others, SET_BYTES), EINTR);
    check_eq(nlogged, 1);
    check(is_blocked(SIGUSR1) && !is_blocked(SIGHUP));
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(write(fds[1], "x", 1), 1);
    check_eq(syscall(SYS_ppoll, &fd, 1, NULL, &others, SET_BYTES), 1);
    check_eq(nlogged, 1);
    check(is_blocked(SIGUSR1) && is_pending(SIGUSR1));
    check_errno(syscall(SYS_ppoll, &fd, 1, NULL, &others, 4), EINVAL);
    check_errno(syscall(SYS_ppoll, &fd, 1, NULL, BAD_ADDRESS, SET_BYTES), EFAULT);
}

/* ---- timers ---- */

static const struct itimerval off;

static void set_timer(int which, long first_us, long every_us)
{
    struct itimerval timer = { .it_value = { first_us / 1000000, first_us % 1000000 },
                               .it_interval = { every_us / 1000000, every_us % 1000000 } };

    check_ok(setitimer(which, &timer, NULL));
}

/* A timer sends SIGALRM once, and not before its time. */
CASE(timer_once)
{
    sigset_t set = SET(SIGALRM);
    struct itimerval timer;
    siginfo_t info;

    block(SIGALRM);
    int64_t before = now();
    set_timer(ITIMER_REAL, 20000, 0);
    check_eq(sigwaitinfo(&set, &info), SIGALRM);
    check_ge(now() - before, 20000000);
    check_eq(info.si_code, SI_KERNEL);
    check_ok(getitimer(ITIMER_REAL, &timer));
    check(timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0);
    check_errno(sigtimedwait(&set, &info, &(struct timespec){ 0, 30000000 }), EAGAIN);
}

/* With an interval it sends it again and again, until it is stopped. */
CASE(timer_repeats)
{
    sigset_t set = SET(SIGALRM);
    struct itimerval timer;

    block(SIGALRM);
    int64_t before = now();
    set_timer(ITIMER_REAL, 1000, 10000);
    for (int i = 0; i < 5; i++)
        check_eq(sigwaitinfo(&set, NULL), SIGALRM);
    check_ge(now() - before, 30000000);             /* a late signal may come together with the next */
    check_ok(getitimer(ITIMER_REAL, &timer));
    check_eq(timer.it_interval.tv_usec, 10000);
    check_ok(setitimer(ITIMER_REAL, &off, &timer));
    check_eq(timer.it_interval.tv_usec, 10000);
    check_le(timer.it_value.tv_usec, 10000);
    sigtimedwait(&set, NULL, &(struct timespec){ 0, 0 });           /* one may have come before it was stopped */
    check_errno(sigtimedwait(&set, NULL, &(struct timespec){ 0, 30000000 }), EAGAIN);
}

/* getitimer tells what is left; setitimer tells what was; only the latest time counts. */
CASE(timer_tells)
{
    struct itimerval timer = { .it_value = { 500, 250000 }, .it_interval = { 7, 8 } }, old;

    check_ok(setitimer(ITIMER_REAL, &timer, &old));
    check(memcmp(&old, &off, sizeof(old)) == 0);
    check_ok(getitimer(ITIMER_REAL, &old));
    check(old.it_value.tv_sec <= 500 && old.it_value.tv_sec >= 400);
    check(old.it_interval.tv_sec == 7 && old.it_interval.tv_usec == 8);
    timer.it_value.tv_sec = 1000;
    timer.it_interval = (struct timeval){ 0, 0 };
    check_ok(setitimer(ITIMER_REAL, &timer, &old));
    check(old.it_value.tv_sec <= 500 && old.it_value.tv_sec >= 400 && old.it_interval.tv_sec == 7);
    check_ok(getitimer(ITIMER_REAL, &old));
    check(old.it_value.tv_sec > 900 && old.it_interval.tv_sec == 0);
    check_ok(setitimer(ITIMER_REAL, &off, NULL));
    check_ok(getitimer(ITIMER_REAL, &old));
    check(memcmp(&old, &off, sizeof(old)) == 0);
}

/* What setitimer and getitimer refuse, with nothing changed. */
CASE(timer_errors)
{
    struct itimerval timer = { .it_value = { 0, 1000000 } };

    check_errno(setitimer(ITIMER_REAL, &timer, NULL), EINVAL);
    timer.it_value = (struct timeval){ 0, -1 };
    check_errno(setitimer(ITIMER_REAL, &timer, NULL), EINVAL);
    timer.it_value = (struct timeval){ -1, 0 };
    check_errno(setitimer(ITIMER_REAL, &timer, NULL), EINVAL);
    timer = (struct itimerval){ .it_value = { 1000, 0 }, .it_interval = { 0, 1000000 } };
    check_errno(setitimer(ITIMER_REAL, &timer, NULL), EINVAL);
    timer.it_interval.tv_usec = 0;
    check_errno(syscall(SYS_setitimer, 3, &timer, NULL), EINVAL);
    check_errno(syscall(SYS_setitimer, -1, &timer, NULL), EINVAL);
    check_errno(syscall(SYS_getitimer, 3, &timer), EINVAL);
    check_errno(syscall(SYS_getitimer, ITIMER_REAL, BAD_ADDRESS), EFAULT);
    check_errno(syscall(SYS_setitimer, ITIMER_REAL, BAD_ADDRESS, NULL), EFAULT);
    check_ok(getitimer(ITIMER_REAL, &timer));
    check(memcmp(&timer, &off, sizeof(timer)) == 0);
    check_eq(alarm(100), 0);
    check_errno(syscall(SYS_setitimer, ITIMER_REAL, &off, BAD_ADDRESS), EFAULT);
    check_eq(alarm(0), 0);                          /* it was stopped nevertheless */
}

/* alarm is the same timer, in whole seconds; a part of one counts as one. */
CASE(alarm_is_that_timer)
{
    struct itimerval timer;

    check_eq(alarm(1000), 0);
    check_ok(getitimer(ITIMER_REAL, &timer));
    check(timer.it_value.tv_sec >= 900 && timer.it_value.tv_sec <= 1000);
    check_eq(timer.it_interval.tv_sec, 0);
    unsigned left = alarm(500);
    check(left > 900 && left <= 1000);
    left = alarm(0);
    check(left > 400 && left <= 500);
    check_eq(alarm(0), 0);
    set_timer(ITIMER_REAL, 300000, 0);
    check_eq(alarm(0), 1);
    check_ok(getitimer(ITIMER_REAL, &timer));
    check(memcmp(&timer, &off, sizeof(timer)) == 0);
}

static void sleep_beyond_timer(uintptr_t unused)
{
    (void)unused;
    set_timer(ITIMER_REAL, 1000, 0);
    for (;;)
        pause();
}

/* A timer's signal kills who does not handle it, and interrupts who does. */
CASE(timer_kills_or_interrupts)
{
    int fds[2];

    expect_death(sleep_beyond_timer, 0, SIGALRM);
    handle(SIGALRM, log_signal, 0);
    check_ok(pipe(fds));
    set_timer(ITIMER_REAL, 1000, 1000);             /* again, in case the first comes before the read waits */
    check_errno(read(fds[0], buffer, 1), EINTR);
    check_ok(setitimer(ITIMER_REAL, &off, NULL));
    check_ge(nlogged, 1);
}

/* A timer that counts the process's own time sends its signal to who computes. */
CASE(timers_of_processor_time)
{
    static const int timers[] = { ITIMER_VIRTUAL, ITIMER_PROF }, numbers[] = { SIGVTALRM, SIGPROF };

    for (unsigned i = 0; i < 2; i++) {
        handle(numbers[i], log_signal, 0);
        nlogged = 0;
        set_timer(timers[i], 10000, 10000);
        while (nlogged < 3)
            ;
        check_ok(setitimer(timers[i], &off, NULL));
        check_eq(logged[0].si_signo, numbers[i]);
    }
}

const struct test_case interrupt_cases[] = {
    { .name = "calls are interrupted", .run = calls_are_interrupted },
    { .name = "calls never begun again", .run = calls_never_begun_again },
    { .name = "calls never begun again, by flag", .run = calls_never_begun_again_by_flag },
    { .name = "read is begun again", .run = read_is_begun_again },
    { .name = "write is begun again", .run = write_is_begun_again },
    { .name = "waits are begun again", .run = waits_are_begun_again },
    { .name = "partial write", .run = partial_write },
    { .name = "harmless signals do not interrupt", .run = harmless_signals_do_not_interrupt },
    { .name = "stop does not end sleep", .run = stop_does_not_end_sleep },
    { .name = "stop does not end pause", .run = stop_does_not_end_pause },
    { .name = "suspend with pending signal", .run = suspend_with_pending },
    { .name = "suspend errors", .run = suspend_errors },
    { .name = "ppoll with mask", .run = ppoll_with_mask },
    { .name = "timer once", .run = timer_once },
    { .name = "timer repeats", .run = timer_repeats },
    { .name = "timer tells", .run = timer_tells },
    { .name = "timer errors", .run = timer_errors },
    { .name = "alarm is that timer", .run = alarm_is_that_timer },
    { .name = "timer kills or interrupts", .run = timer_kills_or_interrupts },
    { .name = "timers of processor time", .run = timers_of_processor_time },
    { .name = NULL },
};
