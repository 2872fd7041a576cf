/*
 * handler.c - into a signal's handler and back. A handler is a call that the program has not made:
 * its registers go to a frame on its own stack, and come back from there when the handler returns,
 * by way of a page with the two instructions of rt_sigreturn. Between the two the frame is the
 * program's, which may have put anything there.
 */
#include <string.h>

#include "arch/machine.h"
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/handler.h"
#include "kernel/itimer.h"
#include "kernel/proc.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/object.h"
#include "mm/uaccess.h"

/* ---- the alternate stack ---- */

static bool on_stack(const struct signal_stack *stack, vaddr_t sp)
{
    return !((unsigned)stack->flags & SS_AUTODISARM) && sp > stack->base && sp - stack->base <= stack->size_bytes;
}

struct signal_stack signal_stack_get(vaddr_t sp)
{
    struct signal_stack stack = current()->signals.stack;
    int mode = stack.size_bytes == 0 ? SS_DISABLE : on_stack(&stack, sp) ? SS_ONSTACK : 0;
    stack.flags = (int)((unsigned)stack.flags & SS_AUTODISARM) | mode;
    return stack;
}

int signal_stack_set(const struct signal_stack *new, vaddr_t sp)
{
    struct signal_stack *stack = &current()->signals.stack;
    unsigned mode = (unsigned)new->flags & ~SS_AUTODISARM;
    if (on_stack(stack, sp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode != SS_DISABLE && new->size_bytes < MINSIGSTKSZ)
        return -ENOMEM;
    *stack = (struct signal_stack){ .flags = new->flags };
    if (mode != SS_DISABLE) {
        stack->base = new->base;
        stack->size_bytes = new->size_bytes;
    }
    return 0;
}

/* ---- in ---- */

/* Where the frame for a handler goes. False: it would leave the alternate stack, which is in use. */
static bool place_frame(const struct signal_stack *stack, vaddr_t sp, uint64_t action_flags, vaddr_t *at)
{
    bool on_it = on_stack(stack, sp);
    if (!on_it && (action_flags & SA_ONSTACK) && stack->size_bytes != 0)
        sp = stack->base + stack->size_bytes;
    *at = (sp - sizeof(struct signal_frame)) & ~15ul;           /* psABI */
    return !on_it || (*at >= stack->base && *at < sp);
}

static bool handler_enter(struct trapframe *tf, const struct signal_info *info, const struct signal_action *action)
{
    struct proc *p = current();
    struct signals *s = &p->signals;
    struct thread *t = &p->thread;
    struct signal_frame frame;
    vaddr_t at;
    if (!place_frame(&s->stack, tf->x[REG_SP], action->flags, &at))
        return false;
    if (t->fp_used)
        fp_save(tf, t->fp);
    words_zero(&frame, sizeof frame);
    signal_frame_save(&frame, tf, t->fp_used ? t->fp : NULL);
    bytes_copy(frame.info, info, sizeof *info);
    frame.context.stack = s->stack;
    frame.context.mask = s->has_after_call ? s->after_call : s->blocked;
    if (copy_to_user(p->as, at, &frame, sizeof frame, NULL) != 0)
        return false;
    signal_frame_enter(tf, at, info->signal, action->handler, s->trampoline);
    if ((unsigned)s->stack.flags & SS_AUTODISARM)
        s->stack = (struct signal_stack){ .flags = SS_DISABLE };
    s->has_after_call = false;
    signals_block(s->blocked | action->mask | (action->flags & SA_NODEFER ? 0 : SIGNAL_BIT(info->signal)));
    return true;
}

/* There was no room for signal's frame, or (signal 0) there is none where one should be. */
static void no_frame(int signal)
{
    struct proc *p = current();
    vaddr_t oom_va = atomic_load(&p->as->oom_va);
    if (oom_va != 0)
        trap_out_of_memory(p->thread.tf, oom_va);
    else if (signal_force_segv(signal))
        kprintf("%s[%d]: no frame for signal %d at %#lx\n", p->name, p->pid, signal, p->thread.tf->x[REG_SP]);
}

/* ---- a system call that a signal has ended ---- */

enum { ECALL_BYTES = 4, SYS_RESTART = 128 };

/* Prepare to make it again. Returns how it is to go on, one of ERESTART... in errno.h; 0: there is none. */
static long prepare_again(struct trapframe *tf)
{
    long way = tf->cause == TRAP_ECALL_USER ? -(long)tf->x[REG_A0] : 0;
    tf->cause = TRAP_NONE;              /* not twice: what stands in a0 later is the program's */
    if (way != ERESTARTSYS && way != ERESTARTNOINTR && way != ERESTARTNOHAND && way != ERESTART_RESTARTBLOCK)
        return 0;
    tf->x[REG_A0] = thread_current()->interrupted_arg;
    tf->pc -= ECALL_BYTES;
    return way;
}

/* A handler comes between: it is made again, or has failed. */
static void decide_again(struct trapframe *tf, long way, uint64_t action_flags)
{
    if (way == 0 || way == ERESTARTNOINTR || (way == ERESTARTSYS && (action_flags & SA_RESTART)))
        return;
    tf->x[REG_A0] = (uint64_t)-EINTR;
    tf->pc += ECALL_BYTES;
}

void handlers_enter(struct trapframe *tf)
{
    struct signal_info info;
    struct signal_action action;
    long way = prepare_again(tf);
    while (signal_take_caught(&info, &action)) {
        decide_again(tf, way, action.flags);
        way = 0;                        /* those that follow interrupt this handler */
        if (info.signal == SIGALRM)
            itimer_signal_taken();
        if (!handler_enter(tf, &info, &action))
            no_frame(info.signal);
    }
    if (way == ERESTART_RESTARTBLOCK)
        tf->x[REG_A7] = SYS_RESTART;
    signals_call_over();
}

/* ---- and back ---- */

static bool all_zero(const struct fp_context *fp)
{
    uint64_t any = fp->fcsr;
    for (size_t i = 0; i < ARRAY_LEN(fp->f); i++)
        any |= fp->f[i];
    return any == 0;
}

/* Who has never used floating point and brings none back goes on without. */
static void fp_bring_back(struct thread *t, struct trapframe *tf, const struct fp_context *fp)
{
    if (!machine.has_fp || (!t->fp_used && all_zero(fp)))
        return;
    *t->fp = *fp;
    t->fp_used = true;
    fp_enable(tf, t->fp);
}

void handler_return(struct trapframe *tf)
{
    struct proc *p = current();
    struct signal_frame frame;
    struct fp_context fp;
    vaddr_t at = tf->x[REG_SP];
    tf->cause = TRAP_NONE;
    p->signals.sleep_until_ns = 0;
    if (at % 16 != 0 || copy_from_user(p->as, &frame, at, sizeof frame, NULL) != 0 || !signal_frame_restore(&frame, tf, &fp)) {
        no_frame(0);
        return;
    }
    fp_bring_back(&p->thread, tf, &fp);
    signal_stack_set(&frame.context.stack, tf->x[REG_SP]);      /* one that is not valid changes nothing */
    signals_block(frame.context.mask);
}

/* ---- the page that handlers return to ---- */

static struct vm_object *trampoline;    /* fixed */

void trampoline_init(void)
{
    trampoline = object_create((const char *)signal_trampoline, sizeof signal_trampoline, NULL);
    if (trampoline == NULL)
        panic("no memory for the page that signal handlers return to");
}

int trampoline_map(struct addrspace *as, vaddr_t *va)
{
    const struct map_request req = { .prot = PROT_READ | PROT_EXEC, .object = trampoline };
    return as_map(as, 0, PAGE_SIZE, &req, va);
}

bool is_trampoline(const struct vm_object *object) { return object == trampoline; }
