/*
 * sys/resource.h - getrusage(2), with Linux's structure; picolibc's has only the two times. getrlimit(2), prlimit(2).
 */
#ifndef FAULTLINE_SYS_RESOURCE_H
#define FAULTLINE_SYS_RESOURCE_H

#include <sys/time.h>
#include <sys/types.h>

#define RUSAGE_SELF     0
#define RUSAGE_CHILDREN (-1)

struct rusage {
    struct timeval ru_utime, ru_stime;
    long ru_maxrss;                         /* KiB */
    long ru_ixrss, ru_idrss, ru_isrss;
    long ru_minflt, ru_majflt;              /* page faults: without I/O, with I/O */
    long ru_nswap;
    long ru_inblock, ru_oublock;
    long ru_msgsnd, ru_msgrcv;
    long ru_nsignals;
    long ru_nvcsw, ru_nivcsw;               /* context switches: by choice, by preemption */
};
_Static_assert(sizeof(struct rusage) == 144, "struct rusage of Linux on riscv64");

int getrusage(int who, struct rusage *usage);

#define RLIMIT_CPU      0
#define RLIMIT_FSIZE    1               /* bytes of a file: SIGXFSZ beyond */
#define RLIMIT_DATA     2
#define RLIMIT_STACK    3
#define RLIMIT_CORE     4
#define RLIMIT_RSS      5
#define RLIMIT_NPROC    6
#define RLIMIT_NOFILE   7               /* the lowest descriptor that is too high */
#define RLIMIT_MEMLOCK  8
#define RLIMIT_AS       9
#define RLIMIT_SIGPENDING 11            /* signals that wait with what is known of them */
#define RLIM_NLIMITS    16

typedef unsigned long rlim_t;
#define RLIM_INFINITY   (~(rlim_t)0)

struct rlimit {
    rlim_t rlim_cur, rlim_max;              /* what counts; how far it may be raised */
};

int getrlimit(int resource, struct rlimit *limit);
int setrlimit(int resource, const struct rlimit *limit);
int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit);

#endif
