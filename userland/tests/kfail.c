/*
 * kfail.c - every allocation fails once.
 * Owns: how a ladder is climbed, and the ladders of memory, pipes and processes; those of names, files and /proc are in
 * kfail_names.c, kfail_maps.c and kfail_calls.c. There is a ladder for each thing that a process can have the kernel do. Rung k makes the
 * k-th allocation on the way fail (/proc/self/fail-nth), for k = 1, 2, 3 ... until the thing is done without coming so far.
 * Expected: every case ok. Each rung ends with the right error, nothing changed and the same call good at once when memory is
 * back; or, where a page cannot be delivered, with SIGKILL. Either way no frame is lost and the invariants hold.
 *
 * Needs the checked kernel and a disk (scripts/run --checked --swap 1M kfail). Usage: kfail [-l] [NAME...]; the last case judges all those before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <faultline.h>

#include "kfail.h"

#define RUNGS_MAX      200
#define PART_PAGES     64
#define STATUS_REFUSED 3                        /* of a child: the act failed, and all was as it should be */

uintptr_t page;
int fd = -1;
pid_t sibling;
static int fds[2] = { -1, -1 };
static struct gate gate;

static long failures(void)
{
    static char text[4096];
    long sum = 0;

    int sites = open_or_fail("/proc/fail-sites", O_RDONLY);
    ssize_t len = read(sites, text, sizeof(text) - 1);
    check(len > 0);
    close(sites);
    text[len] = '\0';
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        unsigned calls, failed;
        check_eq(sscanf(strchr(line, ' '), "%u %u", &calls, &failed), 2);
        sum += failed;
    }
    return sum;
}

/* Write a number to a file that was opened beforehand: takes no memory. */
static void command(int file, unsigned number)
{
    char text[12];

    size_t len = snprintf(text, sizeof(text), "%u", number);
    check_eq(write(file, text, len), len);
}

static void act_again(uintptr_t ladder)
{
    ((const struct ladder *)ladder)->act();
    fail("the act is refused twice");
}

/* One rung, in a child: the pages that the act's own code and stack need are there after the rehearsal. */
static void climb(const struct ladder *ladder, unsigned k)
{
    int drop = open_or_fail("/proc/sys/vm/drop_caches", O_WRONLY), nth = open_or_fail("/proc/self/fail-nth", O_WRONLY);

    if (!ladder->once) {
        ladder->prepare();
        check_ge(ladder->act(), 0);
        command(nth, 0);
        ladder->undo();
    }
    ladder->prepare();
    command(drop, 1);
    command(nth, k);
    long result = ladder->act();
    command(nth, 0);
    if (result < 0) {
        check_eq(result, -ENOMEM);
        check(ladder->outcomes & REFUSED);
        ladder->unchanged();
        if (ladder->once)
            test_expect(__FILE__, __LINE__, "again", child_wait(child_start(act_again, (uintptr_t)ladder)), ladder->status);
        else
            check_ge(ladder->act(), 0);
    }
    ladder->undo();
    _exit(result < 0 ? STATUS_REFUSED : 0);
}

/* Rung k, judged. True when the act was done before any allocation failed. */
static bool rung(const struct ladder *ladder, unsigned k, unsigned *refused, unsigned *killed)
{
    long failed = failures(), out_of_memory = vmstat("fault_oom");
    pid_t pid = fork();

    if (pid == 0)
        climb(ladder, k);
    int status = child_wait(pid);
    if (ladder->sweep != NULL)
        ladder->sweep();
    check_eq(drop_caches(), 0);                 /* which checks the invariants as well */
    failed = failures() - failed;
    out_of_memory = vmstat("fault_oom") - out_of_memory;
    if (status == ladder->status && failed == 0)
        return true;
    check_eq(failed, 1);
    if (status == SIGKILL) {
        check((ladder->outcomes & (KILLED | MAY_BE_KILLED)) || chaos_is_on());  /* chaos takes what the act's own code stands on */
        check_eq(out_of_memory, 1);
        ++*killed;
    } else if (status != ladder->status || !(ladder->outcomes & DONE_WITHOUT)) {
        check_eq(status, STATUS_REFUSED << 8);
        ++*refused;
    }
    return false;
}

static long inodes_free(void)
{
    struct statfs usage;

    check_eq(statfs("/", &usage), 0);
    return usage.f_ffree;
}

/* The pages below, into which some later call may reach for the first time: let that be before the count. */
static __attribute__((noinline)) void touch_stack(void)
{
    volatile char room[2 * PAGE_BYTES];

    room[0] = room[PAGE_BYTES] = 0;
}

void climb_all(const struct ladder *ladder)
{
    unsigned refused = 0, killed = 0, k = 1;

    touch_stack();
    check(rung(ladder, 0, &refused, &killed));  /* nothing fails: brings in the pages that we ourselves need */
    long inodes = inodes_free();
    memory_note();
    for (;; k++) {
        bool done = rung(ladder, k, &refused, &killed);
        memory_expect_back();
        check_eq(inodes_free(), inodes);
        if (done)
            break;
        check_le(k, RUNGS_MAX);
    }
    note("%u allocations failed: %u times refused, %u times killed", k - 1, refused, killed);
    if (ladder->outcomes & REFUSED)
        check_ge(refused, 1);
    if (ladder->outcomes & KILLED)
        check_ge(killed, 1);
    if (ladder->outcomes == 0 && !chaos_is_on())
        check_eq(k, 1);
}

void nothing(void)
{
}

/* ---- places ---- */

/* Seven in a row, where a neighbourhood begins: with the eighth it is a walk, and pages are filled ahead. */
static void walked_pages(void)
{
    const uintptr_t near = 32 * PAGE_BYTES;

    page = (heap_grow(2 * near) + near - 1) & -near;
    pages_mark(page, 7, PAGE_BYTES);
}

static long act_walk(void)
{
    poke(page + 7 * PAGE_BYTES, 1);
    return 0;
}

/* A page with no table, no radix node and no neighbour near it. */
void far_page(void)
{
    page = (heap_grow(2 * GIB(1)) + GIB(1)) & ~(GIB(1) - 1);
}

/* One whose tables are there. */
static void near_page(void)
{
    far_page();
    poke(page, 1);
    page += PAGE_BYTES;
}

/* A number of pages with their own addresses in them, at the heap's end, and in the middle of a leaf of the radix tree. */
void some_pages(void)
{
    page = (heap_grow(MIB(4)) + MIB(2)) & ~(MIB(2) - 1);
    check_eq(brk((void *)(page + PART_PAGES * PAGE_BYTES)), 0);
    pages_mark(page, PART_PAGES, PAGE_BYTES);
}

void some_pages_unchanged(void)
{
    pages_verify(page, PART_PAGES, PAGE_BYTES);
    check_eq(heap_end(), page + PART_PAGES * PAGE_BYTES);
}

/* A sibling that shares all our memory until it may go. */
void share(void)
{
    gate_close(&gate);
    sibling = fork();
    check_ge(sibling, 0);
    if (sibling == 0) {
        gate_pass(&gate);
        _exit(0);
    }
}

void unshare(void)
{
    gate_open(&gate);
    expect_status(sibling, 0);
}

static void shared_page(void)
{
    far_page();
    poke(page, page);
    share();
}

void shared_pages(void)
{
    some_pages();
    share();
}

/* fork drops a table with many leaves, so afterwards the pages are there and the table is not. */
static void pages_without_table(void)
{
    some_pages();
    share();
    unshare();
}

void close_fd(void)
{
    check_eq(close(fd), 0);
}

static void close_fds(void)
{
    close(fds[0]);
    close(fds[1]);
}

/* ---- page faults: whoever cannot have the page is killed ---- */

static long store(void)
{
    poke(page, page);
    return 0;
}

static long load(void)
{
    return peek(page) & 1;
}

/* Pages of this file: the n-th rehearsal or act of a process takes the n-th of them. */
#define FILE_PAGES 4
static const char constants[FILE_PAGES * PAGE_BYTES] __attribute__((aligned(4096))) = { 1 };
static char variables[FILE_PAGES * PAGE_BYTES] __attribute__((aligned(4096))) = { 1 };
extern char far_code[];
__asm__(".pushsection .text.far_code, \"ax\"\n.balign 4096\nfar_code:\n.rept 4\nret\n.balign 4096\n.endr\n.popsection");
static unsigned turn;

static void constant_page(void)
{
    page = (uintptr_t)constants + turn++ * PAGE_BYTES;
}

static void variable_page(void)
{
    page = (uintptr_t)variables + turn++ * PAGE_BYTES;
}

static void code_page(void)
{
    page = (uintptr_t)far_code + turn++ * PAGE_BYTES;
}

static long fetch(void)
{
    ((void (*)(void))page)();
    return 0;
}

/* ---- copies to and from user memory ---- */

static void open_zero(void)
{
    far_page();
    fd = open_or_fail("/dev/zero", O_RDONLY);
}

static void open_file(void)
{
    far_page();
    fd = open_or_fail("/bin/true", O_RDONLY);
}

static void open_directory(void)
{
    far_page();
    fd = open_or_fail("/bin", O_RDONLY);
}

static void open_console(void)
{
    far_page();
    fd = open_or_fail("/dev/console", O_RDONLY);
}

static void open_empty_pipe(void)
{
    far_page();
    pipe_or_fail(fds);
}

static void open_full_pipe(void)
{
    open_empty_pipe();
    check_eq(write(fds[1], "12345678", 8), 8);
}

static long act_read(void)
{
    return raw_syscall(SYS_read, fd, page, 8);
}

static long act_read_pipe(void)
{
    return raw_syscall(SYS_read, fds[0], page, 8);
}

static long act_write_pipe(void)
{
    return raw_syscall(SYS_write, fds[1], page, 8);
}

/* Bytes that were written before memory ran out count: then that many is the result. */
static char five_pages[5 * PAGE_BYTES];

static long written;

static void open_pipe_for_much(void)
{
    check_eq(pipe2(fds, O_NONBLOCK), 0);
    memset(five_pages, 1, sizeof(five_pages));
}

static long act_write_much(void)
{
    written = raw_syscall(SYS_write, fds[1], five_pages, sizeof(five_pages));
    return written == (long)sizeof(five_pages) || written < 0 ? written : -ENOMEM;
}

static void what_was_written_arrived(void)
{
    check_eq(raw_syscall(SYS_read, fds[0], five_pages, sizeof(five_pages)), written > 0 ? written : -EAGAIN);
}

static struct iovec parts[2];

static void point_parts(void)
{
    parts[0] = parts[1] = (struct iovec){ (void *)page, 8 };
    fd = open_or_fail("/dev/zero", O_RDWR);
}

static void parts_in_far_page(void)
{
    far_page();
    point_parts();
}

static long act_readv(void)
{
    return raw_syscall(SYS_readv, fd, parts, 2);
}

static long act_writev(void)
{
    return raw_syscall(SYS_writev, fd, parts, 2);
}

/* The list itself lies in the page, which reads as parts of no bytes. */
static long act_readv_far_list(void)
{
    return raw_syscall(SYS_readv, fd, page, 4);
}

static long act_fstat(void)
{
    return raw_syscall(SYS_fstat, fd, page);
}

static long act_stat(void)
{
    return raw_syscall(SYS_newfstatat, AT_FDCWD, "/bin/true", page, 0);
}

static long act_getdents(void)
{
    return raw_syscall(SYS_getdents64, fd, page, 4096);
}

static long act_window_size(void)
{
    return raw_syscall(SYS_ioctl, fd, TIOCGWINSZ, page);
}

static long act_clock(void)
{
    return raw_syscall(SYS_clock_gettime, 1, page);
}

static long act_uname(void)
{
    return raw_syscall(SYS_uname, page);
}

static long act_getrusage(void)
{
    return raw_syscall(SYS_getrusage, RUSAGE_SELF, page);
}

/* The page reads as a time of 0. */
static long act_nanosleep(void)
{
    return raw_syscall(SYS_nanosleep, page, 0);
}

static long act_clock_nanosleep(void)
{
    return raw_syscall(SYS_clock_nanosleep, 1, 0, page, 0);
}

static void have_a_zombie(void)
{
    share();
    gate_open(&gate);
    sleep_ms(5);                                /* usually enough; wait4 waits for it otherwise */
    far_page();
}

static long act_wait(void)
{
    return raw_syscall(SYS_wait4, sibling, page, 0, page + PAGE_BYTES);
}

/* The page reads as an empty path. */
static long act_open_far_path(void)
{
    long result = raw_syscall(SYS_openat, AT_FDCWD, page, O_RDONLY, 0);

    return result == -ENOENT ? 0 : result;
}

static long act_exec_far_path(void)
{
    long result = raw_syscall(SYS_execve, page, NULL, NULL);

    return result == -ENOENT ? 0 : result;
}

/* ---- files ---- */

static long open_path(const char *path)
{
    long result = raw_syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);

    if (result >= 0)
        fd = result;
    return result;
}

void lowest_free_fd(void)
{
    fd = dup(1);
    check_ge(fd, 0);
    close(fd);
}

/* Nothing was left open: the lowest free descriptor is still the same. */
void same_fd_free(void)
{
    int again = dup(1);

    check_eq(again, fd);
    close(again);
}

static long act_open_file(void) { return open_path("/bin/true"); }
static long act_open_text(void) { return open_path("/proc/vmstat"); }

static long act_pipe(void)
{
    return raw_syscall(SYS_pipe2, fds, 0);
}

static long act_pipe_far(void)
{
    long result = raw_syscall(SYS_pipe2, page, 0);

    if (result == 0)
        memcpy(fds, (void *)page, sizeof(fds));
    return result;
}

/* ---- memory verbs ---- */

static long act_munmap_middle(void)
{
    return raw_syscall(SYS_munmap, page + 8 * PAGE_BYTES, 16 * PAGE_BYTES);
}

static long act_mprotect_middle(void)
{
    return raw_syscall(SYS_mprotect, page + 8 * PAGE_BYTES, 16 * PAGE_BYTES, 1);
}

static long act_shrink(void)
{
    return raw_syscall(SYS_sbrk, -10 * (long)PAGE_BYTES);
}

/* The heap's last page is unmapped, so that growing it needs a VMA. */
static void heap_with_hole(void)
{
    page = heap_grow(4 * PAGE_BYTES) + 3 * PAGE_BYTES;
    check_eq(raw_syscall(SYS_munmap, page, PAGE_BYTES), 0);
}

static void store_beyond(uintptr_t va)
{
    poke(va, 1);
}

static void heap_with_hole_unchanged(void)
{
    check_eq(heap_end(), page + PAGE_BYTES);
    expect_death(store_beyond, page + PAGE_BYTES, SIGSEGV);
}

static long act_sbrk(void)
{
    return raw_syscall(SYS_sbrk, PAGE_BYTES);
}

static long act_brk(void)
{
    uintptr_t end = page + 2 * PAGE_BYTES;

    return (uintptr_t)raw_syscall(SYS_brk, end) == end ? 0 : -ENOMEM;
}

/* ---- processes ---- */

static long fork_by(long number)
{
    long pid = raw_syscall(number, SIGCHLD, 0);

    if (pid == 0)
        raw_syscall(SYS_exit, 0);
    sibling = pid;
    return pid;
}

static long act_fork(void) { return fork_by(SYS_fork); }
static long act_clone(void) { return fork_by(SYS_clone); }

static void reap(void)
{
    expect_status(sibling, 0);
}

static void no_child(void)
{
    check_eq(waitpid(-1, NULL, WNOHANG), -1);
    check_eq(errno, ECHILD);
}

static char *exec_argv[] = { "program", "argument", NULL };

/* All that exec reads of us is in memory and in the page table. */
static void exec_ready(void)
{
    fd = open_or_fail("/dev/null", O_RDONLY);
    for (char **arg = exec_argv; *arg; arg++)
        peek_byte((uintptr_t)*arg);
}

/* Still the same program, with its file open. */
static void exec_unchanged(void)
{
    check_eq(dup2(fd, fd + 1), fd + 1);
}

static long act_exec(void) { return raw_syscall(SYS_execve, "/bin/true", exec_argv, exec_argv); }
static long act_exec_constants(void) { return raw_syscall(SYS_execve, "/tests/elf/odd/constants-and-data-in-a-page", exec_argv, 0); }
static long act_exec_bss(void) { return raw_syscall(SYS_execve, "/tests/elf/odd/unaligned-bss", exec_argv, 0); }

static void far_arguments(void)
{
    exec_ready();
    far_page();
}

static long act_exec_far_arguments(void) { return raw_syscall(SYS_execve, "/bin/true", page, 0); }

/* ---- signals ---- */

static void do_nothing(int number)
{
    (void)number;
}

/* Once a process has had a handler it needs no memory for another. */
static long act_sigaction(void)
{
    static const struct sigaction action = { .sa_handler = do_nothing };
    long result = raw_syscall(SYS_rt_sigaction, SIGUSR1, &action, 0, sizeof(sigset_t));

    if (result == 0)
        raw_syscall(SYS_exit, 42);
    return result;
}

/* A handler's frame will go to a page that nobody has touched. */
static void far_stack(void)
{
    static const struct sigaction action = { .sa_handler = do_nothing, .sa_flags = SA_ONSTACK };
    stack_t stack = { .ss_size = PAGE_BYTES };

    far_page();
    stack.ss_sp = (void *)page;
    check_eq(sigaltstack(&stack, NULL), 0);
    check_eq(sigaction(SIGUSR1, &action, NULL), 0);
    raw_syscall(SYS_kill, getpid(), 0);
}

static long act_take_signal(void) { return raw_syscall(SYS_kill, getpid(), SIGUSR1); }

/* ---- what takes no memory, and so cannot fail for want of it ---- */

static long act_exit(void)
{
    raw_syscall(SYS_exit_group, 0);
    return 0;
}

static long act_die(void)
{
    raw_syscall(SYS_kill, getpid(), SIGTERM);
    return 0;
}

static void open_null(void)
{
    page = heap_grow(PAGE_BYTES);
    poke(page, 1);
    fd = open_or_fail("/dev/null", O_RDWR);
}

static void open_disk(void)
{
    page = heap_grow(PAGE_BYTES);
    poke(page, 1);
    fd = open_or_fail("/dev/vda", O_RDWR);
}

static long act_write_disk(void)
{
    return raw_syscall(SYS_pwrite64, fd, page, 8, 100);
}

static long act_modest(void)
{
    long self = raw_syscall(SYS_getpid);
    const long calls[][4] = {
        { SYS_dup, 1 },           { SYS_dup3, fd, 60, 0 },      { SYS_close, 60 },           { SYS_lseek, fd, 0, 0 },
        { SYS_read, fd, page, 8 }, { SYS_write, fd, page, 4096 }, { SYS_fstat, fd, page },   { SYS_getppid },
        { SYS_getuid },           { SYS_setpgid, 0, 0 },        { SYS_getpgid, 0 },          { SYS_kill, self, 0 },
        { SYS_sched_yield },      { SYS_set_tid_address },      { SYS_sbrk, 0 },             { SYS_sbrk, PAGE_BYTES },
        { SYS_sbrk, -(long)PAGE_BYTES }, { SYS_mprotect, page, 0, 0 }, { SYS_clock_gettime, 1, page }, { SYS_brk, 0 },
        { SYS_uname, page },
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        check_ge(raw_syscall(calls[i][0], calls[i][1], calls[i][2], calls[i][3]), 0);
    return 0;
}

/* ---- the ladders: name, prepare, act, unchanged, undo, outcomes, and what is unusual ---- */

#define LADDERS(X)                                                                                          \
    X(store_B3, far_page, store, nothing, nothing, KILLED)                                                  \
    X(walk, walked_pages, act_walk, nothing, nothing, KILLED | DONE_WITHOUT, .once = true)                 \
    X(store_B3_near, near_page, store, nothing, nothing, KILLED)                                            \
    X(load_B3, far_page, load, nothing, nothing, KILLED)                                                    \
    X(store_A3, shared_page, store, nothing, unshare, KILLED)                                               \
    X(load_A1, pages_without_table, load, nothing, nothing, KILLED)                                         \
    X(store_A2, pages_without_table, store, nothing, nothing, KILLED)                                       \
    X(load_B1, constant_page, load, nothing, nothing, KILLED)                                               \
    X(fetch_B1, code_page, fetch, nothing, nothing, KILLED)                                                 \
    X(load_B1_of_data, variable_page, load, nothing, nothing, KILLED)                                       \
    X(store_B2, variable_page, store, nothing, nothing, KILLED)                                             \
    X(read_zero, open_zero, act_read, nothing, close_fd, KILLED)                                            \
    X(read_file, open_file, act_read, nothing, close_fd, KILLED)                                            \
    X(read_pipe, open_full_pipe, act_read_pipe, nothing, close_fds, KILLED)                                 \
    X(write_pipe, open_empty_pipe, act_write_pipe, nothing, close_fds, REFUSED | KILLED)                    \
    X(write_pipe_much, open_pipe_for_much, act_write_much, what_was_written_arrived, close_fds, REFUSED)    \
    X(readv, parts_in_far_page, act_readv, nothing, close_fd, REFUSED | KILLED)                             \
    X(readv_far_list, parts_in_far_page, act_readv_far_list, nothing, close_fd, REFUSED | KILLED)           \
    X(writev, parts_in_far_page, act_writev, nothing, close_fd, REFUSED)                                    \
    X(write_disk, open_disk, act_write_disk, nothing, close_fd, REFUSED | DONE_WITHOUT)                     \
    X(fstat, open_file, act_fstat, nothing, close_fd, KILLED)                                               \
    X(stat, far_page, act_stat, nothing, nothing, REFUSED | KILLED)                                         \
    X(getdents, open_directory, act_getdents, nothing, close_fd, KILLED)                                    \
    X(ioctl, open_console, act_window_size, nothing, close_fd, KILLED)                                      \
    X(clock_gettime, far_page, act_clock, nothing, nothing, KILLED)                                         \
    X(uname, far_page, act_uname, nothing, nothing, KILLED)                                                 \
    X(getrusage, far_page, act_getrusage, nothing, nothing, KILLED)                                         \
    X(nanosleep, far_page, act_nanosleep, nothing, nothing, KILLED)                                         \
    X(clock_nanosleep, far_page, act_clock_nanosleep, nothing, nothing, KILLED)                             \
    X(wait4, have_a_zombie, act_wait, nothing, nothing, KILLED)                                             \
    X(open_file, lowest_free_fd, act_open_file, same_fd_free, close_fd, REFUSED)                            \
    X(open_text, lowest_free_fd, act_open_text, same_fd_free, close_fd, REFUSED)                            \
    X(open_far_path, far_page, act_open_far_path, nothing, nothing, REFUSED | KILLED)                       \
    X(pipe, lowest_free_fd, act_pipe, same_fd_free, close_fds, REFUSED)                                     \
    X(pipe_far, far_page, act_pipe_far, nothing, close_fds, REFUSED | KILLED)                               \
    X(munmap_middle, some_pages, act_munmap_middle, some_pages_unchanged, nothing, REFUSED)                 \
    X(munmap_middle_shared, shared_pages, act_munmap_middle, some_pages_unchanged, unshare, REFUSED)        \
    X(mprotect_middle, some_pages, act_mprotect_middle, some_pages_unchanged, nothing, REFUSED)             \
    X(shrink_shared, shared_pages, act_shrink, some_pages_unchanged, unshare, REFUSED)                      \
    X(sbrk, heap_with_hole, act_sbrk, heap_with_hole_unchanged, nothing, REFUSED)                           \
    X(brk, heap_with_hole, act_brk, heap_with_hole_unchanged, nothing, REFUSED)                             \
    X(fork, nothing, act_fork, no_child, reap, REFUSED | MAY_BE_KILLED)                                            \
    X(clone, nothing, act_clone, no_child, reap, REFUSED | MAY_BE_KILLED)                                          \
    X(exec, exec_ready, act_exec, exec_unchanged, nothing, REFUSED | MAY_BE_KILLED, .once = true)                  \
    X(exec_shared_page, exec_ready, act_exec_constants, exec_unchanged, nothing, REFUSED | MAY_BE_KILLED,         \
      .once = true, .status = 42 << 8)                                                                      \
    X(exec_bss, exec_ready, act_exec_bss, exec_unchanged, nothing, REFUSED | MAY_BE_KILLED,         \
      .once = true, .status = 42 << 8)                                                                      \
    X(exec_far_arguments, far_arguments, act_exec_far_arguments, exec_unchanged, nothing, REFUSED | KILLED, .once = true) \
    X(exec_far_path, far_page, act_exec_far_path, nothing, nothing, REFUSED | KILLED)                       \
    X(sigaction, nothing, act_sigaction, nothing, nothing, REFUSED, .once = true, .status = 42 << 8)        \
    X(signal_frame, far_stack, act_take_signal, nothing, nothing, KILLED)                                   \
    X(exit, nothing, act_exit, nothing, nothing, 0, .once = true)                                           \
    X(killed, nothing, act_die, nothing, nothing, 0, .once = true, .status = SIGTERM)                       \
    X(takes_no_memory, open_null, act_modest, nothing, close_fd, 0)

LADDERS(LADDER_FUNCTION)

/* ---- the sum: has every place that allocates been made to fail? ---- */

static const struct {
    const char *function, *why;
} never[] = {
    { "new_table", "the kernel's own page table, made at boot" },
    { "read_header", "swapon, which process 1 does at boot" },
    { "kernel_main", "a page to try cbo.zero on, at boot" },
    { "write_after_free", "crash=poison" },
    { "write_object_after_free", "crash=slab" },
    { "free_twice", "crash=free" },
    { "allocate_with_spinlock", "crash=allocate" },
};
#define NNEVER (sizeof(never) / sizeof(never[0]))

static void every_site_failed(void)
{
    static char line[80];
    unsigned sites = 0, left = 0;

    FILE *file = fopen("/proc/fail-sites", "r");
    check(file != NULL);
    while (fgets(line, sizeof(line), file)) {
        unsigned calls, failed, i;
        char *colon = strchr(line, ':');
        check(colon != NULL);
        check_eq(sscanf(strchr(colon, ' '), "%u %u", &calls, &failed), 2);
        *colon = '\0';
        for (i = 0; i < NNEVER && strcmp(never[i].function, line) != 0; i++)
            ;
        if (i == NNEVER && failed == 0)
            fail("%s:%s: never failed", line, strtok(colon + 1, " "));
        if (i < NNEVER)
            note("not failed: %s: %s", line, never[i].why);
        left += i < NNEVER;
        sites++;
    }
    fclose(file);
    note("%u places allocate, %u of them after boot; each of these has failed", sites, sites - left);
    check_ge(left, NNEVER);                     /* the list above is not out of date */
    check_ge(sites - left, 15);
}

int main(int argc, char **argv)
{
    static const struct test_case ladders[] = { LADDERS(LADDER_ROW) { .name = NULL } };
    static const struct test_case sum[] = { { .name = "every_site_failed", .run = every_site_failed }, { .name = NULL } };
    static const struct test_case *const tables[] = { ladders, name_ladders, map_ladders, call_ladders, sum, NULL };
    static const struct test_program program = { "kfail", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
