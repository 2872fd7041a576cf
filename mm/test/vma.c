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
    vma_insert(as, vma);
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
    vma_split(as, at + 2 * PAGE_SIZE, &spare);
    struct vma *upper = vma_next(vma);
    check_eq(spare.count, 0);
    vma_split(as, at + 2 * PAGE_SIZE, &spare);  /* an end already: nothing to do */
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
    { "two that overlap are noticed", overlap, .panics = "I1" },
    { "only under as->lock", needs_lock, .panics = "as_held(as)" },
    { 0 },
};
