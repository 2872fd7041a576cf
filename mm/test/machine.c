/*
 * machine.c - tests of arch/host: the simulated machine is as unkind as it says, and notices what it should.
 * What mm must not do is done here by hand, to see that the machine finds it out.
 */
#include "kernel/core/panic.h"
#include "mm/anon.h"
#include "mm/test/test.h"

#define RW  (PROT_READ | PROT_WRITE)
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

static const vaddr_t at = 0x400000;

static struct addrspace *space_with(unsigned prot)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, PAGE_SIZE, prot), 0);
    return as;
}

static struct pte *leaf_of(struct addrspace *as)
{
    return pte_find(as->pmap.root, at, 0);
}

/* Change the leaf behind mm's back, without a fence, until the machine has it cached. */
static void forget_fence(void)
{
    struct addrspace *as = space_with(RW);
    for (unsigned i = 0; i < 100; i++) {
        check_eq(program_store(as, at, 7), 0);
        uint64_t bits = leaf_of(as)->bits;
        pte_clear(leaf_of(as));
        program_load(as, at);
        leaf_of(as)->bits = bits;
    }
}

static void forget_fence_downgrade(void)
{
    struct addrspace *as = space_with(RW);
    for (unsigned i = 0; i < 100; i++) {
        check_eq(program_store(as, at, 7), 0);
        pte_set(leaf_of(as), pte_address(leaf_of(as)), PROT_READ);
        program_store(as, at, 8);
    }
}

/* The sweep finds on any hart what no access has met yet. */
static void forget_fence_other_hart(void)
{
    struct addrspace *as = space_with(RW);
    for (unsigned h = 0; h < 4; h++) {
        host_use_hart(h);
        check_eq(program_store(as, at, 7), 0);
        check_eq(program_load(as, at), 7);
    }
    pte_clear(leaf_of(as));
    soft_check(&as->pmap.id, as->pmap.root);
}

static void free_before_fence(void)
{
    struct addrspace *as = space_with(RW);
    for (unsigned i = 0; i < 100; i++) {
        check_eq(program_store(as, at, 7), 0);
        struct page *page = phys_to_page(pte_address(leaf_of(as)));
        page_set_use(page, PAGE_CACHED);
        mmu_fence_page(&as->pmap.id, at);
        page_set_use(page, PAGE_ANON);
    }
}

/* A fence for an address leaves pointers to tables alone. Privileged spec, SFENCE.VMA. */
static void fence_page_for_table(void)
{
    struct addrspace *as = space_with(RW);
    for (unsigned i = 0; i < 100; i++) {
        check_eq(program_store(as, at, 7), 0);
        struct pte *entry = pte_find(as->pmap.root, at, 1);
        uint64_t bits = entry->bits;
        pte_clear(entry);
        mmu_fence_page(&as->pmap.id, at);
        soft_check(&as->pmap.id, as->pmap.root);
        entry->bits = bits;
        mmu_fence_all(&as->pmap.id);
    }
}

/* More rights need no fence: a hart that still believes in fewer takes a spurious fault and goes on. */
static void spurious(void)
{
    struct addrspace *as = space_with(RW);
    for (unsigned i = 0; i < 200; i++) {
        check_eq(as_protect(as, at, PAGE_SIZE, PROT_READ), 0);
        for (unsigned h = 0; h < 2; h++) {
            host_use_hart(h);
            check(program_load(as, at) >= 0);
        }
        check_eq(as_protect(as, at, PAGE_SIZE, RW), 0);
        for (unsigned h = 0; h < 2; h++) {
            host_use_hart(h);
            check_eq(program_store(as, at, i), 0);
        }
        check_eq(program_load(as, at), (uint8_t)i);
    }
    check(faults(FAULT_SPURIOUS) > 0);
    check_eq(faults(FAULT_A2), 200);
    destroy(as);
}

/* The harts guess: translations are cached that no access has asked for. */
static void guesses(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, 8 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 8; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, 1), 0);
    mmu_fence_all(&as->pmap.id);
    for (unsigned i = 0; i < 1000; i++)
        check_eq(program_load(as, at), 1);
    for (unsigned i = 1; i < 8; i++)
        pte_clear(leaf_of(as) + i);
    soft_check(&as->pmap.id, as->pmap.root);
}

/* mm sets A, and D where it grants stores, so a machine that faults for them never has a reason to. */
static void ad_faults(void)
{
    soft_faults_on_ad = true;
    struct addrspace *as = space_with(RW);
    check_eq(program_load(as, at), 0);          /* twice perhaps: the hart may have cached that there was nothing */
    uint64_t before = faults(FAULT_SPURIOUS);
    for (unsigned i = 0; i < 100; i++)
        check_eq(program_store(as, at, i), 0);
    check_eq(faults(FAULT_B3), 1);
    check_eq(faults(FAULT_SPURIOUS), before);
    destroy(as);
}

static void ad_clear(bool faults)
{
    soft_faults_on_ad = faults;
    struct addrspace *as = space_with(RW);
    check_eq(program_load(as, at), 0);
    mmu_fence_all(&as->pmap.id);
    leaf_of(as)->bits &= ~(uint64_t)(PTE_A | PTE_D);
    check_eq(program_store(as, at, 1), 0);
    check_eq(leaf_of(as)->bits & (PTE_A | PTE_D), PTE_A | PTE_D);
    destroy(as);
}

static void ad_clear_set(void) { ad_clear(false); }
static void ad_clear_faults(void) { ad_clear(true); }

/* Stores reach the instruction side only by fence.i, which is the program's business if the page was executable before. */
static void fetches(void)
{
    struct addrspace *as = space_with(RWX);
    unsigned old = 0;
    for (unsigned i = 1; i < 100; i++) {
        check_eq(program_store(as, at, i), 0);
        int seen = program_fetch(as, at);
        check(seen == (int)i || seen == (int)i - 1);
        old += seen != (int)i;
        soft_fence_fetch();
        check_eq(program_fetch(as, at), i);
    }
    check(old > 0);
    destroy(as);
}

static void failures(void)
{
    host_fail_allocation(FAIL_ONCE, 2);
    struct page *first = page_alloc(PAGE_KERNEL);
    check(first != NULL && page_alloc(PAGE_KERNEL) == NULL);
    struct page *third = page_alloc_zeroed(PAGE_KERNEL);
    check(third != NULL);
    check_eq(host_failed(), 1);
    host_fail_allocation(FAIL_FROM_THEN_ON, 1);
    check(page_alloc(PAGE_KERNEL) == NULL && page_alloc_zeroed(PAGE_KERNEL) == NULL && anon_alloc(PAGE_ANON) == NULL);
    check_eq(host_failed(), 3);
    host_fail_allocation(FAIL_NONE, 0);
    page_free(first);
    page_free(third);
}

static void lock_order(void)
{
    struct addrspace *as = as_create();
    mutex_lock(&as->family->lock);
    as_write(as);
}

static void no_allocation_here(void)
{
    struct addrspace *as = as_create();
    mutex_lock(&as->family->lock);
    page_alloc(PAGE_KERNEL);
}

const struct test_case machine_cases[] = {
    { "a leaf cleared without a fence is noticed", forget_fence, .panics = "a fence is missing" },
    { "a right taken without a fence is noticed", forget_fence_downgrade, .panics = "a fence is missing" },
    { "on whichever hart it is cached", forget_fence_other_hart, .panics = "a fence is missing" },
    { "a frame given back before the fence is noticed", free_before_fence, .panics = "the use of that frame is" },
    { "a fence for a page does not do for a table", fence_page_for_table, .panics = "points to a table" },
    { "a hart that has not seen new rights goes on", spurious },
    { "harts guess", guesses, .panics = "a fence is missing" },
    { "mm leaves no reason to fault for A and D", ad_faults },
    { "clear A and D are set", ad_clear_set },
    { "or are a fault, and mm sets them", ad_clear_faults },
    { "a stored instruction needs a fence", fetches },
    { "allocations fail when told to", failures },
    { "lock order is checked", lock_order, .panics = "lock order" },
    { "nothing allocates under family->lock", no_allocation_here, .panics = "allocates while it holds mutex" },
    { 0 },
};
