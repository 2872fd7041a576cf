/*
 * memory.c - system calls about memory: the heap's end, ranges of pages, and files that are only memory.
 * Does not own: malloc (picolibc, over sbrk).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
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

void *mmap(void *start, size_t len, int protection, int flags, int fd, off_t offset)
{
    return (void *)syscall(SYS_mmap, start, len, protection, flags, fd, offset);
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

int posix_madvise(void *start, size_t len, int advice)
{
    /* Only Linux's MADV_DONTNEED throws contents away; not doing it is allowed. */
    return advice == POSIX_MADV_DONTNEED ? 0 : -(int)raw_syscall(SYS_madvise, start, len, advice);
}

void *mremap(void *start, size_t old_len, size_t new_len, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    void *where = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? va_arg(more, void *) : NULL;
    va_end(more);
    return (void *)syscall(SYS_mremap, start, old_len, new_len, flags, where);
}

int mincore(void *start, size_t len, unsigned char *resident)
{
    return syscall(SYS_mincore, start, len, resident);
}

int msync(void *start, size_t len, int flags)
{
    return syscall(SYS_msync, start, len, flags);
}

/* ---- memory that stays ---- */

int mlock(const void *start, size_t len)
{
    return syscall(SYS_mlock, start, len);
}

int mlock2(const void *start, size_t len, unsigned flags)
{
    return syscall(SYS_mlock2, start, len, flags);
}

int munlock(const void *start, size_t len)
{
    return syscall(SYS_munlock, start, len);
}

int mlockall(int flags)
{
    return syscall(SYS_mlockall, flags);
}

int munlockall(void)
{
    return syscall(SYS_munlockall);
}

/* ---- files in memory ---- */

int memfd_create(const char *name, unsigned flags)
{
    return syscall(SYS_memfd_create, name, flags);
}

/* Where name is; NULL and errno when it cannot be one: EINVAL, ENAMETOOLONG. */
static const char *shm_path(const char *name, char path[NAME_MAX + 10])
{
    name += strspn(name, "/");
    if (*name == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        errno = EINVAL;
    else if (strlen(name) > NAME_MAX)
        errno = ENAMETOOLONG;
    else
        return strcat(strcpy(path, "/dev/shm/"), name);
    return NULL;
}

int shm_open(const char *name, int flags, mode_t mode)
{
    char buffer[NAME_MAX + 10];
    const char *path = shm_path(name, buffer);

    return path ? open(path, flags | O_NOFOLLOW | O_CLOEXEC, mode) : -1;
}

int shm_unlink(const char *name)
{
    char buffer[NAME_MAX + 10];
    const char *path = shm_path(name, buffer);

    return path ? unlink(path) : -1;
}
