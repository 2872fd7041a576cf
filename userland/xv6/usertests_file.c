/*
 * usertests_file.c - usertests about the contents of files.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "user/user.h"

#include "usertests.h"

/* Truncating under those who have the file open. */
void truncate1(void)
{
    char got[32];

    unlink("truncfile");
    int writer = open_checked("truncfile", O_CREATE | O_WRONLY | O_TRUNC);
    check_eq(write(writer, "abcd", 4), 4);
    close(writer);
    int second = open_checked("truncfile", O_RDONLY);
    check_eq(read(second, got, sizeof(got)), 4);

    writer = open_checked("truncfile", O_WRONLY | O_TRUNC);
    int third = open_checked("truncfile", O_RDONLY);
    check_eq(read(third, got, sizeof(got)), 0);
    check_eq(read(second, got, sizeof(got)), 0);
    check_eq(write(writer, "abcdef", 6), 6);
    check_eq(read(third, got, sizeof(got)), 6);
    check_eq(read(second, got, sizeof(got)), 2);
    check(got[0] == 'e' && got[1] == 'f');

    close(writer);
    close(second);
    close(third);
    check_eq(unlink("truncfile"), 0);
}

/* xv6 has no holes: to write beyond the end fails. */
void truncate2(void)
{
    unlink("truncfile");
    int first = open_checked("truncfile", O_CREATE | O_TRUNC | O_WRONLY);
    check_eq(write(first, "abcd", 4), 4);
    int second = open_checked("truncfile", O_TRUNC | O_WRONLY);
    check_eq(write(first, "x", 1), -1);
    close(first);
    close(second);
    check_eq(unlink("truncfile"), 0);
}

static void write_and_read_again(uint64 unused)
{
    for (int i = 0; i < 100; i++) {
        int fd = open_checked("truncfile", O_WRONLY);
        check_eq(write(fd, "1234567890", 10), 10);
        close(fd);
        fd = open_checked("truncfile", O_RDONLY);
        read(fd, buffer, 32);
        close(fd);
    }
}

void truncate3(void)
{
    close(open_checked("truncfile", O_CREATE | O_TRUNC | O_WRONLY));
    int pid = start(write_and_read_again, 0);
    for (int i = 0; i < 150; i++) {
        int fd = open_checked("truncfile", O_CREATE | O_WRONLY | O_TRUNC);
        check_eq(write(fd, "xxx", 3), 3);
        close(fd);
    }
    check_eq(status_of(pid), 0);
    check_eq(unlink("truncfile"), 0);
}

void opentest(void)
{
    close(open_checked("echo", O_RDONLY));
    check_eq(open("doesnotexist", O_RDONLY), -1);
}

void writetest(void)
{
    int fd = open_checked("small", O_CREATE | O_RDWR);

    for (int i = 0; i < 100; i++) {
        check_eq(write(fd, "aaaaaaaaaa", 10), 10);
        check_eq(write(fd, "bbbbbbbbbb", 10), 10);
    }
    close(fd);
    fd = open_checked("small", O_RDONLY);
    check_eq(read(fd, buffer, 2000), 2000);
    for (int i = 0; i < 2000; i++)
        check_eq(buffer[i], i / 10 % 2 == 0 ? 'a' : 'b');
    check_eq(read(fd, buffer, 1), 0);
    close(fd);
    check_eq(unlink("small"), 0);
}

/* The largest file of xv6. */
void writebig(void)
{
    int fd = open_checked("big", O_CREATE | O_RDWR);

    for (int i = 0; i < (int)MAXFILE; i++) {
        *(int *)buffer = i;
        check_eq(write(fd, buffer, BSIZE), BSIZE);
    }
    close(fd);
    fd = open_checked("big", O_RDONLY);
    for (int i = 0; i < (int)MAXFILE; i++) {
        check_eq(read(fd, buffer, BSIZE), BSIZE);
        check_eq(*(int *)buffer, i);
    }
    check_eq(read(fd, buffer, BSIZE), 0);
    close(fd);
    check_eq(unlink("big"), 0);
}

void createtest(void)
{
    char name[] = "a?";

    for (int i = 0; i < 52; i++) {
        name[1] = (char)('0' + i);
        close(open_checked(name, O_CREATE | O_RDWR));
    }
    for (int i = 0; i < 52; i++) {
        name[1] = (char)('0' + i);
        check_eq(unlink(name), 0);
        check_eq(open(name, O_RDONLY), -1);
    }
}

/* A file lives as long as somebody has it open, also when its name goes to another one. */
void unlinkread(void)
{
    make_file("unlinkread", "hello");
    int old = open_checked("unlinkread", O_RDWR);
    check_eq(unlink("unlinkread"), 0);
    make_file("unlinkread", "yyy");

    check_eq(read(old, buffer, BUFFER_BYTES), 5);
    check_eq(buffer[0], 'h');
    check_eq(write(old, buffer, 10), 10);
    close(old);
    check_eq(unlink("unlinkread"), 0);
}

#define FOUR   4
#define ROUNDS 12
#define PIECE  500

static char four_name[] = "f?";

static void write_own_file(uint64 n)
{
    four_name[1] = (char)('0' + n);
    int fd = open_checked(four_name, O_CREATE | O_RDWR);
    memset(buffer, '0' + (int)n, PIECE);
    for (int i = 0; i < ROUNDS; i++)
        check_eq(write(fd, buffer, PIECE), PIECE);
}

static void expect_own_file(int n)
{
    int total = 0, got;

    four_name[1] = (char)('0' + n);
    int fd = open_checked(four_name, O_RDONLY);
    while ((got = read(fd, buffer, BUFFER_BYTES)) > 0) {
        for (int i = 0; i < got; i++)
            check_eq(buffer[i], '0' + n);
        total += got;
    }
    close(fd);
    check_eq(total, ROUNDS * PIECE);
    check_eq(unlink(four_name), 0);
}

void fourfiles(void)
{
    int status;

    for (int n = 0; n < FOUR; n++) {
        four_name[1] = (char)('0' + n);
        unlink(four_name);
        start(write_own_file, n);
    }
    for (int n = 0; n < FOUR; n++) {
        check(wait(&status) > 0);
        check_eq(status, 0);
    }
    for (int n = 0; n < FOUR; n++)
        expect_own_file(n);
}

#define SHARED_WRITES 1000
#define SHARED_BYTES  10

static void write_shared(int fd, char letter)
{
    char text[SHARED_BYTES];

    memset(text, letter, sizeof(text));
    for (int i = 0; i < SHARED_WRITES; i++)
        check_eq(write(fd, text, sizeof(text)), sizeof(text));
}

static void write_child_letters(uint64 fd)
{
    write_shared((int)fd, 'c');
}

/* One descriptor, and so one offset, of two processes. */
void sharedfd(void)
{
    int ours = 0, childs = 0, n;

    unlink("sharedfd");
    int fd = open_checked("sharedfd", O_CREATE | O_RDWR);
    int pid = start(write_child_letters, fd);
    write_shared(fd, 'p');
    check_eq(status_of(pid), 0);
    close(fd);

    fd = open_checked("sharedfd", O_RDONLY);
    while ((n = read(fd, buffer, BUFFER_BYTES)) > 0)
        for (int i = 0; i < n; i++) {
            ours += buffer[i] == 'p';
            childs += buffer[i] == 'c';
        }
    close(fd);
    check_eq(ours, SHARED_WRITES * SHARED_BYTES);
    check_eq(childs, SHARED_WRITES * SHARED_BYTES);
    check_eq(unlink("sharedfd"), 0);
}

void bigwrite(void)
{
    unlink("bigwrite");
    for (int bytes = 499; bytes < BUFFER_BYTES; bytes += 471) {
        int fd = open_checked("bigwrite", O_CREATE | O_RDWR);
        for (int i = 0; i < 2; i++)
            check_eq(write(fd, buffer, bytes), bytes);
        close(fd);
        check_eq(unlink("bigwrite"), 0);
    }
}

#define BIG_PIECES 20
#define BIG_BYTES  600

void bigfile(void)
{
    int total = 0, n;

    unlink("bigfile.dat");
    int fd = open_checked("bigfile.dat", O_CREATE | O_RDWR);
    for (int i = 0; i < BIG_PIECES; i++) {
        memset(buffer, i, BIG_BYTES);
        check_eq(write(fd, buffer, BIG_BYTES), BIG_BYTES);
    }
    close(fd);

    fd = open_checked("bigfile.dat", O_RDONLY);
    for (int i = 0; (n = read(fd, buffer, BIG_BYTES / 2)) > 0; i++) {
        check_eq(n, BIG_BYTES / 2);
        check_eq(buffer[0], i / 2);
        check_eq(buffer[n - 1], i / 2);
        total += n;
    }
    check_eq(n, 0);
    check_eq(total, BIG_PIECES * BIG_BYTES);
    close(fd);
    check_eq(unlink("bigfile.dat"), 0);
}
