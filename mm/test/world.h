/*
 * world.h - what all tests of mm as a host program need: programs that touch memory, and the end of a test.
 */
#pragma once

#include "arch/host/host.h"
#include "kernel/core/errno.h"
#include "mm/addrspace.h"
#include "mm/fault.h"
#include "mm/object.h"

/* ---- a program ---- */

/*
 * One access of one byte by the program of as on this hart: try, fault, try again, as the trap dispatcher makes it.
 * Returns 0; -EFAULT: no mapping; -EACCES: forbidden; -ENXIO: beyond the object's end; -ENOMEM. Panics when the faults do not end.
 */
int program_access(struct addrspace *as, vaddr_t va, enum access access, uint8_t *byte);

int program_store(struct addrspace *as, vaddr_t va, uint8_t byte);

/* The byte, or program_access's error. */
int program_load(struct addrspace *as, vaddr_t va);
int program_fetch(struct addrspace *as, vaddr_t va);

/* No hart runs in any address space. */
void leave_all(void);

/* leave_all and as_destroy. */
void destroy(struct addrspace *as);

/* Faults of this case that the calling thread has taken, in whatever address space. */
uint64_t faults(enum fault_case which);

/* ---- mappings ---- */

/* as_map, fixed, at va. */
int map_zero(struct addrspace *as, vaddr_t va, size_t len, unsigned prot);
int map_object(struct addrspace *as, vaddr_t va, size_t len, unsigned prot, bool shared, struct vm_object *obj,
               uint64_t index);

/* map_object with replace: what is there goes. */
int map_over(struct addrspace *as, vaddr_t va, size_t len, unsigned prot, bool shared, struct vm_object *obj, uint64_t index);

/* as_set_brk; panics unless that says where the heap ends. */
int set_brk(struct addrspace *as, vaddr_t new_brk);

/* object_grow or object_shrink; panics when an address space could not be cut for want of memory. Returns 0 or -EFBIG. */
int object_resize(struct vm_object *obj, size_t size_bytes);

/* ---- looking ---- */

/* The leaf for va: its rights, or -1 when there is none. */
int leaf_prot(struct addrspace *as, vaddr_t va);

/* The VMA with va, which nobody else changes meanwhile; NULL. */
struct vma *vma_at(struct addrspace *as, vaddr_t va);

/* The anon at va and whether it is exclusive; NULL. */
struct anon *anon_at(struct addrspace *as, vaddr_t va, bool *exclusive);

/* Every invariant, and every TLB against its page table. */
void world_check(void);

/* Give back what is only kept to be quick, on all harts. */
void world_drop_caches(void);
bool world_shrink(bool short_of_memory);               /* the same, as page_shrink */

/* world_check; and when the caches are dropped, every frame is free again. */
void world_end(void);
