/*
 * proc.c - the life of a process: fork, exit, wait; groups and sessions.
 * Owns: the table of processes and the tree of parents and children, under proc_lock.
 * Does not own: running (sched.c), memory (mm/addrspace.c), files (fs/file.c), programs (exec.c),
 * signals (signal.c).
 */
#include <string.h>

#include "arch/power.h"
#include "kernel/core/errno.h"
#include "kernel/exec.h"
#include "kernel/fs/block.h"
#include "kernel/fs/inode.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/proc.h"
#include "kernel/core/sched.h"
#include "kernel/signal.h"
#include "kernel/core/time.h"
#include "kernel/core/trace.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "kernel/check/quiesce.h"
#include "mm/commit.h"
#include "mm/slab.h"
#include "mm/uaccess.h"

#define PID_MAX        32768
#define FRAMES_PER_PROC 64              /* the process limit on small machines: a stack, tables, a few pages each */

static SLAB_CACHE(procs, struct proc);

struct spinlock proc_lock = SPINLOCK_INIT(RANK_DEVICE);
static LIST_HEAD(, proc) all_procs;     /* [proc_lock] newest first; from proc_start on */
static unsigned nprocs;                 /* [proc_lock] from proc_alloc on */
static int last_pid;                    /* [proc_lock] */
static struct fault_counts faults_of_the_gone;      /* [proc_lock] */
static struct proc *init_proc;          /* fixed: pid 1 */

/* ---- making one ---- */

static bool pid_in_use(int pid)
{
    struct proc *p;
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->pid == pid || p->pgid == pid || p->sid == pid)
            return true;
    return false;
}

static int next_pid(void)
{
    do
        last_pid = last_pid < PID_MAX ? last_pid + 1 : 2;
    while (pid_in_use(last_pid));
    return last_pid;
}

static unsigned proc_limit(void)
{
    size_t limit = page_total() / FRAMES_PER_PROC;
    return limit < PROC_MAX ? limit : PROC_MAX;
}

/* A process that nobody sees yet, with a kernel stack and the right to a place in the table. NULL and *err otherwise. */
static struct proc *proc_alloc(int *err)
{
    *err = -ENOMEM;
    struct proc *p = slab_alloc(&procs);
    if (p == NULL)
        return NULL;
    words_zero(p, sizeof *p);
    if (thread_init(&p->thread, 0, p->name) != 0) {
        slab_free(&procs, p);
        return NULL;
    }
    p->thread.proc = p;
    p->start_ticks = time_ticks();
    LIST_INIT(&p->children);
    waitq_init(&p->child_changed);
    waitq_init(&p->resumed);

    unsigned long flags = spin_lock_irqsave(&proc_lock);
    const struct proc *parent = current();      /* NULL: p is process 1, made by an idle thread */
    bool room = nprocs < proc_limit() && (parent == NULL || nprocs < parent->limits[RLIMIT_NPROC].soft);
    nprocs += room;
    spin_unlock_irqrestore(&proc_lock, flags);
    if (!room) {
        thread_free_stack(&p->thread);
        slab_free(&procs, p);
        *err = -EAGAIN;
        return NULL;
    }
    return p;
}

/* Take p, which has left its stack for good or never ran, out of the table. */
static void proc_free(struct proc *p)
{
    struct fault_counts own;
    signals_free(p);
    fault_counts_of(&p->thread, &own);
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    fault_counts_add(&faults_of_the_gone, &own);
    if (p->pid != 0)
        LIST_REMOVE(p, all_link);
    nprocs--;
    spin_unlock_irqrestore(&proc_lock, flags);
    thread_free_stack(&p->thread);
    slab_free(&procs, p);
}

/*
 * From here on p is seen, whole. Returns its pid: it may be gone when we return. -ERESTARTNOINTR:
 * whoever has sent a signal to the parent's group meanwhile could not see p.
 */
static int proc_start(struct proc *p, struct proc *parent, struct addrspace *as)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    if (parent != NULL && signal_missed_by_child(parent)) {
        spin_unlock_irqrestore(&proc_lock, flags);
        thread_interrupted();
        return -ERESTARTNOINTR;
    }
    int pid = p->pid = p->thread.id = next_pid();
    p->pgid = parent != NULL ? parent->pgid : pid;
    p->sid = parent != NULL ? parent->sid : pid;
    p->as = as;
    if (as != NULL)
        as_activate(&p->thread, as);
    if (as != NULL && (as->chosen || as->oom_va != 0))      /* its other users have been killed, or are about to be */
        signal_kill(p, SIGKILL);
    p->parent = parent;
    if (parent != NULL)
        LIST_INSERT_HEAD(&parent->children, p, sibling);
    LIST_INSERT_HEAD(&all_procs, p, all_link);
    trace_of(p->thread.mmu_root, TRACE_FORK, 0, pid, 0, 0);
    spin_lock(&sched_lock);
    sched_make_runnable(&p->thread);
    spin_unlock(&sched_lock);
    spin_unlock_irqrestore(&proc_lock, flags);
    return pid;
}

void proc_create_init(void (*start)(void))
{
    int err;
    struct proc *p = proc_alloc(&err);
    if (p == NULL)
        panic("no memory for process 1");
    p->thread.uses_reserve = true;
    strcpy(p->name, "init");
    init_proc = p;
    p->umask = 022;
    for (unsigned i = 0; i < RLIMIT_COUNT; i++)
        p->limits[i] = (struct limit){ RLIM_INFINITY, RLIM_INFINITY };
    p->limits[RLIMIT_STACK].soft = commit_strict ? STACK_SIZE_STRICT : STACK_SIZE_DEFAULT;
    p->limits[RLIMIT_NPROC] = (struct limit){ proc_limit(), proc_limit() };
    p->limits[RLIMIT_NOFILE] = (struct limit){ NOFILE, NOFILE };
    p->limits[RLIMIT_SIGPENDING] = (struct limit){ SIGNAL_QUEUE_MAX, SIGNAL_QUEUE_MAX };
    signals_fork(NULL, p);
    context_init(&p->thread.context, p->thread.tf, start);
    proc_start(p, NULL, NULL);
}

/* ---- fork ---- */

/* clone(2), CLONE_CHILD_SETTID. As on Linux, nobody learns that the address is bad; want of memory is the child's end. */
static void store_tid(struct proc *p)
{
    struct trapframe *tf = p->thread.tf;
    irq_unmask();
    if (copy_to_user(p->as, p->store_tid, &p->pid, sizeof p->pid, NULL) == -ENOMEM)
        trap_out_of_memory(tf, p->store_tid);
    irq_mask();
}

/* The first thing that a child runs, on its way to user mode. */
static void child_start(void)
{
    sched_started();
    if (current()->store_tid != 0)
        store_tid(current());
    trap_first_return();
}

/* The child's memory: a copy, or with CLONE_SHARE the same. */
static int memory_for_child(struct addrspace *as, unsigned how, struct addrspace **out)
{
    if (!(how & CLONE_SHARE))
        return as_fork(as, out);
    as_get(as);
    *out = as;
    return 0;
}

/* Sleep until child, which only we can reap, has left our memory; or until we are killed. */
static void await_departure(struct proc *child)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    while (child->awaited && sleep_on_killable(&current()->child_changed, &proc_lock) == 0)
        ;
    spin_unlock_irqrestore(&proc_lock, flags);
}

static void copy_registers(struct thread *to, struct thread *from)
{
    *to->tf = *from->tf;
    to->fp_used = from->fp_used;
    if (from->fp_used) {
        fp_save(from->tf, from->fp);
        *to->fp = *from->fp;
    }
}

int proc_fork(const struct fork_request *request)
{
    struct proc *parent = current();
    int err;
    struct proc *child = proc_alloc(&err);
    if (child == NULL)
        return err;
    struct addrspace *as;
    signals_fork(parent, child);
    err = memory_for_child(parent->as, request->how, &as);
    if (err != 0) {
        proc_free(child);
        return err;
    }
    files_fork(parent, child);
    child->traced = parent->traced;
    child->oom_score_adj = parent->oom_score_adj;
    memcpy(child->name, parent->name, sizeof child->name);
    child->args_start = parent->args_start;
    child->args_end = parent->args_end;
    copy_registers(&child->thread, &parent->thread);
    child->thread.tf->x[REG_A0] = 0;
    if (request->sp != 0)
        child->thread.tf->x[REG_SP] = request->sp;
    child->store_tid = request->store_tid;
    child->clear_tid = request->clear_tid;
    child->awaited = request->how & CLONE_AWAIT;
    context_init(&child->thread.context, child->thread.tf, child_start);
    int pid = proc_start(child, parent, as);
    if (pid < 0) {
        files_close_all(child);
        if (as_put(as))
            as_destroy(as);
        proc_free(child);
    } else if (request->how & CLONE_AWAIT)
        await_departure(child);
    check_point();
    return pid;
}

/*
 * set_tid_address(2): who shares the memory that p leaves learns of it by a word that becomes 0. As
 * on Linux, where nobody else lives nothing is stored, and that the address is bad stops nobody.
 */
static void clear_tid(struct proc *p)
{
    static const int none = 0;
    if (p->clear_tid != 0 && atomic_load(&p->as->users) > 1)
        copy_to_user(p->as, p->clear_tid, &none, sizeof none, NULL);
    p->clear_tid = 0;
}

/* This hart moves to as before the old one is put, so no hart has that loaded when its last user frees it. */
static void live_in(struct addrspace *as, const struct program_id *id)
{
    struct proc *p = current();
    struct addrspace *old = p->as;
    clear_tid(p);
    as_activate(&p->thread, as);
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    p->resident_max = proc_resident_max(p);
    p->as = NULL;                       /* from here on nobody comes to look */
    while (p->lookers > 0) {
        spin_unlock_irqrestore(&proc_lock, flags);
        thread_yield();
        flags = spin_lock_irqsave(&proc_lock);
    }
    p->as = as;
    if (id != NULL) {
        memcpy(p->name, id->name, sizeof p->name);
        p->args_start = id->args_start;
        p->args_end = id->args_end;
        p->has_execed = true;
    }
    bool last = old != NULL && as_put(old);
    if (p->awaited) {
        p->awaited = false;
        wake_all(&p->parent->child_changed);
    }
    spin_unlock_irqrestore(&proc_lock, flags);
    if (last)
        as_destroy(old);
}

void proc_set_program(struct addrspace *as, const struct program_id *id) { live_in(as, id); }
void proc_leave_addrspace(void) { live_in(NULL, NULL); }

/* ---- exit ---- */

static void give_to_init(struct proc *child)
{
    LIST_REMOVE(child, sibling);
    child->parent = init_proc;
    LIST_INSERT_HEAD(&init_proc->children, child, sibling);
    if (child->exited)
        wake_all(&init_proc->child_changed);
}

static bool group_stopped(int pgid)
{
    struct proc *p;
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->pgid == pgid && p->stopped)
            return true;
    return false;
}

/* POSIX, _Exit(): who is stopped in a group that nobody is left to let go on is told so. without: as if it were gone. */
static void end_orphaned_stop(int pgid, const struct proc *without)
{
    struct proc *p;
    if (!group_stopped(pgid) || !proc_group_orphaned(pgid, without))
        return;
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->pgid == pgid) {
            signal_send(p, &(struct signal_info){ .signal = SIGHUP, .code = SI_KERNEL });
            signal_send(p, &(struct signal_info){ .signal = SIGCONT, .code = SI_KERNEL });
        }
}

/* One, so that many are not one long stretch with interrupts masked. False: there is none. */
static bool give_child_away(struct proc *p)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *child = LIST_FIRST(&p->children);
    if (child != NULL)
        give_to_init(child);
    if (child != NULL && child->pgid != p->pgid && child->sid == p->sid)        /* p was its group's link to the session */
        end_orphaned_stop(child->pgid, NULL);
    spin_unlock_irqrestore(&proc_lock, flags);
    return child != NULL;
}

void proc_exit(int wait_status)
{
    struct proc *p = current();
    if (CHECKED)
        lock_assert_none();
    if (p == init_proc) {
        int signal = wait_status & 0x7f;
        if (signal != 0)
            kprintf("init was killed by signal %d\n", signal);
        blocks_sync();
        machine_power_off(signal != 0 ? 128 + signal : wait_status >> 8 & 0xff);
    }
    trace(TRACE_EXIT, 0, wait_status);
    files_close_all(p);
    proc_leave_addrspace();
    signals_free(p);
    while (!LIST_EMPTY(&p->children) && give_child_away(p))
        thread_let_others();
    check_point();

    irq_mask();
    spin_lock(&proc_lock);
    int signal = wait_status & 0x7f;
    p->wait_status = wait_status;
    p->exited = true;
    if (p->parent->pgid != p->pgid && p->parent->sid == p->sid)
        end_orphaned_stop(p->pgid, p);
    signal_parent(p, signal != 0 ? CLD_KILLED : CLD_EXITED, signal != 0 ? signal : wait_status >> 8 & 0xff);
    if (signal_discards_children(p->parent) && p->parent != init_proc)
        give_to_init(p);
    spin_lock(&sched_lock);
    spin_unlock(&proc_lock);
    p->thread.state = THREAD_ENDED;            /* who takes sched_lock next knows that this stack is no longer in use */
    sched_switch();
    panic("%s[%d] runs after its end", p->name, p->pid);
}

/* ---- wait ---- */

static bool matches(const struct proc *child, const struct proc *parent, int which)
{
    return which == -1 || (which > 0 && child->pid == which) || (which == 0 && child->pgid == parent->pgid) ||
           (which < -1 && -child->pgid == which)       /* not -which: it may be INT_MIN */;
}

/* What the child has done that options ask for and nobody has waited for: CLD_, or 0. */
static int change_of(const struct proc *child, int options)
{
    if (child->exited)
        return options & WAIT_EXITED ? (child->wait_status & 0x7f) != 0 ? CLD_KILLED : CLD_EXITED : 0;
    bool asked = options & (child->unreported == CLD_STOPPED ? WAIT_STOPPED : WAIT_CONTINUED);
    return asked ? child->unreported : 0;
}

static void fill_status(const struct proc *child, int code, struct wait_result *result)
{
    result->code = code;
    result->status = code == CLD_STOPPED ? child->stop_signal << 8 | 0x7f : code == CLD_CONTINUED ? 0xffff : child->wait_status;
    result->value = code == CLD_STOPPED ? child->stop_signal : code == CLD_CONTINUED ? SIGCONT :
                    code == CLD_KILLED ? child->wait_status & 0x7f : child->exit_value;
}

int proc_wait(int which, int options, struct wait_result *result)
{
    struct proc *parent = current(), *child;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    int code, err = 0;
    for (;;) {
        bool any = false;
        LIST_FOREACH(child, &parent->children, sibling) {
            if (!matches(child, parent, which))
                continue;
            any |= !child->exited || (options & WAIT_EXITED);
            code = change_of(child, options);
            if (code != 0)
                goto found;
        }
        if (err == 0)                   /* a signal has ended the sleep: perhaps that of the child */
            err = !any ? -ECHILD : options & WAIT_NOHANG ? 1 : 0;
        if (err != 0) {
            spin_unlock_irqrestore(&proc_lock, flags);
            return err > 0 ? 0 : err;
        }
        err = sleep_on_interruptible(&parent->child_changed, &proc_lock);
    }
found:;
    int pid = child->pid;
    fill_status(child, code, result);
    result->ticks = child->thread.run_ticks + child->child_ticks;
    result->resident_max = child->resident_max > child->child_resident_max ? child->resident_max : child->child_resident_max;
    fault_counts_of(&child->thread, &result->faults);
    fault_counts_add(&result->faults, &child->child_faults);
    if (!(options & WAIT_NOWAIT) && !child->exited)
        child->unreported = 0;
    if ((options & WAIT_NOWAIT) || !child->exited) {
        spin_unlock_irqrestore(&proc_lock, flags);
        return pid;
    }
    LIST_REMOVE(child, sibling);
    spin_lock(&sched_lock);             /* free only once it has been switched away from */
    assert(child->thread.state == THREAD_ENDED);
    spin_unlock(&sched_lock);
    spin_unlock_irqrestore(&proc_lock, flags);
    parent->child_ticks += result->ticks;
    if (result->resident_max > parent->child_resident_max)
        parent->child_resident_max = result->resident_max;
    fault_counts_add(&parent->child_faults, &result->faults);
    proc_free(child);
    return pid;
}

/* ---- groups and sessions ---- */

struct proc *proc_find(int pid)
{
    struct proc *p;
    assert(spin_held(&proc_lock));
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->pid == pid)
            break;
    return p;
}

/* 0: the caller. */
static struct proc *find(int pid) { return pid != 0 ? proc_find(pid) : current(); }

static bool group_in_session(int pgid, int sid)
{
    struct proc *p;
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->pgid == pgid && p->sid == sid)
            return true;
    return false;
}

/* Under proc_lock: may the caller move p, which find has found, there? */
static int may_join(const struct proc *p, int pgid)
{
    const struct proc *caller = current();
    if (p == NULL || (p != caller && p->parent != caller))
        return -ESRCH;
    if (p != caller && p->has_execed)
        return -EACCES;
    if (p->sid == p->pid || p->sid != caller->sid || (pgid != p->pid && !group_in_session(pgid, p->sid)))
        return -EPERM;
    return 0;
}

int proc_set_group(int pid, int pgid)
{
    if (pgid == 0)
        pgid = pid != 0 ? pid : current()->pid;
    if (pgid < 0)
        return -EINVAL;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *p = find(pid);
    int err = may_join(p, pgid);
    if (err == 0)
        p->pgid = pgid;
    spin_unlock_irqrestore(&proc_lock, flags);
    return err;
}

int proc_get_group(int pid)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *p = find(pid);
    int pgid = p != NULL ? p->pgid : -ESRCH;
    spin_unlock_irqrestore(&proc_lock, flags);
    return pgid;
}

int proc_new_session(void)
{
    struct proc *p = current(), *member;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    LIST_FOREACH(member, &all_procs, all_link)
        if (member->pgid == p->pid)
            break;
    if (member == NULL)
        p->sid = p->pgid = p->pid;
    spin_unlock_irqrestore(&proc_lock, flags);
    return member == NULL ? p->pid : -EPERM;
}

int proc_get_session(int pid)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *p = find(pid);
    int sid = p != NULL ? p->sid : -ESRCH;
    spin_unlock_irqrestore(&proc_lock, flags);
    return sid;
}

bool proc_group_orphaned(int pgid, const struct proc *without)
{
    const struct proc *p, *parent;
    assert(spin_held(&proc_lock));
    LIST_FOREACH(p, &all_procs, all_link) {
        parent = p->parent;
        if (p->pgid == pgid && p != without && !p->exited && parent != NULL && parent != init_proc && parent->pgid != pgid &&
            parent->sid == p->sid)
            return false;
    }
    return true;
}

int proc_parent_pid(void)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    int pid = current()->parent != NULL ? current()->parent->pid : 0;
    spin_unlock_irqrestore(&proc_lock, flags);
    return pid;
}

void proc_kill_users(struct addrspace *as)
{
    struct proc *p;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->as == as)
            signal_kill(p, SIGKILL);
    spin_unlock_irqrestore(&proc_lock, flags);
}

void proc_out_of_memory(struct addrspace *as)
{
    kprintf("%s[%d]: out of memory while a file that others map is cut; they are killed\n", current()->name, current()->pid);
    proc_kill_users(as);
}

/* ---- looking ---- */

void proc_for_each(bool (*visit)(struct proc *p, void *arg), void *arg)
{
    struct proc *p;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    LIST_FOREACH(p, &all_procs, all_link)
        if (!visit(p, arg))
            break;
    spin_unlock_irqrestore(&proc_lock, flags);
}

size_t proc_resident_max(const struct proc *p)
{
    size_t now = p->as != NULL ? pmap_resident_max(&p->as->pmap) : 0;
    return now > p->resident_max ? now : p->resident_max;
}

struct as_limits proc_memory_limits(const struct proc *p)
{
    return (struct as_limits){ .mapped = p->limits[RLIMIT_AS].soft, .data = p->limits[RLIMIT_DATA].soft,
                               .locked = p->limits[RLIMIT_MEMLOCK].soft };
}

struct inode *proc_set_exe(struct proc *p, struct inode *exe)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct inode *old = p->exe;
    p->exe = exe;
    spin_unlock_irqrestore(&proc_lock, flags);
    return old;
}

struct inode *proc_get_exe(int pid)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    const struct proc *p = proc_find(pid);
    struct inode *exe = p != NULL ? p->exe : NULL;
    if (exe != NULL)
        inode_get(exe);
    spin_unlock_irqrestore(&proc_lock, flags);
    return exe;
}

void proc_looked(struct proc *p)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    p->lookers--;
    spin_unlock_irqrestore(&proc_lock, flags);
}

struct fault_counts proc_faults_total(void)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct fault_counts sum = faults_of_the_gone, own;
    struct proc *p;
    LIST_FOREACH(p, &all_procs, all_link) {
        fault_counts_of(&p->thread, &own);
        fault_counts_add(&sum, &own);
    }
    spin_unlock_irqrestore(&proc_lock, flags);
    return sum;
}
