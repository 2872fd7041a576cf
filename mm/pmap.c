/*
 * pmap.c - an address space's page table: a cache that anyone may drop leaves from.
 * Owns: tables, leaves, pt_lock, the fence sequence.
 * Does not own: what may be mapped (fault.c), the bits of an entry (arch).
 *
 * Two changes of an entry need no fence: from invalid to valid, and to more rights on the same
 * frame. A hart that still believes the old entry, or that there is no table, takes a spurious
 * fault; pmap_enter then finds the leaf already there and has the hart forget. Every other change
 * goes through a batch (or the middle of pmap_enter): make it invalid or weaker, wait for the fence
 * on every hart, and only then let the frame be used for anything else. All of it happens under one
 * hold of pt_lock.
 *
 * Each table counts its entries in its struct page, and remembers between which two all of them
 * lie, so that unmapping a gigabyte of which two pages were touched costs two leaves, not 512
 * looks. A table without entries is freed at once.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/core/trace.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/pmap.h"

#define LEAF_TABLE_SIZE (PAGE_SIZE * MMU_TABLE_SPAN)    /* address space under one leaf table: 2 MiB */

/* fork: a table with more leaves than this is dropped rather than downgraded; faulting some back is cheaper. */
#define SHARE_IN_PLACE_MAX 32

static struct pte *table_of(struct pte *pte) { return (struct pte *)page_down((uintptr_t)pte); }

/* All harts forget the translation of va; or every one of this address space. */
static void fence_page(struct pmap *pmap, vaddr_t va)
{
    uint32_t began = trace_begin();
    uint64_t harts = mmu_fence_page(&pmap->id, va);
    trace_end(pmap->root, TRACE_FENCE, va, harts, began);
}

static void fence_all(struct pmap *pmap)
{
    uint32_t began = trace_begin();
    uint64_t harts = mmu_fence_all(&pmap->id);
    trace_end(pmap->root, TRACE_FENCE, 0, harts, began);
}

/* ---- counting entries ---- */

static struct page *table_alloc(void)
{
    struct page *table = page_alloc_zeroed(PAGE_TABLE);
    if (table != NULL) {
        table->table.live = 0;
        table->table.first = MMU_TABLE_SPAN - 1;
        table->table.last = 0;
    }
    return table;
}

static inline void entries_added(struct pte *pte, unsigned n)
{
    struct page *table = virt_to_page(pte);
    unsigned first = pte - table_of(pte), last = first + n - 1;
    table->table.live += n;
    if (first < table->table.first)
        table->table.first = first;
    if (last > table->table.last)
        table->table.last = last;
}

/* n entries of table, between first and last, have gone: draw the bounds in where nothing is left at them. */
static void entries_removed(struct page *table, size_t n, unsigned first, unsigned last)
{
    const struct pte *entry = page_address(table);
    table->table.live -= n;
    if (table->table.live == 0)
        return;                                 /* it is going to be freed */
    if (last >= table->table.last)
        while (pte_kind(&entry[table->table.last]) == PTE_EMPTY)
            table->table.last--;
    if (first <= table->table.first)
        while (pte_kind(&entry[table->table.first]) == PTE_EMPTY)
            table->table.first++;
}

static void link_table(struct pte *pte, struct page *table)
{
    pte_set_table(pte, page_to_phys(table));
    entries_added(pte, 1);
}

/* ---- life ---- */

int pmap_init(struct pmap *pmap)
{
    struct page *root = table_alloc();
    if (root == NULL)
        return -ENOMEM;
    spin_init(&pmap->lock, RANK_PT);
    pmap->root = page_to_phys(root);
    atomic_store_explicit(&pmap->id.asid, 0, memory_order_relaxed);
    atomic_store_explicit(&pmap->id.harts, 0, memory_order_relaxed);
    atomic_store_explicit(&pmap->id.stale, ~0ul, memory_order_relaxed);
    pmap->resident = pmap->resident_max = 0;
    atomic_init(&pmap->emptied, 0);
    mmu_root_init(pmap->root);
    trace_of(pmap->root, TRACE_SPACE, 0, 0, 0, 0);
    return 0;
}

static void free_tables(struct page *table, unsigned level)
{
    struct pte *pte = page_address(table);
    if (level > 0)
        for (unsigned i = table->table.first; i <= table->table.last; i++)
            if (pte_kind(&pte[i]) == PTE_TABLE)
                free_tables(phys_to_page(pte_address(&pte[i])), level - 1);
    thread_let_others();
    page_free(table);
}

void pmap_destroy(struct pmap *pmap)
{
    assert(!mmu_root_loaded(pmap->root));
    free_tables(phys_to_page(pmap->root), MMU_LEVELS - 1);
}

int pmap_prepare(struct addrspace *as, vaddr_t va)
{
    assert(as_held_alone(as));
    struct pmap *pmap = &as->pmap;
    for (unsigned level = MMU_LEVELS - 1; level > 0; level--) {
        struct pte *pte = pte_find(pmap->root, va, level);
        if (pte_kind(pte) == PTE_TABLE)
            continue;
        struct page *table = table_alloc();
        if (table == NULL)
            return -ENOMEM;                     /* a table made before stays, empty, until something near is unmapped */
        spin_lock(&pmap->lock);
        link_table(pte, table);
        spin_unlock(&pmap->lock);
    }
    return 0;
}

/* ---- entering ---- */

static void leaf_add(struct pmap *pmap, struct pte *pte, struct page *page, unsigned prot)
{
    pte_set(pte, page_to_phys(page), prot);
    entries_added(pte, 1);
    pmap->resident++;
}

/*
 * Kernel stores into a page reach the data side only; the first executable mapping makes fetches
 * see them. While the program may store too the page does not stay clean: when the right to execute
 * comes back later, its stores count as well.
 */
static void make_fetchable(struct page *page, unsigned prot)
{
    assert(mutex_held(&page->anon->lock));
    if ((prot & PROT_EXEC) && !page->fetch_clean) {
        mmu_fence_fetch();
        page->fetch_clean = !(prot & PROT_WRITE);
    }
}

/* A leaf is there already, whose page or rights are not the ones wanted, or which this hart has not seen. */
static __attribute__((noinline)) enum pmap_result leaf_change(struct pmap *pmap, vaddr_t va, struct pte *pte,
                                                              struct page *page, unsigned prot)
{
    if (pte_address(pte) != page_to_phys(page)) {
        pte_clear(pte);                         /* copy-on-write: the old page must be out of sight everywhere first */
        fence_page(pmap, va);
        pte_set(pte, page_to_phys(page), prot);
    } else if ((prot & ~pte_prot(pte)) != 0) {
        pte_set(pte, page_to_phys(page), prot | pte_prot(pte));
    } else {
        pte_set(pte, page_to_phys(page), pte_prot(pte));        /* a fresh one, and this hart faults instead of setting A */
        mmu_fence_local(&pmap->id);
        return PMAP_SPURIOUS;
    }
    return PMAP_ENTERED;
}

enum pmap_result pmap_enter(struct addrspace *as, vaddr_t va, struct pte *pte, struct page *page, unsigned prot)
{
    assert(as_held(as));
    struct pmap *pmap = &as->pmap;
    enum pmap_result result = PMAP_ENTERED;
    make_fetchable(page, prot);
    spin_lock(&pmap->lock);
    assert(pte == pte_find(pmap->root, va, 0));
    if (pte_kind(pte) == PTE_EMPTY)
        leaf_add(pmap, pte, page, prot);
    else
        result = leaf_change(pmap, va, pte, page, prot);
    spin_unlock(&pmap->lock);
    return result;
}

bool pmap_enter_absent(struct addrspace *as, struct pte *pte, struct page *page, unsigned prot)
{
    assert(as_held(as));
    struct pmap *pmap = &as->pmap;
    make_fetchable(page, prot);
    spin_lock(&pmap->lock);
    bool entered = pte_kind(pte) == PTE_EMPTY;
    if (entered)
        leaf_add(pmap, pte, page, prot);
    spin_unlock(&pmap->lock);
    return entered;
}

void pmap_enter_fresh(struct addrspace *as, struct pte *entry, struct anon *const anon[], unsigned n, unsigned prot)
{
    assert(as_held(as) && n > 0 && !(prot & PROT_EXEC));
    struct pmap *pmap = &as->pmap;
    spin_lock(&pmap->lock);
    for (unsigned i = 0; i < n; i++) {
        assert(pte_kind(&entry[i]) == PTE_EMPTY);
        pte_set_fresh(&entry[i], page_to_phys(anon[i]->page), prot);
    }
    entries_added(entry, n);
    pmap->resident += n;
    spin_unlock(&pmap->lock);
}

/* ---- taking away ---- */

void pmap_batch_begin(struct pmap_batch *batch, struct addrspace *as)
{
    batch->as = as;
    batch->ntaken = 0;
    batch->va = 0;
    LIST_INIT(&batch->tables);
    spin_lock(&as->pmap.lock);
    as->pmap.resident_max = pmap_resident_max(&as->pmap);
}

void pmap_batch_end(struct pmap_batch *batch)
{
    struct pmap *pmap = &batch->as->pmap;
    if (!LIST_EMPTY(&batch->tables) || batch->ntaken > 1)
        fence_all(pmap);
    else if (batch->ntaken == 1)
        fence_page(pmap, batch->va);
    spin_unlock(&pmap->lock);

    while (!LIST_EMPTY(&batch->tables)) {
        struct page *table = LIST_FIRST(&batch->tables);
        LIST_REMOVE(table, link);
        page_free(table);
        thread_let_others();
    }
}

/* Unlink the table that pte, an entry at level, points to; and the tables above that have become empty. */
static void table_drop(struct pmap_batch *batch, struct pte *pte, unsigned level, vaddr_t va)
{
    assert(as_held_alone(batch->as));           /* neighbourhoods remember tables */
    struct page *table = phys_to_page(pte_address(pte));
    pte_clear(pte);
    LIST_INSERT_HEAD(&batch->tables, table, link);
    struct page *upper = virt_to_page(pte);
    unsigned index = pte - table_of(pte);
    entries_removed(upper, 1, index, index);
    if (upper->table.live == 0 && level < MMU_LEVELS - 1)
        table_drop(batch, pte_find(batch->as->pmap.root, va, level + 1), level + 1, va);
}

/*
 * The level-1 entry of the first leaf table that has addresses in [*va, end); *va moves up to it.
 * NULL: there is none. A missing upper table is skipped as a whole, and in an upper table only the
 * part that is in use is looked at.
 */
static struct pte *find_table(struct pmap *pmap, vaddr_t *va, vaddr_t end)
{
    const size_t upper_size = mmu_entry_size(2), leaf_table_size = mmu_entry_size(1);
    while (*va < end) {
        vaddr_t base = *va & ~(upper_size - 1);
        struct pte *entry = pte_find(pmap->root, *va, 1);
        if (entry != NULL) {
            struct pte *entries = table_of(entry);
            struct page *table = virt_to_page(entries);
            if (entry < entries + table->table.first)
                entry = entries + table->table.first;
            for (; entry <= entries + table->table.last; entry++) {
                if (pte_kind(entry) == PTE_EMPTY)
                    continue;
                vaddr_t at = base + (entry - entries) * leaf_table_size;
                if (at > *va)
                    *va = at;
                return *va < end ? entry : NULL;
            }
        }
        *va = base + upper_size;
    }
    return NULL;
}

static __attribute__((noinline, cold)) void batch_pause(struct pmap_batch *batch)
{
    struct addrspace *as = batch->as;
    pmap_batch_end(batch);
    thread_let_others();
    pmap_batch_begin(batch, as);
}

/* find_table for a batch: if others want their turn they get it first, and the batch is ended and begun again. */
static inline struct pte *batch_table(struct pmap_batch *batch, vaddr_t *va, vaddr_t end)
{
    if (thread_others_due())
        batch_pause(batch);
    return find_table(&batch->as->pmap, va, end);
}

/* The leaves for [start, end) of the table behind entry, narrowed to those in use: first and one past the last. */
static void leaves_between(struct pte *entry, vaddr_t start, vaddr_t end, struct pte **first, struct pte **last)
{
    struct page *table = phys_to_page(pte_address(entry));
    struct pte *leaves = page_address(table);
    unsigned low = start / PAGE_SIZE % MMU_TABLE_SPAN;
    unsigned high = low + (end - start) / PAGE_SIZE;
    if (low < table->table.first)
        low = table->table.first;
    if (high > table->table.last + 1u)
        high = table->table.last + 1u;
    *first = leaves + low;
    *last = leaves + high;
}

static vaddr_t leaf_va(const struct pte *leaf, vaddr_t va_in_table)
{
    unsigned index = ((uintptr_t)leaf & PAGE_MASK) / sizeof *leaf;
    return (va_in_table & ~(LEAF_TABLE_SIZE - 1)) + index * PAGE_SIZE;
}

static void drop_leaf_table(struct pmap_batch *batch, struct pte *entry, vaddr_t va)
{
    size_t live = phys_to_page(pte_address(entry))->table.live;
    batch->ntaken += live;
    batch->as->pmap.resident -= live;
    table_drop(batch, entry, 1, va);
}

/* Reduce the leaves in [start, end), which lie under one entry, to the rights in keep; those left with none go. */
static void reduce_leaves(struct pmap_batch *batch, struct pte *entry, vaddr_t start, vaddr_t end, unsigned keep)
{
    trace_of(batch->as->pmap.root, TRACE_DROP, start, end - start, keep, 0);
    if (end - start == LEAF_TABLE_SIZE && keep == PROT_NONE) {
        drop_leaf_table(batch, entry, start);
        return;
    }
    struct page *table = phys_to_page(pte_address(entry));
    struct pte *first, *last, *taken = NULL;
    size_t ntaken = 0, removed = 0;
    leaves_between(entry, start, end, &first, &last);
    for (struct pte *leaf = first; leaf < last; leaf++) {
        unsigned have = pte_prot(leaf);         /* an empty entry has none */
        if ((have & ~keep) == 0)
            continue;
        if ((have & keep) != PROT_NONE) {
            pte_set(leaf, pte_address(leaf), have & keep);
        } else {
            pte_clear(leaf);
            removed++;
        }
        taken = leaf;
        ntaken++;
    }
    if (taken != NULL)
        batch->va = leaf_va(taken, start);
    batch->ntaken += ntaken;
    batch->as->pmap.resident -= removed;
    if (removed > 0)
        entries_removed(table, removed, first - table_of(first), last - 1 - table_of(first));
    if (table->table.live == 0)
        table_drop(batch, entry, 1, start);
}

static vaddr_t end_of_table(vaddr_t va, vaddr_t end)
{
    vaddr_t table_end = (va | (LEAF_TABLE_SIZE - 1)) + 1;
    return table_end < end ? table_end : end;
}

void pmap_protect(struct pmap_batch *batch, vaddr_t start, vaddr_t end, unsigned prot)
{
    assert(as_held_alone(batch->as) && spin_held(&batch->as->pmap.lock));
    struct pte *entry;
    for (vaddr_t va = start; (entry = batch_table(batch, &va, end)) != NULL; va = end_of_table(va, end))
        reduce_leaves(batch, entry, va, end_of_table(va, end), prot);
}

void pmap_remove(struct pmap_batch *batch, vaddr_t start, vaddr_t end)
{
    pmap_protect(batch, start, end, PROT_NONE);
}

void pmap_share(struct pmap_batch *batch, vaddr_t start, vaddr_t end)
{
    assert(as_held_alone(batch->as) && spin_held(&batch->as->pmap.lock));
    struct pte *entry;
    for (vaddr_t va = start; (entry = batch_table(batch, &va, end)) != NULL; va = end_of_table(va, end)) {
        bool few = phys_to_page(pte_address(entry))->table.live <= SHARE_IN_PLACE_MAX;
        reduce_leaves(batch, entry, va, end_of_table(va, end), few ? PROT_READ | PROT_EXEC : PROT_NONE);
    }
}

void pmap_trim(struct pmap_batch *batch)
{
    struct pte *entry;
    for (vaddr_t va = 0; (entry = batch_table(batch, &va, USER_END)) != NULL; va = end_of_table(va, USER_END))
        if (phys_to_page(pte_address(entry))->table.live == 0)
            drop_leaf_table(batch, entry, va);
    batch->as->pmap.emptied = 0;
}

/* ---- looking ---- */

bool pmap_forget(struct pmap *pmap, vaddr_t va, const struct page *page)
{
    spin_lock(&pmap->lock);
    struct pte *leaf = pte_find(pmap->root, va, 0);
    bool maps = leaf != NULL && pte_kind(leaf) != PTE_EMPTY && pte_address(leaf) == page_to_phys(page);
    if (maps) {
        struct page *table = virt_to_page(leaf);
        unsigned index = leaf - table_of(leaf);
        pmap->resident_max = pmap_resident_max(pmap);
        pte_clear(leaf);
        fence_page(pmap, va);
        entries_removed(table, 1, index, index);
        pmap->resident--;
        if (table->table.live == 0)
            pmap->emptied++;
        trace_of(pmap->root, TRACE_DROP, va, PAGE_SIZE, PROT_NONE, 0);
    }
    spin_unlock(&pmap->lock);
    return maps;
}

bool pmap_lookup(struct pmap *pmap, vaddr_t va, paddr_t *pa, unsigned *prot)
{
    struct pte *pte = pte_find(pmap->root, va, 0);
    if (pte == NULL || pte_kind(pte) == PTE_EMPTY)
        return false;
    *pa = pte_address(pte);
    *prot = pte_prot(pte);
    return true;
}

vaddr_t pmap_next(struct pmap *pmap, vaddr_t from, vaddr_t end)
{
    struct pte *entry, *leaf, *last;
    for (vaddr_t va = from; (entry = find_table(pmap, &va, end)) != NULL; va = end_of_table(va, end))
        for (leaves_between(entry, va, end_of_table(va, end), &leaf, &last); leaf < last; leaf++)
            if (pte_kind(leaf) != PTE_EMPTY)
                return leaf_va(leaf, va);
    return end;
}
