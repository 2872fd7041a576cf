/*
 * addrspace.c - an address space comes, is copied, goes.
 * Owns: struct addrspace, families, the list of all address spaces.
 * Does not own: its ranges (map.c), contents (radix, anon, object), translations (pmap).
 * Read next: map.c.
 *
 * fork is prepare, then commit, as the verbs of map.c are. Where a program can make it long, others
 * run meanwhile, and as->lock stays held.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/commit.h"
#include "mm/object.h"
#include "mm/slab.h"

static SLAB_CACHE(addrspaces, struct addrspace);
static SLAB_CACHE(families, struct family);

static struct spinlock as_list_lock = SPINLOCK_INIT(RANK_PAGE);
static LIST_HEAD(, addrspace) as_list;          /* [as_list_lock] */
static _Atomic size_t nchosen, nchosen_ever;

/* ---- create ---- */

static void family_join(struct family *family, struct addrspace *as)
{
    mutex_lock(&family->lock);
    family->members++;
    LIST_INSERT_HEAD(&family->list, as, family_link);
    mutex_unlock(&family->lock);
    as->family = family;
}

/* From here on nobody comes from a page to as. */
static void family_leave(struct addrspace *as)
{
    mutex_lock(&as->family->lock);
    LIST_REMOVE(as, family_link);
    mutex_unlock(&as->family->lock);
}

/* as has no contents any more that name the family; the last takes it with it. */
static void family_put(struct addrspace *as)
{
    struct family *family = as->family;
    mutex_lock(&family->lock);
    bool last = --family->members == 0;
    mutex_unlock(&family->lock);
    if (last)
        slab_free(&families, family);
}

static struct family *family_alloc(void)
{
    struct family *family = slab_alloc(&families);
    if (family != NULL) {
        mutex_init(&family->lock, RANK_OBJECT);
        family->members = 0;
        LIST_INIT(&family->list);
    }
    return family;
}

/* An address space with an empty page table and nothing else. */
static struct addrspace *as_alloc(void)
{
    struct addrspace *as = slab_alloc(&addrspaces);
    if (as == NULL)
        return NULL;
    if (pmap_init(&as->pmap) != 0) {
        slab_free(&addrspaces, as);
        return NULL;
    }
    atomic_store_explicit(&as->users, 1, memory_order_relaxed);
    as->round = 0;
    atomic_store_explicit(&as->locks, false, memory_order_relaxed);
    rwlock_init(&as->lock, RANK_AS);
    RB_INIT(&as->vmas.tree);
    as->vmas.count = as->vmas.npages = as->vmas.nlocked = as->vmas.ndata = 0;
    as->lock_future = 0;
    radix_init(&as->anons);
    as->brk_base = as->brk = 0;
    as->generation = RADIX_END;
    for (unsigned i = 0; i < NEAR_COUNT; i++) {
        mutex_init(&as->near[i].lock, RANK_NEAR);
        as->near[i].about = 0;
    }
    atomic_store_explicit(&as->oom_va, 0, memory_order_relaxed);
    atomic_store_explicit(&as->chosen, 0, memory_order_relaxed);
    as->limits = (struct as_limits){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
    as->brk_max = USER_END;
    return as;
}

static void as_publish(struct addrspace *as)
{
    spin_lock(&as_list_lock);
    LIST_INSERT_HEAD(&as_list, as, all_link);
    spin_unlock(&as_list_lock);
}

struct addrspace *as_create(void)
{
    struct family *family = family_alloc();
    struct addrspace *as = family != NULL ? as_alloc() : NULL;
    if (as == NULL) {
        if (family != NULL)
            slab_free(&families, family);
        return NULL;
    }
    family_join(family, as);
    as_publish(as);
    return as;
}

/* ---- destroy ---- */

static void remove_vmas(struct addrspace *as)
{
    struct vma *vma;
    while ((vma = RB_ROOT(&as->vmas.tree)) != NULL) {
        vma_remove(as, vma);
        vma_free(vma);
    }
}

void as_destroy(struct addrspace *as)
{
    /* Nobody else can find it, but a lock held tells the checker that it is not whole. */
    as_write(as);
    spin_lock(&as_list_lock);
    LIST_REMOVE(as, all_link);
    spin_unlock(&as_list_lock);

    remove_vmas(as);
    family_leave(as);
    pmap_destroy(&as->pmap);
    radix_put_all(&as->anons);
    family_put(as);
    as_write_done(as);
    nchosen -= as->chosen;
    slab_free(&addrspaces, as);
}

/* ---- fork ---- */

static bool private_writable(const struct vma *vma)
{
    return !vma->shared && (vma->prot & PROT_WRITE);
}

/* The child's VMAs, and of its contents what a VMA does not want there. Returns 0 or -ENOMEM; the parent has not changed. */
static int copy_promises(struct addrspace *child, struct addrspace *parent)
{
    radix_share(&child->anons, &parent->anons);
    for (struct vma *vma = vma_first(parent); vma != NULL; vma = vma_next(vma)) {
        thread_let_others();
        if (vma->flags & (VMA_NOT_TO_CHILD | VMA_EMPTY_IN_CHILD)) {
            uint64_t first = vma->start >> PAGE_SHIFT, end = vma->end >> PAGE_SHIFT;
            if (radix_prepare_clear(&child->anons, first, end) != 0)
                return -ENOMEM;
            radix_clear(&child->anons, first, end);
        }
        if (vma->flags & VMA_NOT_TO_CHILD)
            continue;
        struct vma *clone = vma_clone(vma);
        if (clone == NULL)
            return -ENOMEM;
        clone->flags &= ~(VMA_LOCKED | VMA_LOCK_ON_FAULT);
        if (!commit_reserve(vma_ncommitted(clone))) {
            vma_free(clone);
            return -ENOMEM;
        }
        vma_insert(child, clone, vma);
        commit_release(vma_ncommitted(clone));
    }
    return 0;
}

int as_fork(struct addrspace *parent, struct addrspace **out)
{
    struct addrspace *child = as_alloc();
    if (child == NULL)
        return -ENOMEM;

    as_write(parent);
    rwlock_write_unpublished(&child->lock);
    family_join(parent->family, child);
    as_publish(child);
    int err = copy_promises(child, parent);
    if (err == 0) {
        /* Commit: the contents are shared, so take the right to store from the parent's leaves. The child's table is empty. */
        child->brk_base = parent->brk_base;
        child->brk = parent->brk;
        child->limits = parent->limits;
        child->brk_max = parent->brk_max;
        struct pmap_batch batch;
        pmap_batch_begin(&batch, parent);
        for (struct vma *vma = vma_first(parent); vma != NULL; vma = vma_next(vma))
            if (private_writable(vma))
                pmap_share(&batch, vma->start, vma->end);
        pmap_batch_end(&batch);
        *out = child;
    } else {
        remove_vmas(child);
        radix_put_all(&child->anons);
    }
    as_write_done(child);
    as_write_done(parent);

    /* A cut may have found it, by a VMA that it had for a while, and be a user. */
    if (err != 0 && as_put(child))
        as_destroy(child);
    return err;
}

void as_trim(struct addrspace *as)
{
    struct pmap_batch batch;
    assert(as_held_alone(as));
    if (as->pmap.emptied < PMAP_EMPTIED_SOME)
        return;
    as_forget_near(as);
    pmap_batch_begin(&batch, as);
    pmap_trim(&batch);
    pmap_batch_end(&batch);
    radix_trim(&as->anons);
}

/* ---- the rest ---- */

void as_activate(struct thread *thread, struct addrspace *as)
{
    struct mmu_id *mmu = as != NULL ? &as->pmap.id : NULL;
    if (thread->mmu != mmu)
        thread->walk = (struct memory_walk){ 0 };
    thread->mmu = mmu;
    thread->mmu_root = as != NULL ? as->pmap.root : 0;
    if (thread == thread_current())
        mmu_activate(thread->mmu, thread->mmu_root);
}

void as_choose(struct addrspace *as)
{
    if (atomic_exchange(&as->chosen, 1))
        return;
    nchosen++;
    nchosen_ever++;
}

size_t as_chosen(void) { return nchosen; }
size_t as_chosen_ever(void) { return nchosen_ever; }

bool as_get_living(struct addrspace *as)
{
    uint32_t users = atomic_load(&as->users);
    while (users > 0 && !atomic_compare_exchange_weak(&as->users, &users, users + 1))
        ;
    return users > 0;
}

struct addrspace *as_next(uint32_t round)
{
    struct addrspace *as;
    spin_lock(&as_list_lock);
    LIST_FOREACH(as, &as_list, all_link) {
        if (as->round != round && as_get_living(as))
            break;
    }
    if (as != NULL)
        as->round = round;
    spin_unlock(&as_list_lock);
    return as;
}

void as_for_each(void (*visit)(struct addrspace *as, void *arg), void *arg)
{
    struct addrspace *as;
    spin_lock(&as_list_lock);
    LIST_FOREACH(as, &as_list, all_link)
        visit(as, arg);
    spin_unlock(&as_list_lock);
}
