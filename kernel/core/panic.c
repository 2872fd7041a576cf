/*
 * panic.c - the end of a kernel that has found a bug in itself.
 * Owns: panic, the backtrace, names for addresses.
 */
#include <stdarg.h>
#include <stdio.h>

#include "arch/context.h"
#include "arch/hart.h"
#include "arch/kernel_space.h"
#include "arch/power.h"
#include "kernel/core/hart.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/core/thread.h"

#define PANIC_STATUS  255
#define BACKTRACE_MAX 40

/* The kernel's functions, by address. The table is made from the first link of the kernel; this one serves that first link. */
struct ksym {
    uint64_t addr;
    const char *name;
};
__attribute__((weak, section(".ksyms"))) const struct ksym ksyms[1] = { { 0, "" } };
__attribute__((weak, section(".ksyms"))) const size_t nksyms = 0;

/* The function that contains addr, and how far in; NULL: none. */
static const char *symbol_find(uint64_t addr, uint64_t *offset)
{
    const struct ksym *volatile table = ksyms;  /* the linker decides which table; the compiler must not assume one */
    size_t low = 0, high = *(const volatile size_t *)&nksyms;
    if (high == 0 || addr < table[0].addr)
        return NULL;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (table[mid].addr <= addr)
            low = mid;
        else
            high = mid;
    }
    *offset = addr - table[low].addr;
    return table[low].name;
}

static void print_frame(unsigned depth, uint64_t addr)
{
    uint64_t offset;
    const char *name = symbol_find(addr, &offset);
    kprintf("  #%u %#lx %s+%#lx\n", depth, addr, name != NULL ? name : "?", name != NULL ? offset : 0);
}

static bool on_stack(uint64_t fp, uint64_t stack)
{
    return fp % 8 == 0 && (fp - 16) >> KSTACK_SHIFT == stack && (stack & 1) != 0;
}

static uint64_t function_of(uint64_t addr)
{
    uint64_t offset;
    return symbol_find(addr, &offset) != NULL ? addr - offset : 0;
}

/*
 * Follow the frame pointers: below where s0 points lie the return address and the caller's s0. A
 * leaf function may keep no return address, only the caller's s0; it can only be the first, and
 * then its return address is still in ra. So it is where there is no frame: in a wild jump, and at
 * the beginning and the end of a function.
 */
static void backtrace(uint64_t pc, uint64_t ra, uint64_t fp)
{
    uint64_t stack = (fp - 16) >> KSTACK_SHIFT, by_ra = 0;
    unsigned depth = 0;
    print_frame(depth++, pc);
    if (ra != 0 && function_of(ra - 1) != function_of(pc)) {
        by_ra = ra;
        print_frame(depth++, ra - 1);
    }
    while (depth < BACKTRACE_MAX && on_stack(fp, stack)) {
        const uint64_t *frame = (const uint64_t *)fp;
        bool leaf = on_stack(frame[-1], stack);
        uint64_t next = leaf ? frame[-1] : frame[-2];
        if (frame[-1] == 0)
            break;
        if (!leaf && frame[-1] != by_ra)
            print_frame(depth++, frame[-1] - 1);
        by_ra = 0;
        if (next <= fp)
            break;
        fp = next;
    }
}

static void print_registers(const struct trapframe *tf)
{
    static const char *const names[32] = { "pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                           "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                           "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
    for (unsigned i = 0; i < 32; i += 4)
        kprintf("  %3s %016lx  %3s %016lx  %3s %016lx  %3s %016lx\n", names[i], tf->x[i], names[i + 1], tf->x[i + 1],
                names[i + 2], tf->x[i + 2], names[i + 3], tf->x[i + 3]);
    kprintf("  status %lx  cause %lx  value %lx\n", tf->status, tf->cause, tf->value);
}

static _Noreturn void die(const struct trapframe *tf, const char *format, va_list args)
{
    static _Atomic unsigned dying;
    const uint64_t *here = __builtin_frame_address(0);
    irq_mask();
    unsigned nobody = 0, me = hart_index() + 1;
    if (!atomic_compare_exchange_strong(&dying, &nobody, me))
        while (nobody != me)                    /* another hart was first: let it finish */
            hart_relax();
    if (nobody == me)                           /* this panic has a bug of its own */
        machine_power_off(PANIC_STATUS);
    print_panic_mode();
    uint64_t others = others_online();
    if (others != 0)
        hart_ask(others, HART_STOP);

    static char message[PRINT_MAX];             /* there may be little stack left */
    vsnprintf(message, sizeof message, format, args);
    const struct thread *t = thread_current();
    kprintf("panic: %s\n", message);
    kprintf("  hart %lu, %s[%d]\n", hart_index(), t != NULL ? t->name : "boot", t != NULL ? t->id : 0);
    if (tf != NULL)
        print_registers(tf);
    kprintf("backtrace:\n");
    if (tf != NULL)
        backtrace(tf->pc, tf->x[REG_RA], tf->x[REG_FP]);
    else
        backtrace(here[-1] - 1, 0, here[-2]);
    machine_power_off(PANIC_STATUS);
}

void panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    die(NULL, format, args);
}

void panic_trap(const struct trapframe *tf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    die(tf, format, args);
}

/* ---- stack canaries, in the checked kernel: gcc, -fstack-protector-strong ---- */

/* Lies between buffers and the return address. Not secret: it is to find mistakes. A string that runs over ends in its 0. */
const uint64_t __stack_chk_guard = 0x5afe00ca7a575afe;
_Noreturn void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
    uint64_t offset, caller = (uint64_t)__builtin_return_address(0);
    panic("%s wrote beyond the end of a buffer on its stack", symbol_find(caller - 1, &offset));
}
