/*
 * free.c - memory of the machine in KiB, from /proc/meminfo.
 */
#include <err.h>
#include <stdio.h>
#include <faultline.h>

int main(void)
{
    long total = proc_row("/proc/meminfo", "MemTotal");
    long free = proc_row("/proc/meminfo", "MemFree");

    if (total < 0 || free < 0)
        err(1, "/proc/meminfo");
    printf("%12s %12s %12s\n", "total KiB", "used KiB", "free KiB");
    printf("%12ld %12ld %12ld\n", total, total - free, free);
    return 0;
}
