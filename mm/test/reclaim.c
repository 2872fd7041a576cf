/*
 * reclaim.c - tests of mm/reclaim.h and mm/swap.h: pages leave memory, and come back as they were.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/reclaim.h"
#include "mm/remap.h"
#include "mm/test/disk.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

enum { NPAGES = 40 };
static const vaddr_t at = 0x400000;

static vaddr_t page_at(unsigned i) { return at + i * PAGE_SIZE; }

/* NPAGES of private memory with a byte each that says which page it is. */
static struct addrspace *numbered(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, NPAGES * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_store(as, page_at(i), i + 1), 0);
    return as;
}

static void check_numbered(struct addrspace *as)
{
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_load(as, page_at(i)), i + 1);
}

/* ---- slots ---- */

static void headers(void)
{
    char *info = disk_bytes() + 1024, *magic = disk_bytes() + PAGE_SIZE - 10;
    uint32_t *number = (uint32_t *)info;
    check_eq(swap_on(&disk, 0), -EINVAL);               /* no header at all */
    disk_on(100);
    check_eq(swap_on(&disk, 0), -EBUSY);
    struct swap_usage usage;
    check(swap_usage(0, &usage) && !swap_usage(1, &usage));
    check_eq(usage.npages, 99);
    check_eq(usage.used, 0);
    disk_off();
    check_eq(reclaim_leave_disk(&disk), -EINVAL);

    magic[9] = '1';
    check_eq(swap_on(&disk, 0), -EINVAL);
    magic[9] = '2';
    number[0] = 2;
    check_eq(swap_on(&disk, 0), -EINVAL);               /* a version that nobody knows */
    number[0] = 1;
    number[1] = DISK_NPAGES;
    check_eq(swap_on(&disk, 0), -EINVAL);               /* longer than the disk */
    number[1] = 0;
    check_eq(swap_on(&disk, 0), -EINVAL);
    number[1] = 99;
    number[2] = 1000;
    check_eq(swap_on(&disk, 0), -EINVAL);               /* more bad pages than the header can name */
    number[2] = 2;
    number[2 + 1 + 4 + 4 + 117] = 5;                    /* bad pages: 5, and once more */
    number[2 + 1 + 4 + 4 + 117 + 1] = 5;
    check_eq(swap_on(&disk, 0), 0);
    check(swap_usage(0, &usage));
    check_eq(usage.used, 1);
    disk_off();
    number[2] = 0;
    disk_fail(1);
    check_eq(swap_on(&disk, 0), -EIO);
}

/* Neighbours, once around, each slot once, bad pages never. */
static void slots(void)
{
    swap_slot first, again;
    disk_on(20);
    check_eq(swap_reserve(8, &first), 8);
    check_eq(swap_reserve(8, &again), 8);
    check_eq(again, first + 8);
    check_eq(swap_reserve(8, &again), 3);               /* 19 in all */
    check_eq(swap_reserve(1, &again), 0);
    check_eq(swap_held(), 19);
    swap_free(first + 4);
    swap_free(first + 5);
    check_eq(swap_reserve(8, &again), 2);
    check_eq(again, first + 4);
    swap_abandon(first + 4);
    for (unsigned i = 0; i < 19; i++)
        if (i != 4)
            swap_free(first + i);
    check_eq(swap_held(), 0);
    check_eq(swap_reserve(8, &again), 8);               /* 5 to 12, past what was given up */
    for (unsigned i = 0; i < 8; i++) {
        check(again + i != first + 4);
        swap_free(again + i);
    }
    disk_off();
}

/* ---- out and in ---- */

static void out_and_in(void)
{
    struct addrspace *as = numbered();
    disk_on(DISK_NPAGES);
    check_eq(reclaim_all(), NPAGES);
    check_eq(page_used(PAGE_ANON), 0);
    check_eq(as->pmap.resident, 0);
    check_eq(swap_held(), NPAGES);
    check_eq(disk_written(), NPAGES);
    world_check();
    check_numbered(as);
    check_eq(faults(FAULT_MAJOR), 8);           /* of 1, 2, 4, 8, 8, 8, 1 (a radix node ends) and 8 pages */
    check_eq(disk_was_read(), NPAGES);
    world_check();

    /* Only looked at, so what is on disk is still true: they go without being written. */
    check_eq(swap_held(), NPAGES);
    check_eq(reclaim_all(), NPAGES);
    check_eq(disk_written(), NPAGES);
    check_eq(program_store(as, page_at(3), 99), 0);
    check_eq(swap_held(), NPAGES - 1);
    check_eq(program_load(as, page_at(3)), 99);
    check_eq(reclaim_all(), 1);
    check_eq(disk_written(), NPAGES + 1);
    check_eq(program_load(as, page_at(3)), 99);
    disk_off();
    check_eq(page_used(PAGE_ANON), NPAGES);
    world_check();
    destroy(as);
}

/* Pages of zeroes are on no disk. */
static void zeroes(void)
{
    struct addrspace *as = as_create();
    disk_on(DISK_NPAGES);
    check_eq(map_zero(as, at, NPAGES * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_load(as, page_at(i)), 0);
    check_eq(reclaim_all(), NPAGES);
    check_eq(disk_written(), 0);
    check_eq(swap_held(), 0);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_load(as, page_at(i)), 0);
    check_eq(disk_was_read(), 0);
    check_eq(program_store(as, page_at(0), 1), 0);
    check_eq(reclaim_all(), NPAGES);
    check_eq(disk_written(), 1);
    check_eq(program_load(as, page_at(0)), 1);
    destroy(as);
    disk_off();
}

/* What goes with its address space leaves its slot too; what a fork shares is one page on disk. */
static void shared_by_fork(void)
{
    struct addrspace *as = numbered(), *child;
    disk_on(DISK_NPAGES);
    check_eq(as_fork(as, &child), 0);
    check_eq(program_load(child, page_at(5)), 6);
    check_eq(program_load(as, page_at(5)), 6);          /* two leaves for one page */
    check_eq(reclaim_all(), NPAGES);
    check_eq(as->pmap.resident + child->pmap.resident, 0);
    world_check();
    check_eq(swap_held(), NPAGES);
    uint64_t copies = faults(FAULT_A3);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_store(child, page_at(i), 100 + i), 0);
    check_eq(faults(FAULT_A3) - copies, NPAGES);
    check_numbered(as);
    world_check();
    reclaim_all();
    check_eq(swap_held(), 2 * NPAGES);
    destroy(as);
    check_eq(swap_held(), NPAGES);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_load(child, page_at(i)), 100 + i);
    reclaim_all();
    destroy(child);
    check_eq(swap_held(), 0);
    disk_off();
}

/* The same where nobody asks first whether a page is used: all its leaves go at once. */
static void shared_and_not_asked_about(void)
{
    check(reclaim_use_policy("fifo"));
    shared_by_fork();
}

/* Verbs on what is on disk. */
static void verbs(void)
{
    struct addrspace *as = numbered(), *child;
    vaddr_t out;
    size_t grown;
    struct remap_request move = { .from = at, .old_len = NPAGES * PAGE_SIZE, .new_len = NPAGES * PAGE_SIZE,
                                  .to = at + (1 << 30), .may_move = true, .fixed = true };
    struct remap_request back = { .from = move.to, .old_len = move.old_len, .new_len = move.new_len, .to = at,
                                  .may_move = true, .fixed = true };
    disk_on(DISK_NPAGES);
    reclaim_all();
    check_eq(as_remap(as, &move, &out, &grown), 0);     /* nothing is read for that */
    check_eq(disk_was_read(), 0);
    check_eq(program_load(as, out), 1);
    check_eq(as_fork(as, &child), 0);
    reclaim_all();
    check_eq(as_remap(as, &back, &out, &grown), 0);     /* copies: they are */
    check_numbered(as);
    check_eq(program_load(child, move.to + PAGE_SIZE), 2);
    world_check();
    destroy(child);
    reclaim_all();
    check_eq(as_forget(as, page_at(0), 10 * PAGE_SIZE, forget_any), 0);
    check_eq(swap_held(), NPAGES - 10);
    check_eq(program_load(as, page_at(9)), 0);
    check_eq(as_unmap(as, page_at(10), 10 * PAGE_SIZE), 0);
    check_eq(as_protect(as, page_at(20), 10 * PAGE_SIZE, PROT_READ), 0);
    check_eq(program_store(as, page_at(25), 1), -EACCES);
    check_eq(program_load(as, page_at(25)), 26);
    uint8_t in_memory[NPAGES - 20];
    check_eq(as_resident(as, page_at(20), NPAGES - 20, in_memory), NPAGES - 20);
    for (unsigned i = 20; i < NPAGES; i++)
        check_eq(in_memory[i - 20], i == 25);
    world_check();
    destroy(as);
    check_eq(swap_held(), 0);
    disk_off();
}

/* ---- read-ahead ---- */

/* Who goes on from page to page gets more and more of them; who goes elsewhere gets what it asked for. */
static void read_ahead(void)
{
    static const struct { unsigned page, read; } steps[] = {
        { 30, 1 }, { 10, 1 }, { 11, 2 }, { 12, 0 }, { 13, 4 }, { 14, 0 }, { 16, 0 }, { 15, 0 }, { 17, 8 }, { 31, 1 }, { 0, 1 }, { 1, 2 },
    };
    struct addrspace *as = numbered();
    disk_on(DISK_NPAGES);
    check_eq(reclaim_all(), NPAGES);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        unsigned before = disk_was_read();
        check_eq(program_load(as, page_at(steps[i].page)), steps[i].page + 1);
        check_eq(disk_was_read() - before, steps[i].read);
    }
    world_check();

    /* One of those ahead is there already; the disk fails, and it is not known for which page. */
    check_eq(reclaim_all(), 20);
    check_eq(program_load(as, page_at(22)), 23);
    check_eq(program_load(as, page_at(18)), 19);
    check_eq(program_load(as, page_at(19)), 20);
    check_eq(as->pmap.resident, 3);
    unsigned before = disk_was_read();
    check_eq(program_load(as, page_at(21)), 22);
    check_eq(disk_was_read() - before, 1);
    check_eq(program_load(as, page_at(23)), 24);
    disk_fail(1);
    check_eq(program_load(as, page_at(24)), 25);
    check_eq(program_load(as, page_at(25)), 26);
    disk_fail(2);
    check_eq(program_load(as, page_at(26)), -EIO);
    world_check();
    destroy(as);
    disk_off();
    check_eq(swap_held(), 0);
}

/* ---- objects ---- */

static void files(void)
{
    static char source[4 * PAGE_SIZE + 100];
    memset(source, 's', sizeof source);
    struct vm_object *obj = object_create(source, sizeof source, NULL);
    struct addrspace *as = as_create();
    struct object_piece piece;
    char buf[8];
    disk_on(DISK_NPAGES);
    check_eq(map_object(as, at, 5 * PAGE_SIZE, RW, true, obj, 0), 0);
    for (unsigned i = 0; i < 5; i++)
        check_eq(program_load(as, page_at(i)), 's');
    check_eq(reclaim_all(), 5);                         /* clean: they can be filled again */
    check_eq(disk_written(), 0);
    check_eq(page_used(PAGE_FILE), 0);
    check_eq(obj->npages, 0);
    for (unsigned i = 0; i < 5; i++)
        check_eq(program_store(as, page_at(i), 'A' + i), 0);
    check_eq(reclaim_all(), 5);
    check_eq(disk_written(), 5);
    check_eq(obj->npages, 5);
    check_eq(object_read(obj, PAGE_SIZE, buf, 2), 0);
    check_eq(memcmp(buf, "Bs", 2), 0);
    world_check();

    /* Cut while its last page is on disk: the rest reads as zeroes, in a mapping and after it has grown. */
    reclaim_all();
    check_eq(object_resize(obj, 2 * PAGE_SIZE + 10), 0);
    check_eq(swap_held(), 2);
    check_eq(program_load(as, page_at(2)), 'C');
    check_eq(program_load(as, page_at(2) + 9), 's');
    check_eq(program_load(as, page_at(2) + 10), 0);
    check_eq(program_load(as, page_at(3)), -ENXIO);
    reclaim_all();
    check_eq(object_resize(obj, 1 * PAGE_SIZE + 20), 0);
    reclaim_all();
    check_eq(object_resize(obj, 4 * PAGE_SIZE), 0);
    check_eq(program_load(as, page_at(1)), 'B');
    check_eq(program_load(as, page_at(1) + 20), 0);
    check_eq(program_load(as, page_at(2)), 0);
    world_check();

    /* The same when it cannot be read for that: then the rest goes when the page comes in. */
    reclaim_all();
    disk_fail(1);
    check_eq(object_resize(obj, 1 * PAGE_SIZE + 5), 0);
    check_eq(program_load(as, page_at(1) + 4), 's');
    check_eq(program_load(as, page_at(1) + 5), 0);
    reclaim_all();
    disk_fail(1);
    check_eq(object_resize(obj, 3), 0);
    check_eq(object_pin_read(obj, 0, &piece), 0);
    check_eq(piece.bytes[2], 's');
    check_eq(piece.bytes[3], 0);
    object_unpin(&piece);
    world_check();
    reclaim_all();
    destroy(as);
    object_put(obj);
    check_eq(swap_held(), 0);
    disk_off();
}

/* Tables whose leaves have all been taken go, and nothing else; what was in them comes back. Empty nodes, too. */
static void tables(void)
{
    enum { NTABLES = 20 };
    struct addrspace *as = as_create();
    const size_t span = MMU_TABLE_SPAN * PAGE_SIZE;
    disk_on(DISK_NPAGES);
    check_eq(map_zero(as, span, NTABLES * span, RW), 0);
    for (unsigned i = 0; i < NTABLES; i++)
        check_eq(program_store(as, (1 + i) * span, i + 1), 0);
    size_t ntables = page_used(PAGE_TABLE), nnodes = radix_node_count();
    check_eq(reclaim_all(), NTABLES);
    check_eq(page_used(PAGE_TABLE), ntables);
    check_eq(program_load(as, 3 * span), 3);            /* it is in use again */
    reclaim_tables();
    check_eq(page_used(PAGE_TABLE), ntables - NTABLES + 1);
    check_eq(radix_node_count(), nnodes);               /* what they hold is on disk */
    world_check();
    reclaim_tables();                                   /* too few, now */
    for (unsigned i = NTABLES; i-- > 0;)                /* the last ones first, whose tables neighbourhoods have remembered */
        check_eq(program_load(as, (1 + i) * span), i + 1);
    check_eq(page_used(PAGE_TABLE), ntables);
    as_alone(as);
    check(radix_prepare(&as->anons, (NTABLES + 5) * MMU_TABLE_SPAN, NULL) != NULL);
    as_write_done(as);
    check(radix_node_count() > nnodes);
    reclaim_all();
    reclaim_tables();
    check_eq(radix_node_count(), nnodes);
    world_check();
    destroy(as);
    disk_off();
}

/* A page that is pinned, as by a read or a write, stays; one that is written to loses its slot. */
static void pins(void)
{
    struct vm_object *obj = object_create(NULL, 4 * PAGE_SIZE, NULL);
    struct object_piece piece;
    disk_on(DISK_NPAGES);
    check_eq(object_pin_write(obj, 5, SIZE_MAX, &piece), 0);
    piece.bytes[0] = 'x';
    check_eq(reclaim_all(), 0);
    object_written(obj, &piece, 6);
    object_unpin(&piece);
    check_eq(reclaim_all(), 1);
    check_eq(object_pin_read(obj, 5, &piece), 0);
    check_eq(piece.bytes[0], 'x');
    object_unpin(&piece);
    check_eq(swap_held(), 1);
    check_eq(object_pin_write(obj, 6, SIZE_MAX, &piece), 0);
    piece.bytes[0] = 'y';
    object_written(obj, &piece, 7);
    check_eq(swap_held(), 0);
    object_unpin(&piece);
    check_eq(reclaim_all(), 1);
    disk_fail(1);
    check_eq(object_pin_read(obj, 5, &piece), -EIO);
    disk_fail(1);
    check_eq(object_pin_write(obj, 5, SIZE_MAX, &piece), -EIO);
    check_eq(object_pin_read(obj, 6, &piece), 0);
    check_eq(piece.bytes[0], 'y');
    object_unpin(&piece);
    object_put(obj);
    disk_off();
}

/* ---- what may not be taken, and what goes wrong ---- */

static void locked_in_memory(void)
{
    struct addrspace *as = numbered();
    disk_on(DISK_NPAGES);
    check_eq(as_lock(as, page_at(10), 5 * PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(reclaim_all(), NPAGES - 5);
    check_eq(as->pmap.resident, 5);
    check_eq(as_lock(as, page_at(10), 5 * PAGE_SIZE, 0), 0);
    check_eq(reclaim_all(), 5);
    check_numbered(as);
    destroy(as);
    disk_off();
}

static void disk_full(void)
{
    struct addrspace *as = numbered();
    disk_on(11);
    check_eq(reclaim_all(), 10);
    check_eq(as->pmap.resident <= NPAGES - 10, 1);
    check_numbered(as);
    world_check();
    destroy(as);
    disk_off();
}

/* With a full disk what can go is what runs, and it comes back at once. That counts as nothing, each time. */
static void disk_full_and_thrashing(void)
{
    static char source[64 * PAGE_SIZE];
    enum { NDIRTY = 500, NCLEAN = 64 };
    struct addrspace *as = as_create();
    struct vm_object *program = object_create(source, sizeof source, NULL);
    const vaddr_t text = page_at(NDIRTY);
    check_eq(map_zero(as, page_at(0), NDIRTY * PAGE_SIZE, RW), 0);
    check_eq(map_object(as, text, NCLEAN * PAGE_SIZE, PROT_READ, false, program, 0), 0);
    for (unsigned i = 0; i < NDIRTY; i++)
        check_eq(program_store(as, page_at(i), 1 + i % 255), 0);
    for (unsigned i = 0; i < NCLEAN; i++)
        check_eq(program_load(as, text + i * PAGE_SIZE), 0);
    disk_on(11);
    check_eq(reclaim_all(), 10 + NCLEAN);               /* what nobody uses all goes first */
    for (unsigned round = 0; round < 3; round++) {
        unsigned n = 0;
        do {
            check_eq(program_load(as, text), 0);
            check_eq(program_load(as, text + PAGE_SIZE), 0);
        } while (n++ < 1000 && reclaim() > 0);
        check(n < 100);
    }
    destroy(as);
    object_put(program);
    disk_off();
}

/* On the way out the page stays, and its slot is not used again; on the way in whoever needs it is told, and nobody else. */
static void errors(void)
{
    struct addrspace *as = numbered();
    struct swap_usage usage;
    disk_on(DISK_NPAGES);
    disk_fail(2);                                       /* a cluster, and the first of it alone */
    check_eq(reclaim_all(), NPAGES);
    check(swap_usage(0, &usage));
    check_eq(usage.used, NPAGES + 1);
    check_eq(swap_held(), NPAGES);
    disk_fail(1);
    check_eq(program_load(as, page_at(7)), -EIO);
    check_eq(faults(FAULT_BUS), 1);
    world_check();
    check_numbered(as);                                 /* and the disk has it after all */
    destroy(as);
    disk_off();
}

/* swapoff fails whole: it is in use as before. */
static void off_fails(void)
{
    struct addrspace *as = numbered();
    disk_on(DISK_NPAGES);
    reclaim_all();
    disk_fail(1);
    check_eq(reclaim_leave_disk(&disk), -EIO);
    host_fail_allocation(FAIL_FROM_THEN_ON, 3);
    check_eq(reclaim_leave_disk(&disk), -ENOMEM);
    host_fail_allocation(FAIL_NONE, 0);
    world_check();
    check(reclaim_all() > 0);                           /* pages go there again */
    check_numbered(as);
    disk_off();
    check_numbered(as);
    destroy(as);
}

/* ---- policies ---- */

static void one_policy(const char *name)
{
    check(reclaim_use_policy(name));
    struct addrspace *as = numbered();
    disk_on(DISK_NPAGES);
    check(!reclaim_use_policy("fifo"));                 /* too late */
    for (unsigned round = 0; round < 20; round++) {
        reclaim();
        for (unsigned i = 0; i < NPAGES; i += 1 + round % 7)
            check_eq(program_load(as, page_at(i)), i + 1);
        world_check();
    }
    check_numbered(as);
    check(reclaim_all() >= NPAGES);
    destroy(as);
    disk_off();
}

static void fifo(void) { one_policy("fifo"); }
static void second_chance(void) { one_policy("clock"); }
static void two_queues(void) { one_policy("two"); }
static void sieve(void) { one_policy("sieve"); }
static void s3fifo(void) { one_policy("s3fifo"); }
static void any(void) { one_policy("random"); }

/* What is used again and again stays in memory, once that has been seen; but not for FIFO, which does not ask. */
static unsigned faults_of_hot_page(const char *name)
{
    check(reclaim_use_policy(name));
    struct addrspace *as = numbered();
    disk_on(DISK_NPAGES);
    uint64_t before = faults(FAULT_MAJOR);
    unsigned hot = 0;
    for (unsigned round = 0; round < 200; round++) {
        uint64_t was = faults(FAULT_MAJOR);
        check_eq(program_load(as, page_at(0)), 1);
        hot += faults(FAULT_MAJOR) - was;
        check_eq(program_load(as, page_at(1 + round % (NPAGES - 1))), 2 + round % (NPAGES - 1));
        if (as->pmap.resident > NPAGES / 2)
            reclaim();
    }
    check(faults(FAULT_MAJOR) > before);
    destroy(as);
    disk_off();
    return hot;
}

static void hot_fifo(void) { check(faults_of_hot_page("fifo") > 3); }
static void hot_clock(void) { check(faults_of_hot_page("clock") <= 1); }
static void hot_two(void) { check(faults_of_hot_page("two") <= 1); }
static void hot_sieve(void) { check(faults_of_hot_page("sieve") <= 1); }
static void hot_s3fifo(void) { check(faults_of_hot_page("s3fifo") <= 1); }

const struct test_case reclaim_cases[] = {
    { "swap: headers", headers },
    { "swap: slots", slots },
    { "out and in", out_and_in },
    { "read-ahead", read_ahead },
    { "zeroes need no disk", zeroes },
    { "shared by a fork", shared_by_fork },
    { "shared, and not asked about", shared_and_not_asked_about },
    { "verbs on what is on disk", verbs },
    { "files", files },
    { "tables", tables },
    { "pins", pins },
    { "locked in memory", locked_in_memory },
    { "disk full", disk_full },
    { "disk full, and thrashing", disk_full_and_thrashing },
    { "disk errors", errors },
    { "swapoff fails whole", off_fails },
    { "policy: fifo", fifo },
    { "policy: clock", second_chance },
    { "policy: two queues", two_queues },
    { "policy: sieve", sieve },
    { "policy: s3fifo", s3fifo },
    { "policy: random", any },
    { "hot page: fifo", hot_fifo },
    { "hot page: clock", hot_clock },
    { "hot page: two queues", hot_two },
    { "hot page: sieve", hot_sieve },
    { "hot page: s3fifo", hot_s3fifo },
    { 0 },
};
