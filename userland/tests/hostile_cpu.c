/*
 * hostile_cpu.c - cases of hostile: what one instruction can do.
 * Expected: the process is killed by the signal that Linux would send: SIGSEGV for memory, SIGILL, SIGTRAP, SIGBUS for the rest.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <faultline.h>

#include "hostile.h"

#define KERNEL_PLACES                                                                                       \
    USER_END, USER_END + PAGE_BYTES, 1ul << 39, 1ul << 40, 1ul << 47, 1ul << 56, 1ul << 62, 1ul << 63,       \
    0xffffffc000000000, 0xffffffc080200000, 0xffffffe000000000, 0xffffffff80000000, 0xffffffff80200000,      \
    0xffffffff80201000, -(1ul << 30), -PAGE_BYTES, -16ul

#define NOWHERE_PLACES 0, 2, 64, PAGE_BYTES, 0x8000, 0xfffe, GIB(1), 0x80000000, 0x80200000, GIB(100)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char data[PAGE_BYTES] = { 1 };
static char zeroed[PAGE_BYTES];

static void load(uintptr_t va) { peek_byte(va); }
static void store(uintptr_t va) { poke_byte(va, 1); }
static void jump(uintptr_t va) { ((void (*)(void))va)(); }

/* ---- stack pointers ---- */

static void push(uintptr_t sp)
{
    __asm__ volatile("mv sp, %0\n\t"
                     "sd zero, -8(sp)\n\t"
                     "li a0, 0\n\t"
                     "li a7, 93\n\t"
                     "ecall"
                     :
                     : "r"(sp)
                     : "a0", "a7");
    __builtin_unreachable();
}

static __attribute__((noinline)) void use_stack(uintptr_t value)
{
    volatile uintptr_t here[8];

    here[0] = value;
    check_eq(here[0], value);
}

/* A function that needs no stack runs anywhere; one that does dies when it first uses it. */
static void call_with_stack_at(uintptr_t sp)
{
    run_on_stack(sp, load, (uintptr_t)data);
    run_on_stack(sp, use_stack, 5);
}

static void stack_pointers(void)
{
    static const uintptr_t deadly[] = {
        0, 1, 7, 8, 64, 65, PAGE_BYTES, 0x10008, 0x10ff0, USER_END + 8, 1ul << 39, 1ul << 63, 0xffffffc080200000,
        0xffffffff80200000, -8ul, -16ul, -1ul,
    };

    for (size_t i = 0; i < COUNT(deadly); i++)
        expect_death(push, deadly[i], SIGSEGV);
    uintptr_t heap = heap_grow(4 * PAGE_BYTES);
    expect_ok(push, heap + PAGE_BYTES);
    expect_ok(push, heap + PAGE_BYTES + 3);             /* misaligned, over no boundary */
    expect_ok(push, heap + 2 * PAGE_BYTES + 5);         /* misaligned, over a boundary of untouched pages */
    expect_ok(push, (uintptr_t)zeroed + 64);
    expect_death(push, heap_end() + 5, SIGSEGV);
    expect_death(push, heap_end() + 8, SIGSEGV);
}

static void calls_with_odd_stacks(void)
{
    static const uintptr_t tops[] = { 0, 64, 0x10100, USER_END + PAGE_BYTES, 0xffffffff80200000, -16ul };

    for (size_t i = 0; i < COUNT(tops); i++)
        expect_death(call_with_stack_at, tops[i], SIGSEGV);
    expect_ok(call_with_stack_at, heap_grow(4 * PAGE_BYTES) + 4 * PAGE_BYTES);
}

/* Spin with the stack pointer in the kernel's half until many timer interrupts have come; then end well. */
static void spin_with_sp(uintptr_t sp)
{
    __asm__ volatile("mv     s1, sp\n\t"
                     "mv     sp, %0\n\t"
                     "rdtime t0\n\t"
                     "li     t1, 300000\n\t"
                     "add    t0, t0, t1\n"
                     "1:\n\t"
                     "rdtime t1\n\t"
                     "bltu   t1, t0, 1b\n\t"
                     "mv     sp, s1"
                     :
                     : "r"(sp)
                     : "s1", "t0", "t1", "memory");
}

static void interrupts_with_odd_stacks(void)
{
    static const uintptr_t sps[] = { 0, 64, USER_END, 0xffffffc080200000, 0xffffffff80200000, -16ul };
    pid_t pids[COUNT(sps)];

    for (size_t i = 0; i < COUNT(sps); i++)
        pids[i] = child_start(spin_with_sp, sps[i]);
    for (size_t i = 0; i < COUNT(sps); i++)
        expect_status(pids[i], 0);
}

/* ---- addresses ---- */

static void loads_and_stores(void)
{
    static const uintptr_t places[] = { KERNEL_PLACES, NOWHERE_PLACES };

    for (size_t i = 0; i < COUNT(places); i++) {
        expect_death(load, places[i], SIGSEGV);
        expect_death(store, places[i], SIGSEGV);
    }
}

static void jumps(void)
{
    static const uintptr_t places[] = { KERNEL_PLACES, NOWHERE_PLACES };

    for (size_t i = 0; i < COUNT(places); i++) {
        expect_death(jump, places[i], SIGSEGV);
        expect_death(jump, places[i] | 1, SIGSEGV);
    }
    expect_death(jump, (uintptr_t)data, SIGSEGV);
    expect_death(jump, (uintptr_t)data + 1, SIGSEGV);
    expect_death(jump, (uintptr_t)zeroed, SIGSEGV);
    expect_death(jump, heap_grow(PAGE_BYTES), SIGSEGV);
    expect_death(jump, heap_end() - 2, SIGSEGV);
    expect_death(jump, heap_end(), SIGSEGV);
    expect_death(jump, (uintptr_t)__builtin_frame_address(0) & -2ul, SIGSEGV);
    /* Unprivileged spec, JALR: the lowest bit of the target is cleared, so an odd address is the function before it. */
    expect_ok(jump, (uintptr_t)getpid | 1);
}

/* ---- instructions ---- */

#define INSTRUCTION(name, text) static void name(uintptr_t unused) { (void)unused; __asm__ volatile(text ::: "memory"); }

INSTRUCTION(illegal_zeros, ".word 0")
INSTRUCTION(illegal_ones, ".word 0xffffffff")
INSTRUCTION(illegal_compressed, ".half 0, 0")
INSTRUCTION(illegal_custom, ".word 0x0000000b")
INSTRUCTION(illegal_long, ".word 0x0000001f; .word 0")
INSTRUCTION(unimp, "unimp")
INSTRUCTION(read_sstatus, "csrr t0, sstatus")
INSTRUCTION(read_satp, "csrr t0, satp")
INSTRUCTION(write_satp, "csrw satp, zero")
INSTRUCTION(write_stvec, "csrw stvec, zero")
INSTRUCTION(write_sscratch, "csrw sscratch, sp")
INSTRUCTION(set_sum, "li t0, 1 << 18; csrs sstatus, t0")
INSTRUCTION(clear_sie, "csrw sie, zero")
INSTRUCTION(read_mhartid, "csrr t0, mhartid")
INSTRUCTION(write_mtvec, "csrw mtvec, zero")
INSTRUCTION(write_cycle, "csrw cycle, zero")
INSTRUCTION(read_no_csr, "csrr t0, 0x5c0")
INSTRUCTION(write_stimecmp, "csrw 0x14d, zero")
INSTRUCTION(do_sret, "sret")
INSTRUCTION(do_mret, "mret")
INSTRUCTION(do_sfence, "sfence.vma")
INSTRUCTION(do_ebreak, "ebreak")
INSTRUCTION(do_ebreak_compressed, "c.ebreak")

static void illegal_instructions(void)
{
    static child_fn *const programs[] = {
        illegal_zeros, illegal_ones, illegal_compressed, illegal_custom, illegal_long, unimp, read_sstatus, read_satp,
        write_satp, write_stvec, write_sscratch, set_sum, clear_sie, read_mhartid, write_mtvec, write_cycle, read_no_csr,
        write_stimecmp, do_sret, do_mret, do_sfence,
    };

    for (size_t i = 0; i < COUNT(programs); i++) {
        int status = child_wait(child_start(programs[i], 0));
        if (status != SIGILL)
            fail("program %zu of the list: wait status %#x, expected signal %d", i, status, SIGILL);
    }
}

static void breakpoints(void)
{
    expect_death(do_ebreak, 0, SIGTRAP);
    expect_death(do_ebreak_compressed, 0, SIGTRAP);
}

/* Not a privileged instruction everywhere: waiting for an interrupt may be allowed, illegal, or a no-op. It must not hang. */
static void wait_for_interrupt(uintptr_t unused)
{
    (void)unused;
    for (unsigned i = 0; i < 10; i++)
        __asm__ volatile("wfi");
}

static void wfi_ends(void)
{
    bool late;
    int status = wait_or_kill(child_start(wait_for_interrupt, 0), 5000, &late);

    check(!late);
    check(status == 0 || status == SIGILL);
}

static void misaligned_amo(uintptr_t va)
{
    __asm__ volatile("amoadd.d zero, zero, (%0)" : : "r"(va) : "memory");
}

static void misaligned_lr(uintptr_t va)
{
    __asm__ volatile("lr.w t0, (%0)" : : "r"(va) : "t0", "memory");
}

/* Without a reservation the store-conditional may fail before anybody looks at its address. */
static void misaligned_sc(uintptr_t va)
{
    __asm__ volatile("sc.d t0, zero, (%0)" : : "r"(va) : "t0", "memory");
}

static void misaligned_atomics(void)
{
    uintptr_t heap = heap_grow(2 * PAGE_BYTES);

    poke(heap, 0);
    for (uintptr_t offset = 1; offset < 4; offset++) {
        expect_death(misaligned_amo, heap + offset, SIGBUS);
        expect_death(misaligned_lr, heap + offset, SIGBUS);
        int status = child_wait(child_start(misaligned_sc, heap + offset));
        check(status == 0 || status == SIGBUS);
    }
    expect_death(misaligned_amo, heap + PAGE_BYTES - 4, SIGBUS);
    expect_ok(misaligned_amo, heap + 8);
    expect_ok(misaligned_lr, heap + PAGE_BYTES + 8);
    /* Atomics are stores, even where they store nothing new: into read-only and absent pages they kill. */
    expect_death(misaligned_amo, 0x10000, SIGSEGV);
    expect_death(misaligned_amo, heap_end(), SIGSEGV);
    expect_death(misaligned_lr, 0, SIGSEGV);
}

#define AROUND_BYTES KIB(128)                   /* a fault maps no neighbours beyond a multiple of this */
#define NOP          0x00000013
#define RET          0x8082                     /* c.jr ra */
#define READ_EXECUTE 5

/* A long instruction, the second half of which lies in the next page: that is where the fault is, not at the pc. */
static void instruction_across_the_end(void)
{
    uintptr_t boundary = (heap_grow(3 * AROUND_BYTES) / AROUND_BYTES + 2) * AROUND_BYTES;

    *(volatile uint16_t *)(boundary - 2) = NOP & 0xffff;
    *(volatile uint16_t *)boundary = NOP >> 16;
    *(volatile uint16_t *)(boundary + 2) = RET;
    check_eq(raw_syscall(SYS_mprotect, boundary - PAGE_BYTES, PAGE_BYTES, READ_EXECUTE), 0);
    expect_death(jump, boundary - 2, SIGSEGV);
    check_eq(raw_syscall(SYS_mprotect, boundary, PAGE_BYTES, READ_EXECUTE), 0);
    expect_ok(jump, boundary - 2);
    expect_death(store, boundary, SIGSEGV);
}

/* ---- system calls as such ---- */

/* Everything but a0 comes back unchanged from a system call. */
static void registers_survive(void)
{
    static const long numbers[] = { SYS_getpid, SYS_sched_yield, SYS_close, 9999, -1 };
    static uint64_t after[32];
    /* All but x0, ra, sp, gp, tp, s0, a0, and s11, which says where to. a7 is looked at by itself. */
    const uint32_t kept = ~(1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 8 | 1u << 10 | 1u << 17 | 1u << 27);

    for (size_t i = 0; i < COUNT(numbers); i++) {
        register long a7 __asm__("a7") = numbers[i];
        __asm__ volatile(
            "li a0, -1; li a1, 11; li a2, 12; li a3, 13; li a4, 14; li a5, 15; li a6, 16\n\t"
            "li t0, 5; li t1, 6; li t2, 7; li t3, 28; li t4, 29; li t5, 30; li t6, 31\n\t"
            "li s1, 9; li s2, 18; li s3, 19; li s4, 20; li s5, 21; li s6, 22; li s7, 23; li s8, 24; li s9, 25; li s10, 26\n\t"
            "ecall\n\t"
            "la s11, %1\n\t"
            "sd a1, 88(s11); sd a2, 96(s11); sd a3, 104(s11); sd a4, 112(s11); sd a5, 120(s11); sd a6, 128(s11)\n\t"
            "sd t0, 40(s11); sd t1, 48(s11); sd t2, 56(s11); sd t3, 224(s11); sd t4, 232(s11); sd t5, 240(s11)\n\t"
            "sd t6, 248(s11)\n\t"
            "sd s1, 72(s11); sd s2, 144(s11); sd s3, 152(s11); sd s4, 160(s11); sd s5, 168(s11); sd s6, 176(s11)\n\t"
            "sd s7, 184(s11); sd s8, 192(s11); sd s9, 200(s11); sd s10, 208(s11)"
            : "+r"(a7)
            : "S"(after)
            : "a0", "a1", "a2", "a3", "a4", "a5", "a6", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4",
              "s5", "s6", "s7", "s8", "s9", "s10", "s11", "memory");
        check_eq(a7, numbers[i]);
        for (unsigned x = 0; x < 32; x++)
            if (kept >> x & 1)
                check_eq(after[x], x);
        memset(after, 0, sizeof(after));
    }
}

static void storm(uintptr_t nr)
{
    for (unsigned i = 0; i < 20000; i++)
        raw_syscall(nr, -1, -1, -1, -1, -1, -1);
}

/* Nothing but system calls, from several processes: unknown ones, and ones that fail. */
static void ecall_storm(void)
{
    static const uintptr_t numbers[] = { 100000, SYS_getpid, SYS_close, SYS_sched_yield };
    pid_t pids[COUNT(numbers)];

    for (size_t i = 0; i < COUNT(numbers); i++)
        pids[i] = child_start(storm, numbers[i]);
    for (size_t i = 0; i < COUNT(numbers); i++)
        expect_status(pids[i], 0);
}

/* ---- recursion ---- */

static void recurse_for_ever(uintptr_t depth);
static child_fn *volatile next_level = recurse_for_ever;       /* so that the compiler sees no endless loop */

static void recurse_for_ever(uintptr_t depth)
{
    volatile uintptr_t here[32];

    here[0] = depth;
    next_level(depth + 1);
    check_eq(here[0], depth);
}

static void infinite_recursion(void)
{
    for (unsigned i = 0; i < 3; i++)
        expect_death(recurse_for_ever, 0, SIGSEGV);
}

static __attribute__((noinline)) void fork_at_depth(unsigned depth)
{
    volatile unsigned page[PAGE_BYTES / sizeof(unsigned)];

    page[7] = depth;
    if (depth > 0) {
        fork_at_depth(depth - 1);
    } else {
        pid_t pid = fork();
        check(pid >= 0);
        if (pid > 0)
            expect_status(pid, 0);
    }
    check_eq(page[7], depth);                           /* on the way back, in both processes */
}

static void fork_in_deep_stack(uintptr_t depth)
{
    fork_at_depth(depth);
}

static void deep_forks(void)
{
    expect_ok(fork_in_deep_stack, 1);
    expect_ok(fork_in_deep_stack, 500);
    expect_ok(fork_in_deep_stack, 1500);
}

const struct test_case cpu_cases[] = {
    { .name = "stack pointers", .run = stack_pointers },
    { .name = "calls with odd stacks", .run = calls_with_odd_stacks },
    { .name = "interrupts with odd stacks", .run = interrupts_with_odd_stacks },
    { .name = "loads and stores", .run = loads_and_stores },
    { .name = "jumps", .run = jumps },
    { .name = "illegal instructions", .run = illegal_instructions },
    { .name = "breakpoints", .run = breakpoints },
    { .name = "wfi ends", .run = wfi_ends },
    { .name = "misaligned atomics", .run = misaligned_atomics },
    { .name = "instruction across the end", .run = instruction_across_the_end },
    { .name = "registers survive", .run = registers_survive },
    { .name = "ecall storm", .run = ecall_storm },
    { .name = "infinite recursion", .run = infinite_recursion },
    { .name = "deep forks", .run = deep_forks },
    { .name = NULL },
};
