/*
 * time.h - the clocks, sleeping for a time, and the scheduler's tick.
 * Source: SBI 1.0 TIME; Sstc; the time base comes from the device tree.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct thread;

#define NSEC_PER_SEC 1000000000ull
#define TICK_NS      10000000ull                        /* length of a time slice */
#define USER_HZ      100                                /* ticks in which programs are told times: sysconf(_SC_CLK_TCK) */

uint64_t time_ticks(void);                              /* the time CSR */
uint64_t time_ns(void);                                 /* since reset */
uint64_t time_ticks_to_ns(uint64_t ticks);
/* How long t, the thread on this hart, has run in all. */
uint64_t time_run_ticks(const struct thread *t);
uint64_t time_run_ns(const struct thread *t);
uint64_t time_boot_ns(void);                            /* when reset was, since 1970; 0: the machine has no calendar */

/* Sleep until time_ns() >= wake_ns. Returns 0, or -ERESTARTSYS: see sleep_on_interruptible. */
int time_sleep_until(uint64_t wake_ns);

/* Sleep until *event is no longer seen, or that time. Who changes it calls time_event_changed afterwards. Returns the same. */
int time_sleep_until_event(uint64_t wake_ns, const _Atomic uint64_t *event, uint64_t seen);
void time_event_changed(const _Atomic uint64_t *event);

/*
 * Timers of the layer above. alarm is called in an interrupt, with no lock held, when it is time:
 * the earliest time that time_alarm_at has been told since the last such call; or when the running
 * thread has run for its cpu_alarm_ns.
 */
void time_on_alarm(void (*alarm)(void));
void time_alarm_at(uint64_t at_ns);

void time_init(void);                                   /* once, before it is asked for the calendar */
void time_init_hart(void);
void time_interrupt(void);                              /* from the trap dispatcher */

/* A hart that stays idle has no tick, only the next sleeper's time. Interrupts are masked. */
void time_enter_idle(void);
void time_leave_idle(void);
