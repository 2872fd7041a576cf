/*
 * verbs_window.c - the window of pages that verbs is about, and what is seen of it.
 * Owns: its making, faults, answers, lines of maps. Does not own: the verbs (verbs_map.c, verbs_touch.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/resource.h>
#endif

#include "verbs.h"
#include "verbs_window.h"

uintptr_t heap;
int file[FILES];

/* ---- the window ---- */

uintptr_t address_of(int page) { return page < ARENA_PAGES ? ARENA + PAGES(page) : heap + PAGES(page - ARENA_PAGES); }
void *pointer_to(int page) { return (void *)address_of(page); }
int pages_behind(int page) { return (page < ARENA_PAGES ? ARENA_PAGES : WINDOW_PAGES) - page; }
int at_most(int n, int max) { return n < max ? n : max; }

int clip(int page, int npages) { return at_most(npages, pages_behind(page)); }

int page_at(uintptr_t address)
{
    if (address - ARENA < PAGES(ARENA_PAGES))
        return (address - ARENA) / PAGE_BYTES;
    return address - heap < PAGES(HEAP_PAGES) ? ARENA_PAGES + (int)((address - heap) / PAGE_BYTES) : -1;
}

void say_address(uintptr_t address)
{
    if (page_at(address) < 0)
        say(" elsewhere");
    else
        say(" %d+%d", page_at(address), (int)(address % PAGE_BYTES));
}

/* ---- answers ---- */

static const char *error_name(int error)
{
    static const struct { int number; const char *name; } names[] = {
        { EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { EBADF, "EBADF" }, { EAGAIN, "EAGAIN" }, { ENOMEM, "ENOMEM" },
        { EACCES, "EACCES" }, { EFAULT, "EFAULT" }, { EBUSY, "EBUSY" }, { EEXIST, "EEXIST" }, { ENODEV, "ENODEV" },
        { EINVAL, "EINVAL" }, { EFBIG, "EFBIG" }, { ENOSPC, "ENOSPC" }, { EOVERFLOW, "EOVERFLOW" },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].number == error)
            return names[i].name;
    return strerror(error);
}

void say_error(void) { say(" %s", error_name(errno)); }

void say_result(long result)
{
    if (result == -1)
        say_error();
    else
        say(" %ld", result);
}

/* ---- faults ---- */

sigjmp_buf away;
volatile struct fault fault;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    fault.number = number;
    fault.code = info->si_code;
    fault.address = (uintptr_t)info->si_addr;
    siglongjmp(away, 1);
}

void say_fault(void)
{
    if (fault.number == SIGSEGV)
        say(" SIGSEGV %s", fault.code == SEGV_MAPERR ? "MAPERR" : fault.code == SEGV_ACCERR ? "ACCERR" : "?");
    else
        say(" %s %s", fault.number == SIGBUS ? "SIGBUS" : "?", fault.code == BUS_ADRERR ? "ADRERR" : "?");
    say_address(fault.address);
}

/* ---- maps ---- */

struct line lines[LINES_MAX];
static ino_t identity[2];                       /* of the files */

static void parse_line(const char *text, struct line *line)
{
    char *rest;

    line->start = strtoul(text, &rest, 16);
    line->end = strtoul(rest + 1, &rest, 16);
    memcpy(line->rights, rest + 1, 4);
    line->rights[4] = '\0';
    line->offset = strtoul(rest + 6, &rest, 16);
    strtoul(rest + 1, &rest, 16);               /* the device, major and minor number */
    strtoul(rest + 1, &rest, 16);
    ino_t ino = strtoul(rest + 1, &rest, 10);
    bool shared = line->rights[3] == 's';
    line->kind = shared ? SHM : ANON;
    for (int i = 0; i < 2; i++)
        if (ino == identity[i] && strstr(rest, "/dev/zero") == NULL)
            line->kind = i == 0 ? FILE0 : FILE1;
    if (line->kind == ANON)
        line->offset = 0;
}

/* Keep of line what lies in [start, end). False: nothing. */
static bool cut_line(struct line *line, uintptr_t start, uintptr_t end)
{
    if (line->end <= start || line->start >= end)
        return false;
    if (line->start < start) {
        line->offset += line->kind == ANON ? 0 : start - line->start;
        line->start = start;
    }
    if (line->end > end)
        line->end = end;
    return true;
}

/* Call visit with each line of /proc/self/maps. */
static void each_line(void (*visit)(const char *text))
{
    static char buffer[65536];
    size_t have = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY);

    while ((got = read(fd, buffer + have, sizeof(buffer) - 1 - have)) > 0)
        have += got;
    close(fd);
    buffer[have] = '\0';
    for (char *text = buffer, *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        *end = '\0';
        visit(text);
    }
}

static struct { uintptr_t start, end; unsigned n; } wanted;

static void add_line(const char *text)
{
    if (wanted.n < LINES_MAX) {
        parse_line(text, &lines[wanted.n]);
        wanted.n += cut_line(&lines[wanted.n], wanted.start, wanted.end);
    }
}

unsigned read_lines(uintptr_t start, uintptr_t end)
{
    wanted.start = start;
    wanted.end = end;
    wanted.n = 0;
    if (start < end)
        each_line(add_line);
    return wanted.n;
}

static bool continues(const struct line *a, const struct line *b)
{
    return a->end == b->start && strcmp(a->rights, b->rights) == 0 && a->kind == b->kind &&
           (a->kind == ANON || b->offset == a->offset + (a->end - a->start));
}

void say_lines(unsigned n)
{
    static const char *const names[] = { "", " shm", " file0", " file1" };

    for (unsigned i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && continues(&lines[k - 1], &lines[k]); k++)
            continue;
        int page = page_at(lines[i].start);
        say(" %d-%d %s%s", page, page + (int)((lines[k - 1].end - lines[i].start) / PAGE_BYTES), lines[i].rights,
            names[lines[i].kind]);
        if (lines[i].kind != ANON)
            say("+%d", (int)(lines[i].offset / PAGE_BYTES));
        say(",");
    }
}

void do_maps(const int32_t *arg)
{
    (void)arg;
    say_lines(read_lines(ARENA, ARENA + PAGES(ARENA_PAGES)));
    say_lines(read_lines(heap, heap + PAGES(HEAP_PAGES)));
}

/* ---- making it all ---- */

static void open_files(void)
{
    static uint64_t page[PAGE_BYTES / sizeof(uint64_t)];
    struct stat status;
    char path[64];

    code_put(&page[CODE_WORD]);
    file[0] = memfd_create("verbs", 0);
    file[1] = memfd_create("verbs", 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file[1]);
    file[2] = open(path, O_RDONLY);
    if (file[2] < 0) {
        close(file[1]);
        file[1] = open("/dev/shm/verbs", O_RDWR | O_CREAT | O_EXCL, 0600);
        file[2] = open("/dev/shm/verbs", O_RDONLY);
        unlink("/dev/shm/verbs");
    }
    if (file[0] < 0 || file[1] < 0 || file[2] < 0)
        cannot("files in memory");
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 12 + i; k++) {
            for (int word = 0; word < CODE_WORD; word++)
                page[word] = (uint64_t)(i + 1) << 60 | (uint64_t)k << 32 | word;
            if (pwrite(file[i], page, sizeof(page) - 100 * i, PAGES(k)) < 0)
                cannot("write");
        }
        if (fstat(file[i], &status) != 0)
            cannot("fstat");
        identity[i] = status.st_ino;
    }
}

static void make_heap(void)
{
    uintptr_t end = (uintptr_t)sbrk(0);

    heap = (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    if (brk((void *)heap) != 0 || brk((void *)(heap + PAGES(2))) != 0 || brk((void *)heap) != 0)
        cannot("brk");
}

static void handle(int number)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

    if (sigaction(number, &action, NULL) != 0)
        cannot("sigaction");
}

#ifdef __linux__
/* Is this Linux one that can be compared with: new enough, and may this process lock all that it will want to? */
static void check_machine(void)
{
    struct rlimit limit;
    const size_t locked = PAGES(4 * WINDOW_PAGES);

    if (sysconf(_SC_PAGESIZE) != (long)PAGE_BYTES)
        cannot("pages of another size");
    getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur < locked && geteuid() != 0) {
        limit.rlim_cur = limit.rlim_max < locked ? limit.rlim_max : locked;
        if (limit.rlim_cur < locked || setrlimit(RLIMIT_MEMLOCK, &limit) != 0)
            cannot("RLIMIT_MEMLOCK is too small");
    }
    void *start = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (madvise(start, PAGE_BYTES, MADV_POPULATE_WRITE) != 0)
        cannot("MADV_POPULATE_WRITE (Linux 5.14)");
    if (mremap(start, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL) == MAP_FAILED)
        cannot("MREMAP_DONTUNMAP (Linux 5.13)");
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);      /* a huge page is more than what was touched */
}
#else
static void check_machine(void) { }
#endif

void window_make(void)
{
    if (code_in(0) == 0)
        cannot("an unknown processor");
    check_machine();
    void *start = mmap((void *)ARENA, PAGES(ARENA_PAGES), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (start != (void *)ARENA || munmap(start, PAGES(ARENA_PAGES)) != 0)
        cannot("the arena");
    open_files();
    make_heap();
    handle(SIGSEGV);
    handle(SIGBUS);
}
