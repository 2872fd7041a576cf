/*
 * machine/_types.h - the widths of numbers that the kernel hands out; picolibc's for a bare machine are of 16 bits.
 */
#include_next <machine/_types.h>
#ifndef FAULTLINE_MACHINE_TYPES_H
#define FAULTLINE_MACHINE_TYPES_H

#define __machine_dev_t_defined
#define __machine_uid_t_defined
#define __machine_gid_t_defined
#define __machine_ino_t_defined
typedef __uint64_t __dev_t;
typedef __uint32_t __uid_t;
typedef __uint32_t __gid_t;
typedef __uint64_t __ino_t;

#endif
