/*
 * memory.c - system calls on memory: thin; the verbs are in mm/map.c, mremap.c and advise.c.
 * Addresses, lengths and offsets are in bytes. Each call follows the man page of its name in
 * section 2.
 */
#include "kernel/core/errno.h"
#include "kernel/core/trace.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/proc.h"
#include "mm/addrspace.h"
#include "mm/advise.h"
#include "mm/commit.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/remap.h"
#include "mm/uaccess.h"
#include "syscalls/abi.h"
#include "syscalls/syscalls.h"

/* ---- the heap ---- */

/* What is locked in memory is brought in at once, as far as that goes. */
static void populate_if_locked(vaddr_t start, vaddr_t end)
{
    if (__builtin_expect(current()->as->lock_future != 0, 0) && start < end)
        as_populate_mapped(current()->as, page_down(start), page_up(end) - page_down(start), 0);
}

/*
 * sbrk(increment): move the end of the heap by increment bytes, a signed 64-bit number; returns
 * where it was. Nothing is allocated: pages come when they are touched. Pages that the heap no
 * longer covers are gone at once. Errors, nothing changed: EINVAL: below the heap's beginning;
 * ENOMEM: into another mapping, right up to it, or beyond user space.
 */
long sys_sbrk(const struct syscall_args *a)
{
    vaddr_t old;
    int err = as_move_brk(current()->as, (int64_t)a->arg[0], &old);
    if (err != 0)
        return err;
    populate_if_locked(old, old + a->arg[0]);
    return (long)old;
}

/* brk(addr): set the end of the heap. Returns the end after the call, changed or not, as Linux does; 0 only asks. */
long sys_brk(const struct syscall_args *a)
{
    vaddr_t old = current()->as->brk, brk;
    as_set_brk(current()->as, a->arg[0], &brk);
    populate_if_locked(old, brk);
    return brk;
}

/* ---- mappings ---- */

/* In the trace: the file that was just mapped. */
static __attribute__((cold)) void record_name(struct inode *inode)
{
    rwlock_read(&names_lock);
    const struct entry *e = LIST_FIRST(&inode->names);
    if (e != NULL)
        trace_named(0, TRACE_NAME, e->name, e->len);
    rwlock_read_unlock(&names_lock);
}

/* What a descriptor of open file f gives to a mapping that shows bytes up to end. */
static int file_object(struct file *f, uint64_t flags, size_t end, struct map_request *req)
{
    if (!f->can_read || (req->shared && (req->prot & PROT_WRITE) && !f->can_write))
        return -EACCES;
    if (f->ops->map == NULL)
        return -ENODEV;
    if (flags & MAP_GROWSDOWN)
        return -EINVAL;
    if (req->shared && !f->can_write)
        req->prot_denied = PROT_WRITE;
    return f->ops->map(f, req->shared, end, &req->object);
}

static int mapping_kind(uint64_t flags, struct map_request *req)
{
    uint64_t type = flags & MAP_TYPE;
    if (type == MAP_SHARED_VALIDATE && !(flags & MAP_ANONYMOUS) && (flags & ~(uint64_t)MAP_KNOWN))
        return -EOPNOTSUPP;
    if (type != MAP_PRIVATE && type != MAP_SHARED && (type != MAP_SHARED_VALIDATE || (flags & MAP_ANONYMOUS)))
        return -EINVAL;
    req->shared = type != MAP_PRIVATE;
    req->fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    req->replace = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED;
    req->flags = flags & MAP_LOCKED ? VMA_LOCKED : 0;
    if ((flags & MAP_NORESERVE) && !commit_strict)
        req->flags |= VMA_NOT_COMMITTED;
    return 0;
}

/* In Sv39 the right to write alone is reserved, so it means reading too, as on Linux. PROT_SEM means nothing. */
static unsigned prot_of(uint64_t prot) { return prot & PROT_WRITE ? (prot & PROT_ALL) | PROT_READ : prot & PROT_ALL; }

/*
 * mmap(addr, length, prot, flags, fd, offset). addr is a hint that is rounded down, unless
 * MAP_FIXED. MAP_POPULATE and MAP_LOCKED bring the pages in, as far as that goes. MAP_STACK is how
 * every mapping is, and but for what Committed_AS says so is MAP_NORESERVE, which means nothing
 * with commit=strict. MAP_GROWSDOWN is refused: what is legal is decided by ranges that exist, and
 * a program can move such a page itself by a handler. Errors, nothing changed: EINVAL: length 0,
 * offset or fixed addr not page aligned, none of MAP_SHARED, MAP_PRIVATE and (for a file)
 * MAP_SHARED_VALIDATE, or MAP_GROWSDOWN of a file or shared; EBADF; EACCES: a file not opened to
 * read, or shared, to be written, and not opened so; ENODEV: not a kind of file that can be mapped;
 * EOVERFLOW: offset + length; EEXIST:
 * MAP_FIXED_NOREPLACE and taken; EPERM: page 0, or RLIMIT_MEMLOCK 0; EAGAIN: RLIMIT_MEMLOCK;
 * ENOMEM; EOPNOTSUPP: MAP_GROWSDOWN otherwise, or with MAP_SHARED_VALIDATE a flag that is not
 * known.
 */
long sys_mmap(const struct syscall_args *a)
{
    struct addrspace *as = current()->as;
    struct map_request req = { .prot = prot_of(a->arg[2]) };
    vaddr_t hint = a->arg[0], out;
    uint64_t len = a->arg[1], flags = a->arg[3], offset = a->arg[5];
    if (!page_aligned(offset))
        return -EINVAL;
    struct file *f = flags & MAP_ANONYMOUS ? NULL : fd_find((unsigned)a->arg[4]);
    if (!(flags & MAP_ANONYMOUS) && (f == NULL || (f->flags & O_PATH)))
        return -EBADF;
    if (len == 0)
        return -EINVAL;
    if (len > USER_END)
        return -ENOMEM;
    len = page_up(len);
    if (f != NULL && offset > INT64_MAX - len)
        return -EOVERFLOW;
    if ((flags & MAP_FIXED_NOREPLACE) && hint >= PAGE_SIZE && range_valid(hint, len) && as_is_taken(as, hint, len, 0))
        return -EEXIST;                 /* before what is wrong with the file, as on Linux */
    int err = mapping_kind(flags, &req);
    if (err != 0)
        return err;
    if (req.fixed && !page_aligned(hint))
        return -EINVAL;
    if (f != NULL)
        err = file_object(f, flags, offset + len, &req);
    else if (flags & MAP_GROWSDOWN)
        err = req.shared ? -EINVAL : -EOPNOTSUPP;
    else if (req.shared)
        err = (req.object = object_create(NULL, len, NULL)) != NULL ? 0 : -ENOMEM;
    if (err != 0)
        return err;
    req.object_index = f != NULL && req.object != NULL ? offset >> PAGE_SHIFT : 0;
    err = as_map(as, page_down(hint), len, &req, &out);
    if (req.object != NULL)
        object_put(req.object);
    if (err != 0)
        return err;
    if (trace_on() && f != NULL && f->inode != NULL)
        record_name(f->inode);
    if ((flags & (MAP_POPULATE | MAP_LOCKED)) || as->lock_future != 0)
        as_populate_mapped(as, out, len, 0);
    return (long)out;
}

/* munmap(addr, length). Errors: EINVAL, ENOMEM as in munmap(2). */
long sys_munmap(const struct syscall_args *a)
{
    return as_unmap(current()->as, a->arg[0], a->arg[1]);
}

/*
 * mprotect(addr, length, prot). length 0 does nothing. What is locked and may now be stored to is
 * copied at once, as on Linux. Errors, with the rights changed up to there: EINVAL; ENOMEM: not all
 * of it is mapped, or no memory; EACCES: a shared file opened to read is not written to.
 */
long sys_mprotect(const struct syscall_args *a)
{
    if (!page_aligned(a->arg[0]) || (a->arg[2] & ~(uint64_t)(PROT_ALL | PROT_SEM)))
        return -EINVAL;
    if (a->arg[1] == 0)
        return 0;
    if (!range_valid(a->arg[0], a->arg[1]))
        return -ENOMEM;
    int err = as_protect(current()->as, a->arg[0], a->arg[1], prot_of(a->arg[2]));
    if ((a->arg[2] & PROT_WRITE) && current()->as->vmas.nlocked > 0)
        as_populate_mapped(current()->as, a->arg[0], a->arg[1], VMA_LOCKED);
    return err;
}

/*
 * mremap(old_address, old_size, new_size, flags, new_address): old_size 0 maps something shared a
 * second time.
 * Errors: those of as_remap; EINVAL: flags; EPERM: to page 0.
 */
long sys_mremap(const struct syscall_args *a)
{
    uint64_t flags = a->arg[3];
    struct remap_request req = { .from = a->arg[0], .old_len = a->arg[1], .new_len = a->arg[2], .to = a->arg[4],
                                 .may_move = flags & MREMAP_MAYMOVE, .fixed = flags & MREMAP_FIXED,
                                 .keep = flags & MREMAP_DONTUNMAP };
    vaddr_t out;
    size_t grown;
    if (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
        return -EINVAL;
    int err = as_remap(current()->as, &req, &out, &grown);
    if (err != 0)
        return err;
    if (grown > 0 && as_is_taken(current()->as, out, 1, VMA_LOCKED))
        as_populate_mapped(current()->as, out + page_up(req.new_len) - grown, grown, 0);
    return (long)out;
}

/* ---- advice ---- */

/* What each advice does. What is FLAGS without any means nothing here. */
static const struct advice {
    enum { NOT_KNOWN, FLAGS, FORGET, POPULATE, WILL_NEED, COOL, PAGE_OUT } does;
    uint8_t clear, set;                 /* VMA_ flags */
    bool (*forgettable)(const struct vma *vma);
    enum access access;
} advices[] = {
    [MADV_NORMAL] = { FLAGS, .clear = VMA_SPARSE | VMA_DENSE },
    [MADV_RANDOM] = { FLAGS, .clear = VMA_DENSE, .set = VMA_SPARSE },
    [MADV_SEQUENTIAL] = { FLAGS, .clear = VMA_SPARSE, .set = VMA_DENSE },
    [MADV_WILLNEED] = { WILL_NEED },
    [MADV_DONTNEED] = { FORGET, .forgettable = forget_any },
    [MADV_FREE] = { FORGET, .forgettable = forget_zero_filled },        /* they may go at any time, so they go now */
    [MADV_DONTFORK] = { FLAGS, .set = VMA_NOT_TO_CHILD },
    [MADV_DOFORK] = { FLAGS, .clear = VMA_NOT_TO_CHILD },
    [MADV_WIPEONFORK] = { FLAGS, .set = VMA_EMPTY_IN_CHILD },
    [MADV_KEEPONFORK] = { FLAGS, .clear = VMA_EMPTY_IN_CHILD },
    [MADV_POPULATE_READ] = { POPULATE, .access = ACCESS_READ },
    [MADV_POPULATE_WRITE] = { POPULATE, .access = ACCESS_WRITE },
    [MADV_DONTDUMP] = { FLAGS }, [MADV_DODUMP] = { FLAGS }, [MADV_COLD] = { COOL }, [MADV_PAGEOUT] = { PAGE_OUT },
};

/*
 * madvise(addr, length, advice). Errors: EINVAL: advice, or one that is not for this kind of
 * memory; addr not page aligned; range; locked memory to be forgotten; ENOMEM: holes, with the rest
 * done, or no memory; EFAULT: populating beyond the end.
 */
long sys_madvise(const struct syscall_args *a)
{
    struct addrspace *as = current()->as;
    vaddr_t start = a->arg[0];
    size_t len = page_up(a->arg[1]);
    int number = (int)a->arg[2];
    const struct advice *advice = number >= 0 && (size_t)number < ARRAY_LEN(advices) ? &advices[number] : NULL;
    if (advice == NULL || advice->does == NOT_KNOWN || !page_aligned(start) || len < a->arg[1] || start + len < start)
        return -EINVAL;
    if (len == 0)
        return 0;
    if (!range_valid(start, len))
        return -ENOMEM;
    int err;
    switch (advice->does) {
    case COOL:
    case PAGE_OUT:
        err = as_page_out(as, start, len, advice->does == COOL);
        return err == -EBUSY ? -EINVAL : err;
    case WILL_NEED: return as_will_need(as, start, len);
    case FORGET:   return as_forget(as, start, len, advice->forgettable);
    case POPULATE: return as_populate(as, start, len, advice->access);
    default:       return as_advise(as, start, len, advice->clear, advice->set);
    }
}

/* ---- locking, and what is there ---- */

static long lock(vaddr_t start, size_t len, uint8_t flags)
{
    struct addrspace *as = current()->as;
    size_t whole = page_up(len + (start & PAGE_MASK));
    if (whole < len)
        return -EINVAL;
    if (flags != 0 && as->limits.locked == 0)
        return -EPERM;
    start = page_down(start);
    if (whole == 0)
        return 0;
    if (start + whole < start)
        return -EINVAL;
    if (!range_valid(start, whole))
        return -ENOMEM;
    int err = as_lock(as, start, whole, flags);
    if (err == 0 && flags == VMA_LOCKED)
        err = as_populate_until_error(as, start, whole);
    return err == -EINVAL || err == -EFAULT ? -ENOMEM : err;
}

/*
 * mlock(addr, length), mlock2(addr, length, flags), munlock(addr, length): addr is rounded down.
 * Errors: EINVAL: flags, range; EPERM, ENOMEM: RLIMIT_MEMLOCK, which binds root too; ENOMEM: holes,
 * what may not be accessed at all, or no memory.
 */
long sys_mlock(const struct syscall_args *a) { return lock(a->arg[0], a->arg[1], VMA_LOCKED); }
long sys_munlock(const struct syscall_args *a) { return lock(a->arg[0], a->arg[1], 0); }

long sys_mlock2(const struct syscall_args *a)
{
    if (a->arg[2] & ~(uint64_t)MLOCK_ONFAULT)
        return -EINVAL;
    return lock(a->arg[0], a->arg[1], a->arg[2] != 0 ? VMA_LOCKED | VMA_LOCK_ON_FAULT : VMA_LOCKED);
}

/* mlockall(flags). Errors: EINVAL: flags; EPERM, ENOMEM: RLIMIT_MEMLOCK. */
long sys_mlockall(const struct syscall_args *a)
{
    uint64_t flags = a->arg[0];
    if (flags == 0 || (flags & ~(uint64_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
        return -EINVAL;
    uint8_t how = flags & MCL_ONFAULT ? VMA_LOCKED | VMA_LOCK_ON_FAULT : VMA_LOCKED;
    int err = as_lock_all(current()->as, how, flags & MCL_CURRENT, flags & MCL_FUTURE);
    if (err == 0 && (flags & MCL_CURRENT))
        as_populate_mapped(current()->as, 0, USER_END, 0);
    return err;
}

/* munlockall(): all that is mapped, and no more in future. Always 0. */
long sys_munlockall(const struct syscall_args *a)
{
    (void)a;
    return as_lock_all(current()->as, 0, true, true);
}

/*
 * mincore(addr, length, vec): a byte for each page, 1: in memory. Errors: EINVAL: addr not page
 * aligned; ENOMEM: holes, what comes before has been told; EFAULT: vec.
 */
long sys_mincore(const struct syscall_args *a)
{
    struct addrspace *as = current()->as;
    uint8_t resident[256];
    vaddr_t start = a->arg[0], vec = a->arg[2];
    size_t npages = page_up(a->arg[1]) >> PAGE_SHIFT;
    if (!page_aligned(start))
        return -EINVAL;
    if (a->arg[1] > USER_END || start > USER_END || start + (npages << PAGE_SHIFT) > USER_END)
        return -ENOMEM;
    if (user_range_check(as, vec, npages, ACCESS_WRITE) != 0)
        return -EFAULT;
    for (size_t done = 0, n; done < npages; done += n) {
        n = npages - done < sizeof resident ? npages - done : sizeof resident;
        size_t told = as_resident(as, start + done * PAGE_SIZE, n, resident);
        int err = copy_to_user(as, vec + done, resident, told, NULL);
        if (err == 0 && told < n)
            err = -ENOMEM;
        if (err == 0)
            err = thread_between_pieces();
        if (err != 0)
            return err;
    }
    return 0;
}

/* msync(addr, length, flags). Errors: EINVAL: flags, addr not aligned; ENOMEM: holes; EBUSY: MS_INVALIDATE of locked memory; EIO. */
long sys_msync(const struct syscall_args *a)
{
    vaddr_t start = a->arg[0];
    size_t len = page_up(a->arg[1]);
    uint64_t flags = a->arg[2];
    if ((flags & ~(uint64_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || !page_aligned(start) ||
        (flags & MS_ASYNC && flags & MS_SYNC))
        return -EINVAL;
    if (start + len < start || len < a->arg[1])
        return -ENOMEM;
    if (len == 0)
        return 0;
    if (!range_valid(start, len))
        return -ENOMEM;
    int err = flags & MS_SYNC ? as_write_back(current()->as, start, len) : 0;
    return err != 0 ? err : as_sync(current()->as, start, len, flags & MS_INVALIDATE);
}

/*
 * memfd_create(name, flags): a file of tmpfs without a name; name is only checked. Errors: EFAULT;
 * EINVAL: flags, or name longer than 249 bytes; EMFILE; ENOMEM, ENOSPC.
 */
long sys_memfd_create(const struct syscall_args *a)
{
    enum { NAME_SIZE = 250 };
    char name[NAME_SIZE];
    struct file *f;
    uint64_t flags = a->arg[1];
    if (flags & ~(uint64_t)(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
        return -EINVAL;
    long err = string_from_user(current()->as, name, a->arg[0], sizeof name, -EINVAL);
    if (err >= 0)
        err = fd_find_free(0);
    if (err >= 0)
        err = tmpfs_open_nameless(&f);
    if (err != 0)
        return err;
    err = fd_install(f, 0, flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
    if (err < 0)
        file_put(f);
    return err;
}
