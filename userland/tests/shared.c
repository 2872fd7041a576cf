/*
 * shared.c - processes that live in one address space: clone(CLONE_VM), and what each may do to the other.
 * Expected: every case ok, at any number of harts, size of memory and chaos. What the hardware keeps of a mapping that
 * another hart has changed is litmus.c's part.
 *
 * Usage: shared [-l] [NAME...]
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define TARGET "/tests/target"
#define NPROC_MAX 1000                          /* a limit must show itself below this */

/* What the processes of a case tell each other; each case runs in a process of its own, so all begin as 0. */
static _Atomic uint64_t ready, go;

static void sleep_forever(uintptr_t unused)
{
    (void)unused;
    ready++;
    for (;;)
        sleep_ms(1000 * 1000);
}

static void spin_forever(uintptr_t unused)
{
    (void)unused;
    ready++;
    for (;;)
        ;
}

static void load_forever(uintptr_t va)
{
    ready++;
    for (;;)
        peek(va);
}

static void kill_and_wait(pid_t pid)
{
    check_eq(kill(pid, SIGKILL), 0);
    expect_status(pid, SIGKILL);
}

/* ---- one memory ---- */

#define TURNS 1000

static void take_odd_turns(uintptr_t page)
{
    for (uint64_t turn = 1; turn < TURNS; turn += 2) {
        await(&go, turn);
        check_eq(peek(page), turn);
        poke(page, turn + 1);
        go = turn + 1;
    }
}

/* Either sees what the other has stored: in data, on the heap, on its stack. */
static void stores_are_seen(void)
{
    uint64_t on_stack = 0;
    uintptr_t pages[] = { heap_grow(PAGE_BYTES), (uintptr_t)&on_stack };

    for (unsigned i = 0; i < 2; i++) {
        go = 0;
        pid_t pid = sharer_start(take_odd_turns, pages[i]);
        for (uint64_t turn = 0; turn < TURNS; turn += 2) {
            await(&go, turn);
            check_eq(peek(pages[i]), turn);
            poke(pages[i], turn + 1);
            go = turn + 1;
        }
        expect_status(pid, 0);
        check_eq(peek(pages[i]), TURNS);
    }
}

static void grow_and_mark(uintptr_t npages)
{
    uintptr_t start = heap_grow(npages * PAGE_BYTES);

    pages_mark(start, npages, PAGE_BYTES);
    go = start;
}

/* The heap has one end: whoever moves it, moves it for all. */
static void brk_is_one(void)
{
    expect_status(sharer_start(grow_and_mark, 300), 0);
    check_eq(heap_end(), go + 300 * PAGE_BYTES);
    pages_verify(go, 300, PAGE_BYTES);
    check(brk((void *)(go + 10 * PAGE_BYTES)) == 0);
    pid_t pid = sharer_start(load_forever, go + 200 * PAGE_BYTES);      /* its stack takes a few pages of what was given back */
    expect_status(pid, SIGSEGV);
    pages_verify(go, 10, PAGE_BYTES);
}

#define SHARERS      4
#define COMMON_PAGES 1500

static void add_to_pages(uintptr_t start)
{
    ready++;
    await(&go, 1);
    for (size_t i = 0; i < COMMON_PAGES; i++)
        atomic_fetch_add((_Atomic uint64_t *)(start + i * PAGE_BYTES), 1);
}

static void add_together(uintptr_t start)
{
    pid_t pids[SHARERS];

    ready = go = 0;
    for (unsigned i = 0; i < SHARERS; i++)
        pids[i] = sharer_start(add_to_pages, start);
    await(&ready, SHARERS);
    go = 1;
    for (unsigned i = 0; i < SHARERS; i++)
        expect_status(pids[i], 0);
}

/* All touch the same untouched pages at the same time, and then the same pages that a fork has shared: each page comes once. */
static void same_fault(void)
{
    uintptr_t start = heap_grow(COMMON_PAGES * PAGE_BYTES);

    add_together(start);
    ready = 0;
    pid_t fork_child = child_start(sleep_forever, 0);
    add_together(start);
    for (size_t i = 0; i < COMMON_PAGES; i++)
        check_eq(peek(start + i * PAGE_BYTES), 2 * SHARERS);
    kill_and_wait(fork_child);
}

static void fork_and_look(uintptr_t start)
{
    for (unsigned round = 0; round < 10; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            pages_verify(start, 64, PAGE_BYTES);
            memset((void *)start, 0, 64 * PAGE_BYTES);
            _exit(0);
        }
        check(pid > 0);
        expect_status(pid, 0);
    }
}

/* Several fork what they share, all the time; the children's stores are their own. */
static void forks_of_shared(void)
{
    uintptr_t start = heap_grow(64 * PAGE_BYTES);
    pid_t pids[SHARERS];

    pages_mark(start, 64, PAGE_BYTES);
    for (unsigned i = 0; i < SHARERS; i++)
        pids[i] = sharer_start(fork_and_look, start);
    for (unsigned i = 0; i < SHARERS; i++)
        expect_status(pids[i], 0);
    pages_verify(start, 64, PAGE_BYTES);
}

/* ---- coming and going ---- */

static int alive[2], result[2];                 /* pipes */

static void return_at_once(uintptr_t unused)
{
    (void)unused;
}

/* Wait until the process that this one shares with is gone; then all must be there still. */
static void outlive(uintptr_t start)
{
    char byte;

    close(alive[1]);
    read(alive[0], &byte, 1);
    sleep_ms(2);
    pages_verify(start, 100, PAGE_BYTES);
    pages_mark(heap_grow(100 * PAGE_BYTES), 100, PAGE_BYTES);
    write(result[1], "k", 1);
}

static void leave_behind(uintptr_t start)
{
    pipe_or_fail(alive);
    sharer_start(outlive, start);
}

/* One ends, the other goes on; whichever of the two it is. */
static void one_exits(void)
{
    uintptr_t start = heap_grow(100 * PAGE_BYTES);
    char byte = 0;

    pages_mark(start, 100, PAGE_BYTES);
    expect_status(sharer_start(return_at_once, 0), 0);
    pages_verify(start, 100, PAGE_BYTES);
    pipe_or_fail(result);
    expect_ok(leave_behind, start);
    close(result[1]);
    check_eq(read(result[0], &byte, 1), 1);
}

/* A kill ends the one that it names. */
static void one_is_killed(void)
{
    pid_t sleeper = sharer_start(sleep_forever, 0), spinner = sharer_start(spin_forever, 0);

    await(&ready, 2);
    kill_and_wait(spinner);
    check_eq(kill(sleeper, 0), 0);
    kill_and_wait(sleeper);
}

static void exec_target(uintptr_t path)
{
    char *const argv[] = { "target", "exit", "7", NULL };

    execv((const char *)path, argv);
    ready++;
    _exit(8);
}

/* Who execs leaves; the memory stays to the others, whether they sleep or run. An exec that fails changes nothing. */
static void one_execs(void)
{
    uintptr_t start = heap_grow(100 * PAGE_BYTES);

    pages_mark(start, 100, PAGE_BYTES);
    pid_t spinner = sharer_start(load_forever, start);
    for (unsigned round = 0; round < 10; round++)
        expect_status(sharer_start(exec_target, (uintptr_t)TARGET), 7 << 8);
    expect_status(sharer_start(exec_target, (uintptr_t)"/no/such/file"), 8 << 8);
    check_ge(ready, 2);
    pages_verify(start, 100, PAGE_BYTES);
    kill_and_wait(spinner);
}

/* Become a program that writes 'h' to result and then sleeps. */
static void exec_hold(void)
{
    char fd[12];
    char *const argv[] = { "target", "hold", fd, NULL };

    snprintf(fd, sizeof(fd), "%d", result[1]);
    execv(TARGET, argv);
}

static void exec_and_leave_behind(uintptr_t start)
{
    check_eq(pipe2(alive, O_CLOEXEC), 0);
    sharer_start(outlive, start);
    exec_hold();
}

/* The other way round: the parent execs, and its child keeps the memory. */
static void parent_execs(void)
{
    uintptr_t start = heap_grow(100 * PAGE_BYTES);
    char seen[2] = { 0 };

    pages_mark(start, 100, PAGE_BYTES);
    pipe_or_fail(result);
    pid_t pid = child_start(exec_and_leave_behind, start);
    for (unsigned i = 0; i < 2; i++)
        check_eq(read(result[0], &seen[i], 1), 1);
    check_eq(seen[0] + seen[1], 'h' + 'k');
    kill_and_wait(pid);
}

/* ---- CLONE_VFORK ---- */

static int vfork_exit(void *unused)
{
    (void)unused;
    sleep_ms(20);
    go++;
    return 3;
}

static int vfork_exec(void *unused)
{
    (void)unused;
    sleep_ms(20);
    go++;
    exec_hold();
    return 1;
}

static int vfork_sleep(void *unused)
{
    pid_t self = getpid();

    (void)unused;
    write(result[1], &self, sizeof(self));
    sleep_forever(0);
    return 0;
}

static void vfork_for_ever(uintptr_t stack)
{
    clone(vfork_sleep, (void *)stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
}

/* The parent goes on when the child has ended, or become another program; or when it has itself been killed. */
static void parent_waits(void)
{
    char *stack = (char *)heap_grow(4 * PAGE_BYTES) + 4 * PAGE_BYTES, byte;
    pid_t grandchild;

    pid_t pid = clone(vfork_exit, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    check_eq(go, 1);
    expect_status(pid, 3 << 8);
    pid = clone(vfork_exit, stack, CLONE_VFORK | SIGCHLD, NULL);        /* a copy of the memory: go stays */
    check_eq(go, 1);
    expect_status(pid, 3 << 8);

    pipe_or_fail(result);
    pid = clone(vfork_exec, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    check_eq(go, 2);
    check_eq(read(result[0], &byte, 1), 1);
    kill_and_wait(pid);

    pid = child_start(vfork_for_ever, (uintptr_t)stack);
    check_eq(read(result[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
    kill_and_wait(pid);
    check_eq(kill(grandchild, SIGKILL), 0);
}

/* ---- what one takes away from the other ---- */

static void unmap(uintptr_t start, size_t npages)
{
    check_eq(raw_syscall(SYS_munmap, start, npages * PAGE_BYTES), 0);
}

/* Who needs a page that another has unmapped dies by it, alone. */
static void unmap_of_data(void)
{
    uintptr_t start = heap_grow(3 * PAGE_BYTES);

    pages_mark(start, 3, PAGE_BYTES);
    pid_t victim = sharer_start(load_forever, start + PAGE_BYTES), other = sharer_start(load_forever, start);
    await(&ready, 2);
    unmap(start + PAGE_BYTES, 1);
    expect_status(victim, SIGSEGV);
    check_eq(kill(other, 0), 0);
    check_eq(waitpid(other, NULL, WNOHANG), 0);
    kill_and_wait(other);
    check_eq(peek(start + 2 * PAGE_BYTES), start + 2 * PAGE_BYTES);
}

static void run_on(uintptr_t unused)
{
    volatile uint64_t local = 0;

    (void)unused;
    ready++;
    for (;;)
        local++;
}

static void sleep_and_return(uintptr_t ms)
{
    ready++;
    sleep_ms(ms);
}

/* The same for a stack: of one that runs on it, and of one that sleeps in the kernel and comes back to it. */
static void unmap_of_stack(void)
{
    child_fn *const victims[] = { run_on, sleep_and_return };

    for (unsigned i = 0; i < 2; i++) {
        ready = 0;
        pid_t pid = sharer_start(victims[i], 20);
        await(&ready, 1);
        unmap(heap_end() - 4 * PAGE_BYTES, 4);
        expect_status(pid, SIGSEGV);
    }
}

static void read_into(uintptr_t va)
{
    ready++;
    go = -raw_syscall(SYS_read, alive[0], va, 2 * PAGE_BYTES);
}

/* A system call that sleeps finds its buffer gone. */
static void unmap_of_buffer(void)
{
    uintptr_t start = heap_grow(2 * PAGE_BYTES);

    pages_mark(start, 2, PAGE_BYTES);
    pipe_or_fail(alive);
    pid_t pid = sharer_start(read_into, start);
    await(&ready, 1);
    sleep_ms(5);
    unmap(start, 2);
    check_eq(write(alive[1], "x", 1), 1);
    expect_status(pid, 0);
    check_eq(go, EFAULT);
}

/* ---- when memory runs out ---- */

enum { RUN_OUT_IN_COPY = 1, RUN_OUT_IN_CHILD = 2 };

static void run_out(uintptr_t how)
{
    size_t bytes = 2 * ram_bytes();
    uintptr_t start = heap_grow(bytes);

    if (how & RUN_OUT_IN_COPY)
        read(open_or_fail("/dev/zero", O_RDONLY), (void *)start, bytes);
    pages_mark(start, bytes / PAGE_BYTES, PAGE_BYTES);
}

static void share_and_run_out(uintptr_t how)
{
    sharer_start(sleep_forever, 0);
    sharer_start(spin_forever, 0);
    await(&ready, 2);
    if (how & RUN_OUT_IN_CHILD)
        child_wait(sharer_start(run_out, how));
    run_out(how);
}

/* No memory for the answer means more, too. */
static bool anon_pages_above(long limit)
{
    long n = vmstat("nr_anon_pages");

    return n < 0 || n > limit;
}

/* All who live in the memory die with the one that finds none: only then is it free. Nobody else does. */
static void out_of_memory(void)
{
    int held[2];
    char byte;

    skip_if_chaos();
    for (uintptr_t how = 0; how < 4; how++) {
        long before = vmstat("nr_anon_pages");
        pipe_or_fail(held);
        pid_t pid = child_start(share_and_run_out, how);
        close(held[1]);
        expect_status(pid, SIGKILL);
        check_eq(read(held[0], &byte, 1), 0);   /* each of them held the other end */
        close(held[0]);
        for (unsigned ms = 0; anon_pages_above(before + 100); ms++) {
            check_le(ms, 20000);                /* the last is on its way out */
            sleep_ms(1);
        }
    }
}

/* ---- counting ---- */

#define FAR (64 * PAGE_BYTES)                   /* no fault serves two of them */

static void mark_far(uintptr_t start)
{
    pages_mark(start, 100, FAR);
}

/* A fault counts once, for the process that has taken it, in whatever memory. */
static void faults_count_once(void)
{
    uintptr_t start = heap_grow(100 * FAR);
    struct rusage usage;
    long before = self_vmstat("fault_B3"), all_before = vmstat("fault_B3");
    int status;

    pid_t pid = sharer_start(mark_far, start);
    check_eq(wait4(pid, &status, 0, &usage), pid);
    check_eq(status, 0);
    check_ge(usage.ru_minflt, 100);
    check_le(usage.ru_minflt, 110);             /* and a stack */
    check_le(self_vmstat("fault_B3") - before, 10);
    check_ge(vmstat("fault_B3") - all_before, 100);
    check_le(vmstat("fault_B3") - all_before, 120);
    check_eq(wait4(child_start(mark_far, heap_grow(100 * FAR)), &status, 0, &usage) > 0, true);
    check_ge(usage.ru_minflt, 100);
}

static void fork_many(uintptr_t n)
{
    for (unsigned i = 0; i < n; i++)
        expect_ok(return_at_once, 0);
}

/* One stays on its hart, and its sharer is away while so many address spaces come that hardware numbers begin anew, twice. */
static void many_address_spaces(void)
{
    uintptr_t page = heap_grow(PAGE_BYTES);

    poke(page, 1);
    pid_t pid = sharer_start(load_forever, page);
    await(&ready, 1);
    expect_ok(fork_many, 100);
    unmap(page, 1);
    expect_status(pid, SIGSEGV);
}

/* ---- with bad intent ---- */

/*
 * clone with a child that never uses its stack: it makes system call nr, with arg as its first argument, again and again.
 * Returns clone's result.
 */
static long clone_bare(uint64_t flags, uint64_t stack, long nr, uint64_t arg)
{
    register uint64_t a0 __asm__("a0") = flags;
    register uint64_t a1 __asm__("a1") = stack;
    register uint64_t a2 __asm__("a2") = 0, a4 __asm__("a4") = 0;       /* where numbers would be stored */
    register uint64_t a7 __asm__("a7") = SYS_clone;

    __asm__ volatile("ecall\n\t"
                     "bnez  a0, 2f\n"
                     "1:\tmv a0, %[arg]\n\t"
                     "mv    a7, %[nr]\n\t"
                     "ecall\n\t"
                     "j     1b\n"
                     "2:"
                     : "+r"(a0), "+r"(a7)
                     : "r"(a1), "r"(a2), "r"(a4), [arg] "r"(arg), [nr] "r"(nr)
                     : "memory");
    return a0;
}

static int use_stack(void *unused)
{
    volatile char local[64] = { 1 };

    (void)unused;
    return local[0] + 1;
}

/* Any stack pointer is taken. It kills who uses it, and only if there is nothing where it points. */
static void stack_pointers(void)
{
    const uint64_t wild[] = {
        16, PAGE_BYTES, USER_END, USER_END + 16, GIB(100), 1ul << 39, 1ul << 47, 1ul << 63, -16ul, 0xffffffc080200000,
        0xffffffe000000000, heap_end() + 2 * PAGE_BYTES,
    };

    for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        for (uint64_t odd = 0; odd < 16; odd += 5)
            expect_status(clone_bare(CLONE_VM | SIGCHLD, wild[i] + odd, SYS_exit, 5), 5 << 8);
        expect_status(clone(use_stack, (void *)wild[i], CLONE_VM | SIGCHLD, NULL), SIGSEGV);
    }
    expect_status(clone_bare(CLONE_VM | SIGCHLD, 0, SYS_exit, 5), 5 << 8);
    expect_status(clone(use_stack, (char *)heap_grow(PAGE_BYTES) + PAGE_BYTES, CLONE_VM | SIGCHLD, NULL), 2 << 8);
}

enum { PARENT_SETTID = 0x00100000, CHILD_CLEARTID = 0x00200000, CHILD_SETTID = 0x01000000 };       /* clone(2) */

static void try_flags(uint64_t flags)
{
    const uint64_t known = CLONE_VM | CLONE_VFORK | PARENT_SETTID | CHILD_CLEARTID | CHILD_SETTID;
    bool good = (flags & ~known) == SIGCHLD;
    long pid = clone_bare(flags, 0, SYS_exit, 5);

    if (good)
        expect_status(pid, 5 << 8);
    else
        check_eq(pid, -EINVAL);
}

/* Of all flags, what is there works, and anything else is refused. */
static void clone_flags(void)
{
    uint64_t random = 1;

    for (unsigned bit = 0; bit < 64; bit++) {
        try_flags(1ul << bit);
        for (unsigned i = 0; i < 4; i++)
            try_flags((SIGCHLD | (i & 1 ? CLONE_VM : 0) | (i & 2 ? CLONE_VFORK : 0)) ^ 1ul << bit);
    }
    for (unsigned i = 0; i < 1000; i++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        try_flags(random);
        try_flags((random & ~0xfful) | SIGCHLD);
    }
    try_flags(0);
    try_flags(-1ul);
}

/* Sharers until refused; all can be killed, and the same number fits again. */
static void to_the_limit(void)
{
    static const struct { long sec, nsec; } long_time = { 1000, 0 };
    pid_t pids[NPROC_MAX];
    unsigned first = 0;

    for (unsigned round = 0; round < 2; round++) {
        unsigned n = 0;
        while (n < NPROC_MAX && (pids[n] = clone_bare(CLONE_VM | SIGCHLD, 0, SYS_nanosleep, (uint64_t)&long_time)) > 0)
            n++;
        int error = n < NPROC_MAX ? -pids[n] : 0;
        for (unsigned i = 0; i < n; i++)
            kill(pids[i], SIGKILL);
        for (unsigned i = 0; i < n; i++)
            expect_status(pids[i], SIGKILL);
        check_eq(error, EAGAIN);
        check_ge(n, 16);
        if (round == 0)
            first = n;
        check_eq(n, first);
    }
}

static void bomb(uintptr_t unused)
{
    (void)unused;
    setpgid(0, 0);
    clone_bare(CLONE_VM | SIGCHLD, 0, SYS_clone, CLONE_VM | SIGCHLD);
    sleep_forever(0);
}

static void clone_bomb(void)
{
    pid_t pid = child_start(bomb, 0);

    sleep_ms(100);
    kill(-pid, SIGKILL);
    child_wait(pid);
    while (kill(-pid, SIGKILL) == 0)
        sleep_ms(1);
    for (unsigned ms = 0; (pid = fork()) < 0; ms++) {
        check_le(ms, 5000);                     /* until init has reaped them */
        sleep_ms(1);
    }
    if (pid == 0)
        _exit(0);
    expect_status(pid, 0);
}

/* Anything but keeping to oneself. The others may die of it; errors are expected. */
static void run_wild(uintptr_t seed)
{
    char *const argv[] = { "target", "exit", "0", NULL };
    uintptr_t end;

    for (unsigned step = 0; step < 30; step++) {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        uint64_t size = (seed >> 40) % 40 * PAGE_BYTES;
        switch ((seed >> 33) % 16) {
        case 0:
            raw_syscall(SYS_execve, TARGET, argv, NULL);
            break;
        case 1:
            return;
        case 2:
            raw_syscall(SYS_sbrk, -size);
            break;
        case 3:
        case 4:
            if (raw_syscall(SYS_fork) == 0)
                return;
            break;
        case 5:
            raw_syscall(SYS_munmap, (raw_syscall(SYS_sbrk, 0) - size) & -PAGE_BYTES, PAGE_BYTES);
            break;
        case 6:
            raw_syscall(SYS_mprotect, (raw_syscall(SYS_sbrk, 0) - size) & -PAGE_BYTES, 4 * PAGE_BYTES, (seed >> 50) % 8);
            break;
        case 7:
            clone_bare(CLONE_VM | SIGCHLD, 0, SYS_exit, 0);
            break;
        default:
            end = raw_syscall(SYS_sbrk, size);
            for (uintptr_t va = page_up(end); va < end + size; va += PAGE_BYTES)
                poke_byte(va, step);
        }
        raw_syscall(SYS_wait4, -1, 0, WNOHANG, 0);
    }
}

static void wild_family(uintptr_t seed)
{
    for (unsigned i = 0; i < SHARERS; i++)
        sharer_start(run_wild, seed * SHARERS + i);
    for (unsigned i = 0; i < SHARERS; i++)
        wait(NULL);
}

/* Whatever sharers do to each other, nothing is lost (the runner counts), and their parent's memory is its own. */
static void wild_families(void)
{
    uintptr_t start = heap_grow(64 * PAGE_BYTES);

    pages_mark(start, 64, PAGE_BYTES);
    for (unsigned seed = 0; seed < 60; seed++) {
        int status = child_wait(child_start(wild_family, seed));
        check(status == 0 || status == SIGSEGV);
    }
    pages_verify(start, 64, PAGE_BYTES);
}

static const struct test_case cases[] = {
    { .name = "stores are seen", .run = stores_are_seen },
    { .name = "the heap has one end", .run = brk_is_one },
    { .name = "the same fault at the same time", .run = same_fault },
    { .name = "forks of what is shared", .run = forks_of_shared },
    { .name = "one exits", .run = one_exits },
    { .name = "one is killed", .run = one_is_killed },
    { .name = "one execs", .run = one_execs },
    { .name = "the parent execs", .run = parent_execs },
    { .name = "the parent waits", .run = parent_waits },
    { .name = "unmap of another's data", .run = unmap_of_data },
    { .name = "unmap of another's stack", .run = unmap_of_stack },
    { .name = "unmap of another's buffer", .run = unmap_of_buffer },
    { .name = "out of memory", .run = out_of_memory, .seconds = 600 },
    { .name = "faults count once", .run = faults_count_once },
    { .name = "many address spaces", .run = many_address_spaces },
    { .name = "stack pointers", .run = stack_pointers },
    { .name = "flags", .run = clone_flags },
    { .name = "sharers up to the limit", .run = to_the_limit },
    { .name = "a bomb of sharers", .run = clone_bomb },
    { .name = "wild families", .run = wild_families },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "shared", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
