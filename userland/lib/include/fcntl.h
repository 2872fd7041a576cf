/*
 * fcntl.h - open flags and fcntl commands as Linux has them on riscv64 (asm-generic), in place of picolibc's, which differ.
 * Contracts: open(2), fcntl(2).
 */
#ifndef FAULTLINE_FCNTL_H
#define FAULTLINE_FCNTL_H

#include <sys/types.h>

#define O_RDONLY        0
#define O_WRONLY        1
#define O_RDWR          2
#define O_ACCMODE       3
#define O_CREAT         0100
#define O_EXCL          0200
#define O_NOCTTY        0400
#define O_TRUNC         01000
#define O_APPEND        02000
#define O_NONBLOCK      04000
#define O_DSYNC         010000
#define O_DIRECTORY     0200000
#define O_NOFOLLOW      0400000
#define O_CLOEXEC       02000000
#define O_SYNC          04010000
#define O_PATH          010000000

#define AT_FDCWD                (-100)
#define AT_SYMLINK_NOFOLLOW     0x100
#define AT_REMOVEDIR            0x200       /* unlinkat */
#define AT_EACCESS              0x200       /* faccessat */
#define AT_SYMLINK_FOLLOW       0x400       /* linkat */
#define AT_EMPTY_PATH           0x1000

#define F_DUPFD                 0
#define F_GETFD                 1
#define F_SETFD                 2
#define F_GETFL                 3
#define F_SETFL                 4
#define F_DUPFD_CLOEXEC         1030
#define F_GETPIPE_SZ            1032
#define FD_CLOEXEC              1

int open(const char *path, int flags, ...);
int openat(int dirfd, const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
int fcntl(int fd, int command, ...);

#endif
