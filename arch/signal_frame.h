/*
 * signal_frame.h - a program's registers on its own stack while a handler runs.
 * Owns: struct signal_frame, which programs know: the siginfo_t and the ucontext_t that a handler
 * is called with.
 * Does not own: when a handler is called, how the frame gets to the stack and back
 * (kernel/handler.c).
 * Source: Linux's ABI of riscv64, for which see userland/lib/include/ucontext.h too.
 */
#pragma once

#include "arch/context.h"
#include "arch/types.h"

/* sigaltstack(2) */
struct signal_stack {
    vaddr_t base;
    int32_t flags, pad;
    uint64_t size_bytes;
};

struct signal_frame {
    uint8_t info[128];                  /* siginfo_t */
    struct signal_context {             /* ucontext_t */
        uint64_t flags, link;
        struct signal_stack stack;
        uint64_t mask;                  /* blocked signals, to be blocked again when the handler returns */
        uint64_t mask_rest[16];         /* 0: there are 64 signals */
        struct {                        /* mcontext_t, 16-byte aligned in memory and in its place */
            uint64_t pc;
            uint64_t x[31];             /* x1 to x31: x0, which is always zero, has no place */
            uint64_t f[32];
            uint32_t fcsr;
            uint32_t unused[64];        /* 128-bit floating-point registers would need so much more */
            uint32_t reserved[3];       /* 0: no more state follows */
        } machine __attribute__((aligned(16)));
    } context;
};

/* li a7, 139 (rt_sigreturn); ecall: what a handler returns to. Debuggers know a frame by these words. */
extern const uint32_t signal_trampoline[2];

/* Write the registers of tf, and those of fp (NULL: not in use, zeroes), to frame, whose other fields are left alone. */
void signal_frame_save(struct signal_frame *frame, const struct trapframe *tf, const struct fp_context *fp);

/* Have tf call handler(signal, info, context) on the frame that lies at frame_va, returning to trampoline_va. */
void signal_frame_enter(struct trapframe *tf, vaddr_t frame_va, int signal, vaddr_t handler, vaddr_t trampoline_va);

/*
 * Set tf and fp to what frame says, which a program may have written: only what is the program's
 * own to change. Returns false, nothing changed, when it has more state than is known here.
 */
bool signal_frame_restore(const struct signal_frame *frame, struct trapframe *tf, struct fp_context *fp);
