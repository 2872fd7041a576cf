/*
 * trap.h - the dispatcher's entry points, for trap.S.
 */
#pragma once

#include "arch/context.h"

/*
 * The handler of the layer above for a system call: number in a7, arguments in a0 to a5, result in
 * a0; -ENOSYS for a number that it does not know.
 */
void syscall_dispatch(struct trapframe *tf);

void trap_dispatch(struct trapframe *tf, uint64_t cause, uint64_t value);
void trap_dispatch_kernel(struct trapframe *tf, uint64_t cause, uint64_t value);
_Noreturn void trap_stack_overflow(struct trapframe *tf, uint64_t cause, uint64_t value);

/* How often this cause has come, on all harts together. */
uint64_t trap_count(uint64_t cause);

/* Kill the calling process, and all who live in its address space: memory ran out for its access to va. */
void trap_out_of_memory(struct trapframe *tf, uint64_t va);

/* A new process, interrupts masked, is about to enter user mode for the first time. */
void trap_first_return(void);

/* Leave a system call for a new frame: the only way back to user mode from exec and from a signal's handler. */
_Noreturn void trap_enter_program(void);

/* "store page fault", for a cause of trap.c's table. */
const char *trap_cause_name(uint64_t cause);
