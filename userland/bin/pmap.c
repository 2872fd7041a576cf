/*
 * pmap.c - the mappings of processes and where their pages are: pmap PID...
 * In KiB, from /proc/PID/smaps: Size is what is promised, RSS what the page table holds now, Priv of it what only this process
 * has and Shared what others have too, Swap what is on swap.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>
#include "proc_read.h"
#include "tools.h"

static void print(const struct mapping *mapping, void *sum)
{
    printf("%012lx %9lu %8lu %8lu %8lu %8lu %-5s%s%s\n", mapping->start, mapping->size, mapping->resident,
           mapping->private_pages, mapping->shared, mapping->swapped, mapping->rights, *mapping->name ? " " : "",
           mapping->name);
    mapping_add(mapping, sum);
}

int main(int argc, char **argv)
{
    static const char usage[] = "pmap PID...";

    while (next_option(argc, argv, "x", usage) != -1)
        ;                               /* -x: extended, as it always is */
    if (optind == argc)
        wrong_usage(usage);
    for (int i = optind; i < argc; i++) {
        struct process process;
        struct mapping sum = { 0 };
        if (!process_read(count_operand(argv[i]), &process)) {
            complain(argv[i]);
            continue;
        }
        printf("%d: %s\n%-12s %9s %8s %8s %8s %8s %s\n", (int)process.pid, process.name, "Address", "Size", "RSS", "Priv",
               "Shared", "Swap", "Mode  Mapping");
        if (!mappings_read(process.pid, print, &sum))
            complain(argv[i]);
        printf("%-12s %9lu %8lu %8lu %8lu %8lu\n", "total KiB", sum.size, sum.resident, sum.private_pages, sum.shared,
               sum.swapped);
    }
    return finish();
}
