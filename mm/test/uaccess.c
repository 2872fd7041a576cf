/*
 * uaccess.c - tests of mm/uaccess.h: copies that fault in what they need, stop where they must, and say how far they came.
 */
#include <pthread.h>
#include <string.h>

#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/test/test.h"
#include "mm/uaccess.h"

#define RW (PROT_READ | PROT_WRITE)

static const vaddr_t at = 0x400000;
static char buf[4 * PAGE_SIZE], back[4 * PAGE_SIZE];

static struct addrspace *space_of_three(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, 3 * PAGE_SIZE, RW), 0);
    for (size_t i = 0; i < sizeof buf; i++)
        buf[i] = 1 + i % 251;
    return as;
}

static void there_and_back(void)
{
    struct addrspace *as = space_of_three();
    size_t done;
    for (size_t offset = 0; offset < PAGE_SIZE; offset += 1021) {
        check_eq(copy_to_user(as, at + offset, buf, 2 * PAGE_SIZE, &done), 0);
        check_eq(done, 2 * PAGE_SIZE);
        check_eq(program_load(as, at + offset + 4100), (uint8_t)buf[4100]);
        memset(back, 0, sizeof back);
        check_eq(copy_from_user(as, back, at + offset, 2 * PAGE_SIZE, NULL), 0);
        check(memcmp(buf, back, 2 * PAGE_SIZE) == 0);
    }
    check_eq(faults(FAULT_B3), 3);
    check_eq(copy_to_user(as, 0, buf, 0, &done), 0);            /* nothing is nowhere */
    destroy(as);
}

static void stops_at_the_hole(void)
{
    struct addrspace *as = space_of_three();
    size_t done;
    check_eq(copy_to_user(as, at + 3 * PAGE_SIZE - 100, buf, 200, &done), -EFAULT);
    check_eq(done, 100);
    check_eq(program_load(as, at + 3 * PAGE_SIZE - 1), (uint8_t)buf[99]);
    check_eq(copy_from_user(as, back, at - 1, 10, &done), -EFAULT);
    check_eq(done, 0);
    check_eq(copy_from_user(as, back, USER_END - 1, 10, &done), -EFAULT);
    check_eq(copy_from_user(as, back, UINT64_MAX, 10, &done), -EFAULT);
    check_eq(copy_to_user(as, 0xffffffc080200000, buf, 10, &done), -EFAULT);    /* the kernel's own */
    check_eq(done, 0);

    check_eq(as_protect(as, at + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    check_eq(copy_to_user(as, at, buf, 3 * PAGE_SIZE, &done), -EFAULT);
    check_eq(done, PAGE_SIZE);
    check_eq(copy_from_user(as, back, at, 3 * PAGE_SIZE, &done), 0);
    destroy(as);
}

/* Writing asks for the right to write, so that a page that fork has shared is copied first. */
static void after_fork(void)
{
    struct addrspace *as = space_of_three(), *child;
    check_eq(copy_to_user(as, at, buf, 3 * PAGE_SIZE, NULL), 0);
    check_eq(as_fork(as, &child), 0);
    check_eq(zero_user(as, at + 10, 2 * PAGE_SIZE, NULL), 0);
    check_eq(faults(FAULT_A3), 3);
    check_eq(copy_from_user(child, back, at, 3 * PAGE_SIZE, NULL), 0);
    check(memcmp(buf, back, 3 * PAGE_SIZE) == 0);
    check_eq(faults(FAULT_A1), 0);                     /* a page that was there is copied as it is */
    destroy(child);
    destroy(as);
}

static void zeroing(void)
{
    struct addrspace *as = space_of_three();
    for (size_t start = 0; start < 20; start += 3) {
        check_eq(copy_to_user(as, at, buf, 3 * PAGE_SIZE, NULL), 0);
        check_eq(zero_user(as, at + start, 5000, NULL), 0);
        check_eq(copy_from_user(as, back, at, 3 * PAGE_SIZE, NULL), 0);
        for (size_t i = 0; i < 3 * PAGE_SIZE; i++)
            check_eq(back[i], i >= start && i < start + 5000 ? 0 : buf[i]);
    }
    destroy(as);
}

/* Another hart of the program: the byte is now a NUL, now not. */
static _Atomic bool over;

static void *change(void *byte)
{
    for (unsigned n = 0; !over; n++)
        *(volatile char *)byte = n % 2 ? 'b' : '\0';
    return NULL;
}

/* Whatever the string is at each moment, the copy has an end, and where that is told. */
static void changing_string(void)
{
    struct addrspace *as = space_of_three();
    paddr_t pa;
    unsigned prot;
    pthread_t other;
    check_eq(copy_to_user(as, at, "ab", 3, NULL), 0);
    check_eq(program_load(as, at), 'a');
    check(pmap_lookup(&as->pmap, at, &pa, &prot));
    check_eq(pthread_create(&other, NULL, change, (char *)phys_to_virt(pa) + 1), 0);
    for (unsigned n = 0; n < 4000000; n++) {       /* a moment of two instructions: it takes many */
        memset(back, 'x', 4);
        long len = string_from_user(as, back, at, 10, -E2BIG);
        check(len == 1 || len == 2);
        check_eq(back[len], '\0');
    }
    over = true;
    pthread_join(other, NULL);
    destroy(as);
}

static void strings(void)
{
    struct addrspace *as = space_of_three();
    const vaddr_t end = at + 3 * PAGE_SIZE;
    check_eq(copy_to_user(as, end - 6, "hello", 6, NULL), 0);
    check_eq(string_from_user(as, back, end - 6, 100, -E2BIG), 5);     /* the page after it need not be there */
    check(strcmp(back, "hello") == 0);
    check_eq(string_from_user(as, back, end - 6, 6, -E2BIG), 5);
    check_eq(string_from_user(as, back, end - 6, 5, -E2BIG), -E2BIG);
    check_eq(string_from_user(as, back, end - 1, 5, -E2BIG), 0);
    check_eq(copy_to_user(as, end - 6, "hello!", 6, NULL), 0);
    check_eq(string_from_user(as, back, end - 6, 100, -E2BIG), -EFAULT);
    check_eq(string_from_user(as, back, end, 100, -E2BIG), -EFAULT);
    check_eq(copy_to_user(as, at + PAGE_SIZE - 3, "across", 7, NULL), 0);
    check_eq(string_from_user(as, back, at + PAGE_SIZE - 3, 100, -E2BIG), 6);
    check(strcmp(back, "across") == 0);
    destroy(as);
}

static void range_checks(void)
{
    struct addrspace *as = space_of_three();
    check_eq(user_range_check(as, at, 3 * PAGE_SIZE, ACCESS_WRITE), 0);
    check_eq(user_range_check(as, at, 3 * PAGE_SIZE + 1, ACCESS_WRITE), -EFAULT);
    check_eq(user_range_check(as, at, 1, ACCESS_EXEC), -EFAULT);
    check_eq(user_range_check(as, at - 1, 2, ACCESS_READ), -EFAULT);
    check_eq(user_range_check(as, at, UINT64_MAX, ACCESS_READ), -EFAULT);
    check_eq(user_range_check(as, 12345, 0, ACCESS_READ), 0);
    check_eq(page_used(PAGE_ANON), 0);                          /* nothing was faulted in */
    destroy(as);
}

/* What the kernel stores is fetched as it was stored. */
static void copied_instructions(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, at, PAGE_SIZE, RW | PROT_EXEC), 0);
    for (unsigned i = 0; i < 200; i++) {
        uint8_t byte = i;
        check_eq(copy_to_user(as, at, &byte, 1, NULL), 0);
        check_eq(as_protect(as, at, PAGE_SIZE, RW), 0);
        check_eq(as_protect(as, at, PAGE_SIZE, RW | PROT_EXEC), 0);
        check_eq(program_fetch(as, at), byte);
    }
    destroy(as);
}

/* ---- without memory ---- */

static struct addrspace *tight;

static int copy_three(void *unused)
{
    (void)unused;
    size_t done;
    int err = copy_to_user(tight, at, buf, 3 * PAGE_SIZE, &done);
    if (err != 0) {
        check_eq(done % PAGE_SIZE, 0);
        check_eq(tight->oom_va, at + done);             /* where, for who kills the process */
    }
    return err;
}

static void prefix_only(void *unused)
{
    (void)unused;
    check(page_used(PAGE_ANON) < 3);
}

static void fails_page_by_page(void)
{
    tight = space_of_three();
    world_drop_caches();
    check_fails_cleanly(copy_three, NULL, prefix_only);
    destroy(tight);
}

/* As a store to each page would, but a lack of memory kills nobody. */
static void populated(void)
{
    struct addrspace *as = space_of_three();
    check_eq(populate_user(as, at + PAGE_SIZE, 2 * PAGE_SIZE), 0);
    check_eq(faults(FAULT_B3), 2);
    check_eq(leaf_prot(as, at), -1);
    check_eq(leaf_prot(as, at + PAGE_SIZE), RW);
    check_eq(populate_user(as, at + 2 * PAGE_SIZE, 2 * PAGE_SIZE), -EFAULT);
    world_drop_caches();
    host_fail_allocation(FAIL_FROM_THEN_ON, 1);
    check_eq(populate_user(as, at, PAGE_SIZE), -ENOMEM);
    host_fail_allocation(FAIL_NONE, 0);
    check_eq(as->oom_va, 0);
    check_eq(program_store(as, at, 1), 0);
    destroy(as);
}

const struct test_case uaccess_cases[] = {
    { "there and back, across pages", there_and_back },
    { "a copy stops where the program could not go", stops_at_the_hole },
    { "no copy lands in a page that fork has shared", after_fork },
    { "zeroing touches no byte more", zeroing },
    { "strings end at their NUL", strings },
    { "strings end though they change", changing_string },
    { "checking a range faults nothing in", range_checks },
    { "what the kernel stores can be executed", copied_instructions },
    { "without memory, page by page", fails_page_by_page },
    { "populating", populated },
    { 0 },
};
