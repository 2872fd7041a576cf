/*
 * fuzz_objects.c - objects that are read, written, cut and grown, as files are; memory that comes and goes; caches dropped.
 */
#include <string.h>

#include "mm/chaos.h"
#include "mm/cut.h"
#include "mm/reclaim.h"
#include "mm/test/disk.h"
#include "mm/test/fuzz_verbs.h"

static uint8_t buf[COPY_MAX];

/* ---- read ---- */

void do_read_object(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    const struct model_object *o = &model_object[op->value % MODEL_FILES];
    size_t at = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE, len = op->count * 97u;
    int err = object_read(fuzz_object[op->value % MODEL_FILES], at, buf, len);
    if (refused(err))
        return;
    bool fits = at <= o->size_bytes && len <= o->size_bytes - at;
    expect_eq(err, fits ? 0 : -ENXIO);
    if (fits && memcmp(buf, o->bytes + at, len) != 0)
        panic("fuzz.c: op %zu: object_read got other bytes at %#zx", fuzz_at, at);
}

/* ---- changed ---- */

void do_write_object(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    unsigned which = op->value % MODEL_FILES;
    struct model_object *o = &model_object[which];
    size_t at = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE, len = op->count * 97u, done = 0;
    if (len > sizeof o->bytes - at)
        len = sizeof o->bytes - at;
    int err = 0;
    while (done < len && err == 0) {
        struct object_piece piece;
        err = object_pin_write(fuzz_object[which], at + done, SIZE_MAX, &piece);
        if (at + done > o->size_bytes)
            model_resize(which, o->size_bytes);
        if (err != 0)
            break;
        size_t n = piece.len < len - done ? piece.len : len - done;
        memset(piece.bytes, op->rights | 1, n);
        memset(o->bytes + at + done, op->rights | 1, n);
        done += n;
        object_written(fuzz_object[which], &piece, at + done);
        object_unpin(&piece);
        if (at + done > o->size_bytes)
            o->size_bytes = at + done;
    }
    if (!refused(err))
        expect_eq(err, 0);
    if (err == -ENOMEM) {               /* as a write that fails does */
        object_forget_beyond(fuzz_object[which]);
        model_resize(which, o->size_bytes);
    }
    model_changed(which);
    expect_eq(object_size(fuzz_object[which]), o->size_bytes);
}

/* The kernel kills the users of what could not be cut. Here they live on, and it is cut again, with memory. */
static struct addrspace *not_cut;

static void cut_later(struct addrspace *as)
{
    expect_eq(host_failed() != 0, true);
    not_cut = as;
}

void do_resize_object(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    unsigned which = op->value % MODEL_FILES;
    struct model_object *o = &model_object[which];
    size_t size = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE;
    if (size >= o->size_bytes) {
        int err = object_grow(fuzz_object[which], size);
        if (refused(err))
            return;                             /* the last page was on disk */
        expect_eq(err, 0);
    } else {
        object_shrink(fuzz_object[which], size, cut_later);
    }
    if (not_cut != NULL) {
        host_fail_allocation(FAIL_NONE, 0);
        not_cut = NULL;
        object_shrink(fuzz_object[which], size, cut_later);
    }
    model_resize(which, size);
    model_changed(which);
}

static bool swapping;
static bool taken;                      /* some page may be away, be it one of zeroes, which is on no disk */

/* What read(2) does, which finds bytes where they are and allocates nothing. */
void do_pin_read(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    static const uint8_t zeroes[PAGE_SIZE];
    const struct model_object *o = &model_object[op->value % MODEL_FILES];
    size_t at = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE;
    struct object_piece piece;
    if (refused(object_pin_read(fuzz_object[op->value % MODEL_FILES], at, &piece)))
        return;                                 /* the page was on disk */
    expect_eq(piece.len == 0, at >= o->size_bytes);
    expect_eq(piece.len <= PAGE_SIZE - at % PAGE_SIZE && (piece.len == 0 || at + piece.len <= o->size_bytes), true);
    if (piece.len > 0 && memcmp(piece.bytes != NULL ? (const void *)piece.bytes : zeroes, o->bytes + at, piece.len) != 0)
        panic("fuzz.c: op %zu: object_pin_read found other bytes at %#zx", fuzz_at, at);
    object_unpin(&piece);
    if (!taken)
        expect_eq(host_allocations() * fuzz_armed, 0);
}

/* ---- forgotten ---- */

void do_chaos(const struct op *op, struct model_space *s, struct addrspace **as)
{
    (void)s;
    as_write(*as);
    chaos_forget(*as, op_va(op) | (op->rights & 1));
    as_write_done(*as);
}

void do_drop(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)op, (void)unused, (void)none;
    world_drop_caches();
}

/* Pages leave memory, those that the policy names. The model knows nothing of it: nothing that it knows changes. */
void do_reclaim(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    if (!swapping && fuzz_armed)
        return;                                 /* there is no memory for a map of slots */
    if (!swapping)
        disk_on(DISK_NPAGES);
    swapping = taken = true;
    for (unsigned n = op->count % 8 + 1; n > 0; n--)
        reclaim();
}

static void swap_off(void)
{
    if (swapping)
        disk_off();
    swapping = false;
}

void fuzz_swap_off(void)
{
    swap_off();
    taken = false;
}

void do_swap_off(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)op, (void)unused, (void)none;
    if (!fuzz_armed)
        swap_off();
}

size_t fuzz_forget_memory(void)
{
    size_t nobjects = MODEL_FILES;
    for (unsigned o = MODEL_FILES; o < MODEL_OBJECTS; o++) {
        if (fuzz_object[o] != NULL && !model_object_mapped(o))
            fuzz_object[o] = NULL;
        nobjects += fuzz_object[o] != NULL;
    }
    return nobjects;
}
