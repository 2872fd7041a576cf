/*
 * trace.c - tests of kernel/core/trace.h: a ring keeps the newest records, and says how many have gone.
 */
#include "kernel/core/trace.h"
#include "mm/test/test.h"

static struct trace_frame frames[3] = { { .next = &frames[1] }, { .next = &frames[2] }, { .next = &frames[0] } };
enum { ROOM = 3 * TRACE_IN_FRAME };

/* Records with the addresses first to end - 1. */
static void record(uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++)
        trace(TRACE_UNMAP, i, 2 * i);
}

/* All that is there: the records from first to end - 1, each with a number of its own. */
static void check_kept(uint64_t first, uint64_t end)
{
    struct trace_record r;
    uint64_t at = 0, recorded, lost, time = 0;
    for (uint64_t i = first; i < end; i++, at++) {
        check(trace_read(0, &at, &r));
        check_eq(at, i);
        check_eq(r.address, i);
        check_eq(r.value, 2 * i);
        check_eq(r.event, TRACE_UNMAP);
        check(i == first || r.time > time);
        time = r.time;
    }
    check(!trace_read(0, &at, &r));
    trace_count(0, &recorded, &lost);
    check_eq(recorded, end);
    check_eq(lost, first);
}

static void ring(void)
{
    check(trace_set_ring(0, frames) == NULL);
    record(0, 10);                                      /* it is not on */
    check_kept(0, 0);
    atomic_store(&trace_is_on, true);
    record(0, 1);
    check_kept(0, 1);
    record(1, ROOM);
    check_kept(0, ROOM);
    record(ROOM, ROOM + 1);
    check_kept(1, ROOM + 1);
    record(ROOM + 1, 10 * ROOM + 7);
    check_kept(9 * ROOM + 7, 10 * ROOM + 7);
    check(trace_set_ring(0, frames) != NULL);
    check_kept(0, 0);
    record(0, 5);
    check_kept(0, 5);
}

/* Whoever goes back, or far ahead, finds what is there. */
static void any_order(void)
{
    struct trace_record r;
    trace_set_ring(0, frames);
    atomic_store(&trace_is_on, true);
    record(0, 2 * ROOM);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t at = host_random() % (2 * ROOM), wanted = at < ROOM ? ROOM : at;
        check(trace_read(0, &at, &r));
        check_eq(at, wanted);
        check_eq(r.address, wanted);
    }
}

/* The next record is this one; *at moves on. */
static struct trace_record expect(uint64_t *at, enum trace_event event, uint64_t address, const struct addrspace *as)
{
    struct trace_record r;
    check(trace_read(0, at, &r));
    check_eq(r.event, event);
    check_eq(r.address, address);
    check_eq(r.root, as->pmap.root >> PAGE_SHIFT);
    ++*at;
    return r;
}

/* Faults, with the page that each has brought and the rights of its leaf; and what becomes of leaves otherwise. */
static void faults_are_recorded(void)
{
    enum { READ_WRITE = PROT_READ | PROT_WRITE };
    const vaddr_t at = 0x400000;
    struct addrspace *child;
    uint64_t n = 0;
    trace_set_ring(0, frames);
    atomic_store(&trace_is_on, true);
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, 4 * PAGE_SIZE, READ_WRITE), 0);
    check_eq(program_store(as, at + PAGE_SIZE, 1), 0);
    check_eq(program_store(as, at, 1), 0);
    expect(&n, TRACE_SPACE, 0, as);
    struct trace_record r = expect(&n, TRACE_MAP, at, as);
    check_eq(r.access, READ_WRITE);
    check_eq(r.value, 4 * PAGE_SIZE);
    check_eq(r.which, 0);
    r = expect(&n, TRACE_FAULT, at + PAGE_SIZE, as);
    check_eq(r.which, FAULT_B3);
    check_eq(r.leaf, READ_WRITE);
    check_eq(r.resident, 1);
    check_eq(page_use(phys_to_page(r.value)), PAGE_ANON);
    expect(&n, TRACE_FAULT, at, as);

    check_eq(as_fork(as, &child), 0);
    expect(&n, TRACE_SPACE, 0, child);
    r = expect(&n, TRACE_DROP, at, as);
    check_eq(r.leaf, PROT_READ | PROT_EXEC);
    expect(&n, TRACE_FENCE, 0, as);
    check_eq(program_load(child, at), 1);
    r = expect(&n, TRACE_FAULT, at, child);
    check_eq(r.which, FAULT_A1);
    check_eq(r.leaf, PROT_READ);
    for (unsigned page = 0; page < 2; page++) {         /* its own again, and the neighbour */
        r = expect(&n, TRACE_LEAF, at + page * PAGE_SIZE, child);
        check_eq(r.leaf, PROT_READ);
        check_eq(r.which, FAULT_AROUND);
    }
    check_eq(as_protect(as, at, PAGE_SIZE, PROT_NONE), 0);
    r = expect(&n, TRACE_DROP, at, as);
    check_eq(r.leaf, PROT_NONE);
    check_eq(r.value, PAGE_SIZE);
    expect(&n, TRACE_FENCE, at, as);
    expect(&n, TRACE_PROTECT, at, as);
    destroy(child);
    destroy(as);
}

const struct test_case trace_cases[] = {
    { "a ring", ring },
    { "read in any order", any_order },
    { "faults are recorded", faults_are_recorded },
    { 0 },
};
