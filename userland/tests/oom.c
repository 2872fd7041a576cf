/*
 * oom.c - who has to go when memory and swap are used up, and that nobody waits for ever.
 * Expected: TAP, every case ok, on a machine of at most 64 MiB, with a swap disk or without. The last case is for a machine with
 * oom=self on its boot line, and only runs when it is asked for.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define INIT_PID 1
#define FEW 100                                 /* pages that a hog leaves */

static long meminfo_pages(const char *row) { return proc_row("/proc/meminfo", row) / (long)(PAGE_BYTES / 1024); }
static long left(void) { return meminfo_pages("MemFree") + meminfo_pages("SwapFree"); }
static size_t all(void) { return (size_t)(meminfo_pages("MemTotal") + meminfo_pages("SwapTotal")); }

static uintptr_t map_pages(size_t npages, int flags)
{
    void *p = mmap(NULL, npages * PAGE_BYTES, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

    check(p != MAP_FAILED);
    return (uintptr_t)p;
}

static void sleep_forever(void)
{
    for (;;)
        pause();
}

/* ---- oom_score_adj ---- */

static void path_of(char *path, size_t size, pid_t pid, const char *name)
{
    if (pid == 0)
        snprintf(path, size, "/proc/self/%s", name);
    else
        snprintf(path, size, "/proc/%d/%s", pid, name);
}

static long read_number(pid_t pid, const char *name)
{
    char path[64], text[32] = "";

    path_of(path, sizeof(path), pid, name);
    int fd = open_or_fail(path, O_RDONLY);
    check_ge(read(fd, text, sizeof(text) - 1), 2);
    close(fd);
    return atol(text);
}

/* Returns what write does, or -errno. */
static long write_adj(pid_t pid, const char *text)
{
    char path[64];

    path_of(path, sizeof(path), pid, "oom_score_adj");
    int fd = open_or_fail(path, O_WRONLY);
    long result = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static void set_adj(int adj)
{
    char text[16];

    snprintf(text, sizeof(text), "%d\n", adj);
    check_eq(write_adj(0, text), 0);
    check_eq(read_number(0, "oom_score_adj"), adj);
}

static void expect_adj(uintptr_t adj) { check_eq(read_number(0, "oom_score_adj"), (int)adj); }

static void print_adj(uintptr_t fd)
{
    char *const argv[] = { "cat", "/proc/self/oom_score_adj", NULL };

    dup2((int)fd, 1);
    execv("/bin/cat", argv);
    _exit(77);
}

static void nothing(uintptr_t unused) { (void)unused; }

static void adj_rules(void)
{
    static const char *const wrong[] = { "1001", "-1001", "x", "-", "--1", "1 ", "99999999999", "+1" };
    char path[64];

    check_eq(read_number(0, "oom_score_adj"), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        check_eq(write_adj(0, wrong[i]), -EINVAL);
    check_eq(read_number(0, "oom_score_adj"), 0);
    pid_t pid = child_start(nothing, 0);
    path_of(path, sizeof(path), pid, "oom_score_adj");
    int fd = open_or_fail(path, O_WRONLY);
    check_eq(write(fd, "5", 1), 1);             /* of another, who may have ended, but is still there */
    expect_status(pid, 0);
    check(write(fd, "5", 1) == -1 && errno == ESRCH);
    close(fd);
}

/* What is written is read again, goes to children and to the next program, and shows in oom_score. */
static void adj_kept(void)
{
    char text[16] = "";
    int fds[2];

    long score = read_number(0, "oom_score");
    set_adj(-500);
    check_eq(read_number(0, "oom_score"), 0);
    set_adj(1000);
    check_ge(read_number(0, "oom_score"), 1000);
    check_le(read_number(0, "oom_score"), 1000 + score + 50);
    set_adj(-1000);
    check_eq(read_number(0, "oom_score"), 0);
    expect_ok(expect_adj, (uintptr_t)-1000);
    set_adj(321);
    pipe_or_fail(fds);
    pid_t pid = child_start(print_adj, (uintptr_t)fds[1]);
    check_eq(read(fds[0], text, sizeof(text)), 4);
    check_eq(strcmp(text, "321\n"), 0);
    expect_status(pid, 0);
    check_eq(read_number(1, "oom_score_adj"), 0);
}

/* Who lives in one memory goes together, so it counts alike; but not who only borrows it until exec. */
static uint64_t _Atomic *turn;

static void sharer_waits(uintptr_t unused)
{
    (void)unused;
    await(turn, 1);
    check_eq(read_number(0, "oom_score_adj"), 77);
}

static int borrower_sets(void *unused)
{
    (void)unused;
    set_adj(88);
    _exit(0);
}

static void adj_shared(void)
{
    turn = (void *)map_pages(1, MAP_SHARED);
    pid_t pid = sharer_start(sharer_waits, 0);
    set_adj(77);
    *turn = 1;
    expect_status(pid, 0);
    char *stack = (char *)map_pages(4, MAP_PRIVATE) + 4 * PAGE_BYTES;
    pid = clone(borrower_sets, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    expect_status(pid, 0);
    check_eq(read_number(0, "oom_score_adj"), 77);
}

/* ---- the gate ---- */

/* Those who want more are started before there is too little for that, and wait until they are let go. */
static struct gate gate;
static child_fn *wants;
static int noise;                               /* /dev/random, and room for pages: later to open or to map something may fail */
static uintptr_t room;

static void at_gate(uintptr_t npages)
{
    gate_pass(&gate);
    wants(npages);
}

static pid_t want_start(child_fn *run, uintptr_t npages)
{
    wants = run;
    if (noise == 0)
        noise = open_or_fail("/dev/random", O_RDONLY);
    room = map_pages(npages, MAP_PRIVATE);
    pid_t pid = child_start(at_gate, npages);
    munmap((void *)room, npages * PAGE_BYTES);
    return pid;
}

static pid_t one_wants(child_fn *run, uintptr_t npages)
{
    gate_close(&gate);
    return want_start(run, npages);
}

static int let_it_want(pid_t pid)
{
    gate_open(&gate);
    return child_wait(pid);
}

/* ---- hogs ---- */

struct hog {
    long leave;                                 /* pages */
    int adj;
    int flags;                                  /* of mmap; 0: MAP_PRIVATE */
    void (*then)(void);
    int ready[2];
};

/* Use memory until only so many pages are left, of frames and of swap. */
static void fill(long leave, int flags)
{
    size_t most = all(), done = 0;
    uintptr_t start = map_pages(most, flags);

    for (long more; done < most && (more = left() - leave) > 0;)
        for (more = more > 32 ? more / 2 : 1; more > 0 && done < most; more--, done++)
            poke(start + done * PAGE_BYTES, start + done);
}

static void hog_run(uintptr_t arg)
{
    const struct hog *hog = (const struct hog *)arg;

    close(hog->ready[0]);
    close(gate.fds[1]);                         /* or nobody would ever pass */
    if (hog->adj != 0)
        set_adj(hog->adj);
    fill(hog->leave, hog->flags != 0 ? hog->flags : MAP_PRIVATE);
    write(hog->ready[1], "r", 1);
    hog->then();
}

/* Start it, and wait until it has all it wants. */
static pid_t hog_start(struct hog *hog)
{
    char byte;

    pipe_or_fail(hog->ready);
    pid_t pid = child_start(hog_run, (uintptr_t)hog);
    close(hog->ready[1]);
    check_eq(read(hog->ready[0], &byte, 1), 1);
    close(hog->ready[0]);
    return pid;
}

/* Needs more than there is left, but not much, and goes on. */
static void want_more(uintptr_t npages)
{
    for (size_t i = 0; i < npages; i++)
        poke(room + i * PAGE_BYTES, room + i);
    for (size_t i = 0; i < npages; i++)
        check_eq(peek(room + i * PAGE_BYTES), room + i);
}

/* It has been killed, for want of memory, or is just going. */
static void expect_gone(pid_t pid)
{
    int status = -1;

    for (unsigned i = 0; i < 1000 && waitpid(pid, &status, WNOHANG) == 0; i++)
        sleep_ms(10);
    check_eq(status, SIGKILL);
}

#define MORE (6 * FEW)

/* One who wants a little gets it, since the hog goes, whatever it is doing, and nobody else. */
static void hog_goes(void (*then)(void), int flags)
{
    struct hog hog = { .leave = FEW, .flags = flags, .then = then };
    long before = vmstat("oom_kill");
    pid_t other = one_wants(want_more, MORE), pid = hog_start(&hog);

    check_eq(let_it_want(other), 0);
    expect_gone(pid);
    check_eq(vmstat("oom_kill") - before, 1);
}

static void largest(void) { hog_goes(sleep_forever, MAP_PRIVATE); }
static void shared_memory(void) { hog_goes(sleep_forever, MAP_SHARED); }

static void locked(void)
{
    if (meminfo_pages("SwapTotal") > 0)
        skip("what is locked cannot fill a disk");
    hog_goes(sleep_forever, MAP_PRIVATE | MAP_LOCKED);
}

static void stop_self(void)
{
    for (;;)
        raise(SIGSTOP);
}

static void block_all(void)
{
    sigset_t set;

    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sleep_forever();
}

static void read_pipe(void)
{
    int fds[2];
    char byte;

    pipe_or_fail(fds);
    read(fds[0], &byte, 1);
}

static void spin(void)
{
    for (;;)
        ;
}

static int sleeper(void *unused)
{
    (void)unused;
    sleep_forever();
    return 0;
}

static void wait_for_borrower(void)
{
    static char stack[4 * PAGE_BYTES] __attribute__((aligned(16)));

    clone(sleeper, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
}

static void with_sharers(void)
{
    enum { N = 6 };
    static char stack[N][2 * PAGE_BYTES] __attribute__((aligned(16)));

    for (unsigned i = 0; i < N; i++)
        clone(sleeper, stack[i] + sizeof(stack[i]), CLONE_VM | SIGCHLD, NULL);
    sleep_forever();
}

static void whatever_it_does(void)
{
    static void (*const doing[])(void) = { stop_self, block_all, read_pipe, spin, wait_for_borrower, with_sharers };

    for (size_t i = 0; i < sizeof(doing) / sizeof(doing[0]); i++) {
        hog_goes(doing[i], MAP_PRIVATE);
        while (wait(NULL) > 0)                  /* those who lived with it, whom nobody else waits for */
            ;
    }
}

/* ---- oom_score_adj decides ---- */

static void spared(void)
{
    struct hog big = { .leave = (long)all() / 4, .adj = -1000, .then = sleep_forever };
    struct hog small = { .leave = FEW, .then = sleep_forever };
    pid_t other = one_wants(want_more, MORE), spared = hog_start(&big), victim = hog_start(&small);

    check_eq(let_it_want(other), 0);
    expect_gone(victim);
    check_eq(kill(spared, 0), 0);
    kill(spared, SIGKILL);
    expect_status(spared, SIGKILL);
}

static void preferred(void)
{
    struct hog small = { .leave = (long)all() * 3 / 4, .adj = 1000, .then = sleep_forever };
    struct hog big = { .leave = FEW, .then = sleep_forever };
    pid_t wanting = one_wants(want_more, MORE), victim = hog_start(&small), other = hog_start(&big);

    check_eq(let_it_want(wanting), 0);
    expect_gone(victim);
    check_eq(kill(other, 0), 0);
    kill(other, SIGKILL);
    expect_status(other, SIGKILL);
}

/* A quarter of all there is counts 250 more than it is: so adj 600 makes it the larger of the two, and 400 does not. */
static void weighed(void)
{
    static const struct { int adj; bool small_goes; } round[] = { { 700, true }, { 200, false } };

    for (size_t i = 0; i < sizeof(round) / sizeof(round[0]); i++) {
        struct hog small = { .leave = (long)all() * 3 / 4, .adj = round[i].adj, .then = sleep_forever };
        struct hog big = { .leave = FEW, .then = sleep_forever };
        pid_t wanting = one_wants(want_more, MORE), pids[2] = { hog_start(&small), hog_start(&big) };
        pid_t victim = pids[!round[i].small_goes], other = pids[round[i].small_goes];

        check_eq(let_it_want(wanting), 0);
        expect_gone(victim);
        check_eq(kill(other, 0), 0);
        kill(other, SIGKILL);
        expect_status(other, SIGKILL);
    }
}

static void everybody_else(const char *adj)
{
    struct dirent *e;
    DIR *dir = opendir("/proc");

    check(dir != NULL);
    while ((e = readdir(dir)) != NULL)
        if (atoi(e->d_name) > INIT_PID)
            check_eq(write_adj(atoi(e->d_name), adj), 0);
    closedir(dir);
}

/* Where nobody may be chosen who cannot go on goes. */
static void all_spared(void)
{
    struct hog hog = { .leave = FEW, .then = sleep_forever };

    everybody_else("-1000");
    pid_t wanting = one_wants(want_more, MORE), pid = hog_start(&hog);
    check_eq(let_it_want(wanting), SIGKILL);
    check_eq(kill(pid, 0), 0);
    kill(pid, SIGKILL);
    expect_status(pid, SIGKILL);
    everybody_else("0");
}

/* ---- in a system call, and several at once ---- */

static void read_noise(uintptr_t npages)
{
    check_eq(read(noise, (void *)room, npages * PAGE_BYTES), npages * PAGE_BYTES);
}

static void in_copy(void)
{
    struct hog hog = { .leave = FEW, .then = sleep_forever };
    pid_t wanting = one_wants(read_noise, MORE), pid = hog_start(&hog);

    check_eq(let_it_want(wanting), 0);          /* all of it: what comes next is not cut short by the wait */
    expect_gone(pid);
}

/* Many at once: only the hog goes, and all others have what they want. */
static void crowd(void)
{
    enum { N = 8 };
    struct hog hog = { .leave = FEW, .then = sleep_forever };
    long before = vmstat("oom_kill");
    pid_t pids[N];

    gate_close(&gate);
    for (unsigned i = 0; i < N; i++)
        pids[i] = want_start(i % 2 == 0 ? want_more : read_noise, FEW);
    pid_t pid = hog_start(&hog);
    gate_open(&gate);
    for (unsigned i = 0; i < N; i++)
        expect_status(pids[i], 0);
    expect_gone(pid);
    check_eq(vmstat("oom_kill") - before, 1);
}

/*
 * One pipe for all: who is chosen may sleep for its lock, held by one who waits in a copy for the end of the chosen. All
 * come to an end, one way or another.
 */
static int pipe_of_all[2];

static void pipe_hog(uintptr_t npages)
{
    for (size_t i = 0; i < npages; i++) {
        poke(room + i * PAGE_BYTES, 1);
        write(pipe_of_all[1], (void *)(room + i * PAGE_BYTES), 64);
        read(pipe_of_all[0], (void *)(room + (npages - 1 - i) * PAGE_BYTES), 64);
    }
}

static void one_pipe(void)
{
    enum { N = 6 };
    pid_t pids[N];
    unsigned killed = 0;

    pipe_or_fail(pipe_of_all);
    for (unsigned i = 0; i < 2; i++)
        check_eq(fcntl(pipe_of_all[i], F_SETFL, O_NONBLOCK), 0);
    gate_close(&gate);
    for (unsigned i = 0; i < N; i++)
        pids[i] = want_start(pipe_hog, all() / 4);
    gate_open(&gate);
    for (unsigned i = 0; i < N; i++) {
        int status = child_wait(pids[i]);
        check(status == 0 || status == SIGKILL);
        killed += status == SIGKILL;
    }
    check_ge(killed, 1);
    check_le(killed, N - 1);
}

/* Each forks as long as it can, and uses what it has. */
static size_t room_npages;

static void fork_and_fill(uintptr_t depth)
{
    pid_t pid = depth > 0 ? fork() : -1;

    if (pid == 0)
        fork_and_fill(depth - 1);
    want_more(room_npages);
    if (pid > 0)
        child_wait(pid);
}

static void forks(void)
{
    room_npages = all() / 3;
    room = map_pages(room_npages, MAP_PRIVATE);
    int status = child_wait(child_start(fork_and_fill, 6));

    check(status == 0 || status == SIGKILL);
    while (wait(NULL) > 0)
        ;
}

/* What lies in files is nobody's: it stays, and who uses most of the rest goes. */
static void files(void)
{
    int fd = open("/oom-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    static char page[PAGE_BYTES];
    size_t npages = 0;

    check(fd >= 0);
    memset(page, 'f', sizeof(page));
    while (npages < (size_t)meminfo_pages("MemTotal") / 3 && write(fd, page, sizeof(page)) == sizeof(page))
        npages++;
    hog_goes(sleep_forever, MAP_PRIVATE);
    for (size_t i = 0; i < npages; i++) {
        check_eq(pread(fd, page, sizeof(page), (off_t)(i * PAGE_BYTES)), sizeof(page));
        check(page[0] == 'f' && page[PAGE_BYTES - 1] == 'f');
    }
    close(fd);
    check_eq(unlink("/oom-file"), 0);
}

/* ---- what is on disk is told ---- */

static void told(void)
{
    enum { N = 64 };
    uintptr_t start = map_pages(N, MAP_PRIVATE);

    if (meminfo_pages("SwapTotal") == 0)
        skip("there is no swap disk");
    long before = proc_row("/proc/self/status", "VmSwap"), score = read_number(0, "oom_score");
    for (size_t i = 0; i < N; i++)
        poke(start + i * PAGE_BYTES, 1);
    check_eq(madvise((void *)start, N * PAGE_BYTES, MADV_PAGEOUT), 0);
    long kib = proc_row("/proc/self/status", "VmSwap") - before;
    check_ge(kib, (N - 8) * (long)(PAGE_BYTES / 1024));
    check_le(kib, N * (long)(PAGE_BYTES / 1024));
    check_ge(read_number(0, "oom_score"), score);

    char *text = malloc(1 << 16), path[] = "/proc/self/smaps", *at;
    int fd = open_or_fail(path, O_RDONLY);
    ssize_t len = 0, n;
    while ((n = read(fd, text + len, (1 << 16) - 1 - (size_t)len)) > 0)
        len += n;
    close(fd);
    text[len] = '\0';
    long sum = 0;
    for (at = text; (at = strstr(at, "\nSwap:")) != NULL; at++)
        sum += atol(at + sizeof("\nSwap:"));
    check_ge(sum, kib);
    for (size_t i = 0; i < N; i++)
        check_eq(peek(start + i * PAGE_BYTES), 1);
    check_le(proc_row("/proc/self/status", "VmSwap"), before + 8 * (long)(PAGE_BYTES / 1024));
}

/* ---- oom=self ---- */

static bool asked_for;

static void self_goes(void)
{
    if (!asked_for)
        skip("this is for oom=self on the boot line");
    struct hog hog = { .leave = FEW, .then = sleep_forever };
    pid_t wanting = one_wants(want_more, MORE), pid = hog_start(&hog);

    check_eq(let_it_want(wanting), SIGKILL);
    check_eq(kill(pid, 0), 0);
    kill(pid, SIGKILL);
    expect_status(pid, SIGKILL);
}

static const struct test_case cases[] = {
    { .name = "oom_score_adj: rules", .run = adj_rules },
    { .name = "oom_score_adj: kept", .run = adj_kept },
    { .name = "oom_score_adj: of those who share memory", .run = adj_shared },
    { .name = "the largest goes", .run = largest },
    { .name = "shared memory counts", .run = shared_memory },
    { .name = "locked memory goes too", .run = locked },
    { .name = "whatever it does", .run = whatever_it_does },
    { .name = "-1000 is spared", .run = spared },
    { .name = "1000 goes first", .run = preferred },
    { .name = "weighed", .run = weighed },
    { .name = "all are spared", .run = all_spared },
    { .name = "in a copy", .run = in_copy },
    { .name = "a crowd waits for one", .run = crowd },
    { .name = "one pipe", .run = one_pipe },
    { .name = "forks", .run = forks },
    { .name = "files stay", .run = files },
    { .name = "swapped pages are told", .run = told },
    { .name = "who cannot go on goes", .run = self_goes },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "oom", TEST_TAP, tables };

    asked_for = argc > 1;
    return test_main(&program, argc, argv);
}
