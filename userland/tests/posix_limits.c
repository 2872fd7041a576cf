/*
 * posix_limits.c - limits of a process, memory that it asks for or gives back, and what the system says of itself.
 * Contracts: getrlimit(2), prlimit(2), madvise(2), mprotect(2), getrandom(2), sysinfo(2), statfs(2), clock_gettime(2),
 * clock_getres(2), times(2), uname(2), sched_getaffinity(2), getgroups(2).
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "posix.h"

/* ---- asking and setting ---- */

/* A limit is what it was set to, by either call. */
CASE(limit_is_kept)
{
    static const int resources[] = { RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_STACK, RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE };
    struct rlimit old, new, again;

    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        check_ok(getrlimit(resources[i], &old));
        check(old.rlim_cur <= old.rlim_max);
        check_ok(prlimit(0, resources[i], NULL, &again));
        check(again.rlim_cur == old.rlim_cur && again.rlim_max == old.rlim_max);
        new = (struct rlimit){ old.rlim_cur / 2, old.rlim_max };
        check_ok(prlimit(getpid(), resources[i], &new, &again));
        check(again.rlim_cur == old.rlim_cur);
        check_ok(getrlimit(resources[i], &again));
        check(again.rlim_cur == new.rlim_cur && again.rlim_max == new.rlim_max);
        check_ok(setrlimit(resources[i], &old));
    }
}

/* What getrlimit and its like refuse. */
CASE(limit_errors)
{
    struct rlimit limit;

    check_ok(getrlimit(RLIMIT_NOFILE, &limit));
    struct rlimit upside_down = { limit.rlim_max, limit.rlim_max - 1 };
    check_errno(setrlimit(RLIMIT_NOFILE, &upside_down), EINVAL);
    check_errno(syscall(SYS_getrlimit, 99, &limit), EINVAL);
    check_errno(syscall(SYS_setrlimit, 99, &limit), EINVAL);
    check_errno(syscall(SYS_prlimit64, 0, -1, NULL, &limit), EINVAL);
    check_errno(syscall(SYS_prlimit64, 0x3ffffff, RLIMIT_NOFILE, NULL, &limit), ESRCH);
    check_errno(syscall(SYS_getrlimit, RLIMIT_NOFILE, BAD_ADDRESS), EFAULT);
    check_errno(syscall(SYS_setrlimit, RLIMIT_NOFILE, BAD_ADDRESS), EFAULT);
    check_errno(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, BAD_ADDRESS, NULL), EFAULT);
}

/* Who is not root cannot raise a limit again beyond what it may be raised to. */
CASE(limit_is_not_raised)
{
    struct rlimit limit;

    only_user();
    check_ok(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max = limit.rlim_max - 1;
    check_ok(setrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_max++;
    check_errno(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
}

static void check_nofile(uintptr_t expected)
{
    struct rlimit limit;

    check_ok(getrlimit(RLIMIT_NOFILE, &limit));
    check_eq(limit.rlim_cur, expected);
    limit_set(RLIMIT_NOFILE, expected / 2);
}

/* Children and programs inherit limits, and change only their own. */
CASE(limit_is_inherited)
{
    struct rlimit limit;

    limit_set(RLIMIT_NOFILE, 40);
    expect_ok(check_nofile, 40);
    check_ok(getrlimit(RLIMIT_NOFILE, &limit));
    check_eq(limit.rlim_cur, 40);
    check_eq(helper_run("nofile", 0), 40);
}

/* ---- descriptors ---- */

/* No descriptor is as high as RLIMIT_NOFILE: EMFILE, from every call that makes one. */
CASE(limit_on_descriptors)
{
    int fd = make_open_file("f", ""), fds[2], last = fd;

    limit_set(RLIMIT_NOFILE, 20);
    while (last < 19)
        last = check_fd(dup(fd));
    check_errno(dup(fd), EMFILE);
    check_errno(open("f", O_RDONLY), EMFILE);
    check_errno(open("new", O_RDWR | O_CREAT, 0644), EMFILE);
    check(!exists("new"));
    check_errno(pipe(fds), EMFILE);
    check_errno(fcntl(fd, F_DUPFD, 3), EMFILE);
    check_errno(fcntl(fd, F_DUPFD, 20), EINVAL);
    check_errno(dup2(fd, 20), EBADF);
    check_eq(dup2(fd, 19), 19);
    check_ok(close(19));
    check_errno(pipe(fds), EMFILE);
    check_eq(dup(fd), 19);
}

/* Descriptors that are open above a new limit stay open. */
CASE(limit_below_open_descriptors)
{
    int fd = make_open_file("f", "x");

    check_eq(dup2(fd, 60), 60);
    limit_set(RLIMIT_NOFILE, 10);
    check_contents_fd(60, "x");
    check_errno(dup2(fd, 60), EBADF);
    check_ok(close(60));
}

/* ---- file size ---- */

static void write_beyond(uintptr_t fd)
{
    char bytes[200] = { 0 };

    limit_set(RLIMIT_FSIZE, 1000);
    check_eq(pwrite((int)fd, bytes, 200, 900), 100);
    check_eq(fstat_of((int)fd).st_size, 1000);
    check_eq(pwrite((int)fd, bytes, 200, 0), 200);
    pwrite((int)fd, bytes, 1, 1000);
    _exit(1);
}

static void truncate_beyond(uintptr_t fd)
{
    limit_set(RLIMIT_FSIZE, 1000);
    check_ok(ftruncate((int)fd, 1000));
    check_ok(ftruncate((int)fd, 10));
    ftruncate((int)fd, 1001);
    _exit(1);
}

static void append_beyond(uintptr_t unused)
{
    (void)unused;
    limit_set(RLIMIT_FSIZE, 3);
    int fd = check_fd(open("f", O_WRONLY | O_APPEND));
    write(fd, "x", 1);
    _exit(1);
}

/* A file does not become longer than RLIMIT_FSIZE: a write ends there, and who writes there or truncates beyond dies. */
CASE(limit_on_file_size)
{
    int fd = make_open_file("f", "abcdef"), fds[2];

    expect_death(write_beyond, fd, SIGXFSZ);
    check_eq(fstat_of(fd).st_size, 1000);
    expect_death(truncate_beyond, fd, SIGXFSZ);
    check_eq(fstat_of(fd).st_size, 10);
    expect_death(append_beyond, 0, SIGXFSZ);
    check_eq(fstat_of(fd).st_size, 10);
    limit_set(RLIMIT_FSIZE, 0);                     /* what is no file has no size */
    check_ok(pipe(fds));
    check_eq(write(fds[1], "x", 1), 1);
}

/* Who ignores SIGXFSZ is told EFBIG, and nothing is changed. */
CASE(limit_on_file_size_is_efbig)
{
    int fd = make_open_file("f", "abcdef");

    check(signal(SIGXFSZ, SIG_IGN) == SIG_DFL);
    limit_set(RLIMIT_FSIZE, 6);
    check_errno(pwrite(fd, "x", 1, 6), EFBIG);
    check_errno(pwrite(fd, "x", 1, 100), EFBIG);
    check_errno(ftruncate(fd, 7), EFBIG);
    check_errno(truncate("f", 7), EFBIG);
    check_eq(pwrite(fd, "xyz", 3, 4), 2);
    check_contents_fd(fd, "abcdxy");
}

/* ---- memory and processes ---- */

/* Under a low limit the heap does not grow and stays what it was; with the old limit it grows again. */
static void check_heap_limit(int resource)
{
    uintptr_t start = heap_grow(PAGE_BYTES);
    struct rlimit old;

    poke(start, 7);
    check_ok(getrlimit(resource, &old));
    limit_set(resource, PAGE_BYTES);
    check_eq((intptr_t)sbrk(64 * PAGE_BYTES), -1);
    check_eq(errno, ENOMEM);
    check_eq(heap_end(), start + PAGE_BYTES);
    check_eq(peek(start), 7);
    check_ok(setrlimit(resource, &old));
    poke(heap_grow(64 * PAGE_BYTES), 8);
}

/* RLIMIT_AS bounds everything that is mapped. */
CASE(limit_on_address_space)
{
    check_heap_limit(RLIMIT_AS);
}

/* RLIMIT_DATA bounds the heap. */
CASE(limit_on_data)
{
    check_heap_limit(RLIMIT_DATA);
}

/* The stack of a new program does not grow beyond RLIMIT_STACK. */
CASE(limit_on_stack)
{
    expect_status(helper_start(SELF, "use-stack", KIB(600)), 0);
    limit_set(RLIMIT_STACK, KIB(512));
    expect_status(helper_start(SELF, "use-stack", KIB(100)), 0);
    expect_status(helper_start(SELF, "use-stack", KIB(600)), SIGSEGV);
}

/* fork of one more process than RLIMIT_NPROC allows is EAGAIN; root is exempt on Linux. */
CASE(limit_on_processes)
{
    only_user();
    limit_set(RLIMIT_NPROC, 1);
    check_errno(fork(), EAGAIN);
}

/* Store 1, 2, 3 ... to the pages from start. */
static void pages_fill(uintptr_t start, size_t npages)
{
    for (size_t i = 0; i < npages; i++)
        poke(start + i * PAGE_BYTES, i + 1);
}

/* MADV_DONTNEED gives private pages back: they read zero. */
CASE(madvise_dontneed)
{
    uintptr_t pages = heap_grow(4 * PAGE_BYTES);

    pages_fill(pages, 4);
    check_ok(madvise((void *)(pages + PAGE_BYTES), 2 * PAGE_BYTES, MADV_DONTNEED));
    check_eq(peek(pages), 1);
    check_eq(peek(pages + PAGE_BYTES), 0);
    check_eq(peek(pages + 2 * PAGE_BYTES), 0);
    check_eq(peek(pages + 3 * PAGE_BYTES), 4);
    poke(pages + PAGE_BYTES, 9);
    check_eq(peek(pages + PAGE_BYTES), 9);
}

/* MADV_POPULATE_WRITE makes all pages writable at once and leaves what is in them. */
CASE(madvise_populate)
{
    uintptr_t pages = heap_grow(8 * PAGE_BYTES);

    poke(pages + PAGE_BYTES, 5);
    check_ok(madvise((void *)pages, 8 * PAGE_BYTES, MADV_POPULATE_WRITE));
    check_eq(peek(pages + PAGE_BYTES), 5);
    check_eq(peek(pages + 2 * PAGE_BYTES), 0);
}

/* What madvise refuses. */
CASE(madvise_errors)
{
    char *pages = pages_before_hole(2);

    check_errno(madvise(pages + 1, PAGE_BYTES, MADV_DONTNEED), EINVAL);
    check_errno(madvise(pages, PAGE_BYTES, 12345), EINVAL);
    check_ok(madvise(pages, 0, MADV_DONTNEED));
    check_errno(madvise(pages + PAGE_BYTES, 2 * PAGE_BYTES, MADV_DONTNEED), ENOMEM);
    check_errno(madvise(pages + PAGE_BYTES, 2 * PAGE_BYTES, MADV_POPULATE_WRITE), ENOMEM);
    check_ok(mprotect(pages, PAGE_BYTES, PROT_READ));
    check_errno(madvise(pages, PAGE_BYTES, MADV_POPULATE_WRITE), EINVAL);
}

/* A buffer that may only be read is EFAULT to read(2), and good enough for write(2). */
CASE(read_only_buffer)
{
    char *pages = (char *)heap_grow(PAGE_BYTES);
    int fd = make_open_file("f", "abc");

    pages[0] = 'X';
    check_ok(mprotect(pages, PAGE_BYTES, PROT_READ));
    check_errno(read(fd, pages, 1), EFAULT);
    check_eq(lseek(fd, 0, SEEK_CUR), 0);
    check_eq(write(fd, pages, 1), 1);
    check_contents_fd(fd, "Xbc");
    check_ok(mprotect(pages, PAGE_BYTES, PROT_READ | PROT_WRITE));
    check_eq(pread(fd, pages, 3, 0), 3);
}

/* ---- what the system says ---- */

/* getrandom fills all of a buffer, each time with other bytes. */
CASE(getrandom_fills)
{
    unsigned char a[256], b[256], both = 0;

    memset(a, 0, sizeof(a));
    memset(b, 0, sizeof(b));
    check_eq(getrandom(a, sizeof(a), 0), sizeof(a));
    check_eq(getrandom(b, sizeof(b), GRND_NONBLOCK), sizeof(b));
    check(memcmp(a, b, sizeof(a)) != 0);
    for (size_t i = sizeof(a) - 16; i < sizeof(a); i++)
        both |= a[i];
    check(both != 0);
    check_eq(getrandom(a, 0, 0), 0);
    check_errno(getrandom(a, 1, 0x80), EINVAL);
    check_errno(syscall(SYS_getrandom, BAD_ADDRESS, 16, 0), EFAULT);
    check_ok(getentropy(a, 256));
    check_errno(syscall(SYS_getrandom, a, 1, 0x8000), EINVAL);
}

/* sysinfo tells of memory, processes and the time since the start. */
CASE(sysinfo_tells)
{
    struct sysinfo info;

    memset(&info, 0xff, sizeof(info));
    check_ok(sysinfo(&info));
    check(info.mem_unit >= 1 && info.mem_unit <= PAGE_BYTES);
    check(info.totalram * info.mem_unit >= MIB(16));
    check(info.freeram > 0 && info.freeram <= info.totalram);
    check(info.freeswap <= info.totalswap);
    check(info.procs >= 2);
    check(info.uptime >= 0 && info.uptime < 100l * 365 * 24 * 3600);
    check_errno(syscall(SYS_sysinfo, BAD_ADDRESS), EFAULT);
}

/* ---- clocks ---- */

#define CLOCKS 8                                    /* numbers 0 to 7 are clocks */
enum { REALTIME, MONOTONIC, PROCESS_CPUTIME, THREAD_CPUTIME, MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME };

static double seconds_of(long clock)
{
    struct timespec now;

    check_ok(syscall(SYS_clock_gettime, clock, &now));
    check(now.tv_sec >= 0 && now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void check_near(long clock, long other)
{
    double difference = seconds_of(clock) - seconds_of(other);

    if (difference < -1 || difference > 1)
        fail("clocks %ld and %ld: %ld ms between them", clock, other, (long)(difference * 1000));
}

/* The coarse clocks, which time(2) of a C library reads, show what the fine ones do; all tell in which steps. */
CASE(clocks_agree)
{
    struct timespec step;

    check_near(REALTIME_COARSE, REALTIME);
    check_near(MONOTONIC_COARSE, MONOTONIC);
    for (long clock = 0; clock < CLOCKS; clock++) {
        check_ok(syscall(SYS_clock_getres, clock, &step));
        check(step.tv_sec == 0 && step.tv_nsec > 0 && step.tv_nsec <= 20000000);
        check_ok(syscall(SYS_clock_getres, clock, NULL));
        double before = seconds_of(clock);
        check(seconds_of(clock) >= before);
    }
    check_errno(syscall(SYS_clock_gettime, 99, &step), EINVAL);
    check_errno(syscall(SYS_clock_getres, 99, &step), EINVAL);
    check_errno(syscall(SYS_clock_gettime, REALTIME, BAD_ADDRESS), EFAULT);
    check_errno(syscall(SYS_clock_getres, REALTIME, BAD_ADDRESS), EFAULT);
}

/* What a process has run goes on while it runs, and stands still while it sleeps. */
CASE(clock_of_the_processor)
{
    const struct timespec span = { 0, 300000000 };
    double before = seconds_of(PROCESS_CPUTIME);

    while (seconds_of(PROCESS_CPUTIME) < before + 0.02 || seconds_of(THREAD_CPUTIME) < before + 0.02)
        ;
    double slept = seconds_of(MONOTONIC);
    before = seconds_of(PROCESS_CPUTIME);
    check_ok(nanosleep(&span, NULL));
    check(seconds_of(PROCESS_CPUTIME) - before < (seconds_of(MONOTONIC) - slept) / 2);
}

/* times counts in hundredths of a second: what the process has run, its children, and the time since some moment. */
CASE(times_tells)
{
    long before[4], after[4];                       /* user, system, and the same of children */
    long start = syscall(SYS_times, before);
    double run = seconds_of(PROCESS_CPUTIME);

    check_ge(start, 0);
    while (seconds_of(PROCESS_CPUTIME) < run + 0.1)
        ;
    check_ge(syscall(SYS_times, after), start + 8);
    check_ge(after[0] + after[1], before[0] + before[1] + 5);
    check_eq(after[2] + after[3], 0);
    check_ge(syscall(SYS_times, NULL), start);
    check_errno(syscall(SYS_times, BAD_ADDRESS), EFAULT);
}

/* ---- the system ---- */

/* A C library looks at the release before it trusts in newer calls: 4.15 is the first Linux for riscv64. */
CASE(uname_tells)
{
    struct utsname name;
    int major, minor;

    check_ok(uname(&name));
    check_eq(sscanf(name.release, "%d.%d", &major, &minor), 2);
    check_ge(major * 100 + minor, 415);
    check_errno(syscall(SYS_uname, BAD_ADDRESS), EFAULT);
}

/* Where a process may run: on one processor at least, in whole words. */
CASE(affinity_tells)
{
    unsigned long mask[128] = { 0 }, any = 0;       /* enough for 8192 processors */
    long len = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);

    check_ge(len, 8);
    check_eq(len % 8, 0);
    for (long i = 0; i < len / 8; i++)
        any |= mask[i];
    check(any != 0);
    check_eq(syscall(SYS_sched_getaffinity, getpid(), sizeof(mask), mask), len);
    check_errno(syscall(SYS_sched_getaffinity, 0, 0, mask), EINVAL);
    check_errno(syscall(SYS_sched_getaffinity, 0, sizeof(mask) - 4, mask), EINVAL);
    check_errno(syscall(SYS_sched_getaffinity, 0x3ffffff, sizeof(mask), mask), ESRCH);
    check_errno(syscall(SYS_sched_getaffinity, 0, sizeof(mask), BAD_ADDRESS), EFAULT);
}

/* getgroups tells how many groups there are when there is no room for them. */
CASE(groups_tell)
{
    check_ge(syscall(SYS_getgroups, 0, NULL), 0);
    check_errno(syscall(SYS_getgroups, -1, NULL), EINVAL);
}

/* Error numbers have the texts that people know. */
CASE(strerror_tells)
{
    static const struct {
        int error;
        const char *text;
    } errors[] = {
        { EPERM, "Operation not permitted" },
        { ENOENT, "No such file or directory" },
        { ESRCH, "No such process" },
        { EINTR, "Interrupted system call" },
        { EIO, "Input/output error" },
        { ENXIO, "No such device or address" },
        { E2BIG, "Argument list too long" },
        { ENOEXEC, "Exec format error" },
        { EBADF, "Bad file descriptor" },
        { ECHILD, "No child processes" },
        { EAGAIN, "Resource temporarily unavailable" },
        { ENOMEM, "Cannot allocate memory" },
        { EACCES, "Permission denied" },
        { EFAULT, "Bad address" },
        { EBUSY, "Device or resource busy" },
        { EEXIST, "File exists" },
        { EXDEV, "Invalid cross-device link" },
        { ENODEV, "No such device" },
        { ENOTDIR, "Not a directory" },
        { EISDIR, "Is a directory" },
        { EINVAL, "Invalid argument" },
        { ENFILE, "Too many open files in system" },
        { EMFILE, "Too many open files" },
        { ENOTTY, "Inappropriate ioctl for device" },
        { ETXTBSY, "Text file busy" },
        { EFBIG, "File too large" },
        { ENOSPC, "No space left on device" },
        { ESPIPE, "Illegal seek" },
        { EROFS, "Read-only file system" },
        { EMLINK, "Too many links" },
        { EPIPE, "Broken pipe" },
        { ERANGE, "Numerical result out of range" },
        { EDEADLK, "Resource deadlock avoided" },
        { ENAMETOOLONG, "File name too long" },
        { ENOSYS, "Function not implemented" },
        { ENOTEMPTY, "Directory not empty" },
        { ELOOP, "Too many levels of symbolic links" },
        { EOVERFLOW, "Value too large for defined data type" },
        { EOPNOTSUPP, "Operation not supported" },
        { ETIMEDOUT, "Connection timed out" },
    };

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strcmp(strerror(errors[i].error), errors[i].text) != 0)
            fail("strerror(%d) is \"%s\", expected \"%s\"", errors[i].error, strerror(errors[i].error), errors[i].text);
    check(strcmp(strerror(12345), "Unknown error 12345") == 0);
    check(strcmp(strsignal(SIGXFSZ), "File size limit exceeded") == 0);
    check(strcmp(strsignal(SIGKILL), "Killed") == 0);
}

/* statfs and fstatfs tell the same of one file system: its block size, its room, how long names may be. */
CASE(statfs_tells)
{
    struct statfs here, again, proc;
    int fd = make_open_file("f", "x");

    check_ok(statfs(".", &here));
    check_ok(fstatfs(fd, &again));
    check_eq(here.f_type, again.f_type);
    check_eq(here.f_bsize, 4096);
    check_eq(here.f_namelen, 255);
    check(here.f_blocks > 0 && here.f_bfree <= here.f_blocks && here.f_bavail <= here.f_bfree);
    check(here.f_files > 0 && here.f_ffree <= here.f_files);
    check_eq(here.f_blocks, again.f_blocks);
    check_ok(statfs("/proc", &proc));
    check_eq(proc.f_type, 0x9fa0);
    check_errno(statfs("missing", &here), ENOENT);
    check_errno(statfs("f/x", &here), ENOTDIR);
    check_errno(fstatfs(BAD_FD, &here), EBADF);
    check_errno(syscall(SYS_statfs, ".", BAD_ADDRESS), EFAULT);
}

const struct test_case limit_cases[] = {
    { .name = "limit is kept", .run = limit_is_kept },
    { .name = "limit errors", .run = limit_errors },
    { .name = "limit is not raised", .run = limit_is_not_raised },
    { .name = "limit is inherited", .run = limit_is_inherited },
    { .name = "limit on descriptors", .run = limit_on_descriptors },
    { .name = "limit below open descriptors", .run = limit_below_open_descriptors },
    { .name = "limit on file size", .run = limit_on_file_size },
    { .name = "limit on file size is efbig", .run = limit_on_file_size_is_efbig },
    { .name = "limit on address space", .run = limit_on_address_space },
    { .name = "limit on data", .run = limit_on_data },
    { .name = "limit on stack", .run = limit_on_stack },
    { .name = "limit on processes", .run = limit_on_processes },
    { .name = "madvise dontneed", .run = madvise_dontneed },
    { .name = "madvise populate", .run = madvise_populate },
    { .name = "madvise errors", .run = madvise_errors },
    { .name = "read only buffer", .run = read_only_buffer },
    { .name = "getrandom fills", .run = getrandom_fills },
    { .name = "sysinfo tells", .run = sysinfo_tells },
    { .name = "clocks agree", .run = clocks_agree },
    { .name = "clock of the processor", .run = clock_of_the_processor },
    { .name = "times tells", .run = times_tells },
    { .name = "uname tells", .run = uname_tells },
    { .name = "affinity tells", .run = affinity_tells },
    { .name = "groups tell", .run = groups_tell },
    { .name = "strerror tells", .run = strerror_tells },
    { .name = "statfs tells", .run = statfs_tells },
    { .name = NULL },
};
