/*
 * print.h - the kernel's own voice on the console. Formats are those of printf(3) without floating
 * point. A line is at most PRINT_MAX bytes; the rest is cut. May be called from any context: it
 * polls the UART's transmitter and takes only the console's own spin lock. A message begins on a
 * line of its own, whatever a program has written before it.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define PRINT_MAX 512

void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/*
 * Where the text goes: the console hands this down when it has found its UART; until then nothing
 * is heard.
 * write: len bytes of whole lines, from any context. panic_mode: see below.
 */
struct print_sink {
    void (*write)(const char *text, size_t len);
    void (*panic_mode)(void);
};
void print_to(const struct print_sink *sink);

/* From now on take no lock at all: for panic(), whose hart may hold any, when no other hart prints any more. */
void print_panic_mode(void);
