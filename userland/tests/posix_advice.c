/*
 * posix_advice.c - what a program says of its memory, and asks about it: madvise, mincore, msync, mlock.
 * Contracts: madvise(2), posix_madvise(3), mincore(2), msync(2), mlock(2), mlockall(2).
 */
#include <sys/resource.h>

#include "posix_maps.h"

#define TOO_MUCH (~(size_t)0)
#define TOO_HIGH ((char *)(1ul << 62))               /* page aligned, and no user's */

/* Fails unless the page is, or is not, in memory. */
static void check_resident(const char *p, size_t npages, bool resident)
{
    unsigned char pages[64];

    check_le(npages, sizeof(pages));
    memset(pages, resident ? 0 : 0xff, sizeof(pages));
    check_ok(mincore((void *)p, PAGES(npages), pages));
    for (size_t i = 0; i < npages; i++)
        if ((pages[i] & 1) != resident)
            fail("page %zu of %zu is %sresident", i, npages, resident ? "not " : "");
}

/* ---- MADV_DONTNEED, MADV_FREE ---- */

/* What is forgotten reads as if it had never been stored: zero, or the file. Of shared memory nothing is forgotten. */
CASE(dontneed_by_kind)
{
    int fd = file_of_pages("f", 2);
    char *anonymous = map(2, RW, PRIVATE), *private = map_file(fd, 0, 2, RW, MAP_PRIVATE), *shared = map(2, RW, SHARED),
         *file = map_file(fd, 0, 2, RW, MAP_SHARED), *maps[] = { anonymous, private, shared, file };

    for (unsigned i = 0; i < 3; i++) {
        memset(maps[i], 'x', PAGES(2));
        check_ok(madvise(maps[i] + PAGES(1), PAGES(1), MADV_DONTNEED));
        check_bytes(maps[i], PAGES(1), 'x');
    }
    check_bytes(anonymous + PAGES(1), PAGES(1), 0);
    check_bytes(private + PAGES(1), PAGES(1), 'b');
    check_bytes(shared + PAGES(1), PAGES(1), 'x');
    file[PAGES(1)] = 'y';
    check_ok(madvise(file, PAGES(2), MADV_DONTNEED));
    check_eq(file[PAGES(1)], 'y');
    check_file_bytes(fd, PAGES(1), 1, 'y');
    check_eq(private[PAGES(1)], 'y');
    check_bytes(private, PAGES(1), 'x');
    memset(private + PAGES(1), 'z', PAGES(1));
    check_bytes(private + PAGES(1), PAGES(1), 'z');
}

/* Rights do not matter, and stay. */
CASE(dontneed_without_rights)
{
    char *p = map(3, RW, PRIVATE);

    memset(p, 'x', PAGES(3));
    check_ok(mprotect(p, PAGES(1), PROT_NONE));
    check_ok(mprotect(p + PAGES(1), PAGES(1), PROT_READ));
    check_ok(madvise(p, PAGES(2), MADV_DONTNEED));
    check_map(p, "-rw");
    check_ok(mprotect(p, PAGES(1), PROT_READ));
    check_bytes(p, PAGES(2), 0);
    check_bytes(p + PAGES(2), PAGES(1), 'x');
    check_store_dies(p + PAGES(1), SIGSEGV);
}

/* Over a gap: ENOMEM, but it is done on both sides. */
CASE(dontneed_over_gap)
{
    char *p = free_range(6);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(4), 1, RW, PRIVATE);
    memset(p, 'x', PAGES(2));
    memset(p + PAGES(4), 'x', PAGES(1));
    check_errno(madvise(p + PAGES(1), PAGES(5), MADV_DONTNEED), ENOMEM);
    check_map(p, "ww..w.");
    check_bytes(p, PAGES(1), 'x');
    check_bytes(p + PAGES(1), PAGES(1), 0);
    check_bytes(p + PAGES(4), PAGES(1), 0);
    check_errno(madvise(p + PAGES(2), PAGES(2), MADV_DONTNEED), ENOMEM);
}

/* Of pages that parent and child have in common, only the caller's go. */
CASE(dontneed_after_fork)
{
    char *p = map(2, RW, PRIVATE);
    struct turns to_child = turns_make(), to_parent = turns_make();

    memset(p, 'x', PAGES(2));
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check_ok(madvise(p, PAGES(1), MADV_DONTNEED));
        check_bytes(p, PAGES(1), 0);
        turn_give(to_parent);
        turn_wait(to_child);
        check_bytes(p + PAGES(1), PAGES(1), 'x');
        _exit(0);
    }
    turn_wait(to_parent);
    check_bytes(p, PAGES(2), 'x');
    check_ok(madvise(p, PAGES(2), MADV_DONTNEED));
    check_bytes(p, PAGES(2), 0);
    turn_give(to_child);
    expect_status(pid, 0);
}

/* MADV_FREE may forget until something is stored again, of private anonymous memory only. */
CASE(free_may_forget)
{
    int fd = file_of_pages("f", 1);
    char *p = map(2, RW, PRIVATE);

    memset(p, 'x', PAGES(2));
    check_ok(madvise(p, PAGES(2), MADV_FREE));
    check(p[0] == 'x' || p[0] == 0);
    p[1] = 'y';
    check_eq(p[1], 'y');
    check(p[0] == 'x' || p[0] == 0);
    check_ok(madvise(map(1, RW, SHARED), 0, MADV_FREE));
    check_errno(madvise(map(1, RW, SHARED), PAGES(1), MADV_FREE), EINVAL);
    check_errno(madvise(map_file(fd, 0, 1, RW, MAP_PRIVATE), PAGES(1), MADV_FREE), EINVAL);
    check_errno(madvise(map_file(fd, 0, 1, RW, MAP_SHARED), PAGES(1), MADV_FREE), EINVAL);
}

/* ---- other advice ---- */

/* Advice that is only advice changes nothing that can be seen, whatever it is about. */
CASE(advice_changes_nothing)
{
    static const int advice[] = {
        MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT, MADV_DONTDUMP, MADV_DODUMP,
        MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_KEEPONFORK, MADV_DOFORK,
    };
    int fd = file_of_pages("f", 2);
    char *maps[] = { map(2, RW, PRIVATE), map_file(fd, 0, 2, RW, MAP_PRIVATE), map(2, RW, SHARED),
                     map_file(fd, 0, 2, RW, MAP_SHARED) };

    for (unsigned i = 0; i < 4; i++) {
        memset(maps[i], 'x', PAGES(2));
        for (size_t k = 0; k < sizeof(advice) / sizeof(advice[0]); k++) {
            if (advice[k] == MADV_KEEPONFORK && i != 0)
                continue;
            check_ok(madvise(maps[i], PAGES(2), advice[k]));
            check_bytes(maps[i], PAGES(2), 'x');
            check_ok(madvise(maps[i] + PAGES(1), 1, advice[k]));
            check_map(maps[i], i < 2 ? "ww" : "WW");
        }
        check_bytes(maps[i], PAGES(2), 'x');
    }
    check_file_bytes(fd, 0, PAGES(2), 'x');
}

/* posix_madvise returns its errors, and never throws contents away. */
CASE(posix_advice)
{
    char *p = map(1, RW, PRIVATE);

    memset(p, 'x', PAGES(1));
    check_eq(posix_madvise(p, PAGES(1), POSIX_MADV_DONTNEED), 0);
    check_eq(posix_madvise(p, PAGES(1), POSIX_MADV_SEQUENTIAL), 0);
    check_bytes(p, PAGES(1), 'x');
    check_eq(posix_madvise(p, PAGES(1), 12345), EINVAL);
    check_eq(posix_madvise(free_range(1), PAGES(1), POSIX_MADV_WILLNEED), ENOMEM);
}

/* What madvise refuses: advice that nobody knows, or that does not go with what is there, and ranges that cannot be. */
CASE(advice_errors)
{
    int fd = file_of_pages("f", 1);
    char *p = map(1, RW, PRIVATE), *shared = map(1, RW, SHARED), *file = map_file(fd, 0, 1, RW, MAP_PRIVATE);

    check_errno(madvise(p, PAGES(1), 12345), EINVAL);
    check_errno(madvise(p, PAGES(1), -1), EINVAL);
    check_errno(madvise(p, PAGES(1), 5), EINVAL);
    check_errno(madvise(p, 0, 12345), EINVAL);
    check_errno(madvise(p + 1, PAGES(1), MADV_NORMAL), EINVAL);
    check_errno(madvise(p + 1, 0, MADV_NORMAL), EINVAL);
    check_errno(madvise(p, TOO_MUCH, MADV_NORMAL), EINVAL);
    check_errno(madvise(p, TOO_MUCH - PAGE_BYTES, MADV_DONTNEED), EINVAL);
    check_ok(madvise(free_range(1), 0, MADV_DONTNEED));
    check_ok(madvise(TOO_HIGH, 0, MADV_NORMAL));
    check_errno(madvise(TOO_HIGH, PAGES(1), MADV_DONTNEED), ENOMEM);
    check_errno(madvise(free_range(1), PAGES(1), MADV_NORMAL), ENOMEM);
    check_errno(madvise(free_range(1), PAGES(1), MADV_WILLNEED), ENOMEM);
    check_errno(madvise(p, PAGES(1), MADV_REMOVE), EINVAL);
    check_errno(madvise(shared, PAGES(1), MADV_WIPEONFORK), EINVAL);
    check_errno(madvise(file, PAGES(1), MADV_WIPEONFORK), EINVAL);
    check_map(p, "w");
}

/* MADV_POPULATE_READ and _WRITE bring pages in, and say what will not go: a gap, missing rights, the end of a file. */
CASE(populate_by_advice)
{
    int fd = file_of_pages("f", 1), populate[] = { MADV_POPULATE_READ, MADV_POPULATE_WRITE };
    char *read_only = map(2, PROT_READ, PRIVATE), *none = map(1, PROT_NONE, PRIVATE);

    for (unsigned i = 0; i < 2; i++) {
        char *p = map(4, RW, PRIVATE), *q = map(4, RW, SHARED);
        check_ok(madvise(p, PAGES(4), populate[i]));
        check_resident(p, 4, true);
        check_bytes(p, PAGES(4), 0);
        check_ok(madvise(q, PAGES(4), populate[i]));
        check_resident(q, 4, true);
        p = map_file(fd, 0, 1, RW, MAP_PRIVATE);
        check_ok(madvise(p, PAGES(1), populate[i]));
        check_bytes(p, PAGES(1), 'a');
        check_errno(madvise(map_file(fd, 0, 3, RW, MAP_SHARED), PAGES(3), populate[i]), EFAULT);
        check_errno(madvise(none, PAGES(1), populate[i]), EINVAL);
        char *range = map_there(free_range(3), 1, RW, PRIVATE);
        check_errno(madvise(range, PAGES(2), populate[i]), ENOMEM);
        check_errno(madvise(range + PAGES(1), PAGES(1), populate[i]), ENOMEM);
    }
    check_ok(madvise(read_only, PAGES(2), MADV_POPULATE_READ));
    check_errno(madvise(read_only, PAGES(2), MADV_POPULATE_WRITE), EINVAL);
}

/* ---- fork ---- */

static void check_not_forked(uintptr_t va)
{
    char *p = (char *)va;

    check_map(p, "w..w");
    check_eq(p[0], 'x');
    check_load_dies(p + PAGES(1), SIGSEGV);
    map_there(p + PAGES(1), 2, RW, PRIVATE);
    check_bytes(p + PAGES(1), PAGES(2), 0);
}

/* MADV_DONTFORK: a child does not have it; MADV_DOFORK takes that back. */
CASE(dontfork)
{
    char *p = map(4, RW, PRIVATE), *shared = map(4, RW, SHARED);

    memset(p, 'x', PAGES(4));
    memset(shared, 'x', PAGES(4));
    check_ok(madvise(p + PAGES(1), PAGES(2), MADV_DONTFORK));
    check_map(p, "wwww");
    expect_ok(check_not_forked, p);
    check_bytes(p, PAGES(4), 'x');
    memset(p, 'y', PAGES(4));
    check_ok(madvise(p, PAGES(4), MADV_DOFORK));
    check_load_ok(p + PAGES(1));
    check_bytes(p, PAGES(4), 'y');
    check_ok(madvise(shared + PAGES(1), PAGES(1), MADV_DONTFORK));
    check_load_dies(shared + PAGES(1), SIGSEGV);
    check_store_ok(shared + PAGES(2));
    check_eq(shared[PAGES(2)], 1);
}

static void check_wiped(uintptr_t va)
{
    char *p = (char *)va;

    check_map(p, "wwww");
    check_bytes(p, PAGES(1), 'x');
    check_bytes(p + PAGES(1), PAGES(2), 0);
    check_bytes(p + PAGES(3), PAGES(1), 'x');
    memset(p, 'c', PAGES(4));
    pid_t pid = fork();                             /* it is so for the child's children too */
    check_ge(pid, 0);
    if (pid == 0) {
        check_bytes(p, PAGES(1), 'c');
        check_bytes(p + PAGES(1), PAGES(2), 0);
        _exit(0);
    }
    expect_status(pid, 0);
    check_bytes(p, PAGES(4), 'c');
}

static void check_kept(uintptr_t va)
{
    check_bytes((char *)va, PAGES(4), 'x');
}

/* MADV_WIPEONFORK: a child finds it zero; MADV_KEEPONFORK takes that back. */
CASE(wipeonfork)
{
    char *p = map(4, RW, PRIVATE);

    memset(p, 'x', PAGES(4));
    check_ok(madvise(p + PAGES(1), PAGES(2), MADV_WIPEONFORK));
    expect_ok(check_wiped, p);
    check_bytes(p, PAGES(4), 'x');
    check_ok(madvise(p + PAGES(1), PAGES(2), MADV_KEEPONFORK));
    expect_ok(check_kept, p);
    check_bytes(p, PAGES(4), 'x');
}

/* ---- mincore ---- */

/* A page is in memory when it was stored to or loaded from, and not before, nor after it was given back. */
CASE(mincore_tells)
{
    int fd = file_of_pages("f", 2);
    char *p = map(8, RW, PRIVATE);

    check_resident(p, 8, false);
    p[PAGES(2)] = 1;
    peek_byte((uintptr_t)p + PAGES(3));
    check_resident(p + PAGES(2), 2, true);
    check_ok(madvise(p + PAGES(2), PAGES(1), MADV_DONTNEED));
    check_resident(p + PAGES(2), 1, false);
    p[PAGES(7)] = 1;
    check_ok(mprotect(p + PAGES(7), PAGES(1), PROT_NONE));
    check_resident(p + PAGES(7), 1, true);
    check_resident(map_file(fd, 0, 2, PROT_READ, MAP_SHARED), 2, true);     /* it has been written */
    check_resident(map_file(fd, 0, 2, PROT_READ, MAP_PRIVATE), 2, true);
    check_resident(map_file(fd, 2, 2, PROT_READ, MAP_SHARED), 2, false);
    for (unsigned shift = 2; shift < 63 - 12; shift++) {                    /* as far beyond the end as can be said */
        void *beyond = mmap(NULL, PAGES(1), PROT_READ, MAP_SHARED, fd, (off_t)(PAGES(1) << shift));
        if (beyond != MAP_FAILED)               /* this kernel's limit is a file's length, Linux's is also the file system's */
            check_resident(beyond, 1, false);
    }
}

/* What mincore refuses. A length counts as the pages that it touches, and no byte more is written. */
CASE(mincore_errors)
{
    char *p = free_range(4);
    unsigned char pages[4] = { 9, 9, 9, 9 };

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(3), 1, RW, PRIVATE);
    check_errno(mincore(p + 1, PAGES(1), pages), EINVAL);
    check_errno(mincore(p + PAGES(2), PAGES(1), pages), ENOMEM);
    check_errno(mincore(p, PAGES(4), pages), ENOMEM);
    check(pages[0] != 9 && pages[1] != 9);          /* what comes before the hole has been told */
    check_eq(pages[3], 9);
    check_errno(mincore(TOO_HIGH, PAGES(1), pages), ENOMEM);
    check_errno(mincore(p, TOO_MUCH - PAGE_BYTES, pages), ENOMEM);
    check_errno(mincore(p, PAGES(1), BAD_ADDRESS), EFAULT);
    check_errno(mincore(p, PAGES(1), (unsigned char *)map(1, PROT_READ, PRIVATE)), EFAULT);
    check_ok(mincore(p, 0, pages));
    memset(pages, 9, sizeof(pages));
    check_ok(mincore(p, PAGES(1) + 1, pages));
    check(pages[0] != 9 && pages[1] != 9);
    check_eq(pages[2], 9);
}

/* ---- msync ---- */

/* msync of what is mapped, private or shared, is 0, and throws nothing away. */
CASE(msync_flags)
{
    int fd = file_of_pages("f", 2);
    char *p = map_file(fd, 0, 2, RW, MAP_SHARED), *private = map(2, RW, PRIVATE);

    p[0] = private[0] = 'x';
    check_ok(msync(p, PAGES(2), MS_SYNC));
    check_ok(msync(p, PAGES(2), MS_ASYNC));
    check_ok(msync(p, PAGES(2), MS_SYNC | MS_INVALIDATE));
    check_ok(msync(p, PAGES(2), MS_INVALIDATE));
    check_ok(msync(p, PAGES(2), 0));
    check_ok(msync(p, 1, MS_SYNC));
    check_ok(msync(private, PAGES(2), MS_SYNC));
    check_eq(p[0], 'x');
    check_eq(private[0], 'x');
    check_resident(p, 2, true);
    check_errno(msync(p, PAGES(2), MS_SYNC | MS_ASYNC), EINVAL);
    check_errno(msync(p, PAGES(2), 8), EINVAL);
    check_errno(msync(p, PAGES(2), -1), EINVAL);
    check_errno(msync(p + 1, PAGES(1), MS_SYNC), EINVAL);
    check_ok(munmap(p, PAGES(1)));
    check_errno(msync(p, PAGES(2), MS_SYNC), ENOMEM);
    check_errno(msync(p, PAGES(1), MS_ASYNC), ENOMEM);
    check_errno(msync(TOO_HIGH, PAGES(1), MS_SYNC), ENOMEM);
    check_errno(msync(p, TOO_MUCH - PAGE_BYTES, MS_SYNC), ENOMEM);
    check_ok(msync(p, 0, MS_SYNC));
    check_ok(msync(TOO_HIGH, 0, MS_SYNC));
}

/* ---- locking ---- */

/* The sanitizers have their own mlock, which does nothing, so the calls are made directly. */
static long lock(const char *p, size_t npages) { return syscall(SYS_mlock, p, PAGES(npages)); }
static long lock2(const char *p, size_t npages, int flags) { return syscall(SYS_mlock2, p, PAGES(npages), flags); }
static long unlock(const char *p, size_t npages) { return syscall(SYS_munlock, p, PAGES(npages)); }
static long lock_all(int flags) { return syscall(SYS_mlockall, flags); }
static long unlock_all(void) { return syscall(SYS_munlockall); }

/* Locked pages cannot be given back; that tells them from others, without bringing any in. */
static bool is_locked(char *p)
{
    if (msync(p, PAGES(1), MS_ASYNC | MS_INVALIDATE) == 0)
        return false;
    check_eq(errno, EBUSY);
    return true;
}

/* mlock brings all pages in, and they stay. An address counts as its page's. */
CASE(lock_pages)
{
    char *p = map(6, RW, PRIVATE);

    check_ok(syscall(SYS_mlock, p + PAGES(1) + 5, PAGES(1)));      /* touches two */
    check_resident(p, 1, false);
    check_resident(p + PAGES(1), 2, true);
    check_resident(p + PAGES(3), 3, false);
    check(!is_locked(p) && is_locked(p + PAGES(1)) && is_locked(p + PAGES(2)) && !is_locked(p + PAGES(3)));
    check_errno(madvise(p, PAGES(6), MADV_DONTNEED), EINVAL);
    check_errno(msync(p, PAGES(6), MS_SYNC | MS_INVALIDATE), EBUSY);
    check_bytes(p, PAGES(6), 0);
    check_ok(lock(p, 3));
    check_ok(lock(p, 2));
    check_ok(unlock(p + PAGES(1), 1));                              /* once is enough */
    check(is_locked(p) && !is_locked(p + PAGES(1)) && is_locked(p + PAGES(2)));
    check_ok(madvise(p + PAGES(1), PAGES(1), MADV_DONTNEED));
    check_ok(unlock(p, 6));
    check_ok(madvise(p, PAGES(6), MADV_DONTNEED));
    check_resident(p, 6, false);
    check_map(p, "wwwwww");
}

/* What may only be read, what is shared, and files can be locked too. */
CASE(lock_by_kind)
{
    int fd = file_of_pages("f", 2);
    char *maps[] = { map(2, PROT_READ, PRIVATE), map(2, RW, SHARED), map_file(fd, 0, 2, PROT_READ, MAP_SHARED),
                     map_file(fd, 0, 2, RW, MAP_PRIVATE) };

    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        check_ok(lock(maps[i], 2));
        check(is_locked(maps[i]));
        check_resident(maps[i], 2, true);
        check_errno(madvise(maps[i], PAGES(2), MADV_DONTNEED), EINVAL);
        check_ok(unlock(maps[i], 2));
    }
    check_bytes(maps[3], PAGES(1), 'a');
    maps[3][0] = 'x';
    check_file_bytes(fd, 0, PAGES(1), 'a');
}

/* What mlock refuses; what it could not bring in is locked all the same. */
CASE(lock_errors)
{
    char *p = free_range(6), *none = map(1, PROT_NONE, PRIVATE);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(3), 1, RW, PRIVATE);
    check_errno(lock(p, 4), ENOMEM);
    check(is_locked(p) && is_locked(p + PAGES(1)));
    check_errno(lock(p + PAGES(2), 1), ENOMEM);
    check_errno(unlock(p, 4), ENOMEM);
    check(!is_locked(p) && !is_locked(p + PAGES(1)));
    check_errno(unlock(p + PAGES(2), 1), ENOMEM);
    check_errno(lock(none, 1), ENOMEM);
    check(is_locked(none));
    check_ok(lock(p + PAGES(2), 0));
    check_ok(unlock(p + PAGES(2), 0));
    check_eq(syscall(SYS_mlock, p, TOO_MUCH - PAGES(2)), -1);      /* EINVAL, or ENOMEM for more than the limit */
    check_errno(syscall(SYS_munlock, p, TOO_MUCH - PAGES(2)), EINVAL);
    check_errno(lock2(p, 1, 2), EINVAL);
    check_errno(lock2(p, 1, -1), EINVAL);
    check_errno(lock_all(0), EINVAL);
    check_errno(lock_all(MCL_ONFAULT), EINVAL);
    check_errno(lock_all(8), EINVAL);
    check_errno(lock_all(MCL_CURRENT | 8), EINVAL);
    check(!is_locked(p));
}

/* All of it is locked, and then brought in up to what cannot be. */
CASE(lock_stops)
{
    char *p = free_range(4);

    map_there(p, 1, RW, PRIVATE);
    map_there(p + PAGES(1), 1, PROT_NONE, PRIVATE);
    map_there(p + PAGES(2), 2, RW, PRIVATE);
    check_errno(lock(p, 4), ENOMEM);
    check(is_locked(p) && is_locked(p + PAGES(1)) && is_locked(p + PAGES(2)) && is_locked(p + PAGES(3)));
    check_resident(p, 1, true);
    check_resident(p + PAGES(1), 3, false);
}

/* mlock2 with MLOCK_ONFAULT brings nothing in, but what comes stays. Without, it is mlock. */
CASE(lock_on_fault)
{
    char *p = map(4, RW, PRIVATE);

    check_ok(lock2(p, 4, MLOCK_ONFAULT));
    check_resident(p, 4, false);
    check(is_locked(p));
    p[PAGES(1)] = 'x';
    check_resident(p + PAGES(1), 1, true);
    check_errno(madvise(p, PAGES(4), MADV_DONTNEED), EINVAL);
    check_eq(p[PAGES(1)], 'x');
    check_ok(lock2(p, 2, 0));
    check_resident(p, 2, true);
    check_ok(unlock(p, 4));
    check(!is_locked(p));
}

/* Private pages that are locked are copied when they may be stored to, not later: what the file becomes then is not theirs. */
CASE(lock_before_protect)
{
    int fd = file_of_pages("f", 3);
    char *p = map_file(fd, 0, 3, PROT_READ, MAP_PRIVATE);

    check_ok(lock(p, 1));
    check_ok(lock2(p + PAGES(1), 1, MLOCK_ONFAULT));
    check_bytes(p + PAGES(1), PAGES(1), 'b');
    check_ok(mprotect(p, PAGES(3), RW));
    for (unsigned i = 0; i < 3; i++)
        check_eq(pwrite(fd, "x", 1, PAGES(i)), 1);
    check_eq(p[0], 'a');
    check_eq(p[PAGES(1)], 'x');
    check_eq(p[PAGES(2)], 'x');
}

static void check_not_locked(uintptr_t va)
{
    char *p = (char *)va;

    check(!is_locked(p));
    check_bytes(p, PAGES(2), 'x');
    check_ok(madvise(p, PAGES(2), MADV_DONTNEED));
    check_bytes(p, PAGES(2), 0);
}

/* Locks are not a child's; with rights or an address they stay, and end with the mapping. */
CASE(lock_lasts)
{
    char *p = map(2, RW, PRIVATE), *there = free_range(4);

    check_ok(lock(p, 2));
    memset(p, 'x', PAGES(2));
    expect_ok(check_not_locked, p);
    check(is_locked(p));
    check_ok(mprotect(p, PAGES(1), PROT_READ));
    check(is_locked(p));
    check_ok(mprotect(p, PAGES(1), RW));
    check(mremap(p, PAGES(2), PAGES(4), MREMAP_MAYMOVE | MREMAP_FIXED, there) == there);
    check(is_locked(there) && is_locked(there + PAGES(3)));
    check_resident(there, 4, true);                 /* what it has grown by as well */
    check_bytes(there, PAGES(2), 'x');
    map_there(there, 4, RW, PRIVATE);
    check(!is_locked(there));
    check_resident(there, 4, false);
}

/* MAP_LOCKED is mmap and mlock. */
CASE(map_locked)
{
    char *p = map(3, RW, PRIVATE | MAP_LOCKED), *q = map(1, RW, SHARED | MAP_LOCKED);

    check(is_locked(p) && is_locked(q));
    check_resident(p, 3, true);
    check_resident(q, 1, true);
    check_ok(unlock(p, 3));
    check(!is_locked(p));
    check(is_locked(map(1, PROT_NONE, PRIVATE | MAP_LOCKED)));
}

static void check_nothing_locked(uintptr_t va)
{
    check(!is_locked((char *)va));
    check(!is_locked(map(1, RW, PRIVATE)));
}

/* mlockall: what there is, what will be, or both; munlockall ends it. A sanitized program has too much to bring it all in. */
CASE(lock_everything)
{
    char *old = map(2, RW, PRIVATE);

    if (lock_all(MCL_CURRENT | MCL_ONFAULT) != 0)
        skip("may not lock everything");
    check_ok(unlock_all());
    check_ok(lock_all(MCL_FUTURE));
    check(!is_locked(old));
    char *new = map(2, RW, PRIVATE);
    check(is_locked(new));
    check_resident(new, 2, true);
    check_resident((char *)heap_grow(PAGES(2)), 2, true);
    check_ok(lock_all(MCL_CURRENT | MCL_ONFAULT));  /* and no longer what will be */
    check(is_locked(old));
    check_resident(old, 2, false);
    check(!is_locked(map(1, RW, PRIVATE)));
    check_ok(lock_all(MCL_FUTURE | MCL_ONFAULT));
    new = map(2, RW, PRIVATE);
    check(is_locked(new));
    check_resident(new, 2, false);
    check_ok(unlock_all());
    check(!is_locked(old) && !is_locked(new));
    check(!is_locked(map(1, RW, PRIVATE)));
    check_ok(unlock_all());
    if (IS_SANITIZED)
        return;
    check_ok(lock_all(MCL_CURRENT | MCL_FUTURE));
    check(is_locked(old));
    check_resident(old, 2, true);
    expect_ok(check_nothing_locked, old);
    check_ok(unlock_all());
}

/* ---- how much may be locked ---- */

/* Skips the case where the limit does not hold: for root, on Linux. */
static void only_limited(void)
{
    struct rlimit old;
    char *p = map(1, RW, PRIVATE);

    check_ok(getrlimit(RLIMIT_MEMLOCK, &old));
    limit_set(RLIMIT_MEMLOCK, 0);
    if (lock(p, 1) == 0)
        skip("RLIMIT_MEMLOCK does not bind root");
    check_ok(setrlimit(RLIMIT_MEMLOCK, &old));
}

/* RLIMIT_MEMLOCK bounds the pages that are locked, each counted once. */
CASE(lock_limit)
{
    char *p = map(30, RW, PRIVATE);

    only_limited();
    limit_set(RLIMIT_MEMLOCK, PAGES(8));
    check_ok(lock(p, 5));
    check_ok(lock(p + PAGES(5), 3));
    check_errno(lock(p + PAGES(8), 1), ENOMEM);
    check(!is_locked(p + PAGES(8)));
    check_resident(p + PAGES(8), 1, false);
    check_ok(lock(p, 8));                           /* again */
    check_errno(lock(p + PAGES(4), 5), ENOMEM);
    check_errno(lock2(p + PAGES(8), 1, MLOCK_ONFAULT), ENOMEM);
    check_errno(mmap(NULL, PAGES(1), RW, PRIVATE | MAP_LOCKED, -1, 0), EAGAIN);
    check_errno(mremap(p, PAGES(8), PAGES(9), MREMAP_MAYMOVE), EAGAIN);
    check_errno(lock_all(MCL_CURRENT), ENOMEM);
    check_ok(unlock(p, 2));
    check_ok(munmap(p + PAGES(2), PAGES(1)));
    check_ok(lock(p + PAGES(10), 3));
    check_errno(lock(p + PAGES(20), 1), ENOMEM);
    check_ok(unlock_all());
    check_ok(lock(p + PAGES(20), 8));
}

/* With MCL_FUTURE, new memory beyond the limit is refused. */
CASE(lock_limit_of_future)
{
    only_limited();
    limit_set(RLIMIT_MEMLOCK, PAGES(8));
    check_ok(lock_all(MCL_FUTURE));
    char *p = map(6, RW, PRIVATE);
    check_errno(mmap(NULL, PAGES(3), RW, PRIVATE, -1, 0), EAGAIN);
    uintptr_t end = heap_end();
    check_eq((intptr_t)sbrk(PAGES(4)), -1);
    check_eq(heap_end(), end);
    check_ok(munmap(p, PAGES(6)));
    map(3, RW, PRIVATE);
    heap_grow(PAGES(1));
}

/* Who may lock nothing is told EPERM, and may still unlock. */
CASE(lock_limit_of_nothing)
{
    char *p = map(1, RW, PRIVATE);

    only_limited();
    check_ok(lock(p, 1));
    limit_set(RLIMIT_MEMLOCK, 0);
    check_errno(lock(p, 1), EPERM);
    check_errno(lock2(p, 1, MLOCK_ONFAULT), EPERM);
    check_errno(lock_all(MCL_FUTURE), EPERM);
    check_errno(mmap(NULL, PAGES(1), RW, PRIVATE | MAP_LOCKED, -1, 0), EPERM);
    check_ok(unlock(p, 1));
    check(!is_locked(p));
    check_ok(unlock_all());
}

const struct test_case advice_cases[] = {
    { .name = "dontneed by kind", .run = dontneed_by_kind },
    { .name = "dontneed without rights", .run = dontneed_without_rights },
    { .name = "dontneed over gap", .run = dontneed_over_gap },
    { .name = "dontneed after fork", .run = dontneed_after_fork },
    { .name = "free may forget", .run = free_may_forget },
    { .name = "advice changes nothing", .run = advice_changes_nothing },
    { .name = "posix advice", .run = posix_advice },
    { .name = "advice errors", .run = advice_errors },
    { .name = "populate by advice", .run = populate_by_advice },
    { .name = "dontfork", .run = dontfork },
    { .name = "wipeonfork", .run = wipeonfork },
    { .name = "mincore tells", .run = mincore_tells },
    { .name = "mincore errors", .run = mincore_errors },
    { .name = "msync flags", .run = msync_flags },
    { .name = "lock pages", .run = lock_pages },
    { .name = "lock by kind", .run = lock_by_kind },
    { .name = "lock errors", .run = lock_errors },
    { .name = "lock stops", .run = lock_stops },
    { .name = "lock on fault", .run = lock_on_fault },
    { .name = "lock before protect", .run = lock_before_protect },
    { .name = "lock lasts", .run = lock_lasts },
    { .name = "map locked", .run = map_locked },
    { .name = "lock everything", .run = lock_everything },
    { .name = "lock limit", .run = lock_limit },
    { .name = "lock limit of future", .run = lock_limit_of_future },
    { .name = "lock limit of nothing", .run = lock_limit_of_nothing },
    { .name = NULL },
};
