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
    .irp n, 1, 3, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
    \op  x\n, \n*8(sp)
    .endr
.endm

/* s0 to s11: what C functions leave as they found it. */
.macro for_preserved_registers op
    .irp n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
    \op  x\n, \n*8(sp)
    .endr
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
    cfi_frame_saved
.endm

.macro restore_state
    ld   a0, FRAME_SSTATUS(sp)
    ld   a1, 0(sp)
    csrw sstatus, a0                    /* SIE is clear in it: no interrupt from here to sret */
    csrw sepc, a1
.endm

/* For debuggers: a trap's frame is at sp, as large as it is. sepc stands for the pc that the trap came from. */
.macro cfi_frame_saved
    .cfi_def_cfa sp, FRAME_SIZE
    .cfi_offset sepc, -FRAME_SIZE
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .cfi_offset \n, \n*8 - FRAME_SIZE
    .endr
.endm

    .text
    .balign 4                           /* Privileged spec, stvec */
    .cfi_sections .debug_frame
    .cfi_startproc
    .cfi_signal_frame                   /* it may lie on another stack, and its pc is not behind a call */
    .cfi_return_column sepc
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
    .cfi_endproc

.macro for_context op, context         /* struct context */
    .set at, 0
    .irp register, ra, sp, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
    \op  \register, at(\context)
    .set at, at + 8
    .endr
.endm

/* void context_switch(struct context *from, struct context *to) */
    .globl context_switch
context_switch:
    for_context sd, a0
    for_context ld, a1
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
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \op f\n, \n*8(a0)
    .endr
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
