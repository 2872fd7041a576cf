/*
 * block.h - disks and their partitions as files: /dev/vda, /dev/vda1 and on.
 * Owns: struct block, device numbers, the objects that their contents are.
 * Does not own: requests (kernel/dev/disk.h), the pages and their way to the disk (mm/object.h,
 * mm/writeback.h).
 */
#pragma once

#include "kernel/dev/disk.h"
#include "mm/swap.h"

struct inode;
struct file_ops;

/* A disk, or a part of one. All of it is fixed once it is made. */
struct block {
    struct page_device dev;             /* how mm moves its pages. First: block.c goes back from there */
    struct disk *disk;
    uint64_t start, size_bytes;         /* on the disk */
    char name[8];                       /* vda, vda1, ... */
    struct inode *inode;                /* its node in /dev, with a reference. It has the object, and the lock of all nodes' files */
};

/* For each disk a node in the directory, and one for each partition. [names_lock, alone] Returns 0 or -ENOMEM. */
int blocks_make(struct inode *dir);

struct block *block_find(uint32_t device);      /* by its number; NULL: there is none */
struct block *block_named(const char *name);
struct block *block_next(struct block *b);      /* all, in turn; NULL first. NULL: that was the last */
uint32_t block_device(unsigned index);          /* the number of a whole disk: 0 is vda */
extern const struct file_ops block_file_ops;

/*
 * All that has been written to disks, by write(2) or through mappings, is on them. Returns 0; -EIO:
 * some of it is not, and stays in memory. Sleeps.
 */
int blocks_sync(void);

/* The same for one, and what of it nobody maps goes from memory: the next read is one of the disk. Source: BLKFLSBUF of Linux. */
int block_flush(struct block *b);
