/*
 * swap.c - pages of contents on disk.
 * Owns: areas, which of their slots are in use, the format of an area's first page.
 * Does not own: the disk (struct page_device), which page goes out (reclaim.c), whose contents a
 * slot has (anon.h).
 *
 * An area is a disk, or a part of one, that begins with the header of mkswap(8). A bit for each
 * page says whether it is in use: the header, bad pages, and what anons hold. The search goes on
 * where the last one ended, so pages that leave memory together lie together, and come back in few
 * requests.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "mm/page.h"
#include "mm/swap.h"

/* ---- the header: mkswap(8), version 1; all numbers in the machine's own order of bytes ---- */

#define MAGIC        "SWAPSPACE2"
#define MAGIC_LEN    10
#define MAGIC_OFFSET (PAGE_SIZE - MAGIC_LEN)
#define INFO_OFFSET  1024               /* what is before may be a boot block */
#define BAD_MAX      ((MAGIC_OFFSET - INFO_OFFSET - sizeof(struct header)) / sizeof(uint32_t))

struct header {
    uint32_t version;
    uint32_t last_page;                 /* the number of the last page that is part of it */
    uint32_t nbad;
    uint8_t uuid[16];
    char label[16];
    uint32_t unused[117];
    uint32_t bad[];                     /* numbers of pages that must not be used */
};

/* ---- areas ---- */

#define MAP_WORD_BITS  64
#define MAP_FRAME_BITS (PAGE_SIZE * 8)

struct area {
    struct page_device *dev;            /* NULL: no area */
    int priority;
    _Atomic bool retires;               /* nothing is written to it any more */
    size_t npages, nused;               /* the header among both */
    size_t nheld;                       /* slots that someone holds: not the header, nor bad ones */
    uint32_t next;                      /* where the search for a free slot goes on */
    struct page *map[SWAP_NPAGES_MAX / MAP_FRAME_BITS];         /* a bit for each page: in use */
};

static struct spinlock swap_lock = SPINLOCK_INIT(RANK_PAGE);
static struct area areas[SWAP_AREAS_MAX];               /* [swap_lock] */

static uint64_t *map_word(const struct area *area, uint32_t index)
{
    uint64_t *words = page_address(area->map[index / MAP_FRAME_BITS]);
    return &words[index % MAP_FRAME_BITS / MAP_WORD_BITS];
}

static uint64_t map_bit(uint32_t index) { return 1ul << index % MAP_WORD_BITS; }
static bool is_used(const struct area *area, uint32_t index) { return *map_word(area, index) & map_bit(index); }

static void set_used(struct area *area, uint32_t index)
{
    *map_word(area, index) |= map_bit(index);
    area->nused++;
}

static swap_slot slot_of(const struct area *area, uint32_t index)
{
    return (uint32_t)(area - areas) << SWAP_INDEX_BITS | index;
}

static struct area *area_of(swap_slot slot) { return &areas[slot >> SWAP_INDEX_BITS]; }
static uint32_t index_of(swap_slot slot) { return slot & ((1u << SWAP_INDEX_BITS) - 1); }

/* ---- on and off ---- */

static void free_map(struct area *area)
{
    for (size_t i = 0; i < sizeof area->map / sizeof area->map[0]; i++) {
        if (area->map[i] != NULL)
            page_free(area->map[i]);
        area->map[i] = NULL;
    }
}

/* Read dev's header into area: its size, and a map in which what must not be used is. */
static int read_header(struct area *area, struct page_device *dev)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    if (page == NULL)
        return -ENOMEM;
    const char *bytes = page_address(page);
    const struct header *header = (const struct header *)(bytes + INFO_OFFSET);
    int err = dev->npages > 0 ? dev->transfer(dev, &(uint32_t){ 0 }, &page, 1, false) : -EINVAL;
    if (err == 0 && (memcmp(bytes + MAGIC_OFFSET, MAGIC, MAGIC_LEN) != 0 || header->version != 1 ||
                     header->last_page == 0 || header->last_page >= dev->npages || header->nbad > BAD_MAX))
        err = -EINVAL;
    area->npages = err == 0 && header->last_page < SWAP_NPAGES_MAX ? header->last_page + 1ul : SWAP_NPAGES_MAX;
    for (size_t i = 0; err == 0 && i * MAP_FRAME_BITS < area->npages; i++)
        if ((area->map[i] = page_alloc_zeroed(PAGE_KERNEL)) == NULL)
            err = -ENOMEM;
    if (err == 0)
        set_used(area, 0);
    for (uint32_t i = 0; err == 0 && i < header->nbad; i++)
        if (header->bad[i] < area->npages && !is_used(area, header->bad[i]))
            set_used(area, header->bad[i]);
    page_free(page);
    return err;
}

int swap_on(struct page_device *dev, int priority)
{
    struct area new = { .priority = priority, .next = 1 };
    int err = read_header(&new, dev);
    new.dev = dev;
    spin_lock(&swap_lock);
    struct area *place = NULL;
    for (struct area *area = areas; area < areas + SWAP_AREAS_MAX; area++) {
        if (area->dev == dev && err == 0)
            err = -EBUSY;
        if (area->dev == NULL && place == NULL)
            place = area;
    }
    if (err == 0 && place == NULL)
        err = -EPERM;
    if (err == 0)
        *place = new;
    spin_unlock(&swap_lock);
    if (err != 0)
        free_map(&new);
    return err;
}

static struct area *find_area(const struct page_device *dev)
{
    for (struct area *area = areas; area < areas + SWAP_AREAS_MAX; area++)
        if (area->dev == dev)
            return area;
    return NULL;
}

bool swap_is_on(const struct page_device *dev)
{
    spin_lock(&swap_lock);
    bool is = find_area(dev) != NULL;
    spin_unlock(&swap_lock);
    return is;
}

static int set_retires(struct page_device *dev, bool retires)
{
    spin_lock(&swap_lock);
    struct area *area = find_area(dev);
    if (area != NULL)
        area->retires = retires;
    spin_unlock(&swap_lock);
    return area != NULL ? 0 : -EINVAL;
}

int swap_retire(struct page_device *dev) { return set_retires(dev, true); }
void swap_resume(struct page_device *dev) { set_retires(dev, false); }

bool swap_forget(struct page_device *dev)
{
    spin_lock(&swap_lock);
    struct area *area = find_area(dev), old = *area;
    bool free = area->nheld == 0;
    if (free)
        *area = (struct area){ 0 };
    spin_unlock(&swap_lock);
    if (free)
        free_map(&old);
    return free;
}

/* ---- homes: their numbers come after those of all areas ---- */

static struct page_device *homes[HOMES_MAX];            /* each fixed once it is there */

swap_slot swap_home(struct page_device *dev)
{
    for (unsigned i = 0; i < HOMES_MAX; i++)
        if (homes[i] == NULL) {
            homes[i] = dev;
            return (SWAP_AREAS_MAX + i) << SWAP_INDEX_BITS;
        }
    return 0;
}

static struct page_device *device_of(swap_slot slot)
{
    unsigned number = slot >> SWAP_INDEX_BITS;
    return number < SWAP_AREAS_MAX ? areas[number].dev : homes[number - SWAP_AREAS_MAX];
}

int swap_home_flush(swap_slot home)
{
    struct page_device *dev = device_of(home);
    return dev->flush(dev);
}

/* ---- slots ---- */

bool swap_slot_retires(swap_slot slot)
{
    return slot != 0 && slot != SWAP_ZEROES && !swap_is_home(slot) && area_of(slot)->retires;
}

bool swap_same_disk(swap_slot a, swap_slot b)
{
    return a != 0 && b != 0 && a != SWAP_ZEROES && b != SWAP_ZEROES && a >> SWAP_INDEX_BITS == b >> SWAP_INDEX_BITS;
}

/* The first free page at or after from, before end; end: there is none. */
static uint32_t next_free(const struct area *area, uint32_t from, uint32_t end)
{
    while (from < end && is_used(area, from))
        from = *map_word(area, from) == UINT64_MAX ? (from | (MAP_WORD_BITS - 1)) + 1 : from + 1;
    return from < end ? from : end;
}

static unsigned reserve_in(struct area *area, unsigned n, swap_slot *first)
{
    uint32_t end = area->npages, at = next_free(area, area->next, end);
    if (at == end && (at = next_free(area, 1, area->next)) == area->next)
        return 0;
    unsigned got = 0;
    while (got < n && at + got < end && !is_used(area, at + got))
        set_used(area, at + got++);
    area->next = at + got;
    area->nheld += got;
    *first = slot_of(area, at);
    return got;
}

unsigned swap_reserve(unsigned n, swap_slot *first)
{
    unsigned got = 0;
    spin_lock(&swap_lock);
    struct area *best = NULL;
    for (struct area *area = areas; area < areas + SWAP_AREAS_MAX; area++)
        if (area->dev != NULL && !area->retires && area->nused < area->npages &&
            (best == NULL || area->priority > best->priority))
            best = area;
    if (best != NULL)
        got = reserve_in(best, n, first);
    spin_unlock(&swap_lock);
    return got;
}

void swap_free(swap_slot slot)
{
    if (slot == SWAP_ZEROES || swap_is_home(slot))
        return;
    struct area *area = area_of(slot);
    uint32_t index = index_of(slot);
    spin_lock(&swap_lock);
    assert(area->dev != NULL && index > 0 && index < area->npages && is_used(area, index));
    *map_word(area, index) &= ~map_bit(index);
    area->nused--;
    area->nheld--;
    spin_unlock(&swap_lock);
}

/* It stays in use, and is nobody's. */
void swap_abandon(swap_slot slot)
{
    if (swap_is_home(slot))
        return;
    spin_lock(&swap_lock);
    area_of(slot)->nheld--;
    spin_unlock(&swap_lock);
}

static struct swap_counts counts;               /* [swap_lock] */

static int count(size_t *done, unsigned n, int err)
{
    spin_lock(&swap_lock);
    *(err == 0 ? done : &counts.failed) += err == 0 ? n : 1;
    spin_unlock(&swap_lock);
    return err;
}

static int transfer(const swap_slot slot[], struct page *const page[], unsigned n, bool write)
{
    struct page_device *dev = device_of(slot[0]);
    size_t unused = 0, *done = swap_is_home(slot[0]) ? &unused : write ? &counts.out : &counts.in;
    uint32_t at[SWAP_CLUSTER];
    for (unsigned i = 0; i < n; i++) {
        assert(swap_same_disk(slot[i], slot[0]));
        at[i] = index_of(slot[i]);
    }
    return count(done, n, dev->transfer(dev, at, page, n, write));
}

int swap_read(const swap_slot slot[], struct page *const page[], unsigned n)
{
    if (slot[0] != SWAP_ZEROES)
        return transfer(slot, page, n, false);
    page_zero(page_address(page[0]));
    return count(&counts.zeroes_in, 1, 0);
}

int swap_write(const swap_slot slot[], struct page *const page[], unsigned n) { return transfer(slot, page, n, true); }

void swap_counts(struct swap_counts *out)
{
    spin_lock(&swap_lock);
    *out = counts;
    spin_unlock(&swap_lock);
}

bool swap_is_zeroes(const struct page *page)
{
    const uint64_t *word = page_address(page);
    uint64_t any = 0;
    for (size_t i = 0; i < PAGE_SIZE / sizeof *word && any == 0; i += 4)
        any = word[i] | word[i + 1] | word[i + 2] | word[i + 3];
    return any == 0;
}

/* ---- counts ---- */

size_t swap_held(void)
{
    spin_lock(&swap_lock);
    size_t n = 0;
    for (struct area *area = areas; area < areas + SWAP_AREAS_MAX; area++)
        n += area->nheld;
    spin_unlock(&swap_lock);
    return n;
}

bool swap_usage(unsigned i, struct swap_usage *usage)
{
    spin_lock(&swap_lock);
    const struct area *area = i < SWAP_AREAS_MAX ? &areas[i] : NULL;
    bool there = area != NULL && area->dev != NULL;
    if (there)
        *usage = (struct swap_usage){ area->dev->name, area->priority, area->npages - 1, area->nused - 1 };
    spin_unlock(&swap_lock);
    return there;
}

void swap_totals(size_t *npages, size_t *free)
{
    struct swap_usage usage;
    *npages = *free = 0;
    for (unsigned i = 0; i < SWAP_AREAS_MAX; i++)
        if (swap_usage(i, &usage) && !areas[i].retires) {
            *npages += usage.npages;
            *free += usage.npages - usage.used;
        }
}
