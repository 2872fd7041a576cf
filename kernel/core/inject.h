/*
 * inject.h - allocations that fail because a test asks for it. Checked kernel only: nothing of it
 * is in the plain one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A place in the source that allocates. The linker gathers them all, also those that nobody ever comes to. */
struct alloc_site {
    const char *function;
    uint32_t line;
    _Atomic uint32_t calls, failures;
};

/* Count a call at site. True: fail it; it is the one that the thread has asked for by /proc/self/fail-nth. */
bool alloc_site_fails(struct alloc_site *site);

/* What every allocator asks first, through a macro around it: so each call of the allocator is a site. */
#define alloc_fails()                                                                                      \
    (CHECKED && ({                                                                                         \
         static struct alloc_site here __attribute__((section("alloc_sites"))) = { __func__, __LINE__, 0, 0 }; \
         alloc_site_fails(&here);                                                                          \
     }))

extern struct alloc_site __alloc_sites_start[], __alloc_sites_end[];    /* kernel.ld */
