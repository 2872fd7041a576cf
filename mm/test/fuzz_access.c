/*
 * fuzz_access.c - the program's accesses, the kernel's copies, and what is brought in beforehand, in mm and in the model.
 */
#include <string.h>

#include "mm/advise.h"
#include "mm/anon.h"
#include "mm/test/fuzz_verbs.h"
#include "mm/uaccess.h"

static uint8_t buf[COPY_MAX];

static void expect_oom_at(struct addrspace *as, vaddr_t va)
{
    expect_eq(as->oom_va, page_down(va));
    as->oom_va = 0;
}

/* ---- one access by the program ---- */

/* The pages that the fault at va has filled ahead: fresh ones of the same range, as far as the model knows. */
static void take_ahead(struct model_space *s, vaddr_t va)
{
    const struct model_page *from = &s->page[model_page_at(va)];
    for (uint64_t n = faults_so_far(FAULT_AHEAD); n > 0; n--) {
        enum fault_case which;
        vaddr_t ahead = va + n * PAGE_SIZE;
        expect_eq(model_case(s, ahead, from->prot & PROT_WRITE ? ACCESS_WRITE : ACCESS_READ, &which), 0);
        expect_eq(which, FAULT_B3);
        expect_eq(s->page[model_page_at(ahead)].flags, from->flags);
        expect_eq(from->flags & (VMA_SPARSE | VMA_LOCKED), 0);
        model_touch(s, ahead, ACCESS_READ);
    }
}

static void access_byte(const struct op *op, struct model_space *s, struct addrspace *as, enum access access)
{
    vaddr_t va = op->count == 0 ? op->offset * 0x10001ul << op->value % 40 : op_va(op);     /* now and then anywhere */
    enum fault_case which;
    int expected = model_case(s, va, access, &which);
    int leaf = va < USER_END ? leaf_prot(as, va) : -1;
    struct fault_counts faults = { 0 };
    if (expected != 0 || case_makes_page(which) || leaf == -1 || !(leaf & access))
        faults.n[which] = 1;

    if (expected == 0 && access == ACCESS_EXEC) {
        struct model_page *p = &s->page[model_page_at(va)];
        if (p->fetch_fence || (p->object >= 0 && model_object[p->object].stored[p->index]))
            soft_fence_fetch();
    }
    uint8_t byte = op->value;
    int err = program_access(as, va, access, &byte);
    bool only_ahead = host_failed() != 0 && err == 0 && faults_so_far(FAULT_B3) == 1;
    if (host_failed() != 0 && !only_ahead && !only_read_ahead_failed(err)) {
        expect_eq(err, -ENOMEM);
        expect_oom_at(as, va);
        faults = (struct fault_counts){ 0 };
        faults.n[FAULT_OOM] = 1;
        expect_faults(&faults);
        return;
    }
    expect_eq(err, expected);
    if (err == 0 && faults.n[which] == 0 && (s->page[model_page_at(va)].prot & ~leaf) != 0 &&
        faults_so_far(which) == 1)
        faults.n[which] = 1;                    /* a spurious one, but for the rights that it brought */
    expect_faults(&faults);
    if (err != 0)
        return;
    uint8_t *at = model_touch(s, va, access) + (va & PAGE_MASK);
    take_ahead(s, va);
    if (access == ACCESS_WRITE)
        *at = byte;
    else
        expect_eq(byte, *at);
}

void do_load(const struct op *op, struct model_space *s, struct addrspace **as)
{
    access_byte(op, s, *as, ACCESS_READ);
}

void do_store(const struct op *op, struct model_space *s, struct addrspace **as)
{
    access_byte(op, s, *as, ACCESS_WRITE);
}

/* Stores to one page after the other: the kernel fills ahead of that. */
void do_walk(const struct op *op, struct model_space *s, struct addrspace **as)
{
    struct op one = *op;
    for (unsigned n = op_npages(op); n > 0 && host_failed() == 0; n--, one.page++) {
        one.count = 1;
        faults_from_here();
        access_byte(&one, s, *as, ACCESS_WRITE);
    }
}

void do_fetch(const struct op *op, struct model_space *s, struct addrspace **as)
{
    access_byte(op, s, *as, ACCESS_EXEC);
}

/* ---- copies by the kernel ---- */

enum copy { COPY_TO, COPY_FROM, COPY_ZERO };

/* How far a copy must come, the error it ends with, and the faults it takes. Copies enter a leaf only for a page they make. */
static size_t predict_copy(struct model_space *s, vaddr_t va, size_t len, enum access access, int *err,
                           struct fault_counts *faults)
{
    size_t done = 0;
    *err = 0;
    while (done < len) {
        enum fault_case which;
        if (va + done >= USER_END) {            /* nobody asks for a fault there */
            *err = -EFAULT;
            break;
        }
        if (model_case(s, va + done, access, &which) != 0) {
            faults->n[which]++;
            *err = -EFAULT;
            break;
        }
        faults->n[which] += case_makes_page(which);
        done += PAGE_SIZE - ((va + done) & PAGE_MASK);
    }
    return done < len ? done : len;
}

static void apply_copy(struct model_space *s, vaddr_t va, size_t len, enum copy how, const struct op *op)
{
    for (size_t done = 0; done < len;) {
        size_t n = PAGE_SIZE - ((va + done) & PAGE_MASK);
        if (n > len - done)
            n = len - done;
        uint8_t *at = model_touch(s, va + done, how == COPY_FROM ? ACCESS_READ : ACCESS_WRITE) + ((va + done) & PAGE_MASK);
        if (how == COPY_FROM && memcmp(at, buf + done, n) != 0)
            panic("fuzz.c: op %zu: copy_from_user got other bytes at %#lx", fuzz_at, va + done);
        if (how != COPY_FROM)
            memset(at, how == COPY_TO ? op->value : 0, n);
        done += n;
    }
}

static void copy(const struct op *op, struct model_space *s, struct addrspace *as, enum copy how)
{
    vaddr_t va = op_va(op);
    size_t len = op->count * 97u, done = 0;
    struct fault_counts faults = { 0 };
    int expected, err;
    size_t expected_done = predict_copy(s, va, len, how == COPY_FROM ? ACCESS_READ : ACCESS_WRITE, &expected, &faults);
    if (how == COPY_TO)
        memset(buf, op->value, len);
    if (how == COPY_TO)
        err = copy_to_user(as, va, buf, len, &done);
    else
        err = how == COPY_FROM ? copy_from_user(as, buf, va, len, &done) : zero_user(as, va, len, &done);
    if (host_failed() != 0 && !only_read_ahead_failed(err)) {
        expect_eq(err, -ENOMEM);
        expect_oom_at(as, va + done);
        struct fault_counts fewer = { 0 };
        expect_eq(predict_copy(s, va, done, how == COPY_FROM ? ACCESS_READ : ACCESS_WRITE, &err, &fewer), done);
        fewer.n[FAULT_OOM] = 1;
        faults = fewer;
    } else {
        expect_eq(err, expected);
        expect_eq(done, expected_done);
    }
    expect_faults(&faults);
    apply_copy(s, va, done, how, op);
}

void do_copy_to(const struct op *op, struct model_space *s, struct addrspace **as) { copy(op, s, *as, COPY_TO); }
void do_copy_from(const struct op *op, struct model_space *s, struct addrspace **as) { copy(op, s, *as, COPY_FROM); }
void do_zero(const struct op *op, struct model_space *s, struct addrspace **as) { copy(op, s, *as, COPY_ZERO); }

void do_string(const struct op *op, struct model_space *s, struct addrspace **as)
{
    vaddr_t va = op_va(op);
    size_t size = op->count * 97u, at = 0;
    struct fault_counts faults = { 0 };
    long got = string_from_user(*as, (char *)buf, va, size, -E2BIG), expected = -E2BIG;
    while (at < size && expected == -E2BIG) {
        size_t n = PAGE_SIZE - ((va + at) & PAGE_MASK);
        if (n > size - at)
            n = size - at;
        if (host_failed() != 0 && (*as)->oom_va == page_down(va + at)) {
            expected = -ENOMEM;                 /* up to here */
            faults.n[FAULT_OOM]++;
            (*as)->oom_va = 0;
            break;
        }
        int err;
        predict_copy(s, va + at, n, ACCESS_READ, &err, &faults);
        if (err != 0) {
            expected = err;
            break;
        }
        const uint8_t *bytes = model_touch(s, va + at, ACCESS_READ) + ((va + at) & PAGE_MASK);
        const uint8_t *nul = memchr(bytes, '\0', n);
        if (memcmp(buf + at, bytes, nul != NULL ? (size_t)(nul - bytes) + 1 : n) != 0)
            panic("fuzz.c: op %zu: string_from_user got other bytes at %#lx", fuzz_at, va + at);
        if (nul != NULL)
            expected = at + (nul - bytes);
        at += n;
    }
    expect_eq(got, expected);
    expect_faults(&faults);
}

/* ---- brought in ---- */

/* A page has been brought in, or, where there was no memory, perhaps has not: then what mm says is right. */
static void apply_populate(struct model_space *s, struct addrspace *as, vaddr_t va, enum access access, bool no_memory)
{
    enum fault_case which;
    bool exclusive;
    if (model_case(s, va, access, &which) != 0)
        return;
    if (!no_memory || !case_makes_page(which) || (anon_at(as, va, &exclusive) != NULL && exclusive))
        model_touch(s, va, access);
}

void do_populate_user(const struct op *op, struct model_space *s, struct addrspace **as)
{
    vaddr_t va = page_down(op_va(op));
    size_t len = op->count % 8 * PAGE_SIZE;
    struct fault_counts faults = { 0 };
    int expected, err = populate_user(*as, va, len);
    size_t done = predict_copy(s, va, len, ACCESS_WRITE, &expected, &faults);
    bool no_memory = refused(err);
    expect_eq((*as)->oom_va, 0);
    if (!no_memory) {
        expect_eq(err, expected);
        expect_faults(&faults);
    }
    for (size_t at = 0; at < done; at += PAGE_SIZE)
        apply_populate(s, *as, va + at, ACCESS_WRITE, no_memory);
}

/* What as_populate says of a page of which model_case says err. */
static int populate_error(int err)
{
    return err == -EFAULT ? -ENOMEM : err == -EACCES ? -EINVAL : err == -ENXIO ? -EFAULT : err;
}

void do_populate(const struct op *op, struct model_space *s, struct addrspace **as)
{
    static const enum access accesses[] = { ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC, ACCESS_READ };
    enum access access = accesses[op->rights % 4];
    unsigned npages = 0;
    struct fault_counts faults = { 0 };
    int expected = 0;
    for (; npages < op_npages(op) && expected == 0; npages++) {
        enum fault_case which;
        expected = populate_error(model_case(s, model_va(op_page(op) + npages), access, &which));
        faults.n[which]++;
    }
    int err = as_populate(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE, access);
    bool no_memory = refused(err);
    expect_eq((*as)->oom_va, 0);
    if (!no_memory) {
        expect_eq(err, expected);
        expect_made(&faults);
    }
    for (unsigned i = 0; i < npages; i++)
        apply_populate(s, *as, model_va(op_page(op) + i), access, no_memory);
}

/* The access that brings a page in as its rights allow. */
static enum access access_for(const struct model_page *p)
{
    if ((p->prot & PROT_WRITE) && !p->shared)
        return ACCESS_WRITE;
    return p->prot == PROT_EXEC ? ACCESS_EXEC : ACCESS_READ;
}

static bool populates(const struct model_page *p, uint8_t flags)
{
    return p->mapped && !(p->flags & VMA_LOCK_ON_FAULT) && (p->flags & flags) == flags;
}

void do_populate_mapped(const struct op *op, struct model_space *s, struct addrspace **as)
{
    struct fault_counts faults = { 0 };
    uint8_t flags = op->value & 1 ? VMA_LOCKED : 0;
    int expected = 0;
    for (unsigned n = op_page(op); n < op_page(op) + op_npages(op); n++) {
        const struct model_page *p = &s->page[n];
        enum fault_case which;
        if (!populates(p, flags))
            continue;
        int wrong = populate_error(model_case(s, model_va(n), access_for(p), &which));
        faults.n[which] += wrong == 0;
        expected = expected != 0 ? expected : wrong;
    }
    int err = as_populate_mapped(*as, model_va(op_page(op)), op_npages(op) * PAGE_SIZE - op->offset % PAGE_SIZE, flags);
    bool no_memory = host_failed() != 0;
    expect_eq((*as)->oom_va, 0);
    if (!no_memory) {
        faults.n[FAULT_SEGV] = faults_so_far(FAULT_SEGV);       /* once for each VMA, of which the model knows nothing */
        faults.n[FAULT_BUS] = faults_so_far(FAULT_BUS);
        expect_eq(err, expected);
        expect_made(&faults);
    } else {
        expect_eq(err == -ENOMEM || err == expected, true);     /* the first error, whichever that was */
    }
    for (unsigned n = op_page(op); n < op_page(op) + op_npages(op); n++)
        if (populates(&s->page[n], flags))
            apply_populate(s, *as, model_va(n), access_for(&s->page[n]), no_memory);
}

static bool in_memory(const struct model_page *p, struct addrspace *as, vaddr_t va)
{
    bool exclusive;
    if (p->own != NULL || p->object < 0)
        return p->own != NULL && anon_at(as, va, &exclusive)->page != NULL;
    struct vm_object *obj = fuzz_object[p->object];
    mutex_lock(&obj->lock);
    struct anon *anon = object_find(obj, p->index);
    bool found = anon != NULL && anon->page != NULL;
    mutex_unlock(&obj->lock);
    return found;
}

void do_resident(const struct op *op, struct model_space *s, struct addrspace **as)
{
    uint8_t resident[MODEL_STRETCH];
    unsigned i;
    size_t told = as_resident(*as, model_va(op_page(op)), op_npages(op), resident);
    for (i = 0; i < op_npages(op) && s->page[op_page(op) + i].mapped; i++)
        expect_eq(resident[i], in_memory(&s->page[op_page(op) + i], *as, model_va(op_page(op) + i)));
    expect_eq(told, i);
}
