/*
 * model.h - what mm should do, written for obviousness: an address space is an array of pages, a page is a right and bytes.
 * There is no sharing of nodes, no table, no VMA, and no lock. It is slow and knows only a small world of pages.
 */
#pragma once

#include "arch/mmu.h"
#include "mm/fault.h"
#include "mm/addrspace.h"

#define MODEL_PAGES   256               /* in stretches, see model_va */
#define MODEL_STRETCH 64
#define MODEL_SPACES  5
#define MODEL_FILES   3                 /* objects that are there from beginning to end */
#define MODEL_MEMORY  3                 /* and those that are there while somebody maps them */
#define MODEL_OBJECTS (MODEL_FILES + MODEL_MEMORY)
#define OBJECT_PAGES  40                /* at most */

/* The bytes of a private page. Each address space that can reach it counts once. */
struct contents {
    unsigned refs;
    uint8_t bytes[PAGE_SIZE];
};

struct model_page {
    bool mapped;
    uint8_t prot, denied;               /* PROT_ */
    uint8_t flags;                      /* VMA_ */
    enum vma_kind kind;
    bool shared;
    int object;                         /* -1: none */
    uint64_t index;                     /* in object */
    struct contents *own;               /* NULL: none yet */
    bool fetch_fence;                   /* stored to while it was executable: the program has to fence before it fetches */
};

struct model_space {
    bool exists;
    struct model_page page[MODEL_PAGES];
    vaddr_t brk_base, brk;
    uint8_t lock_future;                /* flags of what is mapped from now on */
    uint64_t mapped_max, locked_max;    /* pages */
};

struct model_remap {
    unsigned from, old_npages, new_npages, to;
    bool may_move, fixed, keep;
    unsigned start, end;                /* of the VMA with from: the model knows pages, and leaves VMAs to the kernel */
};

struct model_object {
    size_t size_bytes;
    uint8_t source[OBJECT_PAGES * PAGE_SIZE];
    uint8_t bytes[OBJECT_PAGES * PAGE_SIZE];    /* as it is now: source, and what was written and stored */
    bool stored[OBJECT_PAGES];
};

extern struct model_space model_space[MODEL_SPACES];
extern struct model_object model_object[MODEL_OBJECTS];

void model_reset(void);

/* The address of page number page of the model's world, and back; -1: not in it, so nothing is ever mapped there. */
vaddr_t model_va(unsigned page);
int model_page_at(vaddr_t va);

/*
 * The verbs, with the results of mm's, but for what only wrong addresses and no memory bring. npages from page on must lie in
 * one stretch, except for unmap.
 */
void model_create(struct model_space *s, vaddr_t brk_base);
void model_fork(const struct model_space *parent, struct model_space *child);
void model_destroy(struct model_space *s);
int model_map(struct model_space *s, unsigned page, unsigned npages, const struct model_page *how, bool replace);
int model_within_limits(const struct model_space *s, unsigned npages, unsigned replaced, uint8_t flags);
vaddr_t model_room(const struct model_space *s, size_t len);    /* where as_map without an address goes; 0: nowhere */
bool model_is_free(const struct model_space *s, vaddr_t start, vaddr_t end);
void model_unmap(struct model_space *s, vaddr_t start, vaddr_t end);
int model_protect(struct model_space *s, unsigned page, unsigned npages, unsigned prot);
int model_set_brk(struct model_space *s, vaddr_t new_brk);
int model_remap(struct model_space *s, const struct model_remap *how, vaddr_t *out);
int model_forget(struct model_space *s, unsigned page, unsigned npages, bool zero_filled_only);
int model_advise(struct model_space *s, unsigned page, unsigned npages, uint8_t clear, uint8_t set);
int model_lock(struct model_space *s, unsigned page, unsigned npages, uint8_t flags);
int model_lock_all(struct model_space *s, uint8_t flags, bool now, bool future);
int model_sync(const struct model_space *s, unsigned page, unsigned npages, bool invalidate);

/* Does anybody map it? */
bool model_object_mapped(unsigned object);

/* An object that grows or shrinks: no byte beyond the end survives, nor does a private copy of a page beyond it. */
void model_resize(unsigned object, size_t size_bytes);

/* Its bytes have changed: who executes them has to fence. */
void model_changed(unsigned object);

/* What must happen at va: 0 and the case, or the error and FAULT_SEGV or FAULT_BUS. */
int model_case(const struct model_space *s, vaddr_t va, enum access access, enum fault_case *which);

/* Does that case change contents, so that it must happen exactly once, whatever the page table says? */
bool case_makes_page(enum fault_case which);

/* Let it happen. Returns the page's bytes. */
uint8_t *model_touch(struct model_space *s, vaddr_t va, enum access access);

/* How many contents there are. */
size_t model_contents(void);

/* How many pages are promised that only memory or swap can hold. */
size_t model_committed(void);

/* Everything that can be asked of as without a fault is as in the model; panics with the page if not. */
void model_verify(struct model_space *s, struct addrspace *as, struct vm_object *const object[MODEL_OBJECTS]);
