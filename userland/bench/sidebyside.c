/*
 * sidebyside.c - do faults of one address space run side by side? Wall clock, so for a quiet machine, by hand.
 * Usage: sidebyside [HARTS [ROUNDS]]     by itself: scripts/run --harts 2 sidebyside
 *
 * n processes live in one address space, each on a hart; each touches the pages of its own SIZE bytes once. Printed for 1, 2,
 * 4 up to HARTS: nanoseconds a page for each, the best of ROUNDS, and how many times as much is done as by one alone. Debian's Linux,
 * with threads, on the same emulator and two processors: 1.9 to 2.1 times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../tests/tap.h"

#define SIZE      (32ul << 20)
#define MOST      8

static _Atomic uint64_t ready, go;
static _Atomic uint64_t end_ns[MOST];
static uintptr_t area[MOST];

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ul + now.tv_nsec;
}

static void touch_own(uintptr_t self)
{
    ready++;
    while (go == 0)
        ;
    for (uintptr_t va = area[self]; va < area[self] + SIZE; va += PAGE_BYTES)
        poke(va, 1);
    end_ns[self] = now_ns();
}

/* Nanoseconds until the last of n has touched all its pages. */
static uint64_t measure(unsigned n)
{
    uintptr_t start = heap_grow(n * SIZE);
    pid_t pids[MOST];
    uint64_t last = 0;

    ready = go = 0;
    for (unsigned i = 0; i < n; i++) {
        area[i] = start + i * SIZE;
        pids[i] = sharer_start(touch_own, i);
    }
    await(&ready, n);
    uint64_t begin = now_ns();
    go = 1;
    for (unsigned i = 0; i < n; i++) {
        expect_status(pids[i], 0);
        last = end_ns[i] > last ? end_ns[i] : last;
    }
    if (sbrk(start - heap_end()) == (void *)-1)
        exit(2);
    return last - begin;
}

int main(int argc, char **argv)
{
    unsigned harts = argc > 1 ? atoi(argv[1]) : 2, rounds = argc > 2 ? atoi(argv[2]) : 5;
    uint64_t alone = 0;

    for (unsigned n = 1; n <= harts && n <= MOST && n * SIZE < ram_bytes() * 3 / 4; n *= 2) {
        uint64_t best = UINT64_MAX;
        for (unsigned i = 0; i < rounds; i++) {
            uint64_t ns = measure(n);
            best = ns < best ? ns : best;
        }
        alone = n == 1 ? best : alone;
        printf("%u side by side: %5lu ns a page each, %lu.%02lu times one\n", n, best / (SIZE / PAGE_BYTES), n * alone / best,
               n * alone * 100 / best % 100);
    }
    return 0;
}
