/*
 * anon.c - one page of contents, wherever it is.
 * Owns: struct anon, its references, the choice between page and slot (as yet there is no swap: always a page).
 * Does not own: where an anon is mapped (pmap.c), which slots refer to it (radix.c).
 */
#include "mm/anon.h"
#include "mm/slab.h"

static SLAB_CACHE(anons, struct anon);

static inline void anon_init(struct anon *anon, struct page *page, struct family *family, uint64_t vpn)
{
    page->anon = anon;
    atomic_store_explicit(&anon->refs, 1, memory_order_relaxed);
    anon->seen = 0;
    mutex_init(&anon->lock, RANK_ANON);
    anon->page = page;
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
    anon_init(anon, page, NULL, 0);
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
        anon_init(anon[i], frame, family, vpn + i);
        page_zero(page_address(frame));
    }
    while (npages > nanons)
        page_free(page[--npages]);
    return nanons;
}

void anon_put(struct anon *anon)
{
    if (atomic_fetch_sub_explicit(&anon->refs, 1, memory_order_acq_rel) != 1)
        return;
    /* No slot leads here any more, and pages are only reached through slots: nobody else can hold the lock. */
    page_free(anon->page);
    slab_free(&anons, anon);
}

size_t anon_count(void)
{
    return slab_in_use(&anons);
}
