/*
 * page.S - zero and copy pages: most of what a zero-fill or copy-on-write fault costs; and zero a structure or copy bytes,
 * since the C library's memset and memcpy go byte by byte.
 * Pages are aligned. Zeroing is one long row of stores, and copying goes a kilobyte a turn: a loop over each store would cost
 * more than the stores.
 */
    .text
    .macro cbo_zero base                /* CMO spec, cbo.zero: the block around base; not every assembler knows its name */
    .insn i 0x0f, 2, x0, \base, 4
    .endm

    .globl page_zero
page_zero:                              /* (page) */
    lw   t0, page_zero_block
    bnez t0, 2f
    addi a0, a0, 1024
    addi a0, a0, 1024                   /* to its middle: offsets go from -2048 to 2047 */
    .set at, -2048
    .rept 512
    sd   zero, at(a0)
    .set at, at + 8
    .endr
    ret
2:  li   t1, 4096
    add  t1, a0, t1
3:  cbo_zero a0
    add  a0, a0, t0
    bne  a0, t1, 3b
    ret

/*
 * (page) -> 1 when cbo.zero works. Without menvcfg.CBZE, which is the firmware's, it is an illegal instruction, and the trap
 * goes to where the result is still 0. Interrupts are masked.
 */
    .globl cbo_zero_works
cbo_zero_works:
    mv   t1, a0
    li   a0, 0
    la   t0, 1f
    csrrw t0, stvec, t0
    cbo_zero t1
    li   a0, 1
    .balign 4
1:  csrw stvec, t0
    ret

    .macro eight_words op, base          /* the next 64 bytes from base on */
    .set word, at
    .irp register, t0, t1, t2, t3, t4, t5, a2, a3
    \op  \register, word(\base)
    .set word, word + 8
    .endr
    .endm

    .globl page_copy
page_copy:                              /* (to, from) */
    li   t6, 4096
    add  t6, a0, t6
1:
    .set at, 0
    .rept 16
    eight_words ld, a1
    eight_words sd, a0
    .set at, at + 64
    .endr
    addi a0, a0, 1024
    addi a1, a1, 1024
    bne  a0, t6, 1b
    ret

    .globl words_zero
words_zero:                             /* (start, size in bytes, a multiple of 8): 8 words at a time and then one by one */
    add  a1, a0, a1
1:  addi t1, a0, 64
    bgtu t1, a1, 2f
    .set at, 0
    .rept 8
    sd   zero, at(a0)
    .set at, at + 8
    .endr
    mv   a0, t1
    j    1b
2:  beq  a0, a1, 3f
    sd   zero, 0(a0)
    addi a0, a0, 8
    j    2b
3:  ret

    .macro copy_words load, store, size     /* whole words, 8 at a time and then one by one; t0: where they end */
1:  addi t1, a0, 8*\size
    bgtu t1, t0, 2f
    .set at, 0
    .rept 4
    \load  t2, at(a1)
    \load  t3, at+\size(a1)
    \store t2, at(a0)
    \store t3, at+\size(a0)
    .set at, at + 2*\size
    .endr
    addi a1, a1, 8*\size
    mv   a0, t1
    j    1b
2:  beq  a0, t0, 3f
    \load  t2, 0(a1)
    \store t2, 0(a0)
    addi a1, a1, \size
    addi a0, a0, \size
    j    2b
3:
    .endm

    .globl bytes_copy
bytes_copy:                             /* (to, from, size in bytes): by the largest words that fit both */
    add  a3, a0, a2
    or   t4, a0, a1
    andi t5, t4, 7
    bnez t5, 4f
    andi t0, a2, -8
    add  t0, a0, t0
    copy_words ld, sd, 8
    j    5f
4:  andi t5, t4, 3
    bnez t5, 5f
    andi t0, a2, -4
    add  t0, a0, t0
    copy_words lw, sw, 4
5:  beq  a0, a3, 6f
    lb   t2, 0(a1)
    sb   t2, 0(a0)
    addi a1, a1, 1
    addi a0, a0, 1
    j    5b
6:  ret
