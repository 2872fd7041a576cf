/*
 * kernel/fs.h - what xv6 programs know of its file system.
 * Only struct dirent is real here: reading a directory gives such records. The limits are xv6's, for programs that count with
 * them; the native file system has others.
 */
#ifndef XV6_KERNEL_FS_H
#define XV6_KERNEL_FS_H

#include "kernel/types.h"

#define ROOTINO   1
#define BSIZE     1024                  /* bytes in a block */
#define NDIRECT   12
#define NINDIRECT (BSIZE / sizeof(uint))
#define MAXFILE   (NDIRECT + NINDIRECT) /* blocks in the largest file of xv6 */
#define DIRSIZ    14

struct dirent {
    ushort inum;                        /* never 0 here: a free record is not shown */
    char name[DIRSIZ];                  /* ends with NUL only when shorter */
};

#endif
