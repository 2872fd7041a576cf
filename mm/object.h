/*
 * object.h - memory that several mappings share: the contents of a file.
 * Owns: struct vm_object, its references, the pages that hold its contents.
 * Does not own: where an object is mapped (vma.c keeps the object's list of VMAs; pmap.c the leaves).
 */
#pragma once

#include <stdatomic.h>
#include <sys/queue.h>

#include "arch/types.h"
#include "kernel/lock.h"
#include "mm/radix.h"

struct page;
struct vma;

/* An in-memory file. Its slots are anons, filled from source on first use. */
struct vm_object {
    _Atomic uint32_t refs;
    struct mutex lock;
    size_t size_bytes;                  /* fixed, as long as there are no writable files */
    const char *source;                 /* fixed: first contents; need not be aligned; lives as long as the object */
    struct radix slots;                 /* [lock] page index -> anon; never shared, so always exclusive */
    LIST_HEAD(, vma) vmas;              /* [lock] every VMA that maps the object */
    LIST_ENTRY(vm_object) all_link;     /* [objects_lock] */
};

/*
 * An object of size_bytes whose pages are filled from source on first use (archive members are not page-aligned, so they
 * cannot be mapped where they are). One reference. Returns NULL without memory.
 */
struct vm_object *object_create(const char *source, size_t size_bytes);
void object_get(struct vm_object *obj);
void object_put(struct vm_object *obj);

/* What a fill needs, got before the lock is taken; zeroed to begin with. */
struct object_spare {
    struct anon *anon;
    struct radix_spare nodes;
};

int object_spare_alloc(struct object_spare *spare);     /* 0 or -ENOMEM */
void object_spare_free(struct object_spare *spare);     /* what has not been used */

/*
 * The anon with contents [index * PAGE_SIZE, ...) of obj, filled if it was not there; zeroes after the object's end.
 * Locks:   caller holds obj->lock, and the anon stays while it does.
 * Failure: -ENXIO beyond the object's end; -EAGAIN when it must be filled and spare is empty: let go of the lock,
 *          object_spare_alloc, and try again.
 */
int object_get_anon(struct vm_object *obj, uint64_t index, struct object_spare *spare, struct anon **out);

/* A page whose owner is locked, so that it stays what and where it is. Both locks are let go by page_unlock. */
struct locked_page {
    struct page *page;
    struct mutex *object_lock;          /* NULL when the owner is not an object */
    struct mutex *anon_lock;
};

/* Lock obj's page at index, filled if need be. Returns 0, -ENXIO beyond the end, -ENOMEM. Caller holds no lock of obj. */
int object_lock_page(struct vm_object *obj, uint64_t index, struct locked_page *out);
void page_unlock(struct locked_page *locked);

/* Copy [at, at + len) of obj's contents to buf. Returns 0, -ENXIO when that goes beyond the end, -ENOMEM. */
int object_read(struct vm_object *obj, size_t at, void *buf, size_t len);

/* Pages of contents that obj has. */
static inline uint64_t object_npages(const struct vm_object *obj) { return page_up(obj->size_bytes) >> PAGE_SHIFT; }

/* Give back the pages of all objects that nobody maps; they are filled again from source. Returns how many. */
size_t object_drop_caches(void);

/* Call visit for every object. Takes no lock: for the checker, while nothing moves. */
void object_for_each(void (*visit)(struct vm_object *obj, void *arg), void *arg);
