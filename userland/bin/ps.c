/*
 * ps.c - one line per process, from /proc/PID/stat. Memory sizes are in KiB; faults are those served without a disk.
 * The options -A, -e and -f are accepted: this is all processes and all that is known.
 */
#include <unistd.h>
#include "proc_read.h"
#include "tools.h"

int main(int argc, char **argv)
{
    size_t n;

    while (next_option(argc, argv, "Aefl", "ps [-Aefl]") != -1)
        ;
    struct process *list = processes_read(&n);
    printf("  PID  PPID  PGRP S   VSZ KiB  RSS KiB    FAULTS     TIME NAME\n");
    for (size_t i = 0; i < n; i++)
        printf("%5d %5d %5d %c %9lu %8lu %9lu %5lu.%02lu %s\n", (int)list[i].pid, (int)list[i].parent, (int)list[i].group,
               list[i].state, list[i].size_kib, list[i].resident_kib, list[i].faults, list[i].ticks / CLOCK_TICKS,
               list[i].ticks % CLOCK_TICKS, list[i].name);
    return finish();
}
