/*
 * block.c - disks and their partitions as files: /dev/vda, /dev/vda1 and on.
 *
 * The contents of each are an object, as a file's of tmpfs are; so read, write and mappings find
 * the same pages, and reclaim takes them. Its pages come from the disk when they are first needed,
 * and what is stored to them goes back on fsync, msync and sync, when a file that may write is
 * closed, when the machine is switched off, and when memory runs short (mm/writeback.c).
 *
 * As on Linux a disk and each of its partitions have contents of their own in memory: what is
 * written to one is seen in the other once it is on the disk, and has not been read there before.
 * So it is with a disk that is swapped to.
 */
#include <stdio.h>
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/fs/block.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/partition.h"
#include "mm/object.h"
#include "mm/readin.h"
#include "mm/writeback.h"

enum { MAJOR = 254, MINORS = PARTITIONS_MAX + 1 };      /* Linux's first number for drivers to share; minor 0 is the whole disk */
enum { BLKROGET = 0x125e, BLKFLSBUF = 0x1261, BLKSSZGET = 0x1268 };     /* ioctl(2): Linux, linux/fs.h */
#define BLKGETSIZE64 0x80081272u

static struct block blocks[DISKS_MAX][MINORS];

uint32_t block_device(unsigned index) { return MAJOR << 8 | index * MINORS; }

struct block *block_find(uint32_t device)
{
    unsigned minor = device & 0xff;
    if (device >> 8 != MAJOR || minor / MINORS >= DISKS_MAX)
        return NULL;
    struct block *b = &blocks[minor / MINORS][minor % MINORS];
    return b->inode != NULL ? b : NULL;
}

struct block *block_next(struct block *b)
{
    for (b = b != NULL ? b + 1 : &blocks[0][0]; b < &blocks[0][0] + DISKS_MAX * MINORS; b++)
        if (b->inode != NULL)
            return b;
    return NULL;
}

struct block *block_named(const char *name)
{
    struct block *b = NULL;
    while ((b = block_next(b)) != NULL && strcmp(b->name, name) != 0)
        ;
    return b;
}

static struct vm_object *contents(const struct block *b) { return b->inode->object; }
static int sync_pages(struct block *b) { return writeback(contents(b), 0, object_npages(contents(b))); }

int blocks_sync(void)
{
    int err = 0;
    for (struct block *b = NULL; (b = block_next(b)) != NULL;) {
        int failed = sync_pages(b);
        err = err != 0 ? err : failed;
    }
    return err;
}

int block_flush(struct block *b)
{
    int err = sync_pages(b);
    object_drop_unmapped(contents(b));
    return err;
}

/* ---- what mm asks for ---- */

static int transfer(struct page_device *dev, const uint32_t at[], struct page *const page[], unsigned n, bool write)
{
    struct block *b = (struct block *)dev;
    struct disk_request requests[SWAP_CLUSTER];
    struct disk_batch batch;
    for (unsigned i = 0; i < n; i++) {
        uint64_t offset = (uint64_t)at[i] * PAGE_SIZE, left = b->size_bytes - offset;
        uint32_t len = left < PAGE_SIZE ? (uint32_t)left : PAGE_SIZE;
        if (!write && len < PAGE_SIZE)
            memset((char *)page_address(page[i]) + len, 0, PAGE_SIZE - len);
        requests[i] = (struct disk_request){ .op = write ? DISK_WRITE : DISK_READ, .offset = b->start + offset,
                                             .memory = page_to_phys(page[i]), .len_bytes = len };
    }
    disk_batch_init(&batch);
    disk_submit(b->disk, &batch, requests, n);
    return disk_wait(b->disk, &batch) == 0 ? 0 : -EIO;
}

static int flush(struct page_device *dev) { return disk_flush(((struct block *)dev)->disk) == 0 ? 0 : -EIO; }

/* ---- making them ---- */

static int make_block(struct inode *dir, struct block *b, struct disk *disk, uint32_t device, uint64_t start, uint64_t len)
{
    unsigned number = device % MINORS;
    snprintf(b->name, sizeof b->name, number > 0 ? "%s%u" : "%s", disk->name, number);
    b->dev = (struct page_device){ b->name, len / PAGE_SIZE, transfer, flush };
    b->disk = disk;
    b->start = start;
    b->size_bytes = len < OBJECT_SIZE_MAX ? len : OBJECT_SIZE_MAX;
    if (b->size_bytes < len)
        kprintf("%s: only its first %zu GiB are used\n", b->name, OBJECT_SIZE_MAX >> 30);
    swap_slot home = swap_home(&b->dev);
    if (home == 0)
        return 0;                       /* more than mm has numbers for: it is not there */
    struct inode *inode;
    int err = name_make(dir, b->name, strlen(b->name), MODE_BLOCK | 0660, device, NULL, &inode);
    if (err == 0 && (inode->object = object_create_disk(home, b->size_bytes, inode)) == NULL)
        err = -ENOMEM;
    if (err == 0)
        b->inode = inode;
    return err;
}

int blocks_make(struct inode *dir)
{
    struct disk *disk;
    int err = 0;
    /* Whole disks first: mm has numbers for all of them, but not for all partitions that these can have. */
    for (unsigned d = 0; (disk = disk_at(d)) != NULL && err == 0; d++)
        err = make_block(dir, blocks[d], disk, block_device(d), 0, disk->size_bytes);
    for (unsigned d = 0; (disk = disk_at(d)) != NULL && err == 0; d++) {
        struct partition part[PARTITIONS_MAX];
        unsigned n = 0;
        const char *table = partitions_read(contents(blocks[d]), disk->block_bytes, part);
        for (unsigned i = 0; table != NULL && i < PARTITIONS_MAX && err == 0; i++)
            if (part[i].len > 0) {
                err = make_block(dir, &blocks[d][i + 1], disk, block_device(d) + i + 1, part[i].start, part[i].len);
                n += blocks[d][i + 1].inode != NULL;
            }
        if (table != NULL)
            kprintf("%s: %u partition%s (%s)\n", disk->name, n, n == 1 ? "" : "s", table);
    }
    return err;
}

/* ---- files ---- */

static struct block *block_of(const struct file *f) { return block_find(f->inode->device); }

static int read_piece(struct uio *u, void *inode)
{
    int err = read_in_object(((struct inode *)inode)->object, u->offset >> PAGE_SHIFT);
    return err != 0 ? err : contents_read_piece(u, inode);
}

/* What the copy does not reach of a page must be there, so it is read first. */
static int write_piece(struct uio *u, void *inode)
{
    int err = read_in_object(((struct inode *)inode)->object, u->offset >> PAGE_SHIFT);
    return err != 0 ? err : contents_write_piece(u, inode);
}

static long block_read(struct file *f, struct uio *u)
{
    struct inode *inode = block_of(f)->inode;
    rwlock_read(&inode->lock);
    long result = uio_pieces(u, read_piece, inode);
    rwlock_read_unlock(&inode->lock);
    return result;
}

static long block_write(struct file *f, struct uio *u)
{
    struct block *b = block_of(f);
    if (b->disk->read_only)
        return -EPERM;                  /* as on Linux, where opening it to write is no error either */
    if (f->flags & O_APPEND)
        u->offset = b->size_bytes;
    if (u->offset >= b->size_bytes && u->resid > 0)
        return -ENOSPC;
    if (u->resid > b->size_bytes - u->offset)
        u->resid = b->size_bytes - u->offset;
    uint64_t first = u->offset >> PAGE_SHIFT;
    rwlock_write(&b->inode->lock);
    long result = uio_pieces(u, write_piece, b->inode);
    rwlock_write_unlock(&b->inode->lock);
    int err = result > 0 && (f->flags & O_DSYNC) ? writeback(contents(b), first, page_up(u->offset) >> PAGE_SHIFT) : 0;
    return err != 0 ? err : result;
}

static int64_t block_size(struct file *f) { return (int64_t)block_of(f)->size_bytes; }
static int block_sync(struct file *f) { return sync_pages(block_of(f)); }

/* Where the disk fails, what was written stays in memory, and the next one tries again. */
static void block_release(struct file *f)
{
    if (f->can_write)
        sync_pages(block_of(f));
}

/* Not beyond the end, as on Linux. */
static long block_seek(struct file *f, int64_t offset, int whence)
{
    uint64_t before = f->offset;
    long at = plain_seek(f, offset, whence);
    if (at <= block_size(f))
        return at;
    f->offset = before;
    return -EINVAL;
}

static long block_ioctl(struct file *f, unsigned request, vaddr_t arg)
{
    struct block *b = block_of(f);
    int number = request == BLKROGET ? b->disk->read_only : (int)b->disk->block_bytes;
    switch (request) {
    case BLKGETSIZE64:
        return copy_to_user(current()->as, arg, &b->size_bytes, sizeof b->size_bytes, NULL);
    case BLKROGET:
    case BLKSSZGET:
        return copy_to_user(current()->as, arg, &number, sizeof number, NULL);
    case BLKFLSBUF:
        return block_flush(b);
    default:
        return -ENOTTY;
    }
}

/* Stores that could not be saved are refused: Linux does so since 6.4. */
static int block_map(struct file *f, bool shared, size_t end, struct vm_object **obj)
{
    struct block *b = block_of(f);
    (void)end;
    if (shared && f->can_write && b->disk->read_only)
        return -EINVAL;
    *obj = contents(b);
    object_get(*obj);
    return 0;
}

const struct file_ops block_file_ops = {
    .read = block_read, .write = block_write, .seek = block_seek, .size = block_size, .ioctl = block_ioctl, .sync = block_sync,
    .release = block_release, .map = block_map,
};
