/*
 * kernel/file.h - device numbers, for programs that call mknod.
 */
#ifndef XV6_KERNEL_FILE_H
#define XV6_KERNEL_FILE_H

#include "kernel/types.h"

#define CONSOLE 1                       /* the major number that the library maps to the native console */

#define major(dev)       ((dev) >> 16 & 0xFFFF)
#define minor(dev)       ((dev) & 0xFFFF)
#define mkdev(major, minor) ((uint)((major) << 16 | (minor)))

#endif
