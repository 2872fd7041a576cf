/*
 * mmap.c - mmap and munmap, the calls of the mmap lab.
 * Owns: which of the native mappings an xv6 program can ask for; whether an address lies in one.
 * Does not own: the addresses below the heap's end (memory.c).
 *
 * There is no table of mappings here, as a student's kernel has one. The kernel has it: it fills pages when they are touched,
 * shares them between processes, copies the mappings in fork and drops them in exec. What the library must know it asks.
 */
#include "native.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"

/* Natively there are more flags; MAP_FIXED would let a program lose itself. The kernel chooses the address, as in the lab. */
void *xv6_mmap(uint64 bytes, int prot, int flags, int fd, long offset)
{
    if (flags != MAP_SHARED && flags != MAP_PRIVATE)
        return (void *)-1;
    long start = native_call(NATIVE_mmap, 0, bytes, prot, flags, fd, offset);
    return (void *)(start < 0 ? -1 : start);
}

/* The native call would also unmap the program and its heap, and has nothing against a range where there is nothing. */
int xv6_munmap(void *start, uint64 bytes)
{
    if ((uint64)start < xv6_heap_border() || native_call(NATIVE_msync, start, bytes, NATIVE_MS_ASYNC) < 0)
        return -1;
    return or_minus_one(native_call(NATIVE_munmap, start, bytes));
}

/* Fetching the pages fails wherever touching them would kill: no mapping, not for that, beyond the end of the file. */
static bool fetch(uint64 start, uint64 bytes, int advice)
{
    uint64 first = PGROUNDDOWN(start);

    return start >= xv6_heap_border() && native_call(NATIVE_madvise, first, PGROUNDUP(start + bytes) - first, advice) == 0;
}

bool xv6_mapped_readable(const void *start, uint64 bytes)
{
    return fetch((uint64)start, bytes, NATIVE_MADV_POPULATE_READ);
}

bool xv6_mapped_writable(const void *start, uint64 bytes)
{
    return fetch((uint64)start, bytes, NATIVE_MADV_POPULATE_WRITE);
}
