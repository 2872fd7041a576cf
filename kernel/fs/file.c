/*
 * file.c - open files and descriptors.
 * Read next: inode.h, path.c (names), tmpfs.c (contents), pipe.c.
 */
#include <string.h>

#include "arch/mmu.h"
#include "kernel/dev/console.h"
#include "kernel/core/errno.h"
#include "kernel/fs/inode.h"
#include "kernel/core/panic.h"
#include "kernel/proc.h"
#include "mm/slab.h"

static SLAB_CACHE(files, struct file);

/* ---- files ---- */

struct file *file_alloc(const struct file_ops *ops, uint32_t flags)
{
    struct file *f = slab_alloc(&files);
    if (f == NULL)
        return NULL;
    uint32_t mode = flags & O_ACCMODE;
    words_zero(f, sizeof *f);
    f->refs = 1;
    f->can_read = (mode == O_RDONLY && !(flags & O_PATH)) || mode == O_RDWR;
    f->can_write = mode == O_WRONLY || mode == O_RDWR;
    f->flags = flags;
    f->ops = ops;
    mutex_init(&f->lock, RANK_FILE);
    return f;
}

void file_get(struct file *f)
{
    assert(f->refs > 0);
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
}

void file_put(struct file *f)
{
    uint32_t refs = atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs != 1)
        return;
    if (f->ops->release != NULL)
        f->ops->release(f);
    if (f->inode != NULL) {
        if (f->can_write)
            inode_write_end(f->inode);
        inode_put(f->inode);
    }
    slab_free(&files, f);
}

void file_discard(struct file *f)
{
    if (f != NULL)
        slab_free(&files, f);
}

void file_stat(struct file *f, struct linux_stat *st)
{
    *st = (struct linux_stat){ .st_blksize = PAGE_SIZE };
    if (f->ops->stat != NULL)
        f->ops->stat(f, st);
    else
        inode_stat(f->inode, st);
}

/* ---- reading, writing, positions ---- */

/* Inline, so that a pipe's way is a short one. */
static inline __attribute__((always_inline)) long transfer(struct file *f, struct uio *u, const uint64_t *at,
                                                           long (*op)(struct file *, struct uio *))
{
    if (op == NULL)
        return -EINVAL;
    if (f->ops->seek == NULL)
        return op(f, u);
    mutex_lock(&f->lock);
    u->offset = at != NULL ? *at : f->offset;
    long result = op(f, u);
    if (at == NULL)
        f->offset = u->offset;
    mutex_unlock(&f->lock);
    return result;
}

long file_read(struct file *f, struct uio *u, const uint64_t *at) { return transfer(f, u, at, f->ops->read); }
long file_write(struct file *f, struct uio *u, const uint64_t *at) { return transfer(f, u, at, f->ops->write); }

long file_seek(struct file *f, int64_t offset, int whence)
{
    if (f->ops->seek == NULL)
        return -ESPIPE;
    mutex_lock(&f->lock);
    long result = f->ops->seek(f, offset, whence);
    mutex_unlock(&f->lock);
    return result;
}

long plain_seek(struct file *f, int64_t offset, int whence)
{
    int64_t base = 0, at;
    if (whence == SEEK_FROM_HERE)
        base = (int64_t)f->offset;
    else if (whence == SEEK_FROM_END)
        base = f->ops->size != NULL ? f->ops->size(f) : 0;
    else if (whence != SEEK_FROM_START)
        return -EINVAL;
    if (__builtin_add_overflow(base, offset, &at))
        return -EOVERFLOW;
    if (at < 0)
        return -EINVAL;
    return (long)(f->offset = (uint64_t)at);
}

/* ---- directories ---- */

static long dir_read(struct file *f, struct uio *u)
{
    (void)f, (void)u;
    return -EISDIR;
}

int file_next_entry(struct file *f, uint64_t *pos, struct dir_entry *e)
{
    struct inode *dir = f->inode;
    assert(mutex_held(&f->lock));
    int found = 1;
    rwlock_read(&names_lock);
    if (dir_removed(dir)) {
        found = -ENOENT;
    } else if (*pos < DIR_FIRST) {
        e->ino = *pos == 0 ? dir->ino : dir_parent(dir)->ino;
        e->mode = MODE_DIR;
        e->name_len = (size_t)++*pos;
        memcpy(e->name, "..", e->name_len);
    } else {
        found = dir->dir.ops->next(dir, pos, e);
    }
    rwlock_read_unlock(&names_lock);
    return found;
}

const struct file_ops dir_file_ops = { .read = dir_read, .seek = plain_seek };

/* ---- descriptors ---- */

unsigned fd_limit(void)
{
    uint64_t limit = current()->limits[RLIMIT_NOFILE].soft;
    return limit < NOFILE ? (unsigned)limit : NOFILE;
}

void fd_install_at(unsigned fd, struct file *f, uint32_t flags)
{
    struct proc *p = current();
    assert(fd < NOFILE && p->files[fd] == NULL);
    p->files[fd] = f;
    if (fd >= p->fds_end)
        p->fds_end = fd + 1;
    if (flags & O_CLOEXEC)
        p->close_on_exec |= 1ul << fd;
}

int fd_find_free(unsigned lowest)
{
    for (unsigned fd = lowest, end = fd_limit(); fd < end; fd++)
        if (current()->files[fd] == NULL)
            return (int)fd;
    return -EMFILE;
}

int fd_install(struct file *f, unsigned lowest, uint32_t flags)
{
    int fd = fd_find_free(lowest);
    if (fd >= 0)
        fd_install_at((unsigned)fd, f, flags);
    return fd;
}

static void close_one(struct proc *p, unsigned fd)
{
    struct file *f = p->files[fd];
    p->files[fd] = NULL;
    p->close_on_exec &= ~(1ul << fd);
    file_put(f);
}

int fd_close(unsigned fd)
{
    if (fd_find(fd) == NULL)
        return -EBADF;
    close_one(current(), fd);
    return 0;
}

void files_fork(struct proc *parent, struct proc *child)
{
    child->fds_end = parent->fds_end;
    for (unsigned fd = 0; fd < parent->fds_end; fd++) {
        struct file *f = parent->files[fd];
        if (f != NULL)
            file_get(f);
        child->files[fd] = f;
    }
    child->close_on_exec = parent->close_on_exec;
    inode_get(child->root = parent->root);
    inode_get(child->cwd = parent->cwd);
    child->exe = fs_share_exec(parent->exe);
    child->umask = parent->umask;
    for (unsigned i = 0; i < RLIMIT_COUNT; i++)
        child->limits[i] = parent->limits[i];
}

void files_close_all(struct proc *p)
{
    for (unsigned fd = 0; fd < p->fds_end; fd++)
        if (p->files[fd] != NULL)
            close_one(p, fd);
    inode_put(p->cwd);
    inode_put(p->root);
    p->cwd = p->root = NULL;
    fs_close_exec(proc_set_exe(p, NULL));
}

void files_close_on_exec(struct proc *p)
{
    for (unsigned fd = 0; p->close_on_exec != 0 && fd < NOFILE; fd++)
        if (p->close_on_exec >> fd & 1)
            close_one(p, fd);
}

int files_open_console(struct proc *p)
{
    struct file *f;
    int err = fs_open(NULL, "/dev/console", O_RDWR, 0, &f);
    if (err != 0)
        return err;
    for (unsigned fd = 0; fd < 3; fd++) {
        file_get(f);
        fd_install_at(fd, f, 0);
    }
    file_put(f);
    console_set_foreground(p->pgid);
    return 0;
}
