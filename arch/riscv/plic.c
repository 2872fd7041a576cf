/*
 * plic.c - external interrupts through the platform-level interrupt controller.
 * Owns: the PLIC's registers and the table of handlers.
 * Does not own: the trap that leads here (kernel/trap.c), the devices.
 * Source: RISC-V PLIC specification 1.0.0, Memory Map; binding sifive,plic-1.0.0.
 *
 * Each interrupt goes to one hart, the one that registers its handler: with more, every byte of the
 * console would stop all harts for one to find something to claim.
 */
#include "arch/irq.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/panic.h"

enum { PLIC_NIRQS_MAX = 1024 };
enum { PLIC_PRIORITY = 0, PLIC_ENABLE = 0x2000, PLIC_THRESHOLD = 0x200000, PLIC_CLAIM = 0x200004 };
enum { PLIC_ENABLE_STRIDE = 0x80, PLIC_CONTEXT_STRIDE = 0x1000 };

static void (*handlers[PLIC_NIRQS_MAX])(void);          /* written before the interrupt is enabled, constant afterwards */

static volatile uint32_t *plic_reg(uint64_t offset)
{
    assert(offset < machine.plic.end - machine.plic.start);
    return phys_to_virt(machine.plic.start + offset);
}

static volatile uint32_t *enable_word(uint32_t context, unsigned irq)
{
    return plic_reg(PLIC_ENABLE + (uint64_t)context * PLIC_ENABLE_STRIDE + irq / 32 * 4);
}

void irq_init(void)
{
    /* The firmware may have left anything behind. */
    for (unsigned irq = 1; irq <= machine.plic_nirqs; irq++)
        *plic_reg(PLIC_PRIORITY + irq * 4) = 0;
    for (unsigned h = 0; h < machine.nharts; h++)
        for (unsigned irq = 0; irq <= machine.plic_nirqs && machine.harts[h].plic_context != MACHINE_NO_CONTEXT; irq += 32)
            *enable_word(machine.harts[h].plic_context, irq) = 0;
}

void irq_init_hart(void)
{
    uint32_t context = machine.harts[hart_index()].plic_context;
    if (context != MACHINE_NO_CONTEXT)
        *plic_reg(PLIC_THRESHOLD + (uint64_t)context * PLIC_CONTEXT_STRIDE) = 0;
}

void irq_register(unsigned irq, void (*handler)(void))
{
    if (irq == 0 || irq > machine.plic_nirqs)
        panic("irq_register: interrupt %u, the PLIC has 1 to %u", irq, machine.plic_nirqs);
    unsigned h = hart_index();
    for (unsigned tried = 0; machine.harts[h].plic_context == MACHINE_NO_CONTEXT; tried++) {
        if (tried == machine.nharts)
            panic("irq_register: no hart has an S-mode context in the PLIC");
        h = (h + 1) % machine.nharts;
    }
    handlers[irq] = handler;
    *plic_reg(PLIC_PRIORITY + irq * 4) = 1;
    volatile uint32_t *word = enable_word(machine.harts[h].plic_context, irq);
    *word = *word | 1u << irq % 32;
}

void irq_dispatch(void)
{
    uint32_t context = machine.harts[hart_index()].plic_context;
    if (context == MACHINE_NO_CONTEXT)
        return;
    volatile uint32_t *claim = plic_reg(PLIC_CLAIM + (uint64_t)context * PLIC_CONTEXT_STRIDE);
    for (uint32_t irq; (irq = *claim) != 0; *claim = irq) {
        if (irq >= PLIC_NIRQS_MAX || handlers[irq] == NULL)
            panic("irq_dispatch: interrupt %u has no handler", (unsigned)irq);
        handlers[irq]();
    }
}
