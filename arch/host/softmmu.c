/*
 * softmmu.c - a processor with an Sv39 MMU, in software: as unkind as the specification allows.
 * Owns: memory, the TLBs and instruction caches of all harts, the walker, fences.
 * Does not own: faults (the test's), the bits of an entry (arch/riscv/pte.h).
 *
 * What hardware may do, this does, at random and from a seed:
 *  - a hart caches leaves, and pointers to tables, for each ASID until a fence; or forgets them at any time;
 *  - it walks addresses that the program has not touched, also in the middle of a change, and caches what it finds;
 *  - it caches also that there is nothing; and what it has cached, nothing or a leaf with too few rights, faults although the
 *    table has more by now, or is looked up again;
 *  - clear A and D bits are set, or are a fault;
 *  - stores do not reach the instruction cache.
 * What mm must do, this finds out: whenever a translation is used, or fenced, the frame behind it must still be in the use it
 * was cached for; and when it is used, the page table must still say the same.
 *
 * Threads: a hart's state is under its own lock. An access holds it until the byte has moved, so a fence, which takes it too,
 * has completed when no access can be using what it took away.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "arch/mmu.h"
#include "kernel/core/hart.h"
#include "kernel/core/panic.h"
#include "mm/page.h"

#define TLB_LEAVES   24
#define TLB_TABLES   4
#define FETCH_LINES  64
#define LINE_SIZE    64
#define NEARBY       64                         /* pages: how far from an access a hart guesses */

char *host_ram;
bool soft_faults_on_ad;
bool host_concurrent;
static size_t ram_pages;

struct tlb_leaf {
    uint64_t asid;                              /* 0: empty */
    vaddr_t va;                                 /* of the page */
    uint64_t bits;                              /* the entry as it was; 0: there was none */
    bool trusted;                               /* by a hart that does not look again when they do not suffice */
};

/* A pointer to a leaf table: Privileged spec, SFENCE.VMA: implementations may cache non-leaf entries too. */
struct tlb_table {
    uint64_t asid;
    vaddr_t va;                                 /* first address under it */
    paddr_t table;                              /* 0: there was none */
};

struct fetch_line {
    paddr_t pa;                                 /* 0: empty */
    uint8_t bytes[LINE_SIZE];
};

static struct soft_hart {
    atomic_flag lock;
    struct mmu_id *id;                          /* [lock] runs in it; NULL: in none */
    paddr_t root;                               /* [lock] */
    uint64_t asid;                              /* [lock] */
    struct tlb_leaf leaf[TLB_LEAVES];           /* [lock] */
    struct tlb_table table[TLB_TABLES];         /* [lock] */
    struct fetch_line line[FETCH_LINES];        /* [lock] */
} soft_harts[MMU_MAX_HARTS];

static _Atomic uint64_t next_asid = 1;          /* never used twice */

static struct soft_hart *lock_hart(unsigned h)
{
    while (atomic_flag_test_and_set_explicit(&soft_harts[h].lock, memory_order_acquire))
        hart_relax();
    return &soft_harts[h];
}

static void unlock_hart(struct soft_hart *hart)
{
    atomic_flag_clear_explicit(&hart->lock, memory_order_release);
}

/* ---- memory and chance ---- */

static _Thread_local uint64_t random_state = 1;

void host_seed(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15ul + 1;
}

/* xorshift64*. */
uint64_t host_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dul >> 16;
}

static bool one_in(unsigned n) { return host_random() % n == 0; }

void host_boot_bare(size_t npages, uint64_t seed)
{
    host_use_hart(0);
    host_seed(seed);
    ram_pages = npages;
    host_ram = aligned_alloc(PAGE_SIZE, npages * PAGE_SIZE);
    if (host_ram == NULL)
        panic("host_boot: no memory for %zu frames", npages);
}

void host_boot(size_t npages, uint64_t seed)
{
    host_boot_bare(npages, seed);
    struct range all = { HOST_RAM_BASE, HOST_RAM_BASE + npages * PAGE_SIZE };
    page_init(&all, 1, NULL, 0);
}

/* ---- the walker ---- */

/* A look at what is not this hart's, so there is no lock to take. */
static __attribute__((no_sanitize("thread"))) enum page_use use_of(paddr_t pa)
{
    if (pa < HOST_RAM_BASE || pa >= HOST_RAM_BASE + ram_pages * PAGE_SIZE)
        panic("the walker was led to %#lx, where there is no memory", pa);
    return page_use(phys_to_page(pa));
}

static void expect_table(paddr_t table, vaddr_t va)
{
    unsigned use = use_of(table);
    if (use != PAGE_TABLE)
        panic("a page table of %#lx lies in frame %#lx, whose use is %u", va, table, use);
}

static void expect_in_use(const struct tlb_leaf *leaf)
{
    struct pte pte = { leaf->bits };
    unsigned use = use_of(pte_address(&pte));
    if (use != PAGE_ANON && use != PAGE_FILE)
        panic("a TLB still shows frame %#lx at %#lx, but the use of that frame is %u", pte_address(&pte), leaf->va, use);
}

static uint64_t load_entry(paddr_t table, vaddr_t va, unsigned level, struct pte **where)
{
    expect_table(table, va);
    *where = (struct pte *)phys_to_virt(table) + pte_index(va, level);
    return __atomic_load_n(&(*where)->bits, __ATOMIC_ACQUIRE);
}

/*
 * The leaf for va in the table at root, as it stands there now; 0: none. *where is its entry, *leaf_table its table (0: none).
 * Privileged spec, Virtual Address Translation Process.
 */
static uint64_t walk(paddr_t root, vaddr_t va, struct pte **where, paddr_t *leaf_table)
{
    paddr_t table = root;
    *leaf_table = 0;
    if (va >= USER_END)
        return 0;
    for (unsigned level = MMU_LEVELS - 1; level > 0; level--) {
        struct pte pte = { load_entry(table, va, level, where) };
        if (pte_kind(&pte) == PTE_EMPTY)
            return 0;
        if (pte_kind(&pte) == PTE_LEAF)
            panic("a leaf of level %u at %#lx: mm makes none", level, va);
        table = pte_address(&pte);
    }
    *leaf_table = table;
    uint64_t bits = load_entry(table, va, 0, where);
    if (!(bits & PTE_V))
        return 0;
    if (!(bits & (PTE_R | PTE_X)) || !(bits & PTE_U))
        panic("the leaf %#lx for %#lx is reserved, or not the user's", bits, va);
    return bits;
}

static bool bits_allow(uint64_t bits, enum access access)
{
    return (bits >> PTE_PROT_SHIFT & access) != 0;
}

/* Set A, and D for a store, in the table; or find that this machine faults instead. Privileged spec, Sv39: PTE.A and .D. */
static bool note_access(struct pte *where, uint64_t *bits, enum access access)
{
    uint64_t wanted = *bits | PTE_A | (access == ACCESS_WRITE ? PTE_D : 0);
    if (wanted == *bits)
        return true;
    if (soft_faults_on_ad ||
        !__atomic_compare_exchange_n(&where->bits, bits, wanted, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    *bits = wanted;
    return true;
}

/* ---- the TLB; the hart is locked ---- */

static struct tlb_leaf *find_cached(struct soft_hart *hart, vaddr_t va)
{
    for (unsigned i = 0; i < TLB_LEAVES; i++)
        if (hart->leaf[i].asid == hart->asid && hart->leaf[i].va == va)
            return &hart->leaf[i];
    return NULL;
}

/* At most one leaf for an address: a newer one takes the older one's place. */
static struct tlb_leaf *cache_leaf(struct soft_hart *hart, vaddr_t va, uint64_t bits)
{
    struct tlb_leaf *leaf = find_cached(hart, va);
    if (leaf == NULL)
        leaf = &hart->leaf[host_random() % TLB_LEAVES];
    *leaf = (struct tlb_leaf){ hart->asid, va, bits, one_in(2) };
    return leaf;
}

static void cache_table(struct soft_hart *hart, vaddr_t va, paddr_t table)
{
    va &= ~(mmu_entry_size(1) - 1);
    for (unsigned i = 0; i < TLB_TABLES; i++)
        if (hart->table[i].asid == hart->asid && hart->table[i].va == va)
            return;
    hart->table[host_random() % TLB_TABLES] = (struct tlb_table){ hart->asid, va, table };
}

/* Walk from the root, or from a table that the TLB points to. */
static uint64_t walk_as_hardware(struct soft_hart *hart, vaddr_t va, struct pte **where)
{
    paddr_t leaf_table;
    for (unsigned i = 0; i < TLB_TABLES; i++) {
        const struct tlb_table *cached = &hart->table[i];
        if (cached->asid != hart->asid || cached->va != (va & ~(mmu_entry_size(1) - 1)) || va >= USER_END)
            continue;
        if (cached->table == 0)                 /* by now there may be one */
            return 0;
        if (one_in(4))
            continue;
        uint64_t bits = load_entry(cached->table, va, 0, where);
        return bits & PTE_V ? bits : 0;
    }
    uint64_t bits = walk(hart->root, va, where, &leaf_table);
    if (one_in(leaf_table != 0 ? 2 : 4))
        cache_table(hart, va, leaf_table);
    return bits;
}

static void fill_line(struct soft_hart *hart, paddr_t pa)
{
    struct fetch_line *line = &hart->line[host_random() % FETCH_LINES];
    line->pa = pa;
    const uint8_t *from = phys_to_virt(pa);
    for (unsigned i = 0; i < LINE_SIZE; i++)
        line->bytes[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* Look at an address that nobody has asked for. */
static void guess(struct soft_hart *hart, vaddr_t va)
{
    struct pte *where;
    va = page_down(va);
    if (hart->root == 0 || va >= USER_END)
        return;
    uint64_t bits = walk_as_hardware(hart, va, &where);
    if (bits == 0 || !(bits & PTE_A))           /* Privileged spec: A is not set for a guess that proves wrong */
        return;
    cache_leaf(hart, va, bits);
    if ((bits & PTE_X) && one_in(2)) {
        struct pte pte = { bits };
        fill_line(hart, pte_address(&pte) + (one_in(2) ? 0 : host_random() % (PAGE_SIZE / LINE_SIZE) * LINE_SIZE));
    }
}

static void guess_near(struct soft_hart *hart, vaddr_t va)
{
    guess(hart, va + (host_random() % (2 * NEARBY) - NEARBY) * PAGE_SIZE);
}

static void forget_something(struct soft_hart *hart)
{
    hart->leaf[host_random() % TLB_LEAVES].asid = 0;
    hart->table[host_random() % TLB_TABLES].asid = 0;
    hart->line[host_random() % FETCH_LINES].pa = 0;
}

/* ---- the program's accesses ---- */

/* leaf is about to be used: the page table must say the same, or grant more. */
static void expect_true(const struct tlb_leaf *leaf, paddr_t root)
{
    struct pte *where;
    paddr_t leaf_table;
    struct pte then = { leaf->bits }, now = { walk(root, leaf->va, &where, &leaf_table) };
    if (now.bits == 0 || pte_address(&then) != pte_address(&now) || (pte_prot(&then) & ~pte_prot(&now)) != 0)
        panic("a TLB has %#lx for %#lx, where the page table says %#lx: a fence is missing", then.bits, leaf->va, now.bits);
}

static struct tlb_leaf *translate(struct soft_hart *hart, vaddr_t va, enum access access)
{
    struct pte *where;
    struct tlb_leaf *leaf = find_cached(hart, va);
    if (leaf != NULL && !bits_allow(leaf->bits, access) && leaf->trusted)
        return NULL;                            /* by now the table may grant more */
    if (leaf == NULL || !bits_allow(leaf->bits, access) || (access == ACCESS_WRITE && !(leaf->bits & PTE_D))) {
        uint64_t bits = walk_as_hardware(hart, va, &where);
        if (bits == 0 && one_in(4))
            cache_leaf(hart, va, 0);
        if (bits == 0 || !bits_allow(bits, access) || !note_access(where, &bits, access))
            return NULL;
        leaf = cache_leaf(hart, va, bits);
    }
    expect_in_use(leaf);
    if (!host_concurrent)
        expect_true(leaf, hart->root);
    return leaf;
}

static uint8_t fetch(struct soft_hart *hart, paddr_t pa)
{
    paddr_t line_pa = pa & ~(paddr_t)(LINE_SIZE - 1);
    for (;;) {
        for (unsigned i = 0; i < FETCH_LINES; i++)
            if (hart->line[i].pa == line_pa)
                return hart->line[i].bytes[pa % LINE_SIZE];
        fill_line(hart, line_pa);
    }
}

bool soft_access(vaddr_t va, enum access access, uint8_t *byte)
{
    struct soft_hart *hart = lock_hart(hart_index());
    guess_near(hart, va);
    if (one_in(8))
        forget_something(hart);
    struct tlb_leaf *leaf = translate(hart, page_down(va), access);
    if (leaf != NULL) {
        struct pte pte = { leaf->bits };
        paddr_t pa = pte_address(&pte) + (va & PAGE_MASK);
        uint8_t *at = phys_to_virt(pa);
        if (access == ACCESS_WRITE)
            __atomic_store_n(at, *byte, __ATOMIC_RELAXED);
        else
            *byte = access == ACCESS_EXEC ? fetch(hart, pa) : __atomic_load_n(at, __ATOMIC_RELAXED);
        if (one_in(8))
            leaf->asid = 0;                     /* used, but not kept */
    }
    unlock_hart(hart);
    return leaf != NULL;
}

static void forget_lines(struct soft_hart *hart)
{
    for (unsigned i = 0; i < FETCH_LINES; i++)
        hart->line[i].pa = 0;
}

void soft_fence_fetch(void)
{
    struct soft_hart *hart = lock_hart(hart_index());
    forget_lines(hart);
    unlock_hart(hart);
}

void soft_check(const struct mmu_id *id, paddr_t root)
{
    uint64_t asid = atomic_load(&id->asid);
    for (unsigned h = 0; asid != 0 && h < MMU_MAX_HARTS; h++) {
        struct soft_hart *hart = lock_hart(h);
        for (unsigned i = 0; i < TLB_TABLES; i++)
            if (hart->table[i].asid == asid && hart->table[i].table != 0) {
                struct pte *where;
                paddr_t table;
                walk(root, hart->table[i].va, &where, &table);
                if (table != hart->table[i].table)
                    panic("a TLB points to a table of %#lx at %#lx, which is at %#lx now: a fence is missing",
                          hart->table[i].va, hart->table[i].table, table);
            }
        for (unsigned i = 0; i < TLB_LEAVES; i++)
            if (hart->leaf[i].asid == asid && hart->leaf[i].bits != 0) {
                expect_in_use(&hart->leaf[i]);
                expect_true(&hart->leaf[i], root);
            }
        unlock_hart(hart);
    }
}

/* ---- arch/mmu.h ---- */

void mmu_root_init(paddr_t root)
{
    (void)root;                                 /* the kernel is this program, and needs no mapping */
}

static void run_in(struct mmu_id *id, paddr_t root, uint64_t asid)
{
    struct soft_hart *hart = lock_hart(hart_index());
    hart->id = id;
    hart->root = root;
    hart->asid = asid;
    unlock_hart(hart);
}

void mmu_activate(struct mmu_id *id, paddr_t root)
{
    uint64_t none = 0;
    if (id == NULL) {
        run_in(NULL, 0, 0);
        return;
    }
    if (atomic_load(&id->asid) == 0)
        atomic_compare_exchange_strong(&id->asid, &none, atomic_fetch_add(&next_asid, 1));
    run_in(id, root, atomic_load(&id->asid));
}

bool mmu_root_loaded(paddr_t root)
{
    bool found = false;
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++) {
        struct soft_hart *hart = lock_hart(h);
        found = found || hart->root == root;
        unlock_hart(hart);
    }
    return found;
}

/*
 * Forget what hart has cached for id: the leaf for va, or all (va NO_VA). What is forgotten must be in its old use still:
 * nobody gives a frame back before its fence. The harts that run in id look at va once more on either side of the fence, so
 * that a fence too early or too late leaves its mark.
 */
#define NO_VA UINT64_MAX

static void fence_hart(unsigned h, struct mmu_id *id, vaddr_t va)
{
    struct soft_hart *hart = lock_hart(h);
    uint64_t asid = atomic_load(&id->asid);
    for (unsigned i = 0; asid != 0 && i < TLB_LEAVES; i++)
        if (hart->leaf[i].asid == asid && (va == NO_VA || hart->leaf[i].va == page_down(va))) {
            if (hart->leaf[i].bits != 0)
                expect_in_use(&hart->leaf[i]);
            hart->leaf[i].asid = 0;
        }
    for (unsigned i = 0; asid != 0 && va == NO_VA && i < TLB_TABLES; i++)
        if (hart->table[i].asid == asid) {
            if (hart->table[i].table != 0)
                expect_table(hart->table[i].table, hart->table[i].va);
            hart->table[i].asid = 0;
        }
    if (hart->id == id && va != NO_VA)
        guess(hart, va);
    unlock_hart(hart);
}

uint64_t mmu_fence_page(struct mmu_id *id, vaddr_t va)
{
    atomic_thread_fence(memory_order_seq_cst);
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        fence_hart(h, id, va);
    return atomic_load(&id->harts);
}

uint64_t mmu_fence_all(struct mmu_id *id)
{
    atomic_thread_fence(memory_order_seq_cst);
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        fence_hart(h, id, NO_VA);
    return atomic_load(&id->harts);
}

void mmu_fence_local(struct mmu_id *id)
{
    fence_hart(hart_index(), id, NO_VA);
}

void mmu_fence_fetch(void)
{
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++) {
        struct soft_hart *hart = lock_hart(h);
        forget_lines(hart);
        unlock_hart(hart);
    }
}

/* ---- words and pages; another hart may guess while they are moved ---- */

static void meanwhile(void)
{
    struct soft_hart *hart = lock_hart(host_random() % MMU_MAX_HARTS);
    for (unsigned i = 0; i < TLB_LEAVES; i++)
        if (hart->asid != 0 && hart->leaf[i].asid == hart->asid) {
            guess_near(hart, hart->leaf[i].va);
            break;
        }
    unlock_hart(hart);
}

void page_zero(void *page)
{
    meanwhile();
    memset(page, 0, PAGE_SIZE);
}

void page_copy(void *to, const void *from)
{
    meanwhile();
    memcpy(to, from, PAGE_SIZE);
}

void bytes_copy(void *to, const void *from, size_t size_bytes) { memcpy(to, from, size_bytes); }

void words_zero(void *start, size_t size_bytes)
{
    memset(start, 0, size_bytes);
}
