/*
 * signal_frame.c - the layout of a signal frame, and the way of the registers into it and back. A
 * frame comes back from the program, which may have put anything there. pc and x1 to x31 are the
 * program's own whatever they are: user mode faults where it may not go. sstatus, which says what
 * mode that is, is not in the frame.
 */
#include "arch/mmu.h"
#include "arch/signal_frame.h"

#define AT(member, offset) _Static_assert(offsetof(struct signal_frame, member) == (offset), #member)
AT(context.flags, 128);
AT(context.link, 136);
AT(context.stack.base, 144);
AT(context.stack.flags, 152);
AT(context.stack.size_bytes, 160);
AT(context.mask, 168);
AT(context.machine, 304);
AT(context.machine.pc, 304);
AT(context.machine.x, 312);
AT(context.machine.f, 560);
AT(context.machine.fcsr, 816);
AT(context.machine.reserved, 1076);
_Static_assert(sizeof(struct signal_frame) == 1088, "struct rt_sigframe of riscv64");

const uint32_t signal_trampoline[2] = { 0x08b00893, 0x00000073 };

void signal_frame_save(struct signal_frame *frame, const struct trapframe *tf, const struct fp_context *fp)
{
    static const struct fp_context unused;
    if (fp == NULL)
        fp = &unused;
    frame->context.machine.pc = tf->pc;
    bytes_copy(frame->context.machine.x, tf->x + 1, sizeof frame->context.machine.x);
    bytes_copy(frame->context.machine.f, fp->f, sizeof fp->f);
    frame->context.machine.fcsr = (uint32_t)fp->fcsr;
}

void signal_frame_enter(struct trapframe *tf, vaddr_t frame_va, int signal, vaddr_t handler, vaddr_t trampoline_va)
{
    tf->pc = handler;
    tf->x[REG_RA] = trampoline_va;
    tf->x[REG_SP] = frame_va;
    tf->x[REG_A0] = (uint64_t)signal;
    tf->x[REG_A1] = frame_va + offsetof(struct signal_frame, info);
    tf->x[REG_A2] = frame_va + offsetof(struct signal_frame, context);
}

bool signal_frame_restore(const struct signal_frame *frame, struct trapframe *tf, struct fp_context *fp)
{
    const uint32_t *reserved = frame->context.machine.reserved;
    if ((reserved[0] | reserved[1] | reserved[2]) != 0)
        return false;
    tf->pc = frame->context.machine.pc;
    bytes_copy(tf->x + 1, frame->context.machine.x, sizeof frame->context.machine.x);
    bytes_copy(fp->f, frame->context.machine.f, sizeof fp->f);
    fp->fcsr = frame->context.machine.fcsr;
    return true;
}
