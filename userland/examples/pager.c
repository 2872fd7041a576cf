/*
 * pager.c - a program that is its own pager: a table whose pages are computed when they are first read.
 *
 * The table has 64 pages of squares, but the program may keep only 8 of them. At first nothing in it may
 * be accessed. A load from such a page is SIGSEGV; the handler learns the address from si_addr, gives up
 * the page that came first if there are 8 already, fills this one, and returns: then the load is made
 * again, and works. So main reads a plain array. The kernel does the same one level below, with files in
 * the place of a formula (mm/fault.c).
 *
 * mprotect and madvise are not on POSIX's list of what a handler may call. Here the signal comes from a
 * load of main's own, never from the middle of malloc or printf, so all of C would be allowed.
 *
 *   $ pager
 *   a table of 32768 squares in 64 pages, 8 of them in memory at a time
 *   upwards:           64 faults, sum 11727587164160
 *   downwards:         56 faults, sum 11727587164160
 *   one page, often:    1 fault, sum 1073577991500
 *   in memory at the end: 8 pages
 */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>

enum { PAGE = 4096, NPAGES = 64, KEPT_MAX = 8, PER_PAGE = PAGE / sizeof(uint64_t), COUNT = NPAGES * PER_PAGE };

static uint64_t *table;
static size_t kept[KEPT_MAX];                   /* the pages in memory, in a ring: kept[nfaults % KEPT_MAX] is the oldest */
static volatile size_t nfaults;                 /* volatile: it changes in the middle of any load */

static uint64_t *page_start(size_t page) { return table + page * PER_PAGE; }

/* The frame goes back to the kernel at once. The contents need not be written anywhere: they can be computed again. */
static void give_up(size_t page)
{
    if (madvise(page_start(page), PAGE, MADV_DONTNEED) < 0 || mprotect(page_start(page), PAGE, PROT_NONE) < 0)
        err(1, "give up page %zu", page);
}

static void bring_in(size_t page)
{
    uint64_t *square = page_start(page);

    if (mprotect(square, PAGE, PROT_READ | PROT_WRITE) < 0)
        err(1, "page %zu", page);
    for (uint64_t i = 0; i < PER_PAGE; i++)
        square[i] = (page * PER_PAGE + i) * (page * PER_PAGE + i);
    mprotect(square, PAGE, PROT_READ);          /* a store to the table is a mistake, and stays one */
}

/* A fault that is not for us must not be lost: when the handler is gone, returning meets the same fault again, and it kills. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    size_t page = ((uintptr_t)info->si_addr - (uintptr_t)table) / PAGE;

    for (size_t i = 0; i < KEPT_MAX && i < nfaults; i++)
        if (kept[i] == page)
            page = NPAGES;                      /* it can be read, so this was a store */
    if (page >= NPAGES) {
        signal(number, SIG_DFL);
        return;
    }
    if (nfaults >= KEPT_MAX)
        give_up(kept[nfaults % KEPT_MAX]);
    kept[nfaults++ % KEPT_MAX] = page;
    bring_in(page);
}

static void report(const char *what, size_t faults_before, uint64_t sum)
{
    size_t n = nfaults - faults_before;

    printf("%-17s %3zu fault%s, sum %llu\n", what, n, n == 1 ? "" : "s", (unsigned long long)sum);
}

static size_t pages_in_memory(void)
{
    unsigned char resident[NPAGES];
    size_t n = 0;

    if (mincore(table, NPAGES * PAGE, resident) < 0)
        err(1, "mincore");
    for (size_t i = 0; i < NPAGES; i++)
        n += resident[i] & 1;
    return n;
}

int main(void)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    uint64_t sum = 0;
    size_t before;

    table = mmap(NULL, NPAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED || sigaction(SIGSEGV, &action, NULL) < 0)
        err(1, "no table");
    printf("a table of %zu squares in %d pages, %d of them in memory at a time\n", (size_t)COUNT, NPAGES, KEPT_MAX);

    for (size_t i = 0; i < COUNT; i++)
        sum += table[i];
    report("upwards:", 0, sum);

    before = nfaults, sum = 0;                  /* the last 8 pages are still there */
    for (size_t i = COUNT; i-- > 0;)
        sum += table[i];
    report("downwards:", before, sum);

    before = nfaults, sum = 0;
    for (size_t i = 0; i < 1000; i++)
        sum += table[COUNT - 1 - i % 4];
    report("one page, often:", before, sum);
    printf("in memory at the end: %zu pages\n", pages_in_memory());
    return 0;
}
