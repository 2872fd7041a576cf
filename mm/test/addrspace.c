/*
 * addrspace.c - tests of mm/addrspace.c: an address space comes, is copied, goes. The verbs on its ranges: map.c, advise.c.
 */
#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

static const vaddr_t at = 0x400000;
static char source[2 * PAGE_SIZE];

static vaddr_t page_at(unsigned i) { return at + i * PAGE_SIZE; }

/* ---- fork ---- */

static void forking(void)
{
    struct addrspace *parent = as_create(), *child;
    as_set_brk_base(parent, at);
    check_eq(set_brk(parent, at + 4 * PAGE_SIZE), 0);
    for (unsigned i = 0; i < 4; i++)
        check_eq(program_store(parent, at + i * PAGE_SIZE, i), 0);
    check_eq(as_fork(parent, &child), 0);
    check_eq(page_used(PAGE_ANON), 4);
    check_eq(child->brk, parent->brk);
    check(child->family == parent->family);

    check_eq(program_store(child, at, 77), 0);
    check_eq(program_load(parent, at), 0);
    check_eq(program_store(parent, at + PAGE_SIZE, 88), 0);
    check_eq(program_load(child, at + PAGE_SIZE), 1);
    check_eq(page_used(PAGE_ANON), 6);
    check_eq(faults(FAULT_A3), 2);

    destroy(parent);
    for (unsigned i = 1; i < 4; i++)                    /* all its own now */
        check_eq(program_store(child, at + i * PAGE_SIZE, i), 0);
    check_eq(faults(FAULT_A3), 2);
    destroy(child);
}

/* Every store the parent makes after fork, on any hart, must fault first: the child may not see it. */
static void forking_harts(void)
{
    struct addrspace *parent = as_create(), *child;
    check_eq(map_zero(parent, at, 8 * PAGE_SIZE, RW), 0);
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned h = 0; h < 4; h++) {
            host_use_hart(h);
            for (unsigned i = 0; i < 8; i++)
                check_eq(program_store(parent, at + i * PAGE_SIZE, round), 0);
        }
        check_eq(as_fork(parent, &child), 0);
        host_use_hart(round % 4);
        for (unsigned i = 0; i < 8; i++) {
            check_eq(program_store(parent, at + i * PAGE_SIZE, round + 1), 0);
            check_eq(program_load(child, at + i * PAGE_SIZE), round);
        }
        check_eq(faults(FAULT_A3), 8 * (round + 1));
        destroy(child);
    }
    destroy(parent);
}

/* What a VMA says about children: it is not theirs, or is empty. Locks are not inherited, limits are. */
static void forking_as_advised(void)
{
    struct addrspace *parent = as_create(), *child;
    check_eq(map_zero(parent, page_at(0), 6 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 6; i++)
        check_eq(program_store(parent, page_at(i), i + 1), 0);
    check_eq(as_advise(parent, page_at(1), PAGE_SIZE, 0, VMA_NOT_TO_CHILD), 0);
    check_eq(as_advise(parent, page_at(2), 2 * PAGE_SIZE, 0, VMA_EMPTY_IN_CHILD), 0);
    check_eq(as_lock(parent, page_at(3), 2 * PAGE_SIZE, VMA_LOCKED | VMA_LOCK_ON_FAULT), 0);
    check_eq(as_lock_all(parent, VMA_LOCKED, false, true), 0);
    as_set_limits(parent, &(struct as_limits){ 6 * PAGE_SIZE, UINT64_MAX, 2 * PAGE_SIZE });
    check_eq(as_fork(parent, &child), 0);
    world_check();
    check_eq(page_used(PAGE_ANON), 6);
    for (unsigned i = 0; i < 6; i++)
        check_eq(program_load(child, page_at(i)), i == 1 ? -EFAULT : i == 2 || i == 3 ? 0 : (int)i + 1);
    check_eq(child->vmas.nlocked, 0);
    check_eq(parent->vmas.nlocked, 2);
    check_eq(child->vmas.npages, 5);
    check_eq(vma_at(child, page_at(2))->flags, VMA_EMPTY_IN_CHILD | VMA_COMMITTED);     /* and so it will be in its own children */
    check_eq(vma_at(child, page_at(4))->flags, VMA_COMMITTED);
    check_eq(child->lock_future, 0);
    check_eq(child->limits.locked, 2 * PAGE_SIZE);
    check_eq(map_zero(child, page_at(10), 2 * PAGE_SIZE, RW), -ENOMEM);         /* what it has not counts for nothing */
    check_eq(map_zero(child, page_at(1), PAGE_SIZE, RW), 0);
    check_eq(program_load(child, page_at(1)), 0);

    for (unsigned i = 0; i < 6; i++)                    /* the parent's are all there; and those that it kept, its own */
        check_eq(program_load(parent, page_at(i)), i + 1);
    uint64_t before = faults(FAULT_A3);
    for (unsigned i = 0; i < 6; i++)
        check_eq(program_store(parent, page_at(i), 7), 0);
    check_eq(faults(FAULT_A3) - before, 3);
    destroy(parent);
    destroy(child);
}

/* All of a neighbourhood goes or stays in the child; and several beside each other. */
static void forking_as_advised_widely(void)
{
    struct addrspace *parent = as_create(), *child;
    check_eq(map_zero(parent, page_at(0), 256 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 256; i++)
        check_eq(program_store(parent, page_at(i), i), 0);
    check_eq(as_advise(parent, page_at(20), 100 * PAGE_SIZE, 0, VMA_NOT_TO_CHILD), 0);
    check_eq(as_advise(parent, page_at(128), 64 * PAGE_SIZE, 0, VMA_EMPTY_IN_CHILD), 0);
    check_eq(as_fork(parent, &child), 0);
    world_check();
    destroy(parent);
    check_eq(page_used(PAGE_ANON), 256 - 100 - 64);
    for (unsigned i = 0; i < 256; i++)
        check_eq(program_load(child, page_at(i)), i >= 20 && i < 120 ? -EFAULT : i >= 128 && i < 192 ? 0 : (int)i);
    destroy(child);
}

/* ---- without memory ---- */

/* A parent with something of every kind: shared, private of a file, not for the child, empty in it. */
static struct addrspace *parent_of_all_kinds(struct vm_object *obj)
{
    struct scene s = scene_make();
    destroy(s.other);
    check_eq(map_object(s.as, page_at(110), 2 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(map_object(s.as, page_at(120), 2 * PAGE_SIZE, RW, true, obj, 0), 0);
    check_eq(program_store(s.as, page_at(111), 5), 0);
    check_eq(as_advise(s.as, page_at(3), PAGE_SIZE, 0, VMA_NOT_TO_CHILD), 0);
    check_eq(as_advise(s.as, page_at(45), 30 * PAGE_SIZE, 0, VMA_EMPTY_IN_CHILD), 0);
    return s.as;
}

static int try_fork(void *as)
{
    struct addrspace *child;
    int err = as_fork(as, &child);
    if (err == 0)
        destroy(child);
    return err;
}

static void not_forked(void *arg)
{
    struct addrspace *as = arg;
    bool exclusive;
    check_eq(as->vmas.npages, 105);
    check_eq(page_used(PAGE_ANON), 35);
    for (unsigned i = 0; i < 100; i += 3)
        check(anon_at(as, page_at(i), &exclusive) != NULL && exclusive);        /* nobody else has them */
    check_eq(as->family->members, 1);
}

static void fork_fails_whole(void)
{
    struct vm_object *obj = object_create(source, sizeof source, NULL);
    struct addrspace *as = parent_of_all_kinds(obj);
    world_drop_caches();
    check_fails_cleanly(try_fork, as, not_forked);
    check_eq(atomic_load(&obj->refs), 3);
    destroy(as);
    object_put(obj);
}

static int try_create(void *unused)
{
    (void)unused;
    struct addrspace *as = as_create();
    if (as == NULL)
        return -ENOMEM;
    destroy(as);
    return 0;
}

static void nothing_made(void *unused)
{
    (void)unused;
    check_eq(page_used(PAGE_TABLE), 0);
}

static void create_fails_whole(void) { check_fails_cleanly(try_create, NULL, nothing_made); }

/* The end of a program allocates nothing. */
static void destroy_needs_nothing(void)
{
    struct scene s = scene_make();
    host_fail_allocation(FAIL_FROM_THEN_ON, 1);
    scene_end(&s);
    check_eq(host_allocations(), 0);
    host_fail_allocation(FAIL_NONE, 0);
}

const struct test_case addrspace_cases[] = {
    { "fork: shared until one stores", forking },
    { "fork: whichever hart stores next", forking_harts },
    { "fork: not what is advised to stay, or to be empty", forking_as_advised },
    { "fork: the same for whole neighbourhoods", forking_as_advised_widely },
    { "create fails whole", create_fails_whole },
    { "fork fails whole", fork_fails_whole },
    { "destroy needs no memory", destroy_needs_nothing },
    { 0 },
};
