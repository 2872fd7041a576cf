/*
 * threads.c - all verbs at once, for ThreadSanitizer. Usage: mm-threads [OPERATIONS [SEED]]
 * Each thread is a process on a hart of its own. All of them run in the same few address spaces, which share pages and radix nodes
 * with each other and with the children that the threads fork and destroy; leaves are dropped, files' caches too, and now and
 * then there is no memory.
 *
 * Beside them they read, write and cut a file, as read(2), write(2) and truncate(2) do: a write is whole for every reader.
 *
 * What is checked while all run: in every page each thread has a byte of its own, and finds there what it stored last, in
 * whatever address space that was. In the end: every invariant, and every frame is free again.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/anon.h"
#include "mm/chaos.h"
#include "mm/test/world.h"
#include "mm/uaccess.h"

#define NTHREADS 4
#define NSPACES  3                      /* that all threads run in */
#define NPAGES   96                     /* three neighbourhoods, all in one leaf table */
#define FRAMES   4096
#define RW       (PROT_READ | PROT_WRITE)

/* Three ranges next to each other, so that one access may be in any of them. */
#define HEAP_AT   ((vaddr_t)0x400000)
#define FILE_AT   (HEAP_AT + NPAGES * PAGE_SIZE)            /* a file, private */
#define SHARED_AT (FILE_AT + NPAGES * PAGE_SIZE)            /* the same file, shared */
#define SCRATCH   (SHARED_AT + NPAGES * PAGE_SIZE)          /* mapped and unmapped under everybody's feet */
#define NVERIFIED (2 * NPAGES)                              /* pages of HEAP_AT and FILE_AT */

static struct addrspace *spaces[NSPACES];
static struct vm_object *file;
static struct vm_object *written;       /* a file that nobody maps; [written_lock] its contents */
static struct rwlock written_lock = RWLOCK_INIT(written_lock, RANK_INODE);
static char source[NPAGES * PAGE_SIZE];
static unsigned long noperations = 5000;
static uint64_t seed = 1;

struct worker {
    pthread_t thread;
    unsigned self;
    uint8_t stored[NSPACES][NVERIFIED]; /* what this thread stored last into its byte of each page */
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

static void store(struct worker *w, struct addrspace *as, uint8_t *stored)
{
    unsigned page = host_random() % NVERIFIED;
    uint8_t byte = host_random();
    int err = host_random() % 2 ? program_store(as, own_byte(w, page), byte)
                                : copy_to_user(as, own_byte(w, page), &byte, 1, NULL);
    if (done(err))
        stored[page] = byte;
}

static void load(struct worker *w, struct addrspace *as, const uint8_t *stored)
{
    unsigned page = host_random() % NVERIFIED;
    uint8_t byte;
    int err = host_random() % 2 ? program_access(as, own_byte(w, page), ACCESS_READ, &byte)
                                : copy_from_user(as, &byte, own_byte(w, page), 1, NULL);
    if (done(err) && byte != stored[page])
        panic("thread %u: page %u holds %#x, stored was %#x", w->self, page, byte, stored[page]);
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
        object_unpin(&piece);
        object_written(written, at + PAGE_SIZE);
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

/* A child has what its parent had, and goes its own way. */
static void fork_and_play(struct worker *w, struct addrspace *parent, const uint8_t *parent_stored)
{
    struct addrspace *child;
    uint8_t stored[NVERIFIED];
    memcpy(stored, parent_stored, sizeof stored);
    if (!done(as_fork(parent, &child)))
        return;
    for (unsigned n = host_random() % 64; n > 0; n--) {
        if (host_random() % 2)
            store(w, child, stored);
        else
            load(w, child, stored);
    }
    if (host_random() % 4 == 0)
        done(as_unmap(child, HEAP_AT + host_random() % NPAGES * PAGE_SIZE, (1 + host_random() % NPAGES) * PAGE_SIZE));
    as_activate(thread_current(), NULL);
    as_destroy(child);
}

/* A range that others may be in: they get bytes of this or an earlier mapping, or no mapping at all. */
static void scratch(struct worker *w, struct addrspace *as)
{
    vaddr_t va = SCRATCH + host_random() % 8 * PAGE_SIZE;
    uint8_t byte = w->self;
    int err;
    switch (host_random() % 4) {
    case 0:
        err = map_zero(as, va, PAGE_SIZE, RW);
        done(err == -EEXIST ? 0 : err);
        break;
    case 1:
        done(as_unmap(as, va, 2 * PAGE_SIZE));
        break;
    case 2:
        err = program_access(as, va, ACCESS_WRITE, &byte);
        done(err == -EFAULT || err == -EACCES ? 0 : err);
        break;
    default:
        as_protect(as, va, PAGE_SIZE, host_random() % 2 ? PROT_READ : RW);
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
    uint8_t *stored = w->stored[which], ignored;
    if (host_random() % 64 == 0)
        host_fail_allocation(FAIL_ONCE, 1 + host_random() % 8);
    switch (host_random() % 16) {
    case 0:
        fork_and_play(w, as, stored);
        break;
    case 1:
        drop(as);
        break;
    case 2: case 3:
        scratch(w, as);
        break;
    case 4:
        done(program_access(as, SHARED_AT + host_random() % NPAGES * PAGE_SIZE, ACCESS_READ, &ignored));
        break;
    case 5: case 6: case 7: case 8: case 9:
        load(w, as, stored);
        break;
    default:
        store(w, as, stored);
        break;
    }
    host_fail_allocation(FAIL_NONE, 0);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    host_use_hart(w->self);
    host_seed(seed + w->self);
    for (unsigned long n = 0; n < noperations; n++) {
        operate(w);
        if (n % 8 == 0)
            use_file(w);
    }
    as_activate(thread_current(), NULL);
    return NULL;
}

/* Spaces that share as much as there is to share: each is a child of the one before. */
static void build(void)
{
    file = object_create(source, sizeof source, NULL);
    written = object_create(NULL, 0, NULL);
    spaces[0] = as_create();
    done(map_zero(spaces[0], HEAP_AT, NPAGES * PAGE_SIZE, RW));
    done(map_object(spaces[0], FILE_AT, NPAGES * PAGE_SIZE, RW, false, file, 0));
    done(map_object(spaces[0], SHARED_AT, NPAGES * PAGE_SIZE, PROT_READ, true, file, 0));
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
    host_concurrent = true;
    for (unsigned i = 0; i < NTHREADS; i++) {
        workers[i].self = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            panic("no thread");
    }
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_join(workers[i].thread, NULL);
    host_use_hart(0);
    for (unsigned i = 0; i < NSPACES; i++)
        destroy(spaces[i]);
    object_put(file);
    object_put(written);
    world_end();
    printf("%lu operations on each of %u threads, seed %lu\n", noperations, NTHREADS, seed);
    return 0;
}
