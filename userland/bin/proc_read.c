/*
 * proc_read.c - reading /proc. Contracts: proc_read.h.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proc_read.h"
#include "tools.h"

/* The file's beginning as a string. False and errno. */
static bool read_start(const char *path, char *text, size_t size)
{
    size_t len = 0;
    ssize_t nread = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    while (len < size - 1 && (nread = read(fd, text + len, size - 1 - len)) > 0)
        len += nread;
    int error = errno;
    close(fd);
    text[len] = '\0';
    errno = error;
    return nread >= 0 && len > 0;
}

bool process_read(pid_t pid, struct process *process)
{
    char path[64], text[1024];
    unsigned long user, system, size_bytes;
    long resident_pages;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!read_start(path, text, sizeof(text)))
        return false;
    /* "PID (NAME) STATE ...": the name may contain anything, so it ends at the last parenthesis. */
    char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (!name || !end)
        return false;
    *end = '\0';
    snprintf(process->name, sizeof(process->name), "%.60s", name + 1);
    process->pid = pid;
    if (sscanf(end + 1, " %c %d %d %*d %*d %*d %*u %lu %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %lu %ld",
               &process->state, &process->parent, &process->group, &process->faults, &user, &system, &size_bytes,
               &resident_pages) != 8)
        return false;
    process->ticks = user + system;
    process->size_kib = size_bytes / 1024;
    process->resident_kib = resident_pages * PAGE_KIB;
    return true;
}

static int by_pid(const void *a, const void *b)
{
    pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;

    return (x > y) - (x < y);
}

struct process *processes_read(size_t *count)
{
    char **names = names_in("/proc");
    size_t n = 0, capacity = 0;
    struct process *list = NULL;

    if (!names)
        err(1, "/proc");
    for (char **name = names; *name; name++) {
        if (!isdigit((unsigned char)**name))
            continue;
        if (n == capacity)
            list = reallocate(list, (capacity = 2 * capacity + 16) * sizeof(*list));
        n += process_read(atoi(*name), &list[n]);
    }
    free_names(names);
    if (n > 0)
        qsort(list, n, sizeof(*list), by_pid);
    *count = n;
    return list;
}

/* "START-END RIGHTS OFFSET DEVICE INODE   NAME". False when the line is something else. */
static bool parse_header(const char *line, struct mapping *mapping)
{
    *mapping = (struct mapping){ 0 };
    if (sscanf(line, "%lx-%lx %7s %*x %*s %*u %255[^\n]", &mapping->start, &mapping->end, mapping->rights, mapping->name) < 3)
        return false;
    mapping->size = (mapping->end - mapping->start) / 1024;
    return true;
}

/* "Rss:      12 kB" */
static void parse_row(const char *line, struct mapping *mapping)
{
    char key[32];
    unsigned long kib;

    if (sscanf(line, "%31[^:]: %lu kB", key, &kib) != 2)
        return;
    if (strcmp(key, "Rss") == 0)
        mapping->resident = kib;
    else if (strncmp(key, "Private_", 8) == 0 && strchr("CD", key[8]))
        mapping->private_pages += kib;
    else if (strncmp(key, "Shared_", 7) == 0 && strchr("CD", key[7]))
        mapping->shared += kib;
    else if (strcmp(key, "Swap") == 0)
        mapping->swapped = kib;
}

bool mappings_read(pid_t pid, void (*visit)(const struct mapping *mapping, void *arg), void *arg)
{
    static struct line line;
    struct mapping mapping, header;
    bool has_mapping = false;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
    FILE *in = fopen(path, "r");
    if (!in)
        return false;
    while (read_line(in, &line) >= 0) {
        if (!parse_header(line.text, &header)) {
            if (has_mapping)
                parse_row(line.text, &mapping);
            continue;
        }
        if (has_mapping)
            visit(&mapping, arg);
        mapping = header;
        has_mapping = true;
    }
    if (has_mapping)
        visit(&mapping, arg);
    bool good = !ferror(in);
    fclose(in);
    return good;
}

void mapping_add(const struct mapping *mapping, void *arg)
{
    struct mapping *sum = arg;

    sum->size += mapping->size;
    sum->resident += mapping->resident;
    sum->private_pages += mapping->private_pages;
    sum->shared += mapping->shared;
    sum->swapped += mapping->swapped;
}

long meminfo_row(const char *row)
{
    char text[8192];
    size_t len = strlen(row);

    if (!read_start("/proc/meminfo", text, sizeof(text)))
        err(1, "/proc/meminfo");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, row, len) == 0 && line[len] == ':')
            return strtol(line + len + 1, NULL, 10);
    return -1;
}
