/*
 * main.c - from the first line of C to the first process.
 * Owns: the order in which everything is set up.
 * Read next: trap.c, then mm/fault.c.
 */
#include <stdio.h>
#include <string.h>

#include "arch/hart.h"
#include "arch/irq.h"
#include "arch/kernel_space.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "kernel/core/boot.h"
#include "kernel/dev/console.h"
#include "kernel/dev/disk.h"
#include "kernel/dev/uart.h"
#include "kernel/exec.h"
#include "kernel/handler.h"
#include "kernel/fs/file.h"
#include "kernel/fs/trace.h"
#include "kernel/core/hart.h"
#include "kernel/core/kstack.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/oom.h"
#include "kernel/proc.h"
#include "kernel/swapon.h"
#include "kernel/check/crash.h"
#include "kernel/check/quiesce.h"
#include "kernel/core/sched.h"
#include "kernel/core/time.h"
#include "kernel/trap.h"
#include "mm/ahead.h"
#include "mm/chaos.h"
#include "mm/commit.h"
#include "mm/page.h"

#define CHAOS_MIN 8                     /* one instruction can need four leaves at once, and each fault may drop one */

extern char __kernel_start[], __kernel_end[];

uint64_t boot_ticks;

/* ---- every hart ---- */

static void hart_init(void)
{
    trap_init_hart();
    mmu_init_hart();
    irq_init_hart();
    time_init_hart();
    this_hart()->since = time_ticks();
}

/* Where a secondary hart arrives, on the stack of its idle thread. */
void hart_main(void)
{
    /* First this, then mmu_init_hart's fences: see others_online. Interrupts are masked until sched_idle. */
    hart_online();
    hart_init();
    sched_idle();
}

/* Give every hart a structure, an idle thread and a stack to report the overflow of another. */
static void prepare_harts(void)
{
    for (unsigned h = 0; h < machine.nharts; h++) {
        char *stack = kstack_alloc();
        if (stack == NULL)
            panic("no memory for the stacks of hart %u", h);
        harts[h].idle = harts[h].current = thread_create_idle(h);
        harts[h].base = (struct hart_base){ .index = h, .frame = harts[h].idle->tf,
                                            .emergency_stack = (uint64_t)stack + KSTACK_SIZE };
    }
}

static void start_other_harts(void)
{
    for (unsigned h = 0; h < machine.nharts; h++) {
        if (h == hart_index())
            continue;
        long err = hart_start(h, &harts[h]);
        if (err != 0)
            kprintf("hart %lu does not start: error %ld of the firmware\n", machine.harts[h].hartid, err);
    }
}

/* ---- process 1 ---- */

static const char *init_path(void)
{
    const char *path = boot_option("init");
    return path != NULL && path[0] != '\0' ? path : "/init";
}

/* Harts come up while process 1 does; one that does not within a second is not coming. */
static void count_harts(void)
{
    uint64_t deadline = time_ns() + NSEC_PER_SEC;
    unsigned online;
    for (;;) {
        online = 0;
        for (unsigned h = 0; h < machine.nharts; h++) {
            if (harts_online() >> h & 1)
                online++;
            else
                hart_start(h, &harts[h]);       /* again: see _start; an error unless the hart has stopped */
        }
        if (online == machine.nharts || time_ns() >= deadline)
            break;
        time_sleep_until(time_ns() + NSEC_PER_SEC / 1000);
    }
    kprintf("%u hart%s online%s\n", online, online == 1 ? "" : "s", online < machine.nharts ? ", others do not answer" : "");
}

/* The first thing that process 1 does, in the kernel: become init. Then it returns to user mode like any other. */
static void init_start(void)
{
    sched_started();
    irq_unmask();
    count_harts();
    crash_if_asked();
    fs_init();
    swapon_boot();
    trace_boot();
    trampoline_init();
    itimers_init();
    struct proc *p = current();
    if (files_open_console(p) != 0)
        panic("no memory for the console of process 1");

    const char *path = init_path();
    const char **argv = boot_init_args();
    argv[0] = path;
    const struct exec_args exec_args = { .argv = (vaddr_t)argv };
    int err = proc_exec(path, &exec_args);
    if (err != 0)
        panic("cannot run %s: error %d (is there an initramfs? QEMU: -initrd)", path, -err);
    irq_mask();
    boot_ticks = time_ticks() - boot_ticks;
    trap_first_return();
}

/* ---- boot ---- */

static void options(void)
{
    check_enable(boot_number("check", 1));
    unsigned long chaos = boot_number("chaos", 0);
    if (chaos != 0 && !CHECKED)
        kprintf("boot: chaos needs the checked kernel, ignored\n");
    if (chaos != 0 && chaos < CHAOS_MIN) {
        kprintf("boot: chaos=%lu is too often for any program to go on, taking %d\n", chaos, CHAOS_MIN);
        chaos = CHAOS_MIN;
    }
    chaos_set(chaos, boot_number("seed", 1));
    unsigned long leaves = boot_number("leaves", 0);
    if (leaves != 0)
        chaos_set_leaves(leaves < CHAOS_MIN ? CHAOS_MIN : leaves);
    const char *ahead = boot_option("ahead");
    if (ahead != NULL && strcmp(ahead, "off") == 0)
        ahead_enable(false);
    else if (ahead != NULL && strcmp(ahead, "on") != 0)
        kprintf("boot: ahead=%s is neither on nor off, taking on\n", ahead);
    oom_init();
    const char *commit = boot_option("commit");
    commit_strict = commit != NULL && strcmp(commit, "strict") == 0;
    if (commit != NULL && !commit_strict && strcmp(commit, "lazy") != 0)
        kprintf("boot: commit=%s is neither lazy nor strict, taking lazy\n", commit);
}

/* On the boot hart, on the stack of its idle thread. */
static void boot(void)
{
    irq_init();
    hart_init();
    time_init();
    hart_online();
    console_start();
    disks_init();
    start_other_harts();
    proc_create_init(init_start);               /* last: it starts once more what has not come up */
    sched_idle();
}

static unsigned index_of(uint64_t hartid)
{
    for (unsigned h = 0; h < machine.nharts; h++)
        if (machine.harts[h].hartid == hartid)
            return h;
    panic("the boot hart %lu is not in the device tree, or beyond the %d that are used", hartid, MACHINE_MAX_HARTS);
}

/* ---- frames for who lies below the frame allocator ---- */

static paddr_t frame_of(const struct page *page) { return page != NULL ? page_to_phys(page) : 0; }
static paddr_t new_table(void) { return frame_of(page_alloc_zeroed(PAGE_TABLE)); }
static paddr_t get_stack_frame(void) { return frame_of(page_alloc(PAGE_KSTACK)); }
static void put_stack_frame(paddr_t frame) { page_free(phys_to_page(frame)); }
static const struct kstack_frames kstack_frames = { get_stack_frame, put_stack_frame };

void kernel_main(uint64_t hartid, paddr_t fdt)
{
    hart_set_self(&harts[0]);                   /* a place to point at until the harts have been counted */
    boot_ticks = time_ticks();                  /* the beginning; init_start makes it a span */
    trap_init_hart();
    console_init();
    fdt_read(phys_to_virt(fdt), fdt);
    uart_init();
    kprintf("Faultline booting: %u hart%s, %s kernel\n", machine.nharts, machine.nharts == 1 ? "" : "s",
            CHECKED ? "checked" : "plain");
    boot_parse();
    random_init();
    options();

    unsigned self = index_of(hartid);
    harts[self].base.index = self;
    hart_set_self(&harts[self]);
    struct range reserved[MACHINE_MAX_RANGES + 1];
    memcpy(reserved, machine.reserved, sizeof machine.reserved);
    reserved[machine.nreserved] = (struct range){ virt_to_phys(__kernel_start), virt_to_phys(__kernel_end) };
    page_init(machine.memory, machine.nmemory, reserved, machine.nreserved + 1);
    struct page *scratch = machine.has_zicboz ? page_alloc(PAGE_KERNEL) : NULL;
    if (scratch != NULL) {
        page_zero_probe(page_address(scratch));
        page_free(scratch);
    }
    mmu_init(boot_number("asids", UINT64_MAX), new_table);
    kstack_init(&kstack_frames);
    page_shrink = mm_shrink;
    mmu_init_hart();
    prepare_harts();
    kprintf("%zu KiB of memory free\n", page_used(PAGE_FREE) * PAGE_SIZE / 1024);
    call_on_stack((uint64_t)harts[self].base.frame, boot);
}
