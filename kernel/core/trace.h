/*
 * trace.h - what happened, in order: records of fixed size in a ring for each hart.
 * Owns: the rings, the count of what they have lost.
 * Does not own: the frames that rings are made of, the text that a reader sees (kernel/fs/trace.c);
 * what is worth a record.
 *
 * While nothing is recorded, which is usual, a place that could make a record costs a load and a
 * branch. A ring has a spin lock, which its hart takes for each record and a reader for each that
 * he copies, so nobody sees half of one. When a ring is full the oldest records go.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/types.h"
#include "kernel/core/time.h"

enum trace_event {
    TRACE_FAULT,                        /* address, access, which: the case, value: the frame, leaf; spent, and three counts */
    TRACE_COPY,                         /* the kernel uses a page for a program: address, access */
    TRACE_MAP,                          /* address, access: the rights, value: bytes, which: what is behind it (TRACE_SHARED) */
    TRACE_NAME,                         /* name: of the file that this process has mapped last */
    TRACE_PROTECT,                      /* the same, but which */
    TRACE_UNMAP,                        /* address, value: bytes */
    TRACE_FORGET,                       /* contents go, the promise stays: the same */
    TRACE_MOVE,                         /* the contents at address will be at value */
    TRACE_LEAF,                         /* entered beside a fault's own: address, value: the frame, leaf, which (fault.h) */
    TRACE_DROP,                         /* of the leaves at address, value: bytes, only the rights in leaf stay; none: they go */
    TRACE_SPACE,                        /* an address space begins, with no leaf */
    TRACE_FORK,                         /* value: the child; root: the child's */
    TRACE_EXEC,                         /* name; root: the new one */
    TRACE_EXIT,                         /* value: as wait(2) tells it */
    TRACE_OUT,                          /* a page leaves memory: address, or index in its object as one; value: the frame; which */
    TRACE_IN,                           /* it comes back: the same */
    TRACE_FENCE,                        /* address, 0: all of them; value: a mask of the harts that forget at once; spent */
    TRACE_SWITCH,                       /* value: who runs from now on */
    TRACE_NEVENTS
};

/* What a mapping or a page is. Without these: private memory. */
enum { TRACE_SHARED = 1, TRACE_OBJECT = 2, TRACE_KIND = 4 };    /* times vma_kind */

struct trace_record {
    uint64_t time;                      /* ticks; this, hart and pid are filled in by trace_add, and the thread's root for none */
    union {
        struct {
            uint64_t address, value;
        };
        char name[16];
    };
    int32_t pid;
    uint32_t spent;                     /* ticks that the event took */
    uint32_t root;                      /* the frame of the root table: which address space it is about */
    uint32_t resident, free, swapped;   /* pages: of this address space, of the machine, on disk */
    uint8_t event, access : 4, leaf : 4, which, hart;   /* access, leaf: PROT_ bits */
};

/* A ring is a circle of these, each a page frame. */
enum { TRACE_IN_FRAME = (4096 - 8) / sizeof(struct trace_record) };
struct trace_frame {
    struct trace_frame *next;
    struct trace_record record[TRACE_IN_FRAME];
};

extern _Atomic bool trace_is_on;
static inline bool trace_on(void) { return __builtin_expect(atomic_load_explicit(&trace_is_on, memory_order_relaxed), 0); }

/* When something begins that will be recorded, and what it has taken by then. 0: nothing was recorded when it began. */
static inline uint32_t trace_begin(void) { return trace_on() ? time_ticks() : 0; }
static inline uint32_t trace_spent(uint32_t began) { return began != 0 ? (uint32_t)time_ticks() - began : 0; }

/* Make a record: from any context. Locks: below RANK_TRACE. access: of TRACE_LEAF and TRACE_DROP it is leaf. */
void trace_add(const struct trace_record *record);
void trace_values(paddr_t root, enum trace_event event, uint64_t address, uint64_t value, unsigned access, unsigned which,
                  uint32_t began);

/* A record with the first of the name's len bytes. */
void trace_named(paddr_t root, enum trace_event event, const char *name, size_t len);

/* The same while something is recorded, and nothing otherwise; about the address space with this root, or of what began then. */
static inline void trace(enum trace_event event, uint64_t address, uint64_t value)
{
    if (trace_on())
        trace_values(0, event, address, value, 0, 0, 0);
}

static inline void trace_of(paddr_t root, enum trace_event event, uint64_t address, uint64_t value, unsigned access, unsigned which)
{
    if (trace_on())
        trace_values(root, event, address, value, access, which, 0);
}

static inline void trace_end(paddr_t root, enum trace_event event, uint64_t address, uint64_t value, uint32_t began)
{
    if (trace_on())
        trace_values(root, event, address, value, 0, 0, began);
}

/* What hart has recorded goes; from now on its ring is frames, a circle; NULL: none. Returns the circle that it was before. */
struct trace_frame *trace_set_ring(unsigned hart, struct trace_frame *frames);

/* Copy record number *at of hart, counted from 0, or the first after it that is still there: *at is its number. False: none. */
bool trace_read(unsigned hart, uint64_t *at, struct trace_record *record);
void trace_count(unsigned hart, uint64_t *recorded, uint64_t *lost);
