/*
 * world.c - programs that touch memory, and the end of a test.
 */
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/anon.h"
#include "mm/check.h"
#include "mm/slab.h"
#include "mm/cut.h"
#include "mm/test/world.h"

#define FAULTS_MAX 100                  /* of one access: more are no bad luck with the TLB */

/* ---- a program ---- */

static const int error_of[] = {
    [FAULT_NO_MAPPING] = -EFAULT, [FAULT_FORBIDDEN] = -EACCES, [FAULT_BEYOND_END] = -ENXIO, [FAULT_NO_MEMORY] = -ENOMEM,
    [FAULT_IO] = -EIO,
};

int program_access(struct addrspace *as, vaddr_t va, enum access access, uint8_t *byte)
{
    as_activate(thread_current(), as);
    for (unsigned n = 0; n < FAULTS_MAX; n++) {
        if (soft_access(va, access, byte))
            return 0;
        enum fault_result result = vm_fault(as, va, access);
        if (result == FAULT_NO_MEMORY)
            as->oom_va = page_down(va);
        if (result != FAULT_DONE)
            return error_of[result];
    }
    panic("the access %u at %#lx faults again and again", access, va);
}

int program_store(struct addrspace *as, vaddr_t va, uint8_t byte)
{
    return program_access(as, va, ACCESS_WRITE, &byte);
}

int program_load(struct addrspace *as, vaddr_t va)
{
    uint8_t byte;
    int err = program_access(as, va, ACCESS_READ, &byte);
    return err != 0 ? err : byte;
}

int program_fetch(struct addrspace *as, vaddr_t va)
{
    uint8_t byte;
    int err = program_access(as, va, ACCESS_EXEC, &byte);
    return err != 0 ? err : byte;
}

uint64_t faults(enum fault_case which) { return thread_current()->counter[which]; }

void leave_all(void)
{
    unsigned here = hart_index();
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++) {
        host_use_hart(h);
        as_activate(thread_current(), NULL);
    }
    host_use_hart(here);
}

void destroy(struct addrspace *as)
{
    leave_all();
    as_destroy(as);
}

/* ---- mappings ---- */

int map_object(struct addrspace *as, vaddr_t va, size_t len, unsigned prot, bool shared, struct vm_object *obj,
               uint64_t index)
{
    struct map_request req = { .prot = prot, .fixed = true, .shared = shared, .object = obj, .object_index = index };
    vaddr_t out;
    return as_map(as, va, len, &req, &out);
}

int map_over(struct addrspace *as, vaddr_t va, size_t len, unsigned prot, bool shared, struct vm_object *obj, uint64_t index)
{
    struct map_request req = { .prot = prot, .fixed = true, .replace = true, .shared = shared, .object = obj,
                               .object_index = index };
    vaddr_t out;
    return as_map(as, va, len, &req, &out);
}

int map_zero(struct addrspace *as, vaddr_t va, size_t len, unsigned prot)
{
    return map_object(as, va, len, prot, false, NULL, 0);
}

int set_brk(struct addrspace *as, vaddr_t new_brk)
{
    vaddr_t brk, before = as->brk;
    int err = as_set_brk(as, new_brk, &brk);
    if (brk != (err == 0 ? new_brk : before) || as->brk != brk)
        panic("as_set_brk says %#lx, the heap ends at %#lx", brk, as->brk);
    return err;
}

static void not_cut(struct addrspace *as) { panic("no memory to cut what %p maps", (void *)as); }

int object_resize(struct vm_object *obj, size_t size)
{
    if (size >= object_size(obj))
        return object_grow(obj, size);
    object_shrink(obj, size, not_cut);
    return 0;
}

/* ---- looking ---- */

int leaf_prot(struct addrspace *as, vaddr_t va)
{
    paddr_t pa;
    unsigned prot;
    spin_lock(&as->pmap.lock);
    bool found = pmap_lookup(&as->pmap, va, &pa, &prot);
    spin_unlock(&as->pmap.lock);
    return found ? (int)prot : -1;
}

struct vma *vma_at(struct addrspace *as, vaddr_t va)
{
    as_read(as);
    struct vma *vma = vma_find(as, va);
    as_read_done(as);
    return vma;
}

struct anon *anon_at(struct addrspace *as, vaddr_t va, bool *exclusive)
{
    as_read(as);
    struct anon *anon = radix_find(&as->anons, va >> PAGE_SHIFT, exclusive);
    *exclusive = anon != NULL && *exclusive && anon_sole(anon);
    as_read_done(as);
    return anon;
}

static void check_tlbs(struct addrspace *as, void *unused)
{
    (void)unused;
    soft_check(&as->pmap.id, as->pmap.root);
}

void world_check(void)
{
    mm_check();
    as_for_each(check_tlbs, NULL);
}

bool world_shrink(bool short_of_memory)
{
    (void)short_of_memory;
    world_drop_caches();
    return false;
}

void world_drop_caches(void)
{
    object_drop_caches();
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        slab_drain_hart(h);
    for (unsigned h = 0; h < MMU_MAX_HARTS; h++)
        page_drain_hart(h);
}

static void report_slab(const struct slab_cache *cache, void *unused)
{
    (void)unused;
    if (slab_in_use(cache) != 0)
        panic("%zu of %s are left", slab_in_use(cache), cache->name);
}

void world_end(void)
{
    world_check();
    world_drop_caches();
    slab_for_each(report_slab, NULL);
    if (page_used(PAGE_FREE) != page_total())
        panic("%zu of %zu frames are free at the end", page_used(PAGE_FREE), page_total());
    world_check();
}
