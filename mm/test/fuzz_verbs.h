/*
 * fuzz_verbs.h - what the verbs of the fuzzer have in common: what the bytes of an op mean, and what of an answer must agree.
 * Read next: fuzz_ranges.c, fuzz_access.c, fuzz_objects.c, the verbs; fuzz.c, the table of them and who runs it.
 */
#pragma once

#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/test/fuzz.h"
#include "mm/test/model.h"
#include "mm/test/world.h"

#define HEAP_PAGE MODEL_STRETCH                 /* the second stretch */
#define COPY_MAX  (255 * 97)                    /* bytes */

/* Of mm, what model_space and model_object are of the model. A memory object is NULL while nobody maps it. */
extern struct addrspace *fuzz_space[MODEL_SPACES];
extern struct vm_object *fuzz_object[MODEL_OBJECTS];
extern bool fuzz_armed;                         /* the verb may be refused memory */

/* ---- what an op's bytes mean ---- */

static inline unsigned op_page(const struct op *op) { return op->page % MODEL_PAGES; }
static inline vaddr_t op_va(const struct op *op) { return model_va(op_page(op)) + op->offset % PAGE_SIZE; }

/* How many pages there are from page on to the end of its stretch. */
static inline unsigned left_in_stretch(unsigned page) { return MODEL_STRETCH - page % MODEL_STRETCH; }

/* Pages from op's page on, within its stretch: at least one. */
static inline unsigned op_npages(const struct op *op) { return op->count % left_in_stretch(op_page(op)) + 1; }

/* As the system calls do, since a leaf cannot be writable alone. */
static inline unsigned op_prot(const struct op *op)
{
    unsigned prot = op->rights & PROT_ALL;
    return prot & PROT_WRITE ? prot | PROT_READ : prot;
}

/* ---- comparing ---- */

#define expect_eq(actual, expected) fuzz_expect_equal(__FILE__, __LINE__, #actual, (int64_t)(actual), (int64_t)(expected))
void fuzz_expect_equal(const char *file, int line, const char *what, int64_t actual, int64_t expected);

/* Has an allocation failed that the verb did not need: a frame to read ahead into? */
bool only_read_ahead_failed(int err);

/* Was the verb refused memory? Then err must say so. */
bool refused(int err);

/* Since the verb began this thread has taken exactly these faults; the second looks only at those that make a page or fail. */
void expect_faults(const struct fault_counts *expected);
void expect_made(const struct fault_counts *expected);
uint64_t faults_so_far(enum fault_case which);
void faults_from_here(void);           /* the verb begins anew, as far as they are concerned */

/* ---- the verbs ---- */

typedef void fuzz_verb(const struct op *op, struct model_space *s, struct addrspace **as);

fuzz_verb do_create, do_destroy, do_fork;
fuzz_verb do_map, do_map_over, do_map_memory, do_map_anywhere, do_unmap, do_protect, do_brk, do_remap, do_bad_range, do_limit;
fuzz_verb do_forget, do_advise, do_lock, do_lock_all, do_sync;
fuzz_verb do_load, do_store, do_walk, do_fetch, do_copy_to, do_copy_from, do_zero, do_string;
fuzz_verb do_populate_user, do_populate, do_populate_mapped, do_resident;
fuzz_verb do_read_object, do_pin_read, do_write_object, do_resize_object, do_chaos, do_drop;
fuzz_verb do_reclaim, do_swap_off;

void fuzz_swap_off(void);               /* if it is on */

/* Memory that nobody maps any more is gone. Returns how many objects there are left. */
size_t fuzz_forget_memory(void);
