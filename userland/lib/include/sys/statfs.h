/*
 * sys/statfs.h - statfs(2), with Linux's structure (asm-generic).
 */
#ifndef FAULTLINE_SYS_STATFS_H
#define FAULTLINE_SYS_STATFS_H

#include <stdint.h>

#define TMPFS_MAGIC             0x01021994
#define PROC_SUPER_MAGIC        0x9fa0
#define PIPEFS_MAGIC            0x50495045

struct statfs {
    long f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail;   /* of f_bsize bytes */
    uint64_t f_files, f_ffree;
    struct {
        int __val[2];
    } f_fsid;
    long f_namelen, f_frsize, f_flags;
    long f_spare[4];
};
_Static_assert(sizeof(struct statfs) == 120, "struct statfs of Linux on riscv64");

int statfs(const char *path, struct statfs *result);
int fstatfs(int fd, struct statfs *result);

#endif
