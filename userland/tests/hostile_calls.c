/*
 * hostile_calls.c - cases of hostile: system calls with arguments that no program means.
 * Expected: an error, or the death of that process; numbers that are no calls give ENOSYS.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <faultline.h>

#include "hostile.h"

#define LAST_NUMBER     500
#define CALLS_EACH      24                      /* for each number and seed */
#define CALL_MS         500                     /* a call may sleep; then its process is killed */
#define NOFILE          64

/* ---- every number, wild arguments ---- */

static uint64_t wild_argument(struct dice *dice)
{
    extern char etext[];
    const uint64_t values[] = {
        0, 1, 2, 3, 7, 63, 64, 100, 511, 512, 4095, 4096, 4097, 65535, 1ul << 20, -1ul, -2ul, -100ul, -4096ul, -4097ul,
        0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001,
        1ul << 38, (1ul << 38) - 1, (1ul << 38) - 4096, (1ul << 38) + 4096, 1ul << 39, 1ul << 47,
        0xffffffc000000000, 0xffffffc080200000, 0xffffffe000000000, 0xffffffff80000000, 0xffffffff80200000,
        0x10000, 0x10001, (uint64_t)wild_argument, (uint64_t)etext, GIB(1), 0x80200000,
        heap_end(), heap_end() - 1, heap_end() - 8, heap_end() - 4096, heap_end() - 4095, heap_end() - 8191,
        (uint64_t)__builtin_frame_address(0), (uint64_t)__builtin_frame_address(0) + 3,
    };

    return values[dice_roll(dice, sizeof(values) / sizeof(values[0]))];
}

struct wild {
    long nr;
    uint64_t seed;
};

/*
 * Would end others: a signal to a process or group that exists and is not the caller's own (the runner is one of them). A real
 * request to power off needs two magic numbers, which wild arguments never are.
 */
static bool is_off_limits(long nr, const uint64_t arg[6])
{
    int target = (int)arg[0];

    return nr == SYS_kill && target != 0 && (target == -1 || kill(target, 0) == 0);
}

static void wild_calls(uintptr_t arg)
{
    const struct wild *wild = (const struct wild *)arg;
    struct dice dice = { wild->seed * 1000003 + wild->nr };

    /* Its own group, so that kill(0, ...) is only suicide; nothing to read from and wait for but what never ends. */
    setpgid(0, 0);
    int null = open_or_fail("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup3(null, fd, 0);
    heap_grow(16 * PAGE_BYTES);
    unsigned ncalls = wild->nr == SYS_fork ? 2 : CALLS_EACH;        /* each fork doubles them */
    for (unsigned i = 0; i < ncalls; i++) {
        uint64_t a[6];
        for (unsigned k = 0; k < 6; k++)
            a[k] = wild_argument(&dice);
        if (!is_off_limits(wild->nr, a))
            raw_syscall(wild->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

static void wild_child(const struct wild *wild)
{
    pid_t pid = child_start(wild_calls, (uintptr_t)wild);

    wait_or_kill(pid, CALL_MS, NULL);
    kill_whole_group(pid);                      /* children of wild forks */
}

/* Each number in a process of its own. Any end is fine; the runner sees whether the kernel is still whole. */
static void wild_seed(uint64_t seed)
{
    static const long beyond[] = { SYS_fork, 1024, 1078, 1080, 65535, 0x7fffffff, 0x80000000, -1, -38, 1l << 62 };
    struct wild wild = { .seed = seed };

    heap_grow(PAGE_BYTES);
    for (wild.nr = 0; wild.nr <= LAST_NUMBER; wild.nr++)
        wild_child(&wild);
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        wild.nr = beyond[i];
        wild_child(&wild);
    }
    wild.nr = SYS_getpid;
    expect_ok(wild_calls, &wild);
}

static void wild_1(void) { wild_seed(1); }
static void wild_2(void) { wild_seed(2); }
static void wild_3(void) { wild_seed(3); }

static void unknown_numbers(void)
{
    static const long numbers[] = { 245, 255, 300, 350, 402, 500, 511, 512, 1000, 1078, 1080, 4096, 1l << 32, -1, 1l << 63 };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        check_eq(raw_syscall(numbers[i], 0, 0, 0, 0, 0, 0), -ENOSYS);
    /* A number is 64 bits wide: what lies above 32 is not a call, whatever the low half says. */
    check_eq(raw_syscall(SYS_getpid + (1l << 32), 0, 0, 0, 0, 0, 0), -ENOSYS);
}

/* ---- arguments that are wrong in a known way ---- */

static void wrong_arguments(void)
{
    static const int bad_fds[] = { -1, 3000, NOFILE, 0x7fffffff, (int)0x80000000, -100 };
    char buffer[16];

    for (size_t i = 0; i < sizeof(bad_fds) / sizeof(bad_fds[0]); i++) {
        int fd = bad_fds[i];
        check_eq(raw_syscall(SYS_read, fd, buffer, 16), -EBADF);
        check_eq(raw_syscall(SYS_write, fd, buffer, 16), -EBADF);
        check_eq(raw_syscall(SYS_close, fd), -EBADF);
        check_eq(raw_syscall(SYS_dup, fd), -EBADF);
        check_eq(raw_syscall(SYS_dup3, fd, 3, 0), -EBADF);
        check_eq(raw_syscall(SYS_dup3, 0, fd, 0), -EBADF);
        check_eq(raw_syscall(SYS_lseek, fd, 0, 0), -EBADF);
        check_eq(raw_syscall(SYS_fstat, fd, buffer), -EBADF);
        check_eq(raw_syscall(SYS_getdents64, fd, buffer, 16), -EBADF);
    }
    check_eq(raw_syscall(SYS_dup3, 0, 0, 0), -EINVAL);
    check_eq(raw_syscall(SYS_pipe2, buffer, -1), -EINVAL);
    check_eq(raw_syscall(SYS_kill, 1 << 30, SIGTERM), -ESRCH);
    check_eq(raw_syscall(SYS_kill, getpid(), 65), -EINVAL);
    check_eq(raw_syscall(SYS_kill, getpid(), -1), -EINVAL);
    check_eq(raw_syscall(SYS_kill, getpid(), 0), 0);
    check_eq(raw_syscall(SYS_wait4, -1, 0, 0, 0), -ECHILD);
    check_eq(raw_syscall(SYS_wait4, getpid(), 0, 0, 0), -ECHILD);
    check_eq(raw_syscall(SYS_wait4, 1, 0, 0, 0), -ECHILD);
    check_eq(raw_syscall(SYS_wait4, -1, 0, 0x10000, 0), -EINVAL);
    struct timespec negative = { -1, 0 }, too_many = { 0, 1000000000 };
    check_eq(raw_syscall(SYS_nanosleep, &negative, 0), -EINVAL);
    check_eq(raw_syscall(SYS_nanosleep, &too_many, 0), -EINVAL);
    check_eq(raw_syscall(SYS_clock_gettime, 999, buffer), -EINVAL);
    check_eq(raw_syscall(SYS_getrusage, 12345, buffer), -EINVAL);
    check_eq(raw_syscall(SYS_reboot, 0, 0, 0, 0), -EINVAL);
    check_eq(raw_syscall(SYS_reboot, 0xfee1dead, 0, 0x4321fedc, 0), -EINVAL);
    check_eq(raw_syscall(SYS_readv, 0, buffer, -1), -EINVAL);
    check_eq(raw_syscall(SYS_readv, 0, buffer, 1 << 30), -EINVAL);
    int file = open_or_fail("/tests/hostile", O_RDONLY);
    check_eq(raw_syscall(SYS_write, file, buffer, 1), -EBADF);
    check_eq(raw_syscall(SYS_lseek, file, -1, 0), -EINVAL);
    check_eq(raw_syscall(SYS_lseek, file, 0, 77), -EINVAL);
    check_eq(raw_syscall(SYS_lseek, file, 1l << 40, 0), 1l << 40);
    check_eq(raw_syscall(SYS_read, file, buffer, 16), 0);
    check_eq(raw_syscall(SYS_lseek, file, (1ul << 63) - 1, 1), -EOVERFLOW);
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, "/tests/hostile/x", O_RDONLY, 0), -ENOTDIR);
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, "/no/such", O_RDONLY, 0), -ENOENT);
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, "", O_RDONLY, 0), -ENOENT);
}

/* ---- descriptors ---- */

/* Every descriptor is used; then the calls that want one fail, and take nothing. */
static void descriptors_exhausted(void)
{
    for (unsigned round = 0; round < 3; round++) {
        int first = open_or_fail("/dev/null", O_RDONLY), last = first, fd, fds[2] = { -7, -7 };
        while ((fd = dup(first)) >= 0)
            last = fd;
        check_eq(errno, EMFILE);
        check_eq(last, NOFILE - 1);
        check_eq(raw_syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0), -EMFILE);
        check_eq(raw_syscall(SYS_pipe2, fds, 0), -EMFILE);
        close(last);
        check_eq(raw_syscall(SYS_pipe2, fds, 0), -EMFILE);      /* one is not enough, and is not kept */
        check_eq(fds[0], -7);
        check_eq(dup(first), last);
        for (fd = first; fd <= last; fd++)
            check_eq(close(fd), 0);
        check_eq(raw_syscall(SYS_close, last), -EBADF);
    }
}

static void open_many(uintptr_t npipes)
{
    int fds[2];

    while (npipes-- > 0 && pipe(fds) == 0)
        write(fds[1], fds, sizeof(fds));
}

/* Ends that nobody closes: exit and kill do. */
static void descriptors_left_open(void)
{
    pid_t pids[8];

    for (unsigned i = 0; i < 8; i++)
        pids[i] = child_start(open_many, 100);
    for (unsigned i = 0; i < 8; i++)
        expect_status(pids[i], 0);
}

/* ---- pipes ---- */

static void write_without_reader(uintptr_t unused)
{
    int fds[2];

    (void)unused;
    pipe_or_fail(fds);
    close(fds[0]);
    write(fds[1], "x", 1);
}

static void write_for_ever(uintptr_t fd)
{
    static char block[3000];

    while (write(fd, block, sizeof(block)) > 0)
        ;
}

static void pipe_without_reader(void)
{
    int fds[2];
    char byte;

    expect_death(write_without_reader, 0, SIGPIPE);
    for (unsigned round = 0; round < 10; round++) {     /* the reader goes while the writer sleeps in a full pipe */
        pipe_or_fail(fds);
        pid_t pid = fork();
        check(pid >= 0);
        if (pid == 0) {
            close(fds[0]);
            write_for_ever(fds[1]);
            _exit(0);
        }
        close(fds[1]);
        check_eq(read(fds[0], &byte, 1), 1);
        sleep_ms(round);
        close(fds[0]);
        expect_status(pid, SIGPIPE);
    }
}

/* A sleeper in an empty or a full pipe can be killed. */
static void read_for_ever(uintptr_t fd)
{
    char byte;

    while (read(fd, &byte, 1) > 0)
        ;
}

static void killed_in_a_pipe(void)
{
    int empty[2], full[2];

    pipe_or_fail(empty);
    pipe_or_fail(full);
    for (unsigned round = 0; round < 20; round++) {
        pid_t reader = child_start(read_for_ever, empty[0]), writer = child_start(write_for_ever, full[1]);
        sleep_ms(round % 3);
        kill(reader, SIGKILL);
        kill(writer, SIGKILL);
        expect_status(reader, SIGKILL);
        expect_status(writer, SIGKILL);
    }
}

const struct test_case call_cases[] = {
    { .name = "every call, seed 1", .run = wild_1, .seconds = 300 },
    { .name = "every call, seed 2", .run = wild_2, .seconds = 300 },
    { .name = "every call, seed 3", .run = wild_3, .seconds = 300 },
    { .name = "unknown numbers", .run = unknown_numbers },
    { .name = "wrong arguments", .run = wrong_arguments },
    { .name = "descriptors exhausted", .run = descriptors_exhausted },
    { .name = "descriptors left open", .run = descriptors_left_open },
    { .name = "pipe without reader", .run = pipe_without_reader },
    { .name = "killed in a pipe", .run = killed_in_a_pipe },
    { .name = NULL },
};
