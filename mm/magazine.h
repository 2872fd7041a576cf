/*
 * magazine.h - what a hart keeps of free frames, or of free objects of a type, so that most calls
 * of an allocator take no lock.
 * Owns: struct magazine. Only its hart touches it; or anybody, when all harts are stopped.
 * Does not own: where its contents come from and go to, in batches (page.c, slab.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAGAZINE_MAX 31

struct magazine {
    uint64_t count;
    void *item[MAGAZINE_MAX];           /* 256 bytes in all */
};

static inline void *magazine_take(struct magazine *m) { return m->item[--m->count]; }
static inline void magazine_put(struct magazine *m, void *item) { m->item[m->count++] = item; }
