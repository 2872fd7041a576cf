/*
 * barrier.c - the write barrier of a garbage collector with two generations, made by the MMU.
 *
 * New objects are made in a nursery; those that survive move to the old space, which is much larger. A
 * minor collection empties the nursery. It must find every pointer into it, also those that stand in old
 * objects, without looking at all of the old space. So the old space is read-only: the first store to each
 * of its pages is SIGSEGV, and the handler marks the page's card and lets stores to this page through. The
 * collection scans the pages that are marked, and protects them again. What a store costs after the first
 * one: nothing. A compiler would otherwise put an instruction or two beside every store of a pointer.
 *
 * The kernel's own stores bring no signal: read(2) into a protected page fails with EFAULT. A real
 * collector reads into other memory, or marks the page first.
 *
 *   $ barrier
 *   old space: 4096 objects in 64 pages
 *   collection 1:   1 page  scanned of 64, 16 objects survive
 *   collection 2:  12 pages scanned of 64, 40 objects survive
 *   collection 3:   0 pages scanned of 64,  0 objects survive
 *   collection 4:  64 pages scanned of 64, 64 objects survive
 *   pointers into the nursery that were missed: 0
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct object {
    struct object *field[8];
};
enum { PAGE = 4096, OLD_PAGES = 64, PER_PAGE = PAGE / sizeof(struct object), OLD = OLD_PAGES * PER_PAGE, NURSERY = 256 };

static struct object *old;                      /* OLD objects, all of them in use */
static volatile bool dirty[OLD_PAGES];          /* the card table; volatile: it changes in the middle of any store */
static struct object nursery[NURSERY];
static size_t nursery_used;
static size_t missed;

static void protect(size_t page, int protection)
{
    if (mprotect(old + page * PER_PAGE, PAGE, protection) < 0)
        err(1, "page %zu", page);
}

/* The barrier. A fault anywhere else is a mistake: without the handler it comes again, and kills. */
static void on_store(int number, siginfo_t *info, void *context)
{
    (void)context;
    size_t page = ((uintptr_t)info->si_addr - (uintptr_t)old) / PAGE;

    if (page >= OLD_PAGES || info->si_code != SEGV_ACCERR || dirty[page]) {
        signal(number, SIG_DFL);
        return;
    }
    dirty[page] = true;
    protect(page, PROT_READ | PROT_WRITE);
}

static struct object *make(void) { return &nursery[nursery_used++]; }

static bool is_young(const struct object *object) { return object >= nursery && object < nursery + NURSERY; }

/* Scan an old object. What survives would be copied to the old space; here it is only counted, and the pointer let go. */
static size_t scan(struct object *object)
{
    size_t survivors = 0;

    for (size_t i = 0; i < 8; i++)
        if (is_young(object->field[i])) {
            object->field[i] = NULL;
            survivors++;
        }
    return survivors;
}

static void collect(int number)
{
    size_t scanned = 0, survivors = 0;

    for (size_t page = 0; page < OLD_PAGES; page++) {
        if (!dirty[page])
            continue;
        for (size_t i = 0; i < PER_PAGE; i++)
            survivors += scan(&old[page * PER_PAGE + i]);
        dirty[page] = false;
        protect(page, PROT_READ);
        scanned++;
    }
    printf("collection %d: %3zu page%s scanned of %d, %2zu objects survive\n", number, scanned, scanned == 1 ? " " : "s",
           OLD_PAGES, survivors);
    for (size_t i = 0; i < OLD * 8; i++)        /* what no collector can afford: look everywhere */
        missed += is_young(old[i / 8].field[i % 8]);
    nursery_used = 0;
}

int main(void)
{
    struct sigaction action = { .sa_sigaction = on_store, .sa_flags = SA_SIGINFO };

    old = mmap(NULL, OLD_PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (old == MAP_FAILED || sigaction(SIGSEGV, &action, NULL) < 0)
        err(1, "no old space");
    printf("old space: %zu objects in %d pages\n", (size_t)OLD, OLD_PAGES);

    for (size_t i = 0; i < 16; i++)             /* neighbours: one page, one fault */
        old[i].field[i % 8] = make();
    collect(1);
    for (size_t i = 0; i < 40; i++)             /* 40 objects on 12 pages */
        old[i % 12 * 5 * PER_PAGE + i].field[0] = make();
    collect(2);
    for (size_t i = 0; i < NURSERY; i++)        /* nobody old points to them, so nothing old is looked at */
        make()->field[0] = &old[i];
    collect(3);
    for (size_t i = 0; i < OLD_PAGES; i++)      /* the worst case */
        old[i * PER_PAGE].field[7] = make();
    collect(4);
    printf("pointers into the nursery that were missed: %zu\n", missed);
    return missed > 0;
}
