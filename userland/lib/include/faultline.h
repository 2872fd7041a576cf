/*
 * faultline.h - what this system has beyond POSIX: direct system calls, hardware counters, the kernel's counters.
 */
#ifndef FAULTLINE_H
#define FAULTLINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/*
 * Make system call nr with up to six arguments, each passed as a 64-bit register.
 * raw_syscall returns what the kernel returned: a result or -Exxx. syscall(2) returns -1 and sets errno on failure.
 */
long raw_syscall(long nr, ...);
long syscall(long nr, ...);

/*
 * Move the heap's end by increment bytes; 0 asks where it is.
 * Returns the old end, or (void *)-1 and errno, nothing changed: ENOMEM (no room), EINVAL (below the heap's beginning).
 */
void *sbrk(ptrdiff_t increment);

/* brk(2) as POSIX once had it: 0, or -1 and ENOMEM with the heap's end unchanged. */
int brk(void *end);

/* Write all len bytes, in as many writes as it takes. 0, or -1 and errno with part of them written. */
int write_all(int fd, const void *buffer, size_t len);

/*
 * The value in the row of that name in a file of `name value` or `name: value kB` lines, of /proc/vmstat, or of
 * /proc/self/vmstat. -1 and errno when the file cannot be read or has no such row (ENOENT). Allocates nothing.
 */
long proc_row(const char *path, const char *row);
long vmstat(const char *row);
void vmstat_rows(const char *const rows[], size_t nrows, long values[]);        /* several, of one moment; -1: no such row */
long self_vmstat(const char *row);

/* Give back what the kernel only caches, so that nr_free_pages is exact. 0, or -1 and errno. */
int drop_caches(void);

/* Unprivileged spec, Zicntr: cycles, instructions and ticks of the time base, since some moment in the past. */
static inline uint64_t rdcycle(void)
{
    uint64_t value;

    __asm__ volatile("rdcycle %0" : "=r"(value));
    return value;
}

static inline uint64_t rdinstret(void)
{
    uint64_t value;

    __asm__ volatile("rdinstret %0" : "=r"(value));
    return value;
}

static inline uint64_t rdtime(void)
{
    uint64_t value;

    __asm__ volatile("rdtime %0" : "=r"(value));
    return value;
}

#endif
