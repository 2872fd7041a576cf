/*
 * syscalls.h - the table of system calls.
 * Owns: numbers, names, handlers and argument kinds, by one list: table.inc.
 * Source: Linux's asm-generic table (riscv64); sbrk and fork stand at numbers that it leaves free.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The six argument registers a0 to a5, as they lie in the trap frame. */
struct syscall_args {
    uint64_t arg[6];
};

/* What an argument is, for strace. */
enum syscall_arg { ARG_NONE, ARG_INT, ARG_SIGNED, ARG_SIZE, ARG_HEX, ARG_PTR, ARG_STR, ARG_FD };

/* Every handler: the result, or a negative error number. Runs in the calling process with no lock held. */
typedef long syscall_fn(const struct syscall_args *args);

#define SYSCALL(number, name, ...) syscall_fn sys_##name;
#include "syscalls/table.inc"
#undef SYSCALL

/* Store a result that the caller may do without: then va is 0. 0, -EFAULT, -ENOMEM. */
int deliver(uint64_t va, const void *result, size_t size);

/* The time_ns() at which a struct timespec of user memory from now will have passed. 0, -EFAULT, -ENOMEM, -EINVAL. */
int deadline_from_user(uint64_t span, uint64_t *deadline_ns);

/* The opposite: store how far it is away, not less than 0. 0, -EFAULT, -ENOMEM. */
int span_left_to_user(uint64_t span, uint64_t deadline_ns);
