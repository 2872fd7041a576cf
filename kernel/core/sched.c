/*
 * sched.c - who runs next.
 * Owns: the run queue, sched_lock, the switch from one thread to another, idle harts.
 * Does not own: why a thread sleeps (lock.c), time slices (time.c).
 *
 * One queue, first in, first out, for all harts: nothing to balance, and nobody starves. sched_lock
 * is held across a switch: the one that is switched to lets go of it. So a thread that is seen on a
 * queue has left its stack for good.
 */
#include "arch/mmu.h"
#include "kernel/core/errno.h"
#include "kernel/core/hart.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/core/sched.h"
#include "kernel/core/time.h"
#include "kernel/core/trace.h"

struct spinlock sched_lock = SPINLOCK_INIT(RANK_SCHED);
static struct thread_queue run_queue = TAILQ_HEAD_INITIALIZER(run_queue);     /* [sched_lock] */
static uint64_t idle_harts;                                                 /* [sched_lock] asleep, or about to be */

void sched_make_runnable(struct thread *t)
{
    assert(spin_held(&sched_lock));
    if (t->sleeping_on != NULL) {
        TAILQ_REMOVE(&t->sleeping_on->waiters, t, queue_link);
        t->sleeping_on = NULL;
    }
    t->state = THREAD_RUNNABLE;
    TAILQ_INSERT_TAIL(&run_queue, t, queue_link);
    uint64_t others = idle_harts & ~(1ul << hart_index());
    if (others != 0) {                          /* an idle hart is woken, one for each who can run */
        uint64_t hart = others & -others;
        idle_harts &= ~hart;
        hart_ask(hart, HART_RESCHEDULE);
    }
}

void sched_enter_queue(struct waitq *wq)
{
    struct thread *t = thread_current();
    assert(spin_held(&sched_lock) && t != this_hart()->idle);
    t->state = THREAD_SLEEPING;
    t->sleeping_on = wq;
    TAILQ_INSERT_TAIL(&wq->waiters, t, queue_link);
}

void sched_sleep(void)
{
    struct thread *t = thread_current();
    assert(spin_held(&sched_lock) && t->state == THREAD_SLEEPING);
    if (CHECKED && this_hart()->nheld != 1)
        panic("%s[%d] sleeps with %u spin locks held", t->name, t->id, this_hart()->nheld - 1);
    sched_switch();
}

bool sched_others_waiting(void)
{
    return !TAILQ_EMPTY(&run_queue);
}

static void switch_to(struct thread *next)
{
    struct hart *hart = this_hart();
    struct thread *prev = hart->current;
    uint64_t now = time_ticks();
    trace(TRACE_SWITCH, 0, next->id);
    prev->run_ticks += now - hart->since;
    hart->since = now;
    next->state = THREAD_RUNNING;
    next->hart = hart;
    hart->current = next;
    hart->proc = next->proc;
    hart->base.frame = next->tf;
    if (prev->fp_used)
        fp_save(prev->tf, prev->fp);
    if (next->fp_used)
        fp_restore(next->fp);
    if (thread_notices(next) != 0)
        atomic_fetch_or(&hart->pending, HART_NOTICE);
    mmu_activate(next->mmu, next->mmu_root);
    context_switch(&prev->context, &next->context);
    /* prev runs again, perhaps on another hart: nothing read above is valid. */
}

void sched_switch(void)
{
    assert(spin_held(&sched_lock));
    struct thread *next = TAILQ_FIRST(&run_queue);
    if (next != NULL)
        TAILQ_REMOVE(&run_queue, next, queue_link);
    else
        next = this_hart()->idle;
    switch_to(next);
}

void sched_started(void)
{
    spin_unlock(&sched_lock);
}

void sched_idle(void)
{
    struct hart *hart = this_hart();
    uint64_t bit = 1ul << hart_number(hart);
    for (;;) {
        irq_mask();
        hart_stop_point();
        spin_lock(&sched_lock);
        if (!TAILQ_EMPTY(&run_queue)) {
            idle_harts &= ~bit;
            time_leave_idle();
            sched_switch();
            spin_unlock(&sched_lock);
        } else {
            idle_harts |= bit;
            spin_unlock(&sched_lock);
            time_enter_idle();
            /* Masked, so what came since is still pending, and wfi returns at once for it. */
            if (atomic_load(&hart->pending) == 0)
                wait_for_interrupt();
        }
        atomic_fetch_and(&hart->pending, ~(HART_RESCHEDULE | HART_NOTICE));
        irq_unmask();                           /* handlers run here */
    }
}
