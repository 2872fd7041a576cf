/*
 * lazy_exec.c - cases of lazymore: a new program is a set of promises too.
 * Owns: what target.c cannot see for itself. Broken ELF files are in hostile.c; odd but good ones are here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "lazymore.h"

#define ODD_FILES  "/tests/elf/odd"             /* mkbadelf.py: each ends with status 42 */
#define ODD_STATUS 42

extern char **environ;

/* In a child: exec TARGET with these arguments. */
static void exec_target(uintptr_t argv)
{
    execv(TARGET, (char *const *)argv);
    fail("exec: %s", strerror(errno));
}

#define target(...) ((uintptr_t)(char *const[]){ "target", __VA_ARGS__, NULL })

static void new_program_is_clean(void)
{
    uintptr_t start = heap_grow(MIB(1));

    memset((void *)start, 0xa5, MIB(1));        /* frames full of other bytes, free again in a moment */
    expect_ok(exec_target, target("bss"));
    expect_ok(exec_target, target("heap"));
    expect_ok(exec_target, target("auxv"));
    expect_ok(exec_target, target("ballast"));
    for (unsigned status = 0; status < 256; status += 51) {
        char text[8];
        snprintf(text, sizeof(text), "%u", status);
        pid_t pid = child_start(exec_target, target("exit", text));
        expect_status(pid, status << 8);
    }
}

static void exec_with_fp_in_use(uintptr_t argv)
{
    __asm__ volatile("li t0, -1\n\tfmv.d.x f8, t0\n\tfmv.d.x f31, t0\n\tfsflagsi 31" ::: "t0");
    exec_target(argv);
}

static void fp_starts_at_zero(void)
{
    for (unsigned i = 0; i < 5; i++)
        expect_ok(exec_with_fp_in_use, target("fp"));
}

#define NARGS      20
#define ARG_LENGTH 1500

/* argv, envp and their strings, in pages that only the parent has touched or that nobody has, straddling boundaries. */
static void exec_from_lazy_pages(uintptr_t strings)
{
    char **argv = (char **)(heap_grow(2 * PAGE_BYTES) + PAGE_BYTES - 40);
    char **envp = (char **)(heap_grow(2 * PAGE_BYTES) + PAGE_BYTES - 24);

    argv[0] = "target";
    argv[1] = "args";
    argv[2] = "20";
    argv[3] = "1500";
    for (size_t i = 0; i < NARGS; i++)
        argv[4 + i] = envp[i] = (char *)strings + i * (ARG_LENGTH + 1);
    execve(TARGET, argv, envp);                 /* the NULLs behind the last pointers were never written */
    fail("exec: %s", strerror(errno));
}

/* d: while exec works on two address spaces, a fault goes to the right one. */
static void exec_arguments(void)
{
    uintptr_t strings = heap_grow(NARGS * (ARG_LENGTH + 1) + PAGE_BYTES) + 3;

    for (size_t i = 0; i < NARGS; i++)
        for (size_t k = 0; k < ARG_LENGTH; k++)
            poke_byte(strings + i * (ARG_LENGTH + 1) + k, 'a' + (i + k) % 26);
    for (unsigned round = 0; round < 5; round++)
        expect_ok(exec_from_lazy_pages, strings);
}

/* Start the target and wait until it runs. */
static pid_t start_holder(void)
{
    int fds[2];
    char number[8], byte;

    pipe_or_fail(fds);
    snprintf(number, sizeof(number), "%d", fds[1]);
    pid_t pid = child_start(exec_target, target("hold", number));
    close(fds[1]);
    check_eq(read(fds[0], &byte, 1), 1);
    close(fds[0]);
    return pid;
}

static void kill_holder(pid_t pid)
{
    kill(pid, SIGKILL);
    expect_status(pid, SIGKILL);
}

/* B1: text and constants are the file's own frames, so a second and third instance bring in nothing. */
static void text_is_shared(void)
{
    pid_t pids[3];

    pids[0] = start_holder();
    long before = vmstat("nr_file_pages");
    check_ge(before, 1);
    pids[1] = start_holder();
    pids[2] = start_holder();
    check_eq(vmstat("nr_file_pages"), before);
    for (unsigned i = 0; i < 3; i++)
        kill_holder(pids[i]);
}

/* exec loads nothing: of the target's constants, which it does not read, few or none come into memory. */
static void exec_loads_nothing(void)
{
    drop_caches();
    long before = vmstat("nr_file_pages");
    pid_t pid = start_holder();
    check_le(vmstat("nr_file_pages") - before, 20);     /* its text; the constants alone are 32 pages */
    kill_holder(pid);
}

/* The old program's memory is gone when the new one runs. */
static void exec_frees_the_old(void)
{
    long before = anon_pages();
    int fds[2];
    char number[8], byte;

    pipe_or_fail(fds);
    snprintf(number, sizeof(number), "%d", fds[1]);
    pid_t pid = fork();
    if (pid == 0) {
        pages_mark(heap_grow(1000 * PAGE_BYTES), 1000, PAGE_BYTES);
        exec_target(target("hold", number));
    }
    check_eq(read(fds[0], &byte, 1), 1);
    check_le(anon_pages() - before, 60);
    kill_holder(pid);
}

/* A failed exec changes nothing: the old program goes on with all it has. */
static void failed_exec(void)
{
    uintptr_t page = heap_grow(PAGE_BYTES);
    char *const argv[] = { "x", NULL };

    poke(page, 0xabc);
    for (unsigned i = 0; i < 100; i++) {
        check_eq(raw_syscall(SYS_execve, "/no/such/file", argv, 0), -ENOENT);
        check_eq(raw_syscall(SYS_execve, "/tests", argv, 0), -EACCES);
        check_eq(raw_syscall(SYS_execve, TARGET, 8, 0), -EFAULT);
        check_eq(raw_syscall(SYS_execve, TARGET "/x", argv, 0), -ENOTDIR);
    }
    check_eq(peek(page), 0xabc);
    check_eq(heap_end(), page + PAGE_BYTES);
}

/* Descriptors stay open across exec, but for those marked close-on-exec. */
static void exec_descriptors(void)
{
    char *const argv[] = { "target", "descriptors", "0", "1", "2", "5", NULL };

    for (int fd = 3; fd < 64; fd++)
        close(fd);
    int null = open_or_fail("/dev/null", O_RDONLY | O_CLOEXEC);
    check_eq(dup3(null, 5, 0), 5);
    check_eq(dup3(null, 6, O_CLOEXEC), 6);
    expect_ok(exec_target, (uintptr_t)argv);
}

/* Good files as other linkers make them. */
static void odd_files(void)
{
    DIR *dir = opendir(ODD_FILES);
    unsigned n = 0;

    check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[300];
        int status;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", ODD_FILES, entry->d_name);
        pid_t pid = fork();
        if (pid == 0) {
            char *const argv[] = { path, NULL };
            execv(path, argv);
            _exit(77);
        }
        status = child_wait(pid);
        if (status != ODD_STATUS << 8)
            fail("%s: wait status %#x, expected exit status %d", path, status, ODD_STATUS);
        n++;
    }
    closedir(dir);
    check_ge(n, 8);
}

/* Many processes become many programs at once. */
static void exec_at_once(void)
{
    for (unsigned round = 0; round < 10; round++) {
        pid_t pids[8];
        for (unsigned i = 0; i < 8; i++)
            pids[i] = child_start(exec_target, i % 2 ? target("bss") : target("ballast"));
        for (unsigned i = 0; i < 8; i++)
            expect_status(pids[i], 0);
    }
}

const struct test_case exec_cases[] = {
    { .name = "new program is clean", .run = new_program_is_clean },
    { .name = "fp starts at zero", .run = fp_starts_at_zero },
    { .name = "d S8 exec arguments in untouched memory", .run = exec_arguments },
    { .name = "text is shared", .run = text_is_shared },
    { .name = "exec loads nothing", .run = exec_loads_nothing },
    { .name = "exec frees the old memory", .run = exec_frees_the_old },
    { .name = "failed exec", .run = failed_exec },
    { .name = "exec descriptors", .run = exec_descriptors },
    { .name = "odd ELF files", .run = odd_files },
    { .name = "exec at once", .run = exec_at_once },
    { .name = NULL },
};
