/*
 * proc.c - the life of a process: fork, exit, wait, kill.
 * Owns: the table of processes and the tree of parents and children, under proc_lock.
 * Does not own: running (sched.c), memory (mm/addrspace.c), files (fs/file.c), programs (exec.c).
 */
#include <string.h>

#include "arch/power.h"
#include "kernel/core/errno.h"
#include "kernel/exec.h"
#include "kernel/fs/file.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/proc.h"
#include "kernel/core/sched.h"
#include "kernel/signal.h"
#include "kernel/core/time.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "kernel/check/quiesce.h"
#include "mm/slab.h"

#define PID_MAX        32768
#define FRAMES_PER_PROC 64              /* the process limit on small machines: a stack, tables, a few pages each */

static SLAB_CACHE(procs, struct proc);

/* ^C comes in an interrupt and kills a group, so this lock masks interrupts. */
static struct spinlock proc_lock = SPINLOCK_INIT(RANK_DEVICE);
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
        if (p->pid == pid || p->pgid == pid)
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
    waitq_init(&p->child_exited);

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

/* From here on p is seen, whole. Returns its pid: it may be gone when we return. */
static int proc_start(struct proc *p, struct proc *parent, struct addrspace *as)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    int pid = p->pid = p->thread.id = next_pid();
    p->pgid = parent != NULL ? parent->pgid : pid;
    p->as = as;
    if (as != NULL)
        as_activate(&p->thread, as);
    if (as != NULL && as->oom_va != 0)  /* its other users have been killed, or are about to be */
        thread_kill(&p->thread, SIGKILL);
    if (parent != NULL && proc_killed(parent))  /* perhaps with its group, and whoever did that could not see p */
        thread_kill(&p->thread, parent->thread.killed_by);
    p->parent = parent;
    if (parent != NULL)
        LIST_INSERT_HEAD(&parent->children, p, sibling);
    LIST_INSERT_HEAD(&all_procs, p, all_link);
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
    p->limits[RLIMIT_STACK].soft = STACK_SIZE_DEFAULT;
    p->limits[RLIMIT_NPROC] = (struct limit){ proc_limit(), proc_limit() };
    p->limits[RLIMIT_NOFILE] = (struct limit){ NOFILE, NOFILE };
    context_init(&p->thread.context, p->thread.tf, start);
    proc_start(p, NULL, NULL);
}

/* ---- fork ---- */

/* The first thing that a child runs, on its way to user mode. */
static void child_start(void)
{
    sched_started();
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
    while (child->awaited && sleep_on_killable(&current()->child_exited, &proc_lock) == 0)
        ;
    spin_unlock_irqrestore(&proc_lock, flags);
}

static void copy_registers(struct thread *to, struct thread *from)
{
    *to->tf = *from->tf;
    to->fp_used = from->fp_used;
    if (from->fp_used) {
        fp_save(from->tf, &from->fp);
        to->fp = from->fp;
    }
}

int proc_fork(unsigned how, uint64_t sp)
{
    struct proc *parent = current();
    int err;
    struct proc *child = proc_alloc(&err);
    if (child == NULL)
        return err;
    struct addrspace *as;
    err = memory_for_child(parent->as, how, &as);
    if (err != 0) {
        proc_free(child);
        return err;
    }
    files_fork(parent, child);
    child->ignores = parent->ignores;
    child->traced = parent->traced;
    memcpy(child->name, parent->name, sizeof child->name);
    child->args_start = parent->args_start;
    child->args_end = parent->args_end;
    copy_registers(&child->thread, &parent->thread);
    child->thread.tf->x[REG_A0] = 0;
    if (sp != 0)
        child->thread.tf->x[REG_SP] = sp;
    child->awaited = how & CLONE_AWAIT;
    context_init(&child->thread.context, child->thread.tf, child_start);
    int pid = proc_start(child, parent, as);
    if (how & CLONE_AWAIT)
        await_departure(child);
    check_point();
    return pid;
}

/*
 * This hart moves to as before the old one is put, so no hart has that loaded when its last user frees it.
 */
static void live_in(struct addrspace *as, const struct program_id *id)
{
    struct proc *p = current();
    struct addrspace *old = p->as;
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
    }
    bool last = old != NULL && as_put(old);
    if (p->awaited) {
        p->awaited = false;
        wake_all(&p->parent->child_exited);
    }
    spin_unlock_irqrestore(&proc_lock, flags);
    if (last)
        as_destroy(old);
}

void proc_set_program(struct addrspace *as, const struct program_id *id) { live_in(as, id); }
void proc_leave_addrspace(void) { live_in(NULL, NULL); }

/* ---- exit ---- */

static void give_children_to_init(struct proc *p)
{
    struct proc *child;
    bool any_exited = false;
    while ((child = LIST_FIRST(&p->children)) != NULL) {
        LIST_REMOVE(child, sibling);
        child->parent = init_proc;
        LIST_INSERT_HEAD(&init_proc->children, child, sibling);
        any_exited |= child->exited;
    }
    if (any_exited)
        wake_all(&init_proc->child_exited);
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
        machine_power_off(signal != 0 ? 128 + signal : wait_status >> 8 & 0xff);
    }
    files_close_all(p);
    proc_leave_addrspace();
    check_point();

    irq_mask();
    spin_lock(&proc_lock);
    give_children_to_init(p);
    p->wait_status = wait_status;
    p->exited = true;
    wake_all(&p->parent->child_exited);
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

int proc_wait(int which, int options, struct wait_result *result)
{
    struct proc *parent = current(), *child;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    for (;;) {
        bool any = false;
        LIST_FOREACH(child, &parent->children, sibling) {
            if (!matches(child, parent, which))
                continue;
            any = true;
            if (child->exited)
                goto found;
        }
        int err = !any ? -ECHILD : options & WAIT_NOHANG ? 1 : sleep_on_killable(&parent->child_exited, &proc_lock);
        if (err != 0) {
            spin_unlock_irqrestore(&proc_lock, flags);
            return err > 0 ? 0 : err;
        }
    }
found:;
    int pid = child->pid;
    result->status = child->wait_status;
    result->exit_value = child->exit_value;
    result->ticks = child->thread.run_ticks + child->child_ticks;
    result->resident_max = child->resident_max > child->child_resident_max ? child->resident_max : child->child_resident_max;
    fault_counts_of(&child->thread, &result->faults);
    fault_counts_add(&result->faults, &child->child_faults);
    if (options & WAIT_NOWAIT) {
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

/* ---- kill ---- */

static bool ignored(const struct proc *p, int signal)
{
    /* Default actions, signal(7). Process 1 has asked for no signal, so it gets none but those of its own faults. */
    if (p->ignores >> (signal - 1) & 1)
        return true;
    return p == init_proc || signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
}

static bool addressed(const struct proc *p, int pid, const struct proc *sender)
{
    if (pid > 0)
        return p->pid == pid;
    if (pid == -1)
        return p != init_proc && p != sender;
    return -p->pgid == (pid == 0 ? -sender->pgid : pid);        /* not -pid: it may be INT_MIN */
}

int proc_kill(int pid, int signal)
{
    if (signal < 0 || signal > SIGNAL_MAX)
        return -EINVAL;
    struct proc *p;
    bool found = false;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    LIST_FOREACH(p, &all_procs, all_link) {
        if (!addressed(p, pid, current()))
            continue;
        found = true;
        if (signal != 0 && !p->exited && !ignored(p, signal))
            thread_kill(&p->thread, signal);
    }
    spin_unlock_irqrestore(&proc_lock, flags);
    return found ? 0 : -ESRCH;
}

/* The process of that number, or the caller for 0; NULL: there is none. */
static struct proc *find(int pid)
{
    struct proc *p;
    assert(spin_held(&proc_lock));
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->pid == (pid != 0 ? pid : current()->pid))
            break;
    return p;
}

int proc_set_group(int pid, int pgid)
{
    if (pgid < 0)
        return -EINVAL;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *p = find(pid);
    bool ours = p != NULL && (p == current() || p->parent == current());
    if (ours)
        p->pgid = pgid != 0 ? pgid : p->pid;
    spin_unlock_irqrestore(&proc_lock, flags);
    return ours ? 0 : -ESRCH;
}

int proc_get_group(int pid)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    struct proc *p = find(pid);
    int pgid = p != NULL ? p->pgid : -ESRCH;
    spin_unlock_irqrestore(&proc_lock, flags);
    return pgid;
}

int proc_parent_pid(void)
{
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    int pid = current()->parent != NULL ? current()->parent->pid : 0;
    spin_unlock_irqrestore(&proc_lock, flags);
    return pid;
}

void proc_kill_group(int pgid, int signal)
{
    struct proc *p;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->pgid == pgid && !p->exited && !ignored(p, signal))
            thread_kill(&p->thread, signal);
    spin_unlock_irqrestore(&proc_lock, flags);
}

void proc_kill_users(struct addrspace *as)
{
    struct proc *p;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    LIST_FOREACH(p, &all_procs, all_link)
        if (p->as == as)
            thread_kill(&p->thread, SIGKILL);
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
