/*
 * signal.h - signal numbers as Linux has them, in place of picolibc's, which follow BSD.
 * Programs can send and ignore signals; catching them is not there yet.
 */
#ifndef FAULTLINE_SIGNAL_H
#define FAULTLINE_SIGNAL_H

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
#define NSIG 65                         /* 32..64 are the real-time signals */

typedef int sig_atomic_t;

#ifndef _SIGSET_T_DECLARED                  /* by picolibc's <sys/select.h> */
#define _SIGSET_T_DECLARED
typedef unsigned long sigset_t;             /* bit N-1 is signal N */
#endif

/* sigaction(2), as far as waitid(2) fills it in */
typedef struct {
    int si_signo, si_errno, si_code;
    int si_padding;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;                          /* what the child passed to exit, or the signal that ended it: see si_code */
    char si_unused[100];
} siginfo_t;
_Static_assert(sizeof(siginfo_t) == 128, "siginfo_t of Linux");

#define CLD_EXITED      1
#define CLD_KILLED      2
#define CLD_DUMPED      3
#define CLD_TRAPPED     4
#define CLD_STOPPED     5
#define CLD_CONTINUED   6

/* signal(2): EINVAL for a handler of the program's own. */
typedef void (*sighandler_t)(int);
#define SIG_DFL ((sighandler_t)0)
#define SIG_IGN ((sighandler_t)1)
#define SIG_ERR ((sighandler_t)-1)
sighandler_t signal(int number, sighandler_t handler);

/* kill(2), killpg(3), raise(3). Signal 0 only checks that the process exists. */
int kill(pid_t pid, int signal);
int killpg(pid_t group, int signal);
int raise(int signal);

#endif
