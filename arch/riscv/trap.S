/*
 * trap.S - the way into the kernel and back.
 * Owns: trap_entry and trap_return; what is in sscratch: the hart in user mode, 0 in the kernel.
 * Read next: trap_dispatch in kernel/trap.c.
 */
#include "arch/riscv/offsets.h"

#define FRAME_SIZE    288
#define FRAME_SSTATUS (32 * 8)

/* Registers other than x2 (sp) and x4 (tp), which need care, and x0, whose place keeps the pc. */
.macro for_scratch_registers op
    \op  x1,  1*8(sp)
    \op  x3,  3*8(sp)
    \op  x5,  5*8(sp)
    \op  x6,  6*8(sp)
    \op  x7,  7*8(sp)
    \op  x10, 10*8(sp)
    \op  x11, 11*8(sp)
    \op  x12, 12*8(sp)
    \op  x13, 13*8(sp)
    \op  x14, 14*8(sp)
    \op  x15, 15*8(sp)
    \op  x16, 16*8(sp)
    \op  x17, 17*8(sp)
    \op  x28, 28*8(sp)
    \op  x29, 29*8(sp)
    \op  x30, 30*8(sp)
    \op  x31, 31*8(sp)
.endm

/* s0 to s11: what C functions leave as they found it. */
.macro for_preserved_registers op
    \op  x8,  8*8(sp)
    \op  x9,  9*8(sp)
    \op  x18, 18*8(sp)
    \op  x19, 19*8(sp)
    \op  x20, 20*8(sp)
    \op  x21, 21*8(sp)
    \op  x22, 22*8(sp)
    \op  x23, 23*8(sp)
    \op  x24, 24*8(sp)
    \op  x25, 25*8(sp)
    \op  x26, 26*8(sp)
    \op  x27, 27*8(sp)
.endm

.macro for_registers op
    for_scratch_registers \op
    for_preserved_registers \op
.endm

/* sepc and sstatus: a nested trap, or another process that runs meanwhile, changes the registers themselves. */
.macro save_state
    csrr a0, sepc
    csrr a1, sstatus
    sd   a0, 0(sp)
    sd   a1, FRAME_SSTATUS(sp)
.endm

.macro restore_state
    ld   a0, FRAME_SSTATUS(sp)
    ld   a1, 0(sp)
    csrw sstatus, a0                    /* SIE is clear in it: no interrupt from here to sret */
    csrw sepc, a1
.endm

    .text
    .balign 4                           /* Privileged spec, stvec */
    .globl trap_entry
trap_entry:
    csrrw tp, sscratch, tp
    beqz tp, from_kernel

    /* From user mode. The frame lies at the top of the process's kernel stack. */
    sd   sp, HART_SCRATCH0(tp)
    ld   sp, HART_FRAME(tp)
    for_registers sd
    ld   t0, HART_SCRATCH0(tp)
    csrrw t1, sscratch, zero
    sd   t0, 2*8(sp)
    sd   t1, 4*8(sp)
    save_state
    csrr a1, scause
    csrr a2, stval
    mv   a0, sp
    call trap_dispatch                  /* (frame, cause, value) */

    /* s0 to s11 still hold the program's values, so they need not be loaded. */
    restore_state
    csrw sscratch, tp
    ld   x4, 4*8(sp)
    for_scratch_registers ld
    ld   sp, 2*8(sp)
    sret

/* Enter user mode with all of the frame, as a new process or a new program does. sp = frame, interrupts masked. */
    .globl trap_return
trap_return:
    restore_state
    csrw sscratch, tp
    ld   x4, 4*8(sp)
    for_registers ld
    ld   sp, 2*8(sp)
    sret

    /* From the kernel itself: an interrupt, or a bug. */
from_kernel:
    csrrw tp, sscratch, zero
    addi sp, sp, -FRAME_SIZE
    /* Stacks lie in the upper halves of aligned blocks, so one bit tells whether this frame would fall off the stack. */
    sd   t0, HART_SCRATCH0(tp)
    srli t0, sp, KSTACK_SHIFT
    andi t0, t0, 1
    beqz t0, stack_overflow
    ld   t0, HART_SCRATCH0(tp)
    for_registers sd
    addi t0, sp, FRAME_SIZE
    sd   t0, 2*8(sp)
    sd   tp, 4*8(sp)
    save_state
    csrr a1, scause
    csrr a2, stval
    mv   a0, sp
    call trap_dispatch_kernel                  /* (frame, cause, value); returns for interrupts */
    restore_state
    for_registers ld
    ld   sp, 2*8(sp)                    /* tp is this hart still: the kernel is not preempted */
    sret

stack_overflow:
    mv   t0, sp
    ld   sp, HART_EMERGENCY(tp)
    addi sp, sp, -FRAME_SIZE
    addi t0, t0, FRAME_SIZE
    sd   t0, 2*8(sp)
    ld   t0, HART_SCRATCH0(tp)
    for_registers sd
    sd   tp, 4*8(sp)
    save_state
    csrr a1, scause
    csrr a2, stval
    mv   a0, sp
    call trap_stack_overflow            /* does not return */

/* The first switch to a new process comes here: s0 = what to call first, sp = its frame. See context_init. */
    .globl context_start
context_start:
    jalr s0
    tail trap_return

/* void context_switch(struct context *from, struct context *to) */
    .globl context_switch
context_switch:
    sd   ra,   0(a0)
    sd   sp,   8(a0)
    sd   s0,  16(a0)
    sd   s1,  24(a0)
    sd   s2,  32(a0)
    sd   s3,  40(a0)
    sd   s4,  48(a0)
    sd   s5,  56(a0)
    sd   s6,  64(a0)
    sd   s7,  72(a0)
    sd   s8,  80(a0)
    sd   s9,  88(a0)
    sd   s10, 96(a0)
    sd   s11, 104(a0)
    ld   ra,   0(a1)
    ld   sp,   8(a1)
    ld   s0,  16(a1)
    ld   s1,  24(a1)
    ld   s2,  32(a1)
    ld   s3,  40(a1)
    ld   s4,  48(a1)
    ld   s5,  56(a1)
    ld   s6,  64(a1)
    ld   s7,  72(a1)
    ld   s8,  80(a1)
    ld   s9,  88(a1)
    ld   s10, 96(a1)
    ld   s11, 104(a1)
    ret

/* _Noreturn void call_on_stack(uint64_t stack_top, void (*fn)(void)) */
    .globl call_on_stack
call_on_stack:
    mv   sp, a0
    mv   s0, zero
    jr   a1

/* The kernel itself is compiled without floating point; these two are the only instructions of it. */
    .option push
    .option arch, +f, +d
.macro for_fp op
    \op f0,    0*8(a0)
    \op f1,    1*8(a0)
    \op f2,    2*8(a0)
    \op f3,    3*8(a0)
    \op f4,    4*8(a0)
    \op f5,    5*8(a0)
    \op f6,    6*8(a0)
    \op f7,    7*8(a0)
    \op f8,    8*8(a0)
    \op f9,    9*8(a0)
    \op f10,  10*8(a0)
    \op f11,  11*8(a0)
    \op f12,  12*8(a0)
    \op f13,  13*8(a0)
    \op f14,  14*8(a0)
    \op f15,  15*8(a0)
    \op f16,  16*8(a0)
    \op f17,  17*8(a0)
    \op f18,  18*8(a0)
    \op f19,  19*8(a0)
    \op f20,  20*8(a0)
    \op f21,  21*8(a0)
    \op f22,  22*8(a0)
    \op f23,  23*8(a0)
    \op f24,  24*8(a0)
    \op f25,  25*8(a0)
    \op f26,  26*8(a0)
    \op f27,  27*8(a0)
    \op f28,  28*8(a0)
    \op f29,  29*8(a0)
    \op f30,  30*8(a0)
    \op f31,  31*8(a0)
.endm

    .globl fp_registers_save
fp_registers_save:                      /* (struct fp_context *), with FS on */
    for_fp fsd
    frcsr t0
    sd   t0, 32*8(a0)
    ret

    .globl fp_registers_load
fp_registers_load:
    for_fp fld
    ld   t0, 32*8(a0)
    fscsr t0
    ret
    .option pop
