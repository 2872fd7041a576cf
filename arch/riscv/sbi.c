/*
 * sbi.c - calls to the firmware.
 * Owns: the calling convention (SBI 1.0, Binary Encoding) and the extension numbers.
 */
#include "arch/hart.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/panic.h"
#include "arch/power.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/sbi.h"

enum {
    EXT_PUTCHAR = 1,                    /* legacy; but DBCN, its successor, came only with SBI 2.0 */
    EXT_TIME = 0x54494d45,
    EXT_IPI = 0x735049,
    EXT_RFENCE = 0x52464e43,
    EXT_HSM = 0x48534d,
    EXT_SRST = 0x53525354,
};

static long sbi_call(uint64_t ext, uint64_t fn, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3, uint64_t arg4)
{
    register uint64_t a0 __asm__("a0") = arg0;
    register uint64_t a1 __asm__("a1") = arg1;
    register uint64_t a2 __asm__("a2") = arg2;
    register uint64_t a3 __asm__("a3") = arg3;
    register uint64_t a4 __asm__("a4") = arg4;
    register uint64_t a6 __asm__("a6") = fn;
    register uint64_t a7 __asm__("a7") = ext;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
    return a0;
}

/*
 * Indexes are ours, hart ids the machine's: they are equal only by chance. A mask names ids from a
 * base on, so one call serves 64 ids; machines with wider gaps get a call for each hart.
 */
static void for_hart_masks(uint64_t harts, uint64_t ext, uint64_t fn, uint64_t arg2, uint64_t arg3, uint64_t arg4)
{
    while (harts != 0) {
        uint64_t base = machine.harts[__builtin_ctzl(harts)].hartid, mask = 0;
        for (unsigned i = 0; i < machine.nharts; i++) {
            uint64_t id = machine.harts[i].hartid;
            if (harts >> i & 1 && id >= base && id - base < 64) {
                mask |= 1ul << (id - base);
                harts &= ~(1ul << i);
            }
        }
        long err = sbi_call(ext, fn, mask, base, arg2, arg3, arg4);
        if (err != 0)                           /* a fence that did not happen would let a frame be seen after its end */
            panic("firmware: extension %#lx function %lu for harts %#lx+%lu: error %ld", ext, fn, base, mask, err);
    }
}

long hart_start(unsigned hart, void *self)
{
    extern char secondary_start[];
    return sbi_call(EXT_HSM, 0, machine.harts[hart].hartid, virt_to_phys(secondary_start), (uint64_t)self, 0, 0);
}

static _Atomic uint64_t online;

void hart_online(void)
{
    atomic_fetch_or(&online, 1ul << hart_index());
    atomic_thread_fence(memory_order_seq_cst);
}

uint64_t harts_online(void) { return atomic_load(&online); }
uint64_t others_online(void) { return harts_online() & ~(1ul << hart_index()); }

void sbi_set_timer(uint64_t time) { sbi_call(EXT_TIME, 0, time, 0, 0, 0, 0); }

void ipi_acknowledge(void) { csr_clear("sip", SIE_SSIE); }

void ipi_send(uint64_t harts) { for_hart_masks(harts, EXT_IPI, 0, 0, 0, 0); }

void sbi_remote_fence_i(uint64_t harts) { for_hart_masks(harts, EXT_RFENCE, 0, 0, 0, 0); }

void sbi_remote_sfence(uint64_t harts, vaddr_t start, size_t size)
{
    for_hart_masks(harts, EXT_RFENCE, 1, start, size, 0);
}

void sbi_remote_sfence_asid(uint64_t harts, vaddr_t start, size_t size, uint64_t asid)
{
    for_hart_masks(harts, EXT_RFENCE, 2, start, size, asid);
}

void firmware_put(char c) { sbi_call(EXT_PUTCHAR, 0, (uint8_t)c, 0, 0, 0, 0); }

void sbi_system_reset(uint32_t type) { sbi_call(EXT_SRST, 0, type, 0, 0, 0, 0); }
