/*
 * map.c - tests of the verbs of mm/map.c: each with its errors, and that an error has changed nothing.
 */
#include <time.h>

#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)

static const vaddr_t at = 0x400000;
static char source[8 * PAGE_SIZE];

static vaddr_t page_at(unsigned i) { return at + i * PAGE_SIZE; }

/* The rights of page i, counted from at; -1: not mapped. */
static int page_prot(struct addrspace *as, unsigned i)
{
    const struct vma *vma = vma_at(as, page_at(i));
    return vma != NULL ? vma->prot : -1;
}

static size_t vma_count(struct addrspace *as) { return as->vmas.count; }

/* A file whose pages begin with 'a', 'b', ... */
static struct vm_object *lettered_file(void)
{
    for (unsigned i = 0; i < 8; i++)
        source[i * PAGE_SIZE] = 'a' + i;
    return object_create(source, sizeof source, NULL);
}

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

/* What fills a hole becomes one with both sides, and so does what comes in the place of something else. */
static void merging_both_sides(void)
{
    struct addrspace *as = as_create();
    struct vm_object *obj = lettered_file();
    check_eq(map_object(as, page_at(0), 2 * PAGE_SIZE, PROT_READ, true, obj, 0), 0);
    check_eq(map_object(as, page_at(4), 2 * PAGE_SIZE, PROT_READ, true, obj, 4), 0);
    check_eq(map_object(as, page_at(2), 2 * PAGE_SIZE, PROT_READ, true, obj, 3), 0);    /* not what comes next in the file */
    check_eq(vma_count(as), 3);
    check_eq(map_over(as, page_at(2), 2 * PAGE_SIZE, PROT_READ, true, obj, 2), 0);
    check_eq(vma_count(as), 1);
    check_eq(as_unmap(as, page_at(1), 4 * PAGE_SIZE), 0);
    check_eq(map_object(as, page_at(1), 4 * PAGE_SIZE, PROT_READ, true, obj, 1), 0);
    check_eq(vma_count(as), 1);
    check_eq(as->vmas.npages, 6);
    check_eq(atomic_load(&obj->refs), 2);
    for (unsigned i = 0; i < 6; i++)
        check_eq(program_load(as, page_at(i)), 'a' + i);
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

/* Nothing is placed below a heap's end, unless asked for: the heap grows there. */
static void finding_room_above_heap(void)
{
    struct addrspace *as = as_create();
    struct map_request req = { .prot = RW };
    const vaddr_t base = USER_END - 10 * PAGE_SIZE;
    vaddr_t out;
    as_set_brk_base(as, base);
    check_eq(set_brk(as, base + 3 * PAGE_SIZE - 1), 0);
    check_eq(as_map(as, 0, 6 * PAGE_SIZE, &req, &out), 0);              /* all that is left but the last page */
    check_eq(out, base + 3 * PAGE_SIZE);
    check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), -ENOMEM);
    check_eq(as_map(as, at, PAGE_SIZE, &req, &out), 0);
    check_eq(out, at);
    check_eq(set_brk(as, base), 0);
    check_eq(as_map(as, 0, 3 * PAGE_SIZE, &req, &out), 0);
    check_eq(out, base);
    destroy(as);
}

/* Nanoseconds of this thread for rounds turns of: a page goes, and the next mapping finds its place. */
static long time_of_room(struct addrspace *as, vaddr_t low, unsigned npages, unsigned rounds)
{
    struct map_request req = { .prot = RX };    /* like none of its neighbours */
    struct timespec start, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    for (unsigned i = 0; i < rounds; i++) {
        vaddr_t va = low + host_random() % npages * PAGE_SIZE, out;
        check_eq(as_unmap(as, va, PAGE_SIZE), 0);
        check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), 0);
        check_eq(out, va);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec;
}

/* Room is found on one way down the tree: with a thousand times as many mappings that takes a few times as long. */
static void finding_room_among_many(void)
{
    enum { FEW = 60, MANY = 60000, ROUNDS = 2000 };
    struct addrspace *as = as_create();
    struct map_request req = { .prot = RW };
    vaddr_t out = 0;
    long few = 0, many;
    for (unsigned i = 1; i <= MANY; i++) {
        req.prot = i % 2 == 0 ? RW : PROT_READ;
        check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), 0);
        if (i == FEW)
            few = time_of_room(as, out, FEW, ROUNDS);
    }
    many = time_of_room(as, out, MANY, ROUNDS);
    check(many < 100 * few);
    destroy(as);
}

/* ---- map over what is there ---- */

static void mapping_over(void)
{
    struct addrspace *as = as_create();
    struct vm_object *obj = lettered_file();
    check_eq(map_zero(as, page_at(0), 8 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 8; i++)
        check_eq(program_store(as, page_at(i), i + 1), 0);
    check_eq(as_protect(as, page_at(4), 4 * PAGE_SIZE, PROT_READ), 0);
    check_eq(map_object(as, page_at(9), 3 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(program_store(as, page_at(9), 'X'), 0);
    check_eq(program_store(as, page_at(10), 'Y'), 0);

    /* The end of one, all of another, a hole, and the beginning of a third. */
    check_eq(map_over(as, page_at(2), 8 * PAGE_SIZE, PROT_READ, false, NULL, 0), 0);
    check_eq(vma_count(as), 3);
    check_eq(as->vmas.npages, 12);
    check_eq(page_used(PAGE_ANON), 3);
    for (unsigned i = 2; i < 10; i++) {
        check_eq(leaf_prot(as, page_at(i)), -1);        /* it is gone at once, for everybody */
        check_eq(page_prot(as, i), PROT_READ);
        check_eq(program_load(as, page_at(i)), 0);
    }
    check_eq(program_load(as, page_at(0)), 1);
    check_eq(program_load(as, page_at(1)), 2);
    check_eq(program_load(as, page_at(10)), 'Y');
    check_eq(program_load(as, page_at(11)), 'c');       /* what lies behind a file has not moved */

    /* The middle of one: it is two then. And what is like its neighbours is new all the same. */
    check_eq(map_over(as, page_at(4), PAGE_SIZE, PROT_READ, true, obj, 7), 0);
    check_eq(vma_count(as), 5);
    check_eq(program_load(as, page_at(4)), 'h');
    check_eq(map_over(as, page_at(0), PAGE_SIZE, RW, false, NULL, 0), 0);
    check_eq(vma_count(as), 5);
    check_eq(program_load(as, page_at(0)), 0);
    check_eq(program_load(as, page_at(1)), 2);

    /* All of it, and the objects are mapped by nobody. */
    check_eq(map_over(as, page_at(0), 12 * PAGE_SIZE, RW, false, NULL, 0), 0);
    check_eq(vma_count(as), 1);
    check_eq(atomic_load(&obj->refs), 1);
    check_eq(map_over(as, page_at(20), PAGE_SIZE, RW, false, NULL, 0), 0);     /* over nothing it is as any other */
    check_eq(vma_count(as), 2);
    world_check();
    destroy(as);
    object_put(obj);
}

/* Who maps over a stack's gap means it. */
static void mapping_over_gap(void)
{
    struct addrspace *as = as_create();
    struct map_request stack = { .prot = RW, .kind = VMA_STACK, .fixed = true };
    vaddr_t out;
    check_eq(as_map(as, at + VMA_STACK_GAP, 2 * PAGE_SIZE, &stack, &out), 0);
    check_eq(map_zero(as, at, PAGE_SIZE, RW), -EEXIST);
    check_eq(map_over(as, at, PAGE_SIZE, RW, false, NULL, 0), 0);
    check_eq(map_over(as, at + VMA_STACK_GAP, PAGE_SIZE, RW, false, NULL, 0), 0);
    check_eq(vma_count(as), 3);
    check_eq(map_zero(as, at + PAGE_SIZE, PAGE_SIZE, RW), 0);           /* only what is next keeps a gap */
    world_check();
    destroy(as);
}

/* Every refusal comes before anything has gone. */
static void mapping_over_refused(void)
{
    struct addrspace *as = as_create();
    struct map_request req = { .prot = RW, .fixed = true, .replace = true };
    vaddr_t out;
    check_eq(map_zero(as, at, 4 * PAGE_SIZE, RW), 0);
    check_eq(program_store(as, at, 7), 0);
    check_eq(as_map(as, at + 1, PAGE_SIZE, &req, &out), -EINVAL);
    check_eq(as_map(as, at, 0, &req, &out), -EINVAL);
    check_eq(as_map(as, at, USER_END, &req, &out), -ENOMEM);
    check_eq(as_map(as, 0, at + PAGE_SIZE, &req, &out), -EPERM);
    as_set_limits(as, &(struct as_limits){ .mapped = 4 * PAGE_SIZE, .data = UINT64_MAX, .locked = 2 * PAGE_SIZE });
    check_eq(as_map(as, at, 5 * PAGE_SIZE, &req, &out), -ENOMEM);
    check_eq(as_map(as, at + 2 * PAGE_SIZE, 3 * PAGE_SIZE, &req, &out), -ENOMEM);
    req.flags = VMA_LOCKED;
    check_eq(as_map(as, at, 3 * PAGE_SIZE, &req, &out), -EAGAIN);
    check_eq(vma_count(as), 1);
    check_eq(program_load(as, at), 7);
    check_eq(as_map(as, at + 2 * PAGE_SIZE, 2 * PAGE_SIZE, &req, &out), 0);     /* no more than there was */
    check_eq(as->vmas.npages, 4);
    check_eq(as->vmas.nlocked, 2);
    req.flags = 0;
    check_eq(as_map(as, at + 3 * PAGE_SIZE, PAGE_SIZE, &req, &out), 0);
    check_eq(as->vmas.nlocked, 1);
    check_eq(program_load(as, at), 7);
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
    struct vm_object *obj = lettered_file();
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

/* Up to the first page that is not mapped, or may not have the rights; what comes before has them, what comes after has not. */
static void protecting_in_part(void)
{
    struct addrspace *as = as_create();
    struct vm_object *obj = lettered_file();
    struct map_request read_only = { .prot = PROT_READ, .prot_denied = PROT_WRITE, .shared = true, .fixed = true,
                                     .object = obj };
    vaddr_t out;
    check_eq(map_zero(as, page_at(0), 2 * PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, page_at(3), 2 * PAGE_SIZE, PROT_READ), 0);
    check_eq(as_map(as, page_at(5), 2 * PAGE_SIZE, &read_only, &out), 0);
    check_eq(map_zero(as, page_at(7), PAGE_SIZE, PROT_READ), 0);

    check_eq(as_protect(as, page_at(1), 4 * PAGE_SIZE, PROT_NONE), -ENOMEM);
    check_eq(page_prot(as, 0), RW);
    check_eq(page_prot(as, 1), PROT_NONE);
    check_eq(page_prot(as, 3), PROT_READ);
    check_eq(as_protect(as, page_at(2), 2 * PAGE_SIZE, PROT_NONE), -ENOMEM);    /* nothing comes before */
    check_eq(page_prot(as, 3), PROT_READ);

    check_eq(as_protect(as, page_at(4), 4 * PAGE_SIZE, RW), -EACCES);
    check_eq(page_prot(as, 3), PROT_READ);
    check_eq(page_prot(as, 4), RW);
    check_eq(page_prot(as, 5), PROT_READ);
    check_eq(page_prot(as, 7), PROT_READ);
    check_eq(as_protect(as, page_at(5), PAGE_SIZE, RW), -EACCES);
    check_eq(as_protect(as, page_at(6), PAGE_SIZE, RX), 0);                     /* only what is denied is */
    check_eq(program_fetch(as, page_at(6)), 'b');
    check_eq(as_protect(as, page_at(6), PAGE_SIZE, RW), -EACCES);               /* the part knows it, too */
    check_eq(as_protect(as, page_at(5), 2 * PAGE_SIZE, PROT_READ), 0);
    check_eq(vma_count(as), 6);
    check(!object_may_be_stored_to(obj));
    check_eq(map_object(as, page_at(10), PAGE_SIZE, PROT_READ, true, obj, 2), 0);
    check(object_may_be_stored_to(obj));
    world_check();
    destroy(as);
    object_put(obj);
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
    check_eq(set_brk(as, at + 7 * PAGE_SIZE + 1), -ENOMEM);  /* a page stays free below it */
    check_eq(set_brk(as, at + 7 * PAGE_SIZE), 0);
    check_eq(set_brk(as, at), 0);
    check_eq(page_used(PAGE_ANON), 0);
    destroy(as);
}

/* ---- without memory ---- */

static void scene_unchanged(void *arg)
{
    struct scene *s = arg;
    check_eq(s->as->brk, SCENE_AT + 100 * PAGE_SIZE);
    check_eq(vma_count(s->as), 2);
    check_eq(s->as->vmas.npages, 101);
    for (unsigned i = 0; i < 100; i++) {
        bool exclusive;
        check_eq(anon_at(s->as, SCENE_AT + i * PAGE_SIZE, &exclusive) != NULL, i % 3 == 0);
        check_eq(exclusive, false);
    }
}

static struct addrspace *of_scene(void *arg) { return ((struct scene *)arg)->as; }

static int try_map(void *arg) { return map_zero(of_scene(arg), page_at(200), PAGE_SIZE, RW); }
static int try_map_over(void *arg) { return map_over(of_scene(arg), page_at(10), 50 * PAGE_SIZE, PROT_READ, false, NULL, 0); }
static int try_unmap(void *arg) { return as_unmap(of_scene(arg), page_at(10), 50 * PAGE_SIZE); }
static int try_shrink(void *arg) { return set_brk(of_scene(arg), page_at(50)); }
static int try_protect(void *arg) { return as_protect(of_scene(arg), page_at(5), PAGE_SIZE, PROT_READ); }

/* Before a hole, too, it is all or nothing when there is no memory. */
static int try_protect_part(void *arg)
{
    int err = as_protect(of_scene(arg), page_at(5), 150 * PAGE_SIZE, PROT_READ);
    return err == -ENOMEM && page_prot(of_scene(arg), 99) == PROT_READ ? 0 : err;
}

static void fails_whole(test_attempt *attempt)
{
    struct scene s = scene_make();
    world_drop_caches();
    check_fails_cleanly(attempt, &s, scene_unchanged);
    scene_end(&s);
}

static void map_fails_whole(void) { fails_whole(try_map); }
static void map_over_fails_whole(void) { fails_whole(try_map_over); }
static void unmap_fails_whole(void) { fails_whole(try_unmap); }
static void shrink_fails_whole(void) { fails_whole(try_shrink); }
static void protect_fails_whole(void) { fails_whole(try_protect); }
static void protect_part_fails_whole(void) { fails_whole(try_protect_part); }

/* ---- limits ---- */

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

/* What is mapped locked counts, and what is mapped while all of the future is to be locked. */
static void limited_locks(void)
{
    struct addrspace *as = as_create();
    struct map_request req = { .prot = RW, .flags = VMA_LOCKED };
    vaddr_t out;
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 4 * PAGE_SIZE - 1 });
    check_eq(as_map(as, 0, 4 * PAGE_SIZE, &req, &out), -EAGAIN);
    check_eq(as_map(as, 0, 2 * PAGE_SIZE, &req, &out), 0);
    check(as_is_taken(as, out, 1, VMA_LOCKED) && !as_is_taken(as, at, 1, VMA_LOCKED));
    check(as_is_taken(as, out - PAGE_SIZE, PAGE_SIZE + 1, 0) && !as_is_taken(as, out - PAGE_SIZE, PAGE_SIZE, 0));
    check_eq(as_map(as, 0, 2 * PAGE_SIZE, &req, &out), -EAGAIN);
    check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), 0);
    check_eq(vma_count(as), 1);
    check_eq(as->vmas.nlocked, 3);
    as_set_brk_base(as, at);
    check_eq(set_brk(as, page_at(1)), 0);
    as->lock_future = VMA_LOCKED;
    check_eq(map_zero(as, page_at(10), PAGE_SIZE, RW), -EAGAIN);
    check_eq(set_brk(as, page_at(2)), -ENOMEM);         /* brk knows no other error */
    check_eq(as_unmap(as, out, PAGE_SIZE), 0);
    check_eq(as->vmas.nlocked, 2);
    check_eq(set_brk(as, page_at(2)), 0);
    check_eq(vma_at(as, page_at(1))->flags, VMA_LOCKED | VMA_COMMITTED);
    check_eq(vma_at(as, page_at(0))->flags, VMA_COMMITTED);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 0 });
    check_eq(as_map(as, 0, PAGE_SIZE, &req, &out), -EPERM);             /* who asks for it may not at all; */
    check_eq(map_zero(as, page_at(10), PAGE_SIZE, RW), -EAGAIN);        /* who does not has too many */
    world_check();
    destroy(as);
}

/* What counts as data is private, may be stored to, and is no stack; wherever it comes from. */
static void limited_data(void)
{
    struct addrspace *as = as_create();
    struct vm_object *obj = lettered_file();
    struct map_request stack = { .prot = RW, .kind = VMA_STACK, .fixed = true };
    vaddr_t out;
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, 4 * PAGE_SIZE, UINT64_MAX });
    check_eq(map_zero(as, page_at(0), 5 * PAGE_SIZE, RW), -ENOMEM);
    check_eq(map_zero(as, page_at(0), 5 * PAGE_SIZE, PROT_READ), 0);
    check_eq(map_object(as, page_at(5), 2 * PAGE_SIZE, RW, true, obj, 0), 0);
    check_eq(as_map(as, page_at(1000), 2 * PAGE_SIZE, &stack, &out), 0);
    check_eq(as->vmas.ndata, 0);
    check_eq(map_object(as, page_at(7), 2 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(as->vmas.ndata, 2);
    check_eq(as_protect(as, page_at(0), 3 * PAGE_SIZE, RW), -ENOMEM);
    check_eq(page_prot(as, 0), PROT_READ);
    check_eq(as_protect(as, page_at(0), 2 * PAGE_SIZE, RW), 0);
    check_eq(as_protect(as, page_at(0), 9 * PAGE_SIZE, RW), -ENOMEM);   /* all of a VMA, or nothing */
    check_eq(page_prot(as, 2), PROT_READ);
    check_eq(as->vmas.ndata, 4);
    check_eq(map_over(as, page_at(2), PAGE_SIZE, RW, false, NULL, 0), -ENOMEM);
    check_eq(map_over(as, page_at(1), PAGE_SIZE, RW, false, NULL, 0), 0);       /* in the place of one that counted */
    check_eq(as_protect(as, page_at(7), 2 * PAGE_SIZE, PROT_READ), 0);
    check_eq(as->vmas.ndata, 2);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, 0, UINT64_MAX });
    check_eq(as_protect(as, page_at(0), 2 * PAGE_SIZE, RW), 0);         /* what has the right already may keep it */
    check_eq(as_protect(as, page_at(5), 2 * PAGE_SIZE, RW), 0);
    check_eq(as_protect(as, page_at(2), PAGE_SIZE, RW), -ENOMEM);
    world_check();
    destroy(as);
    object_put(obj);
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
    check_eq(as_unmap(as, last + 2 * PAGE_SIZE, PAGE_SIZE), 0);
    check_eq(map_zero(as, last, 3 * PAGE_SIZE, RW), 0);
    check_eq(map_zero(as, last + 4 * PAGE_SIZE, PAGE_SIZE, RW), 0);
    check_eq(vma_count(as), VMA_MAX - 1);
    check_eq(map_over(as, last + PAGE_SIZE, PAGE_SIZE, PROT_READ, false, NULL, 0), -ENOMEM);   /* one is not enough for it */
    check_eq(vma_count(as), VMA_MAX - 1);
    check_eq(map_over(as, last, PAGE_SIZE, PROT_READ, false, NULL, 0), 0);
    check_eq(vma_count(as), VMA_MAX);
    check_eq(as_unmap(as, at, VMA_MAX * PAGE_SIZE), 0);
    check_eq(vma_count(as), 3);
    destroy(as);
}

const struct test_case map_cases[] = {
    { "what is allowed, and what is not", mapping },
    { "neighbours become one", merging },
    { "both neighbours become one with what is between", merging_both_sides },
    { "room: from the top down, below the stack", finding_room },
    { "room: above the heap", finding_room_above_heap },
    { "room: among ever so many", finding_room_among_many },
    { "over what is there: parts, wholes, holes", mapping_over },
    { "over a stack, and its gap", mapping_over_gap },
    { "over what is there: a refusal takes nothing away", mapping_over_refused },
    { "unmap: every page that it touches", unmapping },
    { "unmap: a file's pages stay where they are", unmapping_file },
    { "protect: rights go at once, and come by faults", protecting },
    { "protect: as far as can be", protecting_in_part },
    { "protect: stored, then executed", protecting_for_fetch },
    { "protect: both at once, stored, then executed", protecting_both_for_fetch },
    { "brk: grow, shrink, and every refusal", heap },
    { "map fails whole", map_fails_whole },
    { "map over what is there fails whole", map_over_fails_whole },
    { "unmap fails whole", unmap_fails_whole },
    { "protect fails whole", protect_fails_whole },
    { "protect up to a hole fails whole", protect_part_fails_whole },
    { "brk fails whole", shrink_fails_whole },
    { "a limit on what is mapped", limited },
    { "a limit on what is locked", limited_locks },
    { "a limit on data", limited_data },
    { "a limit on the number of VMAs", as_many_as_there_may_be },
    { 0 },
};
