/*
 * gaps.c - how long a process waits for its turn while another one has the kernel do something long.
 * Expected: every case ok, on one hart, under the clock that counts instructions (scripts/run --deterministic).
 *
 * A child does the long thing; the case itself looks at the clock all the time, and what it has not seen was the child's. That
 * may be a time slice, or two while the child has a child, and then as much as the kernel needs to come to a place where it lets
 * others run: the slack.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define TICKS_PER_MS 10000                      /* of rdtime, on QEMU virt */
#define TICKS_PER_US 10
#define SLICE        (10 * TICKS_PER_MS)
#define SLACK        TICKS_PER_MS
#define NVMAS        64000ul                    /* nearly all that there may be */
#define MEMORY       MIB(40)
#define NSPARSE      2000ul                     /* pages, each in a page table of its own */
#define SPARSE_STEP  MIB(2)
#define FILE_BYTES   MIB(30)
#define NNAMES       10000u
#define NARGUMENTS   30000u
#define NDIRECTORIES 10000u

struct step {
    const char *name;
    child_fn *run;
    uintptr_t arg;
    unsigned slices;                            /* of others who may run at the same time */
};

static uintptr_t start;                         /* of what the steps of a case are about */
static char buffer[MIB(1)];

static uint64_t worst_gap(const struct step *step)
{
    uint64_t worst = 0;
    int status;
    pid_t pid = child_start(step->run, step->arg), ended;

    uint64_t before = rdtime();
    do {
        ended = waitpid(pid, &status, WNOHANG);
        uint64_t now = rdtime();
        if (now - before > worst)
            worst = now - before;
        before = now;
    } while (ended == 0);
    check_eq(ended, pid);
    test_expect(__FILE__, __LINE__, step->name, status, 0);
    return worst;
}

static void take_steps(const struct step *steps)
{
    bool all_short = true;

    for (; steps->name; steps++) {
        uint64_t worst = worst_gap(steps);
        bool is_short = worst <= steps->slices * SLICE + SLACK;
        note("%-40s %6u us%s", steps->name, (unsigned)(worst / TICKS_PER_US), is_short ? "" : ": too long");
        all_short = all_short && is_short;
    }
    check(all_short);
}

/* ---- what the steps do ---- */

static void nothing(uintptr_t unused) { (void)unused; }

static void succeed(int result)
{
    if (result != 0)
        fail("%s", strerror(errno));
}

/* From so far on that the kernel makes much of the text and shows little of it. */
static void read_far(const char *path, off_t at)
{
    int fd = open_or_fail(path, O_RDONLY);

    check(pread(fd, buffer, sizeof(buffer), at) > 0);
    close(fd);
}

static void read_status(uintptr_t times)
{
    for (; times > 0; times--)
        read_far("/proc/self/status", 0);
}

static void read_maps(uintptr_t unused) { (void)unused; read_far("/proc/self/maps", MIB(1)); }
static void read_smaps(uintptr_t unused) { (void)unused; read_far("/proc/self/smaps", MIB(4)); }
static void read_few_smaps(uintptr_t unused) { (void)unused; read_far("/proc/self/smaps", 0); }
static void fork_it(uintptr_t unused) { (void)unused; expect_ok(nothing, 0); }
static void protect(uintptr_t len) { succeed(mprotect((void *)start, len, PROT_READ | PROT_WRITE)); }
static void forget(uintptr_t len) { succeed(madvise((void *)start, len, MADV_DONTNEED)); }
static void unmap(uintptr_t len) { succeed(munmap((void *)start, len)); }
static void shrink(uintptr_t unused) { (void)unused; succeed(brk((void *)start)); }

static void exec_it(uintptr_t unused)
{
    char *argv[] = { "true", NULL };

    (void)unused;
    execv("/bin/true", argv);
    fail("exec: %s", strerror(errno));
}

/* Pages of the heap one by one, for a case whose own process must not have them. */
static void with_memory(uintptr_t then)
{
    start = heap_grow(MEMORY);
    succeed(madvise((void *)start, MEMORY, MADV_POPULATE_WRITE));
    ((child_fn *)then)(MEMORY);
}

static void with_sparse(uintptr_t then)
{
    start = heap_grow(NSPARSE * SPARSE_STEP);
    pages_mark(start, NSPARSE, SPARSE_STEP);
    ((child_fn *)then)(NSPARSE * SPARSE_STEP);
}

/* ---- cases ---- */

/* 64,000 of them, since neighbours have different rights; a few have pages. */
static void vmas(void)
{
    static const struct step steps[] = {
        { "exit", nothing, 0, 1 },
        { "read status, 20 times", read_status, 20, 1 },
        { "read maps", read_maps, 0, 1 },
        { "read smaps", read_smaps, 0, 1 },
        { "fork", fork_it, 0, 2 },
        { "exec", exec_it, 0, 1 },
        { "mprotect all", protect, NVMAS * PAGE_BYTES, 1 },
        { "madvise all", forget, NVMAS * PAGE_BYTES, 1 },
        { "munmap all", unmap, NVMAS * PAGE_BYTES, 1 },
        { "brk", shrink, 0, 1 },
        { NULL, NULL, 0, 0 },
    };

    start = heap_grow(NVMAS * PAGE_BYTES);
    pages_mark(start, NVMAS / 64, 64 * PAGE_BYTES);
    for (size_t i = 0; i < NVMAS; i += 2)
        succeed(mprotect((void *)(start + i * PAGE_BYTES), PAGE_BYTES, PROT_READ));
    take_steps(steps);
}

static void pages(void)
{
    static const struct step steps[] = {
        { "exit", with_memory, (uintptr_t)nothing, 1 },
        { "fork", with_memory, (uintptr_t)fork_it, 2 },
        { "read smaps", with_memory, (uintptr_t)read_few_smaps, 1 },
        { "madvise", with_memory, (uintptr_t)forget, 1 },
        { "munmap", with_memory, (uintptr_t)unmap, 1 },
        { "brk", with_memory, (uintptr_t)shrink, 1 },
        { NULL, NULL, 0, 0 },
    };

    take_steps(steps);
}

static void tables(void)
{
    static const struct step steps[] = {
        { "exit", with_sparse, (uintptr_t)nothing, 1 },
        { "fork", with_sparse, (uintptr_t)fork_it, 2 },
        { "munmap", with_sparse, (uintptr_t)unmap, 1 },
        { NULL, NULL, 0, 0 },
    };

    take_steps(steps);
}

static int large_file(void)
{
    int fd = open("/tmp-gaps", O_RDWR | O_CREAT | O_TRUNC, 0600);

    check(fd >= 0);
    for (size_t done = 0; done < FILE_BYTES; done += sizeof(buffer))
        check_eq(write(fd, buffer, sizeof(buffer)), sizeof(buffer));
    return fd;
}

static void cut_file(uintptr_t unused) { (void)unused; succeed(ftruncate(large_file(), 1)); }

static void remove_file(uintptr_t unused)
{
    (void)unused;
    close(large_file());
    succeed(unlink("/tmp-gaps"));
}

static void read_directory(uintptr_t times)
{
    for (; times > 0; times--) {
        int fd = open_or_fail("/tmp-gaps", O_RDONLY | O_DIRECTORY);
        check(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)) > 0);
        close(fd);
    }
}

/* Each directory that has been removed keeps the one that it was in, up to the first; the last is our working directory. */
static void leave_removed(uintptr_t unused)
{
    (void)unused;
    for (unsigned i = 0; i < NDIRECTORIES; i++) {
        succeed(mkdir("d", 0700));
        succeed(chdir("d"));
    }
    int at = open_or_fail("..", O_RDONLY | O_DIRECTORY);
    for (unsigned i = 0; i < NDIRECTORIES; i++) {
        succeed(unlinkat(at, "d", AT_REMOVEDIR));
        int above = openat(at, "..", O_RDONLY | O_DIRECTORY);
        check(above >= 0);
        close(at);
        at = above;
    }
    close(at);
    succeed(chdir("/"));
}

static void files(void)
{
    static const struct step steps[] = {
        { "ftruncate", cut_file, 0, 1 },
        { "unlink", remove_file, 0, 1 },
        { "leave 10,000 directories that are gone", leave_removed, 0, 1 },
        { NULL, NULL, 0, 0 },
    }, names[] = {
        { "getdents of 10,000 names, 5 times", read_directory, 5, 1 },
        { NULL, NULL, 0, 0 },
    };
    char name[16];

    take_steps(steps);
    succeed(mkdir("/tmp-gaps", 0700));
    succeed(chdir("/tmp-gaps"));
    for (unsigned i = 0; i < NNAMES; i++) {
        snprintf(name, sizeof(name), "%u", i);
        succeed(i == 0 ? mknod(name, S_IFREG | 0600, 0) : link("0", name));
    }
    take_steps(names);
    for (unsigned i = 0; i < NNAMES; i++) {
        snprintf(name, sizeof(name), "%u", i);
        succeed(unlink(name));
    }
    succeed(chdir("/"));
    succeed(rmdir("/tmp-gaps"));
}

static void exec_arguments(uintptr_t unused)
{
    char **argv = (char **)heap_grow((NARGUMENTS + 1) * sizeof(*argv));

    (void)unused;
    for (unsigned i = 0; i < NARGUMENTS; i++)
        argv[i] = "";
    execv("/bin/true", argv);
    fail("exec: %s", strerror(errno));
}

static void arguments(void)
{
    static const struct step steps[] = {
        { "exec with 30,000 arguments", exec_arguments, 0, 1 },
        { NULL, NULL, 0, 0 },
    };

    take_steps(steps);
}

static const struct test_case cases[] = {
    { .name = "many VMAs", .run = vmas },
    { .name = "many pages", .run = pages },
    { .name = "many page tables", .run = tables },
    { .name = "files", .run = files },
    { .name = "arguments", .run = arguments },
    { NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const all[] = { cases, NULL };
    static const struct test_program program = { "gaps", TEST_TAP, all };

    return test_main(&program, argc, argv);
}
