/*
 * usertests_slow.c - usertests that write much or use everything up.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "user/user.h"

#include "usertests.h"

#define WRITERS       4
#define WRITE_ROUNDS  30

static void write_much(uint64 n)
{
    char name[] = { 'b', (char)('a' + n), 0 };

    unlink(name);
    for (int round = 0; round < WRITE_ROUNDS; round++)
        for (uint64 i = 0; i <= n; i++) {
            int fd = open_checked(name, O_CREATE | O_RDWR);
            check_eq(write(fd, buffer, BUFFER_BYTES), BUFFER_BYTES);
            close(fd);
            check_eq(unlink(name), 0);
        }
}

void manywrites(void)
{
    int status;

    for (int n = 0; n < WRITERS; n++)
        start(write_much, n);
    for (int n = 0; n < WRITERS; n++) {
        check(wait(&status) > 0);
        check_eq(status, 0);
    }
}

/* A block that was taken for a write which then fails is given back. */
void badwrite(void)
{
    for (int i = 0; i < 600; i++) {
        int fd = open_checked("junk", O_CREATE | O_WRONLY);
        check(write(fd, (char *)0xffffffffff, 1) < 0);
        close(fd);
        check_eq(unlink("junk"), 0);
    }
    make_file("junk", "x");
    check_eq(unlink("junk"), 0);
}

static char numbered[] = "????";

static const char *numbered_name(char a, char b, int n)
{
    numbered[0] = a;
    numbered[1] = b;
    numbered[2] = (char)('0' + n / 32);
    numbered[3] = (char)('0' + n % 32);
    return numbered;
}

#define FILES_MAX 4096                  /* of one mebibyte each: more than any machine here has */
#define MORE      128

static char fill_name[] = "big????";

static const char *fill_file(int n)
{
    for (int i = 6; i >= 3; i--, n /= 10)
        fill_name[i] = (char)('0' + n % 10);
    return fill_name;
}

/* Write until that is refused. Returns how many files there are then. */
static int fill_disk(void)
{
    for (int n = 0; n < FILES_MAX; n++) {
        unlink(fill_file(n));
        int fd = open(fill_file(n), O_CREATE | O_RDWR | O_TRUNC);
        if (fd < 0)
            return n;
        for (int block = 0; block < MIB / BSIZE; block++)
            if (write(fd, buffer, BSIZE) != BSIZE) {
                close(fd);
                return n + 1;
            }
        close(fd);
    }
    return FILES_MAX;
}

/* When the disk is full calls fail, as many as there are, and room that is given back can be used. */
void diskfull(void)
{
    int made = 0, files = fill_disk();

    check(files > 0 && files < FILES_MAX);
    unlink("diskfulldir");
    for (; made < MORE; made++) {
        unlink(numbered_name('z', 'z', made));
        int fd = open(numbered_name('z', 'z', made), O_RDWR | O_CREATE | O_TRUNC);
        if (fd < 0)
            break;
        check(write(fd, buffer, BSIZE) != BSIZE);
        close(fd);
    }
    mkdir("diskfulldir");
    unlink("diskfulldir");
    for (int i = 0; i < made; i++)
        unlink(numbered_name('z', 'z', i));
    for (int i = 0; i < files; i++)
        check_eq(unlink(fill_file(i)), 0);
    make_file("junk", "there is room again");
    check_eq(unlink("junk"), 0);
}

#define INODES_MAX 1024

void outofinodes(void)
{
    int made = 0;

    for (; made < INODES_MAX; made++) {
        unlink(numbered_name('z', 'z', made));
        int fd = open(numbered_name('z', 'z', made), O_RDWR | O_CREATE | O_TRUNC);
        if (fd < 0)
            break;
        close(fd);
    }
    check(made > 0);
    for (int i = 0; i < made; i++)
        check_eq(unlink(numbered_name('z', 'z', i)), 0);
}
