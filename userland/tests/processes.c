/*
 * processes.c - the situations of xv6's usertests that need no file that can be written, asked of the native interface: the
 * exact error or signal, and no frame of memory missing afterwards.
 * Owns: processes, timers, pipes and memory under those names. Two variants of a test exist where the old and the new suite
 * differ; the older has 2020 in its name.
 * Does not own: the same through xv6's own interface, and the rest of that suite (userland/xv6/usertests.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define SBRK_ERROR ((void *)-1)
#define KERNEL     0xffffffff80000000ul
#define README     "/tests/target"              /* any file that is there */

static void exit_with(uintptr_t status)
{
    _exit(status);
}

static void load(uintptr_t va) { peek_byte(va); }
static void store(uintptr_t va) { poke_byte(va, 10); }

/* ---- A: processes ---- */

static void two_children_unreaped(uintptr_t unused)
{
    (void)unused;
    fork();
    fork();
}

/* Orphans, and a parent that exits with zombies, do not confuse wait. */
static void reparent2(void)
{
    for (unsigned i = 0; i < 800; i++)
        expect_ok(two_children_unreaped, 0);
}

static void leave_an_orphan(uintptr_t unused)
{
    (void)unused;
    child_start(exit_with, 0);
}

static void reparent(void)
{
    for (unsigned i = 0; i < 200; i++) {
        pid_t pid = child_start(leave_an_orphan, 0);
        check_eq(wait(NULL), pid);
    }
    check_eq(wait(NULL), -1);
}

static void twochildren(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        pid_t first = child_start(exit_with, 0), second = child_start(exit_with, 0);
        pid_t a = wait(NULL), b = wait(NULL);
        check((a == first && b == second) || (a == second && b == first));
    }
}

static void fork_200(uintptr_t unused)
{
    (void)unused;
    for (unsigned i = 0; i < 200; i++)
        expect_ok(exit_with, 0);
}

static void forkfork(void)
{
    pid_t first = child_start(fork_200, 0), second = child_start(fork_200, 0);

    expect_status(first, 0);
    expect_status(second, 0);
}

static void exitwait(void)
{
    for (unsigned i = 0; i < 100; i++) {
        int status;
        pid_t pid = child_start(exit_with, i);
        check_eq(wait(&status), pid);
        check_eq(status, i << 8);
    }
}

/* fork must refuse before there are 1000 processes, and the children that there are can all be waited for. */
static void forktest(void)
{
    unsigned n = 0;
    pid_t pid;

    while (n < 1000 && (pid = fork()) >= 0) {
        if (pid == 0)
            _exit(0);
        n++;
    }
    check(n < 1000);
    check(n > 0);
    for (unsigned i = 0; i < n; i++)
        check_ge(wait(NULL), 2);
    check_eq(wait(NULL), -1);
    check_eq(errno, ECHILD);
}

/* A signal to process 0 (here: to nobody by that number) must not hit the next process that is made. */
static void killzero(void)
{
    setpgid(0, 0);
    check_eq(kill(0, 0), 0);
    check_eq(kill(1 << 29, SIGKILL), -1);
    pid_t pid = child_start(exit_with, 7);
    expect_status(pid, 7 << 8);
}

/* ---- B: timer ---- */

static void getpid_for_ever(uintptr_t unused)
{
    (void)unused;
    for (;;)
        raw_syscall(SYS_getpid);
}

static void killstatus(void)
{
    for (unsigned i = 0; i < 100; i++) {
        pid_t pid = child_start(getpid_for_ever, 0);
        sleep_ms(10);
        check_eq(kill(pid, SIGKILL), 0);
        expect_status(pid, SIGKILL);
    }
}

static void spin_for_ever(uintptr_t unused)
{
    (void)unused;
    for (;;)
        __asm__ volatile("");
}

static void write_then_spin(uintptr_t fd)
{
    check_eq(write(fd, "x", 1), 1);
    spin_for_ever(0);
}

/* Processes that never call the kernel do not keep others from running. */
static void preempt(void)
{
    int fds[2];
    char byte;
    pid_t pids[3];

    pipe_or_fail(fds);
    pids[0] = child_start(spin_for_ever, 0);
    pids[1] = child_start(spin_for_ever, 0);
    pids[2] = child_start(write_then_spin, fds[1]);
    close(fds[1]);
    check_eq(read(fds[0], &byte, 1), 1);
    for (unsigned i = 0; i < 3; i++)
        check_eq(kill(pids[i], SIGKILL), 0);
    for (unsigned i = 0; i < 3; i++)
        expect_status(pids[i], SIGKILL);
}

/* ---- C: pipes ---- */

#define PIPE1_CHUNK  1033
#define PIPE1_CHUNKS 5

static void write_counted(uintptr_t fd)
{
    uint8_t chunk[PIPE1_CHUNK], next = 0;

    for (unsigned n = 0; n < PIPE1_CHUNKS; n++) {
        for (unsigned i = 0; i < PIPE1_CHUNK; i++)
            chunk[i] = next++;
        check_eq(write(fd, chunk, PIPE1_CHUNK), PIPE1_CHUNK);
    }
}

static void pipe1(void)
{
    static uint8_t buffer[8192];
    size_t total = 0, want = 1;
    ssize_t n;
    int fds[2];

    pipe_or_fail(fds);
    pid_t pid = child_start(write_counted, fds[1]);
    close(fds[1]);
    while ((n = read(fds[0], buffer, want)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            check_eq(buffer[i], (total + i) & 0xff);
        total += n;
        want = want * 2 < sizeof(buffer) ? want * 2 : sizeof(buffer);
    }
    check_eq(n, 0);
    check_eq(total, PIPE1_CHUNKS * PIPE1_CHUNK);
    expect_status(pid, 0);
}

/* Take memory page by page until killed, a byte through the pipe for each. */
static void count_until_killed(uintptr_t fd)
{
    char chunk[256] = { 0 };

    for (unsigned n = 1;; n++) {
        uintptr_t page = (uintptr_t)sbrk(PAGE_BYTES);
        if (page == (uintptr_t)-1)
            break;
        poke_byte(page + PAGE_BYTES - 1, 1);
        if (n % sizeof(chunk) == 0)
            write_all(fd, chunk, sizeof(chunk));
    }
}

/* How many pages a process can have, in units of 256 pages. */
static size_t count_free_2020(void)
{
    static char buffer[4096];
    size_t total = 0;
    ssize_t n;
    int fds[2];

    pipe_or_fail(fds);
    pid_t pid = child_start(count_until_killed, fds[1]);
    close(fds[1]);
    while ((n = read(fds[0], buffer, sizeof(buffer))) > 0)
        total += n;
    close(fds[0]);
    expect_status(pid, SIGKILL);
    return total;
}

/* A process that may use everything finds the same amount of memory each time. */
static void countfree2020(void)
{
    size_t first = count_free_2020();

    check_ge(first * 100, ram_bytes() / PAGE_BYTES * 60);
    for (unsigned round = 0; round < 2; round++) {
        size_t again = count_free_2020();
        check_ge(again + 512, first);
        check_le(again, first + 512);
    }
}

/* The newest way: sbrk until it refuses, touching nothing, and give it all back. Here that is the whole address space. */
static void countfree(void)
{
    size_t before = free_pages();
    uintptr_t end = heap_end();
    size_t step = GIB(1), total = 0;

    for (; step >= PAGE_BYTES; step /= 2)
        while (sbrk(step) != SBRK_ERROR)
            total += step;
    check_ge(total, GIB(220));
    check_eq(sbrk(-(ptrdiff_t)total), end + total);
    check_eq(heap_end(), end);
    check_ge((long)free_pages() + 16, before);
}

/* ---- D: memory ---- */

/* What one store to each page of a gibibyte does: killed for lack of memory, or done where there is enough. */
static void touch_a_gib(uintptr_t unused)
{
    (void)unused;
    char *start = sbrk(GIB(1));
    if (start == SBRK_ERROR)
        _exit(0);
    for (size_t i = 0; i < GIB(1); i += PAGE_BYTES)
        poke_byte((uintptr_t)start + i, 99);
    _exit(0);
}

static void sbrkbasic(void)
{
    int status = child_wait(child_start(touch_a_gib, 0));

    check(status == (ram_bytes() > GIB(1) + MIB(128) ? 0 : SIGKILL));

    uintptr_t expected = heap_end();
    for (unsigned i = 0; i < 5000; i++) {
        check_eq(sbrk(1), expected);
        poke_byte(expected, 1);
        expected++;
    }
    pid_t pid = fork();
    check(pid >= 0);
    check_eq(sbrk(1), expected);
    check_eq(sbrk(1), expected + 1);
    if (pid == 0)
        _exit(0);
    expect_status(pid, 0);
    check_eq(heap_end(), expected + 2);
}

#define MUCH_BYTES MIB(100)

static void sbrkmuch_touching(size_t touch_stride)
{
    uintptr_t old_end = heap_end();

    if (ram_bytes() < MUCH_BYTES + MIB(16) && touch_stride == PAGE_BYTES)
        touch_stride = 8 * PAGE_BYTES;          /* the same with what memory there is */
    check_eq(sbrk(MUCH_BYTES - old_end), old_end);
    for (uintptr_t va = page_up(old_end); va < MUCH_BYTES; va += touch_stride)
        poke_byte(va, 1);
    poke_byte(MUCH_BYTES - 1, 99);

    /* Down by a page: the end moves by just that. */
    check_eq(sbrk(-(ptrdiff_t)PAGE_BYTES), MUCH_BYTES);
    check_eq(heap_end(), MUCH_BYTES - PAGE_BYTES);
    /* Up again: it is another page. */
    check_eq(sbrk(PAGE_BYTES), MUCH_BYTES - PAGE_BYTES);
    check_eq(peek_byte(MUCH_BYTES - 1), 0);
    /* And back to the beginning. */
    check_eq(sbrk(old_end - MUCH_BYTES), MUCH_BYTES);
    check_eq(heap_end(), old_end);
}

static void sbrkmuch2020(void) { sbrkmuch_touching(PAGE_BYTES); }
static void sbrkmuch(void) { sbrkmuch_touching(MIB(1)); }

static void shrink_by(uintptr_t bytes)
{
    void *result = sbrk(-(ptrdiff_t)bytes);

    check(result != SBRK_ERROR || errno == EINVAL);
}

/* Below the heap is the program: taking that away is refused, whether it would take all of it or leave a little. */
static void sbrkbugs(void)
{
    uintptr_t end = heap_end();

    expect_ok(shrink_by, end);
    expect_ok(shrink_by, end - 3500);
    check_eq(heap_end(), end);
    uintptr_t start = heap_grow(10 * PAGE_BYTES + 2048);
    check(sbrk(-(ptrdiff_t)(PAGE_BYTES - 2048)) != SBRK_ERROR);
    check_eq(heap_end(), start + 10 * PAGE_BYTES + 2048);
    expect_ok(shrink_by, 10);
    poke_byte(heap_end() - 1, 1);
}

/* An increment that is negative if taken for 32 bits. */
static void sbrk8000(void)
{
    uintptr_t end = heap_end();

    check_eq(sbrk(0x80000004), end);
    uintptr_t last = heap_end() - 1;
    poke_byte(last, peek_byte(last) + 1);
    check_eq(heap_end(), end + 0x80000004);
}

static void sbrklast(void)
{
    heap_grow(PAGE_BYTES);
    check(sbrk(10) != SBRK_ERROR);
    check(sbrk(-20) != SBRK_ERROR);
    char *name = (char *)heap_end() - 64;
    memcpy(name, "x", 2);
    check_eq(open(name, O_RDONLY), -1);
    int fd = open_or_fail("/dev/zero", O_RDWR);
    check_eq(write(fd, name, 1), 1);
    check_eq(read(fd, name, 1), 1);
    check_eq(name[0], 0);
}

#define FAIL_CHILDREN 10

static void grow_and_wait(uintptr_t fd)
{
    check(sbrk(MIB(100) - heap_end()) != SBRK_ERROR);
    write(fd, "x", 1);
    for (;;)
        sleep_ms(1000 * 1000);
}

/* Children that reserve more than there is do no harm as long as they do not touch it. */
static void reserve_together(void)
{
    pid_t pids[FAIL_CHILDREN];
    int fds[2];
    char byte;

    pipe_or_fail(fds);
    for (unsigned i = 0; i < FAIL_CHILDREN; i++) {
        pids[i] = child_start(grow_and_wait, fds[1]);
        check_eq(read(fds[0], &byte, 1), 1);
    }
    uintptr_t page = heap_grow(PAGE_BYTES);
    poke(page, 1);
    for (unsigned i = 0; i < FAIL_CHILDREN; i++) {
        kill(pids[i], SIGKILL);
        expect_status(pids[i], SIGKILL);
    }
    check_eq(peek(page), 1);
}

/* The old test then reads a byte of each of 1000 MiB, and has to be killed; here of twice the memory, however much that is. */
static void read_too_much(uintptr_t unused)
{
    size_t bytes = 2 * ram_bytes();
    uintptr_t start = heap_grow(bytes);
    uint64_t sum = 0;

    (void)unused;
    for (size_t i = 0; i < bytes; i += PAGE_BYTES)
        sum += peek_byte(start + i);
    note("all of it could be read: %lu", sum);
}

static void sbrkfail2020(void)
{
    reserve_together();
    expect_death(read_too_much, 0, SIGKILL);
}

/* The newest one wants the reservation refused; what this system refuses is more address space than there is. */
static void sbrkfail(void)
{
    reserve_together();
    uintptr_t end = heap_end();
    check_eq(sbrk(GIB(256)), -1);
    check_eq(errno, ENOMEM);
    check_eq(heap_end(), end);
}

static void allocate_all(uintptr_t unused)
{
    void *newest = NULL, *block;

    (void)unused;
    while ((block = malloc(10001)) != NULL) {
        memset(block, 1, 10001);
        *(void *volatile *)block = newest;
        newest = block;
    }
    while (newest) {
        block = *(void **)newest;
        free(newest);
        newest = block;
    }
    block = malloc(20 * 1024);
    check(block != NULL);
    free(block);
}

static void mem(void)
{
    int status = child_wait(child_start(allocate_all, 0));

    check(status == 0 || status == SIGKILL);
}

static char uninitialised[10000];

static void bsstest(void)
{
    for (size_t i = 0; i < sizeof(uninitialised); i++)
        check_eq(peek_byte((uintptr_t)uninitialised + i), 0);
}

/* The kernel cannot be read: neither where the old one lay, nor where this one does. */
static void kernmem(void)
{
    for (uintptr_t k = 0; k < 40; k++) {
        expect_death(load, 0x80000000 + k * 50000, SIGSEGV);
        expect_death(load, KERNEL + k * 50000, SIGSEGV);
        expect_death(load, 0xffffffc080000000 + k * 50000, SIGSEGV);
    }
}

static void MAXVAplus(void)
{
    for (uintptr_t va = USER_END; va != 0; va <<= 1)
        expect_death(store, va, SIGSEGV);
}

/* The stack here is 8 MiB and grows by itself; a page below it is as far away as that. */
static void stacktest2020(void)
{
    expect_ok(load, (uintptr_t)__builtin_frame_address(0) - PAGE_BYTES);
    expect_death(load, (uintptr_t)__builtin_frame_address(0) - MIB(8), SIGSEGV);
}

static void stacktest(void)
{
    for (size_t pages = 0; pages < 64; pages += 7) {
        uintptr_t va = (uintptr_t)__builtin_frame_address(0) - MIB(8) - pages * PAGE_BYTES;
        expect_death(load, va, SIGSEGV);
        expect_death(store, va, SIGSEGV);
    }
}

static void textwrite(void)
{
    uint8_t before = peek_byte((uintptr_t)textwrite);

    expect_death(store, 0, SIGSEGV);
    expect_death(store, (uintptr_t)textwrite, SIGSEGV);
    check_eq(peek_byte((uintptr_t)textwrite), before);
}

static void nowrite(void)
{
    static const uintptr_t places[] = { 0, 0x10000, 0x80000000, KERNEL, USER_END, USER_END + PAGE_BYTES, -1ul, -4ul };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        expect_death(store, places[i], SIGSEGV);
}

#define LAZY_BYTES GIB(1)

static void lazy_alloc(void)
{
    uintptr_t start = (uintptr_t)sbrk(LAZY_BYTES);

    check(start != (uintptr_t)-1);
    pages_mark(start + PAGE_BYTES, LAZY_BYTES / (64 * PAGE_BYTES), 64 * PAGE_BYTES);
    pages_verify(start + PAGE_BYTES, LAZY_BYTES / (64 * PAGE_BYTES), 64 * PAGE_BYTES);
}

static void shrink_and_store(uintptr_t va)
{
    poke(va, va);                               /* fork has left the page table empty: now there is something to unmap */
    check(sbrk(-(ptrdiff_t)LAZY_BYTES) != SBRK_ERROR);
    poke(va, va);
}

static void lazy_unmap(void)
{
    uintptr_t start = (uintptr_t)sbrk(LAZY_BYTES);
    size_t stride = 4096 * PAGE_BYTES, n = LAZY_BYTES / stride;

    check(start != (uintptr_t)-1);
    pages_mark(start + PAGE_BYTES, n, stride);
    for (size_t i = 0; i < n; i++)
        expect_death(shrink_and_store, start + PAGE_BYTES + i * stride, SIGSEGV);
}

/* Grow until the address space ends; the last byte is memory like any other, and one byte more is refused. */
static void lazy_sbrk(void)
{
    uintptr_t start = heap_end();
    size_t step = GIB(1);

    while (sbrk(GIB(1)) != SBRK_ERROR)
        ;
    check_eq(errno, ENOMEM);
    for (; step > 0; step /= 2)
        while (sbrk(step) != SBRK_ERROR)
            ;
    uintptr_t end = heap_end();
    check_ge(end, GIB(220));
    check_le(end, USER_END - MIB(8));
    check_eq(peek_byte(end - 1), 0);
    poke_byte(end - 1, 1);
    check_eq(peek_byte(end - 1), 1);
    check_eq(sbrk(1), -1);
    check_eq(heap_end(), end);
    check_eq(sbrk(-(ptrdiff_t)(end - start)), end);
    check_eq(heap_end(), start);
}

/* Out of memory, as the third of the lazytests has it. */
static void exhaust(uintptr_t unused)
{
    size_t bytes = 2 * ram_bytes();

    (void)unused;
    pages_mark(heap_grow(bytes), bytes / PAGE_BYTES, PAGE_BYTES);
}

static void oom(void)
{
    expect_death(exhaust, 0, SIGKILL);
}

/* ---- E and F, as far as they go without a file that can be written ---- */

static void copyin(void)
{
    static const uintptr_t places[] = { 0x80000000, KERNEL, USER_END, -1ul };
    int fds[2], null = open_or_fail("/dev/null", O_WRONLY);

    pipe_or_fail(fds);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        check_eq(raw_syscall(SYS_write, fds[1], places[i], 8192), -EFAULT);
        long n = raw_syscall(SYS_write, null, places[i], 8192);
        check(n == -EFAULT || n == 8192);               /* nobody has to look at what is thrown away */
    }
    check_eq(write(fds[1], "y", 1), 1);
    char byte;
    check_eq(read(fds[0], &byte, 1), 1);
    check_eq(byte, 'y');
}

static void copyout(void)
{
    static const uintptr_t places[] = { 0, 0x80000000, KERNEL, USER_END, -1ul };
    int fds[2], file = open_or_fail(README, O_RDONLY);

    pipe_or_fail(fds);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        check_eq(raw_syscall(SYS_read, file, places[i], 8192), -EFAULT);
        check_eq(write(fds[1], "x", 1), 1);
        check_eq(raw_syscall(SYS_read, fds[0], places[i], 8192), -EFAULT);
        char byte;
        check_eq(read(fds[0], &byte, 1), 1);
    }
}

static void copyinstr1(void)
{
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, 0x80000000, O_RDONLY, 0), -EFAULT);
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, KERNEL, O_RDONLY, 0), -EFAULT);
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, -1ul, O_RDONLY, 0), -EFAULT);
}

static void copyinstr3(void)
{
    heap_grow(2 * PAGE_BYTES);
    char *last = (char *)heap_end() - 1;
    char *const argv[] = { "xx", NULL };

    *last = 'x';
    check_eq(raw_syscall(SYS_openat, AT_FDCWD, last, O_RDONLY, 0), -EFAULT);
    check_eq(raw_syscall(SYS_execve, last, argv, 0), -EFAULT);
}

static void rwsbrk(void)
{
    uintptr_t end = (uintptr_t)sbrk(8192);
    int fds[2], file = open_or_fail(README, O_RDONLY);

    check(end != (uintptr_t)-1);
    check(sbrk(-8192) != SBRK_ERROR);
    pipe_or_fail(fds);
    check_eq(raw_syscall(SYS_write, fds[1], page_up(end), 1024), -EFAULT);
    check_eq(raw_syscall(SYS_read, file, page_up(end), 10), -EFAULT);
}

static void sbrkarg(void)
{
    int fds[2];

    pipe_or_fail(fds);
    check_eq(write(fds[1], (void *)heap_grow(PAGE_BYTES), PAGE_BYTES), PAGE_BYTES);
    check_eq(pipe((int *)heap_grow(PAGE_BYTES)), 0);
}

static void argptest(void)
{
    int file = open_or_fail(README, O_RDONLY);

    heap_grow(PAGE_BYTES);
    long n = raw_syscall(SYS_read, file, heap_end() - 1, -1);
    check(n == -EFAULT || n == -EINVAL || n == 1);
}

static void pgbug(void)
{
    uint64_t wild = 0xeaeb0b5b00002f5e;
    char *const argv[] = { NULL };

    check_eq(raw_syscall(SYS_execve, wild, argv, 0), -EFAULT);
    check_eq(raw_syscall(SYS_pipe2, wild, 0), -EFAULT);
}

static void badarg(void)
{
    char *const argv[] = { (char *)0xffffffff, NULL };

    for (unsigned i = 0; i < 50000; i++)
        check_eq(raw_syscall(SYS_execve, README, argv, 0), -EFAULT);
}

static const struct test_case cases[] = {
    /* A */
    { .name = "reparent2", .run = reparent2 },
    { .name = "reparent", .run = reparent },
    { .name = "twochildren", .run = twochildren },
    { .name = "forkfork", .run = forkfork },
    { .name = "exitwait", .run = exitwait },
    { .name = "forktest", .run = forktest },
    { .name = "killzero", .run = killzero },
    /* B */
    { .name = "killstatus", .run = killstatus },
    { .name = "preempt", .run = preempt },
    /* C */
    { .name = "pipe1", .run = pipe1 },
    { .name = "countfree2020", .run = countfree2020, .seconds = 600 },
    { .name = "countfree", .run = countfree },
    /* D */
    { .name = "sbrkbasic", .run = sbrkbasic, .seconds = 300 },
    { .name = "sbrkmuch2020", .run = sbrkmuch2020 },
    { .name = "sbrkmuch", .run = sbrkmuch },
    { .name = "sbrkbugs", .run = sbrkbugs },
    { .name = "sbrk8000", .run = sbrk8000 },
    { .name = "sbrklast", .run = sbrklast },
    { .name = "sbrkfail2020", .run = sbrkfail2020, .seconds = 300 },
    { .name = "sbrkfail", .run = sbrkfail },
    { .name = "mem", .run = mem, .seconds = 300 },
    { .name = "bsstest", .run = bsstest },
    { .name = "kernmem", .run = kernmem },
    { .name = "MAXVAplus", .run = MAXVAplus },
    { .name = "stacktest2020", .run = stacktest2020 },
    { .name = "stacktest", .run = stacktest },
    { .name = "textwrite", .run = textwrite },
    { .name = "nowrite", .run = nowrite },
    { .name = "lazy_alloc", .run = lazy_alloc },
    { .name = "lazy_unmap", .run = lazy_unmap },
    { .name = "lazy_sbrk", .run = lazy_sbrk },
    { .name = "oom", .run = oom, .seconds = 300 },
    /* E, F */
    { .name = "copyin", .run = copyin },
    { .name = "copyout", .run = copyout },
    { .name = "copyinstr1", .run = copyinstr1 },
    { .name = "copyinstr3", .run = copyinstr3 },
    { .name = "rwsbrk", .run = rwsbrk },
    { .name = "sbrkarg", .run = sbrkarg },
    { .name = "argptest", .run = argptest },
    { .name = "pgbug", .run = pgbug },
    { .name = "badarg", .run = badarg },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "processes", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
