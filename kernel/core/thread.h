/*
 * thread.h - what runs.
 * Owns: struct thread: registers, kernel stack, state, what it waits for, which locks it holds.
 * Does not own: what the thread belongs to. A process (kernel/proc.h) owns memory, files and children; the core knows
 * neither: a thread names the page table that a switch loads, and points to a process that the core never looks into.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "arch/context.h"
#include "arch/mmu.h"
#include "kernel/core/hart.h"
#include "kernel/core/lock.h"

struct proc;

enum thread_state { THREAD_RUNNABLE, THREAD_RUNNING, THREAD_SLEEPING, THREAD_ENDED };

#define THREAD_COUNTERS 16

struct thread {
    /* fixed from creation to end */
    int id;                             /* what messages name it by: the pid of its process; 0: a hart's idle thread */
    const char *name;                   /* of its process, which may change it */
    char *kstack;                       /* lowest address of the kernel stack */
    struct trapframe *tf;               /* user registers, at the top of the kernel stack */
    struct proc *proc;                  /* whose it is; NULL: an idle thread */

    /* [sched_lock] */
    enum thread_state state;
    bool wake_on_kill;                  /* asleep, and a kill ends the sleep */
    struct waitq *sleeping_on;
    TAILQ_ENTRY(thread) queue_link;     /* run queue or wait queue */
    struct context context;             /* kernel registers while not running */
    struct hart *hart;                  /* the hart it runs on, or ran on last */
    uint64_t run_ticks;                 /* time on a hart, in units of the time base */

    /* changed by anybody */
    _Atomic int killed_by;              /* signal that ends it on its way back to user mode; 0: none */

    /* own: only the thread itself changes these, or who makes it */
    struct mmu_id *mmu;                 /* what a switch to it loads; NULL: the kernel's own table */
    paddr_t mmu_root;
    bool uses_reserve;                  /* may have the last frames (mm/page.c) */
    bool fp_used;                       /* has floating-point registers to keep */
    struct fp_context fp;
    uint64_t counter[THREAD_COUNTERS];  /* what the layers above count for each thread: mm/fault.h */

    /* checked kernel: sleeping locks held, innermost last */
    unsigned nheld;
    struct { const void *lock; unsigned rank; } held[12];
    unsigned waits_for;                 /* rank of the lock it sleeps for; 0: none */
    unsigned long fail_nth;             /* own: which of its allocations from now on is to fail (inject.c); 0: none */
};

/* The thread that runs on this hart; NULL only while booting. A hart without work runs its idle thread. */
static inline struct thread *thread_current(void) { return this_hart()->current; }

/*
 * Give t, all zero, a name and a kernel stack. Returns 0 or -ENOMEM. After context_init on its context, sched_make_runnable
 * lets it run.
 */
int thread_init(struct thread *t, int id, const char *name);
void thread_free_stack(struct thread *t);       /* it has left its stack for good, or never ran */

/* The idle thread of a hart; panics without memory. */
struct thread *thread_create_idle(unsigned hart);

/* Have t end by signal on its way back to user mode, and wake it if it sleeps killably. */
void thread_kill(struct thread *t, int signal);

static inline bool thread_killed(const struct thread *t)
{
    return atomic_load_explicit(&t->killed_by, memory_order_relaxed) != 0;
}

/* Give up the rest of the time slice. */
void thread_yield(void);

/*
 * In a system call that may be long, between two pieces, with no lock held: let others have their turn, stand still if
 * another hart asks for it. Returns 0, or -EINTR when the thread has been killed: clean up, return.
 */
int thread_between_pieces(void);

/*
 * The same in the middle of a change that must be finished, once every ten thousand instructions or so: sleeping locks may be
 * held, spin locks not. A kill waits.
 */
void thread_let_others_now(void);

/* Do they want their turn? */
static inline bool thread_others_due(void)
{
    return __builtin_expect(atomic_load_explicit(&this_hart()->pending, memory_order_relaxed) & (HART_RESCHEDULE | HART_STOP), 0);
}

static inline void thread_let_others(void)
{
    if (CHECKED || thread_others_due())
        thread_let_others_now();
}
