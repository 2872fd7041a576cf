/*
 * softmmu.h - the machine of arch/mmu.h in software: memory is a block of this program's own.
 * The page-table entry is the hardware's; what walks it is softmmu.c. Tests use arch/host/host.h.
 */
#pragma once

#define HOST_RAM_BASE 0x80000000ul              /* physical address of the block, as on the real machine */

extern char *host_ram;

static inline void *phys_to_virt(paddr_t pa) { return host_ram + (pa - HOST_RAM_BASE); }
static inline paddr_t virt_to_phys(const void *va) { return (paddr_t)((const char *)va - host_ram) + HOST_RAM_BASE; }

void page_zero(void *page);
void page_copy(void *to, const void *from);
void words_zero(void *start, size_t size_bytes);
void bytes_copy(void *to, const void *from, size_t size_bytes);

extern _Thread_local void *host_self;

/* The first field of struct hart, as on the real machine. */
static inline uint64_t hart_index(void) { return *(const uint64_t *)host_self; }

#include "arch/riscv/pte.h"

static inline uint64_t pte_load(const struct pte *pte) { return __atomic_load_n(&pte->bits, __ATOMIC_RELAXED); }
static inline void pte_publish(struct pte *pte, uint64_t bits) { __atomic_store_n(&pte->bits, bits, __ATOMIC_RELEASE); }
