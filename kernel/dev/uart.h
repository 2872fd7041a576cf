/*
 * uart.h - the serial line: an ns16550a with 16-byte queues.
 * Owns: its registers. Does not own: what waits to be sent or read (console.c).
 * Locks: none of its own; the caller keeps all calls apart. Without a UART in the device tree
 * output is the firmware's.
 */
#pragma once

#include <stdbool.h>

enum uart_interrupt { UART_RX = 1, UART_TX = 2 };       /* bits of IER: a byte has come; the transmitter is empty */

#define UART_FIFO_SIZE 16

/* Find and program it; no interrupts yet. Before this, output is the firmware's. */
void uart_init(void);

/* Which interrupts it may raise: UART_ bits. Costs nothing when nothing changes. */
void uart_set_interrupts(unsigned which);

/* The next byte received; false when there is none. */
bool uart_get(char *c);

/* True when the transmitter takes UART_FIFO_SIZE bytes now. */
bool uart_tx_empty(void);

/* Send one byte: one of those UART_FIFO_SIZE. */
void uart_put(char c);

/* Send one byte, waiting for the transmitter as long as it takes. */
void uart_put_polled(char c);
