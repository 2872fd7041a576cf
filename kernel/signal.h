/*
 * signal.h - signals: sent, kept, taken.
 * Owns: struct signals of a process: what is pending, blocked, caught and ignored.
 * Does not own: queues (signal_queue.h), handlers (handler.h), timers (itimer.h), who waits for
 * whom (proc.h), the calls
 *       (syscalls/signal.c).
 * Source: signal(7), sigaction(2), and Linux where they leave a choice.
 *
 * A signal is sent under proc_lock: it is thrown away if nobody would notice, or becomes pending
 * and a notice of the thread. It is taken in one place, on the way back to user mode
 * (work_before_return in trap.c), by the process itself.
 */
#pragma once

#include "arch/signal_frame.h"
#include "kernel/itimer.h"
#include "kernel/signal_queue.h"

struct proc;
struct signal_table;

/* [proc_lock] But what is marked as own is changed by nobody else, and needs the lock only where others look at it. */
struct signals {
    /* of the process */
    struct signal_table *table;         /* own: see signal.c; NULL: no action has a handler, flags or a mask */
    uint64_t ignored, caught;           /* own: what has SIG_IGN, a handler; the rest has SIG_DFL */
    struct signal_queue shared;
    uint64_t from_group;                /* what in shared was sent to a whole group */
    int killed_by;                      /* the signal that ends it on its way back to user mode; 0: none */
    bool alarm_sent;                    /* ITIMER_REAL, which goes on when SIGALRM has been taken */
    struct itimer timer[ITIMER_COUNT];

    /* of its thread */
    struct signal_queue own;
    struct signal_info forced;          /* for what the thread has done itself: never lost. signal 0: none */
    uint64_t blocked;                   /* own */
    uint64_t awaited;                   /* own: sigtimedwait sleeps for these, although they are blocked */
    uint64_t after_call;                /* own: what blocked will be again after the call that has changed it */
    bool has_after_call;                /* own */

    /* own: the thread's alone */
    struct signal_stack stack;
    vaddr_t trampoline;                 /* where the program has its page */
    uint64_t sleep_until_ns;            /* nanosleep's, for restart_syscall; 0: none */
    vaddr_t sleep_left;                 /* where it tells what was left */
};

/* ---- sending ---- */

/*
 * To the process, or to its thread. Locks: proc_lock. Returns 0, also when it is ignored; -EAGAIN:
 * a real-time signal that RLIMIT_SIGPENDING has no place for.
 */
int signal_send(struct proc *p, const struct signal_info *info);
int signal_send_thread(struct proc *p, const struct signal_info *info);

/*
 * As kill(2): pid > 0 that process, 0 the caller's group, -1 all but init and the caller, < -1 a
 * group. info->signal 0: only look whether there is any. Returns 0, -ESRCH, -EINVAL, -EAGAIN.
 */
int signal_send_by_id(int pid, const struct signal_info *info);

/* tgkill(2); tgid -1: tkill. The same errors. */
int signal_send_by_thread_id(int tgid, int tid, const struct signal_info *info);

/* By the kernel: to a foreground group, also from an interrupt; to the calling thread, for what it has done. */
void signal_send_group(int pgid, int signal);
void signal_send_self(int signal);

/*
 * POSIX, General Terminal Interface: the caller's group gets signal unless it is the foreground
 * group. Returns 0: it is;
 * -ERESTARTSYS: it is not, try again after the signal; -EIO: the signal would not stop it.
 */
int signal_if_background(int foreground, int signal);

/*
 * For a trap of the calling thread: its handler gets info before anything else that is pending. Who
 * blocks the signal or has no handler is killed by it; then these return true. signal_force_segv:
 * SIGSEGV, since the frame of signal could not be stored, or (signal 0) there is none to return to.
 * If signal was SIGSEGV itself its handler is not tried again: the process ends.
 */
bool signal_force(const struct signal_info *info);
bool signal_force_segv(int signal);

/* p ends by signal, whatever it thinks of that, unless something else has been quicker. Locks: proc_lock. */
void signal_kill(struct proc *p, int signal);

/* child has ended, stopped or gone on: its parent may wait for it, and get SIGCHLD. Locks: proc_lock. */
void signal_parent(struct proc *child, int code, int status);

/* Does p not want to hear of children that end (SIG_IGN or SA_NOCLDWAIT)? Then nobody waits for them. Locks: proc_lock. */
bool signal_discards_children(const struct proc *p);

/* Has p been killed, or still to take a signal to its whole group, so that a child it is making missed it? Locks: proc_lock. */
bool signal_missed_by_child(const struct proc *p);

/* ---- taking, by the process itself ---- */

/*
 * Do what its signals ask for by default, up to the first that has a handler: *info is what the
 * handler gets, *action says which it is. False: there is none. Does not return if the process
 * dies. Locks: none.
 */
bool signal_take_caught(struct signal_info *info, struct signal_action *action);

/*
 * rt_sigtimedwait(2): take one of set, sleeping until deadline_ns for it. Returns its number and
 * *info; -EAGAIN: it was time;
 * -EINTR: another one came.
 */
int signal_await(uint64_t set, uint64_t deadline_ns, struct signal_info *info);

/* ---- the caller's own ---- */

/* rt_sigaction(2); new may be NULL. Returns 0 and *old, -EINVAL, -ENOMEM. */
int signal_set_action(int signal, const struct signal_action *new, struct signal_action *old);

uint64_t signals_pending(const struct proc *p);         /* Locks: proc_lock */
void signals_block(uint64_t mask);                      /* exactly these, but what cannot be blocked */

/* For one call: these, until signals_call_over; a handler that ends the call runs first, and its return is the end. */
void signals_block_for_call(uint64_t mask);
void signals_call_over(void);

/* ---- for processes ---- */

void signals_fork(const struct proc *parent, struct proc *child);       /* parent NULL: child is process 1 */
void signals_exec(vaddr_t trampoline);
void signals_free(struct proc *p);                      /* at the end, and once more when nothing can be sent any more */
