/*
 * anon.c - tests of mm/anon.h: one page of contents, counted by the slots that hold it.
 */
#include "mm/anon.h"
#include "mm/test/test.h"

static void put_frees_page(void)
{
    struct anon *anon = anon_alloc(PAGE_ANON);
    check(anon != NULL && anon_sole(anon));
    check_eq(page_use(anon->page), PAGE_ANON);
    check(anon->page->anon == anon);
    check_eq(anon_count(), 1);

    anon_get(anon);
    check(!anon_sole(anon));
    anon_put(anon);
    check(anon_sole(anon));
    check_eq(page_used(PAGE_ANON), 1);
    anon_put(anon);
    check_eq(page_used(PAGE_ANON), 0);
    check_eq(anon_count(), 0);
}

static int alloc_and_put(void *unused)
{
    (void)unused;
    struct anon *anon = anon_alloc(PAGE_ANON);
    if (anon == NULL)
        return -ENOMEM;
    anon_put(anon);
    return 0;
}

static void nothing_left(void *unused)
{
    (void)unused;
    check_eq(anon_count(), 0);
    check_eq(page_used(PAGE_ANON), 0);
}

/* Two allocations, and when the second fails the first is given back. */
static void alloc_fails_cleanly(void)
{
    check_fails_cleanly(alloc_and_put, NULL, nothing_left);
}

static void get_page_wants_lock(void)
{
    anon_page(anon_alloc(PAGE_ANON));
}

/* I7 and I8: an anon that no slot leads to is found out. */
static void lost_anon(void)
{
    anon_alloc(PAGE_ANON);
    world_check();
}

const struct test_case anon_cases[] = {
    { "the last put frees the page", put_frees_page },
    { "allocation fails whole", alloc_fails_cleanly },
    { "its page is only for who holds its lock", get_page_wants_lock, .panics = "mutex_held(&anon->lock)" },
    { "one that no slot leads to is noticed", lost_anon, .panics = "1 frames of private memory, 0 found" },
    { 0 },
};
