/*
 * trace.c - /proc/trace says what has happened: no record too few, too many, or half.
 * Expected: every case ok, at any number of harts, size of memory and chaos; with a swap disk one case more.
 *
 * Usage: trace [-l] [NAME...]
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

enum { NCASES = 11 };
static const char *const case_names[NCASES] = {
    "A1", "A2", "A3", "B1", "B2", "B3", "C", "spurious", "segv", "bus", "oom",
};

struct line {
    uint64_t time_ns, address, value, spent_ns;
    unsigned hart, resident, free, swapped;
    int pid;
    char event[8], access[4], what[20];
};

/* 0, or the error of writing text to /proc/trace. */
static int command(const char *text)
{
    int fd = open_or_fail("/proc/trace", O_WRONLY);
    int err = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;

    close(fd);
    return err;
}

static void trace_end(void)
{
    check_eq(command("0"), 0);
    check_eq(command("0"), 0);
}

typedef void line_fn(const struct line *line);

enum { LINES_MAX = 2000 };                    /* who reads while records are made may never see the end */

/* Every line of the trace, in order; it must be whole. Returns how many there are; *recorded, *lost: what it says itself. */
static uint64_t read_trace(line_fn *each, uint64_t *recorded, uint64_t *lost)
{
    static char text[256];
    FILE *file = fopen("/proc/trace", "r");
    uint64_t nlines = 0, more, more_lost, time_ns = 0;

    check(file != NULL);
    check(fgets(text, sizeof text, file) != NULL && strstr(text, "time_ns") != NULL);
    *recorded = *lost = 0;
    while (nlines < LINES_MAX && fgets(text, sizeof text, file) != NULL) {
        struct line line;
        unsigned hart;
        check_eq(strlen(text), 128);
        if (sscanf(text, "# hart %u: %" SCNu64 " records, %" SCNu64 " lost", &hart, &more, &more_lost) == 3) {
            *recorded += more;
            *lost += more_lost;
            time_ns = 0;
            continue;
        }
        int n = sscanf(text, "%" SCNu64 " %u %d %*x %7s %" SCNx64 " %3s %*3s %19s %" SCNx64 " %" SCNu64 " %u %u %u",
                       &line.time_ns, &line.hart, &line.pid, line.event, &line.address, line.access, line.what, &line.value,
                       &line.spent_ns, &line.resident, &line.free, &line.swapped);
        if (n != 12)
            fail("no record: %s", text);
        check_ge(line.time_ns, time_ns);                /* of one hart, one after the other */
        time_ns = line.time_ns;
        nlines++;
        if (each != NULL)
            each(&line);
    }
    fclose(file);
    return nlines;
}

/* ---- what is recorded is what is counted ---- */

static pid_t about;                             /* whose records are looked at */
static uint64_t seen[NCASES];

static void count_case(const struct line *line)
{
    if (line->pid != about || strcmp(line->event, "fault") != 0)
        return;
    for (unsigned i = 0; i < NCASES; i++)
        if (strcmp(line->what, case_names[i]) == 0) {
            seen[i]++;
            return;
        }
    fail("a fault of no case: %s", line->what);
}

/* Some of every case, and the last one kills. */
static void faults(void)
{
    enum { NPAGES = 40 };
    int fd = open_or_fail("/tests/target", O_RDONLY);
    uintptr_t own = (uintptr_t)mmap(NULL, NPAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t ours = (uintptr_t)mmap(NULL, NPAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uintptr_t file = (uintptr_t)mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char byte;

    for (unsigned i = NPAGES; i-- > 0;) {               /* down: that is no walk, and nothing is filled ahead */
        poke(own + i * PAGE_BYTES, i);
        poke(ours + i * PAGE_BYTES, i);
    }
    peek(file);
    poke(file, 1);
    check_eq(read(fd, (void *)(file + PAGE_BYTES), 1), 1);      /* a copy of the kernel's makes a page, too */
    pid_t pid = fork();
    for (;;)
        if (pid != 0 || pause() == 0)
            break;
    for (unsigned i = 0; i < NPAGES; i += 2)
        poke(own + i * PAGE_BYTES, i);
    check_eq(kill(pid, SIGKILL), 0);
    expect_status(pid, SIGKILL);
    check_eq(read(fd, &byte, 1), 1);
    munmap((void *)own, PAGE_BYTES);
    peek(own);
}

static void counted(void)
{
    char path[32];
    siginfo_t info;
    uint64_t recorded, lost, sum = 0;

    check_eq(command("20000"), 0);
    about = fork();
    check_ge(about, 0);
    if (about == 0) {
        faults();
        _exit(0);
    }
    check_eq(waitid(P_PID, about, &info, WEXITED | WNOWAIT), 0);
    check_eq(info.si_status, SIGSEGV);
    check_eq(command("0"), 0);
    uint64_t nlines = read_trace(count_case, &recorded, &lost);
    check_eq(lost, 0);
    check_eq(nlines, recorded);
    snprintf(path, sizeof path, "/proc/%d/vmstat", about);
    for (unsigned i = 0; i < NCASES; i++) {
        char row[32];
        snprintf(row, sizeof row, "fault_%s", case_names[i]);
        long expected = proc_row(path, row);
        note("%s: %ld", row, expected);
        check_eq(seen[i], expected);
        sum += seen[i];
    }
    check_ge(sum, 100);
    check(seen[2] >= 20 && seen[4] >= 2 && seen[5] >= 40 && seen[6] >= 40 && seen[8] == 1);
    expect_status(about, SIGSEGV);
    trace_end();
}

/* ---- what happens besides faults ---- */

static uintptr_t place;
static unsigned nmap, nname, nunmap, nfork, nexec, nexit, nswitch, nout, nin;
static pid_t child;

static void count_event(const struct line *line)
{
    nswitch += strcmp(line->event, "switch") == 0;
    nout += strcmp(line->event, "out") == 0 && line->address >= place && line->address < place + 16 * PAGE_BYTES;
    nexec += line->pid == child && strcmp(line->event, "exec") == 0 && strcmp(line->what, "target") == 0;
    nexit += line->pid == child && strcmp(line->event, "exit") == 0;
    if (line->pid != about)
        return;
    nmap += strcmp(line->event, "map") == 0 && line->address == place && line->value == 16 * PAGE_BYTES &&
            strcmp(line->access, "rw") == 0;
    nname += strcmp(line->event, "name") == 0 && strcmp(line->what, "target") == 0;
    nunmap += strcmp(line->event, "unmap") == 0 && line->address == place && line->value == 16 * PAGE_BYTES;
    nfork += strcmp(line->event, "fork") == 0 && line->value == (uint64_t)child;
    nin += strcmp(line->event, "in") == 0 && line->address >= place && line->address < place + 16 * PAGE_BYTES;
}

static void verbs_between(int advice)
{
    uint64_t recorded, lost;

    about = getpid();
    check_eq(command("20000"), 0);
    place = (uintptr_t)mmap(NULL, 16 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages_mark(place, 16, PAGE_BYTES);
    if (advice != 0) {
        check_eq(madvise((void *)place, 16 * PAGE_BYTES, advice), 0);
        pages_verify(place, 16, PAGE_BYTES);
    }
    child = fork();
    check_ge(child, 0);
    if (child == 0) {
        char *argv[] = { "target", NULL };
        execv("/tests/target", argv);
        _exit(1);
    }
    int status;
    check_eq(waitpid(child, &status, 0), child);
    check_eq(munmap((void *)place, 16 * PAGE_BYTES), 0);
    int fd = open_or_fail("/tests/target", O_RDONLY);
    check(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
    close(fd);
    check_eq(command("0"), 0);
    check_eq(read_trace(count_event, &recorded, &lost), recorded);
    check_eq(nmap, 1);
    check_eq(nname, 1);
    check_eq(nunmap, 1);
    check_eq(nfork, 1);
    check_eq(nexec, 1);
    check_eq(nexit, 1);
    check_ge(nswitch, 1);
    trace_end();
}

static void verbs(void) { verbs_between(0); }

static void out_and_in(void)
{
    if (access("/dev/vda", F_OK) != 0)
        skip("there is no swap disk");
    verbs_between(MADV_PAGEOUT);
    check_eq(nout, 16);
    check_eq(nin, 16);
}

/* ---- a ring that is too small, a reader at the same time, wrong calls ---- */

static void lost_ones(void)
{
    uint64_t recorded, lost;
    uintptr_t start = heap_grow(3000 * PAGE_BYTES);

    check_eq(command("100"), 0);
    for (unsigned i = 0; i < 3000; i += 2)              /* no walk, so that each is a fault */
        poke(start + i * PAGE_BYTES, i);
    check_eq(command("0"), 0);
    uint64_t nlines = read_trace(NULL, &recorded, &lost);
    check_ge(recorded, 1500);
    check_ge(lost, 1000);
    check_ge(nlines, 100);
    check_eq(nlines + lost, recorded);
    trace_end();
}

static void check_frame(const struct line *line)
{
    if (line->pid != about || strcmp(line->event, "fault") != 0)
        return;
    check_eq(line->value % PAGE_BYTES, 0);
    check(line->value != 0 || strcmp(line->what, "segv") == 0);
}

/* Another process fills the rings while this one reads. */
static void while_it_goes_on(void)
{
    uint64_t recorded, lost;

    check_eq(command("300"), 0);
    about = fork();
    check_ge(about, 0);
    if (about == 0)
        for (;;) {
            uintptr_t start = (uintptr_t)mmap(NULL, 64 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (unsigned i = 0; i < 64; i += 2)
                poke(start + i * PAGE_BYTES, i);
            munmap((void *)start, 64 * PAGE_BYTES);
        }
    for (unsigned i = 0; i < 20; i++) {
        read_trace(check_frame, &recorded, &lost);
        sleep_ms(3);
        if (i % 5 == 4)
            check_eq(command(i % 2 == 0 ? "300" : "500"), 0);
    }
    check_eq(kill(about, SIGKILL), 0);
    expect_status(about, SIGKILL);
    trace_end();
}

static void wrong_calls(void)
{
    uint64_t recorded, lost;
    char most[24];

    check_eq(command("x"), EINVAL);
    check_eq(command(""), EINVAL);
    check_eq(command("99999999999999999999"), EINVAL);
    check_eq(command("1000000000000"), ENOMEM);
    check_eq(read_trace(NULL, &recorded, &lost), 0);
    check_eq(recorded, 0);
    snprintf(most, sizeof most, "%ld", vmstat("nr_pages") * 40);        /* half of memory */
    check_eq(command(most), ENOMEM);
    check_eq(command("1"), 0);
    check_eq(command(most), ENOMEM);                    /* and nothing is recorded any more */
    check_eq(read_trace(NULL, &recorded, &lost), 0);
    check_eq(recorded, 0);
    trace_end();
}

/* Also a fault at an address that no program can have is recorded. */
static void kernel_addresses(void)
{
    static const uintptr_t addresses[] = { 1ul << 38, 0xffffffc080000000, 0xffffffc0801ff000, -PAGE_BYTES };
    uint64_t recorded, lost;

    check_eq(command("1000"), 0);
    for (unsigned i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        memset(seen, 0, sizeof seen);
        about = fork();
        check_ge(about, 0);
        if (about == 0) {
            peek(addresses[i]);
            _exit(0);
        }
        expect_status(about, SIGSEGV);
        read_trace(count_case, &recorded, &lost);
        check_eq(seen[8], 1);
    }
    trace_end();
}

static const struct test_case cases[] = {
    { .name = "faults are those that are counted", .run = counted },
    { .name = "verbs", .run = verbs },
    { .name = "out and in", .run = out_and_in },
    { .name = "kernel addresses", .run = kernel_addresses },
    { .name = "lost ones", .run = lost_ones },
    { .name = "while it goes on", .run = while_it_goes_on },
    { .name = "wrong calls", .run = wrong_calls },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "trace", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
