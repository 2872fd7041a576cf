/*
 * offsets.h - what assembly knows of C's structures and of the memory layout; context.c asserts the
 * offsets.
 */
#pragma once

#define HART_SCRATCH0   8
#define HART_FRAME      16
#define HART_EMERGENCY  24

#define KSTACK_SHIFT    14              /* a kernel stack is 2^14 bytes, aligned to twice that, its guard below it */

#define DIRECT_OFFSET   0xffffffc000000000
