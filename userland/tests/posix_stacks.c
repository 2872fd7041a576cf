/*
 * posix_stacks.c - where the frame of a handler goes: the stack that is there, an alternate one, or nowhere.
 * Contracts: sigaltstack(2), sigaction(2) "SA_ONSTACK".
 */
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_machine.h"
#include "posix_signals.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)                    /* sigaltstack(2); glibc does not show it */
#endif

#define STACK_BYTES KIB(64)                         /* holds several frames, whatever registers a machine has */
#define SMALLEST    2048                            /* that the kernel takes: MINSIGSTKSZ, before it grew with the registers */

static uintptr_t stack_base;

/* Let the alternate stack be those bytes. */
static void use_stack(uintptr_t start, size_t len, int flags)
{
    const stack_t stack = { .ss_sp = (void *)start, .ss_size = len, .ss_flags = flags };

    check_ok(sigaltstack(&stack, NULL));
    stack_base = start;
}

static void use_fresh_stack(void)
{
    use_stack(heap_grow(STACK_BYTES), STACK_BYTES, 0);
}

static stack_t stack_now(void)
{
    stack_t stack;

    memset(&stack, 0x55, sizeof(stack));
    check_ok(sigaltstack(NULL, &stack));
    return stack;
}

static bool on_stack(uintptr_t address)
{
    return address - stack_base < STACK_BYTES;
}

/* ---- the call ---- */

/* At first there is none. What was set is told, and taken away again by SS_DISABLE. */
CASE(stack_is_kept)
{
    uintptr_t place = heap_grow(STACK_BYTES);
    stack_t stack = stack_now(), old;

    check_eq(stack.ss_flags, SS_DISABLE);
    check_eq(stack.ss_sp, 0);
    check_eq(stack.ss_size, 0);
    stack = (stack_t){ .ss_sp = (void *)(place + 5), .ss_size = STACK_BYTES - 7 };      /* nothing is rounded */
    check_ok(sigaltstack(&stack, &old));
    check_eq(old.ss_flags, SS_DISABLE);
    stack = stack_now();
    check_eq(stack.ss_flags, 0);
    check_eq(stack.ss_sp, place + 5);
    check_eq(stack.ss_size, STACK_BYTES - 7);
    use_stack(place, SMALLEST, SS_ONSTACK);         /* a flag that means nothing here */
    stack = stack_now();
    check_eq(stack.ss_sp, place);
    check_eq(stack.ss_size, SMALLEST);
    stack = (stack_t){ .ss_sp = (void *)place, .ss_size = 1, .ss_flags = SS_DISABLE };
    check_ok(sigaltstack(&stack, &old));
    check_eq(old.ss_size, SMALLEST);
    stack = stack_now();
    check_eq(stack.ss_flags, SS_DISABLE);
    check_eq(stack.ss_sp, 0);
    check_eq(stack.ss_size, 0);
}

/* What sigaltstack refuses, with nothing changed. */
CASE(stack_errors)
{
    uintptr_t place = heap_grow(STACK_BYTES);
    stack_t stack = { .ss_sp = (void *)place, .ss_size = SMALLEST - 1 };

    check_errno(sigaltstack(&stack, NULL), ENOMEM);
    stack.ss_size = 0;
    check_errno(sigaltstack(&stack, NULL), ENOMEM);
    stack.ss_size = STACK_BYTES;
    stack.ss_flags = 4;
    check_errno(sigaltstack(&stack, NULL), EINVAL);
    stack.ss_flags = SS_ONSTACK | SS_DISABLE;
    check_errno(sigaltstack(&stack, NULL), EINVAL);
    check_errno(syscall(SYS_sigaltstack, BAD_ADDRESS, NULL), EFAULT);
    check_errno(syscall(SYS_sigaltstack, NULL, BAD_ADDRESS), EFAULT);
    check_ok(sigaltstack(NULL, NULL));
    check_eq(stack_now().ss_flags, SS_DISABLE);
}

static uintptr_t frames[LOG_MAX];                   /* where the contexts of handlers were, in the order in which they began */

static void note_frame(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    check_eq((uintptr_t)context % 16, 0);
    frames[nlogged++] = (uintptr_t)context;
}

static void check_on_stack(int number, siginfo_t *info, void *context)
{
    const ucontext_t *interrupted = context;
    stack_t stack = stack_now(), other = { .ss_sp = (void *)0x10000, .ss_size = STACK_BYTES };

    note_frame(number, info, context);
    check(on_stack((uintptr_t)context) && on_stack((uintptr_t)info));
    check_eq(stack.ss_flags, SS_ONSTACK);
    check_eq(stack.ss_sp, stack_base);
    check_eq(stack.ss_size, STACK_BYTES);
    check_eq(interrupted->uc_stack.ss_sp, stack_base);
    check_eq(interrupted->uc_stack.ss_size, STACK_BYTES);
    check_eq(interrupted->uc_stack.ss_flags, 0);
    check(!on_stack(context_sp(interrupted)));
    check_errno(sigaltstack(&other, NULL), EPERM);
    other.ss_flags = SS_DISABLE;
    check_errno(sigaltstack(&other, NULL), EPERM);
    check_errno(sigaltstack(&stack, NULL), EPERM);
}

/* A handler with SA_ONSTACK runs there, and may not change it meanwhile; one without does not. */
CASE(handler_on_stack)
{
    use_fresh_stack();
    handle(SIGUSR1, check_on_stack, SA_ONSTACK);
    handle(SIGUSR2, note_frame, 0);
    for (unsigned i = 0; i < 2; i++) {
        nlogged = 0;
        check_ok(kill(getpid(), SIGUSR1));
        check_ok(kill(getpid(), SIGUSR2));
        check_eq(nlogged, 2);
        check(!on_stack(frames[1]));
        check_eq(stack_now().ss_flags, 0);
    }
    use_stack(0, 0, SS_DISABLE);
    handle(SIGUSR1, note_frame, SA_ONSTACK);        /* without an alternate stack that is where the program is */
    check_ok(kill(getpid(), SIGUSR1));
    check_le(labs((long)(frames[2] - frames[1])), KIB(16));
}

static void send_second(int number, siginfo_t *info, void *context)
{
    note_frame(number, info, context);
    if (number == SIGUSR1)
        check_ok(kill(getpid(), SIGUSR2));
}

/* A second signal meanwhile goes below the first on that stack, with or without SA_ONSTACK. */
CASE(second_handler_on_stack)
{
    static const int flags[] = { 0, SA_ONSTACK };

    use_fresh_stack();
    handle(SIGUSR1, send_second, SA_ONSTACK);
    for (unsigned i = 0; i < 2; i++) {
        handle(SIGUSR2, send_second, flags[i]);
        nlogged = 0;
        check_ok(kill(getpid(), SIGUSR1));
        check_eq(nlogged, 2);
        check(on_stack(frames[0]) && on_stack(frames[1]) && frames[1] < frames[0]);
    }
}

/* An alternate stack with an odd end, and one that is nowhere near aligned, hold an aligned frame. */
CASE(odd_stack)
{
    uintptr_t place = heap_grow(2 * STACK_BYTES);

    handle(SIGUSR1, note_frame, SA_ONSTACK);
    for (unsigned i = 0; i < 20; i += 3) {
        use_stack(place + i, STACK_BYTES + 5 * i, 0);
        check_ok(kill(getpid(), SIGUSR1));
        check(frames[nlogged - 1] - place < STACK_BYTES + 6 * i);
    }
    use_stack(0, 0, SS_DISABLE);                    /* what follows under the sanitizer wants one that is aligned */
}

static sigjmp_buf away;

static void leave_stack(int number, siginfo_t *info, void *context)
{
    note_frame(number, info, context);
    siglongjmp(away, 1);
}

/* Who is on the stack is told by the stack pointer: after siglongjmp nobody is, and the next handler begins at the top. */
CASE(leave_stack_by_longjmp)
{
    use_fresh_stack();
    handle(SIGUSR1, leave_stack, SA_ONSTACK);
    for (volatile unsigned i = 0; i < 3; i++) {
        if (sigsetjmp(away, 1) == 0) {
            kill(getpid(), SIGUSR1);
            fail("no signal came");
        }
        check(on_stack(frames[i]));
        check_eq(frames[i], frames[0]);
        check_eq(stack_now().ss_flags, 0);
    }
    use_fresh_stack();
}

static void check_disarmed(int number, siginfo_t *info, void *context)
{
    const ucontext_t *interrupted = context;

    note_frame(number, info, context);
    check(on_stack((uintptr_t)context));
    check_eq(stack_now().ss_flags, SS_DISABLE);
    check_eq(interrupted->uc_stack.ss_sp, stack_base);
    check_eq(interrupted->uc_stack.ss_flags, (int)SS_AUTODISARM);
    if (nlogged == 1) {
        uintptr_t first = stack_base;
        use_fresh_stack();                          /* for the meantime */
        check_ok(kill(getpid(), SIGUSR2));
        stack_base = first;
    }
}

/* With SS_AUTODISARM the handler finds none, and may set another; when it returns it is there again. */
CASE(stack_disarmed)
{
    use_stack(heap_grow(STACK_BYTES), STACK_BYTES, (int)SS_AUTODISARM);
    check_eq(stack_now().ss_flags, (int)SS_AUTODISARM);
    handle(SIGUSR1, check_disarmed, SA_ONSTACK);
    handle(SIGUSR2, note_frame, SA_ONSTACK);
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(nlogged, 2);
    check(on_stack(frames[0]) && !on_stack(frames[1]));
    stack_t stack = stack_now();
    check_eq(stack.ss_flags, (int)SS_AUTODISARM);
    check_eq(stack.ss_sp, stack_base);
}

static void change_stack(int number, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;

    note_frame(number, info, context);
    interrupted->uc_stack.ss_size = STACK_BYTES / 2;
}

/* What the context says of the alternate stack is set when the handler returns. */
CASE(handler_changes_stack)
{
    use_fresh_stack();
    handle(SIGUSR1, change_stack, 0);
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(stack_now().ss_size, STACK_BYTES / 2);
    check_eq(stack_now().ss_sp, stack_base);
}

/* ---- pages that are not there yet ---- */

/* The frame brings in the pages that it needs: of the stack far below where it was used, and of any other memory. */
CASE(frame_brings_in_pages)
{
    uintptr_t heap = heap_grow(MIB(1)), here = (uintptr_t)__builtin_frame_address(0);

    handle(SIGUSR1, note_frame, 0);
    check_eq(call_with_sp(here - KIB(300), SYS_kill, getpid(), SIGUSR1), 0);
    check(frames[0] < here - KIB(300) && frames[0] > here - KIB(320));
    check_eq(call_with_sp(heap + MIB(1), SYS_kill, getpid(), SIGUSR1), 0);
    check(frames[1] - heap < MIB(1));
    check_eq(call_with_sp(heap + KIB(500) + 7, SYS_kill, getpid(), SIGUSR1), 0);        /* not aligned: the frame is */
    check(frames[2] - heap < KIB(500));
    use_fresh_stack();
    handle(SIGUSR1, note_frame, SA_ONSTACK);
    check_eq(call_with_sp(8, SYS_kill, getpid(), SIGUSR1), 0);      /* where it does not matter what the stack pointer is */
    check(on_stack(frames[3]));
}

static void handled_on_stack(int number, siginfo_t *info, void *context)
{
    check_eq(info->si_code, SEGV_MAPERR);
    leave_stack(number, info, context);
}

#define MANY_FRAMES 4096                            /* of more than 4 KiB: more than any stack holds */

UNCHECKED static uintptr_t overflow(uintptr_t nframes)
{
    volatile char frame[KIB(4)];

    frame[0] = 1;
    return nframes == 0 ? 0 : overflow(nframes - 1) + frame[0];
}

/* A stack that has been used up is a fault like any other, for who handles it elsewhere; again and again. */
CASE(stack_overflow_is_handled)
{
    struct rlimit limit;

    check_ok(getrlimit(RLIMIT_STACK, &limit));
    if (limit.rlim_cur > MIB(8))
        limit.rlim_cur = MIB(8);
    check_ok(setrlimit(RLIMIT_STACK, &limit));
    use_fresh_stack();
    handle(SIGSEGV, handled_on_stack, SA_ONSTACK);
    for (volatile unsigned i = 1; i <= 3; i++) {
        if (sigsetjmp(away, 1) == 0)
            overflow(MANY_FRAMES);
        check_eq(nlogged, i);
        check(on_stack(frames[i - 1]));
    }
}

/* ---- frames that do not fit ---- */

static void signal_at(uintptr_t sp)
{
    handle(SIGUSR1, note_frame, 0);
    call_with_sp(sp, SYS_kill, getpid(), SIGUSR1);
    check_eq(nlogged, 1);
}

static void overflow_unhandled(uintptr_t unused)
{
    (void)unused;
    handle(SIGSEGV, note_frame, 0);                 /* without a stack to run on */
    overflow(MANY_FRAMES);
}

/* A frame that cannot be stored is death by SIGSEGV, whichever signal it was for. */
CASE(frame_nowhere)
{
    uintptr_t page = heap_grow(3 * PAGE_BYTES) + PAGE_BYTES;
    const uintptr_t nowhere[] = {
        0, 1, 8, 16, 64, PAGE_BYTES, page + 64, page, page - 8, (uintptr_t)signal_at, 1ul << 62, 1ul << 63,
        0xffffffc000000000, 0xffffffc080200000, 0xffffffff80200000, -8ul, -1ul,
    };

    check_ok(munmap((void *)(page - PAGE_BYTES), PAGE_BYTES));
    for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
        expect_death(signal_at, nowhere[i], SIGSEGV);
    check_ok(mprotect((void *)page, PAGE_BYTES, PROT_READ));
    expect_death(signal_at, page + PAGE_BYTES, SIGSEGV);
    check_ok(mprotect((void *)page, PAGE_BYTES, PROT_NONE));
    expect_death(signal_at, page + PAGE_BYTES, SIGSEGV);
    expect_death(overflow_unhandled, 0, SIGSEGV);
}

/* Whether it fits is a matter of bytes: from some distance above the end of a stack on it does. */
CASE(frame_at_end_of_stack)
{
    uintptr_t pages = heap_grow(9 * PAGE_BYTES), end = pages + PAGE_BYTES;
    bool fitted = false;

    check_ok(munmap((void *)pages, PAGE_BYTES));
    for (uintptr_t sp = end + 256; sp <= end + 7 * PAGE_BYTES; sp += 256 + sp % 512) {
        int status = child_wait(child_start(signal_at, sp));
        check(status == 0 || (status == SIGSEGV && !fitted));
        fitted = status == 0;
    }
    check(fitted);
}

static void signal_onstack(uintptr_t flags)
{
    handle(SIGUSR1, note_frame, (int)flags);
    check_ok(kill(getpid(), SIGUSR1));
    check_eq(nlogged, 1);
}

/* An alternate stack that may not be stored to holds no frame; who does not want to run on it does not care. */
CASE(stack_that_is_none)
{
    use_stack((uintptr_t)pages_before_hole(1) + PAGE_BYTES, KIB(4), 0);
    expect_death(signal_onstack, SA_ONSTACK, SIGSEGV);
    expect_ok(signal_onstack, 0);
    use_stack(0xffffffc000000000, STACK_BYTES, 0);
    expect_death(signal_onstack, SA_ONSTACK, SIGSEGV);
    use_stack(-STACK_BYTES, STACK_BYTES, 0);
    expect_death(signal_onstack, SA_ONSTACK, SIGSEGV);
    use_fresh_stack();
    check_ok(mprotect((void *)stack_base, STACK_BYTES, PROT_READ));
    expect_death(signal_onstack, SA_ONSTACK, SIGSEGV);
    check_ok(mprotect((void *)stack_base, STACK_BYTES, PROT_READ | PROT_WRITE));
    expect_ok(signal_onstack, SA_ONSTACK);
}

static void frame_failed(int number, siginfo_t *info, void *context)
{
    (void)number;
    check_eq(info->si_code, SI_KERNEL);
    check_eq(info->si_addr, 0);
    check_eq(context_sp(context), 64);
    check(on_stack((uintptr_t)context));
    nlogged++;
    siglongjmp(away, 1);
}

static void never_run(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    fail("the handler of signal %d runs, without a stack", number);
}

/* The SIGSEGV for a frame that did not fit can be handled, elsewhere. */
CASE(failed_frame_is_handled)
{
    use_fresh_stack();
    handle(SIGSEGV, frame_failed, SA_ONSTACK);
    handle(SIGUSR1, never_run, 0);
    for (volatile unsigned i = 1; i <= 3; i++) {
        if (sigsetjmp(away, 1) == 0)
            call_with_sp(64, SYS_kill, getpid(), SIGUSR1);
        check_eq(nlogged, i);
    }
    check(!is_pending(SIGUSR1));
}

UNCHECKED static void nest(int number, siginfo_t *info, void *context)
{
    (void)info;
    uintptr_t frame = (uintptr_t)context;

    if (frame < stack_base || (nlogged > 0 && frame >= frames[nlogged - 1]))
        _exit(3);                                   /* it went beyond, or began again at the top, over those that still run */
    frames[nlogged++] = frame;
    kill(getpid(), number == SIGUSR1 ? SIGUSR2 : number);
}

static void nest_for_ever(uintptr_t flags)
{
    handle(SIGUSR1, nest, SA_ONSTACK);
    handle(SIGUSR2, nest, SA_NODEFER | (int)flags);
    kill(getpid(), SIGUSR1);
}

/* Handlers that use up the alternate stack, asked for or not: below it is no place for a frame, even where there is memory. */
CASE(overflow_of_alternate_stack)
{
    uintptr_t place = heap_grow(2 * STACK_BYTES);

    memset((void *)place, 0, 2 * STACK_BYTES);
    use_stack(place + STACK_BYTES, STACK_BYTES, 0);
    expect_death(nest_for_ever, SA_ONSTACK, SIGSEGV);
    expect_death(nest_for_ever, 0, SIGSEGV);
    check_ok(munmap((void *)place, STACK_BYTES));
    expect_death(nest_for_ever, SA_ONSTACK, SIGSEGV);
    expect_death(nest_for_ever, 0, SIGSEGV);
}

const struct test_case stack_cases[] = {
    { .name = "alternate stack is kept", .run = stack_is_kept },
    { .name = "alternate stack errors", .run = stack_errors },
    { .name = "handler on alternate stack", .run = handler_on_stack },
    { .name = "second handler on alternate stack", .run = second_handler_on_stack },
    { .name = "odd alternate stack", .run = odd_stack },
    { .name = "leave alternate stack by longjmp", .run = leave_stack_by_longjmp },
    { .name = "alternate stack disarmed", .run = stack_disarmed },
    { .name = "handler changes alternate stack", .run = handler_changes_stack },
    { .name = "frame brings in pages", .run = frame_brings_in_pages },
    { .name = "stack overflow is handled", .run = stack_overflow_is_handled },
    { .name = "frame nowhere", .run = frame_nowhere },
    { .name = "frame at end of stack", .run = frame_at_end_of_stack },
    { .name = "alternate stack that is none", .run = stack_that_is_none },
    { .name = "failed frame is handled", .run = failed_frame_is_handled },
    { .name = "overflow of alternate stack", .run = overflow_of_alternate_stack },
    { .name = NULL },
};
