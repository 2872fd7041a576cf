/*
 * hart.h - starting harts and interrupting them. Harts are named by their index in machine.harts.
 */
#pragma once

#include <stdint.h>

/*
 * Start a hart: it comes to hart_main with tp and stack from self (its struct hart), interrupts
 * masked. Returns 0 or a negative number of the firmware. SBI 1.0, HSM.
 */
long hart_start(unsigned hart, void *self);

/*
 * The calling hart has come up. A bit for the index of each hart that has; or of each other one.
 * One that comes up later forgets, after it has said so, all that it may have seen before
 * (mmu_init_hart): whoever changes a kernel mapping and then asks here need not fence it.
 */
void hart_online(void);
uint64_t harts_online(void);
uint64_t others_online(void);

void ipi_send(uint64_t harts);          /* a software interrupt on each hart of the mask. SBI 1.0, IPI */
void ipi_acknowledge(void);             /* in its handler */
