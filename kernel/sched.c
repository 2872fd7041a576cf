/*
 * sched.c - who runs next.
 * Owns: the run queue, sched_lock, the switch from one process to another, idle harts.
 * Does not own: why a process sleeps (lock.c), time slices (time.c).
 *
 * One queue, first in, first out, for all harts: nothing to balance, and nobody starves. sched_lock is held across a switch:
 * the one that is switched to lets go of it. So a process that is seen on a queue has left its stack for good.
 */
#include "arch/mmu.h"
#include "kernel/errno.h"
#include "kernel/hart.h"
#include "kernel/panic.h"
#include "kernel/proc.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "mm/addrspace.h"

struct spinlock sched_lock = SPINLOCK_INIT(RANK_SCHED);
static struct proc_queue run_queue = TAILQ_HEAD_INITIALIZER(run_queue);     /* [sched_lock] */
static uint64_t idle_harts;                                                 /* [sched_lock] asleep, or about to be */

void sched_make_runnable(struct proc *p)
{
    assert(spin_held(&sched_lock));
    if (p->sleeping_on != NULL) {
        TAILQ_REMOVE(&p->sleeping_on->waiters, p, queue_link);
        p->sleeping_on = NULL;
    }
    p->state = PROC_RUNNABLE;
    TAILQ_INSERT_TAIL(&run_queue, p, queue_link);
    uint64_t others = idle_harts & ~(1ul << hart_index());
    if (others != 0) {                          /* an idle hart is woken, one for each who can run */
        uint64_t hart = others & -others;
        idle_harts &= ~hart;
        hart_ask(hart, HART_RESCHEDULE);
    }
}

void sched_enter_queue(struct waitq *wq)
{
    struct proc *p = current();
    assert(spin_held(&sched_lock) && p != this_hart()->idle);
    p->state = PROC_SLEEPING;
    p->sleeping_on = wq;
    TAILQ_INSERT_TAIL(&wq->waiters, p, queue_link);
}

void sched_sleep(void)
{
    struct proc *p = current();
    assert(spin_held(&sched_lock) && p->state == PROC_SLEEPING);
    if (CHECKED && this_hart()->nheld != 1)
        panic("%s[%d] sleeps with %u spin locks held", p->name, p->pid, this_hart()->nheld - 1);
    sched_switch();
}

bool sched_others_waiting(void)
{
    return !TAILQ_EMPTY(&run_queue);
}

static void switch_to(struct proc *next)
{
    struct hart *hart = this_hart();
    struct proc *prev = hart->current;
    uint64_t now = time_ticks();
    prev->run_ticks += now - hart->since;
    hart->since = now;
    next->state = PROC_RUNNING;
    next->hart = hart;
    hart->current = next;
    hart->frame = next->tf;
    if (prev->fp_used)
        fp_save(prev->tf, &prev->fp);
    if (next->fp_used)
        fp_restore(&next->fp);
    if (proc_killed(next))
        atomic_fetch_or(&hart->pending, HART_KILL);
    page_allow_reserve(next->pid == 1);
    as_activate(next->as);
    context_switch(&prev->context, &next->context);
    /* prev runs again, perhaps on another hart: nothing read above is valid. */
}

void sched_switch(void)
{
    assert(spin_held(&sched_lock));
    struct proc *next = TAILQ_FIRST(&run_queue);
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

void proc_yield(void)
{
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    if (!TAILQ_EMPTY(&run_queue)) {
        struct proc *p = current();
        p->state = PROC_RUNNABLE;
        TAILQ_INSERT_TAIL(&run_queue, p, queue_link);
        sched_switch();
    }
    spin_unlock_irqrestore(&sched_lock, flags);
}

int proc_between_pieces(void)
{
    struct hart *hart = this_hart();
    if (atomic_load_explicit(&hart->pending, memory_order_relaxed) == 0)
        return 0;
    if (proc_killed(current()))
        return -EINTR;
    hart_stop_point();
    if (atomic_fetch_and(&hart->pending, ~HART_RESCHEDULE) & HART_RESCHEDULE)
        proc_yield();
    return 0;
}

void sched_idle(void)
{
    struct hart *hart = this_hart();
    uint64_t bit = 1ul << hart->index;
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
        atomic_fetch_and(&hart->pending, ~(HART_RESCHEDULE | HART_KILL));
        irq_unmask();                           /* handlers run here */
    }
}
