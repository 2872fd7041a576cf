/*
 * inode.c - what all inodes have: references, times, what stat(2) tells.
 * Read next: path.c (names), tmpfs.c (contents).
 */
#include "kernel/core/errno.h"
#include "kernel/fs/inode.h"
#include "kernel/core/panic.h"
#include "kernel/core/time.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/slab.h"

static SLAB_CACHE(inodes, struct inode);

struct rwlock names_lock = RWLOCK_INIT(names_lock, RANK_NAMES);
struct inode *root_inode;

static _Atomic uint64_t last_ino;

int64_t inode_now(void) { return (int64_t)(time_boot_ns() + time_ns()); }

struct inode *inode_alloc(uint32_t dev, uint32_t mode, const struct file_ops *file_ops)
{
    struct inode *inode = slab_alloc(&inodes);
    if (inode == NULL)
        return NULL;
    words_zero(inode, sizeof *inode);
    inode->refs = 1;
    inode->mode = mode;
    inode->dev = dev;
    inode->ino = atomic_fetch_add_explicit(&last_ino, 1, memory_order_relaxed) + 1;
    inode->atime = inode->mtime = inode->ctime = inode_now();
    inode->file_ops = file_ops;
    rwlock_init(&inode->lock, RANK_INODE);
    return inode;
}

void inode_get(struct inode *inode)
{
    assert(inode->refs > 0);
    atomic_fetch_add_explicit(&inode->refs, 1, memory_order_relaxed);
}

struct inode *inode_of(struct vm_object *obj)
{
    mutex_lock(&obj->lock);             /* while it is held, the inode can lose its last reference, but not go: object_disown */
    struct inode *inode = obj->inode;
    uint32_t refs = inode != NULL ? atomic_load(&inode->refs) : 0;
    while (refs > 0 && !atomic_compare_exchange_weak(&inode->refs, &refs, refs + 1))
        ;
    mutex_unlock(&obj->lock);
    return refs > 0 ? inode : NULL;
}

/* A removed directory takes the one that it was in along, and so on: in a loop, for there may be many. */
void inode_put(struct inode *inode)
{
    while (inode != NULL && atomic_fetch_sub_explicit(&inode->refs, 1, memory_order_acq_rel) == 1) {
        struct inode *above = inode_is(inode, MODE_DIR) ? inode->dir.removed_from : NULL;
        assert(LIST_EMPTY(&inode->names));      /* each of them has a reference */
        if (inode->dev == DEV_TMPFS)
            tmpfs_release(inode);
        slab_free(&inodes, inode);
        inode = above;
    }
}

/* One more of the kind that way stands for, unless there is any of the other. */
static bool join(struct inode *inode, int32_t way)
{
    int32_t n = atomic_load(&inode->writers);
    do
        if (n != 0 && (n > 0) != (way > 0))
            return false;
    while (!atomic_compare_exchange_weak(&inode->writers, &n, n + way));
    return true;
}

bool inode_write_begin(struct inode *inode) { return join(inode, 1); }
void inode_write_end(struct inode *inode) { atomic_fetch_sub(&inode->writers, 1); }
bool inode_exec_begin(struct inode *inode) { return join(inode, -1); }
void inode_exec_end(struct inode *inode) { atomic_fetch_add(&inode->writers, 1); }

void inode_info(struct inode *inode, struct file_info *info)
{
    *info = (struct file_info){
        .dev = inode->dev,
        .ino = inode->ino,
        .mode = inode->mode,
        .nlink = inode->nlink > 0 || inode->dev != DEV_PROC ? inode->nlink : 1,
        .uid = inode->uid,
        .gid = inode->gid,
        .device = inode_is(inode, MODE_CHAR) ? inode->device : 0,
        .atime = inode->atime,
        .mtime = inode->mtime,
        .ctime = inode->ctime,
    };
    if (inode_is(inode, MODE_LINK)) {
        info->size_bytes = inode->link.len;
    } else if (inode_is(inode, MODE_FILE) && inode->proc == NULL) {
        info->size_bytes = object_size(inode->object);
        info->npages = object_pages_held(inode->object);
    }
}
