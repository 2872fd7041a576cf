/*
 * posix_remap.c - mremap: growing, shrinking and moving mappings, with what is in them.
 * Contract: mremap(2). What has changed with Linux's age is left open, and said.
 */
#include <sys/resource.h>

#include "posix_maps.h"

#define TOO_MUCH (~(size_t)0)
#define TOO_HIGH ((char *)(1ul << 62))               /* page aligned, and no user's */

/* mremap that works; exactly there. */
static char *remap(char *p, size_t old_npages, size_t new_npages, int flags)
{
    char *q = mremap(p, PAGES(old_npages), PAGES(new_npages), flags);

    if (q == MAP_FAILED)
        fail("mremap: %s", strerror(errno));
    check_eq((uintptr_t)q % PAGE_BYTES, 0);
    return q;
}

static char *remap_there(char *p, size_t old_npages, size_t new_npages, char *there)
{
    if (mremap(p, PAGES(old_npages), PAGES(new_npages), MREMAP_MAYMOVE | MREMAP_FIXED, there) != there)
        fail("mremap: %s", strerror(errno));
    return there;
}

/* Page i from p on begins with byte first + i. */
static void number_pages(char *p, size_t npages, char first)
{
    for (size_t i = 0; i < npages; i++)
        p[PAGES(i)] = first + i;
}

static void check_numbers(const char *p, size_t npages, char first)
{
    for (size_t i = 0; i < npages; i++)
        check_eq(p[PAGES(i)], (char)(first + i));
}

/* ---- in place ---- */

/* Shrinking unmaps the end. */
CASE(remap_shrinks)
{
    char *p = free_range(5);

    map_there(p, 4, RW, PRIVATE);
    number_pages(p, 4, 'a');
    check(remap(p, 4, 2, 0) == p);
    check_map(p, "ww...");
    check_numbers(p, 2, 'a');
    check_load_dies(p + PAGES(2), SIGSEGV);
    check(remap(p, 2, 4, 0) == p);
    check_map(p, "wwww.");
    check_bytes(p + PAGES(2), PAGES(2), 0);
    check(remap(p, 4, 1, MREMAP_MAYMOVE) == p);
    check_map(p, "w....");
}

/* Growing takes the free addresses behind, if there are so many. */
CASE(remap_grows)
{
    char *p = free_range(8);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(6), 1, PROT_READ, SHARED);
    number_pages(p, 2, 'a');
    check(remap(p, 2, 6, 0) == p);
    check_map(p, "wwwwwwR.");
    check_numbers(p, 2, 'a');
    check_bytes(p + PAGES(2), PAGES(4), 0);
    number_pages(p, 6, 'a');
    check_errno(mremap(p, PAGES(6), PAGES(7), 0), ENOMEM);
    check_map(p, "wwwwwwR.");
    check(remap(p, 6, 6, 0) == p);
    check(remap(p, 6, 6, MREMAP_MAYMOVE) == p);
    check_numbers(p, 6, 'a');
}

/* The last pages of a mapping can grow; so they are named by address, not by mapping. */
CASE(remap_grows_the_last_pages)
{
    char *p = free_range(6);

    map_there(p, 3, RW, PRIVATE);
    number_pages(p, 3, 'a');
    check(remap(p + PAGES(2), 1, 3, 0) == p + PAGES(2));
    check_map(p, "wwwww.");
    check_numbers(p, 3, 'a');
    check_errno(mremap(p + PAGES(1), PAGES(1), PAGES(2), 0), ENOMEM);       /* not the last */
    check_map(p, "wwwww.");
}

/* Lengths count as the pages that they touch. */
CASE(remap_rounds_lengths_up)
{
    char *p = free_range(4);

    map_there(p, 2, RW, PRIVATE);
    check(mremap(p, PAGES(1) + 1, PAGES(2) + 1, 0) == p);
    check_map(p, "www.");
    check(mremap(p, PAGES(2) + 1, 1, 0) == p);
    check_map(p, "w...");
    check(mremap(p, 1, PAGES(1), 0) == p);
    check_map(p, "w...");
}

/* ---- moving ---- */

/* MREMAP_MAYMOVE goes elsewhere with all that is there, and leaves nothing. */
CASE(remap_moves)
{
    char *p = free_range(4);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(2), 1, PROT_NONE, SHARED);
    number_pages(p, 2, 'a');
    char *q = remap(p, 2, 20, MREMAP_MAYMOVE);
    check(q != p);
    check_map(p, "..=.");
    check_map(q, "wwwwwwwwwwwwwwwwwwww");
    check_numbers(q, 2, 'a');
    check_bytes(q + PAGES(2), PAGES(18), 0);
    check_load_dies(p, SIGSEGV);
    q[PAGES(1)] = 'x';
    q[PAGES(19)] = 'y';
    check_ok(munmap(q, PAGES(20)));
}

/* MREMAP_FIXED goes exactly there; whatever is there goes. */
CASE(remap_fixed)
{
    char *p = free_range(12);

    map_there(p, 3, RW, PRIVATE);
    number_pages(p, 3, 'a');
    remap_there(p, 3, 3, p + PAGES(5));
    check_map(p, ".....www....");
    check_numbers(p + PAGES(5), 3, 'a');
    map_there(p, 1, PROT_READ, SHARED);
    map_there(p + PAGES(1), 3, RW, PRIVATE);
    number_pages(p + PAGES(1), 3, 'x');
    remap_there(p + PAGES(5), 3, 3, p);                         /* over two */
    check_map(p, "wwww........");
    check_numbers(p, 3, 'a');
    check_numbers(p + PAGES(3), 1, 'z');
    remap_there(p + PAGES(1), 1, 1, p + PAGES(9));              /* out of the middle */
    check_map(p, "w.ww.....w..");
    check_numbers(p + PAGES(9), 1, 'b');
    remap_there(p + PAGES(9), 1, 2, p + PAGES(5));              /* and grow */
    check_map(p, "w.ww.ww.....");
    check_numbers(p + PAGES(5), 1, 'b');
    check_bytes(p + PAGES(6), PAGES(1), 0);
    map_there(p + PAGES(8), 1, RW, PRIVATE);
    remap_there(p + PAGES(2), 2, 1, p + PAGES(8));              /* and shrink */
    check_map(p, "w....ww.w...");
    check_numbers(p + PAGES(8), 1, 'c');
}

/* Rights move too, and what PROT_NONE hides. */
CASE(remap_keeps_rights)
{
    char *p = map(2, RW, PRIVATE), *there = free_range(4);

    number_pages(p, 2, 'a');
    check_ok(mprotect(p, PAGES(2), PROT_NONE));
    remap_there(p, 2, 3, there);
    check_map(there, "---.");
    check_load_dies(there, SIGSEGV);
    check_ok(mprotect(there, PAGES(3), PROT_READ));
    check_numbers(there, 2, 'a');
    check_store_dies(there, SIGSEGV);
    p = remap(there, 3, 200, MREMAP_MAYMOVE);
    check_store_dies(p, SIGSEGV);
    check_store_dies(p + PAGES(199), SIGSEGV);
    check_numbers(p, 2, 'a');
}

/* What lies far apart arrives, and what was never touched stays so. */
CASE(remap_sparse)
{
    size_t npages = GIB(4) / PAGE_BYTES;
    char *p = map(npages, RW, PRIVATE | MAP_NORESERVE), *there = free_range(npages);

    for (size_t i = 0; i < npages; i += 50021)
        p[PAGES(i)] = 'a' + i % 26;
    remap_there(p, npages, npages, there);
    for (size_t i = 0; i < npages; i += 50021) {
        check_eq(there[PAGES(i)], 'a' + i % 26);
        check_eq(there[PAGES(i) + 1], 0);
    }
    check_eq(there[PAGES(npages) - 1], 0);
    check(remap(there, npages, 1, 0) == there);
    check_eq(there[0], 'a');
    check_map(there, "w.");
}

static void check_moved_letters(uintptr_t va)
{
    check_numbers((char *)va, 4, 'a');
    memset((char *)va, 'z', PAGES(4));
}

/* Pages that parent and child have in common: either may move them, and neither sees the other's stores. */
CASE(remap_after_fork)
{
    char *p = map(4, RW, PRIVATE), *there = free_range(8);
    struct turns to_child = turns_make(), to_parent = turns_make();

    number_pages(p, 4, 'a');
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        turn_wait(to_child);                                    /* the parent has moved and stored */
        check_numbers(p, 4, 'a');
        remap_there(p, 4, 4, there + PAGES(4));
        check_numbers(there + PAGES(4), 4, 'a');
        expect_ok(check_moved_letters, there + PAGES(4));
        check_numbers(there + PAGES(4), 4, 'a');
        memset(there + PAGES(4), 'y', PAGES(4));
        turn_give(to_parent);
        _exit(0);
    }
    remap_there(p, 4, 4, there);
    check_numbers(there, 4, 'a');
    number_pages(there, 2, 'p');
    turn_give(to_child);
    turn_wait(to_parent);
    expect_status(pid, 0);
    check_numbers(there, 2, 'p');
    check_numbers(there + PAGES(2), 2, 'c');
}

/* Moved back and forth, in front of and behind what moves with it, nothing is lost or mixed. */
CASE(remap_shuffles)
{
    char *p = free_range(40), *at[8];

    for (size_t i = 0; i < 8; i++) {
        at[i] = map_there(p + PAGES(i), 1, RW, PRIVATE);
        memset(at[i], 'a' + i, PAGES(1));
    }
    for (size_t turn = 0; turn < 200; turn++) {
        size_t i = turn * 5 % 8, to = turn * 7 % 40, k = 0;
        while (k < 8 && at[k] != p + PAGES(to))
            k++;
        if (k == 8)
            at[i] = remap_there(at[i], 1, 1, p + PAGES(to));
    }
    for (size_t i = 0; i < 8; i++)
        check_bytes(at[i], PAGES(1), 'a' + i);
}

/* A page of the heap can be moved away, and back. */
CASE(remap_of_heap)
{
    char *p = (char *)heap_grow(PAGES(3)), *there = free_range(2);
    uintptr_t end = heap_end();

    number_pages(p, 3, 'a');
    remap_there(p + PAGES(1), 1, 1, there);
    check_map(p, "w.w");
    check_numbers(there, 1, 'b');
    check_eq(heap_end(), end);
    heap_grow(PAGES(1));
    remap_there(there, 1, 1, p + PAGES(1));
    check_numbers(p, 3, 'a');
    check((intptr_t)sbrk(-PAGES(4)) != -1);
    check_eq(heap_end() % PAGE_BYTES, 0);
}

/* ---- shared memory and files ---- */

/* Shared anonymous memory does not become longer than it was made: behind that is SIGBUS. */
CASE(remap_of_shared)
{
    char *p = map(2, RW, SHARED), *there = free_range(4);

    number_pages(p, 2, 'a');
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        remap_there(p, 2, 2, there);
        there[0] = 'c';
        _exit(0);
    }
    expect_status(pid, 0);
    check_eq(p[0], 'c');
    remap_there(p, 2, 4, there);
    check_map(there, "WWWW");
    check_eq(there[PAGES(1)], 'b');
    check_load_dies(there + PAGES(2), SIGBUS);
    check_store_dies(there + PAGES(3), SIGBUS);
    check(remap(there, 4, 1, 0) == there);
    check(remap(there, 1, 2, 0) == there);
    check_eq(there[PAGES(1)], 'b');
}

/* A mapping of a file that moves and grows goes on where it was in the file. */
CASE(remap_of_file)
{
    int fd = file_of_pages("f", 5);
    char *p = map_file(fd, 1, 2, RW, MAP_SHARED), *there = free_range(8);

    remap_there(p, 2, 6, there);
    for (size_t i = 0; i < 4; i++)
        check_bytes(there + PAGES(i), PAGES(1), 'b' + i);
    check_load_dies(there + PAGES(4), SIGBUS);
    there[PAGES(3)] = 'x';
    check_file_bytes(fd, PAGES(4), 1, 'x');
    remap_there(there + PAGES(2), 1, 2, p);                     /* from its middle */
    check_map(there, "WW.WWW..");
    check_bytes(p, PAGES(1), 'd');
    check_eq(p[PAGES(1)], 'x');
    check_ok(ftruncate(fd, PAGES(4)));
    check_load_dies(p + PAGES(1), SIGBUS);
    check_bytes(p, PAGES(1), 'd');
    check_load_dies(there + PAGES(3), SIGBUS);
    check_bytes(there, PAGES(1), 'b');
}

/* Of a private one the copied pages move too, and cutting the file still finds them. */
CASE(remap_of_private_file)
{
    int fd = file_of_pages("f", 4);
    char *p = map_file(fd, 0, 3, RW, MAP_PRIVATE), *there = free_range(8);

    p[0] = p[PAGES(2)] = 'x';
    remap_there(p, 3, 4, there);
    check_eq(there[0], 'x');
    check_eq(there[1], 'a');
    check_bytes(there + PAGES(1), PAGES(1), 'b');
    check_eq(there[PAGES(2)], 'x');
    check_bytes(there + PAGES(3), PAGES(1), 'd');
    there[PAGES(1)] = 'y';
    check_eq(pwrite(fd, "www", 3, 0), 3);
    check_eq(there[1], 'a');
    check_file_bytes(fd, PAGES(1), PAGES(1), 'b');
    check_ok(ftruncate(fd, PAGES(2)));
    check_load_dies(there + PAGES(2), SIGBUS);
    check_ok(ftruncate(fd, PAGES(4)));
    check_bytes(there + PAGES(2), PAGES(2), 0);
    check_eq(there[PAGES(1)], 'y');
}

/* An old length of 0 makes a second mapping of shared pages; private ones have no second. */
CASE(remap_of_nothing)
{
    char *p = map(3, RW, SHARED), *private = map(1, RW, PRIVATE), *there = free_range(4);
    int fd = file_of_pages("f", 3);
    char *file = map_file(fd, 0, 3, RW, MAP_SHARED);

    number_pages(p, 3, 'a');
    char *q = mremap(p, 0, PAGES(3), MREMAP_MAYMOVE);
    check(q != MAP_FAILED && q != p);
    check_numbers(q, 3, 'a');
    q[PAGES(1)] = 'x';
    check_eq(p[PAGES(1)], 'x');
    check(mremap(p + PAGES(1), 0, PAGES(2), MREMAP_MAYMOVE | MREMAP_FIXED, there) == there);
    check_map(there, "WW");
    check_eq(there[0], 'x');
    check_eq(there[PAGES(1)], 'c');
    q = mremap(file + PAGES(2), 0, PAGES(2), MREMAP_MAYMOVE);
    check(q != MAP_FAILED);
    q[0] = 'y';
    check_file_bytes(fd, PAGES(2), 1, 'y');
    check_load_dies(q + PAGES(1), SIGBUS);
    check_ok(munmap(p, PAGES(3)));
    check_eq(there[0], 'x');
    check_errno(mremap(file, 0, PAGES(1), 0), ENOMEM);
    check_errno(mremap(file, 0, 0, MREMAP_MAYMOVE), EINVAL);
    check_errno(mremap(private, 0, PAGES(1), MREMAP_MAYMOVE), EINVAL);
    check_errno(mremap(private, 0, PAGES(1), MREMAP_MAYMOVE | MREMAP_FIXED, there), EINVAL);
    check_map(there, "WW");
}

/* MREMAP_DONTUNMAP moves the pages and leaves the mapping, where private pages are zero again. */
CASE(remap_dontunmap)
{
    int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP, fd = file_of_pages("f", 2);
    char *p = map(3, RW, PRIVATE), *there = free_range(4);

    number_pages(p, 3, 'a');
    char *q = mremap(p, PAGES(2), PAGES(2), flags, NULL);
    check(q != MAP_FAILED && q != p);
    check_map(p, "www");
    check_bytes(p, PAGES(2), 0);
    check_eq(p[PAGES(2)], 'c');
    check_numbers(q, 2, 'a');
    number_pages(p, 2, 'x');
    check(mremap(p, PAGES(3), PAGES(3), flags | MREMAP_FIXED, there) == there);
    check_map(there, "www.");
    check_numbers(there, 2, 'x');
    check_eq(there[PAGES(2)], 'c');
    check_numbers(q, 2, 'a');
    check_bytes(p, PAGES(3), 0);
    p = map_file(fd, 0, 2, RW, MAP_PRIVATE);
    p[1] = 'x';
    q = mremap(p, PAGES(2), PAGES(2), flags, NULL);
    check(q != MAP_FAILED);
    check_eq(q[1], 'x');
    check_bytes(p, PAGES(1), 'a');
    p = map(1, RW, SHARED);
    p[0] = 's';
    q = mremap(p, PAGES(1), PAGES(1), flags, NULL);
    check(q != MAP_FAILED);
    check_eq(q[0], 's');
    q[0] = 't';
    check_eq(p[0], 't');
}

/* ---- errors ---- */

/* What mremap refuses whatever is mapped; nothing has changed then. */
CASE(remap_argument_errors)
{
    int fixed = MREMAP_MAYMOVE | MREMAP_FIXED, dontunmap = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
    char *p = free_range(8);

    map_there(p, 3, RW, PRIVATE);
    map_there(p + PAGES(5), 2, RW, PRIVATE);
    number_pages(p, 3, 'a');
    number_pages(p + PAGES(5), 2, 'x');
    check_errno(mremap(p, PAGES(3), 0, MREMAP_MAYMOVE), EINVAL);
    check_errno(mremap(p + 1, PAGES(1), PAGES(1), MREMAP_MAYMOVE), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), 8), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), MREMAP_MAYMOVE | 0x100), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), MREMAP_FIXED, p + PAGES(5)), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), fixed, p + PAGES(5) + 1), EINVAL);
    check_errno(mremap(p, PAGES(2), PAGES(2), fixed, p + PAGES(1)), EINVAL);
    check_errno(mremap(p + PAGES(1), PAGES(2), PAGES(2), fixed, p), EINVAL);
    check_errno(mremap(p + PAGES(5), PAGES(1), PAGES(4), fixed, p + PAGES(2)), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), fixed, p), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), fixed, TOO_HIGH), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), fixed, -PAGES(1)), EINVAL);
    check_errno(mremap(p, PAGES(1), TOO_MUCH, MREMAP_MAYMOVE), EINVAL);
    check(mremap(p, PAGES(1), 1ul << 62, MREMAP_MAYMOVE) == MAP_FAILED);    /* ENOMEM; EINVAL on Linux since 6.17 */
    check_errno(mremap(p, TOO_MUCH, PAGES(1), MREMAP_MAYMOVE), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), MREMAP_DONTUNMAP, NULL), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(2), dontunmap, NULL), EINVAL);
    check_errno(mremap(p, PAGES(2), PAGES(1), dontunmap, NULL), EINVAL);
    check_errno(mremap(p, PAGES(1), PAGES(1), dontunmap | MREMAP_FIXED, p), EINVAL);
    check_map(p, "www..ww.");
    check_numbers(p, 3, 'a');
    check_numbers(p + PAGES(5), 2, 'x');
}

/* Where nothing is mapped, there is nothing to move: EFAULT; nor can a range grow that is of two mappings. */
CASE(remap_mapping_errors)
{
    char *p = free_range(12), *there = p + PAGES(8);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(2), 2, PROT_READ, PRIVATE);
    map_there(there, 1, RW, PRIVATE)[0] = 'x';
    check_errno(mremap(p + PAGES(5), PAGES(1), PAGES(1), 0), EFAULT);
    check_errno(mremap(p + PAGES(5), PAGES(1), PAGES(2), MREMAP_MAYMOVE), EFAULT);
    check_errno(mremap(p + PAGES(3), PAGES(2), PAGES(3), MREMAP_MAYMOVE), EFAULT);
    check_errno(mremap(p, PAGES(4), PAGES(5), MREMAP_MAYMOVE), EFAULT);
    check_errno(mremap(TOO_HIGH, PAGES(1), PAGES(2), MREMAP_MAYMOVE), EFAULT);
    check_errno(mremap(p + PAGES(5), 0, PAGES(1), MREMAP_MAYMOVE), EFAULT);
    if (!on_linux()) {                              /* before 6.17 that has then already unmapped what is there */
        check_errno(mremap(p + PAGES(5), PAGES(1), PAGES(1), MREMAP_MAYMOVE | MREMAP_FIXED, there), EFAULT);
        check_errno(mremap(p, PAGES(4), PAGES(5), MREMAP_MAYMOVE | MREMAP_FIXED, there), EFAULT);
    }
    check_map(p, "wwrr....w...");
    check_bytes(there, 1, 'x');
}

/* A range of several mappings can shrink. Linux moves such a range, by MREMAP_FIXED, since 6.17: whole, or not at all. */
CASE(remap_of_several)
{
    char *p = free_range(12);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(2), 2, PROT_READ, PRIVATE);
    number_pages(p, 2, 'a');
    void *moved = mremap(p, PAGES(4), PAGES(4), MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGES(6));
    if (moved == MAP_FAILED) {
        check_eq(errno, EFAULT);
        check_map(p, "wwrr........");
    } else {
        check_map(p, "......wwrr..");
        remap_there(p + PAGES(6), 2, 2, p);
        remap_there(p + PAGES(8), 2, 2, p + PAGES(2));
    }
    check(remap(p, 4, 1, 0) == p);
    check_map(p, "w...........");
    map_there(p + PAGES(2), 1, RW, SHARED);
    check(remap(p, 3, 1, 0) == p);                              /* a gap is no obstacle */
    check_map(p, "w...........");
    check_numbers(p, 1, 'a');
}

/* Beyond the limit nothing grows; a mapping that moves is not counted twice. */
CASE(remap_and_limit)
{
    char *p = map(10, RW, PRIVATE), *there = free_range(20);

    number_pages(p, 10, 'a');
    limit_set(RLIMIT_AS, PAGES(status_pages("VmSize") + 5));
    check_errno(mremap(p, PAGES(10), PAGES(16), MREMAP_MAYMOVE), ENOMEM);
    check_errno(mremap(p, PAGES(10), PAGES(16), MREMAP_MAYMOVE | MREMAP_FIXED, there), ENOMEM);
    check_map(p, "wwwwwwwwww");
    check_numbers(p, 10, 'a');
    remap_there(p, 10, 10, there);
    check_numbers(there, 10, 'a');
    check(remap(there, 10, 15, 0) == there);
    check_errno(mremap(there, PAGES(15), PAGES(16), 0), ENOMEM);
    check_numbers(there, 10, 'a');
}

const struct test_case remap_cases[] = {
    { .name = "remap shrinks", .run = remap_shrinks },
    { .name = "remap grows", .run = remap_grows },
    { .name = "remap grows the last pages", .run = remap_grows_the_last_pages },
    { .name = "remap rounds lengths up", .run = remap_rounds_lengths_up },
    { .name = "remap moves", .run = remap_moves },
    { .name = "remap fixed", .run = remap_fixed },
    { .name = "remap keeps rights", .run = remap_keeps_rights },
    { .name = "remap sparse", .run = remap_sparse },
    { .name = "remap after fork", .run = remap_after_fork },
    { .name = "remap shuffles", .run = remap_shuffles },
    { .name = "remap of heap", .run = remap_of_heap },
    { .name = "remap of shared", .run = remap_of_shared },
    { .name = "remap of file", .run = remap_of_file },
    { .name = "remap of private file", .run = remap_of_private_file },
    { .name = "remap of nothing", .run = remap_of_nothing },
    { .name = "remap dontunmap", .run = remap_dontunmap },
    { .name = "remap argument errors", .run = remap_argument_errors },
    { .name = "remap mapping errors", .run = remap_mapping_errors },
    { .name = "remap of several", .run = remap_of_several },
    { .name = "remap and limit", .run = remap_and_limit },
    { .name = NULL },
};
