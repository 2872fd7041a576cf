/*
 * kernel/fcntl.h - the flags of xv6's open. They are not the native ones: the library translates.
 */
#ifndef XV6_KERNEL_FCNTL_H
#define XV6_KERNEL_FCNTL_H

#define O_RDONLY   0x000
#define O_WRONLY   0x001
#define O_RDWR     0x002
#define O_CREATE   0x200
#define O_TRUNC    0x400
#define O_NOFOLLOW 0x800                /* of the file-system lab: a symbolic link at the end is opened itself, for fstat */

#endif
