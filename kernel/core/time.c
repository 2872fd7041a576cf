/*
 * time.c - the clock, sleeping for a time, the tick.
 * Owns: the list of sleepers by time, each hart's timer.
 * Does not own: the timers of programs (kernel/itimer.c); it calls their function when the first of
 * them is due.
 *
 * Each hart's timer is set to the earliest of its next tick, the first sleeper and the alarm.
 * Whoever adds a sleeper sets its own hart's timer if need be, and whoever serves the list sets its
 * own to the next: some hart is always set for the first.
 */
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/timer.h"
#include "kernel/core/errno.h"
#include "kernel/core/hart.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/core/sched.h"
#include "kernel/core/time.h"

struct sleeper {
    uint64_t wake;                      /* ticks */
    const _Atomic uint64_t *event;      /* or when this changes; NULL: nothing else */
    struct waitq wq;
    TAILQ_ENTRY(sleeper) link;
};

static struct spinlock time_lock = SPINLOCK_INIT(RANK_DEVICE);
static TAILQ_HEAD(, sleeper) sleepers = TAILQ_HEAD_INITIALIZER(sleepers);   /* [time_lock] by wake */

static uint64_t alarm_at = UINT64_MAX;  /* [time_lock] ticks: when the layer above wants to be called */
static void (*alarm_fn)(void);          /* fixed once there are processes */

/* ---- units ---- */

uint64_t time_ticks(void) { return timer_now(); }

uint64_t time_ticks_to_ns(uint64_t ticks)
{
    uint64_t hz = machine.timebase_hz;
    return ticks / hz * NSEC_PER_SEC + ticks % hz * NSEC_PER_SEC / hz;
}

/* Rounded up, so that a sleep is never too short; a time that ticks cannot express is never. */
static uint64_t ns_to_ticks(uint64_t ns)
{
    uint64_t hz = machine.timebase_hz;
    return ns / NSEC_PER_SEC * hz + (ns % NSEC_PER_SEC * hz + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
}

uint64_t time_ns(void) { return time_ticks_to_ns(time_ticks()); }

uint64_t time_run_ticks(const struct thread *t) { return t->run_ticks + time_ticks() - this_hart()->since; }
uint64_t time_run_ns(const struct thread *t) { return time_ticks_to_ns(time_run_ticks(t)); }

/* ---- the calendar ---- */

static uint64_t boot_ns;                /* fixed after the boot hart's time_init */

/* Android's goldfish RTC: ns since 1970; reading the low half latches the high one. */
void time_init(void)
{
    if (machine.rtc.start == 0)
        return;
    const volatile uint32_t *rtc = phys_to_virt(machine.rtc.start);
    uint64_t now = rtc[0];
    now |= (uint64_t)rtc[1] << 32;
    boot_ns = now - time_ns();
}

uint64_t time_boot_ns(void) { return boot_ns; }

/* ---- this hart's timer, interrupts masked ---- */

static void arm(uint64_t at)
{
    this_hart()->timer_armed = at;
    timer_set(at);
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The first sleeper's time, or the alarm. */
static uint64_t first_event(void)
{
    return earlier(TAILQ_EMPTY(&sleepers) ? UINT64_MAX : TAILQ_FIRST(&sleepers)->wake, alarm_at);
}

static uint64_t next_tick(void) { return time_ticks() + ns_to_ticks(TICK_NS); }

static void arm_no_later(uint64_t at)
{
    if (at < this_hart()->timer_armed)
        arm(at);
}

void time_init_hart(void)
{
    arm(UINT64_MAX);
}

void time_interrupt(void)
{
    spin_lock(&time_lock);
    uint64_t now = time_ticks();
    struct sleeper *s;
    while ((s = TAILQ_FIRST(&sleepers)) != NULL && s->wake <= now) {
        TAILQ_REMOVE(&sleepers, s, link);
        s->link.tqe_prev = NULL;                /* tells the sleeper that its time has come */
        wake_all(&s->wq);
    }
    struct thread *t = thread_current();
    bool idle = t == this_hart()->idle;
    bool alarmed = alarm_at <= now || (t->cpu_alarm_ns != 0 && time_run_ns(t) >= t->cpu_alarm_ns);
    if (alarm_at <= now)
        alarm_at = UINT64_MAX;
    arm(earlier(first_event(), idle ? UINT64_MAX : next_tick()));
    spin_unlock(&time_lock);
    if (alarmed)
        alarm_fn();
    if (!idle && sched_others_waiting())
        atomic_fetch_or(&this_hart()->pending, HART_RESCHEDULE);
}

/* A tick that is already set may come: most idle moments are shorter, and setting a timer is not cheap. */
void time_enter_idle(void)
{
    spin_lock(&time_lock);
    arm_no_later(first_event());
    spin_unlock(&time_lock);
}

void time_leave_idle(void) { arm_no_later(next_tick()); }

/* ---- the alarm ---- */

void time_on_alarm(void (*alarm)(void)) { alarm_fn = alarm; }

void time_alarm_at(uint64_t at_ns)
{
    unsigned long flags = spin_lock_irqsave(&time_lock);
    alarm_at = earlier(alarm_at, ns_to_ticks(at_ns));
    arm_no_later(alarm_at);
    spin_unlock_irqrestore(&time_lock, flags);
}

/* ---- sleeping ---- */

static void sleeper_insert(struct sleeper *s)
{
    struct sleeper *after;
    TAILQ_FOREACH(after, &sleepers, link)
        if (after->wake > s->wake)
            break;
    if (after != NULL)
        TAILQ_INSERT_BEFORE(after, s, link);
    else
        TAILQ_INSERT_TAIL(&sleepers, s, link);
}

void time_event_changed(const _Atomic uint64_t *event)
{
    struct sleeper *s;
    unsigned long flags = spin_lock_irqsave(&time_lock);
    TAILQ_FOREACH(s, &sleepers, link)
        if (s->event == event)
            wake_all(&s->wq);
    spin_unlock_irqrestore(&time_lock, flags);
}

int time_sleep_until(uint64_t wake_ns) { return time_sleep_until_event(wake_ns, NULL, 0); }

int time_sleep_until_event(uint64_t wake_ns, const _Atomic uint64_t *event, uint64_t seen)
{
    struct sleeper s = { .wake = ns_to_ticks(wake_ns), .event = event };
    int err = 0;
    waitq_init(&s.wq);
    unsigned long flags = spin_lock_irqsave(&time_lock);
    sleeper_insert(&s);
    arm_no_later(s.wake);
    while (s.link.tqe_prev != NULL && err == 0 && (event == NULL || atomic_load(event) == seen))
        err = sleep_on_interruptible(&s.wq, &time_lock);
    if (s.link.tqe_prev != NULL)
        TAILQ_REMOVE(&sleepers, &s, link);
    else
        err = 0;                        /* it was time anyway */
    spin_unlock_irqrestore(&time_lock, flags);
    return err;
}
