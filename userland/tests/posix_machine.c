/*
 * posix_machine.c - registers and instructions for the cases of posix about signals.
 * Owns: one set of the functions in posix_machine.h for riscv64, one for x86-64 (so that its Linux can judge the cases), one
 * that skips.
 */
#include <signal.h>

#include "posix_machine.h"
#include "tap.h"

#if defined(__riscv)

uintptr_t context_pc(const ucontext_t *context) { return context->uc_mcontext.__gregs[REG_PC]; }
uintptr_t context_sp(const ucontext_t *context) { return context->uc_mcontext.__gregs[REG_SP]; }
void context_set_pc(ucontext_t *context, uintptr_t pc) { context->uc_mcontext.__gregs[REG_PC] = pc; }
void context_set_result(ucontext_t *context, uintptr_t result) { context->uc_mcontext.__gregs[REG_A0] = result; }

/* gp and tp stay as they are, because the handler lives by them. t0 holds the address, and each expected value later. */
#define OWN_VALUES "1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31"
#define EACH_FP    "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, " \
                   "29, 30, 31"

__asm__(".text\n"
        ".global call_with_sp, vfork_here, registers_across_store, fp_across_store, fp_clobber\n"
        ".global bad_instruction, return_code, return_code_end\n"

        "call_with_sp:\n"
        "    mv   t0, sp\n"
        "    mv   sp, a0\n"
        "    mv   a7, a1\n"
        "    mv   a0, a2\n"
        "    mv   a1, a3\n"
        "    ecall\n"
        "    mv   sp, t0\n"
        "    ret\n"

        "vfork_here:\n"                        /* the stack stays untouched: the return address is in a register */
        "    li   a0, 0x4111\n"                /* CLONE_VFORK | CLONE_VM | SIGCHLD */
        "    li   a1, 0\n"
        "    li   a2, 0\n"
        "    li   a3, 0\n"
        "    li   a4, 0\n"
        "    li   a7, 220\n"                   /* clone */
        "    ecall\n"
        "    ret\n"

        "registers_across_store:\n"
        "    addi sp, sp, -112\n"
        "    sd   ra, 0(sp)\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    sd   s\\n, 8 + 8 * \\n(sp)\n"
        "    .endr\n"
        "    mv   t0, a0\n"
        "    .irp n, " OWN_VALUES "\n"
        "    li   x\\n, 0x5a5a1000 + \\n\n"
        "    .endr\n"
        "    sb   zero, 0(t0)\n"
        "    .irp n, " OWN_VALUES "\n"
        "    li   t0, 0x5a5a1000 + \\n\n"
        "    xor  x\\n, x\\n, t0\n"
        "    .endr\n"
        "    .irp n, " OWN_VALUES "\n"
        "    or   a0, a0, x\\n\n"
        "    .endr\n"
        "    ld   ra, 0(sp)\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    ld   s\\n, 8 + 8 * \\n(sp)\n"
        "    .endr\n"
        "    addi sp, sp, 112\n"
        "    ret\n"

        "fp_across_store:\n"
        "    addi sp, sp, -96\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    fsd  fs\\n, 8 * \\n(sp)\n"
        "    .endr\n"
        "    lw   t0, 0(a3)\n"
        "    fscsr t1, t0\n"
        "    .irp n, " EACH_FP "\n"
        "    fld  f\\n, 8 * \\n(a1)\n"
        "    .endr\n"
        "    sb   zero, 0(a0)\n"
        "    .irp n, " EACH_FP "\n"
        "    fsd  f\\n, 8 * \\n(a2)\n"
        "    .endr\n"
        "    fscsr t0, t1\n"
        "    sw   t0, 0(a3)\n"
        "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
        "    fld  fs\\n, 8 * \\n(sp)\n"
        "    .endr\n"
        "    addi sp, sp, 96\n"
        "    ret\n"

        /* A handler's caller is the kernel, so that even what a function must preserve may be changed here. */
        "fp_clobber:\n"
        "    li   t0, 0x77777777\n"
        "    .irp n, " EACH_FP "\n"
        "    fmv.d.x f\\n, t0\n"
        "    .endr\n"
        "    li   t0, 0x3f\n"
        "    fscsr t0\n"
        "    ret\n"

        "    .balign 4\n"
        "bad_instruction:\n"
        "    .word 0\n"
        "    ret\n"
        "return_code:\n"
        "    ret\n"
        "return_code_end:\n");

const int bad_instruction_code = ILL_ILLOPC;

unsigned fp_registers(void)
{
    return 32;
}

uint32_t fp_control_unusual(void)
{
    return 2 << 5 | 0x11;                       /* Unprivileged spec, fcsr: round down; invalid and inexact have occurred */
}

/* Unprivileged spec, "A" extension: the address of an AMO must be aligned. */
void store_misaligned(uintptr_t va)
{
    __asm__ volatile("amoadd.w zero, zero, (%0)" : : "r"(va) : "memory");
}

#elif defined(__x86_64__)

uintptr_t context_pc(const ucontext_t *context) { return context->uc_mcontext.gregs[REG_RIP]; }
uintptr_t context_sp(const ucontext_t *context) { return context->uc_mcontext.gregs[REG_RSP]; }
void context_set_pc(ucontext_t *context, uintptr_t pc) { context->uc_mcontext.gregs[REG_RIP] = pc; }
void context_set_result(ucontext_t *context, uintptr_t result) { context->uc_mcontext.gregs[REG_RAX] = result; }

#define OWN_VALUES "rax, rbx, rcx, rdx, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15"
#define PRESERVED  "rbx, rbp, r12, r13, r14, r15"
#define EACH_FP    "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15"

__asm__(".text\n"
        ".global call_with_sp, vfork_here, registers_across_store, fp_across_store, fp_clobber\n"
        ".global bad_instruction, return_code, return_code_end\n"

        "call_with_sp:\n"
        "    mov  %rsp, %r9\n"
        "    mov  %rdi, %rsp\n"
        "    mov  %rsi, %rax\n"
        "    mov  %rdx, %rdi\n"
        "    mov  %rcx, %rsi\n"
        "    syscall\n"
        "    mov  %r9, %rsp\n"
        "    ret\n"

        "vfork_here:\n"
        "    jmp  vfork@PLT\n"

        "registers_across_store:\n"
        "    .irp r, " PRESERVED "\n"
        "    push %\\r\n"
        "    .endr\n"
        "    .set own, 0x5a5a1000\n"
        "    .irp r, " OWN_VALUES "\n"
        "    mov  $own, %\\r\n"
        "    .set own, own + 1\n"
        "    .endr\n"
        "    movb $0, (%rdi)\n"
        "    .set own, 0x5a5a1000\n"
        "    .irp r, " OWN_VALUES "\n"
        "    xor  $own, %\\r\n"
        "    .set own, own + 1\n"
        "    .endr\n"
        "    .irp r, " OWN_VALUES "\n"
        "    or   %\\r, %rax\n"
        "    .endr\n"
        "    .irp r, r15, r14, r13, r12, rbp, rbx\n"
        "    pop  %\\r\n"
        "    .endr\n"
        "    ret\n"

        "fp_across_store:\n"
        "    stmxcsr -8(%rsp)\n"
        "    ldmxcsr (%rcx)\n"
        "    .irp n, " EACH_FP "\n"
        "    movq 8 * \\n(%rsi), %xmm\\n\n"
        "    .endr\n"
        "    movb $0, (%rdi)\n"
        "    .irp n, " EACH_FP "\n"
        "    movq %xmm\\n, 8 * \\n(%rdx)\n"
        "    .endr\n"
        "    stmxcsr (%rcx)\n"
        "    ldmxcsr -8(%rsp)\n"
        "    ret\n"

        "fp_clobber:\n"
        "    .irp n, " EACH_FP "\n"
        "    pcmpeqd %xmm\\n, %xmm\\n\n"
        "    .endr\n"
        "    ret\n"

        "bad_instruction:\n"
        "    ud2\n"
        "    ret\n"
        "return_code:\n"
        "    ret\n"
        "return_code_end:\n");

const int bad_instruction_code = ILL_ILLOPN;

unsigned fp_registers(void)
{
    return 16;
}

uint32_t fp_control_unusual(void)
{
    return 0x1f80 | 1 << 13 | 0x21;             /* MXCSR: everything masked, round down; invalid and inexact have occurred */
}

void store_misaligned(uintptr_t va)
{
    (void)va;
    skip("every address is aligned enough for x86");
}

#else

#define UNKNOWN skip("posix_machine.c does not know this machine")

uintptr_t context_pc(const ucontext_t *context) { (void)context; UNKNOWN; }
uintptr_t context_sp(const ucontext_t *context) { (void)context; UNKNOWN; }
void context_set_pc(ucontext_t *context, uintptr_t pc) { (void)context, (void)pc; UNKNOWN; }
void context_set_result(ucontext_t *context, uintptr_t result) { (void)context, (void)result; UNKNOWN; }
long call_with_sp(uintptr_t sp, long nr, long a, long b) { (void)sp, (void)nr, (void)a, (void)b; UNKNOWN; }
pid_t vfork_here(void) { UNKNOWN; }
uint64_t registers_across_store(uintptr_t va) { (void)va; UNKNOWN; }
unsigned fp_registers(void) { UNKNOWN; }
uint32_t fp_control_unusual(void) { UNKNOWN; }
void fp_clobber(void) { UNKNOWN; }
void store_misaligned(uintptr_t va) { (void)va; UNKNOWN; }

void fp_across_store(uintptr_t va, const uint64_t in[FP_MAX], uint64_t out[FP_MAX], uint32_t *control)
{
    (void)va, (void)in, (void)out, (void)control;
    UNKNOWN;
}

const int bad_instruction_code = 0;
const unsigned char bad_instruction[1], return_code[1], return_code_end[1];

#endif
