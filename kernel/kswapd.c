/*
 * kswapd.c - the thread that takes pages back before anybody has to wait for them.
 * Owns: when it runs.
 *
 * It is woken when fewer frames are free than the low mark (mm/page.h), and goes on until there are
 * twice as many. Who allocates reclaims for himself only where it has not kept up. When it finds
 * nothing it sleeps, until one of these has had success: they, too, decide what becomes of who gets
 * no frame.
 */
#include "arch/context.h"
#include "kernel/core/sched.h"
#include "kernel/core/thread.h"
#include "kernel/kswapd.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/reclaim.h"

static struct thread kswapd;
static _Atomic unsigned started;
static struct spinlock lock = SPINLOCK_INIT(RANK_PAGE);
static struct waitq wq = { TAILQ_HEAD_INITIALIZER(wq.waiters) };
static _Atomic unsigned wanted, hopeless;       /* truth values: there is no atomic exchange of bytes */
static size_t stolen;                   /* own: only the thread changes it */

static void wake(void)
{
    if (atomic_load_explicit(&hopeless, memory_order_relaxed) || atomic_exchange(&wanted, true))
        return;
    spin_lock(&lock);
    wake_all(&wq);
    spin_unlock(&lock);
}

static void wait_until_wanted(void)
{
    spin_lock(&lock);
    while (!atomic_load(&wanted))
        sleep_on(&wq, &lock);
    spin_unlock(&lock);
    atomic_store(&wanted, false);
}

static void run(void)
{
    enum { TURNS_A_WALK = 64 };         /* over all address spaces; as many times a few pages */
    unsigned turns = 0;
    sched_started();
    irq_unmask();
    for (;;) {
        wait_until_wanted();
        size_t freed = 1;
        object_drop_queueless();                /* pages that can be filled again go before anything is written */
        while (freed > 0 && page_used(PAGE_FREE) < 2 * page_low_mark()) {
            freed = reclaim();
            stolen += freed;
            if (++turns % TURNS_A_WALK == 0)
                reclaim_tables();
            thread_let_others();
        }
        atomic_store(&hopeless, freed == 0);
    }
}

size_t kswapd_stolen(void) { return stolen; }

void kswapd_hope(void) { atomic_store_explicit(&hopeless, false, memory_order_relaxed); }

const struct thread *kswapd_thread(void) { return started ? &kswapd : NULL; }

int kswapd_start(void)
{
    if (atomic_exchange(&started, true))
        return 0;
    int err = thread_init(&kswapd, 0, "kswapd");
    if (err != 0) {
        started = false;
        return err;
    }
    context_init(&kswapd.context, kswapd.tf, run);
    unsigned long flags = spin_lock_irqsave(&sched_lock);
    sched_make_runnable(&kswapd);
    spin_unlock_irqrestore(&sched_lock, flags);
    page_low = wake;
    return 0;
}
