/*
 * cut.h - an object becomes shorter, whoever maps it. See cut.c.
 */
#pragma once

#include "arch/types.h"

struct addrspace;
struct vm_object;

/*
 * Make obj size_bytes long, which is no more than it is. What lies beyond goes: pages,
 * translations, private copies.
 * out_of_memory: called for an address space in which private copies could not be taken out for
 * want of memory (for the copy of a radix node that a fork shares): its users must not run on.
 * Locks: caller holds the file's lock and none from RANK_AS on. Cost: all VMAs of whoever maps obj,
 * and the pages that go.
 */
void object_shrink(struct vm_object *obj, size_t size_bytes, void (*out_of_memory)(struct addrspace *as));
