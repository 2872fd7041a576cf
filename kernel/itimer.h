/*
 * itimer.h - the timers that send signals: setitimer(2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct proc;

/* ITIMER_VIRTUAL counts what the kernel does for the program, too, as ITIMER_PROF. */
enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF, ITIMER_COUNT };

struct itimer {
    uint64_t at_ns;                     /* of time_ns(), or of the processor time that the process has used; 0: off */
    uint64_t interval_ns;               /* 0: once */
};

/* The caller's, with at_ns counted from now. Locks: below RANK_DEVICE. */
void itimer_set(unsigned which, const struct itimer *from_now);
struct itimer itimer_get(unsigned which);

/* The caller has taken SIGALRM: ITIMER_REAL goes on if it is to. Locks: below RANK_DEVICE. */
void itimer_signal_taken(void);

void itimers_stop(struct proc *p);      /* for good. Locks: proc_lock */
bool itimers_run(const struct proc *p); /* is there anything to stop? */
void itimers_init(void);                /* before there are processes */
