/*
 * console.h - the terminal: lines in, lines out.
 * Owns: the line discipline and the two rings between programs and the UART.
 * Does not own: the UART's registers (uart.c), the format of the kernel's messages
 * (kernel/core/print.c).
 */
#pragma once

#include <stddef.h>

#include "kernel/fs/file.h"

/* Hand the kernel's own voice (kernel/core/print.h) a way to the UART. First of all: even the device tree may be wrong. */
void console_init(void);

/* Take interrupts, on this hart: input works, and programs' output no longer waits. After irq_init. */
void console_start(void);

/* The process group that ^C and the like are for, and that may read. */
void console_set_foreground(int pgid);

extern const struct file_ops console_file_ops;
