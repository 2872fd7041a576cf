/*
 * file.c - system calls on files: thin; they check and fetch arguments and ask kernel/fs.
 * Owns: the translation between Linux's structures and the kernel's.
 * Every call follows the man page of its name in section 2; the errors listed are all that it gives. Everywhere, a
 * descriptor that is not open is EBADF, and an address that may not be accessed EFAULT.
 */
#include <string.h>

#include "kernel/errno.h"
#include "kernel/fs/file.h"
#include "kernel/fs/node.h"
#include "kernel/fs/pipe.h"
#include "kernel/proc.h"
#include "mm/page.h"
#include "syscalls/abi.h"
#include "syscalls/syscalls.h"

/* ---- read and write ---- */

static long transfer_in(struct file *f, struct uio *u)
{
    return f->ops->read != NULL ? f->ops->read(f, u) : -EINVAL;
}

static long transfer_out(struct file *f, struct uio *u)
{
    return f->ops->write != NULL ? f->ops->write(f, u) : -EINVAL;
}

/*
 * read(fd, buf, count), write(fd, buf, count): bytes moved. count is in bytes and cut to UIO_MAX.
 * When only the beginning of buf may be accessed, that part is moved and counted; when not even that, EFAULT.
 * Errors: EBADF also when not open in that direction; EISDIR; EINVAL: cannot be written; EAGAIN: O_NONBLOCK; EPIPE (and
 * SIGPIPE); EINTR: killed.
 */
long sys_read(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL || !f->can_read)
        return -EBADF;
    size_t len = a->arg[2] < UIO_MAX ? a->arg[2] : UIO_MAX;
    struct uio u = { .as = current()->as, .base = a->arg[1], .len_bytes = len, .resid = len };
    return transfer_in(f, &u);
}

long sys_write(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL || !f->can_write)
        return -EBADF;
    size_t len = a->arg[2] < UIO_MAX ? a->arg[2] : UIO_MAX;
    struct uio u = { .as = current()->as, .base = a->arg[1], .len_bytes = len, .resid = len };
    return transfer_out(f, &u);
}

/*
 * readv(fd, iov, iovcnt), writev: as one read or write of all segments in turn.
 * Errors: as read and write; EINVAL: iovcnt not in 0..IOV_MAX, or the lengths add up to more than SSIZE_MAX.
 * A list that does not fit into one page (256 segments) is served as far as the page goes: a short count.
 */
static long transfer_vector(const struct syscall_args *a, struct file *f, long (*transfer)(struct file *, struct uio *))
{
    enum { SEGMENTS_MAX = PAGE_SIZE / sizeof(struct uio_segment) };
    size_t nsegments = a->arg[2];
    if (nsegments > IOV_MAX)
        return -EINVAL;
    if (nsegments == 0)
        return 0;
    if (nsegments > SEGMENTS_MAX)
        nsegments = SEGMENTS_MAX;
    struct page *page = page_alloc(PAGE_KERNEL);
    if (page == NULL)
        return -ENOMEM;
    struct uio_segment *segments = page_address(page);
    struct uio u = { .as = current()->as, .next = segments };
    long result = copy_from_user(u.as, segments, a->arg[1], nsegments * sizeof(*segments), NULL);
    size_t sum = 0;
    for (size_t i = 0; i < nsegments && result == 0; i++)
        if (segments[i].len_bytes > INT64_MAX || (sum += segments[i].len_bytes) > INT64_MAX)
            result = -EINVAL;
    u.resid = sum < UIO_MAX ? sum : UIO_MAX;
    if (result == 0)
        result = transfer(f, &u);
    page_free(page);
    return result;
}

long sys_readv(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    return f != NULL && f->can_read ? transfer_vector(a, f, transfer_in) : -EBADF;
}

long sys_writev(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    return f != NULL && f->can_write ? transfer_vector(a, f, transfer_out) : -EBADF;
}

/* lseek(fd, offset, whence): the new offset, in bytes. Errors: EINVAL: whence, or a negative result; EOVERFLOW; ESPIPE. */
long sys_lseek(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL)
        return -EBADF;
    return f->ops->seek != NULL ? f->ops->seek(f, (int64_t)a->arg[1], (int)a->arg[2]) : -ESPIPE;
}

/* ioctl(fd, request, arg): the console's, see console.c. Errors: ENOTTY: not a console, or not a request of it; EINVAL. */
long sys_ioctl(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL)
        return -EBADF;
    return f->ops->ioctl != NULL ? f->ops->ioctl(f, (unsigned)a->arg[1], a->arg[2]) : -ENOTTY;
}

/* ---- paths ---- */

/* A path in kernel memory, and where it starts. */
struct user_path {
    struct page *page;
    const char *text;
    struct location base, *start;       /* NULL: at the root, which is every process's working directory */
};

/* Fetch path and resolve dirfd. On success path_done() gives the page back. */
static int path_fetch(int dirfd, vaddr_t path, struct user_path *p)
{
    p->page = page_alloc(PAGE_KERNEL);
    if (p->page == NULL)
        return -ENOMEM;
    p->text = page_address(p->page);
    p->start = NULL;
    long len = string_from_user(current()->as, page_address(p->page), path, PATH_SIZE_MAX, -ENAMETOOLONG);
    int err = len < 0 ? (int)len : 0;
    if (err == 0 && p->text[0] != '/' && dirfd != AT_FDCWD) {
        struct file *dir = fd_find((unsigned)dirfd);
        if (dir == NULL)
            err = -EBADF;
        else if (len > 0 && dir->ops->entry == NULL)
            err = -ENOTDIR;
        else
            p->base = (struct location){ dir->node, dir->pid }, p->start = &p->base;
    }
    if (err != 0)
        page_free(p->page);
    return err;
}

static void path_done(struct user_path *p) { page_free(p->page); }

/*
 * openat(dirfd, path, flags, mode): the lowest free descriptor. mode is not looked at, since nothing can be created.
 * Errors: ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP: the path; EROFS: would create, change or cut an archive member; EISDIR: a
 * directory for writing; EEXIST: O_CREAT and O_EXCL; EACCES: a /proc file not made for that; ESRCH: its process has gone;
 * EINVAL: access mode 3; EMFILE; ENOMEM.
 */
long sys_openat(const struct syscall_args *a)
{
    struct user_path path;
    struct file *f;
    uint32_t flags = (uint32_t)a->arg[2];
    int result = path_fetch((int)a->arg[0], a->arg[1], &path);
    if (result != 0)
        return result;
    result = fs_open(path.start, path.text, flags, &f);
    path_done(&path);
    if (result != 0)
        return result;
    result = fd_install(f, flags);
    if (result < 0)
        file_put(f);
    return result;
}

static long stat_to_user(const struct file_info *info, vaddr_t to)
{
    bool is_dir = (info->mode & MODE_TYPE) == MODE_DIR;
    struct linux_stat st = {
        .st_dev = 1,
        .st_ino = info->ino,
        .st_mode = info->mode,
        .st_nlink = is_dir ? 2 : 1,
        .st_rdev = info->device,
        .st_size = (int64_t)info->size_bytes,
        .st_blksize = PAGE_SIZE,
        .st_blocks = (int64_t)((info->size_bytes + 511) / 512),
        .st_atime_sec = info->mtime,
        .st_mtime_sec = info->mtime,
        .st_ctime_sec = info->mtime,
    };
    return copy_to_user(current()->as, to, &st, sizeof(st), NULL);
}

/* fstat(fd, statbuf). */
long sys_fstat(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    struct file_info info;
    if (f == NULL)
        return -EBADF;
    file_info(f, &info);
    return stat_to_user(&info, a->arg[1]);
}

/*
 * newfstatat(dirfd, path, statbuf, flags), the call behind fstatat(2).
 * Errors: ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP: the path; EINVAL: unknown flags; ENOMEM.
 */
long sys_newfstatat(const struct syscall_args *a)
{
    struct user_path path;
    struct location at;
    struct file_info info;
    int flags = (int)a->arg[3];
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    int err = path_fetch((int)a->arg[0], a->arg[1], &path);
    if (err != 0)
        return err;
    if (path.text[0] == '\0' && (flags & AT_EMPTY_PATH) && (int)a->arg[0] != AT_FDCWD) {
        file_info(fd_find((unsigned)a->arg[0]), &info);
    } else {
        const char *text = path.text[0] == '\0' && (flags & AT_EMPTY_PATH) ? "/" : path.text;
        err = path_walk(path.start, text, (flags & AT_SYMLINK_NOFOLLOW) ? NOFOLLOW : FOLLOW, &at);
        if (err == 0)
            node_info(&at, &info);
    }
    path_done(&path);
    return err != 0 ? err : stat_to_user(&info, a->arg[2]);
}

/*
 * getdents64(fd, dirp, count): bytes of whole entries written, 0 at the end.
 * Errors: ENOTDIR; EINVAL: count is too small for the next entry.
 */
long sys_getdents64(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL)
        return -EBADF;
    if (f->ops->entry == NULL)
        return -ENOTDIR;
    size_t size = a->arg[2] < UIO_MAX ? a->arg[2] : UIO_MAX, total = 0;
    long err = 0;
    mutex_lock(&f->lock);
    for (;;) {
        struct dir_entry e;
        union {
            struct linux_dirent64 d;
            char room[sizeof(struct linux_dirent64) + NAME_LEN_MAX + 1 + 7];
        } u;
        uint64_t pos = f->offset;
        if (!f->ops->entry(f, &pos, &e))
            break;
        size_t len = (sizeof(u.d) + e.name_len + 1 + 7) & ~(size_t)7;
        if (len > size - total) {
            err = -EINVAL;
            break;
        }
        memset(&u, 0, len);
        u.d.d_ino = e.ino;
        u.d.d_off = (int64_t)pos;
        u.d.d_reclen = (uint16_t)len;
        u.d.d_type = (uint8_t)((e.mode & MODE_TYPE) >> 12);     /* DT_DIR and so on are the type bits of a mode */
        memcpy(u.d.d_name, e.name, e.name_len);
        err = copy_to_user(current()->as, a->arg[1] + total, &u, len, NULL);
        if (err != 0)
            break;
        total += len;
        f->offset = pos;
    }
    mutex_unlock(&f->lock);
    return total > 0 ? (long)total : err;
}

/* ---- descriptors ---- */

/* close(fd). */
long sys_close(const struct syscall_args *a)
{
    return fd_close((unsigned)a->arg[0]);
}

/* dup(fd): the lowest free descriptor, for the same open file. Errors: EMFILE. */
long sys_dup(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL)
        return -EBADF;
    file_get(f);
    int fd = fd_install(f, 0);
    if (fd < 0)
        file_put(f);
    return fd;
}

/*
 * dup3(old, new, flags): new, closed first if open.
 * Errors: EINVAL: old is new, or flags other than O_CLOEXEC; EBADF: also new >= NOFILE.
 */
long sys_dup3(const struct syscall_args *a)
{
    unsigned old = (unsigned)a->arg[0], new = (unsigned)a->arg[1];
    uint32_t flags = (uint32_t)a->arg[2];
    if (old == new || (flags & ~(uint32_t)O_CLOEXEC))
        return -EINVAL;
    struct file *f = fd_find(old);
    if (f == NULL || new >= NOFILE)
        return -EBADF;
    file_get(f);
    fd_close(new);                      /* may find nothing there */
    fd_install_at(new, f, flags);
    return (long)new;
}

/*
 * pipe2(fds, flags): descriptors of the read end and the write end in fds, two 32-bit numbers.
 * Errors: EINVAL: flags other than O_CLOEXEC and O_NONBLOCK; EMFILE; ENOMEM. On failure no descriptor stays open.
 */
long sys_pipe2(const struct syscall_args *a)
{
    uint32_t flags = (uint32_t)a->arg[1];
    struct file *end[2];
    int32_t fd[2] = { -1, -1 };
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    int err = pipe_create(flags & O_NONBLOCK, &end[0], &end[1]);
    if (err != 0)
        return err;
    for (int i = 0; i < 2 && err == 0; i++) {
        fd[i] = fd_install(end[i], flags);
        err = fd[i] < 0 ? fd[i] : 0;
    }
    if (err == 0)
        err = copy_to_user(current()->as, a->arg[0], fd, sizeof(fd), NULL);
    for (int i = 0; i < 2 && err != 0; i++) {
        if (fd[i] >= 0)
            fd_close((unsigned)fd[i]);
        else
            file_put(end[i]);
    }
    return err;
}
