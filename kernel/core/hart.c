/*
 * hart.c - harts among each other: asking for work, standing still.
 * Owns: harts[], the protocol by which one hart stops all others.
 */
#include "arch/hart.h"
#include "kernel/core/hart.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"

struct hart harts[MACHINE_MAX_HARTS];

static _Atomic uint32_t stopping;                   /* one at a time */
static _Atomic unsigned nstopped;

void hart_ask(uint64_t mask, enum hart_work work)
{
    for (unsigned h = 0; h < machine.nharts; h++)
        if (mask >> h & 1)
            atomic_fetch_or(&harts[h].pending, work);
    ipi_send(mask);
}

void hart_stop_point(void)
{
    struct hart *hart = this_hart();
    if (!(atomic_load(&hart->pending) & HART_STOP))
        return;
    atomic_fetch_add(&nstopped, 1);
    while (atomic_load(&hart->pending) & HART_STOP)
        hart_relax();
    atomic_fetch_sub(&nstopped, 1);
}

void harts_stop(void)
{
    if (CHECKED)
        lock_assert_no_spin();
    uint32_t nobody = 0;
    while (!atomic_compare_exchange_weak(&stopping, &nobody, 1)) {
        nobody = 0;
        hart_stop_point();                      /* whoever is stopping waits for us, too */
        thread_yield();
    }
    uint64_t others = others_online();
    hart_ask(others, HART_STOP);
    while (atomic_load(&nstopped) != (unsigned)__builtin_popcountl(others))
        hart_relax();
}

void harts_resume(void)
{
    for (unsigned h = 0; h < machine.nharts; h++)
        atomic_fetch_and(&harts[h].pending, ~HART_STOP);
    while (atomic_load(&nstopped) != 0)         /* the next stop must not count those who have not left this one */
        hart_relax();
    atomic_store(&stopping, 0);
}
