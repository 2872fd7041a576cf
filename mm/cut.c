/*
 * cut.c - a file becomes shorter while programs map it.
 * Owns: the order in which its pages go.
 * Does not own: files (kernel/fs), the pages themselves (object.c).
 *
 * First the size changes: from then on a fault beyond the end is SIGBUS, so no leaf comes any more.
 * Then, one address space after the other, the leaves beyond the end go, and private copies too:
 * who sees the file grow again sees zeroes there. Last the pages. The page with the new end stays,
 * and its bytes behind the end become zeroes (object_forget_beyond); a private copy of that page
 * stays as it is.
 *
 * The list of VMAs belongs to object->lock, which comes after as->lock, so it cannot be walked with
 * the address spaces locked. Instead every VMA on it is marked, and whoever is marked is looked up
 * anew each time; what fork copies or mremap moves is marked as that was (vma_insert). The caller
 * holds the file's lock, so there is one cut of an object at a time.
 */
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/cut.h"
#include "mm/object.h"

static void mark_all(struct vm_object *obj)
{
    struct vma *vma;
    assert(mutex_held(&obj->lock));
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        vma->cut = true;
        thread_let_others();
    }
}

/* An address space with a marked VMA, as one more user of it; NULL: there is none. */
static struct addrspace *next_marked(struct vm_object *obj)
{
    struct vma *vma;
    mutex_lock(&obj->lock);
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        if (vma->cut && as_get_living(vma->as))
            break;
        vma->cut = false;
        thread_let_others();
    }
    struct addrspace *as = vma != NULL ? vma->as : NULL;
    mutex_unlock(&obj->lock);
    return as;
}

/* Take all that as shows of obj beyond its end away. Returns 0; -ENOMEM: some private copies are still there. */
static int cut_one(struct addrspace *as, struct vm_object *obj)
{
    uint64_t end = object_npages(obj);
    int err = 0;
    as_write(as);
    for (struct vma *vma = vma_first(as); vma != NULL; vma = vma_next(vma)) {
        thread_let_others();
        if (vma->object != obj)
            continue;
        mutex_lock(&obj->lock);
        vma->cut = false;
        mutex_unlock(&obj->lock);
        uint64_t staying = end > vma->object_index ? end - vma->object_index : 0;
        if (staying >= vma_npages(vma))
            continue;
        vaddr_t start = vma->start + staying * PAGE_SIZE;
        as_hide(as, start, vma->end);
        trace_of(as->pmap.root, TRACE_FORGET, start, vma->end - start, 0, 0);
        if (radix_prepare_clear(&as->anons, start >> PAGE_SHIFT, vma->end >> PAGE_SHIFT) == 0)
            radix_clear(&as->anons, start >> PAGE_SHIFT, vma->end >> PAGE_SHIFT);
        else
            err = -ENOMEM;
    }
    as_write_done(as);
    return err;
}

void object_shrink(struct vm_object *obj, size_t size_bytes, void (*out_of_memory)(struct addrspace *as))
{
    struct addrspace *as;
    mutex_lock(&obj->lock);
    assert(size_bytes <= object_size(obj));
    atomic_store_explicit(&obj->size_bytes, size_bytes, memory_order_relaxed);
    mark_all(obj);
    mutex_unlock(&obj->lock);
    while ((as = next_marked(obj)) != NULL) {
        if (cut_one(as, obj) != 0)
            out_of_memory(as);
        if (as_put(as))
            as_destroy(as);
    }
    object_forget_beyond(obj);
}
