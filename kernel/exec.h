/*
 * exec.h - running a program.
 */
#pragma once

#include "arch/types.h"

struct addrspace;

/* Where argv and envp are: in user memory of as; or, for the first program, in the kernel's (as is NULL). */
struct exec_args {
    struct addrspace *as;
    vaddr_t argv;                       /* of a NULL-terminated array of pointers; 0: an empty one */
    vaddr_t envp;
};

/*
 * Replace the calling process's program by the ELF file, or the script, at path (a kernel string).
 * Nothing is loaded: the file's object is mapped, and faults bring in what is used. On success the
 * caller must leave for user mode by way of the whole new frame: trap_enter_program, or a first
 * return. Returns 0. Otherwise the old program goes on: the errors of fs_open_exec, for a script's
 * interpreter too; -ELOOP: interpreters are scripts, too often; -ENOEXEC: neither a script nor a
 * static riscv64 ELF executable, or a malformed one;
 * -E2BIG: arguments over EXEC_ARG_MAX bytes, or one over 128 KiB; -EFAULT: argv or envp; -ENOMEM.
 * Source: execve(2); System V ABI, gABI; RISC-V ELF psABI.
 */
#define STACK_SIZE_DEFAULT (8ul << 20)  /* RLIMIT_STACK of the first program */
#define STACK_SIZE_STRICT  (1ul << 20)  /* with commit=strict: each stack counts in full */
#define EXEC_ARG_MAX (2ul << 20)        /* or a quarter of the stack, if that is less; as in Linux */
int proc_exec(const char *path, const struct exec_args *args);
