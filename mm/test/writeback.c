/*
 * writeback.c - tests of mm/writeback.h, and of objects that are disks: what is read is the disk's, what is stored comes to it.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/readin.h"
#include "mm/reclaim.h"
#include "mm/test/disk.h"
#include "mm/test/test.h"
#include "mm/writeback.h"

#define RW (PROT_READ | PROT_WRITE)

enum { NPAGES = HOME_NPAGES };
static const vaddr_t at = 0x400000;
static struct vm_object *file;

static vaddr_t page_at(unsigned i) { return at + i * PAGE_SIZE; }
static char *on_disk(unsigned i) { return home_disk_bytes() + i * PAGE_SIZE; }

/* A disk whose pages begin with their number, as a file that is mapped at at. Its pages are queued. */
static struct addrspace *mapped(bool shared)
{
    for (unsigned i = 0; i < NPAGES; i++)
        *on_disk(i) = i + 1;
    file = object_create_disk(swap_home(&home_disk), NPAGES * PAGE_SIZE, (struct inode *)home_disk_bytes());      /* mm only keeps it */
    reclaim_start_homes();
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, NPAGES * PAGE_SIZE, RW, shared, file, 0), 0);
    return as;
}

static void done(struct addrspace *as)
{
    world_check();
    destroy(as);
    object_put(file);
    check_eq(swap_held(), 0);
}

/* Reads and loads find the disk's bytes, each page is read once, and more come along with who goes on. */
static void reading(void)
{
    struct addrspace *as = mapped(true);
    struct object_piece piece;
    check_eq(object_pin_read(file, PAGE_SIZE * 3 + 1, &piece), 0);
    check_eq(piece.len, PAGE_SIZE - 1);
    check_eq(piece.bytes[-1], 4);
    check_eq(reclaim_all(), 0);
    object_unpin(&piece);
    check_eq(disk_was_read(), 1);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_load(as, page_at(i)), i + 1);
    check_eq(disk_was_read(), NPAGES);
    check(faults(FAULT_MAJOR) < NPAGES / 3);
    check_eq(program_load(as, page_at(NPAGES)), -EFAULT);
    check_eq(disk_written(), 0);
    check_eq(reclaim_all(), NPAGES);                    /* without being written; and their anons go, too */
    check_eq(anon_count(), 0);
    check_eq(disk_written(), 0);
    check_eq(read_in_object(file, 0), 0);
    check_eq(read_in_object(file, 1), 0);
    check_eq(read_in_object(file, NPAGES), 0);          /* nothing is there */
    check_eq(program_load(as, page_at(2)), 3);
    done(as);
}

static void storing(void)
{
    struct addrspace *as = mapped(true);
    check_eq(program_load(as, page_at(5)), 6);
    check(!(leaf_prot(as, page_at(5)) & PROT_WRITE));   /* the first store must be seen */
    check_eq(program_store(as, page_at(5), 'a'), 0);
    check_eq(program_store(as, page_at(7), 'b'), 0);
    check_eq(*on_disk(5), 6);
    check_eq(object_drop_unmapped(file), 0);
    check_eq(writeback(file, 6, 7), 0);
    check_eq(disk_written(), 0);
    check_eq(writeback(file, 0, 6), 0);
    check_eq(disk_written(), 1);
    check_eq(*on_disk(5), 'a');
    check_eq(*on_disk(7), 8);
    check_eq(leaf_prot(as, page_at(5)), -1);
    world_check();
    check_eq(program_load(as, page_at(5)), 'a');
    check_eq(program_store(as, page_at(5), 'c'), 0);    /* counts again */
    check_eq(writeback(file, 0, NPAGES), 0);
    check_eq(disk_written(), 3);
    check_eq(writeback(file, 0, NPAGES), 0);
    check_eq(disk_written(), 3);
    check_eq(*on_disk(5), 'c');
    check_eq(*on_disk(7), 'b');
    check(object_drop_unmapped(file) > 0);
    check_eq(program_load(as, page_at(5)), 'c');
    done(as);
}

/* What is saved while someone writes to it is saved again: the change counts after the copy. */
static void saved_in_the_middle(void)
{
    struct addrspace *as = mapped(true);
    struct object_piece piece;
    check_eq(object_pin_write(file, 0, SIZE_MAX, &piece), 0);
    check_eq(piece.bytes[0], 1);                        /* read first, for who writes a part */
    piece.bytes[0] = 'x';
    check_eq(writeback(file, 0, NPAGES), 0);
    piece.bytes[1] = 'y';
    object_written(file, &piece, 2);
    object_unpin(&piece);
    check_eq(writeback(file, 0, NPAGES), 0);
    check_eq(memcmp(on_disk(0), "xy", 2), 0);
    done(as);
}

/* A private mapping shows the disk until it stores, and no disk sees that. */
static void private(void)
{
    struct addrspace *as = mapped(false);
    check_eq(program_load(as, page_at(1)), 2);
    check_eq(program_store(as, page_at(1), 'p'), 0);
    check_eq(program_store(as, page_at(2), 'q'), 0);
    check_eq(faults(FAULT_B1), 1);
    check_eq(faults(FAULT_B2), 2);
    check_eq(as_write_back(as, at, NPAGES * PAGE_SIZE), 0);
    check_eq(disk_written(), 0);
    check_eq(program_load(as, page_at(1)), 'p');
    done(as);
}

/* What is locked stays, also while the disk gets it: then it has no leaf. */
static void locked(void)
{
    struct addrspace *as = mapped(true);
    check_eq(program_store(as, page_at(3), 'l'), 0);
    check_eq(as_lock(as, page_at(3), PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(writeback(file, 0, NPAGES), 0);
    check_eq(leaf_prot(as, page_at(3)), -1);
    check_eq(object_drop_unmapped(file), 0);
    check_eq(as_lock(as, page_at(3), PAGE_SIZE, 0), 0);
    check_eq(object_drop_unmapped(file), 1);
    done(as);
}

static void msync(void)
{
    struct addrspace *as = mapped(true);
    check_eq(map_zero(as, page_at(NPAGES + 5), PAGE_SIZE, RW), 0);
    check_eq(map_object(as, page_at(NPAGES + 9), 3 * PAGE_SIZE, RW, true, file, 20), 0);
    check_eq(program_store(as, page_at(4), 'm'), 0);
    check_eq(program_store(as, page_at(NPAGES + 10), 'n'), 0);
    check_eq(as_write_back(as, page_at(5), PAGE_SIZE), 0);
    check_eq(disk_written(), 0);
    check_eq(as_write_back(as, page_at(4), (NPAGES + 8) * PAGE_SIZE), 0);
    check_eq(disk_written(), 2);
    check_eq(*on_disk(4), 'm');
    check_eq(*on_disk(21), 'n');
    check_eq(program_load(as, page_at(21)), 'n');
    check_eq(map_object(as, page_at(NPAGES + 20), PAGE_SIZE, RW, true, file, RADIX_END), 0);    /* no disk is so large */
    check_eq(as_write_back(as, page_at(NPAGES + 20), PAGE_SIZE), 0);
    check_eq(as_will_need(as, page_at(30), 2 * PAGE_SIZE), 0);
    unsigned before = disk_was_read();
    check_eq(program_load(as, page_at(31)), 32);
    check_eq(disk_was_read(), before);
    done(as);
}

/* Memory runs short: what was stored to is written, and then all may go. */
static void reclaimed(void)
{
    struct addrspace *as = mapped(true);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(i % 3 == 0 ? program_store(as, page_at(i), 100 + i) : program_load(as, page_at(i)), i % 3 == 0 ? 0 : i + 1);
    check_eq(map_zero(as, page_at(NPAGES + 5), PAGE_SIZE, RW), 0);
    check_eq(program_load(as, page_at(NPAGES + 5)), 0);
    check_eq(reclaim_all(), NPAGES);
    check_eq(disk_written(), (NPAGES + 2) / 3);
    check_eq(anon_count(), 1);                          /* the zeroes: there is no swap */
    check_eq(object_drop_queueless(), 0);               /* nor does anything go but in its turn */
    world_check();
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_load(as, page_at(i)), i % 3 == 0 ? 100 + i : i + 1);
    done(as);
}

/* A page that read(2) comes to again and again is used, although nobody maps it. */
static void hot_by_reading(void)
{
    check(reclaim_use_policy("clock"));
    struct addrspace *as = mapped(true);
    struct object_piece piece;
    unsigned hot = 0;
    for (unsigned round = 0; round < 200; round++) {
        unsigned before = disk_was_read();
        check_eq(object_pin_read(file, 0, &piece), 0);
        object_unpin(&piece);
        hot += disk_was_read() - before;
        check_eq(object_pin_read(file, (1 + round % (NPAGES - 1)) * PAGE_SIZE, &piece), 0);
        object_unpin(&piece);
        if (page_used(PAGE_FILE) > NPAGES / 2)
            reclaim();
    }
    check(disk_was_read() > 150);
    check(hot <= 1);
    done(as);
}

/* What the disk refuses stays, and is written the next time. */
static void errors(void)
{
    struct addrspace *as = mapped(true);
    disk_fail(1);
    check_eq(program_load(as, page_at(3)), -EIO);
    check_eq(program_load(as, page_at(3)), 4);
    disk_fail(1);
    check_eq(read_in_object(file, 10), -EIO);
    for (unsigned i = 0; i < 8; i++)
        check_eq(program_store(as, page_at(i), 'e'), 0);
    disk_fail(1 + 3);                                   /* all at once, and then the first three */
    check_eq(writeback(file, 0, NPAGES), -EIO);
    check_eq(disk_written(), 5);
    world_check();
    check_eq(writeback(file, 0, NPAGES), 0);
    check_eq(disk_written(), 8);
    check_eq(program_store(as, page_at(0), 'f'), 0);
    disk_fail(1000000);
    reclaim();
    disk_fail(0);
    check_eq(program_load(as, page_at(0)), 'f');
    check(reclaim_all() > 0);
    check_eq(*on_disk(0), 'f');
    disk_flush_fails(true);
    check_eq(writeback(file, 0, NPAGES), -EIO);
    disk_flush_fails(false);
    check_eq(writeback(file, 0, NPAGES), 0);
    done(as);
}

/* Every allocation on the way fails once; nothing is lost, nor left behind. */
static void no_memory(void)
{
    struct addrspace *as = mapped(true);
    struct object_piece piece;
    for (unsigned k = 1, err = 1; err != 0; k++) {
        object_drop_unmapped(file);
        host_fail_allocation(FAIL_ONCE, k);
        err = object_pin_read(file, PAGE_SIZE, &piece) != 0;
        host_fail_allocation(FAIL_NONE, 0);
        if (!err) {
            check_eq(piece.bytes[0], 2);
            object_unpin(&piece);
        }
        world_check();
    }
    for (unsigned k = 1, err = 1; err != 0; k++) {
        object_drop_unmapped(file);
        host_fail_allocation(FAIL_ONCE, k);
        err = program_store(as, page_at(9), 'k') != 0;
        host_fail_allocation(FAIL_NONE, 0);
        world_check();
    }
    check_eq(read_in_object(file, 20), 0);
    host_fail_allocation(FAIL_ONCE, 2);                 /* only read-ahead wants it */
    check_eq(program_load(as, page_at(21)), 22);
    host_fail_allocation(FAIL_NONE, 0);
    host_fail_allocation(FAIL_FROM_THEN_ON, 1);
    check_eq(writeback(file, 0, NPAGES), 0);            /* needs none */
    host_fail_allocation(FAIL_NONE, 0);
    check_eq(*on_disk(9), 'k');
    done(as);
}

const struct test_case writeback_cases[] = {
    { "reading", reading },
    { "storing", storing },
    { "saved in the middle of a write", saved_in_the_middle },
    { "private mappings", private },
    { "msync, and what will be needed", msync },
    { "locked pages", locked },
    { "memory runs short", reclaimed },
    { "hot by reading", hot_by_reading },
    { "disk errors", errors },
    { "no memory", no_memory },
    { 0 },
};
