/*
 * advise.c - the verbs that change no promise: forget, advise, lock, bring in, and ask what is
 * there.
 * Owns: which parts of a range such a verb reaches, and what it says about holes.
 * Does not own: what the flags that it sets mean (as_fork, fault.c).
 *
 * All of them stop where their man page says so, with what comes before done.
 * Sources: madvise(2), mlock(2), mincore(2), msync(2).
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/fault.h"
#include "mm/object.h"
#include "mm/queue.h"
#include "mm/readin.h"
#include "mm/reclaim.h"
#include "mm/writeback.h"

static vaddr_t part_start(const struct vma *vma, vaddr_t start) { return vma->start > start ? vma->start : start; }
static vaddr_t part_end(const struct vma *vma, vaddr_t end) { return vma->end < end ? vma->end : end; }

static bool zero_filled(const struct vma *vma) { return vma->object == NULL; }

/* Is nothing missing in [start, end)? */
static bool whole(struct addrspace *as, vaddr_t start, vaddr_t end) { return as_allowed_end(as, start, end, PROT_NONE) == end; }

/* ---- forget ---- */

int as_forget(struct addrspace *as, vaddr_t start, size_t len, bool (*forgettable)(const struct vma *vma))
{
    if (!range_valid(start, len))
        return -EINVAL;
    vaddr_t end = start + page_up(len), stop = end;
    as_write(as);
    int wrong = whole(as, start, end) ? 0 : -ENOMEM;
    for (struct vma *vma = vma_find_from(as, start); vma != NULL && vma->start < stop; vma = vma_next(vma)) {
        thread_let_others();
        if ((vma->flags & VMA_LOCKED) || !forgettable(vma)) {
            stop = part_start(vma, start);
            wrong = -EINVAL;
        }
    }
    /* Only private VMAs have anons, so those between start and stop need not be looked for one by one. */
    int err = radix_prepare_clear(&as->anons, start >> PAGE_SHIFT, stop >> PAGE_SHIFT);
    if (err == 0) {
        as_hide(as, start, stop);
        radix_clear(&as->anons, start >> PAGE_SHIFT, stop >> PAGE_SHIFT);
        trace_of(as->pmap.root, TRACE_FORGET, start, stop - start, 0, 0);
    }
    as_write_done(as);
    return err != 0 ? err : wrong;
}

bool forget_any(const struct vma *vma) { return (void)vma, true; }
bool forget_zero_filled(const struct vma *vma) { return zero_filled(vma); }

/* ---- flags ---- */

struct flag_change {
    uint8_t clear, set;
};

/* Change the flags of all VMAs in [start, end), cut where that begins and ends. */
static int change_flags(struct addrspace *as, vaddr_t start, vaddr_t end, struct flag_change change)
{
    struct vma_spare spare = { 0 };
    struct vma *first = vma_find(as, start);
    int err = split_prepare(as, first, start, end, &spare);
    if (err == 0) {
        vma_split(as, first, start, &spare);
        vma_split(as, vma_find(as, end), end, &spare);
    }
    struct vma *vma = err == 0 ? vma_find_from(as, start) : NULL;
    for (; vma != NULL && vma->start < end; vma = vma_next(vma)) {
        thread_let_others();
        if ((change.set & VMA_EMPTY_IN_CHILD) && !zero_filled(vma)) {
            err = -EINVAL;
            break;
        }
        vma_set(as, vma, vma->prot, (vma->flags & ~change.clear) | change.set);
    }
    vma_merge(as, start, end);
    vma_spare_free(&spare);
    return err;
}

int as_advise(struct addrspace *as, vaddr_t start, size_t len, uint8_t clear, uint8_t set)
{
    if (!range_valid(start, len))
        return -EINVAL;
    vaddr_t end = start + page_up(len);
    as_write(as);
    int err = clear | set ? change_flags(as, start, end, (struct flag_change){ clear, set }) : 0;
    if (err == 0 && !whole(as, start, end))
        err = -ENOMEM;
    as_write_done(as);
    return err;
}

/* ---- lock in memory ---- */

static struct flag_change locking(uint8_t flags)
{
    return (struct flag_change){ VMA_LOCKED | VMA_LOCK_ON_FAULT, flags };
}

int as_lock(struct addrspace *as, vaddr_t start, size_t len, uint8_t flags)
{
    if (!range_valid(start, len))
        return -EINVAL;
    vaddr_t end = start + page_up(len);
    as_write(as);
    atomic_store_explicit(&as->locks, true, memory_order_relaxed);
    size_t now = as->vmas.nlocked, max = as->limits.locked >> PAGE_SHIFT, more = (end - start) >> PAGE_SHIFT;
    int err = 0;
    if ((flags & VMA_LOCKED) && now + more > max && now - as_count(as, start, end).locked + more > max)
        err = as->limits.locked == 0 ? -EPERM : -ENOMEM;
    if (err == 0) {
        vaddr_t whole_end = as_allowed_end(as, start, end, PROT_NONE);
        if (whole_end > start)
            err = change_flags(as, start, whole_end, locking(flags));
        if (err == 0 && whole_end < end)
            err = -ENOMEM;
    }
    as_write_done(as);
    return err;
}

bool as_is_taken(struct addrspace *as, vaddr_t start, size_t len, uint8_t flags)
{
    as_read(as);
    const struct vma *vma = vma_find_from(as, start);
    bool taken = vma != NULL && vma->start < start + len && (vma->flags & flags) == flags;
    as_read_done(as);
    return taken;
}

int as_lock_all(struct addrspace *as, uint8_t flags, bool now, bool future)
{
    int err = 0;
    as_write(as);
    atomic_store_explicit(&as->locks, true, memory_order_relaxed);
    if (flags != 0 && as->limits.locked == 0)
        err = -EPERM;
    else if (flags != 0 && now && as->vmas.npages > as->limits.locked >> PAGE_SHIFT)
        err = -ENOMEM;
    if (err == 0 && now)
        err = change_flags(as, 0, USER_END, locking(flags));
    if (err == 0)
        as->lock_future = future ? flags : 0;
    as_write_done(as);
    return err;
}

/* ---- bring in ---- */

/*
 * Make [*start, *end) its first part that lies in one VMA; *access is how it is brought in. False:
 * nothing is mapped there. A store copies what is private at once; to store to what is shared would
 * make it dirty. Of a VMA that is locked on fault, or has not all of flags, nothing is brought in:
 * the part is empty.
 */
static bool first_part(struct addrspace *as, vaddr_t *start, vaddr_t *end, uint8_t flags, enum access *access)
{
    as_read(as);
    struct vma *vma = vma_find_from(as, *start);
    bool found = vma != NULL && vma->start < *end;
    if (found) {
        *start = part_start(vma, *start);
        *end = part_end(vma, *end);
        bool store = (vma->prot & PROT_WRITE) && !vma->shared;
        *access = store ? ACCESS_WRITE : vma->prot == PROT_EXEC ? ACCESS_EXEC : ACCESS_READ;
        if ((vma->flags & VMA_LOCK_ON_FAULT) || (vma->flags & flags) != flags)
            *start = *end;
    }
    as_read_done(as);
    return found;
}

static int populate_error(enum fault_result result)
{
    switch (result) {
    case FAULT_DONE:       return 0;
    case FAULT_FORBIDDEN:  return -EINVAL;
    case FAULT_BEYOND_END: return -EFAULT;
    case FAULT_IO:         return -EFAULT;
    default:               return -ENOMEM;
    }
}

int as_populate(struct addrspace *as, vaddr_t start, size_t len, enum access access)
{
    vaddr_t end = start + page_up(len);
    int err = 0;
    thread_current()->walk.asked = true;
    for (vaddr_t va = start; va < end && err == 0; va += PAGE_SIZE) {
        err = page_few_left() ? -ENOMEM : populate_error(vm_fault(as, va, access));
        if (err == 0)
            err = thread_between_pieces();
    }
    thread_current()->walk.asked = false;
    return err;
}

/* Bring in what is mapped first from *at on, as far as one VMA goes, and go on behind it. */
static int populate_part(struct addrspace *as, vaddr_t *at, vaddr_t end, uint8_t flags)
{
    vaddr_t until = end;
    enum access access;
    int err = first_part(as, at, &until, flags, &access) ? as_populate(as, *at, until - *at, access) : 0;
    *at = until;
    return err;
}

int as_populate_until_error(struct addrspace *as, vaddr_t start, size_t len)
{
    vaddr_t at = start, end = start + page_up(len);
    int err = 0;
    while (at < end && err == 0)
        err = populate_part(as, &at, end, 0);
    return err;
}

int as_populate_mapped(struct addrspace *as, vaddr_t start, size_t len, uint8_t flags)
{
    vaddr_t at = start, end = start + page_up(len);
    int err = 0;
    while (at < end && err != -EINTR) {
        int failed = populate_part(as, &at, end, flags);
        err = err != 0 && failed != -EINTR ? err : failed;
    }
    return err;
}

int as_page_out(struct addrspace *as, vaddr_t start, size_t len, bool only_cool)
{
    void (*each)(struct anon *const anon[], unsigned n) = only_cool ? reclaim_cool : reclaim_these;
    int err = as_sync(as, start, len, true);
    uint64_t end = (start + page_up(len)) >> PAGE_SHIFT;
    struct anon *some[SWAP_CLUSTER], *anon;
    unsigned n = 0;
    if (!queue_on || err == -EBUSY)
        return err;
    as_alone(as);                               /* no anon of it can be freed */
    for (uint64_t vpn = radix_next(&as->anons, start >> PAGE_SHIFT, &anon); anon != NULL && vpn < end;
         vpn = radix_next(&as->anons, vpn + 1, &anon)) {
        some[n++] = anon;
        if (n == SWAP_CLUSTER) {
            each(some, n);
            n = 0;
        }
        thread_let_others();
    }
    each(some, n);
    as_write_done(as);
    return err;
}

/* The first page of [vpn, end) whose contents are private and on disk; end: there is none. */
static uint64_t next_on_disk(struct addrspace *as, uint64_t vpn, uint64_t end)
{
    struct anon *anon;
    as_alone(as);                               /* no anon of it can be freed */
    for (vpn = radix_next(&as->anons, vpn, &anon); anon != NULL && vpn < end; vpn = radix_next(&as->anons, vpn + 1, &anon)) {
        if (!anon_in_memory(anon))
            break;
        thread_let_others();
    }
    as_write_done(as);
    return anon != NULL && vpn < end ? vpn : end;
}

/* The first object mapped in [*at, end), with a reference, and its pages [*first, *last) there; *at: what is behind. NULL: none. */
static struct vm_object *next_object(struct addrspace *as, vaddr_t *at, vaddr_t end, uint64_t *first, uint64_t *last)
{
    struct vm_object *obj = NULL;
    if (*at >= end)
        return NULL;
    as_read(as);
    struct vma *vma = vma_find_from(as, *at);
    for (; vma != NULL && vma->start < end && vma->object == NULL; vma = vma_next(vma))
        thread_let_others();
    if (vma != NULL && vma->start < end) {
        object_get(obj = vma->object);
        *first = vma_object_index(vma, part_start(vma, *at));
        *last = vma_object_index(vma, part_end(vma, end));
        *at = part_end(vma, end);
    }
    as_read_done(as);
    return obj;
}

int as_write_back(struct addrspace *as, vaddr_t start, size_t len)
{
    struct vm_object *obj;
    uint64_t first, last;
    int err = 0;
    for (vaddr_t at = start; err == 0 && (obj = next_object(as, &at, start + page_up(len), &first, &last)) != NULL;) {
        err = writeback(obj, first, last);
        object_put(obj);
    }
    return err;
}

/* The part of as_will_need that disks are mapped to. */
static int objects_needed(struct addrspace *as, vaddr_t start, vaddr_t end)
{
    struct vm_object *obj;
    uint64_t first, last;
    int err = 0;
    for (vaddr_t at = start; err != -EINTR && (obj = next_object(as, &at, end, &first, &last)) != NULL;) {
        uint64_t there = obj->home != 0 ? object_npages(obj) : 0;
        for (err = 0; first < last && first < there && err != -EINTR && !page_few_left(); first++) {
            read_in_object(obj, first);
            err = thread_between_pieces();
        }
        object_put(obj);
    }
    return err;
}

int as_will_need(struct addrspace *as, vaddr_t start, size_t len)
{
    uint64_t vpn = start >> PAGE_SHIFT, end = vpn + (page_up(len) >> PAGE_SHIFT);
    int err = as_sync(as, start, len, false), failed = objects_needed(as, start, end << PAGE_SHIFT);
    while (queue_on && failed != -EINTR && (vpn = next_on_disk(as, vpn, end)) < end)
        failed = as_populate(as, vpn++ << PAGE_SHIFT, PAGE_SIZE, ACCESS_READ);
    return failed == -EINTR ? failed : err;
}

/* ---- what is there ---- */

size_t as_resident(struct addrspace *as, vaddr_t start, size_t npages, uint8_t *resident)
{
    size_t i;
    bool unused;
    as_alone(as);                               /* no fault changes a slot meanwhile */
    for (i = 0; i < npages; i++) {
        vaddr_t va = start + i * PAGE_SIZE;
        struct vma *vma = vma_find(as, va);
        if (vma == NULL)
            break;
        struct anon *anon = !vma->shared ? radix_find(&as->anons, va >> PAGE_SHIFT, &unused) : NULL;
        resident[i] = anon != NULL && anon_in_memory(anon);
        if (vma->object != NULL && anon == NULL) {
            uint64_t index = vma_object_index(vma, va);
            mutex_lock(&vma->object->lock);
            anon = index < object_npages(vma->object) ? object_find(vma->object, index) : NULL;
            resident[i] = anon != NULL && anon_in_memory(anon);
            mutex_unlock(&vma->object->lock);
        }
    }
    as_write_done(as);
    return i;
}

int as_sync(struct addrspace *as, vaddr_t start, size_t len, bool invalidate)
{
    vaddr_t end = start + page_up(len);
    as_read(as);
    int err = whole(as, start, end) ? 0 : -ENOMEM;
    for (struct vma *vma = vma_find_from(as, start); invalidate && vma != NULL && vma->start < end; vma = vma_next(vma)) {
        if (vma->flags & VMA_LOCKED)
            err = -EBUSY;
        thread_let_others();
    }
    as_read_done(as);
    return err;
}
