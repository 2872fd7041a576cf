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
#include "mm/swap.h"

struct family;
struct vm_object;

/* Has it been used since a policy asked last, and its leaves were taken? A fault, read or write says so. */
enum anon_idle { ANON_USED, ANON_IDLE, ANON_NEW };     /* new: just read in; the first who reads it is whom that was for */

struct anon {
    _Atomic uint32_t refs;              /* radix slots that hold it, each shared node counted once; pins (object.h) */
    uint32_t seen;                      /* check.c: references found; 0 at all other times */
    struct mutex lock;
    struct page *page;                  /* [lock] its contents in memory; NULL: they are in the slot only */
    swap_slot slot;                     /* [lock] where they are on disk, too or only; 0: nowhere */
    bool dirty;                         /* [object->lock] of an object's: no longer what it was filled with */
    uint8_t idle;                       /* [lock] enum anon_idle */
    uint8_t queue;                      /* [queue_lock to change] which queue the page is on (policy.h); 0: none */
    uint8_t arrived_at;                 /* hart on whose queue of arrivals it is */
    uint8_t use;                        /* fixed: enum page_use of its page */
    uint32_t left_at;                   /* [queue_lock] the policy's: when it was given up last; 0: never */
    /* fixed, but for the number while mremap moves it: the owner, from which every place that may map the page is computed */
    union {
        struct family *family;          /* page->use is PAGE_ANON */
        struct vm_object *object;       /* PAGE_FILE */
    };
    uint64_t vpn;                       /* page number in every address space of the family; or index in the object */
};

/* A new anon with one reference, no owner yet, and a page with undefined contents. NULL without memory. */
struct anon *anon_alloc(enum page_use use);

/* The same of an object's that is on a disk; or NULL. The slot is the caller's to name, before anybody can find it. */
struct anon *anon_alloc_on_disk(void);

/*
 * Up to ANON_SPARE_MAX new anons full of zeroes, for page vpn of family and those after it, if
 * there is memory to spare (page.h). Returns how many are in anon.
 */
#define ANON_SPARE_MAX 32
unsigned anon_alloc_spare(struct family *family, uint64_t vpn, struct anon *anon[], unsigned n);

/* A new reference, for a copy of a radix node; or a pin of an object's anon, under object->lock (object.h). */
static inline void anon_get(struct anon *anon)
{
    atomic_fetch_add_explicit(&anon->refs, 1, memory_order_relaxed);
}

/*
 * Let go of a reference; the last one frees the anon, its page and its slot. Nobody maps the page
 * any more by then. May sleep, where the page is on its way out or in.
 */
void anon_put(struct anon *anon);

/* The page with anon's contents, which are in memory. Caller holds anon->lock. */
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

/*
 * Lock anon, with its contents in memory. It cannot go meanwhile, by what the caller holds: a
 * verb's as->lock, or a pin. Returns 0;
 * -ENOMEM or -EIO: it is not locked. Locks: as for an allocation.
 */
int anon_lock_in_memory(struct anon *anon);

/* The contents of anon, whose lock the caller holds, have been read from its slot into page, which becomes anon's, idle. */
void anon_came(struct anon *anon, struct page *page);

/* anon, whose lock the caller holds, is about to be stored to: what a slot has of it is old from now on. */
void anon_leave_slot(struct anon *anon);
static inline void anon_stored(struct anon *anon)
{
    if (__builtin_expect(anon->slot != 0, 0))
        anon_leave_slot(anon);
}

/* Is there a page, now? Takes anon->lock. */
bool anon_in_memory(struct anon *anon);

size_t anon_count(void);                /* anons in use */
