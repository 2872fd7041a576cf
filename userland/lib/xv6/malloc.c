/*
 * malloc.c - malloc and free on a heap that grows by sbrk and never shrinks.
 * Owns: the list of free blocks, in the order of their addresses, neighbours always joined.
 * Does not own: whether growing fetches pages (memory.c).
 *
 * A block is a header of 16 bytes and what it heads. The heap grows by as much as is missing, at least 64 KiB; a block that
 * is too large gives its upper end, so that an allocation touches the page of its own header and of the block it came from,
 * and no other. The list is entered where it was left, and walked both ways: programs free near where they freed before.
 */
#include "kernel/types.h"
#include "user/user.h"

struct block {
    uint64 units;                       /* of 16 bytes, with the header */
    struct block *next;                 /* in the header, but only a free block uses it */
    struct block *previous;             /* free blocks only, in the first bytes of what they head */
};

#define HEADER_BYTES 16
#define UNITS_MIN    2ul                /* the header, and room for previous */
#define GROWTH_UNITS 4096ul
#define NEAR_BLOCKS  100                /* are looked at before the heap grows; all of them, when it cannot */
#define ALL_BLOCKS   (1l << 40)

static struct block *rover;             /* some free block; 0: there is none */

static void insert_between(struct block *before, struct block *block, struct block *after)
{
    block->previous = before;
    block->next = after;
    if (before)
        before->next = block;
    if (after)
        after->previous = block;
}

static void remove(struct block *block)
{
    if (block->previous)
        block->previous->next = block->next;
    if (block->next)
        block->next->previous = block->previous;
    rover = block->previous ? block->previous : block->next;
}

static struct block *end_of(struct block *block)
{
    return (struct block *)((char *)block + block->units * HEADER_BYTES);
}

/* Make one of two free neighbours in the list that touch. */
static void join(struct block *lower, struct block *upper)
{
    if (!lower || !upper || end_of(lower) != upper)
        return;
    remove(upper);
    lower->units += upper->units;
    rover = lower;
}

void free(void *memory)
{
    struct block *block = (struct block *)((char *)memory - HEADER_BYTES), *before = rover, *after = 0;

    if (!memory)
        return;
    while (before && before->next && before->next < block)
        before = before->next;
    while (before && before > block) {
        after = before;
        before = before->previous;
    }
    insert_between(before, block, before ? before->next : after);
    rover = block;
    join(block, block->next);
    join(block->previous, block);
}

static int grow(uint64 units)
{
    uint64 want = units > GROWTH_UNITS ? units : GROWTH_UNITS;

    if (want > 0x7fffffff / HEADER_BYTES)               /* sbrk takes an int */
        return 0;
    char *start = sbrk((int)(want * HEADER_BYTES));
    if (start == SBRK_ERROR)
        return 0;
    ((struct block *)start)->units = want;
    free(start + HEADER_BYTES);
    return 1;
}

/* A block that is large enough, among that many to each side of where the list was left. */
static struct block *find(uint64 units, long nblocks)
{
    struct block *below = rover, *above = rover;

    for (long n = 0; n < nblocks && (below || above); n++) {
        if (below && below->units >= units)
            return below;
        if (above && above->units >= units)
            return above;
        below = below ? below->previous : 0;
        above = above ? above->next : 0;
    }
    return 0;
}

void *malloc(uint bytes)
{
    uint64 units = ((uint64)bytes + HEADER_BYTES - 1) / HEADER_BYTES + 1;
    struct block *block;

    if (units < UNITS_MIN)
        units = UNITS_MIN;
    while (!(block = find(units, NEAR_BLOCKS)))
        if (!grow(units)) {
            block = find(units, ALL_BLOCKS);
            break;
        }
    if (!block)
        return 0;
    if (block->units - units < UNITS_MIN) {
        remove(block);
    } else {
        block->units -= units;
        rover = block;
        block = end_of(block);
        block->units = units;
    }
    return (char *)block + HEADER_BYTES;
}
