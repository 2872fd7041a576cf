/*
 * abi.h - structures and numbers that user programs and the kernel exchange.
 * Source: Linux on riscv64, include/uapi/asm-generic. They differ from picolibc's; the stubs in
 * userland/lib convert.
 */
#pragma once

#include <stdint.h>

#include "kernel/signal.h"

#define AT_FDCWD            (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_EACCESS          0x200       /* faccessat */
#define AT_REMOVEDIR        0x200       /* unlinkat */
#define AT_SYMLINK_FOLLOW   0x400
#define AT_NO_AUTOMOUNT     0x800
#define AT_EMPTY_PATH       0x1000

#define IOV_MAX 1024                    /* segments of a readv or writev */

/* getdents64(2): followed by the name, NUL and padding to 8 bytes */
struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
} __attribute__((packed));
_Static_assert(sizeof(struct linux_dirent64) == 19, "struct linux_dirent64");

/* statfs(2) */
struct linux_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
_Static_assert(sizeof(struct linux_statfs) == 120, "struct statfs of riscv64");

#define TMPFS_MAGIC 0x01021994
#define PROC_MAGIC  0x9fa0

/* fcntl(2) */
enum { F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC = 1030, F_GETPIPE_SZ = 1032 };
#define FD_CLOEXEC 1

/* mmap(2), and what follows it in memory.c */
enum { MAP_SHARED = 0x1, MAP_PRIVATE = 0x2, MAP_SHARED_VALIDATE = 0x3, MAP_TYPE = 0xf, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20,
       MAP_GROWSDOWN = 0x100, MAP_DENYWRITE = 0x800, MAP_EXECUTABLE = 0x1000, MAP_LOCKED = 0x2000, MAP_NORESERVE = 0x4000,
       MAP_POPULATE = 0x8000, MAP_NONBLOCK = 0x10000, MAP_STACK = 0x20000, MAP_HUGETLB = 0x40000,
       MAP_FIXED_NOREPLACE = 0x100000 };
#define MAP_KNOWN (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | \
                   MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_FIXED_NOREPLACE)
enum { PROT_SEM = 8 };                  /* mprotect(2) on Linux takes it and does nothing */
enum { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE = 8, MADV_DONTFORK = 10, MADV_DOFORK,
       MADV_DONTDUMP = 16, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT,
       MADV_POPULATE_READ, MADV_POPULATE_WRITE };
enum { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4 };
enum { MLOCK_ONFAULT = 1 };
enum { MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4 };
enum { MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4 };
enum { MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_NOEXEC_SEAL = 8, MFD_EXEC = 16 };

/* faccessat(2) */
enum { X_OK = 1, W_OK = 2, R_OK = 4 };

/* utimensat(2) */
#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* sigaction(2) */
struct linux_siginfo {
    struct signal_info known;
    uint8_t rest[96];
};
_Static_assert(sizeof(struct linux_siginfo) == 128, "siginfo_t of riscv64");

/* waitid(2), wait4(2) */
enum { P_ALL, P_PID, P_PGID };
#define WAITID_OPTIONS 0xe100000fu      /* WNOHANG WSTOPPED WEXITED WCONTINUED WNOWAIT, and __W...: all children are alike */
#define WAIT_OPTIONS   0xe000000bu      /* WNOHANG WUNTRACED WCONTINUED, and __W... */

/* sysinfo(2) */
struct linux_sysinfo {
    int64_t uptime;
    uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs, pad;
    uint32_t pad2;
    uint64_t totalhigh, freehigh;
    uint32_t mem_unit, pad3;
};
_Static_assert(sizeof(struct linux_sysinfo) == 112, "struct sysinfo of riscv64");

/* time(7), getrusage(2) */
struct linux_timespec {
    int64_t tv_sec;
    int64_t tv_nsec;
};

struct linux_timeval {
    int64_t tv_sec;
    int64_t tv_usec;
};

struct linux_rusage {
    struct linux_timeval ru_utime;
    struct linux_timeval ru_stime;
    int64_t ru_maxrss, ru_ixrss, ru_idrss, ru_isrss;
    int64_t ru_minflt, ru_majflt;
    int64_t ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw;
};
_Static_assert(sizeof(struct linux_rusage) == 144, "struct rusage of riscv64");

#define RUSAGE_SELF     0
#define RUSAGE_CHILDREN (-1)

enum { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
       CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME };
#define TIMER_ABSTIME   1

/* times(2): in units of 1 / USER_HZ seconds */
struct linux_tms {
    int64_t tms_utime, tms_stime, tms_cutime, tms_cstime;
};

/* setitimer(2) */
struct linux_itimerval {
    struct linux_timeval it_interval, it_value;
};

/* clone(2) */
#define CLONE_VM        0x100ul
#define CLONE_VFORK     0x4000ul
#define CLONE_PARENT_SETTID  0x00100000ul
#define CLONE_CHILD_CLEARTID 0x00200000ul
#define CLONE_CHILD_SETTID   0x01000000ul

/* uname(2) */
#define LINUX_RELEASE "6.1.0"           /* the Linux whose man pages these calls follow */
struct linux_utsname {
    char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

/* reboot(2) */
#define REBOOT_MAGIC1    0xfee1deadu
#define REBOOT_MAGIC2    672274793u
#define REBOOT_MAGIC2A   85072278u
#define REBOOT_MAGIC2B   369367448u
#define REBOOT_MAGIC2C   537993216u
#define REBOOT_RESTART   0x01234567u
#define REBOOT_HALT      0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu
#define REBOOT_CAD_ON    0x89abcdefu
#define REBOOT_CAD_OFF   0x00000000u
