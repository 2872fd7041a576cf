/*
 * slab.h - small kernel objects of one type each.
 * Owns: the frames in PAGE_SLAB use, cut into objects.
 */
#pragma once

#include "kernel/core/lock.h"
#include "mm/page.h"

#define SLAB_OBJECT_MAX 2032            /* bytes: at least two to a frame */

struct slab_cache {
    const char *name;
    uint32_t object_size;               /* bytes, a multiple of 8 */
    bool registered;                    /* [slab_list_lock to change] on the list of all caches */
    struct spinlock lock;
    struct page_list partial;           /* [lock] slabs with a free object */
    size_t nslabs;                      /* [lock] */
    size_t nfree;                       /* [lock] free objects in slabs, magazines not counted */
    SLIST_ENTRY(slab_cache) all_link;   /* [slab_list_lock] */
    struct magazine magazine[MMU_MAX_HARTS];
};

/* Define cache var for objects of type; /proc/vmstat counts them in a row called var. */
#define SLAB_CACHE(var, type)                                                                            \
    struct slab_cache var = { .name = #var, .object_size = (sizeof(type) + 7) & ~7u,                    \
                              .lock = SPINLOCK_INIT(RANK_PAGE) };                                        \
    _Static_assert(sizeof(type) <= SLAB_OBJECT_MAX, "object too large for a slab")

/* An object, contents undefined; NULL without memory. */
void *slab_alloc_slow(struct slab_cache *cache);        /* magazine empty, or the checked kernel */
void slab_free_slow(struct slab_cache *cache, void *object);

static inline void *slab_alloc(struct slab_cache *cache)
{
    struct magazine *mag = &cache->magazine[hart_index()];
    return CHECKED || mag->count == 0 ? slab_alloc_slow(cache) : magazine_take(mag);
}
#define slab_alloc(cache) (alloc_fails() ? NULL : slab_alloc(cache))    /* unless a test wants this one to fail */

/* Up to n objects, straight from the slabs; returns how many. For who wants so many that the magazine is no help. */
unsigned slab_alloc_many(struct slab_cache *cache, void *object[], unsigned n);

static inline void slab_free(struct slab_cache *cache, void *object)
{
    struct magazine *mag = &cache->magazine[hart_index()];
    if (CHECKED || mag->count == MAGAZINE_MAX)
        slab_free_slow(cache, object);
    else
        magazine_put(mag, object);
}

/* Give a hart's free objects back to their slabs, and empty slabs to the frame allocator. Its own, or all are stopped. */
void slab_drain_hart(unsigned hart);

/* Objects in use. Exact when no hart allocates meanwhile. */
size_t slab_in_use(const struct slab_cache *cache);

/* Call visit for every cache that was ever used. */
void slab_for_each(void (*visit)(const struct slab_cache *cache, void *arg), void *arg);
