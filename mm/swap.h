/*
 * swap.h - pages of contents on disk.
 * Owns: areas, which of their slots are in use, the format of an area's first page.
 * Does not own: the disk, which whoever calls swap_on hands in; which page goes out (reclaim.c);
 * whose contents a slot has (anon.h).
 *
 * Two kinds of places have one kind of name, a slot. In an area, which is for swapping, a page gets
 * some free one. On a disk that is a file itself (swap_home) each page has its own, which is never
 * given out and never free.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page;

/* A place for one page: the area in the upper bits, the page's number there in the lower. 0: none. */
typedef uint32_t swap_slot;
#define SWAP_ZEROES UINT32_MAX          /* contents that are all zero: they are on no disk, and need none */

#define SWAP_AREAS_MAX  8
#define SWAP_INDEX_BITS 26
#define SWAP_NPAGES_MAX (1u << 21)      /* of one area: 8 GiB; more of it is not used */
#define SWAP_CLUSTER    8               /* the most pages that go out, or come in, at once */

/* What mm wants of a disk, or of a part of one. */
struct page_device {
    const char *name;
    size_t npages;                      /* whole ones */
    /*
     * Read or write n <= SWAP_CLUSTER pages, at these page numbers, all at once. Sleeps, and
     * allocates nothing. Returns 0; -EIO: some or all of them have failed.
     */
    int (*transfer)(struct page_device *dev, const uint32_t at[], struct page *const page[], unsigned n, bool write);
    int (*flush)(struct page_device *dev);      /* of a home: what has been written survives a loss of power. 0 or -EIO */
};

/*
 * Use dev from now on, of those with room the one with the highest priority first. dev is mm's
 * until swap_forget. Returns 0; -EINVAL: no header as mkswap(8) makes it, or none that fits dev;
 * -EBUSY: in use already; -EPERM: too many areas;
 * -EIO; -ENOMEM.
 */
int swap_on(struct page_device *dev, int priority);

bool swap_is_on(const struct page_device *dev);

/* No slot of dev is given out any more. Returns 0; -EINVAL: it is not in use. To be followed by swap_forget, or by swap_resume. */
int swap_retire(struct page_device *dev);
void swap_resume(struct page_device *dev);
bool swap_forget(struct page_device *dev);      /* dev is the caller's again; false, nothing changed: a slot is still held */

/* The slot of dev's first page, for ever; the others follow. 0: there are HOMES_MAX disks already. One caller at a time. */
#define HOMES_MAX (62 - SWAP_AREAS_MAX)
swap_slot swap_home(struct page_device *dev);
static inline bool swap_is_home(swap_slot slot) { return slot >> SWAP_INDEX_BITS >= SWAP_AREAS_MAX && slot != SWAP_ZEROES; }
int swap_home_flush(swap_slot home);

/* Is slot one of an area that is being retired? Are both on the same disk? */
bool swap_slot_retires(swap_slot slot);
bool swap_same_disk(swap_slot a, swap_slot b);

/* Up to n neighbouring slots, n <= SWAP_CLUSTER. Returns how many, from *first on; 0: all areas are full. */
unsigned swap_reserve(unsigned n, swap_slot *first);
void swap_free(swap_slot slot);         /* this and swap_abandon: nothing, of a home's */
void swap_abandon(swap_slot slot);      /* the disk has refused it: it is never given out again */

/* Read or write n <= SWAP_CLUSTER slots on the same disk, all at once. Sleeps. Returns 0; -EIO: some or all of them have failed. */
int swap_read(const swap_slot slot[], struct page *const page[], unsigned n);
int swap_write(const swap_slot slot[], struct page *const page[], unsigned n);

/* Is the page full of zeroes? */
bool swap_is_zeroes(const struct page *page);

struct swap_usage {
    const char *name;
    int priority;
    size_t npages, used;                /* slots */
};

struct swap_counts {
    size_t in, out;                     /* pages read, and written; not those of homes */
    size_t zeroes_in;                   /* pages of zeroes that nobody had to read */
    size_t failed;                      /* requests that a disk has failed */
};
void swap_counts(struct swap_counts *counts);

size_t swap_held(void);                 /* slots that someone holds: given out, and neither freed nor abandoned */
bool swap_usage(unsigned area, struct swap_usage *usage);       /* false: there is no such area */
void swap_totals(size_t *npages, size_t *free);                 /* of all areas that do not retire, in slots */
