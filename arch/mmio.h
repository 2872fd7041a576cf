/*
 * mmio.h - registers of devices that share memory with the kernel.
 * Contract: in the order of the program with all that comes before and behind, be it to memory or
 * to other registers. So what a register is told about is in memory by then, and what it tells of
 * is seen from then on.
 */
#pragma once

#include "arch/types.h"

uint32_t mmio_read(const volatile uint32_t *reg);
void mmio_write(volatile uint32_t *reg, uint32_t value);
