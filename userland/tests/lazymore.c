/*
 * lazymore.c - everything that lazy allocation can get wrong, beyond the lab's three tests.
 * Owns: what several parts of the program share. The cases are in lazy_*.c, a table in each.
 * Expected: every case ok, at any number of harts, size of memory and chaos.
 *
 * Usage: lazymore [-l] [NAME...]
 */
#include <unistd.h>

#include <faultline.h>

#include "lazymore.h"

#define RESERVED_PAGES 64                       /* free, but only for process 1, where the kernel does not say how many */

void load_at(uintptr_t va)
{
    peek_byte(va);
}

void store_at(uintptr_t va)
{
    poke_byte(va, 1);
}

void fetch_at(uintptr_t va)
{
    ((void (*)(void))va)();
}

void sleep_forever(uintptr_t unused)
{
    (void)unused;
    for (;;)
        sleep_ms(1000 * 1000);
}

long anon_pages(void)
{
    return vmstat("nr_anon_pages");
}

void memory_fill(long npages)
{
    long reserved = vmstat("nr_reserved_pages"), surplus;

    if (reserved < 0)
        reserved = RESERVED_PAGES;
    /* A page of contents may need some frames for tables, so come closer in steps. */
    while ((surplus = (long)free_pages() - reserved - npages) > 0) {
        size_t n = surplus > 16 ? surplus * 7 / 8 : (surplus + 1) / 2;
        uintptr_t start = heap_grow(n * PAGE_BYTES);
        pages_mark(start, n, PAGE_BYTES);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = {
        heap_cases, ahead_cases, stack_cases, call_cases, fork_cases, exec_cases, oom_cases, NULL,
    };
    static const struct test_program program = { "lazymore", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
