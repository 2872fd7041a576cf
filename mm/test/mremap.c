/*
 * mremap.c - tests of mm/remap.h: longer, shorter, elsewhere, with all contents.
 */
#include <string.h>

#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/remap.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

static const vaddr_t at = 0x400000;
static char source[8 * PAGE_SIZE];

static vaddr_t page_at(unsigned i) { return at + i * PAGE_SIZE; }

/* A file whose pages begin with 'a', 'b', ... */
static struct vm_object *lettered_file(void)
{
    for (unsigned i = 0; i < 8; i++)
        source[i * PAGE_SIZE] = 'a' + i;
    return object_create(source, sizeof source, NULL);
}

static void map_and_store(struct addrspace *as, unsigned page, unsigned npages)
{
    check_eq(map_zero(as, page_at(page), npages * PAGE_SIZE, RW), 0);
    for (unsigned i = page; i < page + npages; i++)
        check_eq(program_store(as, page_at(i), i + 1), 0);
}

/* as_remap, in pages counted from at. Returns the error, or in how many pages from at it is then. */
enum how { IN_PLACE, MAY_MOVE, FIXED, KEEP, KEEP_FIXED };

static int remap(struct addrspace *as, unsigned from, unsigned old_npages, unsigned new_npages, enum how how, unsigned to)
{
    struct remap_request req = {
        .from = page_at(from), .old_len = old_npages * PAGE_SIZE, .new_len = new_npages * PAGE_SIZE, .to = page_at(to),
        .may_move = how != IN_PLACE, .fixed = how == FIXED || how == KEEP_FIXED, .keep = how == KEEP || how == KEEP_FIXED,
    };
    vaddr_t out = 0;
    size_t grown;
    int err = as_remap(as, &req, &out, &grown);
    if (err == 0)
        check_eq(grown, new_npages > old_npages ? (new_npages - old_npages) * PAGE_SIZE : 0);
    return err != 0 ? err : (int)((int64_t)(out - at) / (int64_t)PAGE_SIZE);
}

/* ---- where it is ---- */

static void in_place(void)
{
    struct addrspace *as = as_create();
    map_and_store(as, 0, 6);
    check_eq(map_zero(as, page_at(8), PAGE_SIZE, RW), 0);
    check_eq(remap(as, 0, 6, 7, IN_PLACE, 0), 0);
    check_eq(program_load(as, page_at(5)), 6);
    check_eq(program_load(as, page_at(6)), 0);          /* what has come is new */
    check_eq(as->vmas.count, 2);
    check_eq(remap(as, 0, 7, 9, IN_PLACE, 0), -ENOMEM); /* something is in the way */
    check_eq(remap(as, 2, 5, 6, IN_PLACE, 0), 2);       /* the end of one, up to the next */
    check_eq(as->vmas.count, 1);                        /* which is like it */
    check_eq(as->vmas.npages, 9);
    check_eq(remap(as, 0, 2, 3, IN_PLACE, 0), -ENOMEM); /* its own rest is in the way */
    check_eq(remap(as, 0, 9, 9, IN_PLACE, 0), 0);
    check_eq(remap(as, 1, 5, 2, IN_PLACE, 0), 1);
    check_eq(as->vmas.npages, 6);
    check_eq(program_load(as, page_at(2)), 3);
    check_eq(program_load(as, page_at(3)), -EFAULT);
    check_eq(program_load(as, page_at(5)), -EFAULT);
    check_eq(program_load(as, page_at(6)), 0);
    check_eq(remap(as, 0, 9, 1, IN_PLACE, 0), 0);       /* across VMAs, and holes: it is an unmap */
    check_eq(as->vmas.npages, 1);
    check_eq(remap(as, 0, 5, 5, IN_PLACE, 0), 0);       /* nor does it matter what follows when nothing changes */
    world_check();
    destroy(as);
}

/* A stack keeps its gap, also from below; and user space ends. */
static void in_place_has_limits(void)
{
    struct addrspace *as = as_create();
    struct map_request stack = { .prot = RW, .kind = VMA_STACK, .fixed = true };
    vaddr_t out;
    map_and_store(as, 0, 2);
    check_eq(as_map(as, page_at(4) + VMA_STACK_GAP, PAGE_SIZE, &stack, &out), 0);
    check_eq(remap(as, 0, 2, 5, IN_PLACE, 0), -ENOMEM);
    check_eq(remap(as, 0, 2, 4, IN_PLACE, 0), 0);
    check_eq(map_zero(as, USER_END - 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    struct remap_request last = { .from = USER_END - 2 * PAGE_SIZE, .old_len = PAGE_SIZE, .new_len = 3 * PAGE_SIZE };
    size_t grown;
    check_eq(as_remap(as, &last, &out, &grown), -ENOMEM);
    last.new_len = 2 * PAGE_SIZE;
    check_eq(as_remap(as, &last, &out, &grown), 0);
    check_eq(as->vmas.npages, 4 + 1 + 2);
    world_check();
    destroy(as);
}

/* ---- elsewhere ---- */

static void moving(void)
{
    struct addrspace *as = as_create();
    map_and_store(as, 0, 4);
    check_eq(map_zero(as, page_at(4), PAGE_SIZE, PROT_READ), 0);
    struct anon *anon[4];
    bool exclusive;
    for (unsigned i = 0; i < 4; i++)
        anon[i] = anon_at(as, page_at(i), &exclusive);
    int to = remap(as, 1, 3, 5, MAY_MOVE, 0);
    check_eq(page_at(to), USER_END - 6 * PAGE_SIZE);    /* where a mapping without an address goes */
    world_check();
    for (unsigned i = 1; i < 4; i++) {
        check_eq(leaf_prot(as, page_at(i)), -1);
        check_eq(program_load(as, page_at(i)), -EFAULT);
        check(anon_at(as, page_at(to + i - 1), &exclusive) == anon[i] && exclusive);    /* the page itself, not a copy */
        check_eq(program_load(as, page_at(to + i - 1)), i + 1);
    }
    check_eq(program_load(as, page_at(0)), 1);
    check_eq(program_load(as, page_at(to + 3)), 0);
    check_eq(program_load(as, page_at(to + 4)), 0);
    check_eq(as->vmas.npages, 1 + 1 + 5);
    check_eq(faults(FAULT_B3), 4 + 2);

    check_eq(remap(as, to, 5, 2, FIXED, 20), 20);       /* shorter at the same time: the rest is nowhere */
    check_eq(program_load(as, page_at(20)), 2);
    check_eq(program_load(as, page_at(21)), 3);
    check_eq(program_load(as, page_at(22)), -EFAULT);
    check_eq(program_load(as, page_at(to + 3)), -EFAULT);
    check_eq(as->vmas.npages, 4);
    world_check();
    destroy(as);
}

/* Side by side, within one neighbourhood and its page table, and with what is there already. */
static void moving_next_door(void)
{
    struct addrspace *as = as_create();
    map_and_store(as, 0, 8);
    check_eq(remap(as, 2, 2, 2, FIXED, 4), 4);          /* over others of the same VMA */
    world_check();
    static const int then[] = { 1, 2, -EFAULT, -EFAULT, 3, 4, 7, 8 };
    for (unsigned i = 0; i < 8; i++)
        check_eq(program_load(as, page_at(i)), then[i]);
    check_eq(as->vmas.count, 2);                        /* what has moved is one with what it came to */
    check_eq(remap(as, 4, 4, 4, FIXED, 8), 8);
    check_eq(remap(as, 0, 2, 8, MAY_MOVE, 0), 0);
    check_eq(as->vmas.count, 1);
    check_eq(page_used(PAGE_ANON), 6);
    world_check();
    destroy(as);
}

/* Copies go along, untouched pages come from the file at the new place, and what is shared is the object's. */
static void moving_files(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create();
    check_eq(map_object(as, page_at(0), 4 * PAGE_SIZE, RW, false, obj, 2), 0);
    check_eq(map_object(as, page_at(8), 4 * PAGE_SIZE, RW, true, obj, 0), 0);
    check_eq(program_store(as, page_at(1), 'D'), 0);
    check_eq(program_load(as, page_at(2)), 'e');
    check_eq(program_store(as, page_at(9), 'B'), 0);
    check_eq(remap(as, 1, 3, 5, FIXED, 40), 40);        /* d e f, and g h behind it */
    check_eq(remap(as, 8, 4, 3, FIXED, 50), 50);
    world_check();
    check_eq(atomic_load(&obj->refs), 4);
    check_eq(program_load(as, page_at(0)), 'c');
    check_eq(program_load(as, page_at(40)), 'D');
    for (unsigned i = 1; i < 5; i++)
        check_eq(program_load(as, page_at(40 + i)), 'd' + i);
    check_eq(program_load(as, page_at(51)), 'B');
    check_eq(program_store(as, page_at(52), 'C'), 0);
    check_eq(program_load(as, page_at(0)), 'C');        /* private, but not copied yet */
    check_eq(program_load(as, page_at(8)), -EFAULT);
    check_eq(remap(as, 50, 3, 10, MAY_MOVE, 0), 50);
    check_eq(program_load(as, page_at(50 + 8)), -ENXIO);        /* the object is no longer for that */
    destroy(as);
    object_put(obj);
}

/* What a fork shares stays with the others, and a copy moves; what it does not share moves. */
static void moving_after_fork(void)
{
    struct addrspace *as = as_create(), *child;
    map_and_store(as, 0, 4);
    check_eq(as_fork(as, &child), 0);
    check_eq(program_store(as, page_at(3), 99), 0);     /* its own again */
    bool exclusive;
    struct anon *own = anon_at(as, page_at(3), &exclusive);
    check_eq(page_used(PAGE_ANON), 5);
    check_eq(remap(as, 0, 4, 4, FIXED, 100), 100);
    world_check();
    check_eq(page_used(PAGE_ANON), 8);
    check(anon_at(as, page_at(103), &exclusive) == own);
    uint64_t before = faults(FAULT_A3);
    for (unsigned i = 0; i < 4; i++) {
        check(anon_at(as, page_at(100 + i), &exclusive) != NULL && exclusive);
        check_eq(program_load(as, page_at(100 + i)), i == 3 ? 99 : (int)i + 1);
        check_eq(program_store(as, page_at(100 + i), 50), 0);
        check_eq(program_load(child, page_at(i)), i + 1);
        check_eq(program_store(child, page_at(i), 60), 0);
    }
    check_eq(faults(FAULT_A3), before);                 /* nobody shares anything any more */
    destroy(as);
    destroy(child);
}

/* The flags go along, and so do locks. A heap or a stack becomes a mapping as any other. */
static void moving_what_is_promised(void)
{
    struct addrspace *as = as_create();
    as_set_brk_base(as, at);
    check_eq(set_brk(as, page_at(4)), 0);
    check_eq(program_store(as, page_at(1), 7), 0);
    check_eq(as_lock(as, page_at(1), PAGE_SIZE, VMA_LOCKED), 0);
    check_eq(as_advise(as, page_at(1), PAGE_SIZE, 0, VMA_NOT_TO_CHILD), 0);
    check_eq(remap(as, 1, 1, 2, MAY_MOVE, 0) > 0, 1);
    check_eq(as->vmas.nlocked, 2);
    check_eq(remap(as, 2, 2, 2, FIXED, 40), 40);
    check_eq(vma_at(as, page_at(40))->kind, VMA_PLAIN);
    check_eq(vma_last(as)->flags, VMA_LOCKED | VMA_NOT_TO_CHILD | VMA_COMMITTED);
    check_eq(vma_last(as)->kind, VMA_PLAIN);
    check_eq(set_brk(as, page_at(6)), 0);               /* it ends where it ended, whatever is left of it */
    check_eq(program_store(as, page_at(5), 1), 0);
    check_eq(program_load(as, page_at(3)), -EFAULT);
    check_eq(set_brk(as, at), 0);
    world_check();
    destroy(as);
}

/* ---- a second mapping; the old one stays ---- */

static void second_mapping(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create();
    check_eq(map_object(as, page_at(0), 4 * PAGE_SIZE, RW, true, obj, 0), 0);
    map_and_store(as, 10, 1);
    check_eq(remap(as, 1, 0, 2, FIXED, 20), 20);
    check_eq(as->vmas.npages, 7);
    check_eq(program_store(as, page_at(20), 'X'), 0);
    check_eq(program_load(as, page_at(1)), 'X');
    check_eq(program_load(as, page_at(21)), 'c');
    check_eq(remap(as, 1, 0, 2, IN_PLACE, 0), -ENOMEM);
    check_eq(remap(as, 10, 0, 1, MAY_MOVE, 0), -EINVAL);        /* private memory is nowhere twice */
    check_eq(remap(as, 2, 0, 2, FIXED, 2), 2);          /* even over itself */
    check_eq(program_load(as, page_at(3)), 'd');
    check_eq(as->vmas.npages, 7);
    world_check();
    destroy(as);
    object_put(obj);
}

static void keeping(void)
{
    struct vm_object *obj = lettered_file();
    struct addrspace *as = as_create();
    map_and_store(as, 0, 4);
    check_eq(as_lock(as, page_at(0), 4 * PAGE_SIZE, VMA_LOCKED), 0);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 4 * PAGE_SIZE });
    check_eq(remap(as, 0, 4, 4, KEEP, 10), 10);         /* the hint is free. And no more is locked than before */
    check_eq(as->vmas.nlocked, 4);
    check_eq(vma_at(as, page_at(0))->flags, VMA_COMMITTED);
    for (unsigned i = 0; i < 4; i++) {
        check_eq(program_load(as, page_at(10 + i)), i + 1);
        check_eq(program_load(as, page_at(i)), 0);      /* it stays, without its contents */
    }
    check_eq(as->vmas.npages, 8);
    check_eq(remap(as, 0, 2, 2, KEEP, 12) > 100, 1);    /* this one is not */
    check_eq(remap(as, 10, 2, 2, KEEP_FIXED, 2), 2);
    check_eq(program_load(as, page_at(2)), 1);
    check_eq(program_load(as, page_at(10)), 0);

    check_eq(map_object(as, page_at(20), 2 * PAGE_SIZE, RW, false, obj, 0), 0);
    check_eq(program_store(as, page_at(20), 'A'), 0);
    check_eq(remap(as, 20, 2, 2, KEEP, 30), 30);
    check_eq(program_load(as, page_at(20)), 'a');
    check_eq(program_load(as, page_at(30)), 'A');
    check_eq(program_load(as, page_at(31)), 'b');
    world_check();
    destroy(as);
    object_put(obj);
}

/* ---- refusals: nothing has changed ---- */

static void refusals(void)
{
    struct addrspace *as = as_create();
    map_and_store(as, 0, 4);
    check_eq(map_zero(as, page_at(4), 2 * PAGE_SIZE, PROT_READ), 0);
    check_eq(remap(as, 10, 1, 1, IN_PLACE, 0), -EFAULT);        /* nothing is mapped there */
    check_eq(remap(as, 10, 1, 2, MAY_MOVE, 0), -EFAULT);
    check_eq(remap(as, 0, 5, 6, MAY_MOVE, 0), -EFAULT);         /* more than one VMA */
    check_eq(remap(as, 0, 5, 1, FIXED, 10), -EFAULT);
    check_eq(remap(as, 0, 1, 0, IN_PLACE, 0), -EINVAL);
    check_eq(remap(as, 0, 2, 2, FIXED, 1), -EINVAL);            /* they overlap */
    check_eq(remap(as, 1, 2, 2, FIXED, 0), -EINVAL);
    check_eq(remap(as, 0, 2, 2, KEEP, 1), -EINVAL);
    check_eq(remap(as, 0, 2, 1, KEEP, 10), -EINVAL);            /* what stays is as long as it was */

    struct remap_request good = { .from = at, .old_len = PAGE_SIZE, .new_len = PAGE_SIZE, .to = page_at(10), .may_move = true,
                                  .fixed = true };
    static const struct {
        vaddr_t from, to;
        size_t old_len, new_len;
        bool may_move;
        int err;
    } bad[] = {
        { 1, 0, 0, 0, true, -EINVAL },                          /* added to what is good */
        { 0, 1, 0, 0, true, -EINVAL },
        { 0, 0, 0, 0, false, -EINVAL },
        { USER_END, 0, 0, 0, true, -EFAULT },
        { 0, USER_END, 0, 0, true, -EINVAL },
        { 0, 0, 0, USER_END, true, -EINVAL },
        { 0, 0, USER_END, 0, true, -EFAULT },
    };
    vaddr_t out;
    size_t grown;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct remap_request req = good;
        req.from += bad[i].from;
        req.to += bad[i].to;
        req.old_len += bad[i].old_len;
        req.new_len += bad[i].new_len;
        req.may_move = bad[i].may_move;
        check_eq(as_remap(as, &req, &out, &grown), bad[i].err);
    }
    good.to = 0;
    check_eq(as_remap(as, &good, &out, &grown), -EPERM);
    struct remap_request shrink = { .from = at, .old_len = USER_END, .new_len = PAGE_SIZE };
    check_eq(as_remap(as, &shrink, &out, &grown), -EINVAL);
    check_eq(as->vmas.count, 2);
    check_eq(as->vmas.npages, 6);
    for (unsigned i = 0; i < 4; i++)
        check_eq(program_load(as, page_at(i)), i + 1);
    destroy(as);
}

static void limited(void)
{
    struct addrspace *as = as_create();
    map_and_store(as, 0, 4);
    check_eq(map_zero(as, page_at(4), PAGE_SIZE, PROT_READ), 0);
    as_set_limits(as, &(struct as_limits){ 6 * PAGE_SIZE, UINT64_MAX, UINT64_MAX });
    check_eq(remap(as, 0, 4, 6, MAY_MOVE, 0), -ENOMEM);
    check_eq(remap(as, 0, 4, 4, KEEP, 10), -ENOMEM);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, 5 * PAGE_SIZE, UINT64_MAX });
    check_eq(remap(as, 0, 4, 6, MAY_MOVE, 0), -ENOMEM);
    check_eq(remap(as, 4, 1, 3, MAY_MOVE, 0), 4);       /* what is only read is no data */
    check_eq(as_lock(as, page_at(0), 4 * PAGE_SIZE, VMA_LOCKED), 0);
    as_set_limits(as, &(struct as_limits){ UINT64_MAX, UINT64_MAX, 5 * PAGE_SIZE });
    check_eq(remap(as, 0, 4, 6, MAY_MOVE, 0), -EAGAIN);
    check_eq(remap(as, 0, 4, 4, FIXED, 10), 10);        /* the same, elsewhere */
    check_eq(remap(as, 10, 4, 5, IN_PLACE, 0), 10);
    check_eq(as->vmas.nlocked, 5);
    check_eq(as_lock_all(as, 0, true, false), 0);
    check_eq(map_zero(as, page_at(20), 100 * PAGE_SIZE, PROT_READ), 0);
    struct remap_request all = { .from = page_at(20), .old_len = PAGE_SIZE, .new_len = USER_END, .may_move = true };
    vaddr_t out;
    size_t grown;
    check_eq(as_remap(as, &all, &out, &grown), -ENOMEM);        /* no room */
    world_check();
    destroy(as);
}

/* With as many VMAs as there may be nothing moves; but it may become longer, or shorter. */
static void as_many_as_there_may_be(void)
{
    struct addrspace *as = as_create();
    for (unsigned i = 0; i < VMA_MAX; i++)
        check_eq(map_zero(as, page_at(2 * i), PAGE_SIZE, i % 2 == 0 ? RW : PROT_READ), 0);
    check_eq(remap(as, 2, 1, 3, MAY_MOVE, 0), -ENOMEM);
    check_eq(remap(as, 2, 1, 2, MAY_MOVE, 0), 2);
    check_eq(remap(as, 2, 2, 1, MAY_MOVE, 0), 2);
    check_eq(as->vmas.count, VMA_MAX);
    destroy(as);
}

/* ---- without memory ---- */

/* What scene_make makes, and an exclusive page, and something at the place to go to. */
static void scene_changed(struct scene *s)
{
    *s = scene_make();
    check_eq(program_store(s->as, page_at(33), 200), 0);
    map_and_store(s->as, 200, 40);
    destroy(s->other);
    check_eq(as_fork(s->as, &s->other), 0);
    check_eq(program_store(s->as, page_at(36), 201), 0);
    check_eq(as_forget(s->as, page_at(210), PAGE_SIZE, forget_any), 0);
    world_drop_caches();
}

static void scene_as_it_was(void *arg)
{
    struct scene *s = arg;
    bool exclusive;
    check_eq(s->as->vmas.count, 3);
    check_eq(s->as->vmas.npages, 141);
    for (unsigned i = 0; i < 100; i++) {
        check_eq(anon_at(s->as, page_at(i), &exclusive) != NULL, i % 3 == 0);
        check_eq(exclusive, i == 36);
        if (i % 3 == 0)
            check_eq(program_load(s->as, page_at(i)), i == 33 ? 200 : i == 36 ? 201 : (int)i);
    }
    for (unsigned i = 200; i < 240; i++)
        check_eq(anon_at(s->as, page_at(i), &exclusive) != NULL, i != 210);
    check_eq(program_load(s->as, page_at(239)), 240);
    world_drop_caches();
}

static int remapped(struct scene *s, unsigned from, unsigned old_npages, unsigned new_npages, enum how how)
{
    int to = remap(s->as, from, old_npages, new_npages, how, 205);
    return to < 0 ? to : 0;
}

static int try_move(void *s) { return remapped(s, 20, 50, 60, MAY_MOVE); }
static int try_move_over(void *s) { return remapped(s, 20, 50, 20, FIXED); }
static int try_keep(void *s) { return remapped(s, 20, 30, 30, KEEP_FIXED); }
static int try_shrink(void *s) { return remapped(s, 20, 50, 20, IN_PLACE); }

static void fails_whole(test_attempt *attempt)
{
    struct scene s;
    scene_changed(&s);
    check_fails_cleanly(attempt, &s, scene_as_it_was);
    world_check();
    scene_end(&s);
}

static void move_fails_whole(void) { fails_whole(try_move); }
static void move_over_fails_whole(void) { fails_whole(try_move_over); }
static void keep_fails_whole(void) { fails_whole(try_keep); }
static void shrink_fails_whole(void) { fails_whole(try_shrink); }

/* ---- by chance ---- */

/*
 * Pieces of one long mapping change places, in a row of relatives; each page knows by its byte what it should hold. The range
 * crosses ends of nodes of the two lowest levels and of page tables.
 */
enum { ROW = 2200, RELATIVES = 3 };
static uint8_t holds[RELATIVES][ROW];

static void swap_pieces(struct addrspace *as, uint8_t *should)
{
    unsigned n = 1 + host_random() % (host_random() % 4 == 0 ? 300 : 40), a = host_random() % (ROW - 2 * n);
    unsigned b = a + n + host_random() % (ROW - 2 * n - a + 1);
    uint8_t piece[300];
    int away = ROW + 100;
    check_eq(remap(as, a, n, n, FIXED, away), away);
    check_eq(remap(as, b, n, n, FIXED, a), a);
    check_eq(remap(as, away, n, n, FIXED, b), b);
    memcpy(piece, should + a, n);
    memcpy(should + a, should + b, n);
    memcpy(should + b, piece, n);
}

static void by_chance(void)
{
    struct addrspace *row[RELATIVES] = { as_create() };
    check_eq(map_zero(row[0], at, ROW * PAGE_SIZE, RW), 0);
    for (unsigned step = 0; step < 3000; step++) {
        unsigned i = host_random() % RELATIVES, page = host_random() % ROW;
        if (row[i] == NULL) {
            if (step % 20 == 0) {
                check_eq(as_fork(row[0], &row[i]), 0);
                memcpy(holds[i], holds[0], ROW);
            }
        } else if (step % 8 == 0) {
            swap_pieces(row[i], holds[i]);
        } else if (i > 0 && step % 100 == 1) {
            destroy(row[i]);
            row[i] = NULL;
        } else if (host_random() % 4 > 0) {
            check_eq(program_store(row[i], page_at(page), holds[i][page] = host_random()), 0);
        } else {
            check_eq(program_load(row[i], page_at(page)), holds[i][page]);
        }
        if (step % 100 == 0)
            world_check();
    }
    for (unsigned i = 0; i < RELATIVES; i++) {
        for (unsigned page = 0; row[i] != NULL && page < ROW; page++)
            check_eq(program_load(row[i], page_at(page)), holds[i][page]);
        if (row[i] != NULL)
            destroy(row[i]);
    }
}

const struct test_case mremap_cases[] = {
    { "longer and shorter where it is", in_place },
    { "what is in the way", in_place_has_limits },
    { "elsewhere", moving },
    { "next door", moving_next_door },
    { "files", moving_files },
    { "what a fork shares", moving_after_fork },
    { "flags, locks, heaps", moving_what_is_promised },
    { "a second mapping of what is shared", second_mapping },
    { "the old one stays", keeping },
    { "every refusal", refusals },
    { "limits", limited },
    { "a limit on the number of VMAs", as_many_as_there_may_be },
    { "moving fails whole", move_fails_whole },
    { "moving over something fails whole", move_over_fails_whole },
    { "moving and keeping fails whole", keep_fails_whole },
    { "shrinking fails whole", shrink_fails_whole },
    { "pieces change places, in a row of relatives", by_chance },
    { 0 },
};
