/*
 * kstack.c - kernel stacks.
 * Owns: which stacks there are, the list of free ones.
 * Does not own: the page table that they are mapped in (arch), their frames before and after.
 *
 * Stack n occupies the upper half of block n of the region, which is 2 * KSTACK_SIZE; the lower
 * half is never mapped. Stacks that are free stay mapped on a list, so that the usual fork neither
 * maps nor fences.
 */
#include "arch/mmu.h"
#include "kernel/core/kstack.h"
#include "kernel/core/lock.h"

#define KSTACK_KEEP 16                                  /* free stacks that stay mapped */
#define KSTACK_MAX  ((KSTACK_END - KSTACK_BASE) / (2 * KSTACK_SIZE))

static const struct kstack_frames *frames;              /* fixed after kstack_init */
static struct spinlock kstack_lock = SPINLOCK_INIT(RANK_PAGE);
static uint64_t kstack_used[KSTACK_MAX / 64];           /* [kstack_lock] mapped, in use or on the list */
static char *kstack_free_list;                          /* [kstack_lock] linked through the first word */
static unsigned kstack_nfree;                           /* [kstack_lock] */

void kstack_init(const struct kstack_frames *from)
{
    frames = from;
}

static char *kstack_at(unsigned n)
{
    return (char *)KSTACK_BASE + n * 2 * KSTACK_SIZE + KSTACK_SIZE;
}

/* A stack from the list, or NULL. Under kstack_lock. */
static char *kstack_take(void)
{
    char *stack = kstack_free_list;
    if (stack != NULL) {
        kstack_free_list = *(char **)stack;
        kstack_nfree--;
    }
    return stack;
}

static int kstack_claim(void)
{
    for (unsigned w = 0; w < KSTACK_MAX / 64; w++)
        if (~kstack_used[w] != 0) {
            unsigned bit = __builtin_ctzl(~kstack_used[w]);
            kstack_used[w] |= 1ul << bit;
            return w * 64 + bit;
        }
    return -1;
}

/* Unmap and free the first npages of a stack, and forget its number. */
static void kstack_unmap(char *stack, unsigned npages)
{
    paddr_t frame[KSTACK_SIZE / PAGE_SIZE];
    for (unsigned i = 0; i < npages; i++)
        frame[i] = mmu_kernel_unmap((vaddr_t)stack + i * PAGE_SIZE);
    mmu_kernel_fence((vaddr_t)stack, KSTACK_SIZE);
    for (unsigned i = 0; i < npages; i++)
        frames->put(frame[i]);
    unsigned n = ((vaddr_t)stack - KSTACK_BASE) / (2 * KSTACK_SIZE);
    spin_lock(&kstack_lock);
    kstack_used[n / 64] &= ~(1ul << n % 64);
    spin_unlock(&kstack_lock);
}

char *kstack_alloc(void)
{
    spin_lock(&kstack_lock);
    char *stack = kstack_take();
    int n = stack == NULL ? kstack_claim() : 0;
    spin_unlock(&kstack_lock);
    if (stack != NULL || n < 0)
        return stack;

    stack = kstack_at(n);
    for (unsigned i = 0; i < KSTACK_SIZE / PAGE_SIZE; i++) {
        paddr_t frame = frames->get();
        if (frame == 0) {
            kstack_unmap(stack, i);
            return NULL;
        }
        mmu_kernel_map((vaddr_t)stack + i * PAGE_SIZE, frame);
    }
    mmu_kernel_fence((vaddr_t)stack, KSTACK_SIZE);
    return stack;
}

void kstack_free(char *stack)
{
    spin_lock(&kstack_lock);
    bool keep = kstack_nfree < KSTACK_KEEP;
    if (keep) {
        *(char **)stack = kstack_free_list;
        kstack_free_list = stack;
        kstack_nfree++;
    }
    spin_unlock(&kstack_lock);
    if (!keep)
        kstack_unmap(stack, KSTACK_SIZE / PAGE_SIZE);
}

size_t kstack_drop_caches(void)
{
    for (size_t dropped = 0;; dropped += KSTACK_SIZE / PAGE_SIZE) {
        spin_lock(&kstack_lock);
        char *stack = kstack_take();
        spin_unlock(&kstack_lock);
        if (stack == NULL)
            return dropped;
        kstack_unmap(stack, KSTACK_SIZE / PAGE_SIZE);
    }
}
