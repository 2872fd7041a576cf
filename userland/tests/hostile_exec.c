/*
 * hostile_exec.c - cases of hostile: exec of what is no program, and with arguments that are none.
 * Owns: what is done with the files of mkbadelf.py, which are sorted by what must happen (see there).
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "hostile.h"

#define TARGET        "/tests/target"
#define RUN_MS        2000                      /* a random program may run for ever */
#define STATUS_ERROR  64                        /* + errno: exec returned */

/* In a child: exec the file; when that fails, say by the exit status how. */
static void exec_file(uintptr_t path)
{
    char *const argv[] = { (char *)path, NULL };

    setpgid(0, 0);
    long result = raw_syscall(SYS_execve, path, argv, 0);
    _exit(STATUS_ERROR - result);
}

typedef void judge_fn(const char *path, int status, bool late);

static void judge_bad(const char *path, int status, bool late)
{
    static const int refusals[] = { ENOEXEC, EINVAL, ENOMEM, ELOOP };

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (status == (STATUS_ERROR + refusals[i]) << 8 && !late)
            return;
    fail("%s: wait status %#x, expected that exec refuses it", path, status);
}

static void judge_fatal(const char *path, int status, bool late)
{
    if (!late && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        return;
    judge_bad(path, status, late);
}

static void judge_any(const char *path, int status, bool late)
{
    note("%s: wait status %#x%s", path, status, late ? ", killed" : "");
}

static void for_each_file(const char *directory, unsigned at_least, judge_fn *judge)
{
    DIR *dir = opendir(directory);
    unsigned n = 0;

    check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[300];
        bool late;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        int status = wait_or_kill(child_start(exec_file, (uintptr_t)path), RUN_MS, &late);
        judge(path, status, late);
        n++;
    }
    closedir(dir);
    check_ge(n, at_least);
}

static void bad_files(void) { for_each_file("/tests/elf/bad", 40, judge_bad); }
static void fatal_files(void) { for_each_file("/tests/elf/fatal", 12, judge_fatal); }
static void any_files(void) { for_each_file("/tests/elf/any", 30, judge_any); }

static void not_files(void)
{
    char *const argv[] = { "x", NULL };

    check_eq(raw_syscall(SYS_execve, "/", argv, 0), -EACCES);
    check_eq(raw_syscall(SYS_execve, "/dev/null", argv, 0), -EACCES);
    check_eq(raw_syscall(SYS_execve, "/dev/zero", argv, 0), -EACCES);
    check_eq(raw_syscall(SYS_execve, "", argv, 0), -ENOENT);
    check_eq(raw_syscall(SYS_execve, TARGET "/", argv, 0), -ENOTDIR);
}

/* ---- arguments ---- */

/* More than fits: one string, many strings, many pointers to one string, strings in the environment. */
static void arguments_too_big(void)
{
    size_t size = MIB(12);
    char *string = (char *)heap_grow(size + PAGE_BYTES);
    char **pointers = (char **)heap_grow(size);
    char *const none[] = { NULL };

    memset(string, 'x', size);
    pointers[0] = "target";
    pointers[1] = string;
    pointers[2] = NULL;
    check_eq(raw_syscall(SYS_execve, TARGET, pointers, none), -E2BIG);
    check_eq(raw_syscall(SYS_execve, TARGET, none, pointers), -E2BIG);
    for (size_t i = 1; i < 3000; i++)
        pointers[i] = string + size - 4095;
    pointers[3000] = NULL;
    check_eq(raw_syscall(SYS_execve, TARGET, pointers, none), -E2BIG);
    check_eq(raw_syscall(SYS_execve, TARGET, none, pointers), -E2BIG);
    for (size_t i = 1; i < size / sizeof(char *) - 1; i++)
        pointers[i] = "";
    check_eq(raw_syscall(SYS_execve, TARGET, pointers, none), -E2BIG);
    char *half[13] = { NULL };          /* 12 strings of 128 KiB fit as arguments or as environment, not as both */
    for (size_t i = 0; i < 12; i++)
        half[i] = string + size - KIB(128) + 1;
    check_eq(raw_syscall(SYS_execve, TARGET, half, half), -E2BIG);
    check_eq(string[0], 'x');
}

/* A pointer that leads nowhere, in every position; a list without an end. */
static void arguments_nowhere(void)
{
    static char *const bad[] = { (char *)8, (char *)USER_END, (char *)0xffffffff80200000, (char *)-1, (char *)(1ul << 63) };
    char *const none[] = { NULL };
    char *list[12];

    for (size_t b = 0; b < sizeof(bad) / sizeof(bad[0]); b++) {
        for (size_t position = 0; position < 11; position++) {
            for (size_t i = 0; i < 11; i++)
                list[i] = i == position ? bad[b] : "argument";
            list[11] = NULL;
            check_eq(raw_syscall(SYS_execve, TARGET, list, none), -EFAULT);
            check_eq(raw_syscall(SYS_execve, TARGET, none, list), -EFAULT);
        }
        check_eq(raw_syscall(SYS_execve, TARGET, bad[b], none), -EFAULT);
        check_eq(raw_syscall(SYS_execve, TARGET, none, bad[b]), -EFAULT);
    }
    heap_grow(PAGE_BYTES);
    char **last = (char **)heap_end() - 2;
    last[0] = last[1] = "no end";
    check_eq(raw_syscall(SYS_execve, TARGET, last, none), -EFAULT);
    char *unterminated = (char *)heap_end() - 1;
    *unterminated = 'x';
    list[0] = unterminated;
    list[1] = NULL;
    check_eq(raw_syscall(SYS_execve, TARGET, list, none), -EFAULT);
}

/* 5000 failing execs and the memory of none of them is lost. */
static void exec_storm(void)
{
    char *const argv[] = { "echo", (char *)0xffffffff, NULL };

    for (unsigned i = 0; i < 5000; i++)
        check_eq(raw_syscall(SYS_execve, TARGET, argv, 0), -EFAULT);
}

const struct test_case exec_cases[] = {
    { .name = "bad ELF files", .run = bad_files },
    { .name = "fatal ELF files", .run = fatal_files },
    { .name = "any ELF files", .run = any_files },
    { .name = "exec of no files", .run = not_files },
    { .name = "exec arguments too big", .run = arguments_too_big },
    { .name = "exec arguments nowhere", .run = arguments_nowhere },
    { .name = "exec storm", .run = exec_storm },
    { .name = NULL },
};
