/*
 * sbi.h - calls to the firmware, other than those of arch/hart.h.
 * Source: RISC-V SBI specification 1.0; the functions name its chapters.
 * Harts are named by their index in machine.harts, masks have a bit per index.
 */
#pragma once

#include <stdint.h>

#include "arch/types.h"

void sbi_set_timer(uint64_t time);                                      /* TIME */
void sbi_remote_fence_i(uint64_t harts);                                /* RFENCE, complete on return */
void sbi_remote_sfence(uint64_t harts, vaddr_t start, size_t size);
void sbi_remote_sfence_asid(uint64_t harts, vaddr_t start, size_t size, uint64_t asid);
void sbi_system_reset(uint32_t type);                                   /* SRST; returns only on failure */

#define SBI_RESET_SHUTDOWN 0
#define SBI_RESET_COLD     1
#define SBI_ALL_ADDRESSES  ((size_t)-1)
