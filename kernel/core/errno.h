/*
 * errno.h - error numbers, with the values of Linux (asm-generic), which the system-call interface
 * promises. picolibc's <errno.h> differs from 35 on, so the kernel never includes it.
 */
#pragma once

#define EPERM         1
#define ENOENT        2
#define ESRCH         3
#define EINTR         4
#define EIO           5
#define ENXIO         6
#define E2BIG         7
#define ENOEXEC       8
#define EBADF         9
#define ECHILD       10
#define EAGAIN       11
#define ENOMEM       12
#define EACCES       13
#define EFAULT       14
#define EBUSY        16
#define EEXIST       17
#define EXDEV        18
#define ENODEV       19
#define ENOTDIR      20
#define EISDIR       21
#define EINVAL       22
#define ENFILE       23
#define EMFILE       24
#define ENOTTY       25
#define ETXTBSY      26
#define EFBIG        27
#define ENOSPC       28
#define ESPIPE       29
#define EROFS        30
#define EMLINK       31
#define EPIPE        32
#define ERANGE       34
#define ENAMETOOLONG 36
#define ENOSYS       38
#define ENOTEMPTY    39
#define ELOOP        40
#define EOVERFLOW    75
#define EOPNOTSUPP   95

/*
 * Results of system calls that no program sees: a signal has ended the call. Without a handler it
 * is made again; after one:
 */
#define ERESTARTSYS           512       /* again if the handler has SA_RESTART, otherwise EINTR */
#define ERESTARTNOINTR        513       /* again */
#define ERESTARTNOHAND        514       /* EINTR */
#define ERESTART_RESTARTBLOCK 516       /* EINTR; without a handler the rest of it is made, by restart_syscall(2) */
