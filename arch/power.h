/*
 * power.h - the end, and the last words.
 */
#pragma once

/* Power off; the machine's exit status is code (0 .. 255) where the machine can tell one. */
_Noreturn void machine_power_off(unsigned code);
_Noreturn void machine_reboot(void);

/* A byte to the firmware's console: where the UART is not known, because there is none or the device tree is not yet read. */
void firmware_put(char c);
