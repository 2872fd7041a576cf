/*
 * posix_descriptors.c - descriptors: their numbers, what copies of them share; vectors; devices; poll on files.
 * Contracts: dup(2), fcntl(2), close(2), readv(2), ioctl(2), ioctl_fionread, null(4), full(4), random(4), poll(2).
 */
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "posix.h"

/* ---- numbers ---- */

/* A new descriptor is the lowest that is free. */
CASE(lowest_descriptor_first)
{
    int a = make_open_file("f", ""), b = check_fd(dup(a)), c = check_fd(dup(a));

    check_eq(b, a + 1);
    check_eq(c, a + 2);
    check_ok(close(a));
    check_ok(close(b));
    check_eq(open("f", O_RDONLY), a);
    check_eq(dup(c), b);
    check_eq(dup(c), c + 1);
}

/* A closed descriptor is EBADF for every call. */
CASE(closed_descriptor)
{
    int fd = make_open_file("f", ""), fds[2] = { fd, -1 };
    struct stat file;
    char byte = 0;

    check_ok(close(fd));
    for (int i = 0; i < 2; i++) {
        check_errno(close(fds[i]), EBADF);
        check_errno(read(fds[i], &byte, 1), EBADF);
        check_errno(write(fds[i], &byte, 1), EBADF);
        check_errno(read(fds[i], &byte, 0), EBADF);
        check_errno(fstat(fds[i], &file), EBADF);
        check_errno(dup(fds[i]), EBADF);
        check_errno(dup2(fds[i], fds[i]), EBADF);
        check_errno(fcntl(fds[i], F_GETFL), EBADF);
        check_errno(lseek(fds[i], 0, SEEK_SET), EBADF);
        check_errno(fchmod(fds[i], 0), EBADF);
    }
    check_errno(close(INT_MAX), EBADF);
    check_errno(close(INT_MIN), EBADF);
}

/* dup2 takes the number that it is told, closing what was there. */
CASE(dup2_takes_number)
{
    int a = make_open_file("a", "a"), b = make_open_file("b", "b");

    check_eq(dup2(a, b), b);
    check_contents_fd(b, "a");
    check_eq(dup2(a, 50), 50);
    check_contents_fd(50, "a");
    check_eq(dup2(a, a), a);
    check_errno(dup2(a, -1), EBADF);
    check_errno(dup2(a, 1 << 30), EBADF);
    check_errno(dup2(BAD_FD, b), EBADF);
    check_contents_fd(b, "a");
}

/* dup3 can close at exec, and refuses to do nothing. */
CASE(dup3_takes_flags)
{
    int a = make_open_file("a", "a");

    check_eq(dup3(a, 50, O_CLOEXEC), 50);
    check_eq(fcntl(50, F_GETFD), FD_CLOEXEC);
    check_errno(dup3(a, a, 0), EINVAL);
    check_errno(dup3(a, 51, O_APPEND), EINVAL);
    check_errno(dup3(BAD_FD, 51, 0), EBADF);
    check_errno(fcntl(51, F_GETFD), EBADF);
}

/* F_DUPFD takes the lowest number that is free and not below its argument. */
CASE(dupfd_takes_lowest_from)
{
    int a = make_open_file("a", "a");

    check_eq(fcntl(a, F_DUPFD, 40), 40);
    check_eq(fcntl(a, F_DUPFD, 40), 41);
    check_eq(fcntl(a, F_DUPFD_CLOEXEC, 40), 42);
    check_eq(fcntl(40, F_GETFD), 0);
    check_eq(fcntl(42, F_GETFD), FD_CLOEXEC);
    check_contents_fd(42, "a");
    check_errno(fcntl(a, F_DUPFD, -1), EINVAL);
    check_errno(fcntl(a, F_DUPFD, 1 << 30), EINVAL);
}

/* ---- what is shared ---- */

/* Copies of a descriptor share the offset and the status flags; each has its own close-on-exec. */
CASE(dup_shares_offset_and_flags)
{
    int a = make_open_file("f", "abcdef"), b = check_fd(dup(a)), other = check_fd(open("f", O_RDWR));

    check_eq(lseek(a, 3, SEEK_SET), 3);
    check_eq(lseek(b, 0, SEEK_CUR), 3);
    check_eq(lseek(other, 0, SEEK_CUR), 0);
    check_ok(fcntl(a, F_SETFL, O_APPEND));
    check_eq(fcntl(b, F_GETFL) & O_APPEND, O_APPEND);
    check_eq(fcntl(other, F_GETFL) & O_APPEND, 0);
    check_ok(fcntl(a, F_SETFD, FD_CLOEXEC));
    check_eq(fcntl(a, F_GETFD), FD_CLOEXEC);
    check_eq(fcntl(b, F_GETFD), 0);
    check_eq(fcntl(check_fd(dup(a)), F_GETFD), 0);
    check_ok(close(a));
    check_eq(lseek(b, 0, SEEK_CUR), 3);
}

static void seek_and_flag(uintptr_t fd)
{
    check_eq(lseek((int)fd, 5, SEEK_SET), 5);
    check_ok(fcntl((int)fd, F_SETFL, O_APPEND));
    check_ok(fcntl((int)fd, F_SETFD, FD_CLOEXEC));
}

/* So do parent and child after fork. */
CASE(fork_shares_offset_and_flags)
{
    int fd = make_open_file("f", "abcdef");

    expect_ok(seek_and_flag, fd);
    check_eq(lseek(fd, 0, SEEK_CUR), 5);
    check_eq(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);
    check_eq(fcntl(fd, F_GETFD), 0);
}

/* F_GETFL tells the access mode and the flags; F_SETFL changes O_APPEND and O_NONBLOCK and nothing else. */
CASE(setfl_changes_some_flags)
{
    make_file("f", "abc");
    int r = check_fd(open("f", O_RDONLY)), w = check_fd(open("f", O_WRONLY | O_APPEND | O_NONBLOCK));

    check_eq(fcntl(r, F_GETFL) & O_ACCMODE, O_RDONLY);
    check_eq(fcntl(w, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_WRONLY | O_APPEND | O_NONBLOCK);
    check_eq(fcntl(w, F_GETFL) & (O_CREAT | O_TRUNC | O_EXCL), 0);
    check_ok(fcntl(r, F_SETFL, O_RDWR | O_NONBLOCK | O_CREAT | O_TRUNC));
    check_eq(fcntl(r, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND), O_NONBLOCK);
    check_errno(write(r, "x", 1), EBADF);
    check_ok(fcntl(w, F_SETFL, 0));
    check_eq(fcntl(w, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_WRONLY);
    check_eq(write(w, "X", 1), 1);
    check_contents("f", "Xbc");
    check_errno(fcntl(r, 9999, 0), EINVAL);
    check_errno(fcntl(BAD_FD, F_GETFL), EBADF);
}

/* O_CLOEXEC closes at exec, and only there; what is not marked stays open, at its offset. */
CASE(cloexec_closes_at_exec)
{
    int marked = check_fd(open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0644)), plain = make_open_file("f", "abcdef"), fds[2];

    check_eq(fcntl(marked, F_GETFD), FD_CLOEXEC);
    check_eq(fcntl(plain, F_GETFD), 0);
    check_eq(lseek(plain, 4, SEEK_SET), 4);
    check_eq(helper_run("is-open", marked), 0);
    check_eq(helper_run("is-open", plain), 1);
    check_eq(helper_run("offset", plain), 4);
    check_ok(fcntl(marked, F_SETFD, 0));
    check_eq(helper_run("is-open", marked), 1);
    check_ok(pipe2(fds, O_CLOEXEC));
    check_eq(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    check_eq(helper_run("is-open", fds[1]), 0);
    check_eq(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
}

/* ---- vectors ---- */

/* readv fills its parts in order, writev empties them in order, empty ones included. */
CASE(vectors_scatter_and_gather)
{
    char a[3], b[5], c[8];
    struct iovec out[] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 }, { "g", 1 } };
    struct iovec in[] = { { a, 3 }, { NULL, 0 }, { b, 3 }, { c, 8 } };
    int fd = make_open_file("f", "");

    check_eq(writev(fd, out, 4), 7);
    check_contents_fd(fd, "abcdefg");
    check_eq(lseek(fd, 0, SEEK_SET), 0);
    check_eq(readv(fd, in, 4), 7);
    check(memcmp(a, "abc", 3) == 0 && memcmp(b, "def", 3) == 0 && c[0] == 'g');
    check_eq(readv(fd, in, 4), 0);
    check_eq(lseek(fd, 0, SEEK_CUR), 7);
}

/* How many parts there may be, and how long. */
CASE(vectors_errors)
{
    static char byte;
    struct iovec parts[1] = { { &byte, 1 } }, many[IOV_MAX + 1];
    int fd = make_open_file("f", "abc");

    for (int i = 0; i <= IOV_MAX; i++)
        many[i] = (struct iovec){ &byte, i == 0 };
    check_eq(readv(fd, parts, 0), 0);
    check_eq(writev(fd, parts, 0), 0);
    check_eq(readv(fd, many, IOV_MAX), 1);
    check_errno(syscall(SYS_readv, fd, many, IOV_MAX + 1), EINVAL);
    check_errno(syscall(SYS_readv, fd, parts, -1), EINVAL);
    parts[0].iov_len = (size_t)-1;
    check_errno(syscall(SYS_writev, fd, parts, 1), EINVAL);
    check_errno(syscall(SYS_readv, fd, BAD_ADDRESS, 1), EFAULT);
    check_errno(readv(BAD_FD, many, 1), EBADF);
    check_eq(lseek(fd, 0, SEEK_CUR), 1);
}

/* When a later part is not there, what went before counts. */
CASE(vectors_with_bad_part)
{
    char a[2];
    struct iovec parts[] = { { a, 2 }, { BAD_ADDRESS, 2 }, { a, 2 } };
    int fd = make_open_file("f", "abcdef");

    check_eq(syscall(SYS_readv, fd, parts, 3), 2);
    check_eq(lseek(fd, 0, SEEK_CUR), 2);
    check_eq(syscall(SYS_writev, fd, parts, 3), 2);
    check_contents_fd(fd, "ababef");
    check_errno(syscall(SYS_readv, fd, parts + 1, 2), EFAULT);
    check_eq(lseek(fd, 0, SEEK_CUR), 4);
}

/* ---- devices ---- */

/* /dev/null takes everything and gives nothing. */
CASE(device_null)
{
    char byte;
    int fd = check_fd(open("/dev/null", O_RDWR));
    struct stat file = fstat_of(fd);

    check(S_ISCHR(file.st_mode));
    check_eq(file.st_rdev, makedev(1, 3));
    check_eq(read(fd, &byte, 1), 0);
    check_eq(write(fd, "xyz", 3), 3);
    check_eq(lseek(fd, 100, SEEK_SET), 0);
    check_eq(read(fd, &byte, 1), 0);
    check_errno(ftruncate(fd, 0), EINVAL);
    check_fd(open("/dev/null", O_WRONLY | O_TRUNC | O_CREAT, 0644));
    check_errno(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR);
    check_errno(open("/dev/null/x", O_RDONLY), ENOTDIR);
}

/* /dev/zero gives zeros, as many as are asked for, and takes everything. */
CASE(device_zero)
{
    char buffer[5000];
    int fd = check_fd(open("/dev/zero", O_RDWR));

    check_eq(fstat_of(fd).st_rdev, makedev(1, 5));
    memset(buffer, 'x', sizeof(buffer));
    check_eq(read(fd, buffer, sizeof(buffer)), sizeof(buffer));
    for (size_t i = 0; i < sizeof(buffer); i++)
        check_eq(buffer[i], 0);
    check_eq(write(fd, buffer, sizeof(buffer)), sizeof(buffer));
    check_errno(syscall(SYS_read, fd, BAD_ADDRESS, 8), EFAULT);
}

/* /dev/full is always full. */
CASE(device_full)
{
    char byte = 'x';
    int fd = check_fd(open("/dev/full", O_RDWR));

    check_eq(fstat_of(fd).st_rdev, makedev(1, 7));
    check_errno(write(fd, &byte, 1), ENOSPC);
    check_eq(read(fd, &byte, 1), 1);
    check_eq(byte, 0);
}

/* /dev/random gives bytes that nobody can guess. */
CASE(device_random)
{
    unsigned char a[32], b[32];
    int fd = check_fd(open("/dev/random", O_RDONLY));

    memset(a, 0, sizeof(a));
    memset(b, 0, sizeof(b));
    check_eq(read(fd, a, sizeof(a)), sizeof(a));
    check_eq(read(fd, b, sizeof(b)), sizeof(b));
    check(memcmp(a, b, sizeof(a)) != 0);
}

/* A node for a device that no driver has can be made and not opened. */
CASE(device_without_driver)
{
    only_root();
    if (mknod("node", S_IFCHR | 0644, makedev(4000, 77)) != 0) {
        check_eq(errno, EPERM);
        skip("not root enough to make devices");
    }
    check_eq(stat_of("node").st_mode, S_IFCHR | 0644);
    check_eq(stat_of("node").st_rdev, makedev(4000, 77));
    int fd = open("node", O_RDONLY);
    check_eq(fd, -1);
    if (errno == EACCES)
        skip("devices do not work on this file system");
    check_eq(errno, ENXIO);
}

/* A node with the numbers of /dev/null is /dev/null. */
CASE(device_by_number)
{
    char byte;

    only_root();
    if (mknod("null", S_IFCHR | 0644, makedev(1, 3)) != 0)
        skip("not root enough to make devices");
    int fd = open("null", O_RDWR);
    if (fd < 0 && errno == EACCES)
        skip("devices do not work on this file system");
    check_eq(write(fd, "xyz", 3), 3);
    check_eq(read(fd, &byte, 1), 0);
    check_ok(unlink("null"));
}

/* ---- ioctl and poll on files ---- */

/* FIONREAD tells what is left to read; other requests are not for files. */
CASE(fionread_of_file)
{
    int fd = make_open_file("f", "abcdef"), n = -1, d = check_fd(open(".", O_RDONLY));

    check_ok(ioctl(fd, FIONREAD, &n));
    check_eq(n, 6);
    check_eq(lseek(fd, 4, SEEK_SET), 4);
    check_ok(ioctl(fd, FIONREAD, &n));
    check_eq(n, 2);
    check_errno(ioctl(fd, TIOCGWINSZ, &n), ENOTTY);
    check_errno(ioctl(fd, 0x12345678, &n), ENOTTY);
    check_errno(ioctl(d, FIONREAD, &n), ENOTTY);
    check_errno(ioctl(BAD_FD, FIONREAD, &n), EBADF);
    check_errno(syscall(SYS_ioctl, fd, FIONREAD, BAD_ADDRESS), EFAULT);
    check_eq(isatty(fd), 0);
    check_eq(errno, ENOTTY);
}

/* Files and directories are always ready, also at their end. */
CASE(poll_on_files)
{
    struct pollfd fds[] = {
        { make_open_file("f", ""), POLLIN | POLLOUT, 0 },
        { check_fd(open(".", O_RDONLY)), POLLIN, 0 },
        { check_fd(open("/dev/null", O_RDWR)), POLLIN | POLLOUT, 0 },
        { check_fd(open("/dev/zero", O_RDWR)), POLLIN, 0 },
    };

    check_eq(poll(fds, 4, -1), 4);
    check_eq(fds[0].revents, POLLIN | POLLOUT);
    check_eq(fds[1].revents, POLLIN);
    check_eq(fds[2].revents, POLLIN | POLLOUT);
    check_eq(fds[3].revents, POLLIN);
}

/* A closed descriptor is POLLNVAL and counts; a negative one is passed over. */
CASE(poll_on_no_file)
{
    struct pollfd fds[] = { { BAD_FD, POLLIN, 0 }, { -1, POLLIN, 77 }, { -5, 0, 77 } };

    check_eq(poll(fds, 3, -1), 1);
    check_eq(fds[0].revents, POLLNVAL);
    check_eq(fds[1].revents, 0);
    check_eq(fds[2].revents, 0);
}

const struct test_case descriptor_cases[] = {
    { .name = "lowest descriptor first", .run = lowest_descriptor_first },
    { .name = "closed descriptor", .run = closed_descriptor },
    { .name = "dup2 takes number", .run = dup2_takes_number },
    { .name = "dup3 takes flags", .run = dup3_takes_flags },
    { .name = "dupfd takes lowest from", .run = dupfd_takes_lowest_from },
    { .name = "dup shares offset and flags", .run = dup_shares_offset_and_flags },
    { .name = "fork shares offset and flags", .run = fork_shares_offset_and_flags },
    { .name = "setfl changes some flags", .run = setfl_changes_some_flags },
    { .name = "cloexec closes at exec", .run = cloexec_closes_at_exec },
    { .name = "vectors scatter and gather", .run = vectors_scatter_and_gather },
    { .name = "vectors errors", .run = vectors_errors },
    { .name = "vectors with bad part", .run = vectors_with_bad_part },
    { .name = "device null", .run = device_null },
    { .name = "device zero", .run = device_zero },
    { .name = "device full", .run = device_full },
    { .name = "device random", .run = device_random },
    { .name = "device without driver", .run = device_without_driver },
    { .name = "device by number", .run = device_by_number },
    { .name = "fionread of file", .run = fionread_of_file },
    { .name = "poll on files", .run = poll_on_files },
    { .name = "poll on no file", .run = poll_on_no_file },
    { .name = NULL },
};
