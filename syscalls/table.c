/*
 * table.c - from the number in a7 to the handler, and strace.
 * Owns: the dispatch. The numbers stand in table.inc.
 */
#include <stdio.h>

#include "arch/context.h"
#include "kernel/core/errno.h"
#include "kernel/core/print.h"
#include "kernel/proc.h"
#include "kernel/trap.h"
#include "mm/addrspace.h"
#include "mm/uaccess.h"
#include "syscalls/syscalls.h"

#define NUMBERS 1080                    /* one more than the highest */

static long no_such_call(const struct syscall_args *args)
{
    (void)args;
    return -ENOSYS;
}

#pragma GCC diagnostic ignored "-Woverride-init"        /* the rows come on top of the default */
#define SYSCALL(number, name, ...) [number] = sys_##name,
static syscall_fn *const handlers[NUMBERS] = {
    [0 ... NUMBERS - 1] = no_such_call,
#include "syscalls/table.inc"
};
#undef SYSCALL

/* ---- strace: what table.inc says about names and arguments ---- */

static const struct description {
    uint16_t number;
    uint8_t kind[6];
    const char *name;
} descriptions[] = {
#define SYSCALL(number, name, ...) { number, { __VA_ARGS__ }, #name },
#include "syscalls/table.inc"
#undef SYSCALL
};

static int format_argument(char *at, size_t size, enum syscall_arg kind, uint64_t value)
{
    char string[48];
    switch (kind) {
    case ARG_INT:
    case ARG_FD:
        return snprintf(at, size, "%d", (int)value);
    case ARG_SIGNED:
        return snprintf(at, size, "%ld", (long)value);
    case ARG_SIZE:
        return snprintf(at, size, "%lu", value);
    case ARG_STR:
        if (string_from_user(current()->as, string, value, sizeof string, -ENAMETOOLONG) >= 0)
            return snprintf(at, size, "\"%s\"", string);
        return snprintf(at, size, "%#lx", value);
    default:
        return snprintf(at, size, "%#lx", value);
    }
}

static const struct description *describe(uint64_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(descriptions); i++)
        if (descriptions[i].number == number)
            return &descriptions[i];
    return NULL;
}

/* "name(arguments)"; before the call, because exec may take away what the arguments point to. */
static void trace_call(char *line, size_t size, uint64_t number, const struct syscall_args *args)
{
    const struct description *d = describe(number);
    int len = d != NULL ? snprintf(line, size, "%s(", d->name) : snprintf(line, size, "syscall_%lu(", number);
    for (unsigned i = 0; d != NULL && i < 6 && d->kind[i] != ARG_NONE && (size_t)len < size; i++) {
        if (i > 0)
            len += snprintf(line + len, size - len, ", ");
        if ((size_t)len < size)
            len += format_argument(line + len, size - len, d->kind[i], args->arg[i]);
    }
}

static void trace_result(const char *line, long result)
{
    struct proc *p = current();
    if (result < 0 && result > -4096)
        kprintf("%s[%d]: %s) = -1 errno %ld\n", p->name, p->pid, line, -result);
    else
        kprintf("%s[%d]: %s) = %#lx\n", p->name, p->pid, line, result);
}

static __attribute__((noinline)) long call_traced(syscall_fn *handler, uint64_t number, const struct syscall_args *args)
{
    char line[192];
    trace_call(line, sizeof line, number, args);
    /* These do not return. */
    if (handler == sys_exit || handler == sys_exit_group || handler == sys_execve || handler == sys_rt_sigreturn)
        kprintf("%s[%d]: %s)\n", current()->name, current()->pid, line);
    long result = handler(args);
    trace_result(line, result);
    return result;
}

/* ---- dispatch ---- */

void syscall_dispatch(struct trapframe *tf)
{
    const struct syscall_args *args = (const struct syscall_args *)&tf->x[REG_A0];
    uint64_t number = tf->x[REG_A7];
    syscall_fn *handler = number < NUMBERS ? handlers[number] : no_such_call;
    tf->pc += 4;                                /* the ecall instruction has no compressed form */
    if (__builtin_expect(current()->traced, 0))
        tf->x[REG_A0] = call_traced(handler, number, args);
    else
        tf->x[REG_A0] = handler(args);
    vaddr_t oom_va = atomic_load_explicit(&current()->as->oom_va, memory_order_relaxed);
    if (__builtin_expect(oom_va != 0, 0))       /* a copy to or from the program found no memory */
        trap_out_of_memory(tf, oom_va);
}
