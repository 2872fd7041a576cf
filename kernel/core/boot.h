/*
 * boot.h - the words of the boot line, and random numbers. "name=value" words before "--" are
 * options of the kernel; the words after it are the arguments of init.
 */
#pragma once

#include <stdint.h>

/* Ticks from the first line of C to the entry of the first program; /proc/vmstat shows them. */
extern uint64_t boot_ticks;

/* Cut the boot line into words; once, before the functions below. */
void boot_parse(void);

/* The value of option name ("" for a bare word), or NULL. */
const char *boot_option(const char *name);

/* The same as a decimal number; fallback when absent; when malformed also, with a line on the console. */
unsigned long boot_number(const char *name, unsigned long fallback);

/* The words after "--", NULL-terminated, behind a place for argv[0]. */
const char **boot_init_args(void);

/*
 * Numbers that a program cannot guess easily: for AT_RANDOM, not for cryptography. Seeded from the
 * device tree's rng-seed, or from the boot line's seed=N, which makes a run repeatable.
 */
void random_init(void);
uint64_t random_u64(void);
