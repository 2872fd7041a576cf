/*
 * fuzz.c - the interpreter: each verb is done by mm and by the model.
 * Owns: the verbs, what of an answer must agree. Does not own: where ops come from (fuzz_main.c, fuzz_clang.c).
 *
 * Compared after each verb: the error; the byte or bytes; the fault cases. A case that makes a page (A3, B2, B3) must
 * happen exactly when the model says so. One that only maps (A1, A2, B1, C) must happen exactly when the program has no
 * leaf that allows the access. Not predicted: spurious faults (whether a hart has old rights cached is chance; if the leaf
 * can get other rights besides, such a fault brings them and is counted as what it then is), and leaves that come along
 * with a neighbour (mm_check looks whether they are right).
 *
 * An allocation that is made to fail must make the verb fail with -ENOMEM and change nothing; a copy may have come as far as
 * a page's end.
 */
#include <string.h>

#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/advise.h"
#include "mm/cut.h"
#include "mm/anon.h"
#include "mm/chaos.h"
#include "mm/check.h"
#include "mm/test/fuzz.h"
#include "mm/test/model.h"
#include "mm/test/world.h"
#include "mm/uaccess.h"

#define HEAP_PAGE  MODEL_STRETCH                /* the second stretch */
#define COPY_MAX   (255 * 97)
#define HARTS      4

size_t fuzz_at, fuzz_done;

static struct addrspace *space[MODEL_SPACES];
static struct vm_object *object[MODEL_OBJECTS];
static bool armed;                              /* the next verb may be refused memory */
static uint8_t buf[COPY_MAX];

/* ---- what an op's bytes mean ---- */

static unsigned op_page(const struct op *op) { return op->page % MODEL_PAGES; }
static vaddr_t op_va(const struct op *op) { return model_va(op_page(op)) + op->offset % PAGE_SIZE; }

/* Pages from op's page on, within its stretch: at least one. */
static unsigned op_npages(const struct op *op)
{
    unsigned most = MODEL_STRETCH - op_page(op) % MODEL_STRETCH;
    return op->count % most + 1;
}

/* As the system calls do, since a leaf cannot be writable alone. */
static unsigned op_prot(const struct op *op)
{
    unsigned prot = op->rights & PROT_ALL;
    return prot & PROT_WRITE ? prot | PROT_READ : prot;
}

static struct model_page op_backing(const struct op *op)
{
    static const struct model_page backing[8] = {
        { .object = -1 },           { .object = -1 }, { .object = -1 }, { .object = -1, .kind = VMA_STACK }, { .object = 0 },
        { .object = 2 }, { .object = 1 }, { .object = 2, .shared = true },
    };
    struct model_page page = backing[op->rights >> 3 & 7];
    page.prot = op_prot(op);
    page.index = page.object >= 0 ? op->offset % 8 : 0;
    return page;
}

/* ---- comparing ---- */

#define expect_eq(actual, expected) expect_equal(__LINE__, #actual, (int64_t)(actual), (int64_t)(expected))

static void expect_equal(int line, const char *what, int64_t actual, int64_t expected)
{
    if (actual != expected)
        panic("fuzz.c:%d: op %zu: %s is %ld (%#lx), the model says %ld (%#lx)", line, fuzz_at, what, actual, actual,
              expected, expected);
}

/* Was the verb refused memory? Then err must say so. */
static bool refused(int err)
{
    if (host_failed() == 0)
        return false;
    expect_eq(err, -ENOMEM);
    return true;
}

static struct fault_counts counts_before;

static void count_from_here(void)
{
    fault_counts_of(thread_current(), &counts_before);
}

/* Since count_from_here this thread has taken exactly these faults. */
static void expect_faults(const struct fault_counts *expected)
{
    for (unsigned i = 0; i < FAULT_NCASES; i++)
        if (i != FAULT_SPURIOUS && i != FAULT_AROUND && faults(i) - counts_before.n[i] != expected->n[i])
            panic("fuzz.c: op %zu: %s happened %lu times, the model says %lu", fuzz_at, fault_case_name(i),
                  faults(i) - counts_before.n[i], expected->n[i]);
}

static void expect_oom_at(struct addrspace *as, vaddr_t va)
{
    expect_eq(as->oom_va, page_down(va));
    as->oom_va = 0;
}

/* ---- verbs on whole spaces ---- */

static void do_create(const struct op *op, struct model_space *s, struct addrspace **as)
{
    (void)op;
    if (s->exists)
        return;
    *as = as_create();
    if (refused(*as != NULL ? 0 : -ENOMEM))
        return;
    model_create(s, model_va(HEAP_PAGE));
    as_set_brk_base(*as, s->brk_base);
}

static void leave(struct addrspace *as)
{
    unsigned here = hart_index();
    for (unsigned h = 0; h < HARTS && mmu_root_loaded(as->pmap.root); h++) {
        host_use_hart(h);
        as_activate(thread_current(), NULL);
    }
    host_use_hart(here);
}

static void do_destroy(const struct op *op, struct model_space *s, struct addrspace **as)
{
    (void)op;
    leave(*as);
    as_destroy(*as);
    expect_eq(host_allocations() * armed, 0);   /* the end needs no memory */
    *as = NULL;
    model_destroy(s);
}

static void do_fork(const struct op *op, struct model_space *s, struct addrspace **as)
{
    unsigned child = op->value % MODEL_SPACES;
    if (model_space[child].exists)
        return;
    int err = as_fork(*as, &space[child]);
    if (refused(err))
        return;
    expect_eq(err, 0);
    model_fork(s, &model_space[child]);
}

/* ---- map, unmap, protect, brk ---- */

static int map(struct addrspace *as, vaddr_t hint, size_t len, const struct model_page *how, bool fixed, vaddr_t *out)
{
    struct map_request req = { .prot = how->prot, .kind = how->kind, .shared = how->shared, .fixed = fixed,
                               .object = how->object >= 0 ? object[how->object] : NULL, .object_index = how->index };
    return as_map(as, hint, len, &req, out);
}

static void do_map(const struct op *op, struct model_space *s, struct addrspace **as)
{
    struct model_page how = op_backing(op);
    vaddr_t out = 0;
    size_t len = op_npages(op) * PAGE_SIZE - op->value % PAGE_SIZE;
    int err = map(*as, model_va(op_page(op)), len, &how, true, &out);
    if (refused(err))
        return;
    expect_eq(err, model_map(s, op_page(op), op_npages(op), &how));
    if (err == 0)
        expect_eq(out, model_va(op_page(op)));
}

/* Without a fixed address; with a hint if value is odd. */
static void do_map_anywhere(const struct op *op, struct model_space *s, struct addrspace **as)
{
    struct model_page how = op_backing(op);
    vaddr_t out = 0, hint = op->value & 1 ? model_va(op_page(op)) : 0;
    size_t len = op_npages(op) * PAGE_SIZE;
    int err = map(*as, hint, len, &how, false, &out);
    if (refused(err))
        return;
    vaddr_t expected = hint != 0 && model_is_free(s, hint, hint + len) ? hint : model_room(s, len);
    expect_eq(err, expected != 0 ? 0 : -ENOMEM);
    if (err != 0)
        return;
    expect_eq(out, expected);
    int page = model_page_at(out);
    if (page >= 0 && model_page_at(out + len - 1) == page + (int)op_npages(op) - 1) {
        expect_eq(model_map(s, page, op_npages(op), &how), 0);
    } else {                                      /* below the model's world: away with it */
        host_fail_allocation(FAIL_NONE, 0);
        expect_eq(as_unmap(*as, out, len), 0);
    }
}

/* From page on, up to the page with the number value if that comes later, across stretches; otherwise count pages. */
static void do_unmap(const struct op *op, struct model_space *s, struct addrspace **as)
{
    vaddr_t start = model_va(op_page(op)), end = start + op_npages(op) * PAGE_SIZE;
    if (op->rights % 8 == 0 && model_va(op->value % MODEL_PAGES) > start)
        end = model_va(op->value % MODEL_PAGES);
    int err = as_unmap(*as, start, end - start - op->offset % PAGE_SIZE);
    if (refused(err))
        return;
    expect_eq(err, 0);
    model_unmap(s, start, end);
}

static void do_protect(const struct op *op, struct model_space *s, struct addrspace **as)
{
    int err = as_protect(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE, op_prot(op));
    if (refused(err))
        return;
    expect_eq(err, model_protect(s, op_page(op), op_npages(op), op_prot(op)));
}

/* Into the heap's stretch, to the byte; or somewhere that must be refused. */
static void do_brk(const struct op *op, struct model_space *s, struct addrspace **as)
{
    vaddr_t new_brk = model_va(HEAP_PAGE) + op->count % MODEL_STRETCH * PAGE_SIZE + op->offset % (PAGE_SIZE + 1);
    if (op->value % 16 == 0)
        new_brk = op->value & 16 ? USER_END + op->offset + 1 : op->value & 32 ? s->brk_base - 1 - op->offset : UINT64_MAX;
    vaddr_t old = 0;
    int err = op->rights & 1 ? set_brk(*as, new_brk) : as_move_brk(*as, (int64_t)(new_brk - s->brk), &old);
    if (refused(err))
        return;
    vaddr_t old_brk = s->brk;
    expect_eq(err, new_brk == UINT64_MAX && !(op->rights & 1) ? -EINVAL : model_set_brk(s, new_brk));
    if (err == 0 && !(op->rights & 1))
        expect_eq(old, old_brk);
}

static void do_bad_range(const struct op *op, struct model_space *s, struct addrspace **as)
{
    static const vaddr_t bad[][2] = {
        { 0x1001, PAGE_SIZE }, { PAGE_SIZE, 0 }, { USER_END, PAGE_SIZE }, { USER_END - PAGE_SIZE, 2 * PAGE_SIZE },
        { PAGE_SIZE, UINT64_MAX }, { 0xffffffc080200000, PAGE_SIZE }, { 0, USER_END + 1 },
    };
    const vaddr_t *range = bad[op->value % ARRAY_LEN(bad)];
    struct model_page how = op_backing(op);
    vaddr_t out;
    (void)s;
    expect_eq(as_unmap(*as, range[0], range[1]), -EINVAL);
    expect_eq(as_protect(*as, range[0], range[1], op_prot(op)), -EINVAL);
    bool odd = range[1] == 0 || !page_aligned(range[0]);
    expect_eq(map(*as, range[0], range[1], &how, true, &out), odd ? -EINVAL : -ENOMEM);
}

/* ---- one access by the program ---- */

static void access_byte(const struct op *op, struct model_space *s, struct addrspace *as, enum access access)
{
    vaddr_t va = op->count == 0 ? op->offset * 0x10001ul << op->value % 40 : op_va(op);     /* now and then anywhere */
    enum fault_case which;
    int expected = model_case(s, va, access, &which);
    int leaf = va < USER_END ? leaf_prot(as, va) : -1;
    struct fault_counts faults = { 0 };
    if (expected != 0 || case_makes_page(which) || leaf == -1 || !(leaf & access))
        faults.n[which] = 1;

    if (expected == 0 && access == ACCESS_EXEC) {
        struct model_page *p = &s->page[model_page_at(va)];
        if (p->fetch_fence || (p->object >= 0 && model_object[p->object].stored[p->index]))
            soft_fence_fetch();
    }
    uint8_t byte = op->value;
    int err = program_access(as, va, access, &byte);
    if (host_failed() != 0) {
        expect_eq(err, -ENOMEM);
        expect_oom_at(as, va);
        faults = (struct fault_counts){ 0 };
        faults.n[FAULT_OOM] = 1;
        expect_faults(&faults);
        return;
    }
    expect_eq(err, expected);
    if (err == 0 && faults.n[which] == 0 && (s->page[model_page_at(va)].prot & ~leaf) != 0 &&
        thread_current()->counter[which] - counts_before.n[which] == 1)
        faults.n[which] = 1;                    /* a spurious one, but for the rights that it brought */
    expect_faults(&faults);
    if (err != 0)
        return;
    uint8_t *at = model_touch(s, va, access) + (va & PAGE_MASK);
    if (access == ACCESS_WRITE)
        *at = byte;
    else
        expect_eq(byte, *at);
}

static void do_load(const struct op *op, struct model_space *s, struct addrspace **as)
{
    access_byte(op, s, *as, ACCESS_READ);
}

static void do_store(const struct op *op, struct model_space *s, struct addrspace **as)
{
    access_byte(op, s, *as, ACCESS_WRITE);
}

static void do_fetch(const struct op *op, struct model_space *s, struct addrspace **as)
{
    access_byte(op, s, *as, ACCESS_EXEC);
}

/* ---- copies by the kernel ---- */

enum copy { COPY_TO, COPY_FROM, COPY_ZERO };

/* How far a copy must come, the error it ends with, and the faults it takes. Copies enter a leaf only for a page they make. */
static size_t predict_copy(struct model_space *s, vaddr_t va, size_t len, enum access access, int *err,
                           struct fault_counts *faults)
{
    size_t done = 0;
    *err = 0;
    while (done < len) {
        enum fault_case which;
        if (va + done >= USER_END) {            /* nobody asks for a fault there */
            *err = -EFAULT;
            break;
        }
        if (model_case(s, va + done, access, &which) != 0) {
            faults->n[which]++;
            *err = -EFAULT;
            break;
        }
        faults->n[which] += case_makes_page(which);
        done += PAGE_SIZE - ((va + done) & PAGE_MASK);
    }
    return done < len ? done : len;
}

static void apply_copy(struct model_space *s, vaddr_t va, size_t len, enum copy how, const struct op *op)
{
    for (size_t done = 0; done < len;) {
        size_t n = PAGE_SIZE - ((va + done) & PAGE_MASK);
        if (n > len - done)
            n = len - done;
        uint8_t *at = model_touch(s, va + done, how == COPY_FROM ? ACCESS_READ : ACCESS_WRITE) + ((va + done) & PAGE_MASK);
        if (how == COPY_FROM && memcmp(at, buf + done, n) != 0)
            panic("fuzz.c: op %zu: copy_from_user got other bytes at %#lx", fuzz_at, va + done);
        if (how != COPY_FROM)
            memset(at, how == COPY_TO ? op->value : 0, n);
        done += n;
    }
}

static void copy(const struct op *op, struct model_space *s, struct addrspace *as, enum copy how)
{
    vaddr_t va = op_va(op);
    size_t len = op->count * 97u, done = 0;
    struct fault_counts faults = { 0 };
    int expected, err;
    size_t expected_done = predict_copy(s, va, len, how == COPY_FROM ? ACCESS_READ : ACCESS_WRITE, &expected, &faults);
    if (how == COPY_TO)
        memset(buf, op->value, len);
    if (how == COPY_TO)
        err = copy_to_user(as, va, buf, len, &done);
    else
        err = how == COPY_FROM ? copy_from_user(as, buf, va, len, &done) : zero_user(as, va, len, &done);
    if (host_failed() != 0) {
        expect_eq(err, -ENOMEM);
        expect_oom_at(as, va + done);
        struct fault_counts fewer = { 0 };
        expect_eq(predict_copy(s, va, done, how == COPY_FROM ? ACCESS_READ : ACCESS_WRITE, &err, &fewer), done);
        fewer.n[FAULT_OOM] = 1;
        faults = fewer;
    } else {
        expect_eq(err, expected);
        expect_eq(done, expected_done);
    }
    expect_faults(&faults);
    apply_copy(s, va, done, how, op);
}

static void do_copy_to(const struct op *op, struct model_space *s, struct addrspace **as) { copy(op, s, *as, COPY_TO); }
static void do_copy_from(const struct op *op, struct model_space *s, struct addrspace **as) { copy(op, s, *as, COPY_FROM); }
static void do_zero(const struct op *op, struct model_space *s, struct addrspace **as) { copy(op, s, *as, COPY_ZERO); }

static void do_string(const struct op *op, struct model_space *s, struct addrspace **as)
{
    vaddr_t va = op_va(op);
    size_t size = op->count * 97u, at = 0;
    struct fault_counts faults = { 0 };
    long got = string_from_user(*as, (char *)buf, va, size, -E2BIG), expected = -E2BIG;
    while (at < size && expected == -E2BIG) {
        size_t n = PAGE_SIZE - ((va + at) & PAGE_MASK);
        if (n > size - at)
            n = size - at;
        if (host_failed() != 0 && (*as)->oom_va == page_down(va + at)) {
            expected = -ENOMEM;                 /* up to here */
            faults.n[FAULT_OOM]++;
            (*as)->oom_va = 0;
            break;
        }
        int err;
        predict_copy(s, va + at, n, ACCESS_READ, &err, &faults);
        if (err != 0) {
            expected = err;
            break;
        }
        const uint8_t *bytes = model_touch(s, va + at, ACCESS_READ) + ((va + at) & PAGE_MASK);
        const uint8_t *nul = memchr(bytes, '\0', n);
        if (memcmp(buf + at, bytes, nul != NULL ? (size_t)(nul - bytes) + 1 : n) != 0)
            panic("fuzz.c: op %zu: string_from_user got other bytes at %#lx", fuzz_at, va + at);
        if (nul != NULL)
            expected = at + (nul - bytes);
        at += n;
    }
    expect_eq(got, expected);
    expect_faults(&faults);
}

/* ---- the rest ---- */

static void do_read_object(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    const struct model_object *o = &model_object[op->value % MODEL_OBJECTS];
    size_t at = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE, len = op->count * 97u;
    int err = object_read(object[op->value % MODEL_OBJECTS], at, buf, len);
    if (refused(err))
        return;
    bool fits = at <= o->size_bytes && len <= o->size_bytes - at;
    expect_eq(err, fits ? 0 : -ENXIO);
    if (fits && memcmp(buf, o->bytes + at, len) != 0)
        panic("fuzz.c: op %zu: object_read got other bytes at %#zx", fuzz_at, at);
}

static void do_chaos(const struct op *op, struct model_space *s, struct addrspace **as)
{
    (void)s;
    as_write(*as);
    chaos_forget(*as, op_va(op) | (op->rights & 1));
    as_write_done(*as);
}

static void do_drop(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)op, (void)unused, (void)none;
    world_drop_caches();
}

/* ---- objects that change, as files do ---- */

static void do_write_object(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    unsigned which = op->value % MODEL_OBJECTS;
    struct model_object *o = &model_object[which];
    size_t at = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE, len = op->count * 97u, done = 0;
    if (len > sizeof o->bytes - at)
        len = sizeof o->bytes - at;
    int err = 0;
    while (done < len && err == 0) {
        struct object_piece piece;
        err = object_pin_write(object[which], at + done, SIZE_MAX, &piece);
        if (at + done > o->size_bytes)
            model_resize(which, o->size_bytes);
        if (err != 0)
            break;
        size_t n = piece.len < len - done ? piece.len : len - done;
        memset(piece.bytes, op->rights | 1, n);
        memset(o->bytes + at + done, op->rights | 1, n);
        object_unpin(&piece);
        done += n;
        object_written(object[which], at + done);
        if (at + done > o->size_bytes)
            o->size_bytes = at + done;
    }
    if (!refused(err))
        expect_eq(err, 0);
    if (err == -ENOMEM) {               /* as a write that fails does */
        object_forget_beyond(object[which]);
        model_resize(which, o->size_bytes);
    }
    model_changed(which);
    expect_eq(object_size(object[which]), o->size_bytes);
}

/* The kernel kills the users of what could not be cut. Here they live on, and it is cut again, with memory. */
static struct addrspace *not_cut;

static void cut_later(struct addrspace *as)
{
    expect_eq(host_failed() != 0, true);
    not_cut = as;
}

static void do_resize_object(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    unsigned which = op->value % MODEL_OBJECTS;
    struct model_object *o = &model_object[which];
    size_t size = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE;
    if (size >= o->size_bytes)
        expect_eq(object_grow(object[which], size), 0);
    else
        object_shrink(object[which], size, cut_later);
    if (not_cut != NULL) {
        host_fail_allocation(FAIL_NONE, 0);
        not_cut = NULL;
        object_shrink(object[which], size, cut_later);
    }
    model_resize(which, size);
    model_changed(which);
}

/* What read(2) does, which finds bytes where they are and allocates nothing. */
static void do_pin_read(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    static const uint8_t zeroes[PAGE_SIZE];
    const struct model_object *o = &model_object[op->value % MODEL_OBJECTS];
    size_t at = op->page % OBJECT_PAGES * PAGE_SIZE + op->offset % PAGE_SIZE;
    struct object_piece piece;
    object_pin_read(object[op->value % MODEL_OBJECTS], at, &piece);
    expect_eq(piece.len == 0, at >= o->size_bytes);
    expect_eq(piece.len <= PAGE_SIZE - at % PAGE_SIZE && (piece.len == 0 || at + piece.len <= o->size_bytes), true);
    if (piece.len > 0 && memcmp(piece.bytes != NULL ? (const void *)piece.bytes : zeroes, o->bytes + at, piece.len) != 0)
        panic("fuzz.c: op %zu: object_pin_read found other bytes at %#zx", fuzz_at, at);
    object_unpin(&piece);
    expect_eq(host_allocations() * armed, 0);
}

/* ---- contents forgotten, brought in ---- */

static void do_forget(const struct op *op, struct model_space *s, struct addrspace **as)
{
    int err = as_forget(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE, forget_any);
    if (!refused(err))
        expect_eq(err, model_forget(s, op_page(op), op_npages(op)));
}

static void do_populate(const struct op *op, struct model_space *s, struct addrspace **as)
{
    vaddr_t va = page_down(op_va(op));
    size_t len = op->count % 8 * PAGE_SIZE;
    struct fault_counts faults = { 0 };
    int expected, err = populate_user(*as, va, len);
    size_t done = predict_copy(s, va, len, ACCESS_WRITE, &expected, &faults);
    bool no_memory = refused(err), exclusive;
    expect_eq((*as)->oom_va, 0);
    if (!no_memory) {
        expect_eq(err, expected);
        expect_faults(&faults);
    }
    for (size_t at = 0; at < done; at += PAGE_SIZE) {
        enum fault_case which;
        model_case(s, va + at, ACCESS_WRITE, &which);
        if (no_memory && case_makes_page(which) && (anon_at(*as, va + at, &exclusive) == NULL || !exclusive))
            break;                              /* it came so far */
        model_touch(s, va + at, ACCESS_WRITE);
    }
}

static void do_hart(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    host_use_hart(op->value % HARTS);
}

static void do_machine(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    host_seed(op->offset);
    soft_faults_on_ad = op->rights & 1;
}

/* The nth allocation of the next verb fails, or it and all after it. */
static void do_fail(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    host_fail_allocation(op->rights & 1 ? FAIL_FROM_THEN_ON : FAIL_ONCE, op->count % 16 + 1);
    armed = true;
}

static void check_everything(void)
{
    world_check();
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        if (model_space[i].exists)
            model_verify(&model_space[i], space[i]);
    expect_eq(page_used(PAGE_ANON), model_contents());
}

static void do_check(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)op, (void)unused, (void)none;
    check_everything();
}

/* ---- the table ---- */

typedef void verb_fn(const struct op *op, struct model_space *s, struct addrspace **as);

enum { SPACE = 1, PAGE = 2, COUNT = 4, OFFSET = 8, VALUE = 16, RIGHTS = 32, NEEDS_SPACE = 64 };
#define ON SPACE | NEEDS_SPACE

static const struct {
    const char *name;
    verb_fn *run;
    unsigned operands;
    unsigned weight;                            /* how often, at random */
} verbs[] = {
    { "create", do_create, SPACE, 4 },
    { "destroy", do_destroy, ON, 1 },
    { "fork", do_fork, ON | VALUE, 5 },
    { "map", do_map, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 24 },
    { "map-anywhere", do_map_anywhere, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 3 },
    { "unmap", do_unmap, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 2 },
    { "protect", do_protect, ON | PAGE | COUNT | RIGHTS, 12 },
    { "brk", do_brk, ON | COUNT | OFFSET | VALUE | RIGHTS, 4 },
    { "bad-range", do_bad_range, ON | OFFSET | VALUE | RIGHTS, 1 },
    { "load", do_load, ON | PAGE | COUNT | OFFSET | VALUE, 40 },
    { "store", do_store, ON | PAGE | COUNT | OFFSET | VALUE, 60 },
    { "fetch", do_fetch, ON | PAGE | COUNT | OFFSET | VALUE, 30 },
    { "copy-to", do_copy_to, ON | PAGE | COUNT | OFFSET | VALUE, 6 },
    { "copy-from", do_copy_from, ON | PAGE | COUNT | OFFSET, 6 },
    { "zero", do_zero, ON | PAGE | COUNT | OFFSET, 3 },
    { "string", do_string, ON | PAGE | COUNT | OFFSET, 3 },
    { "read-object", do_read_object, PAGE | COUNT | OFFSET | VALUE, 2 },
    { "pin-read", do_pin_read, PAGE | OFFSET | VALUE, 3 },
    { "write-object", do_write_object, PAGE | COUNT | OFFSET | VALUE | RIGHTS, 4 },
    { "resize-object", do_resize_object, PAGE | OFFSET | VALUE, 2 },
    { "forget", do_forget, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 3 },
    { "populate", do_populate, ON | PAGE | COUNT, 2 },
    { "fail", do_fail, COUNT | RIGHTS, 12 },
    { "chaos", do_chaos, ON | PAGE | OFFSET | RIGHTS, 6 },
    { "drop-caches", do_drop, 0, 1 },
    { "hart", do_hart, VALUE, 8 },
    { "machine", do_machine, OFFSET | RIGHTS, 0 },
    { "check", do_check, 0, 0 },
};

static void run_op(const struct op *op)
{
    unsigned verb = op->verb % ARRAY_LEN(verbs), i = op->space % MODEL_SPACES;
    struct model_space *s = &model_space[i];
    if ((verbs[verb].operands & NEEDS_SPACE) && !s->exists)
        return;
    if (space[i] != NULL)
        count_from_here();
    verbs[verb].run(op, s, &space[i]);
    fuzz_done++;
    if (verbs[verb].run != do_fail && armed) {
        host_fail_allocation(FAIL_NONE, 0);
        armed = false;
    }
}

void fuzz_run(const struct op *ops, size_t n, size_t interval)
{
    host_use_hart(0);
    host_seed(1);
    soft_faults_on_ad = false;
    mmu_fence_fetch();                          /* nothing of an earlier run is left in an instruction cache */
    model_reset();
    for (unsigned o = 0; o < MODEL_OBJECTS; o++)
        object[o] = object_create((const char *)model_object[o].source, model_object[o].size_bytes, NULL);
    for (fuzz_at = 0; fuzz_at < n; fuzz_at++) {
        run_op(&ops[fuzz_at]);
        if (interval != 0 && fuzz_at % interval == 0)
            check_everything();
    }
    host_fail_allocation(FAIL_NONE, 0);
    armed = false;
    check_everything();
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        if (model_space[i].exists)
            do_destroy(NULL, &model_space[i], &space[i]);
    for (unsigned o = 0; o < MODEL_OBJECTS; o++)
        object_put(object[o]);
    world_end();
}

uint64_t fuzz_seed;

uint64_t fuzz_random(void)
{
    uint64_t n = fuzz_seed += 0x9e3779b97f4a7c15ul;
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9ul;
    n = (n ^ n >> 27) * 0x94d049bb133111ebul;
    return (n ^ n >> 31) >> 8;
}

struct op fuzz_first_op(void)
{
    struct op op;
    fuzz_parse("machine", &op);
    op.offset = fuzz_random();
    op.rights = fuzz_random();
    return op;
}

struct op fuzz_random_op(void)
{
    unsigned total = 0, verb = 0;
    for (unsigned v = 0; v < ARRAY_LEN(verbs); v++)
        total += verbs[v].weight;
    unsigned left = fuzz_random() % total;
    while (left >= verbs[verb].weight)
        left -= verbs[verb++].weight;
    uint64_t r = fuzz_random(), more = fuzz_random();
    struct op op = { .verb = verb, .space = r, .page = r >> 8, .count = r >> 16, .offset = more, .value = r >> 24,
                     .rights = more >> 16 };
    if (more >> 24 & 3)                         /* most of them meet on a few pages, where a leaf table ends */
        op.page = MODEL_STRETCH + 28 + op.page % 8;
    if (more >> 26 & 3)
        op.count = 1 + op.count % 8;
    if (more >> 28 & 1)                         /* and many in one line of the instruction cache */
        op.offset %= 64;
    return op;
}

/* ---- text: the verb, then its operands by name ---- */

void fuzz_print(FILE *out, const struct op *op)
{
    unsigned verb = op->verb % ARRAY_LEN(verbs), operands = verbs[verb].operands;
    fprintf(out, "%s", verbs[verb].name);
    if (operands & SPACE)
        fprintf(out, " space=%u", op->space % MODEL_SPACES);
    if (operands & PAGE)
        fprintf(out, " page=%u", op->page);
    if (operands & COUNT)
        fprintf(out, " count=%u", op->count);
    if (operands & OFFSET)
        fprintf(out, " offset=%u", op->offset);
    if (operands & VALUE)
        fprintf(out, " value=%u", op->value);
    if (operands & RIGHTS)
        fprintf(out, " rights=%u", op->rights);
    fputc('\n', out);
}

bool fuzz_parse(const char *line, struct op *op)
{
    char name[32];
    int used;
    if (sscanf(line, "%31s%n", name, &used) != 1)
        return false;
    *op = (struct op){ .verb = UINT8_MAX };
    for (unsigned v = 0; v < ARRAY_LEN(verbs); v++)
        if (strcmp(verbs[v].name, name) == 0)
            op->verb = v;
    if (op->verb == UINT8_MAX)
        return false;
    unsigned number;
    for (line += used; sscanf(line, " %31[a-z]=%u%n", name, &number, &used) == 2; line += used) {
        if (strcmp(name, "space") == 0)
            op->space = number;
        else if (strcmp(name, "page") == 0)
            op->page = number;
        else if (strcmp(name, "count") == 0)
            op->count = number;
        else if (strcmp(name, "offset") == 0)
            op->offset = number;
        else if (strcmp(name, "value") == 0)
            op->value = number;
        else if (strcmp(name, "rights") == 0)
            op->rights = number;
        else
            return false;
    }
    return line[strspn(line, " \n")] == '\0';
}
