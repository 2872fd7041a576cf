/*
 * stdio.c - stdin, stdout and stderr for picolibc's stdio, and fopen.
 * Owns: the three streams and their buffers. A line is one write(), so that lines of several processes do not mix.
 * Does not own: the formatting and the buffering code (picolibc).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio-bufio.h>
#include <string.h>
#include <unistd.h>
#include <faultline.h>

/* picolibc loses the error of a write that a full buffer or a newline caused; ferror(stream) must know of it. */
static ssize_t stream_write(int fd, const void *buffer, size_t len)
{
    if (write_all(fd, buffer, len) == 0)
        return len;
    (fd == 2 ? stderr : stdout)->flags |= __SERR;
    return -1;
}

static char stdin_buffer[512], stdout_buffer[1024], stderr_buffer[256];

#define STREAM(fd, buffer, direction) \
    FDEV_SETUP_BUFIO(fd, buffer, sizeof(buffer), read, stream_write, lseek, close, direction, __BLBF)

static struct __file_bufio stdin_file = STREAM(0, stdin_buffer, __SRD);
static struct __file_bufio stdout_file = STREAM(1, stdout_buffer, __SWR);
static struct __file_bufio stderr_file = STREAM(2, stderr_buffer, __SWR);

FILE *const stdin = &stdin_file.xfile.cfile.file;
FILE *const stdout = &stdout_file.xfile.cfile.file;
FILE *const stderr = &stderr_file.xfile.cfile.file;

/* fopen(3). picolibc's own opens with the flags of its own <fcntl.h>, which are not ours. */
FILE *fopen(const char *path, const char *mode)
{
    int flags = mode[0] == 'r' ? 0 : mode[0] == 'w' ? O_CREAT | O_TRUNC : mode[0] == 'a' ? O_CREAT | O_APPEND : -1;

    if (flags < 0) {
        errno = EINVAL;
        return NULL;
    }
    flags |= strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
    flags |= (strchr(mode, 'e') ? O_CLOEXEC : 0) | (strchr(mode, 'x') ? O_EXCL : 0);
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return NULL;
    FILE *stream = fdopen(fd, mode);
    if (!stream)
        close(fd);
    return stream;
}

/* exit(3) flushes; _exit(2) and death by a signal do not. */
__attribute__((destructor)) static void stdio_exit(void)
{
    fflush(stdout);
    fflush(stderr);
}
