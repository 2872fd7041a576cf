/*
 * proc.h - processes.
 * Owns: struct proc: what belongs together while a program runs (memory, files, limits, name), and
 * the tree of parents and children.
 * Does not own: what runs (kernel/core/thread.h; a process has one thread), memory (mm/), open
 * files (fs/file.c).
 * Read next: proc.c for fork, exit and wait; exec.c.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "kernel/core/thread.h"
#include "kernel/signal.h"
#include "mm/fault.h"

struct addrspace;
struct file;
struct inode;

#define NOFILE         64               /* open files of one process: the most that RLIMIT_NOFILE can be */
#define PROC_NAME_SIZE 16               /* as Linux's TASK_COMM_LEN: 15 characters and NUL */
#define INIT_PID       1
#define PROC_MAX       512              /* processes at a time, less on small machines */

/* Limits that setrlimit(2) sets; the numbers are Linux's. Those without a name here are kept and bound nothing. */
enum { RLIMIT_FSIZE = 1, RLIMIT_DATA, RLIMIT_STACK = 3, RLIMIT_NPROC = 6, RLIMIT_NOFILE = 7, RLIMIT_MEMLOCK = 8, RLIMIT_AS = 9,
       RLIMIT_SIGPENDING = 11, RLIMIT_COUNT = 16 };
#define RLIM_INFINITY UINT64_MAX

struct limit {
    uint64_t soft, hard;
};

struct proc {
    /* fixed from creation to reaping */
    int pid;
    uint64_t start_ticks;               /* when it was made, in units of the time base */
    struct thread thread;               /* what runs its program */

    /* [proc_lock], see proc.c */
    struct proc *parent;
    LIST_HEAD(, proc) children;
    LIST_ENTRY(proc) sibling;
    LIST_ENTRY(proc) all_link;
    struct waitq child_changed;         /* where the process waits for one to end, stop, go on or leave its memory */
    int pgid, sid;                      /* process group and session */
    bool has_execed;                    /* its parent does not move it to another group any more */
    bool stopped;
    int16_t oom_score_adj;              /* see oom.h; its children begin with the same */
    struct waitq resumed;               /* where it waits for SIGCONT */
    int stop_signal;
    int unreported;                     /* CLD_STOPPED or CLD_CONTINUED: what wait(2) has not reported yet; 0: nothing */
    int wait_status;                    /* as wait(2) reports it, once a zombie */
    int exit_value;                     /* as given to exit(2), all of it */
    bool exited;                        /* everything is given back but this structure and the stack */
    unsigned lookers;                   /* others who look at its memory, which it does not leave before they have gone */
    bool awaited;                       /* its parent sleeps until it leaves the parent's memory: CLONE_AWAIT */

    /* own: only the process itself changes these */
    struct addrspace *as;               /* a user of it; [proc_lock] to change, and for others to look */
    struct inode *root, *cwd;           /* references */
    struct inode *exe;                  /* [proc_lock for others to look] the program that runs: fs_open_exec's; NULL: none */
    vaddr_t store_tid;                  /* where a new process stores its number before its program goes on; 0: nowhere */
    vaddr_t clear_tid;                  /* what becomes 0 when it leaves memory that others live in; 0: nothing */
    uint32_t umask;
    struct limit limits[RLIMIT_COUNT];
    unsigned fds_end;                   /* no descriptor from here on was ever used */
    struct file *files[NOFILE];
    uint64_t close_on_exec;             /* bit per descriptor */
    char name[PROC_NAME_SIZE];          /* [proc_lock to change] this and the next two: struct program_id */
    vaddr_t args_start, args_end;
    bool traced;                        /* strace: print system calls; by /proc/PID/strace others change it, under proc_lock */
    size_t resident_max, child_resident_max;    /* pages: of its programs that are gone, and of children waited for */
    struct fault_counts child_faults;   /* of the children waited for */
    uint64_t child_ticks;

    struct signals signals;             /* [proc_lock] */
};

/*
 * The table of processes, the tree of parents and children, and their signals. ^C comes in an
 * interrupt and is sent to a group, so this lock masks interrupts.
 */
extern struct spinlock proc_lock;

/* The process whose thread runs on this hart. NULL: an idle thread. */
static inline struct proc *current(void) { return this_hart()->proc; }

/*
 * A child that returns 0 from the same system call, with copies of registers and open files, and of
 * memory unless it is to live in the same. CLONE_AWAIT: returns only when the child has left the
 * caller's memory, by exec or exit. Returns its pid; -EAGAIN at the process limit, -ENOMEM without
 * memory, -ERESTARTNOINTR: a signal has come to the caller's group, and the child would not have
 * got it (nothing is left behind).
 */
enum { CLONE_SHARE = 1 << 0, CLONE_AWAIT = 1 << 1 };
struct fork_request {
    unsigned how;
    uint64_t sp;                        /* its stack pointer; 0: the caller's */
    vaddr_t store_tid, clear_tid;       /* as in struct proc; addresses in the child's memory */
};
int proc_fork(const struct fork_request *request);

/* End the calling process. wait_status as wait(2) encodes it: (code << 8) or a signal number. */
_Noreturn void proc_exit(int wait_status);

/*
 * Wait for a child to do one of what options ask for, and reap it if it has exited. which, options:
 * as in waitid(2). Returns the pid, 0 (WAIT_NOHANG and there is none), -ECHILD, -ERESTARTSYS.
 */
enum { WAIT_NOHANG = 1, WAIT_STOPPED = 2, WAIT_EXITED = 4, WAIT_CONTINUED = 8, WAIT_NOWAIT = 0x01000000 };

struct wait_result {
    int code;                           /* CLD_ */
    int status;                         /* as wait(2) encodes it */
    int value;                          /* what was given to exit(2), all of it, or the signal */
    uint64_t ticks;
    size_t resident_max;                /* pages: the most of the child, or of one that it waited for */
    struct fault_counts faults;
};
int proc_wait(int which, int options, struct wait_result *result);

/* Memory ran out for those who live in as: kill all of them, for only then is that memory free. */
void proc_kill_users(struct addrspace *as);
void proc_out_of_memory(struct addrspace *as);          /* the same, with a line on the console: for object_shrink */

/* What bounds the memory that p lives in, or is about to. */
struct as_limits proc_memory_limits(const struct proc *p);

static inline bool proc_killed(const struct proc *p) { return thread_killed(&p->thread); }

/* setpgid(2), getpgid(2), setsid(2), getsid(2), getppid(2): 0 or the number, or the error of the page of that name. */
int proc_set_group(int pid, int pgid);
int proc_get_group(int pid);
int proc_new_session(void);
int proc_get_session(int pid);
int proc_parent_pid(void);

/* What others may know a program by. */
struct program_id {
    char name[PROC_NAME_SIZE];
    vaddr_t args_start, args_end;       /* the strings of argv, for /proc/PID/cmdline */
};

/*
 * exec: the calling process lives in as from now on, as that program, and leaves where it was;
 * exit: it lives nowhere. Whoever leaves last gives the memory back; after those who look at it
 * have gone.
 */
void proc_set_program(struct addrspace *as, const struct program_id *id);
void proc_leave_addrspace(void);

/* p runs exe, or with NULL nothing, from now on. Returns what it ran before; fs_close_exec is due. */
struct inode *proc_set_exe(struct proc *p, struct inode *exe);

/* What that process runs, with a reference; NULL: nothing, or there is no such process. */
struct inode *proc_get_exe(int pid);

/* For main.c. */
void proc_create_init(void (*start)(void));

/* The most pages that p has had, in all its programs; under proc_for_each, or p is the caller. */
size_t proc_resident_max(const struct proc *p);

/* In visit p->lookers has been raised, to look at p->as afterwards; now that is over. */
void proc_looked(struct proc *p);

/* Faults of all processes, those that are gone included. */
struct fault_counts proc_faults_total(void);

/* The process of that number that has not been reaped, or NULL. Locks: proc_lock. */
struct proc *proc_find(int pid);

/*
 * POSIX, "orphaned process group": is there no member whose parent is in the same session but in
 * another group, and so could let it go on when it stops? without: not counted as a member; NULL:
 * all are. Locks: proc_lock.
 */
bool proc_group_orphaned(int pgid, const struct proc *without);

/* Call visit for every process, zombies too, newest first, under proc_lock: it may not sleep. Stops when it returns false. */
void proc_for_each(bool (*visit)(struct proc *p, void *arg), void *arg);
