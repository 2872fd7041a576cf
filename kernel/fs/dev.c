/*
 * dev.c - the devices of /dev that are no hardware.
 * Owns: null, zero, full and random, and the table from device numbers to what opening them gives.
 * Does not own: the console (kernel/dev/console.c), disks (block.c).
 */
#include <string.h>

#include "kernel/core/boot.h"
#include "kernel/core/errno.h"
#include "kernel/fs/block.h"
#include "kernel/fs/inode.h"
#include "kernel/proc.h"
#include "mm/object.h"

enum { PIECE = 256 * 1024 };            /* bytes between two looks at whether the reader is killed */

static long null_read(struct file *f, struct uio *u)
{
    (void)f, (void)u;
    return 0;
}

static long null_write(struct file *f, struct uio *u)
{
    (void)f;
    return (long)u->resid;              /* not even looked at, as on Linux */
}

static long full_write(struct file *f, struct uio *u)
{
    (void)f;
    return u->resid > 0 ? -ENOSPC : 0;
}

static int zero_piece(struct uio *u, void *unused)
{
    size_t n = u->resid < PIECE ? u->resid : PIECE, done;
    (void)unused;
    return uio_move(u, NULL, n, UIO_ZERO, &done);
}

static int random_piece(struct uio *u, void *unused)
{
    uint64_t numbers[32];
    size_t n = u->resid < sizeof numbers ? u->resid : sizeof numbers, done;
    (void)unused;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        numbers[i] = random_u64();
    return uio_move(u, numbers, n, UIO_TO_USER, &done);
}

static long zero_read(struct file *f, struct uio *u) { return (void)f, uio_pieces(u, zero_piece, NULL); }
long random_read(struct file *f, struct uio *u) { return (void)f, uio_pieces(u, random_piece, NULL); }

static long null_seek(struct file *f, int64_t offset, int whence)
{
    (void)f, (void)offset, (void)whence;
    return 0;
}

static const struct file_ops null_ops = { .read = null_read, .write = null_write, .seek = null_seek };
/* Mapped, it is memory without a file: shared with children only. */
static int zero_map(struct file *f, bool shared, size_t end, struct vm_object **obj)
{
    (void)f;
    if (shared && end > OBJECT_SIZE_MAX)
        return -EOVERFLOW;
    *obj = shared ? object_create(NULL, end, NULL) : NULL;
    return shared && *obj == NULL ? -ENOMEM : 0;
}

static const struct file_ops zero_ops = { .read = zero_read, .write = null_write, .seek = null_seek, .map = zero_map };
static const struct file_ops full_ops = { .read = zero_read, .write = full_write, .seek = null_seek };
static const struct file_ops random_ops = { .read = random_read, .write = null_write, .seek = null_seek };

static const struct {
    const char *name;
    uint32_t device;
    const struct file_ops *ops;
} devices[] = {                         /* the numbers are Linux's, Documentation/admin-guide/devices.txt */
    { "null", 1 << 8 | 3, &null_ops },     { "zero", 1 << 8 | 5, &zero_ops },
    { "full", 1 << 8 | 7, &full_ops },     { "random", 1 << 8 | 8, &random_ops },
    { "urandom", 1 << 8 | 9, &random_ops }, { "tty", 5 << 8 | 0, &console_file_ops },
    { "console", 5 << 8 | 1, &console_file_ops },
};

const struct file_ops *device_ops(const struct inode *inode)
{
    if (inode_is(inode, MODE_BLOCK))
        return block_find(inode->device) != NULL ? &block_file_ops : NULL;
    for (size_t i = 0; i < ARRAY_LEN(devices); i++)
        if (devices[i].device == inode->device)
            return devices[i].ops;
    return NULL;
}

static int device_make(struct inode *dir, const char *name, uint32_t mode, uint32_t device)
{
    struct inode *inode;
    int err = name_make(dir, name, strlen(name), mode, device, NULL, &inode);
    if (err == 0)
        inode_put(inode);
    return err;
}

int devices_make(void)
{
    struct inode *dir = dir_make("dev", 3);
    if (dir == NULL || dir_make("dev/shm", 7) == NULL)      /* for shm_open(3) */
        return -ENOMEM;
    int err = 0;
    for (size_t i = 0; i < ARRAY_LEN(devices) && err == 0; i++)
        err = device_make(dir, devices[i].name, MODE_CHAR | 0666, devices[i].device);
    return err != 0 ? err : blocks_make(dir);
}
