/*
 * process.c - system calls about processes and about the system as a whole.
 * Owns: the C names of those calls; the search of PATH.
 * Does not own: limits (limits.c), memory (memory.c), signals (signal.c).
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <faultline.h>

#define DEFAULT_PATH "/bin:/tests"
#define PATH_MAX_BYTES 256

extern char **environ;                      /* POSIX: declared by who uses it; picolibc shows it to some */

void _exit(int status)
{
    for (;;)
        raw_syscall(SYS_exit_group, status);
}

pid_t fork(void)
{
    /* Kinder than POSIX asks: a line begun before the fork is not printed again by the child. */
    fflush(stdout);
    return syscall(SYS_fork);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
    return syscall(SYS_execve, path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

int execvp(const char *file, char *const argv[])
{
    char path[PATH_MAX_BYTES];
    const char *directory = getenv("PATH");
    int error = ENOENT;

    if (strchr(file, '/'))
        return execv(file, argv);
    if (!directory)
        directory = DEFAULT_PATH;
    for (const char *next; *file && directory; directory = next) {
        size_t len = strcspn(directory, ":");
        next = directory[len] ? directory + len + 1 : NULL;
        const char *dot = len ? "" : ".";       /* POSIX: an empty entry is the working directory */
        if (snprintf(path, sizeof(path), "%s%.*s/%s", dot, (int)len, directory, file) >= (int)sizeof(path)) {
            error = ENAMETOOLONG;
            continue;
        }
        execv(path, argv);
        if (errno == EACCES)
            error = EACCES;                 /* remembered, in case nothing later is found */
        else if (errno != ENOENT && errno != ENOTDIR)
            return -1;
    }
    errno = error;
    return -1;
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return syscall(SYS_wait4, pid, status, options, usage);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    return wait4(pid, status, options, NULL);
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    return syscall(SYS_waitid, type, id, info, options, NULL);
}

pid_t wait(int *status)
{
    return wait4(-1, status, 0, NULL);
}

pid_t getpid(void)
{
    return syscall(SYS_getpid);
}

pid_t gettid(void)
{
    return syscall(SYS_gettid);
}

pid_t getppid(void)
{
    return syscall(SYS_getppid);
}

uid_t getuid(void)
{
    return syscall(SYS_getuid);
}

uid_t geteuid(void)
{
    return syscall(SYS_geteuid);
}

gid_t getgid(void)
{
    return syscall(SYS_getgid);
}

gid_t getegid(void)
{
    return syscall(SYS_getegid);
}

int setpgid(pid_t pid, pid_t group)
{
    return syscall(SYS_setpgid, pid, group);
}

pid_t getpgid(pid_t pid)
{
    return syscall(SYS_getpgid, pid);
}

pid_t getpgrp(void)
{
    return getpgid(0);
}

pid_t setsid(void)
{
    return syscall(SYS_setsid);
}

pid_t getsid(pid_t pid)
{
    return syscall(SYS_getsid, pid);
}

int sched_yield(void)
{
    return syscall(SYS_sched_yield);
}

int getrusage(int who, struct rusage *usage)
{
    return syscall(SYS_getrusage, who, usage);
}

int sysinfo(struct sysinfo *result)
{
    return syscall(SYS_sysinfo, result);
}

ssize_t getrandom(void *buffer, size_t len, unsigned flags)
{
    return syscall(SYS_getrandom, buffer, len, flags);
}

/* getentropy(3): all of it or nothing, and at most 256 bytes. */
int getentropy(void *buffer, size_t len)
{
    if (len > 256) {
        errno = EIO;
        return -1;
    }
    ssize_t got = getrandom(buffer, len, 0);
    if (got >= 0 && (size_t)got < len)
        errno = EIO;
    return got >= 0 && (size_t)got == len ? 0 : -1;
}

int uname(struct utsname *name)
{
    return syscall(SYS_uname, name);
}

int reboot(int command)
{
    return syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, NULL);
}
