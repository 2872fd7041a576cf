/*
 * posix_pipes.c - pipes: capacity, atomic writes, ends that close, waiting and not waiting; poll.
 * Contracts: pipe(2), pipe(7), poll(2), fcntl(2).
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "posix.h"

#define CAPACITY KIB(64)                            /* pipe(7) */

static char buffer[CAPACITY + PAGE_BYTES];

/* ---- reading and writing ---- */

/* Bytes come out as they went in, in any portions, once. */
CASE(pipe_carries_bytes)
{
    int fds[2];

    check_ok(pipe(fds));
    check_eq(write(fds[1], "abc", 3), 3);
    check_eq(write(fds[1], "defg", 4), 4);
    check_eq(read(fds[0], buffer, 2), 2);
    check(memcmp(buffer, "ab", 2) == 0);
    check_eq(read(fds[0], buffer, 100), 5);
    check(memcmp(buffer, "cdefg", 5) == 0);
    check_eq(write(fds[1], "", 0), 0);
    check_eq(read(fds[0], buffer, 0), 0);
}

/* Each end is for one direction, and a pipe has no offset. */
CASE(pipe_ends)
{
    int fds[2];

    check_ok(pipe(fds));
    check_errno(write(fds[0], "x", 1), EBADF);
    check_errno(read(fds[1], buffer, 1), EBADF);
    check_errno(lseek(fds[0], 0, SEEK_CUR), ESPIPE);
    check_errno(lseek(fds[1], 0, SEEK_SET), ESPIPE);
    check_errno(pread(fds[0], buffer, 1, 0), ESPIPE);
    check_errno(pwrite(fds[1], buffer, 1, 0), ESPIPE);
    check(S_ISFIFO(fstat_of(fds[0]).st_mode));
    struct stat a = fstat_of(fds[0]), b = fstat_of(fds[1]);
    check(same_file(&a, &b));
    check_eq(fcntl(fds[0], F_GETFL) & O_ACCMODE, O_RDONLY);
    check_eq(fcntl(fds[1], F_GETFL) & O_ACCMODE, O_WRONLY);
}

/* pipe and pipe2 refuse bad memory and unknown flags, and open nothing then. */
CASE(pipe_errors)
{
    int fds[2], next = check_fd(dup(0));

    check_ok(close(next));
    check_errno(syscall(SYS_pipe2, BAD_ADDRESS, 0), EFAULT);
    check_errno(pipe2(fds, O_CREAT), EINVAL);
    check_eq(dup(0), next);
}

/* With all writers gone what is left is read, and then the end. */
CASE(pipe_end_of_file)
{
    int fds[2];

    check_ok(pipe(fds));
    int copy = check_fd(dup(fds[1]));
    check_eq(write(fds[1], "ab", 2), 2);
    check_ok(close(fds[1]));
    check_eq(write(copy, "c", 1), 1);
    check_ok(close(copy));
    check_eq(read(fds[0], buffer, 2), 2);
    check_eq(read(fds[0], buffer, 2), 1);
    check_eq(read(fds[0], buffer, 2), 0);
    check_eq(read(fds[0], buffer, 2), 0);
}

static void write_to_nobody(uintptr_t unused)
{
    int fds[2];

    (void)unused;
    check_ok(pipe(fds));
    check_ok(close(fds[0]));
    _exit(write(fds[1], "x", 1) < 0 ? 2 : 3);
}

/* Writing with all readers gone is death by SIGPIPE, for who has not said otherwise. */
CASE(pipe_without_readers)
{
    expect_death(write_to_nobody, 0, SIGPIPE);
}

/* Who ignores SIGPIPE is told EPIPE. */
CASE(pipe_without_readers_is_epipe)
{
    int fds[2];

    check(signal(SIGPIPE, SIG_IGN) == SIG_DFL);
    check_ok(pipe(fds));
    check_eq(write(fds[1], "x", 1), 1);
    check_ok(close(fds[0]));
    check_errno(write(fds[1], "x", 1), EPIPE);
    check_eq(write(fds[1], "", 0), 0);
}

static void write_much(uintptr_t fd)
{
    memset(buffer, 'x', sizeof(buffer));
    for (int i = 0; i < 4; i++)
        check_eq(write((int)fd, buffer, CAPACITY), CAPACITY);
}

/* A writer waits until there is room for all, and a reader takes what there is. */
CASE(pipe_writer_waits)
{
    size_t total = 0;
    ssize_t got;
    int fds[2];

    check_ok(pipe(fds));
    pid_t pid = child_start(write_much, fds[1]);
    check_ok(close(fds[1]));
    while ((got = read(fds[0], buffer, 777)) > 0)
        total += got;
    check_eq(got, 0);
    check_eq(total, 4 * CAPACITY);
    expect_status(pid, 0);
}

static void close_and_wait(uintptr_t packed)
{
    char byte;

    check_ok(close((int)(packed & 0xff)));
    check_eq(read((int)(packed >> 8), &byte, 1), 0);
}

/* A reader waits for the last writer, who may be another process. */
CASE(pipe_reader_waits)
{
    int fds[2];

    check_ok(pipe(fds));
    pid_t pid = child_start(close_and_wait, (uintptr_t)fds[0] << 8 | fds[1]);
    check_ok(close(fds[0]));
    check_eq(waitpid(pid, NULL, WNOHANG), 0);
    check_ok(close(fds[1]));
    expect_status(pid, 0);
}

/* ---- capacity ---- */

/* A pipe holds 64 KiB; one byte more and a writer that does not wait is told EAGAIN. */
CASE(pipe_capacity)
{
    int fds[2], n;

    check_ok(pipe2(fds, O_NONBLOCK));
    check_eq(fcntl(fds[0], F_GETPIPE_SZ), CAPACITY);
    check_eq(fcntl(fds[1], F_GETPIPE_SZ), CAPACITY);
    check_eq(write(fds[1], buffer, CAPACITY), CAPACITY);
    check_errno(write(fds[1], buffer, 1), EAGAIN);
    check_ok(ioctl(fds[0], FIONREAD, &n));
    check_eq(n, CAPACITY);
    check_eq(read(fds[0], buffer, sizeof(buffer)), CAPACITY);
    check_errno(read(fds[0], buffer, 1), EAGAIN);
    check_ok(ioctl(fds[0], FIONREAD, &n));
    check_eq(n, 0);
    int file = make_open_file("f", "");
    check_errno(fcntl(file, F_GETPIPE_SZ), EBADF);
}

/* A write of at most PIPE_BUF bytes goes in whole or not at all; a longer one in part. */
CASE(pipe_write_is_atomic)
{
    int fds[2];

    check_ok(pipe2(fds, O_NONBLOCK));
    check_eq(write(fds[1], buffer, CAPACITY - PIPE_BUF + 1), CAPACITY - PIPE_BUF + 1);
    check_errno(write(fds[1], buffer, PIPE_BUF), EAGAIN);
    check_eq(write(fds[1], buffer, PIPE_BUF - 1), PIPE_BUF - 1);
    check_errno(write(fds[1], buffer, 1), EAGAIN);
    check_eq(read(fds[0], buffer, 2 * PIPE_BUF), 2 * PIPE_BUF);
    check_eq(write(fds[1], buffer, CAPACITY), 2 * PIPE_BUF);
}

/* A single write of more than the capacity, by a writer that does not wait, puts in what fits. */
CASE(pipe_takes_part_of_long_write)
{
    int fds[2];

    check_ok(pipe2(fds, O_NONBLOCK));
    check_eq(write(fds[1], buffer, CAPACITY + PAGE_BYTES), CAPACITY);
}

#define WRITERS 3
#define RECORDS 60

static void write_records(uintptr_t packed)
{
    char record[PIPE_BUF];

    memset(record, (int)(packed & 0xff), sizeof(record));
    for (int i = 0; i < RECORDS; i++)
        check_eq(write((int)(packed >> 8), record, sizeof(record)), sizeof(record));
}

/* Writes of PIPE_BUF bytes by several processes at once are not mixed. */
CASE(pipe_records_are_not_mixed)
{
    int fds[2], counts[WRITERS] = { 0 };
    pid_t writers[WRITERS];

    check_ok(pipe(fds));
    for (int i = 0; i < WRITERS; i++)
        writers[i] = child_start(write_records, (uintptr_t)fds[1] << 8 | i);
    check_ok(close(fds[1]));
    for (int n = 0; n < WRITERS * RECORDS; n++) {
        for (size_t have = 0; have < PIPE_BUF;) {
            ssize_t got = read(fds[0], buffer + have, PIPE_BUF - have);
            check_ge(got, 1);
            have += got;
        }
        for (size_t i = 1; i < PIPE_BUF; i++)
            if (buffer[i] != buffer[0])
                fail("record %d: byte %u is of writer %d, the first of writer %d", n, (unsigned)i, buffer[i], buffer[0]);
        check_le(buffer[0], WRITERS - 1);
        counts[(int)buffer[0]]++;
    }
    check_eq(read(fds[0], buffer, 1), 0);
    for (int i = 0; i < WRITERS; i++) {
        check_eq(counts[i], RECORDS);
        expect_status(writers[i], 0);
    }
}

/* O_NONBLOCK is of one end, and can come and go. */
CASE(pipe_nonblock_is_of_one_end)
{
    int fds[2];

    check_ok(pipe(fds));
    check_ok(fcntl(fds[0], F_SETFL, O_NONBLOCK));
    check_eq(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    check_eq(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
    check_errno(read(fds[0], buffer, 1), EAGAIN);
    check_eq(write(fds[1], "x", 1), 1);
    check_eq(read(fds[0], buffer, 1), 1);
    check_ok(close(fds[1]));
    check_eq(read(fds[0], buffer, 1), 0);
}

/* readv and writev work on pipes as on files. */
CASE(pipe_vectors)
{
    char a[2], b[4];
    struct iovec out[] = { { "abc", 3 }, { "de", 2 } }, in[] = { { a, 2 }, { b, 4 } };
    int fds[2];

    check_ok(pipe(fds));
    check_eq(writev(fds[1], out, 2), 5);
    check_eq(readv(fds[0], in, 2), 5);
    check(memcmp(a, "ab", 2) == 0 && memcmp(b, "cde", 3) == 0);
}

/* Bad memory is EFAULT; what was read into good memory is not lost. */
CASE(pipe_bad_buffer)
{
    int fds[2];

    check_ok(pipe2(fds, O_NONBLOCK));
    check_errno(syscall(SYS_write, fds[1], BAD_ADDRESS, 5), EFAULT);
    check_errno(read(fds[0], buffer, 1), EAGAIN);
    check_eq(write(fds[1], "abc", 3), 3);
    check_errno(syscall(SYS_read, fds[0], BAD_ADDRESS, 3), EFAULT);
    check_eq(read(fds[0], buffer, 5), 3);
    check(memcmp(buffer, "abc", 3) == 0);
}

/* ---- poll ---- */

static short events_of(int fd, short asked)
{
    struct pollfd one = { fd, asked, 0 };
    int ready = poll(&one, 1, 0);

    check_eq(ready, one.revents != 0);
    return one.revents;
}

/* What poll says of the end that reads: nothing, POLLIN, POLLIN and POLLHUP, POLLHUP. */
CASE(poll_of_reader)
{
    int fds[2];

    check_ok(pipe(fds));
    check_eq(events_of(fds[0], POLLIN | POLLOUT), 0);
    check_eq(write(fds[1], "x", 1), 1);
    check_eq(events_of(fds[0], POLLIN), POLLIN);
    check_eq(events_of(fds[0], 0), 0);
    check_ok(close(fds[1]));
    check_eq(events_of(fds[0], POLLIN), POLLIN | POLLHUP);
    check_eq(events_of(fds[0], 0), POLLHUP);
    check_eq(read(fds[0], buffer, 1), 1);
    check_eq(events_of(fds[0], POLLIN), POLLHUP);
}

/* What poll says of the end that writes: POLLOUT when an atomic write would go in; POLLERR when nobody reads. */
CASE(poll_of_writer)
{
    int fds[2];

    check_ok(pipe2(fds, O_NONBLOCK));
    check_eq(events_of(fds[1], POLLIN | POLLOUT), POLLOUT);
    check_eq(write(fds[1], buffer, CAPACITY), CAPACITY);
    check_eq(events_of(fds[1], POLLOUT), 0);
    check_eq(read(fds[0], buffer, 1), 1);
    check_eq(events_of(fds[1], POLLOUT), 0);
    check_eq(read(fds[0], buffer, PIPE_BUF - 1), PIPE_BUF - 1);
    check_eq(events_of(fds[1], POLLOUT), POLLOUT);
    check_ok(close(fds[0]));
    check_eq(events_of(fds[1], POLLOUT), POLLOUT | POLLERR);
    check_eq(events_of(fds[1], 0), POLLERR);
}

/* poll tells of several descriptors at once, and counts those that have something. */
CASE(poll_of_several)
{
    int a[2], b[2];

    check_ok(pipe(a));
    check_ok(pipe(b));
    struct pollfd fds[] = { { a[0], POLLIN, 9 }, { b[0], POLLIN, 9 }, { a[1], POLLOUT, 9 }, { -1, POLLIN, 9 } };
    check_eq(poll(fds, 2, 0), 0);
    check_eq(fds[0].revents, 0);
    check_eq(write(b[1], "x", 1), 1);
    check_eq(poll(fds, 4, -1), 2);
    check_eq(fds[0].revents, 0);
    check_eq(fds[1].revents, POLLIN);
    check_eq(fds[2].revents, POLLOUT);
    check_eq(fds[3].revents, 0);
    check_eq(fds[1].events, POLLIN);
    struct pollfd twice[] = { { b[0], POLLIN, 0 }, { b[0], POLLIN, 0 } };
    check_eq(poll(twice, 2, -1), 2);
}

static long milliseconds(void)
{
    struct timespec now;

    check_ok(clock_gettime(CLOCK_MONOTONIC, &now));
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* poll gives up after its time and not before; without descriptors it only waits. */
CASE(poll_times_out)
{
    struct timespec span = { 0, 30000000 };
    int fds[2];

    check_ok(pipe(fds));
    struct pollfd one = { fds[0], POLLIN, 0 };
    long start = milliseconds();
    check_eq(poll(&one, 1, 30), 0);
    check_ge(milliseconds() - start, 29);
    start = milliseconds();
    check_eq(poll(NULL, 0, 30), 0);
    check_ge(milliseconds() - start, 29);
    start = milliseconds();
    check_eq(ppoll(&one, 1, &span, NULL), 0);
    check_ge(milliseconds() - start, 29);
    check_eq(span.tv_nsec, 30000000);
    span.tv_nsec = 0;
    check_eq(ppoll(&one, 1, &span, NULL), 0);
}

static void write_when_told(uintptr_t packed)
{
    char byte;

    check_eq(read((int)(packed >> 8), &byte, 1), 1);
    check_eq(write((int)(packed & 0xff), "x", 1), 1);
}

/* poll without an end to its patience wakes when another process writes. */
CASE(poll_wakes_for_write)
{
    int tell[2], answer[2];

    check_ok(pipe(tell));
    check_ok(pipe(answer));
    pid_t pid = child_start(write_when_told, (uintptr_t)tell[0] << 8 | answer[1]);
    struct pollfd one = { answer[0], POLLIN, 0 };
    check_eq(poll(&one, 1, 0), 0);
    check_eq(write(tell[1], "x", 1), 1);
    check_eq(poll(&one, 1, -1), 1);
    check_eq(one.revents, POLLIN);
    expect_status(pid, 0);
}

static void exit_when_told(uintptr_t fd)
{
    char byte;

    check_eq(read((int)fd, &byte, 1), 1);
}

/* It wakes when the last writer ends, too. */
CASE(poll_wakes_for_hang_up)
{
    int tell[2], answer[2];

    check_ok(pipe(tell));
    check_ok(pipe(answer));
    pid_t pid = child_start(exit_when_told, tell[0]);
    check_ok(close(answer[1]));
    struct pollfd one = { answer[0], POLLIN, 0 };
    check_eq(poll(&one, 1, 0), 0);
    check_eq(write(tell[1], "x", 1), 1);
    check_eq(poll(&one, 1, -1), 1);
    check_eq(one.revents, POLLHUP);
    expect_status(pid, 0);
}

static void drain(uintptr_t fd)
{
    size_t total = 0;

    while (total < CAPACITY) {
        ssize_t got = read((int)fd, buffer, sizeof(buffer));
        check_ge(got, 1);
        total += got;
    }
}

/* And when a reader makes room. */
CASE(poll_wakes_for_room)
{
    int fds[2];

    check_ok(pipe(fds));
    check_eq(write(fds[1], buffer, CAPACITY), CAPACITY);
    struct pollfd one = { fds[1], POLLOUT, 0 };
    check_eq(poll(&one, 1, 0), 0);
    pid_t pid = child_start(drain, fds[0]);
    check_eq(poll(&one, 1, -1), 1);
    check_eq(one.revents, POLLOUT);
    expect_status(pid, 0);
}

/* What poll refuses. */
CASE(poll_errors)
{
    struct timespec wrong = { 0, 1000000000 }, negative = { -1, 0 };
    struct pollfd one = { 0, 0, 0 };

    check_errno(syscall(SYS_ppoll, BAD_ADDRESS, 1, NULL, NULL, 8), EFAULT);
    check_errno(syscall(SYS_ppoll, &one, 1, BAD_ADDRESS, NULL, 8), EFAULT);
    check_errno(syscall(SYS_ppoll, &one, 1, &wrong, NULL, 8), EINVAL);
    check_errno(syscall(SYS_ppoll, &one, 1, &negative, NULL, 8), EINVAL);
    check_errno(syscall(SYS_ppoll, &one, 1 << 30, NULL, NULL, 8), EINVAL);
}

const struct test_case pipe_cases[] = {
    { .name = "pipe carries bytes", .run = pipe_carries_bytes },
    { .name = "pipe ends", .run = pipe_ends },
    { .name = "pipe errors", .run = pipe_errors },
    { .name = "pipe end of file", .run = pipe_end_of_file },
    { .name = "pipe without readers", .run = pipe_without_readers },
    { .name = "pipe without readers is epipe", .run = pipe_without_readers_is_epipe },
    { .name = "pipe writer waits", .run = pipe_writer_waits },
    { .name = "pipe reader waits", .run = pipe_reader_waits },
    { .name = "pipe capacity", .run = pipe_capacity },
    { .name = "pipe write is atomic", .run = pipe_write_is_atomic },
    { .name = "pipe takes part of long write", .run = pipe_takes_part_of_long_write },
    { .name = "pipe records are not mixed", .run = pipe_records_are_not_mixed },
    { .name = "pipe nonblock is of one end", .run = pipe_nonblock_is_of_one_end },
    { .name = "pipe vectors", .run = pipe_vectors },
    { .name = "pipe bad buffer", .run = pipe_bad_buffer },
    { .name = "poll of reader", .run = poll_of_reader },
    { .name = "poll of writer", .run = poll_of_writer },
    { .name = "poll of several", .run = poll_of_several },
    { .name = "poll times out", .run = poll_times_out },
    { .name = "poll wakes for write", .run = poll_wakes_for_write },
    { .name = "poll wakes for hang up", .run = poll_wakes_for_hang_up },
    { .name = "poll wakes for room", .run = poll_wakes_for_room },
    { .name = "poll errors", .run = poll_errors },
    { .name = NULL },
};
