/*
 * lazymore.h - the parts of the program lazymore: one table of cases for each.
 */
#ifndef TESTS_LAZYMORE_H
#define TESTS_LAZYMORE_H

#include "tap.h"

extern const struct test_case heap_cases[];     /* lazy_heap.c: sbrk, brk, first touches, giving back */
extern const struct test_case ahead_cases[];    /* lazy_ahead.c: pages filled ahead of a walk */
extern const struct test_case call_cases[];     /* lazy_calls.c: untouched memory in system calls */
extern const struct test_case fork_cases[];     /* lazy_fork.c: copy-on-write, fault counters, registers */
extern const struct test_case oom_cases[];      /* lazy_oom.c: when memory runs out */
extern const struct test_case exec_cases[];     /* lazy_exec.c: new programs */
extern const struct test_case stack_cases[];    /* lazy_stack.c: stacks in odd places, rights of pages */

/* ---- for several parts ---- */

#define TARGET "/tests/target"                  /* target.c: the program that cases exec */

/* child_fn: one access at va; survives only when it is allowed. */
void load_at(uintptr_t va);
void store_at(uintptr_t va);
void fetch_at(uintptr_t va);

/* child_fn: sleep until killed. */
void sleep_forever(uintptr_t unused);

/* Pages that are in use for the contents of private memory and for nothing else. */
long anon_pages(void);

/* Touch fresh heap pages until only npages frames are free for ordinary processes. The process may be killed for lack of memory on the way. */
void memory_fill(long npages);

#endif
