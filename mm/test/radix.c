/*
 * radix.c - tests of mm/radix.h: a sparse array that fork shares in constant time.
 * The trees are those of address spaces, so that the invariant checker can count their nodes and anons.
 */
#include <string.h>

#include "mm/anon.h"
#include "mm/radix.h"
#include "mm/test/test.h"

static const uint64_t far = RADIX_END - 40;     /* a page number at the other end of the tree */

static struct addrspace *wide_space(void)
{
    struct addrspace *as = as_create();
    check_eq(map_zero(as, PAGE_SIZE, USER_END - PAGE_SIZE, PROT_READ), 0);
    return as;
}

static int put_at(struct addrspace *as, uint64_t vpn)
{
    struct anon *anon = anon_alloc(PAGE_ANON);
    if (anon == NULL)
        return -ENOMEM;
    struct radix_node *leaf = radix_prepare(&as->anons, vpn, NULL);
    if (leaf == NULL) {
        anon_put(anon);
        return -ENOMEM;
    }
    anon->family = as->family;
    anon->vpn = vpn;
    bool exclusive;
    struct anon *old = radix_find(&as->anons, vpn, &exclusive);
    if (old != NULL)
        anon_put(radix_replace(leaf, vpn, anon));
    else
        radix_fill(leaf, vpn, anon);
    return 0;
}

static int clear(struct addrspace *as, uint64_t start, uint64_t end)
{
    int err = radix_prepare_clear(&as->anons, start, end);
    if (err == 0)
        radix_clear(&as->anons, start, end);
    return err;
}

static bool there(struct addrspace *as, uint64_t vpn, bool *exclusive)
{
    struct anon *anon = radix_find(&as->anons, vpn, exclusive);
    *exclusive = *exclusive && anon != NULL && anon_sole(anon);
    return anon != NULL;
}

static void find_what_was_put(void)
{
    struct addrspace *as = wide_space();
    bool exclusive;
    as_write(as);
    check(!there(as, 7, &exclusive));
    check(!radix_any(&as->anons, 0, RADIX_END));
    check_eq(put_at(as, 7), 0);
    check_eq(put_at(as, far), 0);
    check(there(as, 7, &exclusive) && exclusive);
    check(there(as, far, &exclusive) && exclusive);
    check(!there(as, 8, &exclusive) && !there(as, far - 32, &exclusive));
    check_eq(radix_node_count(), 1 + 2 * 5);            /* a root, and two paths that part below it */

    struct anon *anon;
    check_eq(radix_next(&as->anons, 0, &anon), 7);
    check_eq(radix_next(&as->anons, 8, &anon), far);
    check_eq(radix_next(&as->anons, far + 1, &anon), RADIX_END);
    check(anon == NULL);
    check(radix_any(&as->anons, 7, 8) && !radix_any(&as->anons, 8, far) && radix_any(&as->anons, 8, far + 1));
    as_write_done(as);
    world_check();

    as_write(as);
    check_eq(clear(as, 8, RADIX_END), 0);
    check_eq(radix_node_count(), 6);                    /* empty nodes are gone */
    check_eq(clear(as, 0, 8), 0);
    check_eq(radix_node_count(), 0);
    as_write_done(as);
    destroy(as);
}

/* Sharing makes no node; the first change copies one path, and nothing but the path. */
static void share_and_copy(void)
{
    struct addrspace *parent = wide_space(), *child;
    bool exclusive;
    as_write(parent);
    for (uint64_t vpn = 100; vpn < 200; vpn++)
        check_eq(put_at(parent, vpn), 0);
    as_write_done(parent);
    size_t nodes = radix_node_count();
    check_eq(as_fork(parent, &child), 0);
    check_eq(radix_node_count(), nodes);
    check(there(parent, 150, &exclusive) && !exclusive);
    check(there(child, 150, &exclusive) && !exclusive);

    as_write(child);
    check_eq(put_at(child, 150), 0);
    as_write_done(child);
    check_eq(radix_node_count(), nodes + RADIX_LEVELS);
    check(there(child, 150, &exclusive) && exclusive);
    check(there(child, 151, &exclusive) && !exclusive); /* same leaf, but the anon has two references */
    check(there(parent, 150, &exclusive) && exclusive); /* the other reference went with the copy */
    check(there(parent, 190, &exclusive) && !exclusive);
    world_check();
    destroy(child);
    check_eq(radix_node_count(), nodes);
    check(there(parent, 190, &exclusive) && exclusive);
    destroy(parent);
}

/* What is in a tree of its own comes into another, slot by slot where both have nodes, and as it is elsewhere. */
static void grafting(void)
{
    static const uint64_t there_already[] = { 10, 2000, far }, new[] = { 0, 11, 40, 1999, 70000 };
    struct addrspace *as = wide_space(), *both = wide_space();
    struct radix other;
    bool exclusive;
    radix_init(&other);
    as_write(as);
    for (unsigned i = 0; i < ARRAY_LEN(there_already); i++)
        check_eq(put_at(as, there_already[i]), 0);
    for (unsigned i = 0; i < ARRAY_LEN(new); i++) {
        struct radix_node *to = radix_prepare(&other, new[i], NULL), *from;
        check_eq(put_at(as, 100 + i), 0);       /* by way of a slot that it is taken from */
        from = radix_find_node(&as->anons, 100 + i, &exclusive);
        struct anon *anon = radix_slot(from, 100 + i);
        radix_take(from, 100 + i);
        check(!there(as, 100 + i, &exclusive));
        anon->vpn = new[i];
        radix_fill(to, new[i], anon);
    }
    check_eq(clear(as, 100, 200), 0);           /* nodes that were left empty */
    radix_graft(&as->anons, &other);
    check(other.root == NULL);
    for (unsigned i = 0; i < ARRAY_LEN(there_already); i++)
        check(there(as, there_already[i], &exclusive) && exclusive);
    for (unsigned i = 0; i < ARRAY_LEN(new); i++)
        check(there(as, new[i], &exclusive) && exclusive);
    radix_graft(&as->anons, &other);            /* nothing */
    size_t nodes = radix_node_count();
    check_eq(clear(as, 0, 1), 0);               /* page 0 has no VMA */
    as_write_done(as);
    world_check();

    as_write(both);                             /* no more nodes than a tree has that was made at once */
    for (unsigned i = 0; i < ARRAY_LEN(there_already); i++)
        check_eq(put_at(both, there_already[i]), 0);
    for (unsigned i = 0; i < ARRAY_LEN(new); i++)
        check_eq(put_at(both, new[i]), 0);
    check_eq(radix_node_count(), 2 * nodes);
    check_eq(clear(both, 0, 1), 0);
    radix_graft(&other, &both->anons);          /* into nothing: it is the tree itself */
    radix_graft(&both->anons, &other);
    as_write_done(both);
    world_check();
    destroy(as);
    destroy(both);
}

/* Random changes of three trees that share, against three arrays of numbers: which anon is where. */
#define SPAN  4096u
#define TREES 3

static bool one_in_ten(void) { return host_random() % 10 == 0; }

static void against_arrays(void)
{
    static struct anon *expected[TREES][SPAN];
    struct addrspace *as[TREES] = { wide_space() };
    for (unsigned step = 0; step < 20000; step++) {
        unsigned t = host_random() % TREES;
        uint64_t vpn = 1 + host_random() % (SPAN - 1), end = vpn + host_random() % (one_in_ten() ? 1000 : 40);
        if (end > SPAN)
            end = SPAN;
        if (as[t] == NULL) {
            unsigned from = (t + 1) % TREES;
            if (as[from] == NULL)
                continue;
            check_eq(as_fork(as[from], &as[t]), 0);
            memcpy(expected[t], expected[from], sizeof expected[t]);
            continue;
        }
        as_write(as[t]);
        bool exclusive;
        unsigned what = host_random() % 100;
        if (what < 80) {
            check_eq(put_at(as[t], vpn), 0);
            expected[t][vpn] = radix_find(&as[t]->anons, vpn, &exclusive);
        } else if (what < 99) {
            check_eq(clear(as[t], vpn, end), 0);
            for (uint64_t v = vpn; v < end; v++)
                expected[t][v] = NULL;
        }
        for (unsigned i = 0; i < 32; i++) {     /* most of them where something has just happened */
            uint64_t v = i < 4 ? 1 + host_random() % (SPAN - 1) : vpn + i - 4 < SPAN ? vpn + i - 4 : SPAN - 1, others = 0;
            struct anon *anon = radix_find(&as[t]->anons, v, &exclusive);
            check(anon == expected[t][v]);
            for (unsigned o = 0; o < TREES; o++)
                others += o != t && anon != NULL && expected[o][v] == anon;
            check_eq(anon != NULL && exclusive && anon_sole(anon), anon != NULL && others == 0);
        }
        as_write_done(as[t]);
        if (what == 99 && as[(t + 1) % TREES] != NULL) {
            destroy(as[t]);
            as[t] = NULL;
            memset(expected[t], 0, sizeof expected[t]);
        }
        if (step % 100 == 0)
            world_check();
    }
    for (unsigned t = 0; t < TREES; t++)
        if (as[t] != NULL)
            destroy(as[t]);
}

/* ---- without memory ---- */

struct pair {
    struct addrspace *parent, *child;
};

static int put_in_child(void *arg)
{
    struct pair *pair = arg;
    as_write(pair->child);
    int err = put_at(pair->child, 500);
    as_write_done(pair->child);
    return err;
}

static int clear_in_child(void *arg)
{
    struct pair *pair = arg;
    as_write(pair->child);
    int err = clear(pair->child, 110, 500);
    as_write_done(pair->child);
    return err;
}

static void both_as_before(void *arg)
{
    struct pair *pair = arg;
    bool exclusive;
    for (uint64_t vpn = 99; vpn <= 600; vpn++) {
        bool put = vpn >= 100 && vpn < 200;
        check_eq(there(pair->parent, vpn, &exclusive), put);
        check_eq(there(pair->child, vpn, &exclusive), put);
    }
}

static void fails_cleanly(test_attempt *attempt)
{
    struct pair pair = { wide_space(), NULL };
    as_write(pair.parent);
    for (uint64_t vpn = 100; vpn < 200; vpn++)
        check_eq(put_at(pair.parent, vpn), 0);
    as_write_done(pair.parent);
    check_eq(as_fork(pair.parent, &pair.child), 0);
    check_fails_cleanly(attempt, &pair, both_as_before);
    destroy(pair.parent);
    destroy(pair.child);
}

static void put_fails_cleanly(void) { fails_cleanly(put_in_child); }
static void clear_fails_cleanly(void) { fails_cleanly(clear_in_child); }

/* Nodes got beforehand do for any one page number. */
static void spares(void)
{
    struct addrspace *as = wide_space();
    struct radix_spare spare = { 0 };
    as_write(as);
    check(radix_prepare(&as->anons, 9, &spare) == NULL);        /* none: nothing changed */
    check(as->anons.root == NULL);
    check_eq(radix_spare_alloc(&spare), 0);
    struct anon *anon = anon_alloc(PAGE_ANON);
    anon->family = as->family;
    anon->vpn = 9;
    struct radix_node *leaf = radix_prepare(&as->anons, 9, &spare);
    check(leaf != NULL && spare.count == 0);
    radix_fill(leaf, 9, anon);
    as_write_done(as);
    world_check();
    check_eq(radix_spare_alloc(&spare), 0);
    radix_spare_free(&spare);
    destroy(as);
}

const struct test_case radix_cases[] = {
    { "what was put is found, and nothing else", find_what_was_put },
    { "shared by fork, copied by the first change", share_and_copy },
    { "grafted on another tree", grafting },
    { "three trees against three arrays", against_arrays },
    { "putting fails whole", put_fails_cleanly },
    { "clearing fails whole", clear_fails_cleanly },
    { "nodes got beforehand", spares },
    { 0 },
};
