/*
 * crash.c - bugs on purpose, one for each way in which the kernel is to notice a bug of its own.
 * Owns: crash=NAME on the boot line. Every one of them must end in the panic named beside it.
 */
#include <string.h>

#include "arch/mmu.h"
#include "kernel/core/boot.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/proc.h"
#include "mm/page.h"
#include "mm/slab.h"

extern char __kernel_start[], __text_end[];

static volatile uint64_t sink;

static volatile uint64_t *volatile null = NULL;
static volatile bool for_ever = true;           /* the compiler must not see where this ends */

static void read_null(void) { sink = null[1]; }
static void jump_wild(void) { ((void (*)(void))0x4000)(); }
static void write_text(void) { *(volatile uint64_t *)__kernel_start = 0; }
static void write_rodata(void) { *(volatile uint64_t *)__text_end = 0; }
static void fail_assertion(void) { assert(sink == 1); }

static void execute_data(void)
{
    static uint32_t ret = 0x00008067;           /* the instruction ret, in .data */
    ((void (*)(void))&ret)();
}

static unsigned recurse(volatile unsigned *above)
{
    volatile unsigned here[128] = { *above + 1 };
    return for_ever ? recurse(here) + here[0] : 0;
}

static void overflow_stack(void)
{
    volatile unsigned start = 0;
    sink = recurse(&start);
}

static void write_after_free(void)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    uint64_t *words = page_address(page);
    page_free(page);
    words[100] = 1;
    page_alloc(PAGE_KERNEL);                    /* the same frame: last in, first out */
}

static void free_twice(void)
{
    struct page *page = page_alloc(PAGE_KERNEL);
    page_free(page);
    page_free(page);
}

static SLAB_CACHE(crash_objects, struct fp_context);

static void write_object_after_free(void)
{
    uint64_t *words = slab_alloc(&crash_objects);
    slab_free(&crash_objects, words);
    words[10] = 1;
    slab_alloc(&crash_objects);
}

static void shift_too_far(void) { sink = 1 << *(volatile int *)&(int){ 40 }; }

static void overrun_buffer(void)
{
    char buffer[16];
    memset(buffer, 0, sizeof buffer + (for_ever ? 8 : 0));
    sink = buffer[0];
}

static struct spinlock low = SPINLOCK_INIT(RANK_PT), high = SPINLOCK_INIT(RANK_PAGE);

static void lock_out_of_order(void)
{
    spin_lock(&high);
    spin_lock(&low);
}

static void lock_twice(void)
{
    spin_lock(&low);
    spin_lock(&low);
}

static void allocate_with_spinlock(void)
{
    spin_lock(&low);
    page_alloc(PAGE_KERNEL);
}

static void sleep_with_spinlock(void)
{
    static struct waitq wq;
    waitq_init(&wq);
    spin_lock(&low);
    spin_lock(&high);
    sleep_on(&wq, &high);
}

static const struct {
    const char *name;
    void (*crash)(void);
} crashes[] = {
    { "null", read_null },                      /* load page fault in the kernel at 0x8 */
    { "jump", jump_wild },                      /* instruction page fault in the kernel at 0x4000 */
    { "text", write_text },                     /* store page fault in the kernel */
    { "rodata", write_rodata },                 /* store page fault in the kernel */
    { "data", execute_data },                   /* instruction page fault in the kernel */
    { "stack", overflow_stack },                /* kernel stack overflow */
    /* checked kernel */
    { "assert", fail_assertion },               /* assertion failed: sink == 1 */
    { "poison", write_after_free },             /* was written to while free */
    { "free", free_twice },                     /* assertion failed: page_use(page) >= PAGE_ANON */
    { "order", lock_out_of_order },             /* lock order */
    { "twice", lock_twice },                    /* lock order */
    { "sleep", sleep_with_spinlock },           /* sleeps with 1 spin locks held */
    { "slab", write_object_after_free },        /* a free one of crash_objects at */
    { "allocate", allocate_with_spinlock },     /* holds spin lock */
    { "undefined", shift_too_far },             /* undefined behaviour */
    { "canary", overrun_buffer },               /* wrote beyond the end of a buffer */
};

void crash_if_asked(void)
{
    const char *name = boot_option("crash");
    if (name == NULL)
        return;
    for (unsigned i = 0; i < ARRAY_LEN(crashes); i++)
        if (strcmp(crashes[i].name, name) == 0)
            crashes[i].crash();
    kprintf("boot: crash=%s did nothing\n", name);
}
