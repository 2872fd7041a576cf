/*
 * advise.c - tests of mm/advise.h: what changes no promise, and how far each verb comes.
 */
#include <string.h>

#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

static const vaddr_t at = 0x400000;
static char source[8 * PAGE_SIZE];

static vaddr_t page_at(unsigned i) { return at + i * PAGE_SIZE; }

/* A file whose pages begin with 'a', 'b', ... */
static struct vm_object *lettered_file(void)
{
    for (unsigned i = 0; i < 8; i++)
        source[i * PAGE_SIZE] = 'a' + i;
    return object_create(source, sizeof source, NULL);
}

/* The flags of page i, counted from at. */
static int flags_at(struct addrspace *as, unsigned i) { return vma_at(as, page_at(i))->flags & ~VMA_COMMITTED; }

/* npages from page on, each stored to: the i-th holds i. */
static void map_and_store(struct addrspace *as, unsigned page, unsigned npages)
{
    check_eq(map_zero(as, page_at(page), npages * PAGE_SIZE, RW), 0);
    for (unsigned i = page; i < page + npages; i++)
        check_eq(program_store(as, page_at(i), i), 0);
}

/* ---- forget ---- */

static void forgotten(void)
{
    struct addrspace *as = as_create(), *child;
    map_and_store(as, 1, 4);
    check_eq(as_fork(as, &child), 0);
    check_eq(as_forget(as, page_at(2), 2 * PAGE_SIZE - 1, forget_any), 0);      /* every page that it touches */
    check_eq(leaf_prot(as, page_at(2)), -1);
    check_eq(program_load(as, page_at(1)), 1);
    check_eq(program_load(as, page_at(2)), 0);          /* zeroes, as if never touched */
    check_eq(program_load(as, page_at(3)), 0);
    check_eq(program_load(as, page_at(4)), 4);
    check_eq(program_load(child, page_at(2)), 2);       /* the other one's stay */
    check_eq(as_forget(as, page_at(0), 6 * PAGE_SIZE, forget_any), -ENOMEM);    /* not all of it is mapped; but done */
    check_eq(program_load(as, page_at(1)), 0);
    check_eq(program_load(as, page_at(4)), 0);
    check_eq(as_forget(as, at + 1, PAGE_SIZE, forget_any), -EINVAL);
    check_eq(as_forget(as, at, 0, forget_any), -EINVAL);
    check_eq(as_forget(as, USER_END, PAGE_SIZE, forget_any), -EINVAL);
    world_check();
    destroy(child);
    destroy(as);
}

/* What comes anew is the file's, as it is now; of what is shared nothing is lost; and rights do not matter. */
static void forgotten_files(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create();
    check_eq(map_object(as, page_at(0), 2 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(map_object(as, page_at(2), 2 * PAGE_SIZE, RW, true, obj, 0), 0);
    check_eq(program_store(as, page_at(0), 'X'), 0);
    check_eq(program_store(as, page_at(2), 'S'), 0);
    check_eq(program_load(as, page_at(1)), 'b');
    check_eq(as_protect(as, page_at(0), PAGE_SIZE, PROT_NONE), 0);
    check_eq(as_forget(as, page_at(0), 4 * PAGE_SIZE, forget_any), 0);
    check_eq(page_used(PAGE_ANON), 0);
    check_eq(as->pmap.resident, 0);
    check_eq(as_protect(as, page_at(0), PAGE_SIZE, RW), 0);
    check_eq(program_load(as, page_at(0)), 'S');
    check_eq(program_load(as, page_at(1)), 'b');
    check_eq(program_load(as, page_at(2)), 'S');
    world_check();
    destroy(as);
    object_put(obj);
}

/* Up to what is locked, or may not be forgotten: what comes before is gone, what comes after is not. */
static void forgotten_in_part(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create();
    map_and_store(as, 0, 6);
    check_eq(as_lock(as, page_at(2), PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(as_forget(as, page_at(1), 4 * PAGE_SIZE, forget_any), -EINVAL);
    for (unsigned i = 0; i < 6; i++)
        check_eq(program_load(as, page_at(i)), i == 1 ? 0 : (int)i);
    check_eq(as_forget(as, page_at(2), 2 * PAGE_SIZE, forget_any), -EINVAL);    /* nothing comes before */
    check_eq(program_load(as, page_at(3)), 3);
    check_eq(as_forget(as, page_at(4), 8 * PAGE_SIZE, forget_zero_filled), -ENOMEM);
    check_eq(program_load(as, page_at(5)), 0);

    check_eq(map_object(as, page_at(8), PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(map_object(as, page_at(9), PAGE_SIZE, RW, true, obj, 0), 0);
    map_and_store(as, 10, 1);
    check_eq(program_store(as, page_at(3), 3), 0);
    check_eq(program_store(as, page_at(8), 'X'), 0);
    check_eq(as_forget(as, page_at(3), 8 * PAGE_SIZE, forget_zero_filled), -EINVAL);    /* rather than that there is a hole */
    check_eq(program_load(as, page_at(3)), 0);
    check_eq(program_load(as, page_at(8)), 'X');
    check_eq(program_load(as, page_at(10)), 10);
    check_eq(as_forget(as, page_at(9), PAGE_SIZE, forget_zero_filled), -EINVAL);
    check_eq(as_forget(as, page_at(8), 3 * PAGE_SIZE, forget_any), 0);
    check_eq(program_load(as, page_at(8)), 'a');
    check_eq(program_load(as, page_at(10)), 0);
    world_check();
    destroy(as);
    object_put(obj);
}

static int forget_half(void *as) { return as_forget(as, page_at(1), PAGE_SIZE, forget_any); }
static void not_forgotten(void *as) { check_eq(program_load(as, page_at(1)), 1); }

static void forgetting_fails_whole(void)
{
    struct addrspace *as = as_create(), *child;
    map_and_store(as, 1, 2);
    check_eq(as_fork(as, &child), 0);           /* shares the node that must be copied */
    check_fails_cleanly(forget_half, as, not_forgotten);
    destroy(child);
    destroy(as);
}

/* ---- flags ---- */

static void advising(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 6 * PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, page_at(8), 2 * PAGE_SIZE, RW), 0);
    check_eq(as_advise(as, page_at(1), 2 * PAGE_SIZE, 0, VMA_NOT_TO_CHILD), 0);
    check_eq(as->vmas.count, 4);
    check_eq(flags_at(as, 0), 0);
    check_eq(flags_at(as, 2), VMA_NOT_TO_CHILD);
    check_eq(flags_at(as, 3), 0);
    check_eq(as_advise(as, page_at(2), 2 * PAGE_SIZE, VMA_DENSE, VMA_SPARSE), 0);      /* besides */
    check_eq(flags_at(as, 2), VMA_NOT_TO_CHILD | VMA_SPARSE);
    check_eq(flags_at(as, 3), VMA_SPARSE);
    check_eq(as_advise(as, page_at(3), PAGE_SIZE, VMA_SPARSE, VMA_DENSE), 0);           /* instead */
    check_eq(flags_at(as, 3), VMA_DENSE);
    check_eq(as_advise(as, page_at(0), 6 * PAGE_SIZE, VMA_NOT_TO_CHILD | VMA_SPARSE | VMA_DENSE, 0), 0);
    check_eq(as->vmas.count, 2);                        /* and they are one again */

    check_eq(as_advise(as, page_at(4), 5 * PAGE_SIZE, 0, VMA_SPARSE), -ENOMEM);         /* a hole; but done on both sides */
    check_eq(flags_at(as, 5), VMA_SPARSE);
    check_eq(flags_at(as, 8), VMA_SPARSE);
    check_eq(flags_at(as, 9), 0);
    check_eq(as_advise(as, page_at(0), 6 * PAGE_SIZE, 0, 0), 0);        /* nothing to do, but to look for holes */
    check_eq(as_advise(as, page_at(0), 7 * PAGE_SIZE, 0, 0), -ENOMEM);
    check_eq(as_advise(as, at + 1, PAGE_SIZE, 0, VMA_SPARSE), -EINVAL);
    check_eq(as_advise(as, at, 0, 0, VMA_SPARSE), -EINVAL);
    check_eq(as_advise(as, at, USER_END, 0, VMA_SPARSE), -EINVAL);
    check_eq(as->vmas.count, 4);
    world_check();
    destroy(as);
}

/* Only private memory without a file can be empty in a child. */
static void advising_empty(void)
{
    struct vm_object *obj = lettered_file(), *memory = object_create(NULL, PAGE_SIZE, NULL);
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), PAGE_SIZE, RW), 0);
    check_eq(map_object(as, page_at(1), PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(map_object(as, page_at(2), PAGE_SIZE, RW, true, memory, 0), 0);
    check_eq(map_zero(as, page_at(3), PAGE_SIZE, RW), 0);
    check_eq(as_advise(as, page_at(0), 4 * PAGE_SIZE, 0, VMA_EMPTY_IN_CHILD), -EINVAL);
    check_eq(flags_at(as, 0), VMA_EMPTY_IN_CHILD);      /* what comes before */
    check_eq(flags_at(as, 1), 0);
    check_eq(flags_at(as, 3), 0);
    check_eq(as_advise(as, page_at(2), 2 * PAGE_SIZE, 0, VMA_EMPTY_IN_CHILD), -EINVAL);
    check_eq(flags_at(as, 3), 0);
    check_eq(as_advise(as, page_at(0), 4 * PAGE_SIZE, VMA_EMPTY_IN_CHILD, 0), 0);       /* nothing can be said against that */
    world_check();
    destroy(as);
    object_put(obj);
    object_put(memory);
}

static int advise_middle(void *as) { return as_advise(as, page_at(1), PAGE_SIZE, 0, VMA_SPARSE); }
static int lock_middle(void *as) { return as_lock(as, page_at(2), PAGE_SIZE, VMA_LOCKED); }

static void one_vma(void *arg)
{
    struct addrspace *as = arg;
    check_eq(as->vmas.count, 1);
    check_eq(as->vmas.nlocked, 0);
    check_eq(flags_at(as, 1), 0);
}

static void advising_fails_whole(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 4 * PAGE_SIZE, RW), 0);
    world_drop_caches();
    check_fails_cleanly(advise_middle, as, one_vma);
    check_eq(as_advise(as, at, 4 * PAGE_SIZE, VMA_SPARSE, 0), 0);
    world_drop_caches();
    check_fails_cleanly(lock_middle, as, one_vma);
    destroy(as);
}

/* ---- lock in memory ---- */

static void locking(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 6 * PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, page_at(8), 2 * PAGE_SIZE, RW), 0);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 5 * PAGE_SIZE - 1 });
    check_eq(as_lock(as, page_at(0), 5 * PAGE_SIZE, VMA_LOCKED), -ENOMEM);
    check_eq(as->vmas.nlocked, 0);
    check_eq(as_lock(as, page_at(0), 3 * PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(as_lock(as, page_at(1), 3 * PAGE_SIZE, VMA_LOCKED), 0);    /* what is locked counts once */
    check_eq(as->vmas.nlocked, 4);
    check_eq(as->vmas.count, 3);
    check_eq(as_lock(as, page_at(1), 4 * PAGE_SIZE, VMA_LOCKED), -ENOMEM);
    check_eq(as_lock(as, page_at(1), PAGE_SIZE, VMA_LOCKED | VMA_LOCK_ON_FAULT), 0);
    check_eq(flags_at(as, 1), VMA_LOCKED | VMA_LOCK_ON_FAULT);
    check_eq(as_lock(as, page_at(1), PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(flags_at(as, 1), VMA_LOCKED);

    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 0 });
    check_eq(as_lock(as, page_at(5), PAGE_SIZE, VMA_LOCKED), -EPERM);
    check_eq(as_lock(as, page_at(0), 2 * PAGE_SIZE, 0), 0);             /* less is always allowed */
    check_eq(as->vmas.nlocked, 2);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, UINT64_MAX });
    check_eq(as_lock(as, page_at(5), 4 * PAGE_SIZE, VMA_LOCKED), -ENOMEM);      /* up to the hole */
    check_eq(flags_at(as, 5), VMA_LOCKED);
    check_eq(flags_at(as, 8), 0);
    check_eq(as_lock(as, page_at(6), 4 * PAGE_SIZE, VMA_LOCKED), -ENOMEM);
    check_eq(flags_at(as, 9), 0);
    check_eq(as_lock(as, page_at(0), 6 * PAGE_SIZE, 0), 0);
    check_eq(as->vmas.nlocked, 0);
    check_eq(as->vmas.count, 2);
    check_eq(as_lock(as, at + 1, PAGE_SIZE, VMA_LOCKED), -EINVAL);
    check_eq(as_lock(as, at, 0, VMA_LOCKED), -EINVAL);
    check_eq(as_lock(as, 0, USER_END + 1, VMA_LOCKED), -EINVAL);
    world_check();
    destroy(as);
}

/* The other verbs know of locks, too: none gets lost, and none stays where nothing is. */
static void locks_counted(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 8 * PAGE_SIZE, RW), 0);
    check_eq(as_lock(as, page_at(0), 8 * PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(as_protect(as, page_at(2), 2 * PAGE_SIZE, PROT_READ), 0);
    check_eq(flags_at(as, 2), VMA_LOCKED);
    check_eq(as->vmas.nlocked, 8);
    check_eq(as_unmap(as, page_at(1), 2 * PAGE_SIZE), 0);
    check_eq(as->vmas.nlocked, 6);
    check_eq(as_unmap(as, page_at(5), PAGE_SIZE), 0);
    check_eq(as->vmas.nlocked, 5);
    check_eq(map_over(as, page_at(7), PAGE_SIZE, RW, false, NULL, 0), 0);
    check_eq(as->vmas.nlocked, 4);
    check_eq(as_unmap(as, page_at(0), 8 * PAGE_SIZE), 0);
    check_eq(as->vmas.nlocked, 0);
    world_check();
    destroy(as);
}

static void locking_all(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 2 * PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, page_at(4), 2 * PAGE_SIZE, PROT_READ), 0);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 3 * PAGE_SIZE });
    check_eq(as_lock_all(as, VMA_LOCKED, true, true), -ENOMEM);
    check_eq(as->lock_future, 0);                       /* neither */
    check_eq(as->vmas.nlocked, 0);
    check_eq(as_lock_all(as, VMA_LOCKED, false, true), 0);
    check_eq(as->lock_future, VMA_LOCKED);
    check_eq(map_zero(as, page_at(2), PAGE_SIZE, RW), 0);
    check_eq(flags_at(as, 2), VMA_LOCKED);
    check_eq(as->vmas.nlocked, 1);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 5 * PAGE_SIZE });
    check_eq(as_lock_all(as, VMA_LOCKED | VMA_LOCK_ON_FAULT, true, false), 0);
    check_eq(as->lock_future, 0);
    check_eq(as->vmas.nlocked, 5);
    check_eq(as->vmas.count, 2);
    check_eq(flags_at(as, 5), VMA_LOCKED | VMA_LOCK_ON_FAULT);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 0 });
    check_eq(as_lock_all(as, VMA_LOCKED, true, false), -EPERM);
    check_eq(as_lock_all(as, 0, true, true), 0);        /* munlockall */
    check_eq(as->vmas.nlocked, 0);
    check_eq(as->lock_future, 0);
    world_check();
    destroy(as);
}

/* ---- bring in ---- */

static void populating(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create(), *child;
    check_eq(map_zero(as, page_at(0), 2 * PAGE_SIZE, RW), 0);
    check_eq(map_object(as, page_at(2), 2 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(as_populate(as, page_at(0), 4 * PAGE_SIZE, ACCESS_READ), 0);
    check_eq(faults(FAULT_B3), 2);
    check_eq(page_used(PAGE_ANON), 2);
    check_eq(page_used(PAGE_FILE), 2);
    check_eq(as->pmap.resident, 4);
    check_eq(as_populate(as, page_at(1), 2 * PAGE_SIZE, ACCESS_WRITE), 0);
    check_eq(faults(FAULT_B2), 1);
    check_eq(leaf_prot(as, page_at(2)), RW);
    check_eq(as_fork(as, &child), 0);
    check_eq(as_populate(child, page_at(0), 3 * PAGE_SIZE - 1, ACCESS_WRITE), 0);
    check_eq(faults(FAULT_A3), 3);                      /* copied beforehand, to the last page that is touched */

    /* Where it ends it says why; what has come by then stays. */
    uint64_t before = faults(FAULT_B3);
    check_eq(map_zero(as, page_at(8), 2 * PAGE_SIZE, RW), 0);
    check_eq(as_populate(as, page_at(8), 3 * PAGE_SIZE, ACCESS_READ), -ENOMEM);         /* a hole */
    check_eq(faults(FAULT_B3) - before, 2);
    check_eq(map_zero(as, page_at(10), PAGE_SIZE, PROT_READ), 0);
    check_eq(as_populate(as, page_at(9), 2 * PAGE_SIZE, ACCESS_WRITE), -EINVAL);        /* forbidden */
    check_eq(map_object(as, page_at(11), 3 * PAGE_SIZE, PROT_READ, true, obj, 7), 0);
    check_eq(as_populate(as, page_at(11), 3 * PAGE_SIZE, ACCESS_READ), -EFAULT);        /* beyond the end */
    check_eq(leaf_prot(as, page_at(11)), PROT_READ);
    check_eq(as_populate(as, page_at(12), 0, ACCESS_READ), 0);
    destroy(child);
    destroy(as);
    object_put(obj);
}

/* Nobody is killed for what was only asked for. */
static void populating_without_memory(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 4 * PAGE_SIZE, RW), 0);
    check_eq(program_store(as, page_at(0), 1), 0);
    world_drop_caches();
    host_fail_allocation(FAIL_FROM_THEN_ON, 3);         /* an anon and its frame are to be had */
    check_eq(as_populate(as, page_at(0), 4 * PAGE_SIZE, ACCESS_READ), -ENOMEM);
    check_eq(as_populate_mapped(as, page_at(0), 4 * PAGE_SIZE, 0), -ENOMEM);
    host_fail_allocation(FAIL_NONE, 0);
    check_eq(as->oom_va, 0);
    check_eq(as->pmap.resident, 2);
    world_check();
    destroy(as);
}

/* Each page by the access that it allows; what is not there, or is not to be there yet, is passed over. */
/* The last few frames stay for what the program needs to go on: they are no longer there for a wish. */
static void populating_to_the_last(void)
{
    struct addrspace *as = as_create();
    size_t npages = page_used(PAGE_FREE);
    page_shrink = world_shrink;
    check_eq(map_zero(as, page_at(0), npages * PAGE_SIZE, RW), 0);
    check_eq(as_populate(as, page_at(0), npages * PAGE_SIZE, ACCESS_WRITE), -ENOMEM);
    world_drop_caches();
    check_eq(page_used(PAGE_FREE) <= PAGE_FEW + (page_total() >> 7), 1);
    for (size_t i = 1; i <= PAGE_FEW / 2; i++)
        check_eq(program_store(as, page_at(npages - i), 1), 0);
    page_shrink = NULL;
    world_check();
    destroy(as);
}

static void populating_what_is_mapped(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(1), PAGE_SIZE, PROT_NONE), 0);
    check_eq(map_zero(as, page_at(3), PAGE_SIZE, RW), 0);
    check_eq(map_object(as, page_at(4), PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(map_object(as, page_at(5), PAGE_SIZE, RW, true, obj, 1), 0);
    check_eq(map_object(as, page_at(6), PAGE_SIZE, PROT_EXEC, false, obj, 2), 0);
    check_eq(map_zero(as, page_at(7), 2 * PAGE_SIZE, RW), 0);
    check_eq(map_object(as, page_at(9), 2 * PAGE_SIZE, PROT_READ, true, obj, 7), 0);
    check_eq(map_zero(as, page_at(11), 2 * PAGE_SIZE, RW), 0);
    check_eq(as_lock(as, page_at(7), PAGE_SIZE, VMA_LOCKED | VMA_LOCK_ON_FAULT), 0);
    check_eq(as_populate_until_error(as, page_at(0), 12 * PAGE_SIZE), -EINVAL);
    check_eq(leaf_prot(as, page_at(3)), -1);
    check_eq(as_populate_until_error(as, page_at(2), 2 * PAGE_SIZE), 0);
    check_eq(leaf_prot(as, page_at(3)), RW);
    check_eq(as_populate_mapped(as, page_at(0), 12 * PAGE_SIZE, 0), -EINVAL);      /* the first of the errors */
    check_eq(leaf_prot(as, page_at(1)), -1);
    check_eq(leaf_prot(as, page_at(3)), RW);
    check_eq(leaf_prot(as, page_at(4)), RW);            /* a copy of its own */
    check_eq(leaf_prot(as, page_at(5)), PROT_READ);     /* not dirty for all that */
    check_eq(leaf_prot(as, page_at(6)), PROT_EXEC);
    check_eq(leaf_prot(as, page_at(7)), -1);
    check_eq(leaf_prot(as, page_at(8)), RW);
    check_eq(leaf_prot(as, page_at(9)), PROT_READ);
    check_eq(leaf_prot(as, page_at(10)), -1);
    check_eq(leaf_prot(as, page_at(11)), RW);
    check_eq(leaf_prot(as, page_at(12)), -1);           /* nobody asked for it */
    check_eq(as_populate_mapped(as, page_at(9), 4 * PAGE_SIZE, 0), -EFAULT);
    check_eq(as_populate_mapped(as, page_at(2), 7 * PAGE_SIZE, 0), 0);
    check_eq(as_populate_mapped(as, page_at(20), PAGE_SIZE, 0), 0);
    destroy(as);
    check_eq(object_drop_caches(), 4);                  /* so nothing was stored */
    object_put(obj);
}

/* ---- what is there ---- */

static void resident(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create(), *other = as_create();
    uint8_t in_memory[8];
    check_eq(map_zero(as, page_at(0), 2 * PAGE_SIZE, RW), 0);
    check_eq(map_object(as, page_at(2), 3 * PAGE_SIZE, RW, false, obj, 1), 0);
    check_eq(map_object(as, page_at(5), 2 * PAGE_SIZE, PROT_NONE, true, obj, 3), 0);
    check_eq(map_object(other, at, PAGE_SIZE, PROT_READ, true, obj, 3), 0);
    check_eq(as_resident(as, page_at(0), 7, in_memory), 7);
    check(memcmp(in_memory, "\0\0\0\0\0\0\0", 7) == 0);
    check_eq(program_load(as, page_at(1)), 0);
    check_eq(program_store(as, page_at(2), 1), 0);
    check_eq(program_load(other, at), 'd');             /* page 3 of the file, whoever has read it */
    check_eq(as_forget(as, page_at(2), PAGE_SIZE, forget_any), 0);
    check_eq(as_resident(as, page_at(0), 7, in_memory), 7);
    check(memcmp(in_memory, "\0\1\1\0\1\1\0", 7) == 0);
    check_eq(as_resident(as, page_at(5), 3, in_memory), 2);
    check_eq(as_resident(as, page_at(7), 1, in_memory), 0);
    check_eq(as_resident(as, page_at(7), 0, in_memory), 0);
    check_eq(faults(FAULT_B3) + faults(FAULT_B2) + faults(FAULT_C), 3);         /* asking brings nothing in */
    destroy(as);
    destroy(other);
    object_put(obj);
}

/* A private copy is in memory though the file's page is not any more. */
static void resident_copies(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create();
    uint8_t in_memory[2];
    check_eq(map_object(as, at, 2 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(program_store(as, at, 1), 0);
    check_eq(object_drop_caches(), 1);
    check_eq(as_resident(as, at, 2, in_memory), 2);
    check_eq(in_memory[0], 1);
    check_eq(in_memory[1], 0);
    destroy(as);
    object_put(obj);
}

static void syncing(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), 4 * PAGE_SIZE, RW), 0);
    check_eq(as_protect(as, page_at(1), PAGE_SIZE, PROT_NONE), 0);
    check_eq(as_sync(as, page_at(0), 4 * PAGE_SIZE, true), 0);
    check_eq(as_sync(as, page_at(0), 5 * PAGE_SIZE, false), -ENOMEM);
    check_eq(as_lock(as, page_at(3), PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(as_sync(as, page_at(0), 5 * PAGE_SIZE, false), -ENOMEM);
    check_eq(as_sync(as, page_at(0), 5 * PAGE_SIZE, true), -EBUSY);
    check_eq(as_sync(as, page_at(0), 3 * PAGE_SIZE, true), 0);
    destroy(as);
}

const struct test_case advise_cases[] = {
    { "forget: what comes anew", forgotten },
    { "forget: files", forgotten_files },
    { "forget: up to what stays", forgotten_in_part },
    { "forget fails whole", forgetting_fails_whole },
    { "flags: set, taken, one VMA again", advising },
    { "flags: empty in a child", advising_empty },
    { "flags fail whole", advising_fails_whole },
    { "lock: what counts, and what is refused", locking },
    { "lock: through the other verbs", locks_counted },
    { "lock: all there is, and all to come", locking_all },
    { "populate: by one access", populating },
    { "populate: without memory", populating_without_memory },
    { "populate: to the last frames but a few", populating_to_the_last },
    { "populate: what is mapped, as it may be", populating_what_is_mapped },
    { "resident: who has what", resident },
    { "resident: a copy without its file", resident_copies },
    { "sync: holes and locks", syncing },
    { 0 },
};
