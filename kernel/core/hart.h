/*
 * hart.h - what belongs to one hart.
 * Owns: struct hart. tp points at it whenever the kernel runs; in user mode sscratch keeps it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/context.h"
#include "arch/machine.h"
#include "arch/mmu.h"

struct proc;
struct thread;

/* What other harts, or interrupt handlers, ask of a hart: bits of hart->pending, served on the way back to user mode. */
enum hart_work {
    HART_RESCHEDULE = 1 << 0,
    HART_STOP = 1 << 1,                 /* stand still, holding no spin lock, until told otherwise */
    HART_NOTICE = 1 << 2,               /* the running thread has notices */
};

struct hart {
    struct hart_base base;              /* first: what the architecture knows of a hart */
    struct thread *current;
    struct proc *proc;                  /* current->proc: one load less in every system call (3 instructions of 150) */
    struct thread *idle;                  /* runs when nobody else does */
    _Atomic uint32_t pending;           /* enum hart_work */
    uint64_t timer_armed;               /* time.c: what the timer is set to */
    uint64_t since;                     /* when the running thread was switched to */
    uint64_t exceptions[TRAP_NEXCEPTIONS];      /* counts; only this hart writes them */
    uint64_t interrupts[TRAP_NINTERRUPTS];
    /* checked kernel: spin locks held, innermost last */
    unsigned nheld;
    struct { const void *lock; unsigned rank; } held[8];
} __attribute__((aligned(64)));

_Static_assert(MACHINE_MAX_HARTS == MMU_MAX_HARTS, "arrays of mm are indexed by hart");

extern struct hart harts[MACHINE_MAX_HARTS];

static inline unsigned hart_number(const struct hart *hart) { return hart->base.index; }

static inline struct hart *this_hart(void)
{
    return hart_self();
}

/* Ask the harts of mask (a bit per index) for work, and interrupt those that run something. */
void hart_ask(uint64_t mask, enum hart_work work);

/* Make all other harts stand still where they hold no spin lock; a thread may be in the middle of a change. May yield. */
void harts_stop(void);
void harts_resume(void);

/* Called on the way back to user mode, in the idle loop, and in what takes long: stand still if asked to. */
void hart_stop_point(void);
