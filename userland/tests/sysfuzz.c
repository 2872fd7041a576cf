/*
 * sysfuzz.c - random system calls, by several processes at once, for as long as one likes.
 * Owns: the choice of calls and arguments; the workers that make them, the runner that replaces dead workers and counts.
 * Expected: every case ok. Whatever the workers do to themselves and to each other, the kernel goes on, a number that is no
 * call is ENOSYS, every call works now and then, and in the end all memory is back.
 *
 * The calls of each worker follow from the seed, its slot and how many were there before it (but for process ids); so with
 * -p 1 on one deterministic hart, a run repeats. The boot word strace=sysfuzz shows the calls.
 * If there is a disk they write to it, so its image is one to lose: --disk IMAGE,snapshot.
 *
 * What a worker may not do is in tame(): end the run, with signals or by reboot; write on the console; take all memory; or
 * change its own code and data, which would end all that tame() promises. Two of three live in a jail, a tree of their own
 * in which they may do to names and files what they like; the others have /proc, and change no names.
 *
 * Usage: sysfuzz [-s SEED] [-p PROCESSES] [-t SECONDS | -n CALLS]
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define ARGS            6
#define SLOTS_MAX       16
#define SCRATCH_PAGES   16
#define HEAP_MAX        MIB(1)                  /* of a worker, so that they do not take the runner's memory */
#define MAPPING_MAX     KIB(64)
#define CALLS_OF_WORKER 3000                    /* then the next one has its turn */
#define CALLS_OF_CHILD  30
#define DEPTH_MAX       2
#define REPORT_FD       63
#define TICKS_PER_MS    10000ul
#define STUCK_MS        800                     /* a worker that reports nothing for so long sleeps; the next, please */
#define JAIL            "/sysfuzz.dir"
#define NUMBERS         503                     /* as counted: 0 to 500, SYS_fork, all others */
#define ERRNOS          80
#define ENOUGH          2000                    /* calls of a kind, of which one must have worked */
#define STACK_BYTES     MIB(8)
#define BLKFLSBUF       0x1261                  /* an ioctl of disks: Linux, linux/fs.h */

enum kind { NONE, FD, BUFFER, LENGTH, PATH, FLAGS, SIGNAL, PID, TIME, VECTOR, STRINGS, BREAK, STEP, WHENCE, MEMORY,
            OFFSET, MODE, COMMAND, POLLS, ADVICE, OPEN, PROGRAM, SELDOM, ACTION, SET_SIZE,
            MAPPING };

static const struct about {
    unsigned number, weight;
    const char *name;
    uint8_t kinds[ARGS];
    bool works;                                 /* for a worker, which has no console */
} known[] = {
    { SYS_dup, 4, "dup", { FD }, true },
    { SYS_dup3, 4, "dup3", { FD, FD, FLAGS }, true },
    { SYS_ioctl, 4, "ioctl", { FD, FLAGS, BUFFER }, false },
    { SYS_openat, 12, "openat", { FD, PATH, OPEN, FLAGS }, true },
    { SYS_close, 6, "close", { FD }, true },
    { SYS_pipe2, 4, "pipe2", { BUFFER, FLAGS }, true },
    { SYS_getdents64, 4, "getdents64", { FD, BUFFER, LENGTH }, true },
    { SYS_lseek, 4, "lseek", { FD, LENGTH, WHENCE }, true },
    { SYS_read, 8, "read", { FD, BUFFER, LENGTH }, true },
    { SYS_write, 8, "write", { FD, BUFFER, LENGTH }, true },
    { SYS_readv, 4, "readv", { FD, VECTOR, FLAGS }, true },
    { SYS_writev, 4, "writev", { FD, VECTOR, FLAGS }, true },
    { SYS_newfstatat, 4, "newfstatat", { FD, PATH, BUFFER, FLAGS }, true },
    { SYS_fstat, 4, "fstat", { FD, BUFFER }, true },
    { SYS_exit, 1, "exit", { FLAGS }, true },
    { SYS_exit_group, 1, "exit_group", { FLAGS }, true },
    { SYS_set_tid_address, 1, "set_tid_address", { BUFFER }, true },
    { SYS_nanosleep, 2, "nanosleep", { TIME, BUFFER }, true },
    { SYS_clock_gettime, 4, "clock_gettime", { WHENCE, BUFFER }, true },
    { SYS_clock_nanosleep, 2, "clock_nanosleep", { WHENCE, FLAGS, TIME, BUFFER }, true },
    { SYS_sched_yield, 4, "sched_yield", { NONE }, true },
    { SYS_kill, 4, "kill", { PID, SIGNAL }, true },
    { SYS_reboot, 2, "reboot", { FLAGS, FLAGS, FLAGS, BUFFER }, true },
    { SYS_setpgid, 2, "setpgid", { PID, PID }, true },
    { SYS_getpgid, 2, "getpgid", { PID }, true },
    { SYS_uname, 2, "uname", { BUFFER }, true },
    { SYS_getrusage, 2, "getrusage", { WHENCE, BUFFER }, true },
    { SYS_getpid, 1, "getpid", { NONE }, true },
    { SYS_getppid, 1, "getppid", { NONE }, true },
    { SYS_getuid, 1, "getuid", { NONE }, true },
    { SYS_geteuid, 1, "geteuid", { NONE }, true },
    { SYS_getgid, 1, "getgid", { NONE }, true },
    { SYS_getegid, 1, "getegid", { NONE }, true },
    { SYS_brk, 6, "brk", { BREAK }, true },
    { SYS_munmap, 6, "munmap", { MEMORY, LENGTH }, true },
    { SYS_clone, 2, "clone", { SIGNAL, BUFFER, BUFFER, BUFFER, BUFFER }, true },
    { SYS_execve, 6, "execve", { PROGRAM, STRINGS, STRINGS }, true },
    { SYS_mprotect, 6, "mprotect", { MEMORY, LENGTH, WHENCE }, true },
    { SYS_sbrk, 6, "sbrk", { STEP }, true },
    { SYS_wait4, 6, "wait4", { PID, BUFFER, FLAGS, BUFFER }, true },
    { SYS_fork, 3, "fork", { NONE }, true },
    { SYS_fcntl, 4, "fcntl", { FD, COMMAND, FLAGS }, true },
    { SYS_fstatfs, 2, "fstatfs", { FD, BUFFER }, true },
    { SYS_ftruncate, 4, "ftruncate", { FD, OFFSET }, true },
    { SYS_fchdir, 2, "fchdir", { FD }, true },
    { SYS_fchmod, 2, "fchmod", { FD, MODE }, true },
    { SYS_fchown, 2, "fchown", { FD, FLAGS, FLAGS }, true },
    { SYS_pread64, 6, "pread64", { FD, BUFFER, LENGTH, OFFSET }, true },
    { SYS_pwrite64, 6, "pwrite64", { FD, BUFFER, LENGTH, OFFSET }, true },
    { SYS_ppoll, 4, "ppoll", { POLLS, WHENCE, TIME, BUFFER }, true },
    { SYS_sync, 1, "sync", { NONE }, true },
    { SYS_fsync, 1, "fsync", { FD }, true },
    { SYS_fdatasync, 1, "fdatasync", { FD }, true },
    { SYS_getcwd, 3, "getcwd", { BUFFER, LENGTH }, true },
    { SYS_mknodat, 4, "mknodat", { FD, PATH, MODE, FLAGS }, true },
    { SYS_mkdirat, 4, "mkdirat", { FD, PATH, MODE }, true },
    { SYS_unlinkat, 6, "unlinkat", { FD, PATH, COMMAND }, true },
    { SYS_symlinkat, 4, "symlinkat", { PATH, FD, PATH }, true },
    { SYS_linkat, 8, "linkat", { FD, PATH, FD, PATH, SELDOM }, true },
    { SYS_renameat2, 8, "renameat2", { FD, PATH, FD, PATH, SELDOM }, true },
    { SYS_statfs, 2, "statfs", { PATH, BUFFER }, true },
    { SYS_truncate, 4, "truncate", { PATH, OFFSET }, true },
    { SYS_faccessat, 2, "faccessat", { FD, PATH, WHENCE }, true },
    { SYS_faccessat2, 2, "faccessat2", { FD, PATH, WHENCE, FLAGS }, true },
    { SYS_chdir, 4, "chdir", { PATH }, true },
    { SYS_chroot, 2, "chroot", { PATH }, true },
    { SYS_fchmodat, 3, "fchmodat", { FD, PATH, MODE }, true },
    { SYS_fchownat, 3, "fchownat", { FD, PATH, FLAGS, FLAGS, FLAGS }, true },
    { SYS_readlinkat, 6, "readlinkat", { FD, PATH, BUFFER, LENGTH }, true },
    { SYS_utimensat, 3, "utimensat", { FD, PATH, BUFFER, FLAGS }, true },
    { SYS_umask, 1, "umask", { MODE }, true },
    { SYS_waitid, 4, "waitid", { WHENCE, PID, BUFFER, WHENCE, BUFFER }, true },
    { SYS_getrlimit, 2, "getrlimit", { WHENCE, BUFFER }, true },
    { SYS_setrlimit, 1, "setrlimit", { WHENCE, BUFFER }, true },
    { SYS_prlimit64, 2, "prlimit64", { PID, WHENCE, BUFFER, BUFFER }, true },
    { SYS_gettid, 1, "gettid", { NONE }, true },
    { SYS_sysinfo, 2, "sysinfo", { BUFFER }, true },
    { SYS_getrandom, 3, "getrandom", { BUFFER, LENGTH, WHENCE }, true },
    { SYS_getgroups, 1, "getgroups", { WHENCE, BUFFER }, true },
    { SYS_times, 1, "times", { BUFFER }, true },
    { SYS_clock_getres, 1, "clock_getres", { WHENCE, BUFFER }, true },
    { SYS_sched_getaffinity, 1, "sched_getaffinity", { PID, LENGTH, BUFFER }, true },
    { SYS_madvise, 6, "madvise", { MEMORY, LENGTH, ADVICE }, true },
    { SYS_mmap, 12, "mmap", { MEMORY, LENGTH, WHENCE, MAPPING, FD, OFFSET }, true },
    { SYS_mremap, 8, "mremap", { MEMORY, LENGTH, LENGTH, WHENCE, MEMORY }, true },
    { SYS_msync, 2, "msync", { MEMORY, LENGTH, WHENCE }, true },
    { SYS_swapon, 1, "swapon", { PATH, FLAGS }, false },
    { SYS_swapoff, 1, "swapoff", { PATH }, false },
    { SYS_mlock, 2, "mlock", { MEMORY, LENGTH }, true },
    { SYS_mlock2, 2, "mlock2", { MEMORY, LENGTH, FLAGS }, true },
    { SYS_munlock, 2, "munlock", { MEMORY, LENGTH }, true },
    { SYS_mlockall, 1, "mlockall", { WHENCE }, true },
    { SYS_munlockall, 1, "munlockall", { NONE }, true },
    { SYS_mincore, 3, "mincore", { MEMORY, LENGTH, BUFFER }, true },
    { SYS_memfd_create, 3, "memfd_create", { PATH, FLAGS }, true },
    { SYS_rt_sigaction, 4, "rt_sigaction", { SIGNAL, ACTION, BUFFER, SET_SIZE }, true },
    { SYS_rt_sigprocmask, 4, "rt_sigprocmask", { WHENCE, BUFFER, BUFFER, SET_SIZE }, true },
    { SYS_rt_sigpending, 1, "rt_sigpending", { BUFFER, SET_SIZE }, true },
    { SYS_rt_sigtimedwait, 1, "rt_sigtimedwait", { BUFFER, BUFFER, TIME, SET_SIZE }, false },
    { SYS_rt_sigqueueinfo, 2, "rt_sigqueueinfo", { PID, SIGNAL, BUFFER }, true },
    { SYS_tkill, 2, "tkill", { PID, SIGNAL }, true },
    { SYS_tgkill, 2, "tgkill", { PID, PID, SIGNAL }, true },
    { SYS_rt_tgsigqueueinfo, 1, "rt_tgsigqueueinfo", { PID, PID, SIGNAL, BUFFER }, true },
    { SYS_restart_syscall, 1, "restart_syscall", { NONE }, false },
    { SYS_sigaltstack, 2, "sigaltstack", { BUFFER, BUFFER }, true },
    { SYS_setitimer, 2, "setitimer", { WHENCE, BUFFER, BUFFER }, true },
    { SYS_getitimer, 1, "getitimer", { WHENCE, BUFFER }, true },
    { SYS_getsid, 1, "getsid", { PID }, true },
};
#define MUST(call) check_ge(call, 0)
#define NKNOWN (sizeof(known) / sizeof(known[0]))

static uint64_t seed = 1;
static unsigned nslots = 3, seconds = 20;
static unsigned long calls_wanted;

/* ---- chance ---- */

struct dice {
    uint64_t state;
};

static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 33) * 0xff51afd7ed558ccdull;
    n = (n ^ n >> 33) * 0xc4ceb9fe1a85ec53ull;
    return n ^ n >> 33;
}

static uint64_t roll_any(struct dice *dice)
{
    return mix(dice->state += 0x9e3779b97f4a7c15ull);
}

static uint64_t roll(struct dice *dice, uint64_t sides)
{
    return roll_any(dice) % sides;
}

/* ---- arguments ---- */

extern char etext[], __preinit_array_start[];   /* the ends of the text, and the beginning of what can be written (user.ld) */
static uintptr_t scratch;                       /* SCRATCH_PAGES; page 4 read-only, page 5 not there, from 8 on untouched */
static uintptr_t mapped[4];                     /* where mmap and mremap have put something, and perhaps still */
static unsigned nmapped;
static int lowest_pid;                          /* nobody with a lower one is to be killed */

static const char *const paths[] = {
    "", "/", ".", "..", "/bin", "bin/true", "/bin/true", "/bin/true/", "/bin/echo", "/bin/../bin/./true", "/dev/null",
    "/dev/zero", "/proc", "/proc/self", "/proc/self/stat", "/proc/self/vmstat", "/proc/self/fail-nth", "/proc/vmstat",
    "/proc/meminfo", "/proc/uptime", "/proc/fail-sites", "/proc/sys/vm/drop_caches", "/proc/1/stat", "/tests/elf/bad",
    "/proc/self/oom_score_adj",
    "/tests/elf/odd/no-sections", "/tests/elf/odd/only-bss", "/tests/elf/odd/many-segments", "/no/such/file",
    "/proc/self/fail-nth", "/dev/null", "/dev/zero", "/proc/999999/stat", "/dev/full", "/dev/random", "/proc/self/maps",
    "/dev/vda", "/dev/vda",
    "/proc/trace", "/proc/self/smaps", "/proc/self/status", "/proc/self/cmdline", "/proc/mounts", "/proc/1/maps",
    "/proc/self/..",
    "f", "g", "d", "d/f", "d/e", "d/e/f", "d/e/../f", "l", "l/f", "d/l", "/f", "/d", "/d/e", "/l", "/d/../g", "../f", "f/", "d/",
    "l/",
    "d/a-name-that-is-longer-than-the-forty-bytes-that-most-names-fit-into", "f", "g", "d", "l", "d/f", "d/e",
};
static const char *const strings[] = { "one", "two", "three", NULL };
static const char digits[] = "30\n";

static uint64_t pointer(struct dice *dice)
{
    uint64_t page = scratch + roll(dice, SCRATCH_PAGES + 1) * PAGE_BYTES;

    if (roll(dice, 3) == 0)
        page = mapped[roll(dice, 4)] + roll(dice, 4) * PAGE_BYTES;
    switch (roll(dice, 12)) {
    case 0:
        return 0;
    case 1:
        return (uint64_t)digits;
    case 2:
        return (uint64_t)etext - roll(dice, 3) * PAGE_BYTES;
    case 3:
        return 0xffffffc080200000ull + roll(dice, 64) * PAGE_BYTES;     /* the kernel */
    case 4:
        return USER_END - roll(dice, 3) * PAGE_BYTES - 8;
    case 5:
        return page + PAGE_BYTES - 1;
    case 6:
        return page + PAGE_BYTES - 8;
    case 7:
        return page + roll(dice, 512) * 8;
    default:
        return page;
    }
}

static uint64_t value(struct dice *dice)
{
    switch (roll(dice, 12)) {
    case 0:
        return 0;
    case 1:
        return -1ull;
    case 2:
        return (uint64_t)INT_MIN;
    case 3:
        return 1ull << 63;
    case 4:
        return roll(dice, 64);
    case 5:
        return roll(dice, 8192);
    case 6:
        return roll(dice, 64) * PAGE_BYTES;
    case 7:
        return 1ull << roll(dice, 64);
    case 8:
        return (1ull << roll(dice, 64)) - 1;
    case 9:
        return roll_any(dice);
    default:
        return pointer(dice);
    }
}

/* Small structures of the worker's own, made anew for each call that wants one. */
static uint64_t fresh_time[2];
static struct iovec fresh_vector[8];
static struct pollfd fresh_polls[64];
static struct sigaction fresh_action;
static bool jailed;

struct call {
    uint64_t number, arg[ARGS];
};

/* ---- what a worker may not do ---- */

/* No calls may write to its variables and its stack. Its text and constants are safe as long as mprotect is kept away. */
static uint64_t tame_address(uint64_t va)
{
    bool variables = va >= (uintptr_t)__preinit_array_start && va < scratch;
    bool stack = va >= USER_END - STACK_BYTES - PAGE_BYTES && va < USER_END - PAGE_BYTES;

    return variables || stack ? (uint64_t)etext : va;
}

/* Who has the tree that we all live in leaves it as it is. */
static void tame_names(struct call *call)
{
    static const uint16_t changes[] = {
        SYS_mknodat, SYS_mkdirat, SYS_unlinkat, SYS_symlinkat, SYS_linkat, SYS_renameat2, SYS_truncate, SYS_ftruncate,
        SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat,
    };

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        if (call->number == changes[i])
            call->number = SYS_getpid;
    if (call->number != SYS_openat)
        return;
    bool constant = false;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        constant |= call->arg[1] == (uint64_t)paths[i] &&
                    (strncmp(paths[i], "/proc/", 6) == 0 || strncmp(paths[i], "/dev/", 5) == 0);
    call->arg[2] &= O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_APPEND | (constant ? O_ACCMODE : 0);
}

/* To itself or those that it has made; and nobody is stopped, for some could not be found any more by who ends them. */
static void tame_signal(uint64_t *target, uint64_t *number)
{
    int pid = *target;

    if (pid == -1 || (pid != 0 && (pid < 0 ? -(unsigned)pid : (unsigned)pid) <= (unsigned)lowest_pid))
        *target = getpid();
    if ((int)*number >= SIGSTOP && (int)*number <= SIGTTOU)
        *number = SIGCONT;
}

/* What lies exactly there lies on nothing that the worker needs: neither below scratch nor at the stack, nor above. */
static uint64_t tame_place(uint64_t va)
{
    return va < scratch || va >= USER_END - STACK_BYTES - PAGE_BYTES - MAPPING_MAX ? scratch : va;
}

static void tame_mapping(struct call *call)
{
    uint64_t *arg = call->arg;

    switch (call->number) {
    case SYS_mmap:
        arg[1] %= MAPPING_MAX;
        if (arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE))
            arg[0] = tame_place(arg[0]);
        break;
    case SYS_mremap:                            /* old places are given up, new ones taken */
        arg[0] = tame_place(arg[0]);
        arg[1] %= MAPPING_MAX;
        arg[2] %= MAPPING_MAX;
        if (arg[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP))
            arg[4] = tame_place(arg[4]);
        break;
    }
}

static void tame(struct call *call)
{
    uint64_t *arg = call->arg;
    uint64_t heap_end_now;

    for (unsigned i = 0; i < ARGS; i++)
        if (arg[i] != (uint64_t)fresh_time && arg[i] != (uint64_t)fresh_vector && arg[i] != (uint64_t)fresh_polls &&
            arg[i] != (uint64_t)&fresh_action)
            arg[i] = tame_address(arg[i]);
    for (unsigned i = 0; i < 2; i++)
        if ((uint32_t)arg[i] == REPORT_FD)
            arg[i]--;
    if (!jailed)
        tame_names(call);
    tame_mapping(call);
    switch (call->number) {
    case SYS_chroot:                            /* whose root is below where it stands finds its way out by ".." */
        arg[0] = arg[0] % 16 == 0 ? 8 : (uint64_t)"/";
        break;
    case SYS_mknodat:                           /* no console */
        if ((arg[3] & 0xff00) == 0x500)
            arg[3] = makedev(1, 3);
        break;
    case SYS_madvise:                           /* its own variables are to be forgotten as little as overwritten */
        if (arg[0] < scratch)
            arg[0] = scratch;
        arg[1] %= HEAP_MAX;
        break;
    case SYS_kill:
    case SYS_tkill:
    case SYS_rt_sigqueueinfo:
        tame_signal(&arg[0], &arg[1]);
        break;
    case SYS_tgkill:
    case SYS_rt_tgsigqueueinfo:
        tame_signal(&arg[1], &arg[2]);
        break;
    case SYS_rt_sigaction:                      /* a handler anywhere would run wild in this code */
        if (arg[1] != (uint64_t)&fresh_action)
            arg[1] = 0;
        if (1ul << arg[0] % 64 & (1ul << SIGILL | 1ul << SIGTRAP | 1ul << SIGBUS | 1ul << SIGFPE | 1ul << SIGSEGV))
            fresh_action.sa_handler = SIG_DFL;  /* the fault would come again and again */
        break;
    case SYS_rt_sigreturn:                      /* and so would whatever stands on the stack */
    case SYS_rt_sigsuspend:                     /* sleeps for ever, */
    case SYS_setsid:                            /* where nobody finds it */
        call->number = SYS_getpid;
        break;
    case SYS_rt_sigtimedwait:
        if (arg[2] == 0)
            arg[2] = (uint64_t)fresh_time;
        break;
    case SYS_setpgid:                           /* into the runner's group, where kill(0) would reach it */
        if ((int)arg[1] <= lowest_pid)
            arg[1] = 0;
        break;
    case SYS_reboot:
        if ((uint32_t)arg[0] == LINUX_REBOOT_MAGIC1 && (uint32_t)arg[2] != 0)
            arg[2] = 1;
        break;
    case SYS_clone:                             /* a child on a stack of its own, or in our memory, would run wild in this code */
        if ((arg[0] & ~(uint64_t)(CLONE_VM | CLONE_VFORK)) == SIGCHLD) {
            arg[0] = SIGCHLD;
            arg[1] = 0;
        }
        break;
    case SYS_mprotect:
        if (arg[0] < scratch)
            arg[0] = scratch;
        break;
    case SYS_readv:
    case SYS_writev:                            /* a list elsewhere could name any address */
        if (arg[1] != (uint64_t)fresh_vector && arg[1] < USER_END - 4 * PAGE_BYTES)
            arg[1] = (uint64_t)fresh_vector;
        break;
    case SYS_brk:
        if (arg[0] >= scratch + HEAP_MAX && arg[0] < USER_END)
            arg[0] = scratch + arg[0] % HEAP_MAX;
        break;
    case SYS_sbrk:
        heap_end_now = heap_end();
        if (heap_end_now + arg[0] >= scratch + HEAP_MAX && heap_end_now + arg[0] < USER_END)
            arg[0] = scratch - heap_end_now + PAGE_BYTES;
        break;
    }
}
static void ignore_signal(int number)
{
    (void)number;
}

static uint64_t argument(struct dice *dice, enum kind kind)
{
    static const uint32_t modes[] = { 0644, 0755, S_IFREG | 0600, S_IFCHR | 0666, S_IFDIR | 0755, S_IFIFO | 0600, 0777, 0 };
    static const uint32_t commands[] = { 0, 0, 0, 1, 2, 3, 4, AT_REMOVEDIR, F_DUPFD_CLOEXEC, F_GETPIPE_SZ };
    static const uint32_t opens[] = { 0, O_RDWR, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT | O_EXCL,
                                      O_DIRECTORY, O_WRONLY | O_APPEND, O_NOFOLLOW };
    static const uint32_t flags[] = { 0, 0, 0, 1, 1, 2, 4, 0x800, 0x80000, 0x10000, 0x241, 0x1000, 0x100, BLKFLSBUF };

    switch (kind) {
    case FD:
        return roll(dice, 8) == 0 ? (uint64_t)AT_FDCWD : roll(dice, roll(dice, 4) == 0 ? 70 : 14);
    case BUFFER:
    case MEMORY:
        return pointer(dice);
    case LENGTH:
        return roll(dice, 3) == 0 ? value(dice) : roll(dice, 2) == 0 ? roll(dice, 40) : roll(dice, 16) * PAGE_BYTES / 2;
    case PATH:
        return roll(dice, 8) == 0 ? pointer(dice) : (uint64_t)paths[roll(dice, sizeof(paths) / sizeof(paths[0]))];
    case FLAGS:
        return flags[roll(dice, sizeof(flags) / sizeof(flags[0]))];
    case SIGNAL:
        return roll(dice, 3) == 0 ? SIGCHLD : roll(dice, 36);
    case PID:
        switch (roll(dice, 6)) {
        case 0:
            return 0;
        case 1:
            return getpid();
        case 2:
            return -(uint64_t)getpid();
        case 3:
            return getpid() + roll(dice, 8) - 4;
        default:
            return -1ull;
        }
    case TIME:
        fresh_time[0] = roll(dice, 8) == 0 ? value(dice) >> 63 << 63 : 0;       /* 0 seconds, or a negative number */
        fresh_time[1] = roll(dice, 8) == 0 ? value(dice) : roll(dice, 1000000);
        return roll(dice, 6) == 0 ? pointer(dice) : (uint64_t)fresh_time;
    case STRINGS:
        return roll(dice, 4) == 0 ? pointer(dice) : roll(dice, 3) == 0 ? 0 : (uint64_t)strings;
    case BREAK:
        return roll(dice, 3) == 0 ? value(dice) : scratch + roll(dice, HEAP_MAX);
    case STEP:
        return roll(dice, 3) == 0 ? value(dice) : roll(dice, 16 * PAGE_BYTES) - 8 * PAGE_BYTES;
    case SELDOM:                                /* flags that would mostly be wrong */
        return roll(dice, 4) > 0 ? 0 : roll(dice, 2) > 0 ? roll(dice, 4) : AT_SYMLINK_FOLLOW;
    case PROGRAM:
        return roll(dice, 2) == 0 ? (uint64_t)"/bin/true" : argument(dice, PATH);
    case OFFSET:
        return roll(dice, 4) == 0 ? value(dice) : roll(dice, 3) * PAGE_BYTES + roll(dice, 2) * roll(dice, 5000);
    case MODE:
        return roll(dice, 8) == 0 ? value(dice) : modes[roll(dice, sizeof(modes) / sizeof(modes[0]))];
    case COMMAND:
        return commands[roll(dice, sizeof(commands) / sizeof(commands[0]))];
    case OPEN:
        return opens[roll(dice, sizeof(opens) / sizeof(opens[0]))] | argument(dice, FLAGS) * (roll(dice, 6) == 0);
    case SET_SIZE:
        return roll(dice, 16) == 0 ? value(dice) : sizeof(sigset_t);
    case ACTION:
        fresh_action.sa_handler = roll(dice, 3) == 0 ? ignore_signal : roll(dice, 2) == 0 ? SIG_IGN : SIG_DFL;
        fresh_action.sa_flags = roll_any(dice);
        fresh_action.sa_mask = roll(dice, 2) * roll_any(dice);
        return roll(dice, 6) == 0 ? 0 : (uint64_t)&fresh_action;
    case POLLS:
        for (unsigned i = 0; i < 64; i++)
            fresh_polls[i] = (struct pollfd){ .fd = argument(dice, FD), .events = roll(dice, 8) };
        return roll(dice, 6) == 0 ? pointer(dice) : (uint64_t)fresh_polls;
    case ADVICE:
        return roll(dice, 8) == 0 ? value(dice) : roll(dice, 4) == 0 ? MADV_POPULATE_WRITE : roll(dice, 24);
    case MAPPING:
        return roll(dice, 8) == 0 ? value(dice)
                                  : (roll(dice, 2) + 1) | (roll(dice, 2) ? MAP_ANONYMOUS : 0) |
                                        (roll(dice, 3) ? 0 : MAP_FIXED) | (roll(dice, 4) ? 0 : MAP_POPULATE);
    case WHENCE:
        return roll(dice, 6) == 0 ? value(dice) : roll(dice, 8);
    case VECTOR:
        for (unsigned i = 0; i < 8; i++)
            fresh_vector[i] = (struct iovec){ (void *)tame_address(pointer(dice)), argument(dice, LENGTH) };
        return roll(dice, 4) == 0 ? USER_END - roll(dice, 2) * 64 : (uint64_t)fresh_vector;
    case NONE:
        break;
    }
    return value(dice);
}

static bool sends_signal(uint64_t number)
{
    return number == SYS_kill || number == SYS_tkill || number == SYS_tgkill || number == SYS_rt_sigqueueinfo ||
           number == SYS_setitimer;
}

static bool ends_worker(uint64_t number)
{
    return number == SYS_exit || number == SYS_exit_group || number == SYS_execve;
}

static void choose(struct dice *dice, struct call *call)
{
    static unsigned total;

    if (total == 0)
        for (size_t i = 0; i < NKNOWN; i++)
            total += known[i].weight;
    for (unsigned i = 0; i < ARGS; i++)
        call->arg[i] = 0;
    if (roll(dice, 16) == 0) {                  /* any number, any arguments */
        call->number = roll(dice, 20) == 0 ? value(dice) : roll(dice, NUMBERS - 2);
        for (unsigned i = 0; i < ARGS; i++)
            call->arg[i] = value(dice);
    } else {
        unsigned at = roll(dice, total), k = 0;
        while (at >= known[k].weight)
            at -= known[k++].weight;
        call->number = known[k].number;
        for (unsigned i = 0; i < ARGS; i++)
            if (known[k].kinds[i] != NONE)
                call->arg[i] = argument(dice, known[k].kinds[i]);
        if ((call->number == SYS_clone || call->number == SYS_ioctl) && roll(dice, 2) == 0)
            call->arg[1] = call->number == SYS_clone ? 0 : 0x5413;
        if (call->number == SYS_reboot && roll(dice, 2) == 0) {
            call->arg[0] = LINUX_REBOOT_MAGIC1;
            call->arg[1] = LINUX_REBOOT_MAGIC2;
            call->arg[2] = roll(dice, 2) * 0x89abcdefu;
        }
        if (roll(dice, 8) == 0)
            call->arg[roll(dice, ARGS)] = value(dice);
    }
    if ((ends_worker(call->number) || sends_signal(call->number)) && roll(dice, 8) > 0)
        call->number = SYS_getpid;              /* workers are to live for a while */
    tame(call);
}

/* ---- a worker ---- */

struct record {
    uint16_t slot, number;                      /* as counted */
    int16_t error;                              /* 0: success */
    uint16_t unused;
};
static struct record report[8];                 /* one write of it fits in a pipe whole */
static unsigned nreport;

static void report_flush(void)
{
    raw_syscall(SYS_write, REPORT_FD, report, nreport * sizeof(report[0]));
    nreport = 0;
}

static unsigned counted_as(uint64_t number)
{
    return number < NUMBERS - 2 ? number : number == SYS_fork ? NUMBERS - 2 : NUMBERS - 1;
}

static void file_copy(int in, const char *to)
{
    static char bytes[PAGE_BYTES];

    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    for (ssize_t len; out >= 0 && (len = read(in, bytes, sizeof(bytes))) > 0;)
        write(out, bytes, len);                 /* or it is running, or there is no room */
    close(in);
    close(out);
}

/* What a worker in jail may find there. Others may have left anything, also links that lead out for who is not in yet. */
static void jail_furnish(void)
{
    static const struct { const char *name; uint16_t device; } devices[] = {
        { "null", 0x103 }, { "zero", 0x105 }, { "full", 0x107 }, { "random", 0x108 },
    };
    static const char *const left[] = { "f", "g", "l", "d/f", "d/l", "d/e/f", "d/g" };

    int programs[] = { open_or_fail("/bin/true", O_RDONLY), open_or_fail("/bin/echo", O_RDONLY) };
    MUST(chroot(JAIL));
    MUST(chdir("/"));
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
        unlink(left[i]);
    mkdir("bin", 0755);
    mkdir("dev", 0755);
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        char name[20];
        snprintf(name, sizeof(name), "dev/%s", devices[i].name);
        mknod(name, S_IFCHR | 0666, devices[i].device);
    }
    file_copy(programs[0], "bin/true");
    file_copy(programs[1], "bin/echo");
}

static void worker_setup(int report_fd)
{
    setpgid(0, 0);
    check_eq(dup3(report_fd, REPORT_FD, O_CLOEXEC), REPORT_FD);
    for (int fd = 0; fd < REPORT_FD; fd++)
        close(fd);
    if (jailed)
        jail_furnish();
    static const char *const first[] = { "/dev/null", "/dev/zero", "/dev/vda", "/bin/true", "/bin", "/proc", "/proc/vmstat",
                                         "/bin/echo" };
    int fds[2];
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
        open(first[i], i < 3 ? O_RDWR : O_RDONLY);
    pipe2(fds, O_NONBLOCK);                     /* one that blocks they make themselves, at times */
    scratch = heap_grow(SCRATCH_PAGES * PAGE_BYTES);
    for (unsigned i = 0; i < 8; i++)
        poke(scratch + i * PAGE_BYTES, i);
    raw_syscall(SYS_mprotect, scratch + 4 * PAGE_BYTES, PAGE_BYTES, 1);
    raw_syscall(SYS_munmap, scratch + 5 * PAGE_BYTES, PAGE_BYTES);
}

static void worker(unsigned slot, uint64_t worker_seed, int report_fd)
{
    struct dice dice = { mix(worker_seed) };
    unsigned depth = 0, limit = CALLS_OF_WORKER;

    jailed = slot % 3 != 2;
    worker_setup(report_fd);
    for (unsigned n = 0; n < limit; n++) {
        struct call call;
        choose(&dice, &call);
        struct record *record = &report[nreport++];
        *record = (struct record){ .slot = slot, .number = counted_as(call.number) };
        if (ends_worker(call.number)) {         /* told beforehand; if it comes back, its failure is told as well */
            struct record again = *record;
            report_flush();
            record = &report[nreport++];
            *record = again;
        }
        const uint64_t *arg = call.arg;
        long result = raw_syscall(call.number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
        if (result == 0 && (call.number == SYS_fork || call.number == SYS_clone)) {     /* the child goes its own way */
            dice.state = mix(dice.state ^ n);
            nreport = 0;
            n = 0;
            limit = ++depth > DEPTH_MAX ? 0 : CALLS_OF_CHILD;
            continue;
        }
        if (result < 0 && result > -ERRNOS)
            record->error = result;
        if (result > 0 && (call.number == SYS_mmap || call.number == SYS_mremap))
            mapped[nmapped++ % 4] = result;
        if (nreport == sizeof(report) / sizeof(report[0]))
            report_flush();
    }
    report_flush();
    _exit(0);
}

/* ---- the runner ---- */

static struct slot {
    pid_t pid;
    unsigned generation;
    uint64_t heard;                             /* when it last reported, in ticks */
} slots[SLOTS_MAX];
static int report_pipe[2];
static unsigned long results[NUMBERS][ERRNOS], calls, deaths[128], stuck;
static int at_start[64];
static unsigned nat_start;

/* Call visit for each process that was not there at the start and is not the runner. Returns how many there are. */
static unsigned for_each_stranger(void (*visit)(pid_t pid, int parent))
{
    unsigned n = 0;
    DIR *dir = opendir("/proc");

    check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[40], text[120];
        int pid = atoi(entry->d_name), parent = 0;
        bool known_one = pid == 0 || pid == getpid();
        for (unsigned i = 0; i < nat_start; i++)
            known_one |= at_start[i] == pid;
        if (known_one)
            continue;
        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        int fd = open(path, O_RDONLY);
        ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
        close(fd);
        if (len <= 0)
            continue;                           /* it has gone meanwhile */
        text[len] = '\0';
        sscanf(strchr(text, ')') + 1, " %*c %d", &parent);
        visit(pid, parent);
        n++;
    }
    closedir(dir);
    return n;
}

static void remember(pid_t pid, int parent)
{
    (void)parent;
    check(nat_start < sizeof(at_start) / sizeof(at_start[0]));
    at_start[nat_start++] = pid;
}

static void kill_orphan(pid_t pid, int parent)
{
    if (parent == 1)
        kill(pid, SIGKILL);
}

static void kill_it(pid_t pid, int parent)
{
    (void)parent;
    kill(pid, SIGKILL);
}

static void slot_start(unsigned i)
{
    struct slot *slot = &slots[i];

    slot->pid = fork();
    if (slot->pid == 0) {
        close(report_pipe[0]);
        worker(i, seed + ((uint64_t)i << 48) + slot->generation, report_pipe[1]);
    }
    if (slot->pid < 0) {                        /* too many children of workers: the next look will find room */
        for_each_stranger(kill_orphan);
        return;
    }
    slot->generation++;
    slot->heard = rdtime();
}

static void collect(void)
{
    struct record records[128];

    for (ssize_t len; (len = read(report_pipe[0], records, sizeof(records))) > 0;) {
        for (size_t i = 0; i < len / sizeof(records[0]); i++) {
            check(records[i].slot < nslots && records[i].number < NUMBERS && records[i].error > -ERRNOS);
            results[records[i].number][-records[i].error]++;
            slots[records[i].slot].heard = rdtime();
            calls++;
        }
    }
}

static void look_after(unsigned i)
{
    struct slot *slot = &slots[i];
    int status;

    if (slot->pid > 0 && rdtime() - slot->heard > STUCK_MS * TICKS_PER_MS) {
        stuck++;
        slot->heard = rdtime();
        kill(slot->pid, SIGKILL);
    }
    if (slot->pid > 0 && waitpid(slot->pid, &status, WNOHANG) == slot->pid) {
        deaths[status & 0x7f]++;
        kill(-slot->pid, SIGKILL);
        slot->pid = 0;
    }
    if (slot->pid <= 0)
        slot_start(i);
}

static void clean_up(void)
{
    for (unsigned i = 0; i < nslots; i++)
        if (slots[i].pid > 0) {
            kill(slots[i].pid, SIGKILL);
            waitpid(slots[i].pid, NULL, 0);
        }
    while (for_each_stranger(kill_it) > 0)
        sleep_ms(5);
    collect();
}

static void print_results(void)
{
    unsigned long none = 0;

    for (size_t k = 0; k < NKNOWN; k++) {
        unsigned long *row = results[counted_as(known[k].number)];
        char line[300];
        for (unsigned e = 1; e < ERRNOS && ends_worker(known[k].number); e++)
            row[0] -= row[e];
        size_t len = snprintf(line, sizeof(line), "%s: %lu good", known[k].name, row[0]);
        for (unsigned e = 1; e < ERRNOS && len < sizeof(line) - 20; e++)
            if (row[e] > 0)
                len += snprintf(line + len, sizeof(line) - len, ", error %u %lu", e, row[e]);
        note("%s", line);
    }
    for (unsigned n = 0; n < NUMBERS; n++)
        none += results[n][ENOSYS];
    note("numbers that are no call: %lu times ENOSYS", none);
    unsigned long killed = 0;
    for (unsigned s = 1; s < 128; s++)
        killed += deaths[s];
    note("workers: %lu exited, %lu killed (%lu by SIGSEGV, %lu by SIGKILL, %lu of these after long sleep)", deaths[0], killed,
         deaths[SIGSEGV], deaths[SIGKILL], stuck);
    note("%lu calls", calls);
}

static void judge(void)
{
    for (unsigned n = 0; n < NUMBERS; n++) {
        unsigned long sum = 0;
        bool is_call = false;
        for (size_t k = 0; k < NKNOWN; k++)
            is_call |= counted_as(known[k].number) == n;
        for (unsigned e = 0; e < ERRNOS; e++)
            sum += results[n][e];
        check_eq(results[n][ENOSYS], is_call ? 0 : sum);
    }
    for (size_t k = 0; k < NKNOWN; k++) {
        const unsigned long *row = results[counted_as(known[k].number)];
        unsigned long sum = 0;
        for (unsigned e = 0; e < ERRNOS; e++)
            sum += row[e];
        if (known[k].works && sum >= ENOUGH && row[0] == 0)
            fail("%s has not worked in %lu times", known[k].name, sum);
    }
}

static void tree_remove(const char *root)
{
    struct dirent **entries;
    int n = scandir(root, &entries, NULL, NULL);

    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        size_t len = strlen(root) + strlen(name) + 2;
        char *below = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? NULL : malloc(len);
        if (below != NULL) {
            snprintf(below, len, "%s/%s", root, name);
            if (unlink(below) != 0)
                tree_remove(below);
        }
        free(below);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    rmdir(root);
}

static uint64_t inodes_free(void)
{
    struct statfs usage;

    MUST(statfs("/", &usage));
    return usage.f_ffree;
}

/* A worker may have begun a trace: the first 0 ends it, the second gives its memory back. */
static void end_trace(void)
{
    int fd = open_or_fail("/proc/trace", O_WRONLY);

    for (unsigned i = 0; i < 2; i++)
        check_eq(write(fd, "0", 1), 1);
    close(fd);
}

static void fuzz(void)
{
    tree_remove(JAIL);
    uint64_t inodes = inodes_free();
    MUST(mkdir(JAIL, 0755));
    pid_t marker = fork();

    if (marker == 0)
        _exit(0);
    lowest_pid = marker;                        /* the runner and all before it are older */
    expect_status(marker, 0);
    for_each_stranger(remember);
    check_eq(pipe2(report_pipe, O_NONBLOCK), 0);
    note("seed %lu, %u processes", seed, nslots);
    uint64_t end = rdtime() + seconds * 1000 * TICKS_PER_MS, sweep = 0;
    while (calls_wanted > 0 ? calls < calls_wanted : rdtime() < end) {
        collect();
        for (unsigned i = 0; i < nslots; i++)
            look_after(i);
        if (rdtime() > sweep) {
            for_each_stranger(kill_orphan);
            sweep = rdtime() + 1000 * TICKS_PER_MS;
        }
        sleep_ms(2);
    }
    clean_up();
    end_trace();
    sync();                                     /* so that what a disk's mappings have stored is no longer kept in memory */
    tree_remove(JAIL);
    check_eq(inodes_free(), inodes);
    judge();
    print_results();
}

static unsigned long number_or_usage(const char *text)
{
    char *end = NULL;
    unsigned long number = text ? strtoul(text, &end, 0) : 0;

    if (!text || end == text || *end)
        errx(2, "usage: sysfuzz [-s SEED] [-p PROCESSES] [-t SECONDS | -n CALLS]");
    return number;
}

int main(int argc, char **argv)
{
    static struct test_case cases[] = { { .name = "fuzz", .run = fuzz }, { .name = NULL } };
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "sysfuzz", TEST_TAP, tables };

    for (int i = 1; i < argc; i += 2) {
        unsigned long number = number_or_usage(argv[i][0] == '-' && argv[i][1] && !argv[i][2] ? argv[i + 1] : NULL);
        switch (argv[i][1]) {
        case 's':
            seed = number;
            break;
        case 'p':
            nslots = number < 1 ? 1 : number < SLOTS_MAX ? number : SLOTS_MAX;
            break;
        case 't':
            seconds = number;
            break;
        case 'n':
            calls_wanted = number;
            break;
        default:
            number_or_usage(NULL);
        }
    }
    cases[0].seconds = calls_wanted > 0 ? 3600 : seconds * 3 + 120;
    return test_main(&program, 1, argv);
}
