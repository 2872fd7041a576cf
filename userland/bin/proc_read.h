/*
 * proc_read.h - what /proc says about processes and memory, in Linux's formats: proc(5).
 */
#ifndef PROC_READ_H
#define PROC_READ_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define CLOCK_TICKS 100                 /* of /proc/PID/stat, in a second */
#define PAGE_KIB 4

struct process {
    pid_t pid, parent, group;
    char state;
    char name[64];
    unsigned long faults, ticks;        /* ticks: of processor time */
    unsigned long size_kib, resident_kib;
};

/* False when the process is gone. */
bool process_read(pid_t pid, struct process *process);

/* All there are, by number, for free(); the program ends without /proc. */
struct process *processes_read(size_t *count);

/* One mapping, or the sum of several, in KiB. */
struct mapping {
    unsigned long start, end;
    char rights[8];
    char name[256];                     /* "" for memory that has none */
    unsigned long size, resident, private_pages, shared, swapped;
};

/* Call visit for each mapping of a process that can be asked. False and errno otherwise. */
bool mappings_read(pid_t pid, void (*visit)(const struct mapping *mapping, void *arg), void *arg);
void mapping_add(const struct mapping *mapping, void *sum);            /* a visit: arg is a struct mapping */

/* The row of /proc/meminfo, in KiB; -1: there is none. */
long meminfo_row(const char *row);

#endif
