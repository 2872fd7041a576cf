/*
 * clock.c - time of day, sleeping, processor time.
 */
#include <stddef.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <faultline.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    return syscall(SYS_clock_gettime, clock, now);
}

int nanosleep(const struct timespec *span, struct timespec *left)
{
    return syscall(SYS_nanosleep, span, left);
}

unsigned sleep(unsigned seconds)
{
    struct timespec span = { .tv_sec = seconds }, left = { 0 };

    return nanosleep(&span, &left) < 0 ? left.tv_sec + (left.tv_nsec > 0) : 0;
}

int usleep(useconds_t microseconds)
{
    struct timespec span = { microseconds / 1000000, microseconds % 1000000 * 1000 };

    return nanosleep(&span, NULL);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec time;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &time) < 0)
        return -1;
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

static clock_t timeval_ticks(struct timeval time)
{
    return time.tv_sec * CLOCKS_PER_SEC + time.tv_usec * CLOCKS_PER_SEC / 1000000;
}

/* POSIX times, in units of CLOCKS_PER_SEC because picolibc's clock() is the sum of what this returns. */
clock_t times(struct tms *result)
{
    struct rusage self, children;
    struct timespec now;

    if (getrusage(RUSAGE_SELF, &self) < 0 || getrusage(RUSAGE_CHILDREN, &children) < 0 ||
        clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        return (clock_t)-1;
    result->tms_utime = timeval_ticks(self.ru_utime);
    result->tms_stime = timeval_ticks(self.ru_stime);
    result->tms_cutime = timeval_ticks(children.ru_utime);
    result->tms_cstime = timeval_ticks(children.ru_stime);
    return timeval_ticks((struct timeval){ now.tv_sec, now.tv_nsec / 1000 });
}
