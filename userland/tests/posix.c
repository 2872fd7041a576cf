/*
 * posix.c - what programs may expect of files, descriptors, pipes, limits and processes.
 * Owns: what the parts of the program share. The cases are in posix_*.c, a table in each.
 * Expected: every case ok, here and on Linux. The same sources are built for both (see meson.build), so that the expectations
 * are Linux's, also where POSIX leaves a choice or says something else; such a case names the difference.
 *
 * Usage: posix [-l] [NAME...]
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include "posix.h"
#include "posix_signals.h"

#define TMPFS_TYPE 0x01021994                       /* statfs(2) */

static char self[PATH_MAX];

/* ---- judging ---- */

void posix_check_ok(const char *file, int line, const char *call, long result)
{
    if (result != 0)
        test_fail(file, line, "%s is %ld (%s), expected 0", call, result, result == -1 ? strerror(errno) : "no error");
}

int posix_check_fd(const char *file, int line, const char *call, int result)
{
    if (result < 0)
        test_fail(file, line, "%s: %s", call, strerror(errno));
    return result;
}

void posix_check_errno(const char *file, int line, const char *call, long result, int error, int expected)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "%s", strerror(expected));     /* strerror may use one buffer for all */
    if (result != -1)
        test_fail(file, line, "%s is %ld, expected to fail: %s", call, result, wanted);
    if (error != expected)
        test_fail(file, line, "%s: %s, expected: %s", call, strerror(error), wanted);
}

void only_root(void)
{
    if (geteuid() != 0)
        skip("needs root");
}

void only_user(void)
{
    if (geteuid() == 0)
        skip("root may do this");
}

void only_tmpfs(void)
{
    struct statfs here;

    check_ok(statfs(".", &here));
    if (here.f_type != TMPFS_TYPE)
        skip("the working directory is not on a tmpfs");
}

/* ---- the sandbox ---- */

static void remove_tree(int dirfd, const char *name);

/* Remove one entry of dir. False when there is none left. */
static bool remove_first_entry(DIR *dir)
{
    struct dirent *entry;

    rewinddir(dir);
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            remove_tree(dirfd(dir), entry->d_name);
            return true;
        }
    }
    return false;
}

static void remove_tree(int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0)
        return;
    if (errno != EISDIR)
        fail("cannot remove %s: %s", name, strerror(errno));
    fchmodat(parent, name, 0700, 0);
    DIR *dir = fdopendir(check_fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)));
    check(dir != NULL);
    while (remove_first_entry(dir))
        ;
    closedir(dir);
    check_ok(unlinkat(parent, name, AT_REMOVEDIR));
}

static void sandbox_name(char *path, size_t len)
{
    static const char *const places[] = { "/dev/shm", "/tmp", "" };
    unsigned i = 0;

    while (places[i][0] && access(places[i], W_OK | X_OK) != 0)
        i++;
    snprintf(path, len, "%s/posix-%d", places[i], (int)getpid());
}

/* Whoever started the tests may ignore or block signals, and that is inherited. */
static void ignore_nothing(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);                    /* fails for those that nobody can ignore */
    check_ok(sigemptyset(&none));
    check_ok(sigprocmask(SIG_SETMASK, &none, NULL));
}

static void end_as(int status)
{
    if (WIFSIGNALED(status))
        kill(getpid(), WTERMSIG(status));
    _exit(WEXITSTATUS(status));
}

void in_sandbox(void (*steps)(void))
{
    char path[64];

    sandbox_name(path, sizeof(path));
    if (exists(path))
        remove_tree(AT_FDCWD, path);
    check_ok(mkdir(path, 0755));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        umask(022);
        ignore_nothing();
        check_ok(chdir(path));
        steps();
        _exit(0);
    }
    int status = child_wait(pid);
    remove_tree(AT_FDCWD, path);
    end_as(status);
}

/* ---- files ---- */

int make_open_file(const char *path, const char *contents)
{
    int fd = check_fd(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
    size_t len = strlen(contents);

    check_eq(pwrite(fd, contents, len, 0), len);
    return fd;
}

void make_file(const char *path, const char *contents)
{
    check_ok(close(make_open_file(path, contents)));
}

void make_directory(const char *path)
{
    check_ok(mkdir(path, 0755));
}

void check_contents_fd(int fd, const char *contents)
{
    char buffer[256];
    size_t len = strlen(contents);

    check_le(len, sizeof(buffer) - 1);
    ssize_t got = pread(fd, buffer, sizeof(buffer), 0);
    check_ge(got, 0);
    if ((size_t)got != len || memcmp(buffer, contents, len) != 0)
        fail("the file holds \"%.*s\", expected \"%s\"", (int)got, buffer, contents);
}

void check_contents(const char *path, const char *contents)
{
    int fd = check_fd(open(path, O_RDONLY));

    check_contents_fd(fd, contents);
    check_ok(close(fd));
}

bool exists(const char *path)
{
    struct stat file;

    return lstat(path, &file) == 0;
}

struct stat stat_of(const char *path)
{
    struct stat file;

    if (stat(path, &file) != 0)
        fail("stat %s: %s", path, strerror(errno));
    return file;
}

struct stat lstat_of(const char *path)
{
    struct stat file;

    if (lstat(path, &file) != 0)
        fail("lstat %s: %s", path, strerror(errno));
    return file;
}

struct stat fstat_of(int fd)
{
    struct stat file;

    check_ok(fstat(fd, &file));
    return file;
}

bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void copy_self(const char *path)
{
    static char buffer[16384];
    int from = check_fd(open(SELF, O_RDONLY)), to = check_fd(open(path, O_WRONLY | O_CREAT | O_EXCL, 0755));
    ssize_t got;

    while ((got = read(from, buffer, sizeof(buffer))) > 0)
        check_eq(write(to, buffer, got), got);
    check_eq(got, 0);
    check_ok(close(from));
    check_ok(close(to));
}

/* ---- helpers ---- */

const char *self_path(void)
{
    return self;
}

pid_t helper_start(const char *path, const char *action, long number)
{
    char text[24];
    char *argv[] = { "posix", AS_CHILD, (char *)action, text, NULL }, *envp[] = { NULL };

    int fds[2];

    snprintf(text, sizeof(text), "%ld", number);
    check_ok(pipe2(fds, O_CLOEXEC));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        execve(path, argv, envp);
        fail("exec %s: %s", path, strerror(errno));
    }
    check_ok(close(fds[1]));
    check_eq(read(fds[0], text, 1), 0);             /* exec has closed it for the child */
    check_ok(close(fds[0]));
    return pid;
}

int helper_run(const char *action, long number)
{
    int status = child_wait(helper_start(SELF, action, number));

    check(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* What the program does instead of testing when its first argument is AS_CHILD. */
static int helper_main(const char *action, long number)
{
    char byte;

    if (strcmp(action, "is-open") == 0)             /* 1 when descriptor number is open */
        return fcntl(number, F_GETFD) >= 0;
    if (strcmp(action, "umask") == 0)               /* the umask that it was started with */
        return umask(0);
    if (strcmp(action, "nofile") == 0) {            /* the limit on descriptors, 255 at most */
        struct rlimit limit;
        return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 255 ? (int)limit.rlim_cur : 255;
    }
    if (strcmp(action, "until-closed") == 0)        /* wait until nobody can write to the pipe at descriptor number */
        return read(number, &byte, 1) == 0 ? 0 : 1;
    if (strcmp(action, "offset") == 0)              /* where descriptor number stands */
        return (int)lseek(number, 0, SEEK_CUR);
    if (strcmp(action, "ignores") == 0)             /* 1 when signal number is ignored */
        return signal(number, SIG_DFL) == SIG_IGN;
    if (strcmp(action, "use-stack") == 0) {         /* store number bytes below where the stack is */
        poke_byte((uintptr_t)&byte - number, 1);
        return 0;
    }
    if (strcmp(action, "is-mapped") == 0)           /* 1 when page number can be read */
        return access((const char *)(number * PAGE_BYTES), F_OK) == 0 || errno != EFAULT;
    if (strcmp(action, "file-here") == 0)           /* 1 when the working directory has an entry "here" */
        return exists("here");
    int result = signal_helper(action, number);
    return result >= 0 ? result : 254;
}

/* ---- time, memory and limits ---- */

bool time_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

void clock_step(const struct stat *file)
{
    int fd = make_open_file("clock-step", "");
    struct stat probe;

    do {
        check_ok(futimens(fd, NULL));
        probe = fstat_of(fd);
    } while (!time_before(file->st_ctim, probe.st_ctim));
    check_ok(close(fd));
    check_ok(unlink("clock-step"));
}

char *pages_before_hole(size_t npages)
{
    uintptr_t start = heap_grow((npages + 1) * PAGE_BYTES);

    check_ok(munmap((void *)(start + npages * PAGE_BYTES), PAGE_BYTES));
    return (char *)start;
}

void limit_set(int resource, unsigned long value)
{
    struct rlimit limit;

    check_ok(getrlimit(resource, &limit));
    limit.rlim_cur = value;
    check_ok(setrlimit(resource, &limit));
}

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = {
        name_cases, file_cases, directory_cases, descriptor_cases, pipe_cases, limit_cases, process_cases, clone_cases,
        mapping_cases, mapped_file_cases, remap_cases, advice_cases, map_model_cases,
        signal_cases, send_cases, interrupt_cases, fault_cases, stack_cases, frame_cases,
        bus_cases, job_cases, NULL,
    };
    const struct test_program program = { "posix", TEST_TAP, tables };

    if (argc == 0 || argv[0][0] == '\0')             /* started without a name: 41 when that is there, and empty */
        return argc == 1 && argv[1] == NULL ? 41 : 40;
    if (strcmp(argv[0], INTERPRETER) == 0) {
        for (int i = 0; i < argc; i++)
            printf("<%s>", argv[i]);
        printf("%s\n", (const char *)getauxval(AT_EXECFN));
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], AS_CHILD) == 0)
        return helper_main(argv[2], atol(argv[3]));
    const char *name = (const char *)getauxval(AT_EXECFN);
    if (name[0] == '/')
        snprintf(self, sizeof(self), "%s", name);
    else if (!realpath(name, self))
        return 2;
    return test_main(&program, argc, argv);
}
