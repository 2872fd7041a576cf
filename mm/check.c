/*
 * check.c - the invariants, one function each.
 * Owns: the numbered list I1 .. I11 of mm/README.md as code (I12 is the trap dispatcher's).
 * Does not own: when it is called and that nothing moves meanwhile (kernel/check/quiesce.c).
 */
#include "kernel/core/panic.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/check.h"
#include "mm/commit.h"
#include "mm/object.h"
#include "mm/page.h"

/* What one pass has found. */
static size_t nodes_found, anons_found, private_found, file_found, slots_found, committed_found;

/* ---- I1: VMAs are sorted, disjoint, aligned, non-empty, within user space ---- */

static void check_vmas(struct addrspace *as)
{
    vaddr_t end = PAGE_SIZE;                    /* page 0 is never mapped */
    for (struct vma *vma = vma_first(as); vma != NULL; vma = vma_next(vma)) {
        if (vma->start < end || vma->start >= vma->end || vma->end > USER_END || !page_aligned(vma->start) ||
            !page_aligned(vma->end) || vma->as != as)
            panic("I1: VMA %#lx-%#lx after %#lx", vma->start, vma->end, end);
        if (!vma_room_true(vma))
            panic("I1: VMA %#lx-%#lx remembers wrongly what room there is", vma->start, vma->end);
        end = vma->end;
    }
}

static void check_sums(struct addrspace *as)
{
    size_t count = 0, npages = 0, nlocked = 0, ndata = 0;
    for (struct vma *vma = vma_first(as); vma != NULL; vma = vma_next(vma)) {
        count++;
        npages += vma_npages(vma);
        nlocked += vma->flags & VMA_LOCKED ? vma_npages(vma) : 0;
        ndata += vma_is_data(vma) ? vma_npages(vma) : 0;
        committed_found += vma_ncommitted(vma);
        if (vma_commit_flags(vma->flags, vma->prot, vma->shared) != vma->flags)
            panic("I11: VMA %#lx-%#lx may be stored to, and is not committed", vma->start, vma->end);
    }
    if (count != as->vmas.count || npages != as->vmas.npages || nlocked != as->vmas.nlocked ||
        ndata != as->vmas.ndata)
        panic("I1: %zu VMAs of %zu pages, %zu locked, %zu data, but the counts are %zu, %zu, %zu, %zu", count, npages, nlocked,
              ndata, as->vmas.count, as->vmas.npages, as->vmas.nlocked, as->vmas.ndata);
}

/* ---- I2: an anon lies inside a private VMA of every address space that reaches it ---- */

static void check_no_anons(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    struct anon *anon;
    uint64_t vpn = radix_next(&as->anons, start >> PAGE_SHIFT, &anon);
    if (anon != NULL && vpn < end >> PAGE_SHIFT)
        panic("I2: an anon at %#lx, outside every private VMA", vpn << PAGE_SHIFT);
}

static void check_anons_inside(struct addrspace *as)
{
    vaddr_t end = 0;
    for (struct vma *vma = vma_first(as); vma != NULL; vma = vma_next(vma)) {
        check_no_anons(as, end, vma->start);
        if (vma->shared)
            check_no_anons(as, vma->start, vma->end);
        end = vma->end;
    }
    check_no_anons(as, end, USER_END);
}

/* ---- I3: a leaf maps exactly the page that the contents layer names; I4: with no more rights than it may ---- */

static void check_leaf(struct addrspace *as, vaddr_t va)
{
    paddr_t pa;
    unsigned prot;
    bool exclusive;
    pmap_lookup(&as->pmap, va, &pa, &prot);
    struct vma *vma = vma_find_from(as, va);
    if (vma == NULL || va < vma->start)
        panic("I3: a leaf at %#lx, where there is no VMA", va);
    if ((prot & ~vma->prot) != 0 || (prot & (PROT_READ | PROT_EXEC)) == 0)
        panic("I4: leaf %#lx has rights %#x, its VMA %#x", va, prot, vma->prot);
    struct anon *anon = vma->shared ? NULL : radix_find(&as->anons, va >> PAGE_SHIFT, &exclusive);
    if (anon != NULL) {
        if ((prot & PROT_WRITE) && !(exclusive && anon_sole(anon)))
            panic("I4: leaf %#lx is writable, but its anon is shared", va);
    } else {
        if (vma->object == NULL)
            panic("I3: a leaf at %#lx, where there are no contents", va);
        if ((prot & PROT_WRITE) && !vma->shared)
            panic("I4: leaf %#lx lets a private mapping write to the object", va);
        anon = object_find(vma->object, vma_object_index(vma, va));
    }
    if (anon == NULL || pa != page_to_phys(anon->page))
        panic("I3: leaf %#lx maps frame %#lx, the contents are in %#lx", va, pa,
              anon != NULL ? page_to_phys(anon->page) : 0);
}

static void check_leaves(struct addrspace *as)
{
    size_t count = 0;
    for (vaddr_t va = pmap_next(&as->pmap, 0, USER_END); va < USER_END; va = pmap_next(&as->pmap, va + PAGE_SIZE, USER_END)) {
        check_leaf(as, va);
        count++;
    }
    if (count != as->pmap.resident)
        panic("I3: %zu leaves, but the count is %zu", count, as->pmap.resident);
}

/* ---- I5: an anon is only at its own page number, in its own family or object; I7: and has a page ---- */

static void check_anon(const struct anon *anon, const void *owner, enum page_use use, uint64_t vpn)
{
    if (anon->page == NULL ? anon->slot == 0 : anon->page->anon != anon || page_use(anon->page) != use || anon->use != use)
        panic("I7: the anon at page number %#lx has neither its page nor a slot", vpn);
    if (anon->vpn != vpn || (use == PAGE_ANON ? (const void *)anon->family : (const void *)anon->object) != owner)
        panic("I5: the anon of page number %#lx was found at %#lx or in another family", anon->vpn, vpn);
    swap_slot home = use == PAGE_FILE ? anon->object->home : 0;
    if (home != 0 ? anon->slot != 0 && anon->slot != home + vpn : swap_is_home(anon->slot))
        panic("I9: page %#lx of a disk has slot %#x of another page", vpn, anon->slot);
    if (use == PAGE_FILE && atomic_load(&anon->refs) != 1)
        panic("I5: an object's anon has %u references", atomic_load(&anon->refs));
}

static void count_anon(const struct anon *anon)
{
    anons_found++;
    if (anon->page != NULL)
        *(anon->use == PAGE_ANON ? &private_found : &file_found) += 1;
    if (anon->slot != 0 && anon->slot != SWAP_ZEROES && !swap_is_home(anon->slot))
        slots_found++;
}

/* ---- I8: reference counts equal the references found; a shared subtree is one subtree ---- */

static void count_references(struct radix_node *node, unsigned level, uint64_t base, const void *owner, enum page_use use)
{
    if (node == NULL || node->seen++ > 0)
        return;
    nodes_found++;
    for (unsigned i = 0; i < RADIX_SLOTS; i++) {
        uint64_t vpn = base + ((uint64_t)i << (RADIX_BITS * level));
        if (node->slot[i] == NULL)
            continue;
        if (level > 0) {
            count_references(node->slot[i], level - 1, vpn, owner, use);
            continue;
        }
        struct anon *anon = node->slot[i];
        check_anon(anon, owner, use, vpn);
        if (anon->seen++ == 0)
            count_anon(anon);
    }
}

static void compare_references(struct radix_node *node, unsigned level)
{
    if (node == NULL || node->seen == 0)
        return;
    uint32_t occupied = 0;
    if (atomic_load(&node->refs) != node->seen)
        panic("I8: a radix node of level %u has %u references, found %u", level, atomic_load(&node->refs), node->seen);
    node->seen = 0;
    for (unsigned i = 0; i < RADIX_SLOTS; i++) {
        if (node->slot[i] == NULL)
            continue;
        occupied |= 1u << i;
        if (level > 0) {
            compare_references(node->slot[i], level - 1);
            continue;
        }
        struct anon *anon = node->slot[i];
        if (anon->seen != 0 && atomic_load(&anon->refs) < anon->seen)
            panic("I8: anon %#lx has %u references, found %u", anon->vpn, atomic_load(&anon->refs), anon->seen);
    }
    if (occupied != node->occupied)
        panic("I8: a radix node of level %u has occupied slots %#x, its mask is %#x", level, occupied, node->occupied);
}

/* A last round, since an anon is complete only when all nodes have been seen. */
static void settle_anons(struct radix *r)
{
    struct anon *anon;
    for (uint64_t vpn = radix_next(r, 0, &anon); anon != NULL; vpn = radix_next(r, vpn + 1, &anon)) {
        if (anon->seen != 0 && atomic_load(&anon->refs) != anon->seen)
            panic("I8: anon %#lx has %u references, found %u", vpn, atomic_load(&anon->refs), anon->seen);
        anon->seen = 0;
    }
}

/* ---- everything ---- */

static void check_addrspace(struct addrspace *as, void *unused)
{
    (void)unused;
    check_vmas(as);
    check_anons_inside(as);
    check_leaves(as);
    check_sums(as);
    count_references(as->anons.root, RADIX_LEVELS - 1, 0, as->family, PAGE_ANON);
}

static void count_object(struct vm_object *obj, void *unused)
{
    (void)unused;
    count_references(obj->slots.root, RADIX_LEVELS - 1, 0, obj, PAGE_FILE);
    committed_found += obj->ncommitted;
}

static void compare_addrspace(struct addrspace *as, void *unused)
{
    (void)unused;
    compare_references(as->anons.root, RADIX_LEVELS - 1);
}

static void compare_object(struct vm_object *obj, void *unused)
{
    (void)unused;
    compare_references(obj->slots.root, RADIX_LEVELS - 1);
}

static void settle_addrspace(struct addrspace *as, void *unused)
{
    (void)unused;
    settle_anons(&as->anons);
}

static void settle_object(struct vm_object *obj, void *unused)
{
    (void)unused;
    settle_anons(&obj->slots);
}

/* ---- I6: a frame has one use ---- */

static void check_frames(void)
{
    page_check();
    if (page_used(PAGE_ANON) != private_found || page_used(PAGE_FILE) != file_found)
        panic("I6: %zu frames of private memory, %zu found; %zu of files, %zu found", page_used(PAGE_ANON), private_found,
              page_used(PAGE_FILE), file_found);
    if (anon_count() != anons_found || radix_node_count() != nodes_found)
        panic("I8: %zu anons, %zu found; %zu radix nodes, %zu found", anon_count(), anons_found, radix_node_count(),
              nodes_found);
    if (commit_pages != (int64_t)committed_found)
        panic("I11: %ld pages are committed, %zu found", commit_pages, committed_found);
    if (swap_held() != slots_found)
        panic("I9: %zu swap slots are held, %zu found", swap_held(), slots_found);
}

void mm_check(void)
{
    nodes_found = anons_found = private_found = file_found = slots_found = committed_found = 0;
    as_for_each(check_addrspace, NULL);
    object_for_each(count_object, NULL);
    as_for_each(compare_addrspace, NULL);
    object_for_each(compare_object, NULL);
    as_for_each(settle_addrspace, NULL);
    object_for_each(settle_object, NULL);
    check_frames();
}
