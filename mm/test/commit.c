/*
 * commit.c - tests of mm/commit.c: what counts as promised, and what is refused when no more may be.
 */
#include "kernel/core/errno.h"
#include "mm/advise.h"
#include "mm/commit.h"
#include "mm/reclaim.h"
#include "mm/remap.h"
#include "mm/test/disk.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

static const vaddr_t at = 0x400000;

static vaddr_t page_at(size_t i) { return at + i * PAGE_SIZE; }

static int remap(struct addrspace *as, size_t from, size_t old_npages, size_t new_npages, size_t to, bool keep)
{
    struct remap_request req = { .from = page_at(from), .old_len = old_npages * PAGE_SIZE, .new_len = new_npages * PAGE_SIZE,
                                 .to = page_at(to), .may_move = true, .fixed = true, .keep = keep };
    vaddr_t out;
    size_t grown;
    return as_remap(as, &req, &out, &grown);
}

/* ---- counted ---- */

static void private_memory(void)
{
    struct addrspace *as = as_create(), *child;
    check_eq(map_zero(as, page_at(0), 10 * PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, page_at(10), 10 * PAGE_SIZE, PROT_READ), 0);
    check_eq(commit_pages, 10);
    for (unsigned i = 0; i < 10; i++)
        check_eq(program_store(as, page_at(i), i), 0);
    check_eq(commit_pages, 10);
    check_eq(as_protect(as, page_at(15), 3 * PAGE_SIZE, RW), 0);
    check_eq(commit_pages, 13);
    check_eq(as_protect(as, page_at(0), 20 * PAGE_SIZE, PROT_READ), 0); /* what has been stored needs a place as before */
    check_eq(commit_pages, 13);
    check_eq(as_protect(as, page_at(0), 20 * PAGE_SIZE, RW), 0);
    check_eq(commit_pages, 20);
    check_eq(as_unmap(as, page_at(5), 10 * PAGE_SIZE), 0);
    check_eq(commit_pages, 10);
    check_eq(map_over(as, page_at(0), 20 * PAGE_SIZE, PROT_NONE, false, NULL, 0), 0);
    check_eq(commit_pages, 0);
    as_set_brk_base(as, page_at(100));
    check_eq(set_brk(as, page_at(103) + 1), 0);
    check_eq(commit_pages, 4);
    check_eq(as_fork(as, &child), 0);
    check_eq(commit_pages, 8);
    world_check();
    destroy(as);
    check_eq(commit_pages, 4);
    check_eq(set_brk(child, page_at(101)), 0);
    check_eq(commit_pages, 1);
    destroy(child);
    check_eq(commit_pages, 0);
}

static void moved(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 10 * PAGE_SIZE, RW), 0);
    check_eq(remap(as, 0, 5, 8, 50, false), 0);
    check_eq(commit_pages, 5 + 8);
    check_eq(remap(as, 50, 8, 8, 60, true), 0);
    check_eq(commit_pages, 5 + 8 + 8);
    check_eq(remap(as, 60, 8, 2, 5, false), 0);                 /* over two of the first ones */
    check_eq(commit_pages, 3 + 8 + 2);
    destroy(as);
    check_eq(commit_pages, 0);
}

/* What is not counted stays so, whatever becomes of it. */
static void not_counted(void)
{
    struct addrspace *as = as_create();
    struct map_request req = { .prot = RW, .fixed = true, .flags = VMA_NOT_COMMITTED };
    vaddr_t out;
    check_eq(as_map(as, page_at(0), 10 * PAGE_SIZE, &req, &out), 0);
    check_eq(as_protect(as, page_at(3), PAGE_SIZE, PROT_READ), 0);
    check_eq(as_protect(as, page_at(3), PAGE_SIZE, RW), 0);
    check_eq(as_lock(as, page_at(0), 2 * PAGE_SIZE, VMA_LOCKED | VMA_LOCK_ON_FAULT), 0);
    check_eq(remap(as, 0, 1, 4, 50, false), 0);
    check_eq(commit_pages, 0);
    destroy(as);
}

static char source[3 * PAGE_SIZE];

static void objects(void)
{
    struct vm_object *memory = object_create(NULL, 5 * PAGE_SIZE + 1, NULL);
    struct vm_object *file = object_create(source, sizeof source, (struct inode *)source);
    struct vm_object *constant = object_create(source, sizeof source, NULL);
    struct object_piece piece;
    check_eq(commit_pages, 6);
    for (unsigned i = 0; i < 5; i++) {                          /* two beyond what it can be filled with again */
        check_eq(object_pin_write(file, i * PAGE_SIZE, SIZE_MAX - 1, &piece), 0);
        object_written(file, &piece, (i + 1) * PAGE_SIZE);
        object_unpin(&piece);
    }
    check_eq(commit_pages, 6 + 2);
    check_eq(object_resize(file, PAGE_SIZE + 1), 0);            /* and now all beyond two pages */
    check_eq(commit_pages, 6);
    check_eq(object_resize(file, 3 * PAGE_SIZE), 0);
    check_eq(object_pin_write(file, 2 * PAGE_SIZE, SIZE_MAX - 1, &piece), 0);
    object_unpin(&piece);
    check_eq(commit_pages, 6 + 1);
    object_put(file);
    object_put(memory);
    object_put(constant);
    check_eq(commit_pages, 0);
}

/* ---- refused ---- */

/* All that may be promised but n pages, by an address space of its own. */
static struct addrspace *leave(size_t n)
{
    struct addrspace *as = as_create();
    commit_strict = true;
    check_eq(map_zero(as, 0x10000000, (commit_limit() - commit_pages - n) * PAGE_SIZE, RW), 0);
    check_eq(commit_limit() - commit_pages, n);
    return as;
}

static size_t room(void) { return commit_limit() - commit_pages; }

static void refused_maps(void)
{
    struct addrspace *most = leave(10), *as = as_create();
    check_eq(map_zero(as, page_at(0), 11 * PAGE_SIZE, RW), -ENOMEM);
    check_eq(map_zero(as, page_at(0), 1000 * PAGE_SIZE, PROT_READ), 0);
    check_eq(room(), 10);
    check_eq(map_over(as, page_at(0), 10 * PAGE_SIZE, RW, false, NULL, 0), 0);
    check_eq(room(), 0);
    check_eq(map_zero(as, page_at(2000), PAGE_SIZE, RW), -ENOMEM);
    check_eq(map_over(as, page_at(5), 5 * PAGE_SIZE, RW, false, NULL, 0), 0);           /* only as much as was there */
    check_eq(map_over(as, page_at(5), 6 * PAGE_SIZE, RW, false, NULL, 0), -ENOMEM);
    check_eq(room(), 0);
    as_set_brk_base(as, page_at(3000));
    check_eq(set_brk(as, page_at(3000) + 1), -ENOMEM);
    check(object_create(NULL, 1, NULL) == NULL);
    check_eq(as_unmap(as, page_at(0), PAGE_SIZE), 0);
    check_eq(set_brk(as, page_at(3000) + 1), 0);
    check_eq(room(), 0);
    world_check();
    destroy(as);
    destroy(most);
}

static void refused_rights(void)
{
    struct addrspace *most = leave(10), *as = as_create();
    check_eq(map_zero(as, page_at(0), 6 * PAGE_SIZE, PROT_NONE), 0);
    check_eq(map_zero(as, page_at(6), 6 * PAGE_SIZE, PROT_READ), 0);
    check_eq(as_protect(as, page_at(0), 12 * PAGE_SIZE, RW), -ENOMEM);  /* as on Linux: what comes before has been changed */
    check_eq(room(), 4);
    check_eq(vma_at(as, page_at(5))->prot, RW);
    check_eq(vma_at(as, page_at(6))->prot, PROT_READ);
    check_eq(as_protect(as, page_at(6), 4 * PAGE_SIZE, RW), 0);
    check_eq(room(), 0);
    check_eq(as_protect(as, page_at(0), 10 * PAGE_SIZE, PROT_NONE), 0);
    check_eq(as_protect(as, page_at(0), 10 * PAGE_SIZE, RW), 0);
    world_check();
    destroy(as);
    destroy(most);
}

static void refused_moves(void)
{
    struct addrspace *most = leave(10), *as = as_create();
    check_eq(map_zero(as, page_at(0), 6 * PAGE_SIZE, RW), 0);
    check_eq(remap(as, 0, 6, 11, 50, false), -ENOMEM);
    check_eq(remap(as, 0, 6, 6, 50, true), -ENOMEM);
    check_eq(room(), 4);
    check_eq(remap(as, 0, 6, 10, 50, false), 0);
    check_eq(room(), 0);
    check_eq(remap(as, 50, 10, 10, 100, false), 0);
    world_check();
    destroy(as);
    destroy(most);
}

static void refused_fork(void)
{
    struct addrspace *most = leave(10), *as = as_create(), *child;
    check_eq(map_zero(as, page_at(0), 3 * PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, page_at(10), 3 * PAGE_SIZE, RW), 0);
    check_eq(as_fork(as, &child), -ENOMEM);                     /* the first three fit */
    check_eq(room(), 4);
    world_check();
    check_eq(as_advise(as, page_at(10), 3 * PAGE_SIZE, 0, VMA_NOT_TO_CHILD), 0);
    check_eq(as_fork(as, &child), 0);
    check_eq(room(), 1);
    destroy(child);
    destroy(as);
    destroy(most);
}

static void refused_file(void)
{
    struct addrspace *most = leave(1), *as = as_create();
    struct vm_object *file = object_create(NULL, 4 * PAGE_SIZE, (struct inode *)source);
    struct object_piece piece;
    check_eq(object_pin_write(file, 0, 100, &piece), 0);
    object_unpin(&piece);
    check_eq(object_pin_write(file, PAGE_SIZE, 100, &piece), -ENOSPC);
    check_eq(map_object(as, page_at(0), 4 * PAGE_SIZE, RW, true, file, 0), 0);
    check_eq(program_store(as, page_at(0), 1), 0);
    check_eq(program_store(as, page_at(1), 1), -ENXIO);         /* SIGBUS, as on a full disk */
    check_eq(room(), 0);
    destroy(as);
    object_put(file);
    destroy(most);
}

/* A disk may go if what it holds is not needed; that is less than the disk, where the area is. */
static void refused_swapoff(void)
{
    disk_on(101);
    struct addrspace *most = leave(100);
    check_eq(reclaim_leave_disk(&disk), -ENOMEM);
    check_eq(room(), 100);
    destroy(most);
    most = leave(101);
    check_eq(reclaim_leave_disk(&disk), 0);
    check_eq(room(), 1);
    check_eq(reclaim_leave_disk(&disk), -EINVAL);
    destroy(most);
}

/* ---- refused memory: what was reserved is let go ---- */

struct attempt {
    struct addrspace *as;
    size_t room;
};

static void as_much_as_before(void *arg) { check_eq(room(), ((struct attempt *)arg)->room); }

static struct addrspace *space_of(void *attempt) { return ((struct attempt *)attempt)->as; }
static int try_map(void *arg) { return map_over(space_of(arg), SCENE_AT - PAGE_SIZE, 7 * PAGE_SIZE, RW, false, NULL, 0); }
static int try_protect(void *arg) { return as_protect(space_of(arg), SCENE_AT + 400 * PAGE_SIZE, PAGE_SIZE, RW); }

static int try_fork(void *arg)
{
    struct addrspace *child;
    int err = as_fork(space_of(arg), &child);
    if (err == 0)
        destroy(child);
    return err;
}

static int try_object(void *arg)
{
    (void)arg;
    struct vm_object *obj = object_create(NULL, 5 * PAGE_SIZE, NULL);
    if (obj == NULL)
        return -ENOMEM;
    object_put(obj);
    return 0;
}

static void reserved_in_vain(void)
{
    struct scene scene = scene_make();
    static test_attempt *const attempts[] = { try_fork, try_object, try_protect, try_map };
    commit_strict = true;
    check_eq(map_zero(scene.as, SCENE_AT + 399 * PAGE_SIZE, 3 * PAGE_SIZE, PROT_READ), 0);
    for (unsigned i = 0; i < ARRAY_LEN(attempts); i++) {
        struct attempt attempt = { scene.as, room() };
        check_fails_cleanly(attempts[i], &attempt, as_much_as_before);
        world_check();
    }
    scene_end(&scene);
}

const struct test_case commit_cases[] = {
    { "private memory", private_memory },
    { "what moves", moved },
    { "MAP_NORESERVE", not_counted },
    { "shared memory and files", objects },
    { "strict: maps", refused_maps },
    { "strict: rights", refused_rights },
    { "strict: moves", refused_moves },
    { "strict: fork", refused_fork },
    { "strict: files", refused_file },
    { "strict: swapoff", refused_swapoff },
    { "strict: reserved in vain", reserved_in_vain },
    { 0 },
};
