/*
 * signal.h - signals: sent, kept, taken.
 * Owns: struct signals of a process, which says what is pending, blocked, caught and ignored, and its timers.
 * Does not own: the frame that a handler runs on (arch/signal_frame.h), who waits for whom (proc.c), the calls (syscalls/signal.c).
 * Source: signal(7), sigaction(2); numbers and structures are those of Linux, asm-generic.
 *
 * A signal is sent under proc_lock: it is thrown away if nobody would notice, or becomes pending and a notice of the thread.
 * It is taken in one place, on the way back to user mode (work_before_return in trap.c), by the process itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "arch/signal_frame.h"

struct addrspace;
struct proc;
struct trapframe;
struct vm_object;

enum {
    SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9,
    SIGSEGV = 11, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20,
    SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXFSZ = 25, SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28, SIGSYS = 31,
    SIGRTMIN = 32,                      /* from here to the end they are queued, each sending of its own */
    SIGNAL_MAX = 64
};

/* A set of signals: bit n - 1 is signal n. */
static inline uint64_t signal_bit(int signal) { return 1ul << (signal - 1); }

/* si_code: who has sent it, or what it is for */
enum { SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TKILL = -6 };
enum { ILL_ILLOPC = 1, TRAP_BRKPT = 1, SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRALN = 1, BUS_ADRERR = 2 };
enum { CLD_EXITED = 1, CLD_KILLED = 2, CLD_STOPPED = 5, CLD_CONTINUED = 6 };

#define SIGNAL_QUEUE_MAX 512            /* of all processes together: the most that RLIMIT_SIGPENDING means */

/* The beginning of siginfo_t, all of it that is ever used. */
struct signal_info {
    int32_t signal, error, code, pad;
    union {
        struct { int32_t pid; uint32_t uid; };
        vaddr_t address;
    };
    union { int32_t status; uint64_t value; };
};
_Static_assert(sizeof(struct signal_info) == 32, "siginfo_t of riscv64");

enum { SIG_DFL, SIG_IGN };
enum { SA_NOCLDSTOP = 0x1, SA_NOCLDWAIT = 0x2, SA_SIGINFO = 0x4, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000,
       SA_NODEFER = 0x40000000 };
#define SA_RESETHAND 0x80000000u
#define SA_KNOWN (SA_RESETHAND | SA_NODEFER | SA_RESTART | SA_ONSTACK | SA_SIGINFO | SA_NOCLDWAIT | SA_NOCLDSTOP)

/* rt_sigaction(2); there is no restorer on riscv64 */
struct signal_action {
    vaddr_t handler;                    /* or SIG_DFL, SIG_IGN */
    uint64_t flags, mask;
};

/* sigaltstack(2) */
enum { SS_ONSTACK = 1, SS_DISABLE = 2, MINSIGSTKSZ = 2048 };
#define SS_AUTODISARM (1u << 31)

struct signal_table;
struct queued_signal;

struct signal_queue {
    uint64_t set;
    TAILQ_HEAD(, queued_signal) infos;  /* in the order of their coming; a signal in set may have none */
};

/* setitimer(2); ITIMER_VIRTUAL counts time in the kernel too, as ITIMER_PROF */
enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF, ITIMER_COUNT };

struct signal_timer {
    uint64_t at_ns;                     /* of time_ns(), or of the processor time that the process has used; 0: off */
    uint64_t interval_ns;               /* 0: once */
};

/* All under proc_lock, but that others do not change what is marked as own. */
struct signals {
    /* of the process */
    struct signal_table *table;         /* own: shared after fork until one of both changes it; NULL: no action has more than a handler's place */
    uint64_t ignored, caught;           /* own: what has SIG_IGN, a handler; the rest has SIG_DFL */
    struct signal_queue shared;
    uint64_t from_group;                /* what in shared was sent to a whole group */
    int killed_by;                      /* the signal that ends it on its way back to user mode; 0: none */
    struct signal_timer timer[ITIMER_COUNT];
    /* of its thread */
    struct signal_queue own;
    struct signal_info forced;          /* for what the thread has done itself, never lost; signal 0: none */
    uint64_t blocked;                   /* own */
    uint64_t awaited;                   /* own: sigtimedwait sleeps for these, although they are blocked */
    uint64_t after_call;                /* own: what will be blocked again after the call that has changed blocked */
    bool has_after_call;                /* own */
    bool alarm_sent;                    /* ITIMER_REAL, which goes on when SIGALRM has been taken */
    struct signal_stack stack;          /* own */
    vaddr_t trampoline;                 /* own: where the program has its page */
    uint64_t sleep_until_ns;            /* own: nanosleep's, for restart_syscall; 0: none */
    vaddr_t sleep_left;                 /* own: where it tells what was left */
};

/* ---- sending ---- */

/*
 * To the process, or to its thread. Locks: proc_lock.
 * Returns 0, also when it is ignored; -EAGAIN: a real-time signal with a value, and RLIMIT_SIGPENDING are queued already.
 */
int signal_send(struct proc *p, const struct signal_info *info);
int signal_send_thread(struct proc *p, const struct signal_info *info);

/*
 * As kill(2): pid > 0 that process, 0 the caller's group, -1 all but init and the caller, < -1 a group. info->signal 0: is there
 * any? Returns 0, -ESRCH, -EINVAL, -EAGAIN.
 */
int signal_send_by_id(int pid, const struct signal_info *info);

/* tgkill(2); tgid -1: tkill. The same errors. */
int signal_send_by_thread_id(int tgid, int tid, const struct signal_info *info);

/* To a foreground group, also from an interrupt; to the calling thread, by the kernel for what it has done. */
void signal_send_group(int pgid, int signal);
void signal_send_self(int signal);

/*
 * POSIX, General Terminal Interface: the caller's group gets signal unless it is the foreground group. Returns 0: it is;
 * -ERESTARTSYS: it is not, try again after the signal; -EIO: the signal would not stop it.
 */
int signal_if_background(int foreground, int signal);

/*
 * For a trap of the calling thread: its handler gets info, whatever else is pending. Who blocks it or has none is killed by it;
 * then this returns true.
 */
bool signal_force(const struct signal_info *info);

/* p ends by signal, whatever it thinks of that, unless something else has been quicker. Locks: proc_lock. */
void signal_kill(struct proc *p, int signal);

/* child has ended, stopped or gone on: its parent may wait for it, and get SIGCHLD. Locks: proc_lock. */
void signal_parent(struct proc *child, int code, int status);

/* Does p not want to hear of children that end? Then nobody waits for them. Locks: proc_lock. */
bool signal_discards_children(const struct proc *p);

/* Does p know of a signal to its group that a child begun before has not got? Locks: proc_lock. */
bool signal_missed_by_child(const struct proc *p);

/* ---- taking, by the process itself ---- */

/* On the way back to user mode: die, stop, or go to handlers. Locks: none; interrupts are not masked. */
void signals_take(struct trapframe *tf);

/* rt_sigreturn(2): tf becomes what the frame at its stack pointer says. The caller leaves by trap_enter_program. */
void signals_return(struct trapframe *tf);

/*
 * rt_sigtimedwait(2): take one of set, sleeping until deadline_ns for it. Returns its number and *info; -EAGAIN: it was time;
 * -EINTR: another one came.
 */
int signals_await(uint64_t set, uint64_t deadline_ns, struct signal_info *info);

/* ---- the caller's own ---- */

/* rt_sigaction(2); new or old may be NULL. Returns 0, -EINVAL, -ENOMEM. */
int signals_set_action(int signal, const struct signal_action *new, struct signal_action *old);

uint64_t signals_pending(const struct proc *p);         /* Locks: proc_lock for another's */
void signals_block(uint64_t mask);                      /* exactly these, but what cannot be blocked */

/* For one call: these, until signals_call_over; a handler that ends the call runs first, and its return is the end. */
void signals_block_for_call(uint64_t mask);
void signals_call_over(void);

/* sigaltstack(2), with the program's stack pointer at sp. Returns 0, -EPERM, -EINVAL, -ENOMEM. */
int signals_set_stack(const struct signal_stack *new, vaddr_t sp);
struct signal_stack signals_get_stack(vaddr_t sp);

/* setitimer(2), getitimer(2): spans from now; 0: off. */
void signals_set_timer(unsigned which, const struct signal_timer *from_now);
struct signal_timer signals_get_timer(unsigned which);

/* ---- for processes ---- */

void signals_init(void);                                /* before there are processes */
void signals_fork(const struct proc *parent, struct proc *child);
void signals_exec(vaddr_t trampoline);
void signals_free(struct proc *p);                      /* at the end, and once more when nothing can be sent any more */

/* The page that handlers return to: map it into as. 0 or as as_map. */
int signals_map_trampoline(struct addrspace *as, vaddr_t *va);
bool signals_is_trampoline(const struct vm_object *object);

/* Signals that are queued for all processes together: SigQ of /proc/PID/status. */
unsigned signals_queued(void);
