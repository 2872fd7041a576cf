/*
 * uart.c - the ns16550a's registers.
 * Source: National Semiconductor PC16550D data sheet, section 8, "Registers".
 */
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/power.h"
#include "kernel/dev/uart.h"
#include "kernel/core/panic.h"

enum {
    RBR = 0, THR = 0,                   /* receive, transmit */
    IER = 1,                            /* interrupt enable */
    FCR = 2,                            /* FIFO control */
    LCR = 3,                            /* line control */
    MCR = 4,                            /* modem control */
    LSR = 5,                            /* line status */
};
enum { FCR_ENABLE = 0x01, LCR_8N1 = 0x03, MCR_DTR_RTS_OUT2 = 0x0b, LSR_DATA = 0x01, LSR_THRE = 0x20 };

static volatile uint8_t *regs;          /* NULL: no UART, or not yet */
static unsigned interrupts;             /* what IER holds */

static volatile uint8_t *reg(unsigned which) { return regs + ((size_t)which << machine.uart.reg_shift); }

void uart_init(void)
{
    if (machine.uart.regs.start == 0)
        return;
    regs = phys_to_virt(machine.uart.regs.start);
    /* The firmware has set the speed, which is not ours to know. */
    *reg(IER) = 0;
    *reg(LCR) = LCR_8N1;
    *reg(FCR) = FCR_ENABLE;             /* no reset: the firmware's last words may still be on their way */
    *reg(MCR) = MCR_DTR_RTS_OUT2;
}

void uart_set_interrupts(unsigned which)
{
    if (regs != NULL && which != interrupts)
        *reg(IER) = (uint8_t)(interrupts = which);
}

bool uart_get(char *c)
{
    if (regs == NULL || !(*reg(LSR) & LSR_DATA))
        return false;
    *c = (char)*reg(RBR);
    return true;
}

bool uart_tx_empty(void) { return regs == NULL || (*reg(LSR) & LSR_THRE); }

void uart_put(char c)
{
    if (regs != NULL)
        *reg(THR) = (uint8_t)c;
    else
        firmware_put(c);
}

void uart_put_polled(char c)
{
    while (!uart_tx_empty())
        ;
    uart_put(c);
}
