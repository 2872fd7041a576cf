/*
 * machine.h - what the device tree says about this machine.
 * Owns: struct machine, filled in once by fdt_read() before anything else runs, constant
 * afterwards.
 * Source: Devicetree Specification 0.4; the bindings named at the fields.
 */
#pragma once

#include "arch/types.h"

#define MACHINE_MAX_HARTS    8
#define MACHINE_MAX_RANGES   16
#define MACHINE_MAX_VIRTIO   8
#define MACHINE_BOOTARGS_MAX 8192
#define MACHINE_NO_CONTEXT   UINT32_MAX  /* of a hart that gets no external interrupts */

struct range {
    paddr_t start;
    paddr_t end;                        /* exclusive */
};

struct machine {
    struct range memory[MACHINE_MAX_RANGES];        /* memory nodes */
    unsigned nmemory;
    struct range reserved[MACHINE_MAX_RANGES];      /* reserved-memory, the reservation block, the tree itself, initrd */
    unsigned nreserved;

    struct machine_hart {
        uint64_t hartid;
        uint32_t plic_context;          /* its S-mode context of the PLIC */
    } harts[MACHINE_MAX_HARTS];         /* cpu nodes with status okay; more than the maximum stay parked */
    unsigned nharts;
    bool has_sstc;                      /* every hart has it */
    bool has_zicboz;                    /* every hart has it, and an S-mode that may use it: see page_zero_probe */
    bool has_fp;                        /* every hart has F and D; with F alone there is no floating point here */
    uint64_t timebase_hz;

    struct machine_uart {
        struct range regs;              /* ns16550a; start == 0: none */
        unsigned irq;
        unsigned reg_shift;
    } uart;
    struct range plic;                  /* sifive,plic-1.0.0 or riscv,plic0 */
    unsigned plic_nirqs;
    struct range rtc;                   /* google,goldfish-rtc; start == 0: none */
    struct range test_device;           /* sifive,test0: power-off with a status; start == 0: none */
    struct machine_virtio {
        struct range regs;              /* virtio,mmio: a place for a device, which may be empty */
        unsigned irq;
    } virtio[MACHINE_MAX_VIRTIO];       /* by address */
    unsigned nvirtio;

    struct range initrd;                /* chosen: linux,initrd-start, -end; start == end: none */
    char bootargs[MACHINE_BOOTARGS_MAX];
    bool bootargs_cut;                  /* there were more than fit, as Linux's COMMAND_LINE_SIZE */
    uint8_t rng_seed[64];               /* chosen: rng-seed, zero-padded */
};

extern struct machine machine;

/*
 * Read the flattened device tree at fdt (a kernel address) into machine. Panics with the property's
 * name when something without which the kernel cannot run is missing or malformed.
 */
void fdt_read(const void *fdt, paddr_t fdt_pa);
