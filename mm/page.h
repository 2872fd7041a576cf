/*
 * page.h - page frames.
 * Owns: struct page (one per frame of RAM), which frames are free, and what each used frame is used
 * for.
 * Does not own: the meaning of a used frame's contents.
 */
#pragma once

#include <stdatomic.h>

#include "arch/machine.h"
#include "arch/mmu.h"
#include "kernel/core/inject.h"
#include "mm/magazine.h"
#include <sys/queue.h>

enum page_use {
    PAGE_FREE_TAIL,                     /* inside a free block of the buddy system; 0, so that a new table is all this */
    PAGE_FREE,                          /* head of a free block */
    PAGE_CACHED,                        /* free, in a hart's magazine */
    PAGE_RESERVED,                      /* not RAM, or never given to the allocator */
    PAGE_ANON,                          /* contents of an anon: private memory */
    PAGE_FILE,                          /* contents of an anon that an object owns */
    PAGE_TABLE,                         /* a table of a page table */
    PAGE_SLAB,                          /* small objects */
    PAGE_KSTACK,
    PAGE_KERNEL,                        /* anything else of the kernel: pipe buffers, path names */
    PAGE_NUSES
};

#define PAGE_MAX_ORDER 10               /* the largest block: 2^10 frames, 4 MiB */

struct page {
    _Atomic uint8_t use;                /* enum page_use; [page_lock] while free, the owner's afterwards: page_use() */
    union {
        uint8_t order;                  /* PAGE_FREE: size of the block */
        uint8_t fetch_clean;            /* [anon->lock; a file page: or object->lock] fetches see the contents; see pmap.c */
    };
    union {
        struct {                        /* PAGE_TABLE [as->pt_lock] */
            uint16_t live;              /* entries in use */
            uint16_t first, last;       /* all of them lie in here (it may be wider) */
        } table;
        struct {                        /* PAGE_SLAB [cache->lock] */
            uint16_t in_use;            /* objects */
            uint16_t free;              /* byte offset of the first free one, SLAB_NONE: none */
        } slab;
    };
    union {
        struct anon *anon;              /* PAGE_ANON, PAGE_FILE: whose contents; fixed while used so */
        struct slab_cache *cache;       /* PAGE_SLAB */
    };
    union {
        LIST_ENTRY(page) link;          /* free list, list of slabs, list of tables to free */
        TAILQ_ENTRY(page) queue_link;   /* [queue_lock] PAGE_ANON, PAGE_FILE: a queue of those that may be taken (policy.h) */
    };
};

LIST_HEAD(page_list, page);

/*
 * A frame's owner changes its use without a lock, and freeing a neighbour looks at it: that sees
 * some use or other, but never PAGE_FREE, which is written under page_lock alone.
 */
static inline enum page_use page_use(const struct page *page)
{
    return atomic_load_explicit(&page->use, memory_order_relaxed);
}

static inline void page_set_use(struct page *page, enum page_use use)
{
    atomic_store_explicit(&page->use, use, memory_order_relaxed);
}

extern struct page *page_frames;        /* the frame table, from page_first_pfn on */
extern uint64_t page_first_pfn;
extern size_t page_count;               /* frames in the table */

/*
 * A frame's address is linear in the address of its struct page, which is 32 bytes: one bias, set
 * by page_init, and a shift.
 */
#define PAGE_STRUCT_SHIFT 5
_Static_assert(sizeof(struct page) == 1 << PAGE_STRUCT_SHIFT, "the frame table is indexed by shifting");
extern uint64_t page_bias;

static inline paddr_t page_to_phys(const struct page *page)
{
    return ((uint64_t)page << (PAGE_SHIFT - PAGE_STRUCT_SHIFT)) + page_bias;
}

/* pa need not be page aligned. */
static inline struct page *phys_to_page(paddr_t pa)
{
    /* Arithmetic: kernel addresses are negative, and the shift left has only dropped copies of the sign. */
    return (struct page *)((int64_t)(page_down(pa) - page_bias) >> (PAGE_SHIFT - PAGE_STRUCT_SHIFT));
}

/* Where the kernel sees the frame's bytes. */
static inline void *page_address(const struct page *page) { return phys_to_virt(page_to_phys(page)); }
/* The frame that va, in the direct map, lies in. */
static inline struct page *virt_to_page(const void *va) { return phys_to_page(virt_to_phys(va)); }

/*
 * Build the frame table from the machine's memory ranges and free every frame that is not in a
 * reserved range. The table itself is taken from that memory. Called once, on one hart.
 */
void page_init(const struct range *memory, unsigned nmemory, const struct range *reserved, unsigned nreserved);

/*
 * Handed down at start (NULL: nothing): give back what is only kept to be quick, as is asked when
 * little is left for the first time; or, when there is none, what can be brought back from disk,
 * too. Called before page_alloc says NULL, as long as it returns true: that some frames have come
 * by it, and more may. May sleep, and take reclaim_lock and what follows in the order, since nobody
 * allocates while he holds one of these.
 */
extern bool (*page_shrink)(bool short_of_memory);

/*
 * Handed down, too: called now and then while fewer frames are free than the low mark, which is a
 * 64th of memory above the reserve. It must not sleep for long. Locks: as page_shrink.
 */
extern void (*page_low)(void);
size_t page_low_mark(void);

/*
 * A frame, contents undefined. NULL when none is left, or none but the reserve that only process 1
 * may use.
 * Locks: none needed; takes page_lock now and then. May sleep, and come back on another hart.
 */
static inline struct page *page_alloc(enum page_use use);
static inline struct page *page_alloc_zeroed(enum page_use use);
static inline void page_free(struct page *page);

/*
 * Are there so few frames left, after page_shrink too, that only who cannot do without should take
 * one? So asks who fetches many pages at a wish: the last of them would be those that the program
 * needs to read that there were not enough.
 */
#define PAGE_FEW 64
bool page_few_left(void);

/*
 * n frames, contents undefined, if that leaves a quarter of memory free: for who can do without.
 * Returns how many; fewer than n only when a test wants it, or none. Gives nothing back for them,
 * and does not sleep.
 */
unsigned page_alloc_spare(enum page_use use, struct page *page[], unsigned n);

extern struct magazine page_magazines[MMU_MAX_HARTS];
struct page *page_alloc_slow(enum page_use use);        /* magazine empty, or the checked kernel */
void page_free_slow(struct page *page);

static inline struct page *page_alloc(enum page_use use)
{
    struct magazine *mag = &page_magazines[hart_index()];
    if (CHECKED || mag->count == 0)
        return page_alloc_slow(use);
    struct page *page = magazine_take(mag);
    page_set_use(page, use);
    page->fetch_clean = false;
    return page;
}

static inline struct page *page_alloc_zeroed(enum page_use use)
{
    struct page *page = page_alloc(use);
    if (page != NULL)
        page_zero(page_address(page));
    return page;
}

/* From here on both mean: unless a test wants this one to fail. */
#define page_alloc(use)        (alloc_fails() ? NULL : page_alloc(use))
#define page_alloc_zeroed(use) (alloc_fails() ? NULL : page_alloc_zeroed(use))

static inline void page_free(struct page *page)
{
    struct magazine *mag = &page_magazines[hart_index()];
    if (CHECKED || mag->count == MAGAZINE_MAX) {
        page_free_slow(page);
        return;
    }
    page_set_use(page, PAGE_CACHED);
    magazine_put(mag, page);
}

/* Give the free frames that a hart keeps to the common lists: its own, or any while all are stopped. */
void page_drain_hart(unsigned hart);

/* Frames: all that the allocator ever had, and how many are used for use (PAGE_FREE: free, magazines included). */
size_t page_total(void);
size_t page_used(enum page_use use);

/* I6: the free lists and the frame table agree. Panics if not. All harts are stopped. */
void page_check(void);
