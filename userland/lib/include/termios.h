/*
 * termios.h - the terminal's mode: termios(3), with Linux's structure (asm-generic) in place of picolibc's.
 * The console follows ICRNL, ISIG, ICANON and ECHO and keeps the rest as it is; without ICANON it behaves as VMIN 1, VTIME 0.
 */
#ifndef FAULTLINE_TERMIOS_H
#define FAULTLINE_TERMIOS_H

#include <sys/ioctl.h>

typedef unsigned char cc_t;
typedef unsigned int tcflag_t;

#define NCCS 19

struct termios {
    tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
    cc_t c_line;
    cc_t c_cc[NCCS];
};
_Static_assert(sizeof(struct termios) == 36, "struct termios of Linux on riscv64");

/* c_cc */
#define VINTR   0
#define VQUIT   1
#define VERASE  2
#define VKILL   3
#define VEOF    4
#define VTIME   5
#define VMIN    6

/* c_iflag, c_oflag, c_lflag */
#define ICRNL   0x0100
#define OPOST   0x0001
#define ONLCR   0x0004
#define ISIG    0x0001
#define ICANON  0x0002
#define ECHO    0x0008
#define ECHOE   0x0010
#define ECHOK   0x0020

/* Linux numbers its requests in this order. */
#define TCSANOW         0
#define TCSADRAIN       1
#define TCSAFLUSH       2

static inline int tcgetattr(int fd, struct termios *mode)
{
    return ioctl(fd, TCGETS, mode);
}

static inline int tcsetattr(int fd, int when, const struct termios *mode)
{
    return ioctl(fd, TCGETS + 1 + when, mode);
}

#endif
