/*
 * pmap.c - tests of mm/pmap.h: a cache of translations that may be forgotten at any time, but never without a fence.
 * The machine (arch/host) watches the fences; these tests look at leaves and tables.
 */
#include "arch/mmu.h"
#include "mm/chaos.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)
#define LEAF_TABLE (PAGE_SIZE * MMU_TABLE_SPAN)

static const vaddr_t at = 3 * LEAF_TABLE - 4 * PAGE_SIZE;       /* four pages before the end of a leaf table */

static struct addrspace *space_with(size_t npages)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, npages * PAGE_SIZE, RW), 0);
    for (size_t i = 0; i < npages; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
    return as;
}

static void verify(struct addrspace *as, size_t npages)
{
    for (size_t i = 0; i < npages; i++)
        check_eq(program_load(as, at + i * PAGE_SIZE), (uint8_t)i);
}

static void reduce(struct addrspace *as, vaddr_t start, vaddr_t end, unsigned prot)
{
    struct pmap_batch batch;
    as_write(as);
    pmap_batch_begin(&batch, as);
    pmap_protect(&batch, start, end, prot);
    pmap_batch_end(&batch);
    as_write_done(as);
}

/* Tables come with the first leaf below them and go with the last. */
static void tables(void)
{
    struct addrspace *as = space_with(8);
    check_eq(page_used(PAGE_TABLE), 4);         /* the root, one of level 1, two of leaves */
    check_eq(as->pmap.resident, 8);
    reduce(as, at, at + 3 * PAGE_SIZE, PROT_NONE);
    check_eq(as->pmap.resident, 5);
    check_eq(page_used(PAGE_TABLE), 4);
    reduce(as, at + 3 * PAGE_SIZE, at + 4 * PAGE_SIZE, PROT_NONE);
    check_eq(page_used(PAGE_TABLE), 3);
    reduce(as, 0, USER_END, PROT_NONE);
    check_eq(page_used(PAGE_TABLE), 1);
    check_eq(as->pmap.resident, 0);
    world_check();
    verify(as, 8);                              /* forgotten, and brought back */
    destroy(as);
    check_eq(page_used(PAGE_TABLE), 0);
}

static void rights(void)
{
    struct addrspace *as = space_with(8);
    reduce(as, at + PAGE_SIZE, at + 6 * PAGE_SIZE, PROT_READ);
    for (unsigned i = 0; i < 8; i++)
        check_eq(leaf_prot(as, at + i * PAGE_SIZE), i >= 1 && i < 6 ? PROT_READ : RW);
    reduce(as, at + PAGE_SIZE, at + 2 * PAGE_SIZE, PROT_EXEC);
    check_eq(leaf_prot(as, at + PAGE_SIZE), -1);        /* nothing is left of it */
    check_eq(as->pmap.resident, 7);
    world_check();
    verify(as, 8);
    destroy(as);
}

/* Of one range some leaves stay and some go: the table must not lose sight of those that stay. */
static void some_stay(void)
{
    for (unsigned stays = 0; stays < 3; stays++) {
        struct addrspace *as = as_create();
        check_eq(map_zero(as, at, 3 * PAGE_SIZE, PROT_ALL), 0);
        for (unsigned i = 0; i < 3; i++) {
            check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
            if (i != stays)
                reduce(as, at + i * PAGE_SIZE, at + (i + 1) * PAGE_SIZE, RW);
        }
        reduce(as, at, at + 3 * PAGE_SIZE, PROT_EXEC);
        check_eq(pmap_next(&as->pmap, 0, USER_END), at + stays * PAGE_SIZE);
        check_eq(as->pmap.resident, 1);
        world_check();
        check_eq(as_unmap(as, at, 3 * PAGE_SIZE), 0);
        check_eq(page_used(PAGE_TABLE), 1);
        destroy(as);
    }
}

static void next(void)
{
    struct addrspace *as = space_with(8);
    reduce(as, at + PAGE_SIZE, at + 7 * PAGE_SIZE, PROT_NONE);
    check_eq(pmap_next(&as->pmap, 0, USER_END), at);
    check_eq(pmap_next(&as->pmap, at, USER_END), at);
    check_eq(pmap_next(&as->pmap, at + PAGE_SIZE, USER_END), at + 7 * PAGE_SIZE);
    check_eq(pmap_next(&as->pmap, at + 8 * PAGE_SIZE, USER_END), USER_END);
    paddr_t pa;
    unsigned prot;
    check(pmap_lookup(&as->pmap, at, &pa, &prot) && prot == RW);
    check(!pmap_lookup(&as->pmap, at + PAGE_SIZE, &pa, &prot));
    destroy(as);
}

/* fork: few leaves are downgraded in place, many are dropped with their table. */
static void sharing(void)
{
    for (unsigned n = 4; n <= 80; n += 76) {
        struct addrspace *as = space_with(n), *child;
        check_eq(as_fork(as, &child), 0);
        for (unsigned i = 0; i < n; i++) {
            bool few = i < 4;                   /* four in the first table; the rest, if any, in the second */
            check_eq(leaf_prot(as, at + i * PAGE_SIZE), few ? (int)PROT_READ : -1);
            check_eq(leaf_prot(child, at + i * PAGE_SIZE), -1);
        }
        check_eq(as->pmap.resident, 4);
        check_eq(child->pmap.resident, 0);
        verify(as, n);
        verify(child, n);
        destroy(child);
        destroy(as);
    }
}

/* Chaos takes a leaf or a table at a time, whatever the number, until none is left; and nothing is lost. */
static void chaos(void)
{
    struct addrspace *as = space_with(64);
    unsigned rounds = 0;
    as_write(as);
    for (; as->pmap.resident > 0; rounds++) {
        size_t before = as->pmap.resident;
        chaos_forget(as, host_random() << 20 & ~1ul);
        check_eq(as->pmap.resident, before - 1);
    }
    chaos_forget(as, 0);                          /* nothing to forget */
    as_write_done(as);
    check_eq(rounds, 64);
    verify(as, 64);
    as_write(as);
    chaos_forget(as, at | 1);
    as_write_done(as);
    check_eq(leaf_prot(as, at), -1);
    verify(as, 64);
    destroy(as);
}

/* What a neighbourhood remembers of a table must be forgotten with the table. */
static void remembered(void)
{
    struct addrspace *as = space_with(4);
    for (unsigned i = 0; i < 20; i++) {
        reduce(as, 0, USER_END, PROT_NONE);
        verify(as, 4);
        world_check();
    }
    destroy(as);
}

static void entering_needs_owner(void)
{
    struct addrspace *as = space_with(1);
    paddr_t pa;
    unsigned prot;
    as_write(as);
    pmap_lookup(&as->pmap, at, &pa, &prot);
    pmap_enter(as, at, pte_find(as->pmap.root, at, 0), phys_to_page(pa), PROT_READ);
}

static void destroyed_while_loaded(void)
{
    as_destroy(space_with(1));
}

const struct test_case pmap_cases[] = {
    { "tables come and go with their leaves", tables },
    { "rights are taken where asked, and no more", rights },
    { "some leaves stay, and are not lost", some_stay },
    { "which leaf is next", next },
    { "fork downgrades few leaves and drops many", sharing },
    { "chaos forgets, and nothing is lost", chaos },
    { "a table is not remembered too long", remembered },
    { "a page is entered only with its owner locked", entering_needs_owner, .panics = "mutex_held(&page->anon->lock)" },
    { "no hart may have the table of the dead", destroyed_while_loaded, .panics = "!mmu_root_loaded" },
    { 0 },
};
