/*
 * symbols.h - names of the kernel's functions, from a table that the build makes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ksym {
    uint64_t addr;
    const char *name;
};

extern const struct ksym ksyms[];       /* sorted by address */
extern const size_t nksyms;

/* The function that contains addr, and how far in; NULL: none. */
const char *symbol_find(uint64_t addr, uint64_t *offset);
