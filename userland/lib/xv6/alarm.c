/*
 * alarm.c - sigalarm and sigreturn, the calls of the traps lab.
 * Owns: the handler, and the stack that it runs on.
 * Does not own: the timer, which is native and goes by the processor time that the process uses; native.h has the numbers.
 *
 * A native signal does what the lab asks for: all registers are kept, a0 too, and while the handler runs there is no second
 * alarm. sigreturn goes back from wherever the handler has got to; one that returns instead comes to the same.
 */
#include "native.h"
#include "user/user.h"

#define TICK_US     100000l             /* ten in a second */
#define SECOND_US   1000000l
#define STACK_BYTES 16384               /* a stack of one page, half full, has no room for a frame and a handler */

static char stack[STACK_BYTES] __attribute__((aligned(16)));
static int interval;                    /* ticks */
static void (*handler)(void);
static void *frame;                     /* of the handler that runs; 0: none */

/* Once: the time until the next alarm begins when the handler is done, or a slow one would leave the program no time. */
static int set_timer(void)
{
    const struct native_itimerval timer = { 0, 0, interval * TICK_US / SECOND_US, interval * TICK_US % SECOND_US };

    return or_minus_one(native_call(NATIVE_setitimer, NATIVE_ITIMER_PROF, &timer, 0));
}

/* The native page that it would return to has gone with the rest of what an xv6 process has not. */
static void on_alarm(int signal, void *info, void *context)
{
    frame = info;                       /* where the frame begins */
    handler();
    xv6_sigreturn();
}

int xv6_sigalarm(int ticks, void (*function)(void))
{
    static const struct native_stack alternate = { stack, 0, 0, sizeof(stack) };
    const struct native_sigaction action = { (uint64)on_alarm, NATIVE_SA_ONSTACK, 0 };

    if (ticks < 0)
        return -1;
    if (ticks > 0 && !frame) {          /* a handler stays on the stack that it has */
        native_call(NATIVE_sigaltstack, &alternate, 0);
        if (native_call(NATIVE_rt_sigaction, NATIVE_SIGPROF, &action, 0, 8) < 0)
            return -1;
    }
    handler = function;
    interval = ticks;
    return set_timer();
}

int xv6_sigreturn(void)
{
    void *sp = frame;

    if (!sp)
        return -1;
    frame = 0;
    set_timer();
    __asm__ volatile("mv sp, %0\n li a7, %1\n ecall" : : "r"(sp), "i"(NATIVE_rt_sigreturn) : "memory");
    __builtin_unreachable();
}
