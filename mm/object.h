/*
 * object.h - memory that several mappings share: the contents of a file, or of a shared mapping
 * that has none.
 * Owns: struct vm_object, its references, the pages that hold its contents.
 * Does not own: where an object is mapped (vma.c keeps the object's list of VMAs; pmap.c the
 * leaves).
 */
#pragma once

#include <stdatomic.h>
#include <sys/queue.h>

#include "arch/types.h"
#include "kernel/core/lock.h"
#include "mm/anon.h"
#include "mm/radix.h"

struct inode;
struct page;
struct vma;

/*
 * An in-memory file, shared memory, or a disk. Its slots are anons, filled on first use: from
 * source, or with zeroes. Those of a disk are where the disk has them until somebody needs them,
 * and have that slot again whenever both are the same.
 */
struct vm_object {
    _Atomic uint32_t refs;
    struct mutex lock;
    _Atomic size_t size_bytes;          /* [lock to change] */
    const char *source;                 /* fixed: first contents; need not be aligned; lives as long as the object */
    size_t source_bytes;                /* [lock] <= size_bytes: how many of them count; what is lost does not come back */
    size_t npages;                      /* [lock] slots in use */
    size_t ncommitted;                  /* [lock] pages that commit.h counts: all of shared memory; of a file see count_page */
    bool limited;                       /* fixed: a file, whose pages stay when no program is left: see object_pages_max */
    swap_slot home;                     /* fixed: of a disk, where page 0 is (swap_home); 0: the contents are memory's */
    struct inode *inode;                /* [lock] whose contents these are; mm only keeps it. NULL: nobody's any more */
    struct radix slots;                 /* [lock] page index -> anon; never shared, so always exclusive */
    LIST_HEAD(, vma) vmas;              /* [lock] every VMA that maps the object */
    LIST_ENTRY(vm_object) all_link;     /* [objects_lock] */
    uint32_t round;                     /* [objects_lock] object_next */
};

#define OBJECT_SIZE_MAX ((size_t)RADIX_END << PAGE_SHIFT)       /* bytes */

/*
 * An object of size_bytes whose pages are filled from source on first use (archive members are not
 * page-aligned, so they cannot be mapped where they are). One reference. Returns NULL without
 * memory.
 */
struct vm_object *object_create(const char *source, size_t size_bytes, struct inode *inode);

/* The same for a disk that stays, and its home. Its last page ends with what the disk's reads leave there. */
struct vm_object *object_create_disk(swap_slot home, size_t size_bytes, struct inode *inode);
void object_get(struct vm_object *obj);
void object_put(struct vm_object *obj);

/* The anon at page index, or NULL when that has not been filled. Caller holds obj->lock, and the anon stays while it does. */
static inline struct anon *object_find(struct vm_object *obj, uint64_t index)
{
    bool always_exclusive;
    return radix_find(&obj->slots, index, &always_exclusive);
}

/*
 * Lock obj and its anon with contents [index * PAGE_SIZE, ...), filled if need be; zeroes after the
 * object's end. So its page stays what and where it is; which may be on disk only (anon->page is
 * NULL). Returns 0; -ENXIO: beyond the end; -ENOSPC: object_pages_max; -ENOMEM. Nothing is locked
 * then. Caller holds no lock of obj.
 */
int object_lock_page(struct vm_object *obj, uint64_t index, struct anon **out);
void object_unlock_page(struct vm_object *obj, struct anon *anon);

void object_disown(struct vm_object *obj);              /* its inode goes */

/* Is there a shared mapping of it that may be stored to, now or after mprotect? */
bool object_may_be_stored_to(struct vm_object *obj);

/* Copy [at, at + len) of obj's contents to buf. Returns 0; -ENXIO when that goes beyond the end; -ENOMEM, -EIO. */
int object_read(struct vm_object *obj, size_t at, void *buf, size_t len);

static inline size_t object_size(const struct vm_object *obj)
{
    return atomic_load_explicit(&obj->size_bytes, memory_order_relaxed);
}

/* Pages that obj can have. */
static inline uint64_t object_npages(const struct vm_object *obj) { return page_up(object_size(obj)) >> PAGE_SHIFT; }

/* Pages that hold its contents: in memory of their own, or still where it is filled from. */
size_t object_pages_held(struct vm_object *obj);

/*
 * Part of one page, for a read or write that copies to or from user memory: that may fault, so obj
 * is not locked meanwhile. The page is pinned instead: its anon has a second reference, which keeps
 * it in its slot.
 */
struct object_piece {
    char *bytes;                        /* NULL: zeroes that nobody has stored yet */
    size_t len;                         /* of them, up to the end of the page or to where other bytes begin */
    struct anon *anon;                  /* NULL: nothing is pinned */
};

/*
 * What a read at byte at finds, up to the object's end. *piece has len 0 there. A hole stays a
 * hole. Returns 0; -ENOMEM or -EIO: the page is on disk and cannot be read; nothing is pinned.
 */
int object_pin_read(struct vm_object *obj, size_t at, struct object_piece *piece);

/*
 * Where a write at byte at goes; at may be beyond the end. After the copy tell object_written.
 * Returns 0; -ENOMEM; -EIO; -ENOSPC: a new page would be one more than pages_max of all files;
 * -EFBIG: at is beyond OBJECT_SIZE_MAX.
 */
int object_pin_write(struct vm_object *obj, size_t at, size_t pages_max, struct object_piece *piece);
void object_unpin(struct object_piece *piece);
/* After the copy, before the unpin: bytes before end have been written, so obj is at least so long, and the page has changed. */
void object_written(struct vm_object *obj, const struct object_piece *piece, size_t end);

/*
 * Make obj longer, by zeroes. Caller holds the file's lock. Returns 0; -EFBIG; -ENOMEM, -EIO: its
 * last page is on disk and cannot be read. To make it shorter: object_shrink in cut.h.
 */
int object_grow(struct vm_object *obj, size_t size_bytes);

/*
 * The pages beyond the end go at once, and the rest of the last one becomes zeroes. Cost follows
 * the pages that go.
 * Locks: none of obj; the file's, so that nobody pins a page meanwhile. Nobody has mapped anything
 * beyond the end.
 */
void object_forget_beyond(struct vm_object *obj);

/*
 * Pages in use by all files; and how many there may be, beyond which a fault or a write gets no new
 * one. For they stay when the program that made them is killed for want of memory. Source:
 * tmpfs(5), size.
 */
size_t object_page_count(void);
size_t object_pages_max(void);

/* Can the contents of an object's anon be had again from where they came? Caller holds anon->lock, or the object's. */
static inline bool object_can_refill(const struct anon *anon)
{
    return anon->object->home != 0 ? anon->slot != 0 : !anon->dirty && anon->slot == 0;
}

/* For reclaim.c: anon's page, which nobody maps and which can be filled again, goes, if obj can be had. True: gone, unlocked. */
bool object_give_up(struct anon *anon);

/* The page of anon, which has just come in from disk, ends with zeroes where the object ends. Caller holds anon->lock. */
void object_zero_beyond(struct anon *anon);

/* Give back the pages that nobody maps and that can be filled again, of all objects, or of one. Returns how many. */
size_t object_drop_unmapped(struct vm_object *obj);
size_t object_drop_caches(void);
size_t object_drop_queueless(void);     /* all but disks': a policy says when their time has come (queue.h) */

/* One that has not been asked for in this round, with a reference; NULL: there is none left. round is never 0. */
struct vm_object *object_next(uint32_t round);

/*
 * Read in what is on a disk that goes (swap_slot_retires), and leave its slots. Returns 0; -ENOMEM;
 * -EIO. Locks: as for an allocation.
 */
int object_leave_disk(struct vm_object *obj);

/* Call visit for every object. Takes no lock: for the checker, while nothing moves. */
void object_for_each(void (*visit)(struct vm_object *obj, void *arg), void *arg);
