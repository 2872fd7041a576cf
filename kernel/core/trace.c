/*
 * trace.c - what happened, in order: records of fixed size in a ring for each hart.
 */
#include <string.h>

#include "kernel/core/hart.h"
#include "kernel/core/lock.h"
#include "kernel/core/thread.h"
#include "kernel/core/trace.h"

_Static_assert(sizeof(struct trace_frame) <= 4096, "a part of a ring fits a frame");

_Atomic bool trace_is_on;

static struct ring {
    struct spinlock lock;               /* interrupts masked: it ranks above theirs */
    struct trace_frame *last, *read;    /* [lock] where a record was written last, and read last; NULL: there is no ring */
    uint64_t read_at;                   /* [lock] which frame of the circle that is */
    uint64_t recorded;                  /* [lock] */
    uint64_t nframes;                   /* [lock] */
} rings[MMU_MAX_HARTS] = { [0 ... MMU_MAX_HARTS - 1] = { .lock = SPINLOCK_INIT(RANK_TRACE) } };

void trace_add(const struct trace_record *record)
{
    unsigned hart = hart_index();
    struct ring *ring = &rings[hart];
    unsigned long flags = spin_lock_irqsave(&ring->lock);
    if (ring->last != NULL) {
        unsigned at = ring->recorded % TRACE_IN_FRAME;
        if (at == 0 && ring->recorded > 0)
            ring->last = ring->last->next;
        struct trace_record *place = &ring->last->record[at];
        *place = *record;
        place->time = time_ticks();
        place->pid = thread_current()->id;
        place->hart = hart;
        if (place->root == 0)
            place->root = thread_current()->mmu_root >> PAGE_SHIFT;
        ring->recorded++;
    }
    spin_unlock_irqrestore(&ring->lock, flags);
}

void trace_values(paddr_t root, enum trace_event event, uint64_t address, uint64_t value, unsigned access, unsigned which,
                  uint32_t began)
{
    bool of_leaves = event == TRACE_LEAF || event == TRACE_DROP;
    trace_add(&(struct trace_record){ .event = event, .root = root >> PAGE_SHIFT, .address = address, .value = value,
                                      .access = of_leaves ? 0 : access, .leaf = of_leaves ? access : 0, .which = which,
                                      .spent = trace_spent(began) });
}

void trace_named(paddr_t root, enum trace_event event, const char *name, size_t len)
{
    struct trace_record record = { .event = event, .root = root >> PAGE_SHIFT };
    memcpy(record.name, name, len < sizeof record.name ? len : sizeof record.name);
    trace_add(&record);
}

struct trace_frame *trace_set_ring(unsigned hart, struct trace_frame *frames)
{
    struct ring *ring = &rings[hart];
    unsigned long flags = spin_lock_irqsave(&ring->lock);
    struct trace_frame *old = ring->last;
    ring->last = ring->read = frames;
    ring->recorded = ring->read_at = ring->nframes = 0;
    for (const struct trace_frame *f = frames; f != NULL; f = f->next != frames ? f->next : NULL)
        ring->nframes++;
    spin_unlock_irqrestore(&ring->lock, flags);
    return old;
}

/* The number of the oldest record that is there. */
static uint64_t oldest(const struct ring *ring)
{
    uint64_t kept = ring->nframes * TRACE_IN_FRAME;
    return ring->recorded > kept ? ring->recorded - kept : 0;
}

bool trace_read(unsigned hart, uint64_t *at, struct trace_record *record)
{
    struct ring *ring = &rings[hart];
    unsigned long flags = spin_lock_irqsave(&ring->lock);
    if (*at < oldest(ring))
        *at = oldest(ring);
    bool there = *at < ring->recorded;
    if (there) {
        /* Mostly no step or one, since a reader goes on where he was. */
        uint64_t frame = *at / TRACE_IN_FRAME % ring->nframes;
        for (; ring->read_at != frame; ring->read_at = (ring->read_at + 1) % ring->nframes)
            ring->read = ring->read->next;
        *record = ring->read->record[*at % TRACE_IN_FRAME];
    }
    spin_unlock_irqrestore(&ring->lock, flags);
    return there;
}

void trace_count(unsigned hart, uint64_t *recorded, uint64_t *lost)
{
    struct ring *ring = &rings[hart];
    unsigned long flags = spin_lock_irqsave(&ring->lock);
    *recorded = ring->recorded;
    *lost = oldest(ring);
    spin_unlock_irqrestore(&ring->lock, flags);
}
