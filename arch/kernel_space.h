/*
 * kernel_space.h - the kernel's own mappings.
 */
#pragma once

#include <stdint.h>

#include "arch/riscv/offsets.h"

#define KSTACK_SIZE (1ul << KSTACK_SHIFT)

/*
 * Once, after page_init: the direct map with W^X, and the region of stacks. max_asids: use no more ASIDs than that, to see
 * them run out; fewer than two for each hart and two more are as good as none.
 */
void mmu_init(uint64_t max_asids);
void mmu_init_hart(void);               /* on every hart: leave the first page table, and forget what was seen before */

/*
 * A kernel stack: KSTACK_SIZE bytes, lowest address, an unmapped guard of the same size below. NULL without memory.
 * Free stacks are kept mapped; drop_caches gives their frames back.
 */
char *kstack_alloc(void);
void kstack_free(char *stack);
void kstack_drop_caches(void);
