/*
 * page.c - tests of mm/page.h: every frame is given out once, comes back, and becomes part of large blocks again.
 */
#include "arch/mmu.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/page.h"
#include "mm/test/test.h"

static struct page *taken[TEST_FRAMES];
static size_t ntaken;

static void take_all(void)
{
    for (struct page *page; (page = page_alloc(PAGE_KERNEL)) != NULL;)
        taken[ntaken++] = page;
}

static void give_all(void)
{
    while (ntaken > 0)
        page_free(taken[--ntaken]);
}

static void drain(void)
{
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        page_drain_hart(h);
}

/* The free blocks as they lie: for each frame its order if it heads a free block, otherwise nothing. */
static void note_blocks(uint8_t order[TEST_FRAMES])
{
    for (size_t i = 0; i < page_count; i++)
        order[i] = page_use(&page_frames[i]) == PAGE_FREE ? page_frames[i].order : UINT8_MAX;
}

static void everything_comes_back(void)
{
    static uint8_t before[TEST_FRAMES], after[TEST_FRAMES];
    note_blocks(before);
    size_t reserve = page_total() >> 7;         /* what only process 1 may use */
    take_all();
    check_eq(ntaken, page_total() - reserve);
    check_eq(page_used(PAGE_KERNEL), ntaken);
    for (size_t i = 0; i < ntaken; i++) {
        check_eq(page_use(taken[i]), PAGE_KERNEL);
        page_set_use(taken[i], PAGE_SLAB);              /* given out twice, it would not be PAGE_KERNEL now */
    }
    thread_current()->uses_reserve = true;
    take_all();
    thread_current()->uses_reserve = false;
    check_eq(ntaken, page_total());
    give_all();
    drain();
    note_blocks(after);
    for (size_t i = 0; i < page_count; i++)
        check_eq(after[i], before[i]);          /* buddies have found each other again */
}

/* A hart keeps a few frames, and another cannot have them before they are drained. */
static void front_ends(void)
{
    take_all();
    host_use_hart(1);
    for (unsigned i = 0; i < 8; i++)
        page_free(taken[--ntaken]);
    check_eq(page_magazines[1].count, 8);
    host_use_hart(0);
    check(page_alloc(PAGE_KERNEL) == NULL);
    page_drain_hart(1);
    check_eq(page_magazines[1].count, 0);
    take_all();
    give_all();
}

static unsigned nshrinks, nlow;

static bool shrink(bool short_of_memory)
{
    nshrinks += short_of_memory;
    nlow += !short_of_memory;
    drain();
    return false;
}

/* What another hart keeps is given back before anybody is refused; and nobody asks for ever. */
static void caches_first(void)
{
    page_shrink = shrink;
    take_all();
    check_eq(ntaken, page_total() - (page_total() >> 7));
    check_eq(nlow, 1);                          /* when few were left */
    check_eq(nshrinks, 1);                      /* at the end */
    host_use_hart(1);
    for (unsigned i = 0; i < 8; i++)
        page_free(taken[--ntaken]);
    host_use_hart(0);
    take_all();
    check_eq(ntaken, page_total() - (page_total() >> 7));
    check_eq(nshrinks, 3);                      /* once with success, once without */
    page_shrink = NULL;
    give_all();
}

static void addresses(void)
{
    struct page *page = page_alloc_zeroed(PAGE_KERNEL);
    uint64_t *word = page_address(page);
    check(page_aligned(page_to_phys(page)));
    check(phys_to_page(page_to_phys(page) + 5) == page);
    check(virt_to_page(&word[511]) == page);
    for (unsigned i = 0; i < PAGE_SIZE / sizeof *word; i++)
        check_eq(word[i], 0);
    page_free(page);
}

/* Two banks with a hole between, reserved ranges that end within a page: none of it is ever given out. */
static void holes(void)
{
    const paddr_t base = HOST_RAM_BASE;
    struct range memory[] = { { base + 0x1000, base + 0x100000 }, { base + 0x180000, base + 0x300800 } };
    struct range reserved[] = { { base + 0x1000, base + 0x8000 }, { base + 0x200010, base + 0x200020 }, { 0x1000, 0x2000 } };
    host_boot_bare(TEST_FRAMES, 1);
    page_init(memory, 2, reserved, 3);
    page_check();
    thread_current()->uses_reserve = true;
    take_all();
    check_eq(ntaken, page_total());
    for (size_t i = 0; i < ntaken; i++) {
        paddr_t pa = page_to_phys(taken[i]);
        bool in_bank = (pa >= memory[0].start && pa < memory[0].end) || (pa >= memory[1].start && pa < base + 0x300000);
        bool is_reserved = (pa >= base + 0x1000 && pa < base + 0x8000) || pa == base + 0x200000;
        bool is_table = page_address(taken[i]) >= (void *)page_frames &&
                        page_address(taken[i]) < (void *)(page_frames + page_count);
        check(in_bank && !is_reserved && !is_table);
    }
    /* All but the seven frames, the one, and the frame table's own. */
    check_eq(ntaken, 0xff + 0x180 - 7 - 1 - (page_up(page_count * sizeof(struct page)) >> PAGE_SHIFT));
    give_all();
}

static void freed_twice(void)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    page_free(page);
    page_free(page);
}

static void written_while_free(void)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    page_free(page);
    *(uint64_t *)page_address(page) = 1;
    take_all();
}

static void wrong_use(void)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    page_set_use(page, PAGE_FREE);                      /* I6 */
    page_check();
}

const struct test_case page_cases[] = {
    { "every frame once, and whole blocks again", everything_comes_back },
    { "a hart keeps some to itself", front_ends },
    { "unless it would be refused", caches_first },
    { "frames, physical addresses and bytes", addresses },
    { "holes and reserved ranges", holes, .bare = true },
    { "freed twice", freed_twice, .panics = "page_use(page) >= PAGE_ANON" },
    { "written to while free", written_while_free, .panics = "was written to while free" },
    { "a count that is wrong", wrong_use, .panics = "I6" },
    { 0 },
};
