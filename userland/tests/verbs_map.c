/*
 * verbs_map.c - the operations of verbs that change what is mapped, or say something of it.
 * Owns: what must be done around a call so that Linux's choices do not show (see verbs.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "verbs_window.h"

/* ---- mapping ---- */

static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC };

/* What lies elsewhere is brought to page. */
static void bring_here(void *start, int npages, int page)
{
    if (page_at((uintptr_t)start) >= 0) {
        say_address((uintptr_t)start);
        return;
    }
    say(" elsewhere");
    if (mremap(start, PAGES(npages), PAGES(npages), MREMAP_MAYMOVE | MREMAP_FIXED, pointer_to(page)) == MAP_FAILED)
        say_error();
}

void do_mmap(const int32_t *arg)
{
    int page = arg[0], npages = clip(page, arg[1]), memory = arg[3], flags = 0, fd = -1;
    size_t offset = 0;
    void *hint = arg[5] == ANYWHERE ? NULL : pointer_to(page);

    if (memory == PRIVATE || memory == PRIVATE_ZERO || (memory >= PRIVATE_FILE && memory < SHARED_FILE))
        flags |= MAP_PRIVATE;
    else if (memory != NEITHER)
        flags |= MAP_SHARED;
    if (memory == PRIVATE_ZERO || memory == SHARED_ZERO) {
        fd = open("/dev/zero", O_RDWR);
    } else if (memory >= PRIVATE_FILE && memory < NEITHER) {
        fd = file[(memory - PRIVATE_FILE) % FILES];
        offset = PAGES(arg[4]);
    } else {
        flags |= MAP_ANONYMOUS;
    }
    flags |= arg[5] == FIXED ? MAP_FIXED : arg[5] == NOREPLACE ? MAP_FIXED_NOREPLACE : 0;
    flags |= arg[6] == POPULATE ? MAP_POPULATE : arg[6] == LOCKED ? MAP_LOCKED : 0;
    void *start = mmap(hint, PAGES(npages), prots[arg[2]], flags, fd, offset);
    int error = errno;
    if (memory == PRIVATE_ZERO || memory == SHARED_ZERO)
        close(fd);
    errno = error;
    if (start == MAP_FAILED)
        say_error();
    else
        bring_here(start, npages, page);
}

void do_munmap(const int32_t *arg)
{
    say_result(munmap(pointer_to(arg[0]), PAGES(clip(arg[0], arg[1]))));
}

/* Whether pages are locked is told by what may be given back. */
static void unlock(int page, int npages)
{
    for (int i = page; i < page + npages; i++)
        if (msync(pointer_to(i), PAGE_BYTES, MS_ASYNC | MS_INVALIDATE) != 0 && errno == EBUSY)
            munlock(pointer_to(i), PAGE_BYTES);
}

void do_mprotect(const int32_t *arg)
{
    say_result(mprotect(pointer_to(arg[0]), PAGES(clip(arg[0], arg[1])), prots[arg[2]]));
}

/* ---- mremap ---- */

static bool no_hole(unsigned n, uintptr_t start, uintptr_t end)
{
    for (unsigned i = 0; i < n; i++) {
        if (lines[i].start != start)
            return false;
        start = lines[i].end;
    }
    return start == end;
}

/* mremap of each of the n lines in [from, from + old_len), one after the other; the last one grows. 0 or -1. */
static int remap_lines(unsigned n, uintptr_t from, size_t old_len, size_t new_len, int flags, uintptr_t to)
{
    for (unsigned i = 0; i < n; i++) {
        size_t len = lines[i].end - lines[i].start, grown = i == n - 1 && new_len > old_len ? new_len - old_len : 0;
        void *start = (void *)lines[i].start, *there = (void *)(lines[i].start - from + to);
        if ((flags != 0 || grown > 0) && mremap(start, len, len + grown, flags, there) == MAP_FAILED)
            return -1;
    }
    return 0;
}

/* The same to a place that is free, and from there to where it was to go. */
static int remap_twice(unsigned n, uintptr_t from, size_t old_len, size_t new_len, int flags, uintptr_t to)
{
    const int move = MREMAP_MAYMOVE | MREMAP_FIXED;
    uintptr_t between = (uintptr_t)mmap(NULL, new_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (remap_lines(n, from, old_len, new_len, flags | move, between) != 0)
        return -1;
    return remap_lines(read_lines(between, between + new_len), between, new_len, new_len, move, to);
}

/* mremap of several lines without a hole, as if they were one. */
static void remap_all(uintptr_t from, size_t old_len, size_t new_len, int flags, uintptr_t to)
{
    bool named = flags & MREMAP_FIXED, keeps = flags & MREMAP_DONTUNMAP;
    bool in_place = !named && !keeps && (!(flags & MREMAP_MAYMOVE) || read_lines(from + old_len, from + new_len) == 0);
    bool elsewhere = !named && !in_place && (!keeps || read_lines(to, to + new_len) > 0);
    int result;

    if (new_len < old_len) {
        munmap((void *)(from + new_len), old_len - new_len);
        old_len = new_len;
    }
    unsigned n = read_lines(from, from + old_len);
    if (in_place)
        result = remap_lines(n, from, old_len, new_len, 0, from);
    else if (elsewhere)
        result = remap_twice(n, from, old_len, new_len, flags, to);
    else
        result = remap_lines(n, from, old_len, new_len, flags | MREMAP_FIXED, to);
    if (result != 0)
        say_error();
    else if (elsewhere)
        say(" elsewhere");
    else
        say_address(in_place ? from : to);
}

static int remap_flags(int how)
{
    return (how == MAY_MOVE || how == TO || how == KEEP || how == KEEP_ANYWHERE ? MREMAP_MAYMOVE : 0) |
           (how == TO || how == KEEP || how == TO_BUT_STAY ? MREMAP_FIXED : 0) |
           (how == KEEP || how == KEEP_ANYWHERE ? MREMAP_DONTUNMAP : 0);
}

void do_mremap(const int32_t *arg)
{
    int how = arg[4], page = arg[0], to = arg[3], flags = remap_flags(how), old_npages = clip(page, arg[1]);
    bool keeps = flags & MREMAP_DONTUNMAP, named = flags & MREMAP_FIXED;
    int new_npages = at_most(keeps ? old_npages : arg[2], at_most(pages_behind(to), named || keeps ? WINDOW_PAGES : pages_behind(page)));
    if (keeps)
        old_npages = new_npages;
    uintptr_t from = address_of(page), there = address_of(to);
    size_t old_len = PAGES(old_npages), new_len = PAGES(new_npages);
    bool overlap = (named || keeps) && from < there + new_len && there < from + old_len;
    if (keeps)
        unlock(0, WINDOW_PAGES);                /* it would unlock all of a line, and how far that goes is left open */
    unsigned n = read_lines(from, from + old_len);
    bool starts = n > 0 && lines[0].start == from;

    if (old_len == 0 && named && there <= from && from < there + new_len) {
        say(" onto itself");                    /* Linux unmaps the target, and then finds no source */
    } else if (overlap || how == TO_BUT_STAY || new_len == 0) {
        /* What is wrong first is left open; that nothing happens is not. */
        say(mremap((void *)from, old_len, new_len, flags, (void *)there) == MAP_FAILED ? " refused" : " ?");
    } else if (starts && (named || keeps || new_len > old_len) && !no_hole(n, from, from + old_len)) {
        say(" hole");
    } else if (n > 1 && starts && (named || keeps || new_len > old_len)) {
        remap_all(from, old_len, new_len, flags, there);
    } else {
        void *start = mremap((void *)from, old_len, new_len, flags, (void *)there);
        if (start == MAP_FAILED)
            say_error();
        else
            bring_here(start, new_npages, to);
    }
    say_lines(read_lines(from, from + new_len));
}

/* ---- advice, locking, the heap ---- */

void do_madvise(const int32_t *arg)
{
    say_result(madvise(pointer_to(arg[0]), PAGES(clip(arg[0], arg[1])), arg[2]));
}

/*
 * Of pages of files nothing is said: a write that fails may have made them. Nor in a process that was forked: Linux lets it
 * find for itself what its parent has only read.
 */
void do_mincore(const int32_t *arg)
{
    static unsigned char resident[WINDOW_PAGES];
    int npages = clip(arg[0], arg[1]);

    memset(resident, 0, sizeof(resident));
    int result = mincore(pointer_to(arg[0]), PAGES(npages), resident);
    say_result(result);
    if (result != 0 || me != 0)
        return;
    unsigned n = read_lines(address_of(arg[0]), address_of(arg[0]) + PAGES(npages));
    for (unsigned i = 0; i < n; i++)
        for (uintptr_t at = lines[i].start; at < lines[i].end; at += PAGE_BYTES)
            say("%s%c", at == address_of(arg[0]) ? " " : "",
                lines[i].kind >= FILE0 ? 'f' : '0' + (resident[page_at(at) - arg[0]] & 1));
}

void do_msync(const int32_t *arg)
{
    static const int flags[] = { MS_SYNC, MS_ASYNC, MS_INVALIDATE, MS_SYNC | MS_INVALIDATE, MS_SYNC | MS_ASYNC };

    say_result(msync(pointer_to(arg[0]), PAGES(clip(arg[0], arg[1])), flags[arg[2]]));
}

void do_lock(const int32_t *arg)
{
    void *start = pointer_to(arg[0]);
    size_t len = PAGES(clip(arg[0], arg[1]));

    say_result(arg[2] == LOCK_NOW ? mlock(start, len) : arg[2] == UNLOCK ? munlock(start, len) : mlock2(start, len, MLOCK_ONFAULT));
}

static void say_brk(void) { say(" %ld", (long)((uintptr_t)sbrk(0) - heap)); }

/* What Linux refuses of the heap, and this kernel does not: to become shorter by pages none of which is mapped. */
static bool is_refused(uintptr_t end)
{
    uintptr_t old_page = ((uintptr_t)sbrk(0) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uintptr_t page = (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);

    return page < old_page && read_lines(page, old_page) == 0;
}

void do_brk(const int32_t *arg)
{
    uintptr_t end = heap + PAGES(arg[0]) + arg[1];

    if (is_refused(end))
        say(" -");
    else
        say_result(brk((void *)end));
    say_brk();
}

void do_sbrk(const int32_t *arg)
{
    intptr_t end = (uintptr_t)sbrk(0) - heap + arg[0];

    if (end < 0 || end > (intptr_t)PAGES(HEAP_PAGES) || is_refused(heap + end))
        say(" -");
    else if (sbrk(arg[0]) == (void *)-1)
        say_error();
    say_brk();
}
