/*
 * object.c - the contents of a file, shared by everyone who maps it.
 * Owns: struct vm_object, its slots, filling them.
 * Does not own: the files themselves (kernel/fs), mapping (fault.c, pmap.c).
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/addrspace.h"
#include "mm/anon.h"
#include "mm/commit.h"
#include "mm/object.h"
#include "mm/queue.h"
#include "mm/slab.h"

static SLAB_CACHE(vm_objects, struct vm_object);
_Static_assert(RADIX_END <= 1ul << SWAP_INDEX_BITS, "each page of a disk has a slot: its home and its index");

static struct mutex objects_lock = MUTEX_INIT(objects_lock, RANK_OBJECT_LIST);
static LIST_HEAD(, vm_object) objects;          /* [objects_lock] */
static _Atomic size_t npages_of_files;          /* of objects with limited */

struct vm_object *object_create(const char *source, size_t size_bytes, struct inode *inode)
{
    size_t ncommitted = source == NULL && inode == NULL ? page_up(size_bytes) >> PAGE_SHIFT : 0;
    if (!commit_reserve(ncommitted))
        return NULL;
    struct vm_object *obj = slab_alloc(&vm_objects);
    if (obj == NULL) {
        commit_release(ncommitted);
        return NULL;
    }
    atomic_store_explicit(&obj->refs, 1, memory_order_relaxed);
    mutex_init(&obj->lock, RANK_OBJECT);
    atomic_store_explicit(&obj->size_bytes, size_bytes, memory_order_relaxed);
    obj->source = source;
    obj->source_bytes = source != NULL ? size_bytes : 0;
    obj->npages = 0;
    obj->ncommitted = ncommitted;
    obj->round = 0;
    obj->limited = inode != NULL;
    obj->home = 0;
    obj->inode = inode;
    radix_init(&obj->slots);
    LIST_INIT(&obj->vmas);
    mutex_lock(&objects_lock);                  /* what is on the list counts, and the checker comes when nobody holds it */
    LIST_INSERT_HEAD(&objects, obj, all_link);
    commit_count(ncommitted);
    commit_release(ncommitted);
    mutex_unlock(&objects_lock);
    return obj;
}

struct vm_object *object_create_disk(swap_slot home, size_t size_bytes, struct inode *inode)
{
    assert(inode != NULL);                      /* or else it would count as shared memory */
    struct vm_object *obj = object_create(NULL, size_bytes, inode);
    if (obj != NULL) {
        obj->limited = false;
        obj->home = home;
    }
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
    mutex_lock(&obj->lock);                     /* reclaim may be giving up a page of it, and counts that */
    LIST_REMOVE(obj, all_link);
    commit_count(-(int64_t)obj->ncommitted);
    mutex_unlock(&objects_lock);
    if (obj->limited)
        atomic_fetch_sub_explicit(&npages_of_files, obj->npages, memory_order_relaxed);
    radix_put_all(&obj->slots);
    mutex_unlock(&obj->lock);
    slab_free(&vm_objects, obj);
}

void object_disown(struct vm_object *obj)
{
    mutex_lock(&obj->lock);
    obj->inode = NULL;
    mutex_unlock(&obj->lock);
}

bool object_may_be_stored_to(struct vm_object *obj)
{
    struct vma *vma;
    mutex_lock(&obj->lock);
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        if (vma->shared && !(vma->prot_denied & PROT_WRITE))
            break;
        thread_let_others();
    }
    mutex_unlock(&obj->lock);
    return vma != NULL;
}

/* ---- contents ---- */

/* What a fill needs, got before the lock is taken. */
struct spare {
    unsigned n, wanted;
    struct anon *anon[SWAP_CLUSTER];
    struct radix_spare nodes;
};

static void spare_init(struct spare *spare)
{
    spare->n = 0;
    spare->wanted = 1;
    spare->nodes.count = 0;
}

static int spare_alloc(struct vm_object *obj, struct spare *spare)
{
    struct anon *anon;
    while (spare->n < spare->wanted && (anon = obj->home != 0 ? anon_alloc_on_disk() : anon_alloc(PAGE_FILE)) != NULL)
        spare->anon[spare->n++] = anon;
    return spare->n > 0 ? radix_spare_alloc(&spare->nodes) : -ENOMEM;           /* more than one is for read-ahead */
}

static void spare_free(struct spare *spare)
{
    while (spare->n > 0)
        anon_put(spare->anon[--spare->n]);
    radix_spare_free(&spare->nodes);
}

/* The slot at index is used from now on, or no more. What can be filled from source is not committed: it can be given back. */
static void count_page(struct vm_object *obj, uint64_t index, int one)
{
    obj->npages += one;
    if (!obj->limited)
        return;
    atomic_fetch_add_explicit(&npages_of_files, one, memory_order_relaxed);
    if (index << PAGE_SHIFT < obj->source_bytes)
        return;
    obj->ncommitted += one;
    commit_count(one);
}

/* Bytes of source from at to the end of its page. */
static size_t source_left(const struct vm_object *obj, size_t at)
{
    size_t left = at < obj->source_bytes ? obj->source_bytes - at : 0, in_page = PAGE_SIZE - (at & PAGE_MASK);
    return left < in_page ? left : in_page;
}

static void fill(const struct vm_object *obj, uint64_t index, struct page *page)
{
    size_t at = index << PAGE_SHIFT, len = source_left(obj, at);
    char *bytes = page_address(page);
    if (len < PAGE_SIZE)
        page_zero(bytes);
    if (len > 0)
        bytes_copy(bytes, obj->source + at, len);
}

/* anon, which is nobody's yet, becomes the page at index of obj, whose slot in node is empty. */
static void put_into_slot(struct vm_object *obj, uint64_t index, struct radix_node *node, struct anon *anon)
{
    if (obj->home == 0)
        fill(obj, index, anon->page);
    else
        anon->slot = obj->home + index;
    mutex_lock(&anon->lock);
    anon->object = obj;
    anon->vpn = index;
    if (anon->page != NULL)
        queue_came(anon);
    mutex_unlock(&anon->lock);
    radix_fill(node, index, anon);
    count_page(obj, index, 1);
}

/* Of a disk that is read from one end to the other, for read-ahead: the pages behind index, while there are spares. */
static void fill_behind(struct vm_object *obj, uint64_t index, struct radix_node *node, struct spare *spare)
{
    for (uint64_t i = index + 1; spare->n > 0 && i % RADIX_SLOTS != 0 && i < object_npages(obj); i++)
        if (radix_slot(node, i) == NULL)
            put_into_slot(obj, i, node, spare->anon[--spare->n]);
}

/*
 * The anon at index, filled if it was not there. -EAGAIN when it must be filled and spare is empty:
 * let go of the lock, spare_alloc, and try again. -ENOSPC: there may be no more pages of files.
 */
static int find_or_fill(struct vm_object *obj, uint64_t index, size_t pages_max, struct spare *spare, struct anon **out)
{
    assert(mutex_held(&obj->lock));
    *out = object_find(obj, index);
    if (*out != NULL)
        return 0;
    if (obj->limited && pages_max != SIZE_MAX && (object_page_count() >= pages_max || commit_is_full()))
        return -ENOSPC;
    struct radix_node *node = spare->n > 0 ? radix_prepare(&obj->slots, index, &spare->nodes) : NULL;
    if (node == NULL) {
        if (obj->home != 0 && index > 0 && object_find(obj, index - 1) != NULL)
            spare->wanted = SWAP_CLUSTER;
        return -EAGAIN;
    }
    *out = spare->anon[--spare->n];
    put_into_slot(obj, index, node, *out);
    if (obj->home != 0)
        fill_behind(obj, index, node, spare);
    return 0;
}

/* object_lock_page, where the page is perhaps not in memory yet. */
static __attribute__((noinline)) int fill_and_lock(struct vm_object *obj, uint64_t index, struct anon **out)
{
    struct spare spare;
    int err;
    spare_init(&spare);
    for (;;) {
        mutex_lock(&obj->lock);
        /* What comes from an archive can be given back, so nobody is refused it. */
        size_t max = source_left(obj, index << PAGE_SHIFT) > 0 ? SIZE_MAX : object_pages_max();
        err = index < object_npages(obj) ? find_or_fill(obj, index, max, &spare, out) : -ENXIO;
        if (err == 0)
            break;
        mutex_unlock(&obj->lock);
        if (err != -EAGAIN || (err = spare_alloc(obj, &spare)) != 0)
            break;
    }
    if (err == 0)
        mutex_lock(&(*out)->lock);
    if (spare.n > 0 || spare.nodes.count > 0)
        spare_free(&spare);
    return err;
}

int object_lock_page(struct vm_object *obj, uint64_t index, struct anon **out)
{
    mutex_lock(&obj->lock);
    if (index < object_npages(obj) && (*out = object_find(obj, index)) != NULL) {
        mutex_lock(&(*out)->lock);
        return 0;
    }
    mutex_unlock(&obj->lock);
    return fill_and_lock(obj, index, out);
}

void object_unlock_page(struct vm_object *obj, struct anon *anon)
{
    mutex_unlock(&anon->lock);
    mutex_unlock(&obj->lock);
}

/* ---- read and write ---- */

static void forget_page(struct vm_object *obj, uint64_t index)
{
    radix_clear(&obj->slots, index, index + 1);
    count_page(obj, index, -1);
}

/*
 * Pin anon, which is in a slot of obj, with its page in memory: reclaim takes only what has one
 * reference. obj is locked, and is let go to read the page. Returns 0; -ENOMEM or -EIO: neither is
 * pinned nor locked.
 */
static int pin(struct vm_object *obj, struct anon *anon)
{
    mutex_lock(&anon->lock);                    /* if the page is on its way out, it is gone after this */
    bool there = anon->page != NULL;
    if (there)
        anon->idle = anon->idle == ANON_NEW ? ANON_IDLE : ANON_USED;
    anon_get(anon);
    mutex_unlock(&anon->lock);
    if (there)
        return 0;
    mutex_unlock(&obj->lock);
    int err = anon_lock_in_memory(anon);
    if (err != 0) {
        anon_put(anon);
        return err;
    }
    anon->idle = ANON_IDLE;
    object_zero_beyond(anon);
    mutex_unlock(&anon->lock);
    mutex_lock(&obj->lock);
    return 0;
}

static void changed(struct anon *anon)
{
    mutex_lock(&anon->lock);
    anon->dirty = true;
    anon->page->fetch_clean = false;
    anon_stored(anon);
    mutex_unlock(&anon->lock);
}

/*
 * Nothing beyond the end may be seen when the object grows: pages go, and the rest of the last one
 * becomes zeroes. Returns 0, or what pin does, obj not locked: the last page is on disk, and still
 * has other bytes beyond the end.
 */
static int forget_beyond(struct vm_object *obj)
{
    assert(mutex_held(&obj->lock));
    size_t size = object_size(obj);
    struct anon *anon;
    uint64_t end = page_up(size) >> PAGE_SHIFT;
    for (uint64_t i = radix_next(&obj->slots, end, &anon); anon != NULL; i = radix_next(&obj->slots, i + 1, &anon)) {
        forget_page(obj, i);
        thread_let_others();
    }
    anon = page_aligned(size) ? NULL : object_find(obj, size >> PAGE_SHIFT);
    if (obj->source_bytes > size)
        obj->source_bytes = size;
    if (anon == NULL)
        return 0;
    int err = pin(obj, anon);
    if (err != 0)
        return err;
    memset((char *)page_address(anon->page) + (size & PAGE_MASK), 0, PAGE_SIZE - (size & PAGE_MASK));
    changed(anon);
    anon_put(anon);
    return 0;
}

void object_zero_beyond(struct anon *anon)
{
    size_t size = object_size(anon->object), at = anon->vpn << PAGE_SHIFT;
    if (at < size && size - at < PAGE_SIZE)
        memset((char *)page_address(anon->page) + (size - at), 0, PAGE_SIZE - (size - at));
}

/* The page at index, filled if need be, is pinned, and obj locked. Otherwise an error as of object_pin_write, and it is not. */
static int pin_filled(struct vm_object *obj, uint64_t index, size_t pages_max, struct anon **anon)
{
    struct spare spare;
    int err;
    spare_init(&spare);
    for (;;) {
        mutex_lock(&obj->lock);
        err = find_or_fill(obj, index, pages_max, &spare, anon);
        if (err == 0) {
            err = pin(obj, *anon);
            break;
        }
        mutex_unlock(&obj->lock);
        if (err != -EAGAIN || (err = spare_alloc(obj, &spare)) != 0)
            break;
    }
    spare_free(&spare);
    return err;
}

/* The rest of the page at byte at, filled if need be. Errors: as of object_pin_write; *piece is as it was. */
static int pin_piece(struct vm_object *obj, size_t at, size_t pages_max, struct object_piece *piece)
{
    struct anon *anon;
    int err = pin_filled(obj, at >> PAGE_SHIFT, pages_max, &anon);
    if (err != 0)
        return err;
    *piece = (struct object_piece){ (char *)page_address(anon->page) + (at & PAGE_MASK), PAGE_SIZE - (at & PAGE_MASK), anon };
    mutex_unlock(&obj->lock);
    return 0;
}

int object_pin_read(struct vm_object *obj, size_t at, struct object_piece *piece)
{
    size_t size = object_size(obj), in_page = PAGE_SIZE - (at & PAGE_MASK);
    *piece = (struct object_piece){ 0 };
    if (at >= size)
        return 0;
    mutex_lock(&obj->lock);
    struct anon *anon = object_find(obj, at >> PAGE_SHIFT);
    size_t from_source = source_left(obj, at);
    if (anon == NULL && obj->home != 0) {       /* no hole: it is on the disk */
        mutex_unlock(&obj->lock);
        int err = pin_piece(obj, at, SIZE_MAX, piece);
        if (piece->len > size - at)
            piece->len = size - at;
        return err;
    }
    if (anon != NULL) {
        int err = pin(obj, anon);
        if (err != 0)
            return err;
        *piece = (struct object_piece){ (char *)page_address(anon->page) + (at & PAGE_MASK), in_page, anon };
    } else if (from_source > 0) {
        *piece = (struct object_piece){ (char *)obj->source + at, from_source, NULL };
    } else {
        piece->len = in_page;
    }
    mutex_unlock(&obj->lock);
    if (piece->len > size - at)
        piece->len = size - at;
    return 0;
}

int object_read(struct vm_object *obj, size_t at, void *buf, size_t len)
{
    if (at > object_size(obj) || len > object_size(obj) - at)
        return -ENXIO;
    for (size_t done = 0; done < len;) {
        struct anon *anon;
        size_t in_page = (at + done) & PAGE_MASK, n = PAGE_SIZE - in_page;
        if (n > len - done)
            n = len - done;
        int err = pin_filled(obj, (at + done) >> PAGE_SHIFT, SIZE_MAX, &anon);
        if (err != 0)
            return err;
        mutex_unlock(&obj->lock);
        memcpy((char *)buf + done, (char *)page_address(anon->page) + in_page, n);
        anon_put(anon);
        done += n;
    }
    return 0;
}

int object_pin_write(struct vm_object *obj, size_t at, size_t pages_max, struct object_piece *piece)
{
    int err = 0;
    if (at >= OBJECT_SIZE_MAX)
        return -EFBIG;
    if (at > object_size(obj)) {                /* nothing old may be seen between the end and the new bytes */
        mutex_lock(&obj->lock);
        if ((err = forget_beyond(obj)) == 0)
            mutex_unlock(&obj->lock);
    }
    return err != 0 ? err : pin_piece(obj, at, pages_max, piece);
}

/* The change counts only now: who saves or fetches the page while it is being copied to is told that it is another afterwards. */
void object_written(struct vm_object *obj, const struct object_piece *piece, size_t end)
{
    mutex_lock(&obj->lock);
    changed(piece->anon);
    if (end > object_size(obj))
        atomic_store_explicit(&obj->size_bytes, end, memory_order_relaxed);
    mutex_unlock(&obj->lock);
}

void object_unpin(struct object_piece *piece)
{
    if (piece->anon != NULL)
        anon_put(piece->anon);
}

/* ---- giving back ---- */

void object_forget_beyond(struct vm_object *obj)
{
    mutex_lock(&obj->lock);
    if (forget_beyond(obj) == 0)                /* or else the last page loses its rest when it comes in, or before it grows */
        mutex_unlock(&obj->lock);
}

int object_grow(struct vm_object *obj, size_t size)
{
    if (size > OBJECT_SIZE_MAX)
        return -EFBIG;
    mutex_lock(&obj->lock);
    assert(size >= object_size(obj));
    int err = forget_beyond(obj);               /* what was stored beside the end, through a mapping */
    if (err != 0)
        return err;
    atomic_store_explicit(&obj->size_bytes, size, memory_order_relaxed);
    mutex_unlock(&obj->lock);
    return 0;
}

size_t object_pages_held(struct vm_object *obj)
{
    mutex_lock(&obj->lock);
    size_t in_source = page_up(obj->source_bytes) >> PAGE_SHIFT, n = obj->npages > in_source ? obj->npages : in_source;
    mutex_unlock(&obj->lock);
    return n;
}

size_t object_page_count(void) { return atomic_load_explicit(&npages_of_files, memory_order_relaxed); }
size_t object_pages_max(void) { return page_total() / 2; }

/* May a leaf show the page at index, or is it locked in memory? Ask the object's VMAs; they can be many: after some, say yes. */
static bool may_be_mapped(struct vm_object *obj, uint64_t index, const struct page *page)
{
    unsigned looks = 64;
    struct vma *vma;
    LIST_FOREACH(vma, &obj->vmas, object_link) {
        if (looks-- == 0)
            return true;
        vaddr_t va;
        if (!vma_maps_index(vma, index, &va))
            continue;
        if (__atomic_load_n(&vma->flags, __ATOMIC_RELAXED) & VMA_LOCKED)
            return true;
        struct pmap *pmap = &vma->as->pmap;
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

bool object_give_up(struct anon *anon)
{
    struct vm_object *obj = anon->object;
    assert(mutex_held(&anon->lock) && object_can_refill(anon));
    if (!mutex_trylock(&obj->lock))
        return false;
    uint64_t index = anon->vpn;
    anon_stored(anon);                          /* nor has it a slot: the last put need not wait for who has its lock */
    queue_name(anon, QUEUE_NONE);
    mutex_unlock(&anon->lock);                  /* whoever maps or pins it locks obj first */
    forget_page(obj, index);
    mutex_unlock(&obj->lock);
    return true;
}

static size_t drop_unmapped(struct vm_object *obj, bool spare_homes)
{
    size_t dropped = 0;
    struct anon *anon;
    mutex_lock(&obj->lock);
    /* Mapping or pinning a page takes obj->lock, so what is neither now stays so. */
    for (uint64_t i = radix_next(&obj->slots, 0, &anon); anon != NULL; i = radix_next(&obj->slots, i + 1, &anon)) {
        thread_let_others();
        if (!mutex_trylock(&anon->lock))
            continue;
        struct page *page = anon->page;
        bool goes = object_can_refill(anon) && anon_sole(anon) &&
                    (page == NULL || (!(spare_homes && obj->home != 0) && !may_be_mapped(obj, i, page)));
        mutex_unlock(&anon->lock);
        if (goes) {
            forget_page(obj, i);
            dropped += page != NULL;
        }
    }
    mutex_unlock(&obj->lock);
    return dropped;
}

size_t object_drop_unmapped(struct vm_object *obj) { return drop_unmapped(obj, false); }

static size_t drop_all_unmapped(bool spare_homes)
{
    size_t dropped = 0;
    struct vm_object *obj;
    mutex_lock(&objects_lock);
    LIST_FOREACH(obj, &objects, all_link)
        dropped += drop_unmapped(obj, spare_homes);
    mutex_unlock(&objects_lock);
    return dropped;
}

size_t object_drop_caches(void) { return drop_all_unmapped(false); }
size_t object_drop_queueless(void) { return drop_all_unmapped(true); }

struct vm_object *object_next(uint32_t round)
{
    struct vm_object *obj;
    mutex_lock(&objects_lock);
    LIST_FOREACH(obj, &objects, all_link) {
        /* Who has put the last reference waits for objects_lock, and does not want it back. */
        uint32_t refs = atomic_load(&obj->refs);
        while (obj->round != round && refs > 0 && !atomic_compare_exchange_weak(&obj->refs, &refs, refs + 1))
            ;
        if (obj->round != round && refs > 0)
            break;
    }
    if (obj != NULL)
        obj->round = round;
    mutex_unlock(&objects_lock);
    return obj;
}

int object_leave_disk(struct vm_object *obj)
{
    struct anon *anon;
    int err = 0;
    mutex_lock(&obj->lock);
    for (uint64_t i = radix_next(&obj->slots, 0, &anon); anon != NULL; i = radix_next(&obj->slots, i + 1, &anon)) {
        thread_let_others();
        if (!swap_slot_retires(anon->slot))
            continue;
        if ((err = pin(obj, anon)) != 0)
            return err;
        mutex_lock(&anon->lock);
        anon_stored(anon);
        anon->dirty = true;                     /* it is not as it was filled, and no disk has it */
        mutex_unlock(&anon->lock);
        anon_put(anon);
    }
    mutex_unlock(&obj->lock);
    return 0;
}

void object_for_each(void (*visit)(struct vm_object *obj, void *arg), void *arg)
{
    struct vm_object *obj;
    LIST_FOREACH(obj, &objects, all_link)
        visit(obj, arg);
}
