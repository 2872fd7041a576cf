/*
 * signal.c - signals: sent, kept, taken.
 * Owns: what is pending, blocked, caught and ignored; default actions; timers; the way into a handler and back.
 * Does not own: which registers a frame has (arch/signal_frame.h), the tree of processes (proc.c).
 *
 *     sent:   ignored, and not blocked?              nothing
 *             SIGCONT, a stop signal                 each takes the other out of the queues; SIGCONT ends a stop, too
 *             blocked                                pending, and that is all
 *             otherwise                              pending, and a notice; one that kills marks the process killed at once
 *     taken:  what the thread has done itself, then what was sent to the thread, then what was sent to the process; in each
 *             queue what a fault has for a name goes first, then the lowest number. Every one that has a handler gets a frame,
 *             on top of those before it: so the last one taken runs first.
 */
#include <string.h>
#include <strings.h>

#include "arch/machine.h"
#include "arch/mmu.h"
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/time.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "mm/uaccess.h"

#define BIT(signal) (1ul << ((signal) - 1))

static const uint64_t unblockable = BIT(SIGKILL) | BIT(SIGSTOP);
static const uint64_t stops = BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU);
static const uint64_t harmless = BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH);
static const uint64_t synchronous = BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGFPE) | BIT(SIGSYS);

/* ---- actions ---- */

struct signal_table {
    _Atomic uint32_t refs;
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

/* Would p do nothing at all for it? */
static bool does_nothing(const struct proc *p, int signal)
{
    const struct signals *s = &p->signals;
    if (s->caught & BIT(signal))
        return false;
    return (s->ignored & BIT(signal)) || (harmless & BIT(signal)) || p->pid == INIT_PID;
}

static bool is_deadly(const struct proc *p, int signal)
{
    return !does_nothing(p, signal) && !((p->signals.caught | stops) & BIT(signal));
}

/* ---- queues, under proc_lock ---- */

/* What is known of a signal beyond its number has one of so many places. Values beyond the first half's are refused. */
#define INFOS_MAX 1024

struct queued_signal {
    TAILQ_ENTRY(queued_signal) link;
    struct signal_info info;
};

static struct queued_signal infos[INFOS_MAX];
static TAILQ_HEAD(, queued_signal) free_infos = TAILQ_HEAD_INITIALIZER(free_infos);   /* [proc_lock] */
static unsigned ninfos;                                                             /* [proc_lock] in use */

unsigned signals_queued(void) { return ninfos; }

static void queue_init(struct signal_queue *q)
{
    q->set = 0;
    TAILQ_INIT(&q->infos);
}

static bool may_be_refused(const struct signal_info *info) { return info->signal >= SIGRTMIN || info->code < 0; }

static struct queued_signal *place_for(const struct proc *p, const struct signal_info *info)
{
    uint64_t limit = p->limits[RLIMIT_SIGPENDING].soft;
    if (may_be_refused(info) && ninfos >= (limit < SIGNAL_QUEUE_MAX ? limit : SIGNAL_QUEUE_MAX))
        return NULL;
    struct queued_signal *place = TAILQ_FIRST(&free_infos);
    if (place != NULL) {
        TAILQ_REMOVE(&free_infos, place, link);
        ninfos++;
    }
    return place;
}

static void place_free(struct signal_queue *q, struct queued_signal *place)
{
    TAILQ_REMOVE(&q->infos, place, link);
    TAILQ_INSERT_HEAD(&free_infos, place, link);
    ninfos--;
}

/* One of each standard signal; of real-time ones each, or at least that there was one if it came without a value. */
static int queue_add(struct signal_queue *q, const struct proc *p, const struct signal_info *info)
{
    if (info->signal < SIGRTMIN && (q->set & BIT(info->signal)))
        return 0;
    struct queued_signal *place = place_for(p, info);
    if (place != NULL) {
        place->info = *info;
        TAILQ_INSERT_TAIL(&q->infos, place, link);
    } else if (info->signal >= SIGRTMIN && info->code != SI_USER) {
        return -EAGAIN;
    }
    q->set |= BIT(info->signal);
    return 0;
}

/* Take the first of wanted. False: there is none. */
static bool queue_take(struct signal_queue *q, uint64_t wanted, struct signal_info *info)
{
    struct queued_signal *place, *first = NULL;
    bool more = false;
    wanted &= q->set;
    if (wanted == 0)
        return false;
    int signal = ffsl((long)(wanted & synchronous ? wanted & synchronous : wanted));
    *info = (struct signal_info){ .signal = signal };
    TAILQ_FOREACH(place, &q->infos, link) {
        if (place->info.signal != signal)
            continue;
        more = first != NULL;
        if (more)
            break;
        first = place;
    }
    if (first != NULL) {
        *info = first->info;
        place_free(q, first);
    }
    if (!more)
        q->set &= ~BIT(signal);
    return true;
}

static void queue_drop(struct signal_queue *q, uint64_t unwanted)
{
    struct queued_signal *place, *next;
    if ((q->set & unwanted) == 0)
        return;
    q->set &= ~unwanted;
    TAILQ_FOREACH_SAFE(place, &q->infos, link, next)
        if (unwanted & BIT(place->info.signal))
            place_free(q, place);
}

static void drop(struct signals *s, uint64_t unwanted)
{
    queue_drop(&s->own, unwanted);
    queue_drop(&s->shared, unwanted);
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
    int signal = info->signal;
    assert(spin_held(&proc_lock));
    if (p->exited)
        return 0;
    if (stops & BIT(signal))
        drop(s, BIT(SIGCONT));
    if (signal == SIGCONT) {
        drop(s, stops);
        go_on(p);
    }
    if (does_nothing(p, signal) && !(s->blocked & BIT(signal)))    /* blocked, it may be caught by the time it is not */
        return 0;
    int err = queue_add(q, p, info);
    if (err != 0 || (s->blocked & ~s->awaited & BIT(signal)))
        return err;
    if (is_deadly(p, signal) && !(s->blocked & BIT(signal)) && (!p->stopped || signal == SIGKILL))
        signal_kill(p, signal);
    else
        thread_notify(&p->thread, NOTICE_SIGNAL);
    return 0;
}

int signal_send(struct proc *p, const struct signal_info *info) { return send(p, &p->signals.shared, info); }
int signal_send_thread(struct proc *p, const struct signal_info *info) { return send(p, &p->signals.own, info); }

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

static bool visit_send(struct proc *p, void *arg)
{
    struct addressees *to = arg;
    if (!addressed(p, to->pid, to->sender))
        return true;
    int err = to->info->signal != 0 ? signal_send(p, to->info) : 0;
    if (to->pid <= 0 && to->info->signal != 0)
        p->signals.from_group |= BIT(to->info->signal);
    if (to->result != 0)                /* one that has got it is enough */
        to->result = err;
    return true;
}

int signal_send_by_id(int pid, const struct signal_info *info)
{
    struct addressees to = { pid, current(), info, -ESRCH };
    if (info->signal < 0 || info->signal > SIGNAL_MAX)
        return -EINVAL;
    proc_for_each(visit_send, &to);
    return to.result;
}

int signal_send_by_thread_id(int tgid, int tid, const struct signal_info *info)
{
    if (tid <= 0 || tgid == 0 || tgid < -1 || info->signal < 0 || info->signal > SIGNAL_MAX)
        return -EINVAL;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *p = proc_find(tid);
    int err = p == NULL || (tgid != -1 && tgid != p->pid) ? -ESRCH : 0;
    if (err == 0 && info->signal != 0)
        err = signal_send_thread(p, info);
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

void signal_parent(struct proc *child, int code, int status)
{
    struct proc *parent = child->parent;
    if (parent == NULL)
        return;
    wake_all(&parent->child_changed);
    bool stop_or_go = code == CLD_STOPPED || code == CLD_CONTINUED;
    if (!stop_or_go || !(action_of(&parent->signals, SIGCHLD).flags & SA_NOCLDSTOP))
        signal_send(parent, &(struct signal_info){ .signal = SIGCHLD, .code = code, .pid = child->pid, .status = status });
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

/* ---- timers ---- */

static uint64_t cpu_ns(const struct thread *t)
{
    return time_ticks_to_ns(t->run_ticks + (t == thread_current() ? time_ticks() - this_hart()->since : 0));
}

/* The first time after now at which t is due again. */
static uint64_t next_time(const struct signal_timer *t, uint64_t now)
{
    return t->interval_ns == 0 ? 0 : t->at_ns + ((now - t->at_ns) / t->interval_ns + 1) * t->interval_ns;
}

/* Under proc_lock. The thread is to be looked at when the first of its two timers of processor time is due. */
static void set_cpu_alarm(struct proc *p)
{
    uint64_t a = p->signals.timer[ITIMER_VIRTUAL].at_ns, b = p->signals.timer[ITIMER_PROF].at_ns;
    p->thread.cpu_alarm_ns = a == 0 || (b != 0 && b < a) ? b : a;
}

static void send_timer(struct proc *p, int signal)
{
    signal_send(p, &(struct signal_info){ .signal = signal, .code = SI_KERNEL });
}

/* A timer that goes on waits until its signal has been taken (real_timer_again): so none can keep the kernel busy. */
static bool visit_real_timer(struct proc *p, void *next)
{
    struct signals *s = &p->signals;
    struct signal_timer *t = &s->timer[ITIMER_REAL];
    if (t->at_ns == 0 || s->alarm_sent)
        return true;
    if (t->at_ns <= time_ns()) {
        s->alarm_sent = t->interval_ns != 0;
        if (!s->alarm_sent)
            t->at_ns = 0;
        send_timer(p, SIGALRM);
    } else if (t->at_ns < *(uint64_t *)next) {
        *(uint64_t *)next = t->at_ns;
    }
    return true;
}

static void run_cpu_timers(struct proc *p)
{
    uint64_t used = cpu_ns(&p->thread);
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    for (unsigned which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
        struct signal_timer *t = &p->signals.timer[which];
        if (t->at_ns == 0 || t->at_ns > used)
            continue;
        t->at_ns = next_time(t, used);
        send_timer(p, which == ITIMER_VIRTUAL ? SIGVTALRM : SIGPROF);
    }
    set_cpu_alarm(p);
    spin_unlock_irqrestore(&proc_lock, flags);
}

/* In an interrupt: some timer is due. There are few processes, so all are looked at. */
static void run_timers(void)
{
    uint64_t next = UINT64_MAX;
    if (current() != NULL && thread_current()->cpu_alarm_ns != 0)
        run_cpu_timers(current());
    proc_for_each(visit_real_timer, &next);
    if (next != UINT64_MAX)
        time_alarm_at(next);
}

/* Not under proc_lock: SIGALRM has been taken. */
static void real_timer_again(struct signals *s)
{
    struct signal_timer *t = &s->timer[ITIMER_REAL];
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    bool again = s->alarm_sent;
    s->alarm_sent = false;
    if (again)
        t->at_ns = next_time(t, time_ns());
    uint64_t at = t->at_ns;
    spin_unlock_irqrestore(&proc_lock, flags);
    if (again)
        time_alarm_at(at);
}

void signals_set_timer(unsigned which, const struct signal_timer *from_now)
{
    struct proc *p = current();
    uint64_t now = which == ITIMER_REAL ? time_ns() : cpu_ns(&p->thread);
    struct signal_timer t = *from_now;
    if (t.at_ns != 0 && __builtin_add_overflow(t.at_ns, now, &t.at_ns))
        t.at_ns = UINT64_MAX;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    p->signals.timer[which] = t;
    if (which == ITIMER_REAL)
        p->signals.alarm_sent = false;
    else
        set_cpu_alarm(p);
    spin_unlock_irqrestore(&proc_lock, flags);
    if (which == ITIMER_REAL && t.at_ns != 0)
        time_alarm_at(t.at_ns);
}

struct signal_timer signals_get_timer(unsigned which)
{
    struct proc *p = current();
    uint64_t now = which == ITIMER_REAL ? time_ns() : cpu_ns(&p->thread);
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct signal_timer t = p->signals.timer[which];
    spin_unlock_irqrestore(&proc_lock, flags);
    if (t.at_ns != 0 && t.at_ns <= now)
        t.at_ns = t.interval_ns != 0 ? next_time(&t, now) : now + 1;
    if (t.at_ns != 0)
        t.at_ns -= now;
    return t;
}

/* ---- taking ---- */

/* Stand still until SIGCONT, or death. Under proc_lock. */
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
    bool any = queue_take(&s->own, ~s->blocked, info) || queue_take(&s->shared, ~s->blocked, info);
    s->from_group &= s->shared.set;
    return any;
}

/* Do what is to be done without a handler, until there is one to call. False: nothing is left. */
static bool take_caught(struct proc *p, struct signal_info *info, struct signal_action *action)
{
    struct signals *s = &p->signals;
    bool caught = false;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    while (!caught && s->killed_by == 0 && take_next(s, info)) {
        int signal = info->signal;
        *action = action_of(s, signal);
        caught = s->caught & BIT(signal);
        if (caught && (action->flags & SA_RESETHAND))
            s->caught &= ~BIT(signal);
        if (is_deadly(p, signal))
            signal_kill(p, signal);
        else if (!caught && !does_nothing(p, signal) && (signal == SIGSTOP || !proc_group_orphaned(p->pgid, NULL)))
            stop(p, signal);
    }
    int killed_by = s->killed_by;
    if (!caught)
        atomic_fetch_and(&p->thread.notices, ~NOTICE_SIGNAL);   /* who sends one from now on sets it again */
    spin_unlock_irqrestore(&proc_lock, flags);
    if (killed_by != 0)
        proc_exit(killed_by);
    return caught;
}

/* ---- into a handler ---- */

static bool on_stack(const struct signal_stack *stack, vaddr_t sp)
{
    return !(stack->flags & SS_AUTODISARM) && sp > stack->base && sp - stack->base <= stack->size_bytes;
}

/* Where the frame for a handler goes. False: it is the alternate stack, and full. */
static bool place_frame(const struct signals *s, vaddr_t sp, uint64_t action_flags, vaddr_t *at)
{
    bool on_it = on_stack(&s->stack, sp);
    if (!on_it && (action_flags & SA_ONSTACK) && s->stack.size_bytes != 0)
        sp = s->stack.base + s->stack.size_bytes;
    *at = (sp - sizeof(struct signal_frame)) & ~15ul;           /* psABI */
    return !on_it || (*at >= s->stack.base && *at < sp);
}

static bool enter_handler(struct proc *p, struct trapframe *tf, const struct signal_info *info, const struct signal_action *action)
{
    struct signals *s = &p->signals;
    struct thread *t = &p->thread;
    struct signal_frame frame = { 0 };
    vaddr_t at;
    if (!place_frame(s, tf->x[REG_SP], action->flags, &at))
        return false;
    if (t->fp_used)
        fp_save(tf, t->fp);
    signal_frame_save(&frame, tf, t->fp_used ? t->fp : NULL);
    memcpy(frame.info, info, sizeof *info);
    frame.context.stack = s->stack;
    frame.context.mask = s->has_after_call ? s->after_call : s->blocked;
    if (copy_to_user(p->as, at, &frame, sizeof frame, NULL) != 0)
        return false;
    signal_frame_enter(tf, at, info->signal, action->handler, s->trampoline);
    if (s->stack.flags & SS_AUTODISARM)
        s->stack = (struct signal_stack){ .flags = SS_DISABLE };
    s->has_after_call = false;
    signals_block(s->blocked | action->mask | (action->flags & SA_NODEFER ? 0 : BIT(info->signal)));
    return true;
}

/* There was no room for a frame, or there is none where one should be. A handler of SIGSEGV that had no room is not tried again. */
static void no_frame(struct proc *p, int signal)
{
    vaddr_t oom_va = atomic_load(&p->as->oom_va);
    if (oom_va != 0) {
        trap_out_of_memory(p->thread.tf, oom_va);
        return;
    }
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    if (signal == SIGSEGV)
        signal_kill(p, SIGSEGV);
    spin_unlock_irqrestore(&proc_lock, flags);
    if (signal != SIGSEGV)
        signal_force(&(struct signal_info){ .signal = SIGSEGV, .code = SI_KERNEL });
}

enum { ECALL_BYTES = 4, RESTART_SYSCALL = 128 };

/* If a signal has ended a system call, prepare to make it again. Returns how it is to go on, one of ERESTART..., or 0. */
static long make_again(struct trapframe *tf)
{
    long way = tf->cause == TRAP_ECALL_USER ? -(long)tf->x[REG_A0] : 0;
    tf->cause = TRAP_NONE;              /* not twice: what stands in a0 later is the program's */
    if (way != ERESTARTSYS && way != ERESTARTNOINTR && way != ERESTARTNOHAND && way != ERESTART_RESTARTBLOCK)
        return 0;
    tf->x[REG_A0] = thread_current()->interrupted_arg;
    tf->pc -= ECALL_BYTES;
    return way;
}

static void end_interrupted(struct trapframe *tf)
{
    tf->x[REG_A0] = (uint64_t)-EINTR;
    tf->pc += ECALL_BYTES;
}

void signals_take(struct trapframe *tf)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    struct signal_info info;
    struct signal_action action;
    long way = make_again(tf);
    while (take_caught(p, &info, &action)) {
        if (way != 0 && way != ERESTARTNOINTR && !(way == ERESTARTSYS && (action.flags & SA_RESTART)))
            end_interrupted(tf);
        way = 0;                        /* the first handler's frame goes on there; the others interrupt a handler */
        if (info.signal == SIGALRM)
            real_timer_again(s);
        if (!enter_handler(p, tf, &info, &action))
            no_frame(p, info.signal);
    }
    if (way == ERESTART_RESTARTBLOCK)
        tf->x[REG_A7] = RESTART_SYSCALL;
    signals_call_over();
}

/* ---- and back ---- */

static bool all_zero(const uint64_t *words, size_t n)
{
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= words[i];
    return any == 0;
}

/* Who has never used floating point and brings none back goes on without. */
static void fp_bring_back(struct thread *t, struct trapframe *tf, const struct fp_context *fp)
{
    if (!machine.has_fp || (!t->fp_used && all_zero((const uint64_t *)fp, sizeof *fp / sizeof(uint64_t))))
        return;
    *t->fp = *fp;
    t->fp_used = true;
    fp_enable(tf, t->fp);
}

void signals_return(struct trapframe *tf)
{
    struct proc *p = current();
    struct signal_frame frame;
    struct fp_context fp;
    vaddr_t at = tf->x[REG_SP];
    tf->cause = TRAP_NONE;
    p->signals.sleep_until_ns = 0;
    if (at % 16 != 0 || copy_from_user(p->as, &frame, at, sizeof frame, NULL) != 0 || !signal_frame_restore(&frame, tf, &fp)) {
        no_frame(p, 0);
        return;
    }
    fp_bring_back(&p->thread, tf, &fp);
    signals_set_stack(&frame.context.stack, tf->x[REG_SP]);     /* one that is not valid changes nothing */
    signals_block(frame.context.mask);
}

/* ---- the caller's own ---- */

uint64_t signals_pending(const struct proc *p) { return p->signals.own.set | p->signals.shared.set; }

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

/* Under proc_lock: one of set, if there is one; *others: something else wants to be taken. */
static bool take_awaited(struct proc *p, uint64_t set, struct signal_info *info, bool *others)
{
    struct signals *s = &p->signals;
    bool taken = queue_take(&s->own, set, info) || queue_take(&s->shared, set, info);
    *others = s->killed_by != 0 || (signals_pending(p) & ~s->blocked) != 0;
    if (!*others)
        atomic_fetch_and(&p->thread.notices, ~NOTICE_SIGNAL);   /* no sleep was ended by it that has not been looked at */
    return taken;
}

int signals_await(uint64_t set, uint64_t deadline_ns, struct signal_info *info)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    bool taken, others, late = false;
    set &= ~unblockable;
    for (;;) {
        unsigned long flags = spin_lock_irqsave(&proc_lock);
        taken = take_awaited(p, set, info, &others);
        late = time_ns() >= deadline_ns;
        s->awaited = taken || others || late ? 0 : set;
        spin_unlock_irqrestore(&proc_lock, flags);
        if (s->awaited == 0)
            break;
        time_sleep_until(deadline_ns);
    }
    if (taken && info->signal == SIGALRM)
        real_timer_again(s);
    return taken ? info->signal : others ? -EINTR : -EAGAIN;
}

/* Flags and masks need a table, of one's own. */
static int own_table(struct signals *s, const struct signal_action *new)
{
    if (s->table == NULL && new->handler <= SIG_IGN && new->flags == 0 && new->mask == 0)
        return 0;
    if (s->table != NULL && atomic_load_explicit(&s->table->refs, memory_order_acquire) == 1)
        return 0;
    struct signal_table *table = slab_alloc(&signal_tables), *old = s->table;
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

int signals_set_action(int signal, const struct signal_action *new, struct signal_action *old)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    if (signal < 1 || signal > SIGNAL_MAX || (new != NULL && (unblockable & BIT(signal))))
        return -EINVAL;
    if (old != NULL)
        *old = action_of(s, signal);
    if (new == NULL)
        return 0;
    struct signal_action action = { new->handler, new->flags & SA_KNOWN, new->mask & ~unblockable };
    int err = own_table(s, &action);
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

struct signal_stack signals_get_stack(vaddr_t sp)
{
    struct signal_stack stack = current()->signals.stack;
    stack.flags = (int32_t)((unsigned)stack.flags & SS_AUTODISARM) |
                  (stack.size_bytes == 0 ? SS_DISABLE : on_stack(&stack, sp) ? SS_ONSTACK : 0);
    return stack;
}

int signals_set_stack(const struct signal_stack *new, vaddr_t sp)
{
    struct signals *s = &current()->signals;
    int mode = (int)((unsigned)new->flags & ~SS_AUTODISARM);
    if (on_stack(&s->stack, sp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode != SS_DISABLE && new->size_bytes < MINSIGSTKSZ)
        return -ENOMEM;
    s->stack = mode == SS_DISABLE ? (struct signal_stack){ .flags = new->flags }
                                  : (struct signal_stack){ new->base, new->flags, 0, new->size_bytes };
    return 0;
}

/* ---- for processes ---- */

static struct vm_object *trampoline_object;     /* one page, the same for all programs */

void signals_init(void)
{
    for (unsigned i = 0; i < INFOS_MAX; i++)
        TAILQ_INSERT_TAIL(&free_infos, &infos[i], link);
    trampoline_object = object_create((const char *)signal_trampoline, sizeof signal_trampoline, NULL);
    if (trampoline_object == NULL)
        panic("no memory for the page that signal handlers return to");
    time_on_alarm(run_timers);
}

int signals_map_trampoline(struct addrspace *as, vaddr_t *va)
{
    const struct map_request req = { .prot = PROT_READ | PROT_EXEC, .object = trampoline_object };
    return as_map(as, 0, PAGE_SIZE, &req, va);
}

bool signals_is_trampoline(const struct vm_object *object) { return object == trampoline_object; }

/* p is all zero: it has only what it does not inherit. */
void signals_fork(const struct proc *parent, struct proc *child)
{
    struct signals *s = &child->signals;
    queue_init(&s->own);
    queue_init(&s->shared);
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
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    drop(&p->signals, UINT64_MAX);
    struct signal_table *table = p->signals.table;
    p->signals.table = NULL;
    p->signals.timer[ITIMER_REAL].at_ns = p->thread.cpu_alarm_ns = 0;
    spin_unlock_irqrestore(&proc_lock, flags);
    table_put(table);
}
