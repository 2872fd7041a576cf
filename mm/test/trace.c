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

/* Faults, with the page that each has brought. */
static void faults_are_recorded(void)
{
    struct trace_record r;
    trace_set_ring(0, frames);
    atomic_store(&trace_is_on, true);
    struct addrspace *as = as_create();
    check_eq(map_zero(as, 0x400000, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    check_eq(program_store(as, 0x401000, 1), 0);
    uint64_t at = 0;
    check(trace_read(0, &at, &r));
    check_eq(r.event, TRACE_MAP);
    check_eq(r.address, 0x400000);
    check_eq(r.access, PROT_READ | PROT_WRITE);
    at++;
    check(trace_read(0, &at, &r));
    check_eq(r.event, TRACE_FAULT);
    check_eq(r.which, FAULT_B3);
    check_eq(r.address, 0x401000);
    check_eq(r.resident, 1);
    check_eq(page_use(phys_to_page(r.value)), PAGE_ANON);
    destroy(as);
}

const struct test_case trace_cases[] = {
    { "a ring", ring },
    { "read in any order", any_order },
    { "faults are recorded", faults_are_recorded },
    { 0 },
};
