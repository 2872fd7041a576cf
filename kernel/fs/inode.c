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

int64_t inode_now(void) { return (int64_t)(time_boot_ns() + time_ns()); }

struct inode *inode_alloc(uint32_t dev, uint32_t mode, const struct file_ops *file_ops)
{
    struct inode *inode = slab_alloc(&inodes);
    if (inode == NULL)
        return NULL;
    words_zero(inode, sizeof *inode);
    atomic_init(&inode->refs, 1);
    atomic_init(&inode->mode, mode);
    inode->dev = dev;
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

/* A removed directory takes the one that it was in along, and so on: in a loop, for there may be many. A link its target. */
void inode_put(struct inode *inode)
{
    while (inode != NULL && atomic_fetch_sub_explicit(&inode->refs, 1, memory_order_acq_rel) == 1) {
        struct inode *next = inode_is(inode, MODE_DIR) ? inode->dir.removed_from :
                             inode_is(inode, MODE_LINK) ? inode->link.target : NULL;
        assert(LIST_EMPTY(&inode->names));      /* each of them has a reference */
        if (inode->dev == DEV_TMPFS)
            tmpfs_release(inode);
        slab_free(&inodes, inode);
        inode = next;
        thread_let_others();
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

static void set_time(int64_t ns, int64_t *seconds, uint64_t *rest)
{
    *seconds = ns / (int64_t)NSEC_PER_SEC;
    int64_t left = ns % (int64_t)NSEC_PER_SEC;
    if (left < 0) {                     /* before 1970 */
        --*seconds;
        left += (int64_t)NSEC_PER_SEC;
    }
    *rest = (uint64_t)left;
}

void inode_stat(struct inode *inode, struct linux_stat *st)
{
    *st = (struct linux_stat){
        .st_dev = inode->dev,
        .st_ino = inode->ino,
        .st_mode = inode->mode,
        .st_nlink = inode->nlink > 0 || inode->dev != DEV_PROC ? inode->nlink : 1,
        .st_uid = inode->uid,
        .st_gid = inode->gid,
        .st_rdev = inode_is_device(inode) ? inode->device : 0,
        .st_blksize = PAGE_SIZE,
    };
    set_time(inode->atime, &st->st_atime_sec, &st->st_atime_nsec);
    set_time(inode->mtime, &st->st_mtime_sec, &st->st_mtime_nsec);
    set_time(inode->ctime, &st->st_ctime_sec, &st->st_ctime_nsec);
    if (inode_is(inode, MODE_LINK)) {
        st->st_size = (int64_t)inode->link.len;
    } else if (inode_is(inode, MODE_FILE) && inode->proc == NULL) {
        st->st_size = (int64_t)object_size(inode->object);
        st->st_blocks = (int64_t)(object_pages_held(inode->object) * (PAGE_SIZE / 512));
    }
}
