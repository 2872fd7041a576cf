/*
 * calls.c - the system calls as programs make them: with trace.
 * Owns: the mask of trace, and the form of its lines.
 * Does not own: what a call does (file.c, process.c, memory.c, mmap.c), how the mask gets through exec (start.c).
 *
 * The system-call lab prints in the kernel. Here the kernel knows no call of xv6's, and its own strace shows what the library
 * made of them; so the library prints, where xv6's kernel does: on the console, when the call is over.
 */
#include "native.h"
#include "kernel/fcntl.h"
#include "kernel/syscall.h"
#include "kernel/vm.h"
#include "user/user.h"

#define STDERR 2

uint xv6_trace_mask;

/* The printing is made of calls, which are not the program's. */
static void print_line(const char *name, int result)
{
    uint mask = xv6_trace_mask;

    xv6_trace_mask = 0;
    int console = open("/console", O_WRONLY);
    fprintf(console >= 0 ? console : STDERR, "%d: syscall %s -> %d\n", getpid(), name, result);
    close(console);
    xv6_trace_mask = mask;
}

long xv6_returned(int number, const char *name, long result)
{
    if (xv6_trace_mask >> number & 1)
        print_line(name, (int)result);
    return result;
}

int trace(int mask)
{
    xv6_trace_mask = (uint)mask;
    return (int)xv6_returned(SYS_trace, "trace", 0);
}

/* A child begins behind the call. */
int fork(void)
{
    int pid = xv6_fork();

    return pid == 0 ? 0 : (int)xv6_returned(SYS_fork, "fork", pid);
}

char *sys_sbrk(int increment, int kind)
{
    return (char *)xv6_returned(SYS_sbrk, "sbrk", (long)xv6_sbrk(increment, kind));
}

char *sbrk(int increment)
{
    return sys_sbrk(increment, xv6_sbrk_is_lazy ? SBRK_LAZY : SBRK_EAGER);
}

char *sbrklazy(int increment)
{
    return sys_sbrk(increment, SBRK_LAZY);
}

void *mmap(void *wish, size_t bytes, int prot, int flags, int fd, off_t offset)
{
    return (void *)xv6_returned(SYS_mmap, "mmap", (long)xv6_mmap(bytes, prot, flags, fd, offset));
}

int sleep(int ticks)
{
    return (int)xv6_returned(SYS_sleep, "sleep", xv6_pause(ticks));
}

#define CALL(name, parameters, ...) \
    int name parameters { return (int)xv6_returned(SYS_##name, #name, xv6_##name(__VA_ARGS__)); }

CALL(wait, (int *status), status)
CALL(pipe, (int *fds), fds)
CALL(write, (int fd, const void *buffer, int bytes), fd, buffer, bytes)
CALL(read, (int fd, void *buffer, int bytes), fd, buffer, bytes)
CALL(close, (int fd), fd)
CALL(kill, (int pid), pid)
CALL(exec, (const char *path, char **argv), path, argv)
CALL(open, (const char *path, int flags), path, flags)
CALL(mknod, (const char *path, short major, short minor), path, major, minor)
CALL(unlink, (const char *path), path)
CALL(fstat, (int fd, struct stat *st), fd, st)
CALL(link, (const char *old, const char *new), old, new)
CALL(mkdir, (const char *path), path)
CALL(chdir, (const char *path), path)
CALL(dup, (int fd), fd)
CALL(getpid, (void))
CALL(pause, (int ticks), ticks)
CALL(uptime, (void))
CALL(symlink, (const char *target, const char *path), target, path)
CALL(sysinfo, (struct sysinfo *info), info)
CALL(sigalarm, (int ticks, void (*handler)()), ticks, handler)
CALL(sigreturn, (void))
CALL(munmap, (void *start, size_t bytes), start, bytes)
