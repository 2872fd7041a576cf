/*
 * addrspace.c - tests of mm/addrspace.h: each verb, its errors, and that an error has changed nothing.
 */
#include "kernel/core/panic.h"
#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

static const vaddr_t at = 0x400000;
static char source[8 * PAGE_SIZE];

/* Where page index i of the range at `at` stands: mapped with prot, -1: not mapped. */
static int page_prot(struct addrspace *as, unsigned i)
{
    as_write(as);
    struct vma *vma = vma_find(as, at + i * PAGE_SIZE);
    as_write_done(as);
    return vma != NULL ? vma->prot : -1;
}

static size_t vma_count(struct addrspace *as) { return as->vmas.count; }

/* ---- map ---- */

static void mapping(void)
{
    struct addrspace *as = as_create();
    struct map_request req = { .prot = RW, .fixed = true };
    vaddr_t out;
    check_eq(as_map(as, at, 2 * PAGE_SIZE - 1, &req, &out), 0);         /* rounded up to pages */
    check_eq(out, at);
    check_eq(page_prot(as, 1), RW);
    check_eq(page_prot(as, 2), -1);

    check_eq(as_map(as, at + PAGE_SIZE, PAGE_SIZE, &req, &out), -EEXIST);
    check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), -EPERM);             /* page 0 */
    check_eq(as_map(as, at + 1, PAGE_SIZE, &req, &out), -EINVAL);
    check_eq(as_map(as, at, 0, &req, &out), -EINVAL);
    check_eq(as_map(as, USER_END, PAGE_SIZE, &req, &out), -ENOMEM);
    check_eq(as_map(as, USER_END - PAGE_SIZE, PAGE_SIZE + 1, &req, &out), -ENOMEM);
    check_eq(as_map(as, at, SIZE_MAX, &req, &out), -ENOMEM);
    check_eq(as_map(as, 0xffffffc000000000, PAGE_SIZE, &req, &out), -ENOMEM);
    req.prot = 8;
    check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), -EINVAL);
    check_eq(vma_count(as), 1);
    check_eq(map_zero(as, USER_END - PAGE_SIZE, PAGE_SIZE, RW), 0);     /* the very last page is as good as any */
    check_eq(program_store(as, USER_END - 1, 1), 0);
    destroy(as);
}

/* Neighbours that continue each other become one VMA; others do not. */
static void merging(void)
{
    struct addrspace *as = as_create();
    struct vm_object *obj = object_create(source, sizeof source, NULL);
    check_eq(map_zero(as, at, PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, at + PAGE_SIZE, PAGE_SIZE, RW), 0);
    check_eq(vma_count(as), 1);
    check_eq(map_zero(as, at + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    check_eq(map_object(as, at + 3 * PAGE_SIZE, PAGE_SIZE, PROT_READ, false, obj, 0), 0);
    check_eq(vma_count(as), 3);
    check_eq(map_object(as, at + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ, false, obj, 1), 0);
    check_eq(vma_count(as), 3);
    check_eq(map_object(as, at + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ, false, obj, 1), 0);
    check_eq(map_object(as, at + 6 * PAGE_SIZE, PAGE_SIZE, PROT_READ, true, obj, 2), 0);
    check_eq(vma_count(as), 5);
    world_check();
    destroy(as);
    object_put(obj);
}

/* Without an address: from the top down, below the stack and its gap. */
static void finding_room(void)
{
    struct addrspace *as = as_create();
    const vaddr_t top = USER_END - PAGE_SIZE;
    struct map_request req = { .prot = RW }, stack = { .prot = RW, .kind = VMA_STACK, .fixed = true };
    vaddr_t out;
    check_eq(as_map(as, 0, 3 * PAGE_SIZE, &req, &out), 0);
    check_eq(out, top - 3 * PAGE_SIZE);
    check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), 0);
    check_eq(out, top - 4 * PAGE_SIZE);
    check_eq(as_unmap(as, top - 3 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
    check_eq(as_map(as, 0, 3 * PAGE_SIZE, &req, &out), 0);              /* does not fit into the hole */
    check_eq(out, top - 7 * PAGE_SIZE);
    check_eq(as_map(as, 0, 2 * PAGE_SIZE, &req, &out), 0);
    check_eq(out, top - 3 * PAGE_SIZE);
    check_eq(as_map(as, at, PAGE_SIZE, &req, &out), 0);                 /* a hint that is free */
    check_eq(out, at);
    check_eq(as_map(as, at, PAGE_SIZE, &req, &out), 0);                 /* and one that is not */
    check_eq(out, top - 8 * PAGE_SIZE);
    check_eq(as_map(as, 0, USER_END - at, &req, &out), -ENOMEM);

    const vaddr_t stack_at = top - 100 * PAGE_SIZE;
    check_eq(as_map(as, stack_at, PAGE_SIZE, &stack, &out), 0);
    req.fixed = true;
    check_eq(as_map(as, stack_at - PAGE_SIZE, PAGE_SIZE, &req, &out), -EEXIST);         /* its gap */
    check_eq(as_map(as, stack_at - VMA_STACK_GAP - PAGE_SIZE, PAGE_SIZE, &req, &out), 0);
    req.fixed = false;
    check_eq(as_map(as, 0, 92 * PAGE_SIZE, &req, &out), 0);             /* too large for what is above the stack */
    check_eq(out, stack_at - VMA_STACK_GAP - 93 * PAGE_SIZE);
    world_check();
    destroy(as);
}

/* ---- unmap ---- */

static void unmapping(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, 8 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 8; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, i + 1), 0);
    check_eq(as_unmap(as, at + 2 * PAGE_SIZE, PAGE_SIZE + 1), 0);       /* every page that it touches */
    check_eq(vma_count(as), 2);
    for (unsigned i = 0; i < 8; i++)
        check_eq(program_load(as, at + i * PAGE_SIZE), i == 2 || i == 3 ? -EFAULT : (int)i + 1);
    check_eq(page_used(PAGE_ANON), 6);
    check_eq(as_unmap(as, at, 8 * PAGE_SIZE), 0);                       /* holes are allowed */
    check_eq(page_used(PAGE_ANON), 0);
    check_eq(as_unmap(as, at, PAGE_SIZE), 0);                           /* even nothing but a hole */
    check_eq(as_unmap(as, at + 1, PAGE_SIZE), -EINVAL);
    check_eq(as_unmap(as, at, 0), -EINVAL);
    check_eq(as_unmap(as, USER_END - PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
    check_eq(map_zero(as, at, PAGE_SIZE, RW), 0);
    check_eq(program_load(as, at), 0);                                  /* new memory, not the old contents */
    destroy(as);
}

/* What lies behind a file does not move when something before it is cut off. */
static void unmapping_file(void)
{
    for (unsigned i = 0; i < 8; i++)
        source[i * PAGE_SIZE] = 'a' + i;
    struct vm_object *obj = object_create(source, sizeof source, NULL);
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, 8 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(program_store(as, at + 6 * PAGE_SIZE, 'X'), 0);
    check_eq(as_unmap(as, at, PAGE_SIZE), 0);
    check_eq(as_unmap(as, at + 3 * PAGE_SIZE, PAGE_SIZE), 0);
    check_eq(as_unmap(as, at + 7 * PAGE_SIZE, PAGE_SIZE), 0);
    for (unsigned i = 0; i < 8; i++)
        check_eq(program_load(as, at + i * PAGE_SIZE),
                 i == 0 || i == 3 || i == 7 ? -EFAULT : i == 6 ? 'X' : (int)('a' + i));
    destroy(as);
    object_put(obj);
}

/* ---- protect ---- */

static void protecting(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, 4 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 4; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, 5), 0);
    check_eq(as_protect(as, at + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    check_eq(vma_count(as), 3);
    check_eq(program_store(as, at + PAGE_SIZE, 6), -EACCES);
    check_eq(program_load(as, at + PAGE_SIZE), 5);
    check_eq(program_store(as, at + 2 * PAGE_SIZE, 6), 0);
    check_eq(program_fetch(as, at), -EACCES);
    check_eq(as_protect(as, at + PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
    check_eq(program_load(as, at + PAGE_SIZE), -EACCES);
    check_eq(as_protect(as, at + PAGE_SIZE, PAGE_SIZE, RW), 0);
    check_eq(vma_count(as), 1);                         /* and they are one again */
    check_eq(program_load(as, at + PAGE_SIZE), 5);

    check_eq(as_protect(as, at + 3 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
    check_eq(page_prot(as, 3), PROT_READ);              /* up to the hole */
    check_eq(as_protect(as, at, PAGE_SIZE, 8), -EINVAL);
    check_eq(as_protect(as, at, 0, PROT_READ), -EINVAL);
    check_eq(as_protect(as, at + 1, PAGE_SIZE, PROT_READ), -EINVAL);
    destroy(as);
}

/* Stored, then made executable: the fetch sees it, with no fence of the program's. */
static void protecting_for_fetch(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 300; i++) {
        host_use_hart(i % 3);
        check_eq(program_store(as, at + i % 8, i), 0);
        check_eq(as_protect(as, at, PAGE_SIZE, PROT_READ | PROT_EXEC), 0);
        host_use_hart(i % 2);
        check_eq(program_fetch(as, at + i % 8), (uint8_t)i);
        check_eq(as_protect(as, at, PAGE_SIZE, RW), 0);
    }
    destroy(as);
}

/* The same where the page was writable and executable at once before, and its leaf has stayed writable since. */
static void protecting_both_for_fetch(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 300; i++) {
        host_use_hart(i % 3);
        check_eq(as_protect(as, at, PAGE_SIZE, RW | PROT_EXEC), 0);
        check_eq(program_store(as, at, i), 0);
        soft_fence_fetch();
        check_eq(program_fetch(as, at), (uint8_t)i);
        check_eq(as_protect(as, at, PAGE_SIZE, RW), 0);
        check_eq(program_store(as, at, i + 1), 0);
        check_eq(as_protect(as, at, PAGE_SIZE, PROT_READ | PROT_EXEC), 0);
        check_eq(program_fetch(as, at), (uint8_t)(i + 1));
    }
    destroy(as);
}

/* ---- brk ---- */

static void heap(void)
{
    struct addrspace *as = as_create();
    vaddr_t old;
    as_set_brk_base(as, at);
    check_eq(set_brk(as, at - 1), -EINVAL);
    check_eq(set_brk(as, at), 0);
    check_eq(vma_count(as), 0);                         /* no VMA while empty */
    check_eq(set_brk(as, at + 5), 0);
    check_eq(program_store(as, at + PAGE_SIZE - 1, 9), 0);      /* exact to the page for faults */
    check_eq(program_store(as, at + PAGE_SIZE, 9), -EFAULT);
    check_eq(as_move_brk(as, 3 * PAGE_SIZE, &old), 0);
    check_eq(old, at + 5);                              /* exact to the byte for sbrk */
    check_eq(as->brk, at + 5 + 3 * PAGE_SIZE);
    check_eq(vma_count(as), 1);
    check_eq(program_store(as, at + 3 * PAGE_SIZE, 9), 0);
    check_eq(as_move_brk(as, -3 * (int64_t)PAGE_SIZE, &old), 0);
    check_eq(program_load(as, at + 3 * PAGE_SIZE), -EFAULT);
    check_eq(program_load(as, at + PAGE_SIZE - 1), 9);
    check_eq(as_move_brk(as, 3 * PAGE_SIZE, &old), 0);
    check_eq(program_load(as, at + 3 * PAGE_SIZE), 0);  /* new memory */

    check_eq(map_zero(as, at + 8 * PAGE_SIZE, PAGE_SIZE, RW), 0);
    vaddr_t brk = as->brk;
    check_eq(set_brk(as, at + 8 * PAGE_SIZE + 1), -ENOMEM);  /* into another mapping */
    check_eq(set_brk(as, USER_END + 1), -ENOMEM);
    check_eq(as_move_brk(as, INT64_MAX, &old), -ENOMEM);
    check_eq(as_move_brk(as, INT64_MIN, &old), -EINVAL);
    check_eq(as_move_brk(as, -(int64_t)(brk - at) - 1, &old), -EINVAL);
    check_eq(as->brk, brk);
    check_eq(set_brk(as, at + 8 * PAGE_SIZE), 0);            /* right up to it */
    check_eq(set_brk(as, at), 0);
    check_eq(page_used(PAGE_ANON), 0);
    destroy(as);
}

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

/* ---- without memory ---- */

struct scene {
    struct addrspace *as, *other;       /* forked, so that every node and anon is shared */
};

static struct scene scene_make(void)
{
    struct scene s = { as_create(), NULL };
    as_set_brk_base(s.as, at);
    check_eq(set_brk(s.as, at + 100 * PAGE_SIZE), 0);
    for (unsigned i = 0; i < 100; i += 3)
        check_eq(program_store(s.as, at + i * PAGE_SIZE, i), 0);
    check_eq(map_zero(s.as, at + 300 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    check_eq(as_fork(s.as, &s.other), 0);
    return s;
}

static void scene_unchanged(void *arg)
{
    struct scene *s = arg;
    check_eq(s->as->brk, at + 100 * PAGE_SIZE);
    check_eq(vma_count(s->as), 2);
    check_eq(s->as->vmas.npages, 101);
    for (unsigned i = 0; i < 100; i++) {
        bool exclusive;
        check_eq(anon_at(s->as, at + i * PAGE_SIZE, &exclusive) != NULL, i % 3 == 0);
        check_eq(exclusive, false);
    }
}

static int try_fork(void *arg)
{
    struct addrspace *child;
    int err = as_fork(((struct scene *)arg)->as, &child);
    if (err == 0)
        destroy(child);
    return err;
}

static int try_unmap(void *arg) { return as_unmap(((struct scene *)arg)->as, at + 10 * PAGE_SIZE, 50 * PAGE_SIZE); }
static int try_shrink(void *arg) { return set_brk(((struct scene *)arg)->as, at + 50 * PAGE_SIZE); }
static int try_protect(void *arg) { return as_protect(((struct scene *)arg)->as, at + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ); }
static int try_map(void *arg) { return map_zero(((struct scene *)arg)->as, at + 200 * PAGE_SIZE, PAGE_SIZE, RW); }

static void fails_whole(test_attempt *attempt)
{
    struct scene s = scene_make();
    world_drop_caches();
    check_fails_cleanly(attempt, &s, scene_unchanged);
    destroy(s.as);
    destroy(s.other);
}

static void fork_fails_whole(void) { fails_whole(try_fork); }
static void unmap_fails_whole(void) { fails_whole(try_unmap); }
static void shrink_fails_whole(void) { fails_whole(try_shrink); }
static void protect_fails_whole(void) { fails_whole(try_protect); }
static void map_fails_whole(void) { fails_whole(try_map); }

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
    destroy(s.as);
    destroy(s.other);
    check_eq(host_allocations(), 0);
    host_fail_allocation(FAIL_NONE, 0);
}

/* ---- forget, limit ---- */

static void forgotten(void)
{
    struct addrspace *as = as_create(), *child;
    check_eq(map_zero(as, at, 4 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 4; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, 10 + i), 0);
    check_eq(as_fork(as, &child), 0);
    check_eq(as_forget(as, at + PAGE_SIZE, 2 * PAGE_SIZE, forget_any), 0);
    check_eq(program_load(as, at), 10);
    check_eq(program_load(as, at + PAGE_SIZE), 0);            /* zeroes, as if never touched */
    check_eq(program_load(as, at + 3 * PAGE_SIZE), 13);
    check_eq(program_load(child, at + PAGE_SIZE), 11);        /* the other one's stay */
    check_eq(as_forget(as, at + 3 * PAGE_SIZE, 2 * PAGE_SIZE, forget_any), -ENOMEM);  /* not all of it is mapped; but done */
    check_eq(program_load(as, at), 10);
    check_eq(program_load(as, at + 3 * PAGE_SIZE), 0);
    check_eq(as_forget(as, at + 1, PAGE_SIZE, forget_any), -EINVAL);
    world_check();
    destroy(child);
    destroy(as);
}

static int forget_half(void *as) { return as_forget(as, at, PAGE_SIZE, forget_any); }
static void not_forgotten(void *as) { check_eq(program_load(as, at), 7); }

static void forgetting_fails_whole(void)
{
    struct addrspace *as = as_create(), *child;
    check_eq(map_zero(as, at, 2 * PAGE_SIZE, RW), 0);
    check_eq(program_store(as, at, 7), 0);
    check_eq(program_store(as, at + PAGE_SIZE, 8), 0);
    check_eq(as_fork(as, &child), 0);           /* shares the node that must be copied */
    check_fails_cleanly(forget_half, as, not_forgotten);
    destroy(child);
    destroy(as);
}

static void limited(void)
{
    struct addrspace *as = as_create(), *child;
    as_set_limits(as, &(struct as_limits){ 3 * PAGE_SIZE + 1, UINT64_MAX, 0 });
    check_eq(map_zero(as, at, 4 * PAGE_SIZE, RW), -ENOMEM);
    check_eq(map_zero(as, at, 2 * PAGE_SIZE, RW), 0);
    as_set_brk_base(as, 2 * at);
    check_eq(set_brk(as, 2 * at + 2 * PAGE_SIZE), -ENOMEM);
    check_eq(set_brk(as, 2 * at + 1), 0);
    check_eq(as_fork(as, &child), 0);
    check_eq(map_zero(child, 4 * at, 1, RW), -ENOMEM);        /* inherited */
    as_set_limits(as, &(struct as_limits){ 0 });                    /* what is there stays */
    check_eq(set_brk(as, 2 * at), 0);           /* and less is always allowed */
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, 3 * PAGE_SIZE, 0 });
    check_eq(set_brk(as, 2 * at + 3 * PAGE_SIZE + 1), -ENOMEM);
    check_eq(set_brk(as, 2 * at + PAGE_SIZE + 1), -ENOMEM);   /* two pages are mapped, and count */
    check_eq(set_brk(as, 2 * at + PAGE_SIZE), 0);
    check_eq(program_store(as, at, 1), 0);
    destroy(child);
    destroy(as);
}

/* With as many VMAs as there may be: no more, none in two pieces; but whole ones can go, and become one again. */
static void as_many_as_there_may_be(void)
{
    struct addrspace *as = as_create();
    for (unsigned i = 0; i < VMA_MAX - 1; i++)
        check_eq(map_zero(as, at + i * PAGE_SIZE, PAGE_SIZE, i % 2 == 0 ? RW : PROT_READ), 0);
    const vaddr_t last = at + VMA_MAX * PAGE_SIZE;
    check_eq(map_zero(as, last, 3 * PAGE_SIZE, RW), 0);
    check_eq(vma_count(as), VMA_MAX);
    check_eq(map_zero(as, last + 4 * PAGE_SIZE, PAGE_SIZE, RW), -ENOMEM);
    check_eq(as_unmap(as, last + PAGE_SIZE, PAGE_SIZE), -ENOMEM);
    check_eq(as_protect(as, last, PAGE_SIZE, PROT_READ), -ENOMEM);
    check_eq(as_protect(as, at + PAGE_SIZE, PAGE_SIZE, RW), 0);
    check_eq(vma_count(as), VMA_MAX - 2);
    check_eq(as_unmap(as, last + PAGE_SIZE, PAGE_SIZE), 0);
    check_eq(vma_count(as), VMA_MAX - 1);
    check_eq(as_unmap(as, last, PAGE_SIZE), 0);
    check_eq(as_unmap(as, at, VMA_MAX * PAGE_SIZE), 0);
    check_eq(vma_count(as), 1);
    destroy(as);
}

const struct test_case addrspace_cases[] = {
    { "map: what is allowed, and what is not", mapping },
    { "map: neighbours become one", merging },
    { "map: from the top down, below the stack", finding_room },
    { "unmap: every page that it touches", unmapping },
    { "unmap: a file's pages stay where they are", unmapping_file },
    { "protect: rights go at once, and come by faults", protecting },
    { "protect: stored, then executed", protecting_for_fetch },
    { "protect: both at once, stored, then executed", protecting_both_for_fetch },
    { "brk: grow, shrink, and every refusal", heap },
    { "fork: shared until one stores", forking },
    { "fork: whichever hart stores next", forking_harts },
    { "create fails whole", create_fails_whole },
    { "map fails whole", map_fails_whole },
    { "unmap fails whole", unmap_fails_whole },
    { "protect fails whole", protect_fails_whole },
    { "brk fails whole", shrink_fails_whole },
    { "fork fails whole", fork_fails_whole },
    { "destroy needs no memory", destroy_needs_nothing },
    { "forgetting contents", forgotten },
    { "forgetting fails whole", forgetting_fails_whole },
    { "a limit on what is mapped", limited },
    { "a limit on the number of VMAs", as_many_as_there_may_be },
    { 0 },
};
