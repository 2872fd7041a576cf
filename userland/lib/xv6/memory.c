/*
 * memory.c - the end of an xv6 program's memory.
 * Owns: sbrk in its two forms; where the heap ends; which addresses are the program's.
 * Does not own: the layout (start.c, user.ld, stack.ld), malloc (malloc.c), what lies above the heap (mmap.c).
 *
 * The end is kept here, because xv6's may lie where the native one cannot: below the first page of the heap, in the stack
 * page or lower still. The native end follows as far as it can.
 */
#include "native.h"
#include "kernel/memlayout.h"
#include "kernel/vm.h"
#include "user/user.h"

extern char __xv6_guard[], __xv6_stack[], __xv6_stack_end[], __preinit_array_start[];

#define HEAP_START ((uint64)__xv6_stack_end)
#define DATA_START ((uint64)__preinit_array_start)      /* the first thing that user.ld makes writable, on a new page */
#define TEXT_START 0x10000ul                            /* user.ld */
#define LARGEST_STEP (64ul << 20)                       /* bytes */

static uint64 end_if_moved;             /* 0: never moved */

static uint64 heap_end(void)
{
    return end_if_moved ? end_if_moved : HEAP_START;
}

static uint64 native_end(uint64 end)
{
    return end > HEAP_START ? end : HEAP_START;
}

static bool set_native_end(uint64 end)
{
    return (uint64)native_call(NATIVE_brk, native_end(end)) == native_end(end);
}

/* Fetch the pages of a heap that has grown. False: there are not enough, or not that much may be used. */
static bool fetch(uint64 old_end, uint64 new_end)
{
    uint64 start = PGROUNDUP(native_end(old_end)), end = PGROUNDUP(native_end(new_end));

    return start >= end || native_call(NATIVE_madvise, start, end - start, NATIVE_MADV_POPULATE_WRITE) == 0;
}

/* In steps that are halved when one is refused, down to a page. */
uint64 xv6_heap_room(void)
{
    uint64 start = PGROUNDUP(native_end(heap_end())), end = start;

    for (uint64 step = LARGEST_STEP; step >= PGSIZE;) {
        if (end + step <= TRAPFRAME && set_native_end(end + step) && fetch(end, end + step)) {
            end += step;
        } else {
            set_native_end(end);
            step /= 2;
        }
    }
    set_native_end(heap_end());
    return end - start;
}

char *xv6_sbrk(int increment, int kind)
{
    uint64 old_end = heap_end(), new_end = old_end + increment;

    if (increment < 0 && new_end > old_end)
        return (char *)old_end;                         /* below address 0: xv6 does nothing, and says that all is well */
    if (new_end > TRAPFRAME || !set_native_end(new_end))
        return SBRK_ERROR;
    if (kind == SBRK_EAGER && increment > 0 && !fetch(old_end, new_end)) {
        set_native_end(old_end);
        return SBRK_ERROR;
    }
    end_if_moved = new_end;
    /* A shrink into the program takes away its stack, or all of it, and this is the last that it does. */
    if (PGROUNDUP(new_end) < HEAP_START)
        native_call(NATIVE_munmap, PGROUNDUP(new_end), HEAP_START - PGROUNDUP(new_end));
    return (char *)old_end;
}

/* ---- whose memory is it? ---- */

uint64 xv6_heap_border(void)
{
    return PGROUNDUP(native_end(heap_end()));
}

/* Within [from, guard) or [stack, end of the heap's last page): the guard page is a border like any other. */
static uint64 bytes_after(uint64 start, uint64 from)
{
    uint64 end = PGROUNDUP(heap_end());

    if (start >= from && start < (uint64)__xv6_guard)
        return (uint64)__xv6_guard - start;
    if (start >= (uint64)__xv6_stack && start < end)
        return end - start;
    return 0;
}

bool xv6_readable(const void *start, uint64 bytes)
{
    return bytes <= bytes_after((uint64)start, TEXT_START) || xv6_mapped_readable(start, bytes);
}

bool xv6_writable(const void *start, uint64 bytes)
{
    return bytes <= bytes_after((uint64)start, DATA_START) || xv6_mapped_writable(start, bytes);
}

/* Page by page: how long it is shows only there. */
int xv6_string_length(const char *string, int max)
{
    for (int n = 0; n < max; n++) {
        if ((n == 0 || (uint64)(string + n) % PGSIZE == 0) && !xv6_readable(string + n, 1))
            return -1;
        if (string[n] == 0)
            return n;
    }
    return -1;
}
