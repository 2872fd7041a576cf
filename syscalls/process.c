/*
 * process.c - system calls on processes and time: thin; kernel/proc.c, exec.c and time.c do the
 * work. Each call follows the man page of its name in section 2. Bad addresses are EFAULT
 * everywhere.
 */
#include <string.h>

#include "arch/machine.h"
#include "arch/power.h"
#include "kernel/core/errno.h"
#include "kernel/exec.h"
#include "kernel/fs/block.h"
#include "kernel/fs/inode.h"
#include "kernel/core/print.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "kernel/core/time.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/swap.h"
#include "mm/uaccess.h"
#include "syscalls/abi.h"
#include "syscalls/syscalls.h"

/* ---- life ---- */

long sys_exit_group(const struct syscall_args *a)
{
    current()->exit_value = (int)a->arg[0];
    proc_exit((a->arg[0] & 0xff) << 8);
}

long sys_exit(const struct syscall_args *a) { return sys_exit_group(a); }

/* Errors: EAGAIN: process limit; ENOMEM. */
long sys_fork(const struct syscall_args *a) { return (void)a, proc_fork(&(struct fork_request){ 0 }); }

/*
 * clone(flags, stack, parent_tid, tls, child_tid): fork, with CLONE_VM into the same memory, with
 * CLONE_VFORK waiting until the child has left it; the child begins on stack unless that is 0.
 * CLONE_PARENT_SETTID and CLONE_CHILD_SETTID store the child's number in the caller's memory and in
 * the child's, CLONE_CHILD_CLEARTID is the child's set_tid_address; that such an address is bad is
 * no error. tls is for threads, which there are not.
 * Errors: those of fork; EINVAL: any other flag, or a signal other than SIGCHLD at the child's end.
 */
long sys_clone(const struct syscall_args *a)
{
    uint64_t flags = a->arg[0];
    if ((flags & ~(CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != SIGCHLD)
        return -EINVAL;
    int pid = proc_fork(&(struct fork_request){
        .how = (flags & CLONE_VM ? CLONE_SHARE : 0) | (flags & CLONE_VFORK ? CLONE_AWAIT : 0),
        .sp = a->arg[1],
        .store_tid = flags & CLONE_CHILD_SETTID ? a->arg[4] : 0,
        .clear_tid = flags & CLONE_CHILD_CLEARTID ? a->arg[4] : 0,
    });
    if (pid > 0 && (flags & CLONE_PARENT_SETTID))
        copy_to_user(current()->as, a->arg[2], &pid, sizeof pid, NULL);
    return pid;
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
static struct linux_rusage make_rusage(uint64_t ticks, size_t resident_max, const struct fault_counts *faults)
{
    struct linux_rusage usage = { .ru_maxrss = (int64_t)(resident_max * (PAGE_SIZE / 1024)),
                                  .ru_minflt = fault_counts_minor(faults),
                                  .ru_majflt = faults->n[FAULT_MAJOR] };
    ticks_to_timeval(ticks, &usage.ru_utime);
    return usage;
}

/* Can a result be stored that the caller may do without: then va is 0. */
static bool can_deliver(vaddr_t va, size_t size)
{
    return va == 0 || user_range_check(current()->as, va, size, ACCESS_WRITE) == 0;
}

static int deliver_usage(vaddr_t va, const struct wait_result *result)
{
    if (va == 0)
        return 0;
    struct linux_rusage usage = make_rusage(result->ticks, result->resident_max, &result->faults);
    return copy_to_user(current()->as, va, &usage, sizeof usage, NULL);
}

/*
 * Nothing is reaped when one of the results could not be delivered, unless a sharer takes its place
 * away meanwhile.
 * Errors: ECHILD; EINVAL: options; EINTR.
 */
long sys_wait4(const struct syscall_args *a)
{
    vaddr_t status_va = a->arg[1], usage_va = a->arg[3];
    struct wait_result result;
    if ((unsigned)a->arg[2] & ~WAIT_OPTIONS)
        return -EINVAL;
    if (!can_deliver(status_va, sizeof result.status) || !can_deliver(usage_va, sizeof(struct linux_rusage)))
        return -EFAULT;
    int pid = proc_wait((int)a->arg[0], (int)a->arg[2] | WAIT_EXITED, &result);
    if (pid <= 0)
        return pid;
    int err = deliver(status_va, &result.status, sizeof result.status);
    if (err == 0)
        err = deliver_usage(usage_va, &result);
    return err != 0 ? err : pid;
}

/* The selection of waitid in the terms of wait4. 0 or -EINVAL. */
static int wait_selection(uint64_t idtype, int id, int *which)
{
    if (idtype > P_PGID || (idtype != P_ALL && id < 0) || (idtype == P_PID && id == 0))
        return -EINVAL;
    *which = idtype == P_ALL ? -1 : idtype == P_PID ? id : -id;
    return 0;
}

/*
 * waitid(idtype, id, infop, options, rusage). si_status is the whole value given to exit, as POSIX
 * has it; Linux keeps 8 bits.
 * Errors: ECHILD; EINVAL: idtype, id, options, or nothing to wait for; EINTR.
 */
long sys_waitid(const struct syscall_args *a)
{
    struct linux_siginfo info = { 0 };
    struct wait_result result;
    vaddr_t info_va = a->arg[2], usage_va = a->arg[4];
    uint32_t options = (uint32_t)a->arg[3];
    int which, err = wait_selection(a->arg[0], (int)a->arg[1], &which);
    if (err != 0 || (options & ~WAITID_OPTIONS) || !(options & (WAIT_EXITED | WAIT_STOPPED | WAIT_CONTINUED)))
        return -EINVAL;
    if (!can_deliver(info_va, sizeof info) || !can_deliver(usage_va, sizeof(struct linux_rusage)))
        return -EFAULT;
    int pid = proc_wait(which, (int)options, &result);
    if (pid < 0)
        return pid;
    if (pid > 0)
        info.known = (struct signal_info){ .signal = SIGCHLD, .code = result.code, .pid = pid, .status = result.value };
    err = deliver(info_va, &info, sizeof info);
    return err == 0 && pid > 0 ? deliver_usage(usage_va, &result) : err;
}

/* ---- who ---- */

long sys_getpid(const struct syscall_args *a) { return (void)a, current()->pid; }
long sys_getppid(const struct syscall_args *a) { return (void)a, proc_parent_pid(); }
long sys_setpgid(const struct syscall_args *a) { return proc_set_group((int)a->arg[0], (int)a->arg[1]); }
long sys_getpgid(const struct syscall_args *a) { return proc_get_group((int)a->arg[0]); }
long sys_setsid(const struct syscall_args *a) { return (void)a, proc_new_session(); }
long sys_getsid(const struct syscall_args *a) { return proc_get_session((int)a->arg[0]); }

/* There is one user: root. */
long sys_getuid(const struct syscall_args *a) { return (void)a, 0; }
long sys_geteuid(const struct syscall_args *a) { return (void)a, 0; }
long sys_getgid(const struct syscall_args *a) { return (void)a, 0; }
long sys_getegid(const struct syscall_args *a) { return (void)a, 0; }

/* getgroups(size, list): in no further group. Errors: EINVAL: size. */
long sys_getgroups(const struct syscall_args *a) { return (int)a->arg[0] < 0 ? -EINVAL : 0; }

/*
 * set_tid_address(tidptr): what becomes 0 when the caller leaves memory that others live in. Linux
 * wakes who waits for the word with futex(2), which there is not. Returns the thread's id, which is
 * the process's.
 */
long sys_set_tid_address(const struct syscall_args *a)
{
    current()->clear_tid = a->arg[0];
    return current()->pid;
}

long sys_gettid(const struct syscall_args *a) { return sys_getpid(a); }

/* ---- limits ---- */

/*
 * prlimit64(pid, resource, new, old): pid is 0 or the caller's. Both are soft limit, then hard, in
 * 64 bits. RLIMIT_NOFILE counts descriptors, NPROC the processes there may be for this one to fork,
 * STACK is the size of the next program's, AS bounds what is mapped, DATA what of it is private and
 * may be stored to, MEMLOCK what is locked, FSIZE how far a file may be written, SIGPENDING the
 * signals with a value that may be queued. Nothing else is bounded.
 * Errors: EINVAL: resource, or soft above hard; EPERM: another's, or NOFILE above what the kernel
 * has room for; ESRCH.
 */
long sys_prlimit64(const struct syscall_args *a)
{
    struct proc *p = current();
    struct limit new;
    uint64_t resource = a->arg[1];
    int err = 0;
    if (resource >= RLIMIT_COUNT)
        return -EINVAL;
    if ((int)a->arg[0] != 0 && (int)a->arg[0] != p->pid)
        return proc_get_group((int)a->arg[0]) < 0 ? -ESRCH : -EPERM;
    struct limit *limit = &p->limits[resource], old = *limit;
    if (a->arg[2] != 0)
        err = copy_from_user(p->as, &new, a->arg[2], sizeof new, NULL);
    if (err == 0 && a->arg[2] != 0) {
        if (new.soft > new.hard)
            return -EINVAL;
        if (resource == RLIMIT_NOFILE && new.hard > NOFILE)
            return -EPERM;
        *limit = new;
        const struct as_limits limits = proc_memory_limits(p);
        as_set_limits(p->as, &limits);
    }
    return err == 0 ? deliver(a->arg[3], &old, sizeof old) : err;
}

long sys_getrlimit(const struct syscall_args *a)
{
    return sys_prlimit64(&(struct syscall_args){ { 0, a->arg[0], 0, a->arg[1] } });
}

long sys_setrlimit(const struct syscall_args *a)
{
    return a->arg[1] != 0 ? sys_prlimit64(&(struct syscall_args){ { 0, a->arg[0], a->arg[1], 0 } }) : -EFAULT;
}

long sys_sched_yield(const struct syscall_args *a)
{
    (void)a;
    thread_yield();
    return 0;
}

/*
 * sched_getaffinity(pid, size, mask): all harts, as a bit for each; returns how many bytes that is.
 * Errors: EINVAL: size is too small, or not of whole words; ESRCH.
 */
long sys_sched_getaffinity(const struct syscall_args *a)
{
    uint64_t mask = (1ul << machine.nharts) - 1;
    if (a->arg[1] < sizeof mask || a->arg[1] % sizeof mask != 0)
        return -EINVAL;
    if ((int)a->arg[0] != 0 && proc_get_group((int)a->arg[0]) < 0)
        return -ESRCH;
    int err = copy_to_user(current()->as, a->arg[2], &mask, sizeof mask, NULL);
    return err != 0 ? err : (long)sizeof mask;
}

/* who: RUSAGE_SELF or RUSAGE_CHILDREN. Errors: EINVAL. */
long sys_getrusage(const struct syscall_args *a)
{
    struct proc *p = current();
    struct linux_rusage usage;
    if ((int)a->arg[0] == RUSAGE_SELF) {
        struct fault_counts faults;
        fault_counts_of(&p->thread, &faults);
        usage = make_rusage(time_run_ticks(&p->thread), proc_resident_max(p), &faults);
    } else if ((int)a->arg[0] == RUSAGE_CHILDREN) {
        usage = make_rusage(p->child_ticks, p->child_resident_max, &p->child_faults);
    } else {
        return -EINVAL;
    }
    return copy_to_user(p->as, a->arg[1], &usage, sizeof usage, NULL);
}

/* ---- time ---- */

static struct linux_timespec make_timespec(uint64_t ns)
{
    return (struct linux_timespec){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC) };
}

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

int deadline_from_user(vaddr_t span, uint64_t *deadline_ns)
{
    uint64_t ns, now = time_ns();
    int err = fetch_timespec(span, &ns);
    if (err == 0)
        *deadline_ns = ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
    return err;
}

int span_left_to_user(vaddr_t span, uint64_t deadline_ns)
{
    uint64_t now = time_ns();
    const struct linux_timespec ts = make_timespec(deadline_ns > now ? deadline_ns - now : 0);
    return copy_to_user(current()->as, span, &ts, sizeof ts, NULL);
}

/* What the clock showed when time_ns() was 0. */
static uint64_t clock_offset(uint64_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? time_boot_ns() : 0;
}

/*
 * Sleep for a span of time. A signal ends that: what is left is stored at left_va, if that is not
 * 0; without a handler it is slept later (sys_restart_syscall).
 */
static long sleep_for_rest(uint64_t wake, vaddr_t left_va)
{
    struct signals *s = &current()->signals;
    int err = time_sleep_until(wake);
    if (err == 0)
        return 0;
    s->sleep_until_ns = wake;
    s->sleep_left = left_va;
    err = left_va != 0 ? span_left_to_user(left_va, wake) : 0;
    return err != 0 ? err : -ERESTART_RESTARTBLOCK;
}

/* nanosleep(request, remain). Errors: EINVAL; EINTR. */
long sys_nanosleep(const struct syscall_args *a)
{
    uint64_t wake;
    int err = deadline_from_user(a->arg[0], &wake);
    return err != 0 ? err : sleep_for_rest(wake, a->arg[1]);
}

/* restart_syscall(): made in the place of a sleep that a stop has interrupted. Errors: EINTR: there is none to go on with. */
long sys_restart_syscall(const struct syscall_args *a)
{
    struct signals *s = &current()->signals;
    uint64_t wake = s->sleep_until_ns;
    (void)a;
    s->sleep_until_ns = 0;
    return wake != 0 ? sleep_for_rest(wake, s->sleep_left) : -EINTR;
}

static bool can_sleep_by(uint64_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME;
}

/*
 * clock_nanosleep(clock, flags, request, remain). Errors: EINVAL: clock other than CLOCK_REALTIME,
 * CLOCK_MONOTONIC and CLOCK_BOOTTIME, or request; EINTR.
 */
long sys_clock_nanosleep(const struct syscall_args *a)
{
    uint64_t wake, offset = clock_offset(a->arg[0]);
    if (!can_sleep_by(a->arg[0]))
        return -EINVAL;
    int err = a->arg[1] & TIMER_ABSTIME ? fetch_timespec(a->arg[2], &wake) : deadline_from_user(a->arg[2], &wake);
    if (err == 0 && (a->arg[1] & TIMER_ABSTIME) && wake != UINT64_MAX)
        wake = wake > offset ? wake - offset : 0;
    if (err != 0)
        return err;
    if (!(a->arg[1] & TIMER_ABSTIME))
        return sleep_for_rest(wake, a->arg[3]);
    return time_sleep_until(wake) != 0 ? -ERESTARTNOHAND : 0;
}

/*
 * clock_gettime(clock, time): CLOCK_REALTIME counts from 1970 if the machine has a calendar,
 * CLOCK_MONOTONIC from reset, and so do the other names of the two; the CPUTIME clocks what the
 * caller has run. Errors: EINVAL: clock.
 */
long sys_clock_gettime(const struct syscall_args *a)
{
    uint64_t clock = a->arg[0];
    if (clock > CLOCK_BOOTTIME)
        return -EINVAL;
    bool runs = clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
    struct linux_timespec ts = make_timespec(runs ? time_run_ns(thread_current()) : time_ns() + clock_offset(clock));
    return copy_to_user(current()->as, a->arg[1], &ts, sizeof ts, NULL);
}

/* clock_getres(clock, step): all of them go by the time base. Errors: EINVAL: clock. */
long sys_clock_getres(const struct syscall_args *a)
{
    struct linux_timespec ts = make_timespec(time_ticks_to_ns(1));
    return a->arg[0] <= CLOCK_BOOTTIME ? deliver(a->arg[1], &ts, sizeof ts) : -EINVAL;
}

static int64_t clock_ticks(uint64_t ns) { return (int64_t)(ns / (NSEC_PER_SEC / USER_HZ)); }

/* times(buf): the time since reset. All of a process's time is the user's, as in getrusage. */
long sys_times(const struct syscall_args *a)
{
    struct proc *p = current();
    struct linux_tms tms = { .tms_utime = clock_ticks(time_run_ns(&p->thread)),
                             .tms_cutime = clock_ticks(time_ticks_to_ns(p->child_ticks)) };
    int err = deliver(a->arg[0], &tms, sizeof tms);
    return err != 0 ? err : clock_ticks(time_ns());
}

/* ---- the machine ---- */

/* getrandom(buf, count, flags): bytes that are hard to guess, but not for cryptography. Errors: EINVAL: flags. */
long sys_getrandom(const struct syscall_args *a)
{
    enum { GRND_ALL = 7, MOST = 32 << 20 };             /* bytes of one call, as Linux */
    size_t len = a->arg[1] < MOST ? a->arg[1] : MOST;
    struct uio u = { .as = current()->as, .base = a->arg[0], .len_bytes = len, .resid = len };
    return a->arg[2] <= GRND_ALL ? random_read(NULL, &u) : -EINVAL;
}

static bool count(struct proc *p, void *n)
{
    (void)p;
    ++*(uint16_t *)n;
    return true;
}

long sys_sysinfo(const struct syscall_args *a)
{
    size_t swap_total, swap_free;
    swap_totals(&swap_total, &swap_free);
    struct linux_sysinfo info = {
        .uptime = (int64_t)(time_ns() / NSEC_PER_SEC),
        .totalram = page_total() * PAGE_SIZE,
        .freeram = page_used(PAGE_FREE) * PAGE_SIZE,
        .sharedram = object_page_count() * PAGE_SIZE,
        .totalswap = swap_total * PAGE_SIZE,
        .freeswap = swap_free * PAGE_SIZE,
        .mem_unit = 1,
    };
    proc_for_each(count, &info.procs);
    return copy_to_user(current()->as, a->arg[0], &info, sizeof info, NULL);
}

/* release: programs ask for the Linux that has the calls they need. */
long sys_uname(const struct syscall_args *a)
{
    struct linux_utsname name = { "Faultline", "faultline", LINUX_RELEASE "-faultline", "", "riscv64", "(none)" };
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
        blocks_sync();
        machine_reboot();
    case REBOOT_HALT:
    case REBOOT_POWER_OFF:
        blocks_sync();
        machine_power_off(0);
    case REBOOT_CAD_ON:
    case REBOOT_CAD_OFF:
        return 0;
    default:
        return -EINVAL;
    }
}
