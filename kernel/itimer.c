/*
 * itimer.c - the timers that send signals.
 * Owns: when they are due. The clock (kernel/core/time.c) knows only the earliest time of all, and
 * calls here then; or when a thread has run for as long as its cpu_alarm_ns says, which is seen at
 * the next tick.
 */
#include "kernel/core/time.h"
#include "kernel/proc.h"

static void send(struct proc *p, int signal)
{
    signal_send(p, &(struct signal_info){ .signal = signal, .code = SI_KERNEL });
}

/* What the timer counts, for t, who is the caller or runs here. */
static uint64_t clock_of(unsigned which, const struct thread *t) { return which == ITIMER_REAL ? time_ns() : time_run_ns(t); }

#define LEAST_NS 1000000ul                      /* between two signals: with a timer faster than its handler nobody would get on */

/* The first time after now at which t is due again; 0: never. One that cannot be expressed does not come. */
static uint64_t next_time(const struct itimer *t, uint64_t now)
{
    uint64_t interval = t->interval_ns > LEAST_NS ? t->interval_ns : LEAST_NS, past, next;
    if (t->interval_ns == 0)
        return 0;
    past = (now - t->at_ns) / interval * interval;
    return __builtin_add_overflow(t->at_ns + past, interval, &next) ? UINT64_MAX : next;
}

/* A timer that goes on waits until its signal has been taken: so none can keep the kernel busy. */
static bool visit_real(struct proc *p, void *next)
{
    struct itimer *t = &p->signals.timer[ITIMER_REAL];
    if (t->at_ns == 0 || p->signals.alarm_sent)
        return true;
    if (t->at_ns > time_ns()) {
        if (t->at_ns < *(uint64_t *)next)
            *(uint64_t *)next = t->at_ns;
        return true;
    }
    p->signals.alarm_sent = t->interval_ns != 0;
    if (t->interval_ns == 0)
        t->at_ns = 0;
    send(p, SIGALRM);
    return true;
}

/* Under proc_lock. */
static void set_cpu_alarm(struct proc *p)
{
    uint64_t a = p->signals.timer[ITIMER_VIRTUAL].at_ns, b = p->signals.timer[ITIMER_PROF].at_ns;
    p->thread.cpu_alarm_ns = a == 0 || (b != 0 && b < a) ? b : a;
}

static void run_cpu_timers(struct proc *p)
{
    uint64_t now = clock_of(ITIMER_PROF, &p->thread);
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    for (unsigned which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
        struct itimer *t = &p->signals.timer[which];
        if (t->at_ns == 0 || t->at_ns > now)
            continue;
        t->at_ns = next_time(t, now);
        send(p, which == ITIMER_VIRTUAL ? SIGVTALRM : SIGPROF);
    }
    set_cpu_alarm(p);
    spin_unlock_irqrestore(&proc_lock, flags);
}

/* In an interrupt. There are few processes, so all are looked at. */
static void some_timer_is_due(void)
{
    uint64_t next = UINT64_MAX;
    if (thread_current()->cpu_alarm_ns != 0)
        run_cpu_timers(current());
    proc_for_each(visit_real, &next);
    if (next != UINT64_MAX)
        time_alarm_at(next);
}

void itimers_init(void) { time_on_alarm(some_timer_is_due); }

void itimers_stop(struct proc *p)
{
    p->signals.timer[ITIMER_REAL].at_ns = 0;
    p->thread.cpu_alarm_ns = 0;
}

bool itimers_run(const struct proc *p) { return p->signals.timer[ITIMER_REAL].at_ns != 0 || p->thread.cpu_alarm_ns != 0; }

void itimer_signal_taken(void)
{
    struct signals *s = &current()->signals;
    struct itimer *t = &s->timer[ITIMER_REAL];
    if (!s->alarm_sent)
        return;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    s->alarm_sent = false;
    uint64_t at = t->at_ns = next_time(t, time_ns());
    spin_unlock_irqrestore(&proc_lock, flags);
    time_alarm_at(at);
}

void itimer_set(unsigned which, const struct itimer *from_now)
{
    struct proc *p = current();
    struct itimer t = *from_now;
    if (t.at_ns != 0 && __builtin_add_overflow(t.at_ns, clock_of(which, &p->thread), &t.at_ns))
        t.at_ns = UINT64_MAX;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    p->signals.timer[which] = t;
    if (which == ITIMER_REAL)
        p->signals.alarm_sent = false;
    else
        set_cpu_alarm(p);
    spin_unlock_irqrestore(&proc_lock, flags);
    if (which == ITIMER_REAL && t.at_ns != 0)
        time_alarm_at(t.at_ns);
}

struct itimer itimer_get(unsigned which)
{
    struct proc *p = current();
    uint64_t now = clock_of(which, &p->thread);
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct itimer t = p->signals.timer[which];
    spin_unlock_irqrestore(&proc_lock, flags);
    if (t.at_ns != 0 && t.at_ns <= now)
        t.at_ns = t.interval_ns != 0 ? next_time(&t, now) : now + 1;
    if (t.at_ns != 0)
        t.at_ns -= now;
    return t;
}
