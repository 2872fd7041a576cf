/*
 * process.c - system calls on processes and time: thin; kernel/proc.c, exec.c and time.c do the work.
 * Each call follows the man page of its name in section 2. Bad addresses are EFAULT everywhere.
 */
#include <string.h>

#include "arch/power.h"
#include "kernel/errno.h"
#include "kernel/exec.h"
#include "kernel/print.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "kernel/time.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "syscalls/abi.h"
#include "syscalls/syscalls.h"

/* ---- life ---- */

long sys_exit(const struct syscall_args *a) { proc_exit((a->arg[0] & 0xff) << 8); }
long sys_exit_group(const struct syscall_args *a) { proc_exit((a->arg[0] & 0xff) << 8); }

/* Errors: EAGAIN: process limit; ENOMEM. */
long sys_fork(const struct syscall_args *a)
{
    (void)a;
    return proc_fork(0, 0);
}

/*
 * clone(flags, stack): fork, with CLONE_VM into the same memory, with CLONE_VFORK waiting until the child has left it; the
 * child begins on stack unless that is 0. Errors: those of fork; EINVAL: any other flag, or a signal other than SIGCHLD at
 * the child's end.
 */
long sys_clone(const struct syscall_args *a)
{
    if ((a->arg[0] & ~(CLONE_VM | CLONE_VFORK)) != SIGCHLD)
        return -EINVAL;
    return proc_fork((a->arg[0] & CLONE_VM ? CLONE_SHARE : 0) | (a->arg[0] & CLONE_VFORK ? CLONE_AWAIT : 0), a->arg[1]);
}

/* Returns only when it fails. Errors: those of proc_exec; ENAMETOOLONG: path. */
long sys_execve(const struct syscall_args *a)
{
    struct addrspace *as = current()->as;
    struct page *page = page_alloc(PAGE_KERNEL);
    if (page == NULL)
        return -ENOMEM;
    char *path = page_address(page);
    long err = string_from_user(as, path, a->arg[0], PAGE_SIZE, -ENAMETOOLONG);
    const struct exec_args args = { .as = as, .argv = a->arg[1], .envp = a->arg[2] };
    if (err >= 0)
        err = proc_exec(path, &args);
    page_free(page);
    if (err == 0)
        trap_enter_program();
    return err;
}

static void ticks_to_timeval(uint64_t ticks, struct linux_timeval *tv)
{
    uint64_t ns = time_ticks_to_ns(ticks);
    tv->tv_sec = ns / NSEC_PER_SEC;
    tv->tv_usec = ns % NSEC_PER_SEC / 1000;
}

/* Time and faults; what the kernel does not count is 0. */
static struct linux_rusage make_rusage(uint64_t ticks, const struct fault_counts *faults)
{
    struct linux_rusage usage = { .ru_minflt = fault_counts_minor(faults) };
    ticks_to_timeval(ticks, &usage.ru_utime);
    return usage;
}

/*
 * Nothing is reaped when one of the results could not be delivered, unless a sharer takes its place away meanwhile.
 * Errors: ECHILD; EINVAL: options; EINTR.
 */
long sys_wait4(const struct syscall_args *a)
{
    struct addrspace *as = current()->as;
    vaddr_t status_va = a->arg[1], usage_va = a->arg[3];
    if ((unsigned)a->arg[2] & ~WAIT_OPTIONS)
        return -EINVAL;
    if ((status_va != 0 && user_range_check(as, status_va, sizeof(int), ACCESS_WRITE) != 0) ||
        (usage_va != 0 && user_range_check(as, usage_va, sizeof(struct linux_rusage), ACCESS_WRITE) != 0))
        return -EFAULT;
    struct wait_result result;
    int pid = proc_wait((int)a->arg[0], (int)a->arg[2], &result);
    if (pid <= 0)
        return pid;
    int err = 0;
    if (status_va != 0)
        err = copy_to_user(as, status_va, &result.status, sizeof result.status, NULL);
    if (err == 0 && usage_va != 0) {
        struct linux_rusage usage = make_rusage(result.ticks, &result.faults);
        err = copy_to_user(as, usage_va, &usage, sizeof usage, NULL);
    }
    return err != 0 ? err : pid;
}

/* Errors: EINVAL: signal; ESRCH. */
long sys_kill(const struct syscall_args *a) { return proc_kill((int)a->arg[0], (int)a->arg[1]); }

/* ---- who ---- */

long sys_getpid(const struct syscall_args *a)
{
    (void)a;
    return current()->pid;
}

long sys_getppid(const struct syscall_args *a)
{
    (void)a;
    return proc_parent_pid();
}

long sys_setpgid(const struct syscall_args *a) { return proc_set_group((int)a->arg[0], (int)a->arg[1]); }
long sys_getpgid(const struct syscall_args *a) { return proc_get_group((int)a->arg[0]); }

/* There is one user: root. */
long sys_getuid(const struct syscall_args *a) { return (void)a, 0; }
long sys_geteuid(const struct syscall_args *a) { return (void)a, 0; }
long sys_getgid(const struct syscall_args *a) { return (void)a, 0; }
long sys_getegid(const struct syscall_args *a) { return (void)a, 0; }

/* Without threads there is nothing to clear at exit. Returns the thread's id, which is the process's. */
long sys_set_tid_address(const struct syscall_args *a) { return sys_getpid(a); }

long sys_sched_yield(const struct syscall_args *a)
{
    (void)a;
    proc_yield();
    return 0;
}

/* who: RUSAGE_SELF or RUSAGE_CHILDREN. Errors: EINVAL. */
long sys_getrusage(const struct syscall_args *a)
{
    struct proc *p = current();
    struct linux_rusage usage;
    if ((int)a->arg[0] == RUSAGE_SELF) {
        struct fault_counts faults;
        proc_faults(p, &faults);
        usage = make_rusage(p->run_ticks, &faults);
    } else if ((int)a->arg[0] == RUSAGE_CHILDREN) {
        usage = make_rusage(p->child_ticks, &p->child_faults);
    } else {
        return -EINVAL;
    }
    return copy_to_user(p->as, a->arg[1], &usage, sizeof usage, NULL);
}

/* ---- time ---- */

static int fetch_timespec(vaddr_t va, uint64_t *ns)
{
    struct linux_timespec ts;
    int err = copy_from_user(current()->as, &ts, va, sizeof ts, NULL);
    if (err != 0)
        return err;
    if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= (int64_t)NSEC_PER_SEC)
        return -EINVAL;
    if (__builtin_mul_overflow((uint64_t)ts.tv_sec, NSEC_PER_SEC, ns) ||
        __builtin_add_overflow(*ns, (uint64_t)ts.tv_nsec, ns))
        *ns = UINT64_MAX;
    return 0;
}

static int sleep_for(vaddr_t request, bool absolute)
{
    uint64_t ns, now = absolute ? 0 : time_ns();
    int err = fetch_timespec(request, &ns);
    if (err != 0)
        return err;
    return time_sleep_until(ns > UINT64_MAX - now ? UINT64_MAX : now + ns);
}

/* Only death ends a sleep early, so the remaining time is never written. Errors: EINVAL. */
long sys_nanosleep(const struct syscall_args *a) { return sleep_for(a->arg[0], false); }

static bool clock_known(uint64_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC; }

/* Errors: EINVAL: clock other than CLOCK_REALTIME and CLOCK_MONOTONIC, or request. */
long sys_clock_nanosleep(const struct syscall_args *a)
{
    return clock_known(a->arg[0]) ? sleep_for(a->arg[2], a->arg[1] & TIMER_ABSTIME) : -EINVAL;
}

/* Both clocks count from reset: the machine's calendar clock is not read. Errors: EINVAL: clock. */
long sys_clock_gettime(const struct syscall_args *a)
{
    if (!clock_known(a->arg[0]))
        return -EINVAL;
    uint64_t ns = time_ns();
    struct linux_timespec ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
    return copy_to_user(current()->as, a->arg[1], &ts, sizeof ts, NULL);
}

/* ---- the machine ---- */

long sys_uname(const struct syscall_args *a)
{
    struct linux_utsname name = { "Faultline", "faultline", "0.1", "", "riscv64", "(none)" };
    strcpy(name.version, CHECKED ? "checked" : "plain");
    return copy_to_user(current()->as, a->arg[0], &name, sizeof name, NULL);
}

/* Errors: EINVAL: magic numbers or command. */
long sys_reboot(const struct syscall_args *a)
{
    uint32_t magic2 = a->arg[1];
    if ((uint32_t)a->arg[0] != REBOOT_MAGIC1 ||
        (magic2 != REBOOT_MAGIC2 && magic2 != REBOOT_MAGIC2A && magic2 != REBOOT_MAGIC2B && magic2 != REBOOT_MAGIC2C))
        return -EINVAL;
    switch ((uint32_t)a->arg[2]) {
    case REBOOT_RESTART:
        machine_reboot();
    case REBOOT_HALT:
    case REBOOT_POWER_OFF:
        machine_power_off(0);
    case REBOOT_CAD_ON:
    case REBOOT_CAD_OFF:
        return 0;
    default:
        return -EINVAL;
    }
}
