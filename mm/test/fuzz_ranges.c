/*
 * fuzz_ranges.c - the verbs on address spaces and their ranges, done by mm and by the model.
 * Owns: what they are asked for. Does not own: accesses (fuzz_access.c), objects (fuzz_objects.c).
 */
#include <string.h>

#include "mm/advise.h"
#include "mm/remap.h"
#include "mm/test/fuzz_verbs.h"

/* ---- address spaces ---- */

void do_create(const struct op *op, struct model_space *s, struct addrspace **as)
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
    for (unsigned h = 0; h < MMU_MAX_HARTS && mmu_root_loaded(as->pmap.root); h++) {
        host_use_hart(h);
        as_activate(thread_current(), NULL);
    }
    host_use_hart(here);
}

void do_destroy(const struct op *op, struct model_space *s, struct addrspace **as)
{
    (void)op;
    leave(*as);
    as_destroy(*as);
    expect_eq(host_allocations() * fuzz_armed, 0);   /* the end needs no memory */
    *as = NULL;
    model_destroy(s);
}

void do_fork(const struct op *op, struct model_space *s, struct addrspace **as)
{
    unsigned child = op->value % MODEL_SPACES;
    if (model_space[child].exists)
        return;
    int err = as_fork(*as, &fuzz_space[child]);
    if (refused(err))
        return;
    expect_eq(err, 0);
    model_fork(s, &model_space[child]);
}

/* ---- map, unmap, protect, brk, mremap ---- */

static struct model_page op_backing(const struct op *op)
{
    static const struct model_page backing[8] = {
        { .object = -1 },           { .object = -1 }, { .object = -1 }, { .object = -1, .kind = VMA_STACK }, { .object = 0 },
        { .object = 2 }, { .object = 1 }, { .object = 2, .shared = true },
    };
    struct model_page page = backing[op->rights >> 3 & 7];
    page.prot = op_prot(op);
    page.index = page.object >= 0 ? op->offset % 8 : 0;
    if (page.shared && (op->rights & 64)) {             /* of a file that is open to be read */
        page.denied = PROT_WRITE;
        page.prot &= ~PROT_WRITE;
    }
    if (op->rights >= 128 && op->offset % 4 == 0)
        page.flags = VMA_LOCKED;
    return page;
}

enum place { ANYWHERE, THERE, OVER };

static int map(struct addrspace *as, vaddr_t hint, size_t len, const struct model_page *how, enum place place, vaddr_t *out)
{
    struct map_request req = {
        .prot = how->prot, .prot_denied = how->denied, .kind = how->kind, .flags = how->flags, .shared = how->shared,
        .fixed = place != ANYWHERE, .replace = place == OVER, .object = how->object >= 0 ? fuzz_object[how->object] : NULL,
        .object_index = how->index,
    };
    return as_map(as, hint, len, &req, out);
}

static void map_at(const struct op *op, struct model_space *s, struct addrspace *as, enum place place)
{
    struct model_page how = op_backing(op);
    vaddr_t out = 0;
    size_t len = op_npages(op) * PAGE_SIZE - op->value % PAGE_SIZE;
    int err = map(as, model_va(op_page(op)), len, &how, place, &out);
    if (refused(err))
        return;
    expect_eq(err, model_map(s, op_page(op), op_npages(op), &how, place == OVER));
    if (err == 0)
        expect_eq(out, model_va(op_page(op)));
}

void do_map(const struct op *op, struct model_space *s, struct addrspace **as) { map_at(op, s, *as, THERE); }
void do_map_over(const struct op *op, struct model_space *s, struct addrspace **as) { map_at(op, s, *as, OVER); }

/* Shared memory that is no file: its mappings alone keep it. */
void do_map_memory(const struct op *op, struct model_space *s, struct addrspace **as)
{
    unsigned o = MODEL_FILES, npages = op_npages(op) < OBJECT_PAGES ? op_npages(op) : OBJECT_PAGES;
    fuzz_forget_memory();
    while (o < MODEL_OBJECTS && fuzz_object[o] != NULL)
        o++;
    if (o == MODEL_OBJECTS)
        return;
    struct vm_object *memory = object_create(NULL, npages * PAGE_SIZE, NULL);
    if (refused(memory != NULL ? 0 : -ENOMEM))
        return;
    struct model_page how = { .prot = op_prot(op), .shared = true, .object = o };
    vaddr_t out;
    fuzz_object[o] = memory;
    memset(model_object[o].bytes, 0, sizeof model_object[o].bytes);
    memset(model_object[o].stored, 0, sizeof model_object[o].stored);
    model_object[o].size_bytes = npages * PAGE_SIZE;
    int err = map(*as, model_va(op_page(op)), npages * PAGE_SIZE, &how, op->value & 1 ? OVER : THERE, &out);
    object_put(memory);
    if (!refused(err))
        expect_eq(err, model_map(s, op_page(op), npages, &how, op->value & 1));
    fuzz_forget_memory();                       /* it may not even have come to be mapped */
}

/* Does [out, out + npages) lie in the model's world? Returns its page, or -1: then it goes, as if it had never been there. */
static int within_world(struct addrspace *as, vaddr_t out, unsigned npages)
{
    int page = model_page_at(out);
    if (page >= 0 && model_page_at(out + npages * PAGE_SIZE - 1) == page + (int)npages - 1)
        return page;
    host_fail_allocation(FAIL_NONE, 0);
    expect_eq(as_unmap(as, out, npages * PAGE_SIZE), 0);
    return -1;
}

/* Without a fixed address; with a hint if value is odd. */
void do_map_anywhere(const struct op *op, struct model_space *s, struct addrspace **as)
{
    struct model_page how = op_backing(op);
    vaddr_t out = 0, hint = op->value & 1 ? model_va(op_page(op)) : 0;
    unsigned npages = op_npages(op);
    int err = map(*as, hint, npages * PAGE_SIZE, &how, ANYWHERE, &out);
    if (refused(err))
        return;
    bool as_hinted = hint != 0 && model_is_free(s, hint, hint + npages * PAGE_SIZE);
    vaddr_t expected = as_hinted ? hint : model_room(s, npages * PAGE_SIZE);
    expect_eq(err, expected != 0 ? model_within_limits(s, npages, 0, how.flags) : -ENOMEM);
    if (err != 0)
        return;
    expect_eq(out, expected);
    int page = within_world(*as, out, npages);
    if (page >= 0)
        expect_eq(model_map(s, page, npages, &how, false), 0);
}

/* From page on, up to the page with the number value if that comes later, across stretches; otherwise count pages. */
void do_unmap(const struct op *op, struct model_space *s, struct addrspace **as)
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

void do_protect(const struct op *op, struct model_space *s, struct addrspace **as)
{
    int err = as_protect(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE, op_prot(op));
    if (refused(err))
        return;
    expect_eq(err, model_protect(s, op_page(op), op_npages(op), op_prot(op)));
}

/* Into the heap's stretch, to the byte; or somewhere that must be refused. */
void do_brk(const struct op *op, struct model_space *s, struct addrspace **as)
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

/*
 * What to ask for: in place, where there is room, or to a page; longer, shorter, or as long as it was; now and then a second
 * mapping, or such that the first stays. Most of the time no more than there is of the VMA, for else there is only one answer.
 */
static struct model_remap op_remap(const struct op *op, const struct vma *vma)
{
    struct model_remap how = { .from = op_page(op), .may_move = op->rights & 3, .fixed = op->rights & 2,
                               .keep = (op->rights & 12) == 12, .to = op->value % MODEL_PAGES };
    if (op->rights & 64)                        /* near by */
        how.to = how.from - how.from % MODEL_STRETCH + (how.from + op->value % 16 + MODEL_STRETCH - 8) % MODEL_STRETCH;
    unsigned from_left = left_in_stretch(how.from), to_left = left_in_stretch(how.to);
    unsigned most = from_left < to_left ? from_left : to_left;
    how.old_npages = op->count % (from_left + 1);
    if (vma != NULL) {
        how.start = model_page_at(vma->start);
        how.end = model_page_at(vma->end - 1) + 1;
        unsigned whole = how.end - how.from;
        if ((op->rights & 128) && (how.old_npages > whole || op->value % 4 == 0))
            how.old_npages = whole;
    }
    how.new_npages = op->rights & 16 ? how.old_npages + op->offset % 4 : 1 + op->offset % most;
    if ((op->rights & 32) && how.keep)
        how.new_npages = how.old_npages;
    if (how.new_npages > most || how.new_npages == 0)
        how.new_npages = most;
    return how;
}

void do_remap(const struct op *op, struct model_space *s, struct addrspace **as)
{
    const struct model_remap how = op_remap(op, vma_at(*as, model_va(op_page(op))));
    struct remap_request req = {
        .from = model_va(how.from), .old_len = how.old_npages * PAGE_SIZE, .may_move = how.may_move, .fixed = how.fixed,
        .to = model_va(how.to), .new_len = how.new_npages * PAGE_SIZE - op->rights / 8, .keep = how.keep,
    };
    vaddr_t out = 0, expected;
    size_t grown;
    int err = as_remap(*as, &req, &out, &grown);
    if (refused(err))
        return;
    expect_eq(err, model_remap(s, &how, &expected));
    if (err != 0)
        return;
    expect_eq(out, expected);
    expect_eq(grown, how.new_npages > how.old_npages ? (how.new_npages - how.old_npages) * PAGE_SIZE : 0);
    within_world(*as, out, how.new_npages);
}

/* For what is mapped, or locked, from now on: a number of pages, none, or no limit, as for most of the time. */
void do_limit(const struct op *op, struct model_space *s, struct addrspace **as)
{
    s->mapped_max = op->rights % 8 == 1 ? op->count : UINT64_MAX;
    s->locked_max = op->rights % 8 == 2 ? op->count % 32 : op->rights % 8 == 3 ? 0 : UINT64_MAX;
    struct as_limits limits = { .mapped = UINT64_MAX, .data = UINT64_MAX, .locked = UINT64_MAX };
    if (s->mapped_max != UINT64_MAX)
        limits.mapped = s->mapped_max * PAGE_SIZE + op->offset % PAGE_SIZE;
    if (s->locked_max != UINT64_MAX)
        limits.locked = s->locked_max * PAGE_SIZE + (s->locked_max > 0 ? op->offset % PAGE_SIZE : 0);
    as_set_limits(*as, &limits);
}

void do_bad_range(const struct op *op, struct model_space *s, struct addrspace **as)
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
    expect_eq(map(*as, range[0], range[1], &how, op->offset % 2 ? THERE : OVER, &out), odd ? -EINVAL : -ENOMEM);
    expect_eq(as_forget(*as, range[0], range[1], forget_any), -EINVAL);
    expect_eq(as_advise(*as, range[0], range[1], 0, VMA_SPARSE), -EINVAL);
    expect_eq(as_lock(*as, range[0], range[1], 0), -EINVAL);
    struct remap_request remap = { .from = range[0], .old_len = range[1], .new_len = PAGE_SIZE };
    size_t grown;
    expect_eq(as_remap(*as, &remap, &out, &grown) < 0, true);
}

/* ---- advice ---- */

void do_forget(const struct op *op, struct model_space *s, struct addrspace **as)
{
    bool zero_filled_only = op->rights % 4 == 0;
    int err = as_forget(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE,
                        zero_filled_only ? forget_zero_filled : forget_any);
    if (!refused(err))
        expect_eq(err, model_forget(s, op_page(op), op_npages(op), zero_filled_only));
}

/* What madvise(2) may ask for. */
void do_advise(const struct op *op, struct model_space *s, struct addrspace **as)
{
    static const struct {
        uint8_t clear, set;
    } changes[] = {
        { 0, VMA_NOT_TO_CHILD }, { VMA_NOT_TO_CHILD, 0 }, { 0, VMA_EMPTY_IN_CHILD }, { VMA_EMPTY_IN_CHILD, 0 },
        { VMA_DENSE, VMA_SPARSE }, { VMA_SPARSE, VMA_DENSE }, { VMA_SPARSE | VMA_DENSE, 0 }, { 0, 0 },
    };
    uint8_t clear = changes[op->value % 8].clear, set = changes[op->value % 8].set;
    int err = as_advise(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE - op->offset % PAGE_SIZE, clear, set);
    if (!refused(err))
        expect_eq(err, model_advise(s, op_page(op), op_npages(op), clear, set));
}

static uint8_t op_locks(const struct op *op)
{
    static const uint8_t locks[] = { 0, 0, VMA_LOCKED, VMA_LOCKED | VMA_LOCK_ON_FAULT };
    return locks[op->rights % 4];
}

void do_lock(const struct op *op, struct model_space *s, struct addrspace **as)
{
    int err = as_lock(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE, op_locks(op));
    if (!refused(err))
        expect_eq(err, model_lock(s, op_page(op), op_npages(op), op_locks(op)));
}

void do_lock_all(const struct op *op, struct model_space *s, struct addrspace **as)
{
    bool now = op->value & 1, future = op->value & 2;
    int err = as_lock_all(*as, op_locks(op), now, future);
    if (!refused(err))
        expect_eq(err, model_lock_all(s, op_locks(op), now, future));
}

void do_sync(const struct op *op, struct model_space *s, struct addrspace **as)
{
    bool invalidate = op->rights & 1;
    expect_eq(as_sync(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE, invalidate),
              model_sync(s, op_page(op), op_npages(op), invalidate));
}
