/*
 * elf.h - the program headers that a program finds through AT_PHDR (sys/auxv.h). Newer versions of picolibc have no <elf.h>.
 */
#ifndef FAULTLINE_ELF_H
#define FAULTLINE_ELF_H

#include <stdint.h>

#define PT_LOAD 1
#define PF_X    1

typedef struct {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Elf64_Phdr;

#endif
