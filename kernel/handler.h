/*
 * handler.h - into a signal's handler and back.
 * Owns: where a frame goes (sigaltstack(2)), what becomes of a system call that a signal has ended,
 * the page that handlers
 *       return to.
 * Does not own: which signal is taken (signal.h), which registers a frame has
 * (arch/signal_frame.h).
 */
#pragma once

#include <stdbool.h>

#include "arch/signal_frame.h"

struct addrspace;
struct vm_object;

/*
 * The calling process, on its way back to user mode, takes its signals: it dies, stops, or goes to
 * handlers, tf being a call of the last of them. Locks: none; interrupts are not masked.
 */
void handlers_enter(struct trapframe *tf);

/* rt_sigreturn(2): tf becomes what the frame at its stack pointer says. The caller leaves by trap_enter_program. */
void handler_return(struct trapframe *tf);

/* sigaltstack(2), with the program's stack pointer at sp. Returns 0, -EPERM, -EINVAL, -ENOMEM. */
int signal_stack_set(const struct signal_stack *new, vaddr_t sp);
struct signal_stack signal_stack_get(vaddr_t sp);

/* The page that handlers return to: the same for all programs, mapped into each. Returns 0 and *va, or as as_map. */
void trampoline_init(void);
int trampoline_map(struct addrspace *as, vaddr_t *va);
bool is_trampoline(const struct vm_object *object);
