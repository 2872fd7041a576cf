/*
 * kernel.c - what mm and kernel/core/lock.c ask of the rest of the kernel, for the host program.
 * Owns: harts[], a struct thread for each thread of the program, sleeping and waking, panic, allocations that fail.
 * Does not own: locks. kernel/core/lock.c is compiled as it is, with the checks of the checked kernel.
 *
 * A thread of the program is one of the kernel. It runs on one simulated hart at a time, and on another when it says so
 * (host_use_hart).
 */
#include <stdarg.h>
#include <stdio.h>
#include <sched.h>
#include <stdlib.h>

#include "arch/hart.h"
#include "arch/host/host.h"
#include "kernel/core/thread.h"
#include "kernel/core/inject.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/core/time.h"

struct hart harts[MACHINE_MAX_HARTS];
static _Thread_local struct thread self = { .name = "thread" };
_Thread_local void *host_self;

void (*host_panicked)(const char *message);
extern void __gcov_dump(void) __attribute__((weak));

void host_use_hart(unsigned hart)
{
    if (host_self != NULL)
        lock_assert_no_spin();
    harts[hart].base.index = hart;
    harts[hart].current = &self;
    host_self = &harts[hart];
}

bool host_alone;
uint64_t others_online(void) { return host_alone ? 0 : ~(1ul << hart_index()); }

void panic(const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    fflush(stdout);
    fprintf(stderr, "panic: %s\n", message);
    if (host_panicked != NULL)
        host_panicked(message);
    if (__gcov_dump != NULL)
        __gcov_dump();                          /* in the build for coverage what led to a panic counts too */
    abort();
}

/* ---- sleeping: kernel/core/sched.h, as far as mutexes need it ---- */

struct spinlock sched_lock = SPINLOCK_INIT(RANK_SCHED);

void sched_enter_queue(struct waitq *wq)
{
    struct thread *t = thread_current();
    assert(spin_held(&sched_lock));
    t->state = THREAD_SLEEPING;
    t->sleeping_on = wq;
    TAILQ_INSERT_TAIL(&wq->waiters, t, queue_link);
}

void sched_sleep(void)
{
    struct thread *t = thread_current();
    while (t->state == THREAD_SLEEPING) {
        spin_unlock(&sched_lock);
        hart_relax();
        spin_lock(&sched_lock);
    }
    t->state = THREAD_RUNNING;
}

void sched_make_runnable(struct thread *t)
{
    assert(spin_held(&sched_lock));
    TAILQ_REMOVE(&t->sleeping_on->waiters, t, queue_link);
    t->sleeping_on = NULL;
    t->state = THREAD_RUNNABLE;
}

/* kernel/core/thread.h. The host's threads run side by side; but now and then somebody is due, so that batches are cut. */
int thread_between_pieces(void) { return 0; }
void thread_yield(void) { sched_yield(); }

/* kernel/core/time.h: each look at the clock is one tick. */
uint64_t time_ticks(void)
{
    static _Atomic uint64_t ticks;
    return atomic_fetch_add(&ticks, 1);
}

/* kernel/core/hart.h: only what runs on one thread asks for it here. */
void harts_stop(void) { }
void harts_resume(void) { }
void thread_let_others_now(void)
{
    lock_assert_no_spin();
    atomic_store(&this_hart()->pending, host_random() % 8 == 0 ? HART_RESCHEDULE : 0);
}

/* ---- allocations that fail: kernel/core/inject.h ---- */

static _Thread_local enum host_failure how;
static _Thread_local uint64_t nth, asked, failed;

void host_fail_allocation(enum host_failure how_now, uint64_t nth_now)
{
    how = how_now;
    nth = nth_now;
    asked = failed = 0;
}

uint64_t host_failed(void) { return failed; }
uint64_t host_allocations(void) { return asked; }

bool alloc_site_fails(struct alloc_site *site)
{
    asked++;
    site->calls++;
    bool now = (how == FAIL_ONCE && asked == nth) || (how == FAIL_FROM_THEN_ON && asked >= nth);
    failed += now;
    return now;
}
