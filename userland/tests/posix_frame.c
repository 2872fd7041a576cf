/*
 * posix_frame.c - what a handler finds on its stack and in its registers, byte by byte, on riscv64. Elsewhere there are no cases.
 * Contract: Linux's riscv64 ABI, by which debuggers and unwinders find their way through a frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_machine.h"
#include "posix_signals.h"

#ifdef __riscv

enum {                                              /* offsets in the frame; it begins with the siginfo_t */
    FRAME_CONTEXT = 128, FRAME_STACK = 144, FRAME_MASK = 168, FRAME_UNUSED = 176, FRAME_REGISTERS = 304, FRAME_FP = 560,
    FRAME_FCSR = 816, FRAME_AFTER_FP = 820, FRAME_RESERVED = 1076, FRAME_BYTES = 1088
};

#define FILLER 0xa5

uint64_t entered[32];                               /* registers when the handler began; place N is xN */

void frame_handler(int number, siginfo_t *info, void *context);
long call_with_values(uintptr_t sp, long nr, long a, long b);

/* frame_handler stores all registers but t0 and t1; call_with_values makes a system call with a value of its own in each. */
__asm__(".text\n"
        "frame_handler:\n"
        "    lla  t0, entered\n"
        "    .irp n, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, "
        "31\n"
        "    sd   x\\n, 8 * \\n(t0)\n"
        "    .endr\n"
        "    ret\n"

        "call_with_values:\n"
        "    addi sp, sp, -112\n"
        "    sd   ra, 0(sp)\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    sd   s\\n, 8 + 8 * \\n(sp)\n"
        "    .endr\n"
        "    mv   t0, sp\n"
        "    mv   sp, a0\n"
        "    mv   a7, a1\n"
        "    mv   a0, a2\n"
        "    mv   a1, a3\n"
        "    .irp n, 7, 8, 9, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n"
        "    li   x\\n, 0x5a5a1000 + \\n\n"
        "    .endr\n"
        "    ecall\n"
        "after_call_with_values:\n"
        "    mv   sp, t0\n"
        "    ld   ra, 0(sp)\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    ld   s\\n, 8 + 8 * \\n(sp)\n"
        "    .endr\n"
        "    addi sp, sp, 112\n"
        "    ret\n");

extern const unsigned char after_call_with_values[];

static uint64_t word_at(uintptr_t frame, unsigned offset)
{
    return *(const uint64_t *)(frame + offset);
}

static bool has_own_value(unsigned x)               /* in call_with_values */
{
    return x == 7 || x == 8 || x == 9 || (x >= 12 && x <= 16) || x >= 18;
}

/* Send SIGUSR1 to this process with the stack pointer at sp, above memory that holds FILLER. Returns where the frame is. */
static uintptr_t frame_below(uintptr_t sp)
{
    memset((void *)(sp - KIB(4)), FILLER, KIB(4));
    check_eq(call_with_values(sp, SYS_kill, getpid(), SIGUSR1), 0);
    return entered[2];
}

/* The registers of a handler: its arguments, its stack, where it returns to; all others are the program's. */
CASE(registers_of_handler)
{
    uintptr_t heap = heap_grow(KIB(64));

    handle(SIGUSR1, frame_handler, 0);
    for (uintptr_t sp = heap + KIB(32); sp < heap + KIB(32) + 48; sp++) {
        uintptr_t frame = frame_below(sp);
        check_eq(frame, (sp - FRAME_BYTES) & -16ul);
        check_eq(entered[10], SIGUSR1);
        check_eq(entered[11], frame);
        check_eq(entered[12], frame + FRAME_CONTEXT);
        check_eq(entered[17], SYS_kill);
        for (unsigned x = 13; x < 32; x++)
            if (has_own_value(x))
                check_eq(entered[x], 0x5a5a1000 + x);
    }
    struct sigaction action = { .sa_sigaction = frame_handler };    /* without SA_SIGINFO it is the same */
    check_ok(sigaction(SIGUSR1, &action, NULL));
    uintptr_t frame = frame_below(heap + KIB(32));
    check(entered[11] == frame && entered[12] == frame + FRAME_CONTEXT);
}

/* The frame: what is known of the signal, the mask, every register, at the places where others look for them. */
CASE(layout_of_frame)
{
    uintptr_t sp = heap_grow(KIB(64)) + KIB(32) + 5;
    const stack_t stack = { .ss_sp = (void *)heap_grow(KIB(64)), .ss_size = KIB(64) };

    check_ok(sigaltstack(&stack, NULL));
    handle(SIGUSR1, frame_handler, 0);
    block(SIGHUP);
    uintptr_t frame = frame_below(sp);
    const siginfo_t *info = (const siginfo_t *)frame;
    check_eq(info->si_signo, SIGUSR1);
    check_eq(info->si_pid, getpid());
    check_eq(word_at(frame, FRAME_CONTEXT), 0);                     /* flags */
    check_eq(word_at(frame, FRAME_CONTEXT + 8), 0);                 /* link */
    check_eq(word_at(frame, FRAME_STACK), stack.ss_sp);
    check_eq((int)word_at(frame, FRAME_STACK + 8), 0);
    check_eq(word_at(frame, FRAME_STACK + 16), stack.ss_size);
    check_eq(word_at(frame, FRAME_MASK), 1ul << (SIGHUP - 1));
    check_eq(word_at(frame, FRAME_REGISTERS), after_call_with_values);
    check_eq(word_at(frame, FRAME_REGISTERS + 8 * REG_SP), sp);
    check_eq(word_at(frame, FRAME_REGISTERS + 8 * REG_A0), 0);      /* what kill returns */
    check_eq(word_at(frame, FRAME_REGISTERS + 8 * 11), SIGUSR1);
    check_eq(word_at(frame, FRAME_REGISTERS + 8 * 17), SYS_kill);
    for (unsigned x = 1; x < 32; x++)
        if (has_own_value(x))
            check_eq(word_at(frame, FRAME_REGISTERS + 8 * x), 0x5a5a1000 + x);
    check_eq(*(const uint32_t *)(frame + FRAME_FCSR) & ~0xffu, 0);
    for (unsigned offset = FRAME_RESERVED; offset < FRAME_BYTES; offset += 4)
        check_eq(*(const uint32_t *)(frame + offset), 0);
}

/* What the frame does not use holds nothing that the program has not put there itself. */
CASE(frame_leaks_nothing)
{
    uintptr_t sp = heap_grow(KIB(64)) + KIB(32);

    handle(SIGUSR1, frame_handler, 0);
    uintptr_t frame = frame_below(sp);
    for (unsigned offset = 28; offset < FRAME_BYTES; offset++) {
        bool unused = offset < FRAME_CONTEXT || (offset >= FRAME_UNUSED && offset < FRAME_REGISTERS) || offset >= FRAME_AFTER_FP;
        uint8_t byte = peek_byte(frame + offset);
        if (unused && byte != 0 && byte != FILLER)
            fail("byte %u of the frame is %#x", offset, byte);
    }
    for (uintptr_t va = sp - KIB(4); va < frame; va++)
        check_eq(peek_byte(va), FILLER);            /* below it nothing is stored */
}

static void poke_code(uintptr_t va)
{
    poke(va, 0);
}

/* A handler returns to two instructions by which debuggers know a frame, on a page that cannot be changed. */
CASE(trampoline)
{
    char line[160], perms[8] = "";
    unsigned long start, end;

    handle(SIGUSR1, frame_handler, 0);
    check_ok(kill(getpid(), SIGUSR1));
    const uint32_t *code = (const uint32_t *)entered[1];
    check_eq(code[0], 0x08b00893);                  /* li a7, 139 (rt_sigreturn) */
    check_eq(code[1], 0x00000073);                  /* ecall */
    expect_death(poke_code, entered[1], SIGSEGV);
    FILE *maps = fopen("/proc/self/maps", "r");
    check(maps != NULL);
    while (fgets(line, sizeof(line), maps))
        if (strstr(line, "[vdso]") && sscanf(line, "%lx-%lx %7s", &start, &end, perms) == 3)
            break;
    fclose(maps);
    check_eq(strcmp(perms, "r-xp"), 0);
    check(entered[1] >= start && entered[1] < end);
}

const struct test_case frame_cases[] = {
    { .name = "registers of handler", .run = registers_of_handler },
    { .name = "layout of frame", .run = layout_of_frame },
    { .name = "frame leaks nothing", .run = frame_leaks_nothing },
    { .name = "trampoline", .run = trampoline },
    { .name = NULL },
};

#else

const struct test_case frame_cases[] = { { .name = NULL } };

#endif
