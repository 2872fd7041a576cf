/*
 * sys/ioctl.h - terminal requests and FIONREAD of Linux's asm-generic table: ioctl_tty(2).
 */
#ifndef FAULTLINE_SYS_IOCTL_H
#define FAULTLINE_SYS_IOCTL_H

#define TCGETS          0x5401
#define TIOCGPGRP       0x540f
#define TIOCSPGRP       0x5410
#define TIOCGWINSZ      0x5413
#define FIONREAD        0x541b          /* the bytes that can be read now, as an int */

struct winsize {
    unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};

int ioctl(int fd, unsigned long request, ...);

#endif
