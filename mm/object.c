/*
 * object.c - the contents of a file, shared by everyone who maps it.
 * Owns: struct vm_object, its slots, filling them.
 * Does not own: the files themselves (kernel/fs), mapping (fault.c, pmap.c).
 */
#include <string.h>

#include "kernel/errno.h"
#include "kernel/panic.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/object.h"
#include "mm/slab.h"

static SLAB_CACHE(vm_objects, struct vm_object);

static struct mutex objects_lock = MUTEX_INIT(objects_lock, RANK_OBJECT_LIST);
static LIST_HEAD(, vm_object) objects;          /* [objects_lock] */

struct vm_object *object_create(const char *source, size_t size_bytes)
{
    struct vm_object *obj = slab_alloc(&vm_objects);
    if (obj == NULL)
        return NULL;
    atomic_store_explicit(&obj->refs, 1, memory_order_relaxed);
    mutex_init(&obj->lock, RANK_OBJECT);
    obj->size_bytes = size_bytes;
    obj->source = source;
    radix_init(&obj->slots);
    LIST_INIT(&obj->vmas);
    mutex_lock(&objects_lock);
    LIST_INSERT_HEAD(&objects, obj, all_link);
    mutex_unlock(&objects_lock);
    return obj;
}

void object_get(struct vm_object *obj)
{
    atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);
}

void object_put(struct vm_object *obj)
{
    if (atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel) != 1)
        return;
    assert(LIST_EMPTY(&obj->vmas));             /* each of them holds a reference */
    mutex_lock(&objects_lock);
    LIST_REMOVE(obj, all_link);
    mutex_unlock(&objects_lock);
    radix_put_all(&obj->slots);
    slab_free(&vm_objects, obj);
}

/* ---- contents ---- */

int object_spare_alloc(struct object_spare *spare)
{
    if (spare->anon == NULL && (spare->anon = anon_alloc(PAGE_FILE)) == NULL)
        return -ENOMEM;
    return radix_spare_alloc(&spare->nodes);
}

void object_spare_free(struct object_spare *spare)
{
    if (spare->anon != NULL)
        anon_put(spare->anon);
    spare->anon = NULL;
    radix_spare_free(&spare->nodes);
}

static void fill(const struct vm_object *obj, uint64_t index, struct page *page)
{
    size_t at = index << PAGE_SHIFT;
    size_t len = obj->size_bytes - at < PAGE_SIZE ? obj->size_bytes - at : PAGE_SIZE;
    char *bytes = page_address(page);
    memcpy(bytes, obj->source + at, len);
    memset(bytes + len, 0, PAGE_SIZE - len);
}

int object_get_anon(struct vm_object *obj, uint64_t index, struct object_spare *spare, struct anon **out)
{
    assert(mutex_held(&obj->lock));
    if (index >= object_npages(obj))
        return -ENXIO;
    bool exclusive;
    *out = radix_find(&obj->slots, index, &exclusive);
    if (*out != NULL)
        return 0;
    struct radix_node *leaf = NULL;
    if (spare->anon != NULL)
        leaf = radix_prepare(&obj->slots, index, &spare->nodes);
    if (leaf == NULL)
        return -EAGAIN;
    struct anon *anon = spare->anon;
    spare->anon = NULL;
    anon->object = obj;
    anon->vpn = index;
    fill(obj, index, anon->page);
    radix_fill(leaf, index, anon);
    *out = anon;
    return 0;
}

int object_lock_page(struct vm_object *obj, uint64_t index, struct locked_page *out)
{
    struct object_spare spare = { 0 };
    struct anon *anon;
    int err;
    for (;;) {
        mutex_lock(&obj->lock);
        err = object_get_anon(obj, index, &spare, &anon);
        if (err == 0)
            break;
        mutex_unlock(&obj->lock);
        if (err != -EAGAIN || (err = object_spare_alloc(&spare)) != 0)
            break;
    }
    if (err == 0) {
        out->object_lock = &obj->lock;
        out->anon_lock = &anon->lock;
        mutex_lock(&anon->lock);
        out->page = anon_get_page(anon);
    }
    if (spare.anon != NULL || spare.nodes.count > 0)
        object_spare_free(&spare);
    return err;
}

void page_unlock(struct locked_page *locked)
{
    mutex_unlock(locked->anon_lock);
    if (locked->object_lock != NULL)
        mutex_unlock(locked->object_lock);
}

int object_read(struct vm_object *obj, size_t at, void *buf, size_t len)
{
    if (at > obj->size_bytes || len > obj->size_bytes - at)
        return -ENXIO;
    for (size_t done = 0; done < len;) {
        size_t n = PAGE_SIZE - ((at + done) & PAGE_MASK);
        if (n > len - done)
            n = len - done;
        struct locked_page locked;
        int err = object_lock_page(obj, (at + done) >> PAGE_SHIFT, &locked);
        if (err != 0)
            return err;
        memcpy((char *)buf + done, (char *)page_address(locked.page) + ((at + done) & PAGE_MASK), n);
        page_unlock(&locked);
        done += n;
    }
    return 0;
}

/* ---- giving back ---- */

/* Does any address space have a leaf for the page at index? Only the VMAs on the object's list can. */
static bool is_mapped(struct vm_object *obj, uint64_t index, const struct page *page)
{
    struct vma *vma;
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        uint64_t npages = (vma->end - vma->start) >> PAGE_SHIFT;
        if (index < vma->object_index || index - vma->object_index >= npages)
            continue;
        struct pmap *pmap = &vma->as->pmap;
        vaddr_t va = vma->start + ((index - vma->object_index) << PAGE_SHIFT);
        paddr_t pa;
        unsigned prot;
        spin_lock(&pmap->lock);
        bool mapped = pmap_lookup(pmap, va, &pa, &prot) && pa == page_to_phys(page);
        spin_unlock(&pmap->lock);
        if (mapped)
            return true;
    }
    return false;
}

static size_t drop_unmapped(struct vm_object *obj)
{
    size_t dropped = 0;
    struct anon *anon;
    mutex_lock(&obj->lock);
    /* Mapping a page takes obj->lock, so what is unmapped now stays so. */
    for (uint64_t i = radix_next(&obj->slots, 0, &anon); anon != NULL; i = radix_next(&obj->slots, i + 1, &anon))
        if (!is_mapped(obj, i, anon->page)) {
            radix_clear(&obj->slots, i, i + 1);
            dropped++;
        }
    mutex_unlock(&obj->lock);
    return dropped;
}

size_t object_drop_caches(void)
{
    size_t dropped = 0;
    struct vm_object *obj;
    mutex_lock(&objects_lock);
    LIST_FOREACH(obj, &objects, all_link)
        dropped += drop_unmapped(obj);
    mutex_unlock(&objects_lock);
    return dropped;
}

void object_for_each(void (*visit)(struct vm_object *obj, void *arg), void *arg)
{
    struct vm_object *obj;
    LIST_FOREACH(obj, &objects, all_link)
        visit(obj, arg);
}
