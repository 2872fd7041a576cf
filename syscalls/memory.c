/*
 * memory.c - system calls on memory: thin; the verbs are in mm/addrspace.c.
 */
#include "kernel/errno.h"
#include "kernel/proc.h"
#include "mm/addrspace.h"
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
