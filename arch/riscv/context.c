/*
 * context.c - first contexts, floating point, interrupt masking: the C side of trap.S.
 */
#include <string.h>

#include "arch/context.h"
#include "arch/machine.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/offsets.h"

_Static_assert(offsetof(struct hart_base, scratch0) == HART_SCRATCH0, "trap.S");
_Static_assert(offsetof(struct hart_base, frame) == HART_FRAME, "trap.S");
_Static_assert(offsetof(struct hart_base, emergency_stack) == HART_EMERGENCY, "trap.S");

extern char trap_entry[], context_start[];
void fp_registers_save(struct fp_context *fp);
void fp_registers_load(const struct fp_context *fp);

#define OPCODE_LOAD_FP  0x07
#define OPCODE_STORE_FP 0x27
#define OPCODE_MADD     0x43            /* to 0x4f: FMADD, FMSUB, FNMSUB, FNMADD */
#define OPCODE_NMADD    0x4f
#define OPCODE_OP_FP    0x53
#define OPCODE_SYSTEM   0x73

void context_init(struct context *ctx, struct trapframe *tf, void (*start)(void))
{
    memset(ctx, 0, sizeof *ctx);
    ctx->ra = (uint64_t)context_start;
    ctx->sp = (uint64_t)tf;
    ctx->s[0] = (uint64_t)start;
}

void trapframe_init(struct trapframe *tf, uint64_t pc, uint64_t sp)
{
    memset(tf, 0, sizeof *tf);
    tf->pc = pc;
    tf->x[REG_SP] = sp;
    tf->status = SSTATUS_SPIE;         /* user mode, interrupts on, floating point off, SUM off */
}

void trap_init_hart(void)
{
    csr_write("sscratch", 0);
    csr_write("stvec", (uint64_t)trap_entry);
    csr_write("scounteren", 7);         /* programs may read cycle, time and instret */
    csr_write("sie", SIE_SSIE | SIE_STIE | SIE_SEIE);
}

/* ---- floating point: Privileged spec, Extension Context Status in mstatus ---- */

bool fp_was_off(const struct trapframe *tf)
{
    if (!machine.has_fp || (tf->status & SSTATUS_FS) != 0)
        return false;
    uint32_t insn = tf->value;
    if ((insn & 3) != 3) {              /* compressed: quadrants 0 and 2 have FLD, FSD (and their SP forms) */
        unsigned funct3 = insn >> 13 & 7;
        return (insn & 1) == 0 && (funct3 == 1 || funct3 == 5);
    }
    unsigned opcode = insn & 0x7f;
    if (opcode == OPCODE_SYSTEM)        /* fflags, frm, fcsr */
        return insn >> 20 >= 1 && insn >> 20 <= 3;
    return opcode == OPCODE_LOAD_FP || opcode == OPCODE_STORE_FP || opcode == OPCODE_OP_FP ||
           ((opcode & 0x73) == OPCODE_MADD && opcode <= OPCODE_NMADD);
}

void fp_restore(const struct fp_context *fp)
{
    csr_set("sstatus", SSTATUS_FS);
    fp_registers_load(fp);
}

void fp_enable(struct trapframe *tf, const struct fp_context *fp)
{
    fp_restore(fp);
    tf->status = (tf->status & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

void fp_save(struct trapframe *tf, struct fp_context *fp)
{
    if ((tf->status & SSTATUS_FS) != SSTATUS_FS_DIRTY)
        return;
    csr_set("sstatus", SSTATUS_FS);
    fp_registers_save(fp);
    tf->status = (tf->status & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}
