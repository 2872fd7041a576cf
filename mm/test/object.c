/*
 * object.c - tests of mm/object.h: the contents of a file, filled on first use.
 */
#include <string.h>

#include "mm/anon.h"
#include "mm/page.h"
#include "mm/test/test.h"

#define SIZE (2 * PAGE_SIZE + 100)

static char odd[SIZE + 1];
static char *const source = odd + 1;            /* archive members are not aligned */

static struct vm_object *make(void)
{
    for (size_t i = 0; i < SIZE; i++)
        source[i] = i * 7 + 1;
    struct vm_object *obj = object_create(source, SIZE, (struct inode *)odd);      /* mm only keeps it */
    check(obj != NULL);
    return obj;
}

static void filled_on_first_use(void)
{
    struct vm_object *obj = make();
    struct anon *locked;
    check_eq(page_used(PAGE_FILE), 0);
    check_eq(object_npages(obj), 3);
    check_eq(object_lock_page(obj, 2, &locked), 0);
    const char *at = page_address(locked->page);
    check(memcmp(at, source + 2 * PAGE_SIZE, 100) == 0);
    for (size_t i = 100; i < PAGE_SIZE; i++)
        check_eq(at[i], 0);                     /* zeroes after the end */
    struct page *page = locked->page;
    object_unlock_page(obj, locked);
    check_eq(object_lock_page(obj, 2, &locked), 0);
    check(locked->page == page);
    object_unlock_page(obj, locked);
    check_eq(page_used(PAGE_FILE), 1);
    check_eq(object_lock_page(obj, 3, &locked), -ENXIO);
    world_check();
    object_put(obj);
    check_eq(page_used(PAGE_FILE), 0);
}

static void reading(void)
{
    struct vm_object *obj = make();
    char buf[SIZE];
    check_eq(object_read(obj, 0, buf, SIZE), 0);
    check(memcmp(buf, source, SIZE) == 0);
    check_eq(object_read(obj, PAGE_SIZE - 3, buf, 6), 0);
    check(memcmp(buf, source + PAGE_SIZE - 3, 6) == 0);
    check_eq(object_read(obj, SIZE, buf, 0), 0);
    check_eq(object_read(obj, SIZE - 1, buf, 2), -ENXIO);
    check_eq(object_read(obj, SIZE + 1, buf, 0), -ENXIO);
    check_eq(object_read(obj, 1, buf, SIZE_MAX), -ENXIO);
    object_put(obj);
}

/* What nobody maps is given back and filled again; what somebody maps stays. */
static void dropping(void)
{
    const vaddr_t at = 0x200000;
    struct vm_object *obj = make();
    struct addrspace *as = as_create();
    check_eq(map_object(as, at + PAGE_SIZE, PAGE_SIZE, PROT_READ, true, obj, 1), 0);
    char buf[SIZE];
    check_eq(object_read(obj, 0, buf, SIZE), 0);
    check_eq(page_used(PAGE_FILE), 3);
    check_eq(program_load(as, at + PAGE_SIZE), (uint8_t)source[PAGE_SIZE]);
    check_eq(object_drop_caches(), 2);
    world_check();
    check_eq(page_used(PAGE_FILE), 1);
    check_eq(program_load(as, at + PAGE_SIZE), (uint8_t)source[PAGE_SIZE]);
    check_eq(as_unmap(as, at + PAGE_SIZE, PAGE_SIZE), 0);
    check_eq(object_drop_caches(), 1);
    check_eq(object_read(obj, 0, buf, SIZE), 0);
    check(memcmp(buf, source, SIZE) == 0);
    destroy(as);
    object_put(obj);
}

/* A page is not looked for in more mappings than a few, or giving back would take as long as a program likes. */
static void dropping_what_many_map(void)
{
    const vaddr_t at = 0x200000;
    const unsigned many = 200;
    struct vm_object *obj = make();
    struct addrspace *as = as_create();
    char buf[SIZE];
    for (unsigned i = 0; i < many; i++)
        check_eq(map_object(as, at + i * PAGE_SIZE, PAGE_SIZE, PROT_READ, true, obj, 1), 0);
    check_eq(object_read(obj, 0, buf, SIZE), 0);
    check_eq(object_drop_caches(), 0);
    world_check();
    check_eq(as_unmap(as, at, many * PAGE_SIZE), 0);
    check_eq(object_drop_caches(), 3);
    destroy(as);
    object_put(obj);
}

/* Each VMA holds a reference: the object outlives the file that made it. */
static void mapped_after_put(void)
{
    const vaddr_t at = 0x200000;
    struct vm_object *obj = make();
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, 3 * PAGE_SIZE, PROT_READ, false, obj, 0), 0);
    object_put(obj);
    check_eq(program_load(as, at + 5), (uint8_t)source[5]);
    destroy(as);
    check_eq(page_used(PAGE_FILE), 0);
}

/* ---- files that change ---- */

/* Write len bytes of value at at, as write(2) does, and make the object longer if need be. */
static int put(struct vm_object *obj, size_t at, size_t len, int value)
{
    struct object_piece piece;
    for (size_t done = 0, n; done < len; done += n) {
        int err = object_pin_write(obj, at + done, SIZE_MAX, &piece);
        if (err != 0)
            return err;
        n = piece.len < len - done ? piece.len : len - done;
        memset(piece.bytes, value, n);
        object_written(obj, &piece, at + done + n);
        object_unpin(&piece);
    }
    return 0;
}

/* The byte at at, as read(2) finds it; -1 beyond the end. */
static int get(struct vm_object *obj, size_t at)
{
    struct object_piece piece;
    object_pin_read(obj, at, &piece);
    int byte = piece.len == 0 ? -1 : piece.bytes == NULL ? 0 : (uint8_t)*piece.bytes;
    object_unpin(&piece);
    return byte;
}

static void written_and_read(void)
{
    struct vm_object *obj = make();
    check_eq(get(obj, SIZE - 1), (uint8_t)source[SIZE - 1]);
    check_eq(page_used(PAGE_FILE), 0);          /* read where it lies */
    check_eq(put(obj, PAGE_SIZE - 2, 4, 77), 0);
    check_eq(object_page_count(), 2);
    check_eq(get(obj, PAGE_SIZE - 3), (uint8_t)source[PAGE_SIZE - 3]);
    check_eq(get(obj, PAGE_SIZE - 2), 77);
    check_eq(get(obj, PAGE_SIZE + 1), 77);
    check_eq(get(obj, PAGE_SIZE + 2), (uint8_t)source[PAGE_SIZE + 2]);
    check_eq(put(obj, SIZE, 1, 78), 0);
    check_eq(object_size(obj), SIZE + 1);
    check_eq(get(obj, SIZE), 78);
    check_eq(get(obj, SIZE + 1), -1);
    world_check();
    object_put(obj);
    check_eq(object_page_count(), 0);
}

/* Only new pages are bounded: what is there can be written over. */
static void bounded(void)
{
    struct vm_object *obj = make();
    struct object_piece piece;
    check_eq(put(obj, 0, 1, 1), 0);
    check_eq(object_pin_write(obj, PAGE_SIZE, 1, &piece), -ENOSPC);
    check_eq(object_pin_write(obj, 5, 1, &piece), 0);
    object_unpin(&piece);
    check_eq(object_page_count(), 1);
    object_put(obj);
}

/* A hole takes no memory, not even when it is read. */
static void sparse(void)
{
    struct vm_object *obj = object_create(NULL, 0, NULL);
    check_eq(put(obj, 1000 * PAGE_SIZE, 1, 5), 0);
    check_eq(get(obj, 500 * PAGE_SIZE), 0);
    check_eq(get(obj, 1000 * PAGE_SIZE), 5);
    check_eq(page_used(PAGE_FILE), 1);
    check_eq(object_pages_held(obj), 1);
    check_eq(object_resize(obj, OBJECT_SIZE_MAX), 0);
    check_eq(put(obj, OBJECT_SIZE_MAX - 1, 1, 6), 0);
    check_eq(get(obj, OBJECT_SIZE_MAX - 1), 6);
    check_eq(put(obj, OBJECT_SIZE_MAX, 1, 6), -EFBIG);
    check_eq(object_resize(obj, OBJECT_SIZE_MAX + 1), -EFBIG);
    world_check();
    object_put(obj);
}

/* What is cut off is gone, wherever it was: it comes back as zeroes. */
static void cut_and_grown(void)
{
    struct vm_object *obj = make();
    check_eq(put(obj, 0, 10, 9), 0);            /* one page of its own, the others in source */
    check_eq(object_resize(obj, PAGE_SIZE + 7), 0);
    check_eq(object_resize(obj, SIZE), 0);
    check_eq(get(obj, PAGE_SIZE + 6), (uint8_t)source[PAGE_SIZE + 6]);
    check_eq(get(obj, PAGE_SIZE + 7), 0);
    check_eq(get(obj, 2 * PAGE_SIZE), 0);
    check_eq(object_resize(obj, 5), 0);
    check_eq(object_resize(obj, 10), 0);
    check_eq(get(obj, 4), 9);
    check_eq(get(obj, 5), 0);
    check_eq(put(obj, 20, 1, 1), 0);            /* between the end and the new byte, too */
    check_eq(get(obj, 15), 0);
    check_eq(put(obj, 3 * PAGE_SIZE, 1, 1), 0);
    check_eq(object_resize(obj, 0), 0);
    check_eq(page_used(PAGE_FILE), 0);
    world_check();
    object_put(obj);
}

/* Instructions that were cut off are not fetched again, though the frame is the same. */
static void cut_and_fetched(void)
{
    const vaddr_t at = 0x200000;
    struct vm_object *obj = make();
    struct addrspace *as = as_create();
    for (unsigned round = 0; round < 2; round++) {
        check_eq(map_object(as, at, PAGE_SIZE, PROT_READ | PROT_EXEC, false, obj, 0), 0);
        check_eq(program_fetch(as, at + 100), round == 0 ? (uint8_t)source[100] : 0);
        check_eq(as_unmap(as, at, PAGE_SIZE), 0);
        check_eq(object_resize(obj, 50), 0);
        check_eq(object_resize(obj, PAGE_SIZE), 0);
    }
    destroy(as);
    object_put(obj);
}

/* What was stored beyond the end, through a mapping, is not part of the file, and never becomes it. */
static void stored_beyond_the_end(void)
{
    const vaddr_t at = 0x200000;
    struct vm_object *obj = object_create(NULL, 10, NULL);
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, PAGE_SIZE, PROT_READ | PROT_WRITE, true, obj, 0), 0);
    check_eq(program_store(as, at + 9, 1), 0);
    check_eq(program_store(as, at + 50, 2), 0);
    check_eq(as_unmap(as, at, PAGE_SIZE), 0);
    check_eq(put(obj, 100, 1, 3), 0);
    check_eq(get(obj, 9), 1);
    check_eq(get(obj, 50), 0);
    destroy(as);
    object_put(obj);
}

/* Only what can be filled again is given back: neither what was written, nor what is being copied. */
static void changed_pages_stay(void)
{
    struct vm_object *obj = make();
    struct object_piece pinned;
    char buf[SIZE];
    check_eq(object_read(obj, 0, buf, SIZE), 0);
    check_eq(put(obj, 0, 1, 42), 0);
    object_pin_read(obj, PAGE_SIZE, &pinned);
    check_eq(object_drop_caches(), 1);
    check_eq(get(obj, 0), 42);
    object_unpin(&pinned);
    check_eq(object_drop_caches(), 1);
    check_eq(page_used(PAGE_FILE), 1);
    object_put(obj);
}

/* A store through a shared mapping is a change, too. */
static void stored_pages_stay(void)
{
    const vaddr_t at = 0x200000;
    struct vm_object *obj = make();
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, PAGE_SIZE, PROT_READ | PROT_WRITE, true, obj, 0), 0);
    check_eq(program_store(as, at, 200), 0);
    check_eq(as_unmap(as, at, PAGE_SIZE), 0);
    check_eq(object_drop_caches(), 0);
    check_eq(get(obj, 0), 200);
    destroy(as);
    object_put(obj);
}

/* A file is written, cut and grown while it is mapped: the program sees what the file is. */
static void changed_while_mapped(void)
{
    const vaddr_t at = 0x200000;
    struct vm_object *obj = make();
    struct addrspace *as = as_create(), *child;
    check_eq(map_object(as, at, SIZE, PROT_READ | PROT_WRITE, true, obj, 0), 0);
    check_eq(map_object(as, at + 0x100000, SIZE, PROT_READ | PROT_WRITE, false, obj, 0), 0);
    check_eq(program_load(as, at), (uint8_t)source[0]);
    check_eq(put(obj, 0, 1, 42), 0);
    check_eq(program_load(as, at), 42);
    check_eq(program_load(as, at + 0x100000), 42);
    check_eq(program_store(as, at + 0x100000 + 10, 1), 0);              /* a copy of the page that stays in part */
    check_eq(program_store(as, at + 0x100000 + PAGE_SIZE, 7), 0);       /* and of one that goes */
    check_eq(as_fork(as, &child), 0);
    check_eq(object_resize(obj, 5), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct addrspace *who = i == 0 ? as : child;
        check_eq(program_load(who, at + 4), (uint8_t)source[4]);
        check_eq(program_load(who, at + 5), 0);
        check_eq(program_load(who, at + PAGE_SIZE), -ENXIO);
        check_eq(program_load(who, at + 0x100000 + 10), 1);
        check_eq(program_load(who, at + 0x100000 + PAGE_SIZE), -ENXIO);
    }
    check_eq(object_resize(obj, SIZE), 0);
    check_eq(program_load(as, at + PAGE_SIZE), 0);
    check_eq(program_load(as, at + 0x100000 + PAGE_SIZE), 0);
    check_eq(program_load(child, at + 0x100000 + PAGE_SIZE), 0);
    world_check();
    destroy(child);
    destroy(as);
    object_put(obj);
}

static int put_far(void *obj) { return put(obj, 100 * PAGE_SIZE, 1, 1); }

static void nothing_put(void *obj)
{
    check_eq(object_size(obj), SIZE);
    check_eq(object_page_count(), 0);
}

static void writing_fails_cleanly(void)
{
    struct vm_object *obj = make();
    check_fails_cleanly(put_far, obj, nothing_put);
    object_put(obj);
}

static int lock_page(void *obj)
{
    struct anon *locked;
    int err = object_lock_page(obj, 1, &locked);
    if (err == 0)
        object_unlock_page(obj, locked);
    return err;
}

static void not_filled(void *obj)
{
    check(((struct vm_object *)obj)->slots.root == NULL);
    check_eq(anon_count(), 0);
}

static void fails_cleanly(void)
{
    struct vm_object *obj = make();
    check_fails_cleanly(lock_page, obj, not_filled);
    object_put(obj);
    host_fail_allocation(FAIL_FROM_THEN_ON, 1);
    world_drop_caches();
    check(object_create(source, SIZE, NULL) == NULL);
    host_fail_allocation(FAIL_NONE, 0);
}

const struct test_case object_cases[] = {
    { "a page is filled on first use", filled_on_first_use },
    { "reading", reading },
    { "what nobody maps is given back", dropping },
    { "of what many map nothing is given back", dropping_what_many_map },
    { "a mapping keeps its object", mapped_after_put },
    { "filling fails whole", fails_cleanly },
    { "written and read", written_and_read },
    { "holes", sparse },
    { "a bound on pages", bounded },
    { "what is cut off does not come back", cut_and_grown },
    { "what is cut off is not fetched", cut_and_fetched },
    { "what lies beyond the end does not become part", stored_beyond_the_end },
    { "what was written is not given back", changed_pages_stay },
    { "what was stored is not given back", stored_pages_stay },
    { "a mapped object changes", changed_while_mapped },
    { "writing fails whole", writing_fails_cleanly },
    { 0 },
};
