/*
 * random.h - numbers that a program cannot guess easily: for AT_RANDOM. Not for cryptography.
 * Seeded from the device tree's rng-seed, or from the boot line's seed=N, which makes a run repeatable.
 */
#pragma once

#include <stdint.h>

void random_init(void);
uint64_t random_u64(void);
