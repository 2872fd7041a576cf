/*
 * trap.h - the dispatcher's entry points, for trap.S.
 */
#pragma once

#include "arch/context.h"

void trap_dispatch(struct trapframe *tf, uint64_t cause, uint64_t value);
void trap_dispatch_kernel(struct trapframe *tf, uint64_t cause, uint64_t value);
_Noreturn void trap_stack_overflow(struct trapframe *tf);

/* "store page fault", for a cause of trap.c's table. */
const char *trap_cause_name(uint64_t cause);
