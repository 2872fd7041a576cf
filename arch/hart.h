/*
 * hart.h - starting harts and interrupting them. Harts are named by their index in machine.harts.
 */
#pragma once

#include <stdint.h>

/*
 * Start a hart: it comes to hart_main with tp and stack from self (its struct hart), interrupts masked.
 * Returns 0 or a negative number of the firmware. SBI 1.0, HSM.
 */
long hart_start(unsigned hart, void *self);

void ipi_send(uint64_t harts);          /* a software interrupt on each hart of the mask. SBI 1.0, IPI */
void ipi_acknowledge(void);             /* in its handler */
