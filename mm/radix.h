/*
 * radix.h - the sparse array from page number to anon.
 * Owns: radix nodes and their references.
 * Does not own: anons, beyond the one reference that each occupied slot of a bottom node stands
 * for.
 *
 * Nodes have 32 slots and are reference counted. A node with more than one reference is *shared*
 * and immutable: fork shares the root, and the first change below a shared node copies it (the
 * references of its children go up). The tree has a fixed height; the page number's six groups of
 * bits choose the slots from the root down:
 *
 *      26 bits:   0x (1)  | 5 | 5 | 5 | 5 | 5
 *                 level 5   4   3   2   1   0  -> struct anon *
 *
 * Locks: the shape of an object's tree belongs to object->lock. That of an address space's tree
 * belongs to as->lock: who reads it may look, and change the slots of an exclusive bottom node
 * whose neighbourhood (near.h) it has locked; who writes it may do everything. What frees a node
 * lets others run: no caller holds a spin lock.
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
};

static inline void radix_init(struct radix *r)
{
    r->root = NULL;
}

/*
 * The bottom node for vpn, with the slots of the RADIX_SLOTS page numbers around it; NULL: there is
 * none. *path_exclusive: no other tree shares any node on the way, so that the tree's owner may
 * change the node, and may believe an anon's own reference count (the order of the loads matters,
 * see radix.c).
 */
struct radix_node *radix_find_node(const struct radix *r, uint64_t vpn, bool *path_exclusive);

/* The anon in vpn's slot of a bottom node. */
static inline struct anon *radix_slot(const struct radix_node *node, uint64_t vpn)
{
    return node->slot[vpn % RADIX_SLOTS];
}

/* The anon at page number vpn, or NULL. path_exclusive: as above. */
static inline struct anon *radix_find(const struct radix *r, uint64_t vpn, bool *path_exclusive)
{
    struct radix_node *node = radix_find_node(r, vpn, path_exclusive);
    return node != NULL ? radix_slot(node, vpn) : NULL;
}

/* Nodes got beforehand, for a caller who may not allocate where it calls radix_prepare. */
struct radix_spare {
    unsigned count;
    struct radix_node *node[RADIX_LEVELS];
};

/* Fill spare up. Returns 0 or -ENOMEM; free gives back what has not been used. */
int radix_spare_alloc(struct radix_spare *spare);
void radix_spare_free(struct radix_spare *spare);

/*
 * Make the bottom node for vpn exist and its path be exclusive, making and copying nodes as needed,
 * from spare if that is not NULL. An empty node may stay. Returns the node; NULL without memory (or
 * spares): the tree's contents are unchanged (some nodes may have been copied).
 */
struct radix_node *radix_prepare(struct radix *r, uint64_t vpn, struct radix_spare *spare);

/*
 * Put anon, whose reference the tree takes over, into its slot of an exclusive bottom node: an
 * empty slot, or one whose anon is handed back.
 */
static inline void radix_fill(struct radix_node *node, uint64_t vpn, struct anon *anon)
{
    node->slot[vpn % RADIX_SLOTS] = anon;
    node->occupied |= 1u << vpn % RADIX_SLOTS;
}

/* The slots from vpn on, empty ones of an exclusive bottom node: room for anons, which radix_fill_many makes true. */
static inline struct anon **radix_room(struct radix_node *node, uint64_t vpn)
{
    return (struct anon **)&node->slot[vpn % RADIX_SLOTS];
}

static inline void radix_fill_many(struct radix_node *node, uint64_t vpn, unsigned n)
{
    node->occupied |= (uint32_t)(((uint64_t)1 << n) - 1) << vpn % RADIX_SLOTS;
}

static inline struct anon *radix_replace(struct radix_node *node, uint64_t vpn, struct anon *anon)
{
    struct anon *old = node->slot[vpn % RADIX_SLOTS];
    node->slot[vpn % RADIX_SLOTS] = anon;
    return old;
}

/* Take the anon, with its reference, out of its slot of an exclusive bottom node, which may be left empty. */
static inline void radix_take(struct radix_node *node, uint64_t vpn)
{
    node->slot[vpn % RADIX_SLOTS] = NULL;
    node->occupied &= ~(1u << vpn % RADIX_SLOTS);
}

/*
 * Move everything in from, a tree of its own, into r; from is empty afterwards. No page number is
 * in both, and nodes that both have are exclusive in r. Allocates nothing.
 */
void radix_graft(struct radix *r, struct radix *from);

/*
 * Remove all anons in [start, end), in two steps. Prepare copies the shared nodes that the range
 * only partly covers; it returns 0, or -ENOMEM with the contents unchanged. Clear cannot fail,
 * allocates nothing, and puts what it removes.
 */
int radix_prepare_clear(struct radix *r, uint64_t start, uint64_t end);
void radix_clear(struct radix *r, uint64_t start, uint64_t end);

/* Free the nodes without an anon, of those that no other tree shares. For who may clear. */
void radix_trim(struct radix *r);

/* Is there any anon in [start, end), or a node without any, which may have stayed? */
bool radix_any(const struct radix *r, uint64_t start, uint64_t end);

/* Make child an equal of parent in constant time: they share everything from the root down. child must be empty. */
void radix_share(struct radix *child, struct radix *parent);

/* Let go of the whole tree. Allocates nothing. */
void radix_put_all(struct radix *r);

/* The first page number >= vpn that has an anon (in *anon), or RADIX_END. */
uint64_t radix_next(const struct radix *r, uint64_t vpn, struct anon **anon);

/*
 * The first bottom node with an anon at or after *vpn, and before end: *vpn becomes the page number
 * of its first slot. NULL: there is none.
 */
struct radix_node *radix_next_node(const struct radix *r, uint64_t *vpn, uint64_t end, bool *path_exclusive);

/* Nodes in use, in all trees. */
size_t radix_node_count(void);
