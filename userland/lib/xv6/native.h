/*
 * native.h - this system's own calls, for the files of this folder and nobody else.
 * Owns: the gate, the numbers, structures and flags (Linux's on riscv64) that the library needs; no program sees them.
 * Does not own: what a call means on xv6: the file that makes it.
 */
#ifndef XV6_NATIVE_H
#define XV6_NATIVE_H

#include <stdbool.h>

#include "kernel/types.h"

struct stat;
struct sysinfo;

enum native_number {
    NATIVE_dup = 23, NATIVE_mknodat = 33, NATIVE_mkdirat = 34, NATIVE_unlinkat = 35, NATIVE_symlinkat = 36, NATIVE_linkat = 37,
    NATIVE_chdir = 49, NATIVE_chroot = 51, NATIVE_openat = 56, NATIVE_close = 57, NATIVE_pipe2 = 59, NATIVE_getdents64 = 61,
    NATIVE_lseek = 62, NATIVE_read = 63, NATIVE_write = 64, NATIVE_newfstatat = 79, NATIVE_fstat = 80,
    NATIVE_exit_group = 94, NATIVE_waitid = 95, NATIVE_nanosleep = 101, NATIVE_setitimer = 103, NATIVE_clock_gettime = 113,
    NATIVE_kill = 129, NATIVE_sigaltstack = 132, NATIVE_rt_sigaction = 134, NATIVE_rt_sigreturn = 139, NATIVE_getpid = 172,
    NATIVE_sysinfo = 179, NATIVE_brk = 214, NATIVE_munmap = 215, NATIVE_clone = 220, NATIVE_execve = 221, NATIVE_mmap = 222,
    NATIVE_mprotect = 226, NATIVE_msync = 227, NATIVE_madvise = 233, NATIVE_prlimit64 = 261,
};

#define NATIVE_EISDIR           21
#define NATIVE_EPERM            1
#define NATIVE_ELOOP            40

#define NATIVE_AT_FDCWD         (-100)
#define NATIVE_AT_REMOVEDIR     0x200
#define NATIVE_O_CREAT          0x40
#define NATIVE_O_TRUNC          0x200
#define NATIVE_O_NOFOLLOW       0x20000
#define NATIVE_O_PATH           0x200000
#define NATIVE_S_IFMT           0170000
#define NATIVE_S_IFDIR          0040000
#define NATIVE_S_IFCHR          0020000
#define NATIVE_S_IFREG          0100000
#define NATIVE_S_IFLNK          0120000
#define NATIVE_SEEK_SET         0
#define NATIVE_SEEK_CUR         1
#define NATIVE_SIGKILL          9
#define NATIVE_SIGPIPE          13
#define NATIVE_SIGCHLD          17
#define NATIVE_SIGPROF          27
#define NATIVE_SIG_IGN          1
#define NATIVE_SA_ONSTACK       0x08000000
#define NATIVE_ITIMER_PROF      2
#define NATIVE_P_ALL            0
#define NATIVE_WEXITED          4
#define NATIVE_CLD_EXITED       1
#define NATIVE_CLOCK_MONOTONIC  1
#define NATIVE_PROT_NONE        0
#define NATIVE_MS_ASYNC         1
#define NATIVE_MADV_POPULATE_READ 22
#define NATIVE_MADV_POPULATE_WRITE 23
#define NATIVE_RLIMIT_NPROC     6
#define NATIVE_RLIMIT_NOFILE    7

struct native_stat {
    uint64 dev, ino;
    uint mode, nlink, uid, gid;
    uint64 rdev, pad1;
    long size;
    int blksize, pad2;
    long blocks;
    uint64 times[6];
    uint unused[2];
};
_Static_assert(sizeof(struct native_stat) == 128, "struct stat of riscv64");

struct native_dirent {
    uint64 ino;
    long next;                          /* where the record after this one is found, for lseek */
    ushort bytes;                       /* of this record */
    uchar type;
    char name[];
} __attribute__((packed));

struct native_siginfo {
    int signo, error, code, pad, pid, uid, status;
    int unused[25];
};
_Static_assert(sizeof(struct native_siginfo) == 128, "siginfo_t");

struct native_sysinfo {
    long uptime;
    uint64 loads[3], total, free, shared, buffers, swap, swap_free;
    ushort processes, pad;
    uint64 high, high_free;
    uint unit, pad2;
};
_Static_assert(sizeof(struct native_sysinfo) == 112, "struct sysinfo of riscv64");

struct native_timespec {
    long seconds, nanoseconds;
};

struct native_rlimit {
    uint64 soft, hard;
};

struct native_sigaction {
    uint64 handler, flags, mask;
};

struct native_stack {
    void *base;
    int flags, pad;
    uint64 bytes;
};

struct native_itimerval {
    long interval_s, interval_us, s, us;
};

/* Make that call. Returns what the kernel returned: a result, or a negative error number. */
static inline long native_call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    register long a7 __asm__("a7") = number;

    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return a0;
}

#define NATIVE_ARGS(number, a, b, c, d, e, f, ...) \
    native_call6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define native_call(...) NATIVE_ARGS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* xv6 knows one error. */
static inline int or_minus_one(long result)
{
    return result < 0 ? -1 : (int)result;
}

/* ---- xv6's calls, without what trace does to them: calls.c has the functions that programs call ---- */

int xv6_fork(void);
int xv6_wait(int *status);
int xv6_pipe(int *fds);
int xv6_write(int fd, const void *buffer, int bytes);
int xv6_read(int fd, void *buffer, int bytes);
int xv6_close(int fd);
int xv6_kill(int pid);
int xv6_exec(const char *path, char **argv);
int xv6_sigalarm(int ticks, void (*handler)(void));
int xv6_sigreturn(void);
int xv6_open(const char *path, int flags);
int xv6_mknod(const char *path, short major, short minor);
int xv6_unlink(const char *path);
int xv6_fstat(int fd, struct stat *st);
int xv6_link(const char *old, const char *new);
int xv6_mkdir(const char *path);
int xv6_chdir(const char *path);
int xv6_dup(int fd);
int xv6_getpid(void);
char *xv6_sbrk(int increment, int kind);
int xv6_pause(int ticks);
int xv6_uptime(void);
int xv6_symlink(const char *target, const char *path);
int xv6_sysinfo(struct sysinfo *info);
void *xv6_mmap(uint64 bytes, int prot, int flags, int fd, long offset);
int xv6_munmap(void *start, uint64 bytes);

/* ---- calls.c ---- */

extern uint xv6_trace_mask;             /* trace's; survives fork, and by the environment exec */

/* The call of that number has returned result: print its line, if trace asks for it. Returns result. */
long xv6_returned(int number, const char *name, long result);

/* ---- memory.c: what a program may hand to the kernel, as xv6 does: below the heap's end but not the guard, or mapped ---- */

/* How many bytes the eager sbrk could still give. It is found out by taking them all, and giving them back. */
uint64 xv6_heap_room(void);

/* The end of the heap's last page: whatever lies above has been mapped by mmap, or is nobody's. */
uint64 xv6_heap_border(void);

bool xv6_readable(const void *start, uint64 bytes);
bool xv6_writable(const void *start, uint64 bytes);

/* The length of a string that has its NUL within max bytes of the program's memory; otherwise -1. */
int xv6_string_length(const char *string, int max);

/* ---- mmap.c: whether the bytes may be used so, and lie in what mmap has mapped ---- */

bool xv6_mapped_readable(const void *start, uint64 bytes);
bool xv6_mapped_writable(const void *start, uint64 bytes);

/* ---- path.c ---- */

#define PATH_BYTES 128                  /* MAXPATH */

/*
 * Copy path as xv6 would read it: at most 127 characters, each name cut to 14, no slash that means nothing.
 * xv6_path_text is for a path that is only kept; xv6_path_existing for one that names what exists (the empty one is the
 * current directory); xv6_path_entry for one whose last name is looked up, made or removed in a directory, so there must be a
 * name.
 * Returns 0; -1 when xv6 would refuse the path whatever the disk holds.
 */
int xv6_path_text(char copy[PATH_BYTES], const char *path);
int xv6_path_existing(char copy[PATH_BYTES], const char *path);
int xv6_path_entry(char copy[PATH_BYTES], const char *path);

/* ---- directory.c ---- */

/* What read() gives of a directory: as many records of 16 bytes as fit. 0 at the end; -1 when not even one fits. */
int xv6_read_directory(int fd, void *buffer, int bytes);

/* xv6 counts from the root directory, which is number 1; natively others than xv6's files may come before. */
uint xv6_inode_number(uint64 native);

/* ---- start.c ---- */

/*
 * The environment of every program that exec starts: it tells start.c that the process has been made ready already, and what
 * is traced in it. Made anew by xv6_make_environment.
 */
extern char *const xv6_environment[];
void xv6_make_environment(void);

#endif
