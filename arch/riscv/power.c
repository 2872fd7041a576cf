/*
 * power.c - time and the end of it: the timer, power-off, reset.
 */
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/power.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/sbi.h"
#include "arch/timer.h"

/* The sifive,test device: a code in the upper half of a word with FAIL, or PASS alone. FAIL with code 0 would report 0. */
#define TEST_PASS 0x5555u
#define TEST_FAIL 0x3333u

uint64_t timer_now(void) { return csr_read("time"); }

void timer_set(uint64_t at)
{
    if (machine.has_sstc)
        csr_write(CSR_STIMECMP, at);
    else
        sbi_set_timer(at);
}

void machine_power_off(unsigned code)
{
    if (machine.test_device.start != 0) {
        volatile uint32_t *device = phys_to_virt(machine.test_device.start);
        *device = code == 0 ? TEST_PASS : code << 16 | TEST_FAIL;
    } else {                                    /* never both: QEMU 10 ends some time after the store, with the last code */
        sbi_system_reset(SBI_RESET_SHUTDOWN);
    }
    for (;;)
        __asm__ volatile("wfi");
}

void machine_reboot(void)
{
    sbi_system_reset(SBI_RESET_COLD);
    for (;;)
        __asm__ volatile("wfi");
}
