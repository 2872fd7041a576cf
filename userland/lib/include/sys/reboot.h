/*
 * sys/reboot.h - reboot(2). Does not return when it works.
 */
#ifndef FAULTLINE_SYS_REBOOT_H
#define FAULTLINE_SYS_REBOOT_H

#define LINUX_REBOOT_MAGIC1     0xfee1dead
#define LINUX_REBOOT_MAGIC2     672274793
#define RB_AUTOBOOT             0x01234567
#define RB_HALT_SYSTEM          ((int)0xcdef0123)
#define RB_POWER_OFF            0x4321fedc

int reboot(int command);

#endif
