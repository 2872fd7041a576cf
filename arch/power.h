/*
 * power.h - the end.
 */
#pragma once

/* Power off; the machine's exit status is code (0 .. 255) where the machine can tell one. */
_Noreturn void machine_power_off(unsigned code);
_Noreturn void machine_reboot(void);
