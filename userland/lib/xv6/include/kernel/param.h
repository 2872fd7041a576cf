/*
 * kernel/param.h - xv6's limits. The library sets or enforces those marked with a star; the rest are for programs that count
 * with them.
 */
#ifndef XV6_KERNEL_PARAM_H
#define XV6_KERNEL_PARAM_H

#define NPROC       64                  /* * processes */
#define NCPU        8
#define NOFILE      16                  /* * open files of a process */
#define NFILE       100                 /* open files of all processes */
#define NINODE      50
#define NDEV        10
#define ROOTDEV     1
#define MAXARG      32                  /* * arguments of exec, with the NULL */
#define MAXOPBLOCKS 10
#define LOGSIZE     (MAXOPBLOCKS * 3)
#define LOGBLOCKS   (MAXOPBLOCKS * 3)
#define NBUF        (MAXOPBLOCKS * 3)
#define FSSIZE      2000
#define MAXPATH     128                 /* * bytes of a path, with the NUL */
#define USERSTACK   1                   /* * pages of stack */

#endif
