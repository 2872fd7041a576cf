/*
 * signalstorm.c - several processes that send each other signals as fast as they can.
 * Owns: the processes and what they may expect of each other while signals come at every moment.
 * Expected: every case ok.
 *
 * What is always true, whoever sends what meanwhile:
 *   - a queued signal comes once, from who has sent it, after those that the same sender has sent before;
 *   - who waits for a signal without a gap between looking and sleeping never misses it;
 *   - a computation, a read, a write go on as if there had been none;
 *   - a process that its parent has seen stopped does nothing until it is continued;
 *   - every child that has ended is found, with its own status.
 *
 * The choices of each process follow from the seed and its number.
 * Usage: signalstorm [-s SEED] [-p PROCESSES] [-t SECONDS]      seed 1, 4 processes, 12 seconds for all cases
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define MEMBERS_MAX  16
#define TICKS_PER_S  10000000ull                /* of rdtime, on QEMU virt */
#define NCASES       7

static uint64_t seed = 1;
static unsigned nmembers = 4, seconds = 12;

/* ---- chance ---- */

static uint64_t dice;

static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 33) * 0xff51afd7ed558ccdull;
    n = (n ^ n >> 33) * 0xc4ceb9fe1a85ec53ull;
    return n ^ n >> 33;
}

static uint64_t roll(uint64_t sides)
{
    return mix(dice += 0x9e3779b97f4a7c15ull) % sides;
}

/* ---- members: processes that share one struct team ---- */

static struct team {
    _Atomic unsigned ready, done;
    _Atomic bool go;
    uint64_t end;                               /* of rdtime: when they are to stop */
    _Atomic pid_t pids[MEMBERS_MAX];
    _Atomic unsigned sent[MEMBERS_MAX][MEMBERS_MAX];        /* from, to */
    _Atomic unsigned turns[MEMBERS_MAX];
    _Atomic bool last[MEMBERS_MAX];
} *team;

static unsigned me;

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

    check_eq(sigaction(number, &action, NULL), 0);
}

static void mask(int how, int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    check_eq(sigprocmask(how, &set, NULL), 0);
}

static bool time_is_up(void)
{
    return rdtime() >= team->end;
}

/* When a member has set up its handlers: begin with all others. */
static void begin_together(void)
{
    team->ready++;
    while (!team->go)
        sleep_ms(1);
}

/* Until nobody sends any more. */
static void end_together(void)
{
    team->done++;
    while (team->done < nmembers)
        sleep_ms(1);
}

/* Run member(number) in nmembers processes, for their share of the time. All must end well. */
static void run_team(child_fn *member)
{
    pid_t pids[MEMBERS_MAX];

    team = mmap(NULL, sizeof(*team), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(team != MAP_FAILED);
    for (unsigned i = 0; i < nmembers; i++) {
        me = i;
        dice = mix(seed * 1000 + i);
        team->pids[i] = pids[i] = child_start(member, i);
    }
    while (team->ready < nmembers)
        sleep_ms(1);
    team->end = rdtime() + seconds * TICKS_PER_S / NCASES;
    team->go = true;
    expect_all_ok(pids, nmembers);
}

/* ---- queued signals ---- */

static volatile unsigned came[MEMBERS_MAX];     /* from each */

static void take_queued(int number, siginfo_t *info, void *context)
{
    unsigned from = number - SIGRTMIN - 1;

    (void)context;
    check_eq(info->si_code, SI_QUEUE);
    check_eq(info->si_signo, number);
    check_eq(info->si_pid, team->pids[from]);
    check_eq(info->si_value.sival_int, came[from]);
    came[from]++;
}

/* Each signal's number says who sends it, and its value counts them: none is missing, none comes twice or too early. */
static void queue_member(uintptr_t unused)
{
    unsigned nsent[MEMBERS_MAX] = { 0 }, full = 0;

    (void)unused;
    for (unsigned i = 0; i < nmembers; i++)
        handle(SIGRTMIN + 1 + i, take_queued, i % 2 ? SA_RESTART : 0);
    begin_together();
    do {
        unsigned to = roll(nmembers);
        if (roll(8) == 0)
            mask(roll(2) ? SIG_BLOCK : SIG_UNBLOCK, SIGRTMIN + 1 + roll(nmembers));
        if (sigqueue(team->pids[to], SIGRTMIN + 1 + me, (union sigval){ .sival_int = (int)nsent[to] }) == 0) {
            nsent[to]++;
            continue;
        }
        check_eq(errno, EAGAIN);
        full++;
        for (unsigned i = 0; i < nmembers; i++)
            mask(SIG_UNBLOCK, SIGRTMIN + 1 + i);
    } while (!time_is_up());
    for (unsigned i = 0; i < nmembers; i++)
        team->sent[me][i] = nsent[i];
    end_together();
    for (unsigned i = 0; i < nmembers; i++)
        mask(SIG_UNBLOCK, SIGRTMIN + 1 + i);
    for (unsigned i = 0; i < nmembers; i++)
        check_eq(came[i], team->sent[i][me]);
    if (full > 0 && me == 0)
        note("the queue was full %u times for member 0", full);
}

static void queued(void)
{
    run_team(queue_member);
}

/* ---- noise: signals that mean nothing, from others and from a timer ---- */

#define STACK_BYTES KIB(32)

static volatile unsigned nnoise;

/* Uses what a handler may use: floating point with another rounding mode, some stack. */
static void hear_noise(int number, siginfo_t *info, void *context)
{
    volatile char deep[700];
    volatile double value = number;

    (void)info, (void)context;
    __asm__ volatile("fsrmi 2");                /* down */
    for (unsigned i = 1; i < 10; i++) {
        value = value / 3 + i;
        deep[i * 70] = (char)i;
    }
    check_eq(deep[630], 9);
    nnoise++;
}

/* Be disturbed: by SIGUSR2 from others, and by a timer every us microseconds (0: none). */
static void let_noise_in(unsigned us, int flags)
{
    const struct itimerval timer = { { 0, us }, { 0, us } };
    const stack_t stack = { .ss_sp = (void *)heap_grow(STACK_BYTES), .ss_size = STACK_BYTES };

    check_eq(sigaltstack(&stack, NULL), 0);
    handle(SIGUSR2, hear_noise, flags | (me % 2 ? SA_ONSTACK : 0));
    handle(SIGALRM, hear_noise, flags | (me % 2 ? 0 : SA_ONSTACK));
    check_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void make_noise(void)
{
    kill(team->pids[roll(nmembers)], SIGUSR2);
}

static void shut_noise_out(void)
{
    const struct itimerval off = { { 0, 0 }, { 0, 0 } };

    setitimer(ITIMER_REAL, &off, NULL);
    signal(SIGALRM, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
}

/* ---- turns ---- */

static volatile unsigned nturns;

static void note_turn(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    nturns++;
}

/* Wait for SIGUSR1, which is blocked otherwise: so it cannot come between a look and the sleep. */
static void await_turn(unsigned way)
{
    unsigned before = nturns;
    sigset_t set;

    if (way == 0) {
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        while (sigwaitinfo(&set, NULL) != SIGUSR1)
            check_eq(errno, EINTR);
        return;
    }
    sigemptyset(&set);
    while (nturns == before) {
        check_eq(way == 1 ? sigsuspend(&set) : syscall(SYS_ppoll, NULL, 0, NULL, &set, sizeof(set)), -1);
        check_eq(errno, EINTR);
    }
    check_eq(nturns, before + 1);
}

/* Members in pairs: each sends the other a signal when it has got one. A single one that is lost, and both wait for ever. */
static void turn_member(uintptr_t unused)
{
    unsigned partner = me ^ 1, way = (me + me / 2 + seed) % 3;
    bool last = false;

    (void)unused;
    handle(SIGUSR1, note_turn, 0);
    mask(SIG_BLOCK, SIGUSR1);
    let_noise_in(me % 3 == 1 ? 700 : 0, 0);
    begin_together();
    while (partner < nmembers && !last) {
        if (me % 2 == 1)
            await_turn(way);
        last = me % 2 == 1 ? team->last[partner] : time_is_up();
        team->last[me] = last;
        check_eq(kill(team->pids[partner], SIGUSR1), 0);
        if (me % 2 == 0)
            await_turn(way);
        if (roll(4) == 0)
            make_noise();
    }
    end_together();
    shut_noise_out();
}

static void turns(void)
{
    run_team(turn_member);
}

/* ---- computing ---- */

/* A number that comes of many steps, with integers and with floating point, in registers and on the stack. */
static __attribute__((noinline)) uint64_t compute(uint64_t from)
{
    uint64_t a = from, b = ~from, c = 1, sum = 0;
    double x = (double)(from % 1000) + 1, y = 0.5, z = 3;

    for (unsigned i = 1; i < 20000; i++) {
        a = a * 6364136223846793005 + b;
        b ^= a >> 17;
        c += b % i;
        x = x / 1.0001 + y;
        y = y * 0.75 + z / i;
        z = z + x * 1e-3;
        if (i % 1000 == 0)
            sum = mix(sum + a + c) ^ (uint64_t)(x * 1e6) ^ (uint64_t)(y * 1e6) ^ (uint64_t)(z * 1e3);
    }
    return sum;
}

static void compute_member(uintptr_t unused)
{
    uint64_t expected = compute(me);

    (void)unused;
    let_noise_in(300 + 100 * me, 0);
    begin_together();
    do {
        make_noise();
        check_eq(compute(me), expected);
    } while (!time_is_up() || nnoise == 0);
    end_together();
    shut_noise_out();
}

/* What a program computes does not depend on the handlers that run meanwhile. */
static void computing(void)
{
    run_team(compute_member);
}

/* ---- reading and writing ---- */

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 7 + (offset >> 8) * 13 + (offset >> 16));
}

/* May a call have been interrupted? Not when its handlers have SA_RESTART. */
static void check_interrupted(ssize_t result)
{
    if (result < 0) {
        check_eq(errno, EINTR);
        check_eq(me % 2, 1);
    }
}

#define PIECE_MAX KIB(20)

static void write_all_of_it(int fd)
{
    static uint8_t piece[PIECE_MAX];

    for (uint64_t offset = 0; !time_is_up();) {
        size_t len = 1 + roll(PIECE_MAX);
        for (size_t i = 0; i < len; i++)
            piece[i] = byte_at(offset + i);
        ssize_t n = write(fd, piece, len);
        check_interrupted(n);
        offset += n > 0 ? n : 0;
    }
}

static void stream_member(uintptr_t unused)
{
    static uint8_t piece[PIECE_MAX];
    uint64_t offset = 0;
    int fds[2], status;
    ssize_t n;

    (void)unused;
    pipe_or_fail(fds);
    let_noise_in(500, me % 2 ? 0 : SA_RESTART);
    begin_together();
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        let_noise_in(400, me % 2 ? 0 : SA_RESTART);
        write_all_of_it(fds[1]);
        _exit(0);
    }
    close(fds[1]);
    while ((n = read(fds[0], piece, 1 + roll(PIECE_MAX))) != 0) {
        check_interrupted(n);
        for (ssize_t i = 0; i < n; i++)
            if (piece[i] != byte_at(offset + i))
                fail("byte %lu of the pipe is %u, expected %u", offset + i, piece[i], byte_at(offset + i));
        offset += n > 0 ? n : 0;
        make_noise();
    }
    while ((n = waitpid(pid, &status, 0)) != pid)
        check_interrupted(n);
    check_eq(status, 0);
    end_together();
    shut_noise_out();
}

/* What goes through a pipe comes out whole and in order, whoever is interrupted in which piece. */
static void streams(void)
{
    run_team(stream_member);
}

/* ---- stops ---- */

static void count_up(uintptr_t unused)
{
    (void)unused;
    for (;;) {
        team->turns[me]++;
        if (roll(16) == 0)
            sleep_ms(0);
    }
}

static void check_stopped(pid_t pid)
{
    int status;

    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    check(WIFSTOPPED(status));
    unsigned turns = team->turns[me];
    for (unsigned i = roll(30); i > 0; i--)
        raw_syscall(SYS_sched_yield);
    if (roll(4) == 0)
        kill(pid, SIGUSR1);
    if (roll(8) == 0)
        sleep_ms(1);
    check_eq(team->turns[me], turns);
}

static void stop_member(uintptr_t unused)
{
    (void)unused;
    let_noise_in(900, SA_RESTART);
    handle(SIGUSR1, note_turn, 0);              /* the child may be stopped, and be sent one, before its first instruction */
    begin_together();
    pid_t pid = child_start(count_up, 0);
    do {
        check_eq(kill(pid, SIGSTOP), 0);
        check_stopped(pid);
        make_noise();
        unsigned turns = team->turns[me];
        check_eq(kill(pid, SIGCONT), 0);
        if (roll(2)) {
            int status;
            check_eq(waitpid(pid, &status, WCONTINUED), pid);
            check_eq(status, 0xffff);
        }
        while (team->turns[me] == turns)
            raw_syscall(SYS_sched_yield);
    } while (!time_is_up());
    if (roll(2)) {
        kill(pid, SIGSTOP);
        check_stopped(pid);
    }
    kill(pid, SIGKILL);
    expect_status(pid, SIGKILL);
    end_together();
    shut_noise_out();
}

/* A child that is stopped does nothing; when it is continued it goes on. */
static void stops(void)
{
    run_team(stop_member);
}

/* ---- children ---- */

static volatile unsigned nreaped, reaped_sum;

static void reap(int number, siginfo_t *info, void *context)
{
    int error = errno, status;

    (void)number, (void)context;
    check(info->si_code == CLD_EXITED || info->si_code == SI_USER);
    while (waitpid(-1, &status, WNOHANG) > 0) {
        check(WIFEXITED(status));
        nreaped++;
        reaped_sum += WEXITSTATUS(status);
    }
    errno = error;
}

static void end_with(uintptr_t status)
{
    shut_noise_out();
    _exit((int)status);
}

static void parent_member(uintptr_t unused)
{
    unsigned nforked = 0, sum = 0;

    (void)unused;
    let_noise_in(1100, SA_RESTART);
    handle(SIGCHLD, reap, SA_RESTART);
    begin_together();
    while (!time_is_up()) {
        unsigned status = roll(200);
        child_start(end_with, status);
        sum += status;
        nforked++;
        make_noise();
        while (nforked - nreaped > 6)
            sleep_ms(1);
    }
    while (nreaped < nforked)                   /* the handler finds them all, though signals are fewer than children */
        sleep_ms(1);
    check_eq(nreaped, nforked);
    check_eq(reaped_sum, sum);
    end_together();
    shut_noise_out();
}

static void parents(void)
{
    run_team(parent_member);
}

/* ---- faults ---- */

#define NPAGES 48

static uintptr_t paged;

static void page_in(int number, siginfo_t *info, void *context)
{
    uintptr_t page = (uintptr_t)info->si_addr & -PAGE_BYTES;

    (void)number, (void)context;
    check_eq(info->si_code, SEGV_ACCERR);
    check(page - paged < NPAGES * PAGE_BYTES);
    check_eq(mprotect((void *)page, PAGE_BYTES, PROT_READ | PROT_WRITE), 0);
}

static void fault_member(uintptr_t unused)
{
    uint64_t expected[NPAGES] = { 0 };

    (void)unused;
    let_noise_in(600, 0);
    handle(SIGSEGV, page_in, me % 3 ? SA_ONSTACK : 0);
    paged = heap_grow(NPAGES * PAGE_BYTES);
    begin_together();
    while (!time_is_up()) {
        unsigned first = roll(NPAGES), n = 1 + roll(NPAGES - first);
        check_eq(mprotect((void *)(paged + first * PAGE_BYTES), n * PAGE_BYTES, roll(2) ? PROT_NONE : PROT_READ), 0);
        for (unsigned i = 0; i < 20; i++) {
            unsigned page = roll(NPAGES);
            check_eq(peek(paged + page * PAGE_BYTES), expected[page]);
            poke(paged + page * PAGE_BYTES, ++expected[page]);
        }
        make_noise();
    }
    end_together();
    shut_noise_out();
}

/* A program that pages for itself, while other handlers come on the same stacks. */
static void faults(void)
{
    run_team(fault_member);
}

/* ---- main ---- */

static unsigned long number_or_usage(const char *text)
{
    char *last = NULL;
    unsigned long number = text ? strtoul(text, &last, 0) : 0;

    if (!text || last == text || *last)
        errx(2, "usage: signalstorm [-s SEED] [-p PROCESSES] [-t SECONDS]");
    return number;
}

int main(int argc, char **argv)
{
    static struct test_case cases[NCASES + 1] = {
        { .name = "queued signals", .run = queued },
        { .name = "turns", .run = turns },
        { .name = "computing", .run = computing },
        { .name = "streams", .run = streams },
        { .name = "stops", .run = stops },
        { .name = "parents", .run = parents },
        { .name = "faults", .run = faults },
        { .name = NULL },
    };
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "signalstorm", TEST_TAP, tables };

    for (int i = 1; i < argc; i += 2) {
        unsigned long number = number_or_usage(argv[i][0] == '-' && argv[i][1] && !argv[i][2] ? argv[i + 1] : NULL);
        switch (argv[i][1]) {
        case 's':
            seed = number;
            break;
        case 'p':
            nmembers = number < 2 ? 2 : number < MEMBERS_MAX ? number : MEMBERS_MAX;
            break;
        case 't':
            seconds = number;
            break;
        default:
            number_or_usage(NULL);
        }
    }
    for (struct test_case *tc = cases; tc->name != NULL; tc++)
        tc->seconds = 3 * seconds + 60;
    return test_main(&program, 1, argv);
}
