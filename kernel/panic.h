/*
 * panic.h - what only a kernel bug can cause ends here.
 * Contract: panic() prints the message, the registers when there are any, a backtrace, stops every hart and powers the
 * machine off with status 255. It may be called anywhere, with any lock held.
 */
#pragma once

#include <stdint.h>

struct trapframe;

_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a trap taken in the kernel: tf holds the registers at that moment. */
_Noreturn void panic_trap(const struct trapframe *tf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* crash.c: make the bug that crash=NAME on the boot line asks for, to see that it is found; nothing without it. */
void crash_if_asked(void);

/* An assertion states what the caller promised; it is compiled only into the checked kernel. */
#define assert(cond)                                                                                     \
    do {                                                                                                 \
        if (CHECKED && __builtin_expect(!(cond), 0))                                                     \
            panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__, __func__, #cond);               \
    } while (0)
