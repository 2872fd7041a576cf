/*
 * posix_clone.c - children as the C library of Linux makes them: clone(2) with a stack, with the numbers that it stores and
 * clears, and set_tid_address(2).
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "posix.h"

#define SHARES (CLONE_VM | CLONE_VFORK | SIGCHLD)   /* how posix_spawn(3) makes a child */
#define NUMBER 0x5a5a5a5a                           /* no process has it */

static char stack[KIB(64)] __attribute__((aligned(16)));
static volatile int parent_word, child_word, other_word;

static pid_t start(int (*run)(void *), int flags, void *arg)
{
    parent_word = child_word = other_word = NUMBER;
    return clone(run, stack + sizeof(stack), flags, arg, &parent_word, NULL, &child_word);
}

static int own_number_is_there(void *unused)
{
    (void)unused;
    return child_word != syscall(SYS_gettid);
}

/* fork of the C library: the child finds its number in its own memory, whose other copy stays as it was. */
CASE(clone_tells_the_child)
{
    pid_t pid = start(own_number_is_there, SIGCHLD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, NULL);

    check_ge(pid, 1);
    expect_status(pid, 0);
    check_eq(child_word, NUMBER);
    check_eq(parent_word, NUMBER);
}

/* The parent finds it when clone has returned. */
CASE(clone_tells_the_parent)
{
    pid_t pid = start(own_number_is_there, SIGCHLD | CLONE_PARENT_SETTID, NULL);

    check_ge(pid, 1);
    check_eq(parent_word, pid);
    expect_status(pid, 1 << 8);                     /* nobody has told the child */
    check_eq(child_word, NUMBER);
}

/* In shared memory the number is there for both, and 0 when the child has gone. */
CASE(clone_clears_when_the_child_ends)
{
    pid_t pid = start(own_number_is_there, SHARES | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, NULL);

    check_ge(pid, 1);
    check_eq(parent_word, pid);
    check_eq(child_word, pid);
    expect_status(pid, 0);
    pid = start(own_number_is_there, SHARES | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, NULL);
    check_eq(child_word, 0);
    expect_status(pid, 0);
}

static int asks_for_another_word(void *word)
{
    return syscall(SYS_set_tid_address, word) != syscall(SYS_gettid);
}

/* set_tid_address returns the caller's number, and says which word becomes 0, instead of another. */
CASE(set_tid_address_moves_the_word)
{
    pid_t pid = start(asks_for_another_word, SHARES | CLONE_CHILD_CLEARTID, (void *)&other_word);

    check_eq(other_word, 0);
    check_eq(child_word, NUMBER);
    expect_status(pid, 0);
    pid = start(asks_for_another_word, SHARES | CLONE_CHILD_CLEARTID, NULL);
    check_eq(child_word, NUMBER);
    expect_status(pid, 0);
    check_eq(syscall(SYS_set_tid_address, &other_word), getpid());
}

static int becomes_program(void *fd)
{
    char text[24], *argv[] = { "posix", AS_CHILD, "until-closed", text, NULL }, *envp[] = { NULL };

    snprintf(text, sizeof(text), "%d", *(int *)fd);
    other_word = 1;
    execve(SELF, argv, envp);
    return 1;
}

/* posix_spawn: the parent goes on when the child has another program, which is also when it has left the memory. */
CASE(clone_clears_at_exec)
{
    int fds[2];

    check_ok(pipe2(fds, 0));
    check_ok(fcntl(fds[1], F_SETFD, FD_CLOEXEC));
    pid_t pid = start(becomes_program, SHARES | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, &fds[0]);
    check_ge(pid, 1);
    check_eq(other_word, 1);
    check_eq(child_word, 0);
    check_eq(waitpid(pid, NULL, WNOHANG), 0);
    check_ok(close(fds[1]));
    expect_status(pid, 0);
}

static int does_nothing(void *unused)
{
    (void)unused;
    return 0;
}

/* Who leaves memory that nobody else lives in clears nothing, though the page may be seen elsewhere. */
CASE(nothing_is_cleared_in_memory_of_its_own)
{
    int *word = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int flags = SIGCHLD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;

    check(word != MAP_FAILED);
    pid_t pid = clone(does_nothing, stack + sizeof(stack), flags, NULL, NULL, NULL, word);
    expect_status(pid, 0);
    check_eq(*word, pid);
}

/* Numbers that cannot be stored are no reason to fail. */
CASE(clone_with_bad_addresses)
{
    int numbers = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    static char *const read_only = "constant";
    void *const bad[] = { NULL, BAD_ADDRESS, (void *)-8l, read_only };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        pid_t pid = clone(does_nothing, stack + sizeof(stack), SIGCHLD | numbers, NULL, bad[i], NULL, bad[i]);
        check_ge(pid, 1);
        expect_status(pid, 0);
        pid = clone(does_nothing, stack + sizeof(stack), SHARES | numbers, NULL, bad[i], NULL, bad[i]);
        check_ge(pid, 1);
        expect_status(pid, 0);
        pid = start(asks_for_another_word, SHARES, bad[i]);
        check_ge(pid, 1);
        expect_status(pid, 0);
    }
    check_eq(strcmp(read_only, "constant"), 0);
}

const struct test_case clone_cases[] = {
    { .name = "clone tells the child", .run = clone_tells_the_child },
    { .name = "clone tells the parent", .run = clone_tells_the_parent },
    { .name = "clone clears when the child ends", .run = clone_clears_when_the_child_ends },
    { .name = "set_tid_address moves the word", .run = set_tid_address_moves_the_word },
    { .name = "clone clears at exec", .run = clone_clears_at_exec },
    { .name = "nothing is cleared in memory of its own", .run = nothing_is_cleared_in_memory_of_its_own },
    { .name = "clone with bad addresses", .run = clone_with_bad_addresses },
    { .name = NULL },
};
