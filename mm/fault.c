/*
 * fault.c - the fault: from an address and an access to a page that the program may use.
 * Owns: the decision which page holds the contents at an address, and with which rights it may be
 * mapped.
 * Does not own: the ranges and rights promised (vma.c), the contents (anon.c, object.c), the page
 * table (pmap.c).
 * Read next: near.h, then pmap_enter.
 *
 *                     | an anon at this page                   | no anon at this page
 * --------------------+----------------------------------------+------------------------------------------
 * private, read       | A1 map it (writable only if exclusive) | B1 map the object's page read-only;
 *                     |                                        |    no object: B3
 * private, write      | A2 exclusive: map writable             | B2 promote: new anon = copy of object page
 *                     | A3 shared: copy to a new anon          | B3 zero-fill: new anon
 * shared vma          | (never has anons of its own)           | C  map the object's page; write: dirty first
 * --------------------+----------------------------------------+------------------------------------------
 * no VMA, or the VMA forbids the access: SIGSEGV.   Beyond the object's end: SIGBUS.   No memory: SIGKILL.
 *
 * An anon is exclusive when this address space holds the only way to it: every radix node above it
 * and the anon itself have one reference. Only then may a store reach it.
 *
 * The order of things in a fault: read as->lock; lock the neighbourhood; ask the VMA; find or make
 * the page, its owner locked; enter it; let go. What is missing of the shape of things, a radix
 * node or a page table, is made beforehand by prepare_shape, which has the address space to itself
 * for that moment. Whatever allocates comes before the owner's lock. When memory runs out half-way
 * nothing has to be undone: a table or a node that is there too early is as good as any other. A
 * page that is on disk is read with nothing held but the lock of its anon (readin.c); then the
 * fault begins again.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/ahead.h"
#include "mm/anon.h"
#include "mm/chaos.h"
#include "mm/fault.h"
#include "mm/near.h"
#include "mm/object.h"
#include "mm/queue.h"
#include "mm/readin.h"
#include "mm/record.h"

struct fault {
    struct addrspace *as;
    vaddr_t va;                         /* of the page */
    uint64_t vpn;
    enum access access;
    bool by_program;                    /* not by a copy of the kernel's */
    struct near *near;                  /* locked */
    struct vma *vma;
    struct pte *entry;                  /* where the translation goes */
    enum fault_case which;              /* result: the case of the picture */
    unsigned prot;                      /* result: rights that the translation may have */
    bool around;                        /* result: the page was in memory, in use, so its neighbours may be too */
    bool replaces;                      /* result: an old translation may show another page, so a new one must be entered */
    struct anon *old;                   /* result, A3: to put when it is mapped no more */
    struct anon *anon;                  /* result: has the page; locked */
    struct read_in *in;                 /* FAULT_SWAPPED: what is to be read; without a frame: anon is not locked */
    struct vm_object *object;           /* result: owns the anon; locked. NULL: the address space does */
};

/* What object_lock_page failed with: a file that may have no more pages is one that ends here. */
static enum fault_result from_errno(int err)
{
    return err == -ENOMEM ? FAULT_NO_MEMORY : FAULT_BEYOND_END;
}

/* A page that was there becomes writable: the program, or a copy for it, may store instructions for later fetches. */
static void expect_stores(struct page *page, unsigned prot)
{
    assert(mutex_held(&page->anon->lock));
    if (prot & PROT_WRITE)
        page->fetch_clean = false;
}

/* The contents of anon, locked, at index of tree, are on disk only. It stays locked if there is a frame to read them into. */
static enum fault_result swapped(struct fault *f, struct anon *anon, const struct radix *tree, uint64_t index)
{
    f->anon = anon;
    if (f->in->nframes == 0)
        mutex_unlock(&anon->lock);
    else
        read_in_gather(f->in, anon, tree, index, f->vpn);
    return FAULT_SWAPPED;
}

static enum fault_result object_swapped(struct fault *f, struct anon *anon)
{
    enum fault_result result = swapped(f, anon, &f->vma->object->slots, anon->vpn);
    mutex_unlock(&f->vma->object->lock);
    return result;
}

/* anon, which is locked, is used. A slot that it has on disk stays true until the first store, which must come by here. */
static void use_page(struct fault *f, struct anon *anon)
{
    f->anon = anon;
    anon->idle = ANON_USED;
    if (f->access == ACCESS_WRITE)
        anon_stored(anon);
    if (anon->slot != 0)
        f->prot &= ~PROT_WRITE;
}

/* ---- A: an anon is there ---- */

static enum fault_result use_anon(struct fault *f, struct anon *anon, bool exclusive)
{
    mutex_lock(&anon->lock);
    if (anon->page == NULL)
        return swapped(f, anon, &f->as->anons, f->vpn);
    f->which = f->access == ACCESS_WRITE ? FAULT_A2 : FAULT_A1;
    f->around = !anon->idle;
    f->prot = exclusive ? f->vma->prot : f->vma->prot & ~PROT_WRITE;
    use_page(f, anon);
    expect_stores(anon_page(anon), f->prot);
    return FAULT_DONE;
}

/* anon, new, which nobody else can reach before it is in its slot, is the page; now it may be put there. */
static void use_fresh(struct fault *f, enum fault_case which, struct anon *anon)
{
    mutex_lock_new(&anon->lock);
    anon->family = f->as->family;               /* from here on it is someone's, and may be taken once it is let go */
    anon->vpn = f->vpn;
    queue_came(anon);
    f->anon = anon;
    f->which = which;
    f->prot = f->vma->prot;
    f->replaces = true;
}

static enum fault_result copy_anon(struct fault *f, struct anon *old)
{
    if (f->near->node == NULL)
        return FAULT_UNPREPARED;
    struct anon *anon = anon_alloc(PAGE_ANON);
    if (anon == NULL)
        return FAULT_NO_MEMORY;
    mutex_lock(&old->lock);
    if (old->page == NULL) {
        anon_put(anon);
        return swapped(f, old, &f->as->anons, f->vpn);
    }
    page_copy(page_address(anon->page), page_address(anon_page(old)));
    mutex_unlock(&old->lock);
    use_fresh(f, FAULT_A3, anon);
    f->old = radix_replace(f->near->node, f->vpn, anon);
    return FAULT_DONE;
}

/* ---- B: none is there ---- */

static enum fault_result zero_fill(struct fault *f)
{
    if (f->near->node == NULL)
        return FAULT_UNPREPARED;
    struct anon *anon = anon_alloc(PAGE_ANON);
    if (anon == NULL)
        return FAULT_NO_MEMORY;
    page_zero(page_address(anon->page));
    if (f->by_program && ahead_due(f->vpn))
        ahead_fill(f->as, f->near, f->vma, f->vpn, f->entry);
    use_fresh(f, FAULT_B3, anon);
    radix_fill(f->near->node, f->vpn, anon);
    return FAULT_DONE;
}

static enum fault_result promote(struct fault *f)
{
    if (f->near->node == NULL)
        return FAULT_UNPREPARED;
    struct anon *anon = anon_alloc(PAGE_ANON), *source;
    if (anon == NULL)
        return FAULT_NO_MEMORY;
    int err = object_lock_page(f->vma->object, vma_object_index(f->vma, f->va), &source);
    if (err != 0) {
        anon_put(anon);
        return from_errno(err);
    }
    if (source->page == NULL) {
        anon_put(anon);
        return object_swapped(f, source);
    }
    page_copy(page_address(anon->page), page_address(anon_page(source)));
    object_unlock_page(f->vma->object, source);
    use_fresh(f, FAULT_B2, anon);
    radix_fill(f->near->node, f->vpn, anon);
    return FAULT_DONE;
}

/* B1 and C: the object's page itself, which a private mapping may only read. */
static enum fault_result use_object(struct fault *f, enum fault_case which, unsigned prot)
{
    struct anon *anon;
    int err = object_lock_page(f->vma->object, vma_object_index(f->vma, f->va), &anon);
    if (err != 0)
        return from_errno(err);
    if (anon->page == NULL)
        return object_swapped(f, anon);
    f->object = f->vma->object;
    f->which = which;
    f->around = f->access != ACCESS_WRITE && !anon->idle;
    if (f->access == ACCESS_WRITE)
        anon->dirty = true;
    f->prot = anon->dirty ? prot : prot & ~PROT_WRITE;          /* the first store must come by here */
    use_page(f, anon);
    expect_stores(anon_page(anon), f->prot);
    return FAULT_DONE;
}

/* ---- the picture ---- */

static enum fault_result fault_private(struct fault *f)
{
    bool write = f->access == ACCESS_WRITE;
    bool path_exclusive;
    struct anon *anon = near_anon(f->as, f->near, f->vpn, &path_exclusive);
    if (anon != NULL) {
        bool exclusive = path_exclusive && anon_sole(anon);
        return write && !exclusive ? copy_anon(f, anon) : use_anon(f, anon, exclusive);
    }
    if (f->vma->object == NULL)
        return zero_fill(f);
    return write ? promote(f) : use_object(f, FAULT_B1, f->vma->prot & ~PROT_WRITE);
}

static enum fault_result fault_shared(struct fault *f)
{
    return use_object(f, FAULT_C, f->vma->prot);
}

/* Does vma promise this access at va? */
static enum fault_result allowed(const struct vma *vma, vaddr_t va, enum access access)
{
    if (vma == NULL)
        return FAULT_NO_MAPPING;
    if (!(vma->prot & access))
        return FAULT_FORBIDDEN;
    if (vma->object != NULL && vma_object_index(vma, va) >= object_npages(vma->object))
        return FAULT_BEYOND_END;
    return FAULT_DONE;
}

/* Find or make the page, and lock it; otherwise only the neighbourhood is locked, as it was. */
static enum fault_result fault_resolve(struct fault *f)
{
    f->vma = near_vma(f->as, f->near, f->vpn);
    enum fault_result result = allowed(f->vma, f->va, f->access);
    if (result != FAULT_DONE)
        return result;
    f->entry = near_entry(f->as, f->near, f->vpn);
    if (f->entry == NULL)
        return FAULT_UNPREPARED;
    return f->vma->shared ? fault_shared(f) : fault_private(f);
}

static void fault_enter(struct fault *f)
{
    enum pmap_result result = pmap_enter(f->as, f->va, f->entry, f->anon->page, f->prot);
    fault_record(f->as, f->va, f->access, result == PMAP_SPURIOUS ? FAULT_SPURIOUS : f->which, f->anon->page);
}

/* anon, which is locked, has been entered. old goes only now: until the new leaf stood, the old page was in sight. */
static void let_go(struct anon *anon, struct anon *old)
{
    mutex_unlock(&anon->lock);
    if (old != NULL)
        anon_put(old);
}

static void fault_end(struct fault *f)
{
    near_unlock(f->near);
    as_read_done(f->as);
}

/* ---- what a fault may have to make first ---- */

/* Will this fault put an anon into its slot? A load of what a fork shares, or of a file, does not, and copies no node. */
static bool fills_slot(struct addrspace *as, const struct vma *vma, vaddr_t va, enum access access)
{
    bool exclusive;
    if (vma->shared || access == ACCESS_WRITE)
        return !vma->shared;
    return vma->object == NULL && radix_find(&as->anons, va >> PAGE_SHIFT, &exclusive) == NULL;
}

/*
 * A page table or a radix node is missing or shared. Make them, alone in the address space; from
 * then on, since only verbs take them away and the caller goes on as a reader, they are there.
 * Nothing that anybody remembers changes, unless as_trim says so: a node or a table that is there
 * already stays where it is, and a node that has been remembered was exclusive already.
 */
static __attribute__((noinline)) enum fault_result prepare_shape(struct addrspace *as, vaddr_t va, enum access access,
                                                                struct radix_node **node)
{
    as_alone(as);
    as_trim(as);
    struct vma *vma = vma_find(as, va);
    enum fault_result result = allowed(vma, va, access);
    *node = NULL;
    if (result == FAULT_DONE && pmap_prepare(as, va) != 0)
        result = FAULT_NO_MEMORY;
    if (result == FAULT_DONE && fills_slot(as, vma, va, access) &&
        (*node = radix_prepare(&as->anons, va >> PAGE_SHIFT, NULL)) == NULL)
        result = FAULT_NO_MEMORY;
    if (result == FAULT_DONE && *node != NULL)
        ahead_prepare(as, vma, va >> PAGE_SHIFT);
    as_alone_to_read(as);
    return result;
}

/* ---- neighbours ---- */

/*
 * The page table is a cache, so a miss is a good moment to bring in the neighbours that are in
 * memory anyway: those of the neighbourhood. Nothing is allocated and no content changes; an anon
 * that is busy is passed over. at is the fault's own page number, entry its entry. obj, in cases B1
 * and C, is locked; the fault's own anon is not any more.
 */
static __attribute__((noinline)) void fault_around(struct addrspace *as, struct vma *vma, uint64_t at, struct pte *entry,
                                                   struct vm_object *obj)
{
    uint64_t low = vma->start >> PAGE_SHIFT, high = vma->end >> PAGE_SHIFT;
    if (obj != NULL && high - low > object_npages(obj) - vma->object_index)
        high = low + object_npages(obj) - vma->object_index;    /* it may be about to lose what lies beyond */
    uint64_t first = near_first(at) < low ? low : near_first(at);
    bool exclusive, unused;
    struct radix_node *own = radix_find_node(&as->anons, at, &exclusive), *theirs = NULL;
    for (uint64_t vpn = first; vpn < near_first(at) + NEAR_PAGES && vpn < high; vpn++) {
        struct anon *anon = own != NULL ? radix_slot(own, vpn) : NULL;
        if (obj != NULL) {
            uint64_t index = vma_object_index(vma, vpn << PAGE_SHIFT);
            if (vpn == first || index % RADIX_SLOTS == 0)
                theirs = radix_find_node(&obj->slots, index, &unused);
            if (anon != NULL)
                continue;                       /* an anon hides the object's page, and it may be of another VMA's kind */
            anon = theirs != NULL ? radix_slot(theirs, index) : NULL;
        }
        if (anon == NULL || vpn == at || !mutex_trylock(&anon->lock))
            continue;
        if (anon->page == NULL || anon->idle) { /* on disk; or to show by a fault of its own whether it is used */
            mutex_unlock(&anon->lock);
            continue;
        }
        bool stores = anon->slot == 0 && (obj == NULL ? exclusive && anon_sole(anon) : vma->shared && anon->dirty);
        unsigned prot = stores ? vma->prot : vma->prot & ~PROT_WRITE;
        expect_stores(anon->page, prot);
        if (pmap_enter_absent(as, entry + (int64_t)(vpn - at), anon->page, prot))
            fault_count(FAULT_AROUND);
        mutex_unlock(&anon->lock);
    }
    leaves_record(as, at, FAULT_AROUND);
}

/* ---- the two ways in ---- */

static __attribute__((noinline)) void count_failure(struct addrspace *as, vaddr_t va, enum access access, enum fault_result result)
{
    bool bus = result == FAULT_BEYOND_END || result == FAULT_IO;
    fault_record(as, va, access, bus ? FAULT_BUS : result == FAULT_NO_MEMORY ? FAULT_OOM : FAULT_SEGV, NULL);
}

/* Lock what a fault at va locks, and resolve it. Whatever the result, fault_end is due. */
static enum fault_result fault_begin(struct fault *f, struct addrspace *as, vaddr_t va, enum access access)
{
    struct read_in in;
    /* Field by field: an initialiser would clear all of it, by a call to memset that costs more than to find the page. */
    f->as = as;
    f->va = page_down(va);
    f->vpn = va >> PAGE_SHIFT;
    f->access = access;
    f->replaces = false;
    f->around = false;
    f->old = NULL;
    f->object = NULL;
    f->in = &in;
    in.nframes = 0;
    as_read(as);
    f->near = near_lock(as, f->vpn);
    f->which = FAULT_SPURIOUS;                  /* these three for the compiler, which does not see that the loop sets them */
    f->prot = 0;
    f->anon = NULL;
    enum fault_result result;
    while (__builtin_expect((result = fault_resolve(f)) >= FAULT_UNPREPARED, 0)) {
        fault_end(f);
        if (result == FAULT_SWAPPED) {
            result = read_in(&in, f->vpn);
            as_read(as);
            f->near = near_lock(as, f->vpn);
        } else {
            struct radix_node *node;
            result = prepare_shape(as, f->va, access, &node);
            f->near = near_lock(as, f->vpn);
            f->near->node = node;
        }
        if (result != FAULT_DONE)
            break;
    }
    if (__builtin_expect(in.nframes > 0, 0))
        read_in_drop_frames(&in);
    if (__builtin_expect(result != FAULT_DONE, 0))
        count_failure(as, f->va, access, result);
    return result;
}

/*
 * flatten: for the reader the steps above are functions; for the machine they are one, which keeps
 * struct fault in registers. Without it a fault costs 67 instructions more.
 */
__attribute__((flatten)) enum fault_result vm_fault(struct addrspace *as, vaddr_t va, enum access access)
{
    struct fault f;
    f.by_program = true;
    if (CHECKED)
        chaos_strike(as);
    enum fault_result result = fault_begin(&f, as, va, access);
    if (result == FAULT_DONE) {
        fault_enter(&f);
        let_go(f.anon, f.old);
        if (f.around && !(CHECKED && chaos_few_leaves()))
            fault_around(as, f.vma, f.vpn, f.entry, f.object);
        if (f.object != NULL)
            mutex_unlock(&f.object->lock);
    }
    fault_end(&f);
    return result;
}

__attribute__((flatten)) enum fault_result fault_page_lock(struct addrspace *as, vaddr_t va, enum access access,
                                                           struct fault_page *out)
{
    struct fault f;
    f.by_program = false;
    enum fault_result result = fault_begin(&f, as, va, access);
    if (result != FAULT_DONE) {
        fault_end(&f);
        return result;
    }
    /* A page that was there already can be copied to or from as it is; if the program has no leaf for it, it will ask. */
    if (f.replaces)
        fault_enter(&f);
    else
        trace_of(as->pmap.root, TRACE_COPY, f.va, 0, access, 0);
    *out = (struct fault_page){ f.anon->page, f.near, f.anon, f.old, f.object };
    return FAULT_DONE;
}

void fault_page_unlock(struct addrspace *as, const struct fault_page *locked)
{
    let_go(locked->anon, locked->old);
    if (locked->object != NULL)
        mutex_unlock(&locked->object->lock);
    near_unlock(locked->near);
    as_read_done(as);
}

/* ---- counters ---- */

static const char *const case_names[FAULT_NCASES] = {
    [FAULT_A1] = "fault_A1",     [FAULT_A2] = "fault_A2",   [FAULT_A3] = "fault_A3",
    [FAULT_B1] = "fault_B1",     [FAULT_B2] = "fault_B2",   [FAULT_B3] = "fault_B3",
    [FAULT_C] = "fault_C",       [FAULT_SPURIOUS] = "fault_spurious", [FAULT_SEGV] = "fault_segv",
    [FAULT_BUS] = "fault_bus",   [FAULT_OOM] = "fault_oom", [FAULT_MAJOR] = "fault_major",
    [FAULT_AROUND] = "fault_around",
    [FAULT_AHEAD] = "fault_ahead", [FAULT_AHEAD_USED] = "fault_ahead_used", [FAULT_AHEAD_WASTED] = "fault_ahead_wasted",
};

const char *fault_case_name(enum fault_case which)
{
    return case_names[which];
}

void fault_counts_of(const struct thread *thread, struct fault_counts *counts)
{
    for (unsigned i = 0; i < FAULT_NCASES; i++)
        counts->n[i] = thread->counter[i];
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
    uint64_t major = counts->n[FAULT_MAJOR];    /* some of them in a copy of the kernel's, which enters nothing: no case */
    return sum > major ? sum - major : 0;
}
