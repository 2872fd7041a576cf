/*
 * mmu.c - the kernel's own mappings, and which address space a hart runs in.
 * Owns: the kernel's root table, satp, ASIDs, fences.
 * Does not own: user mappings (mm/pmap.c), which kernel stacks there are (kernel/core/kstack.c).
 *
 * The kernel's root entries exist from mmu_init on and never change; every address space copies
 * them. So a kernel mapping made later, below those entries, is seen everywhere. Kernel and user
 * share one page table: a trap writes no satp.
 *
 * An ASID is never given to a second address space within a generation. When they run out a new
 * generation begins; what is loaded on a hart then keeps its number, and each hart forgets all
 * translations before its first switch in the new generation. Machines without ASID bits work too:
 * there every switch forgets everything. docs/proofs/asid.pml is a model of this.
 */
#include "arch/context.h"
#include "arch/hart.h"
#include "arch/kernel_space.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/panic.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/sbi.h"

extern char __kernel_start[], __text_end[], __rodata_end[], __kernel_end[];

#define ASID_GENERATION(n) ((uint64_t)(n) << 16)

uint64_t kernel_satp;                                   /* fixed after mmu_init: what head.S loads on other harts */
static paddr_t kernel_root;                             /* fixed after mmu_init */

static _Atomic uint32_t asid_locked;                    /* the innermost lock of all: a switch takes it */
static uint64_t asid_limit;                             /* fixed: number of ASIDs; 1: the hardware has none */
static uint64_t generation = ASID_GENERATION(1);        /* [asid_locked] */
static uint64_t next_asid = 1;                          /* [asid_locked] 0 belongs to the kernel alone */
static struct loaded {
    struct mmu_id *id;                                  /* its hart's: whose translations it uses; NULL: the kernel's */
    _Atomic paddr_t root;                               /* [asid_locked to change] what satp names */
    uint64_t asid;                                      /* [asid_locked] with the generation it came from */
    _Atomic bool forget;                                /* [asid_locked to change] a new generation: fence before a switch */
} loaded[MMU_MAX_HARTS];
static uint64_t carried[MMU_MAX_HARTS];                 /* [asid_locked] ASIDs that were loaded when the generation began */

/* ---- the kernel's mappings ---- */

/* The entry for va, with the tables that lead to it. */
static struct pte *kernel_entry(vaddr_t va, unsigned level, paddr_t (*new_table)(void))
{
    for (unsigned l = MMU_LEVELS - 1; l > level; l--) {
        struct pte *pte = pte_find(kernel_root, va, l);
        if (pte_kind(pte) == PTE_EMPTY) {
            paddr_t table = new_table();
            if (table == 0)
                panic("mmu_init: no memory for a table of the kernel, for %#lx", va);
            pte_set_table(pte, table);
        }
    }
    return pte_find(kernel_root, va, level);
}

/* Show [start, end) in the direct map, in the largest leaves that fit. */
static void map_direct(paddr_t start, paddr_t end, unsigned prot, paddr_t (*new_table)(void))
{
    start = page_down(start);
    end = page_up(end);
    while (start < end) {
        unsigned level = MMU_LEVELS - 1;
        while (level > 0 && (start % mmu_entry_size(level) != 0 || end - start < mmu_entry_size(level)))
            level--;
        pte_store(kernel_entry(DIRECT_BASE + start, level, new_table), pte_leaf_bits(start, prot, PTE_A | PTE_G));
        start += mmu_entry_size(level);
    }
}

static void map_memory(paddr_t (*new_table)(void))
{
    const unsigned rw = PROT_READ | PROT_WRITE;
    paddr_t kernel = virt_to_phys(__kernel_start), kernel_end = virt_to_phys(__kernel_end);
    for (unsigned m = 0; m < machine.nmemory; m++) {
        struct range r = machine.memory[m];
        if (r.end > DIRECT_SIZE)
            panic("memory at %#lx is beyond the direct map", r.end);
        if (r.start <= kernel && kernel_end <= r.end) {
            map_direct(r.start, kernel, rw, new_table);
            map_direct(kernel, virt_to_phys(__text_end), PROT_READ | PROT_EXEC, new_table);
            map_direct(virt_to_phys(__text_end), virt_to_phys(__rodata_end), PROT_READ, new_table);
            map_direct(virt_to_phys(__rodata_end), kernel_end, rw, new_table);
            map_direct(kernel_end, r.end, rw, new_table);
        } else {
            map_direct(r.start, r.end, rw, new_table);
        }
    }
    map_direct(machine.uart.regs.start, machine.uart.regs.end, rw, new_table);
    map_direct(machine.plic.start, machine.plic.end, rw, new_table);
    map_direct(machine.rtc.start, machine.rtc.end, rw, new_table);
    map_direct(machine.test_device.start, machine.test_device.end, rw, new_table);
    for (unsigned v = 0; v < machine.nvirtio; v++)
        map_direct(machine.virtio[v].regs.start, machine.virtio[v].regs.end, rw, new_table);
}

/* Privileged spec, satp: write ones to ASID and see which stay. */
static uint64_t count_asids(void)
{
    uint64_t satp = csr_read("satp");
    csr_write("satp", satp | SATP_ASID_MASK << SATP_ASID_SHIFT);
    uint64_t bits = csr_read("satp") >> SATP_ASID_SHIFT & SATP_ASID_MASK;
    csr_write("satp", satp);
    return bits + 1;
}

void mmu_init(uint64_t max_asids, paddr_t (*new_table)(void))
{
    kernel_root = new_table();
    kernel_satp = SATP_MODE_SV39 | kernel_root >> PAGE_SHIFT;
    map_memory(new_table);
    for (vaddr_t va = KSTACK_BASE; va < KSTACK_END; va += mmu_entry_size(1))
        kernel_entry(va, 0, new_table);         /* so that mapping a stack never needs a table */
    asid_limit = count_asids();
    if (asid_limit > max_asids)
        asid_limit = max_asids;
    /* At a rollover every hart keeps the one it has loaded, and there must be others left to give. */
    if (asid_limit < 2 * machine.nharts + 2)
        asid_limit = 1;
}

void mmu_init_hart(void)
{
    csr_write("satp", SATP_MODE_SV39 | kernel_root >> PAGE_SHIFT);
    __asm__ volatile("sfence.vma\n\tfence.i" : : : "memory");
    atomic_store_explicit(&loaded[hart_index()].root, kernel_root, memory_order_relaxed);
}

void mmu_root_init(paddr_t root)
{
    const struct pte *from = phys_to_virt(kernel_root);
    struct pte *to = phys_to_virt(root);
    const unsigned first = pte_index(DIRECT_BASE, 2), kstacks = pte_index(KSTACK_BASE, 2);
    for (unsigned i = first; i < first + (DIRECT_SIZE >> 30); i++)
        to[i] = from[i];
    to[kstacks] = from[kstacks];
}

/* ---- the region of kernel stacks: kernel/core/kstack.c decides what is there ---- */

void mmu_kernel_map(vaddr_t va, paddr_t pa)
{
    pte_store(pte_find(kernel_root, va, 0), pte_leaf_bits(pa, PROT_READ | PROT_WRITE, PTE_A | PTE_G));
}

paddr_t mmu_kernel_unmap(vaddr_t va)
{
    struct pte *pte = pte_find(kernel_root, va, 0);
    paddr_t pa = pte_address(pte);
    pte_clear(pte);
    return pa;
}

void mmu_kernel_fence(vaddr_t start, size_t size)
{
    __asm__ volatile("fence rw, rw\n\tsfence.vma" : : : "memory");     /* before the look at who is online */
    sbi_remote_sfence(others_online(), start, size);
}

/* ---- address spaces on harts ---- */

static unsigned long lock_asids(void)
{
    unsigned long flags = irq_mask();
    while (atomic_exchange_explicit(&asid_locked, 1, memory_order_acquire))
        hart_relax();
    return flags;
}

static void unlock_asids(unsigned long flags)
{
    atomic_store_explicit(&asid_locked, 0, memory_order_release);
    irq_restore(flags);
}

static bool is_loaded(const struct loaded *l, paddr_t root)
{
    return atomic_load_explicit(&l->root, memory_order_relaxed) == root;
}

static bool must_forget(const struct loaded *l) { return atomic_load_explicit(&l->forget, memory_order_relaxed); }

static bool is_carried(uint64_t number)
{
    for (unsigned h = 0; h < machine.nharts; h++)
        if (carried[h] == number)
            return true;
    return false;
}

static void new_generation(void)
{
    generation += ASID_GENERATION(1);
    next_asid = 1;
    for (unsigned h = 0; h < machine.nharts; h++) {
        carried[h] = loaded[h].asid & SATP_ASID_MASK;   /* 0, the kernel's, is never handed out anyway */
        atomic_store_explicit(&loaded[h].forget, true, memory_order_relaxed);
    }
}

/* An ASID of the present generation for id. */
static uint64_t asid_for(struct mmu_id *id)
{
    uint64_t asid = atomic_load_explicit(&id->asid, memory_order_relaxed);
    if (asid >= generation)
        return asid;
    uint64_t number = asid & SATP_ASID_MASK;
    /* Who is loaded on some hart has been carried from generation to generation, and all its harts use one number. */
    bool kept = atomic_load_explicit(&id->harts, memory_order_relaxed) != 0 ||
                (asid != 0 && asid + ASID_GENERATION(1) >= generation && is_carried(number));
    if (!kept) {
        while (next_asid < asid_limit && is_carried(next_asid))
            next_asid++;
        if (next_asid >= asid_limit)
            new_generation();
        while (is_carried(next_asid) && next_asid + 1 < asid_limit)
            next_asid++;
        number = next_asid++;
    }
    asid = generation | number;
    atomic_store_explicit(&id->asid, asid, memory_order_relaxed);
    return asid;
}

/*
 * Point satp at root. From then on this hart's walker may read id's tables, and use what the TLB
 * remembers of them from an earlier stay, with nobody having asked for it. So a fencer must be able
 * to see this hart before, and old memories must be gone before; and the bit in the last one's mask
 * is cleared after.
 *
 * The fencer stores its entry, marks every hart stale, and then looks who is running. We say that
 * we are running, and then look whether we are stale. With full fences between the two steps on
 * both sides, either it sees us or we see the mark. docs/proofs/fence.pml is a model of this, with
 * the orders that are wrong.
 */
static void load(struct mmu_id *id, paddr_t root, uint64_t asid)
{
    struct loaded *mine = &loaded[hart_index()];
    uint64_t bit = 1ul << hart_index();
    if (id != NULL) {
        atomic_fetch_or(&id->harts, bit);
        atomic_thread_fence(memory_order_seq_cst);
        bool stale = atomic_load_explicit(&id->stale, memory_order_relaxed) & bit;
        if (stale)
            atomic_fetch_and(&id->stale, ~bit);
        /* Two marks: of this hart, that it has not forgotten since a generation began; of id, whose fences it has missed. */
        if (must_forget(mine))
            __asm__ volatile("sfence.vma" : : : "memory");
        else if (stale)
            __asm__ volatile("sfence.vma x0, %0" : : "r"(asid & SATP_ASID_MASK) : "memory");
        atomic_store_explicit(&mine->forget, false, memory_order_relaxed);
    }
    csr_write("satp", SATP_MODE_SV39 | (asid & SATP_ASID_MASK) << SATP_ASID_SHIFT | root >> PAGE_SHIFT);
    if (asid_limit == 1)                        /* all share one number, so this is the moment to forget the last one's */
        __asm__ volatile("sfence.vma" : : : "memory");
    if (mine->id != NULL && mine->id != id)
        atomic_fetch_and(&mine->id->harts, ~bit);
    mine->id = id;
    atomic_store_explicit(&mine->root, root, memory_order_relaxed);
    mine->asid = asid;
}

void mmu_activate(struct mmu_id *id, paddr_t root)
{
    const struct loaded *mine = &loaded[hart_index()];
    if (id == NULL)
        root = kernel_root;
    /* A mark made just now is seen next time: nothing is switched here. The kernel's own mappings have no marks. */
    if (is_loaded(mine, root) && (id == NULL || !must_forget(mine)))
        return;
    unsigned long flags = lock_asids();
    uint64_t asid = id == NULL ? 0 : asid_limit > 1 ? asid_for(id) : generation;
    for (unsigned h = 0; CHECKED && id != NULL && h < machine.nharts; h++)
        assert(loaded[h].id != id || asid_limit == 1 || (loaded[h].asid & SATP_ASID_MASK) == (asid & SATP_ASID_MASK));
    load(id, root, asid);
    unlock_asids(flags);
}

bool mmu_root_loaded(paddr_t root)
{
    for (unsigned h = 0; h < machine.nharts; h++)
        if (is_loaded(&loaded[h], root))
            return true;
    return false;
}

/* ---- fences ---- */

/* Mark the others stale; return those among them that run in id now. *here: this hart does. */
static uint64_t harts_to_fence(struct mmu_id *id, bool *here)
{
    uint64_t self = 1ul << hart_index();
    atomic_fetch_or(&id->stale, ~self);
    atomic_thread_fence(memory_order_seq_cst);          /* the entry and the mark before the look at who is running */
    uint64_t running = atomic_load_explicit(&id->harts, memory_order_relaxed);
    *here = running & self;
    if (!*here)
        atomic_fetch_or(&id->stale, self);
    return running & ~self;
}

/* Its number, which stays while it runs on any hart. */
static uint64_t asid_of(const struct mmu_id *id)
{
    return atomic_load_explicit(&id->asid, memory_order_relaxed) & SATP_ASID_MASK;
}

static void fence_others(uint64_t others, const struct mmu_id *id, vaddr_t start, size_t size)
{
    if (others == 0)
        return;
    atomic_thread_fence(memory_order_acquire);          /* the number that they had when they said that they run in id */
    sbi_remote_sfence_asid(others, start, size, asid_of(id));
}

uint64_t mmu_fence_page(struct mmu_id *id, vaddr_t va)
{
    bool here;
    uint64_t others = harts_to_fence(id, &here);
    if (here)
        __asm__ volatile("sfence.vma %0, %1" : : "r"(va), "r"(asid_of(id)) : "memory");
    fence_others(others, id, va, PAGE_SIZE);
    return others | (uint64_t)here << hart_index();
}

uint64_t mmu_fence_all(struct mmu_id *id)
{
    bool here;
    uint64_t others = harts_to_fence(id, &here);
    if (here)
        __asm__ volatile("sfence.vma x0, %0" : : "r"(asid_of(id)) : "memory");
    fence_others(others, id, 0, SBI_ALL_ADDRESSES);
    return others | (uint64_t)here << hart_index();
}

void mmu_fence_local(struct mmu_id *id)
{
    __asm__ volatile("sfence.vma x0, %0" : : "r"(asid_of(id)) : "memory");
}

void mmu_fence_fetch(void)
{
    __asm__ volatile("fence rw, rw\n\tfence.i" : : : "memory");
    sbi_remote_fence_i(others_online());
}

/* ---- zeroing ---- */

uint32_t page_zero_block;
bool cbo_zero_works(void *page);        /* page.S */

/* The size of a block is what becomes zero, whatever the device tree says. */
void page_zero_probe(void *page)
{
    unsigned char *byte = page;
    unsigned size = 0;
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        byte[i] = 1;
    if (cbo_zero_works(page))
        while (size < PAGE_SIZE && byte[size] == 0)
            size++;
    page_zero_block = size > 0 && PAGE_SIZE % size == 0 ? size : 0;
}
