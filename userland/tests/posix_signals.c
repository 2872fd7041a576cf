/*
 * posix_signals.c - handlers and masks, what is pending and in what order it comes, default actions, what a child inherits.
 * Owns: what the other parts about signals share (posix_signals.h).
 * Contracts: signal(7), sigaction(2), sigprocmask(2), sigpending(2), fork(2), execve(2), proc(5) "status".
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_machine.h"
#include "posix_signals.h"

/* ---- what the parts share ---- */

sigset_t signal_set(const int *numbers)
{
    sigset_t set;

    check_ok(sigemptyset(&set));
    for (; *numbers != 0; numbers++)
        check_ok(sigaddset(&set, *numbers));
    return set;
}

void block(int number)
{
    sigset_t set = SET(number);

    check_ok(sigprocmask(SIG_BLOCK, &set, NULL));
}

void unblock(int number)
{
    sigset_t set = SET(number);

    check_ok(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

bool is_blocked(int number)
{
    sigset_t set;

    check_ok(sigprocmask(SIG_BLOCK, NULL, &set));
    return sigismember(&set, number);
}

bool is_pending(int number)
{
    sigset_t set;

    check_ok(sigpending(&set));
    return sigismember(&set, number);
}

void handle_masking(int number, handler_fn *handler, int flags, sigset_t mask)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags, .sa_mask = mask };

    check_ok(sigaction(number, &action, NULL));
}

void handle(int number, handler_fn *handler, int flags)
{
    handle_masking(number, handler, flags, SET(0));
}

void handle_not(int number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };

    check_ok(sigaction(number, &action, NULL));
}

volatile unsigned nlogged;
siginfo_t logged[LOG_MAX];

void log_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (nlogged == LOG_MAX)
        fail("signal %d: more signals than anybody expects", number);
    logged[nlogged++] = *info;
}

char state_of(pid_t pid)
{
    char path[40], text[256];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    check_ok(close(fd));
    if (len <= 0)
        return 0;
    text[len] = '\0';
    const char *end = strrchr(text, ')');
    check(end && end[1] == ' ');
    return end[2];
}

bool await_state(pid_t pid, char state)
{
    char now;

    while ((now = state_of(pid)) != state) {
        if (now == 0)
            return false;
        usleep(200);
    }
    return true;
}

pid_t nag_start(int number)
{
    pid_t parent = getpid(), pid = fork();

    check_ge(pid, 0);
    if (pid == 0)
        while (await_state(parent, 'S') && kill(parent, number) == 0)
            ;
    if (pid == 0)
        _exit(0);
    return pid;
}

void nag_stop(pid_t nag, int number)
{
    handle_not(number, SIG_IGN);
    check_ok(kill(nag, SIGKILL));
    check_eq(waitpid(nag, NULL, 0), nag);
}

void queue(pid_t pid, int number, int value)
{
    check_ok(sigqueue(pid, number, (union sigval){ .sival_int = value }));
}

void status_text_of(const char *row, char *value, size_t size)
{
    char text[4096];
    size_t len = 0;
    ssize_t got;
    int fd = check_fd(open("/proc/self/status", O_RDONLY));

    while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += got;
    check_ok(close(fd));
    text[len] = '\0';
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, row, strlen(row)) == 0 && line[strlen(row)] == ':') {
            line += strlen(row) + 1;
            snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
            return;
        }
    }
    fail("/proc/self/status has no row %s", row);
}

uint64_t status_row(const char *row)
{
    char value[64];

    status_text_of(row, value, sizeof(value));
    return strtoull(value, NULL, 16);
}

int signal_helper(const char *action, int number)
{
    stack_t stack;

    if (strcmp(action, "blocks") == 0)              /* 1 when signal number is blocked */
        return is_blocked(number);
    if (strcmp(action, "has-pending") == 0)         /* 1 when it is pending */
        return is_pending(number);
    if (strcmp(action, "has-default") == 0) {       /* 1 when it has the default action, and no flags */
        struct sigaction old;
        return sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_DFL && old.sa_flags == 0;
    }
    if (strcmp(action, "signal-stack") == 0)        /* 1 when there is an alternate stack */
        return sigaltstack(NULL, &stack) != 0 || stack.ss_flags != SS_DISABLE || stack.ss_sp || stack.ss_size != 0;
    if (strcmp(action, "alarm") == 0) {             /* 1 when the alarm is due within number seconds */
        unsigned left = alarm(0);
        return left > 0 && left <= (unsigned)number;
    }
    return -1;
}

/* ---- actions ---- */

static volatile int handled;

static void note_number(int number)
{
    handled = number;
}

/* A handler is called with the number, before the call that sends the signal to the caller itself returns. */
CASE(handler_runs)
{
    struct sigaction action = { .sa_handler = note_number };

    check_ok(sigaction(SIGUSR1, &action, NULL));
    for (unsigned i = 0; i < 3; i++) {
        handled = 0;
        check_ok(kill(getpid(), SIGUSR1));
        check_eq(handled, SIGUSR1);
    }
}

/* sigaction gives back what was set, and leaves everything alone when it is only asked. */
CASE(action_is_kept)
{
    struct sigaction action = { .sa_handler = note_number, .sa_flags = SA_RESTART | SA_NODEFER | SA_ONSTACK }, old;

    check_ok(sigaction(SIGUSR1, NULL, &old));
    check(old.sa_handler == SIG_DFL);
    action.sa_mask = SET(SIGHUP, SIGTERM, SIGRTMAX);
    check_ok(sigaction(SIGUSR1, &action, &old));
    check(old.sa_handler == SIG_DFL);
    for (unsigned i = 0; i < 2; i++) {
        check_ok(sigaction(SIGUSR1, NULL, &old));
        check(old.sa_handler == note_number);
        check_eq(old.sa_flags & (SA_RESTART | SA_NODEFER | SA_ONSTACK | SA_SIGINFO | SA_RESETHAND),
                 SA_RESTART | SA_NODEFER | SA_ONSTACK);
        for (int number = 1; number <= SIGNAL_MAX; number++)
            check_eq(sigismember(&old.sa_mask, number) == 1,
                     number == SIGHUP || number == SIGTERM || number == SIGRTMAX);
    }
    check_ok(sigaction(SIGUSR2, NULL, &old));
    check(old.sa_handler == SIG_DFL);
    handle_not(SIGUSR1, SIG_IGN);
    check_ok(sigaction(SIGUSR1, NULL, &old));
    check(old.sa_handler == SIG_IGN);
}

/* Nobody can handle, ignore or mask SIGKILL and SIGSTOP; but one may ask. */
CASE(action_errors)
{
    static const int none[] = { 0, -1, SIGNAL_MAX + 1, INT_MAX, INT_MIN };
    struct sigaction action = { .sa_handler = note_number }, old;

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        check_errno(sigaction(none[i], &action, NULL), EINVAL);
        check_errno(sigaction(none[i], NULL, &old), EINVAL);
    }
    check_errno(sigaction(SIGKILL, &action, NULL), EINVAL);
    check_errno(sigaction(SIGSTOP, &action, NULL), EINVAL);
    action.sa_handler = SIG_DFL;
    check_errno(sigaction(SIGKILL, &action, NULL), EINVAL);
    check_ok(sigaction(SIGKILL, NULL, &old));
    check(old.sa_handler == SIG_DFL);
    check_ok(sigaction(SIGSTOP, NULL, &old));
    action = (struct sigaction){ .sa_handler = note_number, .sa_mask = SET(SIGKILL, SIGSTOP, SIGHUP) };
    check_ok(sigaction(SIGUSR1, &action, NULL));
    check_ok(sigaction(SIGUSR1, NULL, &old));
    check(!sigismember(&old.sa_mask, SIGKILL) && !sigismember(&old.sa_mask, SIGSTOP) && sigismember(&old.sa_mask, SIGHUP));
}

/* The system call itself: the size of a set must be eight bytes, and memory must be there. */
CASE(action_errors_raw)
{
    unsigned long action[4] = { 0 };

    check_errno(syscall(SYS_rt_sigaction, SIGUSR1, action, NULL, 4), EINVAL);
    check_errno(syscall(SYS_rt_sigaction, SIGUSR1, action, NULL, 16), EINVAL);
    check_errno(syscall(SYS_rt_sigaction, SIGUSR1, BAD_ADDRESS, NULL, SET_BYTES), EFAULT);
    check_errno(syscall(SYS_rt_sigaction, SIGUSR1, NULL, BAD_ADDRESS, SET_BYTES), EFAULT);
    check_errno(syscall(SYS_rt_sigaction, SIGKILL, BAD_ADDRESS, NULL, SET_BYTES), EFAULT);
    check_ok(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, SET_BYTES));
}

/* Flags that there are not are not kept, so that a program can find out which there are. */
CASE(unknown_flags_are_dropped)
{
    unsigned long action[4] = { (unsigned long)SIG_IGN, SA_RESTART | 0x400 | 0x100, 0, 0 };

    check_ok(syscall(SYS_rt_sigaction, SIGUSR1, action, NULL, SET_BYTES));
    memset(action, 0, sizeof(action));
    check_ok(syscall(SYS_rt_sigaction, SIGUSR1, NULL, action, SET_BYTES));
    check_eq(action[0], SIG_IGN);
    check_eq(action[1], SA_RESTART);
}

static volatile bool second_runs;
static bool blocked_in_handler[SIGNAL_MAX + 1];

static void note_blocked(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    for (int i = 1; i <= SIGNAL_MAX; i++)
        blocked_in_handler[i] = is_blocked(i);
}

/* While a handler runs, its signal and those of its mask are blocked besides what was; afterwards it is as before. */
CASE(mask_while_handler_runs)
{
    block(SIGHUP);
    handle_masking(SIGUSR1, note_blocked, 0, SET(SIGUSR2, SIGRTMIN));
    check_ok(kill(getpid(), SIGUSR1));
    for (int i = 1; i <= SIGNAL_MAX; i++)
        check_eq(blocked_in_handler[i], i == SIGUSR1 || i == SIGUSR2 || i == SIGRTMIN || i == SIGHUP);
    for (int i = 1; i <= SIGNAL_MAX; i++)
        check_eq(is_blocked(i), i == SIGHUP);
    handle_masking(SIGUSR1, note_blocked, SA_NODEFER, SET(SIGUSR2));
    check_ok(kill(getpid(), SIGUSR1));
    check(!blocked_in_handler[SIGUSR1] && blocked_in_handler[SIGUSR2] && blocked_in_handler[SIGHUP]);
    handle_masking(SIGUSR1, note_blocked, SA_NODEFER, SET(SIGUSR1));        /* the mask says so itself */
    check_ok(kill(getpid(), SIGUSR1));
    check(blocked_in_handler[SIGUSR1]);
}

static volatile unsigned depth, deepest;

static void send_again(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (nlogged++ < 3)
        check_ok(kill(getpid(), number));
    depth--;
}

/* A signal sent by its own handler comes when that has returned; with SA_NODEFER at once. */
CASE(handler_nests_only_when_told)
{
    handle(SIGUSR1, send_again, 0);
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(nlogged, 4);
    check_eq(deepest, 1);
    nlogged = 0;
    handle(SIGUSR1, send_again, SA_NODEFER);
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(nlogged, 4);
    check_eq(deepest, 4);
}

static void note_action(int number, siginfo_t *info, void *context)
{
    struct sigaction now;

    (void)info, (void)context;
    check_ok(sigaction(number, NULL, &now));
    check(now.sa_handler == SIG_DFL);
    check(is_blocked(number));                      /* SA_RESETHAND alone is not SA_NODEFER */
    nlogged++;
}

/* With SA_RESETHAND the handler runs once, and the action is the default one when it begins. */
CASE(reset_handler)
{
    handle(SIGURG, note_action, SA_RESETHAND);
    check_ok(kill(getpid(), SIGURG));
    check_ok(kill(getpid(), SIGURG));
    check_eq(nlogged, 1);
    handle(SIGUSR1, note_action, SA_RESETHAND);
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(nlogged, 2);
    check_ok(kill(getpid(), SIGUSR1));
    fail("SIGUSR1 has no handler any more and did not kill");
}

static void change_mask(int number, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;

    (void)number, (void)info;
    check(sigismember(&interrupted->uc_sigmask, SIGHUP) && !sigismember(&interrupted->uc_sigmask, SIGUSR1));
    check_ok(sigdelset(&interrupted->uc_sigmask, SIGHUP));
    check_ok(sigaddset(&interrupted->uc_sigmask, SIGUSR2));
    check_ok(sigaddset(&interrupted->uc_sigmask, SIGKILL));
    check_ok(sigaddset(&interrupted->uc_sigmask, SIGSTOP));
}

/* The context holds the mask that will be set when the handler returns; a handler may change it. */
CASE(handler_changes_mask)
{
    block(SIGHUP);
    handle(SIGUSR1, change_mask, 0);
    check_ok(kill(getpid(), SIGUSR1));
    for (int i = 1; i <= SIGNAL_MAX; i++)
        check_eq(is_blocked(i), i == SIGUSR2);
}

/* What a handler is told of the sender: kill, tgkill, sigqueue. */
CASE(handler_is_told_sender)
{
    siginfo_t zero;

    handle(SIGUSR1, log_signal, 0);
    memset(&zero, 0, sizeof(zero));
    check_ok(kill(getpid(), SIGUSR1));
    check_logged(0, SIGUSR1, SI_USER);
    check_ok(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1));
    check_logged(1, SIGUSR1, SI_TKILL);
    check_ok(syscall(SYS_tkill, gettid(), SIGUSR1));
    check_logged(2, SIGUSR1, SI_TKILL);
    check_ok(sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_ptr = &zero }));
    check_logged(3, SIGUSR1, SI_QUEUE);
    check(logged[3].si_value.sival_ptr == &zero);
    for (unsigned i = 0; i < 4; i++) {
        check_eq(logged[i].si_errno, 0);
        check_eq(logged[i].si_pid, getpid());
        check_eq(logged[i].si_uid, getuid());
    }
    /* What the sender did not set is zero, and not somebody else's memory. */
    check(memcmp((char *)&logged[0] + 24, (char *)&zero + 24, sizeof(zero) - 24) == 0);
}

static void kill_parent(uintptr_t number)
{
    check_ok(kill(getppid(), (int)number));
}

/* The sender is told by the number of its process. */
CASE(handler_is_told_other_sender)
{
    handle(SIGUSR1, log_signal, SA_RESTART);
    pid_t pid = child_start(kill_parent, SIGUSR1);
    expect_status(pid, 0);
    check_logged(0, SIGUSR1, SI_USER);
    check_eq(logged[0].si_pid, pid);
}

/* ---- masks ---- */

/* The mask is changed in three ways, and the old one is given back; SIGKILL and SIGSTOP never are in it. */
CASE(mask_changes)
{
    sigset_t set = SET(SIGUSR1, SIGUSR2, SIGKILL, SIGSTOP, SIGNAL_MAX), old;

    check_ok(sigprocmask(SIG_SETMASK, &set, &old));
    for (int i = 1; i <= SIGNAL_MAX; i++)
        check_eq(sigismember(&old, i), 0);
    set = SET(SIGHUP, SIGUSR1);
    check_ok(sigprocmask(SIG_BLOCK, &set, &old));
    for (int i = 1; i <= SIGNAL_MAX; i++)
        check_eq(sigismember(&old, i), i == SIGUSR1 || i == SIGUSR2 || i == SIGNAL_MAX);
    check_ok(sigprocmask(SIG_UNBLOCK, &set, &old));
    for (int i = 1; i <= SIGNAL_MAX; i++)
        check_eq(sigismember(&old, i), i == SIGHUP || i == SIGUSR1 || i == SIGUSR2 || i == SIGNAL_MAX);
    for (int i = 1; i <= SIGNAL_MAX; i++)
        check_eq(is_blocked(i), i == SIGUSR2 || i == SIGNAL_MAX);
}

/* What sigprocmask refuses. It looks at how only when there is a set. */
CASE(mask_errors)
{
    sigset_t set = SET(SIGUSR1), old;

    check_errno(sigprocmask(99, &set, NULL), EINVAL);
    check_errno(sigprocmask(-1, &set, NULL), EINVAL);
    check_ok(sigprocmask(99, NULL, &old));
    check(!is_blocked(SIGUSR1));
    check_errno(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4), EINVAL);
    check_errno(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 16), EINVAL);
    check_errno(syscall(SYS_rt_sigprocmask, SIG_BLOCK, BAD_ADDRESS, NULL, SET_BYTES), EFAULT);
    check_errno(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, BAD_ADDRESS, SET_BYTES), EFAULT);
    check(!is_blocked(SIGUSR1));
}

/* ---- pending ---- */

/* A blocked signal waits, and its handler runs before the call that unblocks it returns. */
CASE(blocked_signal_waits)
{
    handle(SIGUSR1, log_signal, 0);
    block(SIGUSR1);
    check(!is_pending(SIGUSR1));
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(nlogged, 0);
    check(is_pending(SIGUSR1) && !is_pending(SIGUSR2));
    unblock(SIGUSR1);
    check_logged(0, SIGUSR1, SI_USER);
    check(!is_pending(SIGUSR1));
}

/* Sent to one thread or to the process: pending either way. */
CASE(pending_for_thread_or_process)
{
    block(SIGUSR1);
    block(SIGUSR2);
    check_ok(kill(getpid(), SIGUSR1));
    check_ok(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2));
    check(is_pending(SIGUSR1) && is_pending(SIGUSR2));
    check_eq(status_row("ShdPnd"), 1ull << (SIGUSR1 - 1));
    check_eq(status_row("SigPnd"), 1ull << (SIGUSR2 - 1));
}

/* What sigpending refuses; a size that is smaller than a set is allowed. */
CASE(pending_errors)
{
    sigset_t set;

    check_errno(syscall(SYS_rt_sigpending, BAD_ADDRESS, SET_BYTES), EFAULT);
    check_errno(syscall(SYS_rt_sigpending, &set, 16), EINVAL);
    check_ok(syscall(SYS_rt_sigpending, &set, 4));
}

/* A signal that is ignored is thrown away when it comes, and when it is made ignored; but kept while it is blocked. */
CASE(ignored_signal_is_dropped)
{
    handle_not(SIGUSR1, SIG_IGN);
    check_ok(kill(getpid(), SIGUSR1));
    check(!is_pending(SIGUSR1));
    block(SIGUSR1);
    check_ok(kill(getpid(), SIGUSR1));
    check(is_pending(SIGUSR1));
    handle(SIGUSR1, log_signal, 0);                 /* in time to be handled */
    unblock(SIGUSR1);
    check_logged(0, SIGUSR1, SI_USER);

    block(SIGUSR1);
    block(SIGRTMIN);
    check_ok(kill(getpid(), SIGUSR1));
    queue(getpid(), SIGRTMIN, 1);
    queue(getpid(), SIGRTMIN, 2);
    handle_not(SIGRTMIN, SIG_IGN);
    check(!is_pending(SIGRTMIN) && is_pending(SIGUSR1));
    handle_not(SIGUSR1, SIG_IGN);
    check(!is_pending(SIGUSR1));
    block(SIGURG);                                  /* whose default is to be ignored */
    check_ok(kill(getpid(), SIGURG));
    check(is_pending(SIGURG));
    handle_not(SIGURG, SIG_DFL);
    check(!is_pending(SIGURG));
    handle(SIGRTMIN, log_signal, 0);
    unblock(SIGRTMIN);
    unblock(SIGURG);
    unblock(SIGUSR1);
    check_eq(nlogged, 1);
}

/* A standard signal is pending once, however often it was sent: the first one. */
CASE(standard_signals_are_one)
{
    handle(SIGUSR1, log_signal, 0);
    block(SIGUSR1);
    for (int i = 0; i < 5; i++)
        queue(getpid(), SIGUSR1, 7 + i);
    unblock(SIGUSR1);
    check_eq(nlogged, 1);
    check_logged(0, SIGUSR1, SI_QUEUE);
    check_eq(logged[0].si_value.sival_int, 7);
}

/* A real-time signal comes as often as it was sent, in order, each with its value; also when it was sent by kill. */
CASE(realtime_signals_are_queued)
{
    handle(SIGRTMIN, log_signal, 0);
    block(SIGRTMIN);
    for (int i = 0; i < 20; i++)
        queue(getpid(), SIGRTMIN, 1000 + i);
    for (int i = 0; i < 3; i++)
        check_ok(kill(getpid(), SIGRTMIN));
    check(is_pending(SIGRTMIN));
    unblock(SIGRTMIN);
    check_eq(nlogged, 23);
    for (int i = 0; i < 20; i++) {
        check_logged(i, SIGRTMIN, SI_QUEUE);
        check_eq(logged[i].si_value.sival_int, 1000 + i);
    }
    for (int i = 20; i < 23; i++)
        check_logged(i, SIGRTMIN, SI_USER);
    check(!is_pending(SIGRTMIN));
}

static const int several[] = { SIGUSR1, SIGTERM, SIGUSR2, SIGHUP };         /* 10, 15, 12, 1 */
static const int several_sorted[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM };

/* Make them all pending, and then let them come at once. */
static void send_several(void)
{
    sigset_t set = SET(SIGUSR1, SIGTERM, SIGUSR2, SIGHUP), old;

    check_ok(sigprocmask(SIG_BLOCK, &set, &old));
    for (unsigned i = 0; i < 4; i++)
        check_ok(kill(getpid(), several[i]));
    check_eq(nlogged, 0);
    check_ok(sigprocmask(SIG_SETMASK, &old, NULL));
    check_eq(nlogged, 4);
}

/* Of several, the lowest is taken first; its handler is interrupted by the next before it begins. So the highest runs first. */
CASE(order_of_handlers)
{
    for (unsigned i = 0; i < 4; i++)
        handle(several[i], log_signal, 0);
    send_several();
    for (unsigned i = 0; i < 4; i++)
        check_eq(logged[i].si_signo, several_sorted[3 - i]);
}

/* When handlers block all of them, they run one after the other, the lowest first. */
CASE(order_of_handlers_that_block)
{
    for (unsigned i = 0; i < 4; i++)
        handle_masking(several[i], log_signal, 0, SET(SIGUSR1, SIGTERM, SIGUSR2, SIGHUP));
    send_several();
    for (unsigned i = 0; i < 4; i++)
        check_eq(logged[i].si_signo, several_sorted[i]);
}

static const struct timespec at_once = { 0, 0 };

/* Those for the thread come before those for the process; among each the lowest first, so real-time ones come last. */
CASE(order_of_waiting)
{
    sigset_t set = SET(SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1);
    const int expected[] = { SIGUSR2, SIGUSR1, SIGRTMIN, SIGRTMIN, SIGRTMIN + 1 };
    siginfo_t info;

    check_ok(sigprocmask(SIG_BLOCK, &set, NULL));
    queue(getpid(), SIGRTMIN + 1, 3);
    queue(getpid(), SIGRTMIN, 1);
    queue(getpid(), SIGRTMIN, 2);
    check_ok(kill(getpid(), SIGUSR1));
    check_ok(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2));
    for (int i = 0; i < 5; i++) {
        check_eq(sigtimedwait(&set, &info, &at_once), expected[i]);
        check_eq(info.si_signo, expected[i]);
        if (i >= 2)
            check_eq(info.si_value.sival_int, i - 1);
    }
    check_errno(sigtimedwait(&set, &info, &at_once), EAGAIN);
}

/* ---- default actions ---- */

static void send_to_self(uintptr_t number)
{
    check_ok(kill(getpid(), (int)number));
}

static bool default_is_nothing(int number)
{
    return number == SIGCHLD || number == SIGCONT || number == SIGURG || number == SIGWINCH;
}

static bool default_is_stop(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* Each signal that nobody handles kills, and is told to who waits; some do nothing. (posix_jobs.c has those that stop.) */
CASE(default_actions)
{
    for (int number = 1; number <= SIGNAL_MAX; number++) {
        if (default_is_nothing(number))
            expect_ok(send_to_self, number);
        else if (!default_is_stop(number))
            expect_death(send_to_self, number, number);
    }
}

/* /proc/self/status tells what is blocked, ignored, handled and pending. */
CASE(status_shows_signals)
{
    handle_not(SIGHUP, SIG_IGN);
    handle_not(SIGRTMAX, SIG_IGN);
    handle(SIGUSR1, log_signal, 0);
    handle(SIGRTMIN, log_signal, 0);
    block(SIGUSR2);
    block(SIGRTMAX);
    check_ok(kill(getpid(), SIGUSR2));
    check_eq(status_row("SigBlk"), 1ull << (SIGUSR2 - 1) | 1ull << (SIGRTMAX - 1));
    check_eq(status_row("ShdPnd"), 1ull << (SIGUSR2 - 1));
    check_eq(status_row("SigPnd"), 0);
    check_eq(status_row("SigIgn"), 1ull << (SIGHUP - 1) | 1ull << (SIGRTMAX - 1));
    check_eq(status_row("SigCgt"), 1ull << (SIGUSR1 - 1) | 1ull << (SIGRTMIN - 1));
}

/* ---- what a new process inherits ---- */

static char other_stack[16384];

static void check_inherited(uintptr_t unused)
{
    struct itimerval timer;
    stack_t stack;

    (void)unused;
    check(is_blocked(SIGUSR1) && is_blocked(SIGRTMIN) && !is_blocked(SIGUSR2));
    check(!is_pending(SIGUSR1) && !is_pending(SIGRTMIN));
    check_ok(sigaltstack(NULL, &stack));
    check(stack.ss_sp == other_stack && stack.ss_size == sizeof(other_stack));
    check_ok(getitimer(ITIMER_REAL, &timer));
    check_eq(timer.it_value.tv_sec, 0);
    check_eq(timer.it_value.tv_usec, 0);
    check_ok(kill(getpid(), SIGHUP));
    check_ok(kill(getpid(), SIGUSR2));
    check_eq(nlogged, 1);
    check_logged(0, SIGUSR2, SI_USER);
    unblock(SIGUSR1);
    check_eq(nlogged, 1);
    handle_not(SIGUSR2, SIG_DFL);                   /* its own from now on */
}

static void have_all_kinds(void)
{
    const stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };

    handle_not(SIGHUP, SIG_IGN);
    handle(SIGUSR1, log_signal, 0);
    handle(SIGUSR2, log_signal, SA_ONSTACK);
    check_ok(sigaltstack(&stack, NULL));
    block(SIGUSR1);
    block(SIGRTMIN);
    check_ok(kill(getpid(), SIGUSR1));
    queue(getpid(), SIGRTMIN, 1);
    check_eq(alarm(1000), 0);
}

/* A child has its parent's handlers, mask and alternate stack, but nothing is pending for it and no timer runs. */
CASE(fork_inherits)
{
    have_all_kinds();
    expect_ok(check_inherited, 0);
    check(is_pending(SIGUSR1) && is_pending(SIGRTMIN));
    check_ok(kill(getpid(), SIGUSR2));
    check_eq(nlogged, 1);
}

static void exec_helper(const char *action, int number, int expected)
{
    char *argv[] = { "posix", AS_CHILD, (char *)action, NULL, NULL }, *envp[] = { NULL }, text[12];

    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        have_all_kinds();
        snprintf(text, sizeof(text), "%d", number);
        argv[3] = text;
        execve(SELF, argv, envp);
        fail("exec: %s", strerror(errno));
    }
    int status = child_wait(pid);
    if (status != expected << 8)
        fail("%s of signal %d: wait status %#x, expected exit status %d", action, number, status, expected);
}

/* exec: handlers become the default, what is ignored stays, and so do mask, pending signals and timers; no alternate stack. */
CASE(exec_inherits)
{
    exec_helper("ignores", SIGHUP, 1);
    exec_helper("has-default", SIGUSR1, 1);
    exec_helper("has-default", SIGUSR2, 1);
    exec_helper("blocks", SIGUSR1, 1);
    exec_helper("blocks", SIGRTMIN, 1);
    exec_helper("blocks", SIGUSR2, 0);
    exec_helper("has-pending", SIGUSR1, 1);
    exec_helper("has-pending", SIGRTMIN, 1);
    exec_helper("has-pending", SIGUSR2, 0);
    exec_helper("signal-stack", 0, 0);
    exec_helper("alarm", 1000, 1);
}

static volatile bool child_was_here;

/* A child by vfork shares its parent's memory, not its signals: its handlers, mask and what is pending are its own. */
CASE(vfork_inherits)
{
    handle(SIGUSR1, log_signal, 0);
    block(SIGUSR2);
    check_ok(kill(getpid(), SIGUSR2));
    pid_t pid = vfork_here();
    check_ge(pid, 0);
    if (pid == 0) {
        child_was_here = true;
        sigset_t set;
        bool good = sigpending(&set) == 0 && !sigismember(&set, SIGUSR2);
        handle_not(SIGUSR1, SIG_IGN);
        unblock(SIGUSR2);
        kill(getppid(), SIGUSR1);                   /* which waits, and handles it later */
        _exit(good && nlogged == 0 ? 6 : 7);
    }
    check(child_was_here);
    expect_status(pid, 6 << 8);
    check_logged(0, SIGUSR1, SI_USER);
    check(is_blocked(SIGUSR2) && is_pending(SIGUSR2));
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(nlogged, 2);
}

const struct test_case signal_cases[] = {
    { .name = "handler runs", .run = handler_runs },
    { .name = "action is kept", .run = action_is_kept },
    { .name = "action errors", .run = action_errors },
    { .name = "action errors, raw", .run = action_errors_raw },
    { .name = "unknown flags are dropped", .run = unknown_flags_are_dropped },
    { .name = "mask while handler runs", .run = mask_while_handler_runs },
    { .name = "handler nests only when told", .run = handler_nests_only_when_told },
    { .name = "reset handler", .run = reset_handler, .death = SIGUSR1 },
    { .name = "handler changes mask", .run = handler_changes_mask },
    { .name = "handler is told sender", .run = handler_is_told_sender },
    { .name = "handler is told other sender", .run = handler_is_told_other_sender },
    { .name = "mask changes", .run = mask_changes },
    { .name = "mask errors", .run = mask_errors },
    { .name = "blocked signal waits", .run = blocked_signal_waits },
    { .name = "pending for thread or process", .run = pending_for_thread_or_process },
    { .name = "pending errors", .run = pending_errors },
    { .name = "ignored signal is dropped", .run = ignored_signal_is_dropped },
    { .name = "standard signals are one", .run = standard_signals_are_one },
    { .name = "real-time signals are queued", .run = realtime_signals_are_queued },
    { .name = "order of handlers", .run = order_of_handlers },
    { .name = "order of handlers that block", .run = order_of_handlers_that_block },
    { .name = "order of waiting", .run = order_of_waiting },
    { .name = "default actions", .run = default_actions },
    { .name = "status shows signals", .run = status_shows_signals },
    { .name = "fork inherits signals", .run = fork_inherits },
    { .name = "exec inherits signals", .run = exec_inherits },
    { .name = "vfork inherits signals", .run = vfork_inherits },
    { .name = NULL },
};
