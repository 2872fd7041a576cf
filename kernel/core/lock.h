/*
 * lock.h - spin locks, wait queues, mutexes, locks for readers or a writer.
 * Owns: the four ways in which one hart or thread waits for another, and the checking of their
 * order.
 * Does not own: who runs next (sched.c).
 *
 * Which one?  A mutex where the holder may sleep (memory, disk, another mutex), a rwlock if most only look; a spin lock for a
 * few dozen instructions. The kernel is not preempted in kernel mode, so a spin lock masks
 * interrupts only if an interrupt handler takes it too (the _irqsave pair). Every lock has a rank;
 * a lock is only taken while all locks held have a lower rank. The checked kernel panics on a wrong
 * order, on taking a lock twice, and on sleeping with a spin lock held.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "kernel/core/hart.h"

enum lock_rank {
    RANK_NONE,
    RANK_FILE,                          /* 0: pipe and file-offset locks; sleeping */
    RANK_NAMES,                         /* 0: the tree of names; sleeping */
    RANK_INODE,                         /* 0: the contents of one file; sleeping */
    RANK_AS,                            /* 1: as->lock; sleeping */
    RANK_NEAR,                          /* 1b: a neighbourhood of an address space; sleeping */
    RANK_RECLAIM,                       /* 1c: one takes pages back at a time; sleeping */
    RANK_OBJECT_LIST,                   /* 1d: the list of all objects; sleeping */
    RANK_OBJECT,                        /* 2: family->lock, object->lock; sleeping */
    RANK_ANON,                          /* 3: anon->lock; sleeping */
    RANK_QUEUE,                         /* 4: the queues of pages that may be taken */
    RANK_PT,                            /* 4: the page table of one address space */
    RANK_PAGE,                          /* 5: page and object-cache free lists */
    RANK_DEVICE,                        /* 6: devices, timers, the table of processes: what interrupt handlers take */
    RANK_SCHED,                         /* 7: run queue and wait queues */
    RANK_TRACE,                         /* 8: a hart's ring of the trace */
    RANK_PRINT,                         /* 9: the console's output, the last word */
};

/* ---- spin locks ---- */

struct spinlock {
    _Atomic uint32_t locked;
    uint16_t rank;
    uint16_t hart;                      /* who holds it, for spin_held() and for panics */
};

#define SPINLOCK_INIT(r) { .rank = (r) }

void spin_init(struct spinlock *lock, enum lock_rank rank);
bool spin_held(const struct spinlock *lock);

void spin_lock_slow(struct spinlock *lock);             /* contended, or the checked kernel */
void spin_unlock_checked(struct spinlock *lock);

static inline void spin_lock(struct spinlock *lock)
{
    if (CHECKED || atomic_exchange_explicit(&lock->locked, 1, memory_order_acquire) != 0)
        spin_lock_slow(lock);
}

static inline void spin_unlock(struct spinlock *lock)
{
    if (CHECKED)
        spin_unlock_checked(lock);
    else
        atomic_store_explicit(&lock->locked, 0, memory_order_release);
}

/* For locks that interrupt handlers take: masks interrupts on this hart; returns what irqrestore needs. */
unsigned long spin_lock_irqsave(struct spinlock *lock);
void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags);

/* ---- wait queues ---- */

TAILQ_HEAD(thread_queue, thread);

struct waitq {
    struct thread_queue waiters;          /* [sched_lock] */
};

void waitq_init(struct waitq *wq);

/*
 * Sleep on wq until woken. lock, which protects the condition waited for, is let go while asleep
 * and held again on return; nobody who changes the condition under lock and then wakes wq can be
 * missed. Check the condition again: loop. It may have been taken with spin_lock or
 * spin_lock_irqsave.
 */
void sleep_on(struct waitq *wq, struct spinlock *lock);

/*
 * The same, but the sleep ends, too, when the caller is killed; or when there is any signal to
 * take, death among them. Returns 0, or -ERESTARTSYS for that: clean up, return; see
 * thread_interrupted.
 */
int sleep_on_killable(struct waitq *wq, struct spinlock *lock);
int sleep_on_interruptible(struct waitq *wq, struct spinlock *lock);

/* Wake all. The caller holds the lock that the sleepers named; costs two loads when none waits. */
void wake_all(struct waitq *wq);

/* ---- mutexes ---- */

struct mutex {
    _Atomic uintptr_t owner;            /* the holder's struct thread; bit 0: somebody waits */
    struct waitq wq;
    uint32_t rank;
};

#define MUTEX_INIT(name, r) { .wq = { TAILQ_HEAD_INITIALIZER((name).wq.waiters) }, .rank = (r) }

void mutex_lock_slow(struct mutex *m);                  /* contended, or the checked kernel */
bool mutex_trylock(struct mutex *m);
void mutex_unlock_slow(struct mutex *m);

static inline void mutex_init(struct mutex *m, enum lock_rank rank)
{
    atomic_store_explicit(&m->owner, 0, memory_order_relaxed);
    TAILQ_INIT(&m->wq.waiters);
    m->rank = rank;
}

/* Free -> held by the caller. */
static inline bool mutex_take(struct mutex *m)
{
    uintptr_t nobody = 0;
    return atomic_compare_exchange_strong_explicit(&m->owner, &nobody, (uintptr_t)this_hart()->current,
                                                   memory_order_acquire, memory_order_relaxed);
}

/* Held by the caller, nobody waiting -> free. */
static inline bool mutex_give(struct mutex *m)
{
    uintptr_t me = (uintptr_t)this_hart()->current;
    return atomic_compare_exchange_strong_explicit(&m->owner, &me, 0, memory_order_release, memory_order_relaxed);
}

static inline void mutex_lock(struct mutex *m)
{
    if (CHECKED || !mutex_take(m))
        mutex_lock_slow(m);
}

/* The same for a mutex that nobody else can reach yet. */
static inline void mutex_lock_new(struct mutex *m)
{
    if (CHECKED)
        mutex_lock_slow(m);
    else
        atomic_store_explicit(&m->owner, (uintptr_t)this_hart()->current, memory_order_relaxed);
}

static inline void mutex_unlock(struct mutex *m)
{
    if (CHECKED || !mutex_give(m))
        mutex_unlock_slow(m);
}

bool mutex_held(const struct mutex *m);

/*
 * ---- readers or one writer; both may sleep inside ----
 * A writer who waits goes before readers who come after it. When a writer leaves, the readers who
 * wait then (their number is grace) go before the next writer. So neither kind starves. A wait
 * cannot be killed. While nobody waits a lock is one atomic word; from the first who must wait to
 * the last, all come by the guard.
 */

struct rwlock {
    _Atomic uint64_t word;              /* RW_READER for each reader inside (or just turned away), RW_WRITER, RW_QUEUED */
    struct spinlock guard;
    uint32_t rank;
    _Atomic uint32_t readers_waiting, writers_waiting;  /* [guard to change] RW_QUEUED is set while either is not 0 */
    _Atomic uint32_t turns;             /* [guard to change] writers that have left while somebody waited */
    _Atomic uint32_t grace;             /* [guard to change] readers before the next writer: who waited in the last turn */
    struct waitq wq;
};

enum { RW_WRITER = 1, RW_QUEUED = 2, RW_READER = 4 };

#define RWLOCK_INIT(name, r) \
    { .guard = SPINLOCK_INIT(RANK_PAGE), .rank = (r), .wq = { TAILQ_HEAD_INITIALIZER((name).wq.waiters) } }

void rwlock_init(struct rwlock *lock, enum lock_rank rank);
void rwlock_read_wait(struct rwlock *lock);             /* turned away at the word */
void rwlock_read_checked(struct rwlock *lock);
void rwlock_read_leave(struct rwlock *lock);            /* somebody waits, or the checked kernel */
void rwlock_write_slow(struct rwlock *lock);
void rwlock_write_leave(struct rwlock *lock);

/* Not twice: a writer between the two would wait for ever. */
static inline void rwlock_read(struct rwlock *lock)
{
    if (CHECKED)
        rwlock_read_checked(lock);
    else if (atomic_fetch_add_explicit(&lock->word, RW_READER, memory_order_acquire) & (RW_WRITER | RW_QUEUED))
        rwlock_read_wait(lock);
}

/* The same, if it can be had at once. */
bool rwlock_try_read(struct rwlock *lock);

static inline void rwlock_read_unlock(struct rwlock *lock)
{
    if ((atomic_fetch_sub_explicit(&lock->word, RW_READER, memory_order_release) & RW_QUEUED) || CHECKED)
        rwlock_read_leave(lock);
}

static inline bool rwlock_write_take(struct rwlock *lock)
{
    uint64_t nobody = 0;
    return atomic_compare_exchange_strong_explicit(&lock->word, &nobody, RW_WRITER, memory_order_acquire, memory_order_relaxed);
}

static inline void rwlock_write(struct rwlock *lock)
{
    if (CHECKED || !rwlock_write_take(lock))
        rwlock_write_slow(lock);
}

bool rwlock_try_write(struct rwlock *lock);             /* the same, if it can be had at once */

static inline void rwlock_write_unlock(struct rwlock *lock)
{
    uint64_t only_me = RW_WRITER;
    if (CHECKED ||
        !atomic_compare_exchange_strong_explicit(&lock->word, &only_me, 0, memory_order_release, memory_order_relaxed))
        rwlock_write_leave(lock);
}

/* The writer goes on as a reader: no other writer comes in between. */
void rwlock_downgrade(struct rwlock *lock);

/* For a child that nobody else can reach yet: write a second lock of a rank already held. */
void rwlock_write_unpublished(struct rwlock *lock);

/* By the caller: either way; as the writer. For assertions: the plain kernel keeps no record and says yes. */
bool rwlock_held(const struct rwlock *lock);
bool rwlock_written(const struct rwlock *lock);

/* Checked kernel: panic if this hart holds a spin lock, or its thread any lock at all. */
void lock_assert_no_spin(void);
void lock_assert_none(void);

/* Checked kernel: panic if a lock is held under which nothing may allocate: a spin lock, objects_lock, or row 2 or 3. */
void lock_assert_may_allocate(void);
