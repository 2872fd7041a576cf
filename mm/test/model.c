/*
 * model.c - what mm should do.
 * Read this to learn what the verbs mean; read mm/ to learn how they are made quick.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "mm/anon.h"
#include "mm/test/disk.h"
#include "mm/test/model.h"
#include "mm/test/world.h"

static const struct model_page nothing = { .object = -1 };

struct model_space model_space[MODEL_SPACES];
struct model_object model_object[MODEL_OBJECTS];
static size_t ncontents;

/* Odd sizes: within a page, less than a page, whole pages and more than a neighbourhood of them. */
static const size_t model_sizes[MODEL_FILES] = { 5 * PAGE_SIZE + 100, 1, OBJECT_PAGES * PAGE_SIZE };

void model_reset(void)
{
    for (unsigned o = 0; o < MODEL_FILES; o++) {
        struct model_object *obj = &model_object[o];
        obj->size_bytes = model_sizes[o];
        memset(obj->bytes, 0, sizeof obj->bytes);           /* an earlier run may have had a longer one */
        for (size_t i = 0; i < obj->size_bytes; i++)
            obj->source[i] = obj->bytes[i] = (i * 13 + i / PAGE_SIZE + o) | 1;
        memset(obj->stored, 0, sizeof obj->stored);
    }
}

/* ---- the world: low; across a leaf table's end; across an upper table's end; up to the end of user space ---- */

static const uint64_t stretch_vpn[MODEL_PAGES / MODEL_STRETCH] = {
    16, 3 * 512 - 32, 512 * 512 - 32, (USER_END >> PAGE_SHIFT) - MODEL_STRETCH,
};

vaddr_t model_va(unsigned page)
{
    return (stretch_vpn[page / MODEL_STRETCH] + page % MODEL_STRETCH) << PAGE_SHIFT;
}

int model_page_at(vaddr_t va)
{
    for (unsigned i = 0; i < MODEL_PAGES / MODEL_STRETCH; i++) {
        uint64_t n = (va >> PAGE_SHIFT) - stretch_vpn[i];
        if (n < MODEL_STRETCH)
            return i * MODEL_STRETCH + n;
    }
    return -1;
}

/* ---- contents ---- */

static struct contents *contents_new(const uint8_t *from)
{
    struct contents *c = malloc(sizeof *c);
    c->refs = 1;
    if (from != NULL)
        memcpy(c->bytes, from, PAGE_SIZE);
    else
        memset(c->bytes, 0, PAGE_SIZE);
    ncontents++;
    return c;
}

static void contents_put(struct contents *c)
{
    if (c == NULL || --c->refs > 0)
        return;
    ncontents--;
    free(c);
}

size_t model_contents(void)
{
    return ncontents;
}

size_t model_committed(void)
{
    size_t npages = 0;
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        for (unsigned n = 0; model_space[i].exists && n < MODEL_PAGES; n++)
            npages += (model_space[i].page[n].flags & VMA_COMMITTED) != 0;
    for (unsigned o = MODEL_FILES; o < MODEL_OBJECTS; o++)
        npages += model_object_mapped(o) ? page_up(model_object[o].size_bytes) >> PAGE_SHIFT : 0;
    return npages;
}

/* ---- create, fork, destroy ---- */

void model_create(struct model_space *s, vaddr_t brk_base)
{
    *s = (struct model_space){ .exists = true, .brk_base = brk_base, .brk = brk_base, .mapped_max = UINT64_MAX,
                               .locked_max = UINT64_MAX };
    for (unsigned p = 0; p < MODEL_PAGES; p++)
        s->page[p].object = -1;
}

void model_fork(const struct model_space *parent, struct model_space *child)
{
    *child = *parent;
    child->lock_future = 0;
    for (unsigned n = 0; n < MODEL_PAGES; n++) {
        struct model_page *p = &child->page[n];
        if (p->flags & VMA_NOT_TO_CHILD)
            *p = nothing;
        if (p->flags & VMA_EMPTY_IN_CHILD)
            p->own = NULL;
        p->flags &= ~(VMA_LOCKED | VMA_LOCK_ON_FAULT);
        if (p->own != NULL)
            p->own->refs++;
    }
}

void model_destroy(struct model_space *s)
{
    model_unmap(s, 0, USER_END);
    s->exists = false;
}

/* ---- map, unmap, protect, brk ---- */

bool model_is_free(const struct model_space *s, vaddr_t start, vaddr_t end)
{
    for (unsigned p = 0; p < MODEL_PAGES; p++) {
        if (!s->page[p].mapped || model_va(p) < start)
            continue;
        return end + (s->page[p].kind == VMA_STACK ? VMA_STACK_GAP : 0) <= model_va(p);
    }
    return true;
}

static unsigned count_mapped(const struct model_space *s, unsigned page, unsigned npages)
{
    unsigned n = 0;
    for (unsigned i = 0; i < npages; i++)
        n += s->page[page + i].mapped;
    return n;
}

static unsigned count_locked(const struct model_space *s, unsigned page, unsigned npages)
{
    unsigned n = 0;
    for (unsigned i = 0; i < npages; i++)
        n += (s->page[page + i].flags & VMA_LOCKED) != 0;
    return n;
}

/* May there be npages more with these flags, asked for or because of lock_future, in the place of as many as replaced? */
int model_within_limits(const struct model_space *s, unsigned npages, unsigned replaced, uint8_t flags)
{
    if (count_mapped(s, 0, MODEL_PAGES) - replaced + npages > s->mapped_max)
        return -ENOMEM;
    if ((flags & VMA_LOCKED) && s->locked_max == 0)
        return -EPERM;
    bool locked = (flags | s->lock_future) & VMA_LOCKED;
    return locked && count_locked(s, 0, MODEL_PAGES) + npages > s->locked_max ? -EAGAIN : 0;
}

static void promise(struct model_space *s, unsigned page, unsigned npages, const struct model_page *how)
{
    for (unsigned i = 0; i < npages; i++) {
        s->page[page + i] = *how;
        s->page[page + i].mapped = true;
        s->page[page + i].flags = vma_commit_flags(how->flags, how->prot, how->shared);
        s->page[page + i].index += i;
    }
}

int model_map(struct model_space *s, unsigned page, unsigned npages, const struct model_page *how, bool replace)
{
    vaddr_t start = model_va(page), end = start + npages * PAGE_SIZE;
    if (!replace && !model_is_free(s, start, end))
        return -EEXIST;
    int err = model_within_limits(s, npages, count_mapped(s, page, npages), how->flags);
    if (err != 0)
        return err;
    struct model_page locked = *how;
    locked.flags |= s->lock_future;
    model_unmap(s, start, end);
    promise(s, page, npages, &locked);
    return 0;
}

/* The highest place below the last page that is free, not in a stack's gap, and not below a heap, which grows. */
vaddr_t model_room(const struct model_space *s, size_t len)
{
    vaddr_t top = USER_END - PAGE_SIZE, low = page_up(s->brk);
    for (unsigned p = MODEL_PAGES; p-- > 0;) {
        if (!s->page[p].mapped)
            continue;
        vaddr_t bottom = model_va(p) + PAGE_SIZE;
        if (top >= bottom && top - bottom >= len)
            return top - len >= low ? top - len : 0;
        top = model_va(p) - (s->page[p].kind == VMA_STACK ? VMA_STACK_GAP : 0);
    }
    return top >= low + len ? top - len : 0;
}

void model_unmap(struct model_space *s, vaddr_t start, vaddr_t end)
{
    for (unsigned p = 0; p < MODEL_PAGES; p++)
        if (model_va(p) >= start && model_va(p) < end) {
            contents_put(s->page[p].own);
            s->page[p] = nothing;
        }
}

int model_protect(struct model_space *s, unsigned page, unsigned npages, unsigned prot)
{
    for (unsigned i = 0; i < npages; i++) {
        struct model_page *p = &s->page[page + i];
        if (!p->mapped)
            return -ENOMEM;             /* what comes before has changed */
        if (prot & p->denied)
            return -EACCES;
        if ((prot & ~p->prot & PROT_EXEC) && !p->shared)
            p->fetch_fence = false;     /* the right to execute is new: what has been stored is seen */
        p->prot = prot;
        p->flags = vma_commit_flags(p->flags, prot, p->shared);
    }
    return 0;
}

int model_set_brk(struct model_space *s, vaddr_t new_brk)
{
    static const struct model_page heap = { .prot = PROT_READ | PROT_WRITE, .kind = VMA_HEAP, .object = -1 };
    vaddr_t old_end = page_up(s->brk), new_end = page_up(new_brk);
    if (new_brk < s->brk_base)
        return -EINVAL;
    if (new_brk > USER_END)
        return -ENOMEM;
    unsigned more = new_end > old_end ? (new_end - old_end) >> PAGE_SHIFT : 0;
    if (more > 0 && (!model_is_free(s, old_end, new_end + PAGE_SIZE) ||
                     model_map(s, model_page_at(old_end), more, &heap, false) != 0))
        return -ENOMEM;
    if (new_end < old_end)
        model_unmap(s, new_end, old_end);
    s->brk = new_brk;
    return 0;
}

/* ---- mremap ---- */

static bool overlap(unsigned a, unsigned a_npages, unsigned b, unsigned b_npages)
{
    return a < b + b_npages && b < a + a_npages;
}

/* The contents leave the page: what others share stays theirs, and a copy goes. */
static struct contents *contents_leave(struct model_page *p)
{
    struct contents *c = p->own;
    p->own = NULL;
    if (c != NULL && c->refs > 1) {
        struct contents *copy = contents_new(c->bytes);
        contents_put(c);
        return copy;
    }
    return c;
}

/* What stays is locked no more, nor is all else of that VMA, as far as it is still one: as on Linux. */
static void unlock_around(struct model_space *s, const struct model_remap *how)
{
    for (unsigned i = how->from; i < how->end && s->page[i].mapped; i++)
        s->page[i].flags &= ~(VMA_LOCKED | VMA_LOCK_ON_FAULT);
    for (unsigned i = how->from; i-- > how->start && s->page[i].mapped;)
        s->page[i].flags &= ~(VMA_LOCKED | VMA_LOCK_ON_FAULT);
}

/* What has a place in the model's world from page to on; -1: outside, where it is as good as gone. */
static void move_pages(struct model_space *s, const struct model_remap *how, int to)
{
    struct model_page moved[MODEL_STRETCH];
    for (unsigned i = 0; i < how->new_npages; i++) {
        moved[i] = s->page[how->from];
        moved[i].kind = VMA_PLAIN;
        moved[i].index += i;
        moved[i].own = NULL;
    }
    if (to >= 0)
        model_unmap(s, model_va(to), model_va(to) + how->new_npages * PAGE_SIZE);
    for (unsigned i = 0; i < how->old_npages; i++) {
        struct model_page *p = &s->page[how->from + i];
        struct contents *c = i < how->new_npages ? contents_leave(p) : NULL;
        if (to >= 0 && i < how->new_npages) {
            moved[i].own = c;
            moved[i].fetch_fence = p->fetch_fence;
        } else {
            contents_put(c);
        }
    }
    if (how->keep)
        unlock_around(s, how);
    else
        model_unmap(s, model_va(how->from), model_va(how->from) + how->old_npages * PAGE_SIZE);
    for (unsigned i = 0; i < how->new_npages && to >= 0; i++)
        s->page[to + i] = moved[i];
}

/* Where it goes; 0: nowhere. */
static vaddr_t remap_place(const struct model_space *s, const struct model_remap *how)
{
    vaddr_t to = model_va(how->to);
    size_t len = how->new_npages * PAGE_SIZE;
    return how->fixed || (how->keep && model_is_free(s, to, to + len)) ? to : model_room(s, len);
}

int model_remap(struct model_space *s, const struct model_remap *how, vaddr_t *out)
{
    const struct model_page *p = &s->page[how->from];
    bool named = how->fixed || how->keep;
    unsigned old = how->old_npages, new = how->new_npages, grown = new > old ? new - old : 0;
    vaddr_t end = model_va(how->from) + old * PAGE_SIZE;
    *out = model_va(how->from);
    if (named && (!how->may_move || (how->keep && old != new)))
        return -EINVAL;
    if (!p->mapped)
        return -EFAULT;
    if (named && overlap(how->from, old, how->to, new))
        return -EINVAL;
    if (!named && old >= new) {
        model_unmap(s, *out + new * PAGE_SIZE, end);
        return 0;
    }
    if (old == 0 && !p->shared)
        return -EINVAL;
    if (how->from + old > how->end)
        return -EFAULT;
    if ((p->flags & VMA_LOCKED) && count_locked(s, 0, MODEL_PAGES) + grown > s->locked_max)
        return -EAGAIN;
    if (count_mapped(s, 0, MODEL_PAGES) + (how->keep ? new : grown) > s->mapped_max)
        return -ENOMEM;
    if (!named && old > 0 && model_is_free(s, end, end + grown * PAGE_SIZE)) {
        struct model_page more = *p;
        more.own = NULL;
        more.index += old;
        promise(s, how->from + old, grown, &more);
        return 0;
    }
    if (!how->may_move || (*out = remap_place(s, how)) == 0)
        return -ENOMEM;
    int to = model_page_at(*out);
    move_pages(s, how, to >= 0 && model_page_at(*out + new * PAGE_SIZE - 1) == to + (int)new - 1 ? to : -1);
    return 0;
}

/* ---- advice ---- */

int model_forget(struct model_space *s, unsigned page, unsigned npages, bool zero_filled_only)
{
    int err = 0;
    for (unsigned i = 0; i < npages; i++) {
        struct model_page *p = &s->page[page + i];
        if ((p->flags & VMA_LOCKED) || (zero_filled_only && p->object >= 0))
            return -EINVAL;             /* what comes before is forgotten */
        if (!p->mapped)
            err = -ENOMEM;              /* but the others are forgotten */
        contents_put(p->own);
        p->own = NULL;
        if (!p->shared)
            p->fetch_fence = false;     /* another frame will come, and be made fit for fetching */
    }
    return err;
}

int model_advise(struct model_space *s, unsigned page, unsigned npages, uint8_t clear, uint8_t set)
{
    for (unsigned i = 0; i < npages; i++) {
        struct model_page *p = &s->page[page + i];
        if ((set & VMA_EMPTY_IN_CHILD) && p->object >= 0)
            return -EINVAL;
        if (p->mapped)
            p->flags = (p->flags & ~clear) | set;
    }
    return count_mapped(s, page, npages) < npages ? -ENOMEM : 0;
}

static void set_locks(struct model_page *p, uint8_t flags)
{
    if (p->mapped)
        p->flags = (p->flags & ~(VMA_LOCKED | VMA_LOCK_ON_FAULT)) | flags;
}

int model_lock(struct model_space *s, unsigned page, unsigned npages, uint8_t flags)
{
    unsigned others = count_locked(s, 0, MODEL_PAGES) - count_locked(s, page, npages);
    if ((flags & VMA_LOCKED) && others + npages > s->locked_max)
        return s->locked_max == 0 ? -EPERM : -ENOMEM;
    for (unsigned i = 0; i < npages; i++) {
        if (!s->page[page + i].mapped)
            return -ENOMEM;             /* what comes before is locked */
        set_locks(&s->page[page + i], flags);
    }
    return 0;
}

int model_lock_all(struct model_space *s, uint8_t flags, bool now, bool future)
{
    if (flags != 0 && s->locked_max == 0)
        return -EPERM;
    if (flags != 0 && now && count_mapped(s, 0, MODEL_PAGES) > s->locked_max)
        return -ENOMEM;
    for (unsigned n = 0; now && n < MODEL_PAGES; n++)
        set_locks(&s->page[n], flags);
    s->lock_future = future ? flags : 0;
    return 0;
}

int model_sync(const struct model_space *s, unsigned page, unsigned npages, bool invalidate)
{
    if (invalidate && count_locked(s, page, npages) > 0)
        return -EBUSY;
    return count_mapped(s, page, npages) < npages ? -ENOMEM : 0;
}

/* ---- objects ---- */

void model_resize(unsigned object, size_t size_bytes)
{
    struct model_object *o = &model_object[object];
    size_t kept = size_bytes < o->size_bytes ? size_bytes : o->size_bytes;
    memset(o->bytes + kept, 0, sizeof o->bytes - kept);
    o->size_bytes = size_bytes;
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        for (unsigned n = 0; model_space[i].exists && n < MODEL_PAGES; n++) {
            struct model_page *p = &model_space[i].page[n];
            if (p->mapped && p->object == (int)object && p->index * PAGE_SIZE >= page_up(size_bytes)) {
                contents_put(p->own);
                p->own = NULL;
            }
        }
}

bool model_object_mapped(unsigned object)
{
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        for (unsigned n = 0; model_space[i].exists && n < MODEL_PAGES; n++)
            if (model_space[i].page[n].mapped && model_space[i].page[n].object == (int)object)
                return true;
    return false;
}

void model_changed(unsigned object)
{
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        for (unsigned n = 0; model_space[i].exists && n < MODEL_PAGES; n++) {
            struct model_page *p = &model_space[i].page[n];
            if (p->mapped && p->object == (int)object && p->own == NULL)
                p->fetch_fence = true;
        }
}

/* ---- faults ---- */

int model_case(const struct model_space *s, vaddr_t va, enum access access, enum fault_case *which)
{
    int n = model_page_at(va);
    const struct model_page *p = n >= 0 ? &s->page[n] : NULL;
    bool write = access == ACCESS_WRITE;
    *which = FAULT_SEGV;
    if (p == NULL || !p->mapped)
        return -EFAULT;
    if (!(p->prot & access))
        return -EACCES;
    if (p->object >= 0 && p->index * PAGE_SIZE >= model_object[p->object].size_bytes) {
        *which = FAULT_BUS;
        return -ENXIO;
    }
    if (p->shared)
        *which = FAULT_C;
    else if (p->own != NULL)
        *which = !write ? FAULT_A1 : p->own->refs == 1 ? FAULT_A2 : FAULT_A3;
    else if (p->object >= 0)
        *which = !write ? FAULT_B1 : FAULT_B2;
    else
        *which = FAULT_B3;
    return 0;
}

bool case_makes_page(enum fault_case which)
{
    return which == FAULT_A3 || which == FAULT_B2 || which == FAULT_B3;
}

uint8_t *model_touch(struct model_space *s, vaddr_t va, enum access access)
{
    struct model_page *p = &s->page[model_page_at(va)];
    struct model_object *obj = p->object >= 0 ? &model_object[p->object] : NULL;
    uint8_t *file = obj != NULL ? &obj->bytes[p->index * PAGE_SIZE] : NULL;
    enum fault_case which;
    model_case(s, va, access, &which);
    if (which == FAULT_A3) {
        struct contents *copy = contents_new(p->own->bytes);
        contents_put(p->own);
        p->own = copy;
    } else if (which == FAULT_B2 || which == FAULT_B3) {
        p->own = contents_new(file);
    }
    if (access == ACCESS_WRITE && (p->prot & PROT_EXEC))
        p->fetch_fence = true;
    if (access == ACCESS_WRITE && p->shared)
        obj->stored[p->index] = true;
    return p->own != NULL ? p->own->bytes : file;
}

/* ---- the comparison ---- */

static void verify_promise(unsigned n, const struct model_page *p, const struct vma *vma, struct vm_object *const object[])
{
    vaddr_t va = model_va(n);
    if ((vma != NULL) != p->mapped || (vma != NULL && vma->prot != p->prot))
        panic("model: page %u at %#lx is mapped %d with rights %#x, expected %d, %#x", n, va, vma != NULL,
              vma != NULL ? vma->prot : 0, p->mapped, p->prot);
    if (vma == NULL)
        return;
    if (vma->flags != p->flags || vma->prot_denied != p->denied || vma->kind != p->kind || vma->shared != p->shared)
        panic("model: page %u at %#lx has flags %#x, denied %#x, kind %u, shared %u, expected %#x, %#x, %u, %u", n, va,
              vma->flags, vma->prot_denied, vma->kind, vma->shared, p->flags, p->denied, p->kind, p->shared);
    if (vma->object != (p->object >= 0 ? object[p->object] : NULL) ||
        (p->object >= 0 && vma_object_index(vma, va) != p->index))
        panic("model: page %u at %#lx is page %lu of another object, expected %lu of %d", n, va, vma_object_index(vma, va),
              p->index, p->object);
}

static void verify_contents(unsigned n, const struct model_page *p, struct addrspace *as)
{
    vaddr_t va = model_va(n);
    bool exclusive;
    struct anon *anon = anon_at(as, va, &exclusive);
    if ((anon != NULL) != (p->own != NULL) || exclusive != (p->own != NULL && p->own->refs == 1))
        panic("model: page %u at %#lx has an anon %d, exclusive %d, expected %d shared by %u", n, va, anon != NULL,
              exclusive, p->own != NULL, p->own != NULL ? p->own->refs : 0);
    if (anon != NULL && memcmp(disk_contents(anon), p->own->bytes, PAGE_SIZE) != 0)
        panic("model: page %u at %#lx has other bytes", n, va);
}

void model_verify(struct model_space *s, struct addrspace *as, struct vm_object *const object[MODEL_OBJECTS])
{
    if (as->brk != s->brk)
        panic("model: brk is %#lx, expected %#lx", as->brk, s->brk);
    for (unsigned n = 0; n < MODEL_PAGES; n++) {
        verify_promise(n, &s->page[n], vma_at(as, model_va(n)), object);
        verify_contents(n, &s->page[n], as);
    }
    unsigned npages = count_mapped(s, 0, MODEL_PAGES), nlocked = count_locked(s, 0, MODEL_PAGES);
    if (as->vmas.npages != npages || as->vmas.nlocked != nlocked || as->lock_future != s->lock_future)
        panic("model: %zu pages are mapped, %zu locked, in future with %#x, expected %u, %u, %#x", as->vmas.npages,
              as->vmas.nlocked, as->lock_future, npages, nlocked, s->lock_future);
}
