/*
 * page.S - zero and copy pages: most of what a zero-fill or copy-on-write fault costs; and zero a structure, since the C
 * library's memset stores byte by byte.
 * Both pages are aligned. A kilobyte a turn: the loop itself costs one instruction in a hundred.
 */
    .text
    .globl page_zero
page_zero:                              /* (page) */
    li   t0, 4096
    add  t0, a0, t0
1:
    .set at, 0
    .rept 128
    sd   zero, at(a0)
    .set at, at + 8
    .endr
    addi a0, a0, 1024
    bne  a0, t0, 1b
    ret

    .globl page_copy
page_copy:                              /* (to, from) */
    li   t6, 4096
    add  t6, a0, t6
1:
    .set at, 0
    .rept 16
    ld   t0, at(a1)
    ld   t1, at+8(a1)
    ld   t2, at+16(a1)
    ld   t3, at+24(a1)
    ld   t4, at+32(a1)
    ld   t5, at+40(a1)
    ld   a2, at+48(a1)
    ld   a3, at+56(a1)
    sd   t0, at(a0)
    sd   t1, at+8(a0)
    sd   t2, at+16(a0)
    sd   t3, at+24(a0)
    sd   t4, at+32(a0)
    sd   t5, at+40(a0)
    sd   a2, at+48(a0)
    sd   a3, at+56(a0)
    .set at, at + 64
    .endr
    addi a0, a0, 1024
    addi a1, a1, 1024
    bne  a0, t6, 1b
    ret

    .globl words_zero
words_zero:                             /* (start, size in bytes, a multiple of 8) */
    add  a1, a0, a1
    beq  a0, a1, 2f
1:  sd   zero, 0(a0)
    addi a0, a0, 8
    bne  a0, a1, 1b
2:  ret
