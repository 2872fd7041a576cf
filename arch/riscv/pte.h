/*
 * pte.h - the Sv39 page-table entry. The simulated machine (arch/host) has the same one.
 * Owns: the layout of an entry (Privileged spec, Sv39), finding one in memory.
 *
 *   63      54 53                 10 9  8 7 6 5 4 3 2 1 0
 *  +----------+---------------------+----+-+-+-+-+-+-+-+-+
 *  | reserved |  physical page      | SW |D|A|G|U|X|W|R|V|
 *  +----------+---------------------+----+-+-+-+-+-+-+-+-+
 */
#pragma once

struct pte {
    uint64_t bits;
};

enum {
    PTE_V = 1 << 0,
    PTE_R = 1 << 1,
    PTE_W = 1 << 2,
    PTE_X = 1 << 3,
    PTE_U = 1 << 4,
    PTE_G = 1 << 5,
    PTE_A = 1 << 6,
    PTE_D = 1 << 7,
};

/* PROT_READ, WRITE and EXEC are R, W and X shifted by one. */
#define PTE_PROT_SHIFT 1

/* As it is now: hardware may set A at any time, see pte_set_fresh. The machine's header has it. */
static inline uint64_t pte_load(const struct pte *pte);

static inline enum pte_kind pte_kind(const struct pte *pte)
{
    uint64_t bits = pte_load(pte);
    if (!(bits & PTE_V))
        return PTE_EMPTY;
    return bits & (PTE_R | PTE_W | PTE_X) ? PTE_LEAF : PTE_TABLE;
}

static inline paddr_t pte_bits_address(uint64_t bits)
{
    return (bits >> 10 & ((1ul << 44) - 1)) << PAGE_SHIFT;
}

static inline paddr_t pte_address(const struct pte *pte) { return pte_bits_address(pte_load(pte)); }

static inline unsigned pte_prot(const struct pte *pte)
{
    return pte_load(pte) >> PTE_PROT_SHIFT & PROT_ALL;
}

/* One aligned 64-bit store, so that no hart's walker sees half an entry. */
static inline void pte_store(struct pte *pte, uint64_t bits)
{
    __atomic_store_n(&pte->bits, bits, __ATOMIC_RELAXED);
}

static inline uint64_t pte_leaf_bits(paddr_t pa, unsigned prot, unsigned more)
{
    uint64_t dirty = prot & PROT_WRITE ? PTE_D : 0;
    return pa >> PAGE_SHIFT << 10 | (prot << PTE_PROT_SHIFT | dirty | PTE_V | more);
}

/*
 * The same for an entry that leads to a page or a table, with release order: what has been stored
 * there comes first for every hart that goes by this entry. Otherwise a hart could see a new page
 * as it was before it was zeroed. In sv39.h, softmmu.h.
 */
static inline void pte_publish(struct pte *pte, uint64_t bits);

static inline void pte_set(struct pte *pte, paddr_t pa, unsigned prot)
{
    pte_publish(pte, pte_leaf_bits(pa, prot, PTE_U | PTE_A));
}

/* The same without A: the hardware sets it at the first access, or faults there; then pte_set does. Until then: not touched. */
static inline void pte_set_fresh(struct pte *pte, paddr_t pa, unsigned prot)
{
    unsigned low = pte_leaf_bits(0, prot, PTE_U);               /* of 32 bits, so that many leaves have it made once */
    pte_publish(pte, pa >> PAGE_SHIFT << 10 | low);
}

static inline bool pte_touched(const struct pte *pte)
{
    return pte_load(pte) & PTE_A;
}

static inline void pte_set_table(struct pte *pte, paddr_t pa)
{
    pte_publish(pte, pa >> PAGE_SHIFT << 10 | PTE_V);
}

static inline void pte_clear(struct pte *pte)
{
    pte_store(pte, 0);
}

static inline unsigned pte_index(vaddr_t va, unsigned level)
{
    return va >> (PAGE_SHIFT + 9 * level) & 511;
}

static inline struct pte *pte_find(paddr_t root, vaddr_t va, unsigned level)
{
    struct pte *table = phys_to_virt(root);
#pragma GCC unroll 2
    for (unsigned l = MMU_LEVELS - 1; l > level; l--) {
        uint64_t bits = pte_load(&table[pte_index(va, l)]);
        if (!(bits & PTE_V))
            return NULL;
        table = phys_to_virt(pte_bits_address(bits));
    }
    return &table[pte_index(va, level)];
}
