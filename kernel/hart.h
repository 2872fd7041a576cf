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

/* What other harts, or interrupt handlers, ask of a hart: bits of hart->pending, served on the way back to user mode. */
enum hart_work {
    HART_RESCHEDULE = 1 << 0,
    HART_STOP = 1 << 1,                 /* stand still, holding nothing, until told otherwise */
    HART_KILL = 1 << 2,                 /* the running process has been killed */
};

struct hart {
    uint64_t index;                     /* in machine.harts; hart_index() reads it */
    uint64_t scratch0;                  /* trap_entry */
    struct trapframe *frame;            /* where trap_entry saves the registers of the current process */
    uint64_t emergency_stack;           /* top of a stack for reporting that the kernel stack has overflowed */
    struct proc *current;
    struct proc *idle;                  /* runs when nobody else does */
    _Atomic uint32_t pending;           /* enum hart_work */
    _Atomic uint32_t online;
    uint64_t timer_armed;               /* time.c: what the timer is set to */
    uint64_t since;                     /* when the running process was switched to */
    uint64_t exceptions[TRAP_NEXCEPTIONS];      /* counts; only this hart writes them */
    uint64_t interrupts[TRAP_NINTERRUPTS];
    /* checked kernel: spin locks held, innermost last */
    unsigned nheld;
    struct { const void *lock; unsigned rank; } held[8];
} __attribute__((aligned(64)));

_Static_assert(MACHINE_MAX_HARTS == MMU_MAX_HARTS, "arrays of mm are indexed by hart");

extern struct hart harts[MACHINE_MAX_HARTS];

static inline struct hart *this_hart(void)
{
    return hart_self();
}

/*
 * A bit for the index of each other hart that has come up. One that comes up later forgets, after it has said so, all that it
 * may have seen before: whoever changes a kernel mapping and then asks here need not fence it.
 */
uint64_t others_online(void);

/* Ask the harts of mask (a bit per index) for work, and interrupt those that run something. */
void hart_ask(uint64_t mask, enum hart_work work);

/* Make all other harts stand still between two things: no spin lock held, nothing half done on them. May yield. */
void harts_stop(void);
void harts_resume(void);

/* Called on the way back to user mode and in the idle loop: stand still if asked to. */
void hart_stop_point(void);
