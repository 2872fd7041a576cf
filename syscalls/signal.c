/*
 * signal.c - system calls on signals: thin; kernel/signal.c does the work. Each call follows the
 * man page of its name in section 2. Bad addresses are EFAULT everywhere; where a call takes the
 * size of a set of signals, another than 8 bytes is EINVAL. User ids are 0, those of root, in all
 * that programs are told.
 */
#include "kernel/core/errno.h"
#include "kernel/core/time.h"
#include "kernel/handler.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "kernel/trap.h"
#include "mm/uaccess.h"
#include "syscalls/abi.h"
#include "syscalls/syscalls.h"

int deliver(vaddr_t va, const void *result, size_t size)
{
    return va != 0 ? copy_to_user(current()->as, va, result, size, NULL) : 0;
}

static int fetch(void *to, vaddr_t va, size_t size) { return copy_from_user(current()->as, to, va, size, NULL); }

static int fetch_set(uint64_t *set, vaddr_t va, uint64_t size)
{
    return size == sizeof *set ? fetch(set, va, sizeof *set) : -EINVAL;
}

/* The program's stack pointer, now. */
static vaddr_t user_sp(void) { return thread_current()->tf->x[REG_SP]; }

/* ---- sending ---- */

/* kill(pid, signal); signal 0: only look. Errors: EINVAL: signal; ESRCH. */
long sys_kill(const struct syscall_args *a)
{
    const struct signal_info info = { .signal = (int)a->arg[1], .code = SI_USER, .pid = current()->pid };
    return signal_send_by_id((int)a->arg[0], &info);
}

/* tgkill(tgid, tid, signal). Errors: EINVAL: signal, or an id that is not positive; ESRCH. */
long sys_tgkill(const struct syscall_args *a)
{
    const struct signal_info info = { .signal = (int)a->arg[2], .code = SI_TKILL, .pid = current()->pid };
    return (int)a->arg[0] > 0 ? signal_send_by_thread_id((int)a->arg[0], (int)a->arg[1], &info) : -EINVAL;
}

long sys_tkill(const struct syscall_args *a)
{
    const struct signal_info info = { .signal = (int)a->arg[1], .code = SI_TKILL, .pid = current()->pid };
    return signal_send_by_thread_id(-1, (int)a->arg[0], &info);
}

/* Only the kernel, and kill, say that the kernel or kill has sent it; but to oneself one may say anything. */
static int fetch_info(struct signal_info *info, int to, int signal, vaddr_t va)
{
    int err = fetch(info, va, sizeof *info);
    if (err == 0 && (info->code >= 0 || info->code == SI_TKILL) && to != current()->pid)
        err = -EPERM;
    info->signal = signal;
    return err;
}

/* rt_sigqueueinfo(pid, signal, info). Errors: EPERM: the code in info; EINVAL: signal; ESRCH; EAGAIN: RLIMIT_SIGPENDING. */
long sys_rt_sigqueueinfo(const struct syscall_args *a)
{
    struct signal_info info;
    int pid = (int)a->arg[0], err = fetch_info(&info, pid, (int)a->arg[1], a->arg[2]);
    if (err != 0)
        return err;
    return pid > 0 ? signal_send_by_id(pid, &info) : -ESRCH;
}

/* rt_tgsigqueueinfo(tgid, tid, signal, info): the same, to a thread. */
long sys_rt_tgsigqueueinfo(const struct syscall_args *a)
{
    struct signal_info info;
    int tgid = (int)a->arg[0], tid = (int)a->arg[1];
    if (tgid <= 0 || tid <= 0)
        return -EINVAL;
    int err = fetch_info(&info, tid, (int)a->arg[2], a->arg[3]);
    return err != 0 ? err : signal_send_by_thread_id(tgid, tid, &info);
}

/* ---- what becomes of them ---- */

/* rt_sigaction(signal, new, old, size). Errors: EINVAL: signal, or to change what SIGKILL or SIGSTOP does; ENOMEM. */
long sys_rt_sigaction(const struct syscall_args *a)
{
    struct signal_action new, old;
    vaddr_t new_va = a->arg[1], old_va = a->arg[2];
    if (a->arg[3] != sizeof new.mask)
        return -EINVAL;
    int err = new_va != 0 ? fetch(&new, new_va, sizeof new) : 0;
    if (err == 0)
        err = signal_set_action((int)a->arg[0], new_va != 0 ? &new : NULL, &old);
    return err != 0 ? err : deliver(old_va, &old, sizeof old);
}

enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

/* rt_sigprocmask(how, set, old, size). Errors: EINVAL: how. */
long sys_rt_sigprocmask(const struct syscall_args *a)
{
    uint64_t set, old = current()->signals.blocked;
    if (a->arg[3] != sizeof set)
        return -EINVAL;
    if (a->arg[1] != 0) {
        int err = fetch(&set, a->arg[1], sizeof set);
        if (err != 0)
            return err;
        if (a->arg[0] > SIG_SETMASK)
            return -EINVAL;
        signals_block(a->arg[0] == SIG_BLOCK ? old | set : a->arg[0] == SIG_UNBLOCK ? old & ~set : set);
    }
    return deliver(a->arg[2], &old, sizeof old);
}

/* rt_sigpending(set, size): what is blocked and has come. */
long sys_rt_sigpending(const struct syscall_args *a)
{
    struct proc *p = current();
    if (a->arg[1] > sizeof(uint64_t))
        return -EINVAL;
    unsigned long flags = spin_lock_irqsave(&proc_lock);
    uint64_t set = signals_pending(p) & p->signals.blocked;
    spin_unlock_irqrestore(&proc_lock, flags);
    return copy_to_user(p->as, a->arg[0], &set, a->arg[1], NULL);
}

/* rt_sigsuspend(mask, size): block these until a handler has run. Always EINTR. */
long sys_rt_sigsuspend(const struct syscall_args *a)
{
    uint64_t mask;
    int err = fetch_set(&mask, a->arg[0], a->arg[1]);
    if (err != 0)
        return err;
    signals_block_for_call(mask);
    while (time_sleep_until(UINT64_MAX) == 0)
        ;
    return -ERESTARTNOHAND;
}

/*
 * rt_sigtimedwait(set, info, timeout, size): the number of a signal of set, which is not pending
 * any more.
 * Errors: EAGAIN: none came in time; EINTR: another one came; EINVAL: timeout.
 */
long sys_rt_sigtimedwait(const struct syscall_args *a)
{
    uint64_t set, deadline = UINT64_MAX;
    struct linux_siginfo info = { 0 };
    int err = fetch_set(&set, a->arg[0], a->arg[3]);
    if (err == 0 && a->arg[2] != 0)
        err = deadline_from_user(a->arg[2], &deadline);
    if (err != 0)
        return err;
    int signal = signal_await(set, deadline, &info.known);
    err = signal > 0 ? deliver(a->arg[1], &info, sizeof info) : 0;
    return err != 0 ? err : signal;
}

/* ---- handlers ---- */

/* sigaltstack(new, old). Errors: EPERM: the caller is on it; EINVAL: flags; ENOMEM: too small. */
long sys_sigaltstack(const struct syscall_args *a)
{
    struct signal_stack new, old = signal_stack_get(user_sp());
    int err = a->arg[0] != 0 ? fetch(&new, a->arg[0], sizeof new) : 0;
    if (err == 0 && a->arg[0] != 0)
        err = signal_stack_set(&new, user_sp());
    return err != 0 ? err : deliver(a->arg[1], &old, sizeof old);
}

/* rt_sigreturn(): back to what a handler has interrupted; the frame is at the stack pointer. Returns nothing and sets no a0. */
long sys_rt_sigreturn(const struct syscall_args *a)
{
    (void)a;
    handler_return(thread_current()->tf);
    trap_enter_program();
}

/* ---- timers ---- */

static struct linux_timeval timeval_of(uint64_t ns)
{
    return (struct linux_timeval){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC / 1000) };
}

static bool timeval_to_ns(const struct linux_timeval *tv, uint64_t *ns)
{
    if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000)
        return false;
    if (__builtin_mul_overflow((uint64_t)tv->tv_sec, NSEC_PER_SEC, ns) ||
        __builtin_add_overflow(*ns, (uint64_t)tv->tv_usec * 1000, ns))
        *ns = UINT64_MAX;
    return true;
}

static int deliver_timer(struct itimer t, vaddr_t va)
{
    if (t.at_ns != 0 && t.at_ns < 1000)
        t.at_ns = 1000;                 /* 0 would mean that it is off */
    struct linux_itimerval value = { timeval_of(t.interval_ns), timeval_of(t.at_ns) };
    return deliver(va, &value, sizeof value);
}

/* getitimer(which, value). Errors: EINVAL: which. */
long sys_getitimer(const struct syscall_args *a)
{
    if (a->arg[0] >= ITIMER_COUNT)
        return -EINVAL;
    return a->arg[1] != 0 ? deliver_timer(itimer_get((unsigned)a->arg[0]), a->arg[1]) : -EFAULT;
}

/* setitimer(which, new, old). Errors: EINVAL: which, or a time that is none. A new of 0 turns it off, as on Linux. */
long sys_setitimer(const struct syscall_args *a)
{
    struct linux_itimerval value = { 0 };
    struct itimer new, old;
    if (a->arg[0] >= ITIMER_COUNT)
        return -EINVAL;
    int err = a->arg[1] != 0 ? fetch(&value, a->arg[1], sizeof value) : 0;
    if (err == 0 && (!timeval_to_ns(&value.it_value, &new.at_ns) || !timeval_to_ns(&value.it_interval, &new.interval_ns)))
        err = -EINVAL;
    if (err != 0)
        return err;
    old = itimer_get((unsigned)a->arg[0]);
    itimer_set((unsigned)a->arg[0], &new);
    return deliver_timer(old, a->arg[2]);
}
