/*
 * pages.c - turns to pages in one of a few ways, in which programs differ, and policies by them.
 *
 *   pages loop NPAGES TURNS         one page after the other, and again from the first
 *   pages round NPAGES TURNS        the same, but in a scattered order, in which nobody can read ahead
 *   pages skewed NPAGES TURNS       at random, some far more often than others: the n-th with a weight of 1/n
 *   pages moving NPAGES TURNS       at random among an eighth of them, and every 500 turns half of that eighth is another
 *   pages hot NPAGES TURNS          a sixteenth of them in every second turn, the others one after the other in between
 *
 * Each page is written once before; then turns are counted. It says how many of them had to read a disk, and how long they took.
 * A page that comes back as another is noticed. Where there is less memory than NPAGES, give it a disk: scripts/run --swap 512M.
 * scripts/policies shows what becomes of it under every policy, and --cliff with how much memory.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define WORDS (4096 / sizeof(uint64_t))

static size_t npages, turn;
static uint64_t *pages;
static double *weight;                          /* of the pages up to this one */

/* Knuth's MMIX generator: the same turns in every run. */
static uint32_t random_number(uint32_t below)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (state >> 33) % below;
}

static size_t loop(void) { return turn % npages; }

/* A prime steps through all pages, unless their number is a multiple of it. */
static size_t scattered(void) { return turn * 7919 % npages; }

static size_t skewed(void)
{
    double wanted = weight[npages - 1] * random_number(1u << 30) / (1u << 30);
    size_t low = 0, high = npages - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (weight[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t moving(void)
{
    size_t some = npages / 8;
    return (turn / 500 * (some / 2) + random_number(some)) % npages;
}

static size_t hot(void)
{
    size_t few = npages / 16;
    return turn % 2 == 0 ? random_number(few) : few + turn / 2 % (npages - few);
}

static const struct way {
    const char *name;
    size_t (*next)(void);
} ways[] = { { "loop", loop }, { "round", scattered }, { "skewed", skewed }, { "moving", moving }, { "hot", hot } };

static const struct way *find_way(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    errx(2, "there is no way %s", name);
}

static void turn_to(size_t page)
{
    uint64_t *word = pages + page * WORDS;

    if (*word != page + 1)
        errx(1, "page %zu has %#lx in it", page, *word);
}

static long major_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_majflt;
}

static uint64_t microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ul + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    if (argc != 4 || atoi(argv[2]) < 16 || atoi(argv[3]) < 1)
        errx(2, "usage: pages loop|round|skewed|moving|hot NPAGES TURNS, 16 pages at least");
    const struct way *way = find_way(argv[1]);
    npages = atoi(argv[2]);
    size_t nturns = atoi(argv[3]);
    pages = mmap(NULL, npages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    weight = way->next == skewed ? malloc(npages * sizeof *weight) : NULL;
    if (pages == MAP_FAILED || (way->next == skewed && weight == NULL))
        err(1, "no memory");
    for (size_t i = 0; i < npages; i++) {
        pages[i * WORDS] = i + 1;
        if (weight != NULL)
            weight[i] = (i > 0 ? weight[i - 1] : 0) + 1.0 / (i + 1);
    }
    long faults = major_faults();
    uint64_t begin = microseconds();
    for (turn = 0; turn < nturns; turn++)
        turn_to(way->next());
    printf("%s, %zu pages, %zu turns: %ld read from disk, %lu us\n", way->name, npages, nturns, major_faults() - faults,
           microseconds() - begin);
    return 0;
}
