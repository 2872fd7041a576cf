/*
 * process.c - xv6's calls on processes, and its clock.
 * Owns: exec's limits, the 32-bit exit status, the length of a tick.
 * Does not own: what a new program finds (start.c).
 */
#include "native.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/sysinfo.h"
#include "user/user.h"

#define TICK_NS     100000000l          /* ten in a second, as xv6 on the same machine */
#define SECOND_NS   1000000000l
#define STACK_BYTES (USERSTACK * PGSIZE)

int xv6_fork(void)
{
    return or_minus_one(native_call(NATIVE_clone, NATIVE_SIGCHLD));
}

int exit(int status)
{
    for (;;)
        native_call(NATIVE_exit_group, status);
}

int xv6_wait(int *status)
{
    struct native_siginfo info = { 0 };

    if (status && !xv6_writable(status, sizeof(*status)))
        return -1;
    if (native_call(NATIVE_waitid, NATIVE_P_ALL, 0, &info, NATIVE_WEXITED, 0) < 0)
        return -1;
    if (status)
        *status = info.code == NATIVE_CLD_EXITED ? info.status : -1;
    return info.pid;
}

int xv6_kill(int pid)
{
    return pid <= 0 ? -1 : or_minus_one(native_call(NATIVE_kill, pid, NATIVE_SIGKILL));
}

int xv6_getpid(void)
{
    return (int)native_call(NATIVE_getpid);
}

/* xv6 keeps each argument below a page, and all of them, with the pointers, on one stack. False: too many, too long, or bad. */
static bool arguments_fit(char **argv)
{
    long room = STACK_BYTES;

    for (int n = 0; n < MAXARG; n++) {
        if (!xv6_readable(argv + n, sizeof(*argv)))
            return false;
        if (!argv[n])
            return room >= (long)((n + 1) * sizeof(*argv) + 15) / 16 * 16;
        int length = xv6_string_length(argv[n], PGSIZE);
        room -= length / 16 * 16 + 16;
        if (length < 0 || room < 0)
            return false;
    }
    return false;
}

int xv6_exec(const char *path, char **argv)
{
    static const struct native_itimerval off;
    struct native_itimerval alarm;
    char copy[PATH_BYTES];

    if (xv6_path_existing(copy, path) < 0 || !arguments_fit(argv))
        return -1;
    xv6_make_environment();
    native_call(NATIVE_setitimer, NATIVE_ITIMER_PROF, &off, &alarm);    /* the handler goes with the program */
    long error = native_call(NATIVE_execve, copy, argv, xv6_environment);
    native_call(NATIVE_setitimer, NATIVE_ITIMER_PROF, &alarm, 0);
    return or_minus_one(error);
}

/*
 * On xv6 a free page is one that sbrk can give. Here some are needed to keep track of the others, some can be had though they
 * hold copies of files, and some are kept back, so the number of free ones would be another.
 */
int xv6_sysinfo(struct sysinfo *info)
{
    struct native_sysinfo native;

    if (!xv6_writable(info, sizeof(*info)) || native_call(NATIVE_sysinfo, &native) < 0)
        return -1;
    *info = (struct sysinfo){ .freemem = xv6_heap_room(), .nproc = native.processes };
    return 0;
}

int xv6_pause(int ticks)
{
    if (ticks <= 0)
        return 0;
    struct native_timespec time = { ticks / (SECOND_NS / TICK_NS), ticks % (SECOND_NS / TICK_NS) * TICK_NS };
    return or_minus_one(native_call(NATIVE_nanosleep, &time, 0));
}

int xv6_uptime(void)
{
    struct native_timespec now;

    native_call(NATIVE_clock_gettime, NATIVE_CLOCK_MONOTONIC, &now);
    return (int)(now.seconds * (SECOND_NS / TICK_NS) + now.nanoseconds / TICK_NS);
}
