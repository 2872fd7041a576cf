/*
 * kernel/memlayout.h - the borders of xv6's address spaces.
 * Of a process: text, data, a page that nobody may touch, the stack, the heap up to TRAPFRAME. The library makes it so, except
 * that text begins at 0x10000: page 0 is never mapped here.
 */
#ifndef XV6_KERNEL_MEMLAYOUT_H
#define XV6_KERNEL_MEMLAYOUT_H

#include "kernel/riscv.h"

#define KERNBASE   0x80000000L          /* where xv6's kernel lies; here no program may touch it either */
#define PHYSTOP    (KERNBASE + 128 * 1024 * 1024)

#define TRAMPOLINE (MAXVA - PGSIZE)
#define TRAPFRAME  (TRAMPOLINE - PGSIZE)

#endif
