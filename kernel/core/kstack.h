/*
 * kstack.h - kernel stacks: KSTACK_SIZE bytes each, with an unmapped guard of the same size below.
 */
#pragma once

#include "arch/kernel_space.h"

/* Where stacks get their frames: the core lies below the frame allocator, so it is handed these once, at start. */
struct kstack_frames {
    paddr_t (*get)(void);               /* 0: none left */
    void (*put)(paddr_t frame);
};
void kstack_init(const struct kstack_frames *frames);

/* The lowest address of a stack; NULL without memory. Stacks that are free stay mapped, for the next one. */
char *kstack_alloc(void);
void kstack_free(char *stack);

/* Give the frames of free stacks back. Returns how many. */
size_t kstack_drop_caches(void);
