/*
 * dirent.h - directories, as readdir(3) and getdents64(2) describe them. picolibc has none.
 */
#ifndef FAULTLINE_DIRENT_H
#define FAULTLINE_DIRENT_H

#include <stdint.h>
#include <sys/types.h>

/* The kernel's record itself: d_reclen bytes of it exist, the name ends with NUL. */
struct dirent {
    uint64_t d_ino;
    int64_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[256];
};

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12

typedef struct directory_stream DIR;

/* NULL and errno on failure; readdir also returns NULL at the end, with errno as it was. */
DIR *opendir(const char *path);
struct dirent *readdir(DIR *dir);
int closedir(DIR *dir);

/* The stream takes over fd, which must be a directory open for reading; closedir closes it. */
DIR *fdopendir(int fd);
int dirfd(DIR *dir);

/* Where the next readdir reads: a number of telldir from the same stream, valid until rewinddir. */
long telldir(DIR *dir);
void seekdir(DIR *dir, long position);
void rewinddir(DIR *dir);

/*
 * All entries that chosen (NULL: each) accepts, ordered by compare (NULL: as found), in an array and entries from malloc.
 * Returns their number, or -1 and errno with nothing allocated.
 */
int scandir(const char *path, struct dirent ***entries, int (*chosen)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **));
int alphasort(const struct dirent **a, const struct dirent **b);

/* The bytes of records read, 0 at the end, -1 and errno on failure. */
ssize_t getdents64(int fd, void *records, size_t len);

#endif
