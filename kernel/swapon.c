/*
 * swapon.c - disks that pages are swapped to.
 * Owns: the boot words, and the priorities that nobody has asked for.
 * Does not own: areas and slots (mm/swap.c), how pages are moved (kernel/fs/block.c).
 */
#include <string.h>

#include "kernel/core/boot.h"
#include "kernel/core/errno.h"
#include "kernel/core/print.h"
#include "kernel/fs/block.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/text.h"
#include "kernel/kswapd.h"
#include "kernel/swapon.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/swap.h"

/* NULL: inode is no disk. */
static struct block *block_of(const struct inode *inode)
{
    return inode_is(inode, MODE_BLOCK) ? block_find(inode->device) : NULL;
}

/* Is a part of b swapped to by another name? */
static bool overlaps(const struct block *b)
{
    for (struct block *other = NULL; (other = block_next(other)) != NULL;)
        if (other != b && other->disk == b->disk && other->start < b->start + b->size_bytes &&
            b->start < other->start + other->size_bytes && swap_is_on(&other->dev))
            return true;
    return false;
}

static int swap_to(struct block *b, unsigned flags)
{
    static _Atomic int unasked = -1;            /* -2 for the first, as on Linux, and less for each */
    if (b == NULL || (flags & ~(SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK)))
        return -EINVAL;
    if (b->disk->read_only)
        return -EROFS;
    if (overlaps(b))
        return -EBUSY;
    int err = block_flush(b);                   /* the header that has just been written */
    if (err == 0)
        err = kswapd_start();
    if (err == 0)
        err = swap_on(&b->dev, flags & SWAP_FLAG_PREFER ? (int)(flags & SWAP_FLAG_PRIO_MASK) : atomic_fetch_sub(&unasked, 1) - 1);
    if (err == 0)
        reclaim_start();
    return err;
}

int swapon(struct inode *inode, unsigned flags) { return swap_to(block_of(inode), flags); }

void swapon_boot(void)
{
    const char *policy = boot_option("policy"), *name = boot_option("swap");
    if (policy != NULL && !reclaim_use_policy(policy))
        kprintf("boot: there is no policy %s, taking %s\n", policy, reclaim_policy_name());
    int err = name != NULL ? swap_to(block_named(name), 0) : 0;
    if (err != 0)
        kprintf("boot: cannot swap to %s: error %d\n", name, -err);
    if (disk_at(0) != NULL && kswapd_start() == 0)
        reclaim_start_homes();                  /* what disks hold in memory can be taken back without swap, too */
}

int swapoff(struct inode *inode)
{
    struct block *b = block_of(inode);
    return b != NULL ? reclaim_leave_disk(&b->dev) : -EINVAL;
}

void text_swaps(struct text *text)
{
    struct swap_usage usage;
    text_add(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    for (unsigned i = 0; i < SWAP_AREAS_MAX; i++)
        if (swap_usage(i, &usage))
            text_add(text, "/dev/%-35spartition\t%zu\t\t%zu\t\t%d\n", usage.name, usage.npages * PAGE_SIZE / 1024,
                     usage.used * PAGE_SIZE / 1024, usage.priority);
}
