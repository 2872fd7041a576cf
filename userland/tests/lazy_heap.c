/*
 * lazy_heap.c - cases of lazymore: what sbrk promises, what a first touch delivers, what a shrink takes back.
 * The names S1, S2 ... are the demands of the lazy-allocation lab; the letters a to h are the defects of its usual solution.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include <faultline.h>

#include "lazymore.h"

#define SBRK_ERROR  ((void *)-1)
#define QUIET_PAGES 4                           /* what other processes may come to use meanwhile */

extern char _end[];                             /* where bss ends (user.ld) */

/* ---- growing ---- */

/* S1: the heap's end moves, and no frame is taken. */
static void sbrk_allocates_nothing(void)
{
    poke(heap_grow(PAGE_BYTES), 1);             /* now the heap is there, and so are the pages this function needs */
    free_pages();
    anon_pages();

    long free_before = vmstat("nr_free_pages") + vmstat("nr_page_table_pages");
    long anons_before = anon_pages();
    heap_grow(GIB(1));
    check_le(anon_pages(), anons_before + QUIET_PAGES);
    check_ge(vmstat("nr_free_pages") + vmstat("nr_page_table_pages"), free_before - QUIET_PAGES);
}

/* S2: a store to an untouched page is served and repeated; each page is a page of its own. */
static void store_first(void)
{
    uintptr_t start = heap_grow(256 * PAGE_BYTES);

    pages_mark(start, 256, PAGE_BYTES);
    pages_verify(start, 256, PAGE_BYTES);
    for (size_t i = 0; i < 256; i++)
        check_eq(peek(start + i * PAGE_BYTES + PAGE_BYTES - 8), 0);
}

/* S3, c: a load comes first (cause 13); it reads zero, and what is stored later stays. */
static void load_first(void)
{
    uintptr_t start = heap_grow(256 * PAGE_BYTES);

    for (size_t i = 0; i < 256; i++)
        for (size_t offset = 0; offset < PAGE_BYTES; offset += 8)
            check_eq(peek(start + i * PAGE_BYTES + offset), 0);
    pages_mark(start, 256, PAGE_BYTES);
    pages_verify(start, 256, PAGE_BYTES);
}

/* S3, c: the heap may not be executed, touched or not (cause 12 is decided by the VMA's rights). */
static void fetch_from_heap(void)
{
    uintptr_t start = heap_grow(2 * PAGE_BYTES);

    *(volatile uint16_t *)start = 0x8082;       /* c.jr ra: returns, if only it may run */
    __asm__ volatile("fence.i" ::: "memory");
    expect_death(fetch_at, start, SIGSEGV);
    expect_death(fetch_at, start + PAGE_BYTES, SIGSEGV);
    check_eq(*(volatile uint16_t *)start, 0x8082);
}

/* One store that straddles two untouched pages needs two faults, and one that straddles the end is refused. */
static void straddling_access(void)
{
    uintptr_t start = heap_grow(64 * PAGE_BYTES), end = heap_end();

    for (size_t i = 1; i < 64; i += 2) {
        poke(start + i * PAGE_BYTES - 4, 0x1122334455667788);
        check_eq(peek(start + i * PAGE_BYTES - 4), 0x1122334455667788);
        check_eq(*(volatile uint32_t *)(start + i * PAGE_BYTES), 0x11223344);
    }
    child_fn *const accesses[] = { load_at, store_at };
    for (size_t i = 0; i < 2; i++)
        expect_ok(accesses[i], end - 1);
    pid_t pid = fork();
    if (pid == 0) {
        poke(end - 4, 1);
        _exit(0);
    }
    expect_status(pid, SIGSEGV);
}

/* ---- giving back ---- */

/*
 * Grow again over what has just been given back, in the same process: whatever was left mapped there, or is remembered of
 * its tables, shows. The page touched last comes first again.
 */
static void regrow_is_new(uintptr_t start, size_t n, size_t stride)
{
    check_eq(heap_grow(n * stride), start);
    for (size_t i = n; i-- > 0;)
        check_eq(peek(start + i * stride), 0);
    pages_mark(start, n, stride);
    pages_verify(start, n, stride);
    check(sbrk(-(ptrdiff_t)(n * stride)) != SBRK_ERROR);
}

/* S4: shrinking over pages that were never touched, alone, in between and over whole tables that are not there. */
static void shrink_over_holes(void)
{
    static const size_t strides[] = { 1, 3, 33, 512, 513, 5000, 300000 };

    for (size_t s = 0; s < sizeof(strides) / sizeof(strides[0]); s++) {
        size_t stride = strides[s] * PAGE_BYTES, n = 20;
        uintptr_t start = heap_grow(n * stride + GIB(1));
        pages_mark(start, n, stride);
        check(sbrk(-(ptrdiff_t)(n / 2 * stride + GIB(1))) != SBRK_ERROR);
        regrow_is_new(start + n / 2 * stride, n / 2, stride);
        pages_verify(start, n / 2, stride);
        expect_death(load_at, start + n / 2 * stride, SIGSEGV);
        check(sbrk(-(ptrdiff_t)(n / 2 * stride)) != SBRK_ERROR);
        check_eq(heap_end(), start);
        expect_death(load_at, start, SIGSEGV);
    }
}

/* S5: a shrink returns the frames at once, and the pages are gone. */
static void shrink_frees(void)
{
    size_t n = 1024;
    uintptr_t start = heap_grow(n * PAGE_BYTES);
    long before = anon_pages();

    pages_mark(start, n, PAGE_BYTES);
    check_ge(anon_pages(), before + (long)n - QUIET_PAGES);
    check(sbrk(-(ptrdiff_t)(n * PAGE_BYTES)) != SBRK_ERROR);
    check_le(anon_pages(), before + QUIET_PAGES);
    for (size_t i = 0; i < n; i += 341)
        expect_death(load_at, start + i * PAGE_BYTES, SIGSEGV);
    regrow_is_new(start, n, PAGE_BYTES);
}

/* Shrink, then grow again: the pages are new, and zero. */
static void regrow_reads_zero(void)
{
    uintptr_t start = heap_grow(64 * PAGE_BYTES);

    for (unsigned round = 0; round < 4; round++) {
        memset((void *)start, 0xa5, 64 * PAGE_BYTES);
        check(sbrk(-32 * (ptrdiff_t)PAGE_BYTES) != SBRK_ERROR);
        check(sbrk(32 * PAGE_BYTES) != SBRK_ERROR);
        for (size_t offset = 0; offset < 32 * PAGE_BYTES; offset += 8)
            check_eq(peek(start + offset), 0xa5a5a5a5a5a5a5a5);
        for (size_t offset = 32 * PAGE_BYTES; offset < 64 * PAGE_BYTES; offset += 8)
            check_eq(peek(start + offset), 0);
        pages_mark(start, 64, PAGE_BYTES);              /* each a page of its own */
        pages_verify(start, 64, PAGE_BYTES);
    }
}

/* Shrinking within a page keeps the page; shrinking past its start takes it. */
static void shrink_inside_a_page(void)
{
    uintptr_t start = heap_grow(2 * PAGE_BYTES);

    poke_byte(start + PAGE_BYTES, 7);
    poke_byte(start + PAGE_BYTES - 1, 6);
    check(sbrk(-(ptrdiff_t)PAGE_BYTES + 1) != SBRK_ERROR);
    check_eq(heap_end(), start + PAGE_BYTES + 1);
    check_eq(peek_byte(start + PAGE_BYTES), 7);
    expect_ok(load_at, start + 2 * PAGE_BYTES - 1);     /* the rest of the last page is there */
    check(sbrk(-1) != SBRK_ERROR);
    expect_death(load_at, start + PAGE_BYTES, SIGSEGV);
    check_eq(peek_byte(start + PAGE_BYTES - 1), 6);
}

/* ---- legality ---- */

/* S6, b: an access at exactly the heap's end kills; one byte below, it does not. */
static void heap_end_is_exclusive(void)
{
    child_fn *const accesses[] = { load_at, store_at, fetch_at };
    uintptr_t end = heap_grow(4 * PAGE_BYTES) + 4 * PAGE_BYTES;

    check_eq(heap_end(), end);
    for (size_t i = 0; i < 3; i++) {
        expect_death(accesses[i], end, SIGSEGV);
        expect_death(accesses[i], end + 1, SIGSEGV);
        expect_death(accesses[i], end + PAGE_BYTES, SIGSEGV);
    }
    expect_ok(load_at, end - 1);
    expect_ok(store_at, end - 1);
}

/* An empty heap has no page at all. */
static void empty_heap(void)
{
    uintptr_t base = page_up((uintptr_t)_end);

    check(brk((void *)base) == 0);
    check_eq(heap_end(), base);
    expect_death(load_at, base, SIGSEGV);
    expect_death(store_at, base, SIGSEGV);
    check_eq(sbrk(1), base);
    expect_ok(store_at, base);
    expect_ok(store_at, base + PAGE_BYTES - 1);
    expect_death(store_at, base + PAGE_BYTES, SIGSEGV);
}

/* S12, and the lab's "freewalk: leaf": every boundary, one byte to either side; the runner then counts the frames. */
static void every_boundary(void)
{
    child_fn *const accesses[] = { load_at, store_at, fetch_at };
    uintptr_t start = heap_grow(3 * PAGE_BYTES);
    const uintptr_t boundaries[] = {
        0, PAGE_BYTES, 0x10000, start, start + PAGE_BYTES, heap_end(), heap_end() + PAGE_BYTES, GIB(1), GIB(2), GIB(4),
        USER_END - MIB(8), USER_END - PAGE_BYTES, USER_END, -USER_END, 1ul << 63, 0xffffffff80000000,
    };

    for (size_t b = 0; b < sizeof(boundaries) / sizeof(boundaries[0]); b++) {
        for (size_t a = 0; a < 3; a++) {
            for (int delta = -1; delta <= 1; delta++) {
                uintptr_t va = boundaries[b] + delta;
                bool in_heap = va >= start && va < heap_end();
                bool nowhere = va < 0x10000 || va >= USER_END || (va >= heap_end() && va <= GIB(4) + 1);
                int status = child_wait(child_start(accesses[a], va));
                if (in_heap && accesses[a] != fetch_at)
                    check_eq(status, 0);
                else if (in_heap || nowhere)
                    check_eq(status, SIGSEGV);
                else
                    check(status == 0 || status == SIGSEGV || status == SIGILL || status == SIGTRAP);
            }
        }
    }
}

/* The lab's "uvmunmap: walk": exit with a tail that was never touched. */
static void exit_with_untouched_tail(uintptr_t touched)
{
    uintptr_t start = heap_grow(GIB(1) + 3 * PAGE_BYTES);

    pages_mark(start, touched, PAGE_BYTES);
    poke_byte(start + GIB(1), touched);
}

static void untouched_tail(void)
{
    for (size_t touched = 0; touched < 4; touched++)
        expect_ok(exit_with_untouched_tail, touched);
}

/* ---- exact results ---- */

/* sbrk(increment) must fail and leave everything as it was. */
static void refused(ptrdiff_t increment)
{
    uintptr_t end = heap_end();
    uintptr_t last = (end - 1) & ~7ul;
    uint64_t content = peek(last);

    errno = 0;
    void *result = sbrk(increment);
    int error = errno;
    if (result != SBRK_ERROR)
        fail("sbrk(%#lx) returned %p, expected an error", (long)increment, result);
    check(error == ENOMEM || error == EINVAL);
    check_eq(heap_end(), end);
    check_eq(peek(last), content);
}

/* sbrk(increment) must work, to the byte. */
static void granted(ptrdiff_t increment)
{
    uintptr_t end = heap_end();

    check_eq(sbrk(increment), end);
    check_eq(heap_end(), end + increment);
}

/* S11: no end above user space, none below the heap's base, and an error changes nothing. */
static void sbrk_ceiling_and_floor(void)
{
    uintptr_t base = page_up((uintptr_t)_end);

    heap_grow(4 * PAGE_BYTES);
    poke(heap_end() - 8, 0x5eed);
    refused(USER_END);
    refused(USER_END - heap_end());
    refused(USER_END - heap_end() + 1);
    refused(USER_END - heap_end() - MIB(8) + PAGE_BYTES);       /* into the stack */
    refused(USER_END - heap_end() - MIB(8) - PAGE_BYTES);       /* up to it: there must be a gap */
    refused(LONG_MAX);
    refused(LONG_MAX - heap_end());
    refused(LONG_MIN);
    refused(LONG_MIN + 1);
    refused(-(ptrdiff_t)heap_end());
    refused(-(ptrdiff_t)heap_end() - 1);                        /* a sum below zero */
    refused(-(ptrdiff_t)(heap_end() - base) - 1);               /* one byte below the base */
    refused(INT_MIN);
    refused(-(ptrdiff_t)USER_END);
    check_eq(peek(heap_end() - 8), 0x5eed);
    granted(-(ptrdiff_t)(heap_end() - base));
    check_eq(heap_end(), base);
    granted(PAGE_BYTES);
    check_eq(peek(base), 0);
}

static void sbrk_small_steps(void)
{
    heap_grow(PAGE_BYTES);
    granted(0);
    granted(0);
    granted(1);
    poke_byte(heap_end() - 1, 1);
    granted(-1);
    granted(PAGE_BYTES - 1);
    poke_byte(heap_end() - 1, 2);
    granted(2);
    poke_byte(heap_end() - 1, 3);
    granted(12345);
    poke_byte(heap_end() - 1, 4);
    granted(-12345);
    granted(-2);
    check_eq(peek_byte(heap_end() - 1), 2);
    for (size_t i = 0; i < 3 * PAGE_BYTES; i++) {
        granted(1);
        poke_byte(heap_end() - 1, i);
    }
    for (size_t i = 0; i < 3 * PAGE_BYTES; i++)
        check_eq(peek_byte(heap_end() - 3 * PAGE_BYTES + i), i & 0xff);
}

/* The lab's truncated return value: ends beyond 2 and 4 GiB are exact in all 64 bits, up and down. */
static void sbrk_beyond_2_gib(void)
{
    uintptr_t start = heap_grow(PAGE_BYTES);

    granted(GIB(3));
    poke(start + GIB(2) - 8, 2);
    poke(start + GIB(2), 3);
    poke(start + GIB(3), 4);
    granted(INT_MIN);                           /* now less than the heap: a shrink like any other */
    expect_death(load_at, start + GIB(2), SIGSEGV);
    granted(0x80000004);                        /* negative, if taken for 32 bits */
    check_eq(peek(start + GIB(2)), 0);
    poke_byte(heap_end() - 1, 9);
    granted(GIB(4));
    granted((ptrdiff_t)GIB(8) + 5);
    poke_byte(heap_end() - 1, 9);
    check_eq(heap_end(), start + PAGE_BYTES + GIB(3) - GIB(2) + 0x80000004 + GIB(12) + 5);
    granted(-(ptrdiff_t)GIB(12) - 5);
    granted(-0x80000004l);
    check_eq(heap_end(), start + PAGE_BYTES + GIB(1));
}

/* A lazy heap of 200 GiB, touched here and there, on any machine. */
static void sbrk_200_gib(void)
{
    uintptr_t start = heap_grow(GIB(200));

    pages_mark(start, 50, GIB(4));
    pages_verify(start, 50, GIB(4));
    poke_byte(start + GIB(200) - 1, 1);
    granted(-(ptrdiff_t)GIB(200));
}

/* brk(2): answers with the end that holds. */
static uintptr_t raw_brk(uintptr_t end)
{
    return raw_syscall(SYS_brk, end);
}

static void brk_results(void)
{
    uintptr_t base = page_up((uintptr_t)_end);
    uintptr_t end = heap_grow(2 * PAGE_BYTES) + 2 * PAGE_BYTES;
    const uintptr_t refused_ends[] = { 0, 1, base - 1, 0x10000, USER_END, USER_END + 1, USER_END - PAGE_BYTES, 1ul << 63, -1ul };

    for (size_t i = 0; i < sizeof(refused_ends) / sizeof(refused_ends[0]); i++)
        check_eq(raw_brk(refused_ends[i]), end);
    check_eq(raw_brk(end + 100), end + 100);
    check_eq(heap_end(), end + 100);
    poke_byte(end + 99, 1);
    check_eq(raw_brk(end + GIB(1)), end + GIB(1));
    poke_byte(end + GIB(1) - 1, 1);
    check_eq(raw_brk(end), end);
    expect_death(load_at, end, SIGSEGV);
    check_eq(raw_brk(base), base);
    check_eq(heap_end(), base);
}

/* ---- cost ---- */

#define SPARSE_PAGES 64

/* Ticks for fork + exit + wait and then a shrink of a heap of SPARSE_PAGES * stride bytes with SPARSE_PAGES pages in it. */
static uint64_t sparse_cost(size_t stride)
{
    uint64_t best = UINT64_MAX;
    uintptr_t start = heap_grow(SPARSE_PAGES * stride);

    for (unsigned round = 0; round < 5; round++) {
        pages_mark(start, SPARSE_PAGES, stride);
        uint64_t t0 = rdtime();
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        check_eq(child_wait(pid), 0);
        granted(-(ptrdiff_t)(SPARSE_PAGES * stride));
        uint64_t ticks = rdtime() - t0;
        best = ticks < best ? ticks : best;
        heap_grow(SPARSE_PAGES * stride);
    }
    granted(-(ptrdiff_t)(SPARSE_PAGES * stride));
    return best;
}

/*
 * e: fork, shrink and exit cost what is touched, not what is reserved. The same 64 pages in 64 GiB need a table each and
 * so cost more than in 16 MiB, but nothing like the 4096 times more that a walk of the range takes (16 million entries).
 */
static void cost_follows_touched(void)
{
    uint64_t dense = sparse_cost(64 * PAGE_BYTES), sparse = sparse_cost(GIB(1));

    if (sparse > 60 * dense + 20000)
        fail("64 pages in 16 MiB: %lu ticks; in 64 GiB: %lu ticks", dense, sparse);
}

/* getrusage(2) counts real faults: at least one for each page, and not many more. */
static void rusage_counts_faults(void)
{
    struct rusage before, after;
    uintptr_t start = heap_grow(100 * 64 * PAGE_BYTES);

    check_eq(getrusage(RUSAGE_SELF, &before), 0);
    pages_mark(start, 100, 64 * PAGE_BYTES);
    check_eq(getrusage(RUSAGE_SELF, &after), 0);
    check_ge(after.ru_minflt - before.ru_minflt, 100);
    if (!chaos_is_on())
        check_le(after.ru_minflt - before.ru_minflt, 110);
    check_eq(after.ru_majflt, 0);
}

const struct test_case heap_cases[] = {
    { .name = "S1 sbrk allocates nothing", .run = sbrk_allocates_nothing },
    { .name = "S2 store first", .run = store_first },
    { .name = "S3 load first", .run = load_first },
    { .name = "S3 fetch from the heap", .run = fetch_from_heap },
    { .name = "straddling access", .run = straddling_access },
    { .name = "S4 shrink over holes", .run = shrink_over_holes },
    { .name = "S5 shrink frees", .run = shrink_frees },
    { .name = "shrink then regrow reads zero", .run = regrow_reads_zero },
    { .name = "shrink inside a page", .run = shrink_inside_a_page },
    { .name = "S6 heap end is exclusive", .run = heap_end_is_exclusive },
    { .name = "empty heap", .run = empty_heap },
    { .name = "S12 every boundary", .run = every_boundary },
    { .name = "exit with an untouched tail", .run = untouched_tail },
    { .name = "S11 sbrk ceiling and floor", .run = sbrk_ceiling_and_floor },
    { .name = "sbrk small steps", .run = sbrk_small_steps },
    { .name = "sbrk beyond 2 GiB", .run = sbrk_beyond_2_gib },
    { .name = "sbrk 200 GiB", .run = sbrk_200_gib },
    { .name = "brk results", .run = brk_results },
    { .name = "cost follows what is touched", .run = cost_follows_touched },
    { .name = "rusage counts faults", .run = rusage_counts_faults },
    { .name = NULL },
};
