/*
 * coverage.c - hands out what gcov has counted, before the machine powers off. Part of
 * faultline-coverage.elf only, whose linker lets machine_power_off come by here. scripts/coverage
 * reads the lines.
 *
 * For each object file a line "gcov-file:NAME", then the contents of that .gcda file (GCC manual,
 * "Profiling and Test Coverage in Freestanding Environments") in lines "gcov-data:" of hexadecimal
 * digits, since the console is not made for bytes.
 */
#include <gcov.h>
#include <stddef.h>

#include "arch/power.h"
#include "kernel/dev/uart.h"
#include "kernel/core/hart.h"
#include "kernel/core/print.h"

#define BYTES_PER_LINE 60

extern const struct gcov_info *const __gcov_info_start[], *const __gcov_info_end[];

void __wrap_machine_power_off(unsigned code);
_Noreturn void __real_machine_power_off(unsigned code);

static unsigned column;

static void put_text(const char *text)
{
    for (; *text != '\0'; text++)
        uart_put_polled(*text);
}

static void put_bytes(const void *start, unsigned len, void *unused)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = start;
    (void)unused;
    for (unsigned i = 0; i < len; i++) {
        if (column++ % BYTES_PER_LINE == 0)
            put_text("\ngcov-data:");
        uart_put_polled(digits[byte[i] >> 4]);
        uart_put_polled(digits[byte[i] & 15]);
    }
}

static void put_name(const char *name, void *unused)
{
    (void)unused;
    put_text("\ngcov-file:");
    put_text(name);
    column = 0;
}

/* For counters of values, of which there are none. */
static void *no_room(unsigned len, void *unused)
{
    (void)len, (void)unused;
    return NULL;
}

void __wrap_machine_power_off(unsigned code)
{
    harts_stop();
    print_panic_mode();                 /* nothing waits to be printed, and nobody prints from here on */
    for (const struct gcov_info *const *info = __gcov_info_start; info < __gcov_info_end; info++)
        __gcov_info_to_gcda(*info, put_name, put_bytes, no_room, NULL);
    put_text("\n");
    __real_machine_power_off(code);
}
