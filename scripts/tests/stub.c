/*
 * stub.c - the smallest guests that can misbehave, for the launcher's tests. BEHAVIOUR says how.
 * Not a model for anything: it takes QEMU's addresses for granted, which the kernel never does.
 */
#include <stdint.h>

enum { SILENT, HANG, ECHO, PANIC, TAP, NO_TAP };

static volatile uint8_t *const uart = (uint8_t *)0x10000000;
static volatile uint32_t *const test_device = (uint32_t *)0x100000;

/* The boot hart enters with no stack; everything else is C. */
__asm__(".section .text.start, \"ax\"\n"
        ".globl _start\n"
        "_start: la sp, stack_end\n"
        "        j stub_main\n");

char stack[4096] __attribute__((aligned(16)));
__asm__(".globl stack_end\n.set stack_end, stack + 4096");

static void print(const char *text)
{
    for (; *text; text++)
        uart[0] = *text;
}

static void power_off(unsigned status)
{
    *test_device = status == 0 ? 0x5555 : status << 16 | 0x3333;
}

/* Print each key as "key 61", so that control characters show; ^D ends with status 3. */
static void echo(void)
{
    const char digits[] = "0123456789abcdef";
    for (;;) {
        while (!(uart[5] & 1))
            ;
        uint8_t key = uart[0];
        char line[] = "key ??\r\n";
        line[4] = digits[key >> 4];
        line[5] = digits[key & 15];
        print(line);
        if (key == 4)
            power_off(3);
    }
}

void stub_main(void)
{
    if (BEHAVIOUR != SILENT)
        print("Faultline booting: stub\r\n");
    if (BEHAVIOUR == ECHO)
        echo();
    if (BEHAVIOUR == PANIC)
        print("panic: stub: value 0x2a\r\n");
    if (BEHAVIOUR == TAP) {
        print("noise before\r\nok 1 - first\r\nprinted by the test\r\nnot ok 2 - second\r\n# why\r\n1..2\r\nstub: bye");
        power_off(1);
    }
    if (BEHAVIOUR == NO_TAP)
        power_off(0);
    for (;;)
        ;
}
