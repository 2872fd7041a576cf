/*
 * start.S - the first instructions of an xv6 program.
 * Owns: gp; the move from the native stack to the program's own.
 * Does not own: what lies on either (start.c). There is no TLS block: the library keeps nothing in one, and tp is not used.
 */
    .section .text.start, "ax"
    .globl  _start
    .type   _start, @function
_start:
    .option push
    .option norelax                         /* la gp must not be relaxed to use gp itself */
    la      gp, __global_pointer$
    .option pop
    mv      a0, sp                          /* argc, argv, envp, as Linux hands them over */
    andi    sp, sp, -16                     /* psABI: 16-byte aligned at calls */
    li      s0, 0                           /* a backtrace ends here */
    call    __xv6_prepare
    mv      sp, a0
    li      ra, 0
    tail    __xv6_run
    .size   _start, . - _start
