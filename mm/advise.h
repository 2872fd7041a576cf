/*
 * advise.h - what may be said and asked about ranges, beyond what is promised there. In all of them
 * start is page aligned and len in bytes, rounded up to pages. A hole, a page that is not mapped,
 * is -ENOMEM; how much is done then differs, as noted.
 */
#pragma once

#include "arch/types.h"

struct addrspace;
struct vma;

/*
 * Forget the private contents of [start, start + len): what was promised there comes anew, zeroes
 * or the object's. Returns 0; -EINVAL: bad range, or at the first VMA that is locked or not
 * forgettable, with what comes before forgotten;
 * -ENOMEM: holes, all else has been forgotten; or no memory, nothing changed.
 * Source: madvise(2), MADV_DONTNEED and MADV_FREE.
 */
int as_forget(struct addrspace *as, vaddr_t start, size_t len, bool (*forgettable)(const struct vma *vma));
bool forget_any(const struct vma *vma);
bool forget_zero_filled(const struct vma *vma);

/*
 * Take the VMA_ flags in clear from all VMAs of the range, and give them those in set. Returns 0;
 * -EINVAL: bad range, or at the first VMA that cannot have them, with what comes before changed;
 * -ENOMEM: as above.
 * Source: madvise(2).
 */
int as_advise(struct addrspace *as, vaddr_t start, size_t len, uint8_t clear, uint8_t set);

/*
 * Lock in memory, with flags VMA_LOCKED and perhaps VMA_LOCK_ON_FAULT; 0: unlock. What is to come
 * in is as_populate_...'s. Returns 0; -EINVAL: bad range; -EPERM: none may be locked; -ENOMEM: more
 * than may be; at the first hole, with what comes before done; or no memory. Source: mlock(2).
 */
int as_lock(struct addrspace *as, vaddr_t start, size_t len, uint8_t flags);

/*
 * The same for everything there is (now), and for what will be mapped (future; without it, nothing
 * of that is locked). Returns 0; -EPERM, -ENOMEM as above. Source: mlockall(2).
 */
int as_lock_all(struct addrspace *as, uint8_t flags, bool now, bool future);

/* Is something mapped in [start, start + len), and has the first of it these VMA_ flags? */
bool as_is_taken(struct addrspace *as, vaddr_t start, size_t len, uint8_t flags);

/*
 * Bring every page in and map it, as that access would. Where memory runs out this only fails, a
 * few frames before the last (page_few_left), and kills nobody. Returns 0; -ENOMEM: a hole, or no
 * memory; -EINVAL: not allowed there; -EFAULT: beyond the object's end; -EINTR: killed. What has
 * come in by then stays. Source: madvise(2), MADV_POPULATE_READ.
 */
int as_populate(struct addrspace *as, vaddr_t start, size_t len, enum access access);

/*
 * Have the private pages of the range go to disk, if there is one; or, only cool, be the first that
 * may when memory runs short, unless they are used before. Returns 0; -ENOMEM: holes, -EBUSY:
 * locked memory; the rest is done. Source: madvise(2), MADV_PAGEOUT and MADV_COLD.
 */
int as_page_out(struct addrspace *as, vaddr_t start, size_t len, bool only_cool);

/*
 * Bring in the pages that are on disk, private or of a disk, and wait. What cannot come (no memory,
 * or EIO) stays there. Returns 0; -ENOMEM: holes, with the rest done; -EINTR: killed. Source:
 * madvise(2), MADV_WILLNEED.
 */
int as_will_need(struct addrspace *as, vaddr_t start, size_t len);

/*
 * as_populate for all that is mapped with these VMA_ flags, by the access that its rights allow;
 * not what is locked on fault. Returns 0, -EINTR at once, or the first other error, with the rest
 * done. Source: mmap(2), MAP_POPULATE.
 */
int as_populate_mapped(struct addrspace *as, vaddr_t start, size_t len, uint8_t flags);

/* The same, but it stops at the first error, whatever that is. Source: mlock(2), and what Linux does. */
int as_populate_until_error(struct addrspace *as, vaddr_t start, size_t len);

/* resident[i]: is the i-th page in memory? Returns for how many that is told: up to the first hole. Source: mincore(2). */
size_t as_resident(struct addrspace *as, vaddr_t start, size_t npages, uint8_t *resident);

/*
 * What has been stored to disks that are mapped there is on them when this returns. Returns 0 or
 * -EIO. Source: msync(2), MS_SYNC.
 */
int as_write_back(struct addrspace *as, vaddr_t start, size_t len);

/*
 * See whether all of the range is mapped.
 * Returns 0; -ENOMEM: a hole; -EBUSY: invalidate, and something is locked. Source: msync(2).
 */
int as_sync(struct addrspace *as, vaddr_t start, size_t len, bool invalidate);
