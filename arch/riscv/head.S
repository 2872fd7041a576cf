/*
 * head.S - from the firmware to C.
 * Source: SBI 1.0, HSM, "Hart start": S-mode, satp 0, interrupts off, a0 = hart id, a1 = device tree or opaque value.
 *
 * A first page table of 1 GiB leaves maps low physical memory twice: at its own address, so that the instruction after the
 * one that sets satp is there, and in the direct map, where the kernel is linked. mmu.c replaces it by the real one.
 */
#include "arch/riscv/offsets.h"

    .section .text.start, "ax"
    .globl _start
_start:
    /*
     * OpenSBI (1.1 at least) marks a hart for starting before it writes down where: a hart that looks in between comes here,
     * as if it were to boot. It stops itself; main.c starts again who does not come online.
     */
    la   t0, boot_claimed
    li   t1, 1
    amoswap.w.aq t1, t1, (t0)
    bnez t1, stop_this_hart
    la   sp, boot_stack_top
    call enable_paging                  /* sp and ra are high from here on */
    la   sp, boot_stack_top
    /* bss is not part of the image; nobody has cleared it */
    la   t0, __bss_start
    la   t1, __bss_end
1:  sd   zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b
    tail kernel_main                    /* (hart id, physical address of the device tree) */

stop_this_hart:                         /* SBI 1.0, HSM, "Hart stop" */
    li   a7, 0x48534d
    li   a6, 1
    ecall
1:  wfi
    j    1b

    /* Other harts: a1 = struct hart of this hart, a kernel address whose idle stack is ready. */
    .globl secondary_start
secondary_start:
    call enable_paging
    /* The idle stack is not in the direct map: it needs the real table before the first push. */
    ld   t0, kernel_satp
    csrw satp, t0
    sfence.vma
    mv   tp, a1
    ld   sp, HART_FRAME(tp)             /* the top of the idle thread's stack */
    tail hart_main

/* Turn on the first page table and return at the high address. Keeps a0 and a1. */
enable_paging:
    la   t0, first_root
    srli t0, t0, 12
    li   t1, 8 << 60                    /* Sv39 */
    or   t0, t0, t1
    sfence.vma
    csrw satp, t0
    sfence.vma
    li   t1, DIRECT_OFFSET
    add  ra, ra, t1
    ret

    .section .data
boot_claimed:                           /* not in bss, which the first to come clears */
    .word 0
    .balign 4096
first_root:
    .set pa, 0                          /* the lower half: 32 GiB, DIRECT_SIZE, at their own addresses */
    .rept 32
    .quad (pa << 28) | 0xcf             /* D A X W R V */
    .set pa, pa + 1
    .endr
    .fill 256 - 32, 8, 0
    .set pa, 0                          /* the upper half: the same from DIRECT_OFFSET on */
    .rept 32
    .quad (pa << 28) | 0xcf
    .set pa, pa + 1
    .endr
    .fill 256 - 32, 8, 0

    .section .bss
    .balign 2 << KSTACK_SHIFT           /* trap_entry takes the lower half of such a block for a guard */
    .space 2 << KSTACK_SHIFT
boot_stack_top:
