/*
 * disk.c - disks that are arrays: one for swap, and one that is a file.
 */
#include <stdatomic.h>
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/test/disk.h"

static char bytes[DISK_NPAGES * PAGE_SIZE], home_bytes[HOME_NPAGES * PAGE_SIZE];
static _Atomic unsigned failures, nwritten, nread;

static int transfer(struct page_device *dev, const uint32_t at[], struct page *const page[], unsigned n, bool write)
{
    assert(n >= 1 && n <= SWAP_CLUSTER);
    if (failures > 0) {
        failures--;
        return -EIO;
    }
    for (unsigned i = 0; i < n; i++) {
        assert(at[i] < dev->npages);
        char *there = (dev == &disk ? bytes : home_bytes) + at[i] * PAGE_SIZE;
        if (write)
            memcpy(there, page_address(page[i]), PAGE_SIZE);
        else
            memcpy(page_address(page[i]), there, PAGE_SIZE);
    }
    atomic_fetch_add(write ? &nwritten : &nread, n);
    return 0;
}

static bool flush_fails;
static int flush(struct page_device *dev) { return (void)dev, flush_fails ? -EIO : 0; }
void disk_flush_fails(bool fails) { flush_fails = fails; }

struct page_device disk = { .name = "disk", .npages = DISK_NPAGES, .transfer = transfer };
struct page_device home_disk = { .name = "home", .npages = HOME_NPAGES, .transfer = transfer, .flush = flush };

char *disk_bytes(void) { return bytes; }
char *home_disk_bytes(void) { return home_bytes; }
void disk_fail(unsigned n) { failures = n; }
unsigned disk_written(void) { return nwritten; }
unsigned disk_was_read(void) { return nread; }

void disk_on(unsigned npages)
{
    uint32_t *info = (uint32_t *)(bytes + 1024);
    info[0] = 1;
    info[1] = npages - 1;
    info[2] = 0;
    memcpy(bytes + PAGE_SIZE - 10, "SWAPSPACE2", 10);
    if (swap_on(&disk, 0) != 0)
        panic("disk.c: the disk cannot be used");
    reclaim_start();
    nwritten = nread = 0;
}

void disk_off(void)
{
    if (reclaim_leave_disk(&disk) != 0)
        panic("disk.c: the disk cannot be left");
}

const char *disk_contents(const struct anon *anon)
{
    static const char zeroes[PAGE_SIZE];
    if (anon->page != NULL)
        return page_address(anon->page);
    return anon->slot == SWAP_ZEROES ? zeroes : bytes + anon->slot * PAGE_SIZE;        /* it is the first area */
}

size_t reclaim_all(void)
{
    size_t freed = 0, n;
    while ((n = reclaim()) > 0)
        freed += n;
    return freed;
}
