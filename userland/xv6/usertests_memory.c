/*
 * usertests_memory.c - usertests about memory alone: sbrk, faults, what is nobody's.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/vm.h"
#include "user/user.h"

#include "usertests.h"

#define LARGEST_RAM_GIB 4               /* that anybody gives to this system */

static void load(uint64 address)
{
    peek(address);
}

static void store(uint64 address)
{
    poke(address, 10);
}

/* ---- sbrk ---- */

/* Grow by a gibibyte, and again: sooner or later that is refused, or touching it is fatal. */
static void take_too_much(uint64 unused)
{
    for (int i = 0; i <= LARGEST_RAM_GIB; i++) {
        char *start = sbrk(GIB);
        if (start == SBRK_ERROR)
            exit(0);
        for (uint64 at = 0; at < GIB; at += PGSIZE)
            poke((uint64)start + at, 99);
    }
    exit(1);
}

void sbrkbasic(void)
{
    check(run_child(take_too_much, 0) != 1);

    char *expected = sbrk(0);
    for (int i = 0; i < 5000; i++, expected++) {
        check_eq(sbrk(1), expected);
        *expected = 1;
    }
    int pid = fork();
    check(pid >= 0);
    check_eq(sbrk(1), expected);
    check_eq(sbrk(1), expected + 1);
    if (pid == 0)
        exit(0);
    check_eq(status_of(pid), 0);
}

#define MUCH (100 * MIB)

static void grow_and_shrink_much(int touch_all)
{
    char *start = sbrk(0), *last = (char *)MUCH - 1;

    check_eq(sbrk((int)(MUCH - (uint64)start)), start);
    if (touch_all)
        for (uint64 at = PGROUNDUP((uint64)start); at < MUCH; at += PGSIZE)
            poke(at, 1);
    *last = 99;

    /* A page less, and again a page more: it is another page. */
    check_eq(sbrk(-PGSIZE), MUCH);
    check_eq(sbrk(0), MUCH - PGSIZE);
    check_eq(sbrk(PGSIZE), MUCH - PGSIZE);
    check_eq(sbrk(0), MUCH);
    check_eq(*last, 0);

    check_eq(sbrk((int)(start - sbrk(0))), MUCH);
    check_eq(sbrk(0), start);
}

void sbrkmuch(void) { grow_and_shrink_much(0); }
void sbrkmuch_2020(void) { grow_and_shrink_much(1); }

#define MANY 10

/* Tell whether there were 100 MiB, and hold them until killed. */
static void grow_and_hold(uint64 fd)
{
    char answer = sbrk((int)(MUCH - (uint64)sbrk(0))) == SBRK_ERROR ? '0' : '1';

    write(fd, &answer, 1);
    for (;;)
        sleep(1000);
}

/* Ten children want 100 MiB each, while a page is still to be had. Returns how many were refused. */
static int ten_that_want_much(void)
{
    int fds[2], pids[MANY], refused = 0;
    char answer;

    for (int i = 0; i < MANY; i++) {
        check_eq(pipe(fds), 0);
        pids[i] = start(grow_and_hold, fds[1]);
        close(fds[1]);                                  /* so that one that is killed leaves no open end */
        check_eq(read(fds[0], &answer, 1), 1);
        close(fds[0]);
        refused += answer == '0';
    }
    char *page = sbrk(PGSIZE);
    for (int i = 0; i < MANY; i++) {
        check_eq(kill(pids[i]), 0);
        check_eq(status_of(pids[i]), KILLED);
    }
    check(page != SBRK_ERROR);
    *page = 1;
    return refused;
}

static void read_too_much(uint64 unused)
{
    for (int i = 0; i <= LARGEST_RAM_GIB; i++) {
        char *start = sbrk(1000 * MIB);
        if (start == SBRK_ERROR)
            exit(2);
        for (uint64 at = 0; at < 1000 * MIB; at += PGSIZE)
            peek((uint64)start + at);
    }
    exit(0);
}

/* A lazy sbrk grants what there is not, and to touch it is fatal. */
void sbrkfail_2020(void)
{
    check_eq(ten_that_want_much(), 0);
    int status = run_child(read_too_much, 0);
    check(status == KILLED || status == 2);
}

static void ask_too_much(uint64 unused)
{
    for (int i = 0; i <= LARGEST_RAM_GIB; i++)
        if (sbrk(1000 * MIB) == SBRK_ERROR)
            exit(0);
    exit(1);
}

/* An eager one refuses, and nobody is killed. */
void sbrkfail(void)
{
    int refused = ten_that_want_much();

    check(refused > 0 || pages_at_start > MANY * (MUCH / PGSIZE));
    check_eq(run_child(ask_too_much, 0), 0);
}

static void shrink_to(uint64 end)
{
    sbrk((int)(end - (uint64)sbrk(0)));
}

/* The heap's end may be moved into the program: that is its own end, not the kernel's. */
static void end_in_page_then_back(uint64 end)
{
    shrink_to(end);
    check(sbrk(-10) != SBRK_ERROR);
}

void sbrkbugs(void)
{
    uint64 end = PGROUNDUP((uint64)sbrk(0));

    check_eq(run_child(shrink_to, 0), KILLED);
    check_eq(run_child(shrink_to, 3500), KILLED);
    check_eq(run_child(end_in_page_then_back, 10 * 4096 + 2048), KILLED);
    check_eq(run_child(end_in_page_then_back, end + 4096 + 2048), 0);
}

void sbrklast(void)
{
    align_heap();
    char *start = sbrk(PGSIZE);
    check(start != SBRK_ERROR);
    check(sbrk(10) != SBRK_ERROR);
    check(sbrk(-20) != SBRK_ERROR);

    char *name = start + PGSIZE - 64;
    name[0] = 'x';
    name[1] = 0;
    int fd = open_checked(name, O_RDWR | O_CREATE);
    check_eq(write(fd, name, 1), 1);
    close(fd);
    fd = open_checked(name, O_RDWR);
    name[0] = 0;
    check_eq(read(fd, name, 1), 1);
    check_eq(name[0], 'x');
    close(fd);
    check_eq(unlink(name), 0);
}

/* Negative as an int of 32 bits, and more than there is to give back. */
void sbrk8000(void)
{
    sbrk(0x80000004);
    uint64 last = (uint64)sbrk(0) - 1;
    poke(last, peek(last) + 1);
}

/* ---- malloc ---- */

static void allocate_all(uint64 unused)
{
    void *newest = 0, *block;

    while ((block = malloc(10001)) != 0) {
        *(void **)block = newest;
        newest = block;
    }
    for (; newest; newest = block) {
        block = *(void **)newest;
        free(newest);
    }
    block = malloc(20 * 1024);
    check(block != 0);
    free(block);
}

void mem(void)
{
    int status = run_child(allocate_all, 0);

    check(status == 0 || status == KILLED);     /* lazy memory ends with a kill */
}

/* ---- what is not the program's ---- */

static char uninitialised[10000];

void bsstest(void)
{
    for (int i = 0; i < (int)sizeof(uninitialised); i++)
        check_eq(peek((uint64)uninitialised + i), 0);
}

void kernmem(void)
{
    for (int k = 0; k < 40; k++)
        check_eq(run_child(load, KERNBASE + k * 50000), KILLED);
}

void MAXVAplus(void)
{
    for (uint64 address = MAXVA; address != 0; address <<= 1)
        check_eq(run_child(store, address), KILLED);
}

static void load_below_stack(uint64 unused)
{
    peek(r_sp() - USERSTACK * PGSIZE);
}

/* The guard page. */
void stacktest(void)
{
    check_eq(run_child(load_below_stack, 0), KILLED);
}

/* Text, and whatever is not the program's. */
void nowrite(void)
{
    check_eq(run_child(store, 0), KILLED);
    check_eq(run_child(store, (uint64)nowrite), KILLED);
    for (int i = 0; i < NBAD; i++)
        check_eq(run_child(store, bad_addresses[i]), KILLED);
}

/* ---- lazy memory, under both forms of sbrk ---- */

#define ALLOC_STRIDE (64 * PGSIZE)
#define UNMAP_STRIDE (4096 * PGSIZE)

/* A sparse array: only what is written costs memory. */
void lazy_alloc(void)
{
    char *start = sbrklazy(GIB);
    check(start != SBRK_ERROR);

    for (uint64 at = PGSIZE; at < GIB; at += ALLOC_STRIDE)
        *(char **)(start + at) = start + at;
    for (uint64 at = PGSIZE; at < GIB; at += ALLOC_STRIDE)
        check_eq(*(char *volatile *)(start + at), start + at);
}

static void shrink_and_store(uint64 address)
{
    check(sbrklazy(-GIB) != SBRK_ERROR);
    poke(address, 1);
}

void lazy_unmap(void)
{
    char *start = sbrklazy(GIB);
    check(start != SBRK_ERROR);

    for (uint64 at = PGSIZE; at < GIB; at += UNMAP_STRIDE)
        *(char **)(start + at) = start + at;
    for (uint64 at = PGSIZE; at < GIB; at += UNMAP_STRIDE)
        check_eq(run_child(shrink_and_store, (uint64)start + at), KILLED);
}

/* The heap may grow to the page below the trap frame, and not by a byte more. */
void lazy_sbrk(void)
{
    while ((uint64)sbrk(0) < MAXVA - GIB)
        check(sbrklazy(GIB) != SBRK_ERROR);
    uint64 end = (uint64)sbrk(0);
    check_eq(sbrklazy((int)(TRAPFRAME - PGSIZE - end)), end);

    uint64 last_page = TRAPFRAME - PGSIZE;
    check_eq(sys_sbrk(PGSIZE, SBRK_EAGER), last_page);
    for (int i = 0; i < PGSIZE; i++)
        check_eq(peek(last_page + i), 0);
    poke(last_page, 1);
    poke(last_page + PGSIZE - 1, 1);
    check_eq(peek(last_page + PGSIZE - 1), 1);
    check_eq(sbrk(1), SBRK_ERROR);
    check_eq(sbrklazy(1), SBRK_ERROR);
    check_eq(sbrk(0), TRAPFRAME);
}
