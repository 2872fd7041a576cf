/*
 * thread.c - the life of a thread, as far as it is the same whoever it belongs to.
 * Owns: making one, telling one that there is something to look at, giving way.
 * Does not own: who runs next (sched.c), what a thread belongs to (kernel/proc.c).
 */
#include "arch/hart.h"
#include "kernel/core/errno.h"
#include "kernel/core/kstack.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/core/thread.h"

#define FP_ROOM ((sizeof(struct fp_context) + 15) & ~15ul)      /* bytes: a stack pointer is a multiple of 16 */

int thread_init(struct thread *t, int id, const char *name)
{
    t->kstack = kstack_alloc();
    if (t->kstack == NULL)
        return -ENOMEM;
    t->fp = (struct fp_context *)(t->kstack + KSTACK_SIZE - FP_ROOM);
    t->tf = (struct trapframe *)t->fp - 1;
    t->id = id;
    t->name = name;
    return 0;
}

void thread_free_stack(struct thread *t)
{
    kstack_free(t->kstack);
}

struct thread *thread_create_idle(unsigned hart)
{
    static struct thread idle[MACHINE_MAX_HARTS];
    struct thread *t = &idle[hart];
    if (thread_init(t, 0, "idle") != 0)
        panic("no memory for the idle thread of hart %u", hart);
    t->state = THREAD_RUNNING;
    t->hart = &harts[hart];
    return t;
}

void thread_notify(struct thread *t, unsigned notices)
{
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    atomic_fetch_or(&t->notices, notices);
    if (t->state == THREAD_SLEEPING && (t->wake_on & notices))
        sched_make_runnable(t);
    else if (t == thread_current())
        atomic_fetch_or(&this_hart()->pending, HART_NOTICE);
    else if (t->state == THREAD_RUNNING)
        hart_ask(1ul << hart_number(t->hart), HART_NOTICE);     /* it may be in user mode: bring it to its last stop */
    spin_unlock_irqrestore(&sched_lock, flags);
}

void thread_yield(void)
{
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    if (sched_others_waiting()) {
        sched_make_runnable(thread_current());
        sched_switch();
    }
    spin_unlock_irqrestore(&sched_lock, flags);
}

void thread_let_others_now(void)
{
    if (CHECKED)
        lock_assert_no_spin();
    hart_stop_point();
    if (thread_others_due() && (atomic_fetch_and(&this_hart()->pending, ~HART_RESCHEDULE) & HART_RESCHEDULE))
        thread_yield();
}

int thread_between_pieces(void)
{
    if (atomic_load_explicit(&this_hart()->pending, memory_order_relaxed) == 0)
        return 0;
    if (thread_killed(thread_current()))
        return -EINTR;
    thread_let_others();
    return 0;
}
