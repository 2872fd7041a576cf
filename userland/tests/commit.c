/*
 * commit.c - what has been promised is counted, and with commit=strict on the boot line no more than memory and swap can hold.
 * Expected: TAP, every case ok, on a machine of at most 64 MiB, with that word or without.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define RW (PROT_READ | PROT_WRITE)

static long pages_of(const char *row) { return proc_row("/proc/meminfo", row) / (long)(PAGE_BYTES / 1024); }
static long committed(void) { return pages_of("Committed_AS"); }
static long room(void) { return pages_of("CommitLimit") - committed(); }

static bool strict(void)
{
    char text[4] = "";
    int fd = open_or_fail("/proc/sys/vm/overcommit_memory", O_RDONLY);

    check_eq(read(fd, text, sizeof(text)), 2);
    close(fd);
    check(strcmp(text, "0\n") == 0 || strcmp(text, "2\n") == 0);
    return text[0] == '2';
}

static void only_strict(void)
{
    if (!strict())
        skip("the boot line does not say commit=strict");
}

/* Returns the address, or -errno. */
static long map(long npages, int prot, int flags)
{
    return raw_syscall(SYS_mmap, 0, npages * (long)PAGE_BYTES, prot, flags | MAP_ANONYMOUS, -1, 0);
}

static uintptr_t must_map(long npages, int prot, int flags)
{
    long start = map(npages, prot, flags);

    check_ge(start, 1);
    return (uintptr_t)start;
}

static long protect(uintptr_t start, long npages, int prot)
{
    return raw_syscall(SYS_mprotect, start, npages * (long)PAGE_BYTES, prot);
}

static long unmap(uintptr_t start, long npages) { return raw_syscall(SYS_munmap, start, npages * (long)PAGE_BYTES); }

static void touch(uintptr_t start, long npages)
{
    for (long i = 0; i < npages; i++)
        poke(start + (uintptr_t)i * PAGE_BYTES, start + (uintptr_t)i);
    for (long i = 0; i < npages; i++)
        check_eq(peek(start + (uintptr_t)i * PAGE_BYTES), start + (uintptr_t)i);
}

#define N 100

/* ---- counted, in any mode ---- */

static void mappings(void)
{
    long before = committed();
    uintptr_t start = must_map(N, RW, MAP_PRIVATE);

    check_eq(committed() - before, N);
    touch(start, N);                            /* a promise that is kept is no more of a promise */
    check_eq(committed() - before, N);
    check_eq(unmap(start + 10 * PAGE_BYTES, 20), 0);
    check_eq(committed() - before, N - 20);
    check_eq(unmap(start, N), 0);
    check_eq(committed(), before);

    start = must_map(N, PROT_READ, MAP_PRIVATE);
    check_eq(committed(), before);
    check_eq(protect(start + 5 * PAGE_BYTES, 10, RW), 0);
    check_eq(committed() - before, 10);
    touch(start + 5 * PAGE_BYTES, 10);
    check_eq(protect(start, N, PROT_READ), 0);  /* what has been stored stays */
    check_eq(committed() - before, 10);
    check_eq(protect(start, N, RW), 0);
    check_eq(committed() - before, N);
    check_eq(raw_syscall(SYS_mmap, start, N * PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), (long)start);
    check_eq(committed(), before);
    check_eq(unmap(start, N), 0);
}

static void heap(void)
{
    long before = committed();

    heap_grow(N * PAGE_BYTES);
    check_eq(committed() - before, N);
    check(sbrk(-(ptrdiff_t)(N * PAGE_BYTES)) != (void *)-1);
    check_eq(committed(), before);
}

static void remap(void)
{
    long before = committed();
    uintptr_t start = must_map(N, RW, MAP_PRIVATE), far = must_map(N, PROT_NONE, MAP_PRIVATE);

    start = (uintptr_t)raw_syscall(SYS_mremap, start, N * PAGE_BYTES, 3 * N * PAGE_BYTES, MREMAP_MAYMOVE, 0);
    check_eq(committed() - before, 3 * N);
    check_eq(raw_syscall(SYS_mremap, start, N * PAGE_BYTES, N * PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, far), (long)far);
    check_eq(committed() - before, 3 * N);
    check_eq(raw_syscall(SYS_mremap, far, N * PAGE_BYTES, PAGE_BYTES, 0, 0), (long)far);
    check_eq(committed() - before, 2 * N + 1);
    check_eq(unmap(start + N * PAGE_BYTES, 2 * N), 0);
    check_eq(unmap(far, 1), 0);
    check_eq(committed(), before);
}

static void compare_with(uintptr_t before) { check_ge(committed() - (long)before, N); }

static void forked(void)
{
    long before = committed();
    uintptr_t start = must_map(N, RW, MAP_PRIVATE);

    expect_ok(compare_with, before + N);        /* the child's stack and data besides */
    check_eq(committed() - before, N);
    check_eq(unmap(start, N), 0);
}

static void shared(void)
{
    long before = committed();
    uintptr_t start = must_map(N, RW, MAP_SHARED);

    check_eq(committed() - before, N);
    check_eq(protect(start, N, PROT_READ), 0);
    check_eq(unmap(start, N - 1), 0);           /* the object is as large as ever */
    check_eq(committed() - before, N);
    check_eq(unmap(start + (N - 1) * PAGE_BYTES, 1), 0);
    check_eq(committed(), before);
}

static void reserve(void)
{
    long before = committed();
    uintptr_t start = must_map(N, RW, MAP_PRIVATE | MAP_NORESERVE);

    check_eq(committed() - before, strict() ? N : 0);
    check_eq(protect(start, N, PROT_READ), 0);
    check_eq(protect(start, N, RW), 0);
    check_eq(committed() - before, strict() ? N : 0);
    check_eq(unmap(start, N), 0);
    check_eq(committed(), before);
}

static void files(void)
{
    static char page[PAGE_BYTES] = "x";
    int fd = (int)raw_syscall(SYS_memfd_create, "commit", 0);

    check_ge(fd, 0);
    long before = committed();
    check_eq(ftruncate(fd, 1 << 30), 0);        /* a hole holds nothing */
    check_eq(committed(), before);
    for (unsigned i = 0; i < N; i++)
        check_eq(pwrite(fd, page, sizeof(page), (off_t)(3 * i * PAGE_BYTES)), sizeof(page));
    check_eq(committed() - before, N);
    check_eq(ftruncate(fd, 0), 0);
    check_eq(committed(), before);
    close(fd);
}

/* Without the word everything is promised. */
static void lazy(void)
{
    if (strict())
        skip("the boot line says commit=strict");
    long npages = 4 * pages_of("CommitLimit");
    uintptr_t start = must_map(npages, RW, MAP_PRIVATE);

    check_ge(committed(), npages);
    touch(start + (size_t)(npages / 2) * PAGE_BYTES, N);
    check_eq(unmap(start, npages), 0);
}

/* ---- refused ---- */

static void no_more(void)
{
    only_strict();
    long n = room(), before = committed();
    check_eq(map(n + 1, RW, MAP_PRIVATE), -ENOMEM);
    check_eq(map(n + 1, RW, MAP_PRIVATE | MAP_NORESERVE), -ENOMEM);
    check_eq(map(n + 1, RW, MAP_SHARED), -ENOMEM);
    check(sbrk((n + 1) * (ptrdiff_t)PAGE_BYTES) == (void *)-1 && errno == ENOMEM);
    check_eq(committed(), before);
    uintptr_t all = must_map(n, RW, MAP_PRIVATE);
    check_eq(room(), 0);
    check_eq(map(1, RW, MAP_PRIVATE), -ENOMEM);
    check_eq(map(1, RW, MAP_SHARED), -ENOMEM);
    check_eq(unmap(must_map(N, PROT_READ, MAP_PRIVATE), N), 0);
    check_eq(fork(), -1);
    check_eq(errno, ENOMEM);
    /* what is there may be replaced, moved, made smaller */
    check_eq(raw_syscall(SYS_mmap, all, N * PAGE_BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), (long)all);
    check_eq(raw_syscall(SYS_mremap, all, n * PAGE_BYTES, (n + 1) * PAGE_BYTES, MREMAP_MAYMOVE, 0), -ENOMEM);
    check_eq(raw_syscall(SYS_mremap, all, n * PAGE_BYTES, n * PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), -ENOMEM);
    check_eq(room(), 0);
    check_eq(unmap(all, n), 0);
    check_eq(committed(), before);
    all = must_map(n, RW, MAP_SHARED);
    check_eq(map(1, RW, MAP_PRIVATE), -ENOMEM);
    check_eq(unmap(all, n), 0);
    check_eq(committed(), before);
}

static void no_more_rights(void)
{
    only_strict();
    long n = room();
    uintptr_t start = must_map(n + 2, PROT_NONE, MAP_PRIVATE);
    check_eq(protect(start, n + 1, RW), -ENOMEM);
    check_eq(room(), n);
    check_eq(protect(start, n, RW), 0);
    check_eq(room(), 0);
    check_eq(protect(start, n, PROT_NONE), 0);
    check_eq(protect(start, n, RW), 0);
    check_eq(protect(start + (size_t)n * PAGE_BYTES, 1, RW), -ENOMEM);
    check_eq(unmap(start, n + 2), 0);
    check_eq(room(), n);
}

static void no_more_in_files(void)
{
    static char page[PAGE_BYTES] = "x";

    only_strict();
    int fd = (int)raw_syscall(SYS_memfd_create, "commit", 0);
    check_ge(fd, 0);
    long n = room();
    uintptr_t most = must_map(n - N, RW, MAP_PRIVATE);
    long written = 0;
    while (write(fd, page, sizeof(page)) == sizeof(page))
        written++;
    check_eq(errno, ENOSPC);
    check_ge(written, N - 20);                  /* what runs has pages of files, too */
    check_le(written, N);
    check_eq(unmap(most, n - N), 0);
    check_eq(write(fd, page, sizeof(page)), sizeof(page));
    close(fd);
}

/* Whoever has been promised something gets it: all that may be promised, by two, is used, and nobody is killed. */
static void hold_half(uintptr_t npages)
{
    uintptr_t start = must_map((long)npages, RW, MAP_PRIVATE);

    touch(start, (long)npages);
    sleep_ms(300);
    touch(start, (long)npages);
}

static void promises_are_kept(void)
{
    only_strict();
    long killed = vmstat("oom_kill"), size = committed();
    pid_t pids[2];
    pids[0] = child_start(hold_half, (uintptr_t)N);
    long process = committed() - size;          /* what a child like this counts besides, at most */
    for (unsigned i = 0; i < 1; i++)
        expect_status(pids[i], 0);
    long half = (room() - 2 * process) / 2;
    for (unsigned i = 0; i < 2; i++)
        pids[i] = child_start(hold_half, (uintptr_t)half);
    for (unsigned i = 0; i < 2; i++)
        expect_status(pids[i], 0);
    check_eq(vmstat("oom_kill"), killed);
}

static void swap_is_promised(void)
{
    only_strict();
    if (pages_of("SwapTotal") == 0)
        skip("there is no swap disk");
    long n = room();
    uintptr_t start = must_map(n, RW, MAP_PRIVATE);
    check_eq(raw_syscall(SYS_swapoff, "/dev/vda"), -ENOMEM);
    check_eq(unmap(start, n), 0);
    check_eq(room(), n);
}

static const struct test_case cases[] = {
    { .name = "mappings", .run = mappings },
    { .name = "heap", .run = heap },
    { .name = "mremap", .run = remap },
    { .name = "fork", .run = forked },
    { .name = "shared memory", .run = shared },
    { .name = "MAP_NORESERVE", .run = reserve },
    { .name = "files", .run = files },
    { .name = "lazy", .run = lazy },
    { .name = "no more than there is", .run = no_more },
    { .name = "no more by mprotect", .run = no_more_rights },
    { .name = "no more in files", .run = no_more_in_files },
    { .name = "promises are kept", .run = promises_are_kept },
    { .name = "swap is promised", .run = swap_is_promised },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "commit", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
