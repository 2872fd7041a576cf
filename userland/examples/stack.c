/*
 * stack.c - a stack that grows by its guard page.
 *
 * The kernel promises a program's first stack whole: 8 MiB that are filled as they are touched. A program
 * with a thousand stacks of its own, one for each coroutine, may rather begin each with a page and let it
 * grow. Below the stack lies memory that nobody may access. Who gets there gets SIGSEGV; the handler makes
 * the page in question part of the stack and returns, and the guard is now one page lower. The handler
 * cannot run on the stack that has just overflowed: it needs sigaltstack and SA_ONSTACK.
 *
 * At the limit there is no return. The handler jumps to where the stack was entered from, back on the old
 * stack.
 *
 * A function whose frame is larger than all that lies below can jump over any guard; compilers touch such
 * frames page by page when they are asked to (-fstack-clash-protection).
 *
 *   $ stack
 *   a stack of 1 page, which may grow to 64
 *   the sum of 1 to 8, recursively: 36; the stack has 6 pages
 *   the sum of 1 to 1000000, recursively: too deep; the stack has 64 pages
 *   the sum of 1 to 8, recursively: 36; the stack has 64 pages
 *   the guard moved 63 times; then there was no room, once
 */
#include <err.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

enum { PAGE = 4096, PAGES_MAX = 64, FRAME = 2400 };

static char *lowest;                            /* PAGES_MAX pages, and one below that is always guard */
static char *bottom;                            /* of the stack as it is now; above it everything is accessible */
static sigjmp_buf way_out;
static volatile int moved, no_room, runs_on_own_stack;
static char handler_stack[SIGSTKSZ];

static void on_overflow(int number, siginfo_t *info, void *context)
{
    (void)context;
    char *page = (char *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1));
    char here;

    runs_on_own_stack += &here >= handler_stack && &here < handler_stack + sizeof(handler_stack);
    if (page < lowest || page >= bottom) {
        signal(number, SIG_DFL);                /* not a matter of this stack: when it comes again it kills */
    } else if (page == lowest) {
        no_room++;
        siglongjmp(way_out, 1);
    } else if (mprotect(page, bottom - page, PROT_READ | PROT_WRITE) == 0) {
        bottom = page;
        moved++;
    }
}

/* Call function(argument) on the stack that ends at top; returns when it returns. s1 is one of the registers that it keeps. */
static __attribute__((noinline)) long call_on(char *top, long (*function)(long), long argument)
{
    register long a0 __asm__("a0") = argument;

    __asm__ volatile("mv s1, sp\n\t"
                     "mv sp, %1\n\t"
                     "jalr %2\n\t"
                     "mv sp, s1"
                     : "+r"(a0)
                     : "r"(top), "r"(function)
                     : "memory", "ra", "s1", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6",
                       "fa0", "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7", "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6",
                       "ft7", "ft8", "ft9", "ft10", "ft11");
    return a0;
}

/* The frame is large so that a few calls are seen; it is used after the call, so that it cannot be given up before. */
static __attribute__((noinline)) long sum(long n)
{
    volatile char frame[FRAME];

    frame[0] = n & 1;
    return n == 0 ? 0 : n + sum(n - 1) + (frame[0] != (n & 1));
}

static void sum_on_own_stack(char *top, long n)
{
    printf("the sum of 1 to %ld, recursively: ", n);
    if (sigsetjmp(way_out, 1) == 0)             /* with the mask: the handler is left while SIGSEGV is blocked */
        printf("%ld", call_on(top, sum, n));
    else
        printf("too deep");
    printf("; the stack has %d pages\n", (int)(top - bottom) / PAGE);
}

int main(void)
{
    const stack_t stack = { .ss_sp = handler_stack, .ss_size = sizeof(handler_stack) };
    struct sigaction action = { .sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    lowest = mmap(NULL, (PAGES_MAX + 1) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (lowest == MAP_FAILED || sigaltstack(&stack, NULL) < 0 || sigaction(SIGSEGV, &action, NULL) < 0)
        err(1, "no stack");
    char *top = lowest + (PAGES_MAX + 1) * PAGE;
    bottom = top - PAGE;
    mprotect(bottom, PAGE, PROT_READ | PROT_WRITE);
    printf("a stack of 1 page, which may grow to %d\n", PAGES_MAX);

    sum_on_own_stack(top, 8);
    sum_on_own_stack(top, 1000000);
    sum_on_own_stack(top, 8);
    printf("the guard moved %d times; then there was no room, %s\n", moved, no_room == 1 ? "once" : "not once");
    return runs_on_own_stack != moved + no_room;
}
