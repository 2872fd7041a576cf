/*
 * quiesce.c - bringing all of mm to rest, to check it or to collect what it keeps.
 * Owns: the moment; mm/check.c owns what is looked at.
 *
 * All harts stand still at a point where they hold no spin lock. But a process may sleep in the
 * middle of a change, waiting for a mutex, or let others run because it is a long one: such a
 * process holds another mutex (as->lock around every change of an address space), and each process
 * records what it holds and what it waits for. So: stop, look whether any process has to do with a
 * lock of mm, and if so let go, give it a while to come to the end, and try again.
 */
#include "kernel/core/hart.h"
#include "kernel/core/kstack.h"
#include "kernel/kswapd.h"
#include "kernel/proc.h"
#include "kernel/check/quiesce.h"
#include "kernel/core/time.h"
#include "mm/check.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/slab.h"

/* ---- the checker ---- */

#define SHARE 2                         /* after a check of length t there is none for SHARE * t */

/* Each takes a millisecond and a stop of all harts. Who writes to drop_caches wants a check, and waits longer for it. */
enum { TRIES = 30, TRIES_WHEN_ASKED = 10000 };

static bool enabled;
static _Atomic uint64_t not_before;     /* ticks: when the next check may begin */
static _Atomic uint64_t last_end;     /* ticks: when the last check was over */

void check_enable(bool on) { enabled = on; }

static bool is_mm_rank(unsigned rank) { return rank >= RANK_AS && rank <= RANK_ANON; }

static bool in_mm(const struct thread *t)
{
    bool found = is_mm_rank(t->waits_for);
    for (unsigned i = 0; i < t->nheld; i++)
        found |= is_mm_rank(t->held[i].rank);
    return found;
}

static bool look_at(struct proc *p, void *found) { return !(*(bool *)found = in_mm(&p->thread)); }

/*
 * Without regard to time. Where several processes do nothing but wait for each other's locks there
 * may be no moment at which none of them is in the middle: after so many tries the check is left
 * for another time.
 */
static void check_now(unsigned tries)
{
    uint64_t start = time_ticks();      /* stopping the others counts: it can take longer than the check */
    for (;;) {
        harts_stop();
        bool busy = kswapd_thread() != NULL && in_mm(kswapd_thread());
        if (!busy)
            proc_for_each(look_at, &busy);
        bool late = start < atomic_load(&last_end);   /* another process has checked since we came */
        if (!busy && !late) {
            mm_check();
            uint64_t end = time_ticks();
            atomic_store(&last_end, end);
            atomic_store(&not_before, end + SHARE * (end - start));
        }
        harts_resume();
        if (!busy || late)
            return;
        if (--tries == 0) {
            atomic_store(&not_before, time_ticks() + SHARE * (time_ticks() - start));
            return;
        }
        if (time_sleep_until(time_ns() + NSEC_PER_SEC / 1000) != 0)    /* not to stop at every step those whose end we await */
            thread_yield();                                             /* a signal: there is no sleep any more */
    }
}

void check_point(void)
{
    if (CHECKED && enabled && time_ticks() >= atomic_load(&not_before))
        check_now(TRIES);
}

/* ---- caches ---- */

static void drop_caches(size_t (*drop_files)(void))
{
    drop_files();
    kstack_drop_caches();
    /* Who allocates may have an anon or a node that is nobody's yet: while it waits for its turn the checker must not come. */
    struct thread *t = thread_current();        /* NULL while booting */
    if (t != NULL)
        t->waits_for = RANK_OBJECT_LIST;
    harts_stop();
    if (t != NULL)
        t->waits_for = 0;
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        slab_drain_hart(h);
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        page_drain_hart(h);
    harts_resume();
}

bool mm_shrink(bool short_of_memory)
{
    if (short_of_memory && reclaim() > 0) {
        kswapd_hope();
        return true;
    }
    drop_caches(short_of_memory ? object_drop_caches : object_drop_queueless);
    return false;
}

void mm_drop_caches(void)
{
    drop_caches(object_drop_caches);
    if (CHECKED && enabled)
        check_now(TRIES_WHEN_ASKED);
}
