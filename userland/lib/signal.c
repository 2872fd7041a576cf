/*
 * signal.c - system calls about signals and the timers that send them.
 * Does not own: strsignal (err.c), the way back from a handler: the kernel has a page for that.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/time.h>
#include <faultline.h>

/* ---- sets ---- */

int sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int sigfillset(sigset_t *set)
{
    *set = ~0ul;
    return 0;
}

/* The bit of a signal; 0 and EINVAL when it is none. */
static sigset_t bit_of(int number)
{
    if (number > 0 && number < NSIG)
        return 1ul << (number - 1);
    errno = EINVAL;
    return 0;
}

int sigaddset(sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);

    *set |= bit;
    return bit ? 0 : -1;
}

int sigdelset(sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);

    *set &= ~bit;
    return bit ? 0 : -1;
}

int sigismember(const sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);

    return bit ? (*set & bit) != 0 : -1;
}

/* ---- what is done about a signal ---- */

int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    return syscall(SYS_rt_sigaction, number, new, old, sizeof(sigset_t));
}

sighandler_t signal(int number, sighandler_t handler)
{
    struct sigaction new = { .sa_handler = handler }, old;

    if (handler != SIG_DFL && handler != SIG_IGN)
        new.sa_flags = SA_RESTART;
    return sigaction(number, &new, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    return syscall(SYS_rt_sigprocmask, how, set, old, sizeof(sigset_t));
}

int sigpending(sigset_t *set)
{
    return syscall(SYS_rt_sigpending, set, sizeof(*set));
}

int sigsuspend(const sigset_t *mask)
{
    return syscall(SYS_rt_sigsuspend, mask, sizeof(*mask));
}

int pause(void)
{
    return ppoll(NULL, 0, NULL, NULL);
}

int sigaltstack(const stack_t *new, stack_t *old)
{
    return syscall(SYS_sigaltstack, new, old);
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    return syscall(SYS_rt_sigtimedwait, set, info, timeout, sizeof(*set));
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *set, int *number)
{
    int got;

    do                                      /* POSIX: a handler does not end it */
        got = raw_syscall(SYS_rt_sigtimedwait, set, NULL, NULL, sizeof(*set));
    while (got == -EINTR);
    if (got < 0)
        return -got;
    *number = got;
    return 0;
}

/* ---- sending ---- */

int kill(pid_t pid, int number)
{
    return syscall(SYS_kill, pid, number);
}

int killpg(pid_t group, int number)
{
    return kill(group ? -group : 0, number);
}

int raise(int number)
{
    return syscall(SYS_tgkill, getpid(), gettid(), number);
}

int sigqueue(pid_t pid, int number, const union sigval value)
{
    siginfo_t info = { .si_signo = number, .si_code = SI_QUEUE };

    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    return syscall(SYS_rt_sigqueueinfo, pid, number, &info);
}

/* POSIX: a handler may run, or it may be ignored; then it is a death all the same. */
void abort(void)
{
    sigset_t only = 1ul << (SIGABRT - 1);

    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(SIGABRT);
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    _exit(127);
}

/* ---- timers ---- */

int setitimer(int which, const struct itimerval *restrict new, struct itimerval *restrict old)
{
    return syscall(SYS_setitimer, which, new, old);
}

int getitimer(int which, struct itimerval *now)
{
    return syscall(SYS_getitimer, which, now);
}

unsigned alarm(unsigned seconds)
{
    struct itimerval new = { .it_value.tv_sec = seconds }, old = { 0 };

    setitimer(ITIMER_REAL, &new, &old);
    return old.it_value.tv_sec + (old.it_value.tv_usec > 0);
}

/* ---- jumps ---- */

void sigjmp_save_mask(sigjmp_buf env, int save_mask)
{
    env->has_mask = save_mask;
    if (save_mask)
        sigprocmask(SIG_SETMASK, NULL, &env->mask);
}

void siglongjmp(sigjmp_buf env, int value)
{
    if (env->has_mask)
        sigprocmask(SIG_SETMASK, &env->mask, NULL);
    longjmp(env->registers, value);
}
