/*
 * kernel/sysinfo.h - what the system-call lab's sysinfo tells.
 */
#ifndef XV6_KERNEL_SYSINFO_H
#define XV6_KERNEL_SYSINFO_H

#include "kernel/types.h"

struct sysinfo {
    uint64 freemem;                     /* bytes that sbrk can still give */
    uint64 nproc;                       /* processes, those that have ended but not been waited for among them */
};

#endif
