/*
 * litmus.c - what other harts still see of a page that one hart has taken away: the shootdown litmus.
 * Expected: every case ok, for ever. The writer, on its hart, unmaps, protects, forks or copies a page; the victims, which
 * share its memory and stay on their harts because they make no system call, must see nothing of before once that is over.
 *
 * Usage: litmus [-v VICTIMS] [-s SECONDS] [-l] [NAME...]    seconds for each case (1); victims: one less than there are harts
 *
 * Three shapes. In *steps*, the victims have just used the page, the writer changes it, and then they use it once more: so they
 * survive, and a translation that was not taken away shows at once. In *races* they use it all the time, and mostly die when it
 * goes: this is for the order of things inside the kernel, such as a frame given back before the fence (the checked kernel
 * overwrites it at once). In *forks* they store all the time, and the forked child must not see it.
 *
 * Each fence that is taken out of the kernel makes a case fail, most of them in the first rounds (scripts/mutate '*fence*'), but
 * for these, which QEMU hides: marking other harts stale (any change of satp drops its whole TLB), the fence after a spurious fault
 * (it walks again before it faults), and fence.i (it notices stores to code by itself). Their cases are here for other machines.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define VICTIMS_MAX 7
#define STACK_BYTES 8192
#define VALUE       0x1122334455667788ul        /* what the victims may see */
#define POISON      0xdeaddeaddeaddeadul        /* what has come into the frame since */
#define LATE_MS     20000
#define FEW         32                          /* pages: so few that a small TLB keeps all of them */
#define ROUNDS_MIN  5
#define TICKS_PER_MS 10000
#define NOBODY      0x7fffffff                  /* no process has this number */

static unsigned nvictims, seconds = 1;
static uint64_t began;                          /* the case, in ticks */
static char stacks[VICTIMS_MAX][STACK_BYTES] __attribute__((aligned(16)));
static pid_t pids[VICTIMS_MAX];

/* What writer and victims tell each other, on a page of its own. */
static struct {
    _Atomic uint64_t step;                      /* counts up: the victims' turn */
    _Atomic uint64_t done[VICTIMS_MAX];         /* the last step that a victim has made; in races: it has begun */
    _Atomic uint64_t wrong[VICTIMS_MAX];        /* what a victim has seen and should not, bit 0 set; 0: nothing */
    _Atomic uint64_t count[VICTIMS_MAX];
} board __attribute__((aligned(4096)));

static uintptr_t page;                          /* the page of the case */

/* ---- victims ---- */

static void victims_start(int (*run)(void *))
{
    for (unsigned i = 0; i < nvictims; i++) {
        board.done[i] = board.wrong[i] = 0;
        pids[i] = clone(run, stacks[i] + STACK_BYTES, CLONE_VM | SIGCHLD, (void *)(uintptr_t)i);
        check(pids[i] > 0);
    }
}

static void victims_kill(void)
{
    for (unsigned i = 0; i < nvictims; i++)
        kill(pids[i], SIGKILL);
    for (unsigned i = 0; i < nvictims; i++)
        waitpid(pids[i], NULL, 0);
}

/* The case has failed. Victims that see what is not there any more may run for ever. */
__attribute__((noreturn)) static void broken(unsigned round, unsigned victim, const char *what, uint64_t seen)
{
    victims_kill();
    fail("round %u, victim %u: %s (%#lx)", round, victim, what, seen);
}

/* Wait until victim i has made word at least value: it may be one that does not even see that it is to do so. */
static void await_victim(unsigned round, unsigned i, const _Atomic uint64_t *word, uint64_t value)
{
    uint64_t start = rdtime();

    while (*word < value) {
        if (rdtime() - start > LATE_MS * (uint64_t)TICKS_PER_MS)
            broken(round, i, "does not go on", *word);
        raw_syscall(SYS_sched_yield);
    }
}

/* Go on for the seconds that a case has? On a busy machine few rounds fit in, but never none. */
static bool one_more(unsigned round)
{
    if (round == 0)
        began = rdtime();
    return round < ROUNDS_MIN || rdtime() - began < seconds * 1000ul * TICKS_PER_MS;
}

/* checks: how often in each round a victim could have seen something wrong. */
static void the_end(unsigned rounds, unsigned checks)
{
    victims_kill();
    note("%u victims, %u rounds, %lu checks, %lu ms", nvictims, rounds, (unsigned long)rounds * checks * nvictims,
         (rdtime() - began) / TICKS_PER_MS);
}

/* ---- steps ---- */

static unsigned npages;                         /* of the case */
static uintptr_t apart;                         /* from one page to the next */
static uint64_t expected;                       /* in this step */
static uint64_t (*look)(uintptr_t va);

__attribute__((noreturn)) static int step_victim(void *arg)
{
    uintptr_t self = (uintptr_t)arg;

    for (uint64_t n = 1;; n++) {
        while (board.step < n)
            ;
        for (unsigned i = 0; i < npages; i++) {
            uint64_t value = look(page + i * apart);
            if (value != expected && board.wrong[self] == 0)
                board.wrong[self] = value | 1;
        }
        board.done[self] = n;
    }
}

static void steps_begin(uint64_t (*how)(uintptr_t va))
{
    board.step = 0;
    look = how;
    victims_start(step_victim);
}

/* All victims look at all pages once, and each must see value. */
static void step(unsigned round, uint64_t value, const char *otherwise)
{
    expected = value;
    board.step++;
    for (unsigned i = 0; i < nvictims; i++)
        await_victim(round, i, &board.done[i], board.step);
    for (unsigned i = 0; i < nvictims; i++)
        if (board.wrong[i] != 0)
            broken(round, i, otherwise, board.wrong[i]);
}

static void store_all(uintptr_t start, uint64_t value)
{
    for (unsigned i = 0; i < npages; i++)
        poke(start + i * apart, value);
}

static void move_brk(long bytes)
{
    if (sbrk(bytes) == (void *)-1) {
        victims_kill();
        fail("sbrk(%ld): %s", bytes, strerror(errno));
    }
}

/*
 * The heap shrinks by some pages and grows again: those are new pages, of zeroes. The old frames come to the pages behind.
 * So far apart that each page has a page-table page of its own, or neighbours.
 */
static void shrink_and_grow(unsigned n, uintptr_t distance)
{
    unsigned round;

    npages = n;
    apart = distance;
    page = (heap_grow(apart) + apart - 1) & -apart;
    move_brk(page + 2 * n * apart - heap_end());
    steps_begin(peek);
    for (round = 0; one_more(round); round++) {
        step(round, 0, "a page that the heap has given back");
        store_all(page, VALUE);
        move_brk(-(long)(n * apart));
        move_brk(-(long)(n * apart));
        move_brk(2 * n * apart);
        store_all(page + n * apart, POISON);
    }
    the_end(round, n);
}

static void shrink_page(void) { shrink_and_grow(1, PAGE_BYTES); }
static void shrink_pages(void) { shrink_and_grow(FEW, PAGE_BYTES); }
static void shrink_tables(void) { shrink_and_grow(4, MIB(2)); }

static void sleep_forever(uintptr_t unused)
{
    (void)unused;
    for (;;)
        sleep_ms(1000 * 1000);
}

/* A store to a page that fork has shared puts another frame in its place: the victims must see the store. */
static void copy_on_write(void)
{
    unsigned round;

    npages = FEW;
    apart = PAGE_BYTES;
    page = heap_grow(npages * apart);
    steps_begin(peek);
    for (round = 0; one_more(round); round++) {
        store_all(page, 2 * round);
        pid_t child = child_start(sleep_forever, 0);
        step(round, 2 * round, "not what was stored before");
        store_all(page, 2 * round + 1);
        step(round, 2 * round + 1, "the page as it was before the copy");
        kill(child, SIGKILL);
        child_wait(child);
    }
    the_end(round, npages);
}

#define INSN_LI_A0(n) (0x00000513u | (uint32_t)(n) << 20)       /* addi a0, zero, n */
#define INSN_RET      0x00008067u                               /* jalr zero, 0(ra) */

static uint64_t call_at(uintptr_t va)
{
    return ((uint64_t (*)(void))va)();
}

static void store_function(unsigned n)
{
    *(volatile uint32_t *)page = INSN_LI_A0(n);
    *(volatile uint32_t *)(page + 4) = INSN_RET;
}

static void protect(unsigned n, unsigned prot)
{
    if (raw_syscall(SYS_mprotect, page, n * PAGE_BYTES, prot) != 0) {
        victims_kill();
        fail("mprotect to %u", prot);
    }
}

enum { R = 1, W = 2, X = 4 };                   /* PROT_ */

/* New instructions in the same frame, or in another one: the victims execute them, not the old ones. */
static void write_code(bool same_frame)
{
    unsigned round;

    npages = 1;
    page = heap_grow(2 * PAGE_BYTES);
    steps_begin(call_at);
    for (round = 0; one_more(round); round++) {
        if (same_frame) {
            protect(1, R | W);
        } else {
            move_brk(-(long)PAGE_BYTES);
            move_brk(-(long)PAGE_BYTES);
            move_brk(2 * PAGE_BYTES);
            poke(page + PAGE_BYTES, INSN_LI_A0(2047) | (uint64_t)INSN_RET << 32);       /* takes the old frame */
        }
        store_function(round % 1000);
        protect(1, R | X);
        step(round, round % 1000, "the result of the old instructions");
    }
    the_end(round, 1);
}

static void code_same_frame(void) { write_code(true); }
static void code_other_frame(void) { write_code(false); }

/* ---- steps with mappings ---- */

static void *map_at(uintptr_t at, size_t len, int flags, int fd)
{
    void *p = mmap((void *)at, len, PROT_READ | PROT_WRITE, flags | (at != 0 ? MAP_FIXED : 0), fd, 0);

    if (p == MAP_FAILED) {
        victims_kill();
        fail("mmap: %s", strerror(errno));
    }
    return p;
}

static void cut_to(int fd, off_t len)
{
    if (ftruncate(fd, len) != 0) {
        victims_kill();
        fail("ftruncate: %s", strerror(errno));
    }
}

/* A file without a name, of npages pages that begin with value. */
static int file_with(uint64_t value)
{
    int fd = memfd_create("litmus", 0);

    check(fd >= 0);
    check_eq(ftruncate(fd, npages * PAGE_BYTES), 0);
    for (unsigned i = 0; i < npages; i++)
        check_eq(pwrite(fd, &value, sizeof(value), i * PAGE_BYTES), (ssize_t)sizeof(value));
    return fd;
}

/* Two files take turns at one place: what is mapped over the other is seen. */
static void map_over(void)
{
    unsigned round;

    npages = FEW;
    apart = PAGE_BYTES;
    const int fds[] = { file_with(VALUE), file_with(VALUE + 1) };
    page = (uintptr_t)map_at(0, npages * apart, MAP_SHARED, fds[0]);
    steps_begin(peek);
    for (round = 0; one_more(round); round++) {
        step(round, VALUE + round % 2, "the file that was mapped before");
        map_at(page, npages * apart, MAP_SHARED, fds[(round + 1) % 2]);
    }
    the_end(round, npages);
}

/* Pages that have moved are not seen where they were, and their frames are used again. */
static void move_away(void)
{
    unsigned round;

    npages = FEW;
    apart = PAGE_BYTES;
    page = (uintptr_t)map_at(0, npages * apart, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    steps_begin(peek);
    for (round = 0; one_more(round); round++) {
        step(round, 0, "a page that has moved away");
        store_all(page, VALUE);
        void *away = mremap((void *)page, npages * apart, npages * apart, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
        if (away == MAP_FAILED || peek((uintptr_t)away) != VALUE) {
            victims_kill();
            fail("mremap");
        }
        step(round, 0, "a page that has moved away, though its place stayed");
        store_all((uintptr_t)away, POISON);
        munmap(away, npages * apart);
    }
    the_end(round, npages);
}

/* A file is cut while it is mapped, and grows again: those are new pages, of zeroes. */
static void cut_and_grow(void)
{
    unsigned round;

    npages = FEW;
    apart = PAGE_BYTES;
    int fd = file_with(0);
    page = (uintptr_t)map_at(0, npages * apart, MAP_SHARED, fd);
    steps_begin(peek);
    for (round = 0; one_more(round); round++) {
        step(round, 0, "a page that the file has lost");
        store_all(page, VALUE);
        cut_to(fd, 0);
        cut_to(fd, npages * apart);
        uintptr_t next = heap_grow(npages * apart);             /* takes the frames */
        store_all(next, POISON);
        move_brk(-(long)(npages * apart));
    }
    the_end(round, npages);
}

/* ---- races: but for one of them, all victims die of SIGSEGV in each round, or SIGBUS ---- */

static void races_begin(unsigned round, int (*run)(void *))
{
    victims_start(run);
    for (unsigned i = 0; i < nvictims; i++)
        await_victim(round, i, &board.done[i], 1);
}

static void races_end_by(unsigned round, int signal)
{
    uint64_t start = rdtime();
    int status;

    for (unsigned i = 0; i < nvictims; i++) {
        while (waitpid(pids[i], &status, WNOHANG) == 0) {
            if (rdtime() - start > LATE_MS * (uint64_t)TICKS_PER_MS)
                broken(round, i, "goes on with a page that is gone", board.wrong[i]);
            raw_syscall(SYS_sched_yield);
        }
        pids[i] = NOBODY;
        if (status != signal)
            broken(round, i, "ended otherwise than by its signal", status);
        if (board.wrong[i] != 0)
            broken(round, i, "saw the frame in its next use", board.wrong[i]);
    }
}

static void races_end(unsigned round) { races_end_by(round, SIGSEGV); }

#define RANGE 64

__attribute__((noreturn)) static int load_victim(void *arg)
{
    uintptr_t self = (uintptr_t)arg;

    board.done[self] = 1;
    for (;;) {
        uint64_t value = peek(page);
        if (value != VALUE && board.wrong[self] == 0)
            board.wrong[self] = value | 1;
    }
}

/* The frame of a page that is read all the time is given back, among many: not before the last reader has lost it. */
static void reuse_race(void)
{
    unsigned round;

    page = heap_grow(0);
    for (round = 0; one_more(round); round++) {
        move_brk(RANGE * PAGE_BYTES);
        for (unsigned i = 0; i < RANGE; i++)
            poke(page + i * PAGE_BYTES, VALUE);
        races_begin(round, load_victim);
        move_brk(-(long)RANGE * PAGE_BYTES);
        races_end(round);
    }
    the_end(round, 1);
}

/* The same with a file that is cut. */
static void cut_race(void)
{
    unsigned round;

    npages = RANGE;
    int fd = file_with(VALUE);
    page = (uintptr_t)map_at(0, RANGE * PAGE_BYTES, MAP_SHARED, fd);
    for (round = 0; one_more(round); round++) {
        cut_to(fd, RANGE * PAGE_BYTES);
        poke(page, VALUE);
        races_begin(round, load_victim);
        cut_to(fd, 0);
        races_end_by(round, SIGBUS);
    }
    the_end(round, 1);
}

static void exit_at_once(uintptr_t unused)
{
    (void)unused;
}

/*
 * A page that is read all the time is copied because a child shares it, and the child exits meanwhile. Then the old frame is
 * free as soon as the copy's maker lets go of it: not before the readers have lost it. Here they live, and see one value only.
 */
static void copy_race(void)
{
    unsigned round;

    page = heap_grow(PAGE_BYTES);
    poke(page, VALUE);
    races_begin(0, load_victim);
    for (round = 0; one_more(round); round++) {
        pid_t child = child_start(exit_at_once, 0);
        spin_ticks(round % 64 * 10);            /* up to 64 microseconds: somewhere on the child's way out */
        poke(page, VALUE);
        child_wait(child);
        for (unsigned i = 0; i < nvictims; i++)
            if (board.wrong[i] != 0)
                broken(round, i, "saw the old frame in its next use", board.wrong[i]);
    }
    the_end(round, 1);
}

/* What a victim counts must stand still once the call that took its right is over. */
static void expect_still(unsigned round, const _Atomic uint64_t *count, unsigned victim, const char *what)
{
    uint64_t first = *count;

    spin_ticks(30);                             /* three microseconds: hundreds of its turns */
    if (*count != first)
        broken(round, victim, what, *count);
}

__attribute__((noreturn)) static int store_victim(void *arg)
{
    _Atomic uint64_t *own = (_Atomic uint64_t *)page + (uintptr_t)arg;

    board.done[(uintptr_t)arg] = 1;
    for (;;)
        atomic_store_explicit(own, *own + 1, memory_order_relaxed);
}

static void protect_store(void)
{
    unsigned round;

    page = heap_grow(PAGE_BYTES);
    for (round = 0; one_more(round); round++) {
        races_begin(round, store_victim);
        protect(1, R);
        for (unsigned i = 0; i < nvictims; i++)
            expect_still(round, (_Atomic uint64_t *)page + i, i, "stores to a page that is read-only");
        races_end(round);
        protect(1, R | W);
    }
    the_end(round, 1);
}

/* What is stored to while it moves is whole, and stands still at its new place. */
static void move_store(void)
{
    unsigned round;

    npages = 1;
    for (round = 0; one_more(round); round++) {
        page = (uintptr_t)map_at(0, PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        void *target = map_at(0, PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        races_begin(round, store_victim);
        if (mremap((void *)page, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, target) != target) {
            victims_kill();
            fail("mremap");
        }
        for (unsigned i = 0; i < nvictims; i++)
            expect_still(round, (_Atomic uint64_t *)target + i, i, "stores to a page that has moved");
        races_end(round);
        munmap(target, PAGE_BYTES);
    }
    the_end(round, 1);
}

__attribute__((noreturn)) static int call_victim(void *arg)
{
    uintptr_t self = (uintptr_t)arg;

    board.done[self] = 1;
    ((void (*)(_Atomic uint64_t *))page)(&board.count[self]);
    __builtin_unreachable();
}

/* The victims count in the page itself, for ever. */
static void protect_exec(void)
{
    static const uint32_t loop[] = {
        0x00053283,                             /* ld   t0, 0(a0) */
        0x00128293,                             /* addi t0, t0, 1 */
        0x00553023,                             /* sd   t0, 0(a0) */
        0xff5ff06f,                             /* j    .-12 */
    };
    unsigned round;

    page = heap_grow(2 * PAGE_BYTES);           /* two, for a fence of everything */
    memcpy((void *)page, loop, sizeof(loop));
    for (round = 0; one_more(round); round++) {
        protect(2, R | X);
        races_begin(round, call_victim);
        peek(page + PAGE_BYTES);
        protect(2, R | W);
        for (unsigned i = 0; i < nvictims; i++)
            expect_still(round, &board.count[i], i, "executes a page that is not executable");
        races_end(round);
    }
    the_end(round, 1);
}

/* ---- forks ---- */

/*
 * Fork, and wait for the child without a store in between: the parent's first store would copy a page, and the fence for
 * that may be all that the victims were still waiting for. Returns 0 in the child; in the parent, when the child has ended.
 */
static long fork_and_wait(int *status)
{
    register long a0 __asm__("a0") = 0;
    register int *a1 __asm__("a1") = status;
    register long a2 __asm__("a2") = 0, a3 __asm__("a3") = 0, a7 __asm__("a7") = SYS_fork;

    __asm__ volatile("ecall\n\t"
                     "blez  a0, 1f\n\t"
                     "mv    a7, %[wait4]\n\t"
                     "ecall\n"
                     "1:"
                     : "+r"(a0), "+r"(a7)
                     : "r"(a1), "r"(a2), "r"(a3), [wait4] "r"((long)SYS_wait4)
                     : "memory");
    return a0;
}

/* The child's page is as it was at the fork, whoever stores to the parent's. */
__attribute__((noreturn)) static void child_looks(void)
{
    for (unsigned i = 0; i < nvictims; i++) {
        const _Atomic uint64_t *count = (const _Atomic uint64_t *)page + i;
        uint64_t first = *count;
        spin_ticks(100);
        if (*count != first)
            fail("victim %u stores to the child's page (%lu, then %lu)", i, first, *count);
    }
    _exit(0);
}

/* n pages: few in a page-table page are made read-only where they are, for more the table is dropped. */
static void fork_and_look(unsigned n)
{
    const _Atomic uint64_t *count;
    unsigned round;

    page = heap_grow(n * PAGE_BYTES);
    count = (const _Atomic uint64_t *)page;
    victims_start(store_victim);
    for (round = 0; one_more(round); round++) {
        pages_mark(page + PAGE_BYTES, n - 1, PAGE_BYTES);
        for (unsigned i = 0; i < nvictims; i++)
            await_victim(round, i, &count[i], count[i] + 1);    /* it has the right to store */
        int status = -1;
        if (fork_and_wait(&status) == 0)
            child_looks();
        if (status != 0)
            broken(round, 0, "the child has seen it", status);
    }
    the_end(round, 1);
}

static void fork_few(void) { fork_and_look(4); }
static void fork_many(void) { fork_and_look(200); }

/* ---- system calls ---- */

static int pipes[VICTIMS_MAX][2];

/* The kernel copies from the page, instead of the program; it may say that there is none. */
__attribute__((noreturn)) static int copy_victim(void *arg)
{
    uintptr_t self = (uintptr_t)arg;
    uint64_t value;

    for (;;) {
        long n = raw_syscall(SYS_write, pipes[self][1], page, sizeof(value));
        if (n == sizeof(value))
            n = raw_syscall(SYS_read, pipes[self][0], &value, sizeof(value));
        /* The copy goes byte by byte: it may meet the writer's store half-way, and find some of VALUE's bytes, and zeroes. */
        if (n == sizeof(value) ? (value & ~VALUE) != 0 : n != -EFAULT)
            board.wrong[self] = (n == sizeof(value) ? value : (uint64_t)n) | 1;
        board.count[self]++;
    }
}

static void copies(void)
{
    unsigned round;

    page = heap_grow(2 * PAGE_BYTES);
    for (unsigned i = 0; i < nvictims; i++)
        pipe_or_fail(pipes[i]);
    victims_start(copy_victim);
    for (unsigned i = 0; i < nvictims; i++)
        await_victim(0, i, &board.count[i], 1);
    for (round = 0; one_more(round); round++) {
        poke(page, VALUE);
        move_brk(-2 * (long)PAGE_BYTES);
        move_brk(2 * PAGE_BYTES);
        poke(page + PAGE_BYTES, POISON);
        for (unsigned i = 0; i < nvictims; i++)
            if (board.wrong[i] != 0)
                broken(round, i, "copied from a page that the heap has given back", board.wrong[i]);
    }
    for (unsigned i = 0; i < nvictims; i++)
        await_victim(round, i, &board.count[i], 10);
    the_end(round, 1);
}

__attribute__((noreturn)) static int sleep_victim(void *arg)
{
    uintptr_t self = (uintptr_t)arg;
    char byte;

    for (;;) {
        raw_syscall(SYS_read, pipes[self][0], &byte, 1);
        uint64_t value = peek(page);
        if (value != 0)
            board.wrong[self] = value | 1;
        board.done[self]++;
    }
}

/* The victims are asleep meanwhile, and their harts elsewhere: they must look again when they come back. */
static void shrink_asleep(void)
{
    unsigned round;

    page = heap_grow(2 * PAGE_BYTES);
    for (unsigned i = 0; i < nvictims; i++)
        pipe_or_fail(pipes[i]);
    victims_start(sleep_victim);
    for (round = 0; one_more(round); round++) {
        for (unsigned i = 0; i < nvictims; i++)
            check_eq(write(pipes[i][1], "", 1), 1);
        for (unsigned i = 0; i < nvictims; i++)
            await_victim(round, i, &board.done[i], round + 1);
        for (unsigned i = 0; i < nvictims; i++)
            if (board.wrong[i] != 0)
                broken(round, i, "a page that the heap has given back", board.wrong[i]);
        poke(page, VALUE);
        move_brk(-2 * (long)PAGE_BYTES);
        move_brk(2 * PAGE_BYTES);
        poke(page + PAGE_BYTES, POISON);
    }
    the_end(round, 1);
}

static const struct test_case cases[] = {
    { .name = "shrink by a page", .run = shrink_page, .seconds = 3600 },
    { .name = "shrink by pages", .run = shrink_pages, .seconds = 3600 },
    { .name = "shrink by tables", .run = shrink_tables, .seconds = 3600 },
    { .name = "shrink, victims asleep", .run = shrink_asleep, .seconds = 3600 },
    { .name = "shrink, victims in system calls", .run = copies, .seconds = 3600 },
    { .name = "shrink and reuse, a race", .run = reuse_race, .seconds = 3600 },
    { .name = "map over", .run = map_over, .seconds = 3600 },
    { .name = "move away", .run = move_away, .seconds = 3600 },
    { .name = "move against stores", .run = move_store, .seconds = 3600 },
    { .name = "cut and grow", .run = cut_and_grow, .seconds = 3600 },
    { .name = "cut and reuse, a race", .run = cut_race, .seconds = 3600 },
    { .name = "copy-on-write", .run = copy_on_write, .seconds = 3600 },
    { .name = "copy-on-write and exit, a race", .run = copy_race, .seconds = 3600 },
    { .name = "fork, few pages", .run = fork_few, .seconds = 3600 },
    { .name = "fork, many pages", .run = fork_many, .seconds = 3600 },
    { .name = "mprotect against stores", .run = protect_store, .seconds = 3600 },
    { .name = "mprotect against execution", .run = protect_exec, .seconds = 3600 },
    { .name = "new code, same frame", .run = code_same_frame, .seconds = 3600 },
    { .name = "new code, other frame", .run = code_other_frame, .seconds = 3600 },
    { .name = NULL },
};

/* If argv begins with option, take it and the number behind it away. */
static bool take_option(int *argc, char **argv, const char *option, unsigned *value)
{
    if (*argc < 3 || strcmp(argv[1], option) != 0)
        return false;
    *value = atoi(argv[2]);
    *argc -= 2;
    memmove(argv + 1, argv + 3, *argc * sizeof(*argv));
    return true;
}

/* proc_stat(5): a row cpuN for each hart. */
static unsigned harts_online(void)
{
    static char text[4096];
    unsigned n = 0;
    int fd = open("/proc/stat", O_RDONLY);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    close(fd);
    for (const char *row = text; size > 0 && row != NULL; row = strstr(row + 1, "\ncpu"))
        n++;
    return n > 0 ? n - 1 : 1;                   /* the first is of all together */
}

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "litmus", TEST_TAP, tables };

    unsigned harts = harts_online();
    nvictims = harts > 1 ? harts - 1 : 1;
    while (take_option(&argc, argv, "-v", &nvictims) || take_option(&argc, argv, "-s", &seconds))
        ;
    if (nvictims < 1 || nvictims > VICTIMS_MAX) {
        note("victims: 1 to %d", VICTIMS_MAX);
        return 2;
    }
    return test_main(&program, argc, argv);
}
