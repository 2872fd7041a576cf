/*
 * signal.h - signals as POSIX and Linux have them, in place of picolibc's, which follow BSD.
 * Contracts: signal(7), and the page of each call's name in section 2 or 3.
 */
#ifndef FAULTLINE_SIGNAL_H
#define FAULTLINE_SIGNAL_H

#include <stddef.h>
#include <sys/types.h>

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 32                     /* from here on each sending counts, in order */
#define SIGRTMAX 64
#define NSIG 65

struct timespec;
typedef int sig_atomic_t;

#ifndef _SIGSET_T_DECLARED                  /* by picolibc's <sys/select.h> */
#define _SIGSET_T_DECLARED
typedef unsigned long sigset_t;             /* bit N-1 is signal N */
#endif

int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int number);
int sigdelset(sigset_t *set, int number);
int sigismember(const sigset_t *set, int number);

/* ---- what a handler is told ---- */

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct {
    int si_signo, si_errno, si_code;
    int si_padding;
    union {
        struct {
            pid_t si_pid;                   /* the sender, the child */
            uid_t si_uid;
            union {
                int si_status;              /* SIGCHLD: what was passed to exit, or the signal: see si_code */
                union sigval si_value;      /* of sigqueue */
            };
        };
        void *si_addr;                      /* SIGSEGV, SIGBUS: what was accessed; SIGILL, SIGTRAP: the instruction */
        char si_unused[112];
    };
} siginfo_t;
_Static_assert(sizeof(siginfo_t) == 128 && offsetof(siginfo_t, si_status) == 24, "siginfo_t of Linux");

#define SI_USER         0
#define SI_KERNEL       0x80
#define SI_QUEUE        (-1)
#define SI_TIMER        (-2)
#define SI_MESGQ        (-3)
#define SI_ASYNCIO      (-4)
#define SI_TKILL        (-6)

#define ILL_ILLOPC      1
#define FPE_INTDIV      1
#define SEGV_MAPERR     1               /* nothing is mapped there */
#define SEGV_ACCERR     2               /* something is, but not for that */
#define BUS_ADRALN      1
#define BUS_ADRERR      2               /* beyond the end of what is mapped there */
#define TRAP_BRKPT      1

#define CLD_EXITED      1
#define CLD_KILLED      2
#define CLD_DUMPED      3
#define CLD_TRAPPED     4
#define CLD_STOPPED     5
#define CLD_CONTINUED   6

/* ---- what is done about a signal ---- */

typedef void (*sighandler_t)(int);
#define SIG_DFL ((sighandler_t)0)
#define SIG_IGN ((sighandler_t)1)
#define SIG_ERR ((sighandler_t)-1)

/* As rt_sigaction(2) takes it on riscv64. */
struct sigaction {
    union {
        sighandler_t sa_handler;
        void (*sa_sigaction)(int number, siginfo_t *info, void *context);      /* with SA_SIGINFO; context: <ucontext.h> */
    };
    int sa_flags;
    int sa_padding;
    sigset_t sa_mask;
};
_Static_assert(sizeof(struct sigaction) == 24 && offsetof(struct sigaction, sa_mask) == 16, "struct sigaction of riscv64");

#define SA_NOCLDSTOP    0x1
#define SA_NOCLDWAIT    0x2
#define SA_SIGINFO      0x4
#define SA_ONSTACK      0x08000000
#define SA_RESTART      0x10000000
#define SA_NODEFER      0x40000000
#define SA_RESETHAND    (-0x7fffffff - 1)

#define SIG_BLOCK       0
#define SIG_UNBLOCK     1
#define SIG_SETMASK     2

typedef struct {
    void *ss_sp;
    int ss_flags;
    size_t ss_size;
} stack_t;

#define SS_ONSTACK      1
#define SS_DISABLE      2
#define MINSIGSTKSZ     2048
#define SIGSTKSZ        8192

/* A handler set by signal has SA_RESTART, as in BSD and Linux. */
sighandler_t signal(int number, sighandler_t handler);
int sigaction(int number, const struct sigaction *new, struct sigaction *old);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigaltstack(const stack_t *new, stack_t *old);

/* Blocked signals, taken without a handler. sigwait returns an error number. */
int sigwait(const sigset_t *set, int *number);
int sigwaitinfo(const sigset_t *set, siginfo_t *info);
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);

/* ---- sending; signal 0 only checks that the process exists ---- */

int kill(pid_t pid, int number);
int killpg(pid_t group, int number);
int raise(int number);
int sigqueue(pid_t pid, int number, const union sigval value);

void psignal(int number, const char *message);      /* strsignal(3) is in <string.h> */

#endif
