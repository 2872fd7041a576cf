/*
 * check.c - tests of mm/check.h: a checker that finds nothing proves nothing, so each invariant is broken here by hand, and has to
 * be missed.
 */
#include "kernel/core/panic.h"
#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/chaos.h"
#include "mm/check.h"
#include "mm/test/test.h"

#define RW (PROT_READ | PROT_WRITE)

static const vaddr_t at = 0x400000;
static char source[2 * PAGE_SIZE];

/* An address space with two stored-to pages of its own at at, and two of a file, read, at FILE_AT. */
#define FILE_AT (at + 16 * PAGE_SIZE)
static struct addrspace *as;
static struct vm_object *obj;

static void build(void)
{
    as = as_create();
    obj = object_create(source, sizeof source, NULL);
    check_eq(map_zero(as, at, 2 * PAGE_SIZE, RW), 0);
    check_eq(map_object(as, FILE_AT, 2 * PAGE_SIZE, RW, false, obj, 0), 0);
    for (unsigned i = 0; i < 2; i++) {
        check_eq(program_store(as, at + i * PAGE_SIZE, 1), 0);
        check_eq(program_load(as, FILE_AT + i * PAGE_SIZE), 0);
    }
    mm_check();                                 /* as it is, all holds */
}

static struct vma *first_vma(void) { return vma_first(as); }

static struct pte *leaf_at(vaddr_t va) { return pte_find(as->pmap.root, va, 0); }

static struct anon *own_anon(vaddr_t va)
{
    bool exclusive;
    return anon_at(as, va, &exclusive);
}

static struct radix_node *leaf_node(struct radix *r)
{
    struct radix_node *node = r->root;
    for (unsigned level = RADIX_LEVELS - 1; level > 0; level--)
        node = node->slot[__builtin_ctz(node->occupied)];
    return node;
}

/* ---- I1 ---- */

static void vma_unaligned(void) { build(); first_vma()->end -= 8; mm_check(); }
static void vma_empty(void) { build(); first_vma()->end = first_vma()->start; mm_check(); }
static void vma_overlaps(void) { build(); first_vma()->end = FILE_AT + PAGE_SIZE; mm_check(); }
static void vma_on_page_zero(void) { build(); first_vma()->start = 0; mm_check(); }
static void vma_beyond_user_space(void) { build(); vma_last(as)->end = USER_END + PAGE_SIZE; mm_check(); }
static void vma_of_another(void) { build(); first_vma()->as = NULL; mm_check(); }
static void vma_miscounted(void) { build(); as->vmas.count++; mm_check(); }
static void vma_pages_miscounted(void) { build(); as->vmas.npages--; mm_check(); }

static void vma_locks_miscounted(void)
{
    build();
    check_eq(as_lock(as, at, PAGE_SIZE, VMA_LOCKED), 0);
    mm_check();
    first_vma()->flags = 0;
    mm_check();
}

static void vma_data_miscounted(void)
{
    build();
    check_eq(as_protect(as, FILE_AT, 2 * PAGE_SIZE, PROT_READ), 0);
    mm_check();
    vma_last(as)->prot = RW;
    mm_check();
}

/* Three VMAs that know what room there is: returns the one above the others. */
static struct vma *build_room(void)
{
    build();
    check_eq(map_zero(as, at + 100 * PAGE_SIZE, PAGE_SIZE, RW), 0);
    as_write(as);
    check_eq(vma_find_room(as, PAGE_SIZE, PAGE_SIZE), USER_END - 2 * PAGE_SIZE);
    as_write_done(as);
    mm_check();
    struct vma *root = RB_ROOT(&as->vmas.tree);
    check(!root->outdated && root != first_vma() && root != vma_last(as));
    return root;
}

static void room_wrong(void) { build_room()->room += PAGE_SIZE; mm_check(); }
static void room_begins_wrong(void) { build_room(); vma_last(as)->lowest += PAGE_SIZE; mm_check(); }
static void room_ends_wrong(void) { build_room(); first_vma()->highest -= PAGE_SIZE; mm_check(); }
static void room_outdated_below(void) { build_room(); first_vma()->outdated = true; mm_check(); }

/* ---- I2 ---- */

static void anon_outside(void)
{
    build();
    first_vma()->end -= PAGE_SIZE;
    as->vmas.npages--;
    mm_check();
}

static void anon_in_shared(void) { build(); first_vma()->shared = true; mm_check(); }

/* ---- I3, I4 ---- */

static void leaf_without_vma(void)
{
    build();
    *leaf_at(at + 8 * PAGE_SIZE) = *leaf_at(at);
    virt_to_page(leaf_at(at))->table.live++;
    as->pmap.resident++;
    mm_check();
}

static void leaf_without_contents(void)
{
    build();
    as_write(as);
    radix_clear(&as->anons, at >> PAGE_SHIFT, (at >> PAGE_SHIFT) + 1);
    as_write_done(as);
    mm_check();
}

static void leaf_of_another_page(void) { build(); *leaf_at(at) = *leaf_at(at + PAGE_SIZE); mm_check(); }
static void leaf_uncounted(void) { build(); as->pmap.resident--; mm_check(); }
static void leaf_too_strong(void) { build(); first_vma()->prot = PROT_READ; mm_check(); }

static void leaf_writable_though_shared(void)
{
    struct addrspace *child;
    build();
    check_eq(as_fork(as, &child), 0);
    mm_check();
    pte_set(leaf_at(at), page_to_phys(own_anon(at)->page), RW);
    mm_check();
}

static void leaf_writes_to_file(void)
{
    build();
    pte_set(leaf_at(FILE_AT), pte_address(leaf_at(FILE_AT)), RW);
    mm_check();
}

/* ---- I5, I7 ---- */

static void anon_misplaced(void) { build(); own_anon(at)->vpn++; mm_check(); }
static void anon_of_another_family(void) { build(); own_anon(at)->family = NULL; mm_check(); }
static void anon_of_object_shared(void) { build(); anon_get(leaf_node(&obj->slots)->slot[0]); mm_check(); }
static void page_of_another_anon(void) { build(); own_anon(at)->page->anon = own_anon(at + PAGE_SIZE); mm_check(); }
static void page_of_other_use(void) { build(); page_set_use(own_anon(at)->page, PAGE_KERNEL); mm_check(); }

/* ---- I6 ---- */

static void frame_lost(void) { build(); page_alloc(PAGE_ANON); mm_check(); }

static void frame_free_and_used(void)
{
    build();
    for (size_t i = 0; i < page_count; i++)
        if (page_use(&page_frames[i]) == PAGE_FREE) {
            page_set_use(&page_frames[i], PAGE_KERNEL);
            break;
        }
    mm_check();
}

static void frame_cached_by_nobody(void) { build(); page_set_use(page_alloc(PAGE_KERNEL), PAGE_CACHED); mm_check(); }

static void frame_free_but_unlisted(void)
{
    build();
    page_set_use(page_alloc(PAGE_KERNEL), PAGE_FREE_TAIL);
    mm_check();
}

static void store_after_free(void)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    page_free(page);
    ((char *)page_address(page))[99] = 1;
    page_alloc(PAGE_KERNEL);
}

/* ---- I8 ---- */

/* Without leaves: those that are writable would be the first to be noticed. */
static void node_counted_twice(void)
{
    struct pmap_batch batch;
    build();
    as_write(as);
    pmap_batch_begin(&batch, as);
    pmap_protect(&batch, 0, USER_END, PROT_READ | PROT_EXEC);
    pmap_batch_end(&batch);
    as_write_done(as);
    atomic_fetch_add(&as->anons.root->refs, 1);
    mm_check();
}

static void anon_counted_twice(void)
{
    build();
    check_eq(as_protect(as, at, 2 * PAGE_SIZE, PROT_READ), 0);  /* or the writable leaf would be noticed first */
    anon_get(own_anon(at));
    mm_check();
}


static void anon_counted_too_little(void)
{
    struct addrspace *child;
    build();
    check_eq(as_fork(as, &child), 0);
    check_eq(program_store(as, at + PAGE_SIZE, 2), 0);      /* the leaf node is now there twice, and the anon at at counted twice */
    mm_check();
    atomic_fetch_sub(&own_anon(at)->refs, 1);
    mm_check();
}

static void mask_wrong(void) { build(); leaf_node(&as->anons)->occupied |= 1u << 31; mm_check(); }
static void anon_lost(void) { build(); anon_alloc(PAGE_KERNEL); mm_check(); }

/* ---- chaos ---- */

static void chaos_drops_leaves(void)
{
    check_eq(chaos_interval(), 0);
    chaos_set(8, 3);
    check_eq(chaos_interval(), 8);
    as = as_create();
    check_eq(map_zero(as, at, 200 * PAGE_SIZE, RW), 0);
    for (unsigned i = 0; i < 200; i++)
        check_eq(program_store(as, at + i * PAGE_SIZE, i), 0);
    check(as->pmap.resident < 200);             /* something has gone */
    for (unsigned i = 0; i < 200; i++)
        check_eq(program_load(as, at + i * PAGE_SIZE), i);
    check(faults(FAULT_A1) + faults(FAULT_AROUND) > 0);
    chaos_set(0, 0);
    destroy(as);
}

const struct test_case check_cases[] = {
    { "I1 a VMA ends inside a page", vma_unaligned, "I1" },
    { "I1 a VMA is empty", vma_empty, "I1" },
    { "I1 two VMAs overlap", vma_overlaps, "I1" },
    { "I1 a VMA covers page 0", vma_on_page_zero, "I1" },
    { "I1 a VMA reaches beyond user space", vma_beyond_user_space, "I1" },
    { "I1 a VMA belongs to another", vma_of_another, "I1" },
    { "I1 VMAs are counted wrongly", vma_miscounted, "I1" },
    { "I1 their pages are", vma_pages_miscounted, "I1" },
    { "I1 those that are locked are", vma_locks_miscounted, "I1" },
    { "I1 those that are data are", vma_data_miscounted, "I1" },
    { "I1 there is less room than a VMA remembers", room_wrong, "I1" },
    { "I1 room ends elsewhere", room_begins_wrong, "I1" },
    { "I1 room begins elsewhere", room_ends_wrong, "I1" },
    { "I1 what is outdated is not said above", room_outdated_below, "I1" },
    { "I2 an anon outside every VMA", anon_outside, "I2" },
    { "I2 an anon in a shared VMA", anon_in_shared, "I2" },
    { "I3 a leaf outside every VMA", leaf_without_vma, "I3" },
    { "I3 a leaf without contents", leaf_without_contents, "I3" },
    { "I3 a leaf shows another page", leaf_of_another_page, "I3" },
    { "I3 leaves are counted wrongly", leaf_uncounted, "I3" },
    { "I4 a leaf grants more than its VMA", leaf_too_strong, "I4" },
    { "I4 a shared anon is writable", leaf_writable_though_shared, "I4" },
    { "I4 a private mapping can write to its file", leaf_writes_to_file, "I4" },
    { "I5 an anon at a wrong page number", anon_misplaced, "I5" },
    { "I5 an anon of another family", anon_of_another_family, "I5" },
    { "I5 an object's anon is referred to twice", anon_of_object_shared, "I5" },
    { "I7 a page belongs to another anon", page_of_another_anon, "I7" },
    { "I7 a page is in another use", page_of_other_use, "I7" },
    { "I6 a frame nobody knows", frame_lost, "I6" },
    { "I6 a free block is in use", frame_free_and_used, "I6" },
    { "I6 a frame in no magazine", frame_cached_by_nobody, "I6" },
    { "I6 a free frame on no list", frame_free_but_unlisted, "I6" },
    { "I6 a store into a free frame", store_after_free, "written to while free" },
    { "I8 a node has a reference too many", node_counted_twice, "I8" },
    { "I8 an anon has", anon_counted_twice, "I8" },
    { "I8 an anon has one too few", anon_counted_too_little, "I8" },
    { "I8 a node's mask is wrong", mask_wrong, "I8" },
    { "I8 an anon nobody reaches", anon_lost, "I8" },
    { "chaos drops leaves, and nobody minds", chaos_drops_leaves },
    { 0 },
};
