/*
 * vma.c - tests of mm/vma.h: ranges in a tree, and on the list of the object behind them.
 */
#include "mm/test/test.h"
#include "mm/vma.h"

static const vaddr_t at = 0x100000;
static const char bytes[8 * PAGE_SIZE];

static struct vma *make(struct addrspace *as, vaddr_t start, vaddr_t end, struct vm_object *obj, uint64_t index)
{
    struct vma *vma = vma_clone(&(struct vma){ .start = start, .end = end, .prot = PROT_READ, .object = obj,
                                               .object_index = index });
    vma_insert(as, vma, NULL);
    return vma;
}

/* VMAs on the object's list, and the pages of the object that they cover. */
static size_t listed(struct vm_object *obj, size_t *npages)
{
    size_t n = 0;
    struct vma *vma;
    *npages = 0;
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        n++;
        *npages += (vma->end - vma->start) >> PAGE_SHIFT;
    }
    return n;
}

static void finding(void)
{
    struct addrspace *as = as_create();
    as_write(as);
    struct vma *high = make(as, at + 4 * PAGE_SIZE, at + 6 * PAGE_SIZE, NULL, 0);
    struct vma *low = make(as, at, at + 2 * PAGE_SIZE, NULL, 0);
    check(vma_find(as, at) == low && vma_find(as, at + 2 * PAGE_SIZE - 1) == low);
    check(vma_find(as, at + 2 * PAGE_SIZE) == NULL && vma_find(as, at - 1) == NULL);
    check(vma_find_from(as, 0) == low);
    check(vma_find_from(as, at + 2 * PAGE_SIZE) == high);
    check(vma_find_from(as, at + 6 * PAGE_SIZE) == NULL);
    check(vma_first(as) == low && vma_last(as) == high && vma_next(low) == high && vma_prev(high) == low);
    check(vma_next(high) == NULL && vma_prev(low) == NULL);
    check_eq(as->vmas.count, 2);
    check_eq(as->vmas.npages, 4);
    vma_remove(as, low);                        /* the one found last: must not be found again */
    vma_free(low);
    check(vma_find(as, at) == NULL);
    as_write_done(as);
    destroy(as);
}

static void split_and_merge(void)
{
    struct addrspace *as = as_create();
    struct vm_object *obj = object_create(bytes, sizeof bytes, NULL);
    size_t npages;
    as_write(as);
    struct vma *vma = make(as, at, at + 6 * PAGE_SIZE, obj, 1);
    struct vma_spare spare = { 0 };
    check_eq(vma_spare_alloc(as, &spare, 1), 0);
    struct vma *upper = vma_split(as, vma, at + 2 * PAGE_SIZE, &spare);
    check(upper == vma_next(vma));
    check_eq(spare.count, 0);
    check(vma_split(as, upper, at + 2 * PAGE_SIZE, &spare) == upper);   /* an end already: nothing to do */
    check_eq(vma->end, upper->start);
    check_eq(upper->object_index, 3);
    check_eq(as->vmas.npages, 6);
    check_eq(listed(obj, &npages), 2);
    check_eq(npages, 6);
    check(vma_find(as, at + 2 * PAGE_SIZE) == upper);

    check(vma_continues(vma, upper));
    upper->object_index++;
    check(!vma_continues(vma, upper));          /* not the object's next page */
    upper->object_index--;
    upper->prot = PROT_NONE;
    check(!vma_continues(vma, upper));
    upper->prot = vma->prot;
    vma_merge(as, at + PAGE_SIZE, at + 3 * PAGE_SIZE);
    check_eq(vma->end, at + 6 * PAGE_SIZE);
    check(vma_find(as, at + 2 * PAGE_SIZE) == vma);
    check_eq(as->vmas.count, 1);
    check_eq(listed(obj, &npages), 1);
    check_eq(npages, 6);

    vma_resize(as, vma, at + PAGE_SIZE, at + 5 * PAGE_SIZE);
    check_eq(vma->object_index, 2);
    check_eq(as->vmas.npages, 4);
    as_write_done(as);
    world_check();
    destroy(as);
    check_eq(listed(obj, &npages), 0);
    check_eq(atomic_load(&obj->refs), 1);
    object_put(obj);
}

/* The tree through hundreds of insertions and removals in no order: I1 walks it. */
static void many(void)
{
    struct addrspace *as = as_create();
    static struct vma *vma[256];
    size_t count = 0;
    for (unsigned step = 0; step < 4000; step++) {
        unsigned i = host_random() % ARRAY_LEN(vma);
        as_write(as);
        if (vma[i] == NULL) {
            vma[i] = make(as, at + 2 * i * PAGE_SIZE, at + (2 * i + 1) * PAGE_SIZE, NULL, 0);
            count++;
        } else {
            vma_remove(as, vma[i]);
            vma_free(vma[i]);
            vma[i] = NULL;
            count--;
        }
        for (unsigned j = 0; j < 4; j++) {
            i = host_random() % ARRAY_LEN(vma);
            check(vma_find(as, at + 2 * i * PAGE_SIZE) == vma[i]);
        }
        check_eq(as->vmas.count, count);
        as_write_done(as);
        if (step % 200 == 0)
            world_check();
    }
    destroy(as);
}

/* ---- room ---- */

enum { WINDOW = 4096 };                         /* pages, the last ones of user space, where all of it happens */
#define LOW (USER_END - WINDOW * PAGE_SIZE)

/* What vma_find_room should say, by looking at every VMA from the top down. */
static vaddr_t room_by_walking(struct addrspace *as, size_t len, vaddr_t low)
{
    vaddr_t top = USER_END - PAGE_SIZE, bottom = PAGE_SIZE;
    for (struct vma *vma = vma_last(as); vma != NULL; vma = vma_prev(vma)) {
        if (top >= vma->end && top - vma->end >= len) {
            bottom = vma->end;
            break;
        }
        top = vma_floor(vma);
    }
    return top >= bottom && top - bottom >= len && top - len >= low ? top - len : 0;
}

static vaddr_t random_page(vaddr_t from, vaddr_t to) { return from + host_random() % ((to - from) >> PAGE_SHIFT) * PAGE_SIZE; }

static void insert_somewhere(struct addrspace *as)
{
    vaddr_t start = random_page(LOW, USER_END);
    struct vma *next = vma_find_from(as, start);
    vaddr_t most = next != NULL ? next->start : USER_END;
    if (start >= most)
        return;
    vaddr_t end = random_page(start, most) + PAGE_SIZE;
    struct vma *vma = vma_clone(&(struct vma){ .start = start, .end = end, .prot = PROT_READ });
    vma->kind = host_random() % 8 == 0 ? VMA_STACK : VMA_PLAIN;
    if (vma->end - start > 16 * PAGE_SIZE)
        vma->end = start + 16 * PAGE_SIZE;
    vma_insert(as, vma, NULL);
}

/* Its ends go anywhere between its neighbours. */
static void resize_somehow(struct addrspace *as, struct vma *vma)
{
    struct vma *prev = vma_prev(vma), *next = vma_next(vma);
    vaddr_t low = prev != NULL ? prev->end : LOW, high = next != NULL ? next->start : USER_END;
    vaddr_t start = host_random() % 2 ? random_page(low, vma->end) : vma->start;
    vaddr_t end = host_random() % 2 ? random_page(start, high) + PAGE_SIZE : vma->end;
    vma_resize(as, vma, start, end);
}

static void change_something(struct addrspace *as)
{
    struct vma_spare spare = { 0 };
    vaddr_t va = random_page(LOW, USER_END);
    struct vma *vma = vma_find_from(as, va);
    switch (host_random() % 8) {
    case 0:
        check_eq(vma_spare_alloc(as, &spare, 1), 0);
        vma_split(as, vma_find(as, va), va, &spare);
        vma_spare_free(&spare);
        break;
    case 1:
        vma_merge(as, va, va + 64 * PAGE_SIZE);
        break;
    case 2:
        if (vma != NULL)
            resize_somehow(as, vma);
        break;
    case 3: case 4:
        if (vma != NULL) {
            vma_remove(as, vma);
            vma_free(vma);
        }
        break;
    default:
        insert_somewhere(as);
        break;
    }
}

/* Whatever has changed since somebody last looked, room is where a walk along all VMAs finds it. */
static void room(void)
{
    struct addrspace *as = as_create();
    size_t most = 0;
    for (unsigned step = 0; step < 20000; step++) {
        as_write(as);
        change_something(as);
        for (unsigned looks = host_random() % 4; looks > 0; looks--) {
            size_t len = (1 + host_random() % (host_random() % 4 == 0 ? WINDOW : 64)) * PAGE_SIZE;
            vaddr_t low = host_random() % 2 ? PAGE_SIZE : random_page(LOW, USER_END);
            check_eq(vma_find_room(as, len, low), room_by_walking(as, len, low));
        }
        most = as->vmas.count > most ? as->vmas.count : most;
        as_write_done(as);
        if (step % 100 == 0)
            world_check();
    }
    check(most > 50);
    destroy(as);
}

/* All of it, to the page; none at all. */
static void room_at_the_ends(void)
{
    struct addrspace *as = as_create();
    const size_t all = USER_END - 2 * PAGE_SIZE;        /* neither the first page nor the last */
    as_write(as);
    check_eq(vma_find_room(as, all, PAGE_SIZE), PAGE_SIZE);
    check_eq(vma_find_room(as, all + PAGE_SIZE, PAGE_SIZE), 0);
    check_eq(vma_find_room(as, all, 2 * PAGE_SIZE), 0);
    struct vma *vma = make(as, PAGE_SIZE, USER_END - PAGE_SIZE, NULL, 0);
    check_eq(vma_find_room(as, PAGE_SIZE, PAGE_SIZE), 0);
    vma_resize(as, vma, 2 * PAGE_SIZE, USER_END);
    check_eq(vma_find_room(as, PAGE_SIZE, PAGE_SIZE), PAGE_SIZE);
    vma_resize(as, vma, 2 * PAGE_SIZE, USER_END - 3 * PAGE_SIZE);
    check_eq(vma_find_room(as, 2 * PAGE_SIZE, PAGE_SIZE), USER_END - 3 * PAGE_SIZE);
    check_eq(vma_find_room(as, 3 * PAGE_SIZE, PAGE_SIZE), 0);
    vma->kind = VMA_STACK;                              /* near the bottom: its gap ends there */
    vma_resize(as, vma, 100 * PAGE_SIZE, USER_END);
    check_eq(vma_find_room(as, PAGE_SIZE, PAGE_SIZE), 0);
    as_write_done(as);
    world_check();
    destroy(as);
}

static void overlap(void)
{
    struct addrspace *as = as_create();
    as_write(as);
    make(as, at, at + 2 * PAGE_SIZE, NULL, 0);
    make(as, at + PAGE_SIZE, at + 3 * PAGE_SIZE, NULL, 0);
    as_write_done(as);
    world_check();
}

static void needs_lock(void)
{
    vma_find(as_create(), at);
}

const struct test_case vma_cases[] = {
    { "which VMA has an address, and which is next", finding },
    { "a split and a merge lose nothing", split_and_merge },
    { "hundreds, in no order", many },
    { "room is where a walk finds it", room },
    { "room at the ends of user space", room_at_the_ends },
    { "two that overlap are noticed", overlap, .panics = "I1" },
    { "only under as->lock", needs_lock, .panics = "as_held(as)" },
    { 0 },
};
