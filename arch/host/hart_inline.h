/*
 * hart_inline.h - this hart, in a program: a thread runs one simulated hart at a time. Part of arch/context.h.
 * No interrupts come, so there is nothing to mask.
 */
#pragma once

#include <sched.h>

extern _Thread_local void *host_self;           /* the struct hart that this thread runs */

static inline unsigned long irq_mask(void) { return 0; }
static inline void irq_unmask(void) { }
static inline void irq_restore(unsigned long flags) { (void)flags; }
static inline void wait_for_interrupt(void) { sched_yield(); }

static inline void *hart_self(void) { return host_self; }
static inline void hart_set_self(void *self) { host_self = self; }
static inline void hart_relax(void) { sched_yield(); }
