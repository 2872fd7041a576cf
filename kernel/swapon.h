/*
 * swapon.h - disks that pages are swapped to.
 */
#pragma once

struct inode;
struct text;

enum { SWAP_FLAG_PREFER = 0x8000, SWAP_FLAG_PRIO_MASK = 0x7fff };       /* swapon(2) */

/*
 * Swap to the disk that inode is. Returns 0; -EINVAL: no disk, flags, or no swap header on it;
 * -EROFS; -EBUSY: in use already;
 * -EPERM: too many; -EIO; -ENOMEM. Source: swapon(2).
 */
int swapon(struct inode *inode, unsigned flags);

/* No more, after everything is back. Returns 0; -EINVAL: not in use; -ENOMEM, -EIO: it is in use as before. */
int swapoff(struct inode *inode);

/* What the boot line says: swap=DISK, policy=NAME. In process 1, before its first program. */
void swapon_boot(void);

void text_swaps(struct text *text);     /* /proc/swaps, proc(5) */
