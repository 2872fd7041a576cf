/*
 * memory.c - system calls about memory: the heap's end, and ranges of pages.
 * Does not own: malloc (picolibc, over sbrk).
 */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <faultline.h>

void *sbrk(ptrdiff_t increment)
{
    return (void *)syscall(SYS_sbrk, increment);
}

int brk(void *end)
{
    /* The kernel's brk never fails as such: it answers with the end that now holds. */
    if ((void *)raw_syscall(SYS_brk, end) == end)
        return 0;
    errno = ENOMEM;
    return -1;
}

int munmap(void *start, size_t len)
{
    return syscall(SYS_munmap, start, len);
}

int mprotect(void *start, size_t len, int protection)
{
    return syscall(SYS_mprotect, start, len, protection);
}

int madvise(void *start, size_t len, int advice)
{
    return syscall(SYS_madvise, start, len, advice);
}
