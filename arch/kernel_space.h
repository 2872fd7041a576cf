/*
 * kernel_space.h - the kernel's own mappings.
 */
#pragma once

#include <stdint.h>

#include "arch/types.h"

#include "arch/riscv/offsets.h"

#define KSTACK_SIZE (1ul << KSTACK_SHIFT)

/*
 * Once, when there are frames: the direct map with W^X, and the tables of the region of stacks.
 * max_asids: use no more ASIDs than that, to see them run out; fewer than two for each hart and two
 * more are as good as none. new_table returns a zeroed frame, or 0.
 */
void mmu_init(uint64_t max_asids, paddr_t (*new_table)(void));
void mmu_init_hart(void);               /* on every hart: leave the first page table, and forget what was seen before */

/*
 * Pages of the region of stacks, KSTACK_BASE to KSTACK_END. A change counts once it is fenced, on
 * all harts: fence before use of a new page, and of the frame of an old one, which unmap returns.
 */
void mmu_kernel_map(vaddr_t va, paddr_t pa);
paddr_t mmu_kernel_unmap(vaddr_t va);
void mmu_kernel_fence(vaddr_t start, size_t size);
