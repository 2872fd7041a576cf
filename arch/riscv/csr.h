/*
 * csr.h - control and status registers. Privileged spec, Supervisor-Level CSRs.
 */
#pragma once

#include <stdint.h>

#define csr_read(name)                                                                                   \
    ({ uint64_t value_; __asm__ volatile("csrr %0, " name : "=r"(value_) : : "memory"); value_; })
#define csr_write(name, value) __asm__ volatile("csrw " name ", %0" : : "rK"((uint64_t)(value)) : "memory")
#define csr_set(name, bits)    __asm__ volatile("csrs " name ", %0" : : "rK"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits)  __asm__ volatile("csrc " name ", %0" : : "rK"((uint64_t)(bits)) : "memory")

#define SSTATUS_SIE  (1ul << 1)
#define SSTATUS_SPIE (1ul << 5)
#define SSTATUS_FS   (3ul << 13)
#define SSTATUS_FS_CLEAN (2ul << 13)
#define SSTATUS_FS_DIRTY (3ul << 13)

#define SIE_SSIE (1ul << 1)
#define SIE_STIE (1ul << 5)
#define SIE_SEIE (1ul << 9)

#define SATP_MODE_SV39 (8ul << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK 0xffffull

#define CSR_STIMECMP "0x14d"            /* Sstc */
