/*
 * posix_bus.c - faults in memory that is mapped from files, and what a handler is told of them.
 * Contracts: mmap(2) "SIGBUS", sigaction(2) "si_code". Without mmap there are no cases.
 */
#include <setjmp.h>
#include <sys/mman.h>

#include "posix.h"
#include "posix_signals.h"

#ifdef MAP_SHARED

UNCHECKED static void load_byte(uintptr_t va) { (void)*(volatile uint8_t *)va; }
UNCHECKED static void store_byte(uintptr_t va) { *(volatile uint8_t *)va = 1; }

static sigjmp_buf away;
static siginfo_t told;

static void leave(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    told = *info;
    siglongjmp(away, 1);
}

/* Do touch(va). Did it cause that signal, for that reason, at that address? */
static void expect_fault(int line, child_fn *touch, uintptr_t va, int number, int code)
{
    handle(SIGSEGV, leave, 0);
    handle(SIGBUS, leave, 0);
    memset(&told, 0, sizeof(told));
    if (sigsetjmp(away, 1) == 0)
        touch(va);
    if (told.si_signo != number || (number != 0 && (told.si_code != code || (uintptr_t)told.si_addr != va)))
        test_fail(__FILE__, line, "signal %d, code %d, address %p; expected signal %d, code %d, address %p", told.si_signo,
                  told.si_code, told.si_addr, number, code, (void *)va);
}

#define check_fault(touch, va, number, code) expect_fault(__LINE__, touch, va, number, code)
#define check_no_fault(touch, va)            expect_fault(__LINE__, touch, va, 0, 0)

static uintptr_t map(int fd, size_t len, int protection, int flags)
{
    void *start = mmap(NULL, len, protection, flags, fd, 0);

    check(start != MAP_FAILED);
    return (uintptr_t)start;
}

static int file_of_pages(unsigned npages)
{
    int fd = make_open_file("f", "");

    check_ok(ftruncate(fd, npages * PAGE_BYTES));
    return fd;
}

/* A page that lies wholly beyond the file's end is SIGBUS, BUS_ADRERR, to the byte; the rest of the last page is memory. */
CASE(beyond_end_of_file)
{
    static const int flags[] = { MAP_SHARED, MAP_PRIVATE };
    int fd = file_of_pages(1);

    check_ok(ftruncate(fd, PAGE_BYTES + 10));
    for (unsigned i = 0; i < 2; i++) {
        uintptr_t start = map(fd, 4 * PAGE_BYTES, PROT_READ | PROT_WRITE, flags[i]);
        check_no_fault(load_byte, start + PAGE_BYTES + 4095);
        check_no_fault(store_byte, start + PAGE_BYTES + 4095);
        check_fault(load_byte, start + 2 * PAGE_BYTES, SIGBUS, BUS_ADRERR);
        check_fault(store_byte, start + 2 * PAGE_BYTES + 77, SIGBUS, BUS_ADRERR);
        check_fault(load_byte, start + 4 * PAGE_BYTES - 1, SIGBUS, BUS_ADRERR);
    }
}

/* A file that is cut under a mapping: pages that were used are SIGBUS, until it grows again. */
CASE(file_is_cut)
{
    static const int flags[] = { MAP_SHARED, MAP_PRIVATE };

    for (unsigned i = 0; i < 2; i++) {
        int fd = file_of_pages(3);
        uintptr_t start = map(fd, 3 * PAGE_BYTES, PROT_READ | PROT_WRITE, flags[i]);
        check_no_fault(store_byte, start + 2 * PAGE_BYTES);
        check_ok(ftruncate(fd, PAGE_BYTES));
        check_no_fault(store_byte, start);
        check_fault(load_byte, start + 2 * PAGE_BYTES, SIGBUS, BUS_ADRERR);
        check_fault(store_byte, start + PAGE_BYTES + 5, SIGBUS, BUS_ADRERR);
        check_ok(ftruncate(fd, 3 * PAGE_BYTES));
        check_no_fault(load_byte, start + 2 * PAGE_BYTES);
        check_eq(peek_byte(start + 2 * PAGE_BYTES), 0);
    }
}

/* What the mapping does not allow is SIGSEGV, ACCERR, beyond the file's end too; beyond the mapping it is MAPERR. */
CASE(rights_come_first)
{
    int fd = file_of_pages(1);
    uintptr_t start = map(fd, 3 * PAGE_BYTES, PROT_READ, MAP_SHARED);

    check_fault(store_byte, start + 9, SIGSEGV, SEGV_ACCERR);
    check_fault(store_byte, start + PAGE_BYTES + 9, SIGSEGV, SEGV_ACCERR);
    check_fault(load_byte, start + PAGE_BYTES + 9, SIGBUS, BUS_ADRERR);
    check_ok(mprotect((void *)start, PAGE_BYTES, PROT_NONE));
    check_fault(load_byte, start + 9, SIGSEGV, SEGV_ACCERR);
    check_ok(munmap((void *)(start + 2 * PAGE_BYTES), PAGE_BYTES));
    check_fault(load_byte, start + 2 * PAGE_BYTES, SIGSEGV, SEGV_MAPERR);
}

static int grown;

static void grow_file(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    check_eq(info->si_code, BUS_ADRERR);
    check_ok(ftruncate(grown, 2 * PAGE_BYTES));
}

/* A handler may make the file long enough, and return. */
CASE(repair_of_file)
{
    grown = file_of_pages(1);
    uintptr_t start = map(grown, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED);
    handle(SIGBUS, grow_file, 0);
    poke_byte(start + PAGE_BYTES, 7);
    check_eq(peek_byte(start + PAGE_BYTES), 7);
}

static void fault_ignored(uintptr_t va)
{
    handle_not(SIGBUS, SIG_IGN);
    load_byte(va);
}

static void fault_blocked(uintptr_t va)
{
    handle(SIGBUS, leave, 0);
    block(SIGBUS);
    if (sigsetjmp(away, 1) == 0)
        load_byte(va);
}

static void frame_there(uintptr_t va)
{
    const stack_t stack = { .ss_sp = (void *)va, .ss_size = KIB(64) };

    check_ok(sigaltstack(&stack, NULL));
    handle(SIGUSR1, log_signal, SA_ONSTACK);
    check_ok(kill(getpid(), SIGUSR1));
}

/* Unhandled, ignored or blocked it kills; a handler's frame there is one that cannot be stored. */
CASE(beyond_end_of_file_kills)
{
    int fd = file_of_pages(1);
    uintptr_t start = map(fd, KIB(128), PROT_READ | PROT_WRITE, MAP_SHARED), beyond = start + KIB(32);

    expect_death(load_byte, beyond, SIGBUS);
    expect_death(fault_ignored, beyond, SIGBUS);
    expect_death(fault_blocked, beyond, SIGBUS);
    expect_death(frame_there, beyond, SIGSEGV);
}

const struct test_case bus_cases[] = {
    { .name = "beyond end of file", .run = beyond_end_of_file },
    { .name = "mapped file is cut", .run = file_is_cut },
    { .name = "rights come first", .run = rights_come_first },
    { .name = "repair of file", .run = repair_of_file },
    { .name = "beyond end of file kills", .run = beyond_end_of_file_kills },
    { .name = NULL },
};

#else

const struct test_case bus_cases[] = { { .name = NULL } };

#endif
