/*
 * free.c - memory of the machine, from /proc/meminfo: free [-b | -k | -m]      (in KiB)
 */
#include <err.h>
#include <unistd.h>
#include "proc_read.h"
#include "tools.h"

static long in_unit(long kib, int unit)
{
    return unit == 'b' ? kib * 1024 : unit == 'm' ? kib / 1024 : kib;
}

static void print(const char *label, long total, long available, int unit)
{
    printf("%-6s %12ld %12ld %12ld\n", label, in_unit(total, unit), in_unit(total - available, unit),
           in_unit(available, unit));
}

int main(int argc, char **argv)
{
    int unit = 'k';

    for (int option; (option = next_option(argc, argv, "bkm", "free [-b | -k | -m]")) != -1;)
        unit = option;
    long total = meminfo_row("MemTotal"), free_kib = meminfo_row("MemFree");
    long swap = meminfo_row("SwapTotal"), swap_free = meminfo_row("SwapFree");
    if (total < 0 || free_kib < 0)
        errx(1, "/proc/meminfo: no MemTotal or MemFree");
    const char *name = unit == 'b' ? "B" : unit == 'm' ? "MiB" : "KiB";
    printf("%-6s %12s %12s %12s\n", name, "total", "used", "free");
    print("Mem", total, free_kib, unit);
    if (swap >= 0 && swap_free >= 0)
        print("Swap", swap, swap_free, unit);
    return finish();
}
