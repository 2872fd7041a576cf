/*
 * sys/sysinfo.h - sysinfo(2).
 */
#ifndef FAULTLINE_SYS_SYSINFO_H
#define FAULTLINE_SYS_SYSINFO_H

#include <stdint.h>

struct sysinfo {
    long uptime;                            /* seconds */
    unsigned long loads[3];                 /* of 1, 5 and 15 minutes, times 65536 */
    unsigned long totalram, freeram, sharedram, bufferram, totalswap, freeswap;     /* of mem_unit bytes */
    uint16_t procs;
    unsigned long totalhigh, freehigh;
    uint32_t mem_unit;
};
_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo of Linux on riscv64");

int sysinfo(struct sysinfo *result);

#endif
