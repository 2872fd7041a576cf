/*
 * limits.c - how much a process may use: getrlimit, setrlimit, prlimit.
 */
#include <stddef.h>
#include <sys/resource.h>
#include <faultline.h>

int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
    return syscall(SYS_prlimit64, pid, resource, new_limit, old_limit);
}

int getrlimit(int resource, struct rlimit *limit)
{
    return prlimit(0, resource, NULL, limit);
}

int setrlimit(int resource, const struct rlimit *limit)
{
    return prlimit(0, resource, limit, NULL);
}
