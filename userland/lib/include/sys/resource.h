/*
 * sys/resource.h - getrusage(2), with Linux's structure; picolibc's has only the two times.
 */
#ifndef FAULTLINE_SYS_RESOURCE_H
#define FAULTLINE_SYS_RESOURCE_H

#include <sys/time.h>

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

#endif
