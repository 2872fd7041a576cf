/*
 * file.c - open files and descriptors.
 * Read next: path.c (names), pipe.c, initramfs.c.
 */
#include <string.h>

#include "kernel/dev/console.h"
#include "kernel/errno.h"
#include "kernel/fs/file.h"
#include "kernel/fs/node.h"
#include "kernel/panic.h"
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
    *f = (struct file){
        .refs = 1,
        .can_read = mode == O_RDONLY || mode == O_RDWR,
        .can_write = mode == O_WRONLY || mode == O_RDWR,
        .flags = flags,
        .ops = ops,
    };
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
    slab_free(&files, f);
}

void file_discard(struct file *f)
{
    if (f != NULL)
        slab_free(&files, f);
}

void file_info(struct file *f, struct file_info *info)
{
    *info = (struct file_info){ 0 };
    if (f->ops->info != NULL)
        f->ops->info(f, info);
    else
        node_info(&(struct location){ f->node, f->pid }, info);
}

long bytes_read(struct file *f, struct uio *u)
{
    mutex_lock(&f->lock);
    size_t at = f->offset < f->size_bytes ? f->offset : f->size_bytes, left = f->size_bytes - at;
    size_t n = left < u->resid ? left : u->resid, done = 0;
    int err = uio_move(u, (char *)f->bytes + at, n, UIO_TO_USER, &done);
    f->offset += done;
    mutex_unlock(&f->lock);
    return done > 0 ? (long)done : err;
}

long bytes_seek(struct file *f, int64_t offset, int whence)
{
    mutex_lock(&f->lock);
    int64_t base = whence == SEEK_FROM_HERE ? (int64_t)f->offset : whence == SEEK_FROM_END ? (int64_t)f->size_bytes : 0, at;
    long result;
    if (whence < SEEK_FROM_START || whence > SEEK_FROM_END)
        result = -EINVAL;
    else if (__builtin_add_overflow(base, offset, &at))
        result = -EOVERFLOW;
    else if (at < 0)
        result = -EINVAL;
    else
        result = (long)(f->offset = (uint64_t)at);
    mutex_unlock(&f->lock);
    return result;
}

/* ---- descriptors ---- */

void fd_install_at(unsigned fd, struct file *f, uint32_t flags)
{
    struct proc *p = current();
    assert(fd < NOFILE && p->files[fd] == NULL);
    p->files[fd] = f;
    if (flags & O_CLOEXEC)
        p->close_on_exec |= 1ul << fd;
}

int fd_install(struct file *f, uint32_t flags)
{
    for (unsigned fd = 0; fd < NOFILE; fd++) {
        if (current()->files[fd] == NULL) {
            fd_install_at(fd, f, flags);
            return (int)fd;
        }
    }
    return -EMFILE;
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
    for (unsigned fd = 0; fd < NOFILE; fd++) {
        struct file *f = parent->files[fd];
        if (f != NULL)
            file_get(f);
        child->files[fd] = f;
    }
    child->close_on_exec = parent->close_on_exec;
}

void files_close_all(struct proc *p)
{
    for (unsigned fd = 0; fd < NOFILE; fd++)
        if (p->files[fd] != NULL)
            close_one(p, fd);
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
    int err = fs_open(NULL, "/dev/console", O_RDWR, &f);
    if (err != 0)
        return err;
    for (unsigned fd = 0; fd < 3; fd++) {
        assert(p->files[fd] == NULL);
        file_get(f);
        p->files[fd] = f;
    }
    file_put(f);
    console_set_foreground(p->pgid);
    return 0;
}
