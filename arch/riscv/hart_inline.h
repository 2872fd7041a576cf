/*
 * hart_inline.h - this hart: who it is, masking its interrupts. Part of arch/context.h.
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

/* Volatile: a process that has slept may run on another hart, so the compiler must not keep it over a call. */
static inline void *hart_self(void)
{
    void *self;
    __asm__ volatile("mv %0, tp" : "=r"(self));
    return self;
}

static inline void hart_set_self(void *self) { __asm__ volatile("mv tp, %0" : : "r"(self) : "memory"); }

/* The pause hint, Zihintpause: a fence that does nothing where it is unknown. */
static inline void hart_relax(void) { __asm__ volatile(".word 0x0100000f"); }
