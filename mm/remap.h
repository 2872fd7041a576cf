/*
 * remap.h - a mapping becomes longer or shorter, or moves with its contents. See mremap.c.
 */
#pragma once

#include "arch/types.h"

struct addrspace;

struct remap_request {
    vaddr_t from;
    size_t old_len, new_len;            /* bytes */
    vaddr_t to;                         /* fixed: where it goes; else with keep a hint */
    bool may_move, fixed, keep;         /* MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP */
};

/*
 * Make old_len bytes at req->from new_len bytes long; *out is where they are then. What moves takes
 * its private contents along, and what is mapped where it goes is unmapped. old_len 0: a second
 * mapping of something shared. keep: the old range stays, without its contents, and its VMA is no
 * longer locked. Returns 0, with *grown bytes more at the end than there were. Errors, nothing
 * changed:
 * -EINVAL: not page aligned, new_len 0, flags that do not go together, old and new range overlap, old_len 0 of something
 * private; -EFAULT: nothing mapped at from, or old_len reaches beyond that VMA; -EPERM: fixed at
 * page 0;
 * -ENOMEM: no room (without may_move: behind it), a limit, or no memory; -EAGAIN: more locked than may be. Source: mremap(2).
 */
int as_remap(struct addrspace *as, const struct remap_request *req, vaddr_t *out, size_t *grown);
