/*
 * kernel/stat.h - what xv6's fstat and stat tell about a file. The library fills it from the native structure.
 */
#ifndef XV6_KERNEL_STAT_H
#define XV6_KERNEL_STAT_H

#include "kernel/types.h"

#define T_DIR     1
#define T_FILE    2
#define T_DEVICE  3
#define T_SYMLINK 4                     /* of the file-system lab; only with O_NOFOLLOW */

struct stat {
    int dev;
    uint ino;
    short type;
    short nlink;                        /* of a directory: one, and one for each directory in it */
    uint64 size;                        /* bytes */
};

#endif
