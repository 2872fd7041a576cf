/*
 * virtio_blk.c - disks behind virtio-mmio, with the old register layout (version 1, "legacy") and
 * the new one (version 2).
 * Owns: the devices' registers, the queue that each shares with its device, requests from
 * submission to completion.
 * Does not own: what a request is for (disk.h), disks as files (kernel/fs/block.c).
 * Source: Virtual I/O Device (VIRTIO) 1.2: 2.7 split virtqueues, 3.1 initialization, 4.2 MMIO with
 * 4.2.4 for legacy, 5.2 block device.
 *
 *   submit -> waiting -> start: a chain of descriptors, header -> data ... -> status, of neighbours that continue each other
 *                          ^                                    |
 *             interrupt -> reap: by its status all requests of the chain are done, and the chain is free
 *
 * Every chain has its header, its status byte and their two descriptors for good; only the data
 * descriptors between are handed out. So the chain's number is that of its first descriptor, which
 * is what the device names when it is done.
 *
 * The device is not trusted to be sane while it is set up, nor in what it completes: it is given up
 * with a message. One that never answers holds those who wait for it. All interrupts come to one
 * hart, which looks at all disks.
 *
 * For tests, disk=error:N on the boot line has every N-th completion of a device reported as an
 * error, and disk=delay:MS makes each wait that much longer, unless a signal is there to be taken;
 * with a comma between them, both.
 */
#include <string.h>

#include "arch/irq.h"
#include "arch/mmio.h"
#include "arch/mmu.h"
#include "kernel/core/boot.h"
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/core/time.h"
#include "kernel/dev/disk.h"

/* 4.2.2, 4.2.4: byte offsets of registers. */
enum {
    MAGIC = 0x00, VERSION = 0x04, DEVICE_ID = 0x08, DEVICE_FEATURES = 0x10, DEVICE_FEATURES_SEL = 0x14, DRIVER_FEATURES = 0x20,
    DRIVER_FEATURES_SEL = 0x24, GUEST_PAGE_SIZE = 0x28, QUEUE_SEL = 0x30, QUEUE_NUM_MAX = 0x34, QUEUE_NUM = 0x38,
    QUEUE_ALIGN = 0x3c, QUEUE_PFN = 0x40, QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50, INTERRUPT_STATUS = 0x60,
    INTERRUPT_ACK = 0x64, STATUS = 0x70, QUEUE_DESC = 0x80, QUEUE_DRIVER = 0x90, QUEUE_DEVICE = 0xa0, CONFIG = 0x100,
};
enum { MAGIC_VALUE = 0x74726976, ID_BLOCK = 2, LEGACY = 1, MODERN = 2 };
enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8, STATUS_NEEDS_RESET = 64,
       STATUS_FAILED = 128 };

/* 5.2.3, 5.2.4: features, by their bits, and the configuration. */
enum { F_SIZE_MAX = 1, F_SEG_MAX = 2, F_RO = 5, F_BLK_SIZE = 6, F_FLUSH = 9, F_VERSION_1 = 32 };
enum { CAPACITY = CONFIG, SIZE_MAX_ = CONFIG + 8, SEG_MAX = CONFIG + 12, BLK_SIZE = CONFIG + 20, CONFIG_END = CONFIG + 24 };

/* 5.2.6: a request's header; its status is a byte. */
enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4 };
enum { STATUS_OK = 0, STATUS_UNTOUCHED = 0xff };

struct header {
    uint32_t type, reserved;
    uint64_t sector;
};

/* 2.7: the queue. */
enum { DESC_NEXT = 1, DESC_WRITE = 2 }; /* another follows; the device writes to it */

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

struct avail {
    uint16_t flags;
    volatile uint16_t idx;
    uint16_t ring[];
};

struct used {
    uint16_t flags;
    volatile uint16_t idx;
    struct { uint32_t id, len; } ring[];
};

enum { QUEUE_MAX = 256, QUEUE_MIN = 4, USED_ALIGN = 64 };       /* sizes of a queue, powers of two */
enum { CHAINS_MAX = QUEUE_MAX / 4, RESET_NS = 100000000 };

/* What a disk shares with its device: in legacy layout one piece, for which the frame allocator has nothing. */
struct shared {
    char queue[2 * PAGE_SIZE - CHAINS_MAX * (sizeof(struct header) + 1)];
    struct header header[CHAINS_MAX];
    volatile uint8_t status[CHAINS_MAX];
};
_Static_assert(sizeof(struct shared) == 2 * PAGE_SIZE, "whole pages, and headers are aligned");
_Static_assert(sizeof(struct desc) * QUEUE_MAX + 6 + 2 * QUEUE_MAX + USED_ALIGN + 6 + 8 * QUEUE_MAX <=
               offsetof(struct shared, header), "the largest queue fits");

struct virtio_disk {
    struct disk disk;                   /* first */
    /* fixed */
    volatile uint32_t *regs;
    bool legacy, can_flush;
    unsigned queue_size, nchains, segments_max;
    struct shared *shared;
    struct desc *desc;                  /* nchains headers, nchains status bytes, then data */
    struct avail *avail;
    const volatile struct used *used;

    struct spinlock lock;               /* RANK_DEVICE, interrupts masked */
    struct disk_queue waiting;          /* [lock] what the device has not been told of */
    struct disk_queue chain[CHAINS_MAX];        /* [lock] what each chain moves */
    uint64_t free_chains;               /* [lock] a bit each */
    uint16_t free_data;                 /* [lock] the first free data descriptor; they are linked by next */
    unsigned nfree_data;                /* [lock] */
    uint16_t avail_idx, used_idx;       /* [lock] how far we have come in the two rings */
    bool given_up;                      /* [lock] */
    unsigned completions;               /* [lock] for error_every */
    struct disk_counts counts;          /* [lock] */
};

static struct shared shared[DISKS_MAX] __attribute__((aligned(PAGE_SIZE)));
static struct virtio_disk disks[DISKS_MAX];
static unsigned ndisks;                 /* fixed after disks_init */
static unsigned long error_every, delay_ms;     /* fixed after disks_init; 0: never */

static uint32_t get(const struct virtio_disk *d, unsigned reg) { return mmio_read(d->regs + reg / 4); }
static void put(struct virtio_disk *d, unsigned reg, uint32_t value) { mmio_write(d->regs + reg / 4, value); }
static struct virtio_disk *driver_of(struct disk *disk) { return (struct virtio_disk *)disk; }

/* ---- requests [d->lock] ---- */

static void finish(struct disk_request *r, int err)
{
    struct disk_batch *batch = r->batch;
    r->err = err;
    if (batch->err == 0)
        batch->err = err;
    if (--batch->pending == 0)
        wake_all(&batch->done);         /* r and batch are gone once the lock is free */
}

/* Put r behind *link, in the chain's next data descriptor. Returns the place of the next link. */
static uint16_t *add_data(struct virtio_disk *d, const struct disk_request *r, uint16_t *link)
{
    uint16_t n = d->free_data;
    struct desc *desc = &d->desc[n];
    d->free_data = desc->next;
    d->nfree_data--;
    *desc = (struct desc){ r->memory, r->len_bytes, DESC_NEXT | (r->op == DISK_READ ? DESC_WRITE : 0), 0 };
    *link = n;
    return &desc->next;
}

/* The first that waits, and those behind it that continue it on the disk, become a chain. */
static void start_one(struct virtio_disk *d)
{
    static const uint32_t types[] = { [DISK_READ] = TYPE_IN, [DISK_WRITE] = TYPE_OUT, [DISK_FLUSH] = TYPE_FLUSH };
    unsigned c = (unsigned)__builtin_ctzl(d->free_chains), segments = 0;
    struct disk_request *r = STAILQ_FIRST(&d->waiting);
    enum disk_op op = r->op;
    uint64_t end = r->offset;
    uint16_t *link = &d->desc[c].next;
    d->shared->header[c] = (struct header){ types[op], 0, r->offset / DISK_SECTOR };
    d->shared->status[c] = STATUS_UNTOUCHED;
    do {
        STAILQ_REMOVE_HEAD(&d->waiting, link);
        STAILQ_INSERT_TAIL(&d->chain[c], r, link);
        if (op != DISK_FLUSH)
            link = add_data(d, r, link);
        end += r->len_bytes;
        segments++;
        r = STAILQ_FIRST(&d->waiting);
    } while (r != NULL && op != DISK_FLUSH && r->op == op && r->offset == end &&
             segments < d->segments_max && d->nfree_data > 0);
    *link = (uint16_t)(d->nchains + c);
    d->free_chains &= ~(1ul << c);
    d->counts.op[op].merged += segments - 1;
    d->counts.in_flight++;
    d->avail->ring[d->avail_idx++ % d->queue_size] = (uint16_t)c;
}

/* Tell the device of as many as it can take. */
static void start(struct virtio_disk *d)
{
    assert(spin_held(&d->lock));
    uint16_t before = d->avail_idx;
    struct disk_request *r;
    while ((r = STAILQ_FIRST(&d->waiting)) != NULL && d->free_chains != 0 && (r->op == DISK_FLUSH || d->nfree_data > 0))
        start_one(d);
    if (d->avail_idx == before)
        return;
    atomic_thread_fence(memory_order_release);  /* 2.7.13.3: the chains, then that they are there */
    d->avail->idx = d->avail_idx;
    put(d, QUEUE_NOTIFY, 0);
}

/* The device is done with chain c. */
static void complete(struct virtio_disk *d, unsigned c, int err)
{
    struct disk_request *r, *next;
    enum disk_op op = STAILQ_FIRST(&d->chain[c])->op;
    for (uint16_t n = d->desc[c].next; n != d->nchains + c;) {
        uint16_t behind = d->desc[n].next;
        d->desc[n].next = d->free_data;
        d->free_data = n;
        d->nfree_data++;
        n = behind;
    }
    d->free_chains |= 1ul << c;
    d->counts.op[op].requests++;
    d->counts.in_flight--;
    STAILQ_FOREACH_SAFE(r, &d->chain[c], link, next) {
        d->counts.op[op].sectors += r->len_bytes / DISK_SECTOR;
        finish(r, err);
    }
    STAILQ_INIT(&d->chain[c]);
}

static bool reset(struct virtio_disk *d)
{
    put(d, STATUS, 0);
    for (uint64_t end = time_ns() + RESET_NS; get(d, STATUS) != 0;)
        if (time_ns() >= end)
            return false;
    return true;
}

/* From now on every request fails; but where even a reset does not help, the device keeps the memory that it has got. */
static void give_up(struct virtio_disk *d, const char *why)
{
    struct disk_request *r;
    kprintf("%s: the device %s; from now on all requests fail\n", d->disk.name, why);
    d->given_up = true;
    bool let_go = reset(d);
    for (unsigned c = 0; c < d->nchains && let_go; c++)
        if (!STAILQ_EMPTY(&d->chain[c]))
            complete(d, c, -EIO);
    while ((r = STAILQ_FIRST(&d->waiting)) != NULL) {
        STAILQ_REMOVE_HEAD(&d->waiting, link);
        finish(r, -EIO);
    }
}

/* Take all that the device says is done. */
static void reap(struct virtio_disk *d)
{
    while (!d->given_up && d->used->idx != d->used_idx) {
        atomic_thread_fence(memory_order_acquire);      /* 2.7.14: that they are there, then what they say */
        uint32_t c = d->used->ring[d->used_idx % d->queue_size].id;
        if (c >= d->nchains || (d->free_chains >> c & 1)) {
            give_up(d, "is done with what it was not asked for");
            return;
        }
        d->used_idx++;
        bool injected = error_every != 0 && ++d->completions % error_every == 0;
        complete(d, c, d->shared->status[c] == STATUS_OK && !injected ? 0 : -EIO);
    }
}

static void interrupt(void)
{
    for (struct virtio_disk *d = disks; d < disks + ndisks; d++) {
        uint32_t why = get(d, INTERRUPT_STATUS);
        if (why == 0)
            continue;
        put(d, INTERRUPT_ACK, why);     /* before the look at the ring: what comes behind that interrupts again */
        spin_lock(&d->lock);
        reap(d);
        if (!d->given_up && (get(d, STATUS) & STATUS_NEEDS_RESET))
            give_up(d, "has failed");
        start(d);
        spin_unlock(&d->lock);
    }
}

void disk_batch_init(struct disk_batch *batch)
{
    batch->pending = 0;
    batch->err = 0;
    waitq_init(&batch->done);
}

/* What need not come to the device; 0: it must. */
static int refusal(const struct virtio_disk *d, const struct disk_request *r)
{
    const struct disk *disk = &d->disk;
    assert(r->op == DISK_FLUSH || (r->len_bytes > 0 && (r->len_bytes | r->offset) % disk->block_bytes == 0 &&
                                   page_down(r->memory) == page_down(r->memory + r->len_bytes - 1)));
    if (d->given_up || r->offset > disk->size_bytes || r->len_bytes > disk->size_bytes - r->offset)
        return -EIO;
    return disk->read_only && r->op == DISK_WRITE ? -EROFS : 0;
}

void disk_submit(struct disk *disk, struct disk_batch *batch, struct disk_request *requests, unsigned n)
{
    struct virtio_disk *d = driver_of(disk);
    unsigned long flags = spin_lock_irqsave(&d->lock);
    batch->pending += n;
    for (struct disk_request *r = requests; r < requests + n; r++) {
        int err = refusal(d, r);
        r->batch = batch;
        if (err != 0 || (r->op == DISK_FLUSH && !d->can_flush))
            finish(r, err);             /* without a cache there is nothing to flush */
        else
            STAILQ_INSERT_TAIL(&d->waiting, r, link);
    }
    start(d);
    spin_unlock_irqrestore(&d->lock, flags);
}

int disk_wait(struct disk *disk, struct disk_batch *batch)
{
    struct virtio_disk *d = driver_of(disk);
    if (delay_ms != 0)
        time_sleep_until(time_ns() + delay_ms * (NSEC_PER_SEC / 1000));
    unsigned long flags = spin_lock_irqsave(&d->lock);
    while (batch->pending > 0)
        sleep_on(&batch->done, &d->lock);
    int err = batch->err;
    spin_unlock_irqrestore(&d->lock, flags);
    return err;
}

int disk_flush(struct disk *disk)
{
    struct disk_request flush = { .op = DISK_FLUSH };
    struct disk_batch batch;
    disk_batch_init(&batch);
    disk_submit(disk, &batch, &flush, 1);
    return disk_wait(disk, &batch);
}

void disk_count(struct disk *disk, struct disk_counts *counts)
{
    struct virtio_disk *d = driver_of(disk);
    unsigned long flags = spin_lock_irqsave(&d->lock);
    *counts = d->counts;
    spin_unlock_irqrestore(&d->lock, flags);
}

struct disk *disk_at(unsigned index) { return index < ndisks ? &disks[index].disk : NULL; }

/* ---- setting up ---- */

static void put_address(struct virtio_disk *d, unsigned reg, const volatile void *at)
{
    paddr_t address = virt_to_phys((const void *)at);
    put(d, reg, (uint32_t)address);
    put(d, reg + 4, (uint32_t)(address >> 32));
}

/* Say which of the features offered we understand. False: the device does not work with these. */
static bool negotiate(struct virtio_disk *d, uint64_t *features)
{
    const uint64_t known = 1ul << F_SIZE_MAX | 1ul << F_SEG_MAX | 1ul << F_RO | 1ul << F_BLK_SIZE | 1ul << F_FLUSH |
                           1ul << F_VERSION_1;
    *features = 0;
    for (uint32_t half = 0; half < (d->legacy ? 1u : 2u); half++) {
        put(d, DEVICE_FEATURES_SEL, half);
        *features |= (get(d, DEVICE_FEATURES) & known >> 32 * half) << 32 * half;
        put(d, DRIVER_FEATURES_SEL, half);
        put(d, DRIVER_FEATURES, (uint32_t)(*features >> 32 * half));
    }
    if (d->legacy)
        return true;
    put(d, STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return (*features >> F_VERSION_1 & 1) && (get(d, STATUS) & STATUS_FEATURES_OK);
}

/* Returns what is wrong, or NULL. */
static const char *read_config(struct virtio_disk *d, uint64_t features)
{
    struct disk *disk = &d->disk;
    uint64_t sectors = get(d, CAPACITY) | (uint64_t)get(d, CAPACITY + 4) << 32;
    disk->read_only = features >> F_RO & 1;
    d->can_flush = features >> F_FLUSH & 1;
    disk->block_bytes = features >> F_BLK_SIZE & 1 ? get(d, BLK_SIZE) : DISK_SECTOR;
    d->segments_max = features >> F_SEG_MAX & 1 ? get(d, SEG_MAX) : 1;
    if (disk->block_bytes < DISK_SECTOR || disk->block_bytes > PAGE_SIZE || (disk->block_bytes & (disk->block_bytes - 1)) != 0)
        return "its blocks are not of 512 to 4096 bytes";
    if (sectors > INT64_MAX / DISK_SECTOR || ((features >> F_SIZE_MAX & 1) && get(d, SIZE_MAX_) < PAGE_SIZE))
        return "its configuration makes no sense";
    if (d->segments_max == 0)
        d->segments_max = 1;
    disk->size_bytes = sectors * DISK_SECTOR / disk->block_bytes * disk->block_bytes;
    return NULL;
}

/* 4.2.3.2, 4.2.4.2: lay the queue out and show it to the device. Returns what is wrong, or NULL. */
static const char *make_queue(struct virtio_disk *d)
{
    put(d, QUEUE_SEL, 0);
    unsigned max = get(d, QUEUE_NUM_MAX), n = QUEUE_MAX;
    if (max < QUEUE_MIN || get(d, d->legacy ? QUEUE_PFN : QUEUE_READY) != 0)
        return "its queue is not there, or in use";
    while (n > max)
        n /= 2;
    d->queue_size = n;
    d->nchains = n / 4;
    char *at = d->shared->queue;
    d->desc = (struct desc *)at;
    at += n * sizeof(struct desc);
    d->avail = (struct avail *)at;
    at += sizeof(struct avail) + (n + 1) * sizeof(uint16_t);
    d->used = (struct used *)(((uintptr_t)at + USED_ALIGN - 1) & ~(uintptr_t)(USED_ALIGN - 1));

    put(d, QUEUE_NUM, n);
    if (d->legacy) {
        put(d, QUEUE_ALIGN, USED_ALIGN);
        put(d, QUEUE_PFN, (uint32_t)(virt_to_phys(d->desc) >> PAGE_SHIFT));
    } else {
        put_address(d, QUEUE_DESC, d->desc);
        put_address(d, QUEUE_DRIVER, d->avail);
        put_address(d, QUEUE_DEVICE, d->used);
        put(d, QUEUE_READY, 1);
    }
    return NULL;
}

/* All chains are free, and so are all data descriptors. */
static void make_chains(struct virtio_disk *d)
{
    for (unsigned c = 0; c < d->nchains; c++) {
        STAILQ_INIT(&d->chain[c]);
        d->free_chains |= 1ul << c;
        d->desc[c] = (struct desc){ virt_to_phys(&d->shared->header[c]), sizeof(struct header), DESC_NEXT, 0 };
        d->desc[d->nchains + c] = (struct desc){ virt_to_phys((const void *)&d->shared->status[c]), 1, DESC_WRITE, 0 };
    }
    d->free_data = (uint16_t)(2 * d->nchains);
    d->nfree_data = d->queue_size - d->free_data;
    for (unsigned n = d->free_data; n < d->queue_size; n++)
        d->desc[n].next = (uint16_t)(n + 1);
}

/* 3.1.1, in its order. Returns what is wrong, or NULL. */
static const char *set_up(struct virtio_disk *d)
{
    uint64_t features;
    if (!reset(d))
        return "it cannot be reset";
    put(d, STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    if (d->legacy)
        put(d, GUEST_PAGE_SIZE, PAGE_SIZE);
    if (!negotiate(d, &features))
        return "it and the kernel cannot agree on what to use";
    const char *wrong = read_config(d, features);
    if (wrong == NULL)
        wrong = make_queue(d);
    if (wrong != NULL)
        return wrong;
    make_chains(d);
    put(d, STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK | (d->legacy ? 0 : STATUS_FEATURES_OK));
    return get(d, STATUS) & STATUS_NEEDS_RESET ? "it has failed" : NULL;
}

/* The number behind name in the boot word disk=; 0: it is not there. */
static unsigned long fault_option(const char *name)
{
    const char *value = boot_option("disk"), *at = value != NULL ? strstr(value, name) : NULL;
    unsigned long number = 0;
    for (at += at != NULL ? strlen(name) : 0; at != NULL && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (unsigned long)(*at - '0');
    return number;
}

/* QEMU fills its places from the last one on: so vda is the first -device of its command line. */
void disks_init(void)
{
    error_every = fault_option("error:");
    delay_ms = fault_option("delay:");
    for (unsigned v = machine.nvirtio; v-- > 0;) {
        const struct machine_virtio *place = &machine.virtio[v];
        struct virtio_disk *d = &disks[ndisks];
        *d = (struct virtio_disk){ .regs = phys_to_virt(place->regs.start), .shared = &shared[ndisks] };
        if (place->regs.end - place->regs.start < CONFIG_END || get(d, MAGIC) != MAGIC_VALUE || get(d, DEVICE_ID) != ID_BLOCK)
            continue;
        uint32_t version = get(d, VERSION);
        d->legacy = version == LEGACY;
        const char *wrong = place->irq > machine.plic_nirqs ? "it has no interrupt" :
                            d->legacy || version == MODERN ? set_up(d) : "it is of an unknown version";
        if (wrong != NULL) {
            reset(d);
            put(d, STATUS, STATUS_FAILED);
            kprintf("disk at %#lx: %s, not used\n", place->regs.start, wrong);
            continue;
        }
        spin_init(&d->lock, RANK_DEVICE);
        STAILQ_INIT(&d->waiting);
        memcpy(d->disk.name, (char[]){ 'v', 'd', (char)('a' + ndisks), '\0' }, sizeof d->disk.name);
        ndisks++;
        irq_register(place->irq, interrupt);
        kprintf("%s: %lu KiB%s\n", d->disk.name, d->disk.size_bytes / 1024, d->disk.read_only ? ", read only" : "");
    }
}
