/*
 * sv39.h - the direct map; the page-table entry is in pte.h.
 * Owns: the kernel's memory layout.
 *
 * The kernel's half:
 *   DIRECT_BASE + pa    all of physical memory and the devices, in the largest leaves that fit; the kernel's image is in it
 *   KSTACK_BASE         kernel stacks, each with an unmapped guard as large as itself below
 */
#pragma once

#define DIRECT_BASE 0xffffffc000000000ul
#define DIRECT_SIZE (32ul << 30)                /* physical addresses the kernel can use */
#define KSTACK_BASE 0xffffffe000000000ul
#define KSTACK_END  (KSTACK_BASE + (18ul << 20))    /* room for 576 of them, in nine tables */

static inline void *phys_to_virt(paddr_t pa) { return (void *)(DIRECT_BASE + pa); }
static inline paddr_t virt_to_phys(const void *va) { return (paddr_t)va - DIRECT_BASE; }

void page_zero(void *page);
extern uint32_t page_zero_block;        /* bytes that cbo.zero zeroes at once; 0: page_zero stores words */
void page_zero_probe(void *page);       /* find that out, with a page that nobody uses. On one hart, before the others start */
void page_copy(void *to, const void *from);
void words_zero(void *start, size_t size_bytes);
void bytes_copy(void *to, const void *from, size_t size_bytes);

/* tp points at this hart's struct hart, whose first field is its index. */
static inline uint64_t hart_index(void)
{
    uint64_t index;
    __asm__ volatile("ld %0, 0(tp)" : "=r"(index));
    return index;
}

#include "arch/riscv/pte.h"

static inline uint64_t pte_load(const struct pte *pte) { return pte->bits; }

/* Unprivileged spec, "A" extension: one instruction, where a fence and a store are two. */
static inline void pte_publish(struct pte *pte, uint64_t bits)
{
    __asm__ volatile("amoswap.d.rl zero, %1, %0" : "+A"(pte->bits) : "r"(bits) : "memory");
}
