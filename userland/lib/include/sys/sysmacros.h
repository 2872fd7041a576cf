/*
 * sys/sysmacros.h - makedev(3): a device number from its two parts, as Linux packs them.
 */
#ifndef FAULTLINE_SYS_SYSMACROS_H
#define FAULTLINE_SYS_SYSMACROS_H

#include <sys/types.h>

#define makedev(major, minor) \
    ((dev_t)((((major) & 0xfffu) << 8) | ((minor) & 0xffu) | (((minor) & 0xfff00u) << 12)))
#define major(device)   ((unsigned)((device) >> 8) & 0xfffu)
#define minor(device)   (((unsigned)(device) & 0xffu) | ((unsigned)((device) >> 12) & 0xfff00u))

#endif
