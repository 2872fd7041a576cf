/*
 * posix_files.c - open files: contents, offsets, sizes, and what stat tells of them: modes, owners, times.
 * Contracts: open(2), read(2), write(2), pread(2), lseek(2), truncate(2), stat(2), chmod(2), chown(2), access(2),
 * utimensat(2), inode(7).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "posix.h"

/* ---- open ---- */

/* O_CREAT makes a file once; O_EXCL insists on making it. */
CASE(open_creates_file)
{
    check_errno(open("f", O_RDWR), ENOENT);
    int fd = check_fd(open("f", O_RDWR | O_CREAT, 0640));
    check_eq(fstat_of(fd).st_mode, S_IFREG | 0640);
    check_eq(fstat_of(fd).st_size, 0);
    check_eq(fstat_of(fd).st_nlink, 1);
    check_eq(write(fd, "x", 1), 1);
    fd = check_fd(open("f", O_RDWR | O_CREAT, 0600));
    check_contents_fd(fd, "x");
    check_eq(fstat_of(fd).st_mode, S_IFREG | 0640);
    check_errno(open("f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    check_fd(open("g", O_RDWR | O_CREAT | O_EXCL, 0600));
    check_fd(creat("h", 0600));
}

/* The mode of a new file does not bind the descriptor that made it. */
CASE(open_creates_file_of_mode_0)
{
    int fd = check_fd(open("f", O_WRONLY | O_CREAT, 0));

    check_eq(write(fd, "x", 1), 1);
    check_eq(fstat_of(fd).st_mode, S_IFREG);
    check_eq(fstat_of(fd).st_size, 1);
}

/* Directories are opened for reading only, and only they with O_DIRECTORY. */
CASE(open_directory)
{
    make_directory("d");
    make_file("f", "");
    check_errno(open("d", O_WRONLY), EISDIR);
    check_errno(open("d", O_RDWR), EISDIR);
    check_errno(open("d", O_RDWR | O_CREAT, 0644), EISDIR);
    check_errno(open("d", O_RDONLY | O_CREAT, 0644), EISDIR);
    check_errno(open(".", O_WRONLY), EISDIR);
    check_errno(open("d", O_RDONLY | O_TRUNC), EISDIR);
    check_errno(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    int fd = check_fd(open("d", O_RDONLY | O_DIRECTORY));
    char byte;
    check_errno(read(fd, &byte, 1), EISDIR);
    check_errno(pread(fd, &byte, 1, 0), EISDIR);
    check_errno(write(fd, &byte, 1), EBADF);
    check_errno(ftruncate(fd, 0), EINVAL);
}

/* O_TRUNC empties a file under everyone who has it open. */
CASE(open_truncates)
{
    int fd = make_open_file("f", "contents");

    check_fd(open("f", O_WRONLY | O_TRUNC));
    check_eq(fstat_of(fd).st_size, 0);
    check_contents_fd(fd, "");
    check_errno(open("missing", O_WRONLY | O_TRUNC), ENOENT);
}

/* What a descriptor was not opened for is EBADF. */
CASE(access_mode_is_kept)
{
    char byte = 'x';

    make_file("f", "abc");
    int r = check_fd(open("f", O_RDONLY)), w = check_fd(open("f", O_WRONLY));
    check_errno(write(r, &byte, 1), EBADF);
    check_errno(pwrite(r, &byte, 1, 0), EBADF);
    check_errno(ftruncate(r, 0), EINVAL);
    check_errno(read(w, &byte, 1), EBADF);
    check_errno(pread(w, &byte, 1, 0), EBADF);
    check_contents("f", "abc");
}

/* Modes forbid opening, to all but root. */
CASE(open_needs_permission)
{
    only_user();
    make_file("f", "x");
    make_directory("d");
    make_file("d/f", "x");
    check_ok(chmod("f", 0400));
    check_errno(open("f", O_WRONLY), EACCES);
    check_fd(open("f", O_RDONLY));
    check_ok(chmod("f", 0200));
    check_errno(open("f", O_RDONLY), EACCES);
    check_errno(truncate("d/missing", 0), ENOENT);
    check_ok(chmod("d", 0500));
    check_errno(open("d/new", O_WRONLY | O_CREAT, 0644), EACCES);
    check_errno(unlink("d/f"), EACCES);
    check_errno(rename("d/f", "g"), EACCES);
    check_errno(mkdir("d/e", 0755), EACCES);
    check_ok(chmod("d", 0600));
    check_errno(open("d/f", O_RDONLY), EACCES);
    check_errno(chdir("d"), EACCES);
}

/* ---- reading and writing ---- */

/* A descriptor's offset moves with what is read and written; at the end there is nothing to read. */
CASE(offset_moves)
{
    char buffer[8];
    int fd = make_open_file("f", "");

    check_eq(write(fd, "abcdef", 6), 6);
    check_eq(lseek(fd, 0, SEEK_CUR), 6);
    check_eq(read(fd, buffer, 8), 0);
    check_eq(lseek(fd, 2, SEEK_SET), 2);
    check_eq(read(fd, buffer, 2), 2);
    check(memcmp(buffer, "cd", 2) == 0);
    check_eq(read(fd, buffer, 8), 2);
    check(memcmp(buffer, "ef", 2) == 0);
    check_eq(read(fd, buffer, 8), 0);
    check_eq(lseek(fd, 0, SEEK_CUR), 6);
    check_eq(read(fd, buffer, 0), 0);
    check_eq(write(fd, buffer, 0), 0);
}

/* lseek counts from the beginning, from where it is, or from the end, and may go beyond. */
CASE(lseek_moves)
{
    int fd = make_open_file("f", "0123456789");

    check_eq(lseek(fd, -3, SEEK_END), 7);
    check_eq(lseek(fd, -2, SEEK_CUR), 5);
    check_eq(lseek(fd, 100, SEEK_END), 110);
    check_eq(fstat_of(fd).st_size, 10);
    check_errno(lseek(fd, -1, SEEK_SET), EINVAL);
    check_errno(lseek(fd, -11, SEEK_END), EINVAL);
    check_errno(lseek(fd, -111, SEEK_CUR), EINVAL);
    check_errno(lseek(fd, 0, 99), EINVAL);
    check_eq(lseek(fd, 0, SEEK_CUR), 110);
    check_errno(lseek(BAD_FD, 0, SEEK_SET), EBADF);
}

/* Where offsets end, nothing is read or written, and the offset does not wrap; which error says so varies with Linux's age. */
CASE(offset_at_its_end)
{
    char byte = 'x';
    int fd = make_open_file("f", "abc");

    check_eq(pwrite(fd, &byte, 1, LLONG_MAX), -1);
    check(errno == EINVAL || errno == EOVERFLOW || errno == EFBIG);
    check_eq(pread(fd, &byte, 1, LLONG_MAX - 1), 0);
    check_eq(lseek(fd, LLONG_MAX, SEEK_SET), LLONG_MAX);
    check_eq(lseek(fd, 1, SEEK_CUR), -1);
    check(errno == EINVAL || errno == EOVERFLOW);
    check_eq(write(fd, &byte, 1), -1);
    check(errno == EINVAL || errno == EOVERFLOW || errno == EFBIG);
    check_eq(lseek(fd, 0, SEEK_CUR), LLONG_MAX);
    check_contents_fd(fd, "abc");
    check_eq(pwrite(fd, &byte, 1, 5l << 33), 1);
    check_eq(pread(fd, &byte, 1, (5l << 33) - 1), 1);
    check_eq(byte, 0);
    check_eq(fstat_of(fd).st_size, (5l << 33) + 1);
}

/* pread and pwrite do not move the offset. */
CASE(pread_leaves_offset)
{
    char buffer[4];
    int fd = make_open_file("f", "0123456789");

    check_eq(lseek(fd, 3, SEEK_SET), 3);
    check_eq(pread(fd, buffer, 4, 5), 4);
    check(memcmp(buffer, "5678", 4) == 0);
    check_eq(pread(fd, buffer, 4, 8), 2);
    check_eq(pread(fd, buffer, 4, 10), 0);
    check_eq(pread(fd, buffer, 4, 1000), 0);
    check_eq(pwrite(fd, "XX", 2, 9), 2);
    check_eq(lseek(fd, 0, SEEK_CUR), 3);
    check_contents_fd(fd, "012345678XX");
    check_errno(pread(fd, buffer, 4, -1), EINVAL);
    check_errno(pwrite(fd, buffer, 4, -1), EINVAL);
    check_errno(pread(BAD_FD, buffer, 4, 0), EBADF);
}

/* What is written through one descriptor is read through another at once. */
CASE(write_is_seen_everywhere)
{
    int a = make_open_file("f", "aaaa"), b = check_fd(open("f", O_RDWR));

    check_eq(write(a, "bb", 2), 2);
    check_contents_fd(b, "bbaa");
    check_eq(lseek(b, 0, SEEK_CUR), 0);
    check_eq(write(b, "c", 1), 1);
    check_contents_fd(a, "cbaa");
    check_eq(lseek(a, 0, SEEK_CUR), 2);
}

/* Bytes of many pages come back as they went, also when no boundary is a page's. */
CASE(contents_of_many_pages)
{
    enum { LEN = 100003, STEP = 1237 };
    unsigned char *out = malloc(LEN), *in = malloc(LEN);
    int fd = make_open_file("f", "");

    check(out && in);
    for (int i = 0; i < LEN; i++)
        out[i] = i * 7 + i / 251;
    for (int at = 0; at < LEN; at += STEP) {
        int len = LEN - at < STEP ? LEN - at : STEP;
        check_eq(write(fd, out + at, len), len);
    }
    check_eq(fstat_of(fd).st_size, LEN);
    check_eq(pread(fd, in, LEN, 0), LEN);
    check(memcmp(in, out, LEN) == 0);
    check_eq(pread(fd, in, 5000, 4090), 5000);
    check(memcmp(in, out + 4090, 5000) == 0);
}

/* What was never written reads as zero. */
CASE(sparse_file_reads_zero)
{
    static char buffer[3 * PAGE_BYTES];
    int fd = make_open_file("f", "begin");

    check_eq(pwrite(fd, "end", 3, 2 * PAGE_BYTES + 10), 3);
    check_eq(fstat_of(fd).st_size, 2 * PAGE_BYTES + 13);
    check_eq(pread(fd, buffer, sizeof(buffer), 0), 2 * PAGE_BYTES + 13);
    check(memcmp(buffer, "begin", 5) == 0);
    for (size_t i = 5; i < 2 * PAGE_BYTES + 10; i++)
        check_eq(buffer[i], 0);
    check(memcmp(buffer + 2 * PAGE_BYTES + 10, "end", 3) == 0);
}

/* st_blocks counts, in 512 bytes, the pages that were written to and not those that were only read. */
CASE(blocks_follow_pages)
{
    char byte;
    int fd = make_open_file("f", "");

    only_tmpfs();
    check_eq(fstat_of(fd).st_blocks, 0);
    check_eq(pwrite(fd, "x", 1, MIB(1)), 1);
    check_eq(fstat_of(fd).st_blocks, 8);
    check_eq(pwrite(fd, "x", 1, MIB(1) + 100), 1);
    check_eq(fstat_of(fd).st_blocks, 8);
    check_eq(pread(fd, &byte, 1, 0), 1);
    check_eq(byte, 0);
    check_eq(pwrite(fd, "xy", 2, PAGE_BYTES - 1), 2);
    check_eq(fstat_of(fd).st_blocks, 24);
    check_ok(ftruncate(fd, PAGE_BYTES));
    check_eq(fstat_of(fd).st_blocks, 8);
    check_ok(ftruncate(fd, GIB(1)));
    check_eq(fstat_of(fd).st_blocks, 8);
    check_ok(ftruncate(fd, 0));
    check_eq(fstat_of(fd).st_blocks, 0);
}

/* O_APPEND writes at the end, wherever the offset was, and leaves the offset there. */
CASE(append_writes_at_end)
{
    make_file("f", "abc");
    int a = check_fd(open("f", O_WRONLY | O_APPEND)), b = check_fd(open("f", O_RDWR | O_APPEND));
    check_eq(write(a, "1", 1), 1);
    check_eq(write(b, "2", 1), 1);
    check_eq(lseek(a, 0, SEEK_SET), 0);
    check_eq(write(a, "3", 1), 1);
    check_eq(lseek(a, 0, SEEK_CUR), 6);
    check_contents("f", "abc123");
    check_eq(lseek(b, 0, SEEK_SET), 0);
    char byte;
    check_eq(read(b, &byte, 1), 1);
    check_eq(byte, 'a');
}

/* pwrite on an O_APPEND descriptor appends too: Linux does so, POSIX says that the offset should hold. */
CASE(append_beats_pwrite)
{
    make_file("f", "abc");
    int fd = check_fd(open("f", O_WRONLY | O_APPEND));
    check_eq(pwrite(fd, "X", 1, 0), 1);
    check_contents("f", "abcX");
}

#define RECORDS 200

static void append_records(uintptr_t letter)
{
    char record[16];
    int fd = check_fd(open("f", O_WRONLY | O_APPEND));

    memset(record, (int)letter, sizeof(record));
    for (int i = 0; i < RECORDS; i++)
        check_eq(write(fd, record, sizeof(record)), sizeof(record));
}

/* Two processes that append at once lose nothing and do not mix their records. */
CASE(append_by_two_processes)
{
    char record[16];
    int counts[2] = { 0, 0 };

    make_file("f", "");
    pid_t a = child_start(append_records, 'a'), b = child_start(append_records, 'b');
    expect_status(a, 0);
    expect_status(b, 0);
    int fd = check_fd(open("f", O_RDONLY));
    check_eq(fstat_of(fd).st_size, 2 * RECORDS * sizeof(record));
    while (read(fd, record, sizeof(record)) > 0) {
        for (size_t i = 1; i < sizeof(record); i++)
            check_eq(record[i], record[0]);
        counts[record[0] == 'b']++;
    }
    check_eq(counts[0], RECORDS);
    check_eq(counts[1], RECORDS);
}

static void write_letter(uintptr_t packed)
{
    int fd = (int)(packed >> 8);
    char record[16];

    memset(record, (int)(packed & 0xff), sizeof(record));
    for (int i = 0; i < RECORDS; i++)
        check_eq(write(fd, record, sizeof(record)), sizeof(record));
}

/* Two processes that share one offset do not write over each other. */
CASE(shared_offset_by_two_processes)
{
    int fd = make_open_file("f", ""), counts[2] = { 0, 0 };
    char record[16];

    pid_t a = child_start(write_letter, (uintptr_t)fd << 8 | 'a'), b = child_start(write_letter, (uintptr_t)fd << 8 | 'b');
    expect_status(a, 0);
    expect_status(b, 0);
    check_eq(lseek(fd, 0, SEEK_CUR), 2 * RECORDS * sizeof(record));
    check_eq(lseek(fd, 0, SEEK_SET), 0);
    while (read(fd, record, sizeof(record)) > 0)
        counts[record[0] == 'b']++;
    check_eq(counts[0], RECORDS);
    check_eq(counts[1], RECORDS);
}

/* read puts what it reads into memory that nobody has touched before. */
CASE(read_into_untouched_memory)
{
    char *pages = (char *)heap_grow(4 * PAGE_BYTES);
    int fd = make_open_file("f", "x");

    check_eq(pwrite(fd, "y", 1, 3 * PAGE_BYTES), 1);
    check_eq(pread(fd, pages + 100, 3 * PAGE_BYTES + 1, 0), 3 * PAGE_BYTES + 1);
    check_eq(pages[100], 'x');
    check_eq(pages[101], 0);
    check_eq(pages[100 + 3 * PAGE_BYTES], 'y');
}

/* write takes memory that nobody has touched before for zero. */
CASE(write_from_untouched_memory)
{
    char *pages = (char *)heap_grow(2 * PAGE_BYTES), byte;
    int fd = make_open_file("f", "xxxx");

    check_eq(pwrite(fd, pages, 2 * PAGE_BYTES, 0), 2 * PAGE_BYTES);
    check_eq(pread(fd, &byte, 1, 2), 1);
    check_eq(byte, 0);
}

/* A buffer that is not there is EFAULT; the part of it that is there is used. */
CASE(partly_bad_buffer)
{
    char *end = pages_before_hole(1) + PAGE_BYTES, byte;
    int fd = make_open_file("f", "");

    memset(end - 100, 'a', 100);
    check_errno(write(fd, end, 10), EFAULT);
    check_eq(fstat_of(fd).st_size, 0);
    check_eq(write(fd, end - 100, 300), 100);
    check_eq(fstat_of(fd).st_size, 100);
    check_eq(lseek(fd, 0, SEEK_CUR), 100);
    check_ok(ftruncate(fd, 300));
    check_eq(lseek(fd, 0, SEEK_SET), 0);
    check_eq(read(fd, end - 50, 300), 50);
    check_eq(lseek(fd, 0, SEEK_CUR), 50);
    check_errno(read(fd, end, 10), EFAULT);
    check_eq(lseek(fd, 0, SEEK_CUR), 50);
    check_eq(read(fd, &byte, 1), 1);
    check_eq(byte, 'a');
    check_errno(syscall(SYS_read, fd, BAD_ADDRESS, 1), EFAULT);
    check_errno(syscall(SYS_fstat, fd, BAD_ADDRESS), EFAULT);
}

/* ---- sizes ---- */

/* truncate cuts and lengthens; what was cut off does not come back. */
CASE(truncate_cuts_and_lengthens)
{
    char buffer[8];
    int fd = make_open_file("f", "abcdefgh");

    check_ok(ftruncate(fd, 3));
    check_eq(fstat_of(fd).st_size, 3);
    check_contents_fd(fd, "abc");
    check_ok(ftruncate(fd, 8));
    check_eq(pread(fd, buffer, 8, 0), 8);
    check(memcmp(buffer, "abc\0\0\0\0\0", 8) == 0);
    check_ok(truncate("f", 1));
    check_eq(fstat_of(fd).st_size, 1);
    check_eq(pwrite(fd, "z", 1, 4), 1);
    check_eq(pread(fd, buffer, 8, 0), 5);
    check(memcmp(buffer, "a\0\0\0z", 5) == 0);
    check_eq(lseek(fd, 0, SEEK_CUR), 0);
}

/* The same across pages: whole pages and the rest of a page read zero when a file has shrunk and grown again. */
CASE(truncate_and_regrow_reads_zero)
{
    static char pages[3 * PAGE_BYTES];
    int fd = make_open_file("f", "");

    memset(pages, 'p', sizeof(pages));
    check_eq(write(fd, pages, sizeof(pages)), sizeof(pages));
    check_ok(ftruncate(fd, PAGE_BYTES + 10));
    check_ok(ftruncate(fd, sizeof(pages)));
    check_eq(pread(fd, pages, sizeof(pages), 0), sizeof(pages));
    for (size_t i = 0; i < sizeof(pages); i++)
        check_eq(pages[i], i < PAGE_BYTES + 10 ? 'p' : 0);
}

/* A descriptor that stands beyond the new end reads nothing and writes behind a hole. */
CASE(truncate_below_offset)
{
    char buffer[8];
    int fd = make_open_file("f", "abcdef");

    check_eq(lseek(fd, 4, SEEK_SET), 4);
    check_ok(truncate("f", 0));
    check_eq(read(fd, buffer, 8), 0);
    check_eq(write(fd, "x", 1), 1);
    check_eq(pread(fd, buffer, 8, 0), 5);
    check(memcmp(buffer, "\0\0\0\0x", 5) == 0);
}

/* What truncate refuses. */
CASE(truncate_errors)
{
    int fd = make_open_file("f", "abc"), fds[2];

    make_directory("d");
    pipe_or_fail(fds);
    check_errno(truncate("f", -1), EINVAL);
    check_errno(ftruncate(fd, -1), EINVAL);
    check_errno(truncate("missing", 0), ENOENT);
    check_errno(truncate("d", 0), EISDIR);
    check_errno(truncate("f/x", 0), ENOTDIR);
    check_errno(ftruncate(BAD_FD, 0), EBADF);
    check_errno(ftruncate(fds[1], 0), EINVAL);
    check_contents_fd(fd, "abc");
}

/* fsync, fdatasync and sync take any file, but no pipe and nothing that is closed. */
CASE(sync_takes_files)
{
    int fd = make_open_file("f", "x"), d = check_fd(open(".", O_RDONLY)), fds[2];

    pipe_or_fail(fds);
    check_ok(fsync(fd));
    check_ok(fdatasync(fd));
    check_ok(fsync(d));
    sync();
    check_contents_fd(fd, "x");
    check_errno(fsync(fds[0]), EINVAL);
    check_errno(fdatasync(fds[1]), EINVAL);
    check_errno(fsync(BAD_FD), EBADF);
    check_errno(fdatasync(BAD_FD), EBADF);
}

/* The program that is running cannot be written to, and a file that is being written cannot be run. */
CASE(text_is_busy)
{
    char *argv[] = { "program", NULL }, *envp[] = { NULL };
    int fds[2];

    copy_self("program");
    pipe_or_fail(fds);
    check_ok(fcntl(fds[1], F_SETFD, FD_CLOEXEC));
    pid_t pid = helper_start("program", "until-closed", fds[0]);
    check_errno(open("program", O_WRONLY), ETXTBSY);
    check_errno(open("program", O_RDWR), ETXTBSY);
    check_errno(open("program", O_RDONLY | O_TRUNC), ETXTBSY);
    check_errno(truncate("program", 0), ETXTBSY);
    check_fd(open("program", O_RDONLY));
    check_ok(chmod("program", 0744));
    check_ok(rename("program", "renamed"));
    check_errno(open("renamed", O_WRONLY), ETXTBSY);
    check_ok(rename("renamed", "program"));
    check_ok(close(fds[1]));
    expect_status(pid, 0);
    int fd = check_fd(open("program", O_WRONLY));
    check_errno(execve("program", argv, envp), ETXTBSY);
    check_ok(close(fd));
}

/* ---- streams ---- */

static void write_stream(const char *mode, const char *text)
{
    FILE *stream = fopen("f", mode);

    if (!stream)
        fail("fopen in mode %s: %s", mode, strerror(errno));
    check_ge(fputs(text, stream), 0);
    check_ok(fclose(stream));
}

/* fopen makes, empties, appends to or keeps a file, as its mode says. */
CASE(fopen_modes)
{
    char line[16];

    check(fopen("f", "r") == NULL);
    check_eq(errno, ENOENT);
    write_stream("w", "first\n");
    check_contents("f", "first\n");
    write_stream("w", "2nd\n");
    check_contents("f", "2nd\n");
    write_stream("a", "3rd\n");
    check_contents("f", "2nd\n3rd\n");
    write_stream("r+", "X");
    check_contents("f", "Xnd\n3rd\n");
    check(fopen("f", "wx") == NULL);
    check_eq(errno, EEXIST);
    FILE *stream = fopen("f", "r");
    check(stream && fgets(line, sizeof(line), stream) && strcmp(line, "Xnd\n") == 0);
    check(fgets(line, sizeof(line), stream) && strcmp(line, "3rd\n") == 0);
    check(fgets(line, sizeof(line), stream) == NULL && feof(stream));
    check_ok(fclose(stream));
}

/* ---- modes and owners ---- */

/* chmod sets the twelve bits and nothing else, through symbolic links too. */
CASE(chmod_sets_mode)
{
    int fd = make_open_file("f", "");

    check_ok(symlink("f", "s"));
    check_ok(chmod("f", 0751));
    check_eq(stat_of("f").st_mode, S_IFREG | 0751);
    check_ok(chmod("s", 0600));
    check_eq(stat_of("f").st_mode, S_IFREG | 0600);
    check_eq(lstat_of("s").st_mode, S_IFLNK | 0777);
    check_ok(fchmod(fd, 01644));
    check_eq(stat_of("f").st_mode, S_IFREG | 01644);
    check_ok(chmod("f", S_IFDIR | 0644));
    check_eq(stat_of("f").st_mode, S_IFREG | 0644);
    check_ok(fchmodat(AT_FDCWD, "f", 0400, 0));
    check_eq(stat_of("f").st_mode, S_IFREG | 0400);
    check_ok(chmod(".", 0711));
    check_eq(stat_of(".").st_mode, S_IFDIR | 0711);
    check_errno(chmod("missing", 0), ENOENT);
    check_errno(chmod("f/x", 0), ENOTDIR);
    check_errno(fchmod(BAD_FD, 0), EBADF);
    check_errno(fchmodat(AT_FDCWD, "s", 0644, AT_SYMLINK_NOFOLLOW), EOPNOTSUPP);
}

/* The umask takes bits from the modes of new files, directories and nodes, and not from chmod. */
CASE(umask_takes_bits)
{
    check_eq(umask(027), 022);
    check_fd(open("f", O_CREAT | O_WRONLY, 0666));
    check_eq(stat_of("f").st_mode, S_IFREG | 0640);
    check_ok(mkdir("d", 0777));
    check_eq(stat_of("d").st_mode, S_IFDIR | 0750);
    check_ok(mknod("n", S_IFREG | 0666, 0));
    check_eq(stat_of("n").st_mode, S_IFREG | 0640);
    check_ok(symlink("f", "s"));
    check_eq(lstat_of("s").st_mode, S_IFLNK | 0777);
    check_ok(chmod("f", 0666));
    check_eq(stat_of("f").st_mode, S_IFREG | 0666);
    check_eq(umask(07777), 027);
    check_eq(umask(0), 0777);
}

/* New directories and nodes take the bits beyond the permissions as Linux does: directories only the sticky one. */
CASE(mode_of_new_names)
{
    check_ok(mkdir("sticky", 01777));
    check_eq(stat_of("sticky").st_mode, S_IFDIR | 01755);
    check_ok(mkdir("set", 06777));
    check_eq(stat_of("set").st_mode, S_IFDIR | 0755);
    check_fd(open("f", O_CREAT | O_WRONLY, S_IFDIR | 06751));
    check_eq(stat_of("f").st_mode, S_IFREG | 06751);
}

/* Root passes every directory and opens every file; running a file takes one x bit, anybody's. */
CASE(root_passes_modes)
{
    only_root();
    make_directory("d");
    make_file("d/f", "x");
    check_ok(chmod("d/f", 0));
    check_ok(chmod("d", 0));
    check_contents("d/f", "x");
    check_fd(open("d/f", O_RDWR));
    check_ok(access("d", R_OK | W_OK | X_OK));
    check_ok(access("d/f", R_OK | W_OK));
    check_errno(access("d/f", X_OK), EACCES);
    check_ok(chmod("d/f", 0010));
    check_ok(access("d/f", X_OK));
    make_file("d/new", "");
}

/* access asks about the name that is there; to run a file somebody must be allowed to, even for root. */
CASE(access_asks_for_mode)
{
    make_file("f", "");
    check_ok(symlink("nowhere", "s"));
    check_ok(access("f", F_OK));
    check_ok(access("f", R_OK | W_OK));
    check_errno(access("f", X_OK), EACCES);
    check_errno(access("f", R_OK | X_OK), EACCES);
    check_ok(chmod("f", 0755));
    check_ok(access("f", R_OK | W_OK | X_OK));
    check_ok(access(".", X_OK));
    check_errno(access("missing", F_OK), ENOENT);
    check_errno(access("f/x", F_OK), ENOTDIR);
    check_errno(access("f", 8), EINVAL);
    check_errno(access("s", F_OK), ENOENT);
    check_ok(faccessat(AT_FDCWD, "s", F_OK, AT_SYMLINK_NOFOLLOW));
    check_ok(faccessat(AT_FDCWD, "f", X_OK, AT_EACCESS));
}

/* access tells an ordinary user what the mode forbids. */
CASE(access_needs_permission)
{
    only_user();
    make_file("f", "");
    check_ok(chmod("f", 0400));
    check_errno(access("f", W_OK), EACCES);
    check_ok(access("f", R_OK));
    check_ok(chmod("f", 0033));
    check_errno(access("f", R_OK), EACCES);
    check_errno(access("f", X_OK), EACCES);
    check_ok(access("f", F_OK));
}

/* -1 leaves an owner as it is, and so does the owner that is there. */
CASE(chown_keeps_owner)
{
    int fd = make_open_file("f", "");

    check_ok(chown("f", -1, -1));
    check_eq(stat_of("f").st_uid, geteuid());
    check_eq(stat_of("f").st_gid, getegid());
    check_ok(fchown(fd, geteuid(), getegid()));
}

/* Root gives files away, and symbolic links by themselves. */
CASE(chown_gives_away)
{
    only_root();
    int fd = make_open_file("f", "");
    check_ok(symlink("f", "s"));
    check_ok(chown("s", 1000, 100000));
    check_eq(stat_of("f").st_uid, 1000);
    check_eq(stat_of("f").st_gid, 100000);
    check_eq(lstat_of("s").st_uid, 0);
    check_ok(fchown(fd, -1, 5));
    check_eq(stat_of("f").st_uid, 1000);
    check_eq(stat_of("f").st_gid, 5);
    check_ok(lchown("s", 7, -1));
    check_eq(lstat_of("s").st_uid, 7);
    check_eq(stat_of("f").st_uid, 1000);
    check_ok(fchownat(AT_FDCWD, "s", 8, 8, AT_SYMLINK_NOFOLLOW));
    check_eq(lstat_of("s").st_gid, 8);
}

/* chown of what is not there. */
CASE(chown_errors)
{
    make_file("f", "");
    check_errno(chown("missing", -1, -1), ENOENT);
    check_errno(chown("f/x", -1, -1), ENOTDIR);
    check_errno(fchown(BAD_FD, -1, -1), EBADF);
}

/* Nobody but root can give a file to another. */
CASE(chown_needs_root)
{
    only_user();
    make_file("f", "");
    check_errno(chown("f", 0, -1), EPERM);
    check_errno(lchown("f", 0, -1), EPERM);
}

/* ---- times ---- */

static void check_time(struct timespec actual, long seconds, long nanoseconds)
{
    check_eq(actual.tv_sec, seconds);
    check_eq(actual.tv_nsec, nanoseconds);
}

/* A time that the clock never shows, not even where it begins with the machine's start. */
static const struct timespec long_ago = { 0, 1000 };

/* Set access and modification time of path to long ago. */
static void make_old(const char *path)
{
    const struct timespec old[2] = { long_ago, long_ago };

    check_ok(utimensat(AT_FDCWD, path, old, 0));
}

static bool is_old(struct timespec time)
{
    return time.tv_sec == long_ago.tv_sec && time.tv_nsec == long_ago.tv_nsec;
}

/* Fails the case unless time is of now, give or take what the kernel's clock for files may lag behind. */
static void check_now(struct timespec time)
{
    struct timespec now;

    check_ok(clock_gettime(CLOCK_REALTIME, &now));
    check_ge(time.tv_sec, now.tv_sec - 60);
    check_le(time.tv_sec, now.tv_sec);
    check(!is_old(time));
}

/* utimensat keeps both times to the nanosecond, and sets the time of change. */
CASE(utimensat_sets_times)
{
    const struct timespec times[2] = { { 123456789, 999999999 }, { 5, 1 } };

    make_file("f", "");
    struct stat before = stat_of("f");
    clock_step(&before);
    check_ok(utimensat(AT_FDCWD, "f", times, 0));
    struct stat after = stat_of("f");
    check_time(after.st_atim, 123456789, 999999999);
    check_time(after.st_mtim, 5, 1);
    check(time_before(before.st_ctim, after.st_ctim));
}

/* UTIME_OMIT leaves a time, UTIME_NOW and no times at all mean now. */
CASE(utimensat_now_and_omit)
{
    struct timespec times[2] = { { 7, UTIME_OMIT }, { 2000, 0 } };
    int fd = make_open_file("f", "");

    make_old("f");
    check_ok(futimens(fd, times));
    check(is_old(fstat_of(fd).st_atim));
    check_time(fstat_of(fd).st_mtim, 2000, 0);
    times[0].tv_nsec = UTIME_NOW;
    times[1].tv_nsec = UTIME_OMIT;
    check_ok(futimens(fd, times));
    check_now(fstat_of(fd).st_atim);
    check_time(fstat_of(fd).st_mtim, 2000, 0);
    make_old("f");
    check_ok(utimensat(AT_FDCWD, "f", NULL, 0));
    check_now(stat_of("f").st_atim);
    check_now(stat_of("f").st_mtim);
    make_old("f");
    struct stat before = stat_of("f");
    clock_step(&before);
    times[0].tv_nsec = times[1].tv_nsec = UTIME_OMIT;
    check_ok(futimens(fd, times));
    check(!time_before(before.st_ctim, fstat_of(fd).st_ctim));
}

/* What utimensat refuses; and the times of a symbolic link itself. */
CASE(utimensat_errors)
{
    struct timespec times[2] = { { 1, 1000000000 }, { 1, 0 } };

    make_file("f", "");
    check_ok(symlink("f", "s"));
    check_errno(utimensat(AT_FDCWD, "f", times, 0), EINVAL);
    times[0].tv_nsec = -1;
    check_errno(utimensat(AT_FDCWD, "f", times, 0), EINVAL);
    times[0].tv_nsec = 0;
    check_errno(utimensat(AT_FDCWD, "missing", times, 0), ENOENT);
    check_errno(utimensat(AT_FDCWD, "f/x", times, 0), ENOTDIR);
    check_errno(futimens(BAD_FD, times), EBADF);
    check_errno(syscall(SYS_utimensat, AT_FDCWD, "f", BAD_ADDRESS, 0), EFAULT);
    make_old("f");
    check_ok(utimensat(AT_FDCWD, "s", times, AT_SYMLINK_NOFOLLOW));
    check_time(lstat_of("s").st_mtim, 1, 0);
    check(is_old(stat_of("f").st_mtim));
}

/* Reading sets the access time, and only that. */
CASE(read_changes_access_time)
{
    char byte;
    int fd = make_open_file("f", "x");

    make_old("f");
    struct stat before = fstat_of(fd);
    clock_step(&before);
    check_eq(read(fd, &byte, 1), 1);
    struct stat after = fstat_of(fd);
    check_now(after.st_atim);
    check(is_old(after.st_mtim));
    check(!time_before(before.st_ctim, after.st_ctim));
}

/* Writing and cutting set the times of modification and change. */
CASE(write_changes_modification_time)
{
    int fd = make_open_file("f", "x");

    make_old("f");
    struct stat before = fstat_of(fd);
    clock_step(&before);
    check_eq(write(fd, "y", 1), 1);
    struct stat after = fstat_of(fd);
    check_now(after.st_mtim);
    check(is_old(after.st_atim));
    check(time_before(before.st_ctim, after.st_ctim));
    make_old("f");
    check_ok(ftruncate(fd, 5));
    check(!is_old(fstat_of(fd).st_mtim));
    make_old("f");
    check_ok(truncate("f", 0));
    check(!is_old(fstat_of(fd).st_mtim));
    make_old("f");
    check_eq(write(fd, "", 0), 0);
    check(is_old(fstat_of(fd).st_mtim));
    check_fd(open("f", O_RDONLY));
    check(is_old(fstat_of(fd).st_mtim));
}

/* Truncating a file by O_TRUNC counts as modifying it, even when it was empty. */
CASE(open_truncating_changes_modification_time)
{
    make_file("f", "x");
    make_old("f");
    check_fd(open("f", O_WRONLY | O_TRUNC));
    check_now(stat_of("f").st_mtim);
    make_old("f");
    check_fd(open("f", O_WRONLY | O_TRUNC));
    check_now(stat_of("f").st_mtim);
}

/* Modes, owners and names set the time of change only. */
CASE(change_time_of_file)
{
    struct stat before;

    make_file("f", "x");
    make_old("f");
    before = stat_of("f");
    clock_step(&before);
    check_ok(chmod("f", 0600));
    check(time_before(before.st_ctim, stat_of("f").st_ctim));
    before = stat_of("f");
    clock_step(&before);
    check_ok(link("f", "g"));
    check(time_before(before.st_ctim, stat_of("f").st_ctim));
    before = stat_of("f");
    clock_step(&before);
    check_ok(unlink("g"));
    check(time_before(before.st_ctim, stat_of("f").st_ctim));
    before = stat_of("f");
    clock_step(&before);
    check_ok(chown("f", geteuid(), -1));
    check(time_before(before.st_ctim, stat_of("f").st_ctim));
    check(is_old(stat_of("f").st_mtim));
}

static void make_f(void) { make_file("d/f", ""); }
static void link_f(void) { check_ok(link("d/f", "d/g")); }
static void unlink_g(void) { check_ok(unlink("d/g")); }
static void rename_f(void) { check_ok(rename("d/f", "d/h")); }
static void move_out(void) { check_ok(rename("d/h", "h")); }
static void move_in(void) { check_ok(rename("h", "d/h")); }
static void make_sub(void) { check_ok(mkdir("d/sub", 0755)); }
static void remove_sub(void) { check_ok(rmdir("d/sub")); }
static void make_link(void) { check_ok(symlink("x", "d/s")); }
static void make_node(void) { check_ok(mknod("d/n", S_IFREG | 0644, 0)); }

/* Every name that comes or goes sets the directory's times of modification and change. */
CASE(names_change_directory_time)
{
    static void (*const steps[])(void) = {
        make_f, link_f, unlink_g, rename_f, move_out, move_in, make_sub, remove_sub, make_link, make_node,
    };

    make_directory("d");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        make_old("d");
        struct stat before = stat_of("d");
        clock_step(&before);
        steps[i]();
        struct stat after = stat_of("d");
        if (is_old(after.st_mtim) || !time_before(before.st_ctim, after.st_ctim))
            fail("step %u did not change the times of d", (unsigned)i);
    }
    make_old("d");
    int fd = check_fd(open("d/h", O_WRONLY));
    check_eq(write(fd, "x", 1), 1);
    check(is_old(stat_of("d").st_mtim));
}

/* A new file has the time of its making three times. */
CASE(new_file_is_of_now)
{
    make_file("f", "");
    check_now(stat_of("f").st_atim);
    check_now(stat_of("f").st_mtim);
    check_now(stat_of("f").st_ctim);
}

/* stat tells the kind, the size, the block size, and a number that no other file here has. */
CASE(stat_tells)
{
    make_file("f", "12345");
    make_file("g", "");
    make_directory("d");
    check_ok(symlink("f", "s"));
    struct stat f = stat_of("f"), g = stat_of("g"), d = stat_of("d"), s = lstat_of("s"), here = stat_of(".");
    check(S_ISREG(f.st_mode) && S_ISDIR(d.st_mode) && S_ISLNK(s.st_mode));
    check_eq(f.st_size, 5);
    check_eq(f.st_blksize, 4096);
    check_eq(f.st_uid, geteuid());
    check(f.st_ino != 0);
    check(!same_file(&f, &g) && !same_file(&f, &d) && !same_file(&f, &s) && !same_file(&d, &s));
    check(f.st_dev == here.st_dev && d.st_dev == here.st_dev);
    struct stat proc = stat_of("/proc");
    check(proc.st_dev != here.st_dev);
    check_errno(fstat(BAD_FD, &f), EBADF);
}

const struct test_case file_cases[] = {
    { .name = "open creates file", .run = open_creates_file },
    { .name = "open creates file of mode 0", .run = open_creates_file_of_mode_0 },
    { .name = "open directory", .run = open_directory },
    { .name = "open truncates", .run = open_truncates },
    { .name = "access mode is kept", .run = access_mode_is_kept },
    { .name = "open needs permission", .run = open_needs_permission },
    { .name = "offset moves", .run = offset_moves },
    { .name = "lseek moves", .run = lseek_moves },
    { .name = "offset at its end", .run = offset_at_its_end },
    { .name = "pread leaves offset", .run = pread_leaves_offset },
    { .name = "write is seen everywhere", .run = write_is_seen_everywhere },
    { .name = "contents of many pages", .run = contents_of_many_pages },
    { .name = "sparse file reads zero", .run = sparse_file_reads_zero },
    { .name = "blocks follow pages", .run = blocks_follow_pages },
    { .name = "append writes at end", .run = append_writes_at_end },
    { .name = "append beats pwrite", .run = append_beats_pwrite },
    { .name = "append by two processes", .run = append_by_two_processes },
    { .name = "shared offset by two processes", .run = shared_offset_by_two_processes },
    { .name = "read into untouched memory", .run = read_into_untouched_memory },
    { .name = "write from untouched memory", .run = write_from_untouched_memory },
    { .name = "partly bad buffer", .run = partly_bad_buffer },
    { .name = "truncate cuts and lengthens", .run = truncate_cuts_and_lengthens },
    { .name = "truncate and regrow reads zero", .run = truncate_and_regrow_reads_zero },
    { .name = "truncate below offset", .run = truncate_below_offset },
    { .name = "truncate errors", .run = truncate_errors },
    { .name = "sync takes files", .run = sync_takes_files },
    { .name = "text is busy", .run = text_is_busy },
    { .name = "fopen modes", .run = fopen_modes },
    { .name = "chmod sets mode", .run = chmod_sets_mode },
    { .name = "umask takes bits", .run = umask_takes_bits },
    { .name = "mode of new names", .run = mode_of_new_names },
    { .name = "root passes modes", .run = root_passes_modes },
    { .name = "access asks for mode", .run = access_asks_for_mode },
    { .name = "access needs permission", .run = access_needs_permission },
    { .name = "chown keeps owner", .run = chown_keeps_owner },
    { .name = "chown gives away", .run = chown_gives_away },
    { .name = "chown errors", .run = chown_errors },
    { .name = "chown needs root", .run = chown_needs_root },
    { .name = "utimensat sets times", .run = utimensat_sets_times },
    { .name = "utimensat now and omit", .run = utimensat_now_and_omit },
    { .name = "utimensat errors", .run = utimensat_errors },
    { .name = "read changes access time", .run = read_changes_access_time },
    { .name = "write changes modification time", .run = write_changes_modification_time },
    { .name = "open truncating changes modification time", .run = open_truncating_changes_modification_time },
    { .name = "change time of file", .run = change_time_of_file },
    { .name = "names change directory time", .run = names_change_directory_time },
    { .name = "new file is of now", .run = new_file_is_of_now },
    { .name = "stat tells", .run = stat_tells },
    { .name = NULL },
};
