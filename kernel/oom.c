/*
 * oom.c - memory is out: who has to go, and the wait for it.
 * Owns: the choice. There is one at a time, and none while somebody who was chosen is still there.
 * Does not own: what is tried before (mm/page.c, mm/reclaim.c), killing (signal.c), the end of an
 * address space (mm).
 *
 * A promise cannot be kept: an access of a program needs a frame, and there is none, no clean page,
 * and no place on disk. Calls that may fail do so (ENOMEM); an access cannot. As on Linux the
 * largest process goes, for that brings the most, and who needs memory waits for its end:
 *
 *     choose     the most pages in memory, on disk and shared, and oom_score_adj thousandths of all there is on top; never process
 *                1, who lives in its memory, or a process with -1000
 *     kill       all who live in that memory. They need none to end: exit allocates nothing
 *     wait       until that memory has been given back, or enough of it, and try again
 *
 * Who is killed may sleep for a lock that one holds who waits here, in the middle of a system call.
 * So patience ends: then who waits goes itself, which lets go of its locks. The same where there is
 * nobody to choose: in the end it is the textbook's rule.
 * Rejected: to take a victim's pages before it has ended, as Linux does: its last system call would
 * see zeroes.
 */
#include <string.h>

#include "kernel/core/boot.h"
#include "kernel/core/errno.h"
#include "kernel/core/print.h"
#include "kernel/core/time.h"
#include "kernel/oom.h"
#include "kernel/proc.h"
#include "mm/addrspace.h"
#include "mm/page.h"
#include "mm/stats.h"
#include "mm/swap.h"
#include "mm/uaccess.h"

#define PATIENCE_IN_COPY_NS (2 * NSEC_PER_SEC)          /* locks are held */
#define ENOUGH              (8 * PAGE_FEW)              /* frames, the reserve and those of other harts among them */

static bool only_self;                  /* fixed: oom=self */
static _Atomic uint32_t choosing;       /* 1: somebody is */

/* ---- who ---- */

struct candidate {
    struct proc *p;                     /* NULL: nobody */
    struct addrspace *as;               /* p's, which stays while it is looked at, though p may be about to leave it */
    struct as_size size;
    int adj;
    int64_t points;                     /* pages */
};

static size_t all_pages(void)
{
    size_t on_disk, free;
    swap_totals(&on_disk, &free);
    return page_total() + on_disk;
}

static int64_t points_of(const struct as_size *size, int adj)
{
    return (int64_t)(size->in_memory + size->on_disk + size->shared) + (int64_t)all_pages() * adj / OOM_SCORE_ADJ_MAX;
}

long oom_score(const struct as_size *size, int adj)
{
    int64_t points = adj != OOM_SCORE_ADJ_MIN ? points_of(size, adj) : 0;
    return points > 0 ? points * OOM_SCORE_ADJ_MAX / (int64_t)all_pages() : 0;
}

struct search {
    int first;
    const struct addrspace *of_init;
    struct candidate found;
};

/* The process with the smallest number from first on that may be chosen; proc_looked is due. */
static bool visit_search(struct proc *p, void *arg)
{
    struct search *s = arg;
    if (p->pid < s->first || p->as == NULL || p->as == s->of_init || p->oom_score_adj == OOM_SCORE_ADJ_MIN ||
        (s->found.p != NULL && s->found.p->pid < p->pid))
        return true;
    if (s->found.p != NULL)
        s->found.p->lookers--;
    s->found = (struct candidate){ .p = p, .as = p->as, .adj = p->oom_score_adj };
    p->lookers++;
    return true;
}

static bool visit_init(struct proc *p, void *arg)
{
    if (p->pid == INIT_PID)
        ((struct search *)arg)->of_init = p->as;
    return p->pid != INIT_PID;
}

/* proc_looked is due, if there is one. */
static struct candidate largest(void)
{
    struct candidate best = { NULL };
    struct search s = { .first = 0 };
    proc_for_each(visit_init, &s);
    for (;;) {
        s.found.p = NULL;
        proc_for_each(visit_search, &s);
        if (s.found.p == NULL)
            return best;
        struct candidate c = s.found;
        as_measure(c.as, &c.size);
        c.points = points_of(&c.size, c.adj);
        s.first = c.p->pid + 1;
        if (best.p == NULL || c.points > best.points) {
            struct candidate former = best;
            best = c;
            c = former;
        }
        if (c.p != NULL)
            proc_looked(c.p);
    }
}

/* Choose and kill. False: the caller is the one, or there is nobody. */
static bool choose(void)
{
    struct proc *p = current();
    const size_t kib = PAGE_SIZE / 1024;
    struct candidate c = largest();
    if (c.p == NULL)
        return false;
    bool own = c.as == p->as;
    kprintf("%s[%d]: out of memory: chosen is %s[%d]: %zu KiB in memory, %zu shared, %zu on swap, oom_score_adj %d, score %ld\n",
            p->name, p->pid, c.p->name, c.p->pid, c.size.in_memory * kib, c.size.shared * kib, c.size.on_disk * kib, c.adj,
            oom_score(&c.size, c.adj));
    as_choose(c.as);
    if (!own)                           /* or else it says itself where it was */
        proc_kill_users(c.as);
    proc_looked(c.p);
    return !own;
}

/* ---- waiting ---- */

bool oom_wait(struct addrspace *as, uint64_t patience_ns)
{
    struct proc *p = current();
    if (only_self || p == NULL || p->as != as || p->thread.has_failed)
        return false;
    uint64_t deadline = UINT64_MAX;
    size_t going = 0;
    while (!proc_killed(p) && time_ns() < deadline) {
        size_t now = as_chosen();
        if (now < going || (now > 0 && page_used(PAGE_FREE) >= ENOUGH))
            return true;                /* one has gone, or is giving back */
        if (going == 0 && now > 0)
            deadline = time_ns() + patience_ns;     /* from now on: choosing takes a while, and comes to an end by itself */
        going = now;
        if (going == 0 && !atomic_exchange(&choosing, 1)) {
            bool enough = !page_few_left();         /* someone has given back */
            bool go_on = enough || as_chosen() > 0 || choose();
            atomic_store(&choosing, 0);
            if (enough || !go_on)
                return enough;
            going = 1;                  /* at least: it may be gone already */
            deadline = time_ns() + patience_ns;
            continue;
        }
        if (time_sleep_until(time_ns() + NSEC_PER_SEC / 1000) != 0)
            thread_yield();             /* a signal: there is no sleep any more */
    }
    return false;
}

static bool wait_in_copy(struct addrspace *as) { return oom_wait(as, PATIENCE_IN_COPY_NS); }

void oom_init(void)
{
    const char *rule = boot_option("oom");
    only_self = rule != NULL && strcmp(rule, "self") == 0;
    if (rule != NULL && !only_self && strcmp(rule, "largest") != 0)
        kprintf("boot: oom=%s is neither largest nor self, taking largest\n", rule);
    user_out_of_memory = wait_in_copy;
}

/* ---- oom_score_adj ---- */

struct adjustment {
    int pid, adj;
    const struct addrspace *as;         /* of those who share it */
    bool found;
};

static bool visit_adjusted(struct proc *p, void *arg)
{
    struct adjustment *a = arg;
    if (p->pid == a->pid) {
        p->oom_score_adj = (int16_t)a->adj;
        a->as = p->awaited ? NULL : p->as;
        a->found = true;
    }
    return p->pid != a->pid;
}

static bool visit_sharers(struct proc *p, void *arg)
{
    const struct adjustment *a = arg;
    if (a->as != NULL && p->as == a->as && !p->awaited)
        p->oom_score_adj = (int16_t)a->adj;
    return true;
}

int oom_set_adj(int pid, long adj)
{
    if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
        return -EINVAL;
    struct adjustment a = { .pid = pid, .adj = (int)adj };
    proc_for_each(visit_adjusted, &a);
    proc_for_each(visit_sharers, &a);
    return a.found ? 0 : -ESRCH;
}
