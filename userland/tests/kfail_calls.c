/*
 * kfail_calls.c - ladders of kfail: /proc, and the calls that take a structure or a range of user memory.
 * Expected: ENOMEM and nothing changed; or, where the kernel cannot reach the caller's own page, SIGKILL. What cannot be had of
 * another process harms neither of the two.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <faultline.h>

#include "kfail.h"

#define MADV_WILLNEED 3
#define NUMBERED(call, ...) return raw_syscall(SYS_##call, __VA_ARGS__)

/* ---- /proc ---- */

static char path[64], text[PAGE_BYTES];
static const char *wanted;                      /* what the text must have somewhere in it */

/* Open, read and close: one act, since all three are one look. */
static long look(int flags, long (*how)(int file))
{
    long file = raw_syscall(SYS_openat, AT_FDCWD, path, flags, 0);

    if (file < 0)
        return file;
    long len = how(file);
    raw_syscall(SYS_close, file);
    return len;
}

static long read_text(int file)
{
    return raw_syscall(SYS_read, file, text, sizeof(text) - 1);
}

static long read_entries(int file)
{
    return raw_syscall(SYS_getdents64, file, text, sizeof(text));
}

static long act_read_text(void)
{
    long len = look(O_RDONLY, read_text);

    if (len < 0)
        return len;
    text[len] = '\0';
    if (strstr(text, wanted) == NULL)
        fail("%s has no %s in its %ld bytes", path, wanted, len);
    return len;
}

static long act_read_entries(void)
{
    return look(O_RDONLY | O_DIRECTORY, read_entries);
}

static void path_of(const char *name, const char *row)
{
    lowest_free_fd();
    snprintf(path, sizeof(path), "/proc/%d/%s", getpid(), name);
    wanted = row;
}

static void own_maps(void) { path_of("maps", "/tests/kfail\n"); }
static void own_smaps(void) { path_of("smaps", "Rss:"); }
static void own_status(void) { path_of("status", "VmRSS:"); }
static void own_stat(void) { path_of("stat", "(kfail)"); }
static void own_cmdline(void) { path_of("cmdline", "kfail"); }
static void own_directory(void) { path_of("", ""); }

static void directory(const char *name)
{
    lowest_free_fd();
    strcpy(path, name);
}

static void proc_directory(void) { directory("/proc"); }
static void bin_directory(void) { directory("/bin"); }

/* A child whose page table is as good as empty: whoever looks into its memory has to fill it. */
static void path_of_sibling(const char *name, const char *row)
{
    share();
    memset(text, 0, sizeof(text));              /* our own again */
    lowest_free_fd();
    snprintf(path, sizeof(path), "/proc/%d/%s", sibling, name);
    wanted = row;
}

static void sibling_maps(void) { path_of_sibling("maps", "/tests/kfail\n"); }
static void sibling_smaps(void) { path_of_sibling("smaps", "Rss:"); }
static void sibling_status(void) { path_of_sibling("status", "VmRSS:"); }
static void sibling_cmdline(void) { path_of_sibling("cmdline", "kfail"); }

static long trace(const char *number)
{
    long file = raw_syscall(SYS_openat, AT_FDCWD, "/proc/trace", O_WRONLY, 0);

    if (file < 0)
        return file;
    long len = raw_syscall(SYS_write, file, number, strlen(number));
    raw_syscall(SYS_close, file);
    return len;
}

static long act_trace(void) { return trace("300"); }

static void trace_end(void)
{
    check_eq(trace("0"), 1);
    check_eq(trace("0"), 1);
}

static void trace_empty(void)
{
    same_fd_free();
    strcpy(path, "/proc/trace");
    wanted = "# hart 0: 0 records, 0 lost";
    act_read_text();
}

/* ---- structures in user memory ---- */

static void have_a_child(void)
{
    share();
    far_page();
}

static long act_waitid(void)
{
    return raw_syscall(SYS_waitid, P_PID, sibling, page, WEXITED | WNOHANG, page + PAGE_BYTES);
}

static void null_open(void)
{
    far_page();
    fd = open_or_fail("/dev/null", O_RDWR);
}

/* The page reads as descriptors 0, of which nothing is asked. */
static long act_poll(void)
{
    static const uint64_t no_time[2];

    NUMBERED(ppoll, page, 4, no_time, 0, 0);
}

/* The page reads as a time of 0. */
static long act_poll_time(void) { NUMBERED(ppoll, 0, 0, page, 0, 0); }
static long act_getrandom(void) { NUMBERED(getrandom, page, 16, 0); }
static long act_sysinfo(void) { NUMBERED(sysinfo, page); }
static long act_fstatfs(void) { NUMBERED(fstatfs, fd, page); }
static long act_getrlimit(void) { NUMBERED(getrlimit, RLIMIT_NPROC, page); }
static long act_prlimit(void) { NUMBERED(prlimit64, 0, RLIMIT_CORE, 0, page); }

/* The page reads as limits of 0. */
static long act_setrlimit(void) { NUMBERED(setrlimit, RLIMIT_CORE, page); }

static void core_limit(void)
{
    check_eq(setrlimit(RLIMIT_CORE, &(struct rlimit){ 5, 10 }), 0);
    far_page();
}

/* ---- ranges ---- */

#define POPULATED (6 * PAGE_BYTES)

/* Across the end of what one leaf table holds, so that two of everything are needed. */
static void far_range(void)
{
    far_page();
    page -= 3 * PAGE_BYTES;
}

static long act_populate(void)
{
    NUMBERED(madvise, page, POPULATED, MADV_POPULATE_WRITE);
}

static long act_forget(void)
{
    NUMBERED(madvise, page + 8 * PAGE_BYTES, 16 * PAGE_BYTES, MADV_DONTNEED);
}

/* ---- what takes no memory ---- */

#define DIRECTORY "/kfail.none"

static void sweep(void)
{
    unlink(DIRECTORY "/file");
    rmdir(DIRECTORY);
}

static int dir_fd;

static void file_with_hole(void)
{
    page = heap_grow(2 * PAGE_BYTES);
    pages_mark(page, 2, PAGE_BYTES);
    sweep();
    check_eq(mkdir(DIRECTORY, 0755), 0);
    dir_fd = open_or_fail(DIRECTORY, O_RDONLY);
    fd = open(DIRECTORY "/file", O_RDWR | O_CREAT, 0600);
    check_ge(fd, 0);
    check_eq(pwrite(fd, &fd, sizeof(fd), MIB(1)), sizeof(fd));
}

static void no_file(void)
{
    close(dir_fd);
    close_fd();
    check_eq(chdir("/"), 0);
    sweep();
}

static long act_modest(void)
{
    static const uint64_t no_time[2];
    const long calls[][5] = {
        { SYS_read, fd, page, 4096 },           { SYS_pread64, fd, page, 8, MIB(1) },   { SYS_pwrite64, fd, page, 8, MIB(1) },
        { SYS_pwrite64, fd, page, 0, GIB(1) },  { SYS_ftruncate, fd, GIB(2) },          { SYS_ftruncate, fd, 10 },
        { SYS_fstatfs, fd, page },              { SYS_fsync, fd },                      { SYS_fdatasync, fd },
        { SYS_sync },                           { SYS_fchmod, fd, 0640 },               { SYS_fchown, fd, 0, 0 },
        { SYS_utimensat, fd, 0, 0, 0 },         { SYS_fchdir, dir_fd },                 { SYS_getdents64, dir_fd, page, 4096 },
        { SYS_fcntl, fd, F_DUPFD, 40 },         { SYS_fcntl, 40, F_SETFD, FD_CLOEXEC }, { SYS_fcntl, fd, F_SETFL, O_APPEND },
        { SYS_close, 40 },                      { SYS_umask, 022 },                     { SYS_gettid },
        { SYS_getrlimit, RLIMIT_AS, page },     { SYS_prlimit64, 0, RLIMIT_AS, 0, page }, { SYS_sysinfo, page },
        { SYS_getrandom, page, 64, 0 },         { SYS_ppoll, 0, 0, (long)no_time, 0 },
        { SYS_madvise, page, 8192, MADV_WILLNEED }, { SYS_madvise, page, 8192, MADV_POPULATE_WRITE },
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        long result = raw_syscall(calls[i][0], calls[i][1], calls[i][2], calls[i][3], calls[i][4]);
        if (result < 0)
            fail("call %ld, the %zu-th, gives %ld", calls[i][0], i + 1, result);
    }
    return 0;
}

/* ---- the ladders ---- */

#define LADDERS(X)                                                                                          \
    X(proc_maps, own_maps, act_read_text, same_fd_free, nothing, REFUSED)                                   \
    X(proc_smaps, own_smaps, act_read_text, same_fd_free, nothing, REFUSED)                                 \
    X(proc_status, own_status, act_read_text, same_fd_free, nothing, REFUSED)                               \
    X(proc_stat, own_stat, act_read_text, same_fd_free, nothing, REFUSED)                                   \
    X(proc_cmdline, own_cmdline, act_read_text, same_fd_free, nothing, REFUSED | MAY_BE_KILLED)             \
    X(proc_trace, lowest_free_fd, act_trace, trace_empty, trace_end, REFUSED)                               \
    X(proc_own_directory, own_directory, act_read_entries, same_fd_free, nothing, REFUSED)                  \
    X(proc_directory, proc_directory, act_read_entries, same_fd_free, nothing, REFUSED)                     \
    X(bin_directory, bin_directory, act_read_entries, same_fd_free, nothing, REFUSED)                       \
    X(sibling_maps, sibling_maps, act_read_text, same_fd_free, unshare, REFUSED)                            \
    X(sibling_smaps, sibling_smaps, act_read_text, same_fd_free, unshare, REFUSED)                          \
    X(sibling_status, sibling_status, act_read_text, same_fd_free, unshare, REFUSED)                        \
    X(sibling_cmdline, sibling_cmdline, act_read_text, same_fd_free, unshare, REFUSED)                      \
    X(waitid, have_a_child, act_waitid, nothing, unshare, KILLED)                                          \
    X(poll, far_page, act_poll, nothing, nothing, KILLED)                                                   \
    X(poll_time, far_page, act_poll_time, nothing, nothing, KILLED)                                         \
    X(getrandom, far_page, act_getrandom, nothing, nothing, KILLED)                                         \
    X(sysinfo, far_page, act_sysinfo, nothing, nothing, KILLED)                                             \
    X(fstatfs, null_open, act_fstatfs, nothing, close_fd, KILLED)                                           \
    X(getrlimit, far_page, act_getrlimit, nothing, nothing, KILLED)                                         \
    X(prlimit, far_page, act_prlimit, nothing, nothing, KILLED)                                             \
    X(setrlimit, core_limit, act_setrlimit, nothing, nothing, KILLED, .once = true)                         \
    X(populate, far_range, act_populate, nothing, nothing, REFUSED)                                         \
    X(forget_shared, shared_pages, act_forget, some_pages_unchanged, unshare, REFUSED)                      \
    X(files_take_no_memory, file_with_hole, act_modest, nothing, no_file, 0, .sweep = sweep)

LADDERS(LADDER_FUNCTION)

const struct test_case call_ladders[] = { LADDERS(LADDER_ROW) { .name = NULL } };
