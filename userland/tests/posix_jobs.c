/*
 * posix_jobs.c - what a parent is told of its children, stopping and continuing them, process groups and sessions.
 * Contracts: wait(2), waitid(2), sigaction(2) "SIGCHLD", signal(7), kill(2), setpgid(2), setsid(2), getsid(2).
 * Nobody sleeps here for the sake of order: a parent waits for a child's stop (WUNTRACED), a pipe or a signal.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_signals.h"

#define NO_PROCESS 0x3ffffff                        /* more than any process number */

static const struct timespec at_once = { 0, 0 };

static int tell_pipe[2];                            /* on which children tell their parent something */

static void tell(char byte)
{
    check_eq(write(tell_pipe[1], &byte, 1), 1);
}

static char told(void)
{
    char byte;

    check_eq(read(tell_pipe[0], &byte, 1), 1);
    return byte;
}

static void tell_signal(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    tell((char)number);
}

/*
 * A child in a process group of its own (so that signals of the terminal may stop it), which has done prepare() and sleeps as
 * long as its parent lives.
 */
static pid_t sleeping_child(void (*prepare)(void))
{
    int life[2];
    char byte;

    check_ok(pipe(tell_pipe));
    check_ok(pipe2(life, O_CLOEXEC));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check_ok(close(life[1]));
        check_ok(setpgid(0, 0));
        if (prepare)
            prepare();
        tell('r');
        while (read(life[0], &byte, 1) != 0)        /* or a handler has interrupted it */
            ;
        _exit(0);
    }
    check_ok(close(life[0]));
    check_eq(told(), 'r');
    return pid;
}

static void check_stopped(pid_t pid, int number)
{
    int status;

    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    check(WIFSTOPPED(status) && !WIFEXITED(status) && !WIFSIGNALED(status));
    check_eq(WSTOPSIG(status), number);
}

static void check_continued(pid_t pid)
{
    int status;

    check_eq(waitpid(pid, &status, WCONTINUED), pid);
    check_eq(status, 0xffff);
    check(!WIFSTOPPED(status) && !WIFEXITED(status) && !WIFSIGNALED(status));
}

static void stop(pid_t pid, int number)
{
    check_ok(kill(pid, number));
    check_stopped(pid, number);
}

static void end(pid_t pid)
{
    check_ok(kill(pid, SIGKILL));
    expect_status(pid, SIGKILL);
}

static void exit_with(uintptr_t status)
{
    _exit((int)status);
}

static void die_of(uintptr_t number)
{
    const struct rlimit none = { 0, 0 };

    check_ok(setrlimit(RLIMIT_CORE, &none));
    kill(getpid(), (int)number);
}

/* ---- SIGCHLD ---- */

/* The next SIGCHLD, which is blocked, is about that child. */
static void check_child_signal(pid_t pid, int code, int status)
{
    sigset_t set = SET(SIGCHLD);
    siginfo_t info;

    memset(&info, 0xff, sizeof(info));
    check_eq(sigwaitinfo(&set, &info), SIGCHLD);
    check_eq(info.si_signo, SIGCHLD);
    check_eq(info.si_errno, 0);
    check_eq(info.si_code, code);
    check_eq(info.si_pid, pid);
    check_eq(info.si_uid, getuid());
    check_eq(info.si_status, status);
}

static void check_no_child_signal(void)
{
    sigset_t set = SET(SIGCHLD);

    check_errno(sigtimedwait(&set, NULL, &at_once), EAGAIN);
}

/* SIGCHLD tells who has ended, and how; the child can be waited for when it comes. */
CASE(child_signal_of_end)
{
    block(SIGCHLD);
    pid_t pid = child_start(exit_with, 7);
    check_child_signal(pid, CLD_EXITED, 7);
    check_eq(waitpid(pid, NULL, WNOHANG), pid);
    pid = child_start(exit_with, 0x1ff);
    check_child_signal(pid, CLD_EXITED, 0xff);
    check_eq(waitpid(pid, NULL, WNOHANG), pid);
    pid = child_start(die_of, SIGTERM);
    check_child_signal(pid, CLD_KILLED, SIGTERM);
    check_eq(waitpid(pid, NULL, WNOHANG), pid);
    pid = child_start(die_of, SIGSEGV);             /* without a core, it is killed and not "dumped" */
    check_child_signal(pid, CLD_KILLED, SIGSEGV);
    check_eq(waitpid(pid, NULL, WNOHANG), pid);
    check_no_child_signal();
}

/* And who is stopped or continued. */
CASE(child_signal_of_stop)
{
    block(SIGCHLD);
    pid_t pid = sleeping_child(NULL);
    check_ok(kill(pid, SIGTSTP));
    check_child_signal(pid, CLD_STOPPED, SIGTSTP);
    check_ok(kill(pid, SIGCONT));
    check_child_signal(pid, CLD_CONTINUED, SIGCONT);
    check_ok(kill(pid, SIGSTOP));
    check_child_signal(pid, CLD_STOPPED, SIGSTOP);
    check_ok(kill(pid, SIGKILL));
    check_child_signal(pid, CLD_KILLED, SIGKILL);
    expect_status(pid, SIGKILL);
    check_no_child_signal();
}

/* SA_NOCLDSTOP: only of the end. Waiting tells of the rest all the same. */
CASE(no_child_signal_of_stop)
{
    handle(SIGCHLD, log_signal, SA_NOCLDSTOP);
    block(SIGCHLD);
    pid_t pid = sleeping_child(NULL);
    stop(pid, SIGSTOP);
    check_ok(kill(pid, SIGCONT));
    check_continued(pid);
    check_no_child_signal();
    check_ok(kill(pid, SIGTERM));
    check_child_signal(pid, CLD_KILLED, SIGTERM);
    expect_status(pid, SIGTERM);
}

/* Nobody waits for that child, and yet it goes, a moment later. */
static void await_end(pid_t pid)
{
    while (kill(pid, 0) == 0)
        usleep(200);
    check_eq(errno, ESRCH);
}

/* SA_NOCLDWAIT: a child that ends is gone, and nobody can wait for it. The signal comes nevertheless. */
CASE(no_child_wait)
{
    int status;

    handle(SIGCHLD, log_signal, SA_NOCLDWAIT);
    block(SIGCHLD);
    pid_t pid = child_start(exit_with, 7);
    check_child_signal(pid, CLD_EXITED, 7);
    check_errno(waitpid(pid, &status, 0), ECHILD);
    await_end(pid);
}

/* So it is when SIGCHLD is ignored. Who waits does so until the last one has ended. */
CASE(ignored_child_signal)
{
    pid_t pids[4];
    int status;

    handle_not(SIGCHLD, SIG_IGN);
    for (unsigned i = 0; i < 4; i++)
        pids[i] = sleeping_child(NULL);
    check_eq(waitpid(-1, &status, WNOHANG), 0);
    stop(pids[0], SIGSTOP);                         /* of that one is told */
    for (unsigned i = 0; i < 4; i++)
        check_ok(kill(pids[i], SIGKILL));
    check_errno(wait(&status), ECHILD);
    for (unsigned i = 0; i < 4; i++)
        await_end(pids[i]);
}

/* What counts is how it is when the child ends: one that has ended before stays. */
CASE(ignored_too_late)
{
    pid_t pid = child_start(exit_with, 5);

    check(await_state(pid, 'Z'));
    handle_not(SIGCHLD, SIG_IGN);
    expect_status(pid, 5 << 8);
}

static volatile unsigned nreaped;

static void reap_all(int number, siginfo_t *info, void *context)
{
    int error = errno, status;

    (void)number, (void)info, (void)context;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        check(WIFEXITED(status));
        nreaped++;
    }
    errno = error;
}

/* The usual handler: several children that end together may be one signal, so it waits for all that there are. */
CASE(handler_reaps)
{
    sigset_t none = SET(0);

    handle(SIGCHLD, reap_all, SA_RESTART);
    block(SIGCHLD);
    for (unsigned i = 0; i < 20; i++)
        child_start(exit_with, i);
    while (nreaped < 20)
        check_errno(sigsuspend(&none), EINTR);
    check_errno(waitpid(-1, NULL, WNOHANG), ECHILD);
}

/* ---- waiting for stops ---- */

/* A stop is told once, and only to who asks for it. */
CASE(stop_is_told)
{
    int status = 77;
    siginfo_t info;
    pid_t pid = sleeping_child(NULL);

    check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    check_ok(kill(pid, SIGSTOP));
    check_ok(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
    check_eq(waitpid(pid, &status, WNOHANG), 0);
    check_ok(waitid(P_PID, pid, &info, WEXITED | WCONTINUED | WNOHANG));
    check_eq(info.si_pid, 0);
    check_eq(status, 77);
    check(await_state(pid, 'T'));
    check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), pid);
    check_eq(status, SIGSTOP << 8 | 0x7f);
    check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    end(pid);
}

/* waitid tells it in its own words, and again while WNOWAIT says so. */
CASE(waitid_tells_of_stop)
{
    siginfo_t info;
    pid_t pid = sleeping_child(NULL);

    check_ok(kill(pid, SIGTTIN));
    for (unsigned i = 0; i < 3; i++) {
        memset(&info, 0xff, sizeof(info));
        check_ok(waitid(P_PID, pid, &info, WSTOPPED | (i < 2 ? WNOWAIT : 0)));
        check_eq(info.si_signo, SIGCHLD);
        check_eq(info.si_code, CLD_STOPPED);
        check_eq(info.si_status, SIGTTIN);
        check_eq(info.si_pid, pid);
        check_eq(info.si_uid, getuid());
    }
    check_ok(waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG));
    check_eq(info.si_pid, 0);
    check_ok(kill(pid, SIGCONT));
    for (unsigned i = 0; i < 3; i++) {
        check_ok(waitid(P_PGID, pid, &info, WCONTINUED | (i < 2 ? WNOWAIT : 0)));
        check_eq(info.si_code, CLD_CONTINUED);
        check_eq(info.si_status, SIGCONT);
        check_eq(info.si_pid, pid);
    }
    check_ok(waitid(P_ALL, 0, &info, WCONTINUED | WNOHANG));
    check_eq(info.si_pid, 0);
    end(pid);
}

/* Continuing is told once. SIGCONT to one that runs is nothing to tell. */
CASE(continue_is_told)
{
    int status;

    block(SIGCHLD);
    pid_t pid = sleeping_child(NULL);
    check_ok(kill(pid, SIGCONT));
    check_eq(waitpid(pid, &status, WCONTINUED | WUNTRACED | WNOHANG), 0);
    check_no_child_signal();
    stop(pid, SIGSTOP);
    check_eq(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
    check_ok(kill(pid, SIGCONT));
    check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    check_continued(pid);
    check_eq(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
    end(pid);
}

/* A stop that was over before anybody asked is not told; nor is a second stop signal to one that is stopped. */
CASE(stop_untold)
{
    siginfo_t info;
    int status;
    pid_t pid = sleeping_child(NULL);

    check_ok(kill(pid, SIGSTOP));
    check_ok(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
    check_ok(kill(pid, SIGCONT));
    check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    check_continued(pid);
    stop(pid, SIGSTOP);
    check_ok(kill(pid, SIGTSTP));
    check_ok(kill(pid, SIGSTOP));
    check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    end(pid);
}

/* ---- stopping ---- */

/* Each of the four signals stops, and SIGCONT lets it go on. */
CASE(signals_that_stop)
{
    static const int numbers[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
    pid_t pid = sleeping_child(NULL);

    for (unsigned i = 0; i < 4; i++) {
        stop(pid, numbers[i]);
        check(await_state(pid, 'T'));
        check_ok(kill(pid, SIGCONT));
        check_continued(pid);
        check(await_state(pid, 'S'));
    }
    end(pid);
}

static void handle_all_stops(void)
{
    handle(SIGTSTP, tell_signal, 0);
    handle_not(SIGTTIN, SIG_IGN);
    block(SIGTTOU);
}

/* Those of the terminal can be handled, ignored and blocked; then they do not stop. */
CASE(stops_can_be_handled)
{
    int status;
    pid_t pid = sleeping_child(handle_all_stops);

    check_ok(kill(pid, SIGTTIN));
    check_ok(kill(pid, SIGTTOU));
    check_ok(kill(pid, SIGTSTP));
    check_eq(told(), SIGTSTP);
    check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    stop(pid, SIGSTOP);
    end(pid);
}

static void block_all(void)
{
    sigset_t all;

    check_ok(sigfillset(&all));
    check_ok(sigprocmask(SIG_SETMASK, &all, NULL));
}

/* SIGSTOP cannot be blocked, and SIGCONT continues even one that blocks it, or ignores it. */
CASE(stop_and_continue_cannot_be_blocked)
{
    pid_t pid = sleeping_child(block_all);

    for (unsigned i = 0; i < 2; i++) {
        stop(pid, SIGSTOP);
        check_ok(kill(pid, SIGCONT));
        check_continued(pid);
    }
    end(pid);
}

static void ignore_continue(void)
{
    handle_not(SIGCONT, SIG_IGN);
}

CASE(continue_cannot_be_ignored)
{
    pid_t pid = sleeping_child(ignore_continue);

    stop(pid, SIGSTOP);
    check_ok(kill(pid, SIGCONT));
    check_continued(pid);
    end(pid);
}

static void handle_many(void)
{
    handle(SIGCONT, tell_signal, 0);
    handle(SIGUSR1, tell_signal, 0);
    handle(SIGUSR2, tell_signal, 0);
}

static bool nothing_told(void)
{
    int flags = fcntl(tell_pipe[0], F_GETFL);
    char byte;

    check_ok(fcntl(tell_pipe[0], F_SETFL, flags | O_NONBLOCK));
    ssize_t len = read(tell_pipe[0], &byte, 1);
    check_ok(fcntl(tell_pipe[0], F_SETFL, flags));
    return len == -1 && errno == EAGAIN;
}

/* Signals to one that is stopped wait until it is continued; then the handlers run, that of SIGCONT too. */
CASE(signals_wait_while_stopped)
{
    pid_t pid = sleeping_child(handle_many);
    unsigned seen = 0;

    stop(pid, SIGSTOP);
    check_ok(kill(pid, SIGUSR1));
    check_ok(kill(pid, SIGUSR2));
    check(await_state(pid, 'T'));
    check(nothing_told());
    check_ok(kill(pid, SIGCONT));
    for (unsigned i = 0; i < 3; i++)
        seen |= 1u << told();
    check_eq(seen, 1u << SIGUSR1 | 1u << SIGUSR2 | 1u << SIGCONT);
    check_continued(pid);
    end(pid);
}

/* Even one that kills waits; only SIGKILL does not. */
CASE(death_waits_while_stopped)
{
    int status;
    pid_t pid = sleeping_child(NULL);

    stop(pid, SIGTSTP);
    check_ok(kill(pid, SIGTERM));
    check(await_state(pid, 'T'));
    check_eq(waitpid(pid, &status, WNOHANG), 0);
    check_ok(kill(pid, SIGCONT));
    expect_status(pid, SIGTERM);
    pid = sleeping_child(NULL);
    stop(pid, SIGSTOP);
    check_ok(kill(pid, SIGTERM));
    end(pid);
}

static void stop_self(uintptr_t unused)
{
    (void)unused;
    check_ok(setpgid(0, 0));
    handle(SIGCONT, log_signal, 0);
    for (unsigned i = 1; i <= 3; i++) {
        check_ok(kill(getpid(), i == 2 ? SIGTSTP : SIGSTOP));
        check_eq(nlogged, i);                       /* it goes on after SIGCONT, whose handler has run */
    }
}

/* Who stops itself goes on where it was. */
CASE(stop_oneself)
{
    pid_t pid = child_start(stop_self, 0);

    for (unsigned i = 1; i <= 3; i++) {
        check_stopped(pid, i == 2 ? SIGTSTP : SIGSTOP);
        check_ok(kill(pid, SIGCONT));
    }
    expect_status(pid, 0);
}

/* A pending SIGCONT is dropped when a signal comes that stops, and those when SIGCONT comes. */
CASE(stop_and_continue_cancel)
{
    handle(SIGCONT, log_signal, 0);
    handle(SIGTSTP, log_signal, 0);
    block(SIGTSTP);
    block(SIGTTIN);
    block(SIGTTOU);
    block(SIGCONT);
    check_ok(kill(getpid(), SIGTSTP));
    check_ok(kill(getpid(), SIGTTIN));
    check_ok(kill(getpid(), SIGTTOU));
    check(is_pending(SIGTSTP) && is_pending(SIGTTIN) && is_pending(SIGTTOU));
    check_ok(kill(getpid(), SIGCONT));
    check(!is_pending(SIGTSTP) && !is_pending(SIGTTIN) && !is_pending(SIGTTOU) && is_pending(SIGCONT));
    check_ok(kill(getpid(), SIGTTOU));
    check(is_pending(SIGTTOU) && !is_pending(SIGCONT));
    check_ok(syscall(SYS_tgkill, getpid(), gettid(), SIGTSTP));
    check_ok(syscall(SYS_tgkill, getpid(), gettid(), SIGCONT));
    check(!is_pending(SIGTSTP) && !is_pending(SIGTTOU) && is_pending(SIGCONT));
    check_ok(kill(getpid(), SIGTSTP));
    unblock(SIGCONT);
    check_eq(nlogged, 0);
    unblock(SIGTSTP);
    check_eq(nlogged, 1);
}

/* ---- orphaned process groups ---- */

static int gone_pipe[2];                            /* ends for who reads when the parent has gone */

/* In the process whose group becomes orphaned while it is stopped: it is continued, with SIGHUP. */
static void orphan(void)
{
    char byte;

    check_ok(setpgid(0, 0));
    check_ok(close(gone_pipe[1]));
    handle(SIGHUP, tell_signal, 0);
    handle(SIGCONT, tell_signal, 0);
    kill(getpid(), SIGSTOP);
    check_eq(read(gone_pipe[0], &byte, 1), 0);
    tell('o');
    kill(getpid(), SIGTSTP);                        /* nobody could let it go on, so it does not stop */
    kill(getpid(), SIGTTIN);
    kill(getpid(), SIGTTOU);
    tell('p');
    kill(getpid(), SIGSTOP);                        /* but this always stops */
    tell('q');
    _exit(0);
}

static void leave_stopped_child(uintptr_t unused)
{
    (void)unused;
    check(setsid() == getpid());
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0)
        orphan();
    check_stopped(pid, SIGSTOP);
    check_eq(write(tell_pipe[1], &pid, sizeof(pid)), sizeof(pid));
}

/*
 * A group that has lost its last link to the rest of its session: its stopped members get SIGHUP and SIGCONT, and signals of
 * the terminal do not stop it any more.
 */
CASE(orphaned_group)
{
    unsigned seen = 0;
    pid_t pid;

    check_ok(pipe(tell_pipe));
    check_ok(pipe(gone_pipe));
    pid_t parent = child_start(leave_stopped_child, 0);
    check_ok(close(gone_pipe[1]));
    check_eq(read(tell_pipe[0], &pid, sizeof(pid)), sizeof(pid));
    expect_status(parent, 0);
    for (unsigned i = 0; i < 2; i++)
        seen |= 1u << told();
    check_eq(seen, 1u << SIGHUP | 1u << SIGCONT);
    check_eq(told(), 'o');
    check_eq(told(), 'p');
    check(await_state(pid, 'T'));
    check_ok(kill(pid, SIGCONT));
    check_eq(told(), SIGCONT);
    check_eq(told(), 'q');
}

/* In a session of its own a process has had nobody else from the beginning, so it loses nothing when its parent ends. */
static void stop_in_session(uintptr_t unused)
{
    (void)unused;
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check(setsid() == getpid());
        handle(SIGHUP, tell_signal, 0);
        handle(SIGCONT, tell_signal, 0);
        kill(getpid(), SIGSTOP);
        tell('q');
        _exit(0);
    }
    check_stopped(pid, SIGSTOP);
    check_eq(write(tell_pipe[1], &pid, sizeof(pid)), sizeof(pid));
}

/* A group that was orphaned already when a member was stopped gets no signal when that member's parent ends. */
CASE(orphaned_before_it_stopped)
{
    pid_t pid;

    check_ok(pipe(tell_pipe));
    expect_status(child_start(stop_in_session, 0), 0);
    check_eq(read(tell_pipe[0], &pid, sizeof(pid)), sizeof(pid));
    check(nothing_told());
    check(await_state(pid, 'T'));
    check_ok(kill(pid, SIGCONT));
    check_eq(told(), SIGCONT);
    check_eq(told(), 'q');
}

/* ---- groups and sessions ---- */

static void handle_usr1(void)
{
    handle(SIGUSR1, tell_signal, 0);
}

/* A signal to a group reaches every member, and nobody else. */
CASE(group_is_sent_signal)
{
    pid_t outsider = sleeping_child(handle_usr1);
    int outside = tell_pipe[0];
    pid_t leader = sleeping_child(handle_usr1), member;
    int leads = tell_pipe[0];

    member = sleeping_child(handle_usr1);
    check_ok(setpgid(member, leader));
    check_eq(getpgid(member), leader);
    check_ok(kill(-leader, SIGUSR1));
    check_eq(told(), SIGUSR1);
    tell_pipe[0] = leads;
    check_eq(told(), SIGUSR1);
    check_ok(killpg(leader, SIGSTOP));
    check_stopped(leader, SIGSTOP);
    check_stopped(member, SIGSTOP);
    check_ok(kill(-leader, SIGKILL));
    expect_status(leader, SIGKILL);
    expect_status(member, SIGKILL);
    check_errno(kill(-leader, 0), ESRCH);
    tell_pipe[0] = outside;
    check(nothing_told());
    end(outsider);
}

static void kill_own_group(uintptr_t unused)
{
    (void)unused;
    check_ok(setpgid(0, 0));
    handle(SIGUSR1, log_signal, 0);
    pid_t pid = child_start(exit_with, 0);
    check(await_state(pid, 'Z'));                   /* a zombie counts as a member, and takes what is sent */
    check_ok(kill(0, SIGUSR1));
    check_eq(nlogged, 1);
    check_ok(killpg(0, SIGUSR1));
    check_eq(nlogged, 2);
    check_ok(kill(-getpid(), SIGUSR1));
    check_eq(nlogged, 3);
    expect_status(pid, 0);
}

/* Group 0 is the caller's own. */
CASE(own_group_is_sent_signal)
{
    expect_ok(kill_own_group, 0);
}

/* setpgid moves the caller or a child, into a group of its session or one of its own. */
CASE(groups_change)
{
    pid_t group = getpgrp(), a = sleeping_child(NULL), b = sleeping_child(NULL);

    check_eq(getpgid(0), group);
    check_eq(getpgid(getpid()), group);
    check_eq(getpgid(a), a);
    check_ok(setpgid(b, a));
    check_eq(getpgid(b), a);
    check_ok(setpgid(b, group));
    check_eq(getpgid(b), group);
    check_ok(setpgid(b, 0));
    check_eq(getpgid(b), b);
    check_eq(getsid(0), getsid(a));
    check_ok(setpgid(a, b));
    end(b);
    check_eq(getpgid(a), b);                        /* a group outlives its leader */
    check_ok(kill(-b, 0));
    end(a);
    check_errno(kill(-b, 0), ESRCH);
}

static void lead_session(void)
{
    check_ok(setpgid(0, getpgid(getppid())));       /* a leader of a group could not */
    check_eq(setsid(), getpid());
}

/* What setpgid and its like refuse. */
CASE(group_errors)
{
    int fds[2];
    pid_t pid = sleeping_child(NULL), elsewhere = sleeping_child(lead_session);

    check_errno(setpgid(0, -1), EINVAL);
    check_errno(setpgid(pid, -5), EINVAL);
    check_errno(setpgid(NO_PROCESS, 0), ESRCH);
    check_errno(setpgid(-1, 0), EINVAL);            /* the group would be -1 */
    check_errno(setpgid(getppid(), 0), ESRCH);
    check_errno(setpgid(pid, NO_PROCESS), EPERM);
    check_errno(setpgid(elsewhere, elsewhere), EPERM);
    check_errno(setpgid(elsewhere, getpgrp()), EPERM);
    check_errno(setpgid(pid, elsewhere), EPERM);    /* a group, but of another session */
    check_errno(getpgid(NO_PROCESS), ESRCH);
    check_errno(getpgid(-1), ESRCH);
    check_errno(getsid(NO_PROCESS), ESRCH);
    check_errno(getsid(-1), ESRCH);
    check_eq(getsid(elsewhere), elsewhere);
    check_eq(getpgid(elsewhere), elsewhere);
    end(elsewhere);
    check_ok(pipe(fds));
    pid_t other = helper_start(SELF, "until-closed", fds[0]);
    check_errno(setpgid(other, other), EACCES);     /* it runs a program of its own already */
    end(other);
    end(pid);
}

static void new_session(uintptr_t unused)
{
    (void)unused;
    check_ok(setpgid(0, 0));
    check_errno(setsid(), EPERM);                   /* a leader of a group cannot */
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid > 0) {
        expect_status(pid, 0);
        return;
    }
    check_eq(setsid(), getpid());
    check_eq(getsid(0), getpid());
    check_eq(getsid(getpid()), getpid());
    check_eq(getpgrp(), getpid());
    check_errno(setsid(), EPERM);
    check_errno(setpgid(0, 0), EPERM);
    check(getsid(getppid()) != getpid());
    pid = fork();
    check_ge(pid, 0);
    if (pid == 0)
        _exit(getsid(0) == getppid() && getpgrp() == getppid() && setpgid(0, 0) == 0 && getsid(0) == getppid() ? 0 : 1);
    expect_status(pid, 0);
}

/* setsid makes a session and a group of that number; children are born into them. */
CASE(session_begins)
{
    expect_ok(new_session, 0);
}

static void die_with_group(uintptr_t unused)
{
    (void)unused;
    check_ok(setpgid(0, 0));
    if (fork() >= 0)
        kill(0, SIGTERM);
    fail("a signal to the own group has not killed");
}

/* A group can be killed from within, its caller with it. */
CASE(group_kills_itself)
{
    pid_t pid = child_start(die_with_group, 0);

    expect_status(pid, SIGTERM);
}

const struct test_case job_cases[] = {
    { .name = "child signal of end", .run = child_signal_of_end },
    { .name = "child signal of stop", .run = child_signal_of_stop },
    { .name = "no child signal of stop", .run = no_child_signal_of_stop },
    { .name = "no child to wait for", .run = no_child_wait },
    { .name = "child signal ignored", .run = ignored_child_signal },
    { .name = "child signal ignored too late", .run = ignored_too_late },
    { .name = "handler waits for children", .run = handler_reaps },
    { .name = "stop is told", .run = stop_is_told },
    { .name = "waitid tells of stop", .run = waitid_tells_of_stop },
    { .name = "continue is told", .run = continue_is_told },
    { .name = "stop untold", .run = stop_untold },
    { .name = "signals that stop", .run = signals_that_stop },
    { .name = "stops can be handled", .run = stops_can_be_handled },
    { .name = "stop and continue cannot be blocked", .run = stop_and_continue_cannot_be_blocked },
    { .name = "continue cannot be ignored", .run = continue_cannot_be_ignored },
    { .name = "signals wait while stopped", .run = signals_wait_while_stopped },
    { .name = "death waits while stopped", .run = death_waits_while_stopped },
    { .name = "stop oneself", .run = stop_oneself },
    { .name = "stop and continue cancel", .run = stop_and_continue_cancel },
    { .name = "orphaned group", .run = orphaned_group },
    { .name = "orphaned before it stopped", .run = orphaned_before_it_stopped },
    { .name = "group is sent signal", .run = group_is_sent_signal },
    { .name = "own group is sent signal", .run = own_group_is_sent_signal },
    { .name = "groups change", .run = groups_change },
    { .name = "group errors", .run = group_errors },
    { .name = "session begins", .run = session_begins },
    { .name = "group kills itself", .run = group_kills_itself },
    { .name = NULL },
};
