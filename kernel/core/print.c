/*
 * print.c - kprintf.
 * Owns: formatting, into a buffer on the stack so that a message goes out whole.
 * Does not own: the way to the UART (kernel/dev/console.c hands it down).
 */
#include <stdbool.h>
#include <stdio.h>

#include "kernel/core/print.h"

static const struct print_sink *sink;           /* fixed once set */

void print_to(const struct print_sink *to)
{
    sink = to;
}

void kvprintf(const char *format, va_list args)
{
    char text[PRINT_MAX];
    int len = vsnprintf(text, sizeof(text), format, args);
    if (len <= 0)
        return;
    if ((size_t)len >= sizeof(text)) {
        len = sizeof(text) - 1;
        text[len - 1] = '\n';           /* cut, but still a line */
    }
    if (sink != NULL)
        sink->write(text, (size_t)len);
}

void kprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    kvprintf(format, args);
    va_end(args);
}

void print_panic_mode(void)
{
    if (sink != NULL)
        sink->panic_mode();
}
