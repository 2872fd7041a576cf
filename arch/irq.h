/*
 * irq.h - external interrupts.
 * Contract: the handler runs on whichever hart claims the interrupt, with interrupts masked; it may
 * take locks of rank RANK_DEVICE and above, and may not sleep or allocate.
 */
#pragma once

void irq_init(void);                    /* once, after fdt_read */
void irq_init_hart(void);               /* on every hart */
void irq_register(unsigned irq, void (*handler)(void));
void irq_dispatch(void);                /* from the trap dispatcher: claim and serve until none is pending */
