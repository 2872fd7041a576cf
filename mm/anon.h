/*
 * anon.h - one page of contents, wherever it is.
 * Owns: struct anon, its references, and the page that holds its contents.
 * Does not own: where it is mapped (pmap.c), which slots refer to it (radix.c).
 */
#pragma once

#include <stdatomic.h>

#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "mm/page.h"

struct family;
struct vm_object;

struct anon {
    _Atomic uint32_t refs;              /* radix slots that hold it, each shared node counted once; pins (object.h) */
    uint32_t seen;                      /* check.c: references found; 0 at all other times */
    struct mutex lock;
    struct page *page;                  /* [lock; an object's: or object->lock] its contents; never NULL: there is no swap */
    bool dirty;                         /* [object->lock] of an object's: no longer what it was filled with */
    /* fixed, but for the number while mremap moves it: the owner, from which every place that may map the page is computed */
    union {
        struct family *family;          /* page->use is PAGE_ANON */
        struct vm_object *object;       /* PAGE_FILE */
    };
    uint64_t vpn;                       /* page number in every address space of the family; or index in the object */
};

/* A new anon with one reference, no owner yet, and a page with undefined contents. NULL without memory. */
struct anon *anon_alloc(enum page_use use);

/*
 * Up to ANON_SPARE_MAX new anons full of zeroes, for page vpn of family and those after it, if there is memory to spare
 * (page.h). Returns how many are in anon.
 */
#define ANON_SPARE_MAX 32
unsigned anon_alloc_spare(struct family *family, uint64_t vpn, struct anon *anon[], unsigned n);

/* A new reference, for a copy of a radix node; or a pin of an object's anon, under object->lock (object.h). */
static inline void anon_get(struct anon *anon)
{
    atomic_fetch_add_explicit(&anon->refs, 1, memory_order_relaxed);
}

/* Let go of a reference; the last one frees the anon and its page. Nobody maps the page any more by then. */
void anon_put(struct anon *anon);

/* The page with anon's contents. Caller holds anon->lock. */
static inline struct page *anon_page(struct anon *anon)
{
    assert(mutex_held(&anon->lock));
    return anon->page;
}

/* Acquire load, after the path to anon has been found exclusive: is the caller's the only reference? */
static inline bool anon_sole(const struct anon *anon)
{
    return atomic_load_explicit(&anon->refs, memory_order_acquire) == 1;
}

size_t anon_count(void);                /* anons in use */
