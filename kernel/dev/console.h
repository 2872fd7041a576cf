/*
 * console.h - the terminal: lines in, lines out.
 * Owns: the line discipline and the two rings between programs and the UART.
 * Does not own: the UART's registers (uart.c), the format of the kernel's messages (kernel/print.c).
 */
#pragma once

#include <stddef.h>

#include "kernel/fs/file.h"

/* Find the UART: from now on console_print is heard. After fdt_read. */
void console_init(void);

/* Take interrupts, on this hart: input works, and programs' output no longer waits. After irq_init. */
void console_start(void);

/*
 * Print the kernel's own text, on a line of its own, after everything that programs have written so far.
 * Any context: polls, and takes only a lock of RANK_PRINT.
 */
void console_print(const char *text, size_t len);

/* See print_panic_mode() in kernel/print.h. */
void console_panic_mode(void);

/* The process group that ^C ends. */
void console_set_foreground(int pgid);

extern const struct file_ops console_file_ops;
