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
 * One of each standard signal, and all real-time ones. limit: RLIMIT_SIGPENDING. When there is no place for info a signal from
 * the kernel or from kill comes without it; -EAGAIN: a real-time signal from elsewhere does not come.
 */
int signal_queue_add(struct signal_queue *q, uint64_t limit, const struct signal_info *info);

/* Take the first of wanted: what a fault has for a name, then by number. False: there is none. */
bool signal_queue_take(struct signal_queue *q, uint64_t wanted, struct signal_info *info);

void signal_queue_drop(struct signal_queue *q, uint64_t unwanted);

/* Places in use: SigQ of /proc/PID/status. */
unsigned signals_queued(void);
