/*
 * radix.c - the sparse array from page number to anon, shared copy-on-write between parent and child.
 * Owns: radix nodes, their reference counts, the rule when a node may be changed.
 * Does not own: anons.
 *
 * Who may change a node?  The tree that holds its only reference, while every node above it also has only one: such a path
 * is *exclusive*. The test goes from the root down with acquire loads. Bottom-up is wrong: a sharer may copy an upper node
 * between the two loads, and the count read below is then already out of date.
 *
 * A copier first counts up all children, then installs its copy, then puts the old node; puts are acquire-release. So who
 * sees a node's count fall to one also sees the counts below it that were raised before. Nobody takes a temporary
 * reference: a count never rises except by someone who already holds one on an equal.
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
    for (unsigned i = 0; i < RADIX_SLOTS; i++)
        node->slot[i] = NULL;
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

/* The slots of a node that begins at base that [start, end) touches: the first, the last, and which of them are occupied. */
static uint32_t slots_touched(const struct radix_node *node, unsigned level, uint64_t base, uint64_t start, uint64_t end,
                              unsigned *first, unsigned *last)
{
    uint64_t node_last = base + slot_span(level) * RADIX_SLOTS - 1;
    *first = start > base ? (start - base) / slot_span(level) : 0;
    *last = ((end - 1 < node_last ? end - 1 : node_last) - base) / slot_span(level);
    return node->occupied & ~0u << *first & ~0u >> (RADIX_SLOTS - 1 - *last);
}

static bool covers(uint64_t start, uint64_t end, unsigned level, uint64_t base)
{
    return start <= base && base + slot_span(level) * RADIX_SLOTS <= end;
}

static bool any_below(const struct radix_node *node, unsigned level, uint64_t base, uint64_t start, uint64_t end)
{
    while (!covers(start, end, level, base)) {
        unsigned first, last;
        uint32_t bits = slots_touched(node, level, base, start, end, &first, &last);
        uint32_t edges = 1u << first | 1u << last;
        if (bits == 0 || level == 0 || (bits & ~edges) != 0)
            return bits != 0;                   /* nothing, or something that is covered as a whole */
        level--;
        if (first != last && (bits & 1u << last)) {
            if (any_below(node->slot[last], level, base + last * slot_span(level + 1), start, end))
                return true;
            if (!(bits & 1u << first))
                return false;
        }
        node = node->slot[first];
        base += first * slot_span(level + 1);
    }
    return true;
}

bool radix_any(const struct radix *r, uint64_t start, uint64_t end)
{
    return r->root != NULL && any_below(r->root, TOP, 0, start, end);
}

/* Copy the shared nodes below *link that [start, end) covers only in part and finds something in. */
static int prepare_below(struct radix_node **link, unsigned level, uint64_t base, uint64_t start, uint64_t end)
{
    unsigned first, last;
    if (*link == NULL || covers(start, end, level, base))
        return 0;                               /* nothing there, or put as a whole */
    if (slots_touched(*link, level, base, start, end, &first, &last) == 0)
        return 0;
    if (!node_sole(*link) && node_unshare(link, level, NULL) == NULL)
        return -ENOMEM;
    if (level == 0)
        return 0;
    /* Only the first and the last slot that the range touches can be covered in part. */
    for (unsigned i = first;; i = last) {
        struct radix_node **child = (struct radix_node **)&(*link)->slot[i];
        int err = prepare_below(child, level - 1, base + i * slot_span(level), start, end);
        if (err != 0 || i == last)
            return err;
    }
}

int radix_prepare_clear(struct radix *r, uint64_t start, uint64_t end)
{
    return start < end ? prepare_below(&r->root, TOP, 0, start, end) : 0;
}

/* Remove what lies in [start, end) below *link, and the node itself when that leaves it empty. */
static void clear_below(struct radix_node **link, unsigned level, uint64_t base, uint64_t start, uint64_t end)
{
    struct radix_node *node = *link;
    unsigned first, last;
    if (covers(start, end, level, base)) {
        *link = NULL;
        node_put(node, level);
        return;
    }
    uint32_t bits = slots_touched(node, level, base, start, end, &first, &last);
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
            clear_below((struct radix_node **)slot, level - 1, base + i * slot_span(level), start, end);
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
    if (r->root != NULL && start < end)
        clear_below(&r->root, TOP, 0, start, end);
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
