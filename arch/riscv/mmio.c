/*
 * mmio.c - registers of devices that share memory with the kernel.
 * Source: Unprivileged spec, FENCE: memory (r, w) and devices (i, o) are ordered with each other by
 * a fence that names both.
 */
#include "arch/mmio.h"

static inline void fence_all(void) { __asm__ volatile("fence iorw, iorw" : : : "memory"); }

uint32_t mmio_read(const volatile uint32_t *reg)
{
    fence_all();
    uint32_t value = *reg;
    fence_all();
    return value;
}

void mmio_write(volatile uint32_t *reg, uint32_t value)
{
    fence_all();
    *reg = value;
    fence_all();
}
