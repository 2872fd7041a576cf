/*
 * disk.h - disks, and requests to them.
 * Owns: the contract between who wants bytes of a disk moved (kernel/fs/block.c) and the driver
 * (virtio_blk.c).
 * Does not own: how a device is talked to; disks as files.
 *
 * A request moves one stretch of memory, inside one page, to or from consecutive sectors. Its
 * memory, and that of the batch that it is waited for with, is the caller's: submitting allocates
 * nothing and does not sleep, so that who writes pages out to get memory needs none for it.
 * Neighbours in the queue that continue each other on the disk become one request to the device.
 */
#pragma once

#include <sys/queue.h>

#include "arch/machine.h"
#include "kernel/core/lock.h"

#define DISK_SECTOR 512u
#define DISKS_MAX   MACHINE_MAX_VIRTIO

enum disk_op { DISK_READ, DISK_WRITE, DISK_FLUSH };

/* Fixed once the disk has been found. */
struct disk {
    char name[4];                       /* vda, vdb, ... */
    bool read_only;
    uint32_t block_bytes;               /* what it reads and writes at least: a power of two, 512 to a page */
    uint64_t size_bytes;                /* a multiple of block_bytes */
};

/* Requests, of one disk, that somebody waits for together. */
struct disk_batch {
    unsigned pending;                   /* [the disk's lock] */
    int err;                            /* [the disk's lock] the first error */
    struct waitq done;
};

struct disk_request {
    /* The caller's; constant while the request is pending. */
    enum disk_op op;
    uint64_t offset;                    /* in bytes, on the disk; both multiples of block_bytes, and 0 of DISK_FLUSH */
    uint32_t len_bytes;
    paddr_t memory;
    /* The driver's. */
    int err;                            /* once it is done: 0, -EIO, -EROFS */
    struct disk_batch *batch;
    STAILQ_ENTRY(disk_request) link;
};

STAILQ_HEAD(disk_queue, disk_request);

struct disk_counts {
    struct {
        uint64_t requests;              /* that the device has completed, */
        uint64_t merged;                /* those of callers that had gone along in one of another */
        uint64_t sectors;
    } op[DISK_FLUSH + 1];
    unsigned in_flight;                 /* requests that the device has now */
};

/* Find the disks. Once, on the hart that takes their interrupts, after irq_init. */
void disks_init(void);

/* 0 is vda; NULL: there are not so many. */
struct disk *disk_at(unsigned index);

void disk_batch_init(struct disk_batch *batch);

/*
 * Have the device do n requests, in any order, and count them in batch. What it has not done when a
 * flush is submitted is not part of the flush. Locks: any below RANK_DEVICE may be held. Failure:
 * by the request, and disk_wait.
 */
void disk_submit(struct disk *disk, struct disk_batch *batch, struct disk_request *requests, unsigned n);

/*
 * Sleep until all requests of batch are done, whatever becomes of the caller: until then their
 * memory is the device's. Returns 0 or the first error.
 */
int disk_wait(struct disk *disk, struct disk_batch *batch);

/* Have all that has been written survive a loss of power. Sleeps. Returns 0 or -EIO. */
int disk_flush(struct disk *disk);

void disk_count(struct disk *disk, struct disk_counts *counts);
