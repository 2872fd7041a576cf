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

typedef struct directory_stream DIR;

/* NULL and errno on failure; readdir also returns NULL at the end, with errno as it was. */
DIR *opendir(const char *path);
struct dirent *readdir(DIR *dir);
int closedir(DIR *dir);

/* The bytes of records read, 0 at the end, -1 and errno on failure. */
ssize_t getdents64(int fd, void *records, size_t len);

#endif
