/*
 * dirent.c - reading directories: opendir, readdir, closedir over getdents64.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <faultline.h>

struct directory_stream {
    int fd;
    long next, len;                         /* the unread part of records, in bytes */
    char records[1024] __attribute__((aligned(8)));
};

ssize_t getdents64(int fd, void *records, size_t len)
{
    return syscall(SYS_getdents64, fd, records, len);
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *dir = malloc(sizeof(*dir));
    if (!dir) {
        close(fd);
        errno = ENOMEM;
        return NULL;
    }
    dir->fd = fd;
    dir->next = dir->len = 0;
    return dir;
}

struct dirent *readdir(DIR *dir)
{
    if (dir->next >= dir->len) {
        dir->next = 0;
        dir->len = getdents64(dir->fd, dir->records, sizeof(dir->records));
        if (dir->len <= 0)
            return NULL;
    }
    struct dirent *entry = (struct dirent *)(dir->records + dir->next);
    dir->next += entry->d_reclen;
    return entry;
}

int closedir(DIR *dir)
{
    int fd = dir->fd;

    free(dir);
    return close(fd);
}
