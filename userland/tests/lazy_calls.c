/*
 * lazy_calls.c - cases of lazymore: memory that was never touched, or is partly bad, wherever a system call takes an address.
 * Expected: an untouched page is as good as any other; a bad one is EFAULT, with nothing half done.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <faultline.h>

#include "lazymore.h"

#define SELF "/tests/lazymore"                  /* a file of many pages */

/* The next untouched page: each call gives another. */
static void *untouched(void)
{
    return (void *)heap_grow(PAGE_BYTES);
}

/* ---- S8: results into untouched memory ---- */

static void results_into_untouched(void)
{
    int *fds = untouched();
    check_eq(pipe(fds), 0);
    check_eq(write(fds[1], "ab", 2), 2);
    char *bytes = untouched();
    check_eq(read(fds[0], bytes, 10), 2);
    check(bytes[0] == 'a' && bytes[1] == 'b' && bytes[2] == 0);

    struct stat *st = untouched();
    check_eq(stat(SELF, st), 0);
    check(S_ISREG(st->st_mode));
    check_ge(st->st_size, 5 * PAGE_BYTES);
    struct stat *fst = untouched();
    int fd = open_or_fail(SELF, O_RDONLY);
    check_eq(fstat(fd, fst), 0);
    check_eq(fst->st_size, st->st_size);

    struct utsname *name = untouched();
    check_eq(uname(name), 0);
    check(name->sysname[0] != 0);
    struct timespec *now = untouched();
    check_eq(clock_gettime(CLOCK_MONOTONIC, now), 0);
    check(now->tv_sec > 0 || now->tv_nsec > 0);
    struct rusage *usage = untouched();
    check_eq(getrusage(RUSAGE_SELF, usage), 0);
    check_ge(usage->ru_minflt, 1);

    int directory = open_or_fail("/", O_RDONLY | O_DIRECTORY);
    void *entries = untouched();
    check_ge(raw_syscall(SYS_getdents64, directory, entries, PAGE_BYTES), 24);
    check(peek((uintptr_t)entries) != 0);
    int console = open_or_fail("/dev/console", O_RDWR);
    check_eq(raw_syscall(SYS_ioctl, console, TIOCGWINSZ, untouched()), 0);
}

static void exit_with(uintptr_t status)
{
    _exit(status);
}

static void wait_status_untouched(void)
{
    for (unsigned i = 0; i < 20; i++) {
        int *status = untouched();
        struct rusage *usage = untouched();
        pid_t pid = child_start(exit_with, i);
        check_eq(wait4(pid, status, 0, usage), pid);
        check_eq(*status, i << 8);
        check_ge(usage->ru_minflt, 1);
    }
}

/* A result that straddles two untouched pages. */
static void result_straddles(void)
{
    uintptr_t start = heap_grow(4 * PAGE_BYTES);
    struct stat *st = (struct stat *)(start + PAGE_BYTES - 56);
    int *status = (int *)(start + 3 * PAGE_BYTES - 2);

    check_eq(stat(SELF, st), 0);
    check(S_ISREG(st->st_mode));
    check_ge(st->st_size, 5 * PAGE_BYTES);
    pid_t pid = child_start(exit_with, 200);
    check_eq(raw_syscall(SYS_wait4, pid, status, 0, 0), pid);
    uint8_t bytes[4];
    memcpy(bytes, status, 4);
    check_eq(bytes[1], 200);
}

/* ---- S8: arguments in untouched memory ---- */

static void arguments_untouched(void)
{
    int fds[2];

    pipe_or_fail(fds);
    check_eq(write(fds[1], untouched(), 100), 100);
    char bytes[100];
    memset(bytes, 1, sizeof(bytes));
    check_eq(read(fds[0], bytes, sizeof(bytes)), 100);
    for (size_t i = 0; i < 100; i++)
        check_eq(bytes[i], 0);

    check_eq(raw_syscall(SYS_nanosleep, untouched(), untouched()), 0);
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, untouched(), O_RDONLY, 0), -ENOENT);
    check_eq(raw_syscall(SYS_newfstatat, AT_FDCWD, untouched(), untouched(), 0), -ENOENT);
    check_eq(raw_syscall(SYS_execve, untouched(), untouched(), untouched()), -ENOENT);
    check_eq(readv(fds[0], untouched(), 4), 0);         /* four empty parts */
    check_eq(writev(fds[1], untouched(), 4), 0);
}

/* A path whose end lies in an untouched page. */
static void path_ends_in_untouched(void)
{
    uintptr_t start = heap_grow(3 * PAGE_BYTES);
    struct stat st;

    poke_byte(start + PAGE_BYTES - 1, '/');
    int fd = open((char *)start + PAGE_BYTES - 1, O_RDONLY);
    check_ge(fd, 0);
    check_eq(fstat(fd, &st), 0);
    check(S_ISDIR(st.st_mode));
    memcpy((char *)heap_end() - 2, "/", 2);             /* the NUL is the last byte that there is */
    check_eq(stat((char *)heap_end() - 2, &st), 0);
    memcpy((char *)start + 2 * PAGE_BYTES - 15, SELF, 15);
    check_eq(stat((char *)start + 2 * PAGE_BYTES - 15, &st), 0);
    check(S_ISREG(st.st_mode));
}

/* readv and writev: parts here and there, over many untouched pages, the list of parts straddling a boundary. */
static void vectors(void)
{
    uintptr_t list = heap_grow(2 * PAGE_BYTES), to = heap_grow(64 * PAGE_BYTES);
    struct iovec *parts = (struct iovec *)(list + PAGE_BYTES - 40);
    static char text[5000];
    int fds[2];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 251;
    pipe_or_fail(fds);
    for (unsigned i = 0; i < 5; i++)
        parts[i] = (struct iovec){ text + i * 700, 700 };
    check_eq(writev(fds[1], parts, 5), 3500);
    for (unsigned i = 0; i < 5; i++)
        parts[i] = (struct iovec){ (char *)to + i * 3 * PAGE_BYTES + PAGE_BYTES - 350, 700 };
    check_eq(readv(fds[0], parts, 5), 3500);
    for (unsigned i = 0; i < 5; i++)
        check_eq(memcmp(parts[i].iov_base, text + i * 700, 700), 0);
}

/* ---- g: buffers over many pages ---- */

static void long_buffers(void)
{
    size_t len = MIB(1);
    uintptr_t start = heap_grow(len + PAGE_BYTES) + 1234;
    int zero = open_or_fail("/dev/zero", O_RDONLY), null = open_or_fail("/dev/null", O_WRONLY);

    memset((void *)(start + len / 2), 0xff, len / 4);   /* touched in the middle, untouched around it */
    check_eq(read(zero, (void *)start, len), len);
    for (size_t i = 0; i < len; i++)
        check_eq(peek_byte(start + i), 0);
    check_eq(write(null, (void *)start, len), len);
    check_eq(write(null, (void *)heap_grow(len), len), len);
}

/* A file of the archive, read in one go into untouched pages, equals the same file read in small pieces. */
static void file_into_untouched(void)
{
    size_t len = 5 * PAGE_BYTES;
    uintptr_t whole = heap_grow(len + PAGE_BYTES) + 77;
    int fd = open_or_fail(SELF, O_RDONLY);
    static char piece[512];

    check_eq(read(fd, (void *)whole, len), len);
    check_eq(lseek(fd, 0, SEEK_SET), 0);
    for (size_t offset = 0; offset < len; offset += sizeof(piece)) {
        check_eq(read(fd, piece, sizeof(piece)), sizeof(piece));
        check_eq(memcmp(piece, (char *)whole + offset, sizeof(piece)), 0);
    }
}

#define STREAM_BYTES KIB(256)

static void send_stream(uintptr_t fd)
{
    uintptr_t start = heap_grow(STREAM_BYTES);

    for (size_t i = 0; i < STREAM_BYTES; i += 8)
        poke(start + i, i * 0x9e3779b97f4a7c15);
    check_eq(write_all(fd, (void *)start, STREAM_BYTES), 0);
}

/* Through a pipe, writer and reader asleep in turn in the middle of their buffers. */
static void stream_into_untouched(void)
{
    int fds[2];
    uintptr_t start = heap_grow(STREAM_BYTES);

    pipe_or_fail(fds);
    pid_t pid = child_start(send_stream, fds[1]);
    close(fds[1]);
    size_t done = 0;
    ssize_t n;
    while ((n = read(fds[0], (char *)start + done, STREAM_BYTES - done)) > 0)
        done += n;
    check_eq(done, STREAM_BYTES);
    for (size_t i = 0; i < STREAM_BYTES; i += 8)
        check_eq(peek(start + i), i * 0x9e3779b97f4a7c15);
    expect_status(pid, 0);
}

/* ---- g: partly bad ---- */

/* Everything that is left in the pipe, given that nobody else will write: how many bytes, continuing the count from next on. */
static size_t drain_counted(int fds[2], uint8_t next)
{
    uint8_t byte;
    size_t n = 0;

    close(fds[1]);
    while (read(fds[0], &byte, 1) == 1) {
        check_eq(byte, next);
        next++;
        n++;
    }
    close(fds[0]);
    return n;
}

static void fill_counted(uintptr_t start, size_t len)
{
    for (size_t i = 0; i < len; i++)
        poke_byte(start + i, i);
}

/* write(2) from a buffer that runs over the heap's end: EFAULT and nothing written, or exactly what it says. */
static void partly_bad_write(void)
{
    for (size_t good = 1; good <= 2048; good *= 2) {
        int fds[2];
        heap_grow(PAGE_BYTES);
        uintptr_t start = heap_end() - good;
        fill_counted(start, good);
        pipe_or_fail(fds);
        long n = raw_syscall(SYS_write, fds[1], start, 4000);
        if (n == -EFAULT) {
            check_eq(drain_counted(fds, 0), 0);
        } else {
            check(n > 0 && n <= (long)good);
            check_eq(drain_counted(fds, 0), n);
        }
    }
}

/* read(2) into such a buffer: what was not delivered is still in the pipe. */
static void partly_bad_read(void)
{
    static uint8_t counted[3000];

    fill_counted((uintptr_t)counted, sizeof(counted));
    for (size_t good = 1; good <= 2048; good *= 2) {
        int fds[2];
        heap_grow(PAGE_BYTES);
        uintptr_t start = heap_end() - good;
        pipe_or_fail(fds);
        check_eq(write(fds[1], counted, sizeof(counted)), sizeof(counted));
        long n = raw_syscall(SYS_read, fds[0], start, sizeof(counted));
        check(n == -EFAULT || (n > 0 && n <= (long)good));
        if (n == -EFAULT)
            n = 0;
        check_eq(memcmp((void *)start, counted, n), 0);
        check_eq(drain_counted(fds, n), sizeof(counted) - n);
    }
}

/* The same from a file: the offset moves by what was read. */
static void partly_bad_file_read(void)
{
    int fd = open_or_fail(SELF, O_RDONLY);

    heap_grow(2 * PAGE_BYTES);
    uintptr_t start = heap_end() - PAGE_BYTES - 100;
    check_eq(lseek(fd, 50, SEEK_SET), 50);
    long n = raw_syscall(SYS_read, fd, start, 3 * PAGE_BYTES);
    check(n == -EFAULT || (n > 0 && n <= (long)PAGE_BYTES + 100));
    check_eq(lseek(fd, 0, SEEK_CUR), 50 + (n > 0 ? n : 0));
    check_eq(raw_syscall(SYS_read, fd, heap_end(), 1), -EFAULT);
    check_eq(lseek(fd, 0, SEEK_CUR), 50 + (n > 0 ? n : 0));
}

/* ---- bad ---- */

static const uintptr_t bad_places[] = {
    0, 1, PAGE_BYTES, USER_END, 1ul << 39, 1ul << 63, 0x80000000, 0xffffffc000000000, 0xffffffff80000000, -PAGE_BYTES, -1ul,
};
#define NBAD (sizeof(bad_places) / sizeof(bad_places[0]))

static void bad_addresses(void)
{
    int fds[2];
    int zero = open_or_fail("/dev/zero", O_RDONLY), file = open_or_fail(SELF, O_RDONLY);
    int directory = open_or_fail("/", O_RDONLY | O_DIRECTORY);

    pipe_or_fail(fds);
    for (size_t i = 0; i <= NBAD; i++) {
        uintptr_t bad = i < NBAD ? bad_places[i] : heap_end();
        check_eq(raw_syscall(SYS_read, zero, bad, 8192), -EFAULT);
        check_eq(raw_syscall(SYS_read, file, bad, 8192), -EFAULT);
        check_eq(raw_syscall(SYS_write, fds[1], bad, 8192), -EFAULT);
        check_eq(write(fds[1], "x", 1), 1);
        check_eq(raw_syscall(SYS_read, fds[0], bad, 8192), -EFAULT);
        char byte = 0;
        check_eq(read(fds[0], &byte, 1), 1);            /* it is still there */
        check_eq(byte, 'x');
        check_eq(raw_syscall(SYS_openat, AT_FDCWD, bad, O_RDONLY, 0), -EFAULT);
        check_eq(raw_syscall(SYS_newfstatat, AT_FDCWD, SELF, bad, 0), -EFAULT);
        check_eq(raw_syscall(SYS_fstat, file, bad), -EFAULT);
        check_eq(raw_syscall(SYS_getdents64, directory, bad, 1000), -EFAULT);
        check_eq(raw_syscall(SYS_uname, bad), -EFAULT);
        check_eq(raw_syscall(SYS_execve, bad, 0, 0), -EFAULT);
        check_eq(raw_syscall(SYS_readv, zero, bad, 2), -EFAULT);
        if (bad != 0) {                                 /* where NULL would mean "nothing wanted" */
            check_eq(raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, bad), -EFAULT);
            check_eq(raw_syscall(SYS_getrusage, RUSAGE_SELF, bad), -EFAULT);
            check_eq(raw_syscall(SYS_nanosleep, bad, 0), -EFAULT);
        }
    }
    check_eq(lseek(file, 0, SEEK_CUR), 0);
}

/* pipe2(2) with nowhere to put its result takes no descriptors; wait4(2) leaves no zombie behind. */
static void bad_result_places(void)
{
    int lowest = open_or_fail("/dev/null", O_RDONLY);

    close(lowest);
    for (size_t i = 0; i < NBAD; i++) {
        check_eq(raw_syscall(SYS_pipe2, bad_places[i], 0), -EFAULT);
        int fd = open_or_fail("/dev/null", O_RDONLY);
        check_eq(fd, lowest);
        close(fd);
    }
    for (size_t i = 1; i < NBAD; i++) {
        child_start(exit_with, 0);
        check_eq(raw_syscall(SYS_wait4, -1, bad_places[i], 0, 0), -EFAULT);
        while (wait(NULL) > 0)
            ;
        check_eq(errno, ECHILD);
    }
}

/* The kernel writes only where the program may: not into text or constants. */
static void read_into_read_only(void)
{
    static const char constant[64] = "constant";
    uint64_t text = peek((uintptr_t)read_into_read_only);
    int zero = open_or_fail("/dev/zero", O_RDONLY);

    int file = open_or_fail(SELF, O_RDONLY);

    for (unsigned i = 0; i < 2; i++) {                  /* zeroes and copies go different ways in the kernel */
        int fd = i == 0 ? zero : file;
        check_eq(raw_syscall(SYS_read, fd, constant, 8), -EFAULT);
        check_eq(peek_byte((uintptr_t)constant), 'c');
        check_eq(raw_syscall(SYS_read, fd, read_into_read_only, 8), -EFAULT);
        check_eq(peek((uintptr_t)read_into_read_only), text);
    }
    int null = open_or_fail("/dev/null", O_WRONLY);
    check_eq(write(null, constant, 8), 8);
}

/* A string that runs over the heap's end has no end, and one that is too long has none in time. */
static void unterminated_strings(void)
{
    heap_grow(PAGE_BYTES);
    char *last = (char *)heap_end() - 1;

    *last = 'x';
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, last, O_RDONLY, 0), -EFAULT);
    check_eq(raw_syscall(SYS_newfstatat, AT_FDCWD, last, last - 200, 0), -EFAULT);
    check_eq(raw_syscall(SYS_execve, last, 0, 0), -EFAULT);
    char *long_name = (char *)heap_grow(16 * PAGE_BYTES);
    memset(long_name, 'y', 16 * PAGE_BYTES);
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, long_name, O_RDONLY, 0), -ENAMETOOLONG);
    check_eq(raw_syscall(SYS_execve, long_name, 0, 0), -ENAMETOOLONG);
}

/* A length that is negative, or wraps around the end of the address space, delivers nothing beyond what is there. */
static void enormous_lengths(void)
{
    int zero = open_or_fail("/dev/zero", O_RDONLY), file = open_or_fail(SELF, O_RDONLY);
    int fds[2];
    static const size_t lengths[] = { -1ul, -PAGE_BYTES, 1ul << 63, (1ul << 63) - 1, USER_END };

    pipe_or_fail(fds);
    heap_grow(PAGE_BYTES);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        long n = raw_syscall(SYS_read, file, heap_end() - 1, lengths[i]);
        check(n == -EFAULT || n == -EINVAL || n == 1);
        n = raw_syscall(SYS_read, zero, heap_end() - 1, lengths[i]);
        check(n == -EFAULT || n == -EINVAL || n == 1);
        n = raw_syscall(SYS_write, fds[1], heap_end() - 1, lengths[i]);
        check(n == -EFAULT || n == -EINVAL || n == 1);
    }
}

/* The kernel's stores obey copy-on-write: what read(2) delivers to a child is not seen by its parent. */
static void read_after_fork(uintptr_t page)
{
    int zero = open_or_fail("/dev/zero", O_RDONLY);

    check_eq(peek(page), 0x1111);
    check_eq(read(zero, (void *)page, PAGE_BYTES), PAGE_BYTES);
    check_eq(peek(page), 0);
}

static void read_file_after_fork(uintptr_t page)
{
    int file = open_or_fail(SELF, O_RDONLY);

    check_eq(peek(page), 0x1111);
    check_eq(read(file, (void *)page, 4), 4);
    check_eq(memcmp((void *)page, "\x7f" "ELF", 4), 0);
}

static void call_copies_on_write(void)
{
    uintptr_t page = heap_grow(PAGE_BYTES);

    for (unsigned round = 0; round < 20; round++) {
        poke(page, 0x1111);
        expect_ok(read_after_fork, page);
        check_eq(peek(page), 0x1111);
        expect_ok(read_file_after_fork, page);
        check_eq(peek(page), 0x1111);
    }
}

/* ---- whole pages through a pipe: the reader gets the frame instead of a copy ---- */

static void page_fill(uintptr_t page, uint64_t word)
{
    for (size_t i = 0; i < PAGE_BYTES; i += 8)
        poke(page + i, word + i);
}

static void page_expect(uintptr_t page, uint64_t word)
{
    for (size_t i = 0; i < PAGE_BYTES; i += 8)
        check_eq(peek(page + i), word + i);
}

static void read_page(int fd, uintptr_t to, uint64_t word)
{
    check_eq(read(fd, (void *)to, PAGE_BYTES), PAGE_BYTES);
    page_expect(to, word);
}

static void read_page_as_child(uintptr_t fd_and_page)
{
    uintptr_t page = fd_and_page & -PAGE_BYTES;

    page_expect(page, 0x3333);
    read_page(fd_and_page % PAGE_BYTES, page, 0x1111);
}

static void pages_through_pipe(void)
{
    static uint8_t data[2 * PAGE_BYTES] = { 1 };
    uintptr_t from = heap_grow(2 * PAGE_BYTES), to = from + PAGE_BYTES, in_data = page_up((uintptr_t)data);
    uint8_t few[16];
    int fds[2];

    pipe_or_fail(fds);
    page_fill(from, 0x1111);
    page_fill(to, 0x2222);
    check_eq(write(fds[1], (void *)from, PAGE_BYTES), PAGE_BYTES);
    read_page(fds[0], to, 0x1111);                  /* what the program saw there before must be out of sight */
    page_fill(to, 0x3333);                          /* the page is the program's own: it can store, and */
    page_expect(from, 0x1111);                      /* nobody else sees it */

    /* The frame that the pipe got in return holds old bytes; a reader never gets to see them. */
    check_eq(write(fds[1], "x", 1), 1);
    memset(few, 0x55, sizeof(few));
    check_eq(read(fds[0], few, sizeof(few)), 1);
    check(few[0] == 'x' && few[1] == 0x55);

    /* Copy-on-write: the child reads into a page that it shares. */
    check_eq(write(fds[1], (void *)from, PAGE_BYTES), PAGE_BYTES);
    check_le(fds[0], PAGE_BYTES - 1);
    expect_ok(read_page_as_child, to | (uintptr_t)fds[0]);
    page_expect(to, 0x3333);

    /* Into a page of the program's file, and one that was never touched. */
    check_eq(write(fds[1], (void *)from, PAGE_BYTES), PAGE_BYTES);
    read_page(fds[0], in_data, 0x1111);
    check_eq(write(fds[1], (void *)from, PAGE_BYTES), PAGE_BYTES);
    read_page(fds[0], heap_grow(PAGE_BYTES), 0x1111);

    /* Nowhere to put it: it stays in the pipe. */
    check_eq(write(fds[1], (void *)to, PAGE_BYTES), PAGE_BYTES);
    check_eq(raw_syscall(SYS_read, fds[0], (uintptr_t)pages_through_pipe & -PAGE_BYTES, PAGE_BYTES), -EFAULT);
    check_eq(raw_syscall(SYS_read, fds[0], heap_end(), PAGE_BYTES), -EFAULT);
    check_eq(raw_syscall(SYS_read, fds[0], -PAGE_BYTES, PAGE_BYTES), -EFAULT);
    read_page(fds[0], from, 0x3333);
}

const struct test_case call_cases[] = {
    { .name = "S8 results into untouched memory", .run = results_into_untouched },
    { .name = "S8 wait status in untouched memory", .run = wait_status_untouched },
    { .name = "S8 result straddles untouched pages", .run = result_straddles },
    { .name = "S8 arguments in untouched memory", .run = arguments_untouched },
    { .name = "S8 path ends in untouched memory", .run = path_ends_in_untouched },
    { .name = "S8 vectors", .run = vectors },
    { .name = "g long buffers", .run = long_buffers },
    { .name = "g file into untouched memory", .run = file_into_untouched },
    { .name = "g stream into untouched memory", .run = stream_into_untouched },
    { .name = "g partly bad write", .run = partly_bad_write },
    { .name = "g partly bad read", .run = partly_bad_read },
    { .name = "g partly bad file read", .run = partly_bad_file_read },
    { .name = "bad addresses", .run = bad_addresses },
    { .name = "bad result places", .run = bad_result_places },
    { .name = "read into read-only memory", .run = read_into_read_only },
    { .name = "unterminated strings", .run = unterminated_strings },
    { .name = "enormous lengths", .run = enormous_lengths },
    { .name = "calls copy on write", .run = call_copies_on_write },
    { .name = "whole pages through a pipe", .run = pages_through_pipe },
    { .name = NULL },
};
