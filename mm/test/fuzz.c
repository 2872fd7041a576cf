/*
 * fuzz.c - the interpreter: each verb is done by mm and by the model.
 * Owns: the table of verbs, running them, ops at random and as text. Does not own: the verbs (fuzz_ranges.c, fuzz_access.c,
 * fuzz_objects.c), where ops come from (fuzz_main.c, fuzz_clang.c).
 *
 * Compared after each verb: the error; the byte or bytes; the fault cases. A case that makes a page (A3, B2, B3) must
 * happen exactly when the model says so. One that only maps (A1, A2, B1, C) must happen exactly when the program has no
 * leaf that allows the access. Not predicted: spurious faults (whether a hart has old rights cached is chance; if the leaf
 * can get other rights besides, such a fault brings them and is counted as what it then is), and leaves that come along
 * with a neighbour (mm_check looks whether they are right). Pages filled ahead the model learns of by their count, and sees
 * whether they may be.
 *
 * An allocation that is made to fail must make the verb fail with -ENOMEM and change nothing; a copy may have come as far as
 * a page's end.
 */
#include <string.h>

#include "mm/anon.h"
#include "mm/check.h"
#include "mm/commit.h"
#include "mm/test/fuzz_verbs.h"

#define HARTS 4

size_t fuzz_at, fuzz_done;
struct addrspace *fuzz_space[MODEL_SPACES];
struct vm_object *fuzz_object[MODEL_OBJECTS];
bool fuzz_armed;

/* ---- comparing ---- */

void fuzz_expect_equal(const char *file, int line, const char *what, int64_t actual, int64_t expected)
{
    if (actual != expected)
        panic("%s:%d: op %zu: %s is %ld (%#lx), the model says %ld (%#lx)", file, line, fuzz_at, what, actual, actual,
              expected, expected);
}

static size_t read_before;

static size_t read_so_far(void)
{
    struct swap_counts counts;
    swap_counts(&counts);
    return counts.in + counts.zeroes_in;
}

bool only_read_ahead_failed(int err) { return host_failed() != 0 && err != -ENOMEM && read_so_far() > read_before; }

bool refused(int err)
{
    if (host_failed() == 0 || only_read_ahead_failed(err))
        return false;
    expect_eq(err, -ENOMEM);
    return true;
}

static struct fault_counts counts_before;

uint64_t faults_so_far(enum fault_case which) { return faults(which) - counts_before.n[which]; }

static void expect_count(enum fault_case which, const struct fault_counts *expected)
{
    if (faults_so_far(which) != expected->n[which])
        panic("fuzz.c: op %zu: %s happened %lu times, the model says %lu", fuzz_at, fault_case_name(which),
              faults_so_far(which), expected->n[which]);
}

void expect_faults(const struct fault_counts *expected)
{
    for (unsigned i = 0; i < FAULT_SPURIOUS; i++)
        expect_count(i, expected);
    for (unsigned i = FAULT_SEGV; i <= FAULT_OOM; i++)
        expect_count(i, expected);
}

void faults_from_here(void)
{
    fault_counts_of(thread_current(), &counts_before);
    read_before = read_so_far();
}

void expect_made(const struct fault_counts *expected)
{
    for (unsigned i = 0; i < FAULT_NCASES; i++)
        if (case_makes_page(i) || i == FAULT_SEGV || i == FAULT_BUS || i == FAULT_OOM)
            expect_count(i, expected);
}

/* ---- the machine ---- */

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
    commit_strict = op->rights & 2;
}

/* The nth allocation of the next verb fails, or it and all after it. */
static void do_fail(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)unused, (void)none;
    host_fail_allocation(op->rights & 1 ? FAIL_FROM_THEN_ON : FAIL_ONCE, op->count % 16 + 1);
    fuzz_armed = true;
}

static size_t nobjects, npages_of_objects;

static void count_object(struct vm_object *obj, void *unused)
{
    (void)unused;
    nobjects++;
    npages_of_objects += obj->npages;
}

static void check_everything(void)
{
    world_check();
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        if (model_space[i].exists)
            model_verify(&model_space[i], fuzz_space[i], fuzz_object);
    nobjects = npages_of_objects = 0;
    object_for_each(count_object, NULL);
    expect_eq(anon_count() - npages_of_objects, model_contents());
    expect_eq(nobjects, fuzz_forget_memory());
    expect_eq(commit_pages, model_committed());
}

static void do_check(const struct op *op, struct model_space *unused, struct addrspace **none)
{
    (void)op, (void)unused, (void)none;
    check_everything();
}

/* ---- the table ---- */

enum { SPACE = 1, PAGE = 2, COUNT = 4, OFFSET = 8, VALUE = 16, RIGHTS = 32, NEEDS_SPACE = 64 };
#define ON SPACE | NEEDS_SPACE

static const struct {
    const char *name;
    fuzz_verb *run;
    unsigned operands;
    unsigned weight;                            /* how often, at random */
} verbs[] = {
    { "create", do_create, SPACE, 4 },
    { "destroy", do_destroy, ON, 1 },
    { "fork", do_fork, ON | VALUE, 5 },
    { "map", do_map, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 24 },
    { "map-over", do_map_over, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 6 },
    { "map-memory", do_map_memory, ON | PAGE | COUNT | VALUE | RIGHTS, 3 },
    { "map-anywhere", do_map_anywhere, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 3 },
    { "unmap", do_unmap, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 2 },
    { "protect", do_protect, ON | PAGE | COUNT | RIGHTS, 12 },
    { "brk", do_brk, ON | COUNT | OFFSET | VALUE | RIGHTS, 4 },
    { "remap", do_remap, ON | PAGE | COUNT | OFFSET | VALUE | RIGHTS, 10 },
    { "limit", do_limit, ON | COUNT | OFFSET | RIGHTS, 1 },
    { "bad-range", do_bad_range, ON | OFFSET | VALUE | RIGHTS, 1 },
    { "load", do_load, ON | PAGE | COUNT | OFFSET | VALUE, 40 },
    { "store", do_store, ON | PAGE | COUNT | OFFSET | VALUE, 60 },
    { "walk", do_walk, ON | PAGE | COUNT | OFFSET | VALUE, 6 },
    { "fetch", do_fetch, ON | PAGE | COUNT | OFFSET | VALUE, 30 },
    { "copy-to", do_copy_to, ON | PAGE | COUNT | OFFSET | VALUE, 6 },
    { "copy-from", do_copy_from, ON | PAGE | COUNT | OFFSET, 6 },
    { "zero", do_zero, ON | PAGE | COUNT | OFFSET, 3 },
    { "string", do_string, ON | PAGE | COUNT | OFFSET, 3 },
    { "read-object", do_read_object, PAGE | COUNT | OFFSET | VALUE, 2 },
    { "pin-read", do_pin_read, PAGE | OFFSET | VALUE, 3 },
    { "write-object", do_write_object, PAGE | COUNT | OFFSET | VALUE | RIGHTS, 4 },
    { "resize-object", do_resize_object, PAGE | OFFSET | VALUE, 2 },
    { "forget", do_forget, ON | PAGE | COUNT | RIGHTS, 4 },
    { "advise", do_advise, ON | PAGE | COUNT | OFFSET | VALUE, 4 },
    { "lock", do_lock, ON | PAGE | COUNT | RIGHTS, 3 },
    { "lock-all", do_lock_all, ON | VALUE | RIGHTS, 1 },
    { "sync", do_sync, ON | PAGE | COUNT | RIGHTS, 1 },
    { "resident", do_resident, ON | PAGE | COUNT, 2 },
    { "populate-user", do_populate_user, ON | PAGE | COUNT, 2 },
    { "populate", do_populate, ON | PAGE | COUNT | RIGHTS, 2 },
    { "populate-mapped", do_populate_mapped, ON | PAGE | COUNT | OFFSET | VALUE, 3 },
    { "fail", do_fail, COUNT | RIGHTS, 12 },
    { "chaos", do_chaos, ON | PAGE | OFFSET | RIGHTS, 6 },
    { "drop-caches", do_drop, 0, 1 },
    { "reclaim", do_reclaim, COUNT, 6 },
    { "swap-off", do_swap_off, 0, 1 },
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
    if (fuzz_space[i] != NULL)
        faults_from_here();
    verbs[verb].run(op, s, &fuzz_space[i]);
    fuzz_done++;
    if (verbs[verb].run != do_fail && fuzz_armed) {
        host_fail_allocation(FAIL_NONE, 0);
        fuzz_armed = false;
    }
}

void fuzz_run(const struct op *ops, size_t n, size_t interval)
{
    host_use_hart(0);
    host_seed(1);
    soft_faults_on_ad = commit_strict = false;
    mmu_fence_fetch();                          /* nothing of an earlier run is left in an instruction cache */
    model_reset();
    for (unsigned o = 0; o < MODEL_FILES; o++)
        fuzz_object[o] = object_create((const char *)model_object[o].source, model_object[o].size_bytes, NULL);
    for (fuzz_at = 0; fuzz_at < n; fuzz_at++) {
        run_op(&ops[fuzz_at]);
        if (interval != 0 && fuzz_at % interval == 0)
            check_everything();
    }
    host_fail_allocation(FAIL_NONE, 0);
    fuzz_armed = false;
    check_everything();
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        if (model_space[i].exists)
            do_destroy(NULL, &model_space[i], &fuzz_space[i]);
    for (unsigned o = 0; o < MODEL_FILES; o++)
        object_put(fuzz_object[o]);
    fuzz_swap_off();
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
