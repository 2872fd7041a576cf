/*
 * types.h - addresses and pages, the words every layer shares.
 * Owns: vaddr_t, paddr_t, the page size and the access rights.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t vaddr_t;               /* a virtual address, user's or kernel's */
typedef uint64_t paddr_t;               /* a physical address */

#define PAGE_SHIFT 12
#define PAGE_SIZE  ((size_t)1 << PAGE_SHIFT)
#define PAGE_MASK  (PAGE_SIZE - 1)

static inline uint64_t page_down(uint64_t x) { return x & ~PAGE_MASK; }
static inline uint64_t page_up(uint64_t x) { return (x + PAGE_MASK) & ~PAGE_MASK; }
static inline bool page_aligned(uint64_t x) { return (x & PAGE_MASK) == 0; }

/* Rights of a mapping, with the values of mmap(2) so that a system call passes them on unchanged. */
#define PROT_NONE  0u
#define PROT_READ  1u
#define PROT_WRITE 2u
#define PROT_EXEC  4u
#define PROT_ALL   (PROT_READ | PROT_WRITE | PROT_EXEC)

/* What a fault, or the kernel on a program's behalf, wants to do at an address. */
enum access { ACCESS_READ = PROT_READ, ACCESS_WRITE = PROT_WRITE, ACCESS_EXEC = PROT_EXEC };

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
