/*
 * usertests_copy.c - usertests about memory that is handed to the kernel: buffers, strings, results.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "user/user.h"

#include "usertests.h"

static const uint64 far_away[] = { 0x3fffffc000, 0x3fffffd000, 0x3fffffe000, 0x3ffffff000, 0x4000000000, 0x8000000000 };

void copyin(void)
{
    int fds[2];

    for (int i = 0; i < NBAD; i++) {
        char *bad = (char *)bad_addresses[i];
        int fd = open_checked("copyin1", O_CREATE | O_WRONLY);
        check(write(fd, bad, 8192) < 0);
        close(fd);
        check_eq(unlink("copyin1"), 0);
        check(write(1, bad, 8192) <= 0);
        check_eq(pipe(fds), 0);
        check(write(fds[1], bad, 8192) <= 0);
        close(fds[0]);
        close(fds[1]);
    }
}

void copyout(void)
{
    int fds[2];

    for (int i = 0; i < NBAD; i++) {
        char *bad = (char *)bad_addresses[i];
        int fd = open_checked("README", O_RDONLY);
        check(read(fd, bad, 8192) <= 0);
        close(fd);
        check_eq(pipe(fds), 0);
        check_eq(write(fds[1], "x", 1), 1);
        check(read(fds[0], bad, 8192) <= 0);
        close(fds[0]);
        close(fds[1]);
    }
}

void copyinstr1(void)
{
    for (int i = 0; i < NBAD; i++)
        check_eq(open((char *)bad_addresses[i], O_CREATE | O_WRONLY), -1);
}

static void expect_bad_path(const char *path)
{
    char *argv[] = { "xx", 0 };

    check_eq(unlink(path), -1);
    check_eq(open(path, O_CREATE | O_WRONLY), -1);
    check_eq(link(path, path), -1);
    check_eq(exec(path, argv), -1);
}

static void exec_with_huge_arguments(uint64 unused)
{
    static char huge[PGSIZE + 1];
    char *argv[] = { huge, huge, huge, 0 };

    memset(huge, 'x', PGSIZE);
    huge[PGSIZE] = 0;
    check_eq(exec("echo", argv), -1);
    exit(747);
}

/* One byte more than there may be. */
void copyinstr2(void)
{
    char path[MAXPATH + 1];

    memset(path, 'x', MAXPATH);
    path[MAXPATH] = 0;
    expect_bad_path(path);
    check_eq(run_child(exec_with_huge_arguments, 0), 747);
}

/* A string that the heap's end cuts off. */
void copyinstr3(void)
{
    align_heap();
    check(sbrk(PGSIZE) != SBRK_ERROR);
    char *last = sbrk(0) - 1;
    *last = 'x';
    expect_bad_path(last);
}

/* What has been given back is nobody's. */
void rwsbrk(void)
{
    char *start = sbrk(8192);

    check(start != SBRK_ERROR);
    check(sbrk(-8192) != SBRK_ERROR);
    int fd = open_checked("rwsbrk", O_CREATE | O_WRONLY);
    check(write(fd, start + PGSIZE, 1024) < 0);
    close(fd);
    check_eq(unlink("rwsbrk"), 0);
    fd = open_checked("README", O_RDONLY);
    check(read(fd, start + PGSIZE, 10) < 0);
    close(fd);
}

/* Fresh memory is good for both directions. */
void sbrkarg(void)
{
    char *page = sbrk(PGSIZE);
    check(page != SBRK_ERROR);
    int fd = open_checked("sbrk", O_CREATE | O_WRONLY);
    check_eq(unlink("sbrk"), 0);
    check_eq(write(fd, page, PGSIZE), PGSIZE);
    close(fd);

    page = sbrk(PGSIZE);
    check(page != SBRK_ERROR);
    check_eq(pipe((int *)page), 0);
}

void argptest(void)
{
    int fd = open_checked("init", O_RDONLY);

    read(fd, sbrk(0) - 1, -1);
    close(fd);
}

/* No address makes link succeed, or fail otherwise. */
void validatetest(void)
{
    for (uint64 address = 0; address <= 1100 * 1024; address += PGSIZE)
        check_eq(link("nosuchfile", (char *)address), -1);
}

void pgbug(void)
{
    char *argv[] = { 0 };
    uint64 wild = 0xeaeb0b5b00002f5e;

    check_eq(exec((char *)wild, argv), -1);
    check_eq(pipe((int *)wild), -1);
}

void lazy_copy(void)
{
    /* A path in memory that nobody has touched is the empty path. */
    char *start = sbrk(0);
    check_eq(sbrklazy(4 * PGSIZE), start);
    open(start + 8192, O_RDONLY);

    /* To give back more than there is changes nothing, and is no error. */
    char *end = sbrk(0);
    check_eq(sbrk((int)-((long)end + 1)), end);
    check_eq(sbrk(0), end);

    for (int i = 0; i < (int)(sizeof(far_away) / sizeof(far_away[0])); i++) {
        int fd = open_checked("README", O_RDONLY);
        check(read(fd, (char *)far_away[i], 512) < 0);
        close(fd);
        fd = open_checked("junk", O_CREATE | O_RDWR | O_TRUNC);
        check(write(fd, (char *)far_away[i], 512) < 0);
        close(fd);
    }
    check_eq(unlink("junk"), 0);
}

/* The path "/", and its end in a page that nobody has touched. */
void lazy_copyinstr(void)
{
    struct stat st;

    align_heap();
    char *start = sbrklazy(2 * PGSIZE);
    check(start != SBRK_ERROR);
    start[PGSIZE - 1] = '/';
    int fd = open_checked(start + PGSIZE - 1, O_RDONLY);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.type, T_DIR);
    close(fd);
}

static void expect_contents(const char *name, const char *expected)
{
    int fd = open_checked(name, O_RDONLY);

    memset(buffer, 0, 16);
    check_eq(read(fd, buffer, 16), strlen(expected));
    check_eq(strcmp(buffer, expected), 0);
    close(fd);
}

#define PARTIAL "partial"
#define OTHER   "other"

/* A write that fails half-way has failed, but what it did stays done, whatever is in the cache. */
void partial_write(void)
{
    align_heap();
    char *start = sbrk(PGSIZE);
    check(start != SBRK_ERROR);

    make_file(PARTIAL, "A");
    start[PGSIZE - 1] = 'X';
    int fd = open_checked(PARTIAL, O_RDWR);
    check_eq(write(fd, start + PGSIZE - 1, 2), -1);
    close(fd);
    expect_contents(PARTIAL, "X");

    fd = open_checked(OTHER, O_CREATE | O_RDWR);
    for (int i = 0; i < 64; i++)
        check_eq(write(fd, buffer, 1024), 1024);
    close(fd);
    expect_contents(PARTIAL, "X");
    check_eq(unlink(PARTIAL), 0);
    check_eq(unlink(OTHER), 0);
}
