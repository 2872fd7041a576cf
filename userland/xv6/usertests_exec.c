/*
 * usertests_exec.c - usertests about exec.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "user/user.h"

#include "usertests.h"

#define MARKER "bigarg-ok"

static void echo_into_file(uint64 unused)
{
    char *argv[] = { "echo", "OK", 0 };

    close(1);
    check_eq(open("echo-ok", O_CREATE | O_WRONLY), 1);
    exec("echo", argv);
    exit(2);
}

void exectest(void)
{
    char answer[4];

    unlink("echo-ok");
    check_eq(run_child(echo_into_file, 0), 0);
    int fd = open_checked("echo-ok", O_RDONLY);
    check_eq(read(fd, answer, sizeof(answer)), 3);
    check(answer[0] == 'O' && answer[1] == 'K' && answer[2] == '\n');
    close(fd);
    check_eq(unlink("echo-ok"), 0);
}

/* More in arguments than fits on a stack: exec must come back, and to this program. */
static void exec_and_mark(const char *argument)
{
    static char *argv[MAXARG];

    for (int i = 0; i < MAXARG - 1; i++)
        argv[i] = (char *)argument;
    argv[MAXARG - 1] = 0;
    check_eq(exec("echo", argv), -1);
    close(open_checked(MARKER, O_CREATE));
}

static void exec_with_long_words(uint64 unused)
{
    static char words[200];

    for (int i = 0; i < (int)sizeof(words) - 1; i++)
        words[i] = i % 6 == 5 ? ' ' : 'w';
    exec_and_mark(words);
}

static void exec_with_blanks(uint64 unused)
{
    char blanks[400];

    memset(blanks, ' ', sizeof(blanks));
    blanks[sizeof(blanks) - 1] = 0;
    exec_and_mark(blanks);
}

static void expect_marker(child *run)
{
    unlink(MARKER);
    check_eq(run_child(run, 0), 0);
    close(open_checked(MARKER, O_RDONLY));
    check_eq(unlink(MARKER), 0);
}

void bigargtest_2020(void) { expect_marker(exec_with_long_words); }
void bigargtest(void) { expect_marker(exec_with_blanks); }

/* An exec that fails keeps nothing. */
void badarg(void)
{
    char *argv[] = { (char *)0xffffffff, 0 };

    for (int i = 0; i < 50000; i++)
        check_eq(exec("echo", argv), -1);
}

static void exec_with_few_pages(uint64 pages)
{
    char *argv[] = { "echo", "x", 0 }, *page;

    while ((page = sbrk(PGSIZE)) != SBRK_ERROR)
        poke((uint64)page + PGSIZE - 1, 1);
    for (uint64 i = 0; i < pages; i++)
        sbrk(-PGSIZE);
    close(1);
    exec("echo", argv);
}

/* exec while hardly a page is free: it may fail and it may be fatal, but only to this child. */
void execout(void)
{
    for (int pages = 0; pages < 15; pages++)
        run_child(exec_with_few_pages, pages);
}
