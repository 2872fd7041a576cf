/*
 * lazy_oom.c - cases of lazymore: when memory really runs out, in a fault, a user copy, fork and exec.
 * Expected: the process that cannot go on is killed (SIGKILL) or its call fails; everybody else goes on; nothing is lost.
 * These need a machine whose memory can be filled in reasonable time; they work with any.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include <faultline.h>

#include "lazymore.h"

static struct gate gate;

static void store_everywhere(uintptr_t unused)
{
    size_t bytes = 2 * ram_bytes();

    (void)unused;
    uintptr_t start = heap_grow(bytes);
    pages_mark(start, bytes / PAGE_BYTES, PAGE_BYTES);
}

static void load_everywhere(uintptr_t unused)
{
    size_t bytes = 2 * ram_bytes();

    (void)unused;
    uintptr_t start = heap_grow(bytes);
    for (size_t i = 0; i < bytes; i += PAGE_BYTES)
        peek(start + i);
}

/* One page in each 2 MiB: as much memory for page tables as for contents. */
static void store_far_apart(uintptr_t unused)
{
    size_t n = ram_bytes() / PAGE_BYTES;

    (void)unused;
    if (n * MIB(2) > GIB(200))
        n = GIB(200) / MIB(2);
    uintptr_t start = heap_grow(n * MIB(2));
    pages_mark(start, n, MIB(2));
    store_everywhere(0);                        /* on a large machine */
}

/* S9, h: memory that was promised runs out in a fault. The promise is always twice of what there is. */
static void oom_in_fault(void)
{
    long before = vmstat("fault_oom");

    expect_death(store_everywhere, 0, SIGKILL);
    expect_death(load_everywhere, 0, SIGKILL);
    expect_death(store_far_apart, 0, SIGKILL);
    check_ge(vmstat("fault_oom") - before, 3);
    pages_mark(heap_grow(100 * PAGE_BYTES), 100, PAGE_BYTES);
}

static void read_everywhere(uintptr_t chunk)
{
    int zero = open_or_fail("/dev/zero", O_RDONLY);
    size_t bytes = 2 * ram_bytes() / chunk * chunk;
    uintptr_t start = heap_grow(bytes);

    for (size_t i = 0; i < bytes; i += chunk)
        check_eq(read(zero, (void *)(start + i), chunk), chunk);
}

/* S9: the kernel runs out while it copies to, or from, user memory. */
static void oom_in_copy(void)
{
    expect_death(read_everywhere, PAGE_BYTES, SIGKILL);
    expect_death(read_everywhere, MIB(1), SIGKILL);
}

static void fork_until_refused(uintptr_t npages)
{
    setpgid(0, 0);
    gate_pass(&gate);
    memory_fill(npages);
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            sleep_forever(0);
        if (pid < 0)
            break;
    }
    check(errno == ENOMEM || errno == EAGAIN);
    kill(0, SIGKILL);                           /* the group: this process and its children */
    sleep_forever(0);
}

/*
 * S9: fork with little or nothing left. Whoever cannot have a page is killed; when it is the parent, its children are
 * left asleep and are killed here by their group.
 */
static void oom_in_fork(void)
{
    static const unsigned left[] = { 0, 1, 2, 3, 5, 8, 13, 34, 144 };

    skip_if_chaos();
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        gate_close(&gate);
        pid_t pid = child_start(fork_until_refused, left[i]);
        gate_open(&gate);
        int status = child_wait(pid);
        kill(-pid, SIGKILL);
        check_eq(status, SIGKILL);
        while (kill(-pid, 0) == 0)
            sleep_ms(1);
        expect_ok(load_at, (uintptr_t)left);    /* there is room for a process again */
    }
}

/* Fill memory but for npages, say so through the pipe, hold it. */
struct hog {
    int ready;
    int not_mine;                               /* a descriptor whose other end waits for everybody to close it */
    long npages;
};

static void hog_run(uintptr_t arg)
{
    const struct hog *hog = (const struct hog *)arg;

    gate_pass(&gate);
    close(hog->not_mine);
    memory_fill(hog->npages);
    write(hog->ready, "r", 1);                  /* fails when there is no memory for a pipe's buffer */
    close(hog->ready);                          /* and this says the same */
    sleep_forever(0);
}

/*
 * S9: exec with little or nothing left: it fails and the old program goes on (77), or the process is killed, or it works (0).
 * With memory to spare it must work.
 */
static void oom_in_exec(void)
{
    static const unsigned left[] = { 0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 26, 400 };

    skip_if_chaos();
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        int ready[2], go[2];
        char byte;
        pipe_or_fail(ready);
        pipe_or_fail(go);
        pid_t execer = fork();
        check(execer >= 0);
        if (execer == 0) {
            char *const argv[] = { "target", "bss", "some", "more", "arguments", NULL };
            close(go[1]);
            close(ready[1]);
            read(go[0], &byte, 1);
            execv(TARGET, argv);
            _exit(77);
        }
        struct hog hog = { ready[1], go[1], left[i] };
        gate_close(&gate);
        pid_t hog_pid = child_start(hog_run, (uintptr_t)&hog);
        close(ready[1]);
        gate_open(&gate);
        read(ready[0], &byte, 1);               /* 0 bytes when the hog overdid it */
        close(go[1]);
        int status = child_wait(execer);
        kill(hog_pid, SIGKILL);
        expect_status(hog_pid, SIGKILL);
        close(ready[0]);
        close(go[0]);
        check(status == 0 || status == 77 << 8 || status == SIGKILL);
        if (left[i] >= 400)
            check_eq(status, 0);
    }
}

static void hold_and_touch(uintptr_t page)
{
    gate_pass(&gate);
    poke(page, 1);
    store_everywhere(0);
}

/* Several run out at once; all die, nobody else does, and all memory is there for the next. */
static void oom_side_by_side(void)
{
    uintptr_t page = heap_grow(PAGE_BYTES);

    skip_if_chaos();
    for (unsigned round = 0; round < 2; round++) {
        pid_t pids[4];
        gate_close(&gate);
        for (unsigned i = 0; i < 4; i++)
            pids[i] = child_start(hold_and_touch, page);
        gate_open(&gate);
        for (unsigned i = 0; i < 4; i++)
            expect_status(pids[i], SIGKILL);
    }
    check_eq(peek(page), 0);
}

/* Giving back works when nothing is left: a shrink must not need memory that is not there, or must fail whole. */
static void shrink_when_full(uintptr_t unused)
{
    (void)unused;
    memory_fill(0);
    uintptr_t end = heap_end();
    void *result = sbrk(-(ptrdiff_t)(5 * PAGE_BYTES));
    if (result == (void *)-1) {
        check_eq(errno, ENOMEM);
        check_eq(heap_end(), end);
    } else {
        check_eq(heap_end(), end - 5 * PAGE_BYTES);
    }
}

#define HOLES      64
#define HOLE_BYTES (32 * PAGE_BYTES)            /* apart, so that no two of them are in one radix node */

/* Cut holes into memory that the parent shares: each needs a little memory of the kernel's own, or is refused whole. */
static void cut_holes(uintptr_t start)
{
    unsigned refused = 0;

    for (size_t i = 0; i < HOLES; i++) {
        uintptr_t hole = start + i * HOLE_BYTES + PAGE_BYTES;
        long result = raw_syscall(SYS_munmap, hole, PAGE_BYTES);
        if (result == 0)
            continue;
        check_eq(result, -ENOMEM);
        for (uintptr_t va = hole - PAGE_BYTES; va <= hole + PAGE_BYTES; va += PAGE_BYTES)
            check_eq(peek(va), va);
        refused++;
    }
    note("%u of %u holes refused", refused, HOLES);
}

/* The other processes' share of what is given back stays, whether there was memory for giving it back or not. */
static void holes_when_full(long npages)
{
    uintptr_t start = heap_grow(HOLES * HOLE_BYTES);
    int ready[2], go[2];
    char byte = 0;

    for (size_t i = 0; i < HOLES; i++)
        pages_mark(start + i * HOLE_BYTES, 3, PAGE_BYTES);
    pipe_or_fail(ready);
    pipe_or_fail(go);
    pid_t cutter = fork();
    check(cutter >= 0);
    if (cutter == 0) {
        close(go[1]);
        close(ready[1]);
        for (size_t i = 0; i < HOLES; i++)
            pages_verify(start + i * HOLE_BYTES, 3, PAGE_BYTES);
        read(go[0], &byte, 1);
        cut_holes(start);
        _exit(0);
    }
    struct hog hog = { ready[1], go[1], npages };
    gate_close(&gate);
    pid_t hog_pid = child_start(hog_run, (uintptr_t)&hog);
    close(ready[1]);
    gate_open(&gate);
    read(ready[0], &byte, 1);
    close(go[1]);
    int status = child_wait(cutter);
    kill(hog_pid, SIGKILL);
    expect_status(hog_pid, SIGKILL);
    close(ready[0]);
    close(go[0]);
    check(status == 0 || (status == SIGKILL && npages < 400));
    for (size_t i = 0; i < HOLES; i++)
        pages_verify(start + i * HOLE_BYTES, 3, PAGE_BYTES);
}

static void oom_in_shrink(void)
{
    static const unsigned left[] = { 0, 1, 2, 3, 4, 6, 8, 11, 400 };

    int status = child_wait(child_start(shrink_when_full, 0));
    check(status == 0 || status == SIGKILL);
    skip_if_chaos();
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
        holes_when_full(left[i]);
}

/* Memory that a killed process held can be used at once, again and again. */
static void oom_repeats(void)
{
    for (unsigned round = 0; round < 5; round++)
        expect_death(store_everywhere, 0, SIGKILL);
}

const struct test_case oom_cases[] = {
    { .name = "S9 out of memory in a fault", .run = oom_in_fault, .seconds = 600 },
    { .name = "S9 out of memory in a copy", .run = oom_in_copy, .seconds = 600 },
    { .name = "S9 out of memory in fork", .run = oom_in_fork, .seconds = 600 },
    { .name = "S9 out of memory in exec", .run = oom_in_exec, .seconds = 600 },
    { .name = "out of memory in a shrink", .run = oom_in_shrink, .seconds = 600 },
    { .name = "out of memory side by side", .run = oom_side_by_side, .seconds = 600 },
    { .name = "out of memory repeats", .run = oom_repeats, .seconds = 600 },
    { .name = NULL },
};
