/*
 * observe.h - what life.c shows: one load or store with the faults that it takes, and what has become of a mapping.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PAGE = 4096, ALL_PAGES = 32 };           /* 32: the range is one neighbourhood (mm/near.h) */

extern char *base;                              /* where pages are counted from */
extern const char *speaker;                     /* begins each line */
extern bool shown;                              /* false: whatever is called prints nothing */

/* Where a page begins. */
static inline char *place(size_t page) { return base + page * PAGE; }

/* Access one byte, and print what came of it, and the cases of the faults (mm/fault.c). */
void load(size_t page);
void store(size_t page, char byte);

/* Print a line about the mapping that begins at page. */
void show(size_t page);
