/*
 * lock.c - tests of the lock for readers or a writer in kernel/core/lock.h: who goes in, and in which order.
 * Each thread runs a hart of its own and keeps the diary: its capital letter when it is in, its small one before it leaves.
 */
#include <ctype.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "mm/test/test.h"

#define PATIENCE_S 20

enum role { READS, WRITES, WRITES_THEN_READS };

static struct actor {
    pthread_t thread;
    char name;
    enum role role;
    _Atomic unsigned told;                      /* how often it has been told to go on */
} actors[4];
static unsigned nactors;

static struct rwlock lock = RWLOCK_INIT(lock, RANK_AS);
static struct spinlock diary_lock = SPINLOCK_INIT(RANK_PT);
static char diary[32];                          /* [diary_lock] */

static void note(char what)
{
    spin_lock(&diary_lock);
    diary[strlen(diary)] = what;
    spin_unlock(&diary_lock);
}

static void wait_until_told(struct actor *actor, unsigned times)
{
    while (actor->told < times)
        sched_yield();
}

static void *act(void *arg)
{
    struct actor *self = arg;
    host_use_hart(1 + (self - actors));
    if (self->role == READS)
        rwlock_read(&lock);
    else
        rwlock_write(&lock);
    note(self->name);
    wait_until_told(self, 1);
    if (self->role == WRITES_THEN_READS) {
        note('=');
        rwlock_downgrade(&lock);
        wait_until_told(self, 2);
    }
    note(tolower(self->name));
    if (self->role == WRITES)
        rwlock_write_unlock(&lock);
    else
        rwlock_read_unlock(&lock);
    return NULL;
}

static struct actor *begin(char name, enum role role)
{
    struct actor *actor = &actors[nactors++];
    actor->name = name;
    actor->role = role;
    host_alone = true;                          /* who looks before he sleeps does not notice that nobody wakes him */
    check_eq(pthread_create(&actor->thread, NULL, act, actor), 0);
    return actor;
}

/* Wait until the diary says this and so many wait for the lock. */
static void expect(const char *text, unsigned readers_waiting, unsigned writers_waiting)
{
    bool as_expected = false;
    for (time_t end = time(NULL) + PATIENCE_S; !as_expected; sched_yield()) {
        if (time(NULL) > end)
            test_fail(__FILE__, __LINE__, "the diary says %s, and %u readers and %u writers wait; expected %s, %u and %u", diary,
                      lock.readers_waiting, lock.writers_waiting, text, readers_waiting, writers_waiting);
        spin_lock(&lock.guard);
        as_expected = lock.readers_waiting == readers_waiting && lock.writers_waiting == writers_waiting;
        spin_unlock(&lock.guard);
        spin_lock(&diary_lock);
        as_expected = as_expected && strcmp(diary, text) == 0;
        spin_unlock(&diary_lock);
    }
}

static void all_leave(void)
{
    for (unsigned i = 0; i < nactors; i++)
        check_eq(pthread_join(actors[i].thread, NULL), 0);
    check_eq(atomic_load(&lock.word), 0);
}

/* Readers share it; a writer waits for the last of them, and who comes to read after that waits for the writer. */
static void writer_before_later_readers(void)
{
    struct actor *a = begin('A', READS), *b, *c, *w;
    expect("A", 0, 0);
    b = begin('B', READS);
    expect("AB", 0, 0);
    w = begin('W', WRITES);
    expect("AB", 0, 1);
    c = begin('C', READS);
    expect("AB", 1, 1);
    a->told++;
    expect("ABa", 1, 1);
    b->told++;
    expect("ABabW", 1, 0);
    w->told++;
    expect("ABabWwC", 0, 0);
    c->told++;
    all_leave();
}

/* Readers who wait when a writer leaves go before the next writer. */
static void readers_before_next_writer(void)
{
    struct actor *w = begin('W', WRITES), *a, *x;
    expect("W", 0, 0);
    a = begin('A', READS);
    expect("W", 1, 0);
    x = begin('X', WRITES);
    expect("W", 1, 1);
    w->told++;
    expect("WwA", 0, 1);
    a->told++;
    expect("WwAaX", 0, 0);
    x->told++;
    all_leave();
}

/* A writer who goes on as a reader lets the readers in who wait, and no writer before it has left. */
static void downgrade(void)
{
    struct actor *w = begin('W', WRITES_THEN_READS), *a, *x;
    expect("W", 0, 0);
    x = begin('X', WRITES);
    expect("W", 0, 1);
    a = begin('A', READS);
    expect("W", 1, 1);
    w->told++;
    expect("W=A", 0, 1);
    a->told++;
    expect("W=Aa", 0, 1);
    w->told++;
    expect("W=AawX", 0, 0);
    x->told++;
    all_leave();
}

const struct test_case lock_cases[] = {
    { "a writer before later readers", writer_before_later_readers },
    { "waiting readers before the next writer", readers_before_next_writer },
    { "from writer to reader", downgrade },
    { 0 },
};
