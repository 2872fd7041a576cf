/*
 * thread.h - what runs.
 * Owns: struct thread: registers, kernel stack, state, what it waits for, which locks it holds.
 * Does not own: what the thread belongs to. A process (kernel/proc.h) owns memory, files and
 * children; the core knows neither: a thread names the page table that a switch loads, and points
 * to a process that the core never looks into.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "arch/context.h"
#include "arch/mmu.h"
#include "kernel/core/errno.h"
#include "kernel/core/hart.h"
#include "kernel/core/lock.h"

struct proc;

enum thread_state { THREAD_RUNNABLE, THREAD_RUNNING, THREAD_SLEEPING, THREAD_ENDED };

/* What others tell a thread; it looks on its way back to user mode. Each ends the sleeps that are made to be ended by it. */
enum thread_notice {
    NOTICE_SIGNAL = 1 << 0,             /* there is a signal to take */
    NOTICE_DEATH = 1 << 1,              /* it is to end; never without the other */
};

#define THREAD_COUNTERS 16

/* Where a thread's walk over fresh memory has come to: mm/ahead.c. */
struct memory_walk {
    uint32_t next;                      /* number of the page that goes on with it */
    uint16_t run;                       /* pages touched in a row, after the first */
    uint16_t doubt;                     /* how often filling ahead was in vain, lately */
    uint32_t filled;                    /* the first of the pages filled ahead last */
    uint16_t nfilled;                   /* how many of them, not known whether touched */
    bool asked;                         /* as_populate: these pages and no more */
    uint8_t nread;                      /* how many pages were wanted from disk when last one was */
    uint32_t read_next;                 /* number of the page that goes on with them */
};

struct thread {
    /* fixed from creation to end */
    int id;                             /* what messages name it by: the pid of its process; 0: a hart's idle thread */
    const char *name;                   /* of its process, which may change it */
    char *kstack;                       /* lowest address of the kernel stack */
    struct trapframe *tf;               /* user registers, at the top of the kernel stack */
    struct fp_context *fp;              /* own: those of floating point while another thread runs, above them */
    struct proc *proc;                  /* whose it is; NULL: an idle thread */

    /* [sched_lock] */
    enum thread_state state;
    unsigned wake_on;                   /* asleep: the notices that end the sleep */
    struct waitq *sleeping_on;
    TAILQ_ENTRY(thread) queue_link;     /* run queue or wait queue */
    struct context context;             /* kernel registers while not running */
    struct hart *hart;                  /* the hart it runs on, or ran on last */
    uint64_t run_ticks;                 /* time on a hart, in units of the time base */

    /* set by anybody, cleared by the thread itself */
    _Atomic unsigned notices;           /* enum thread_notice */

    /* own: only the thread itself changes these, or who makes it */
    uint32_t fault_began;               /* ticks, the lower bits: the fault that it is in; 0: that is not recorded */
    struct mmu_id *mmu;                 /* what a switch to it loads; NULL: the kernel's own table */
    paddr_t mmu_root;
    uint64_t cpu_alarm_ns;              /* how long it will have run when time_on_alarm's function is called; 0: never */
    uint64_t interrupted_arg;           /* first argument of the system call that a notice has ended, to make it again */
    bool uses_reserve;                  /* may have the last frames (mm/page.c) */
    bool fp_used;                       /* has floating-point registers to keep */
    bool has_failed;                    /* an allocation, by fail_nth */
    struct memory_walk walk;
    uint64_t counter[THREAD_COUNTERS];  /* what the layers above count for each thread: mm/fault.h */

    /* checked kernel: sleeping locks held, innermost last */
    unsigned nheld;
    struct { const void *lock; unsigned rank; } __attribute__((packed, aligned(4))) held[16];
    unsigned waits_for;                 /* rank of the lock it sleeps for; 0: none */
    unsigned long fail_nth;             /* own: which of its allocations from now on is to fail (inject.c); 0: none */
};

/* The thread that runs on this hart; NULL only while booting. A hart without work runs its idle thread. */
static inline struct thread *thread_current(void) { return this_hart()->current; }

/*
 * Give t, all zero, a name and a kernel stack. Returns 0 or -ENOMEM. After context_init on its
 * context, sched_make_runnable lets it run.
 */
int thread_init(struct thread *t, int id, const char *name);
void thread_free_stack(struct thread *t);       /* it has left its stack for good, or never ran */

/* The idle thread of a hart; panics without memory. */
struct thread *thread_create_idle(unsigned hart);

/* Set notices of t; wake it if they end its sleep; if it runs, have it look at them. Locks: below RANK_SCHED. */
void thread_notify(struct thread *t, unsigned notices);

static inline unsigned thread_notices(const struct thread *t)
{
    return atomic_load_explicit(&t->notices, memory_order_relaxed);
}

static inline bool thread_killed(const struct thread *t) { return thread_notices(t) & NOTICE_DEATH; }

/*
 * A notice ends the caller's system call, whose first argument still stands where the result will.
 * Returns -ERESTARTSYS: what becomes of the call is decided on the way back to user mode, where the
 * notice is seen.
 */
static inline int thread_interrupted(void)
{
    struct thread *t = thread_current();
    t->interrupted_arg = t->tf->x[REG_A0];
    return -ERESTARTSYS;
}

/* Give up the rest of the time slice. */
void thread_yield(void);

/*
 * In a system call that may be long, between two pieces, with no lock held: let others have their
 * turn, stand still if another hart asks for it. Returns 0, or -EINTR when the thread has been
 * killed: clean up, return. Other signals wait.
 */
int thread_between_pieces(void);

/*
 * The same in the middle of a change that must be finished, once every ten thousand instructions or
 * so: sleeping locks may be held, spin locks not. A kill waits.
 */
void thread_let_others_now(void);

/* Do they want their turn? */
static inline bool thread_others_due(void)
{
    unsigned pending = atomic_load_explicit(&this_hart()->pending, memory_order_relaxed);
    return __builtin_expect(pending & (HART_RESCHEDULE | HART_STOP), 0);
}

static inline void thread_let_others(void)
{
    if (CHECKED || thread_others_due())
        thread_let_others_now();
}
