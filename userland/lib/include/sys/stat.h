/*
 * sys/stat.h - stat(2), with Linux's structure (asm-generic) in place of picolibc's.
 */
#ifndef FAULTLINE_SYS_STAT_H
#define FAULTLINE_SYS_STAT_H

#include <stdint.h>
#include <time.h>
#include <sys/types.h>

struct stat {
    uint64_t st_dev;
    uint64_t st_ino;
    uint32_t st_mode;
    uint32_t st_nlink;
    uint32_t st_uid;
    uint32_t st_gid;
    uint64_t st_rdev;
    uint64_t st_padding1;
    int64_t st_size;                        /* bytes */
    int32_t st_blksize;
    int32_t st_padding2;
    int64_t st_blocks;                      /* of 512 bytes */
    struct timespec st_atim, st_mtim, st_ctim;
    uint32_t st_padding3[2];
};
_Static_assert(sizeof(struct stat) == 128, "struct stat of Linux on riscv64");

#define S_IFMT  0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFDIR 0040000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFLNK 0120000
#define S_ISFIFO(mode)  (((mode) & S_IFMT) == S_IFIFO)
#define S_ISCHR(mode)   (((mode) & S_IFMT) == S_IFCHR)
#define S_ISDIR(mode)   (((mode) & S_IFMT) == S_IFDIR)
#define S_ISBLK(mode)   (((mode) & S_IFMT) == S_IFBLK)
#define S_ISREG(mode)   (((mode) & S_IFMT) == S_IFREG)
#define S_ISLNK(mode)   (((mode) & S_IFMT) == S_IFLNK)

int stat(const char *path, struct stat *result);
int lstat(const char *path, struct stat *result);
int fstat(int fd, struct stat *result);
int fstatat(int dirfd, const char *path, struct stat *result, int flags);

#endif
