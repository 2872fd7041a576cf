/*
 * chaos.c - translations that disappear: at random; or all of them, so often that the trace shows
 * every page a program turns to.
 * Does not own: what a leaf is; all that happens here is what any verb does with pmap.h, only for
 * no reason.
 */
#include <stdatomic.h>

#include "kernel/core/number.h"
#include "kernel/core/panic.h"
#include "mm/addrspace.h"
#include "mm/chaos.h"

static uint64_t faults_between;                 /* fixed after boot */
static _Atomic uint64_t state;                  /* faults so far, mixed with the seed */
static size_t leaves_max;                       /* fixed after boot; 0: any number */

void chaos_set(uint64_t interval, uint64_t seed)
{
    faults_between = interval;
    atomic_store(&state, seed);
}

void chaos_set_leaves(size_t max) { leaves_max = max; }
bool chaos_few_leaves(void) { return leaves_max != 0; }

uint64_t chaos_interval(void)
{
    return faults_between;
}

static void forget_all(struct addrspace *as)
{
    struct pmap_batch batch;
    as_write(as);
    pmap_batch_begin(&batch, as);
    pmap_remove(&batch, 0, USER_END);
    pmap_batch_end(&batch);
    as_write_done(as);
}

void chaos_strike(struct addrspace *as)
{
    if (leaves_max != 0 && as->pmap.resident >= leaves_max)
        forget_all(as);
    if (faults_between == 0)
        return;
    uint64_t n = atomic_fetch_add_explicit(&state, 1, memory_order_relaxed);
    if (n % faults_between != 0)
        return;
    as_write(as);
    chaos_forget(as, number_mix(n));
    as_write_done(as);
}

void chaos_forget(struct addrspace *as, uint64_t random)
{
    assert(as_held_alone(as));
    const vaddr_t table_size = mmu_entry_size(1);
    struct pmap_batch batch;
    pmap_batch_begin(&batch, as);
    vaddr_t va = pmap_next(&as->pmap, page_down(random) % USER_END, USER_END);
    if (va == USER_END)
        va = pmap_next(&as->pmap, 0, USER_END);
    if (va != USER_END && (random & 1))
        pmap_remove(&batch, va & ~(table_size - 1), (va & ~(table_size - 1)) + table_size);
    else if (va != USER_END)
        pmap_remove(&batch, va, va + PAGE_SIZE);
    pmap_batch_end(&batch);
}
