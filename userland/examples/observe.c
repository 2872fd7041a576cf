/*
 * observe.c - loads and stores with their faults, mappings with their pages, as /proc tells them.
 * Owns: what is counted, and that observing does not disturb it.
 * Does not own: the story (life.c).
 */
#include <err.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "observe.h"

char *base;
const char *speaker = "";
bool shown;

/* ---- one access, and the faults that it takes ---- */

enum { NCASES = 12 };
static const char *const cases[NCASES] = {
    "A1", "A2", "A3", "B1", "B2", "B3", "C", "spurious", "segv", "bus", "oom", "around",
};

/* The fault_ rows of /proc/self/vmstat, in the order of cases. */
static void count_faults(long counts[NCASES])
{
    static char text[2048], row[32];
    int fd = open("/proc/self/vmstat", O_RDONLY);
    ssize_t len = read(fd, text, sizeof(text) - 1);

    if (len < 0)
        err(1, "/proc/self/vmstat");
    close(fd);
    text[len] = '\0';
    for (int i = 0; i < NCASES; i++) {
        snprintf(row, sizeof(row), "fault_%s ", cases[i]);
        const char *at = strstr(text, row);
        counts[i] = at ? atol(at + strlen(row)) : 0;
    }
}

static sigjmp_buf after_signal;
static void on_fault(int number) { siglongjmp(after_signal, number); }

enum access { LOAD, STORE };

/*
 * Do it; the result is the byte, or minus the signal. First the same is tried at address 0: then what this function itself
 * needs is there, code, data, and stack for a handler's frame, and the faults counted are those of the access alone.
 */
static int try(enum access access, volatile char *at, char byte, long faults[NCASES])
{
    static long before[NCASES];
    volatile char *const places[2] = { NULL, at };
    int result = 0;

    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    for (volatile int round = 0; round < 2; round++) {
        count_faults(before);
        int signal_number = sigsetjmp(after_signal, 1);
        if (signal_number == 0 && access == STORE)
            *places[round] = byte;
        result = signal_number == 0 ? *places[round] : -signal_number;
        count_faults(faults);
    }
    for (int i = 0; i < NCASES; i++)
        faults[i] -= before[i];
    return result;
}

static void access_page(enum access access, size_t page, char byte)
{
    long faults[NCASES];
    int result = try(access, place(page), byte, faults);
    char what[48], letter[] = { '\'', (char)result, '\'', '\0' };
    const char *came = result > 0 ? letter : result == 0 ? "0" : result == -SIGBUS ? "SIGBUS" : "SIGSEGV";

    if (!shown)
        return;
    snprintf(what, sizeof(what), "%s%s page %zu: %s", speaker, access == STORE ? "store to" : "load", page, came);
    printf("%-32s", what);
    bool any = false;
    for (int i = 0; i < NCASES; i++)
        if (faults[i] > 0) {
            printf("%s%s %ld", any ? ", " : "", cases[i], faults[i]);
            any = true;
        }
    puts(any ? "" : "no fault");
}

void load(size_t page) { access_page(LOAD, page, 0); }
void store(size_t page, char byte) { access_page(STORE, page, byte); }

/* ---- what is mapped ---- */

/* The pages of a row such as "Rss:", which comes further down. */
static long row_pages(FILE *smaps, const char *name)
{
    char line[256];
    long kib = 0;

    while (fgets(line, sizeof(line), smaps) && strncmp(line, name, strlen(name)) != 0)
        ;
    sscanf(line + strlen(name), "%ld", &kib);
    return kib * 1024 / PAGE;
}

void show(size_t page)
{
    char line[256], rights[8];
    unsigned long start, end, offset;
    int name = 0;                               /* where it begins; the end of the line for a mapping that has none */
    FILE *smaps = fopen("/proc/self/smaps", "r");

    if (!smaps)
        err(1, "/proc/self/smaps");
    do {
        if (!fgets(line, sizeof(line), smaps)) {
            fclose(smaps);
            return;
        }
        start = 0;
        sscanf(line, "%lx-%lx %7s %lx %*s %*s %n", &start, &end, rights, &offset, &name);
    } while (start != (uintptr_t)place(page));
    line[strcspn(line, "\n")] = '\0';
    long resident = row_pages(smaps, "Rss:");
    long common = row_pages(smaps, "Shared_Clean:") + row_pages(smaps, "Shared_Dirty:");
    fclose(smaps);
    if (shown)
        printf("%spages %zu-%zu %s %08lx%s%s: %ld resident, %ld shared, %ld private\n", speaker, page,
               page + (end - start) / PAGE - 1, rights, offset, line[name] ? " " : "", line + name, resident, common,
               resident - common);
}
