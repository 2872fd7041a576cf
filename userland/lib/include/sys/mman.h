/*
 * sys/mman.h - munmap(2), mprotect(2), madvise(2). There is no mmap yet.
 */
#ifndef FAULTLINE_SYS_MMAN_H
#define FAULTLINE_SYS_MMAN_H

#include <stddef.h>

#define PROT_NONE       0
#define PROT_READ       1
#define PROT_WRITE      2
#define PROT_EXEC       4

#define MADV_NORMAL             0
#define MADV_DONTNEED           4       /* the contents may go: private pages read as zero afterwards */
#define MADV_POPULATE_WRITE     23      /* have every page, writable, now; ENOMEM instead of a kill later */

int munmap(void *start, size_t len);
int mprotect(void *start, size_t len, int protection);
int madvise(void *start, size_t len, int advice);

#endif
