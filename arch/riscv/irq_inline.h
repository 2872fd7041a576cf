/*
 * irq_inline.h - masking interrupts on this hart: part of arch/context.h.
 */
#pragma once

#include "arch/riscv/csr.h"

static inline unsigned long irq_mask(void)
{
    unsigned long old;
    __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(old) : : "memory");
    return old & SSTATUS_SIE;
}

static inline void irq_unmask(void) { __asm__ volatile("csrsi sstatus, 2" : : : "memory"); }

static inline void irq_restore(unsigned long flags)
{
    if (flags)
        irq_unmask();
}

static inline void wait_for_interrupt(void) { __asm__ volatile("wfi" : : : "memory"); }
