/*
 * page.c - page frames: a buddy system, with a magazine for each hart.
 * Owns: the frame table, the free lists, the magazines of the harts, the reserve.
 * Does not own: what a used frame means; its user says so with enum page_use.
 *
 * Free frames lie in blocks of 2^order frames, aligned to their size. Two blocks of one order whose
 * addresses differ only in bit `order` of the frame number are buddies; when both are free they
 * become one block of the next order. Single frames come from and go to the magazine of this hart,
 * which is filled and emptied in batches: most calls take no lock.
 *
 * In the checked kernel a free frame is full of POISON, and page_alloc looks whether it still is:
 * whoever wrote to a frame after giving it back is found out.
 */
#include <string.h>

#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/page.h"

#define BATCH_ORDER   4
#define BATCH         (1u << BATCH_ORDER)
#define RESERVE_SHIFT 7                         /* the reserve is this fraction of memory: 1/128 */
#define RESERVE_MAX   64                        /* frames */
#define LOW_SHIFT     6                         /* the low mark is this fraction of memory, and the reserve */
#define POISON        0xdeadf7eedeadf7eeul

struct page *page_frames;
uint64_t page_first_pfn;
uint64_t page_bias;
size_t page_count;

bool (*page_shrink)(bool short_of_memory);
void (*page_low)(void);
static struct spinlock page_lock = SPINLOCK_INIT(RANK_PAGE);
static struct page_list free_blocks[PAGE_MAX_ORDER + 1];    /* [page_lock] */
static size_t nfree;                                        /* [page_lock to change] frames in free_blocks */
static bool low;                                            /* [page_lock] see becomes_low */
static size_t ntotal;                                       /* fixed after page_init */
static size_t nreserve;                                     /* fixed after page_init */

struct magazine page_magazines[MMU_MAX_HARTS] __attribute__((aligned(256)));

static void poison(struct page *page)
{
    uint64_t *word = page_address(page);
    for (size_t i = 0; i < PAGE_SIZE / sizeof *word; i++)
        word[i] = POISON;
}

static void check_poison(const struct page *page)
{
    const uint64_t *word = page_address(page);
    for (size_t i = 0; i < PAGE_SIZE / sizeof *word; i++)
        if (word[i] != POISON)
            panic("page_alloc: frame %#lx was written to while free: offset %#lx holds %#lx", page_to_phys(page),
                  i * sizeof *word, word[i]);
}

/* ---- the buddy system ---- */

static struct page *buddy_of(struct page *page, unsigned order)
{
    uint64_t pfn = (page_to_phys(page) >> PAGE_SHIFT) ^ (1ul << order);
    if (pfn < page_first_pfn || pfn >= page_first_pfn + page_count)
        return NULL;
    return &page_frames[pfn - page_first_pfn];
}

static void block_insert(struct page *page, unsigned order)
{
    page_set_use(page, PAGE_FREE);
    page->order = order;
    LIST_INSERT_HEAD(&free_blocks[order], page, link);
}

static void buddy_free(struct page *page, unsigned order)
{
    nfree += 1ul << order;
    for (; order < PAGE_MAX_ORDER; order++) {
        struct page *buddy = buddy_of(page, order);
        if (buddy == NULL || page_use(buddy) != PAGE_FREE || buddy->order != order)
            break;
        LIST_REMOVE(buddy, link);
        struct page *upper = page < buddy ? buddy : page;
        page = page < buddy ? page : buddy;
        page_set_use(upper, PAGE_FREE_TAIL);
    }
    block_insert(page, order);
}

static struct page *buddy_alloc(unsigned order)
{
    unsigned o = order;
    while (o <= PAGE_MAX_ORDER && LIST_EMPTY(&free_blocks[o]))
        o++;
    if (o > PAGE_MAX_ORDER)
        return NULL;
    struct page *page = LIST_FIRST(&free_blocks[o]);
    LIST_REMOVE(page, link);
    while (o > order) {                         /* split: the upper half stays free */
        o--;
        block_insert(page + (1ul << o), o);
    }
    nfree -= 1ul << order;
    return page;
}

static bool uses_reserve(void)
{
    const struct thread *t = thread_current();
    return t != NULL && t->uses_reserve;
}

static bool enough_for(size_t npages)
{
    return nfree >= npages + (uses_reserve() ? 0 : nreserve);
}

/* ---- magazines ---- */

/* Is less than a quarter free, for the first time since half was? Then caches go: README.md, "When memory runs short". */
static bool becomes_low(void)
{
    spin_lock(&page_lock);
    bool was_low = low;
    low = nfree < ntotal >> (was_low ? 1 : 2);
    bool now = low && !was_low;
    spin_unlock(&page_lock);
    return now;
}

/*
 * A block of a whole batch if there is one, otherwise frame by frame; the lowest address is handed
 * out first.
 * False: none is left.
 */
static bool magazine_fill(struct magazine *mag)
{
    spin_lock(&page_lock);
    unsigned order = enough_for(BATCH) ? BATCH_ORDER : 0;
    struct page *block = order > 0 ? buddy_alloc(order) : NULL;
    if (block != NULL) {
        for (struct page *page = block + BATCH; page > block;) {
            page_set_use(--page, PAGE_CACHED);
            magazine_put(mag, page);
        }
    } else {
        /* From the reserve only the one that is asked for: what lies in the magazine is anybody's. */
        size_t most = nfree >= BATCH + nreserve ? BATCH : 1;
        while (mag->count < most && enough_for(1)) {
            struct page *page = buddy_alloc(0);
            page_set_use(page, PAGE_CACHED);
            magazine_put(mag, page);
        }
    }
    bool some = mag->count > 0, few = nfree < page_low_mark();
    spin_unlock(&page_lock);
    if (few && page_low != NULL)
        page_low();
    return some;
}

static void magazine_drain(struct magazine *mag, unsigned keep)
{
    spin_lock(&page_lock);
    while (mag->count > keep) {
        struct page *page = magazine_take(mag);
        page_set_use(page, PAGE_FREE_TAIL);
        buddy_free(page, 0);
    }
    spin_unlock(&page_lock);
}

struct page *page_alloc_slow(enum page_use use)
{
    if (CHECKED)
        lock_assert_may_allocate();
    struct magazine *mag = &page_magazines[hart_index()];
    if (mag->count == 0 && becomes_low() && page_shrink != NULL) {
        page_shrink(false);
        mag = &page_magazines[hart_index()];     /* after a sleep it may be another hart's, and have some */
    }
    if (mag->count == 0 && !magazine_fill(mag)) {
        bool more;
        do {
            more = page_shrink != NULL && page_shrink(true);
            mag = &page_magazines[hart_index()];
        } while (mag->count == 0 && !magazine_fill(mag) && more);
        if (mag->count == 0)
            return NULL;
    }
    struct page *page = magazine_take(mag);
    assert(page_use(page) == PAGE_CACHED);
    if (CHECKED)
        check_poison(page);
    page_set_use(page, use);
    page->fetch_clean = false;
    return page;
}

unsigned page_alloc_spare(enum page_use use, struct page *page[], unsigned n)
{
    unsigned done = 0, order = BATCH_ORDER;
    spin_lock(&page_lock);
    if (nfree < n + (ntotal >> 2))
        n = 0;
    while (done < n && !alloc_fails()) {
        while (1u << order > n - done)
            order--;
        struct page *block = buddy_alloc(order);
        for (struct page *end = block + (1u << order), **out = page + done; block != NULL && block < end; block++) {
            page_set_use(block, use);
            block->fetch_clean = false;
            *out++ = block;
        }
        done += block != NULL ? 1u << order : 0;
        order -= block == NULL;                 /* not 0: n frames are free */
    }
    spin_unlock(&page_lock);
    for (unsigned i = 0; CHECKED && i < done; i++)
        check_poison(page[i]);
    return done;
}

void page_free_slow(struct page *page)
{
    struct magazine *mag = &page_magazines[hart_index()];
    assert(page_use(page) >= PAGE_ANON);        /* in use: a frame freed twice stops here */
    if (CHECKED)
        poison(page);
    page_set_use(page, PAGE_CACHED);
    if (mag->count == MAGAZINE_MAX)
        magazine_drain(mag, MAGAZINE_MAX - BATCH);
    magazine_put(mag, page);
}

void page_drain_hart(unsigned hart)
{
    magazine_drain(&page_magazines[hart], 0);
}

/* ---- counts ---- */

size_t page_low_mark(void)
{
    return nreserve + (ntotal >> LOW_SHIFT);
}

size_t page_total(void)
{
    return ntotal;
}

size_t page_used(enum page_use use)
{
    if (use == PAGE_FREE) {
        size_t n = nfree;
        for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
            n += page_magazines[h].count;
        return n;
    }
    /* Nothing is counted on the way of a fault: who wants to know walks the table. */
    size_t n = 0;
    for (size_t i = 0; i < page_count; i++)
        n += page_use(&page_frames[i]) == use;
    return n;
}

bool page_few_left(void)
{
    for (bool more = page_shrink != NULL;; more = page_shrink(true)) {
        spin_lock(&page_lock);
        bool few = nfree < PAGE_FEW + nreserve;
        spin_unlock(&page_lock);
        if (!few || !more)
            return few;
    }
}

void page_check(void)
{
    size_t listed = 0;
    for (unsigned order = 0; order <= PAGE_MAX_ORDER; order++) {
        struct page *page;
        LIST_FOREACH(page, &free_blocks[order], link) {
            if (page_use(page) != PAGE_FREE || page->order != order)
                panic("I6: frame %#lx is on the free list %u, but its use is %u and its order %u", page_to_phys(page), order,
                      page_use(page), page->order);
            listed += 1ul << order;
        }
    }
    size_t counted = 0, cached = 0;
    for (size_t i = 0; i < page_count; i++) {
        counted += page_use(&page_frames[i]) == PAGE_FREE || page_use(&page_frames[i]) == PAGE_FREE_TAIL;
        cached += page_use(&page_frames[i]) == PAGE_CACHED;
    }
    if (listed != nfree || counted != nfree)
        panic("I6: %zu frames free, %zu on lists, %zu marked so", nfree, listed, counted);
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        cached -= page_magazines[h].count;
    if (cached != 0)
        panic("I6: %zd frames more are marked as cached than magazines hold", cached);
}

/* ---- start ---- */

static bool overlaps(struct range a, const struct range *b, size_t n, struct range *hit)
{
    for (size_t i = 0; i < n; i++)
        if (a.start < b[i].end && b[i].start < a.end) {
            *hit = b[i];
            return true;
        }
    return false;
}

/* Room for the frame table: the first gap between reserved ranges that is large enough. */
static struct range table_place(const struct range *memory, unsigned nmemory, const struct range *reserved,
                                unsigned nreserved, size_t size)
{
    for (unsigned m = 0; m < nmemory; m++) {
        paddr_t at = page_up(memory[m].start);
        struct range hit;
        while (overlaps((struct range){ at, at + size }, reserved, nreserved, &hit))
            at = page_up(hit.end);
        if (at + size <= memory[m].end)
            return (struct range){ at, at + size };
    }
    panic("page_init: no room for a frame table of %zu bytes", size);
}

static void mark_reserved(uint64_t pfn, uint64_t end_pfn)
{
    for (; pfn < end_pfn; pfn++)
        page_set_use(&page_frames[pfn - page_first_pfn], PAGE_RESERVED);
}

static bool any_reserved(const struct page *page, size_t npages)
{
    for (const struct page *end = page + npages; page < end; page++)
        if (page_use(page) == PAGE_RESERVED)
            return true;
    return false;
}

/* Free the frames of [pfn, end_pfn) that are not reserved, in blocks as large as they come. */
static void free_unreserved(uint64_t pfn, uint64_t end_pfn)
{
    while (pfn < end_pfn) {
        struct page *page = &page_frames[pfn - page_first_pfn];
        if (page_use(page) == PAGE_RESERVED) {
            pfn++;
            continue;
        }
        unsigned order = 0;
        for (uint64_t half = 1; order < PAGE_MAX_ORDER; order++, half *= 2)
            if (pfn & half || pfn + 2 * half > end_pfn || any_reserved(page + half, half))
                break;
        if (CHECKED)
            for (uint64_t p = 0; p < 1ul << order; p++)
                poison(page + p);
        buddy_free(page, order);
        pfn += 1ul << order;
    }
}

void page_init(const struct range *memory, unsigned nmemory, const struct range *reserved, unsigned nreserved)
{
    paddr_t low = UINT64_MAX, high = 0;
    for (unsigned m = 0; m < nmemory; m++) {
        low = page_down(memory[m].start < low ? memory[m].start : low);
        high = page_up(memory[m].end > high ? memory[m].end : high);
    }
    page_first_pfn = low >> PAGE_SHIFT;
    page_count = (high - low) >> PAGE_SHIFT;

    size_t size = page_up(page_count * sizeof(struct page));
    struct range table = table_place(memory, nmemory, reserved, nreserved, size);
    page_frames = phys_to_virt(table.start);
    page_bias = low - ((uint64_t)page_frames << (PAGE_SHIFT - PAGE_STRUCT_SHIFT));
    for (size_t at = 0; at < size; at += PAGE_SIZE)
        page_zero((char *)page_frames + at);

    /* Everything that no memory range covers, and every reserved range rounded outwards, is never free. */
    uint64_t pfn = page_first_pfn;
    for (unsigned m = 0; m < nmemory; m++) {    /* fdt_read has sorted them */
        mark_reserved(pfn, page_up(memory[m].start) >> PAGE_SHIFT);
        pfn = memory[m].end >> PAGE_SHIFT;
    }
    mark_reserved(pfn, page_first_pfn + page_count);
    mark_reserved(table.start >> PAGE_SHIFT, table.end >> PAGE_SHIFT);
    for (unsigned r = 0; r < nreserved; r++) {
        paddr_t start = page_down(reserved[r].start), end = page_up(reserved[r].end);
        if (start < high && low < end)
            mark_reserved((start < low ? low : start) >> PAGE_SHIFT, (end > high ? high : end) >> PAGE_SHIFT);
    }

    free_unreserved(page_first_pfn, page_first_pfn + page_count);
    ntotal = nfree;
    nreserve = ntotal >> RESERVE_SHIFT < RESERVE_MAX ? ntotal >> RESERVE_SHIFT : RESERVE_MAX;
}
