/*
 * cut.c - tests of mm/cut.h: a file becomes shorter, and nobody who maps it sees more than it has.
 */
#include "mm/anon.h"
#include "mm/cut.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

enum { NPAGES = 8 };
static const vaddr_t at = 0x400000;
static char source[NPAGES * PAGE_SIZE];

static vaddr_t page_at(unsigned i) { return at + i * PAGE_SIZE; }

/* A file whose pages are full of 'a', 'b', ... */
static struct vm_object *lettered_file(void)
{
    for (unsigned i = 0; i < sizeof source; i++)
        source[i] = 'a' + i / PAGE_SIZE;
    return object_create(source, sizeof source, NULL);
}

/* All of obj, private, at at, every other page copied: there 'A', 'C', ... Pages beyond the end have a leaf, too. */
static struct addrspace *copier(struct vm_object *obj)
{
    struct addrspace *as = as_create();
    check_eq(map_object(as, at, NPAGES * PAGE_SIZE, RW, false, obj, 0), 0);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(i % 2 == 0 ? program_store(as, page_at(i), 'A' + i) : program_load(as, page_at(i)) - ('a' + (int)i), 0);
    return as;
}

/* The first npages are there as copier has left them; of the others not even a translation. */
static void check_copier(struct addrspace *as, unsigned npages)
{
    bool exclusive;
    for (unsigned i = 0; i < NPAGES; i++) {
        if (i >= npages) {
            check_eq(leaf_prot(as, page_at(i)), -1);
            check(anon_at(as, page_at(i), &exclusive) == NULL);
        }
        check_eq(program_load(as, page_at(i)), i >= npages ? -ENXIO : i % 2 == 0 ? 'A' + (int)i : 'a' + (int)i);
    }
}

/* ---- what goes ---- */

static void whole_pages(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = copier(obj);
    check_eq(page_used(PAGE_ANON), 4);
    check_eq(object_resize(obj, 5 * PAGE_SIZE), 0);
    check_copier(as, 5);
    check_eq(page_used(PAGE_ANON), 3);
    check_eq(page_used(PAGE_FILE), 5);
    check_eq(object_resize(obj, 5 * PAGE_SIZE), 0);     /* nothing to cut */
    check_copier(as, 5);
    check_eq(object_resize(obj, 0), 0);
    check_copier(as, 0);
    check_eq(page_used(PAGE_ANON) + page_used(PAGE_FILE), 0);
    check_eq(as->vmas.npages, NPAGES);                  /* the promise stays */
    world_check();

    check_eq(object_resize(obj, NPAGES * PAGE_SIZE), 0);
    for (unsigned i = 0; i < NPAGES; i++)
        check_eq(program_load(as, page_at(i)), 0);      /* neither the file's old bytes nor the copies' */
    destroy(as);
    object_put(obj);
}

/* The page with the new end: its rest becomes zeroes, but a private copy stays as it is. */
static void within_a_page(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = copier(obj), *shared = as_create();
    check_eq(map_object(shared, at, NPAGES * PAGE_SIZE, RW, true, obj, 0), 0);
    check_eq(program_load(shared, page_at(2) + 50), 'c');
    check_eq(program_load(shared, page_at(3)), 'd');
    check_eq(object_resize(obj, 2 * PAGE_SIZE + 10), 0);
    check_copier(as, 3);
    check_eq(program_load(as, page_at(2) + 50), 'c');
    check_eq(program_load(shared, page_at(2) + 9), 'c');
    check_eq(program_load(shared, page_at(2) + 10), 0);
    check_eq(leaf_prot(shared, page_at(3)), -1);
    check_eq(program_load(shared, page_at(3)), -ENXIO);
    check_eq(program_store(shared, page_at(2) + 60, 'z'), 0);           /* beside the end: nobody's */
    check_eq(object_resize(obj, 4 * PAGE_SIZE), 0);
    check_eq(program_load(shared, page_at(2) + 60), 0);
    check_eq(program_load(shared, page_at(3)), 0);
    check_eq(program_load(as, page_at(2) + 50), 'c');
    check_eq(program_load(as, page_at(3)), 0);
    world_check();
    destroy(as);
    destroy(shared);
    object_put(obj);
}

/* ---- whom it reaches ---- */

/* Strangers, and relatives that share nodes and anons: each loses what is beyond, and nothing else. */
static void everybody(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *parent = copier(obj), *stranger = copier(obj), *child, *grandchild;
    check_eq(as_fork(parent, &child), 0);
    check_eq(program_store(child, page_at(2), 'C'), 0);
    check_eq(as_fork(child, &grandchild), 0);
    check_eq(page_used(PAGE_ANON), 9);
    check_eq(object_resize(obj, 3 * PAGE_SIZE - 7), 0);
    world_check();
    struct addrspace *const all[] = { parent, stranger, child, grandchild };
    for (unsigned i = 0; i < ARRAY_LEN(all); i++)
        check_copier(all[i], 3);
    check_eq(page_used(PAGE_ANON), 5);
    for (unsigned i = 0; i < ARRAY_LEN(all); i++)
        destroy(all[i]);
    object_put(obj);
}

/* A VMA that begins within the file; several of them; beside memory that is none of it. */
static void by_offset(void)
{
    struct vm_object *obj = lettered_file(), *other = lettered_file();
    struct addrspace *as = as_create();
    check_eq(map_zero(as, page_at(0), PAGE_SIZE, RW), 0);
    check_eq(map_object(as, page_at(1), 3 * PAGE_SIZE, RW, false, obj, 3), 0);          /* d e f */
    check_eq(map_object(as, page_at(4), 2 * PAGE_SIZE, RW, false, obj, 6), 0);          /* g h: the same VMA */
    check_eq(map_object(as, page_at(6), 2 * PAGE_SIZE, RW, false, obj, 0), 0);          /* a b */
    check_eq(map_object(as, page_at(8), 8 * PAGE_SIZE, RW, false, other, 0), 0);
    check_eq(as->vmas.count, 4);
    for (unsigned i = 0; i < 16; i++)
        check_eq(program_store(as, page_at(i), 'A' + i), 0);
    check_eq(object_resize(obj, 4 * PAGE_SIZE), 0);
    for (unsigned i = 0; i < 16; i++)
        check_eq(program_load(as, page_at(i)), i >= 2 && i < 6 ? -ENXIO : 'A' + (int)i);
    check_eq(object_resize(obj, 1), 0);                 /* one of them is beyond as a whole */
    for (unsigned i = 0; i < 16; i++)
        check_eq(program_load(as, page_at(i)), i >= 1 && i < 6 ? -ENXIO : i == 7 ? -ENXIO : 'A' + (int)i);
    check_eq(page_used(PAGE_ANON), 10);
    world_check();
    destroy(as);
    object_put(obj);
    object_put(other);
}

/* ---- the mark ---- */

static void mark(struct vm_object *obj, struct vma *vma)
{
    mutex_lock(&obj->lock);
    vma->cut = true;
    mutex_unlock(&obj->lock);
}

/* In the middle of a cut a VMA is copied, divided, made one with another: the mark is on all that may need it. */
static void mark_inherited(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = copier(obj), *child;
    mark(obj, vma_at(as, at));
    check_eq(as_fork(as, &child), 0);
    check(vma_at(child, at)->cut);
    check_eq(as_protect(as, page_at(3), PAGE_SIZE, PROT_READ), 0);
    for (unsigned i = 0; i < NPAGES; i++)
        check(vma_at(as, page_at(i))->cut);
    vma_at(as, page_at(0))->cut = false;
    vma_at(as, page_at(7))->cut = false;
    check_eq(as_protect(as, page_at(3), PAGE_SIZE, RW), 0);
    check_eq(as->vmas.count, 1);
    check(vma_at(as, at)->cut);
    check_eq(object_resize(obj, PAGE_SIZE), 0);
    check(!vma_at(as, at)->cut && !vma_at(child, at)->cut);
    destroy(child);
    destroy(as);
    object_put(obj);
}

/* ---- without memory ---- */

static struct addrspace *not_cut[4];
static unsigned nnot_cut;

static void remember(struct addrspace *as)
{
    check(nnot_cut < ARRAY_LEN(not_cut));
    not_cut[nnot_cut++] = as;
}

static bool is_remembered(const struct addrspace *as)
{
    for (unsigned i = 0; i < nnot_cut; i++)
        if (not_cut[i] == as)
            return true;
    return false;
}

/*
 * Each allocation of a cut fails once, then all from there on: whoever is named still has some copies, all others have lost
 * theirs, and nobody loses what stays. With memory the same cut takes the rest.
 */
static void without_memory(void)
{
    enum host_failure how = FAIL_ONCE;
    bool failed = true;
    for (unsigned nth = 1; failed || how == FAIL_ONCE; nth++) {
        if (!failed) {
            how = FAIL_FROM_THEN_ON;
            nth = 1;
        }
        struct vm_object *obj = lettered_file();
        struct addrspace *all[] = { copier(obj), copier(obj), NULL };
        check_eq(as_fork(all[0], &all[2]), 0);
        check_eq(program_store(all[2], page_at(2), 'C'), 0);
        world_drop_caches();
        nnot_cut = 0;
        host_fail_allocation(how, nth);
        object_shrink(obj, 3 * PAGE_SIZE, remember);
        failed = host_failed() != 0;
        host_fail_allocation(FAIL_NONE, 0);
        check_eq(nnot_cut > 0, failed);
        world_check();
        check(!is_remembered(all[1]));                  /* it shares nothing, so nothing must be copied */
        for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
            check_eq(program_load(all[i], page_at(4)), -ENXIO);
            if (!is_remembered(all[i]))
                check_copier(all[i], 3);
            check_eq(atomic_load(&all[i]->users), 1);
        }
        object_shrink(obj, 3 * PAGE_SIZE, remember);
        for (unsigned i = 0; i < ARRAY_LEN(all); i++)
            check_copier(all[i], 3);
        for (unsigned i = 0; i < ARRAY_LEN(all); i++)
            destroy(all[i]);
        object_put(obj);
    }
}

/* ---- those that go meanwhile ---- */

static struct addrspace *leaving;

/* Whoever is told to go is gone at once: the cut is then its last user, and takes it down. */
static void leave_at_once(struct addrspace *as)
{
    check(as == leaving);
    leave_all();
    check(!as_put(as));
}

static void last_user(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *other = copier(obj);
    check_eq(as_fork(other, &leaving), 0);
    world_drop_caches();
    host_fail_allocation(FAIL_ONCE, 1);                 /* the newest on the list comes first */
    object_shrink(obj, PAGE_SIZE, leave_at_once);
    check(host_failed() == 1);
    host_fail_allocation(FAIL_NONE, 0);
    check_copier(other, 1);
    check_eq(other->family->members, 1);
    check_eq(atomic_load(&obj->refs), 2);
    world_check();
    destroy(other);
    object_put(obj);
}

/* Who has no user any more is left alone: nobody will look. */
static void no_user(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = copier(obj), *dying = copier(obj);
    bool exclusive;
    leave_all();
    check(as_put(dying));
    check_eq(object_resize(obj, PAGE_SIZE), 0);
    check(anon_at(dying, page_at(4), &exclusive) != NULL);
    check_eq(atomic_load(&dying->users), 0);
    destroy(dying);
    check_copier(as, 1);
    world_check();
    destroy(as);
    object_put(obj);
}

const struct test_case cut_cases[] = {
    { "whole pages", whole_pages },
    { "within a page", within_a_page },
    { "whoever maps it", everybody },
    { "by what of it is mapped where", by_offset },
    { "the mark goes where the pages go", mark_inherited },
    { "without memory", without_memory },
    { "the last user's reference is the cut's", last_user },
    { "nobody is left to see", no_user },
    { 0 },
};
