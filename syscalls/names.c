/*
 * names.c - system calls that take a path: thin; kernel/fs/path.c does the work.
 * Owns: fetching paths, and what they start from. Every call follows the man page of its name in
 * section 2. Everywhere: EFAULT: path; ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP: the way along it;
 * EBADF, ENOTDIR: dirfd; ENOMEM. Only what comes on top is listed. There is one user, root, whom
 * rights do not stop, but that nobody runs what has no x bit.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/fs/inode.h"
#include "kernel/proc.h"
#include "kernel/swapon.h"
#include "kernel/core/time.h"
#include "mm/object.h"
#include "mm/page.h"
#include "syscalls/abi.h"
#include "syscalls/syscalls.h"

/* ---- paths ---- */

/* A path in kernel memory, and where it starts. */
struct user_path {
    struct page *page;
    const char *text;
    struct inode *start;                /* NULL: at the working directory */
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
        else if (len > 0 && (dir->inode == NULL || !inode_is(dir->inode, MODE_DIR)))
            err = -ENOTDIR;
        else
            p->start = dir->inode;      /* its file keeps it */
    }
    if (err != 0)
        page_free(p->page);
    return err;
}

static void path_done(struct user_path *p) { page_free(p->page); }

/*
 * The inode that dirfd and path name, with a reference. flags: AT_SYMLINK_NOFOLLOW; with
 * AT_EMPTY_PATH an empty path names dirfd's own file.
 */
static int find(int dirfd, vaddr_t path_va, int flags, struct inode **out)
{
    struct user_path path;
    if ((flags & AT_EMPTY_PATH) && path_va == 0)
        return -EFAULT;
    int err = path_fetch(dirfd, path_va, &path);
    if (err != 0)
        return err;
    if (path.text[0] == '\0' && (flags & AT_EMPTY_PATH)) {
        *out = dirfd == AT_FDCWD ? current()->cwd : path.start;
        err = *out != NULL ? 0 : -EBADF;        /* a pipe has no inode */
        if (err == 0)
            inode_get(*out);
    } else {
        err = path_find(path.start, path.text, flags & AT_SYMLINK_NOFOLLOW ? NOFOLLOW : FOLLOW, out);
    }
    path_done(&path);
    return err;
}

/* What a call does with the file that it is about; rest: its arguments behind the path or the descriptor. */
typedef long inode_call(struct inode *inode, const uint64_t *rest);

static long on_path(int dirfd, vaddr_t path, int flags, inode_call *call, const uint64_t *rest)
{
    struct inode *inode;
    long result = find(dirfd, path, flags, &inode);
    if (result != 0)
        return result;
    result = call(inode, rest);
    inode_put(inode);
    return result;
}

/* The same for the file behind a descriptor; no_inode: the answer for a pipe. */
static long on_file(uint64_t fd, inode_call *call, const uint64_t *rest, long no_inode)
{
    struct file *f = fd_find((unsigned)fd);
    if (f == NULL)
        return -EBADF;
    return f->inode != NULL ? call(f->inode, rest) : no_inode;
}

/*
 * openat(dirfd, path, flags, mode): the lowest free descriptor. One of O_PATH is for fstat and
 * fchdir, and to walk from.
 * Errors: EISDIR: a directory for writing; EEXIST: O_CREAT and O_EXCL; EACCES: a /proc file not
 * made for that; ESRCH: its process has gone; ENXIO: no such device; ETXTBSY: a running program for
 * writing; ENOSPC; EINVAL: access mode 3, or O_CREAT with O_DIRECTORY; EMFILE.
 */
long sys_openat(const struct syscall_args *a)
{
    struct user_path path;
    struct file *f;
    uint32_t flags = (uint32_t)a->arg[2];
    int result = path_fetch(a->arg[0], a->arg[1], &path);
    if (result != 0)
        return result;
    int fd = fd_find_free(0);           /* first: an open that fails makes no file and empties none */
    result = fd < 0 ? fd : fs_open(path.start, path.text, flags, (uint32_t)a->arg[3], &f);
    path_done(&path);
    if (result != 0)
        return result;
    fd_install_at((unsigned)fd, f, flags);
    return fd;
}

/* ---- making and removing ---- */

static long make(int dirfd, vaddr_t path_va, uint32_t mode, uint32_t device, const char *text)
{
    struct user_path path;
    int err = path_fetch(dirfd, path_va, &path);
    if (err != 0)
        return err;
    err = fs_make(path.start, path.text, mode, device, text);
    path_done(&path);
    return err;
}

/* mkdirat(dirfd, path, mode). Errors: EEXIST; ENOSPC; EMLINK; ENOENT: in /proc, too. */
long sys_mkdirat(const struct syscall_args *a)
{
    return make(a->arg[0], a->arg[1], MODE_DIR | ((uint32_t)a->arg[2] & 01777), 0, NULL);
}

/* mknodat(dirfd, path, mode, dev): a file or a device. As mkdirat; EINVAL: another type; EPERM: a directory. */
long sys_mknodat(const struct syscall_args *a)
{
    uint32_t mode = (uint32_t)a->arg[2], type = mode & MODE_TYPE;
    if (type == 0)
        type = MODE_FILE;
    bool device = type == MODE_CHAR || type == MODE_BLOCK;
    if (type != MODE_FILE && !device)
        return type == MODE_DIR ? -EPERM : -EINVAL;
    return make(a->arg[0], a->arg[1], type | (mode & 07777), device ? (uint32_t)a->arg[3] : 0, NULL);
}

/* symlinkat(target, dirfd, path). Errors: as mkdirat. */
long sys_symlinkat(const struct syscall_args *a)
{
    struct user_path target;
    long err = path_fetch(AT_FDCWD, a->arg[0], &target);
    if (err != 0)
        return err;
    err = make(a->arg[1], a->arg[2], MODE_LINK | 0777, 0, target.text);
    path_done(&target);
    return err;
}

/* unlinkat(dirfd, path, flags). EISDIR; EPERM: in /proc; AT_REMOVEDIR: ENOTDIR, ENOTEMPTY, EINVAL: ".", EBUSY: a mount. */
long sys_unlinkat(const struct syscall_args *a)
{
    struct user_path path;
    if (a->arg[2] & ~(uint64_t)AT_REMOVEDIR)
        return -EINVAL;
    int err = path_fetch(a->arg[0], a->arg[1], &path);
    if (err != 0)
        return err;
    err = a->arg[2] & AT_REMOVEDIR ? fs_rmdir(path.start, path.text) : fs_unlink(path.start, path.text);
    path_done(&path);
    return err;
}

/* Fetch two paths, for a call that takes both. */
static int two_paths(const struct syscall_args *a, struct user_path *old, struct user_path *new)
{
    int err = path_fetch(a->arg[0], a->arg[1], old);
    if (err != 0)
        return err;
    err = path_fetch(a->arg[2], a->arg[3], new);
    if (err != 0)
        path_done(old);
    return err;
}

/* linkat(olddirfd, oldpath, newdirfd, newpath, flags). Errors: EEXIST; EPERM: a directory; EXDEV; EMLINK; EINVAL: flags. */
long sys_linkat(const struct syscall_args *a)
{
    struct user_path old, new;
    if (a->arg[4] & ~(uint64_t)AT_SYMLINK_FOLLOW)
        return -EINVAL;
    int err = two_paths(a, &old, &new);
    if (err != 0)
        return err;
    err = fs_link(old.start, old.text, a->arg[4] & AT_SYMLINK_FOLLOW ? FOLLOW : NOFOLLOW, new.start, new.text);
    path_done(&old);
    path_done(&new);
    return err;
}

/*
 * renameat2(olddirfd, oldpath, newdirfd, newpath, flags): RENAME_NOREPLACE or RENAME_EXCHANGE.
 * Errors: EEXIST; ENOTEMPTY; EISDIR, ENOTDIR: of two kinds; EBUSY: "." and "..", a mount; EXDEV;
 * EINVAL: into itself, or flags; ENOENT: also in /proc; EMLINK; ENOMEM.
 */
long sys_renameat2(const struct syscall_args *a)
{
    struct user_path old, new;
    uint32_t flags = (uint32_t)a->arg[4];
    if ((flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE)) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    int err = two_paths(a, &old, &new);
    if (err != 0)
        return err;
    err = fs_rename(old.start, old.text, new.start, new.text, flags);
    path_done(&old);
    path_done(&new);
    return err;
}

/* ---- looking ---- */

static long stat_to_user(struct inode *inode, const uint64_t *rest)
{
    struct linux_stat st;
    inode_stat(inode, &st);
    return copy_to_user(current()->as, rest[0], &st, sizeof st, NULL);
}

/* fstat(fd, statbuf). */
long sys_fstat(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    struct linux_stat st;
    if (f == NULL)
        return -EBADF;
    file_stat(f, &st);
    return copy_to_user(current()->as, a->arg[1], &st, sizeof st, NULL);
}

/* newfstatat(dirfd, path, statbuf, flags), the call behind fstatat(2). Errors: EINVAL: unknown flags. */
long sys_newfstatat(const struct syscall_args *a)
{
    int flags = (int)a->arg[3];
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    long err = on_path(a->arg[0], a->arg[1], flags, stat_to_user, &a->arg[2]);
    if (err == -EBADF && fd_find((unsigned)a->arg[0]) != NULL)          /* a pipe's own */
        return sys_fstat(&(struct syscall_args){ { a->arg[0], a->arg[2] } });
    return err;
}

static long text_to_user(const char *text, size_t len, const uint64_t *rest)
{
    if (len > rest[1])
        len = rest[1];
    int err = copy_to_user(current()->as, rest[0], text, len, NULL);
    return err != 0 ? err : (long)len;
}

/* The path of what a link without text leads to. */
static long target_to_user(struct inode *target, const uint64_t *rest)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    if (page == NULL)
        return -ENOMEM;
    rwlock_read(&names_lock);
    const char *path = path_of(target, current()->root, page_address(page), PAGE_SIZE);
    rwlock_read_unlock(&names_lock);
    long result = path != NULL ? text_to_user(path, strlen(path), rest) : -ENOENT;
    page_free(page);
    return result;
}

static long link_to_user(struct inode *inode, const uint64_t *rest)
{
    if (!inode_is(inode, MODE_LINK))
        return -EINVAL;
    return inode->link.target != NULL ? target_to_user(inode->link.target, rest) :
                                        text_to_user(inode->link.text, inode->link.len, rest);
}

/*
 * readlinkat(dirfd, path, buf, bufsiz): bytes of the link's text, cut to bufsiz, no NUL.
 * Errors: EINVAL: bufsiz, or no link; ENOENT: also where /proc/PID/exe leads to a file that has no
 * name any more.
 */
long sys_readlinkat(const struct syscall_args *a)
{
    if ((int)a->arg[3] <= 0)
        return -EINVAL;
    return on_path(a->arg[0], a->arg[1], AT_SYMLINK_NOFOLLOW, link_to_user, &a->arg[2]);
}

static long check_access(struct inode *inode, const uint64_t *rest)
{
    return (rest[0] & X_OK) && !inode_is(inode, MODE_DIR) && !(inode->mode & 0111) ? -EACCES : 0;
}

static long access_at(const struct syscall_args *a, int flags)
{
    uint32_t mode = (uint32_t)a->arg[2];
    if ((mode & ~(uint32_t)(R_OK | W_OK | X_OK)) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    return on_path(a->arg[0], a->arg[1], flags, check_access, &a->arg[2]);
}

/* faccessat(dirfd, path, mode), faccessat2(..., flags). Errors: EACCES; EINVAL: mode, flags. */
long sys_faccessat(const struct syscall_args *a) { return access_at(a, 0); }
long sys_faccessat2(const struct syscall_args *a) { return access_at(a, (int)a->arg[3]); }

static long statfs_to_user(struct inode *inode, const uint64_t *rest)
{
    struct linux_statfs st = { .f_type = PROC_MAGIC, .f_bsize = PAGE_SIZE, .f_frsize = PAGE_SIZE, .f_namelen = NAME_LEN_MAX };
    if (inode->dev == DEV_TMPFS) {
        struct tmpfs_usage usage = tmpfs_usage();
        st.f_type = TMPFS_MAGIC;
        st.f_blocks = usage.pages_max;
        st.f_bfree = st.f_bavail = usage.pages < usage.pages_max ? usage.pages_max - usage.pages : 0;
        st.f_files = usage.inodes_max;
        st.f_ffree = usage.inodes < usage.inodes_max ? usage.inodes_max - usage.inodes : 0;
    }
    return copy_to_user(current()->as, rest[0], &st, sizeof st, NULL);
}

/* statfs(path, buf), fstatfs(fd, buf). Errors: EBADF: also a pipe's. */
long sys_statfs(const struct syscall_args *a) { return on_path(AT_FDCWD, a->arg[0], 0, statfs_to_user, &a->arg[1]); }
long sys_fstatfs(const struct syscall_args *a) { return on_file(a->arg[0], statfs_to_user, &a->arg[1], -EBADF); }

/* ---- changing what is there ---- */

static long resize(struct inode *inode, const uint64_t *rest)
{
    if (inode->file_ops == &tmpfs_file_ops)
        return tmpfs_resize(inode, (int64_t)rest[0]);
    return inode_is(inode, MODE_DIR) ? -EISDIR : -EINVAL;
}

/* truncate(path, length): in bytes. Errors: EISDIR; EINVAL: no regular file, or negative; EFBIG; ETXTBSY. */
long sys_truncate(const struct syscall_args *a)
{
    return (int64_t)a->arg[1] < 0 ? -EINVAL : on_path(AT_FDCWD, a->arg[0], 0, resize, &a->arg[1]);
}

static long change_mode(struct inode *inode, const uint64_t *rest)
{
    if (inode->dev != DEV_TMPFS)
        return -EPERM;
    inode->mode = (inode->mode & MODE_TYPE) | (rest[0] & 07777);
    inode->ctime = inode_now();
    return 0;
}

static long change_owner(struct inode *inode, const uint64_t *rest)
{
    uint32_t uid = (uint32_t)rest[0], gid = (uint32_t)rest[1];
    if (inode->dev != DEV_TMPFS)
        return -EPERM;
    if (uid != UINT32_MAX)              /* -1: stays */
        inode->uid = uid;
    if (gid != UINT32_MAX)
        inode->gid = gid;
    inode->ctime = inode_now();
    return 0;
}

/* fchmod(fd, mode), fchmodat(dirfd, path, mode). Errors: EPERM: in /proc, or a pipe. */
long sys_fchmod(const struct syscall_args *a) { return on_file(a->arg[0], change_mode, &a->arg[1], -EPERM); }
long sys_fchmodat(const struct syscall_args *a) { return on_path(a->arg[0], a->arg[1], 0, change_mode, &a->arg[2]); }

/* fchown(fd, owner, group), fchownat(dirfd, path, owner, group, flags): kept, but nobody asks. Errors: EPERM as fchmod. */
long sys_fchown(const struct syscall_args *a) { return on_file(a->arg[0], change_owner, &a->arg[1], -EPERM); }

long sys_fchownat(const struct syscall_args *a)
{
    int flags = (int)a->arg[4];
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return on_path(a->arg[0], a->arg[1], flags, change_owner, &a->arg[2]);
}

static void new_time(const struct linux_timespec *ts, int64_t now, _Atomic int64_t *time)
{
    if (ts->tv_nsec == UTIME_NOW)
        *time = now;
    else if (ts->tv_nsec != UTIME_OMIT)
        *time = ts->tv_sec * (int64_t)NSEC_PER_SEC + ts->tv_nsec;
}

static bool time_valid(const struct linux_timespec *ts)
{
    int64_t ns;
    if (ts->tv_nsec == UTIME_NOW || ts->tv_nsec == UTIME_OMIT)
        return true;
    return ts->tv_nsec >= 0 && ts->tv_nsec < (int64_t)NSEC_PER_SEC &&
           !__builtin_mul_overflow(ts->tv_sec, (int64_t)NSEC_PER_SEC, &ns) && !__builtin_add_overflow(ns, ts->tv_nsec, &ns);
}

/*
 * utimensat(dirfd, path, times, flags): access time, then modification time; path NULL: dirfd's own
 * file; times NULL: now.
 * Errors: EINVAL: flags, or a time that is none or beyond what 64 bits of nanoseconds hold; EPERM:
 * in /proc.
 */
long sys_utimensat(const struct syscall_args *a)
{
    struct linux_timespec times[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
    struct inode *inode;
    int flags = (int)a->arg[3];
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    long err = a->arg[2] != 0 ? copy_from_user(current()->as, times, a->arg[2], sizeof times, NULL) : 0;
    if (err == 0 && (!time_valid(&times[0]) || !time_valid(&times[1])))
        err = -EINVAL;
    if (err != 0)
        return err;
    if (a->arg[1] == 0) {
        struct file *f = fd_find((unsigned)a->arg[0]);
        if (f == NULL || f->inode == NULL)
            return f == NULL ? -EBADF : -EPERM;
        inode_get(inode = f->inode);
    } else if ((err = find(a->arg[0], a->arg[1], flags, &inode)) != 0) {
        return err;
    }
    int64_t now = inode_now();
    if (inode->dev != DEV_TMPFS) {
        err = -EPERM;
    } else if (times[0].tv_nsec != UTIME_OMIT || times[1].tv_nsec != UTIME_OMIT) {
        new_time(&times[0], now, &inode->atime);
        new_time(&times[1], now, &inode->mtime);
        inode->ctime = now;
    }
    inode_put(inode);
    return err;
}

/* umask(mask): the old one. */
long sys_umask(const struct syscall_args *a)
{
    uint32_t old = current()->umask;
    current()->umask = (uint32_t)a->arg[0] & 0777;
    return old;
}

/* ---- where the process is ---- */

static long move_to(struct inode *inode, struct inode **place)
{
    if (!inode_is(inode, MODE_DIR))
        return -ENOTDIR;
    inode_get(inode);
    inode_put(*place);
    *place = inode;
    return 0;
}

static long set_cwd(struct inode *inode, const uint64_t *rest) { return (void)rest, move_to(inode, &current()->cwd); }
static long set_root(struct inode *inode, const uint64_t *rest) { return (void)rest, move_to(inode, &current()->root); }

/* chdir(path), fchdir(fd), chroot(path): absolute paths, and "..", end there from now on; the working directory stays. */
long sys_chdir(const struct syscall_args *a) { return on_path(AT_FDCWD, a->arg[0], 0, set_cwd, NULL); }
long sys_fchdir(const struct syscall_args *a) { return on_file(a->arg[0], set_cwd, NULL, -ENOTDIR); }
long sys_chroot(const struct syscall_args *a) { return on_path(AT_FDCWD, a->arg[0], 0, set_root, NULL); }

static long swap_to(struct inode *inode, const uint64_t *rest) { return swapon(inode, (unsigned)rest[0]); }
static long swap_no_more(struct inode *inode, const uint64_t *rest) { return (void)rest, swapoff(inode); }

/* swapon(path, flags), swapoff(path): errors as swapon.h says, and those of paths. */
long sys_swapon(const struct syscall_args *a) { return on_path(AT_FDCWD, a->arg[0], 0, swap_to, &a->arg[1]); }
long sys_swapoff(const struct syscall_args *a) { return on_path(AT_FDCWD, a->arg[0], 0, swap_no_more, NULL); }

/*
 * getcwd(buf, size): the length of the path in buf, NUL included.
 * Errors: ENOENT: the directory has been removed; ERANGE: size is too small; ENAMETOOLONG.
 */
long sys_getcwd(const struct syscall_args *a)
{
    struct proc *p = current();
    struct page *page = page_alloc(PAGE_KERNEL);
    if (page == NULL)
        return -ENOMEM;
    char *buf = page_address(page);
    rwlock_read(&names_lock);
    bool removed = dir_removed(p->cwd);
    const char *path = removed ? NULL : path_of(p->cwd, p->root, buf, PATH_SIZE_MAX);
    rwlock_read_unlock(&names_lock);
    long result = removed ? -ENOENT : -ENAMETOOLONG;
    if (path != NULL) {
        size_t len = (size_t)(buf + PATH_SIZE_MAX - path);
        result = len > a->arg[1] ? -ERANGE : copy_to_user(p->as, a->arg[0], path, len, NULL);
        result = result == 0 ? (long)len : result;
    }
    page_free(page);
    return result;
}
