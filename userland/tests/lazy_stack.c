/*
 * lazy_stack.c - cases of lazymore: VMAs decide what is legal, never sp; where a stack may grow; rights of pages.
 * Wilder stack pointers and jumps are in hostile.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <faultline.h>

#include "lazymore.h"

#define STACK_BYTES MIB(8)

/* Stack pointers that make sense to nobody. The kernel must not care. */
static const uintptr_t odd_sp[] = {
    0, 3, 64, 0x10000, GIB(1), USER_END - 8, USER_END, 1ul << 63, 0xffffffff80200000, -PAGE_BYTES, -16ul,
};
#define NODD_SP (sizeof(odd_sp) / sizeof(odd_sp[0]))

/* ---- stacks in odd places ---- */

/* a: with sp anywhere at all, a fault on a good page is served. */
static void fault_under_odd_sp(void)
{
    uintptr_t start = heap_grow(NODD_SP * PAGE_BYTES);

    for (size_t i = 0; i < NODD_SP; i++) {
        uintptr_t va = start + i * PAGE_BYTES;
        __asm__ volatile("mv    t0, sp\n\t"
                         "mv    sp, %0\n\t"
                         "sd    %1, 0(%1)\n\t"
                         "mv    sp, t0"
                         :
                         : "r"(odd_sp[i]), "r"(va)
                         : "t0", "memory");
    }
    pages_verify(start, NODD_SP, PAGE_BYTES);
}

/* a: so is a system call, and sp comes back as it was. */
static void call_under_odd_sp(void)
{
    for (size_t i = 0; i < NODD_SP; i++) {
        register long a7 __asm__("a7") = SYS_getpid;
        register long a0 __asm__("a0") = 0;
        uintptr_t sp_after;
        __asm__ volatile("mv    t0, sp\n\t"
                         "mv    sp, %2\n\t"
                         "ecall\n\t"
                         "mv    %1, sp\n\t"
                         "mv    sp, t0"
                         : "+r"(a0), "=&r"(sp_after)
                         : "r"(odd_sp[i]), "r"(a7)
                         : "t0", "memory");
        check_eq(a0, getpid());
        check_eq(sp_after, odd_sp[i]);
    }
}

/* a: and so is a timer interrupt: 20 ms are several time slices. */
static void preempted_under_odd_sp(void)
{
    for (size_t i = 0; i < NODD_SP; i++) {
        uintptr_t sp_after;
        __asm__ volatile("mv    t0, sp\n\t"
                         "mv    sp, %1\n\t"
                         "rdtime t1\n\t"
                         "add   t1, t1, %2\n"
                         "1:\n\t"
                         "rdtime t2\n\t"
                         "bltu  t2, t1, 1b\n\t"
                         "mv    %0, sp\n\t"
                         "mv    sp, t0"
                         : "=&r"(sp_after)
                         : "r"(odd_sp[i]), "r"(200000l)
                         : "t0", "t1", "t2", "memory");
        check_eq(sp_after, odd_sp[i]);
    }
}

/* a: a store below sp = 64 kills that process and nothing else. */
static void store_below_sp_64(uintptr_t unused)
{
    (void)unused;
    __asm__ volatile("li sp, 64\n\t"
                     "sd zero, -8(sp)");
    _exit(0);
}

static void sp_at_64(void)
{
    for (unsigned i = 0; i < 10; i++)
        expect_death(store_below_sp_64, 0, SIGSEGV);
}

/* Use a page of stack for each level, and check on the way back that nobody else used it. */
static __attribute__((noinline)) void recurse(unsigned depth)
{
    volatile unsigned page[PAGE_BYTES / sizeof(unsigned)];

    page[0] = depth;
    page[PAGE_BYTES / sizeof(unsigned) - 1] = ~depth;
    if (depth > 0)
        recurse(depth - 1);
    check_eq(page[0], depth);
    check_eq(page[PAGE_BYTES / sizeof(unsigned) - 1], ~depth);
}

static void recurse_child(uintptr_t depth)
{
    recurse(depth);
}

/* On a stack of its own: faults, system calls with buffers on it, and a fork that comes back in both processes. */
static void live_on_this_stack(uintptr_t depth)
{
    char buffer[3 * PAGE_BYTES];
    int fds[2];

    recurse(depth);
    pipe_or_fail(fds);
    memset(buffer, 'x', 1000);
    check_eq(write(fds[1], buffer, 1000), 1000);
    check_eq(read(fds[0], buffer + PAGE_BYTES + 500, 1000), 1000);
    check_eq(memcmp(buffer, buffer + PAGE_BYTES + 500, 1000), 0);
    pid_t pid = fork();
    recurse(depth);
    if (pid == 0)
        _exit(3);
    check_eq(child_wait(pid), 3 << 8);
}

static void stack_in_the_heap(void)
{
    uintptr_t start = heap_grow(MIB(1));

    run_on_stack(start + MIB(1), live_on_this_stack, 100);
    run_on_stack(start + MIB(1) / 2, live_on_this_stack, 50);
    expect_death(recurse_child, 5000, SIGSEGV);         /* on the usual stack: too deep */
}

static void overflow_of_heap_stack(uintptr_t top)
{
    run_on_stack(top, recurse_child, 1000000);
}

/* The end of such a stack is where its VMA ends: running through bss and data into the text, which is read-only. */
static void heap_stack_overflow(void)
{
    expect_death(overflow_of_heap_stack, heap_grow(MIB(1)) + MIB(1), SIGSEGV);
}

/* ---- the stack that exec made ---- */

static bool alive(child_fn *access, uintptr_t va)
{
    int status = child_wait(child_start(access, va));

    check(status == 0 || status == SIGSEGV);
    return status == 0;
}

/* The lowest address of the stack, found by trying. */
static uintptr_t stack_bottom(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) & -PAGE_BYTES;
    uintptr_t dead = USER_END - 2 * STACK_BYTES, living = here;

    while (living - dead > PAGE_BYTES) {
        uintptr_t middle = dead + (living - dead) / 2 / PAGE_BYTES * PAGE_BYTES;
        if (alive(load_at, middle))
            living = middle;
        else
            dead = middle;
    }
    return living;
}

/* S10: below the stack is a gap where nothing is ever mapped. */
static void gap_below_the_stack(void)
{
    uintptr_t bottom = stack_bottom();

    check_ge(bottom, USER_END - STACK_BYTES - MIB(1));
    check_le(bottom, USER_END - STACK_BYTES + MIB(1));
    for (size_t page = 1; page <= 256; page *= 2) {
        check(!alive(load_at, bottom - page * PAGE_BYTES));
        check(!alive(store_at, bottom - page * PAGE_BYTES + PAGE_BYTES - 1));
    }
    check(alive(store_at, bottom));
}

static void touch_down_to(uintptr_t bottom)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) & -PAGE_BYTES;

    for (uintptr_t va = here - PAGE_BYTES; va >= bottom; va -= PAGE_BYTES)
        poke(va, va);
    for (uintptr_t va = here - PAGE_BYTES; va >= bottom; va -= PAGE_BYTES)
        check_eq(peek(va), va);
}

/* All of it can be used: page by page downwards, or far below sp at once. */
static void whole_stack(void)
{
    uintptr_t bottom = stack_bottom();

    expect_ok(touch_down_to, bottom);
    expect_ok(store_at, bottom + 5 * PAGE_BYTES);
    expect_ok(recurse_child, 1500);
    expect_death(touch_down_to, bottom - PAGE_BYTES, SIGSEGV);
}

/* ---- rights ---- */

static const char constant[2 * PAGE_BYTES] = { 1 };
static char initialised[2 * PAGE_BYTES] = { 2 };
static char zeroed[64 * PAGE_BYTES];

static void nothing(uintptr_t unused)
{
    (void)unused;
}

/* W^X: text and constants cannot be written, and nothing that can be written runs. */
static void write_xor_execute(void)
{
    char on_stack[64];
    const uintptr_t read_only[] = { (uintptr_t)nothing, 0x10000, (uintptr_t)constant, (uintptr_t)constant + PAGE_BYTES };
    extern char etext[];
    const uintptr_t not_executable[] = {
        page_up((uintptr_t)etext),
        (uintptr_t)constant, (uintptr_t)initialised, (uintptr_t)zeroed, (uintptr_t)on_stack & -4ul, heap_grow(PAGE_BYTES),
    };

    for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
        expect_ok(load_at, read_only[i]);
        expect_death(store_at, read_only[i], SIGSEGV);
    }
    for (size_t i = 0; i < sizeof(not_executable) / sizeof(not_executable[0]); i++) {
        expect_ok(load_at, not_executable[i]);
        expect_death(fetch_at, not_executable[i], SIGSEGV);
    }
    expect_ok(nothing, 0);
}

#define NUMBERED 8
static const char numbered[NUMBERED * PAGE_BYTES] __attribute__((aligned(4096))) = {
    [0] = 1, [PAGE_BYTES] = 2, [2 * PAGE_BYTES] = 3, [3 * PAGE_BYTES] = 4,
    [4 * PAGE_BYTES] = 5, [5 * PAGE_BYTES] = 6, [6 * PAGE_BYTES] = 7, [7 * PAGE_BYTES] = 8,
};

/* In a child, whose page table is empty: what is at each page is what the file, or a store, has put there. */
static void verify_numbered(uintptr_t stored)
{
    for (size_t i = 0; i < NUMBERED; i++) {
        uintptr_t va = (uintptr_t)numbered + i * PAGE_BYTES;
        check_eq(peek_byte(va), i + 1);
        check_eq(peek_byte(va + 8), stored >> i & 1 ? 0x33 : 0);
    }
}

static void set_rights(uintptr_t start, size_t npages, int rights)
{
    check_eq(raw_syscall(SYS_mprotect, start, npages * PAGE_BYTES, rights), 0);
}

enum { NO_RIGHTS = 0, READ = 1, READ_WRITE = 3 };

/* mprotect(2): rights come and go page by page, and what is in the pages stays. */
static void change_rights(void)
{
    uintptr_t page = (uintptr_t)numbered + 3 * PAGE_BYTES, heap = heap_grow(3 * PAGE_BYTES);

    verify_numbered(0);
    set_rights(page, 2, READ_WRITE);
    expect_ok(verify_numbered, 0);
    poke_byte(page + 8, 0x33);
    expect_death(store_at, page - PAGE_BYTES, SIGSEGV);
    expect_death(store_at, page + 2 * PAGE_BYTES, SIGSEGV);
    expect_ok(verify_numbered, 1 << 3);
    set_rights(page, 2, READ);
    pid_t pid = fork();
    if (pid == 0) {
        check_eq(peek_byte(page + 8), 0x33);            /* the leaf is there, and now must not let a store pass */
        poke_byte(page + 8, 1);
        _exit(0);
    }
    expect_status(pid, SIGSEGV);
    expect_ok(verify_numbered, 1 << 3);

    pages_mark(heap, 3, PAGE_BYTES);
    set_rights(heap + PAGE_BYTES, 1, NO_RIGHTS);
    expect_death(load_at, heap + PAGE_BYTES, SIGSEGV);
    expect_ok(store_at, heap);
    expect_ok(store_at, heap + 2 * PAGE_BYTES);
    set_rights(heap, 3, READ_WRITE);
    pages_verify(heap, 3, PAGE_BYTES);
    check_eq(raw_syscall(SYS_mprotect, heap_end(), PAGE_BYTES, READ), -ENOMEM);
}

/* bss is zero: whole pages that no file holds, and the tail of the page that data ends in. */
static void bss_is_zero(void)
{
    extern char __bss_start[];

    for (uintptr_t va = (uintptr_t)zeroed; va < (uintptr_t)zeroed + sizeof(zeroed); va += 8)
        check_eq(peek(va), 0);
    pages_mark((uintptr_t)zeroed + 8, 63, PAGE_BYTES);
    pages_verify((uintptr_t)zeroed + 8, 63, PAGE_BYTES);
    check((uintptr_t)zeroed >= (uintptr_t)__bss_start);
}

/* Page 0 is never mapped, nor is anything else below the text. */
static void page_zero(void)
{
    child_fn *const accesses[] = { load_at, store_at, fetch_at };
    const uintptr_t places[] = { 0, 8, PAGE_BYTES - 1, PAGE_BYTES, 0xfff8 };

    for (size_t a = 0; a < 3; a++)
        for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++)
            expect_death(accesses[a], places[p], SIGSEGV);
}

const struct test_case stack_cases[] = {
    { .name = "a fault under an odd sp", .run = fault_under_odd_sp },
    { .name = "a call under an odd sp", .run = call_under_odd_sp },
    { .name = "a preempted under an odd sp", .run = preempted_under_odd_sp },
    { .name = "a sp at 64", .run = sp_at_64 },
    { .name = "a stack in the heap", .run = stack_in_the_heap },
    { .name = "overflow of a stack in the heap", .run = heap_stack_overflow },
    { .name = "S10 gap below the stack", .run = gap_below_the_stack },
    { .name = "whole stack", .run = whole_stack },
    { .name = "write xor execute", .run = write_xor_execute },
    { .name = "change of rights", .run = change_rights },
    { .name = "bss is zero", .run = bss_is_zero },
    { .name = "page zero", .run = page_zero },
    { .name = NULL },
};
