/*
 * trap.c - from the cause of a trap to its handler.
 * Owns: the tables of causes, what happens on the way back to user mode, the message about a killed
 * process.
 * Does not own: saving registers (arch/riscv/trap.S), serving a fault (mm/fault.c), system calls
 * (syscalls/), handlers of signals (handler.c).
 * Read next: vm_fault in mm/fault.c.
 */
#include "arch/context.h"
#include "arch/hart.h"
#include "arch/irq.h"
#include "kernel/core/errno.h"
#include "kernel/core/hart.h"
#include "kernel/handler.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/oom.h"
#include "kernel/proc.h"
#include "kernel/core/time.h"
#include "kernel/core/trace.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/fault.h"
#include "mm/page.h"

/* ---- user mode ---- */

/* The program gets a signal for what it has done at address. If it dies of that, the console says why. */
static void send_for_trap(struct trapframe *tf, int signal, int code, vaddr_t address, const char *reason)
{
    struct proc *p = current();
    if (signal_force(&(struct signal_info){ .signal = signal, .code = code, .address = address }))
        kprintf("%s[%d]: %s at %#lx, pc %#lx: %s\n", p->name, p->pid, trap_cause_name(tf->cause), tf->value, tf->pc, reason);
}

/* Who, where and how much: what its owner needs to know about a process that memory was not enough for. */
void trap_out_of_memory(struct trapframe *tf, vaddr_t va)
{
    struct proc *p = current();
    as_choose(p->as);                   /* who comes to live here from now on is killed too */
    if (!proc_killed(p))                /* else one of those who share its memory has said it */
        kprintf("%s[%d]: %s at %#lx, pc %#lx: out of memory (%zu KiB resident, %zu of %zu KiB free)\n", p->name, p->pid,
                trap_cause_name(tf->cause), va, tf->pc, p->as->pmap.resident * PAGE_SIZE / 1024,
                page_used(PAGE_FREE) * PAGE_SIZE / 1024, page_total() * PAGE_SIZE / 1024);
    proc_kill_users(p->as);
}

static const enum access access_of[TRAP_NEXCEPTIONS] = {
    [TRAP_FETCH_PAGE] = ACCESS_EXEC,
    [TRAP_LOAD_PAGE] = ACCESS_READ,
    [TRAP_STORE_PAGE] = ACCESS_WRITE,
};

static __attribute__((noinline)) void fault_failed(struct trapframe *tf, enum fault_result result)
{
    static const char *const forbidden[] = {
        [ACCESS_READ] = "not readable", [ACCESS_WRITE] = "not writable", [ACCESS_EXEC] = "not executable",
    };
    switch (result) {
    case FAULT_NO_MAPPING:
        send_for_trap(tf, SIGSEGV, SEGV_MAPERR, tf->value, "no mapping");
        break;
    case FAULT_FORBIDDEN:
        send_for_trap(tf, SIGSEGV, SEGV_ACCERR, tf->value, forbidden[access_of[tf->cause]]);
        break;
    case FAULT_BEYOND_END:
    case FAULT_IO:
        send_for_trap(tf, SIGBUS, BUS_ADRERR, tf->value,
                      result == FAULT_IO ? "the disk has failed" : "beyond end of object");
        break;
    default:
        if (!oom_wait(current()->as, OOM_PATIENCE_NS))
            trap_out_of_memory(tf, tf->value);
        break;
    }
}

static void user_page_fault(struct trapframe *tf)
{
    if (trace_on())
        thread_current()->fault_began = time_ticks();
    enum fault_result result = vm_fault(current()->as, tf->value, access_of[tf->cause]);
    if (__builtin_expect(result != FAULT_DONE, 0))
        fault_failed(tf, result);
}

static void user_access_fault(struct trapframe *tf) { send_for_trap(tf, SIGSEGV, SEGV_ACCERR, tf->value, "not memory"); }
static void user_misaligned(struct trapframe *tf) { send_for_trap(tf, SIGBUS, BUS_ADRALN, tf->value, "misaligned"); }
static void user_breakpoint(struct trapframe *tf) { send_for_trap(tf, SIGTRAP, TRAP_BRKPT, tf->pc, "no debugger"); }

static void user_impossible(struct trapframe *tf)
{
    panic_trap(tf, "exception %#lx that cannot come from user mode", tf->cause);
}

static void user_illegal(struct trapframe *tf)
{
    struct thread *t = thread_current();
    if (t->fp_used || !fp_was_off(tf)) {
        send_for_trap(tf, SIGILL, ILL_ILLOPC, tf->pc, "not an instruction for user mode");
        return;
    }
    *t->fp = (struct fp_context){ 0 };
    t->fp_used = true;
    fp_enable(tf, t->fp);
}

/* ---- the tables ---- */

#pragma GCC diagnostic ignored "-Woverride-init"        /* the rows come on top of the default */
static const struct {
    const char *name;
    void (*from_user)(struct trapframe *tf);
} exceptions[TRAP_NEXCEPTIONS] = {
    [0 ... TRAP_NEXCEPTIONS - 1] = { "unknown exception", user_impossible },
    [TRAP_FETCH_MISALIGNED] = { "misaligned jump", user_misaligned },
    [TRAP_FETCH_ACCESS] = { "instruction access fault", user_access_fault },
    [TRAP_ILLEGAL] = { "illegal instruction", user_illegal },
    [TRAP_BREAKPOINT] = { "breakpoint", user_breakpoint },
    [TRAP_LOAD_MISALIGNED] = { "misaligned load", user_misaligned },
    [TRAP_LOAD_ACCESS] = { "load access fault", user_access_fault },
    [TRAP_STORE_MISALIGNED] = { "misaligned store", user_misaligned },
    [TRAP_STORE_ACCESS] = { "store access fault", user_access_fault },
    [TRAP_ECALL_USER] = { "system call", syscall_dispatch },
    [TRAP_FETCH_PAGE] = { "instruction page fault", user_page_fault },
    [TRAP_LOAD_PAGE] = { "load page fault", user_page_fault },
    [TRAP_STORE_PAGE] = { "store page fault", user_page_fault },
};

static const struct {
    const char *name;
    void (*serve)(void);                /* wherever it came; NULL: nobody asked for it */
} interrupts[TRAP_NINTERRUPTS] = {
    [TRAP_SOFTWARE] = { "software interrupt", ipi_acknowledge },        /* what is asked for stands in hart->pending */
    [TRAP_TIMER] = { "timer interrupt", time_interrupt },
    [TRAP_EXTERNAL] = { "external interrupt", irq_dispatch },
};

const char *trap_cause_name(uint64_t cause)
{
    uint64_t number = cause & ~TRAP_INTERRUPT;
    const char *name = NULL;
    if (cause & TRAP_INTERRUPT)
        name = cause == TRAP_NONE ? "signal" : number < TRAP_NINTERRUPTS ? interrupts[number].name : NULL;
    else
        name = number < TRAP_NEXCEPTIONS ? exceptions[number].name : NULL;
    return name != NULL ? name : "unknown trap";
}

uint64_t trap_count(uint64_t cause)
{
    uint64_t sum = 0;
    for (unsigned h = 0; h < machine.nharts; h++)
        sum += cause & TRAP_INTERRUPT ? harts[h].interrupts[cause & ~TRAP_INTERRUPT] : harts[h].exceptions[cause];
    return sum;
}

/* ---- dispatch ---- */

/*
 * The last stop before user mode: the only place where a process dies, stops or goes to a handler,
 * and with no lock held. It gives way here too, as it does in the middle of what takes long
 * (thread_let_others). Whoever gives a thread a notice also sets pending on its hart, and a thread
 * that is switched to with notices sets it again (sched.c): so one load tells that there is nothing
 * to do.
 */
static void work_before_return(struct hart *hart)
{
    do {
        atomic_fetch_and(&hart->pending, ~HART_NOTICE);
        if (thread_notices(hart->current) != 0) {
            irq_unmask();
            handlers_enter(hart->current->tf);
            irq_mask();
        }
        hart_stop_point();
        if (atomic_fetch_and(&this_hart()->pending, ~HART_RESCHEDULE) & HART_RESCHEDULE)
            thread_yield();
        hart = this_hart();                     /* it may be another one now */
    } while (atomic_load_explicit(&hart->pending, memory_order_relaxed) != 0);
}

static void dispatch_interrupt(struct trapframe *tf, uint64_t number)
{
    if (number >= TRAP_NINTERRUPTS || interrupts[number].serve == NULL)
        panic_trap(tf, "interrupt %#lx that nobody asked for", tf->cause);
    this_hart()->interrupts[number]++;
    interrupts[number].serve();
}

void trap_dispatch(struct trapframe *tf, uint64_t cause, uint64_t value)
{
    tf->cause = cause;
    tf->value = value;
    if (__builtin_expect(!(cause & TRAP_INTERRUPT), 1)) {
        this_hart()->exceptions[cause]++;
        irq_unmask();
        exceptions[cause].from_user(tf);
        irq_mask();
    } else {
        dispatch_interrupt(tf, cause & ~TRAP_INTERRUPT);
    }
    struct hart *hart = this_hart();            /* not the one of before, if the process has slept */
    if (__builtin_expect(atomic_load_explicit(&hart->pending, memory_order_relaxed) != 0, 0))
        work_before_return(hart);
    if (CHECKED)
        lock_assert_none();
}

void trap_first_return(void)
{
    if (atomic_load(&this_hart()->pending) != 0)
        work_before_return(this_hart());
}

void trap_enter_program(void)
{
    irq_mask();
    trap_first_return();
    call_on_stack((uint64_t)thread_current()->tf, trap_return);
}

/*
 * I12: an S-mode page fault is always a kernel bug, as any other exception is. The compiler puts ebreak where it is sure, and
 * in the checked kernel (UBSan) where it is seen, that C has no meaning.
 */
void trap_dispatch_kernel(struct trapframe *tf, uint64_t cause, uint64_t value)
{
    tf->cause = cause;
    tf->value = value;
    if (cause == TRAP_BREAKPOINT)
        panic_trap(tf, "undefined behaviour in the kernel, pc %#lx", tf->pc);
    if (!(cause & TRAP_INTERRUPT))
        panic_trap(tf, "%s in the kernel at %#lx, pc %#lx", trap_cause_name(cause), value, tf->pc);
    dispatch_interrupt(tf, cause & ~TRAP_INTERRUPT);
}

void trap_stack_overflow(struct trapframe *tf, uint64_t cause, uint64_t value)
{
    tf->cause = cause;
    tf->value = value;
    panic_trap(tf, "kernel stack overflow: sp %#lx, pc %#lx", tf->x[REG_SP], tf->pc);
}
