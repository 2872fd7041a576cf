/*
 * kernel/riscv.h - the parts of the architecture that user programs of xv6 use: pages, the end of addresses, two registers.
 */
#ifndef XV6_KERNEL_RISCV_H
#define XV6_KERNEL_RISCV_H

#include "kernel/types.h"

#define PGSIZE          4096
#define PGSHIFT         12
#define PGROUNDUP(x)    (((x) + PGSIZE - 1) & ~(uint64)(PGSIZE - 1))
#define PGROUNDDOWN(x)  ((x) & ~(uint64)(PGSIZE - 1))

#define MAXVA           (1L << 38)      /* Sv39 without its upper half */

static inline uint64 r_sp(void)
{
    uint64 value;

    __asm__ volatile("mv %0, sp" : "=r"(value));
    return value;
}

static inline uint64 r_time(void)
{
    uint64 value;

    __asm__ volatile("rdtime %0" : "=r"(value));
    return value;
}

#endif
