/*
 * swapon.c - disks that pages are swapped to.
 * Owns: struct swap_device of each disk, and the priorities that nobody has asked for.
 * Does not own: areas and slots (mm/swap.c), requests (kernel/dev/disk.h).
 */
#include <string.h>

#include "kernel/core/boot.h"
#include "kernel/core/errno.h"
#include "kernel/core/print.h"
#include "kernel/dev/disk.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/text.h"
#include "kernel/kswapd.h"
#include "kernel/swapon.h"
#include "mm/commit.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/swap.h"

static struct swap_disk {
    struct swap_device dev;
    struct disk *disk;
} swap_disks[DISKS_MAX];                /* fixed from the first swapon of that disk on */

static int transfer(struct swap_device *dev, const uint32_t at[], struct page *const page[], unsigned n, bool write)
{
    struct disk *disk = ((struct swap_disk *)dev)->disk;
    struct disk_request requests[SWAP_CLUSTER];
    struct disk_batch batch;
    for (unsigned i = 0; i < n; i++)
        requests[i] = (struct disk_request){ .op = write ? DISK_WRITE : DISK_READ, .offset = (uint64_t)at[i] * PAGE_SIZE,
                                             .memory = page_to_phys(page[i]), .len_bytes = PAGE_SIZE };
    disk_batch_init(&batch);
    disk_submit(disk, &batch, requests, n);
    return disk_wait(disk, &batch) == 0 ? 0 : -EIO;
}

/* NULL: there is no disk. Where two meet, both write the same. */
static struct swap_device *device_of(struct disk *disk)
{
    for (unsigned i = 0; disk != NULL && i < DISKS_MAX; i++)
        if (disk_at(i) == disk) {
            swap_disks[i].dev = (struct swap_device){ disk->name, disk->size_bytes / PAGE_SIZE, transfer };
            swap_disks[i].disk = disk;
            return &swap_disks[i].dev;
        }
    return NULL;
}

static struct disk *disk_of(const struct inode *inode)
{
    return inode_is(inode, MODE_BLOCK) ? block_disk(inode->device) : NULL;
}

static int swap_to(struct disk *disk, unsigned flags)
{
    static _Atomic int unasked = -1;            /* -2 for the first, as on Linux, and less for each */
    struct swap_device *dev = device_of(disk);
    if (dev == NULL || (flags & ~(SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK)))
        return -EINVAL;
    if (disk->read_only)
        return -EROFS;
    int err = kswapd_start();
    if (err == 0)
        err = swap_on(dev, flags & SWAP_FLAG_PREFER ? (int)(flags & SWAP_FLAG_PRIO_MASK) : atomic_fetch_sub(&unasked, 1) - 1);
    if (err == 0)
        reclaim_start();
    return err;
}

int swapon(struct inode *inode, unsigned flags) { return swap_to(disk_of(inode), flags); }

void swapon_boot(void)
{
    const char *policy = boot_option("policy"), *name = boot_option("swap");
    if (policy != NULL && !reclaim_use_policy(policy))
        kprintf("boot: there is no policy %s, taking %s\n", policy, reclaim_policy_name());
    struct disk *disk = NULL;
    for (unsigned i = 0; name != NULL && (disk = disk_at(i)) != NULL && strcmp(disk->name, name) != 0; i++)
        ;
    int err = name != NULL ? swap_to(disk, 0) : 0;
    if (err != 0)
        kprintf("boot: cannot swap to %s: error %d\n", name, -err);
}

int swapoff(struct inode *inode)
{
    struct swap_device *dev = device_of(disk_of(inode));
    if (dev == NULL)
        return -EINVAL;
    if (!commit_reserve(dev->npages))           /* what has been promised could not be held without it */
        return -ENOMEM;
    int err = reclaim_leave_disk(dev);
    commit_release(dev->npages);
    return err;
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
