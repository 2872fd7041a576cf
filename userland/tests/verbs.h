/*
 * verbs.h - the parts of the program verbs, and what they share. verbs.c says what it is for.
 */
#ifndef TESTS_VERBS_H
#define TESTS_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES   4096ul
#define PAGES(n)     ((size_t)(n) * PAGE_BYTES)

/*
 * All that the verbs are about is a window of pages: 0 to ARENA_PAGES - 1 are the arena, at one address everywhere, with a
 * boundary between two tables of a page table of any depth in its middle; behind it are the first pages of the heap.
 */
#define ARENA_PAGES  96
#define HEAP_PAGES   16
#define WINDOW_PAGES (ARENA_PAGES + HEAP_PAGES)
#define ARENA        ((uintptr_t)0x1000000000 - PAGES(ARENA_PAGES / 2))

#define FILES        3                          /* descriptors: 0 and 1 are two files, 2 is file 1 opened to be read only */
#define FILE_PAGES   16
#define PROCESSES    5
#define ARGS_MAX     7
#define OPERATIONS_MAX 20000

/* ---- operations (verbs_text.c) ---- */

struct operation {
    uint8_t verb;
    int32_t arg[ARGS_MAX];
};

enum prot   { PROT_OF_NONE, PROT_OF_R, PROT_OF_RW, PROT_OF_RX, PROT_OF_RWX };
enum memory { PRIVATE, SHARED, PRIVATE_ZERO, SHARED_ZERO, PRIVATE_FILE, SHARED_FILE = PRIVATE_FILE + FILES,
              NEITHER = SHARED_FILE + FILES };
enum place  { FIXED, NOREPLACE, HINT, ANYWHERE };
enum bring  { LAZY, POPULATE, LOCKED };
enum move   { STAY, MAY_MOVE, TO, KEEP, KEEP_ANYWHERE, TO_BUT_STAY };
enum sync   { SYNC, ASYNC, INVALIDATE, SYNC_INVALIDATE, SYNC_ASYNC };
enum lock   { LOCK_NOW, LOCK_ON_FAULT, UNLOCK };
enum touch  { LOAD, STORE };

/* What each verb does (verbs_map.c, verbs_touch.c); its arguments are those of its row in verbs_text.c. */
typedef void verb_fn(const int32_t *arg);
verb_fn do_mmap, do_munmap, do_mprotect, do_mremap, do_madvise, do_mincore, do_msync, do_lock, do_brk, do_sbrk;
verb_fn do_load, do_store, do_fill, do_look, do_code, do_call, do_dies;
verb_fn do_pread, do_pwrite, do_read, do_write, do_pipe, do_lseek, do_ftruncate;
verb_fn do_maps, do_sweep;
verb_fn do_fork, do_turn, do_exit;              /* verbs.c */

/* A random sequence of that many operations, which follows from the seed alone: not from what any of them answers. */
void sequence_roll(struct operation *operations, unsigned count, uint64_t seed);

/* Text of an operation, without a newline; and back. False: it is none. */
void operation_print(const struct operation *operation, char *text, size_t size);
bool operation_parse(const char *text, struct operation *operation);
void operation_do(const struct operation *operation);

/* ---- answers (verbs.c) ---- */

/* Add to the answer of the operation that is being done. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* This machine cannot do what is needed here: end everything, with status 77. */
__attribute__((noreturn)) void cannot(const char *what);

extern unsigned me;                             /* number of this process, from 0 */

/* ---- the window (verbs_window.c) ---- */

/* Make everything that verbs are about, in a process that is new. */
void window_make(void);

#endif
