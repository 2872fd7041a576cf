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
    struct vm_object *obj = object_create(source, SIZE);
    check(obj != NULL);
    return obj;
}

static void filled_on_first_use(void)
{
    struct vm_object *obj = make();
    struct locked_page locked;
    check_eq(page_used(PAGE_FILE), 0);
    check_eq(object_npages(obj), 3);
    check_eq(object_lock_page(obj, 2, &locked), 0);
    const char *at = page_address(locked.page);
    check(memcmp(at, source + 2 * PAGE_SIZE, 100) == 0);
    for (size_t i = 100; i < PAGE_SIZE; i++)
        check_eq(at[i], 0);                     /* zeroes after the end */
    struct page *page = locked.page;
    page_unlock(&locked);
    check_eq(object_lock_page(obj, 2, &locked), 0);
    check(locked.page == page);
    page_unlock(&locked);
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
    check_eq(map_object(as, at, 3 * PAGE_SIZE, PROT_READ, true, obj, 0), 0);
    char buf[SIZE];
    check_eq(object_read(obj, 0, buf, SIZE), 0);
    check_eq(page_used(PAGE_FILE), 3);
    check_eq(program_load(as, at + PAGE_SIZE), (uint8_t)source[PAGE_SIZE]);
    check_eq(object_drop_caches(), 2);
    world_check();
    check_eq(page_used(PAGE_FILE), 1);
    check_eq(program_load(as, at + PAGE_SIZE), (uint8_t)source[PAGE_SIZE]);
    check_eq(as_unmap(as, at, 3 * PAGE_SIZE), 0);
    check_eq(object_drop_caches(), 1);
    check_eq(object_read(obj, 0, buf, SIZE), 0);
    check(memcmp(buf, source, SIZE) == 0);
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

static int lock_page(void *obj)
{
    struct locked_page locked;
    int err = object_lock_page(obj, 1, &locked);
    if (err == 0)
        page_unlock(&locked);
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
    check(object_create(source, SIZE) == NULL);
    host_fail_allocation(FAIL_NONE, 0);
}

const struct test_case object_cases[] = {
    { "a page is filled on first use", filled_on_first_use },
    { "reading", reading },
    { "what nobody maps is given back", dropping },
    { "a mapping keeps its object", mapped_after_put },
    { "filling fails whole", fails_cleanly },
    { 0 },
};
