/*
 * ucontext.h - what a handler with SA_SIGINFO finds at its third argument: the registers at the moment of the signal.
 * What the handler changes there holds when it returns. The names are those of Linux's C libraries on riscv64.
 */
#ifndef FAULTLINE_UCONTEXT_H
#define FAULTLINE_UCONTEXT_H

#include <signal.h>
#include <stdint.h>

/* Places in __gregs: place N is register xN, but that place 0 is pc. */
enum { REG_PC = 0, REG_RA = 1, REG_SP = 2, REG_TP = 4, REG_S0 = 8, REG_S1 = 9, REG_A0 = 10, REG_S2 = 18, REG_NARGS = 8 };

typedef struct {
    unsigned long __gregs[32];
    union {
        struct {
            uint64_t __f[32];
            uint32_t __fcsr;
        } __d;
        char __room[528];
    } __fpregs;
} __attribute__((aligned(16))) mcontext_t;

typedef struct ucontext {
    unsigned long uc_flags;
    struct ucontext *uc_link;
    stack_t uc_stack;
    sigset_t uc_sigmask;
    char uc_unused[120];
    mcontext_t uc_mcontext;
} ucontext_t;
_Static_assert(offsetof(ucontext_t, uc_sigmask) == 40 && offsetof(ucontext_t, uc_mcontext) == 176 && sizeof(ucontext_t) == 960,
               "ucontext_t of Linux on riscv64");

#endif
