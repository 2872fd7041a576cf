/*
 * fault.c - the fault: from an address and an access to a page that the program may use.
 * Owns: the decision which page holds the contents at an address, and with which rights it may be mapped.
 * Does not own: the ranges and rights promised (vma.c), the contents (anon.c, object.c), the page table (pmap.c).
 * Read next: pmap_enter.
 *
 *                     | an anon at this page                   | no anon at this page
 * --------------------+----------------------------------------+------------------------------------------
 * private, read       | A1 map it (writable only if exclusive) | B1 map the object's page read-only;
 *                     |                                        |    no object: B3
 * private, write      | A2 exclusive: map writable             | B2 promote: new anon = copy of object page
 *                     | A3 shared: copy to a new anon          | B3 zero-fill: new anon
 * shared vma          | (never has anons of its own)           | C  map the object's page
 * --------------------+----------------------------------------+------------------------------------------
 * no VMA, or the VMA forbids the access: SIGSEGV.   Beyond the object's end: SIGBUS.   No memory: SIGKILL.
 *
 * An anon is exclusive when this address space holds the only way to it: every radix node above it and the anon itself have
 * one reference. Only then may a store reach it.
 *
 * The order of things in a fault: take as->lock; ask the VMA; get page-table pages; find or make the page, its owner locked;
 * enter it; let go. Whatever allocates comes before the owner's lock. When memory runs out half-way nothing has to be
 * undone: a page-table page that is there too early is as good as any other.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/chaos.h"
#include "mm/fault.h"
#include "mm/object.h"

struct fault {
    struct addrspace *as;
    vaddr_t va;                         /* of the page */
    uint64_t vpn;
    enum access access;
    struct vma *vma;
    struct pte *leaf;                   /* where the translation goes */
    enum fault_case which;              /* result: the case of the picture */
    unsigned prot;                      /* result: rights that the leaf may have */
    bool around;                        /* result: the page was in memory, so its neighbours may be too */
    bool replaces;                      /* result: an old leaf may show another page, so a new one must be entered */
    struct anon *old;                   /* result, A3: to put when it is mapped no more */
    struct locked_page page;             /* result: the page, its owner locked */
};

static void lock_anon_page(struct fault *f, struct anon *anon)
{
    mutex_lock(&anon->lock);
    f->page.anon_lock = &anon->lock;
    f->page.page = anon_get_page(anon);
}

/* The object's page for the fault's address, locked. */
static int lock_object_page(const struct fault *f, struct locked_page *page)
{
    return object_lock_page(f->vma->object, f->vma->object_index + ((f->va - f->vma->start) >> PAGE_SHIFT), page);
}

/* A page that was there becomes writable: the program, or a copy for it, may store instructions for later fetches. */
static void expect_stores(struct page *page, unsigned prot)
{
    if (prot & PROT_WRITE)
        page->fetch_clean = false;
}

/* ---- A: an anon is there ---- */

static int use_anon(struct fault *f, struct anon *anon, bool exclusive)
{
    f->which = f->access == ACCESS_WRITE ? FAULT_A2 : FAULT_A1;
    f->around = true;
    f->prot = exclusive ? f->vma->prot : f->vma->prot & ~PROT_WRITE;
    lock_anon_page(f, anon);
    expect_stores(f->page.page, f->prot);
    return 0;
}

/*
 * A new anon for this page, contents undefined, and the exclusive leaf to put it in. All that can fail comes here, before
 * anything visible changes.
 */
static int fresh_anon(struct fault *f, struct anon **anon, struct radix_node **leaf)
{
    *anon = anon_alloc(PAGE_ANON);
    if (*anon == NULL)
        return -ENOMEM;
    *leaf = radix_prepare(&f->as->anons, f->vpn, NULL);
    if (*leaf == NULL) {
        anon_put(*anon);
        return -ENOMEM;
    }
    (*anon)->family = f->as->family;
    (*anon)->vpn = f->vpn;
    return 0;
}

/* anon, which nobody else can reach before it is in its slot, is the page; now it may be put there. */
static void use_fresh(struct fault *f, enum fault_case which, struct anon *anon)
{
    mutex_lock_new(&anon->lock);
    f->page.anon_lock = &anon->lock;
    f->page.page = anon->page;
    f->which = which;
    f->prot = f->vma->prot;
    f->replaces = true;
}

static int copy_anon(struct fault *f, struct anon *old)
{
    struct anon *anon;
    struct radix_node *leaf;
    int err = fresh_anon(f, &anon, &leaf);
    if (err != 0)
        return err;
    mutex_lock(&old->lock);
    page_copy(page_address(anon->page), page_address(anon_get_page(old)));
    mutex_unlock(&old->lock);
    use_fresh(f, FAULT_A3, anon);
    f->old = radix_replace(leaf, f->vpn, anon);
    return 0;
}

/* ---- B: none is there ---- */

static int zero_fill(struct fault *f)
{
    struct anon *anon;
    struct radix_node *leaf;
    int err = fresh_anon(f, &anon, &leaf);
    if (err != 0)
        return err;
    page_zero(page_address(anon->page));
    use_fresh(f, FAULT_B3, anon);
    radix_fill(leaf, f->vpn, anon);
    return 0;
}

static int promote(struct fault *f)
{
    struct anon *anon;
    struct radix_node *leaf;
    int err = fresh_anon(f, &anon, &leaf);
    if (err != 0)
        return err;
    struct locked_page source;
    err = lock_object_page(f, &source);
    if (err != 0) {
        anon_put(anon);
        radix_clear(&f->as->anons, f->vpn, f->vpn + 1);     /* the leaf may have been made for nothing */
        return err;
    }
    page_copy(page_address(anon->page), page_address(source.page));
    page_unlock(&source);
    use_fresh(f, FAULT_B2, anon);
    radix_fill(leaf, f->vpn, anon);
    return 0;
}

static int use_object(struct fault *f, enum fault_case which, unsigned prot)
{
    struct locked_page page;
    int err = lock_object_page(f, &page);
    if (err != 0)
        return err;
    f->page = page;
    f->which = which;
    f->prot = prot;
    f->around = which == FAULT_B1;
    expect_stores(page.page, prot);
    if (prot & PROT_WRITE)
        page.page->anon->dirty = true;
    return 0;
}

/* ---- the picture ---- */

static int fault_private(struct fault *f)
{
    bool write = f->access == ACCESS_WRITE;
    bool path_exclusive;
    struct anon *anon = radix_find(&f->as->anons, f->vpn, &path_exclusive);
    if (anon != NULL) {
        bool exclusive = path_exclusive && anon_sole(anon);
        return write && !exclusive ? copy_anon(f, anon) : use_anon(f, anon, exclusive);
    }
    if (f->vma->object == NULL)
        return zero_fill(f);
    return write ? promote(f) : use_object(f, FAULT_B1, f->vma->prot & ~PROT_WRITE);
}

static int fault_shared(struct fault *f)
{
    return use_object(f, FAULT_C, f->vma->prot);
}

/* What the VMA says: is there a promise for this access at this address? */
static int fault_allowed(struct fault *f)
{
    f->vma = vma_find(f->as, f->va);
    if (f->vma == NULL)
        return -EFAULT;
    if (!(f->vma->prot & f->access))
        return -EACCES;
    if (f->vma->object != NULL &&
        f->vma->object_index + ((f->va - f->vma->start) >> PAGE_SHIFT) >= object_npages(f->vma->object))
        return -ENXIO;
    return 0;
}

/* Find or make the page, and lock it; on failure nothing is locked. */
static int fault_resolve(struct fault *f)
{
    int err = fault_allowed(f);
    struct pte *leaf = NULL;
    if (err == 0)
        err = pmap_prepare(f->as, &f->as->pmap, f->va, &leaf);
    f->leaf = leaf;
    if (err == 0)
        err = f->vma->shared ? fault_shared(f) : fault_private(f);
    switch (err) {
    case 0:
        break;
    case -ENXIO:
        f->as->faults.n[FAULT_BUS]++;
        break;
    case -ENOMEM:
        f->as->faults.n[FAULT_OOM]++;
        if (!f->as->oom_spared)
            f->as->oom_va = f->va;
        break;
    default:
        f->as->faults.n[FAULT_SEGV]++;
        break;
    }
    return err;
}

static void fault_enter(struct fault *f)
{
    enum pmap_result result = pmap_enter(f->as, f->va, f->leaf, f->page.page, f->prot);
    f->as->faults.n[result == PMAP_SPURIOUS ? FAULT_SPURIOUS : f->which]++;
    if (f->old != NULL)
        anon_put(f->old);                       /* only now: until the new leaf stood, the old page was in sight */
}

/* ---- neighbours ---- */

/*
 * The page table is a cache, so a miss is a good moment to bring in the neighbours that are in memory anyway: the up to 32
 * pages that share a radix leaf, which lie in one leaf table. Nothing is allocated and no content changes; an anon that is
 * busy is passed over. at is the fault's own page number, leaf its leaf. obj, in case B1, is locked; the lock of the fault's
 * own anon has been let go.
 */
static __attribute__((noinline)) void fault_around(struct addrspace *as, struct vma *vma, uint64_t at, struct pte *leaf,
                                                   struct vm_object *obj)
{
    bool exclusive;
    uint64_t first = at & ~(uint64_t)(RADIX_SLOTS - 1);
    uint64_t low = vma->start >> PAGE_SHIFT, high = vma->end >> PAGE_SHIFT;
    struct anon *const *own = radix_leaf(&as->anons, first, &exclusive);
    if (obj == NULL && own == NULL)
        return;
    for (uint64_t vpn = first < low ? low : first; vpn < first + RADIX_SLOTS && vpn < high; vpn++) {
        struct anon *anon = own != NULL ? own[vpn - first] : NULL;
        unsigned prot = vma->prot;
        if (anon != NULL && obj != NULL)
            continue;                           /* an anon hides the object's page, and it may be of another VMA's kind */
        if (anon == NULL && obj != NULL) {
            bool ignored;
            anon = radix_find(&obj->slots, vma->object_index + vpn - low, &ignored);
            prot &= ~PROT_WRITE;
        }
        if (anon == NULL || vpn == at || !mutex_trylock(&anon->lock))
            continue;
        if (obj == NULL && !(exclusive && anon_sole(anon)))
            prot &= ~PROT_WRITE;
        expect_stores(anon->page, prot);
        if (pmap_enter_absent(as, leaf + (int64_t)(vpn - at), anon->page, prot))
            as->faults.n[FAULT_AROUND]++;
        mutex_unlock(&anon->lock);
    }
}

/* ---- the two ways in ---- */

/* Field by field: an initialiser would clear all of it, in a call to memset that costs more than the search for the page. */
static void fault_init(struct fault *f, struct addrspace *as, vaddr_t va, enum access access)
{
    f->as = as;
    f->va = page_down(va);
    f->vpn = va >> PAGE_SHIFT;
    f->access = access;
    f->replaces = false;
    f->around = false;
    f->old = NULL;
    f->page.object_lock = NULL;
}

/* flatten: for the reader the steps above are functions; for the machine they are one, which keeps struct fault in registers. */
__attribute__((flatten)) int vm_fault(struct addrspace *as, vaddr_t va, enum access access)
{
    struct fault f;
    fault_init(&f, as, va, access);
    mutex_lock(&as->lock);
    if (CHECKED)
        chaos_strike(as);
    int err = fault_resolve(&f);
    if (err == 0) {
        fault_enter(&f);
        mutex_unlock(f.page.anon_lock);
        if (f.around)
            fault_around(as, f.vma, f.vpn, f.leaf, f.which == FAULT_B1 ? f.vma->object : NULL);
        if (f.page.object_lock != NULL)
            mutex_unlock(f.page.object_lock);
    }
    mutex_unlock(&as->lock);
    return err;
}

__attribute__((flatten)) int fault_page_lock(struct addrspace *as, vaddr_t va, enum access access, struct locked_page *out)
{
    assert(mutex_held(&as->lock));
    struct fault f;
    fault_init(&f, as, va, access);
    int err = fault_resolve(&f);
    if (err != 0)
        return err;
    /* A page that was there already can be copied to or from as it is; if the program has no leaf for it, it will ask. */
    if (f.replaces)
        fault_enter(&f);
    *out = f.page;
    return 0;
}

int fault_page_store(struct addrspace *as, vaddr_t va, struct page **page)
{
    assert(mutex_held(&as->lock));
    struct fault f;
    fault_init(&f, as, va, ACCESS_WRITE);
    int err = fault_resolve(&f);
    if (err != 0)
        return err;
    if (f.page.object_lock == NULL) {
        uint8_t use = page_use(*page);
        struct page *old = anon_exchange_page(f.page.page->anon, *page);
        f.page.page = *page;
        fault_enter(&f);
        page_set_use(old, use);                 /* only now is it out of sight, and the caller's */
        old->fetch_clean = false;
        *page = old;
    } else {
        page_copy(page_address(f.page.page), page_address(*page));      /* others may map the object's frame */
        f.page.page->fetch_clean = false;
    }
    page_unlock(&f.page);
    return 0;
}

/* ---- counters ---- */

static const char *const case_names[FAULT_NCASES] = {
    [FAULT_A1] = "fault_A1",     [FAULT_A2] = "fault_A2",   [FAULT_A3] = "fault_A3",
    [FAULT_B1] = "fault_B1",     [FAULT_B2] = "fault_B2",   [FAULT_B3] = "fault_B3",
    [FAULT_C] = "fault_C",       [FAULT_SPURIOUS] = "fault_spurious", [FAULT_SEGV] = "fault_segv",
    [FAULT_BUS] = "fault_bus",   [FAULT_OOM] = "fault_oom", [FAULT_AROUND] = "fault_around",
};

const char *fault_case_name(enum fault_case which)
{
    return case_names[which];
}

void fault_counts_add(struct fault_counts *sum, const struct fault_counts *more)
{
    for (unsigned i = 0; i < FAULT_NCASES; i++)
        sum->n[i] += more->n[i];
}

uint64_t fault_counts_minor(const struct fault_counts *counts)
{
    uint64_t sum = 0;
    for (unsigned i = FAULT_A1; i <= FAULT_SPURIOUS; i++)
        sum += counts->n[i];
    return sum;
}
