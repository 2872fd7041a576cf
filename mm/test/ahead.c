/*
 * ahead.c - tests of mm/ahead.h: who gets pages ahead, how many, and what is said of them afterwards.
 */
#include "mm/advise.h"
#include "mm/ahead.h"
#include "mm/anon.h"
#include "mm/near.h"
#include "mm/test/test.h"
#include "mm/uaccess.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AFTER 8                         /* pages in a row that get nothing yet but the last */

static const vaddr_t at = 0x400000;     /* where a neighbourhood begins */

static struct addrspace *space(size_t npages, unsigned prot)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, npages * PAGE_SIZE, prot), 0);
    return as;
}

/* Store to pages [from, end), one after the other. */
static void walk(struct addrspace *as, unsigned from, unsigned end)
{
    for (unsigned i = from; i < end; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
}

static void check_ahead(uint64_t filled, uint64_t used, uint64_t wasted)
{
    check_eq(faults(FAULT_AHEAD), filled);
    check_eq(faults(FAULT_AHEAD_USED), used);
    check_eq(faults(FAULT_AHEAD_WASTED), wasted);
}

/* As many as it has touched, up to the end of the neighbourhood; from then on all of each. */
static void long_walk(void)
{
    struct addrspace *as = space(4 * NEAR_PAGES, RW);
    walk(as, 0, AFTER);
    check_ahead(AFTER, 0, 0);
    check_eq(faults(FAULT_B3), AFTER);
    walk(as, AFTER, 2 * AFTER);
    check_eq(faults(FAULT_B3), AFTER);
    walk(as, 2 * AFTER, NEAR_PAGES);
    check_eq(faults(FAULT_B3), AFTER + 1);
    check_ahead(NEAR_PAGES - AFTER - 1, AFTER, 0);
    check_eq(page_used(PAGE_ANON), NEAR_PAGES);
    walk(as, NEAR_PAGES, 4 * NEAR_PAGES);
    check_eq(faults(FAULT_B3), AFTER + 1 + 3);
    check_ahead(4 * NEAR_PAGES - (AFTER + 4), 3 * NEAR_PAGES - (AFTER + 3), 0);     /* the last window is not judged yet */
    check_eq(as->pmap.resident, 4 * NEAR_PAGES);
    for (unsigned i = 0; i < 4 * NEAR_PAGES; i++) {
        check_eq(program_load(as, at + i * PAGE_SIZE), i);
        check_eq(program_load(as, at + i * PAGE_SIZE + 1), 0);
    }
    destroy(as);
}

/* Who touches every other page, or goes down, or touches a few in a row here and there, gets what it touches. */
/* A long walk gets the nodes of a whole page table at once, but none beyond its VMA; who does not walk gets one at a time. */
static void nodes(void)
{
    struct addrspace *as = space(MMU_TABLE_SPAN + NEAR_PAGES, RW);
    walk(as, 0, NEAR_PAGES);
    size_t before = radix_node_count();
    walk(as, NEAR_PAGES, 3 * NEAR_PAGES);
    check_eq(radix_node_count(), before + MMU_TABLE_SPAN / NEAR_PAGES - 1);
    walk(as, 3 * NEAR_PAGES, MMU_TABLE_SPAN);
    check_eq(radix_node_count(), before + MMU_TABLE_SPAN / NEAR_PAGES - 1);
    walk(as, MMU_TABLE_SPAN, MMU_TABLE_SPAN + NEAR_PAGES);
    check_eq(radix_node_count(), before + MMU_TABLE_SPAN / NEAR_PAGES);
    world_check();
    destroy(as);
    as = space(MMU_TABLE_SPAN, RW);
    walk(as, 0, 1);
    before = radix_node_count();
    walk(as, 5 * NEAR_PAGES, 5 * NEAR_PAGES + 3);
    check_eq(radix_node_count(), before + 1);
    destroy(as);
}

static void no_walk(void)
{
    struct addrspace *as = space(20 * NEAR_PAGES, RW);
    for (unsigned i = 0; i < 4 * NEAR_PAGES; i += 2)
        check_eq(program_store(as, at + i * PAGE_SIZE, 1), 0);
    for (unsigned i = 8 * NEAR_PAGES; i-- > 4 * NEAR_PAGES;)
        check_eq(program_store(as, at + i * PAGE_SIZE, 1), 0);
    for (unsigned i = 8 * NEAR_PAGES; i < 19 * NEAR_PAGES; i += AFTER + 1)
        walk(as, i, i + AFTER - 1);
    check_ahead(0, 0, 0);
    check_eq(page_used(PAGE_ANON), faults(FAULT_B3));
    destroy(as);
}

/* Not beyond the VMA, and not over what is there. */
static void bounds(void)
{
    struct addrspace *as = space(AFTER + 3, RW);
    check_eq(map_zero(as, at + (AFTER + 3) * PAGE_SIZE, NEAR_PAGES * PAGE_SIZE, PROT_READ), 0);
    walk(as, 0, AFTER + 3);
    check_ahead(3, 0, 0);
    check_eq(map_zero(as, at + 64 * PAGE_SIZE, NEAR_PAGES * PAGE_SIZE, RW), 0);
    check_eq(program_store(as, at + (64 + AFTER + 2) * PAGE_SIZE, 7), 0);
    walk(as, 64, 64 + AFTER);
    check_ahead(3 + 2, 3, 0);
    check_eq(program_load(as, at + (64 + AFTER + 2) * PAGE_SIZE), 7);
    destroy(as);
}

/* After waste a walk has to be twice as long; after a window that was used, half as long again. */
static void doubt(void)
{
    struct addrspace *as = space(16 * NEAR_PAGES, RW);
    walk(as, 0, AFTER);
    check_eq(program_store(as, at + (AFTER + 2) * PAGE_SIZE, 1), 0);    /* one of them is used */
    walk(as, NEAR_PAGES, NEAR_PAGES + 2 * AFTER - 1);
    check_ahead(AFTER, 1, AFTER - 1);
    check_eq(page_used(PAGE_ANON), 2 * AFTER + 2 * AFTER - 1);
    walk(as, NEAR_PAGES + 2 * AFTER - 1, 2 * NEAR_PAGES + 1);
    check_ahead(AFTER + (2 * AFTER - 1) + (NEAR_PAGES - 1), 1 + (2 * AFTER - 1), AFTER - 1);
    check_eq(thread_current()->walk.doubt, 0);
    destroy(as);
}

/* A leaf that has gone, as any may, says neither that it was used nor that it was not. */
static void gone(void)
{
    struct addrspace *as = space(2 * NEAR_PAGES, RW);
    walk(as, 0, AFTER);
    struct pmap_batch batch;
    as_write(as);
    pmap_batch_begin(&batch, as);
    pmap_remove(&batch, at, at + 2 * NEAR_PAGES * PAGE_SIZE);
    pmap_batch_end(&batch);
    as_write_done(as);
    walk(as, NEAR_PAGES, NEAR_PAGES + 2);
    check_ahead(AFTER, 0, 0);
    destroy(as);
}

static void advice(void)
{
    const size_t len = 2 * NEAR_PAGES * PAGE_SIZE;
    struct addrspace *as = space(2 * NEAR_PAGES, RW);
    check_eq(as_advise(as, at, len, 0, VMA_SPARSE), 0);
    walk(as, 0, NEAR_PAGES);
    check_ahead(0, 0, 0);
    check_eq(as_advise(as, at, len, VMA_SPARSE, VMA_DENSE), 0);
    check_eq(as_forget(as, at, len, forget_any), 0);
    walk(as, 0, 2);                                     /* two in a row are enough, and it gets all of the neighbourhood */
    check_ahead(NEAR_PAGES - 2, 0, 0);
    check_eq(program_store(as, at + NEAR_PAGES * PAGE_SIZE, 1), 0);
    walk(as, NEAR_PAGES + 1, NEAR_PAGES + 3);           /* but it did not come, so a promise is not enough any more */
    check_ahead(NEAR_PAGES - 2, 0, NEAR_PAGES - 2);
    destroy(as);
}

static void not_for_these(void)
{
    struct addrspace *as = space(2 * NEAR_PAGES, RW | PROT_EXEC);
    walk(as, 0, NEAR_PAGES);                            /* would need a fence for fetching */
    destroy(as);
    as = space(2 * NEAR_PAGES, RW);
    check_eq(as_lock(as, at, 2 * NEAR_PAGES * PAGE_SIZE, VMA_LOCKED | VMA_LOCK_ON_FAULT), 0);
    walk(as, 0, NEAR_PAGES);                            /* only what is touched is to be locked */
    destroy(as);
    as = space(2 * NEAR_PAGES, RW);
    check_eq(as_populate(as, at, NEAR_PAGES / 2 * PAGE_SIZE, ACCESS_WRITE), 0);
    check_eq(page_used(PAGE_ANON), NEAR_PAGES / 2);     /* what was asked for */
    char bytes[100] = { 1 };
    for (unsigned i = NEAR_PAGES; i < 2 * NEAR_PAGES; i++)
        check_eq(copy_to_user(as, at + i * PAGE_SIZE, bytes, sizeof bytes, &(size_t){ 0 }), 0);
    check_ahead(0, 0, 0);
    destroy(as);
    ahead_enable(false);
    as = space(2 * NEAR_PAGES, RW);
    walk(as, 0, NEAR_PAGES);
    check_ahead(0, 0, 0);
    destroy(as);
}

/* fork shares pages filled ahead as all others; the child sees zeroes, and stores of its own. */
static void forked(void)
{
    struct addrspace *as = space(NEAR_PAGES, RW), *child;
    walk(as, 0, AFTER);
    check_eq(as_fork(as, &child), 0);
    check_eq(program_store(as, at + AFTER * PAGE_SIZE, 5), 0);
    check_eq(faults(FAULT_A3), 1);
    check_eq(program_load(child, at + AFTER * PAGE_SIZE), 0);
    world_check();
    destroy(as);
    destroy(child);
}

/* A machine that faults instead of setting A: the fault finds the leaf, and sets it. */
static void faults_instead(void)
{
    soft_faults_on_ad = true;
    struct addrspace *as = space(2 * NEAR_PAGES, RW);
    walk(as, 0, 2 * NEAR_PAGES);
    check(faults(FAULT_SPURIOUS) >= faults(FAULT_AHEAD));
    check_eq(faults(FAULT_AHEAD_WASTED), 0);
    for (unsigned i = 0; i < 2 * NEAR_PAGES; i++)
        check_eq(program_load(as, at + i * PAGE_SIZE), i);
    destroy(as);
}

/* ---- without memory ---- */

/* When less than a quarter would be left free the walk goes on page by page, and gives nothing back for more. */
static void memory_short(void)
{
    struct addrspace *as = space(2 * NEAR_PAGES, RW);
    struct page_list taken = LIST_HEAD_INITIALIZER(taken);
    while (page_used(PAGE_FREE) > page_total() / 4) {
        struct page *page = page_alloc(PAGE_KERNEL);
        LIST_INSERT_HEAD(&taken, page, link);
    }
    walk(as, 0, 2 * NEAR_PAGES);
    check_ahead(0, 0, 0);
    check_eq(page_used(PAGE_ANON), 2 * NEAR_PAGES);
    while (!LIST_EMPTY(&taken)) {
        struct page *page = LIST_FIRST(&taken);
        LIST_REMOVE(page, link);
        page_free(page);
    }
    destroy(as);
}

/* Every allocation fails once: of the fault's own it must say so, of those ahead nobody hears. */
static void each_allocation_fails(void)
{
    unsigned failed = 0, fewer = 0;
    for (unsigned nth = 1; nth < 20; nth++) {
        struct addrspace *as = space(2 * NEAR_PAGES, RW);
        walk(as, 0, AFTER - 1);
        uint64_t before = faults(FAULT_AHEAD);
        thread_current()->walk.doubt = 0;
        host_fail_allocation(FAIL_ONCE, nth);
        int err = program_store(as, at + (AFTER - 1) * PAGE_SIZE, 1);
        bool made = host_failed() > 0;
        host_fail_allocation(FAIL_NONE, 0);
        check(err == 0 || (err == -ENOMEM && made));
        failed += err != 0;
        fewer += err == 0 && made && faults(FAULT_AHEAD) - before < AFTER;
        as->oom_va = 0;
        world_check();
        walk(as, AFTER - 1, 2 * NEAR_PAGES);
        destroy(as);
    }
    check(failed >= 2 && fewer >= 2);
}

const struct test_case ahead_cases[] = {
    { "a walk gets pages ahead", long_walk },
    { "a long walk gets nodes ahead, too", nodes },
    { "who does not walk gets what it touches", no_walk },
    { "not beyond the VMA, nor over what is there", bounds },
    { "waste makes it wait", doubt },
    { "leaves that have gone say nothing", gone },
    { "MADV_RANDOM, MADV_SEQUENTIAL", advice },
    { "not where locked, executable, populated, copied to, off", not_for_these },
    { "fork shares them", forked },
    { "on a machine that faults instead of setting A", faults_instead },
    { "not when memory is short", memory_short },
    { "each allocation fails", each_allocation_fails },
    { 0 },
};
