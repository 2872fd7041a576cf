/*
 * anon.c - one page of contents, wherever it is.
 * Owns: struct anon, its references.
 * Does not own: where an anon is mapped (pmap.c), which slots refer to it (radix.c).
 */
#include "kernel/core/errno.h"
#include "mm/anon.h"
#include "mm/queue.h"
#include "mm/record.h"
#include "mm/slab.h"

static SLAB_CACHE(anons, struct anon);

static inline void anon_init(struct anon *anon, struct page *page, enum page_use use, struct family *family, uint64_t vpn)
{
    atomic_store_explicit(&anon->refs, 1, memory_order_relaxed);
    anon->seen = 0;
    mutex_init(&anon->lock, RANK_ANON);
    anon->page = page;
    anon->slot = 0;
    anon->dirty = false;
    anon->idle = ANON_USED;
    anon->queue = anon->arrived_at = 0;
    anon->use = use;
    anon->left_at = 0;
    anon->family = family;
    anon->vpn = vpn;
}

struct anon *anon_alloc(enum page_use use)
{
    struct anon *anon = slab_alloc(&anons);
    if (anon == NULL)
        return NULL;
    struct page *page = page_alloc(use);
    if (page == NULL) {
        slab_free(&anons, anon);
        return NULL;
    }
    anon_init(anon, page, use, NULL, 0);
    page->anon = anon;
    return anon;
}

struct anon *anon_alloc_on_disk(void)
{
    struct anon *anon = slab_alloc(&anons);
    if (anon != NULL)
        anon_init(anon, NULL, PAGE_FILE, NULL, 0);
    return anon;
}

unsigned anon_alloc_spare(struct family *family, uint64_t vpn, struct anon *anon[], unsigned n)
{
    struct page *page[ANON_SPARE_MAX];
    assert(n <= ANON_SPARE_MAX);
    unsigned npages = page_alloc_spare(PAGE_ANON, page, n);
    unsigned nanons = npages > 0 ? slab_alloc_many(&anons, (void **)anon, npages) : 0;
    for (unsigned i = 0; i < nanons; i++) {
        struct page *frame = page[i];
        anon_init(anon[i], frame, PAGE_ANON, family, vpn + i);
        frame->anon = anon[i];
        page_zero(page_address(frame));
    }
    while (npages > nanons)
        page_free(page[--npages]);
    return nanons;
}

/* Who is at work on anon ends that first; then nobody finds it any more. */
static __attribute__((noinline)) void take_back(struct anon *anon)
{
    mutex_lock(&anon->lock);
    queue_forget(anon);
    anon_stored(anon);                          /* the slot is free */
    mutex_unlock(&anon->lock);
}

void anon_put(struct anon *anon)
{
    if (atomic_fetch_sub_explicit(&anon->refs, 1, memory_order_acq_rel) != 1)
        return;
    /* No radix slot leads here. Reclaim may still come, by the queue, or be at work: it sets the slot before the queue ends. */
    if (__builtin_expect(__atomic_load_n(&anon->queue, __ATOMIC_ACQUIRE) != 0 || anon->slot != 0, 0))
        take_back(anon);
    if (anon->page != NULL)
        page_free(anon->page);
    slab_free(&anons, anon);
}

/* ---- on disk ---- */

void anon_came(struct anon *anon, struct page *page)
{
    assert(mutex_held(&anon->lock) && anon->page == NULL && anon->slot != 0);
    page_record(TRACE_IN, anon, page);
    page_set_use(page, anon->use);
    page->anon = anon;
    page->fetch_clean = false;
    anon->page = page;
    anon->idle = ANON_NEW;
    queue_came(anon);
}

int anon_lock_in_memory(struct anon *anon)
{
    struct page *spare = NULL;
    int err = 0;
    mutex_lock(&anon->lock);
    while (anon->page == NULL && err == 0) {
        if (spare != NULL) {
            if ((err = swap_read(&anon->slot, &spare, 1)) == 0) {
                anon_came(anon, spare);
                spare = NULL;
            }
            continue;
        }
        mutex_unlock(&anon->lock);
        if ((spare = page_alloc(PAGE_KERNEL)) == NULL)
            return -ENOMEM;
        mutex_lock(&anon->lock);
    }
    if (err != 0)
        mutex_unlock(&anon->lock);
    if (spare != NULL)
        page_free(spare);
    return err;
}

bool anon_in_memory(struct anon *anon)
{
    mutex_lock(&anon->lock);
    bool there = anon->page != NULL;
    mutex_unlock(&anon->lock);
    return there;
}

void anon_leave_slot(struct anon *anon)
{
    assert(mutex_held(&anon->lock));
    swap_free(anon->slot);
    anon->slot = 0;
}

size_t anon_count(void)
{
    return slab_in_use(&anons);
}
