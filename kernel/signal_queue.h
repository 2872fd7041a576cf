/*
 * signal_queue.h - signals that have been sent and not taken.
 * Owns: struct signal_queue, and the places for what is known of each signal.
 * Locks: proc_lock, for all of it.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include "kernel/siginfo.h"

#define SIGNAL_QUEUE_MAX 512            /* of all processes together: the most that RLIMIT_SIGPENDING means */

struct queued_signal;

struct signal_queue {
    uint64_t set;
    TAILQ_HEAD(, queued_signal) infos;  /* in the order of their coming; a signal of the set may have none */
};

void signal_queue_init(struct signal_queue *q);

/*
 * Add info, unless it is of a standard signal that is in q already; real-time ones are all kept.
 * limit: RLIMIT_SIGPENDING. When there is no place, a signal comes without its info; only a
 * real-time one that kill has not sent is refused. Returns 0; -EAGAIN: refused.
 */
int signal_queue_add(struct signal_queue *q, uint64_t limit, const struct signal_info *info);

/* Take one of wanted: first the signals that faults have (SIGSEGV, SIGILL ...), then by number. False: there is none. */
bool signal_queue_take(struct signal_queue *q, uint64_t wanted, struct signal_info *info);

void signal_queue_drop(struct signal_queue *q, uint64_t unwanted);

/* Places in use: SigQ of /proc/PID/status. */
unsigned signals_queued(void);
