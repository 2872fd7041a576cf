/*
 * model.c - what mm should do.
 * Read this to learn what the verbs mean; read mm/ to learn how they are made quick.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "mm/anon.h"
#include "mm/test/model.h"
#include "mm/test/world.h"

struct model_space model_space[MODEL_SPACES];
struct model_object model_object[MODEL_OBJECTS];
static size_t ncontents;

/* Odd sizes: within a page, less than a page, whole pages and more than a neighbourhood of them. */
static const size_t model_sizes[MODEL_OBJECTS] = { 5 * PAGE_SIZE + 100, 1, OBJECT_PAGES * PAGE_SIZE };

void model_reset(void)
{
    for (unsigned o = 0; o < MODEL_OBJECTS; o++) {
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

/* ---- create, fork, destroy ---- */

void model_create(struct model_space *s, vaddr_t brk_base)
{
    *s = (struct model_space){ .exists = true, .brk_base = brk_base, .brk = brk_base };
    for (unsigned p = 0; p < MODEL_PAGES; p++)
        s->page[p].object = -1;
}

void model_fork(const struct model_space *parent, struct model_space *child)
{
    *child = *parent;
    for (unsigned p = 0; p < MODEL_PAGES; p++)
        if (child->page[p].own != NULL)
            child->page[p].own->refs++;
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

int model_map(struct model_space *s, unsigned page, unsigned npages, const struct model_page *how)
{
    if (!model_is_free(s, model_va(page), model_va(page) + npages * PAGE_SIZE))
        return -EEXIST;
    for (unsigned i = 0; i < npages; i++) {
        s->page[page + i] = *how;
        s->page[page + i].mapped = true;
        s->page[page + i].index += i;
    }
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
            s->page[p] = (struct model_page){ .object = -1 };
        }
}

int model_protect(struct model_space *s, unsigned page, unsigned npages, unsigned prot)
{
    for (unsigned i = 0; i < npages; i++) {
        struct model_page *p = &s->page[page + i];
        if (!p->mapped)
            return -ENOMEM;             /* what comes before has changed */
        if ((prot & ~p->prot & PROT_EXEC) && !p->shared)
            p->fetch_fence = false;     /* the right to execute is new: what has been stored is seen */
        p->prot = prot;
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
    if (new_end > old_end && model_map(s, model_page_at(old_end), (new_end - old_end) >> PAGE_SHIFT, &heap) != 0)
        return -ENOMEM;
    if (new_end < old_end)
        model_unmap(s, new_end, old_end);
    s->brk = new_brk;
    return 0;
}

int model_forget(struct model_space *s, unsigned page, unsigned npages)
{
    int err = 0;
    for (unsigned i = 0; i < npages; i++) {
        struct model_page *p = &s->page[page + i];
        if (!p->mapped)
            err = -ENOMEM;              /* but the others are forgotten */
        contents_put(p->own);
        p->own = NULL;
        if (!p->shared)
            p->fetch_fence = false;     /* another frame will come, and be made fit for fetching */
    }
    return err;
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

void model_verify(struct model_space *s, struct addrspace *as)
{
    if (as->brk != s->brk)
        panic("model: brk is %#lx, expected %#lx", as->brk, s->brk);
    size_t npages = 0;
    for (unsigned n = 0; n < MODEL_PAGES; n++) {
        const struct model_page *p = &s->page[n];
        vaddr_t va = model_va(n);
        bool exclusive;
        npages += p->mapped;
        as_read(as);
        struct vma *vma = vma_find(as, va);
        as_read_done(as);
        if ((vma != NULL) != p->mapped || (vma != NULL && vma->prot != p->prot))
            panic("model: page %u at %#lx is mapped %d with rights %#x, expected %d, %#x", n, va, vma != NULL,
                  vma != NULL ? vma->prot : 0, p->mapped, p->prot);
        struct anon *anon = anon_at(as, va, &exclusive);
        if ((anon != NULL) != (p->own != NULL) || exclusive != (p->own != NULL && p->own->refs == 1))
            panic("model: page %u at %#lx has an anon %d, exclusive %d, expected %d shared by %u", n, va, anon != NULL,
                  exclusive, p->own != NULL, p->own != NULL ? p->own->refs : 0);
        if (anon != NULL && memcmp(page_address(anon->page), p->own->bytes, PAGE_SIZE) != 0)
            panic("model: page %u at %#lx has other bytes", n, va);
    }
    if (as->vmas.npages != npages)
        panic("model: %zu pages are mapped, expected %zu", as->vmas.npages, npages);
}
