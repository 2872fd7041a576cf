/*
 * slab.c - small kernel objects of one type each, cut from single frames.
 * Owns: the slabs, their free objects, the magazines of the harts.
 * Does not own: what the objects are.
 *
 * A slab is one frame: as many objects as fit, side by side. A free object's first two bytes hold
 * the place of the next free one, so a slab needs no memory beyond the frame and a few bytes of its
 * struct page. Allocation takes from this hart's magazine; an empty magazine is filled, and a full
 * one emptied, by half under the cache's lock.
 */
#include <string.h>

#include "kernel/core/panic.h"
#include "mm/slab.h"

#define SLAB_NONE  0xffff
#define SLAB_BATCH (MAGAZINE_MAX / 2)
#define POISON     0x6b                         /* what a free object is full of in the checked kernel */

static struct spinlock slab_list_lock = SPINLOCK_INIT(RANK_PAGE);
static SLIST_HEAD(, slab_cache) slab_caches;    /* [slab_list_lock] */

static unsigned objects_per_slab(const struct slab_cache *cache)
{
    return PAGE_SIZE / cache->object_size;
}

static void check_poison(const struct slab_cache *cache, const unsigned char *object)
{
    for (unsigned i = sizeof(uint16_t); i < cache->object_size; i++)
        if (object[i] != POISON)
            panic("slab_alloc: a free one of %s at %p was written to: byte %u is %#x", cache->name, (void *)object, i,
                  object[i]);
}

/* ---- slabs, under cache->lock ---- */

/* Move up to max free objects of slab, which has some, to out. Returns how many. */
static unsigned slab_take(struct slab_cache *cache, struct page *slab, void **out, unsigned max)
{
    char *bytes = page_address(slab);
    uint16_t free = slab->slab.free;
    void **next = out;
    for (void **end = out + max; next < end && free != SLAB_NONE; next++) {
        *next = bytes + free;
        free = *(uint16_t *)*next;
    }
    unsigned n = next - out;
    slab->slab.free = free;
    slab->slab.in_use += n;
    cache->nfree -= n;
    if (free == SLAB_NONE)
        LIST_REMOVE(slab, link);
    return n;
}

/* Put object back; returns its slab when that has become empty and may be freed, once cache->lock is released. */
static struct page *slab_give(struct slab_cache *cache, void *object)
{
    struct page *slab = virt_to_page(object);
    assert(page_use(slab) == PAGE_SLAB && slab->cache == cache);
    if (slab->slab.free == SLAB_NONE)
        LIST_INSERT_HEAD(&cache->partial, slab, link);
    *(uint16_t *)object = slab->slab.free;
    slab->slab.free = (uintptr_t)object & PAGE_MASK;
    cache->nfree++;
    if (--slab->slab.in_use > 0)
        return NULL;
    LIST_REMOVE(slab, link);
    cache->nslabs--;
    cache->nfree -= objects_per_slab(cache);
    return slab;
}

static void slab_add(struct slab_cache *cache, struct page *slab)
{
    LIST_INSERT_HEAD(&cache->partial, slab, link);
    cache->nslabs++;
    cache->nfree += objects_per_slab(cache);
}

static struct page *slab_create(struct slab_cache *cache)
{
    struct page *slab = page_alloc(PAGE_SLAB);
    if (slab == NULL)
        return NULL;
    slab->cache = cache;
    slab->slab.in_use = 0;
    slab->slab.free = 0;
    char *bytes = page_address(slab);
    const unsigned size = cache->object_size, last = (objects_per_slab(cache) - 1) * size;
    if (CHECKED)
        memset(bytes, POISON, PAGE_SIZE);
    unsigned next = size;
    for (char *object = bytes; object < bytes + last; object += size, next += size)
        *(uint16_t *)object = next;
    *(uint16_t *)(bytes + last) = SLAB_NONE;
    return slab;
}

static void cache_register(struct slab_cache *cache)
{
    spin_lock(&slab_list_lock);
    if (!cache->registered) {
        cache->registered = true;
        SLIST_INSERT_HEAD(&slab_caches, cache, all_link);
    }
    spin_unlock(&slab_list_lock);
}

/* ---- magazines ---- */

/* Lock cache, with a free object in a slab of it; false: no memory, not locked. */
static bool lock_with_slab(struct slab_cache *cache)
{
    if (!cache->registered)
        cache_register(cache);
    spin_lock(&cache->lock);
    if (LIST_EMPTY(&cache->partial)) {
        /* Frames are allocated without the lock; another hart may have added a slab meanwhile, which does no harm. */
        spin_unlock(&cache->lock);
        struct page *slab = slab_create(cache);
        if (slab == NULL)
            return false;
        spin_lock(&cache->lock);
        slab_add(cache, slab);
    }
    return true;
}

/* This hart's, with an object in it; NULL without memory. */
static struct magazine *magazine_fill(struct slab_cache *cache)
{
    if (!lock_with_slab(cache))
        return NULL;
    struct magazine *mag = &cache->magazine[hart_index()];         /* not before: page_alloc may sleep */
    while (mag->count < SLAB_BATCH && !LIST_EMPTY(&cache->partial))
        mag->count += slab_take(cache, LIST_FIRST(&cache->partial), mag->item + mag->count, SLAB_BATCH - mag->count);
    spin_unlock(&cache->lock);
    return mag;
}

static void magazine_drain(struct slab_cache *cache, struct magazine *mag, unsigned keep)
{
    struct page_list empty = LIST_HEAD_INITIALIZER(empty);
    spin_lock(&cache->lock);
    while (mag->count > keep) {
        struct page *slab = slab_give(cache, magazine_take(mag));
        if (slab != NULL)
            LIST_INSERT_HEAD(&empty, slab, link);
    }
    spin_unlock(&cache->lock);
    while (!LIST_EMPTY(&empty)) {
        struct page *slab = LIST_FIRST(&empty);
        LIST_REMOVE(slab, link);
        page_free(slab);
    }
}

void *slab_alloc_slow(struct slab_cache *cache)
{
    if (CHECKED)
        lock_assert_may_allocate();
    struct magazine *mag = &cache->magazine[hart_index()];
    if (mag->count == 0 && (mag = magazine_fill(cache)) == NULL)
        return NULL;
    void *object = magazine_take(mag);
    if (CHECKED)
        check_poison(cache, object);
    return object;
}

unsigned slab_alloc_many(struct slab_cache *cache, void *object[], unsigned n)
{
    if (CHECKED)
        lock_assert_may_allocate();
    unsigned done = 0;
    while (done < n && !alloc_fails() && lock_with_slab(cache)) {
        done += slab_take(cache, LIST_FIRST(&cache->partial), object + done, n - done);
        spin_unlock(&cache->lock);
    }
    for (unsigned i = 0; CHECKED && i < done; i++)
        check_poison(cache, object[i]);
    return done;
}

void slab_free_slow(struct slab_cache *cache, void *object)
{
    struct magazine *mag = &cache->magazine[hart_index()];
    if (CHECKED)
        memset(object, POISON, cache->object_size);
    if (mag->count == MAGAZINE_MAX)
        magazine_drain(cache, mag, MAGAZINE_MAX - SLAB_BATCH);
    magazine_put(mag, object);
}

void slab_drain_hart(unsigned hart)
{
    struct slab_cache *cache;
    SLIST_FOREACH(cache, &slab_caches, all_link)        /* only ever grows, at its head */
        magazine_drain(cache, &cache->magazine[hart], 0);
}

size_t slab_in_use(const struct slab_cache *cache)
{
    size_t n = cache->nslabs * objects_per_slab(cache) - cache->nfree;
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        n -= cache->magazine[h].count;
    return n;
}

void slab_for_each(void (*visit)(const struct slab_cache *cache, void *arg), void *arg)
{
    struct slab_cache *cache;
    SLIST_FOREACH(cache, &slab_caches, all_link)
        visit(cache, arg);
}
