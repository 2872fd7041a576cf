/*
 * dirent.c - reading directories: opendir, readdir and their like over getdents64; scandir.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <faultline.h>

struct directory_stream {
    int fd;
    long next, len;                         /* the unread part of records, in bytes */
    long position;                          /* d_off of the entry that was read last: where the next one is */
    char records[1024] __attribute__((aligned(8)));
};

ssize_t getdents64(int fd, void *records, size_t len)
{
    return syscall(SYS_getdents64, fd, records, len);
}

/* A stream over fd, which is a directory; NULL and errno when there is no memory. */
static DIR *stream_make(int fd)
{
    DIR *dir = malloc(sizeof(*dir));

    if (!dir) {
        errno = ENOMEM;
        return NULL;
    }
    dir->fd = fd;
    dir->next = dir->len = dir->position = 0;
    return dir;
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *dir = stream_make(fd);
    if (!dir) {
        close(fd);
        errno = ENOMEM;
    }
    return dir;
}

DIR *fdopendir(int fd)
{
    struct stat file;

    if (fstat(fd, &file) < 0)
        return NULL;
    if (!S_ISDIR(file.st_mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    return stream_make(fd);
}

struct dirent *readdir(DIR *dir)
{
    int error = errno;

    if (dir->next >= dir->len) {
        dir->next = 0;
        dir->len = getdents64(dir->fd, dir->records, sizeof(dir->records));
        if (dir->len < 0 && errno == ENOENT)
            errno = error;                  /* a directory that has been removed is an empty one */
        if (dir->len <= 0)
            return NULL;
    }
    struct dirent *entry = (struct dirent *)(dir->records + dir->next);
    dir->next += entry->d_reclen;
    dir->position = entry->d_off;
    return entry;
}

int dirfd(DIR *dir)
{
    return dir->fd;
}

long telldir(DIR *dir)
{
    return dir->position;
}

void seekdir(DIR *dir, long position)
{
    lseek(dir->fd, position, SEEK_SET);
    dir->next = dir->len = 0;
    dir->position = position;
}

void rewinddir(DIR *dir)
{
    seekdir(dir, 0);
}

int closedir(DIR *dir)
{
    int fd = dir->fd;

    free(dir);
    return close(fd);
}

int alphasort(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void entries_free(struct dirent **entries, size_t n)
{
    while (n > 0)
        free(entries[--n]);
    free(entries);
}

/* Append a copy of entry to the n entries at *entries. False when there is no memory: they are as they were. */
static bool entries_add(struct dirent ***entries, size_t n, const struct dirent *entry)
{
    struct dirent **longer = realloc(*entries, (n + 1) * sizeof(*longer));

    if (!longer)
        return false;
    *entries = longer;
    longer[n] = malloc(entry->d_reclen);
    return longer[n] && memcpy(longer[n], entry, entry->d_reclen);
}

int scandir(const char *path, struct dirent ***result, int (*chosen)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **))
{
    DIR *dir = opendir(path);
    struct dirent **entries = NULL, *entry;
    size_t n = 0;

    if (!dir)
        return -1;
    for (errno = 0; (entry = readdir(dir)); errno = 0) {
        if (chosen && !chosen(entry))
            continue;
        if (!entries_add(&entries, n, entry)) {
            errno = ENOMEM;
            break;
        }
        n++;
    }
    int error = errno;
    closedir(dir);
    if (error) {
        entries_free(entries, n);
        errno = error;
        return -1;
    }
    if (compare && n > 1)
        qsort(entries, n, sizeof(*entries), (int (*)(const void *, const void *))compare);
    *result = entries;
    return n;
}
