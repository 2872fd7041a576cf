/*
 * uaccess.h - the only way in which the kernel touches user memory.
 * Contract of all: every page is checked against its VMA and faulted in as needed; pages that the
 * program has never touched are as good as any other. Sleeps; the caller holds no lock from RANK_AS
 * on.
 */
#pragma once

#include "arch/types.h"

struct addrspace;

/*
 * Handed down at start (NULL: nothing): memory ran out for a copy that may not fail for that. May
 * sleep. True: try again. Called with what the caller of the copy holds, which is nothing from
 * RANK_AS on.
 */
extern bool (*user_out_of_memory)(struct addrspace *as);

/*
 * Copy len bytes to, or from, user memory. Returns 0; -EFAULT when some page may not be accessed
 * so; -ENOMEM when memory ran out: as->oom_va then says where, and the process is killed at the end
 * of its system call. On failure a prefix has been copied: *done bytes, when done is not NULL.
 */
int copy_to_user(struct addrspace *as, vaddr_t dst, const void *src, size_t len, size_t *done);
int copy_from_user(struct addrspace *as, void *dst, vaddr_t src, size_t len, size_t *done);

/* Copy from another program's memory: as copy_from_user, but where memory runs out this only fails, and kills nobody. */
int copy_from_other(struct addrspace *as, void *dst, vaddr_t src, size_t len, size_t *done);

/* Zero len bytes of user memory; otherwise as copy_to_user. */
int zero_user(struct addrspace *as, vaddr_t dst, size_t len, size_t *done);

/*
 * Bring all of [va, va + len) in, as a store to each page would; but where memory runs out this
 * only fails, and kills nobody. Returns 0, -EFAULT or -ENOMEM; what has come in by then stays.
 */
int populate_user(struct addrspace *as, vaddr_t va, size_t len);

/*
 * Copy a NUL-terminated string of at most size bytes, NUL included. Returns its length without the
 * NUL, -EFAULT, -ENOMEM, or too_long when there is no NUL in size bytes.
 */
long string_from_user(struct addrspace *as, char *dst, vaddr_t src, size_t size, int too_long);

/* Check that access (0: any) to [va, va + len) is allowed by the VMAs, faulting nothing in. Returns 0 or -EFAULT. */
int user_range_check(struct addrspace *as, vaddr_t va, size_t len, enum access access);
