/*
 * file.c - system calls on files: thin; they check and fetch arguments and ask kernel/fs.
 * Owns: the translation between Linux's structures and the kernel's. Every call follows the man
 * page of its name in section 2; the errors listed are all that it gives. Everywhere, a descriptor
 * that is not open is EBADF, and an address that may not be accessed EFAULT.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/fs/block.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/poll.h"
#include "kernel/proc.h"
#include "mm/page.h"
#include "syscalls/abi.h"
#include "syscalls/syscalls.h"

/* ---- read and write ---- */

static struct uio uio_of(const struct syscall_args *a)
{
    size_t len = a->arg[2] < UIO_MAX ? a->arg[2] : UIO_MAX;
    return (struct uio){ .as = current()->as, .base = a->arg[1], .len_bytes = len, .resid = len };
}

typedef long transfer_fn(struct file *f, struct uio *u, const uint64_t *at);

static long transfer_plain(const struct syscall_args *a, struct file *f, transfer_fn *transfer)
{
    struct uio u = uio_of(a);
    return transfer(f, &u, NULL);
}

static long transfer_at(const struct syscall_args *a, struct file *f, transfer_fn *transfer)
{
    struct uio u = uio_of(a);
    if ((int64_t)a->arg[3] < 0)
        return -EINVAL;
    return f->ops->seek != NULL ? transfer(f, &u, &a->arg[3]) : -ESPIPE;
}

/* A list that does not fit into one page (256 segments) is served as far as the page goes: a short count. */
static long transfer_vector(const struct syscall_args *a, struct file *f, transfer_fn *transfer)
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
        result = transfer(f, &u, NULL);
    page_free(page);
    return result;
}

typedef long transfer_kind(const struct syscall_args *a, struct file *f, transfer_fn *transfer);

static long read_from(const struct syscall_args *a, transfer_kind *kind)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    return f != NULL && f->can_read ? kind(a, f, file_read) : -EBADF;
}

static long write_to(const struct syscall_args *a, transfer_kind *kind)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    return f != NULL && f->can_write ? kind(a, f, file_write) : -EBADF;
}

/*
 * read(fd, buf, count), write(fd, buf, count): bytes moved. count is in bytes and cut to UIO_MAX.
 * When only the beginning of buf may be accessed, that part is moved and counted; when not even
 * that, EFAULT.
 * Errors: EBADF also when not open in that direction; EISDIR; EINVAL: cannot be written; EAGAIN:
 * O_NONBLOCK; EPIPE (and SIGPIPE); EFBIG (and SIGXFSZ); ENOSPC; ENOMEM; ETXTBSY: a program runs
 * from the file; EINTR: a handler without SA_RESTART has run before any byte was moved.
 */
long sys_read(const struct syscall_args *a) { return read_from(a, transfer_plain); }
long sys_write(const struct syscall_args *a) { return write_to(a, transfer_plain); }

/*
 * pread64(fd, buf, count, offset), pwrite64: the same at offset, in bytes; the file's own offset
 * stays. O_APPEND appends, as on Linux. Errors: as read and write; ESPIPE; EINVAL: offset is
 * negative.
 */
long sys_pread64(const struct syscall_args *a) { return read_from(a, transfer_at); }
long sys_pwrite64(const struct syscall_args *a) { return write_to(a, transfer_at); }

/*
 * readv(fd, iov, iovcnt), writev: as one read or write of all segments in turn.
 * Errors: as read and write; EINVAL: iovcnt not in 0..IOV_MAX, or the lengths add up to more than
 * SSIZE_MAX.
 */
long sys_readv(const struct syscall_args *a) { return read_from(a, transfer_vector); }
long sys_writev(const struct syscall_args *a) { return write_to(a, transfer_vector); }

/* lseek(fd, offset, whence): the new offset, in bytes. Errors: EINVAL: whence, or a negative result; EOVERFLOW; ESPIPE. */
long sys_lseek(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    return f != NULL ? file_seek(f, (int64_t)a->arg[1], (int)a->arg[2]) : -EBADF;
}

/* ioctl(fd, request, arg): the console's, see console.c. Errors: ENOTTY: not a console, or not a request of it; EINVAL. */
long sys_ioctl(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL)
        return -EBADF;
    return f->ops->ioctl != NULL ? f->ops->ioctl(f, (unsigned)a->arg[1], a->arg[2]) : -ENOTTY;
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
    if (f->ops != &dir_file_ops)
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
        int found = file_next_entry(f, &pos, &e);
        if (found <= 0) {
            err = found;
            break;
        }
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
        thread_let_others();
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

/* From lowest on. */
static long duplicate(struct file *f, unsigned lowest, uint32_t flags)
{
    file_get(f);
    int fd = fd_install(f, lowest, flags);
    if (fd < 0)
        file_put(f);
    return fd;
}

/* dup(fd): the lowest free descriptor, for the same open file. Errors: EMFILE. */
long sys_dup(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    return f != NULL ? duplicate(f, 0, 0) : -EBADF;
}

/*
 * dup3(old, new, flags): new, closed first if open.
 * Errors: EINVAL: old is new, or flags other than O_CLOEXEC; EBADF: also new at or above
 * RLIMIT_NOFILE.
 */
long sys_dup3(const struct syscall_args *a)
{
    unsigned old = (unsigned)a->arg[0], new = (unsigned)a->arg[1];
    uint32_t flags = (uint32_t)a->arg[2];
    if (old == new || (flags & ~(uint32_t)O_CLOEXEC))
        return -EINVAL;
    struct file *f = fd_find(old);
    if (f == NULL || new >= fd_limit())
        return -EBADF;
    file_get(f);
    fd_close(new);                      /* may find nothing there */
    fd_install_at(new, f, flags);
    return (long)new;
}

/*
 * pipe2(fds, flags): descriptors of the read end and the write end in fds, two 32-bit numbers.
 * Errors: EINVAL: flags other than O_CLOEXEC and O_NONBLOCK; EMFILE; ENOMEM. On failure no
 * descriptor stays open.
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
        fd[i] = fd_install(end[i], 0, flags);
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

/* The flags of the descriptor itself, of which FD_CLOEXEC is the only one. */
static long get_fd_flags(unsigned fd) { return current()->close_on_exec >> fd & 1 ? FD_CLOEXEC : 0; }

static long set_fd_flags(unsigned fd, uint64_t flags)
{
    uint64_t bit = 1ul << fd, *close = &current()->close_on_exec;
    *close = flags & FD_CLOEXEC ? *close | bit : *close & ~bit;
    return 0;
}

/*
 * fcntl(fd, cmd, arg): F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL (O_APPEND and
 * O_NONBLOCK), F_GETPIPE_SZ.
 * Errors: EINVAL: another cmd, or a lowest descriptor beyond the limit; EMFILE; EBADF: F_GETPIPE_SZ
 * of no pipe.
 */
long sys_fcntl(const struct syscall_args *a)
{
    const uint32_t changeable = O_APPEND | O_NONBLOCK;
    unsigned fd = (unsigned)a->arg[0];
    struct file *f = fd_find(fd);
    if (f == NULL)
        return -EBADF;
    switch ((int)a->arg[1]) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (a->arg[2] >= fd_limit())
            return -EINVAL;
        return duplicate(f, (unsigned)a->arg[2], (int)a->arg[1] == F_DUPFD ? 0 : O_CLOEXEC);
    case F_GETFD:         return get_fd_flags(fd);
    case F_SETFD:         return set_fd_flags(fd, a->arg[2]);
    case F_GETFL:         return (long)f->flags;
    case F_SETFL:
        f->flags = (f->flags & ~changeable) | ((uint32_t)a->arg[2] & changeable);
        return 0;
    case F_GETPIPE_SZ:    return f->pipe != NULL ? (long)PIPE_CAPACITY : -EBADF;
    default:              return -EINVAL;
    }
}

/* ---- the file behind a descriptor ---- */

/* ftruncate(fd, length): in bytes. Errors: EINVAL: not open for writing, no regular file, negative; EFBIG; ETXTBSY. */
long sys_ftruncate(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL)
        return -EBADF;
    if (!f->can_write || f->ops != &tmpfs_file_ops)
        return -EINVAL;
    return tmpfs_resize(f->inode, (int64_t)a->arg[1]);
}

/* All but disks is in memory: there is nothing to wait for. No errors: who wants to know asks fsync. */
long sys_sync(const struct syscall_args *a)
{
    (void)a;
    blocks_sync();
    return 0;
}

/* fsync(fd). Errors: EINVAL: a pipe; EIO. */
long sys_fsync(const struct syscall_args *a)
{
    struct file *f = fd_find((unsigned)a->arg[0]);
    if (f == NULL)
        return -EBADF;
    if (f->ops->sync != NULL)
        return f->ops->sync(f);
    return f->inode != NULL ? 0 : -EINVAL;
}

long sys_fdatasync(const struct syscall_args *a) { return sys_fsync(a); }

/*
 * ppoll(fds, nfds, timeout, sigmask, size): how many of fds are ready, 0 after timeout, where then
 * stands what is left of it.
 * Errors: EINVAL: nfds above RLIMIT_NOFILE, timeout, or size; EINTR.
 */
long sys_ppoll(const struct syscall_args *a)
{
    struct addrspace *as = current()->as;
    struct pollfd fds[NOFILE];
    uint64_t n = a->arg[1], deadline = UINT64_MAX, mask;
    if (n > fd_limit() || (a->arg[3] != 0 && a->arg[4] != sizeof mask))
        return -EINVAL;
    int err = n > 0 ? copy_from_user(as, fds, a->arg[0], n * sizeof fds[0], NULL) : 0;
    if (err == 0 && a->arg[2] != 0)
        err = deadline_from_user(a->arg[2], &deadline);
    if (err == 0 && a->arg[3] != 0)
        err = copy_from_user(as, &mask, a->arg[3], sizeof mask, NULL);
    if (err != 0)
        return err;
    if (a->arg[3] != 0)
        signals_block_for_call(mask);
    long result = poll_files(fds, (unsigned)n, deadline);
    if (result >= 0) {
        signals_call_over();
        err = n > 0 ? copy_to_user(as, a->arg[0], fds, n * sizeof fds[0], NULL) : 0;
    }
    bool told = a->arg[2] == 0 || span_left_to_user(a->arg[2], deadline) == 0;      /* it may be read-only memory */
    if (result == -ERESTARTSYS)
        result = told ? -ERESTARTNOHAND : -EINTR;
    return err != 0 ? err : result;
}
