/*
 * ps.c - one line per process, from /proc/PID/stat (proc(5)).
 * Memory sizes are in KiB; faults are those served without a disk.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE_KIB 4

/* The process may end between readdir and here: then there is nothing to print, and nothing wrong. */
static void print_process(const char *pid)
{
    char path[64], text[512], state;
    int parent, group;
    unsigned long faults, size_bytes;
    long resident_pages;
    size_t len = 0;
    ssize_t nread;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return;
    while (len < sizeof(text) - 1 && (nread = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += nread;
    close(fd);
    text[len] = '\0';

    /* "PID (NAME) STATE ...": the name may contain anything, so it ends at the last parenthesis. */
    char *name = strchr(text, '('), *name_end = strrchr(text, ')');
    if (!name || !name_end)
        return;
    *name_end = '\0';
    int nfields = sscanf(name_end + 1,
                         " %c %d %d %*d %*d %*d %*u %lu %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %lu %ld",
                         &state, &parent, &group, &faults, &size_bytes, &resident_pages);
    if (nfields == 6)
        printf("%5s %5d %5d %c %9lu %8ld %9lu %s\n", pid, parent, group, state, size_bytes / 1024,
               resident_pages * PAGE_KIB, faults, name + 1);
}

int main(void)
{
    struct dirent *entry;

    DIR *proc = opendir("/proc");
    if (!proc)
        err(1, "/proc");
    printf("  PID  PPID  PGRP S   VSZ KiB  RSS KiB    FAULTS NAME\n");
    for (errno = 0; (entry = readdir(proc)); errno = 0)
        if (isdigit((unsigned char)entry->d_name[0]))
            print_process(entry->d_name);
    if (errno)
        err(1, "/proc");
    closedir(proc);
    return 0;
}
