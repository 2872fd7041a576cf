/*
 * radix.h - the sparse array from page number to anon.
 * Owns: radix nodes and their references.
 * Does not own: anons, beyond the one reference that each occupied leaf slot stands for.
 *
 * Nodes have 32 slots and are reference counted. A node with more than one reference is *shared* and immutable: fork shares
 * the root, and the first change below a shared node copies it (the references of its children go up). The tree has a fixed
 * height; the page number's six groups of bits choose the slots from the root down:
 *
 *      26 bits:   0x (1)  | 5 | 5 | 5 | 5 | 5
 *                 level 5   4   3   2   1   0  -> struct anon *
 *
 * Locks: the caller holds the lock of the tree (as->lock or object->lock) in all functions.
 */
#pragma once

#include <stdatomic.h>

#include "arch/types.h"

#define RADIX_BITS   5
#define RADIX_SLOTS  (1u << RADIX_BITS)
#define RADIX_LEVELS 6
#define RADIX_END    ((uint64_t)1 << 26)        /* page numbers are below this */

struct anon;

struct radix_node {
    _Atomic uint32_t refs;
    uint32_t occupied;                          /* a bit per slot */
    uint32_t seen;                              /* check.c: references found; 0 at all other times */
    void *slot[RADIX_SLOTS];                    /* level 0: struct anon *; above: struct radix_node * */
};

struct radix {
    struct radix_node *root;                    /* NULL: empty */
    /*
     * The leaf last found with an exclusive path, for the page numbers from hint_vpn on; NULL: none. It stays so until this
     * tree is shared or loses nodes, which only its owner does.
     */
    struct radix_node *hint;
    uint64_t hint_vpn;
};

static inline void radix_init(struct radix *r)
{
    r->root = r->hint = NULL;
}

/*
 * The anon at page number vpn, or NULL. *path_exclusive: no other tree shares any node on the way, so that the tree's owner
 * may believe the anon's own reference count (the order of the loads matters, see radix.c).
 */
static inline struct anon *radix_find(struct radix *r, uint64_t vpn, bool *path_exclusive);

/* Nodes got beforehand, for a caller who may not allocate where it calls radix_prepare. */
struct radix_spare {
    unsigned count;
    struct radix_node *node[RADIX_LEVELS];
};

/* Fill spare up. Returns 0 or -ENOMEM; free gives back what has not been used. */
int radix_spare_alloc(struct radix_spare *spare);
void radix_spare_free(struct radix_spare *spare);

/*
 * Make the leaf for vpn exist and be exclusive, making and copying nodes as needed, from spare if that is not NULL.
 * The leaf may be given to radix_fill and radix_replace until the lock is let go or another function changes the tree;
 * fill it, an empty leaf must not stay.
 * Returns NULL without memory (or spares): the tree's contents are unchanged (some nodes may have been copied).
 */
static inline struct radix_node *radix_prepare(struct radix *r, uint64_t vpn, struct radix_spare *spare);

/* Put anon, whose reference the tree takes over, into its slot: an empty one, or one whose anon is handed back. */
static inline void radix_fill(struct radix_node *leaf, uint64_t vpn, struct anon *anon)
{
    leaf->slot[vpn % RADIX_SLOTS] = anon;
    leaf->occupied |= 1u << vpn % RADIX_SLOTS;
}

static inline struct anon *radix_replace(struct radix_node *leaf, uint64_t vpn, struct anon *anon)
{
    struct anon *old = leaf->slot[vpn % RADIX_SLOTS];
    leaf->slot[vpn % RADIX_SLOTS] = anon;
    return old;
}

/* The usual case of the two above: the leaf found last. */
struct anon *radix_find_slow(struct radix *r, uint64_t vpn, bool *path_exclusive);
struct radix_node *radix_prepare_slow(struct radix *r, uint64_t vpn, struct radix_spare *spare);

static inline bool radix_hint_fits(const struct radix *r, uint64_t vpn)
{
    return r->hint != NULL && r->hint_vpn == (vpn & ~(uint64_t)(RADIX_SLOTS - 1));
}

static inline struct anon *radix_find(struct radix *r, uint64_t vpn, bool *path_exclusive)
{
    if (!radix_hint_fits(r, vpn))
        return radix_find_slow(r, vpn, path_exclusive);
    *path_exclusive = true;
    return r->hint->slot[vpn % RADIX_SLOTS];
}

static inline struct radix_node *radix_prepare(struct radix *r, uint64_t vpn, struct radix_spare *spare)
{
    return radix_hint_fits(r, vpn) ? r->hint : radix_prepare_slow(r, vpn, spare);
}

/* The 32 slots of the leaf around vpn, or NULL when there is none: to look at neighbours. path_exclusive: as above. */
struct anon *const *radix_leaf(struct radix *r, uint64_t vpn, bool *path_exclusive);

/*
 * Remove all anons in [start, end), in two steps. Prepare copies the shared nodes that the range only partly covers; it
 * returns 0, or -ENOMEM with the contents unchanged. Clear cannot fail, allocates nothing, and puts what it removes.
 */
int radix_prepare_clear(struct radix *r, uint64_t start, uint64_t end);
void radix_clear(struct radix *r, uint64_t start, uint64_t end);

/* Is there any anon in [start, end)? */
bool radix_any(const struct radix *r, uint64_t start, uint64_t end);

/* Make child an equal of parent in constant time: they share everything from the root down. child must be empty. */
void radix_share(struct radix *child, struct radix *parent);

/* Let go of the whole tree. Allocates nothing. */
void radix_put_all(struct radix *r);

/* The first page number >= vpn that has an anon (in *anon), or RADIX_END. */
uint64_t radix_next(const struct radix *r, uint64_t vpn, struct anon **anon);

/* Nodes in use, in all trees. */
size_t radix_node_count(void);
