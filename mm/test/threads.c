/*
 * threads.c - all verbs at once, for ThreadSanitizer. Usage: mm-threads [OPERATIONS [SEED]]
 * Each thread is a process on a hart of its own. All of them run in the same few address spaces, which share pages and radix nodes
 * with each other and with the children that the threads fork and destroy; leaves are dropped, files' caches too, and now and
 * then there is no memory.
 *
 * Beside them they read, write and cut a file, as read(2), write(2) and truncate(2) do: a write is whole for every reader. And
 * they cut one that all of them map. A disk is mapped, too: what they store there is on it in the end. Each has a file of its own,
 * and then another.
 *
 * What is checked while all run: in every page each thread has a byte of its own, and finds there what it stored last, in
 * whatever address space that was; unless the page was a copy of one that has been cut off since, and is zeroes again. In the
 * end: every invariant, and every frame is free again.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/chaos.h"
#include "mm/remap.h"
#include "mm/reclaim.h"
#include "mm/test/disk.h"
#include "mm/test/world.h"
#include "mm/uaccess.h"
#include "mm/writeback.h"

#define NTHREADS 4
#define NSPACES  3                      /* that all threads run in */
#define NPAGES   96                     /* three neighbourhoods, all in one leaf table */
#define FRAMES   4096
#define RW       (PROT_READ | PROT_WRITE)

/* Three ranges next to each other, so that one access may be in any of them. */
#define HEAP_AT   ((vaddr_t)0x400000)
#define FILE_AT   (HEAP_AT + NPAGES * PAGE_SIZE)            /* a file, private */
#define SHARED_AT (FILE_AT + NPAGES * PAGE_SIZE)            /* the same file, shared */
#define CUT_AT    (SHARED_AT + NPAGES * PAGE_SIZE)          /* a file that is cut, private */
#define SEEN_AT   (CUT_AT + NCUT * PAGE_SIZE)               /* the same file, shared */
#define SCRATCH   (SEEN_AT + NCUT * PAGE_SIZE)              /* mapped and unmapped under everybody's feet */
#define DISK_AT   (SCRATCH + (NSCRATCH + 4) * PAGE_SIZE)    /* a disk, shared */
#define NVERIFIED (2 * NPAGES)                              /* pages of HEAP_AT and FILE_AT */
#define NCUT      40                                        /* more than a neighbourhood */
#define NSCRATCH  16

static struct addrspace *spaces[NSPACES];
static struct vm_object *file;
static struct vm_object *written;       /* a file that nobody maps; [written_lock] its contents */
static struct rwlock written_lock = RWLOCK_INIT(written_lock, RANK_INODE);
static struct vm_object *cut;           /* a file that everybody maps */
static struct rwlock cut_lock = RWLOCK_INIT(cut_lock, RANK_INODE);
static unsigned times_cut[NCUT];        /* [cut_lock] how often each page has been beyond the end */
static struct vm_object *home;          /* a disk, that everybody maps */
static struct rwlock home_lock = RWLOCK_INIT(home_lock, RANK_INODE);    /* a copy to a page, or its way to the disk */
static char source[NPAGES * PAGE_SIZE];
static unsigned long noperations = 5000;
static uint64_t seed = 1;

/* What a thread stored last into its byte of each page of an address space. */
struct stored {
    uint8_t byte[NVERIFIED];
    struct {
        uint8_t byte;
        unsigned when;                  /* the page's times_cut then */
    } cut[NCUT];
};

struct worker {
    pthread_t thread;
    unsigned self;
    struct stored stored[NSPACES];
    uint8_t on_disk[HOME_NPAGES];       /* what it has stored last into its byte of each page of the disk */
    struct vm_object *own;              /* a file that nobody else knows, but reclaim; or NULL */
};

static vaddr_t own_byte(const struct worker *w, unsigned page)
{
    return HEAP_AT + page * PAGE_SIZE + 100 * w->self + 1;
}

/* A verb works, or there is no memory; nothing else may come. Returns whether it worked. */
static bool done(int err)
{
    if (err < 0 && err != -ENOMEM)
        panic("a verb failed with %d", err);
    return err >= 0;
}

static void store(struct worker *w, struct addrspace *as, struct stored *stored)
{
    unsigned page = host_random() % NVERIFIED;
    uint8_t byte = host_random();
    int err = host_random() % 2 ? program_store(as, own_byte(w, page), byte)
                                : copy_to_user(as, own_byte(w, page), &byte, 1, NULL);
    if (done(err))
        stored->byte[page] = byte;
}

static void load(struct worker *w, struct addrspace *as, const struct stored *stored)
{
    unsigned page = host_random() % NVERIFIED;
    uint8_t byte;
    int err = host_random() % 2 ? program_access(as, own_byte(w, page), ACCESS_READ, &byte)
                                : copy_from_user(as, &byte, own_byte(w, page), 1, NULL);
    if (done(err) && byte != stored->byte[page])
        panic("thread %u: page %u holds %#x, stored was %#x", w->self, page, byte, stored->byte[page]);
}

/* ---- a file, under its lock ---- */

#define WRITTEN_PAGES 4

/* Every byte of the file becomes the same; without memory it becomes empty. */
static void write_file(uint8_t byte)
{
    struct object_piece piece;
    rwlock_write(&written_lock);
    for (size_t at = 0; at < WRITTEN_PAGES * PAGE_SIZE; at += PAGE_SIZE) {
        if (!done(object_pin_write(written, at, SIZE_MAX, &piece))) {
            object_resize(written, 0);
            break;
        }
        memset(piece.bytes, byte, piece.len);
        object_written(written, &piece, at + PAGE_SIZE);
        object_unpin(&piece);
    }
    rwlock_write_unlock(&written_lock);
}

static void cut_file(size_t size)
{
    rwlock_write(&written_lock);
    if (size < object_size(written))
        object_resize(written, size);
    rwlock_write_unlock(&written_lock);
}

static void read_file(const struct worker *w)
{
    struct object_piece piece;
    int first = -1;
    rwlock_read(&written_lock);
    for (size_t at = 0; at < object_size(written); at += piece.len) {
        object_pin_read(written, at, &piece);
        for (size_t i = 0; i < piece.len; i += 511) {
            int byte = piece.bytes != NULL ? (uint8_t)piece.bytes[i] : 0;
            if (first >= 0 && byte != first)
                panic("thread %u: byte %zu of the file is %#x, those before it %#x", w->self, at + i, byte, first);
            first = byte;
        }
        object_unpin(&piece);
    }
    rwlock_read_unlock(&written_lock);
}

static void use_file(const struct worker *w)
{
    unsigned what = host_random() % 8;
    if (what == 0)
        cut_file(host_random() % (WRITTEN_PAGES * PAGE_SIZE));
    else if (what <= 2)
        write_file(host_random());
    else
        read_file(w);
}

/* A file goes, perhaps while reclaim gives up a page of it: what is counted of it goes once. */
static void use_own_file(struct worker *w)
{
    static char somebody;
    struct anon *anon;
    if (w->own != NULL)
        object_put(w->own);
    w->own = object_create(NULL, 8 * PAGE_SIZE, (struct inode *)&somebody);
    for (unsigned i = 0; w->own != NULL && i < 8; i++)
        if (object_lock_page(w->own, i, &anon) == 0)
            object_unlock_page(w->own, anon);
}

/* ---- a file that is cut while everybody maps it ---- */

/* Cut, and grown again: what was beyond the end is zeroes for everybody, also for children that are just being made. */
static void cut_and_grow(void)
{
    unsigned npages = host_random() % NCUT;
    host_fail_allocation(FAIL_NONE, 0);         /* who cannot be cut is killed, in the kernel: here they must live */
    rwlock_write(&cut_lock);
    object_resize(cut, npages * PAGE_SIZE + 1 + host_random() % (PAGE_SIZE - 1));   /* within a page, whose copies stay */
    object_resize(cut, NCUT * PAGE_SIZE);
    for (unsigned i = npages + 1; i < NCUT; i++)
        times_cut[i]++;
    rwlock_write_unlock(&cut_lock);
}

/* While the lock is read nobody cuts. */
static void use_cut_file(struct worker *w, struct addrspace *as, struct stored *stored)
{
    unsigned page = host_random() % NCUT;
    vaddr_t va = CUT_AT + page * PAGE_SIZE + 100 * w->self + 1;
    uint8_t byte = host_random(), expected;
    rwlock_read(&cut_lock);
    if (host_random() % 2) {
        if (done(program_store(as, va, byte))) {
            stored->cut[page].byte = byte;
            stored->cut[page].when = times_cut[page];
        }
    } else {
        expected = stored->cut[page].when == times_cut[page] ? stored->cut[page].byte : 0;
        if (done(program_access(as, va, ACCESS_READ, &byte)) && byte != expected)
            panic("thread %u: page %u of the file that is cut holds %#x, not %#x", w->self, page, byte, expected);
    }
    rwlock_read_unlock(&cut_lock);
}

/* And without it, anything may be the case. The bytes are none of those that threads look at. */
static void look_at_cut_file(struct addrspace *as)
{
    uint8_t byte = 1;
    vaddr_t va = CUT_AT + host_random() % (2 * NCUT) * PAGE_SIZE + PAGE_SIZE / 2;
    int err = program_access(as, va, host_random() % 2 ? ACCESS_READ : ACCESS_WRITE, &byte);
    done(err == -ENXIO ? 0 : err);
}

/* ---- a disk ---- */

static size_t home_byte(const struct worker *w, unsigned page) { return page * PAGE_SIZE + 100 * w->self + 1; }

/* As write(2) does it. The kernel has no lock against the way to the disk, which may see half of a copy and sees the rest later. */
static bool write_home_byte(size_t at, uint8_t byte)
{
    struct object_piece piece;
    rwlock_write(&home_lock);
    bool written = done(object_pin_write(home, at, SIZE_MAX, &piece));
    if (written) {
        piece.bytes[0] = byte;
        object_written(home, &piece, at + 1);
        object_unpin(&piece);
    }
    rwlock_write_unlock(&home_lock);
    return written;
}

static void use_disk(struct worker *w, struct addrspace *as)
{
    unsigned page = host_random() % HOME_NPAGES;
    size_t at = home_byte(w, page);
    uint8_t byte = host_random();
    switch (host_random() % 8) {
    case 0:
        rwlock_read(&home_lock);
        done(writeback(home, page, page + 1 + host_random() % HOME_NPAGES));
        rwlock_read_unlock(&home_lock);
        break;
    case 1:
        if (write_home_byte(at, byte))
            w->on_disk[page] = byte;
        break;
    case 2: case 3:
        if (done(program_store(as, DISK_AT + at, byte)))
            w->on_disk[page] = byte;
        break;
    case 4:
        object_drop_unmapped(home);
        break;
    default:
        if (done(program_access(as, DISK_AT + at, ACCESS_READ, &byte)) && byte != w->on_disk[page])
            panic("thread %u: page %u of the disk holds %#x, stored was %#x", w->self, page, byte, w->on_disk[page]);
    }
}

static void check_disk(const struct worker *w)
{
    for (unsigned page = 0; page < HOME_NPAGES; page++)
        if ((uint8_t)home_disk_bytes()[home_byte(w, page)] != w->on_disk[page])
            panic("thread %u: page %u of the disk has not what was stored", w->self, page);
}

/* ---- children ---- */

/* Part of the heap to where nothing is, and back: what it shares with its relatives is copied, the rest only moves. */
static void move_away_and_back(struct addrspace *as)
{
    size_t len = (1 + host_random() % NPAGES) * PAGE_SIZE, grown;
    vaddr_t from = HEAP_AT + (NPAGES - (len >> PAGE_SHIFT)) * PAGE_SIZE, away;
    struct remap_request there = { .from = from, .old_len = len, .new_len = len, .to = 2 * HEAP_AT, .may_move = true,
                                   .fixed = true };
    int err = as_remap(as, &there, &away, &grown);
    if (err == -EFAULT || !done(err))           /* it is more than one VMA, by what was said of parts of it */
        return;
    struct remap_request back = there;
    back.from = away;
    back.to = from;
    host_fail_allocation(FAIL_NONE, 0);
    if (!done(as_remap(as, &back, &away, &grown)))
        panic("%#lx does not come back", from);
}

/* A child has what its parent had, and goes its own way. */
static void fork_and_play(struct worker *w, struct addrspace *parent, const struct stored *parent_stored)
{
    struct addrspace *child;
    struct stored stored = *parent_stored;
    if (host_random() % 8 == 0)
        host_fail_allocation(FAIL_ONCE, 1 + host_random() % 24);
    if (!done(as_fork(parent, &child)))
        return;
    for (unsigned n = host_random() % 64; n > 0; n--) {
        if (host_random() % 4 == 0)
            use_cut_file(w, child, &stored);
        else if (host_random() % 2)
            store(w, child, &stored);
        else
            load(w, child, &stored);
        if (host_random() % 32 == 0)
            move_away_and_back(child);
    }
    if (host_random() % 4 == 0)
        done(as_unmap(child, HEAP_AT + host_random() % NPAGES * PAGE_SIZE, (1 + host_random() % NPAGES) * PAGE_SIZE));
    as_activate(thread_current(), NULL);
    if (as_put(child))                          /* or a cut is still at it, and is the last */
        as_destroy(child);
}

/* ---- ranges that change under everybody's feet ---- */

static vaddr_t scratch_page(void) { return SCRATCH + host_random() % NSCRATCH * PAGE_SIZE; }

/* What verbs say when others have been there before. */
static void done_or(int err, int also, int or_also)
{
    done(err == also || err == or_also ? 0 : err);
}

static void map_scratch(struct addrspace *as)
{
    struct map_request req = { .prot = RW, .fixed = true, .replace = host_random() % 2, .shared = host_random() % 2 };
    vaddr_t out;
    if (req.shared || host_random() % 2)
        req.object = cut;
    req.object_index = host_random() % NCUT;
    done_or(as_map(as, scratch_page(), (1 + host_random() % 4) * PAGE_SIZE, &req, &out), -EEXIST, 0);
}

/* In place, to another place here, or away: then it goes. */
static void remap_scratch(struct addrspace *as)
{
    struct remap_request req = { .from = scratch_page(), .to = scratch_page(), .old_len = host_random() % 4 * PAGE_SIZE,
                                 .new_len = (1 + host_random() % 4) * PAGE_SIZE, .may_move = true, .fixed = host_random() % 2,
                                 .keep = host_random() % 4 == 0 };
    vaddr_t out;
    size_t grown;
    if (req.keep)
        req.new_len = req.old_len;
    int err = as_remap(as, &req, &out, &grown);
    done_or(err, -EFAULT, -EINVAL);
    if (err == 0 && out > SCRATCH + NSCRATCH * PAGE_SIZE)
        done(as_unmap(as, out, req.new_len));
}

static void advise_scratch(struct addrspace *as)
{
    static const uint8_t flags[] = { 0, VMA_NOT_TO_CHILD, VMA_EMPTY_IN_CHILD, VMA_SPARSE };
    vaddr_t va = scratch_page();
    size_t len = (1 + host_random() % 4) * PAGE_SIZE;
    uint8_t resident[4];
    switch (host_random() % 6) {
    case 0: done_or(as_advise(as, va, len, flags[host_random() % 4], flags[host_random() % 4]), -EINVAL, 0); break;
    case 1: done(as_lock(as, va, len, host_random() % 2 ? VMA_LOCKED : 0)); break;
    case 2: done_or(as_forget(as, va, len, forget_any), -EINVAL, 0); break;
    case 3: done_or(as_populate_mapped(as, va, len, 0), -EINVAL, -EFAULT); break;
    case 4: as_resident(as, va, len >> PAGE_SHIFT, resident); break;
    default: done_or(as_sync(as, va, len, true), -EBUSY, 0); break;
    }
}

/* Of the pages that threads verify only what changes no byte may be said. */
static void advise_heap(struct addrspace *as)
{
    unsigned page = host_random() % NVERIFIED, npages = 1 + host_random() % (NVERIFIED - page);
    vaddr_t va = HEAP_AT + page * PAGE_SIZE;
    uint8_t resident[NVERIFIED];
    switch (host_random() % 4) {
    case 0: done(as_advise(as, va, npages * PAGE_SIZE, VMA_SPARSE | VMA_DENSE, host_random() % 2 ? VMA_DENSE : 0)); break;
    case 1: done(as_lock(as, va, npages * PAGE_SIZE, host_random() % 2 ? VMA_LOCKED : 0)); break;
    case 2: done(as_populate(as, va, PAGE_SIZE, host_random() % 2 ? ACCESS_READ : ACCESS_WRITE)); break;
    default: done(as_resident(as, va, npages, resident) == npages ? 0 : -EFAULT); break;
    }
}

/* They get bytes of this or an earlier mapping, or no mapping at all. */
static void scratch(struct worker *w, struct addrspace *as)
{
    uint8_t byte = w->self;
    int err;
    switch (host_random() % 8) {
    case 0: case 1:
        map_scratch(as);
        break;
    case 2:
        done(as_unmap(as, scratch_page(), 2 * PAGE_SIZE));
        break;
    case 3:
        as_protect(as, scratch_page(), PAGE_SIZE, host_random() % 2 ? PROT_READ : RW);
        break;
    case 4:
        remap_scratch(as);
        break;
    case 5:
        advise_scratch(as);
        break;
    default:
        err = program_access(as, scratch_page(), ACCESS_WRITE, &byte);
        done_or(err == -ENXIO ? 0 : err, -EFAULT, -EACCES);
        break;
    }
}

static void drop(struct addrspace *as)
{
    if (host_random() % 8 == 0) {
        object_drop_caches();
        return;
    }
    as_write(as);
    chaos_forget(as, host_random());
    as_write_done(as);
}

static void operate(struct worker *w)
{
    unsigned which = host_random() % NSPACES;
    struct addrspace *as = spaces[which];
    struct stored *stored = &w->stored[which];
    uint8_t ignored;
    if (host_random() % 64 == 0)
        host_fail_allocation(FAIL_ONCE, 1 + host_random() % 8);
    switch (host_random() % 20) {
    case 0:
        fork_and_play(w, as, stored);
        break;
    case 1:
        drop(as);
        break;
    case 2: case 3: case 4:
        scratch(w, as);
        break;
    case 5:
        done(program_access(as, SHARED_AT + host_random() % NPAGES * PAGE_SIZE, ACCESS_READ, &ignored));
        break;
    case 6: case 7:
        use_cut_file(w, as, stored);
        break;
    case 8:
        if (host_random() % 4 == 0)
            cut_and_grow();
        else
            look_at_cut_file(as);
        break;
    case 9:
        advise_heap(as);
        break;
    case 10: case 11: case 12: case 13:
        load(w, as, stored);
        break;
    default:
        store(w, as, stored);
        break;
    }
    host_fail_allocation(FAIL_NONE, 0);
}

static _Atomic bool over;
static _Atomic unsigned long ndone;             /* operations, by all threads */

static void *work(void *arg)
{
    struct worker *w = arg;
    host_use_hart(w->self);
    host_seed(seed + w->self);
    for (unsigned long n = 0; n < noperations; n++) {
        operate(w);
        ndone++;
        if (n % 8 == 0)
            use_file(w);
        if (n % 4 == 0)
            use_disk(w, spaces[n / 4 % NSPACES]);
        if (n % 32 == 0)
            use_own_file(w);
    }
    if (w->own != NULL)
        object_put(w->own);
    as_activate(thread_current(), NULL);
    return NULL;
}

/* Pages leave memory all the time, and now and then all of them come back. */
static void *take(void *unused)
{
    (void)unused;
    host_use_hart(NTHREADS);
    host_seed(seed + NTHREADS);
    for (unsigned long n = 0; !over; n++) {
        unsigned long due = ndone + 32;         /* the others come to do something in between */
        while (!over && ndone < due)
            sched_yield();
        reclaim();
        if (n % 32 == 31)
            reclaim_tables();
        if (n % 256 == 255) {
            disk_off();
            disk_on(DISK_NPAGES);
        }
    }
    return NULL;
}

/* Spaces that share as much as there is to share: each is a child of the one before. */
static void build(void)
{
    file = object_create(source, sizeof source, NULL);
    written = object_create(NULL, 0, NULL);
    cut = object_create(NULL, NCUT * PAGE_SIZE, NULL);
    home = object_create_disk(swap_home(&home_disk), HOME_NPAGES * PAGE_SIZE, (struct inode *)home_disk_bytes());
    spaces[0] = as_create();
    done(map_zero(spaces[0], HEAP_AT, NPAGES * PAGE_SIZE, RW));
    done(map_object(spaces[0], FILE_AT, NPAGES * PAGE_SIZE, RW, false, file, 0));
    done(map_object(spaces[0], SHARED_AT, NPAGES * PAGE_SIZE, PROT_READ, true, file, 0));
    done(map_object(spaces[0], CUT_AT, NCUT * PAGE_SIZE, RW, false, cut, 0));
    done(map_object(spaces[0], SEEN_AT, NCUT * PAGE_SIZE, RW, true, cut, 0));
    done(map_object(spaces[0], DISK_AT, HOME_NPAGES * PAGE_SIZE, RW, true, home, 0));
    for (unsigned i = 0; i < NPAGES; i += 2)
        done(program_store(spaces[0], HEAP_AT + i * PAGE_SIZE, 1));
    for (unsigned i = 1; i < NSPACES; i++)
        done(as_fork(spaces[i - 1], &spaces[i]));
    as_activate(thread_current(), NULL);
}

int main(int argc, char **argv)
{
    static struct worker workers[NTHREADS];
    if (argc > 1)
        noperations = strtoul(argv[1], NULL, 0);
    if (argc > 2)
        seed = strtoul(argv[2], NULL, 0);
    host_boot(FRAMES, seed);
    build();
    disk_on(DISK_NPAGES);
    host_concurrent = true;
    for (unsigned i = 0; i < NTHREADS; i++) {
        workers[i].self = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            panic("no thread");
    }
    pthread_t taker;
    if (pthread_create(&taker, NULL, take, NULL) != 0)
        panic("no thread");
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_join(workers[i].thread, NULL);
    over = true;
    pthread_join(taker, NULL);
    host_use_hart(0);
    disk_off();
    done(writeback(home, 0, HOME_NPAGES));
    for (unsigned i = 0; i < NTHREADS; i++)
        check_disk(&workers[i]);
    for (unsigned i = 0; i < NSPACES; i++)
        destroy(spaces[i]);
    object_put(file);
    object_put(written);
    object_put(cut);
    object_put(home);
    if (object_page_count() != 0)
        panic("%zd pages of files are counted, and there is no file", (ssize_t)object_page_count());
    world_end();
    printf("%lu operations on each of %u threads, seed %lu\n", noperations, NTHREADS, seed);
    return 0;
}
