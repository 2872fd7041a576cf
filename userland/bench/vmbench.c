/*
 * vmbench.c - what demand paging costs, in instructions, beside the figures of its peers.
 * Owns: how each row of bounds.h is measured.
 * Does not own: the bounds (bounds.h).
 * Expected: under the deterministic clock (one hart, scripts/run --deterministic) one compiler's figures are the same on every
 * run and every machine, none above its bound. Without that clock the figures are ticks of the emulating machine: good for
 * nothing but a look.
 *
 * Every row includes the program's own loop, four instructions a page. A row is measured three times; the least counts, so that
 * first uses of the kernel's caches do not.
 *
 * Usage: vmbench [-t] [NAME...]     -t: as TAP, a case for each row, which fails when it costs more than its bound
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <faultline.h>

#define PAGE            4096ul
#define MIB             (1ul << 20)
#define GIB             (1ul << 30)
#define ROUNDS          3
#define NOT_HERE        UINT64_MAX              /* this machine cannot run the row */
#define TICK_NS         100                     /* of the time base */
#define TICK_COST       100                     /* instructions in a tick of the time base, under the deterministic clock */
#define SMALLEST        "/bin/true"

static void die(const char *what)
{
    printf("vmbench: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- what is measured with ---- */

/* Store to one word in each of n pages: four instructions a page. */
static void touch(uintptr_t va, size_t n, size_t stride)
{
    __asm__ volatile("1:\n\t"
                     "sd   zero, 0(%0)\n\t"
                     "add  %0, %0, %2\n\t"
                     "addi %1, %1, -1\n\t"
                     "bnez %1, 1b"
                     : "+r"(va), "+r"(n)
                     : "r"(stride)
                     : "memory");
}

static void load(uintptr_t va, size_t n, size_t stride)
{
    __asm__ volatile("1:\n\t"
                     "ld   t0, 0(%0)\n\t"
                     "add  %0, %0, %2\n\t"
                     "addi %1, %1, -1\n\t"
                     "bnez %1, 1b"
                     : "+r"(va), "+r"(n)
                     : "r"(stride)
                     : "t0", "memory");
}

/* System call nr with argument a0, n times: four instructions a call, and the kernel's. */
static void call(long nr, long arg, size_t n)
{
    register long a7 __asm__("a7") = nr;
    register long a0 __asm__("a0");

    __asm__ volatile("1:\n\t"
                     "mv   a0, %2\n\t"
                     "ecall\n\t"
                     "addi %1, %1, -1\n\t"
                     "bnez %1, 1b"
                     : "=&r"(a0), "+r"(n)
                     : "r"(arg), "r"(a7)
                     : "memory");
}

static uintptr_t grow(size_t bytes)
{
    uintptr_t end = (uintptr_t)sbrk(0), start = (end + PAGE - 1) & -PAGE;

    if (sbrk(start + bytes - end) == (void *)-1)
        die("sbrk");
    return start;
}

static void shrink_to(uintptr_t start)
{
    if (sbrk(start - (uintptr_t)sbrk(0)) == (void *)-1)
        die("sbrk");
}

static void wait_for(pid_t pid)
{
    if (pid < 0)
        die("fork");
    if (waitpid(pid, NULL, 0) != pid)
        die("waitpid");
}

/* A child that does nothing, to its end. */
static void fork_once(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    wait_for(pid);
}

/* ---- the rows: each returns instructions for one operation ---- */

static uint64_t bench_getpid(void)
{
    uint64_t start = rdinstret();

    call(SYS_getpid, 0, 1000);
    return (rdinstret() - start) / 1000;
}

/* Downwards, where nothing is filled ahead: a fault a page. */
static uint64_t bench_zero_fill(void)
{
    size_t n = 1024;
    uintptr_t va = grow(n * PAGE);

    uint64_t start = rdinstret();
    touch(va + (n - 1) * PAGE, n, -PAGE);
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / n;
}

static uint64_t bench_sequential(void)
{
    size_t n = 1024;
    uintptr_t va = grow(n * PAGE);

    uint64_t start = rdinstret();
    touch(va, n, PAGE);
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / n;
}

static uint64_t bench_load_store(void)
{
    size_t n = 1024;
    uintptr_t va = grow(n * PAGE);

    uint64_t start = rdinstret();
    load(va + (n - 1) * PAGE, n, -PAGE);
    touch(va, n, PAGE);
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / n;
}

static uint64_t bench_sparse(void)
{
    size_t n = 256;
    uintptr_t va = grow(n * 2 * MIB);

    uint64_t start = rdinstret();
    touch(va, n, 2 * MIB);
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / n;
}

static uint64_t read_pages(int fd, uintptr_t va, size_t n)
{
    uint64_t start = rdinstret();

    for (size_t i = 0; i < n; i++)
        if (read(fd, (void *)(va + i * PAGE), PAGE) != (ssize_t)PAGE)
            die("/dev/zero");
    return rdinstret() - start;
}

static uint64_t bench_read_untouched(void)
{
    size_t n = 256;
    int fd = open("/dev/zero", O_RDONLY);
    uintptr_t va = grow(n * PAGE);

    if (fd < 0)
        die("/dev/zero");
    uint64_t untouched = read_pages(fd, va, n), resident = read_pages(fd, va, n);
    shrink_to(va);
    close(fd);
    return (untouched - resident) / n;
}

static uint64_t bench_cow(void)
{
    size_t n = 1024;
    uintptr_t va = grow(n * PAGE);
    int fds[2];
    char byte;

    touch(va, n, PAGE);
    if (pipe(fds) != 0)
        die("pipe");
    pid_t pid = fork();
    if (pid == 0) {                             /* holds the pages until the parent has written to all */
        close(fds[1]);
        read(fds[0], &byte, 1);
        _exit(0);
    }
    close(fds[0]);
    raw_syscall(SYS_sched_yield);              /* the child gets to its read */
    uint64_t start = rdinstret();
    touch(va, n, PAGE);
    uint64_t cost = rdinstret() - start;
    close(fds[1]);
    wait_for(pid);
    shrink_to(va);
    return cost / n;
}

static uint64_t bench_sbrk_page(void)
{
    uintptr_t va = grow(PAGE);

    uint64_t start = rdinstret();
    call(SYS_sbrk, PAGE, 256);
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / 256;
}

static uint64_t bench_shrink_touched(void)
{
    size_t n = 4096;
    uintptr_t va = grow(n * PAGE);

    touch(va, n, PAGE);
    uint64_t start = rdinstret();
    shrink_to(va);
    return (rdinstret() - start) / n;
}

static uint64_t bench_shrink_untouched(void)
{
    uintptr_t va = grow(GIB);

    uint64_t start = rdinstret();
    shrink_to(va);
    return rdinstret() - start;
}

/* fork + exit + wait with bytes of heap, every page of it dirty or none. */
static uint64_t fork_with(size_t bytes, bool dirty)
{
    uintptr_t va = grow(bytes);

    if (dirty)
        touch(va, bytes / PAGE, PAGE);
    uint64_t start = rdinstret();
    fork_once();
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost;
}

static uint64_t bench_fork_small(void)
{
    return fork_with(0, false);
}

static uint64_t bench_fork_dirty(void)
{
    return fork_with(16 * MIB, true);
}

static uint64_t bench_fork_reserved(void)
{
    return fork_with(GIB, false);
}

static uint64_t bench_fork_gib_dirty(void)
{
    if (vmstat("nr_free_pages") < (long)((GIB + 64 * MIB) / PAGE))
        return NOT_HERE;
    return fork_with(GIB, true);
}

static uint64_t bench_write_after_child(void)
{
    size_t n = 4096;
    uintptr_t va = grow(n * PAGE);

    touch(va, n, PAGE);
    fork_once();
    uint64_t start = rdinstret();
    touch(va, n, PAGE);
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / n;
}

static uint64_t bench_fork_exec(void)
{
    char *const argv[] = { SMALLEST, NULL }, *const envp[] = { NULL };

    uint64_t start = rdinstret();
    pid_t pid = fork();
    if (pid == 0) {
        execve(SMALLEST, argv, envp);
        _exit(127);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        die(SMALLEST);
    return rdinstret() - start;
}

static uint64_t bench_pipe(void)
{
    static char buffer[PAGE] __attribute__((aligned(4096)));
    int fds[2];
    size_t n = 64;

    if (pipe(fds) != 0)
        die("pipe");
    memset(buffer, 1, sizeof(buffer));
    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++)
        if (write(fds[1], buffer, PAGE) != (ssize_t)PAGE || read(fds[0], buffer, PAGE) != (ssize_t)PAGE)
            die("pipe");
    uint64_t cost = rdinstret() - start;
    close(fds[0]);
    close(fds[1]);
    return cost / n;
}

/* ---- rights and contents of a range ---- */

/* One page in the middle of a touched range becomes read-only, and writable again: two calls, a split and a merge. */
static uint64_t bench_mprotect(void)
{
    size_t n = 64;
    uintptr_t va = grow(n * PAGE);

    touch(va, n, PAGE);
    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++)
        if (mprotect((void *)(va + n / 2 * PAGE), PAGE, PROT_READ) != 0 ||
            mprotect((void *)(va + n / 2 * PAGE), PAGE, PROT_READ | PROT_WRITE) != 0)
            die("mprotect");
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / (2 * n);
}

static uint64_t bench_dontneed(void)
{
    size_t n = (16 << 20) / PAGE;
    uintptr_t va = grow(n * PAGE);

    touch(va, n, PAGE);
    uint64_t start = rdinstret();
    if (madvise((void *)va, n * PAGE, MADV_DONTNEED) != 0)
        die("madvise");
    uint64_t cost = rdinstret() - start;
    shrink_to(va);
    return cost / n;
}

/* ---- swap ---- */

/*
 * Instructions that this process has executed, in user mode or not. What a disk takes is not the kernel's, and is not the same on
 * every run; nor is how many of its interrupts come while the process runs, so these rows differ by some in a hundred.
 */
static uint64_t own_instructions(void)
{
    struct timespec run;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &run) != 0)
        die("clock_gettime");
    return (run.tv_sec * 1000000000ul + run.tv_nsec) / TICK_NS * TICK_COST;
}

enum { SWAPPED = 1024 };                        /* pages */

static uint64_t advise_all(uintptr_t va, int advice)
{
    uint64_t start = own_instructions();
    if (madvise((void *)va, SWAPPED * PAGE, advice) != 0)
        die("madvise");
    return (own_instructions() - start) / SWAPPED;
}

/* Pages that are written and on disk, by how many instructions each. NOT_HERE: there is no disk. */
static uint64_t swap_out(uintptr_t *va)
{
    unsigned char resident;

    *va = grow(SWAPPED * PAGE);
    for (size_t i = 0; i < SWAPPED; i++)
        *(uint64_t *)(*va + i * PAGE) = i + 1;
    uint64_t cost = advise_all(*va, MADV_PAGEOUT);
    return mincore((void *)*va, PAGE, &resident) == 0 && (resident & 1) ? NOT_HERE : cost;
}

static uint64_t bench_swap_out(void)
{
    uintptr_t va;

    uint64_t cost = swap_out(&va);
    shrink_to(va);
    return cost;
}

static bool is_swapped_out(uintptr_t *va)
{
    if (swap_out(va) != NOT_HERE)
        return true;
    shrink_to(*va);
    return false;
}

static uint64_t bench_swap_in(void)
{
    uintptr_t va;

    if (!is_swapped_out(&va))
        return NOT_HERE;
    uint64_t start = own_instructions();
    load(va, SWAPPED, PAGE);
    uint64_t cost = (own_instructions() - start) / SWAPPED;
    shrink_to(va);
    return cost;
}

static uint64_t bench_swap_out_clean(void)
{
    uintptr_t va;

    if (!is_swapped_out(&va))
        return NOT_HERE;
    load(va, SWAPPED, PAGE);
    uint64_t cost = advise_all(va, MADV_PAGEOUT);
    shrink_to(va);
    return cost;
}

static uint64_t bench_soft_fault(void)
{
    uintptr_t va;

    if (!is_swapped_out(&va))
        return NOT_HERE;
    load(va, SWAPPED, PAGE);
    advise_all(va, MADV_COLD);
    uint64_t start = rdinstret();
    load(va, SWAPPED, PAGE);
    uint64_t cost = (rdinstret() - start) / SWAPPED;
    shrink_to(va);
    return cost;
}

/* ---- files ---- */

static int file_of(size_t npages)
{
    static char buffer[PAGE] __attribute__((aligned(4096)));

    int fd = open("/vmbench.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < npages && fd >= 0; i++)
        if (write(fd, buffer, PAGE) != (ssize_t)PAGE)
            die("write");
    if (fd < 0 || unlink("/vmbench.file") != 0)
        die("/vmbench.file");
    return fd;
}

/* Pages of the file and the buffer are there. */
static uint64_t transfer_pages(ssize_t (*transfer)(int, char *, size_t), size_t file_pages)
{
    static char buffer[PAGE] __attribute__((aligned(4096)));
    size_t n = 64;

    memset(buffer, 1, sizeof(buffer));
    int fd = file_of(file_pages);
    lseek(fd, 0, SEEK_SET);
    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++)
        if (transfer(fd, buffer, PAGE) != (ssize_t)PAGE)
            die("transfer");
    uint64_t cost = rdinstret() - start;
    close(fd);
    return cost / n;
}

static ssize_t put(int fd, char *buffer, size_t len) { return write(fd, buffer, len); }
static ssize_t get(int fd, char *buffer, size_t len) { return read(fd, buffer, len); }

static uint64_t bench_file_read(void) { return transfer_pages(get, 64); }
static uint64_t bench_file_write(void) { return transfer_pages(put, 64); }
static uint64_t bench_file_append(void) { return transfer_pages(put, 0); }

/* ---- mappings ---- */

static uintptr_t map(size_t len, int prot, int flags, int fd)
{
    void *p = mmap(NULL, len, prot, flags, fd, 0);

    if (p == MAP_FAILED)
        die("mmap");
    return (uintptr_t)p;
}

static void unmap(uintptr_t va, size_t len)
{
    if (munmap((void *)va, len) != 0)
        die("munmap");
}

static uint64_t bench_map_unmap(void)
{
    size_t n = 64;

    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++)
        unmap(map(16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), 16 * MIB);
    return (rdinstret() - start) / n;
}

static uint64_t bench_map_touch_unmap(void)
{
    size_t n = 64;

    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++) {
        uintptr_t va = map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        touch(va, 1, PAGE);
        unmap(va, PAGE);
    }
    return (rdinstret() - start) / n;
}

static uint64_t bench_mremap(void)
{
    size_t len = 16 * MIB, n = len / PAGE;
    uintptr_t va = map(len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    uintptr_t to = map(len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    touch(va, n, PAGE);
    uint64_t start = rdinstret();
    if (mremap((void *)va, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)to) != (void *)to)
        die("mremap");
    uint64_t cost = rdinstret() - start;
    unmap(to, len);
    return cost / n;
}

/* What access costs, per page, in a mapping of a file whose pages are in memory. */
static uint64_t access_file(int flags, void (*access)(uintptr_t, size_t, size_t))
{
    size_t n = 1024;
    int fd = file_of(n);
    uintptr_t va = map(n * PAGE, PROT_READ | PROT_WRITE, flags, fd);

    uint64_t start = rdinstret();
    access(va, n, PAGE);
    uint64_t cost = rdinstret() - start;
    unmap(va, n * PAGE);
    close(fd);
    return cost / n;
}

static uint64_t bench_file_load(void) { return access_file(MAP_SHARED, load); }
static uint64_t bench_file_store(void) { return access_file(MAP_SHARED, touch); }
static uint64_t bench_promote(void) { return access_file(MAP_PRIVATE, touch); }

static uintptr_t barrier;

static void lift_barrier(int signal)
{
    (void)signal;
    if (mprotect((void *)barrier, PAGE, PROT_READ | PROT_WRITE) != 0)
        _exit(2);
}

/* A store to a page that may not be stored to, whose handler gives the right: with its mprotect, and the one before it. */
static uint64_t bench_segv(void)
{
    size_t n = 64;
    struct sigaction action = { .sa_handler = lift_barrier };

    barrier = map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    touch(barrier, 1, PAGE);
    if (sigaction(SIGSEGV, &action, NULL) != 0)
        die("sigaction");
    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++) {
        if (mprotect((void *)barrier, PAGE, PROT_READ) != 0)
            die("mprotect");
        touch(barrier, 1, PAGE);
    }
    uint64_t cost = rdinstret() - start;
    signal(SIGSEGV, SIG_DFL);
    unmap(barrier, PAGE);
    return cost / n;
}

static uint64_t bench_open_close(void)
{
    size_t n = 64;

    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++) {
        int fd = open("/bin/true", O_RDONLY);
        if (fd < 0)
            die("/bin/true");
        close(fd);
    }
    return (rdinstret() - start) / n;
}

static uint64_t bench_create_unlink(void)
{
    size_t n = 64;

    uint64_t start = rdinstret();
    for (size_t i = 0; i < n; i++) {
        int fd = open("/vmbench.file", O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0 || close(fd) != 0 || unlink("/vmbench.file") != 0)
            die("/vmbench.file");
    }
    return (rdinstret() - start) / n;
}

/*
 * The kernel notes how long it took to the first program. What the firmware needs before is not ours: 11.8 million in OpenSBI
 * 1.1, more in 1.6, less in 1.9. The only row that does not repeat to the digit: the kernel prints its first lines while it
 * waits for the UART, whose pace is the host's.
 */
static uint64_t bench_boot(void)
{
    long ticks = vmstat("boot_ticks");

    return ticks < 0 ? NOT_HERE : (uint64_t)ticks * TICK_COST;
}

/* ---- the table ---- */

static const struct row {
    const char *name, *text;
    uint64_t (*measure)(void);
    uint64_t bound, target, stretch, xv6, linux_shipped, linux_tuned;
} rows[] = {
#define BENCH(name, text, bound, ...) { #name, text, bench_##name, BOUND(bound), __VA_ARGS__ },
#include "bounds.h"
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

static uint64_t measure(const struct row *row)
{
    uint64_t best = NOT_HERE;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t cost = row->measure();
        best = cost < best ? cost : best;
    }
    return best;
}

/* 2,700,000 as "2,700,000", 0 and NOT_HERE as "-"; in one of a few buffers used in turn. */
static const char *grouped(uint64_t value)
{
    static char buffers[8][32];
    static unsigned turn;
    char *end = buffers[turn++ % 8] + sizeof(buffers[0]) - 1, *p = end;

    *p = '\0';
    if (value == 0 || value == NOT_HERE)
        return "-";
    for (unsigned digits = 0; value > 0; value /= 10, digits++) {
        if (digits > 0 && digits % 3 == 0)
            *--p = ',';
        *--p = '0' + value % 10;
    }
    return p;
}

/* Under the deterministic clock a thousand turns of a loop of four instructions are 4,000 instructions, each time. */
static bool clock_is_deterministic(void)
{
    static uint64_t word;

    for (unsigned round = 0; round < 4; round++) {
        uint64_t start = rdinstret();
        load((uintptr_t)&word, 1000, 0);
        uint64_t cost = rdinstret() - start;
        if (round > 0 && cost >= 4000 && cost < 4010)
            return true;                        /* a timer interrupt may spoil one of the rounds */
    }
    return false;
}

static bool selected(const struct row *row, char **names)
{
    if (*names == NULL)
        return true;
    for (; *names; names++)
        if (strcmp(*names, row->name) == 0)
            return true;
    return false;
}

static void print_table(char **names)
{
    printf("instructions%s\n", clock_is_deterministic() ? "" : " (no: run me with --deterministic and one hart)");
    printf("%-43s %11s %11s %11s %11s %13s %13s %13s\n", "", "measured", "bound", "target", "stretch", "xv6", "Linux",
           "Linux, tuned");
    for (size_t i = 0; i < NROWS; i++) {
        const struct row *row = &rows[i];
        if (!selected(row, names))
            continue;
        uint64_t cost = measure(row);
        printf("%-43s %11s %11s %11s %11s %13s %13s %13s%s\n", row->text, grouped(cost), grouped(row->bound),
               grouped(row->target), grouped(row->stretch), grouped(row->xv6), grouped(row->linux_shipped),
               grouped(row->linux_tuned), cost == NOT_HERE ? "" : cost > row->bound ? "  TOO MUCH" :
               row->target != 0 && cost > row->target ? "  above target" : "");
    }
}

static int print_tap(char **names)
{
    unsigned n = 0, nfailed = 0;

    printf("TAP version 13\n");
    if (!clock_is_deterministic()) {
        printf("1..0 # SKIP the clock does not count instructions: run with --deterministic and one hart\n");
        return 0;
    }
    for (size_t i = 0; i < NROWS; i++)
        n += selected(&rows[i], names);
    printf("1..%u\n", n);
    n = 0;
    for (size_t i = 0; i < NROWS; i++) {
        const struct row *row = &rows[i];
        if (!selected(row, names))
            continue;
        uint64_t cost = measure(row);
        if (cost == NOT_HERE) {
            printf("ok %u - %s # SKIP not on this machine\n", ++n, row->name);
            continue;
        }
        printf("# %s: %s, bound %s, Linux %s\n", row->text, grouped(cost), grouped(row->bound), grouped(row->linux_shipped));
        printf("%sok %u - %s\n", cost > row->bound ? "not " : "", ++n, row->name);
        nfailed += cost > row->bound;
    }
    return nfailed ? 1 : 0;
}

int main(int argc, char **argv)
{
    bool tap = argc > 1 && strcmp(argv[1], "-t") == 0;
    char **names = argv + 1 + tap;

    for (char **name = names; *name; name++) {
        size_t i = 0;
        while (i < NROWS && strcmp(rows[i].name, *name) != 0)
            i++;
        if (i == NROWS) {
            printf("vmbench: no row is called %s\n", *name);
            return 2;
        }
    }
    if (tap)
        return print_tap(names);
    print_table(names);
    return 0;
}
