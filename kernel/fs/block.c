/*
 * block.c - disks as files: /dev/vda and on.
 * Owns: their device numbers, and the way from any byte of a file to whole blocks of a disk.
 * Does not own: the requests (kernel/dev/disk.h), the device.
 *
 * What is not here yet: a cache. Each read and write goes to the disk, through frames that it gets for the time; so two reads
 * of a block are two transfers, what is written is on the device when write(2) returns, and there is no mapping of a disk.
 * Nor are there partitions.
 *
 * A write of a part of a block reads it first. So transfers of whole blocks share the disk, in any order, and a write that
 * begins or ends inside a block has it alone.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/dev/disk.h"
#include "kernel/fs/inode.h"
#include "mm/page.h"

enum { MAJOR = 254, MINORS = 16 };      /* Linux's first number for drivers to share; 16 to a disk, for partitions */
enum { FRAMES = 16 };                   /* of one transfer */
enum { BLKROGET = 0x125e, BLKSSZGET = 0x1268 };                         /* ioctl(2): Linux, linux/fs.h */
#define BLKGETSIZE64 0x80081272u

/* Where bytes wait between user memory and the disk. */
struct bounce {
    struct disk *disk;
    struct page *frame[FRAMES + 1];     /* the last one is for the block that a write only changes a part of */
    unsigned nframes;                   /* without that one */
};

uint32_t block_device(unsigned index) { return MAJOR << 8 | index * MINORS; }

struct disk *block_disk(uint32_t device)
{
    return device >> 8 == MAJOR && device % MINORS == 0 ? disk_at((device & 0xff) / MINORS) : NULL;
}

static struct disk *disk_of(const struct file *f) { return block_disk(f->inode->device); }
static uint64_t block_down(const struct disk *disk, uint64_t at) { return at & ~(uint64_t)(disk->block_bytes - 1); }
static uint64_t block_up(const struct disk *disk, uint64_t at) { return block_down(disk, at + disk->block_bytes - 1); }

static void bounce_free(struct bounce *b)
{
    for (unsigned i = 0; i <= FRAMES; i++)
        if (b->frame[i] != NULL)
            page_free(b->frame[i]);
}

/* Frames for len bytes, or fewer. Returns 0, or -ENOMEM: there are not even two. */
static int bounce_alloc(struct bounce *b, struct disk *disk, size_t len)
{
    *b = (struct bounce){ .disk = disk };
    b->frame[FRAMES] = page_alloc(PAGE_KERNEL);
    while (b->nframes < FRAMES && b->nframes * PAGE_SIZE < len + disk->block_bytes &&
           (b->frame[b->nframes] = page_alloc(PAGE_KERNEL)) != NULL)
        b->nframes++;
    if (b->frame[FRAMES] != NULL && b->nframes > 0)
        return 0;
    bounce_free(b);
    return -ENOMEM;
}

/* Move whole blocks between the disk, at offset, and frames. */
static int move_blocks(struct disk *disk, enum disk_op op, uint64_t offset, size_t len, struct page *const *frame)
{
    struct disk_request requests[FRAMES];
    struct disk_batch batch;
    unsigned n = 0;
    for (size_t at = 0; at < len; at += PAGE_SIZE, n++)
        requests[n] = (struct disk_request){ .op = op, .offset = offset + at, .memory = page_to_phys(frame[n]),
                                             .len_bytes = (uint32_t)(len - at < PAGE_SIZE ? len - at : PAGE_SIZE) };
    disk_batch_init(&batch);
    disk_submit(disk, &batch, requests, n);
    return disk_wait(disk, &batch);
}

/* Move len bytes between user memory and the frames, from byte at of these on; as uio_move. */
static int move_user(struct uio *u, struct bounce *b, size_t at, size_t len, enum uio_way way, size_t *done)
{
    int err = 0;
    for (*done = 0; *done < len && err == 0; ) {
        size_t in_page = (at + *done) % PAGE_SIZE, n = PAGE_SIZE - in_page, part;
        if (n > len - *done)
            n = len - *done;
        err = uio_move(u, (char *)page_address(b->frame[(at + *done) / PAGE_SIZE]) + in_page, n, way, &part);
        *done += part;
    }
    return err;
}

/* Make bytes [from, to) of the frames, inside one block, what the disk has there. The frames are its bytes from start on. */
static int fill(struct bounce *b, uint64_t start, size_t from, size_t to)
{
    if (from == to)
        return 0;
    uint64_t block = block_down(b->disk, start + from);
    int err = move_blocks(b->disk, DISK_READ, block, b->disk->block_bytes, &b->frame[FRAMES]);
    if (err == 0)
        memcpy((char *)page_address(b->frame[from / PAGE_SIZE]) + from % PAGE_SIZE,
               (char *)page_address(b->frame[FRAMES]) + (start + from - block), to - from);
    return err;
}

static int read_piece(struct uio *u, struct bounce *b, size_t *done)
{
    uint64_t start = block_down(b->disk, u->offset);
    size_t lead = u->offset - start, len = b->nframes * PAGE_SIZE - lead;
    if (len > u->resid)
        len = u->resid;
    if (len > b->disk->size_bytes - u->offset)
        len = b->disk->size_bytes - u->offset;
    rwlock_read(&b->disk->file_lock);
    int err = move_blocks(b->disk, DISK_READ, start, block_up(b->disk, lead + len), b->frame);
    rwlock_read_unlock(&b->disk->file_lock);
    return err != 0 ? err : move_user(u, b, lead, len, UIO_TO_USER, done);
}

static int write_piece(struct uio *u, struct bounce *b, size_t *done)
{
    uint64_t start = block_down(b->disk, u->offset);
    size_t lead = u->offset - start, len = b->nframes * PAGE_SIZE - lead, copied;
    if (len > u->resid)
        len = u->resid;
    if (len > b->disk->size_bytes - u->offset)
        len = b->disk->size_bytes - u->offset;
    int fault = move_user(u, b, lead, len, UIO_FROM_USER, &copied);
    if (copied == 0)
        return fault;
    size_t end = lead + copied, whole = block_up(b->disk, end);
    bool parts = lead > 0 || end < whole;
    if (parts)
        rwlock_write(&b->disk->file_lock);
    else
        rwlock_read(&b->disk->file_lock);
    int err = fill(b, start, 0, lead);
    if (err == 0)
        err = fill(b, start, end, whole);
    if (err == 0)
        err = move_blocks(b->disk, DISK_WRITE, start, whole, b->frame);
    if (parts)
        rwlock_write_unlock(&b->disk->file_lock);
    else
        rwlock_read_unlock(&b->disk->file_lock);
    *done = err == 0 ? copied : 0;
    return err != 0 ? err : fault;
}

static long transfer(struct disk *disk, struct uio *u, int (*piece)(struct uio *u, struct bounce *b, size_t *done))
{
    struct bounce b;
    long total = 0;
    int err = bounce_alloc(&b, disk, u->resid);
    if (err != 0)
        return err;
    while (u->resid > 0 && u->offset < disk->size_bytes && err == 0) {
        size_t done = 0;
        err = piece(u, &b, &done);
        u->offset += done;
        total += (long)done;
        if (err == 0)
            err = thread_between_pieces();
    }
    bounce_free(&b);
    return total > 0 ? total : err;
}

static long block_read(struct file *f, struct uio *u) { return transfer(disk_of(f), u, read_piece); }

static long block_write(struct file *f, struct uio *u)
{
    struct disk *disk = disk_of(f);
    if (disk->read_only)
        return -EPERM;                  /* as on Linux, where opening it to write is no error either */
    if (f->flags & O_APPEND)
        u->offset = disk->size_bytes;
    if (u->offset >= disk->size_bytes && u->resid > 0)
        return -ENOSPC;
    long total = transfer(disk, u, write_piece);
    int err = total > 0 && (f->flags & O_DSYNC) ? disk_flush(disk) : 0;
    return err != 0 ? err : total;
}

static int64_t block_size(struct file *f) { return (int64_t)disk_of(f)->size_bytes; }
static int block_sync(struct file *f) { return disk_flush(disk_of(f)); }

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
    const struct disk *disk = disk_of(f);
    int number = request == BLKROGET ? disk->read_only : (int)disk->block_bytes;
    if (request == BLKGETSIZE64)
        return copy_to_user(current()->as, arg, &disk->size_bytes, sizeof disk->size_bytes, NULL);
    if (request == BLKROGET || request == BLKSSZGET)
        return copy_to_user(current()->as, arg, &number, sizeof number, NULL);
    return -ENOTTY;
}

const struct file_ops block_file_ops = {
    .read = block_read, .write = block_write, .seek = block_seek, .size = block_size, .ioctl = block_ioctl, .sync = block_sync,
};
