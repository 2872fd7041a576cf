/*
 * addrspace.h - an address space and its verbs: create, fork, destroy; map, unmap, protect, brk.
 * Owns: struct addrspace and the family of those that fork has made from one exec.
 * Does not own: contents and translations; every verb changes the VMAs and lets the layers below
 * forget what they must.
 */
#pragma once

#include <stdatomic.h>
#include <sys/queue.h>

#include "arch/types.h"
#include "kernel/core/lock.h"
#include "kernel/core/trace.h"
#include "mm/pmap.h"
#include "mm/radix.h"
#include "mm/vma.h"

struct thread;

struct family {
    struct mutex lock;
    size_t members;                     /* [lock] */
    LIST_HEAD(, addrspace) list;        /* [lock] */
};

/* A neighbourhood: a lock for the 32 pages around a fault, and what is remembered about them. See near.h. */
#define NEAR_BITS  4
#define NEAR_COUNT (1u << NEAR_BITS)

struct near {
    struct mutex lock;
    uint64_t about;                     /* [lock] the address space's generation, and the first of the pages: see near_about */
    struct vma *vma;                    /* [lock] the VMA last found here; NULL: not looked for */
    struct radix_node *node;            /* [lock] the bottom node, its path exclusive; NULL: none, shared, or not looked for */
    struct pte *entries;                /* [lock] of the pages, in the page table; NULL: no table, or not looked for */
};

/* What it may have in bytes, from setrlimit(2). Beyond that verbs say -ENOMEM; what is there stays. */
struct as_limits {
    uint64_t mapped;                    /* RLIMIT_AS: what its VMAs promise in all */
    uint64_t data;                      /* RLIMIT_DATA: see vma_is_data; and the heap alone, to the byte */
    uint64_t locked;                    /* RLIMIT_MEMLOCK */
};

struct addrspace {
    struct rwlock lock __attribute__((aligned(64)));            /* as_read, as_write */
    uint64_t generation __attribute__((aligned(64)));           /* [lock] raised by as_write: neighbourhoods forget */
    struct vma_set vmas;                /* [lock] */
    struct radix anons;                 /* [lock; slots: near.h] private pages */
    struct family *family;              /* fixed */
    struct near near[NEAR_COUNT] __attribute__((aligned(64)));  /* locks of their own */
    vaddr_t brk_base;                   /* [lock] where the heap begins; 0: none yet */
    vaddr_t brk;                        /* [lock] its end, to the byte */
    struct as_limits limits;            /* [lock] */
    vaddr_t brk_max;                    /* [lock] how far brk may grow: brk_base + limits.data, or the end of user space */
    uint8_t lock_future;                /* [lock] flags that a new VMA gets: mlockall(2), MCL_FUTURE */
    _Atomic vaddr_t oom_va;             /* where memory ran out for a user: all users are killed; 0: nowhere */
    _Atomic uint32_t chosen;            /* 1: by as_choose */
    LIST_ENTRY(addrspace) family_link;  /* [family->lock] */
    LIST_ENTRY(addrspace) all_link;     /* [as_list_lock] */
    _Atomic uint32_t users;             /* processes that live in it */
    _Atomic bool locks;                 /* something is, or once was, locked in memory: reclaim asks the VMAs only then */
    uint32_t round;                     /* [as_list_lock] as_next */
    struct pmap pmap __attribute__((aligned(64)));              /* its own lock, pt_lock */
};

/*
 * The lock: faults and user copies read, verbs write. While it is read, the shape of VMAs, radix
 * tree and page table stands still; slots of the tree change, and leaves appear, only in a
 * neighbourhood that one has locked; anyone may drop a leaf under pt_lock. Nobody reads it twice.
 * as_alone: write, but change nothing that a neighbourhood may remember. as_alone_to_read: go on as
 * a reader, with no moment between in which a verb could come.
 */
static inline void as_read(struct addrspace *as) { rwlock_read(&as->lock); }
static inline void as_read_done(struct addrspace *as) { rwlock_read_unlock(&as->lock); }
static inline void as_alone(struct addrspace *as) { rwlock_write(&as->lock); }
static inline void as_alone_to_read(struct addrspace *as) { rwlock_downgrade(&as->lock); }

/* By RADIX_END: near_about. It comes round after 2^38 verbs: harmless, unless a struct near is next used after just so many. */
static inline void as_forget_near(struct addrspace *as) { as->generation += RADIX_END; }
static inline void as_write(struct addrspace *as)
{
    as_alone(as);
    as_forget_near(as);
}

static inline void as_write_done(struct addrspace *as) { rwlock_write_unlock(&as->lock); }

/* For assertions: by the caller, in some way; alone. The plain kernel does not know. */
static inline bool as_held(const struct addrspace *as) { return rwlock_held(&as->lock); }
static inline bool as_held_alone(const struct addrspace *as) { return rwlock_written(&as->lock); }

/* What as_map puts into a range. */
struct map_request {
    unsigned prot;                      /* PROT_ bits */
    unsigned prot_denied;               /* what mprotect may not give later */
    enum vma_kind kind;
    uint8_t flags;                      /* VMA_ */
    bool shared;
    bool fixed;                         /* exactly at hint, or -EEXIST when something is there */
    bool replace;                       /* with fixed: what is there goes instead */
    size_t gap;                         /* without replace: bytes behind it that must be free too */
    struct vm_object *object;           /* NULL: zero-fill; as_map takes a reference of its own */
    uint64_t object_index;              /* pages */
};

/* A new, empty address space with one user, in a family of its own; NULL without memory. */
struct addrspace *as_create(void);

/*
 * A copy of parent, sharing every private page until one of them writes. Costs O(VMAs + page-table
 * pages of parent). Returns 0 and *child; -ENOMEM, nothing changed.
 */
int as_fork(struct addrspace *parent, struct addrspace **child);

/* One more process lives in as; one less. as_put is true for the last: as_destroy is then the caller's to call. */
static inline void as_get(struct addrspace *as)
{
    atomic_fetch_add_explicit(&as->users, 1, memory_order_relaxed);
}

static inline bool as_put(struct addrspace *as)
{
    return atomic_fetch_sub_explicit(&as->users, 1, memory_order_acq_rel) == 1;
}

/* A user's reference, unless the last user is gone: then nobody will see its pages again. */
bool as_get_living(struct addrspace *as);

/* One that has not been asked for in this round, as one more user of it; NULL: there is none left. round is never 0. */
struct addrspace *as_next(uint32_t round);

/* Give everything back. Also eats a half-built one. It has no other user, and no hart runs in it. Allocates nothing. */
void as_destroy(struct addrspace *as);

/*
 * Free page tables and radix nodes that hold nothing any more, if there are some: reclaim takes
 * leaves and leaves their tables (pmap_forget), since tables go by verbs alone. Locks: as->lock,
 * alone.
 */
void as_trim(struct addrspace *as);

/*
 * Its users are killed, and whoever needs memory waits for its end: it counts as chosen until
 * as_destroy has given everything back. Caller keeps it from going. as_chosen: how many there are
 * now; as_chosen_ever: have been.
 */
void as_choose(struct addrspace *as);
size_t as_chosen(void);
size_t as_chosen_ever(void);

/* ---- map.c ---- */

/*
 * Map len bytes (rounded up to pages) as req says; *out is the address. Without fixed: the highest
 * free range below the stack; hint, if not 0, is tried first. Returns 0; -EINVAL: len 0, hint not
 * page aligned, or bad prot; -EEXIST: taken; -EPERM: fixed at page 0, or nothing may be locked;
 * -EAGAIN: more locked than may be; -ENOMEM: no room, outside user space, a limit, or no memory.
 * Nothing changed on failure: replace, too, takes nothing away then. Source: mmap(2).
 */
int as_map(struct addrspace *as, vaddr_t hint, size_t len, const struct map_request *req, vaddr_t *out);

/*
 * Unmap every page that touches [start, start + len). Holes are allowed. Returns 0; -EINVAL: start
 * not page aligned, len 0 or outside user space; -ENOMEM: nothing changed. Source: munmap(2).
 */
int as_unmap(struct addrspace *as, vaddr_t start, size_t len);

/*
 * Change the rights of [start, start + len). Returns 0; -EINVAL as above or bad prot; -ENOMEM: no
 * memory, nothing changed. It ends with -ENOMEM at a page that is not mapped, or that RLIMIT_DATA
 * has no place for, and with -EACCES at one that may not have these rights: what comes before has
 * been changed. Source: mprotect(2).
 */
int as_protect(struct addrspace *as, vaddr_t start, size_t len, unsigned prot);

/* Up to where, at most end, every page from start on is promised, with at least the rights in prot. Caller has as->lock. */
vaddr_t as_allowed_end(struct addrspace *as, vaddr_t start, vaddr_t end, unsigned prot);

void as_set_limits(struct addrspace *as, const struct as_limits *limits);

/* exec: where the heap begins. */
void as_set_brk_base(struct addrspace *as, vaddr_t base);

/*
 * Set the end of the heap: grow maps, shrink unmaps, nothing else. *brk is where it ends then,
 * moved or not. Returns 0; -EINVAL: below the base; -ENOMEM: no free page left below the next
 * mapping, or no memory. Nothing changed on failure.
 * Source: brk(2).
 */
int as_set_brk(struct addrspace *as, vaddr_t new_brk, vaddr_t *brk);

/* The same by a signed number of bytes; *old_brk is where the heap ended. Source: sbrk(2). */
int as_move_brk(struct addrspace *as, int64_t increment, vaddr_t *old_brk);

/* For the other verbs. A range of user space: aligned, not empty. */
static inline bool range_valid(vaddr_t start, size_t len)
{
    return page_aligned(start) && len > 0 && len <= USER_END && start <= USER_END - page_up(len);
}

/*
 * Unmap [start, end) in two steps; as->lock is written from before prepare until after commit.
 * Prepare gets what commit needs, and puts one VMA more into spare if there will be a hole; it
 * returns 0, or -ENOMEM with nothing changed. Commit cannot fail.
 */
struct unmap {
    vaddr_t start, end;
    bool any_anon;
};
int unmap_prepare(struct addrspace *as, vaddr_t start, vaddr_t end, struct vma_spare *spare, struct unmap *unmap);
void unmap_commit(struct addrspace *as, const struct unmap *unmap, struct vma_spare *spare);
int unmap_locked(struct addrspace *as, vaddr_t start, vaddr_t end);     /* both */

/* The heap grows upwards, so nothing is placed below its end, unless asked for. */
static inline vaddr_t as_room_from(const struct addrspace *as) { return as->brk_base != 0 ? page_up(as->brk) : PAGE_SIZE; }

/* Pages that are mapped in [start, end), those of them that RLIMIT_DATA counts, that are locked, and that commit.h counts. */
struct pages {
    size_t all, data, locked, committed;
};
struct pages as_count(struct addrspace *as, vaddr_t start, vaddr_t end);

/* With a trace: len bytes at start are mapped now. */
void map_record_slow(struct addrspace *as, vaddr_t start, size_t len);
static inline void map_record(struct addrspace *as, vaddr_t start, size_t len)
{
    if (trace_on())
        map_record_slow(as, start, len);
}

/* Take the translations of [start, end) away: from here on nobody sees its pages. Caller writes as->lock. */
void as_hide(struct addrspace *as, vaddr_t start, vaddr_t end);

/* Before vma_split at both ends: have what that needs in spare. first: the VMA with start, or NULL. Returns 0 or -ENOMEM. */
int split_prepare(struct addrspace *as, const struct vma *first, vaddr_t start, vaddr_t end, struct vma_spare *spare);

/* ---- addrspace.c ---- */

/* thread, the caller's own or one that does not run yet, runs in as from now on; NULL: in none. */
void as_activate(struct thread *thread, struct addrspace *as);

/* Every address space, under as_list_lock: visit may not sleep. */
void as_for_each(void (*visit)(struct addrspace *as, void *arg), void *arg);
