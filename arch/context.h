/*
 * context.h - registers, as they are kept while something else runs.
 * Owns: the frame that trap_entry saves, the context of a switch, floating-point state, and the
 * causes of a trap. Offsets are known to trap.S; the assertions below keep both sides equal.
 */
#pragma once

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

/* All registers of a program at a trap. x[n] is register xn; x[0], which is always zero, keeps the pc. */
struct trapframe {
    union {
        uint64_t pc;
        uint64_t x[32];
    };
    uint64_t status;                    /* sstatus */
    uint64_t cause;                     /* scause and stval, for who looks at the frame later */
    uint64_t value;
    uint64_t unused;                    /* the stack pointer stays a multiple of 16 */
};

#define TRAPFRAME_SIZE 288
_Static_assert(sizeof(struct trapframe) == TRAPFRAME_SIZE, "trap.S knows the size");
_Static_assert(offsetof(struct trapframe, status) == 32 * 8, "trap.S knows the layout");

enum reg { REG_RA = 1, REG_SP = 2, REG_TP = 4, REG_FP = 8, REG_A0 = 10, REG_A1 = 11, REG_A2 = 12, REG_A7 = 17 };

/* scause: Privileged spec, Supervisor Cause Register. */
#define TRAP_INTERRUPT (1ul << 63)
#define TRAP_NONE UINT64_MAX             /* in a frame: it is not as a trap has left it */
enum trap_exception {
    TRAP_FETCH_MISALIGNED = 0,
    TRAP_FETCH_ACCESS = 1,
    TRAP_ILLEGAL = 2,
    TRAP_BREAKPOINT = 3,
    TRAP_LOAD_MISALIGNED = 4,
    TRAP_LOAD_ACCESS = 5,
    TRAP_STORE_MISALIGNED = 6,
    TRAP_STORE_ACCESS = 7,
    TRAP_ECALL_USER = 8,
    TRAP_FETCH_PAGE = 12,
    TRAP_LOAD_PAGE = 13,
    TRAP_STORE_PAGE = 15,
    TRAP_NEXCEPTIONS = 64               /* codes from here on are not standard and not custom either */
};
enum trap_interrupt { TRAP_SOFTWARE = 1, TRAP_TIMER = 5, TRAP_EXTERNAL = 9, TRAP_NINTERRUPTS = 10 };

/* What a function call keeps: all that a switch in the kernel has to. */
struct context {
    uint64_t ra;
    uint64_t sp;
    uint64_t s[12];
};

struct fp_context {
    uint64_t f[32];
    uint64_t fcsr;
};

/* Save the running context in from and go on in to; returns when something switches back to from. */
void context_switch(struct context *from, struct context *to);

/* The first context of a new process: calls start(), then returns to user mode with the frame at tf. */
void context_init(struct context *ctx, struct trapframe *tf, void (*start)(void));

/* A frame that enters user mode at pc with stack pointer sp and all other registers zero. */
void trapframe_init(struct trapframe *tf, uint64_t pc, uint64_t sp);

/*
 * Floating point costs nothing to who does not use it: FS is Off until the first instruction traps.
 * enable: turn it on for the program of tf with the registers of fp; save: put them into fp if they
 * have changed.
 */
void fp_enable(struct trapframe *tf, const struct fp_context *fp);
void fp_save(struct trapframe *tf, struct fp_context *fp);
void fp_restore(const struct fp_context *fp);

/* Was the illegal instruction that tf stopped at (its bits are in value) one of floating point, off on a hart that has it? */
bool fp_was_off(const struct trapframe *tf);

/*
 * The beginning of what hart_self() points at (kernel/core/hart.h): what trap.S and hart_index()
 * know of it.
 */
struct hart_base {
    uint64_t index;                     /* in machine.harts; hart_index() reads it */
    uint64_t scratch0;                  /* trap_entry */
    struct trapframe *frame;            /* where trap_entry saves the registers of the current thread */
    uint64_t emergency_stack;           /* top of a stack for reporting that the kernel stack has overflowed */
};

void trap_init_hart(void);              /* trap_entry takes this hart's traps from now on */
void trap_return(void);                 /* to user mode, with sp at a frame, interrupts masked: for call_on_stack */
_Noreturn void call_on_stack(uint64_t stack_top, void (*fn)(void));

/*
 * hart_self, hart_set_self: the struct hart of this hart, kept in a register; hart_relax: in a loop
 * that waits for another hart, lets it go faster.
 */
/* Interrupts on this hart: irq_mask, irq_unmask, irq_restore (what mask returned), wait_for_interrupt. */
#if defined(__riscv)
#include "arch/riscv/hart_inline.h"
#else
#include "arch/host/hart_inline.h"
#endif
