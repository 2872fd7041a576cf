/*
 * mmu.h - what mm/ asks of a machine.
 * Owns: the contract. arch/riscv implements it on Sv39 hardware, arch/host on simulated memory.
 * Does not own: any policy; nothing here decides what is mapped (mm/pmap.c does).
 *
 * A page table is a tree of MMU_LEVELS levels of tables, one page each; level 0 holds the leaves.
 * mm/ sees an entry only through the functions below and never its bits:
 *
 *   struct pte *pte_find(paddr_t root, vaddr_t va, unsigned level)   the entry for va at a level, NULL when no table is there
 *   enum pte_kind pte_kind(const struct pte *)                       PTE_EMPTY, PTE_LEAF or PTE_TABLE
 *   paddr_t pte_address(const struct pte *)                          of the page or the next table
 *   unsigned pte_prot(const struct pte *)                            PROT_ bits of a leaf
 *   void pte_set(struct pte *, paddr_t, unsigned prot)               make a user leaf; A is set, D when writable, so that
 *                                                                    hardware that updates them and hardware that faults
 *                                                                    behave alike
 *   void pte_set_fresh(struct pte *, paddr_t, unsigned prot)         the same, A clear
 *   bool pte_touched(const struct pte *)                             A is set: a leaf that was fresh has been touched
 *   void pte_set_table(struct pte *, paddr_t)                        what was stored to the page or table is seen by whoever
 *                                                                    sees an entry that these two make
 *   void pte_clear(struct pte *)
 *
 *   void *phys_to_virt(paddr_t), paddr_t virt_to_phys(const void *)  the direct map
 *   void page_zero(void *page), page_copy(void *to, const void *from), words_zero(void *start, size_t size_bytes)
 *   void bytes_copy(void *to, const void *from, size_t size_bytes)   as memcpy, by words when both are aligned alike
 *   uint64_t hart_index(void)                                        0 .. MMU_MAX_HARTS - 1
 */
#pragma once

#include <stdatomic.h>

#include "arch/types.h"

#define MMU_LEVELS       3
#define MMU_TABLE_SPAN   512                    /* entries of a table */
#define MMU_MAX_HARTS    8
#define USER_END         ((vaddr_t)1 << 38)     /* the lower half of Sv39; the upper belongs to the kernel */

enum pte_kind { PTE_EMPTY, PTE_LEAF, PTE_TABLE };

/* How much address space one entry of a level covers, in bytes. */
static inline size_t mmu_entry_size(unsigned level) { return PAGE_SIZE << (9 * level); }

/* What the hardware knows an address space by. Written by the MMU code only. */
struct mmu_id {
    _Atomic uint64_t asid;                      /* generation and ASID; 0: none yet */
    _Atomic uint64_t harts;                     /* harts that run in it now, a bit each */
    _Atomic uint64_t stale;                     /* harts that must forget its translations before they run in it */
};

#if defined(__riscv)
#include "arch/riscv/sv39.h"
#else
#include "arch/host/softmmu.h"
#endif

/* Fill the kernel's half of a new, zeroed root table. */
void mmu_root_init(paddr_t root);

/* Run with this address space on this hart from now on; id NULL: with none, only the kernel. */
void mmu_activate(struct mmu_id *id, paddr_t root);

/* True when root is loaded on some hart. */
bool mmu_root_loaded(paddr_t root);

/*
 * Make every hart forget the leaf for va, or everything of this address space: those in id->harts
 * before this returns, the others before they next run in it. Returns the former, a bit each. A
 * fence for an address orders leaves only: whoever frees a table asks for everything. Privileged
 * spec, SFENCE.VMA; SBI 1.0, RFENCE.
 */
uint64_t mmu_fence_page(struct mmu_id *id, vaddr_t va);
uint64_t mmu_fence_all(struct mmu_id *id);

/*
 * Make this hart alone look again: after a spurious fault. It may have cached that a leaf grants
 * too little, or that there was none, or that there was no table; the last is nothing that a fence
 * for an address takes away.
 */
void mmu_fence_local(struct mmu_id *id);

/* Make instruction fetches on all harts see what has been stored before. Unprivileged spec, FENCE.I. */
void mmu_fence_fetch(void);
