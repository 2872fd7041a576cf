/*
 * fault.c - tests of mm/fault.h: each case of the picture, by its name.
 */
#include "mm/anon.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)

static const vaddr_t at = 0x400000;
static char source[3 * PAGE_SIZE];


static struct vm_object *file(void)
{
    for (unsigned i = 0; i < sizeof source; i++)
        source[i] = 'a' + i / PAGE_SIZE;
    return object_create(source, 2 * PAGE_SIZE + 10, NULL);
}

static void zero_fill(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, 4 * PAGE_SIZE, RW), 0);
    check_eq(program_load(as, at + 17), 0);             /* B3: a load makes a page too */
    check_eq(program_store(as, at + PAGE_SIZE, 1), 0);
    check_eq(faults(FAULT_B3), 2);
    check_eq(leaf_prot(as, at), RW);                    /* its own, so at once with all rights */
    check_eq(program_store(as, at, 1), 0);
    check_eq(faults(FAULT_B3) + faults(FAULT_A2), 2);
    check_eq(page_used(PAGE_ANON), 2);                  /* not touched, not there */
    destroy(as);
}

static void file_private(void)
{
    struct vm_object *obj = file();
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, 3 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(program_load(as, at), 'a');
    check_eq(faults(FAULT_B1), 1);
    check_eq(leaf_prot(as, at), PROT_READ);
    check_eq(program_store(as, at, 'x'), 0);
    check_eq(faults(FAULT_B2), 1);
    check_eq(program_load(as, at), 'x');
    check_eq(program_load(as, at + 1), 'a');            /* the rest of the page came along */
    check_eq(program_store(as, at + PAGE_SIZE, 'y'), 0);
    check_eq(program_load(as, at + PAGE_SIZE + 1), 'b');
    check_eq(faults(FAULT_B2), 2);                   /* stored to first: no B1 */
    check_eq(faults(FAULT_B1), 1);
    char byte;
    check_eq(object_read(obj, 0, &byte, 1), 0);
    check_eq(byte, 'a');                                /* the file has not changed */
    check_eq(program_load(as, at + 2 * PAGE_SIZE + 10), 0);     /* behind its end, to the end of the page */
    destroy(as);
    object_put(obj);
}

static void file_shared(void)
{
    struct vm_object *obj = file();
    struct addrspace *as = as_create(), *other = as_create();
    check_eq(map_object(as, at, 3 * PAGE_SIZE, RW, true, obj, 0), 0);
    check_eq(map_object(other, at + PAGE_SIZE, PAGE_SIZE, PROT_READ, true, obj, 1), 0);
    check_eq(program_load(other, at + PAGE_SIZE), 'b');
    check_eq(program_store(as, at + PAGE_SIZE, 'x'), 0);
    check_eq(program_load(other, at + PAGE_SIZE), 'x');
    check_eq(faults(FAULT_C), 2);
    check_eq(program_load(as, at), 'a');
    check_eq(leaf_prot(as, at), PROT_READ);             /* not stored to yet, so the first store must come by here: */
    check_eq(program_store(as, at, 'y'), 0);            /* only then is the page dirty */
    check_eq(leaf_prot(as, at), RW);
    check_eq(faults(FAULT_C), 4);
    check_eq(page_used(PAGE_ANON), 0);
    destroy(as);
    destroy(other);
    object_put(obj);
}

static void beyond_the_end(void)
{
    struct vm_object *obj = file();
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, 4 * PAGE_SIZE, RW, false, obj, 1), 0);
    check_eq(program_load(as, at + PAGE_SIZE), 'c');
    check_eq(program_load(as, at + 2 * PAGE_SIZE), -ENXIO);
    check_eq(program_store(as, at + 3 * PAGE_SIZE, 1), -ENXIO);
    check_eq(faults(FAULT_BUS), 2);
    destroy(as);
    object_put(obj);
}

static void refused(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, PAGE_SIZE, PROT_READ), 0);
    check_eq(program_load(as, at - 1), -EFAULT);
    check_eq(program_load(as, 0), -EFAULT);
    check_eq(program_load(as, USER_END), -EFAULT);
    check_eq(program_load(as, UINT64_MAX), -EFAULT);
    check_eq(program_store(as, at, 1), -EACCES);
    check_eq(program_fetch(as, at), -EACCES);
    check_eq(faults(FAULT_SEGV), 6);
    check_eq(page_used(PAGE_ANON), 0);
    destroy(as);
}

/* fork, then write 10 pages: A3 == 10; and when the other is gone, the rest is A2. */
static void copy_on_write(void)
{
    struct addrspace *as = as_create(), *child;
    check_eq(map_zero(as, at, 20 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 20; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
    check_eq(as_fork(as, &child), 0);
    for (unsigned i = 0; i < 10; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, 100 + i), 0);
    check_eq(faults(FAULT_A3), 10);
    check_eq(faults(FAULT_A2), 0);
    for (unsigned i = 0; i < 20; i++)
        check_eq(program_load(child, at + i * PAGE_SIZE), i);
    check_eq(faults(FAULT_A1) + faults(FAULT_AROUND), 20);
    destroy(child);
    uint64_t around = faults(FAULT_AROUND);
    for (unsigned i = 10; i < 20; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
    check_eq(faults(FAULT_A3), 10);
    check(faults(FAULT_A2) >= 1);
    check_eq(faults(FAULT_A2) + faults(FAULT_AROUND) - around, 10);
    destroy(as);
}

/* What a fork has shared stays shared while it is only read: no node of the tree is copied for a load. */
static void loads_copy_nothing(void)
{
    struct addrspace *as = as_create(), *child;
    check_eq(map_zero(as, at, 20 * PAGE_SIZE, RW), 0);
    check_eq(program_store(as, at, 7), 0);
    check_eq(as_fork(as, &child), 0);
    size_t nodes = radix_node_count();
    check_eq(program_load(child, at), 7);               /* its page table is made for this */
    check_eq(program_load(as, at), 7);
    check_eq(radix_node_count(), nodes);
    check_eq(program_load(child, at + PAGE_SIZE), 0);   /* but here an anon is made, and its slot */
    check(radix_node_count() > nodes);
    destroy(child);
    destroy(as);
}

/* A store on one hart gives the program a page of its own; the other hart, which has the old one cached, must see it. */
static void copy_on_write_harts(void)
{
    struct addrspace *as = as_create(), *child;
    check_eq(map_zero(as, at, PAGE_SIZE, RW), 0);
    for (unsigned i = 1; i < 100; i++) {
        check_eq(program_store(as, at, i), 0);
        check_eq(as_fork(as, &child), 0);
        host_use_hart(1);
        check_eq(program_load(as, at), i);
        host_use_hart(0);
        check_eq(program_store(as, at, 200), 0);
        host_use_hart(1);
        check_eq(program_load(as, at), 200);
        host_use_hart(0);
        destroy(child);
    }
    check_eq(faults(FAULT_A3), 99);
    destroy(as);
}

/* The child maps read-only what the parent has not copied yet, whoever of the two looks first. */
static void shared_is_read_only(void)
{
    struct addrspace *as = as_create(), *child;
    bool exclusive;
    check_eq(map_zero(as, at, 40 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 40; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
    check_eq(as_fork(as, &child), 0);
    check_eq(program_store(child, at + 3 * PAGE_SIZE, 99), 0);
    check_eq(program_load(child, at), 0);               /* brings its neighbours along */
    check_eq(program_load(as, at), 0);
    for (unsigned i = 0; i < 40; i++) {
        int mine = leaf_prot(as, at + i * PAGE_SIZE), its = leaf_prot(child, at + i * PAGE_SIZE);
        anon_at(as, at + i * PAGE_SIZE, &exclusive);
        check_eq(exclusive, i == 3);
        check(mine == -1 || mine == (i == 3 ? (int)RW : (int)PROT_READ));
        check(its == -1 || its == (i == 3 ? (int)RW : (int)PROT_READ));
    }
    world_check();
    destroy(as);
    destroy(child);
}

/* A fault that finds its page in memory brings its neighbours in, counts them apart, and makes none. */
static void around(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, 64 * PAGE_SIZE, RW), 0);
    for (unsigned i = 20; i-- > 0;)                     /* downwards: no page is filled ahead */
        check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
    struct pmap_batch batch;
    as_write(as);
    pmap_batch_begin(&batch, as);
    pmap_remove(&batch, at, at + 64 * PAGE_SIZE);
    pmap_batch_end(&batch);
    as_write_done(as);
    check_eq(program_load(as, at + 5 * PAGE_SIZE), 5);
    check_eq(faults(FAULT_A1), 1);
    check_eq(faults(FAULT_AROUND), 19);
    check_eq(as->pmap.resident, 20);
    for (unsigned i = 0; i < 20; i++)
        check_eq(program_load(as, at + i * PAGE_SIZE), i);
    check_eq(faults(FAULT_A1), 1);
    check_eq(faults(FAULT_B3), 20);
    destroy(as);
}

/* Around a page of a file: its neighbours' pages, but not where the program has its own. */
static void around_file(void)
{
    struct vm_object *obj = file();
    struct addrspace *as = as_create();
    char buf[3];
    check_eq(map_object(as, at, 3 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(program_store(as, at + PAGE_SIZE, 'x'), 0);
    check_eq(object_read(obj, 0, buf, 1), 0);
    check_eq(object_read(obj, 2 * PAGE_SIZE, buf, 1), 0);
    struct pmap_batch batch;
    as_write(as);
    pmap_batch_begin(&batch, as);
    pmap_remove(&batch, at, at + 3 * PAGE_SIZE);
    pmap_batch_end(&batch);
    as_write_done(as);
    check_eq(program_load(as, at), 'a');
    check_eq(leaf_prot(as, at + PAGE_SIZE), -1);
    check_eq(leaf_prot(as, at + 2 * PAGE_SIZE), PROT_READ);
    check_eq(program_load(as, at + PAGE_SIZE), 'x');
    check_eq(program_load(as, at + 2 * PAGE_SIZE), 'c');
    destroy(as);
    object_put(obj);
}

/* A file's page is executed as it was filled; a page of the program's own as it was before it became executable. */
static void fetching(void)
{
    struct vm_object *obj = file();
    for (unsigned round = 0; round < 100; round++) {
        struct addrspace *as = as_create();
        host_use_hart(round % 4);
        check_eq(map_object(as, at, 2 * PAGE_SIZE, RX, false, obj, 0), 0);
        check_eq(program_fetch(as, at), 'a');
        check_eq(program_fetch(as, at + PAGE_SIZE), 'b');
        check_eq(map_zero(as, at + 8 * PAGE_SIZE, PAGE_SIZE, RX), 0);   /* a frame that was another's a moment ago */
        check_eq(program_fetch(as, at + 8 * PAGE_SIZE), 0);
        check_eq(as_protect(as, at, PAGE_SIZE, RW), 0);
        check_eq(program_store(as, at, round), 0);                      /* promoted: a new page */
        check_eq(as_protect(as, at, PAGE_SIZE, RX), 0);
        check_eq(program_fetch(as, at), round);
        destroy(as);
        object_drop_caches();
    }
    object_put(obj);
}

/* So many neighbourhoods that several meet in each struct near, in turn: what is remembered of one is not believed of another. */
static void neighbourhoods_meet(void)
{
    enum { N = 4 * NEAR_COUNT };
    const size_t apart = RADIX_SLOTS * PAGE_SIZE;
    struct addrspace *as = as_create(), *child;
    for (unsigned i = 0; i < N; i++)
        check_eq(map_zero(as, at + i * apart, 2 * PAGE_SIZE, i % 2 ? RW : PROT_READ), 0);
    for (unsigned i = 0; i < N; i++) {
        check_eq(program_store(as, at + i * apart, i), i % 2 ? 0 : -EACCES);
        check_eq(program_load(as, at + i * apart + PAGE_SIZE), 0);
    }
    check_eq(faults(FAULT_B3), N + N / 2);
    check_eq(as_fork(as, &child), 0);
    for (unsigned i = 1; i < N; i += 2)
        check_eq(program_store(i % 4 == 1 ? as : child, at + i * apart, 100 + i), 0);
    for (unsigned i = 1; i < N; i += 2) {
        check_eq(program_load(as, at + i * apart), i % 4 == 1 ? 100 + i : i);
        check_eq(program_load(child, at + i * apart), i % 4 == 1 ? i : 100 + i);
    }
    check_eq(faults(FAULT_A3), N / 2);
    destroy(as);
    destroy(child);
}

/* ---- without memory ---- */

static struct addrspace *tight, *tight_child;
static vaddr_t tight_va;
static enum access tight_access;

static int fault_once(void *unused)
{
    (void)unused;
    enum fault_result result = vm_fault(tight, tight_va, tight_access);
    check(result == FAULT_DONE || result == FAULT_NO_MEMORY);
    return result == FAULT_DONE ? 0 : -ENOMEM;
}

static void still_not_there(void *unused)
{
    (void)unused;
    bool exclusive;
    struct anon *anon = anon_at(tight, tight_va, &exclusive);
    check(anon == NULL || !exclusive);
}

static void each_case_fails_whole(void)
{
    struct vm_object *obj = file();
    tight = as_create();
    check_eq(map_zero(tight, at, PAGE_SIZE, RW), 0);
    check_eq(program_store(tight, at, 1), 0);
    check_eq(map_object(tight, 1ul << 32, 3 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(map_zero(tight, 1ul << 36, PAGE_SIZE, RW), 0);
    check_eq(as_fork(tight, &tight_child), 0);
    struct {
        vaddr_t va;
        enum access access;
        enum fault_case which;
    } each[] = {
        { 1ul << 36, ACCESS_READ, FAULT_B3 }, { (1ul << 32) + PAGE_SIZE, ACCESS_WRITE, FAULT_B2 },
        { (1ul << 32) + 2 * PAGE_SIZE, ACCESS_READ, FAULT_B1 }, { at, ACCESS_WRITE, FAULT_A3 },
    };
    for (unsigned i = 0; i < ARRAY_LEN(each); i++) {
        tight_va = each[i].va;
        tight_access = each[i].access;
        world_drop_caches();
        uint64_t before = faults(each[i].which);
        check_fails_cleanly(fault_once, NULL, still_not_there);
        check_eq(faults(each[i].which), before + 1);
    }
    check(faults(FAULT_OOM) > 10);
    check_eq(program_load(tight_child, at), 1);
    destroy(tight);
    destroy(tight_child);
    object_put(obj);
}

const struct test_case fault_cases[] = {
    { "B3: zero-fill", zero_fill },
    { "B1, B2: a private file", file_private },
    { "C: a shared file", file_shared },
    { "SIGBUS: beyond the file's end", beyond_the_end },
    { "SIGSEGV: no VMA, or it forbids", refused },
    { "A3, A2: fork, then write 10 pages", copy_on_write },
    { "after fork a load copies no node", loads_copy_nothing },
    { "A3: every hart sees the new page", copy_on_write_harts },
    { "A1: what is shared is mapped read-only", shared_is_read_only },
    { "neighbours come along", around },
    { "neighbours of a file's page", around_file },
    { "instructions are the ones that were stored", fetching },
    { "neighbourhoods that meet in one struct near", neighbourhoods_meet },
    { "each case fails whole", each_case_fails_whole },
    { 0 },
};
