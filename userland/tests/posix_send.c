/*
 * posix_send.c - who may send which signal to whom, how many wait, and programs that take them without a handler.
 * Contracts: kill(2), tgkill(2), sigqueue(3), rt_sigqueueinfo(2), getrlimit(2) "RLIMIT_SIGPENDING", sigtimedwait(2),
 * sigwait(3).
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_signals.h"

#define NO_PROCESS 0x3ffffff                        /* more than any process number */

static const struct timespec at_once = { 0, 0 };

/* ---- RLIMIT_SIGPENDING ---- */

/* How many signals are queued for this user, by /proc/self/status. */
static unsigned long signals_queued(void)
{
    char value[64];

    status_text_of("SigQ", value, sizeof(value));
    return strtoul(value, NULL, 10);
}

/* Lower the limit so that that many more can be queued. */
static void limit_queue(unsigned more)
{
    struct rlimit limit;

    check_ok(getrlimit(RLIMIT_SIGPENDING, &limit));
    limit.rlim_cur = signals_queued() + more;
    check_ok(setrlimit(RLIMIT_SIGPENDING, &limit));
}

/* Fill the queue with signals of that number. Returns how many there were room for. */
static int fill_queue(int number)
{
    int n = 0;

    while (sigqueue(getpid(), number, (union sigval){ .sival_int = n }) == 0) {
        n++;
        check_le(n, 20);                            /* 8 if nobody else of this user took signals meanwhile */
    }
    check_eq(errno, EAGAIN);
    return n;
}

/* No more real-time signals are queued than the limit allows, and what was queued is not lost. */
CASE(queue_is_limited)
{
    siginfo_t info;
    sigset_t set = SET(SIGRTMIN);

    block(SIGRTMIN);
    limit_queue(8);
    int n = fill_queue(SIGRTMIN);
    check_ge(n, 1);                                 /* other processes of the same user may have some */
    check_ge(signals_queued(), n);
    check_errno(syscall(SYS_tgkill, getpid(), gettid(), SIGRTMIN), EAGAIN);
    for (int i = 0; i < n; i++) {
        check_eq(sigtimedwait(&set, &info, &at_once), SIGRTMIN);
        check_eq(info.si_value.sival_int, i);
    }
    check_errno(sigtimedwait(&set, &info, &at_once), EAGAIN);
    queue(getpid(), SIGRTMIN, 5);
    check_eq(sigtimedwait(&set, &info, &at_once), SIGRTMIN);
    check_eq(info.si_value.sival_int, 5);
}

/* Beyond the limit kill still works, and standard signals do; what is lost is the value, or who has sent it. */
CASE(queue_limit_and_others)
{
    sigset_t set = SET(SIGRTMIN, SIGRTMIN + 1, SIGUSR1, SIGUSR2);
    siginfo_t info;

    check_ok(sigprocmask(SIG_BLOCK, &set, NULL));
    limit_queue(0);
    check_errno(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 }), EAGAIN);
    check_ok(kill(getpid(), SIGRTMIN + 1));
    queue(getpid(), SIGUSR1, 5);
    check_ok(kill(getpid(), SIGUSR2));
    check_eq(sigtimedwait(&set, &info, &at_once), SIGUSR1);
    check_eq(info.si_code, SI_USER);
    check_eq(info.si_pid, 0);
    check_eq(sigtimedwait(&set, &info, &at_once), SIGUSR2);
    check_eq(info.si_code, SI_USER);
    check_eq(info.si_pid, getpid());
    check_eq(sigtimedwait(&set, &info, &at_once), SIGRTMIN + 1);
    check_eq(info.si_code, SI_USER);
    check_eq(info.si_pid, 0);
    check_errno(sigtimedwait(&set, &info, &at_once), EAGAIN);
}

static void queue_until_full(uintptr_t unused)
{
    (void)unused;
    block(SIGRTMIN);
    limit_queue(8);
    check_ge(fill_queue(SIGRTMIN), 1);
}

/* What a process has not taken from its queue is given back when it ends. */
CASE(queue_is_given_back)
{
    for (unsigned i = 0; i < 20; i++)
        expect_ok(queue_until_full, 0);
}

/* ---- waiting for signals ---- */

/* sigtimedwait takes a pending signal, with what belongs to it; the handler does not run. */
CASE(wait_takes_pending)
{
    sigset_t set = SET(SIGUSR1, SIGUSR2);
    siginfo_t info;
    int number;

    handle(SIGUSR1, log_signal, 0);
    check_ok(sigprocmask(SIG_BLOCK, &set, NULL));
    queue(getpid(), SIGUSR1, 42);
    check_eq(sigtimedwait(&set, &info, NULL), SIGUSR1);
    check_eq(info.si_signo, SIGUSR1);
    check_eq(info.si_code, SI_QUEUE);
    check_eq(info.si_value.sival_int, 42);
    check(!is_pending(SIGUSR1));
    check_ok(kill(getpid(), SIGUSR2));
    check_eq(sigwaitinfo(&set, NULL), SIGUSR2);
    check_ok(kill(getpid(), SIGUSR2));
    check_ok(sigwait(&set, &number));
    check_eq(number, SIGUSR2);
    unblock(SIGUSR1);
    check_eq(nlogged, 0);
}

static void queue_when_asleep(uintptr_t pid)
{
    check(await_state((pid_t)pid, 'S'));
    queue((pid_t)pid, SIGUSR2, 6);
}

/* It waits for a signal that comes later. */
CASE(wait_for_signal)
{
    sigset_t set = SET(SIGUSR1, SIGUSR2);
    const struct timespec long_time = { 100, 0 };
    siginfo_t info;

    check_ok(sigprocmask(SIG_BLOCK, &set, NULL));
    for (int i = 0; i < 2; i++) {
        pid_t pid = child_start(queue_when_asleep, getpid());
        check_eq(sigtimedwait(&set, &info, i == 0 ? NULL : &long_time), SIGUSR2);
        check_eq(info.si_pid, pid);
        check_eq(info.si_value.sival_int, 6);
        expect_status(pid, 0);
    }
}

static int64_t ns_between(struct timespec a, struct timespec b)
{
    return (b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec;
}

/* The time that it waits at most; none is a look. */
CASE(wait_times_out)
{
    sigset_t set = SET(SIGUSR1);
    const struct timespec span = { 0, 20000000 };
    struct timespec before, after;

    block(SIGUSR1);
    check_errno(sigtimedwait(&set, NULL, &at_once), EAGAIN);
    check_ok(clock_gettime(CLOCK_MONOTONIC, &before));
    check_errno(sigtimedwait(&set, NULL, &span), EAGAIN);
    check_ok(clock_gettime(CLOCK_MONOTONIC, &after));
    check_ge(ns_between(before, after), 20000000);
}

/* What it refuses. SIGKILL and SIGSTOP in the set are not waited for. */
CASE(wait_errors)
{
    sigset_t set = SET(SIGUSR1, SIGKILL, SIGSTOP);

    block(SIGUSR1);
    check_errno(sigtimedwait(&set, NULL, &(struct timespec){ 0, 1000000000 }), EINVAL);
    check_errno(sigtimedwait(&set, NULL, &(struct timespec){ 0, -1 }), EINVAL);
    check_errno(sigtimedwait(&set, NULL, &(struct timespec){ -1, 0 }), EINVAL);
    check_errno(sigtimedwait(&set, NULL, &at_once), EAGAIN);
    check_errno(syscall(SYS_rt_sigtimedwait, BAD_ADDRESS, NULL, &at_once, SET_BYTES), EFAULT);
    check_errno(syscall(SYS_rt_sigtimedwait, &set, NULL, BAD_ADDRESS, SET_BYTES), EFAULT);
    check_errno(syscall(SYS_rt_sigtimedwait, &set, NULL, &at_once, 4), EINVAL);
    check_ok(kill(getpid(), SIGUSR1));
    check_errno(syscall(SYS_rt_sigtimedwait, &set, BAD_ADDRESS, &at_once, SET_BYTES), EFAULT);
    check(!is_pending(SIGUSR1));                    /* it has been taken nevertheless */
}

static void exit_at_once(uintptr_t status)
{
    _exit((int)status);
}

/* A signal that is ignored by default can be waited for while it is blocked. */
CASE(wait_for_ignored)
{
    sigset_t set = SET(SIGCHLD);
    siginfo_t info;

    block(SIGCHLD);
    pid_t pid = child_start(exit_at_once, 9);
    check_eq(sigwaitinfo(&set, &info), SIGCHLD);
    check_eq(info.si_pid, pid);
    check_eq(info.si_status, 9);
    expect_status(pid, 9 << 8);
}

/* ---- sending ---- */

/* What kill and its like refuse, and which error comes first. */
CASE(kill_errors)
{
    check_errno(kill(NO_PROCESS, 0), ESRCH);
    check_errno(kill(NO_PROCESS, SIGNAL_MAX + 1), ESRCH);
    check_errno(kill(-NO_PROCESS, SIGUSR1), ESRCH);
    check_errno(kill(INT_MIN, SIGUSR1), ESRCH);
    check_errno(kill(getpid(), SIGNAL_MAX + 1), EINVAL);
    check_errno(kill(getpid(), -1), EINVAL);
    check_errno(kill(0, SIGNAL_MAX + 1), EINVAL);
    check_errno(kill(-getpgrp(), SIGNAL_MAX + 1), EINVAL);
    check_ok(kill(0, 0));
    check_ok(kill(-1, 0));
    check_ok(kill(-getpgrp(), 0));
    check_errno(syscall(SYS_tkill, 0, 0), EINVAL);
    check_errno(syscall(SYS_tkill, -1, 0), EINVAL);
    check_errno(syscall(SYS_tkill, NO_PROCESS, SIGUSR1), ESRCH);
    check_errno(syscall(SYS_tkill, gettid(), SIGNAL_MAX + 1), EINVAL);
    check_ok(syscall(SYS_tkill, gettid(), 0));
    check_errno(syscall(SYS_tgkill, getpid(), 0, 0), EINVAL);
    check_errno(syscall(SYS_tgkill, 0, gettid(), 0), EINVAL);
    check_errno(syscall(SYS_tgkill, -1, gettid(), 0), EINVAL);
    check_errno(syscall(SYS_tgkill, getpid(), NO_PROCESS, 0), ESRCH);
    check_errno(syscall(SYS_tgkill, getppid(), gettid(), 0), ESRCH);
    check_errno(syscall(SYS_tgkill, getpid(), gettid(), SIGNAL_MAX + 1), EINVAL);
    check_ok(syscall(SYS_tgkill, getpid(), gettid(), 0));
}

/* What sigqueue refuses; signal 0 only looks. Who queues by hand cannot pretend to be kill, except to itself. */
CASE(queue_errors)
{
    siginfo_t info;
    union sigval value = { .sival_int = 0 };

    check_errno(sigqueue(NO_PROCESS, SIGUSR1, value), ESRCH);
    check_errno(sigqueue(NO_PROCESS, 0, value), ESRCH);
    check_errno(sigqueue(getpid(), SIGNAL_MAX + 1, value), EINVAL);
    check_errno(sigqueue(getpid(), -1, value), EINVAL);
    check_ok(sigqueue(getpid(), 0, value));
    memset(&info, 0, sizeof(info));
    info.si_code = SI_USER;
    check_errno(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info), EPERM);
    info.si_code = SI_TKILL;
    check_errno(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info), EPERM);
    info.si_code = SI_QUEUE;
    check_ok(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
    check_errno(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, BAD_ADDRESS), EFAULT);
    handle(SIGUSR1, log_signal, 0);
    info.si_code = SI_USER;
    info.si_signo = SIGHUP;                         /* the number comes from the call */
    info.si_pid = 12345;
    check_ok(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
    check_logged(0, SIGUSR1, SI_USER);
    check_eq(logged[0].si_pid, 12345);
}

/* Who is not root may not send signals to root's processes, not even none. */
CASE(others_may_not_be_killed)
{
    only_user();
    check_errno(kill(1, 0), EPERM);
    check_errno(kill(1, SIGTERM), EPERM);
    check_errno(sigqueue(1, SIGUSR1, (union sigval){ .sival_int = 0 }), EPERM);
    check_errno(syscall(SYS_tkill, 1, SIGTERM), EPERM);
    check_errno(syscall(SYS_tgkill, 1, 1, SIGTERM), EPERM);
}

/* Who has ended and has not been waited for can be sent signals, which do nothing. */
CASE(zombie_takes_signals)
{
    pid_t pid = child_start(exit_at_once, 4);

    check(await_state(pid, 'Z'));
    check_ok(kill(pid, SIGKILL));
    check_ok(kill(pid, SIGSTOP));
    check_ok(sigqueue(pid, SIGRTMIN, (union sigval){ .sival_int = 0 }));
    expect_status(pid, 4 << 8);
}

/* Writing to a pipe without readers, or a file that may not grow, sends a signal; after its handler the call fails. */
CASE(handlers_of_failing_writes)
{
    struct rlimit limit;
    int fds[2], file = make_open_file("f", "");

    handle(SIGPIPE, log_signal, 0);
    handle(SIGXFSZ, log_signal, 0);
    check_ok(pipe(fds));
    check_ok(close(fds[0]));
    check_errno(write(fds[1], "x", 1), EPIPE);
    check_eq(nlogged, 1);
    check_logged(0, SIGPIPE, SI_USER);
    check_eq(logged[0].si_pid, getpid());
    check_ok(getrlimit(RLIMIT_FSIZE, &limit));
    limit.rlim_cur = 10;
    check_ok(setrlimit(RLIMIT_FSIZE, &limit));
    check_errno(pwrite(file, "x", 1, 10), EFBIG);
    check_eq(nlogged, 2);
    check_eq(logged[1].si_signo, SIGXFSZ);
    check_errno(ftruncate(file, 11), EFBIG);
    check_eq(nlogged, 3);
    handle_not(SIGXFSZ, SIG_IGN);
    check_errno(pwrite(file, "x", 1, 10), EFBIG);
}

const struct test_case send_cases[] = {
    { .name = "queue is limited", .run = queue_is_limited },
    { .name = "queue limit and others", .run = queue_limit_and_others },
    { .name = "queue is given back", .run = queue_is_given_back },
    { .name = "wait takes pending", .run = wait_takes_pending },
    { .name = "wait for signal", .run = wait_for_signal },
    { .name = "wait for signal times out", .run = wait_times_out },
    { .name = "wait for signal errors", .run = wait_errors },
    { .name = "wait for ignored signal", .run = wait_for_ignored },
    { .name = "kill errors", .run = kill_errors },
    { .name = "queue errors", .run = queue_errors },
    { .name = "others may not be killed", .run = others_may_not_be_killed },
    { .name = "zombie takes signals", .run = zombie_takes_signals },
    { .name = "handlers of failing writes", .run = handlers_of_failing_writes },
    { .name = NULL },
};
