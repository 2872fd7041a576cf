/*
 * sched.h - picolibc's, and clone(2).
 */
#include_next <sched.h>
#ifndef FAULTLINE_SCHED_H
#define FAULTLINE_SCHED_H

#define CLONE_VM        0x00000100      /* the child lives in its parent's memory */
#define CLONE_VFORK     0x00004000      /* the parent goes on when the child has left it, by exec or exit */
#define CLONE_PARENT_SETTID  0x00100000 /* store the child's number at parent_tid, in the parent's memory */
#define CLONE_CHILD_CLEARTID 0x00200000 /* clear what is at child_tid when the child leaves memory that others live in */
#define CLONE_CHILD_SETTID   0x01000000 /* store the child's number at child_tid, in the child's memory */

int sched_yield(void);

/*
 * Start fn(arg) in a child whose stack ends at stack, which counts as 16-byte aligned downwards; it exits when fn returns.
 * flags: SIGCHLD and any of the above, and only what they name need be given: int *parent_tid, void *tls, int *child_tid.
 * Returns the child's pid, or -1 and errno.
 * With CLONE_VM both share everything in memory: errno (the child has its parent's tp), malloc's heap, the streams. So a
 * child that may run beside its parent makes its calls by raw_syscall.
 */
int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);

#endif
