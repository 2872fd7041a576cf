/*
 * sched.h - who runs next, inside the kernel.
 * Owns: the run queue, sched_lock, and the switch. Used by lock.c, thread.c, and by kernel/ where
 * processes begin and end.
 */
#pragma once

#include "kernel/core/lock.h"

struct thread;

/* [irqsave] Guards the run queue, all wait queues, and state, sleeping_on, queue_link of every thread. */
extern struct spinlock sched_lock;

/* These need sched_lock. */
void sched_make_runnable(struct thread *t);
void sched_enter_queue(struct waitq *wq);       /* the caller counts as asleep; it must call sched_sleep next */
void sched_sleep(void);                 /* until sched_make_runnable; sched_lock is held again on return */
void sched_switch(void);                /* to the next in line; the caller has set its own state */

_Noreturn void sched_idle(void);
void sched_started(void);               /* first thing that a new thread runs: lets go of sched_lock */
bool sched_others_waiting(void);
