/*
 * siginfo.h - signal numbers, and what programs and the kernel tell each other about signals.
 * Source: Linux's asm-generic ABI; signal(7), sigaction(2).
 */
#pragma once

#include "arch/types.h"

enum {
    SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9,
    SIGSEGV = 11, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20,
    SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXFSZ = 25, SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28, SIGSYS = 31,
    SIGRTMIN = 32,                      /* from here to the end each sending counts */
    SIGNAL_MAX = 64
};

/* The set that has one signal: bit n - 1 of a set is signal n. */
#define SIGNAL_BIT(signal) (1ul << ((signal) - 1))

/* si_code: who has sent it, or what it is for */
enum { SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TKILL = -6 };
enum { ILL_ILLOPC = 1, TRAP_BRKPT = 1, SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRALN = 1, BUS_ADRERR = 2 };
enum { CLD_EXITED = 1, CLD_KILLED = 2, CLD_STOPPED = 5, CLD_CONTINUED = 6 };

/* The beginning of siginfo_t, all of it that is ever used. */
struct signal_info {
    int32_t signal, error, code, pad;
    union {
        struct { int32_t pid; uint32_t uid; };
        vaddr_t address;
    };
    union { int32_t status; uint64_t value; };
};
_Static_assert(sizeof(struct signal_info) == 32, "siginfo_t of riscv64");

enum { SIG_DFL, SIG_IGN };

/* rt_sigaction(2); riscv64 has no restorer */
struct signal_action {
    vaddr_t handler;                    /* or SIG_DFL, SIG_IGN */
    uint64_t flags, mask;
};

enum { SA_NOCLDSTOP = 0x1, SA_NOCLDWAIT = 0x2, SA_SIGINFO = 0x4, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000,
       SA_NODEFER = 0x40000000 };
#define SA_RESETHAND 0x80000000u
#define SA_KNOWN (SA_RESETHAND | SA_NODEFER | SA_RESTART | SA_ONSTACK | SA_SIGINFO | SA_NOCLDWAIT | SA_NOCLDSTOP)

/* sigaltstack(2); the structure is in arch/signal_frame.h */
enum { SS_ONSTACK = 1, SS_DISABLE = 2, MINSIGSTKSZ = 2048 };
#define SS_AUTODISARM (1u << 31)
