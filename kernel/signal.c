/*
 * signal.c - signals: sent, kept, taken.
 *
 *     sent:   ignored, and not blocked?              nothing
 *             SIGCONT, a stop signal                 each takes the other out of the queues; SIGCONT ends a stop, too
 *             blocked                                pending, and that is all
 *             otherwise                              pending, and a notice; one that kills marks the process killed at once
 *     taken:  what the thread has done itself, then what was sent to the thread, then what was sent to the process, each in the
 *             order of signal_queue_take. Every one that has a handler gets a frame, on top of those before it: so the last one
 *             taken runs first.
 *
 * What a process does about signals is two sets, ignored and caught, and a table for handlers,
 * flags and masks. fork shares the table; a process that changes it, and is not alone, copies it
 * before. So most processes have none.
 */
#include <string.h>

#include "arch/mmu.h"
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/time.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "mm/slab.h"

#define BIT SIGNAL_BIT

static const uint64_t unblockable = BIT(SIGKILL) | BIT(SIGSTOP);
static const uint64_t stops = BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU);
static const uint64_t harmless = BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH);

/* ---- actions ---- */

struct signal_table {
    _Atomic uint32_t refs;              /* above 1 the rest is constant */
    struct signal_action action[SIGNAL_MAX];
};

static SLAB_CACHE(signal_tables, struct signal_table);

static void table_put(struct signal_table *table)
{
    if (table != NULL && atomic_fetch_sub_explicit(&table->refs, 1, memory_order_acq_rel) == 1)
        slab_free(&signal_tables, table);
}

static struct signal_action action_of(const struct signals *s, int signal)
{
    struct signal_action action = { 0 };
    if (s->table != NULL)
        action = s->table->action[signal - 1];
    if (!(s->caught & BIT(signal)))
        action.handler = s->ignored & BIT(signal) ? SIG_IGN : SIG_DFL;
    return action;
}

/* Would p do nothing at all for it? Process 1 gets only what it has a handler for, and its own faults. */
static bool does_nothing(const struct proc *p, int signal)
{
    const struct signals *s = &p->signals;
    if (s->caught & BIT(signal))
        return false;
    return ((s->ignored | harmless) & BIT(signal)) || p->pid == INIT_PID;
}

static bool is_deadly(const struct proc *p, int signal)
{
    return !does_nothing(p, signal) && !((p->signals.caught | stops) & BIT(signal));
}

/* Flags, masks and handlers need a table, of one's own. */
static int need_table(struct signals *s, const struct signal_action *new)
{
    struct signal_table *old = s->table;
    if (old == NULL && new->handler <= SIG_IGN && new->flags == 0 && new->mask == 0)
        return 0;
    if (old != NULL && atomic_load_explicit(&old->refs, memory_order_acquire) == 1)
        return 0;
    struct signal_table *table = slab_alloc(&signal_tables);
    if (table == NULL)
        return -ENOMEM;
    words_zero(table, sizeof *table);
    if (old != NULL)
        memcpy(table->action, old->action, sizeof table->action);
    table->refs = 1;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    s->table = table;
    spin_unlock_irqrestore(&proc_lock, flags);
    table_put(old);
    return 0;
}

static void drop(struct signals *s, uint64_t unwanted)
{
    signal_queue_drop(&s->own, unwanted);
    signal_queue_drop(&s->shared, unwanted);
}

int signal_set_action(int signal, const struct signal_action *new, struct signal_action *old)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    if (signal < 1 || signal > SIGNAL_MAX || (new != NULL && (unblockable & BIT(signal))))
        return -EINVAL;
    *old = action_of(s, signal);
    if (new == NULL)
        return 0;
    const struct signal_action action = { new->handler, new->flags & SA_KNOWN, new->mask & ~unblockable };
    int err = need_table(s, &action);
    if (err != 0)
        return err;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    if (s->table != NULL)
        s->table->action[signal - 1] = action;
    s->caught = action.handler > SIG_IGN ? s->caught | BIT(signal) : s->caught & ~BIT(signal);
    s->ignored = action.handler == SIG_IGN ? s->ignored | BIT(signal) : s->ignored & ~BIT(signal);
    if (does_nothing(p, signal))
        drop(s, BIT(signal));           /* POSIX: pending ones too, blocked or not */
    spin_unlock_irqrestore(&proc_lock, flags);
    return 0;
}

/* ---- sending, under proc_lock ---- */

void signal_kill(struct proc *p, int signal)
{
    assert(spin_held(&proc_lock));
    if (p->signals.killed_by == 0)
        p->signals.killed_by = signal;
    thread_notify(&p->thread, NOTICE_SIGNAL | NOTICE_DEATH);
}

static void go_on(struct proc *p)
{
    if (!p->stopped)
        return;
    p->stopped = false;
    p->unreported = CLD_CONTINUED;
    wake_all(&p->resumed);
    signal_parent(p, CLD_CONTINUED, SIGCONT);
}

static int send(struct proc *p, struct signal_queue *q, const struct signal_info *info)
{
    struct signals *s = &p->signals;
    uint64_t bit = BIT(info->signal);
    assert(spin_held(&proc_lock));
    if (p->exited)
        return 0;
    if (stops & bit)
        drop(s, BIT(SIGCONT));
    if (info->signal == SIGCONT) {
        drop(s, stops);
        go_on(p);
    }
    if (does_nothing(p, info->signal) && !(s->blocked & bit))   /* blocked, it may be caught by the time it is not */
        return 0;
    int err = signal_queue_add(q, p->limits[RLIMIT_SIGPENDING].soft, info);
    if (err != 0 || (s->blocked & ~s->awaited & bit))
        return err;
    if (is_deadly(p, info->signal) && !(s->blocked & bit) && (!p->stopped || info->signal == SIGKILL))
        signal_kill(p, info->signal);
    else
        thread_notify(&p->thread, NOTICE_SIGNAL);
    return 0;
}

int signal_send(struct proc *p, const struct signal_info *info) { return send(p, &p->signals.shared, info); }
int signal_send_thread(struct proc *p, const struct signal_info *info) { return send(p, &p->signals.own, info); }

void signal_parent(struct proc *child, int code, int status)
{
    struct proc *parent = child->parent;
    const struct signal_info info = { .signal = SIGCHLD, .code = code, .pid = child->pid, .status = status };
    if (parent == NULL)
        return;
    wake_all(&parent->child_changed);
    bool ended = code != CLD_STOPPED && code != CLD_CONTINUED;
    if (ended || !(action_of(&parent->signals, SIGCHLD).flags & SA_NOCLDSTOP))
        signal_send(parent, &info);
}

bool signal_discards_children(const struct proc *p)
{
    return (p->signals.ignored & BIT(SIGCHLD)) || (action_of(&p->signals, SIGCHLD).flags & SA_NOCLDWAIT);
}

bool signal_missed_by_child(const struct proc *p)
{
    const struct signals *s = &p->signals;
    return s->killed_by != 0 || (s->from_group & s->shared.set & ~s->blocked) != 0;
}

/* ---- to whom ---- */

struct addressees {
    int pid;
    const struct proc *sender;          /* NULL: the kernel */
    const struct signal_info *info;
    int result;
};

static bool addressed(const struct proc *p, int pid, const struct proc *sender)
{
    if (pid > 0)
        return p->pid == pid;
    if (pid == -1)
        return p->pid != INIT_PID && p != sender;
    return -p->pgid == (pid == 0 ? -sender->pgid : pid);        /* not -pid: it may be INT_MIN */
}

/* Signal 0 only asks whether there is somebody. Called when there is: ESRCH comes before EINVAL. */
static int send_if_valid(struct proc *p, struct signal_queue *q, const struct signal_info *info)
{
    if (info->signal < 0 || info->signal > SIGNAL_MAX)
        return -EINVAL;
    return info->signal != 0 ? send(p, q, info) : 0;
}

static bool visit_send(struct proc *p, void *arg)
{
    struct addressees *to = arg;
    if (!addressed(p, to->pid, to->sender))
        return true;
    int err = send_if_valid(p, &p->signals.shared, to->info);
    if (err == 0 && to->pid <= 0 && to->info->signal != 0)
        p->signals.from_group |= BIT(to->info->signal);
    if (to->result != 0)                /* one who has got it is enough */
        to->result = err;
    return true;
}

int signal_send_by_id(int pid, const struct signal_info *info)
{
    struct addressees to = { pid, current(), info, -ESRCH };
    proc_for_each(visit_send, &to);
    return to.result;
}

int signal_send_by_thread_id(int tgid, int tid, const struct signal_info *info)
{
    if (tid <= 0 || tgid == 0 || tgid < -1)
        return -EINVAL;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *p = proc_find(tid);
    bool there = p != NULL && (tgid == -1 || tgid == p->pid);
    int err = there ? send_if_valid(p, &p->signals.own, info) : -ESRCH;
    spin_unlock_irqrestore(&proc_lock, flags);
    return err;
}

void signal_send_group(int pgid, int signal)
{
    const struct signal_info info = { .signal = signal, .code = SI_KERNEL };
    proc_for_each(visit_send, &(struct addressees){ -pgid, NULL, &info, -ESRCH });
}

void signal_send_self(int signal)
{
    struct proc *p = current();
    const struct signal_info info = { .signal = signal, .code = SI_USER, .pid = p->pid };
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    signal_send_thread(p, &info);
    spin_unlock_irqrestore(&proc_lock, flags);
}

int signal_if_background(int foreground, int signal)
{
    struct proc *p = current();
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    int pgid = p->pgid;
    bool deaf = ((p->signals.ignored | p->signals.blocked) & BIT(signal)) || proc_group_orphaned(pgid, NULL);
    spin_unlock_irqrestore(&proc_lock, flags);
    if (pgid == foreground || deaf)
        return pgid == foreground ? 0 : -EIO;
    signal_send_group(pgid, signal);
    return thread_interrupted();
}

bool signal_force(const struct signal_info *info)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    bool kills = (s->blocked & BIT(info->signal)) || !(s->caught & BIT(info->signal));
    if (kills) {
        signal_kill(p, info->signal);
    } else {
        s->forced = *info;
        thread_notify(&p->thread, NOTICE_SIGNAL);
    }
    spin_unlock_irqrestore(&proc_lock, flags);
    return kills;
}

bool signal_force_segv(int signal)
{
    if (signal != SIGSEGV)
        return signal_force(&(struct signal_info){ .signal = SIGSEGV, .code = SI_KERNEL });
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    signal_kill(current(), SIGSEGV);
    spin_unlock_irqrestore(&proc_lock, flags);
    return true;
}

/* ---- taking ---- */

uint64_t signals_pending(const struct proc *p) { return p->signals.own.set | p->signals.shared.set; }

/* Under proc_lock: stand still until SIGCONT, or death. */
static void stop(struct proc *p, int signal)
{
    p->stopped = true;
    p->stop_signal = signal;
    p->unreported = CLD_STOPPED;
    signal_parent(p, CLD_STOPPED, signal);
    while (p->stopped && sleep_on_killable(&p->resumed, &proc_lock) == 0)
        ;
    p->stopped = false;
}

/* Under proc_lock: the next signal that is not blocked. */
static bool take_next(struct signals *s, struct signal_info *info)
{
    if (s->forced.signal != 0) {
        *info = s->forced;
        s->forced.signal = 0;
        return true;
    }
    bool any = signal_queue_take(&s->own, ~s->blocked, info) || signal_queue_take(&s->shared, ~s->blocked, info);
    s->from_group &= s->shared.set;
    return any;
}

/* Under proc_lock: what is done without a handler. POSIX: who could not be let go on again is not stopped by a terminal. */
static void act_by_default(struct proc *p, int signal)
{
    if (is_deadly(p, signal))
        signal_kill(p, signal);
    else if (!does_nothing(p, signal) && (signal == SIGSTOP || !proc_group_orphaned(p->pgid, NULL)))
        stop(p, signal);
}

bool signal_take_caught(struct signal_info *info, struct signal_action *action)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    bool caught = false;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    while (!caught && s->killed_by == 0 && take_next(s, info)) {
        caught = s->caught & BIT(info->signal);
        if (!caught) {
            act_by_default(p, info->signal);
            continue;
        }
        *action = action_of(s, info->signal);
        if (action->flags & SA_RESETHAND)
            s->caught &= ~BIT(info->signal);
    }
    int killed_by = s->killed_by;
    if (!caught)
        atomic_fetch_and(&p->thread.notices, ~NOTICE_SIGNAL);   /* who sends one from now on sets it again */
    spin_unlock_irqrestore(&proc_lock, flags);
    if (killed_by != 0)
        proc_exit(killed_by);
    return caught;
}

/* Under proc_lock: one of set, if there is one. *others: something else wants to be taken. */
static bool take_awaited(struct proc *p, uint64_t set, struct signal_info *info, bool *others)
{
    struct signals *s = &p->signals;
    bool taken = signal_queue_take(&s->own, set, info) || signal_queue_take(&s->shared, set, info);
    *others = s->killed_by != 0 || (signals_pending(p) & ~s->blocked) != 0;
    if (!*others)
        atomic_fetch_and(&p->thread.notices, ~NOTICE_SIGNAL);   /* or the next sleep would end at once */
    return taken;
}

int signal_await(uint64_t set, uint64_t deadline_ns, struct signal_info *info)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    bool taken, others, late;
    set &= ~unblockable;
    for (;;) {
        unsigned long flags = spin_lock_irqsave(&proc_lock);
        taken = take_awaited(p, set, info, &others);
        late = time_ns() >= deadline_ns;
        s->awaited = taken || others || late ? 0 : set;
        spin_unlock_irqrestore(&proc_lock, flags);
        if (taken || others || late)
            break;
        time_sleep_until(deadline_ns);
    }
    if (taken && info->signal == SIGALRM)
        itimer_signal_taken();
    return taken ? info->signal : others ? -EINTR : -EAGAIN;
}

/* ---- the caller's mask ---- */

void signals_block(uint64_t mask)
{
    struct proc *p = current();
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    p->signals.blocked = mask & ~unblockable;
    if (signals_pending(p) & ~p->signals.blocked)
        thread_notify(&p->thread, NOTICE_SIGNAL);
    spin_unlock_irqrestore(&proc_lock, flags);
}

void signals_block_for_call(uint64_t mask)
{
    struct signals *s = &current()->signals;
    s->after_call = s->blocked;
    s->has_after_call = true;
    signals_block(mask);
}

void signals_call_over(void)
{
    struct signals *s = &current()->signals;
    if (!s->has_after_call)
        return;
    s->has_after_call = false;
    signals_block(s->after_call);
}

/* ---- for processes ---- */

void signals_fork(const struct proc *parent, struct proc *child)
{
    struct signals *s = &child->signals;
    signal_queue_init(&s->own);
    signal_queue_init(&s->shared);
    s->stack.flags = SS_DISABLE;
    if (parent == NULL)
        return;
    const struct signals *from = &parent->signals;
    s->table = from->table;
    if (s->table != NULL)
        atomic_fetch_add_explicit(&s->table->refs, 1, memory_order_relaxed);
    s->ignored = from->ignored;
    s->caught = from->caught;
    s->blocked = from->blocked;
    s->stack = from->stack;
    s->trampoline = from->trampoline;
}

/* What a program ignores its successor ignores; nothing else of an action is left. */
void signals_exec(vaddr_t trampoline)
{
    struct signals *s = &current()->signals;
    struct signal_table *table = s->table;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    s->table = NULL;
    s->caught = 0;
    spin_unlock_irqrestore(&proc_lock, flags);
    table_put(table);
    s->stack = (struct signal_stack){ .flags = SS_DISABLE };
    s->trampoline = trampoline;
    s->sleep_until_ns = 0;
}

void signals_free(struct proc *p)
{
    struct signals *s = &p->signals;
    struct signal_table *table = s->table;
    if (table == NULL && signals_pending(p) == 0 && !itimers_run(p))
        return;                         /* the usual case; what comes now is found the second time */
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    drop(s, UINT64_MAX);
    itimers_stop(p);
    s->table = NULL;
    spin_unlock_irqrestore(&proc_lock, flags);
    table_put(table);
}
