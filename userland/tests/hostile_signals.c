/*
 * hostile_signals.c - cases of hostile: handlers, frames and stacks that nobody means, and more signals than anybody can take.
 * Expected: who does this to itself dies of SIGSEGV, or of what it has asked for; the kernel goes on and loses nothing.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <faultline.h>

#include "hostile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KERNEL_PLACES                                                                                                  \
    USER_END + 64, USER_END + PAGE_BYTES, 1ul << 39, 1ul << 47, 1ul << 62, 1ul << 63, 0xffffffc000000000,    \
    0xffffffc080200000, 0xffffffe000000000, 0xffffffff80000000, 0xffffffff80201000, -PAGE_BYTES, -16ul
#define NOWHERE_PLACES 0, 8, 64, PAGE_BYTES, 0x8000, GIB(1), 0x80200000, GIB(100)

#define PROGRAM    "/bin/true"
#define STACK_SIZE KIB(16)

static char data[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
static volatile unsigned handled;

typedef void handler_fn(int number, siginfo_t *info, void *context);

static void handle(int number, handler_fn *handler, int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

    check_eq(sigaction(number, &action, NULL), 0);
}

static void ignore(int number)
{
    check(signal(number, SIG_IGN) != SIG_ERR);
}

static void use_signal_stack(uintptr_t start, size_t len)
{
    const stack_t stack = { .ss_sp = (void *)start, .ss_size = len };

    check_eq(sigaltstack(&stack, NULL), 0);
}

static void count(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    handled++;
}

static uintptr_t map_pages(size_t npages)
{
    void *start = mmap(NULL, npages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    check(start != MAP_FAILED);
    return (uintptr_t)start;
}

/* Memory that children share with this process. */
static void *map_shared(size_t len)
{
    void *start = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    check(start != MAP_FAILED);
    return start;
}

/* By instructions that the compiler does not look into: it would warn of addresses that are never good. */
static void load(uintptr_t va) { __asm__ volatile("lb zero, 0(%0)" : : "r"(va) : "memory"); }
static void store(uintptr_t va) { __asm__ volatile("sb zero, 0(%0)" : : "r"(va) : "memory"); }
static void illegal(void) { __asm__ volatile(".word 0"); }

/* ---- handlers that are no good ---- */

static void fault_again(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    load(8);
}

static void illegal_again(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    illegal();
}

static void fault_with(uintptr_t flags)
{
    handle(SIGSEGV, fault_again, (int)flags);
    load(8);
}

static void fault_in_turn(uintptr_t flags)
{
    handle(SIGSEGV, illegal_again, (int)flags);
    handle(SIGILL, fault_again, (int)flags);
    load(8);
}

static void fault_on_signal_stack(uintptr_t flags)
{
    use_signal_stack(map_pages(STACK_SIZE / PAGE_BYTES), STACK_SIZE);
    fault_with(flags | SA_ONSTACK);
}

/* A handler that faults is killed at once; one that may be called again is until its stack has no room for another frame. */
static void handlers_that_fault(void)
{
    static const int flags[] = { 0, SA_RESETHAND, SA_NODEFER, SA_NODEFER | SA_RESETHAND };

    for (size_t i = 0; i < COUNT(flags); i++) {
        expect_death(fault_with, flags[i], SIGSEGV);
        expect_death(fault_on_signal_stack, flags[i], SIGSEGV);
        int status = child_wait(child_start(fault_in_turn, flags[i]));
        check(status == SIGSEGV || status == SIGILL);
    }
}

static void call_handler_at(uintptr_t va)
{
    handle(SIGUSR1, (handler_fn *)va, 0);
    kill(getpid(), SIGUSR1);
}

static void fault_to_handler_at(uintptr_t va)
{
    handle(SIGSEGV, (handler_fn *)va, SA_NODEFER);
    load(8);
}

/* A handler that is no code: the fault of its first instruction, in the program. */
static void handlers_nowhere(void)
{
    static const uintptr_t places[] = { KERNEL_PLACES, NOWHERE_PLACES, (uintptr_t)data, (uintptr_t)data + 1 };

    for (size_t i = 0; i < COUNT(places); i++) {
        if (places[i] > 1)                      /* SIG_DFL, SIG_IGN */
            expect_death(call_handler_at, places[i], SIGSEGV);
        if (places[i] > 1)
            expect_death(fault_to_handler_at, places[i], SIGSEGV);
    }
    child_wait(child_start(call_handler_at, (uintptr_t)count + 1));     /* the lowest bit should be no bit of sepc */
    expect_death(call_handler_at, heap_end(), SIGSEGV);
}

/* li a7, SYS_munmap; ecall; ret: a function munmap(a0, a1). The first word is a no-op, for an aligned store. */
static const uint32_t unmap_code[] = { 0x00000013, 0x0d700893, 0x00000073, 0x00008067 };

static sigjmp_buf away;

static void leave(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    siglongjmp(away, 1);
}

/* The handler's arguments become those of munmap: li a0, page; li a1, PAGE_BYTES; then unmap_code. */
static void unmap_handler_page(uintptr_t caught)
{
    uintptr_t page = 0x20000000;                /* of which lui can make the whole address */
    const uint32_t arguments[] = { 0x20000537, 0x000015b7 };

    check(mmap((void *)page, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    memcpy((void *)page, arguments, sizeof(arguments));
    memcpy((void *)(page + sizeof(arguments)), unmap_code, sizeof(unmap_code));
    check_eq(mprotect((void *)page, PAGE_BYTES, PROT_READ | PROT_EXEC), 0);
    if (caught)
        handle(SIGSEGV, leave, 0);
    handle(SIGUSR1, (handler_fn *)page, 0);
    if (sigsetjmp(away, 1) == 0)
        kill(getpid(), SIGUSR1);
}

/* A handler that takes away the page that it stands on. */
static void handler_page_unmapped(void)
{
    expect_death(unmap_handler_page, false, SIGSEGV);
    expect_ok(unmap_handler_page, true);
}

/* ---- the page that handlers return to ---- */

static uintptr_t return_page;

static void note_return(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    return_page = (uintptr_t)__builtin_return_address(0) & -PAGE_BYTES;
    handled++;
}

static void find_return_page(void)
{
    handle(SIGUSR1, note_return, 0);
    kill(getpid(), SIGUSR1);
    check_eq(handled, 1);
}

static void unmap_return_page(uintptr_t how)
{
    find_return_page();
    if (how == 0)
        check_eq(munmap((void *)return_page, PAGE_BYTES), 0);
    else if (how == 1)
        check_eq(mprotect((void *)return_page, PAGE_BYTES, PROT_NONE), 0);
    else
        check(mmap((void *)return_page, PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    kill(getpid(), SIGUSR1);
}

static void write_return_page(uintptr_t unused)
{
    (void)unused;
    find_return_page();
    if (mprotect((void *)return_page, PAGE_BYTES, PROT_READ | PROT_WRITE) == 0)
        memset((void *)return_page, 0, PAGE_BYTES);
    else
        load(8);
}

static void exec_then_handle(uintptr_t unused)
{
    char *argv[] = { "hostile", "handlers that fault", NULL };

    (void)unused;
    find_return_page();
    munmap((void *)return_page, PAGE_BYTES);
    execv(PROGRAM, argv);
}

/* Whoever takes it away, or writes to it, does so to itself: all others still return. */
static void return_page_is_own(void)
{
    for (unsigned how = 0; how < 3; how++)
        expect_death(unmap_return_page, how, SIGSEGV);
    int status = child_wait(child_start(write_return_page, 0));
    check(status == 0 || status == SIGSEGV);
    expect_ok(exec_then_handle, 0);
    find_return_page();
    kill(getpid(), SIGUSR1);
    check_eq(handled, 2);
}

/* ---- stacks ---- */

/* Spin with the stack pointer at sp until *flag, or for a tenth of a second if that is NULL. */
static void spin_at(uintptr_t sp, const volatile unsigned *flag)
{
    static const volatile unsigned never;

    if (flag == NULL)
        flag = &never;
    __asm__ volatile("mv     s1, sp\n\t"
                     "mv     sp, %0\n\t"
                     "rdtime t0\n\t"
                     "li     t1, 1000000\n\t"
                     "add    t0, t0, t1\n"
                     "1:\n\t"
                     "lw     t1, 0(%1)\n\t"
                     "bnez   t1, 2f\n\t"
                     "rdtime t1\n\t"
                     "bltu   t1, t0, 1b\n"
                     "2:\n\t"
                     "mv     sp, s1"
                     :
                     : "r"(sp), "r"(flag)
                     : "s1", "t0", "t1", "memory");
}

static void timer_every_us(unsigned us)
{
    const struct itimerval timer = { .it_value = { 0, us }, .it_interval = { 0, us } };

    check_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void interrupted_at(uintptr_t sp)
{
    handle(SIGALRM, count, 0);
    timer_every_us(200);
    spin_at(sp, NULL);
}

static void interrupted_elsewhere(uintptr_t sp)
{
    use_signal_stack(map_pages(STACK_SIZE / PAGE_BYTES), STACK_SIZE);
    handle(SIGALRM, count, SA_ONSTACK);
    timer_every_us(200);
    handled = 0;                                /* it may have come too early */
    spin_at(sp, &handled);
    check_ge(handled, 1);
}

static void undisturbed_at(uintptr_t sp)
{
    const struct itimerval off = { { 0, 0 }, { 0, 0 } };

    ignore(SIGALRM);
    timer_every_us(200);
    spin_at(sp, NULL);
    check_eq(setitimer(ITIMER_REAL, &off, NULL), 0);
}

/* A signal comes between two instructions while the stack pointer is anything: only a frame that must go there kills. */
static void stacks_anywhere(void)
{
    static const uintptr_t places[] = { KERNEL_PLACES, NOWHERE_PLACES, (uintptr_t)data + 8, 1, 3, -1ul };
    pid_t pids[COUNT(places)];

    for (size_t i = 0; i < COUNT(places); i++)
        if (places[i] != (uintptr_t)data + 8)   /* below it lies data that can be stored to */
            expect_death(interrupted_at, places[i], SIGSEGV);
    for (size_t i = 0; i < COUNT(places); i++)
        expect_ok(interrupted_elsewhere, places[i]);
    for (size_t i = 0; i < COUNT(places); i++)
        pids[i] = child_start(undisturbed_at, places[i]);
    for (size_t i = 0; i < COUNT(places); i++)
        expect_status(pids[i], 0);
}

struct place {
    uintptr_t start;
    size_t len;
};

static void signal_on(uintptr_t arg)
{
    const struct place *place = (const struct place *)arg;

    use_signal_stack(place->start, place->len);
    handle(SIGUSR1, count, SA_ONSTACK);
    kill(getpid(), SIGUSR1);
}

/* Alternate stacks in the kernel, around the end of user space, or so long that they wrap around: never a store there. */
static void signal_stacks_anywhere(void)
{
    static const uintptr_t starts[] = { KERNEL_PLACES, NOWHERE_PLACES };
    static const size_t lens[] = { 2048, KIB(16), GIB(1), 1ul << 38, 1ul << 62, (size_t)-1, (size_t)-4096 };

    for (size_t i = 0; i < COUNT(starts); i++) {
        for (size_t k = 0; k < COUNT(lens); k++) {
            struct place place = { starts[i], lens[k] };
            int status = child_wait(child_start(signal_on, (uintptr_t)&place));
            if (status != SIGSEGV && status != 0)
                fail("stack %#lx, %#lx bytes: wait status %#x", place.start, place.len, status);
        }
    }
}

static uintptr_t signal_stack;

static void unmap_own_stack(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    munmap((void *)signal_stack, STACK_SIZE);
}

static void protect_own_stack(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    mprotect((void *)signal_stack, STACK_SIZE, PROT_READ);
    raw_syscall(SYS_getpid);
}

static void stack_goes(uintptr_t handler)
{
    signal_stack = map_pages(STACK_SIZE / PAGE_BYTES);
    use_signal_stack(signal_stack, STACK_SIZE);
    handle(SIGUSR1, (handler_fn *)handler, SA_ONSTACK);
    kill(getpid(), SIGUSR1);
}

/* The alternate stack goes while a handler runs on it. A frame that can still be read is one to return to. */
static void signal_stack_unmapped(void)
{
    expect_death(stack_goes, unmap_own_stack, SIGSEGV);
    int status = child_wait(child_start(stack_goes, (uintptr_t)protect_own_stack));
    check(status == 0 || status == SIGSEGV);
}

static _Atomic uint64_t stop_toggling;

static void toggle_stack(uintptr_t start)
{
    while (!stop_toggling) {
        munmap((void *)start, STACK_SIZE);
        mmap((void *)start, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
}

static void leave_again(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    handled++;
    siglongjmp(away, 1);
}

/* Frames go to a stack that another process, in the same memory, takes away and gives back meanwhile. */
static void frames_on_moving_stack(uintptr_t unused)
{
    (void)unused;
    setpgid(0, 0);
    signal_stack = map_pages(STACK_SIZE / PAGE_BYTES);
    use_signal_stack(signal_stack, STACK_SIZE);
    handle(SIGUSR1, count, SA_ONSTACK);
    handle(SIGSEGV, leave_again, 0);            /* on the ordinary stack, for frames that find no place */
    pid_t other = sharer_start(toggle_stack, signal_stack);
    uint64_t end = rdtime() + 5000000;
    while (rdtime() < end)
        if (sigsetjmp(away, 1) == 0)
            kill(getpid(), SIGUSR1);
    stop_toggling = 1;
    expect_status(other, 0);
    check_ge(handled, 1);
}

static void signal_stack_comes_and_goes(void)
{
    pid_t pid = child_start(frames_on_moving_stack, 0);
    int status = child_wait(pid);

    check(status == 0 || status == SIGSEGV);    /* the frame may go after it was stored: then there is nothing to return to */
    kill_whole_group(pid);
}

/* ---- frames that the kernel has not made ---- */

enum {                                          /* offsets in the frame, in 8-byte words where they are called so */
    FRAME_BYTES = 1088, FRAME_WORDS = FRAME_BYTES / 8, CONTEXT_MASK = 21, REGISTER_WORD = 38, PC_WORD = REGISTER_WORD,
    SP_WORD = REGISTER_WORD + 2, GP_WORD = REGISTER_WORD + 3, TP_WORD = REGISTER_WORD + 4, A0_WORD = REGISTER_WORD + 10,
    FP_WORD = 70, FCSR_OFFSET = 816, RESERVED_OFFSET = 1076
};

/* Return from a handler that never was called, with sp at frame. */
__attribute__((noreturn)) static void return_from(const void *frame)
{
    __asm__ volatile("mv sp, %0\n\t"
                     "li a7, 139\n\t"           /* rt_sigreturn */
                     "ecall\n\t"
                     "ebreak"                   /* it does not come back here */
                     :
                     : "r"(frame)
                     : "a7", "memory");
    __builtin_unreachable();
}

static void return_from_nothing(uintptr_t sp)
{
    return_from((const void *)sp);
}

static uint64_t forged[FRAME_WORDS] __attribute__((aligned(16)));
static char forged_stack[KIB(8)] __attribute__((aligned(16)));

/* _exit(status), without a stack. */
__attribute__((naked)) static void arrived(long status)
{
    (void)status;
    __asm__ volatile("li a7, 94\n\t"           /* exit_group */
                     "ecall");
}

/* A frame as it should be: it leads to arrived(3), on a stack of its own. */
static void forge(void)
{
    uint64_t gp, tp;

    __asm__ volatile("mv %0, gp; mv %1, tp" : "=r"(gp), "=r"(tp));
    memset(forged, 0, sizeof(forged));
    forged[PC_WORD] = (uintptr_t)arrived;
    forged[SP_WORD] = (uintptr_t)forged_stack + sizeof(forged_stack);
    forged[GP_WORD] = gp;
    forged[TP_WORD] = tp;
    forged[A0_WORD] = 3;
}

struct forgery {
    unsigned word;
    uint64_t value;
    int status;                                 /* what comes of it */
};

static void return_from_forgery(uintptr_t arg)
{
    const struct forgery *forgery = (const struct forgery *)arg;

    forge();
    forged[forgery->word] = forgery->value;
    return_from(forged);
}

/* Frames that are right but for one word. Nothing in a frame can give a program more than it has. */
static void forged_frames(void)
{
    static const uintptr_t places[] = { KERNEL_PLACES, NOWHERE_PLACES, (uintptr_t)data };
    static const struct forgery forgeries[] = {
        { A0_WORD, 5, 5 << 8 },
        { PC_WORD, (uintptr_t)arrived + 1, -1 },            /* the lowest bit should be no bit of sepc */
        { SP_WORD, 0, 3 << 8 },
        { SP_WORD, (uintptr_t)-16, 3 << 8 },
        { GP_WORD, 0xffffffc080200000, -1 },
        { FP_WORD, -1ul, 3 << 8 },
        { FCSR_OFFSET / 8, -1ul, 3 << 8 },
        { CONTEXT_MASK, -1ul, 3 << 8 },
        { RESERVED_OFFSET / 8, 1ul << 32, SIGSEGV },        /* the upper half of that word is the first reserved one */
        { RESERVED_OFFSET / 8 + 1, 1, SIGSEGV },
        { RESERVED_OFFSET / 8 + 1, 1ul << 63, SIGSEGV },
    };

    for (size_t i = 0; i < COUNT(forgeries); i++) {
        int status = child_wait(child_start(return_from_forgery, (uintptr_t)&forgeries[i]));
        if (forgeries[i].status != -1 && status != forgeries[i].status)
            fail("forgery %zu: wait status %#x, expected %#x", i, status, forgeries[i].status);
    }
    for (size_t i = 0; i < COUNT(places); i++) {
        struct forgery forgery = { PC_WORD, places[i], SIGSEGV };
        expect_death(return_from_forgery, &forgery, SIGSEGV);
    }
}

/* Frames that cannot be read, wholly or in part. */
static void frames_nowhere(void)
{
    static const uintptr_t places[] = { KERNEL_PLACES, NOWHERE_PLACES, 1, 15, -1ul };
    uintptr_t page = map_pages(3);

    for (size_t i = 0; i < COUNT(places); i++)
        expect_death(return_from_nothing, places[i], SIGSEGV);
    check_eq(munmap((void *)(page + PAGE_BYTES), PAGE_BYTES), 0);
    forge();
    memcpy((void *)(page + PAGE_BYTES - FRAME_BYTES), forged, FRAME_BYTES);
    expect_status(child_start(return_from_nothing, page + PAGE_BYTES - FRAME_BYTES), 3 << 8);
    memcpy((void *)(page + PAGE_BYTES - FRAME_BYTES + 16), forged, FRAME_BYTES - 16);
    expect_death(return_from_nothing, page + PAGE_BYTES - FRAME_BYTES + 16, SIGSEGV);
    expect_death(return_from_nothing, page + 2 * PAGE_BYTES - 16, SIGSEGV);
}

static void return_from_dice(uintptr_t seed)
{
    static const uint64_t values[] = {
        KERNEL_PLACES, NOWHERE_PLACES, -1ul, (uintptr_t)data, (uintptr_t)arrived, (uintptr_t)forged_stack, 1, 2, 4, SS_DISABLE,
    };
    struct dice dice = { seed };

    forge();
    for (unsigned i = dice_roll(&dice, 40); i > 0; i--)
        forged[dice_roll(&dice, FRAME_WORDS)] = values[dice_roll(&dice, COUNT(values))];
    alarm(2);                                   /* wherever it goes, it may be for ever */
    return_from(forged);
}

/* Frames by chance: whatever becomes of the program. */
static void frames_by_chance(void)
{
    for (unsigned seed = 1; seed <= 300; seed++) {
        pid_t pid = child_start(return_from_dice, seed);
        wait_or_kill(pid, 3000, NULL);
    }
}

static void block_everything(uintptr_t forge_mask)
{
    sigset_t all;

    sigfillset(&all);
    if (forge_mask) {
        forge();
        forged[CONTEXT_MASK] = -1ul;
        forged[PC_WORD] = (uintptr_t)pause;
        return_from(forged);
    }
    sigprocmask(SIG_SETMASK, &all, NULL);
    pause();
}

/* Nothing that a program can say keeps SIGKILL and SIGSTOP from it. */
static void kill_cannot_be_blocked(void)
{
    for (unsigned forge_mask = 0; forge_mask < 2; forge_mask++) {
        int status = 0;
        pid_t pid;
        for (unsigned ms = 1; !WIFSTOPPED(status); ms *= 2) {   /* again, if the first signal came before it blocked them */
            pid = child_start(block_everything, forge_mask);
            sleep_ms(ms);
            for (int number = 1; number <= 64; number++)
                if (number != SIGKILL && number != SIGSTOP)
                    check_eq(kill(pid, number), 0);
            check_eq(kill(pid, SIGSTOP), 0);
            check_eq(waitpid(pid, &status, WUNTRACED), pid);
        }
        check_eq(kill(pid, SIGKILL), 0);
        expect_status(pid, SIGKILL);
    }
}

/* ---- queues ---- */

#define NPROCESSES 8

struct tally {
    _Atomic unsigned full, queued;
};

static struct tally *tally;

static void fill_queue(uintptr_t unused)
{
    sigset_t all;

    (void)unused;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    unsigned n = 0;
    while (sigqueue(getpid(), SIGRTMIN + n % 32, (union sigval){ .sival_int = 1 }) == 0)
        n++;
    check_eq(errno, EAGAIN);
    tally->queued += n;
    tally->full++;
    for (;;)
        pause();
}

/* Several fill what there is for queued signals. All that is said still works; afterwards there is as much as before. */
static void queues_full(void)
{
    unsigned first = 0;

    tally = map_shared(sizeof(*tally));
    for (unsigned round = 0; round < 3; round++) {
        pid_t pids[NPROCESSES];
        tally->full = tally->queued = 0;
        for (unsigned i = 0; i < NPROCESSES; i++)
            pids[i] = child_start(fill_queue, 0);
        while (tally->full < NPROCESSES)
            sleep_ms(1);
        if (round == 0)
            first = tally->queued;
        check_ge(tally->queued, 16);
        check_eq(tally->queued, first);
        check_eq(sigqueue(pids[0], SIGRTMIN, (union sigval){ .sival_int = 1 }), -1);
        check_eq(errno, EAGAIN);
        for (unsigned i = 0; i < NPROCESSES; i++) {
            check_eq(kill(pids[i], SIGUSR1), 0);        /* a standard signal, blocked */
            check_eq(kill(pids[i], SIGRTMIN), 0);       /* kill is never refused */
            check_eq(kill(pids[i], SIGKILL), 0);
        }
        for (unsigned i = 0; i < NPROCESSES; i++)
            expect_status(pids[i], SIGKILL);
    }
}

static void end_with_queue(uintptr_t exec)
{
    char *argv[] = { PROGRAM, NULL };
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (unsigned i = 0; i < 200; i++)
        sigqueue(getpid(), SIGRTMIN + i % 32, (union sigval){ .sival_int = 1 });
    if (exec)
        execv(PROGRAM, argv);
}

/* What waits goes with its process: after exit, and after exec and exit. */
static void queues_end(void)
{
    for (unsigned i = 0; i < 30; i++)
        expect_ok(end_with_queue, i % 2);
}

/* ---- storms ---- */

static struct storm {                           /* shared by all members */
    _Atomic unsigned ready, go, done;
    pid_t pids[NPROCESSES];
} *storm;

static struct dice storm_dice;

static void fork_in_handler(int number, siginfo_t *info, void *context)
{
    char *argv[] = { PROGRAM, NULL };

    (void)info, (void)context;
    pid_t pid = fork();
    if (pid == 0 && number == SIGUSR2)
        execv(PROGRAM, argv);
    if (pid == 0)
        _exit(0);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    handled++;
}

static void map_in_handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    size_t npages = 1 + dice_roll(&storm_dice, 20);
    uintptr_t start = map_pages(npages);
    for (size_t i = 0; i < npages; i++)
        poke(start + i * PAGE_BYTES, i);
    check_eq(munmap((void *)start, npages * PAGE_BYTES), 0);
    handled++;
}

static void queue_in_handler(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code == SI_QUEUE && info->si_value.sival_int > 0 && info->si_pid > 1)
        sigqueue(info->si_pid, number, (union sigval){ .sival_int = info->si_value.sival_int - 1 });
    handled++;
}

#define SENDS       400
#define STORM_STACK (SENDS * NPROCESSES * MINSIGSTKSZ)          /* a frame for every signal that is sent, on top of each other */

/* An alternate stack for as long as this handler runs: those that come meanwhile run there. */
static void stack_in_handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    uintptr_t start = map_pages(STORM_STACK / PAGE_BYTES);
    stack_t old, new = { .ss_sp = (void *)start, .ss_size = STORM_STACK };
    check_eq(sigaltstack(&new, &old), 0);
    spin_ticks(20000);                                          /* 2 ms, so that many come */
    check_eq(sigaltstack(&old, NULL), 0);
    check_eq(munmap((void *)start, STORM_STACK), 0);
    handled++;
}

static void storm_member(uintptr_t number)
{
    static const int numbers[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGRTMIN, SIGRTMIN + 1, SIGIO, SIGWINCH, SIGURG };
    sigset_t none;

    storm_dice.state = number * 7919 + 1;
    handle(SIGUSR1, fork_in_handler, SA_RESTART);
    handle(SIGUSR2, fork_in_handler, SA_RESTART);
    handle(SIGALRM, map_in_handler, SA_RESTART | SA_ONSTACK);
    handle(SIGRTMIN, queue_in_handler, SA_RESTART);
    handle(SIGRTMIN + 1, count, SA_RESTART | SA_ONSTACK | SA_NODEFER);
    handle(SIGIO, stack_in_handler, SA_RESTART);
    storm->ready++;
    while (!storm->go)
        sleep_ms(1);
    for (unsigned i = 0; i < SENDS; i++) {
        pid_t to = storm->pids[dice_roll(&storm_dice, NPROCESSES)];
        int which = numbers[dice_roll(&storm_dice, COUNT(numbers))];
        if (which >= SIGRTMIN)
            sigqueue(to, which, (union sigval){ .sival_int = (int)dice_roll(&storm_dice, 4) });
        else
            kill(to, which);
    }
    storm->done++;
    while (storm->done < NPROCESSES)            /* others still send */
        sleep_ms(1);
    sigfillset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    check_ge(handled, 1);
}

/* Everybody sends to everybody, and handlers fork, exec, map, unmap, and send. Nobody dies of it. */
static void signal_storm(void)
{
    storm = map_shared(sizeof(*storm));
    for (unsigned i = 0; i < NPROCESSES; i++)
        storm->pids[i] = child_start(storm_member, i);
    while (storm->ready < NPROCESSES)
        sleep_ms(1);
    storm->go = 1;
    expect_all_ok(storm->pids, NPROCESSES);
}

static void stop_others(uintptr_t number)
{
    static const int numbers[] = { SIGSTOP, SIGTSTP, SIGCONT, SIGCONT, SIGUSR1 };
    struct dice dice = { number + 1 };

    handle(SIGUSR1, count, SA_RESTART);
    storm->ready++;
    while (!storm->go)
        sleep_ms(1);
    for (;;)
        kill(storm->pids[dice_roll(&dice, NPROCESSES)], numbers[dice_roll(&dice, COUNT(numbers))]);
}

/* Everybody stops and continues everybody, and dies when it is told to, stopped or not. */
static void stop_storm(void)
{
    int status;

    for (unsigned round = 0; round < 3; round++) {
        storm = map_shared(sizeof(*storm));
        for (unsigned i = 0; i < NPROCESSES; i++)
            storm->pids[i] = child_start(stop_others, i);
        while (storm->ready < NPROCESSES)
            sleep_ms(1);
        storm->go = 1;
        uint64_t end = rdtime() + 4000000;
        while (rdtime() < end) {
            for (unsigned i = 0; i < NPROCESSES; i++)
                kill(storm->pids[i], SIGCONT);  /* or they all stand still */
            while (waitpid(-1, &status, WUNTRACED | WCONTINUED | WNOHANG) > 0)
                check(WIFSTOPPED(status) || status == 0xffff);
        }
        for (unsigned i = 0; i < NPROCESSES; i++)
            kill(storm->pids[i], SIGKILL);
        for (unsigned i = 0; i < NPROCESSES; i++)
            expect_status(storm->pids[i], SIGKILL);
        munmap(storm, sizeof(*storm));
    }
}

/* ---- timers ---- */

static void compute(uintptr_t number)
{
    volatile double sum = 0;

    handle(SIGALRM, count, number % 2 ? SA_RESTART : 0);
    timer_every_us(1);
    uint64_t end = rdtime() + 3000000;
    while (rdtime() < end || handled == 0) {
        double before = sum;
        sum = before + number + 1.5;
        check(sum - before == number + 1.5);
    }
    if (number % 3 == 0)
        _exit(0);                               /* with the timer running */
    timer_every_us(0);
}

/* Timers of a microsecond in many processes: each gets on, and nobody else is kept from running. */
static void fast_timers(void)
{
    pid_t pids[24];

    for (unsigned i = 0; i < COUNT(pids); i++)
        pids[i] = child_start(compute, i);
    for (unsigned i = 0; i < COUNT(pids); i++)
        expect_status(pids[i], 0);
}

/* Times that are far away, or as long as a number can be, are no reason to go off now. */
static void far_timers(void)
{
    static const long seconds[] = { LONG_MAX, LONG_MAX / 2, 1l << 34, 1l << 55, 1l << 62, UINT_MAX, INT_MAX, 10000000000 };
    struct itimerval timer;

    handle(SIGALRM, count, 0);
    for (size_t i = 0; i < COUNT(seconds); i++) {
        timer = (struct itimerval){ .it_value = { seconds[i], 999999 }, .it_interval = { seconds[i], 999999 } };
        if (setitimer(ITIMER_REAL, &timer, NULL) != 0)
            check_eq(errno, EINVAL);
        sleep_ms(2);
        getitimer(ITIMER_REAL, &timer);
        check_ge(timer.it_value.tv_sec, 1000);
    }
    alarm(UINT_MAX);
    sleep_ms(2);
    check_eq(handled, 0);
    timer = (struct itimerval){ .it_value = { 0, 1 }, .it_interval = { LONG_MAX, 0 } };
    if (setitimer(ITIMER_REAL, &timer, NULL) == 0) {
        sleep_ms(20);
        check_eq(handled, 1);
    }
}

/* ---- killed at every moment ---- */

static void exec_for_ever(uintptr_t unused)
{
    char *argv[] = { PROGRAM, NULL };

    (void)unused;
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            execv(PROGRAM, argv);
        waitpid(pid, NULL, 0);
    }
}

static void fork_for_ever(uintptr_t unused)
{
    (void)unused;
    signal(SIGCHLD, SIG_IGN);
    for (;;)
        if (fork() == 0)
            _exit(0);
}

static int exit_quickly(void *unused)
{
    (void)unused;
    _exit(0);
}

static void vfork_for_ever(uintptr_t unused)
{
    static char stack[KIB(4)] __attribute__((aligned(16)));

    (void)unused;
    for (;;) {
        pid_t pid = clone(exit_quickly, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
        waitpid(pid, NULL, 0);
    }
}

static void handle_for_ever(uintptr_t unused)
{
    (void)unused;
    handle(SIGUSR1, count, SA_NODEFER);
    for (;;)
        kill(getpid(), SIGUSR1);
}

static void fault_for_ever(uintptr_t unused)
{
    (void)unused;
    handle(SIGSEGV, leave, 0);
    for (;;)
        if (sigsetjmp(away, 1) == 0)
            store(8);
}

static void exit_at_once(uintptr_t unused)
{
    (void)unused;
}

/* SIGKILL, SIGTERM, or a stop and then SIGKILL, at any moment of exec, fork, vfork, exit, a handler's entry and return. */
static void killed_at_any_moment(void)
{
    static child_fn *const victims[] = {
        exec_for_ever, fork_for_ever, vfork_for_ever, handle_for_ever, fault_for_ever, exit_at_once,
    };
    static const int numbers[] = { SIGKILL, SIGTERM, SIGSTOP };
    struct dice dice = { 5 };

    for (unsigned round = 0; round < 20 * COUNT(victims); round++) {
        pid_t pid = fork();
        check(pid >= 0);
        if (pid == 0) {
            setpgid(0, 0);
            victims[round % COUNT(victims)](0);
            _exit(0);
        }
        setpgid(pid, pid);
        spin_ticks(dice_roll(&dice, 60000));
        if (dice_roll(&dice, 4) == 0)
            sleep_ms(3);
        kill(-pid, numbers[round % COUNT(numbers)]);
        spin_ticks(dice_roll(&dice, 10000));
        kill(pid, SIGKILL);
        child_wait(pid);
        kill_whole_group(pid);
    }
}

/* ---- everybody ---- */

static void stop_init(void)
{
    static const int numbers[] = { SIGSTOP, SIGTSTP, SIGUSR1, SIGRTMIN, SIGCONT, SIGALRM };

    for (size_t i = 0; i < COUNT(numbers); i++) {
        long result = raw_syscall(SYS_kill, 1, numbers[i]);
        check(result == 0 || result == -EPERM);
        result = raw_syscall(SYS_tkill, 1, numbers[i]);
        check(result == 0 || result == -EPERM);
    }
    expect_ok(exit_at_once, 0);
    check_eq(raw_syscall(SYS_kill, 1, 0), 0);
    if (fork() == 0) {                          /* an orphan, whom init still waits for */
        if (fork() == 0)
            sleep_ms(5);
        _exit(0);
    }
    wait(NULL);
}

static void sleep_for_ever(uintptr_t unused)
{
    (void)unused;
    for (;;)
        sleep_ms(1000);
}

/* Stops everybody but init and the caller, which is this program itself; see "kill everybody". */
static void stop_everybody(void)
{
    child_fn *const victims[] = { sleep_for_ever, fork_for_ever, handle_for_ever };
    pid_t pids[6];
    int status;

    if (getppid() != 1) {
        note("kill(-1) left out: not started by init, so there is somebody whom it would stop");
        return;
    }
    for (unsigned i = 0; i < 6; i++)
        pids[i] = child_start(victims[i % 3], 0);
    sleep_ms(20);
    check_eq(kill(-1, SIGSTOP), 0);
    for (unsigned i = 0; i < 6; i++) {
        check_eq(waitpid(pids[i], &status, WUNTRACED), pids[i]);
        check(WIFSTOPPED(status));
    }
    check_eq(kill(-1, SIGCONT), 0);
    for (unsigned i = 0; i < 6; i++)
        check_eq(waitpid(pids[i], &status, WCONTINUED), pids[i]);
    check_eq(kill(-1, SIGKILL), 0);
    for (unsigned i = 0; i < 6; i++)
        expect_status(pids[i], SIGKILL);
}

const struct test_case signal_cases[] = {
    { .name = "handlers that fault", .run = handlers_that_fault },
    { .name = "handlers nowhere", .run = handlers_nowhere },
    { .name = "handler's page unmapped", .run = handler_page_unmapped },
    { .name = "the page to return to", .run = return_page_is_own },
    { .name = "stacks anywhere", .run = stacks_anywhere },
    { .name = "signal stacks anywhere", .run = signal_stacks_anywhere },
    { .name = "signal stack unmapped", .run = signal_stack_unmapped },
    { .name = "signal stack comes and goes", .run = signal_stack_comes_and_goes },
    { .name = "forged frames", .run = forged_frames },
    { .name = "frames nowhere", .run = frames_nowhere },
    { .name = "frames by chance", .run = frames_by_chance },
    { .name = "kill cannot be blocked", .run = kill_cannot_be_blocked },
    { .name = "queues full", .run = queues_full },
    { .name = "queues end", .run = queues_end },
    { .name = "signal storm", .run = signal_storm },
    { .name = "stop storm", .run = stop_storm },
    { .name = "fast timers", .run = fast_timers },
    { .name = "far timers", .run = far_timers },
    { .name = "killed at any moment", .run = killed_at_any_moment },
    { .name = "stop init", .run = stop_init },
    { .name = "stop everybody", .run = stop_everybody, .in_runner = true },
    { .name = NULL },
};
