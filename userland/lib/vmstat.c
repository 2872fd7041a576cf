/*
 * vmstat.c - reading the kernel's counters by name.
 * Owns: the parsing of `name value` files; it allocates nothing, so a test can count pages with it.
 * Does not own: what the rows mean (the kernel's /proc/vmstat).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <faultline.h>

#define ROW_MAX_BYTES 80
#define CHUNK_BYTES 2048

/* The value of a line "row value" or "row: value kB", or -1 when the line is another row's. */
static long row_value(const char *line, const char *row)
{
    size_t len = strlen(row);

    if (strncmp(line, row, len) != 0 || !strchr(" :\t", line[len]))
        return -1;
    long value = 0;
    for (line += len + strspn(line + len, " :\t"); *line >= '0' && *line <= '9'; line++)
        value = value * 10 + (*line - '0');
    return value;
}

long proc_row(const char *path, const char *row)
{
    char chunk[CHUNK_BYTES], line[ROW_MAX_BYTES];
    size_t len = 0;
    ssize_t nread;

    /* The stack pages under the buffer are faulted in now, before the kernel notes its counters down. */
    *(volatile char *)&chunk[0] = *(volatile char *)&chunk[CHUNK_BYTES - 1] = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while ((nread = read(fd, chunk, sizeof(chunk))) > 0) {
        for (ssize_t i = 0; i < nread; i++) {
            if (chunk[i] != '\n') {
                if (len < sizeof(line) - 1)
                    line[len++] = chunk[i];
                continue;
            }
            line[len] = '\0';
            len = 0;
            long value = row_value(line, row);
            if (value >= 0) {
                close(fd);
                return value;
            }
        }
    }
    close(fd);
    if (nread == 0)
        errno = ENOENT;
    return -1;
}

long vmstat(const char *row)
{
    return proc_row("/proc/vmstat", row);
}

long self_vmstat(const char *row)
{
    return proc_row("/proc/self/vmstat", row);
}

int drop_caches(void)
{
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = write_all(fd, "1", 1);
    close(fd);
    return result;
}
