/*
 * memory.c - system calls on memory: thin; the verbs are in mm/addrspace.c.
 */
#include "kernel/core/errno.h"
#include "kernel/proc.h"
#include "mm/addrspace.h"
#include "mm/uaccess.h"
#include "syscalls/syscalls.h"

/*
 * sbrk(increment): move the end of the heap by increment bytes, a signed 64-bit number; returns where it was.
 * Nothing is allocated: pages come when they are touched. Pages that the heap no longer covers are gone at once.
 * Errors, nothing changed: EINVAL: below the heap's beginning; ENOMEM: into another mapping or beyond user space.
 */
long sys_sbrk(const struct syscall_args *a)
{
    vaddr_t old;
    int err = as_move_brk(current()->as, (int64_t)a->arg[0], &old);
    return err != 0 ? err : (long)old;
}

/* brk(addr): set the end of the heap. Returns the end after the call, changed or not, as Linux does; 0 only asks. */
long sys_brk(const struct syscall_args *a)
{
    vaddr_t brk;
    as_set_brk(current()->as, a->arg[0], &brk);
    return brk;
}

/* munmap(addr, length). Errors: EINVAL, ENOMEM as in munmap(2). */
long sys_munmap(const struct syscall_args *a)
{
    return as_unmap(current()->as, a->arg[0], a->arg[1]);
}

/* mprotect(addr, length, prot). length 0 does nothing. Errors: EINVAL; ENOMEM: not all of it is mapped, or no memory. */
long sys_mprotect(const struct syscall_args *a)
{
    unsigned prot = a->arg[2];
    if (!page_aligned(a->arg[0]) || a->arg[2] > PROT_ALL)
        return -EINVAL;
    if (a->arg[1] == 0)
        return 0;
    return as_protect(current()->as, a->arg[0], a->arg[1], prot & PROT_WRITE ? prot | PROT_READ : prot);
}

enum { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_POPULATE_WRITE = 23 };

/* Piece by piece, since it can be long. */
static long populate(vaddr_t start, size_t len)
{
    enum { PIECE = 64 * PAGE_SIZE };
    int err = 0;
    if (user_range_check(current()->as, start, len, 0) != 0)
        return -ENOMEM;
    if (user_range_check(current()->as, start, len, ACCESS_WRITE) != 0)
        return -EINVAL;
    for (size_t done = 0; done < len && err == 0; done += PIECE) {
        err = populate_user(current()->as, start + done, len - done < PIECE ? len - done : PIECE);
        if (err == 0)
            err = thread_between_pieces();
    }
    return err;
}

/*
 * madvise(addr, length, advice). MADV_DONTNEED: private contents are forgotten; MADV_POPULATE_WRITE: all pages are brought in
 * now; the others of POSIX say nothing to this kernel.
 * Errors: EINVAL: advice, addr not page aligned, range, populating what may not be stored to; ENOMEM, of the two that do
 * something: not all of it is mapped, or no memory.
 */
long sys_madvise(const struct syscall_args *a)
{
    vaddr_t start = a->arg[0];
    size_t len = page_up(a->arg[1]);
    int advice = (int)a->arg[2];
    bool known = (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) || advice == MADV_POPULATE_WRITE;
    if (!known || !page_aligned(start) || len < a->arg[1] || start + len < start)
        return -EINVAL;
    if (len == 0)
        return 0;
    if (advice == MADV_POPULATE_WRITE)
        return populate(start, len);
    return advice == MADV_DONTNEED ? as_forget(current()->as, start, len) : 0;
}
