/*
 * posix_faults.c - signals that an instruction causes: what the handler is told, and the ways in which it can go on.
 * Contracts: sigaction(2) "si_code", mprotect(2), sigsetjmp(3), getcontext(3).
 */
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_machine.h"
#include "posix_signals.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- touching memory ---- */

UNCHECKED static void load_byte(uintptr_t va) { (void)*(volatile uint8_t *)va; }
UNCHECKED static void store_byte(uintptr_t va) { *(volatile uint8_t *)va = 1; }
UNCHECKED static void load_word(uintptr_t va) { (void)*(volatile uint64_t *)va; }
UNCHECKED static void store_word(uintptr_t va) { *(volatile uint64_t *)va = 1; }
UNCHECKED static void jump(uintptr_t va) { ((void (*)(void))va)(); }

static sigjmp_buf away;
static siginfo_t told;                              /* what the latest handler was told, */
static uintptr_t told_pc;                           /* and where it happened */

static void leave(int number, siginfo_t *info, void *context)
{
    (void)number;
    told = *info;
    told_pc = context_pc(context);
    nlogged++;
    siglongjmp(away, 1);
}

/* Do touch(va), and come back by siglongjmp from the signal that it causes. False when it causes none. */
static bool touch_faults(child_fn *touch, uintptr_t va)
{
    handle(SIGSEGV, leave, 0);
    handle(SIGBUS, leave, 0);
    handle(SIGILL, leave, 0);
    if (sigsetjmp(away, 1) != 0)
        return true;
    touch(va);
    return false;
}

#define check_fault(touch, va, number, code, address)                                                                  \
    do {                                                                                                               \
        check(touch_faults(touch, va));                                                                                \
        check_eq(told.si_signo, number);                                                                               \
        check_eq(told.si_code, code);                                                                                  \
        check_eq(told.si_addr, address);                                                                               \
        check_eq(told.si_errno, 0);                                                                                    \
    } while (0)

static void protect(uintptr_t start, size_t len, int protection)
{
    check_ok(mprotect((void *)start, len, protection));
}

/* ---- what the handler is told ---- */

/* Where nothing is mapped: the address of the access, to the byte. */
CASE(fault_unmapped)
{
    static child_fn *const touches[] = { load_byte, store_byte, load_word, store_word };
    static const uintptr_t nowhere[] = {
        0, 8, PAGE_BYTES - 8, 0xffffffc000000000, 0xffffffc080200000, 0xffffffff80000008, -PAGE_BYTES, -8ul,
    };
    uintptr_t hole = (uintptr_t)pages_before_hole(1) + PAGE_BYTES;

    for (unsigned i = 0; i < COUNT(touches); i++) {
        for (unsigned k = 0; k < COUNT(nowhere); k++)
            check_fault(touches[i], nowhere[k], SIGSEGV, SEGV_MAPERR, nowhere[k]);
        check_fault(touches[i], hole, SIGSEGV, SEGV_MAPERR, hole);
        check_fault(touches[i], hole + 4088, SIGSEGV, SEGV_MAPERR, hole + 4088);
    }
    check_fault(load_byte, hole + 4095, SIGSEGV, SEGV_MAPERR, hole + 4095);
    check_fault(store_byte, hole + 777, SIGSEGV, SEGV_MAPERR, hole + 777);
    check_fault(load_byte, -1ul, SIGSEGV, SEGV_MAPERR, -1ul);
}

/* An access that begins in a page that may be used and ends in one that may not: the first byte that may not. */
CASE(fault_across_pages)
{
    uintptr_t hole = (uintptr_t)pages_before_hole(1) + PAGE_BYTES, pages = heap_grow(2 * PAGE_BYTES);

    check_fault(load_word, hole - 4, SIGSEGV, SEGV_MAPERR, hole);
    check_fault(store_word, hole - 1, SIGSEGV, SEGV_MAPERR, hole);
    check_eq(peek_byte(hole - 1), 0);               /* nothing has been stored */
    protect(pages + PAGE_BYTES, PAGE_BYTES, PROT_READ);
    check(!touch_faults(load_word, pages + PAGE_BYTES - 3));
    check_fault(store_word, pages + PAGE_BYTES - 3, SIGSEGV, SEGV_ACCERR, pages + PAGE_BYTES);
    check_eq(peek_byte(pages + PAGE_BYTES - 1), 0);
}

/* Where something is mapped that does not allow the access; whether there is a page already does not matter. */
CASE(fault_protected)
{
    uintptr_t pages = heap_grow(4 * PAGE_BYTES);

    store_byte(pages + PAGE_BYTES);
    protect(pages, 2 * PAGE_BYTES, PROT_NONE);
    protect(pages + 2 * PAGE_BYTES, 2 * PAGE_BYTES, PROT_READ);
    load_byte(pages + 3 * PAGE_BYTES);
    for (uintptr_t va = pages + 5; va < pages + 2 * PAGE_BYTES; va += PAGE_BYTES) {
        check_fault(load_byte, va, SIGSEGV, SEGV_ACCERR, va);
        check_fault(store_byte, va, SIGSEGV, SEGV_ACCERR, va);
        check_fault(jump, va - 1, SIGSEGV, SEGV_ACCERR, va - 1);
    }
    for (uintptr_t va = pages + 2 * PAGE_BYTES + 9; va < pages + 4 * PAGE_BYTES; va += PAGE_BYTES) {
        check(!touch_faults(load_byte, va));
        check_fault(store_byte, va, SIGSEGV, SEGV_ACCERR, va);
    }
    check_fault(store_byte, (uintptr_t)leave, SIGSEGV, SEGV_ACCERR, (uintptr_t)leave);
    check_fault(store_byte, (uintptr_t)return_code, SIGSEGV, SEGV_ACCERR, (uintptr_t)return_code);
    protect(pages, PAGE_BYTES, PROT_WRITE);         /* which implies reading */
    check(!touch_faults(load_byte, pages) && !touch_faults(store_byte, pages));
}

/* Running what may not be run: the handler finds the address in si_addr and as the program counter. */
CASE(fault_of_fetch)
{
    uintptr_t page = heap_grow(PAGE_BYTES), hole = (uintptr_t)pages_before_hole(1) + PAGE_BYTES;

    memcpy((void *)page, return_code, return_code_end - return_code);
    check_fault(jump, page, SIGSEGV, SEGV_ACCERR, page);
    check_eq(told_pc, page);
    protect(page, PAGE_BYTES, PROT_READ | PROT_EXEC);
    check(!touch_faults(jump, page));
    protect(page, PAGE_BYTES, PROT_READ);
    check_fault(jump, page, SIGSEGV, SEGV_ACCERR, page);
    check_fault(jump, hole + 64, SIGSEGV, SEGV_MAPERR, hole + 64);
    check_eq(told_pc, hole + 64);
    check_fault(jump, 0, SIGSEGV, SEGV_MAPERR, 0);
    check_fault(jump, 0xffffffc000000000, SIGSEGV, SEGV_MAPERR, 0xffffffc000000000);
}

/* An instruction that there is not: si_addr is where it stands. */
CASE(fault_of_instruction)
{
    check_fault(jump, (uintptr_t)bad_instruction, SIGILL, bad_instruction_code, (uintptr_t)bad_instruction);
    check_eq(told_pc, (uintptr_t)bad_instruction);
}

/* An address that the instruction needs to be aligned, and is not. */
CASE(fault_misaligned)
{
    uintptr_t page = heap_grow(PAGE_BYTES);

    check_fault(store_misaligned, page + 2, SIGBUS, BUS_ADRALN, page + 2);
    check_eq(peek(page), 0);
}

/* A system call that is given a bad address says EFAULT; there is no signal. */
CASE(fault_in_call_is_no_signal)
{
    uintptr_t page = heap_grow(PAGE_BYTES);
    int fds[2];

    handle(SIGSEGV, log_signal, 0);
    handle(SIGBUS, log_signal, 0);
    check_ok(pipe(fds));
    protect(page, PAGE_BYTES, PROT_NONE);
    check_errno(syscall(SYS_write, fds[1], page, 1), EFAULT);
    check_errno(syscall(SYS_write, fds[1], BAD_ADDRESS, 1), EFAULT);
    check_errno(syscall(SYS_write, fds[1], 0xffffffc080200000, 1), EFAULT);
    check_eq(nlogged, 0);
}

/* ---- ways to go on ---- */

static uintptr_t broken;                            /* a page that a handler makes usable */
static volatile unsigned tries;

static void repair(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    check((uintptr_t)info->si_addr - broken < PAGE_BYTES);
    if (++tries % 3 == 0)                           /* twice it changes nothing, and so it is called again */
        protect(broken, PAGE_BYTES, PROT_READ | PROT_WRITE);
}

/* A handler that repairs and returns: the instruction is done again, and again. */
CASE(repair_and_return)
{
    handle(SIGSEGV, repair, 0);
    broken = heap_grow(PAGE_BYTES);
    for (unsigned i = 1; i <= 4; i++) {
        protect(broken, PAGE_BYTES, i % 2 ? PROT_NONE : PROT_READ);
        poke_byte(broken + i, i);
        check_eq(tries, 3 * i);
        check_eq(peek_byte(broken + i), i);
    }
    check(!is_blocked(SIGSEGV));
}

#define NPAGES 64

static uintptr_t paged;

static void page_in(int number, siginfo_t *info, void *context)
{
    uintptr_t page = (uintptr_t)info->si_addr & -PAGE_BYTES;

    (void)number, (void)context;
    check(page - paged < NPAGES * PAGE_BYTES);
    check_eq(info->si_code, SEGV_ACCERR);
    protect(page, PAGE_BYTES, PROT_READ | PROT_WRITE);
    poke(page, page);
    nlogged++;
}

static void read_all(uintptr_t unused)
{
    (void)unused;
    for (unsigned i = 0; i < NPAGES; i++) {
        uintptr_t page = paged + (i * 37 % NPAGES) * PAGE_BYTES;
        check_eq(peek(page), page);
    }
}

/* A program that pages for itself; its child does so for itself. */
CASE(pager_in_program)
{
    handle(SIGSEGV, page_in, 0);
    paged = heap_grow(NPAGES * PAGE_BYTES);
    protect(paged, NPAGES * PAGE_BYTES, PROT_NONE);
    expect_ok(read_all, 0);
    read_all(0);
    check_eq(nlogged, NPAGES);
    expect_ok(read_all, 0);
    protect(paged, NPAGES * PAGE_BYTES, PROT_NONE);
    read_all(0);
    check_eq(nlogged, 2 * NPAGES);
}

static uintptr_t answer(void)
{
    return 4711;
}

static void go_elsewhere(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    context_set_pc(context, (uintptr_t)answer);     /* as if that had been called: it returns to the caller */
    nlogged++;
}

static void return_result(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    context_set_pc(context, (uintptr_t)return_code);
    context_set_result(context, 4712);
}

UNCHECKED static uintptr_t call(uintptr_t va)
{
    return ((uintptr_t (*)(void))va)();
}

/* A handler may say where the program goes on, and with what in its registers. */
CASE(change_program_counter)
{
    handle(SIGSEGV, go_elsewhere, 0);
    for (unsigned i = 1; i <= 3; i++) {
        check_eq(call(0), 4711);
        check_eq(nlogged, i);
    }
    handle(SIGSEGV, return_result, 0);
    check_eq(call(0), 4712);
    handle(SIGILL, return_result, 0);
    check_eq(call((uintptr_t)bad_instruction), 4712);
}

/* siglongjmp ends a handler as well as returning does, as often as one likes. */
CASE(leave_by_longjmp)
{
    for (unsigned i = 1; i <= 3; i++) {
        check_fault(store_byte, 8 * i, SIGSEGV, SEGV_MAPERR, 8 * i);
        check(!is_blocked(SIGSEGV));
    }
}

/* Unless the mask is left as it was in the handler: then the signal is blocked, and the next fault kills. */
CASE(leave_without_mask)
{
    handle(SIGSEGV, leave, 0);
    if (sigsetjmp(away, 0) == 0)
        store_byte(8);
    check_eq(nlogged, 1);
    check(is_blocked(SIGSEGV));
    store_byte(8);
    fail("a fault while its signal is blocked did not kill");
}

/* ---- faults that kill ---- */

static void fault_blocked(uintptr_t unused)
{
    (void)unused;
    handle(SIGSEGV, leave, 0);
    block(SIGSEGV);
    if (sigsetjmp(away, 1) == 0)
        store_byte(8);
}

static void fault_ignored(uintptr_t unused)
{
    (void)unused;
    handle_not(SIGSEGV, SIG_IGN);
    store_byte(8);
}

static void fault_blocked_and_ignored(uintptr_t unused)
{
    (void)unused;
    handle_not(SIGSEGV, SIG_IGN);
    block(SIGSEGV);
    store_byte(8);
}

static void fault_in_handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    store_byte(16);
}

static void fault_twice(uintptr_t flags)
{
    handle(SIGSEGV, fault_in_handler, (int)flags);
    store_byte(8);
}

static void fault_masked(uintptr_t unused)
{
    (void)unused;
    handle(SIGSEGV, leave, 0);
    handle_masking(SIGUSR1, fault_in_handler, 0, SET(SIGSEGV));
    if (sigsetjmp(away, 1) == 0)
        kill(getpid(), SIGUSR1);
}

static void illegal_ignored(uintptr_t unused)
{
    (void)unused;
    handle_not(SIGILL, SIG_IGN);
    jump((uintptr_t)bad_instruction);
}

/* A fault whose signal is blocked or ignored cannot wait, nor go by: it kills. */
CASE(fault_unhandled_kills)
{
    expect_death(store_byte, 8, SIGSEGV);
    expect_death(fault_blocked, 0, SIGSEGV);
    expect_death(fault_ignored, 0, SIGSEGV);
    expect_death(fault_blocked_and_ignored, 0, SIGSEGV);
    expect_death(fault_twice, 0, SIGSEGV);
    expect_death(fault_twice, SA_RESETHAND | SA_NODEFER, SIGSEGV);
    expect_death(fault_masked, 0, SIGSEGV);
    expect_death(illegal_ignored, 0, SIGILL);
}

static void fault_deeper(int number, siginfo_t *info, void *context)
{
    uintptr_t va = (uintptr_t)info->si_addr;

    (void)number, (void)context;
    check_eq(va, 8 * ++nlogged);
    if (nlogged == 5)
        siglongjmp(away, 1);
    store_byte(va + 8);
}

/* With SA_NODEFER a handler may cause the same fault, and handle it. */
CASE(fault_nests)
{
    handle(SIGSEGV, fault_deeper, SA_NODEFER);
    if (sigsetjmp(away, 1) == 0)
        store_byte(8);
    check_eq(nlogged, 5);
}

/* A signal of that number that is sent is one like any other: it can be ignored, blocked, and handled. */
CASE(sent_segv_is_no_fault)
{
    handle_not(SIGSEGV, SIG_IGN);
    check_ok(kill(getpid(), SIGSEGV));
    handle(SIGSEGV, log_signal, 0);
    block(SIGSEGV);
    check_ok(kill(getpid(), SIGSEGV));
    check(is_pending(SIGSEGV));
    check_eq(nlogged, 0);
    unblock(SIGSEGV);
    check_logged(0, SIGSEGV, SI_USER);
    check_eq(logged[0].si_pid, getpid());
    queue(getpid(), SIGSEGV, 3);
    check_logged(1, SIGSEGV, SI_QUEUE);
}

/* ---- registers ---- */

static uintptr_t locked;

static void unlock(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    protect(locked, PAGE_BYTES, PROT_READ | PROT_WRITE);
    nlogged++;
    fp_clobber();
}

/* The program goes on with every register as it was, whatever the handler has used. */
CASE(registers_survive)
{
    handle(SIGSEGV, unlock, 0);
    locked = heap_grow(PAGE_BYTES);
    for (unsigned i = 1; i <= 3; i++) {
        protect(locked, PAGE_BYTES, PROT_NONE);
        check_eq(registers_across_store(locked), 0);
        check_eq(nlogged, i);
    }
}

/* So do those for floating point, and the rounding mode, when the handler computes. */
CASE(fp_registers_survive)
{
    uint64_t in[FP_MAX], out[FP_MAX];

    handle(SIGSEGV, unlock, 0);
    locked = heap_grow(PAGE_BYTES);
    for (unsigned i = 1; i <= 3; i++) {
        uint32_t control = fp_control_unusual();
        protect(locked, PAGE_BYTES, PROT_NONE);
        for (unsigned k = 0; k < FP_MAX; k++)
            in[k] = 0x3ff0000000000000 + (uint64_t)i * 1000 + k;
        fp_across_store(locked, in, out, &control);
        check_eq(nlogged, i);
        for (unsigned k = 0; k < fp_registers(); k++)
            check_eq(out[k], in[k]);
        check_eq(control, fp_control_unusual());
    }
}

const struct test_case fault_cases[] = {
    { .name = "fault unmapped", .run = fault_unmapped },
    { .name = "fault across pages", .run = fault_across_pages },
    { .name = "fault protected", .run = fault_protected },
    { .name = "fault of fetch", .run = fault_of_fetch },
    { .name = "fault of instruction", .run = fault_of_instruction },
    { .name = "fault misaligned", .run = fault_misaligned },
    { .name = "fault in call is no signal", .run = fault_in_call_is_no_signal },
    { .name = "repair and return", .run = repair_and_return },
    { .name = "pager in program", .run = pager_in_program },
    { .name = "change program counter", .run = change_program_counter },
    { .name = "leave by longjmp", .run = leave_by_longjmp },
    { .name = "leave without mask", .run = leave_without_mask, .death = SIGSEGV },
    { .name = "fault unhandled kills", .run = fault_unhandled_kills },
    { .name = "fault nests", .run = fault_nests },
    { .name = "sent SIGSEGV is no fault", .run = sent_segv_is_no_fault },
    { .name = "registers survive", .run = registers_survive },
    { .name = "floating-point registers survive", .run = fp_registers_survive },
    { .name = NULL },
};
