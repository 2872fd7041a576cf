/*
 * lock.c - spin locks, wait queues, mutexes, locks for readers or a writer.
 * Owns: waiting and waking, and in the checked kernel the record of what each hart and thread
 * holds.
 * Does not own: the run queue (sched.c).
 *
 * A spin lock belongs to a hart, a mutex to a thread. sched_lock guards every wait queue, and a
 * sleeper goes onto its queue before it lets go of the lock that guards the condition: so whoever
 * changes the condition under that lock finds it there.
 */
#include "arch/hart.h"
#include "arch/mmu.h"
#include "kernel/core/errno.h"
#include "kernel/core/hart.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/core/sched.h"

#define HAS_WAITERS 1ul                 /* in mutex.owner */

/* ---- the record: checked kernel only ---- */

static void check_order(const void *lock, unsigned rank)
{
    struct hart *hart = this_hart();
    struct thread *t = hart->current;
    for (unsigned i = 0; i < hart->nheld; i++)
        if (hart->held[i].lock == lock || hart->held[i].rank >= rank)
            panic("lock order: %p (rank %u) while this hart holds %p (rank %u)", lock, rank, hart->held[i].lock,
                  hart->held[i].rank);
    for (unsigned i = 0; t != NULL && i < t->nheld; i++)
        if (t->held[i].lock == lock || t->held[i].rank >= rank)
            panic("lock order: %p (rank %u) while %s[%d] holds %p (rank %u)", lock, rank, t->name, t->id,
                  t->held[i].lock, t->held[i].rank);
}

static void record_spin(const void *lock, unsigned rank)
{
    unsigned long flags = irq_mask();           /* an interrupt handler keeps its locks in the same list */
    struct hart *hart = this_hart();
    if (hart->nheld == ARRAY_LEN(hart->held))
        panic("spin_lock: more than %zu spin locks held", ARRAY_LEN(hart->held));
    hart->held[hart->nheld].lock = lock;
    hart->held[hart->nheld++].rank = rank;
    irq_restore(flags);
}

static void forget_spin(const void *lock)
{
    unsigned long flags = irq_mask();
    struct hart *hart = this_hart();
    for (unsigned i = hart->nheld; i-- > 0;)
        if (hart->held[i].lock == lock) {
            hart->held[i] = hart->held[--hart->nheld];
            irq_restore(flags);
            return;
        }
    panic("spin_unlock: %p is not held by this hart", lock);
}

static void record_mutex(const void *lock, unsigned rank)
{
    struct thread *t = thread_current();
    if (!CHECKED || t == NULL)
        return;
    if (t->nheld == ARRAY_LEN(t->held))
        panic("mutex_lock: more than %zu mutexes held", ARRAY_LEN(t->held));
    t->held[t->nheld].lock = lock;
    t->held[t->nheld++].rank = rank;
}

static void forget_mutex(const void *lock)
{
    struct thread *t = thread_current();
    if (!CHECKED || t == NULL)
        return;
    for (unsigned i = t->nheld; i-- > 0;)
        if (t->held[i].lock == lock) {
            t->held[i] = t->held[--t->nheld];
            return;
        }
    panic("mutex_unlock: %p is not held by %s[%d]", lock, t->name, t->id);
}

void lock_assert_no_spin(void)
{
    struct hart *hart = this_hart();
    if (hart->nheld > 0)
        panic("%s[%d] holds spin lock %p (rank %u)", hart->current->name, hart->current->id, hart->held[0].lock,
              hart->held[0].rank);
}

void lock_assert_may_allocate(void)
{
    lock_assert_no_spin();
    struct thread *t = thread_current();
    for (unsigned i = 0; t != NULL && i < t->nheld; i++)
        if (t->held[i].rank >= RANK_OBJECT_LIST)       /* what giving back caches takes (mm/page.h, page_shrink) */
            panic("%s[%d] allocates while it holds mutex %p (rank %u)", t->name, t->id, t->held[i].lock, t->held[i].rank);
}

void lock_assert_none(void)
{
    struct hart *hart = this_hart();
    lock_assert_no_spin();
    if (hart->current->nheld > 0)
        panic("%s[%d] holds mutex %p (rank %u)", hart->current->name, hart->current->id,
              hart->current->held[0].lock, hart->current->held[0].rank);
}

/* ---- spin locks ---- */

void spin_init(struct spinlock *lock, enum lock_rank rank)
{
    atomic_store_explicit(&lock->locked, 0, memory_order_relaxed);
    lock->rank = rank;
}

void spin_lock_slow(struct spinlock *lock)
{
    if (CHECKED)
        check_order(lock, lock->rank);
    while (atomic_exchange_explicit(&lock->locked, 1, memory_order_acquire) != 0)
        while (atomic_load_explicit(&lock->locked, memory_order_relaxed) != 0)
            hart_relax();
    if (CHECKED) {
        lock->hart = hart_index();
        record_spin(lock, lock->rank);
    }
}

void spin_unlock_checked(struct spinlock *lock)
{
    forget_spin(lock);
    atomic_store_explicit(&lock->locked, 0, memory_order_release);
}

bool spin_held(const struct spinlock *lock)
{
    return atomic_load_explicit(&lock->locked, memory_order_relaxed) != 0 && (!CHECKED || lock->hart == hart_index());
}

unsigned long spin_lock_irqsave(struct spinlock *lock)
{
    unsigned long flags = irq_mask();
    spin_lock(lock);
    return flags;
}

void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
    spin_unlock(lock);
    irq_restore(flags);
}

/* ---- wait queues ---- */

void waitq_init(struct waitq *wq)
{
    TAILQ_INIT(&wq->waiters);
}

static int sleep_until_woken(struct waitq *wq, struct spinlock *lock, unsigned wake_on)
{
    struct thread *t = thread_current();
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    bool sleeps = !(thread_notices(t) & wake_on);
    if (sleeps) {                       /* on the queue before lock is let go: wake() looks at the queue under lock alone */
        t->wake_on = wake_on;
        sched_enter_queue(wq);
    }
    spin_unlock(lock);
    if (sleeps)
        sched_sleep();
    spin_unlock(&sched_lock);
    irq_restore(flags);
    spin_lock(lock);                    /* taken as it was: if interrupts were masked before, they are now */
    return thread_notices(t) & wake_on ? thread_interrupted() : 0;
}

void sleep_on(struct waitq *wq, struct spinlock *lock)
{
    sleep_until_woken(wq, lock, 0);
}

int sleep_on_killable(struct waitq *wq, struct spinlock *lock)
{
    return sleep_until_woken(wq, lock, NOTICE_DEATH);
}

int sleep_on_interruptible(struct waitq *wq, struct spinlock *lock)
{
    return sleep_until_woken(wq, lock, NOTICE_SIGNAL);
}

void wake_all(struct waitq *wq)
{
    /* The caller holds the sleepers' lock: who is not on the queue now has not looked at the condition yet. */
    if (TAILQ_EMPTY(&wq->waiters))
        return;
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    while (!TAILQ_EMPTY(&wq->waiters))
        sched_make_runnable(TAILQ_FIRST(&wq->waiters));
    spin_unlock_irqrestore(&sched_lock, flags);
}

/*
 * ---- before sleeping ----
 * A sleeping lock is mostly held for less time than it takes to sleep and be woken, by a thread
 * that runs on another hart. So whoever must wait looks for a while whether it may go on; unless
 * there is no other hart, which could make it so.
 */
#define LOOKS 1000

static bool look_until(bool (*ready)(const void *lock, uint32_t arrived), const void *lock, uint32_t arrived)
{
    for (unsigned i = 0; i < LOOKS && others_online() != 0; i++) {
        if (ready(lock, arrived))
            return true;
        hart_relax();
    }
    return false;
}

/* ---- mutexes ---- */

/* Held by somebody: wait in line; the holder hands over to the first, so nobody waits for ever. */
static void mutex_wait(struct mutex *m)
{
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    for (;;) {
        if (mutex_take(m))
            break;
        uintptr_t owner = atomic_fetch_or_explicit(&m->owner, HAS_WAITERS, memory_order_acquire);
        if (owner == 0) {               /* let go between the two: it is ours, with a stray mark that unlock clears */
            atomic_store_explicit(&m->owner, (uintptr_t)thread_current() | HAS_WAITERS, memory_order_relaxed);
            break;
        }
        thread_current()->wake_on = 0;
        thread_current()->waits_for = m->rank;
        sched_enter_queue(&m->wq);
        sched_sleep();
        thread_current()->waits_for = 0;
        if ((atomic_load_explicit(&m->owner, memory_order_acquire) & ~HAS_WAITERS) == (uintptr_t)thread_current())
            break;
    }
    spin_unlock_irqrestore(&sched_lock, flags);
}

static bool mutex_free(const void *m, uint32_t unused)
{
    (void)unused;
    return atomic_load_explicit(&((const struct mutex *)m)->owner, memory_order_relaxed) == 0;
}

void mutex_lock_slow(struct mutex *m)
{
    if (CHECKED)
        check_order(m, m->rank);
    if (!mutex_take(m) && !(look_until(mutex_free, m, 0) && mutex_take(m)))
        mutex_wait(m);
    if (CHECKED)
        record_mutex(m, m->rank);
}

bool mutex_trylock(struct mutex *m)
{
    if (!mutex_take(m))
        return false;
    if (CHECKED)
        record_mutex(m, m->rank);
    return true;
}

static void mutex_hand_over(struct mutex *m)
{
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    struct thread *next = TAILQ_FIRST(&m->wq.waiters);
    if (next != NULL)
        sched_make_runnable(next);
    uintptr_t mark = TAILQ_EMPTY(&m->wq.waiters) ? 0 : HAS_WAITERS;
    atomic_store_explicit(&m->owner, next != NULL ? (uintptr_t)next | mark : 0, memory_order_release);
    spin_unlock_irqrestore(&sched_lock, flags);
}

void mutex_unlock_slow(struct mutex *m)
{
    if (CHECKED)
        forget_mutex(m);
    if (!mutex_give(m))
        mutex_hand_over(m);
}

bool mutex_held(const struct mutex *m)
{
    return (atomic_load_explicit(&m->owner, memory_order_relaxed) & ~HAS_WAITERS) == (uintptr_t)thread_current();
}

/* ---- readers and writers ---- */

void rwlock_init(struct rwlock *lock, enum lock_rank rank)
{
    *lock = (struct rwlock){ .rank = rank };
    spin_init(&lock->guard, RANK_PAGE);         /* below the locks of interrupt handlers */
    waitq_init(&lock->wq);
}

static uint64_t readers(const struct rwlock *lock)
{
    return atomic_load_explicit(&lock->word, memory_order_relaxed) / RW_READER;
}

static bool writing(const struct rwlock *lock)
{
    return atomic_load_explicit(&lock->word, memory_order_relaxed) & RW_WRITER;
}

bool rwlock_held(const struct rwlock *lock)
{
    struct thread *t = thread_current();
    for (unsigned i = 0; CHECKED && i < t->nheld; i++)
        if (t->held[i].lock == lock)
            return true;
    return !CHECKED;
}

bool rwlock_written(const struct rwlock *lock)
{
    return !CHECKED || (rwlock_held(lock) && writing(lock));
}

/* Let guard go until may_enter, or until something has changed. Somebody may have come in between: look again. */
static void wait_for(struct rwlock *lock, bool (*may_enter)(const void *lock, uint32_t arrived), uint32_t arrived)
{
    spin_unlock(&lock->guard);
    look_until(may_enter, lock, arrived);
    spin_lock(&lock->guard);
    if (may_enter(lock, arrived))
        return;
    thread_current()->waits_for = lock->rank;
    sleep_on(&lock->wq, &lock->guard);
    thread_current()->waits_for = 0;
}

/* Under guard: the last one who waited is in, so the word alone decides again. */
static void settle(struct rwlock *lock)
{
    if (lock->readers_waiting == 0 && lock->writers_waiting == 0)
        atomic_fetch_and_explicit(&lock->word, ~(uint64_t)RW_QUEUED, memory_order_relaxed);
}

/* arrived: the turn in which the reader came. One who waited when a writer left goes before the next. */
static bool reader_may_enter(const void *l, uint32_t arrived)
{
    const struct rwlock *lock = l;
    return !writing(lock) && (lock->writers_waiting == 0 || lock->turns != arrived);
}

static bool writer_may_enter(const void *l, uint32_t unused)
{
    const struct rwlock *lock = l;
    (void)unused;
    return !writing(lock) && readers(lock) == 0 && lock->grace == 0;
}

/*
 * With RW_QUEUED set nobody passes the word, so what is read of it under guard can only become
 * less: readers leave, and those turned away, who had counted themselves in, count themselves out
 * again here. Whoever makes it less wakes the others.
 */
void rwlock_read_wait(struct rwlock *lock)
{
    spin_lock(&lock->guard);
    uint32_t arrived = lock->turns;
    lock->readers_waiting++;
    atomic_fetch_or_explicit(&lock->word, RW_QUEUED, memory_order_relaxed);
    atomic_fetch_sub_explicit(&lock->word, RW_READER, memory_order_relaxed);
    wake_all(&lock->wq);
    while (!reader_may_enter(lock, arrived))
        wait_for(lock, reader_may_enter, arrived);
    lock->readers_waiting--;
    lock->grace -= lock->turns != arrived;
    atomic_fetch_add_explicit(&lock->word, RW_READER, memory_order_acquire);
    settle(lock);
    spin_unlock(&lock->guard);
}

void rwlock_read_checked(struct rwlock *lock)
{
    check_order(lock, lock->rank);
    if (atomic_fetch_add_explicit(&lock->word, RW_READER, memory_order_acquire) & (RW_WRITER | RW_QUEUED))
        rwlock_read_wait(lock);
    record_mutex(lock, lock->rank);
}

bool rwlock_try_read(struct rwlock *lock)
{
    uint64_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
    if ((word & (RW_WRITER | RW_QUEUED)) ||
        !atomic_compare_exchange_strong_explicit(&lock->word, &word, word + RW_READER, memory_order_acquire, memory_order_relaxed))
        return false;
    record_mutex(lock, lock->rank);
    return true;
}

bool rwlock_try_write(struct rwlock *lock)
{
    if (!rwlock_write_take(lock))
        return false;
    record_mutex(lock, lock->rank);
    return true;
}

/* The caller has left the word already. */
void rwlock_read_leave(struct rwlock *lock)
{
    forget_mutex(lock);
    spin_lock(&lock->guard);
    if (readers(lock) == 0)
        wake_all(&lock->wq);
    spin_unlock(&lock->guard);
}

static void write_wait(struct rwlock *lock)
{
    spin_lock(&lock->guard);
    lock->writers_waiting++;
    atomic_fetch_or_explicit(&lock->word, RW_QUEUED, memory_order_relaxed);
    while (!writer_may_enter(lock, 0))
        wait_for(lock, writer_may_enter, 0);
    lock->writers_waiting--;
    atomic_fetch_or_explicit(&lock->word, RW_WRITER, memory_order_acquire);
    settle(lock);
    spin_unlock(&lock->guard);
}

void rwlock_write_slow(struct rwlock *lock)
{
    if (CHECKED)
        check_order(lock, lock->rank);
    if (!rwlock_write_take(lock))
        write_wait(lock);
    record_mutex(lock, lock->rank);
}

void rwlock_write_unpublished(struct rwlock *lock)
{
    if (!rwlock_write_take(lock))
        panic("rwlock: %p is not written yet, and somebody has it", (const void *)lock);
    record_mutex(lock, lock->rank);
}

static void writer_leaves(struct rwlock *lock, uint64_t turns_into)
{
    spin_lock(&lock->guard);
    atomic_fetch_add_explicit(&lock->word, turns_into - RW_WRITER, memory_order_release);
    lock->turns++;
    lock->grace = lock->readers_waiting;
    wake_all(&lock->wq);
    spin_unlock(&lock->guard);
}

void rwlock_write_leave(struct rwlock *lock)
{
    forget_mutex(lock);
    assert(writing(lock));
    writer_leaves(lock, 0);
}

void rwlock_downgrade(struct rwlock *lock)
{
    assert(rwlock_written(lock));
    uint64_t only_me = RW_WRITER;
    if (!atomic_compare_exchange_strong_explicit(&lock->word, &only_me, RW_READER, memory_order_release, memory_order_relaxed))
        writer_leaves(lock, RW_READER);
}
