/*
 * panic.h - what only a kernel bug can cause ends here: panic and assert come from arch/panic.h.
 */
#pragma once

#include <stdint.h>

#include "arch/panic.h"

struct trapframe;

/* panic for a trap taken in the kernel: also prints the registers at that moment, which tf holds. */
_Noreturn void panic_trap(const struct trapframe *tf, const char *format, ...) __attribute__((format(printf, 2, 3)));
