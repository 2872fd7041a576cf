/*
 * posix_machine.h - what a case about signals must do or know in terms of the machine that it runs on.
 * On a machine that posix_machine.c does not know, each function skips the case.
 */
#ifndef TESTS_POSIX_MACHINE_H
#define TESTS_POSIX_MACHINE_H

#include <stdint.h>
#include <signal.h>
#include <ucontext.h>
#include <sys/types.h>

/* In the third argument of a handler: where the program was, its stack pointer, and what a function returns. */
uintptr_t context_pc(const ucontext_t *context);
uintptr_t context_sp(const ucontext_t *context);
void context_set_pc(ucontext_t *context, uintptr_t pc);
void context_set_result(ucontext_t *context, uintptr_t result);

/* Make system call nr with the stack pointer at sp, and come back to this stack. Returns what the kernel does: -Exxx. */
long call_with_sp(uintptr_t sp, long nr, long a, long b);

/*
 * vfork(2): returns twice, in the child with 0 and first. Returns -Exxx when there is no child. Who runs while memory is
 * shared must neither return from its caller nor change what that needs.
 */
pid_t vfork_here(void) __attribute__((returns_twice));

/*
 * Give every integer register that may be changed a value of its own, and store a byte to va. Returns 0 when all of them
 * still have it, whatever a handler did meanwhile.
 */
uint64_t registers_across_store(uintptr_t va);

#define FP_MAX 32

/*
 * Load n = fp_registers() floating-point registers from in, and the rounding mode from *control; store a byte to va; store
 * them to out and *control.
 */
unsigned fp_registers(void);
void fp_across_store(uintptr_t va, const uint64_t in[FP_MAX], uint64_t out[FP_MAX], uint32_t *control);
uint32_t fp_control_unusual(void);              /* a value of *control that is not the usual one */

/* Change all floating-point registers that a called function may. */
void fp_clobber(void);

/* An instruction that there is not, and the code that the handler is told. */
extern const unsigned char bad_instruction[];
extern const int bad_instruction_code;

/* The code of a function that returns at once, to be copied. */
extern const unsigned char return_code[], return_code_end[];

/*
 * Store to an odd address in a way that the machine refuses: SIGBUS, BUS_ADRALN. Skips where every access may be odd.
 */
void store_misaligned(uintptr_t va);

#endif
