/*
 * radix.c - the sparse array from page number to anon, shared copy-on-write between parent and
 * child.
 * Owns: radix nodes, their reference counts, the rule when a node may be changed.
 * Does not own: anons.
 *
 * Who may change a node?  The tree that holds its only reference, while every node above it also has only one: such a path
 * is *exclusive*. The test goes from the root down with acquire loads. Bottom-up is wrong: a sharer
 * may copy an upper node between the two loads, and the count read below is then already out of
 * date.
 *
 * A copier first counts up all children, then installs its copy, then puts the old node; puts are
 * acquire-release. So who sees a node's count fall to one also sees the counts below it that were
 * raised before. Nobody takes a temporary reference: a count never rises except by someone who
 * already holds one on an equal.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/anon.h"
#include "mm/radix.h"
#include "mm/slab.h"

#define TOP (RADIX_LEVELS - 1)

static SLAB_CACHE(radix_nodes, struct radix_node);

static unsigned slot_index(uint64_t vpn, unsigned level)
{
    return vpn >> (RADIX_BITS * level) & (RADIX_SLOTS - 1);
}

/* Page numbers that one slot at level covers. */
static uint64_t slot_span(unsigned level)
{
    return 1ul << (RADIX_BITS * level);
}

/* The first slot worth a look: most nodes have few occupied ones (a small fork and exit costs 600 instructions less for it). */
static inline unsigned first_slots(uint32_t bits)
{
    return bits == 0 || (bits & 0xff) ? 0 : bits & 0xff00 ? 8 : bits & 0xff0000 ? 16 : 24;
}

static bool node_sole(const struct radix_node *node)
{
    return atomic_load_explicit(&node->refs, memory_order_acquire) == 1;
}

/* ---- nodes ---- */

static struct radix_node *node_get_raw(struct radix_spare *spare)
{
    struct radix_node *node;
    if (spare == NULL)
        node = slab_alloc(&radix_nodes);
    else
        node = spare->count > 0 ? spare->node[--spare->count] : NULL;
    if (node != NULL) {
        atomic_store_explicit(&node->refs, 1, memory_order_relaxed);
        node->seen = 0;
    }
    return node;
}

static struct radix_node *node_alloc(struct radix_spare *spare)
{
    struct radix_node *node = node_get_raw(spare);
    if (node == NULL)
        return NULL;
    node->occupied = 0;
    words_zero(node->slot, sizeof node->slot);
    return node;
}

int radix_spare_alloc(struct radix_spare *spare)
{
    while (spare->count < RADIX_LEVELS) {
        struct radix_node *node = slab_alloc(&radix_nodes);
        if (node == NULL)
            return -ENOMEM;
        spare->node[spare->count++] = node;
    }
    return 0;
}

void radix_spare_free(struct radix_spare *spare)
{
    while (spare->count > 0)
        slab_free(&radix_nodes, spare->node[--spare->count]);
}

static void node_put(struct radix_node *node, unsigned level);

/* Let go of whatever a slot of a node at level holds. */
static void slot_put(void *slot, unsigned level)
{
    if (level == 0)
        anon_put(slot);
    else
        node_put(slot, level - 1);
}

static void node_put(struct radix_node *node, unsigned level)
{
    if (atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (level == 0)
        thread_let_others();
    unsigned i = first_slots(node->occupied);
    uint32_t bits = node->occupied >> i;
    for (void **slot = node->slot + i; bits != 0; slot++, bits >>= 1)
        if (bits & 1)
            slot_put(*slot, level);
    slab_free(&radix_nodes, node);
}

/* The node in *link may be shared: replace it by a copy of our own. Everything above is exclusive. */
static struct radix_node *node_unshare(struct radix_node **link, unsigned level, struct radix_spare *spare)
{
    struct radix_node *old = *link;
    struct radix_node *copy = node_get_raw(spare);
    if (copy == NULL)
        return NULL;
    copy->occupied = old->occupied;
    bytes_copy(copy->slot, old->slot, sizeof old->slot);
    unsigned i = first_slots(old->occupied);
    for (uint32_t bits = old->occupied >> i; bits != 0; bits >>= 1, i++) {
        if (!(bits & 1))
            continue;
        if (level == 0)
            anon_get(copy->slot[i]);
        else
            atomic_fetch_add_explicit(&((struct radix_node *)copy->slot[i])->refs, 1, memory_order_relaxed);
    }
    *link = copy;
    node_put(old, level);
    return copy;
}

/* ---- one page number ---- */

struct radix_node *radix_find_node(const struct radix *r, uint64_t vpn, bool *path_exclusive)
{
    *path_exclusive = true;
    struct radix_node *node = r->root;
    for (unsigned level = TOP; node != NULL; level--) {
        if (!node_sole(node))
            *path_exclusive = false;
        if (level == 0)
            break;
        node = node->slot[slot_index(vpn, level)];
    }
    return node;
}

struct radix_node *radix_prepare(struct radix *r, uint64_t vpn, struct radix_spare *spare)
{
    assert(vpn < RADIX_END);
    struct radix_node **link = &r->root, **first_new = NULL;
    struct radix_node *parent = NULL, *first_new_parent = NULL;
    unsigned first_new_level = 0;
    for (unsigned level = TOP;; level--) {
        struct radix_node *node = *link;
        if (node == NULL) {
            if ((node = node_alloc(spare)) == NULL)
                break;
            if (first_new == NULL) {
                first_new = link;
                first_new_parent = parent;
                first_new_level = level;
            }
            *link = node;
            if (parent != NULL)
                parent->occupied |= 1u << slot_index(vpn, level + 1);
        } else if (!node_sole(node) && (node = node_unshare(link, level, spare)) == NULL) {
            break;
        }
        if (level == 0)
            return node;
        parent = node;
        link = (struct radix_node **)&node->slot[slot_index(vpn, level)];
    }
    if (first_new != NULL) {                    /* no memory: take the new branch, which holds nothing, off again */
        struct radix_node *branch = *first_new;
        *first_new = NULL;
        if (first_new_parent != NULL)
            first_new_parent->occupied &= ~(1u << slot_index(vpn, first_new_level + 1));
        node_put(branch, first_new_level);
    }
    return NULL;
}

/* ---- ranges ---- */

/* The part of a node, or of what a slot covers, that a range touches: page numbers from the first one of it, both inclusive. */
struct part {
    uint64_t first, last;
};

static bool is_whole(struct part part, unsigned level) { return part.first == 0 && part.last == slot_span(level + 1) - 1; }

/* Which slots the part touches are occupied; the first and the last that it touches. */
static uint32_t slots_touched(const struct radix_node *node, unsigned level, struct part part, unsigned *first, unsigned *last)
{
    *first = part.first >> (RADIX_BITS * level);
    *last = part.last >> (RADIX_BITS * level);
    return node->occupied & ~0u << *first & ~0u >> (RADIX_SLOTS - 1 - *last);
}

/* Of the part of a node at level, what falls to its slot i. */
static struct part part_of_slot(struct part part, unsigned level, unsigned i)
{
    uint64_t inside = slot_span(level) - 1;
    return (struct part){ part.first >> (RADIX_BITS * level) == i ? part.first & inside : 0,
                          part.last >> (RADIX_BITS * level) == i ? part.last & inside : inside };
}

/*
 * Most ranges are small: they lie in one slot of the nodes at the top. fork_level is the level of
 * the first node in which they touch more than one, or the bottom; what is done about the nodes
 * above it needs no part.
 */
static unsigned fork_level(uint64_t start, uint64_t end)
{
    unsigned level = 0;
    for (uint64_t differ = (start ^ (end - 1)) >> RADIX_BITS; differ != 0; differ >>= RADIX_BITS)
        level++;
    return level;
}

static struct part part_at(uint64_t start, uint64_t end, unsigned level)
{
    uint64_t inside = slot_span(level + 1) - 1;
    return (struct part){ start & inside, (end - 1) & inside };
}

static bool any_below(const struct radix_node *node, unsigned level, struct part part)
{
    for (;; level--) {
        unsigned first, last;
        uint32_t bits = slots_touched(node, level, part, &first, &last);
        uint32_t edges = 1u << first | 1u << last;
        if (bits == 0 || level == 0 || (bits & ~edges) != 0)
            return bits != 0;                   /* nothing, or something that is covered as a whole */
        if (first != last && (bits & 1u << last)) {
            if (any_below(node->slot[last], level - 1, part_of_slot(part, level, last)))
                return true;
            if (!(bits & 1u << first))
                return false;
        }
        node = node->slot[first];
        part = part_of_slot(part, level, first);
    }
}

bool radix_any(const struct radix *r, uint64_t start, uint64_t end)
{
    if (start >= end)
        return false;
    const struct radix_node *node = r->root;
    unsigned level = TOP, low = fork_level(start, end);
    for (; node != NULL && level > low; level--)
        node = node->slot[slot_index(start, level)];
    return node != NULL && any_below(node, level, part_at(start, end, level));
}

/* Make the node in *link our own, if it is shared. False: no memory. */
static bool make_own(struct radix_node **link, unsigned level)
{
    return node_sole(*link) || node_unshare(link, level, NULL) != NULL;
}

/* Copy the shared nodes at and below *link that the part covers not as a whole and finds something in. */
static int prepare_below(struct radix_node **link, unsigned level, struct part part)
{
    for (;; level--) {
        unsigned first, last;
        if (is_whole(part, level))
            return 0;                           /* put as a whole */
        uint32_t bits = slots_touched(*link, level, part, &first, &last);
        if (bits == 0)
            return 0;
        if (!make_own(link, level))
            return -ENOMEM;
        if (level == 0)
            return 0;
        /* Only the first and the last slot that the range touches can be covered in part. */
        struct radix_node **slot = (struct radix_node **)(*link)->slot;
        if (first != last && (bits & 1u << last)) {
            int err = prepare_below(&slot[last], level - 1, part_of_slot(part, level, last));
            if (err != 0)
                return err;
        }
        if (!(bits & 1u << first))
            return 0;
        link = &slot[first];
        part = part_of_slot(part, level, first);
    }
}

int radix_prepare_clear(struct radix *r, uint64_t start, uint64_t end)
{
    if (start >= end)
        return 0;
    struct radix_node **link = &r->root;
    unsigned level = TOP, low = fork_level(start, end);
    for (; *link != NULL && level > low; level--) {
        if (!make_own(link, level))
            return -ENOMEM;
        link = (struct radix_node **)&(*link)->slot[slot_index(start, level)];
    }
    return *link != NULL ? prepare_below(link, level, part_at(start, end, level)) : 0;
}

/* Remove the part of what lies at and below *link, and the node itself when that leaves it empty. */
static void clear_below(struct radix_node **link, unsigned level, struct part part)
{
    struct radix_node *node = *link;
    unsigned first, last;
    if (is_whole(part, level)) {
        *link = NULL;
        node_put(node, level);
        return;
    }
    uint32_t bits = slots_touched(node, level, part, &first, &last);
    assert(bits == 0 || node_sole(node));
    bits >>= first;
    for (unsigned i = first; bits != 0; i++, bits >>= 1) {
        void **slot = &node->slot[i];
        if (!(bits & 1))
            continue;
        if (level == 0) {
            anon_put(*slot);
            *slot = NULL;
        } else {
            clear_below((struct radix_node **)slot, level - 1, part_of_slot(part, level, i));
        }
        if (*slot == NULL)
            node->occupied &= ~(1u << i);
    }
    if (node->occupied == 0) {
        *link = NULL;
        node_put(node, level);
    }
}

void radix_clear(struct radix *r, uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    struct radix_node **path[RADIX_LEVELS], **link = &r->root;
    unsigned level = TOP, low = fork_level(start, end);
    for (; *link != NULL && level > low; level--) {
        path[level] = link;
        link = (struct radix_node **)&(*link)->slot[slot_index(start, level)];
    }
    if (*link == NULL)
        return;
    clear_below(link, level, part_at(start, end, level));
    /* And the nodes above that this leaves empty. */
    while (*link == NULL && ++level < RADIX_LEVELS) {
        link = path[level];
        (*link)->occupied &= ~(1u << slot_index(start, level));
        if ((*link)->occupied == 0) {
            node_put(*link, level);
            *link = NULL;
        }
    }
}

static void trim_below(struct radix_node **link, unsigned level)
{
    struct radix_node *node = *link;
    if (!node_sole(node))
        return;
    for (uint32_t bits = level > 0 ? node->occupied : 0; bits != 0; bits &= bits - 1) {
        unsigned i = __builtin_ctz(bits);
        trim_below((struct radix_node **)&node->slot[i], level - 1);
        if (node->slot[i] == NULL)
            node->occupied &= ~(1u << i);
    }
    if (node->occupied == 0) {
        *link = NULL;
        node_put(node, level);
    }
    thread_let_others();
}

void radix_trim(struct radix *r)
{
    if (r->root != NULL)
        trim_below(&r->root, TOP);
}

/* ---- whole trees ---- */

/* What hangs below branch, at level, goes to *link: as a whole, or, where there is a node already, slot by slot. */
static void graft_below(struct radix_node **link, struct radix_node *branch, unsigned level)
{
    if (*link == NULL) {
        *link = branch;
        return;
    }
    struct radix_node *node = *link;
    assert(node_sole(node) && node_sole(branch));
    for (unsigned i = 0; i < RADIX_SLOTS; i++) {
        if (branch->slot[i] == NULL)
            continue;
        assert(level > 0 || node->slot[i] == NULL);
        if (level > 0)
            graft_below((struct radix_node **)&node->slot[i], branch->slot[i], level - 1);
        else
            node->slot[i] = branch->slot[i];
    }
    node->occupied |= branch->occupied;
    slab_free(&radix_nodes, branch);
}

void radix_graft(struct radix *r, struct radix *from)
{
    struct radix_node *branch = from->root;
    radix_init(from);
    if (branch != NULL)
        graft_below(&r->root, branch, TOP);
}

void radix_share(struct radix *child, struct radix *parent)
{
    assert(child->root == NULL);
    if (parent->root != NULL)
        atomic_fetch_add_explicit(&parent->root->refs, 1, memory_order_relaxed);
    child->root = parent->root;
}

void radix_put_all(struct radix *r)
{
    struct radix_node *root = r->root;
    radix_init(r);
    if (root != NULL)
        node_put(root, TOP);
}

/* The first occupied page number >= vpn below node, or the end of node's range. */
static uint64_t next_below(const struct radix_node *node, unsigned level, uint64_t base, uint64_t vpn, struct anon **anon)
{
    unsigned i = vpn > base ? (vpn - base) / slot_span(level) : 0;
    uint32_t bits = i < RADIX_SLOTS ? node->occupied >> i : 0;
    for (; bits != 0; i++, bits >>= 1) {
        uint64_t slot_base = base + i * slot_span(level);
        if (!(bits & 1))
            continue;
        if (level == 0) {
            *anon = node->slot[i];
            return slot_base;
        }
        uint64_t found = next_below(node->slot[i], level - 1, slot_base, vpn, anon);
        if (*anon != NULL)
            return found;
    }
    return RADIX_END;
}

uint64_t radix_next(const struct radix *r, uint64_t vpn, struct anon **anon)
{
    *anon = NULL;
    return r->root != NULL && vpn < RADIX_END ? next_below(r->root, TOP, 0, vpn, anon) : RADIX_END;
}

struct radix_node *radix_next_node(const struct radix *r, uint64_t *vpn, uint64_t end, bool *path_exclusive)
{
    struct anon *anon;
    uint64_t at = radix_next(r, *vpn, &anon);
    if (anon == NULL || at >= end)
        return NULL;
    *vpn = at & ~(uint64_t)(RADIX_SLOTS - 1);
    return radix_find_node(r, at, path_exclusive);
}

size_t radix_node_count(void)
{
    return slab_in_use(&radix_nodes);
}
