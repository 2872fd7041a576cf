/*
 * posix_processes.c - waiting for children, signals that kill, exec, and what a new process inherits.
 * Contracts: wait(2), waitid(2), wait4(2), kill(2), execve(2), fork(2), getpid(2), setpgid(2).
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix.h"

#define NO_PROCESS 0x3ffffff                        /* more than any process number */

static void exit_with(uintptr_t status)
{
    _exit((int)status);
}

static void wait_for_end(uintptr_t fd)
{
    char byte;

    read((int)fd, &byte, 1);
}

/* A child that ends when the pipe's other end, which is put in *end, is closed. */
static pid_t waiting_child(int *end)
{
    int fds[2];

    check_ok(pipe2(fds, O_CLOEXEC));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        close(fds[1]);
        wait_for_end(fds[0]);
        _exit(5);
    }
    check_ok(close(fds[0]));
    *end = fds[1];
    return pid;
}

/* ---- waiting ---- */

/* A wait status tells the low eight bits of an exit status, or the signal. */
CASE(wait_status)
{
    int status, end;

    pid_t pid = child_start(exit_with, 7);
    check_eq(waitpid(pid, &status, 0), pid);
    check(WIFEXITED(status));
    check_eq(WEXITSTATUS(status), 7);
    pid = child_start(exit_with, 0x1ff);
    check_eq(wait(&status), pid);
    check_eq(WEXITSTATUS(status), 0xff);
    pid = waiting_child(&end);
    check_ok(kill(pid, SIGKILL));
    check_eq(waitpid(-1, &status, 0), pid);
    check(WIFSIGNALED(status) && !WIFEXITED(status));
    check_eq(WTERMSIG(status), SIGKILL);
    pid = waiting_child(&end);
    check_ok(kill(pid, SIGTERM));
    check_eq(waitpid(pid, NULL, 0), pid);
}

/* Who has no children has nobody to wait for, nor for another's. */
CASE(wait_without_children)
{
    siginfo_t info;
    int status;

    check_errno(wait(&status), ECHILD);
    check_errno(waitpid(-1, &status, WNOHANG), ECHILD);
    check_errno(waitpid(getpid(), &status, 0), ECHILD);
    check_errno(waitpid(getppid(), &status, 0), ECHILD);
    check_errno(waitpid(NO_PROCESS, &status, 0), ECHILD);
    check_errno(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    check_errno(waitid(P_PID, getppid(), &info, WEXITED | WNOHANG), ECHILD);
    pid_t pid = child_start(exit_with, 0);
    expect_status(pid, 0);
    check_errno(waitpid(pid, &status, 0), ECHILD);
}

/* WNOHANG returns 0 while the child lives, and its number once. */
CASE(wait_without_hanging)
{
    siginfo_t info;
    int status = 77, end;
    pid_t pid = waiting_child(&end), got;

    check_eq(waitpid(pid, &status, WNOHANG), 0);
    check_eq(waitpid(-1, &status, WNOHANG), 0);
    check_eq(status, 77);
    memset(&info, 0xff, sizeof(info));
    check_ok(waitid(P_PID, pid, &info, WEXITED | WNOHANG));
    check_eq(info.si_pid, 0);
    check_eq(info.si_signo, 0);
    check_ok(close(end));
    while ((got = waitpid(pid, &status, WNOHANG)) == 0)
        ;
    check_eq(got, pid);
    check_eq(status, 5 << 8);
    check_errno(waitpid(pid, &status, WNOHANG), ECHILD);
}

/* waitid tells who ended, how, and with what. */
CASE(waitid_tells)
{
    siginfo_t info;
    int end;

    pid_t pid = child_start(exit_with, 42);
    memset(&info, 0xff, sizeof(info));
    check_ok(waitid(P_ALL, 0, &info, WEXITED));
    check_eq(info.si_signo, SIGCHLD);
    check_eq(info.si_errno, 0);
    check_eq(info.si_code, CLD_EXITED);
    check_eq(info.si_pid, pid);
    check_eq(info.si_uid, getuid());
    check_eq(info.si_status, 42);
    pid = waiting_child(&end);
    check_ok(kill(pid, SIGKILL));
    check_ok(waitid(P_PID, pid, &info, WEXITED));
    check_eq(info.si_code, CLD_KILLED);
    check_eq(info.si_status, SIGKILL);
    check_eq(info.si_pid, pid);
    check_errno(waitid(P_PID, pid, &info, WEXITED), ECHILD);
}

/* WNOWAIT leaves the child to be waited for again. */
CASE(waitid_leaves_child)
{
    siginfo_t info;
    pid_t pid = child_start(exit_with, 3);

    for (int i = 0; i < 3; i++) {
        check_ok(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
        check_eq(info.si_pid, pid);
        check_eq(info.si_status, 3);
    }
    check_ok(kill(pid, 0));                         /* it has ended and is still there */
    expect_status(pid, 3 << 8);
    check_errno(kill(pid, 0), ESRCH);
}

/* What waitid refuses. */
CASE(waitid_errors)
{
    siginfo_t info;
    pid_t pid = child_start(exit_with, 0);

    check_errno(waitid(P_PID, pid, &info, 0), EINVAL);
    check_errno(waitid(P_PID, pid, &info, WNOHANG), EINVAL);
    check_errno(waitid(P_PID, pid, &info, WEXITED | 0x100), EINVAL);
    check_errno(waitid((idtype_t)99, pid, &info, WEXITED), EINVAL);
    check_errno(waitid(P_PID, 0, &info, WEXITED), EINVAL);
    check_errno(waitpid(pid, NULL, 0x100), EINVAL);
    check_ok(syscall(SYS_waitid, P_PID, pid, NULL, WEXITED | WNOWAIT, NULL));
    expect_status(pid, 0);
}

/* A status that cannot be stored is EFAULT. */
CASE(wait_at_bad_address)
{
    child_start(exit_with, 0);
    check_errno(syscall(SYS_wait4, -1, BAD_ADDRESS, 0, NULL), EFAULT);
    child_start(exit_with, 0);
    check_errno(syscall(SYS_waitid, P_ALL, 0, BAD_ADDRESS, WEXITED, NULL), EFAULT);
}

/* Children are waited for by number, by process group, or any of them. */
CASE(wait_chooses_children)
{
    siginfo_t info;
    int end_a, end_b, end_c;
    pid_t a = waiting_child(&end_a), b = waiting_child(&end_b), c = waiting_child(&end_c);

    check_ok(setpgid(b, b));
    check_ok(setpgid(c, b));
    check_ok(close(end_b));
    check_ok(close(end_c));
    check_eq(waitpid(a, NULL, WNOHANG), 0);
    check_eq(waitpid(0, NULL, WNOHANG), 0);
    pid_t first = waitpid(-b, NULL, 0);
    check(first == b || first == c);
    check_ok(waitid(P_PGID, b, &info, WEXITED));
    check_eq(info.si_pid, b + c - first);
    check_errno(waitpid(-b, NULL, 0), ECHILD);
    check_ok(close(end_a));
    check_eq(waitpid(0, NULL, 0), a);
}

/* wait4 tells what the child used, which then counts among what all children used. */
CASE(wait_tells_usage)
{
    struct rusage child, all;

    memset(&child, 0xff, sizeof(child));
    pid_t pid = child_start(exit_with, 0);
    check_eq(wait4(pid, NULL, 0, &child), pid);
    check(child.ru_minflt > 0);
    check(child.ru_maxrss > 0);
    check(child.ru_utime.tv_sec >= 0 && child.ru_utime.tv_usec < 1000000);
    check_ok(getrusage(RUSAGE_CHILDREN, &all));
    check_ge(all.ru_minflt, child.ru_minflt);
    check_ok(getrusage(RUSAGE_SELF, &all));
    check(all.ru_minflt > 0);
    check_errno(syscall(SYS_getrusage, 99, &all), EINVAL);
    check_errno(syscall(SYS_getrusage, RUSAGE_SELF, BAD_ADDRESS), EFAULT);
}

static void leave_orphan(uintptr_t packed)
{
    char byte;

    if (fork() == 0) {
        check_eq(read((int)(packed >> 8), &byte, 1), 0);        /* until the parent is gone and reaped */
        pid_t parent = getppid();
        write((int)(packed & 0xff), &parent, sizeof(parent));
        _exit(0);
    }
}

/* A child whose parent has ended has another parent. */
CASE(orphan_has_another_parent)
{
    int gone[2], answer[2];
    pid_t parent;

    check_ok(pipe(gone));
    check_ok(pipe(answer));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check_ok(close(gone[1]));
        leave_orphan((uintptr_t)gone[0] << 8 | answer[1]);
        _exit(0);
    }
    expect_status(pid, 0);
    check_ok(close(answer[1]));
    check_ok(close(gone[1]));
    check_eq(read(answer[0], &parent, sizeof(parent)), sizeof(parent));
    check(parent != pid && parent != getpid() && parent > 0);
    check_eq(read(answer[0], &parent, 1), 0);
}

/* ---- signals ---- */

/* kill finds processes and groups, and says when there is none, or no such signal. */
CASE(kill_finds_processes)
{
    int end;
    pid_t pid = waiting_child(&end);

    check_ok(kill(getpid(), 0));
    check_ok(kill(pid, 0));
    check_errno(kill(NO_PROCESS, 0), ESRCH);
    check_errno(kill(NO_PROCESS, SIGKILL), ESRCH);
    check_errno(kill(-NO_PROCESS, SIGKILL), ESRCH);
    check_errno(kill(pid, -1), EINVAL);
    check_errno(kill(pid, 65), EINVAL);
    check_ok(setpgid(pid, pid));
    check_ok(kill(-pid, SIGTERM));
    expect_status(pid, SIGTERM);
    check_errno(kill(pid, 0), ESRCH);
    check_errno(kill(-pid, SIGTERM), ESRCH);
}

/* Signals whose default is to do nothing do nothing. */
CASE(signals_that_do_nothing)
{
    int end;
    pid_t pid = waiting_child(&end);

    check_ok(kill(pid, SIGCHLD));
    check_ok(kill(pid, SIGWINCH));
    check_ok(kill(pid, SIGURG));
    check_ok(close(end));
    expect_status(pid, 5 << 8);
}

static void check_ignored(uintptr_t signal_number)
{
    check_ok(kill(getpid(), (int)signal_number));
    check_ok(raise((int)signal_number));
    check(signal((int)signal_number, SIG_DFL) == SIG_IGN);
}

/* A signal that is ignored does nothing; children and programs ignore it too, until they say otherwise. */
CASE(signal_ignored)
{
    check(signal(SIGTERM, SIG_IGN) == SIG_DFL);
    check_ok(raise(SIGTERM));
    expect_ok(check_ignored, SIGTERM);
    check_eq(helper_run("ignores", SIGTERM), 1);
    check_eq(helper_run("ignores", SIGINT), 0);
    check(signal(SIGTERM, SIG_DFL) == SIG_IGN);
    check_eq(helper_run("ignores", SIGTERM), 0);
}

/* SIGKILL and SIGSTOP cannot be ignored, and no signal that is none. */
CASE(signal_errors)
{
    static const int numbers[] = { SIGKILL, SIGSTOP, 0, -1, 65 };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        errno = 0;
        check(signal(numbers[i], SIG_IGN) == SIG_ERR);
        check_eq(errno, EINVAL);
    }
}

/* ---- exec ---- */

/* What cannot be run, and why. */
CASE(exec_errors)
{
    char *argv[] = { "x", NULL }, *envp[] = { NULL };

    make_file("data", "this is no program\n");
    make_file("empty", "");
    make_directory("d");
    copy_self("program");
    check_ok(symlink("loop", "loop"));
    check_errno(execve("missing", argv, envp), ENOENT);
    check_errno(execve("", argv, envp), ENOENT);
    check_errno(execve("data", argv, envp), EACCES);
    check_errno(execve("d", argv, envp), EACCES);
    check_errno(execve("data/x", argv, envp), ENOTDIR);
    check_errno(execve("loop", argv, envp), ELOOP);
    check_ok(chmod("data", 0755));
    check_ok(chmod("empty", 0755));
    check_errno(execve("data", argv, envp), ENOEXEC);
    check_errno(execve("empty", argv, envp), ENOEXEC);
    check_ok(chmod("program", 0644));
    check_errno(execve("program", argv, envp), EACCES);
    static char long_string[MIB(3)];                  /* more than all arguments together may have */
    char *long_argv[] = { "posix", AS_CHILD, "is-open", long_string, NULL };
    memset(long_string, 'x', sizeof(long_string) - 1);
    check_errno(execve(SELF, long_argv, envp), E2BIG);
    check_errno(execve(long_string, argv, envp), ENAMETOOLONG);
    check_errno(syscall(SYS_execve, BAD_ADDRESS, argv, envp), EFAULT);
    check_errno(syscall(SYS_execve, SELF, BAD_ADDRESS, envp), EFAULT);
}

static void make_script(const char *path, const char *contents)
{
    make_file(path, contents);
    check_ok(chmod(path, 0755));
}

/* exec path with argv, its standard output in the file out. */
static void run_script(const char *path, char *const *argv)
{
    char *envp[] = { NULL };
    pid_t pid = fork();

    check_ge(pid, 0);
    if (pid == 0) {
        dup2(check_fd(open("out", O_CREAT | O_TRUNC | O_WRONLY, 0644)), 1);
        execve(path, argv, envp);
        fail("exec %s: %s", path, strerror(errno));
    }
    expect_status(pid, 0);
}

static void check_output(const char *path, char *const *argv, const char *expected)
{
    run_script(path, argv);
    check_contents("out", expected);
}

/* A script is run by its interpreter, which gets at most one word of the first line, the script's name, and its arguments. */
CASE(exec_of_script)
{
    char *argv[] = { "dropped", "one", "", "two words", NULL }, *none[] = { NULL };

    copy_self("show");
    make_script("script", "#!./show\nnot for the kernel\n");
    check_output("./script", argv, "<./show><./script><one><><two words>./script\n");
    check_output("./script", none, "<./show><./script>./script\n");
    make_script("script", "#! \t ./show\t a  word \t \nmore\n");
    check_output("script", argv, "<./show><a  word><script><one><><two words>script\n");
    make_script("script", "#!./show");
    check_output("script", none, "<./show><script>script\n");
}

/* 256 bytes of the line are looked at: an argument is cut, and the name of an interpreter must end there. */
CASE(exec_of_script_with_long_line)
{
    char line[302], *argv[] = { "x", NULL }, *envp[] = { NULL };

    copy_self("show");
    memset(line, 'a', sizeof(line));
    memcpy(line, "#!./show ", 9);
    memcpy(line + 300, "\n", 2);
    make_script("script", line);
    run_script("script", argv);
    check_eq(stat_of("out").st_size, strlen("<./show><><script>script\n") + 255 - strlen("#!./show "));
    memset(line, '/', 300);
    memcpy(line, "#!.", 3);
    for (size_t end = 254; end <= 257; end++) {     /* where the name ends, one byte later each time */
        memcpy(line + end - 4, "none\n", 6);
        make_script("script", line);
        check_errno(execve("script", argv, envp), end < 256 ? ENOENT : ENOEXEC);
        memset(line + end - 4, '/', 6);
    }
}

/* The interpreter may be a script, and so on, but not for ever. */
CASE(exec_of_script_of_script)
{
    char *argv[] = { "x", "one", NULL }, *envp[] = { NULL };

    copy_self("show");
    make_script("1", "#!./show");
    make_script("2", "#!./1 b");
    make_script("3", "#!./2");
    make_script("4", "#!./3");
    make_script("5", "#!./4");
    make_script("6", "#!./5");
    make_script("self", "#!./self");
    check_output("./2", argv, "<./show><./1><b><./2><one>./2\n");
    check_output("./5", argv, "<./show><./1><b><./2><./3><./4><./5><one>./5\n");
    check_errno(execve("6", argv, envp), ELOOP);
    check_errno(execve("self", argv, envp), ELOOP);
}

/* What the first line may lead to. */
CASE(exec_of_script_errors)
{
    static const struct {
        const char *line;
        int error;
    } scripts[] = {
        { "#!\n", ENOEXEC }, { "#! \t \n./show\n", ENOEXEC }, { "#./show\n", ENOEXEC },
        { " #!./show\n", ENOEXEC }, { "#!./missing\n", ENOENT }, { "#!./d\n", EACCES }, { "#!./data\n", EACCES },
        { "#!./text\n", ENOEXEC }, { "#!./data/x\n", ENOTDIR }, { "#!./loop\n", ELOOP },
    };
    char *argv[] = { "x", NULL }, *envp[] = { NULL };

    copy_self("show");
    make_directory("d");
    make_file("data", "");
    make_script("text", "no program\n");
    check_ok(symlink("loop", "loop"));
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        make_script("script", scripts[i].line);
        check_errno(execve("script", argv, envp), scripts[i].error);
        check_ok(unlink("script"));
    }
    make_file("script", "#!./show\n");
    check_errno(execve("script", argv, envp), EACCES);
}

/* Programs may rely on argv[0]: without any there is an empty one. */
CASE(exec_without_arguments)
{
    char *none[] = { NULL };
    char *const *const lists[] = { none, NULL };

    for (size_t i = 0; i < 2; i++) {
        pid_t pid = fork();
        check_ge(pid, 0);
        if (pid == 0) {
            syscall(SYS_execve, SELF, lists[i], none);
            fail("exec: %s", strerror(errno));
        }
        expect_status(pid, 41 << 8);
    }
}

/* One string has at most 128 KiB, with its end, however much room there is for all of them. */
CASE(exec_with_long_string)
{
    static char string[(128 << 10) + 1];
    char *argv[] = { "posix", AS_CHILD, "is-open", "999", NULL }, *envp[] = { NULL };
    char *names[] = { string, NULL };

    memset(string, 'x', sizeof(string) - 1);
    argv[0] = string;
    check_errno(execve(SELF, argv, envp), E2BIG);
    argv[0] = "posix";
    check_errno(execve(SELF, argv, names), E2BIG);
    string[sizeof(string) - 2] = '\0';
    argv[0] = string;
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        execve(SELF, argv, names);
        fail("exec: %s", strerror(errno));
    }
    expect_status(pid, 0);
}

/* A program runs from a file of any directory, through symbolic links, and after its name is gone. */
CASE(exec_of_copy)
{
    make_directory("d");
    copy_self("d/program");
    check_ok(symlink("d/program", "s"));
    expect_status(helper_start("d/program", "is-open", BAD_FD), 0);
    expect_status(helper_start("s", "is-open", 1), 1 << 8);
    int fds[2];
    check_ok(pipe(fds));
    check_ok(fcntl(fds[1], F_SETFD, FD_CLOEXEC));
    pid_t pid = helper_start("s", "until-closed", fds[0]);
    check_ok(unlink("d/program"));
    check_ok(close(fds[1]));
    expect_status(pid, 0);
}

static void check_program_of(pid_t pid, const char *path, const struct stat *file)
{
    char link[64], text[PATH_MAX];

    snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
    ssize_t len = readlink(link, text, sizeof(text) - 1);
    check_ge(len, 1);
    text[len] = '\0';
    if (strcmp(text, path) != 0)
        fail("%s leads to %s, expected %s", link, text, path);
    struct stat found = stat_of(link);
    check(same_file(&found, file));
    check(S_ISLNK(lstat_of(link).st_mode));
}

/* /proc/PID/exe leads to the program's file, and can be run, whatever has become of the file's name. */
CASE(program_in_proc)
{
    char here[PATH_MAX], path[PATH_MAX + 16], link[64], magic[4];
    int fds[2];

    copy_self("program");
    struct stat file = stat_of(SELF), copy = stat_of("program"), gone;
    check_program_of(getpid(), SELF, &file);
    int fd = check_fd(open("/proc/self/exe", O_RDONLY));
    check_eq(read(fd, magic, sizeof(magic)), sizeof(magic));
    check(memcmp(magic, "\177ELF", sizeof(magic)) == 0);
    check_errno(open("/proc/self/exe", O_RDONLY | O_NOFOLLOW), ELOOP);
    check_errno(open("/proc/self/exe/", O_RDONLY), ENOTDIR);
    check_errno(open("/proc/self/exe", O_RDONLY | O_CREAT | O_EXCL, 0644), EEXIST);

    check_ok(pipe2(fds, 0));
    check_ok(fcntl(fds[1], F_SETFD, FD_CLOEXEC));
    pid_t pid = helper_start("program", "until-closed", fds[0]);
    check(getcwd(here, sizeof(here)) != NULL);
    snprintf(path, sizeof(path), "%s/program", here);
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
    check_program_of(pid, path, &copy);
    check_ok(rename("program", "renamed"));
    snprintf(path, sizeof(path), "%s/renamed", here);
    check_program_of(pid, path, &copy);
    check_ok(unlink("renamed"));
    check_ok(stat(link, &gone));
    check(same_file(&copy, &gone));
    expect_status(helper_start(link, "is-open", 1), 1 << 8);
    check_errno(open(link, O_WRONLY), ETXTBSY);
    check_ok(close(fds[1]));
    check_ok(waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT));
    check_errno(stat(link, &gone), ENOENT);
    expect_status(pid, 0);
}

/* A new program has the umask and the working directory of the old one. */
CASE(exec_keeps_umask_and_directory)
{
    make_directory("d");
    make_file("d/here", "");
    umask(035);
    check_eq(helper_run("umask", 0), 035);
    check_eq(helper_run("file-here", 0), 0);
    check_ok(chdir("d"));
    check_eq(helper_run("file-here", 0), 1);
}

static void change_umask(uintptr_t unused)
{
    (void)unused;
    check_eq(umask(077), 022);
}

/* A child has its own umask, which begins as its parent's. */
CASE(fork_copies_umask)
{
    expect_ok(change_umask, 0);
    check_eq(umask(022), 022);
}

/* ---- numbers ---- */

/* The first thread of a process has its number; a child has another, and this process for its parent. */
CASE(process_numbers)
{
    pid_t parent = getpid(), answer[3];
    int fds[2];

    check_eq(gettid(), parent);
    check_ok(pipe(fds));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        pid_t mine[3] = { getpid(), getppid(), gettid() };
        check_eq(write(fds[1], mine, sizeof(mine)), sizeof(mine));
        _exit(0);
    }
    check_eq(read(fds[0], answer, sizeof(answer)), sizeof(answer));
    expect_status(pid, 0);
    check_eq(answer[0], pid);
    check_eq(answer[1], parent);
    check_eq(answer[2], pid);
}

static void fork_often(uintptr_t unused)
{
    uintptr_t heap = heap_grow(MIB(4));             /* so that a fork takes a while */

    (void)unused;
    memset((void *)heap, 1, MIB(4));
    for (unsigned i = 0; i < 300; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
}

/* Whoever can be seen in /proc has a name and a parent. */
static void check_whole(const char *number)
{
    char path[64], text[256], name[64];
    int parent = -1;
    ssize_t len;

    snprintf(path, sizeof(path), "/proc/%s/stat", number);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return;                                     /* it has ended */
    len = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (len <= 0)
        return;
    text[len] = '\0';
    if (sscanf(text, "%*d (%63[^)]) %*c %d", name, &parent) == 2 && parent > 0)
        return;
    if (kill(atoi(number), 0) == 0)                 /* Linux takes a parent away at the end */
        fail("%s: %s", path, text);
}

/* A process is there when its fork has succeeded, and not before: with its name and its parent. */
CASE(processes_are_seen_whole)
{
    DIR *proc = opendir("/proc");
    pid_t forker = child_start(fork_often, 0);
    struct dirent *entry;
    int status;

    check(proc != NULL);
    while (waitpid(forker, &status, WNOHANG) == 0) {
        rewinddir(proc);
        while ((entry = readdir(proc)) != NULL)
            if (atoi(entry->d_name) > forker)
                check_whole(entry->d_name);
    }
    check_eq(status, 0);
    closedir(proc);
}

const struct test_case process_cases[] = {
    { .name = "wait status", .run = wait_status },
    { .name = "wait without children", .run = wait_without_children },
    { .name = "wait without hanging", .run = wait_without_hanging },
    { .name = "waitid tells", .run = waitid_tells },
    { .name = "waitid leaves child", .run = waitid_leaves_child },
    { .name = "waitid errors", .run = waitid_errors },
    { .name = "wait at bad address", .run = wait_at_bad_address },
    { .name = "wait chooses children", .run = wait_chooses_children },
    { .name = "wait tells usage", .run = wait_tells_usage },
    { .name = "orphan has another parent", .run = orphan_has_another_parent },
    { .name = "kill finds processes", .run = kill_finds_processes },
    { .name = "signals that do nothing", .run = signals_that_do_nothing },
    { .name = "signal ignored", .run = signal_ignored },
    { .name = "signal errors", .run = signal_errors },
    { .name = "exec errors", .run = exec_errors },
    { .name = "exec of script", .run = exec_of_script },
    { .name = "exec of script with long line", .run = exec_of_script_with_long_line },
    { .name = "exec of script of script", .run = exec_of_script_of_script },
    { .name = "exec of script errors", .run = exec_of_script_errors },
    { .name = "exec without arguments", .run = exec_without_arguments },
    { .name = "exec with long string", .run = exec_with_long_string },
    { .name = "exec of copy", .run = exec_of_copy },
    { .name = "program in /proc", .run = program_in_proc },
    { .name = "exec keeps umask and directory", .run = exec_keeps_umask_and_directory },
    { .name = "fork copies umask", .run = fork_copies_umask },
    { .name = "process numbers", .run = process_numbers },
    { .name = "processes are seen whole", .run = processes_are_seen_whole },
    { .name = NULL },
};
