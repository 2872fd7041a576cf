/*
 * vmstat.c - reading the kernel's counters by name.
 * Owns: the parsing of `name value` files; it allocates nothing, so a test can count pages with it.
 * Does not own: what the rows mean (the kernel's /proc/vmstat).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

/* Read rows, of one moment, until all are found. False and errno when the file cannot be read or one is not there. */
static bool proc_rows(const char *path, const char *const rows[], size_t nrows, long values[])
{
    size_t found = 0;
    char chunk[CHUNK_BYTES], line[ROW_MAX_BYTES];
    size_t len = 0;
    ssize_t nread = 0;

    /* The stack pages under the buffer are faulted in now, before the kernel notes its counters down. */
    *(volatile char *)&chunk[0] = *(volatile char *)&chunk[CHUNK_BYTES - 1] = 0;

    for (size_t r = 0; r < nrows; r++)
        values[r] = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (found < nrows && (nread = read(fd, chunk, sizeof(chunk))) > 0) {
        for (ssize_t i = 0; i < nread; i++) {
            if (chunk[i] != '\n') {
                if (len < sizeof(line) - 1)
                    line[len++] = chunk[i];
                continue;
            }
            line[len] = '\0';
            len = 0;
            for (size_t r = 0; r < nrows; r++)
                if (values[r] < 0 && (values[r] = row_value(line, rows[r])) >= 0)
                    found++;
        }
    }
    close(fd);
    if (found < nrows && nread == 0)
        errno = ENOENT;
    return found == nrows;
}

long proc_row(const char *path, const char *row)
{
    long value;

    return proc_rows(path, &row, 1, &value) ? value : -1;
}

long vmstat(const char *row)
{
    return proc_row("/proc/vmstat", row);
}

void vmstat_rows(const char *const rows[], size_t nrows, long values[])
{
    proc_rows("/proc/vmstat", rows, nrows, values);
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
    sync();                             /* what has not come to its disk is no cache */
    int result = write_all(fd, "1", 1);
    close(fd);
    return result;
}
