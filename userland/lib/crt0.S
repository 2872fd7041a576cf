/*
 * crt0.S - the first instructions of a program, and the system-call gate.
 * Owns: gp, tp and the stack at entry; the system-call gate, and the one call that returns on another stack.
 * Does not own: what happens then (crt0.c), the names of the calls (process.c, file.c, clock.c).
 */
#include <sys/syscall.h>

/* Entry: sp points at argc, as the psABI and Linux have it. Everything else in the registers is unspecified. */
    .section .text.start, "ax"
    .globl  _start
    .type   _start, @function
_start:
    .option push
    .option norelax                         /* la gp must not be relaxed to use gp itself */
    la      gp, __global_pointer$
    .option pop
    la      tp, __tls_block
    mv      a0, sp
    andi    sp, sp, -16                     /* psABI: 16-byte aligned at calls */
    li      s0, 0                           /* a backtrace ends here */
    li      ra, 0
    tail    __start_c
    .size   _start, . - _start

/* long raw_syscall(long nr, ...): contract in faultline.h */
    .section .text.raw_syscall, "ax"
    .balign 32                              /* inside one page: kfail fails allocations from before it to behind it */
    .globl  raw_syscall
    .type   raw_syscall, @function
raw_syscall:
    mv      a7, a0
    mv      a0, a1
    mv      a1, a2
    mv      a2, a3
    mv      a3, a4
    mv      a4, a5
    mv      a5, a6
    ecall
    ret
    .size   raw_syscall, . - raw_syscall

/* long syscall(long nr, ...): contract in faultline.h */
    .section .text.syscall, "ax"
    .globl  syscall
    .type   syscall, @function
syscall:
    mv      a7, a0
    mv      a0, a1
    mv      a1, a2
    mv      a2, a3
    mv      a3, a4
    mv      a4, a5
    mv      a5, a6
    ecall
    .globl  __syscall_result
__syscall_result:
    li      t0, -4095                       /* -4095..-1 are errors; every other value is a result */
    bgeu    a0, t0, 1f
    ret
1:      neg     a0, a0
    lui     t0, %tprel_hi(errno)
    add     t0, t0, tp, %tprel_add(errno)
    sw      a0, %tprel_lo(errno)(t0)
    li      a0, -1
    ret
    .size   syscall, . - syscall

/* int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...): contract in sched.h */
    .section .text.clone, "ax"
    .globl  clone
    .type   clone, @function
clone:
    mv      t0, a0                          /* the child begins with its parent's registers: nothing need be on its stack */
    mv      t1, a3
    mv      a0, a2
    andi    a1, a1, -16                     /* psABI */
    mv      a2, a4                          /* parent_tid, tls, child_tid: psABI, variable arguments lie as others do */
    mv      a3, a5
    mv      a4, a6
    li      a7, SYS_clone
    ecall
    beqz    a0, 1f
    tail    __syscall_result
1:      li      s0, 0                       /* a backtrace ends here */
    mv      a0, t1
    jalr    t0
    tail    _exit
    .size   clone, . - clone
