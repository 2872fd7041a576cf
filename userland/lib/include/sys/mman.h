/*
 * sys/mman.h - mmap(2) and its family, memfd_create(2), shm_open(3).
 */
#ifndef FAULTLINE_SYS_MMAN_H
#define FAULTLINE_SYS_MMAN_H

#include <stddef.h>
#include <sys/types.h>

#define PROT_NONE       0
#define PROT_READ       1
#define PROT_WRITE      2
#define PROT_EXEC       4
#define PROT_GROWSDOWN  0x01000000
#define PROT_GROWSUP    0x02000000

#define MAP_FAILED              ((void *)-1)
#define MAP_SHARED              0x01
#define MAP_PRIVATE             0x02
#define MAP_SHARED_VALIDATE     0x03    /* MAP_SHARED, and flags that the kernel does not know are EOPNOTSUPP */
#define MAP_TYPE                0x0f
#define MAP_FIXED               0x10    /* there and nowhere else: whatever is there goes */
#define MAP_ANONYMOUS           0x20
#define MAP_ANON                MAP_ANONYMOUS
#define MAP_GROWSDOWN           0x0100
#define MAP_DENYWRITE           0x0800
#define MAP_EXECUTABLE          0x1000
#define MAP_LOCKED              0x2000
#define MAP_NORESERVE           0x4000
#define MAP_POPULATE            0x8000  /* have all pages now */
#define MAP_NONBLOCK            0x10000
#define MAP_STACK               0x20000
#define MAP_HUGETLB             0x40000
#define MAP_SYNC                0x80000
#define MAP_FIXED_NOREPLACE     0x100000        /* there, unless something is there: EEXIST */

#define MREMAP_MAYMOVE          1
#define MREMAP_FIXED            2
#define MREMAP_DONTUNMAP        4

#define MADV_NORMAL             0
#define MADV_RANDOM             1
#define MADV_SEQUENTIAL         2
#define MADV_WILLNEED           3
#define MADV_DONTNEED           4       /* the contents may go: private pages read as zero afterwards */
#define MADV_FREE               8       /* the same, when the kernel needs memory */
#define MADV_REMOVE             9
#define MADV_DONTFORK           10
#define MADV_DOFORK             11
#define MADV_DONTDUMP           16
#define MADV_DODUMP             17
#define MADV_WIPEONFORK         18
#define MADV_KEEPONFORK         19
#define MADV_COLD               20
#define MADV_PAGEOUT            21
#define MADV_POPULATE_READ      22      /* have every page now; ENOMEM or EFAULT instead of a signal later */
#define MADV_POPULATE_WRITE     23      /* the same, writable */

#define POSIX_MADV_NORMAL       0
#define POSIX_MADV_RANDOM       1
#define POSIX_MADV_SEQUENTIAL   2
#define POSIX_MADV_WILLNEED     3
#define POSIX_MADV_DONTNEED     4       /* posix_madvise(3) promises that the contents stay */

#define MS_ASYNC        1
#define MS_INVALIDATE   2
#define MS_SYNC         4

#define MCL_CURRENT     1
#define MCL_FUTURE      2
#define MCL_ONFAULT     4
#define MLOCK_ONFAULT   1

#define MFD_CLOEXEC             1
#define MFD_ALLOW_SEALING       2

void *mmap(void *start, size_t len, int protection, int flags, int fd, off_t offset);
int munmap(void *start, size_t len);
int mprotect(void *start, size_t len, int protection);

/* With MREMAP_FIXED or MREMAP_DONTUNMAP there is a fifth argument: the new address. */
void *mremap(void *start, size_t old_len, size_t new_len, int flags, ...);

int madvise(void *start, size_t len, int advice);
int posix_madvise(void *start, size_t len, int advice);         /* returns an error number */
int mincore(void *start, size_t len, unsigned char *resident);
int msync(void *start, size_t len, int flags);
int mlock(const void *start, size_t len);
int mlock2(const void *start, size_t len, unsigned flags);
int munlock(const void *start, size_t len);
int mlockall(int flags);
int munlockall(void);

int memfd_create(const char *name, unsigned flags);

/* shm_open(3): files of /dev/shm, closed by exec. */
int shm_open(const char *name, int flags, mode_t mode);
int shm_unlink(const char *name);

#endif
