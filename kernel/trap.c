/*
 * trap.c - from the cause of a trap to its handler.
 * Owns: the one table of causes, what happens on the way back to user mode, the message about a killed process.
 * Does not own: saving registers (arch/riscv/trap.S), serving a fault (mm/fault.c), system calls (syscalls/).
 * Read next: vm_fault in mm/fault.c.
 */
#include "arch/context.h"
#include "arch/irq.h"
#include "arch/riscv/csr.h"
#include "kernel/errno.h"
#include "kernel/hart.h"
#include "kernel/panic.h"
#include "kernel/print.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "kernel/time.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/page.h"
#include "syscalls/syscalls.h"

/* ---- user mode ---- */

static void kill_with_message(struct trapframe *tf, int signal, const char *reason)
{
    struct proc *p = current();
    kprintf("%s[%d]: %s at %#lx, pc %#lx: %s\n", p->name, p->pid, trap_cause_name(tf->cause), tf->value, tf->pc, reason);
    proc_mark_killed(p, signal);
}

/* Who, where and how much: what its owner needs to know about a process that memory was not enough for. */
static void kill_out_of_memory(struct trapframe *tf, vaddr_t va)
{
    struct proc *p = current();
    kprintf("%s[%d]: %s at %#lx, pc %#lx: out of memory (%zu KiB resident, %zu of %zu KiB free)\n", p->name, p->pid,
            trap_cause_name(tf->cause), va, tf->pc, p->as->pmap.resident * PAGE_SIZE / 1024,
            page_used(PAGE_FREE) * PAGE_SIZE / 1024, page_total() * PAGE_SIZE / 1024);
    p->as->oom_va = 0;
    proc_mark_killed(p, SIGKILL);
}

static void user_page_fault(struct trapframe *tf, uint64_t va)
{
    enum access access = tf->cause == TRAP_STORE_PAGE ? ACCESS_WRITE :
                         tf->cause == TRAP_LOAD_PAGE  ? ACCESS_READ : ACCESS_EXEC;
    int err = vm_fault(current()->as, va, access);
    switch (err) {
    case 0:
        break;
    case -EFAULT:
        kill_with_message(tf, SIGSEGV, "no mapping");
        break;
    case -EACCES:
        kill_with_message(tf, SIGSEGV, access == ACCESS_WRITE ? "not writable" :
                                       access == ACCESS_READ  ? "not readable" : "not executable");
        break;
    case -ENXIO:
        kill_with_message(tf, SIGBUS, "beyond end of object");
        break;
    default:
        kill_out_of_memory(tf, va);
        break;
    }
}

static void user_access_fault(struct trapframe *tf, uint64_t value)
{
    (void)value;
    kill_with_message(tf, SIGSEGV, "not memory");
}

static void user_misaligned(struct trapframe *tf, uint64_t value)
{
    (void)value;
    kill_with_message(tf, SIGBUS, "misaligned");
}

static void user_breakpoint(struct trapframe *tf, uint64_t value)
{
    (void)value;
    kill_with_message(tf, SIGTRAP, "no debugger");
}

static void user_illegal(struct trapframe *tf, uint64_t insn)
{
    struct proc *p = current();
    (void)insn;
    if (p->fp_used || !fp_was_off(tf)) {
        kill_with_message(tf, SIGILL, "not an instruction for user mode");
        return;
    }
    p->fp = (struct fp_context){ 0 };
    p->fp_used = true;
    fp_enable(tf, &p->fp);
}

static void user_system_call(struct trapframe *tf, uint64_t value)
{
    (void)value;
    tf->pc += 4;                                /* the ecall instruction has no compressed form */
    syscall_dispatch(tf);
    struct addrspace *as = current()->as;
    if (as->oom_va != 0)                        /* a copy to or from the program found no memory */
        kill_out_of_memory(tf, as->oom_va);
}

/* ---- interrupts ---- */

static void software_interrupt(struct trapframe *tf, uint64_t value)
{
    (void)tf, (void)value;
    csr_clear("sip", SIE_SSIE);                 /* what is asked for stands in hart->pending */
}

static void timer_interrupt(struct trapframe *tf, uint64_t value)
{
    (void)tf, (void)value;
    time_interrupt();
}

static void external_interrupt(struct trapframe *tf, uint64_t value)
{
    (void)tf, (void)value;
    irq_dispatch();
}

/* ---- the table ---- */

struct trap_handler {
    const char *name;
    void (*user)(struct trapframe *tf, uint64_t value);         /* NULL: the kernel knows no such trap */
    void (*kernel)(struct trapframe *tf, uint64_t value);       /* NULL: a bug, panic */
};

static const struct trap_handler exceptions[TRAP_NEXCEPTIONS] = {
    [TRAP_FETCH_MISALIGNED] = { "misaligned jump", user_misaligned, NULL },
    [TRAP_FETCH_ACCESS] = { "instruction access fault", user_access_fault, NULL },
    [TRAP_ILLEGAL] = { "illegal instruction", user_illegal, NULL },
    [TRAP_BREAKPOINT] = { "breakpoint", user_breakpoint, NULL },
    [TRAP_LOAD_MISALIGNED] = { "misaligned load", user_misaligned, NULL },
    [TRAP_LOAD_ACCESS] = { "load access fault", user_access_fault, NULL },
    [TRAP_STORE_MISALIGNED] = { "misaligned store", user_misaligned, NULL },
    [TRAP_STORE_ACCESS] = { "store access fault", user_access_fault, NULL },
    [TRAP_ECALL_USER] = { "system call", user_system_call, NULL },
    [TRAP_FETCH_PAGE] = { "instruction page fault", user_page_fault, NULL },
    [TRAP_LOAD_PAGE] = { "load page fault", user_page_fault, NULL },
    [TRAP_STORE_PAGE] = { "store page fault", user_page_fault, NULL },
};

static const struct trap_handler interrupts[TRAP_NINTERRUPTS] = {
    [TRAP_SOFTWARE] = { "software interrupt", software_interrupt, software_interrupt },
    [TRAP_TIMER] = { "timer interrupt", timer_interrupt, timer_interrupt },
    [TRAP_EXTERNAL] = { "external interrupt", external_interrupt, external_interrupt },
};

static const struct trap_handler *find_handler(uint64_t cause)
{
    uint64_t number = cause & ~TRAP_INTERRUPT;
    if (cause & TRAP_INTERRUPT)
        return number < TRAP_NINTERRUPTS ? &interrupts[number] : NULL;
    return number < TRAP_NEXCEPTIONS ? &exceptions[number] : NULL;
}

const char *trap_cause_name(uint64_t cause)
{
    const struct trap_handler *handler = find_handler(cause);
    return handler != NULL && handler->name != NULL ? handler->name : "unknown trap";
}

/* ---- dispatch ---- */

/* The last stop before user mode: the only place where a process dies or is preempted, with no lock held. */
static void work_before_return(void)
{
    struct proc *p = current();
    for (;;) {
        int signal = atomic_load_explicit(&p->killed_by, memory_order_relaxed);
        if (signal != 0) {
            irq_unmask();
            proc_exit(signal);
        }
        struct hart *hart = this_hart();
        if (atomic_load_explicit(&hart->pending, memory_order_relaxed) == 0)
            return;
        hart_stop_point();
        if (atomic_fetch_and(&hart->pending, ~HART_RESCHEDULE) & HART_RESCHEDULE)
            proc_yield();
    }
}

void trap_dispatch(struct trapframe *tf, uint64_t cause, uint64_t value)
{
    struct hart *hart = this_hart();
    if (cause & TRAP_INTERRUPT) {
        const struct trap_handler *handler = find_handler(cause);
        if (handler == NULL || handler->user == NULL)
            panic_trap(tf, "interrupt %#lx that nobody asked for", cause);
        hart->interrupts[cause & ~TRAP_INTERRUPT]++;
        handler->user(tf, value);
    } else {
        tf->cause = cause;
        tf->value = value;
        if (cause >= TRAP_NEXCEPTIONS || exceptions[cause].user == NULL)
            panic_trap(tf, "exception %#lx that cannot come from user mode", cause);
        hart->exceptions[cause]++;
        irq_unmask();
        exceptions[cause].user(tf, value);
        irq_mask();
    }
    if (atomic_load_explicit(&this_hart()->pending, memory_order_relaxed) != 0 || proc_killed(current()))
        work_before_return();
    if (CHECKED)
        lock_assert_none();
}

void trap_dispatch_kernel(struct trapframe *tf, uint64_t cause, uint64_t value)
{
    const struct trap_handler *handler = find_handler(cause);
    tf->cause = cause;
    tf->value = value;
    if (handler == NULL || handler->kernel == NULL)     /* I12: an S-mode page fault is always a kernel bug */
        panic_trap(tf, "%s in the kernel at %#lx, pc %#lx", trap_cause_name(cause), value, tf->pc);
    this_hart()->interrupts[cause & ~TRAP_INTERRUPT]++;
    handler->kernel(tf, value);
}

void trap_stack_overflow(struct trapframe *tf)
{
    tf->cause = csr_read("scause");
    tf->value = csr_read("stval");
    panic_trap(tf, "kernel stack overflow: sp %#lx, pc %#lx", tf->x[REG_SP], tf->pc);
}
