/*
 * elf.h - the part of an ELF file that exec reads, and the types of the vector that it hands to the
 * program.
 * Source: System V ABI, gABI, chapters 4 and 5; RISC-V ELF psABI; getauxval(3). Newer versions of
 * picolibc have no <elf.h>.
 */
#pragma once

#include <stdint.h>

#define ELFMAG  "\177ELF"
#define SELFMAG 4

enum { EI_CLASS = 4, EI_DATA = 5 };             /* bytes of e_ident, after ELFMAG */
enum { ELFCLASS64 = 2, ELFDATA2LSB = 1, ET_EXEC = 2, ET_DYN = 3, EM_RISCV = 243 };
enum { PT_LOAD = 1, PT_INTERP = 3 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

enum {
    AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_ENTRY = 9, AT_UID = 11, AT_EUID = 12, AT_GID = 13,
    AT_EGID = 14, AT_HWCAP = 16, AT_CLKTCK = 17, AT_SECURE = 23, AT_RANDOM = 25, AT_EXECFN = 31,
};

/* AT_HWCAP: a bit for the letter of each extension that programs may use, A for the lowest. */
#define HWCAP_BIT(letter) (1ul << ((letter) - 'A'))
#define HWCAP_RV64GC (HWCAP_BIT('I') | HWCAP_BIT('M') | HWCAP_BIT('A') | HWCAP_BIT('F') | HWCAP_BIT('D') | HWCAP_BIT('C'))

typedef struct {
    uint8_t e_ident[16];
    uint16_t e_type, e_machine;
    uint32_t e_version;
    uint64_t e_entry, e_phoff, e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf64_Ehdr;

typedef struct {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Elf64_Phdr;

_Static_assert(sizeof(Elf64_Ehdr) == 64 && sizeof(Elf64_Phdr) == 56, "ELF64");
