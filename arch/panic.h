/*
 * panic.h - the one function that the machine calls in the kernel above it, and the assertion that
 * uses it.
 * Owns: the declaration. kernel/core/panic.c is the function; arch/host has one of its own. Besides
 * it, head.S and trap.S jump to kernel_main, hart_main and the three trap_ functions of
 * kernel/trap.h, and the checked kernel has the compiler's stack guard; no other call goes upward
 * from here. scripts/tests/layers.py knows these by name.
 */
#pragma once

/*
 * What only a bug of the kernel or the firmware can cause ends here: prints the message, a
 * backtrace, stops every hart and powers the machine off with status 255. It may be called
 * anywhere, with any lock held.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An assertion states what the caller promised; it is compiled only into the checked kernel. */
#define assert(cond)                                                                                     \
    do {                                                                                                 \
        if (CHECKED && __builtin_expect(!(cond), 0))                                                     \
            panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__, __func__, #cond);               \
    } while (0)
