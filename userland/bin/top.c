/*
 * top.c - who uses the processor and the memory, again and again: top [-b] [-d SECONDS] [-n TIMES]
 *   -b  do not clear the screen, nor leave out what it has no room for; so it is too when standard output is no terminal
 * %CPU is of one hart since the last time, or since boot at first. Priv, Shared and Swap are sums over /proc/PID/smaps: pages
 * that only this process has, that others have too, that are on swap. q ends it, any other key is the next time.
 */
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "proc_read.h"
#include "tools.h"

struct row {
    struct process process;
    struct mapping memory;
    unsigned long new_ticks;
};

static struct row *before;
static size_t nbefore;
static double before_time;
static size_t height;                   /* of the screen; 0: it is not cleared */

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static unsigned long ticks_before(pid_t pid)
{
    for (size_t i = 0; i < nbefore; i++)
        if (before[i].process.pid == pid)
            return before[i].process.ticks;
    return 0;
}

/* Busiest first, then largest. */
static int by_use(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->new_ticks != y->new_ticks)
        return x->new_ticks < y->new_ticks ? 1 : -1;
    return (x->process.resident_kib < y->process.resident_kib) - (x->process.resident_kib > y->process.resident_kib);
}

static struct row *rows_read(size_t *count)
{
    struct process *list = processes_read(count);
    struct row *rows = allocate(*count * sizeof(*rows));

    for (size_t i = 0; i < *count; i++) {
        rows[i] = (struct row){ .process = list[i] };
        rows[i].new_ticks = list[i].ticks - ticks_before(list[i].pid);
        mappings_read(list[i].pid, mapping_add, &rows[i].memory);       /* it may be gone, or hide them: zeros */
    }
    if (*count > 0)
        qsort(rows, *count, sizeof(*rows), by_use);
    free(list);
    return rows;
}

static void print_memory(const char *label, const char *total_row, const char *free_row)
{
    long total = meminfo_row(total_row), free_kib = meminfo_row(free_row);

    if (total >= 0 && free_kib >= 0)
        printf("%s: %ld KiB, %ld used, %ld free\n", label, total, total - free_kib, free_kib);
}

static void print(const struct row *rows, size_t n, double seconds)
{
    printf("up %.0f s, %zu processes\n", before_time, n);
    print_memory("memory", "MemTotal", "MemFree");
    print_memory("swap", "SwapTotal", "SwapFree");
    printf("\n  PID S  %%CPU   VSZ KiB   RSS KiB  Priv KiB Shared KiB Swap KiB NAME\n");
    for (size_t i = 0; i < n && (height == 0 || i + 6 < height); i++) {     /* five lines above, the cursor's below */
        const struct process *process = &rows[i].process;
        printf("%5d %c %5.1f %9lu %9lu %9lu %10lu %8lu %s\n", (int)process->pid, process->state,
               seconds > 0 ? 100.0 * rows[i].new_ticks / CLOCK_TICKS / seconds : 0, process->size_kib, process->resident_kib,
               rows[i].memory.private_pages, rows[i].memory.shared, rows[i].memory.swapped, process->name);
    }
}

/* True: q has been typed. */
static bool wait_for_key(long seconds)
{
    struct termios cooked, mode;
    struct pollfd keyboard = { .fd = STDIN_FILENO, .events = POLLIN };
    char key = 0;

    if (height == 0 || tcgetattr(STDIN_FILENO, &cooked) < 0) {
        sleep(seconds);
        return false;
    }
    mode = cooked;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    if (poll(&keyboard, 1, seconds * 1000) > 0)
        read(STDIN_FILENO, &key, 1);
    tcsetattr(STDIN_FILENO, TCSANOW, &cooked);
    return key == 'q';
}

int main(int argc, char **argv)
{
    long seconds = 2, times = -1;

    height = screen_size().ws_row;
    for (int option; (option = next_option(argc, argv, "bd:n:", "top [-b] [-d SECONDS] [-n TIMES]")) != -1;) {
        if (option == 'b')
            height = 0;
        else
            *(option == 'd' ? &seconds : &times) = count_operand(optarg);
    }
    for (long i = 0; times < 0 || i < times; i++) {
        if (i > 0 && wait_for_key(seconds))
            break;
        size_t n;
        struct row *rows = rows_read(&n);
        double time = now(), span = time - before_time;
        before_time = time;
        fputs(height ? "\33[H\33[2J" : i > 0 ? "\n" : "", stdout);
        print(rows, n, span);
        if (finish() != 0)
            return exit_status;
        free(before);
        before = rows;
        nbefore = n;
    }
    free(before);
    return exit_status;
}
