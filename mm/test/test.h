/*
 * test.h - the runner of the unit tests.
 * Each case runs in a process of its own, on a machine of its own with TEST_FRAMES frames. It passes when it returns, all
 * invariants hold and every frame is free again; or, when the case says so, when mm panics with the words it names.
 */
#pragma once

#include "mm/test/world.h"

#define TEST_FRAMES  4096               /* 16 MiB: room for as many VMAs as there may be */

struct test_case {
    const char *name;                   /* NULL ends a table */
    void (*run)(void);
    const char *panics;                 /* the case must end in a panic whose message contains this */
    bool bare;                          /* the case boots the machine itself */
};

/* One table for each file of mm, and for what it stands on. */
extern const struct test_case page_cases[], slab_cases[], radix_cases[], vma_cases[], pmap_cases[], anon_cases[],
    object_cases[], addrspace_cases[], map_cases[], mremap_cases[], advise_cases[], cut_cases[], fault_cases[],
    ahead_cases[], commit_cases[], uaccess_cases[], check_cases[], machine_cases[], lock_cases[], reclaim_cases[], policy_cases[],
    writeback_cases[],
    trace_cases[];

/* ---- judging: a case ends at the first that is wrong ---- */

#define check(condition) ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, "is false: %s", #condition))
#define check_eq(actual, expected) test_check_eq(__FILE__, __LINE__, #actual, (long)(actual), (long)(expected))

_Noreturn __attribute__((format(printf, 3, 4))) void test_fail(const char *file, int line, const char *format, ...);
void test_check_eq(const char *file, int line, const char *what, long actual, long expected);

/* Each function of mm that may fail, with every allocation of it failing once: what(arg) until no allocation fails. */
typedef int test_attempt(void *arg);
void check_fails_cleanly(test_attempt *attempt, void *arg, void (*unchanged)(void *arg));

/*
 * An address space for such attempts, of which a fork shares every node and anon, so that a change must copy: a heap of 100
 * pages at SCENE_AT, each third of them stored to, and a page that may only be read 300 pages from there.
 */
struct scene {
    struct addrspace *as, *other;
};
#define SCENE_AT ((vaddr_t)0x400000)
struct scene scene_make(void);
void scene_end(struct scene *scene);
