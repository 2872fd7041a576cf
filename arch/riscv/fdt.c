/*
 * fdt.c - reads the flattened device tree into struct machine.
 * Owns: the walker over the tree's bytes and the knowledge of the few bindings this kernel needs.
 * Does not own: what is done with the answers (plic.c, kernel/dev/uart.c, mm/page.c, the start of
 * the other harts).
 *
 * The firmware's tree is input like any other: every offset and length is checked before it is
 * followed. Two walks, because the PLIC names harts by phandle and the console is named by a path,
 * and either may stand before what it names. Buses that translate addresses (a `ranges` that is not
 * empty) are not supported: all addresses are taken as physical.
 * Source: Devicetree Specification 0.4, chapters 3 and 5.
 */
#include <string.h>

#include "arch/machine.h"
#include "arch/panic.h"

enum { FDT_MAGIC = 0xd00dfeedu };
enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };
enum { FDT_HEADER_SIZE = 40, FDT_SIZE_MAX = 16 << 20, FDT_DEPTH_MAX = 16, FDT_LAST_VERSION = 17 };
enum { CAUSE_S_EXTERNAL = 9 };          /* Privileged spec, scause: the PLIC context that a supervisor listens to */

struct machine machine;

static struct {
    const uint8_t *base;
    uint32_t size;                      /* of everything */
    uint32_t structs, structs_end;      /* offsets from base */
    uint32_t strings, strings_end;
} tree;

struct node {
    const struct node *parent;
    const char *name;
    uint32_t props;                     /* offset of the first token after the name */
    uint32_t address_cells;             /* how its children write reg */
    uint32_t size_cells;
};

struct prop {
    const char *name;
    const uint8_t *value;
    uint32_t len;
};

/* What one walk finds and the next one needs. */
static const char *stdout_path;
static struct node aliases;
static uint32_t intc_phandle[MACHINE_MAX_HARTS];        /* of the interrupt controller inside each hart */

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- the bytes ---- */

static uint32_t next_token(uint32_t *off)
{
    if (*off % 4 != 0 || *off > tree.structs_end || tree.structs_end - *off < 4)
        panic("device tree: structure block ends at offset %#x inside a token", (unsigned)*off);
    uint32_t token = be32(tree.base + *off);
    *off += 4;
    return token;
}

/* The property at *off, which moves behind it; false (and *off at the next token) when there is none. */
static bool next_prop(uint32_t *off, struct prop *prop)
{
    uint32_t token;
    while ((token = next_token(off)) == FDT_NOP)
        ;
    if (token != FDT_PROP) {
        *off -= 4;
        return false;
    }
    prop->len = next_token(off);
    uint32_t name = next_token(off);
    if (prop->len > tree.structs_end - *off)
        panic("device tree: property at %#x has %u bytes, more than the tree", (unsigned)*off, (unsigned)prop->len);
    if (name >= tree.strings_end - tree.strings)
        panic("device tree: property at %#x has its name outside the strings block", (unsigned)*off);
    prop->name = (const char *)tree.base + tree.strings + name;
    if (memchr(prop->name, 0, tree.strings_end - tree.strings - name) == NULL)
        panic("device tree: property at %#x has a name without end", (unsigned)*off);
    prop->value = tree.base + *off;
    *off += (prop->len + 3) & ~3u;
    return true;
}

static bool find_prop(const struct node *node, const char *name, struct prop *prop)
{
    for (uint32_t off = node->props; next_prop(&off, prop);)
        if (strcmp(prop->name, name) == 0)
            return true;
    return false;
}

/* ncells cells from cell number first on, as one number; false when the property is shorter, or the number too long. */
static bool prop_cells(const struct prop *prop, uint32_t first, uint32_t ncells, uint64_t *out)
{
    if (ncells > 2 || first > prop->len / 4 || ncells > prop->len / 4 - first)
        return false;
    *out = 0;
    for (uint32_t i = first; i < first + ncells; i++)
        *out = *out << 32 | be32(prop->value + 4 * i);
    return true;
}

/* A property that is one number of 32 or 64 bits. */
static bool find_number(const struct node *node, const char *name, uint64_t *out)
{
    struct prop prop;
    return find_prop(node, name, &prop) && prop_cells(&prop, 0, prop.len >= 8 ? 2 : 1, out);
}

/* A property that is one string; NULL when it is absent or has no end. */
static const char *find_text(const struct node *node, const char *name)
{
    struct prop prop;
    if (!find_prop(node, name, &prop) || memchr(prop.value, 0, prop.len) == NULL)
        return NULL;
    return (const char *)prop.value;
}

static bool text_is(const struct node *node, const char *name, const char *wanted)
{
    const char *text = find_text(node, name);
    return text != NULL && strcmp(text, wanted) == 0;
}

/* Is wanted one of the strings of a list (compatible, riscv,isa-extensions)? */
static bool list_has(const struct node *node, const char *name, const char *wanted)
{
    struct prop prop;
    if (!find_prop(node, name, &prop))
        return false;
    const char *text = (const char *)prop.value, *end = text + prop.len;
    for (; memchr(text, 0, (size_t)(end - text)) != NULL; text += strlen(text) + 1)
        if (strcmp(text, wanted) == 0)
            return true;
    return false;
}

/* Entry number index of reg, in the parent's cells. */
static bool find_reg(const struct node *node, uint32_t index, struct range *out)
{
    struct prop prop;
    uint32_t ac = node->parent->address_cells, sc = node->parent->size_cells;
    uint64_t size;
    if (ac > 2 || sc > 2 || !find_prop(node, "reg", &prop) || index > prop.len / 4)
        return false;
    if (!prop_cells(&prop, index * (ac + sc), ac, &out->start) || !prop_cells(&prop, index * (ac + sc) + ac, sc, &size))
        return false;
    if (size == 0 || size > UINT64_MAX - out->start)
        return false;
    out->end = out->start + size;
    return true;
}

/* Of a cpu node: the only number in its reg, which has no size. */
static bool find_hartid(const struct node *cpu, uint64_t *hartid)
{
    struct prop prop;
    return find_prop(cpu, "reg", &prop) && prop_cells(&prop, 0, cpu->parent->address_cells, hartid);
}

static bool node_usable(const struct node *node)
{
    struct prop prop;
    return !find_prop(node, "status", &prop) || text_is(node, "status", "okay") || text_is(node, "status", "ok");
}

/* ---- the walk ---- */

/* Visit the node whose name is at off, then its children; returns the offset behind it. */
static uint32_t walk(uint32_t off, const struct node *parent, unsigned depth, void (*visit)(const struct node *))
{
    if (depth > FDT_DEPTH_MAX)
        panic("device tree: more than %d levels", FDT_DEPTH_MAX);
    const uint8_t *name = tree.base + off;
    const uint8_t *end = memchr(name, 0, tree.structs_end - off);
    if (end == NULL)
        panic("device tree: node at %#x has a name without end", (unsigned)off);
    struct node node = { .parent = parent, .name = (const char *)name };
    uint64_t cells;
    node.props = (off + (uint32_t)(end - name) + 4) & ~3u;
    /* 2.3.5: the defaults are 2 and 1. */
    node.address_cells = find_number(&node, "#address-cells", &cells) ? (uint32_t)cells : 2;
    node.size_cells = find_number(&node, "#size-cells", &cells) ? (uint32_t)cells : 1;
    if (parent != NULL)
        visit(&node);

    off = node.props;
    struct prop skipped;
    while (next_prop(&off, &skipped))
        ;
    for (;;) {
        switch (next_token(&off)) {
        case FDT_BEGIN_NODE:
            off = walk(off, &node, depth + 1, visit);
            break;
        case FDT_NOP:
            break;
        case FDT_END_NODE:
            return off;
        default:
            panic("device tree: unexpected token at %#x in node %s", (unsigned)(off - 4), node.name);
        }
    }
}

static void walk_all(void (*visit)(const struct node *))
{
    uint32_t off = tree.structs, token;
    while ((token = next_token(&off)) == FDT_NOP)
        ;
    if (token != FDT_BEGIN_NODE)
        panic("device tree: no root node");
    walk(off, NULL, 0, visit);
}

static bool is_top_level(const struct node *node) { return node->parent->parent == NULL; }

/* Does *path begin with the path of node? Moves *path behind it. Unit addresses must be written out. */
static bool path_begins_with(const char **path, const struct node *node)
{
    if (node->parent == NULL)
        return true;
    size_t len = strlen(node->name);
    if (!path_begins_with(path, node->parent) || **path != '/' || strncmp(*path + 1, node->name, len) != 0)
        return false;
    *path += len + 1;
    return true;
}

/* stdout-path is a path or an alias, and may end in ":options". */
static bool is_stdout(const struct node *node)
{
    const char *path = stdout_path;
    if (path != NULL && *path != '/' && aliases.name != NULL) {
        char alias[32];
        size_t len = strcspn(path, ":");
        if (len >= sizeof(alias))
            return false;
        memcpy(alias, path, len);
        alias[len] = '\0';
        path = find_text(&aliases, alias);
    }
    return path != NULL && path_begins_with(&path, node) && (*path == '\0' || *path == ':');
}

/* ---- first walk: memory, harts, chosen ---- */

static void reserve(struct range r)
{
    if (r.start == r.end)
        return;
    if (machine.nreserved == MACHINE_MAX_RANGES)
        panic("device tree: more than %d reserved ranges", MACHINE_MAX_RANGES);
    machine.reserved[machine.nreserved++] = r;
}

static void read_chosen(const struct node *node)
{
    struct prop prop;
    if (find_prop(node, "bootargs", &prop)) {
        size_t len = strnlen((const char *)prop.value, prop.len);
        machine.bootargs_cut = len >= MACHINE_BOOTARGS_MAX;
        memcpy(machine.bootargs, prop.value, machine.bootargs_cut ? MACHINE_BOOTARGS_MAX - 1 : len);
    }
    if (find_prop(node, "rng-seed", &prop))
        memcpy(machine.rng_seed, prop.value, prop.len < sizeof(machine.rng_seed) ? prop.len : sizeof(machine.rng_seed));
    struct range initrd;
    if (find_number(node, "linux,initrd-start", &initrd.start) && find_number(node, "linux,initrd-end", &initrd.end)) {
        if (initrd.start > initrd.end)
            panic("device tree: linux,initrd-start %#lx is beyond linux,initrd-end %#lx", initrd.start, initrd.end);
        machine.initrd = initrd;
        reserve(initrd);
    }
    stdout_path = find_text(node, "stdout-path");
}

/* riscv,isa: "rv64imafdc_zicsr_sstc": is ext one of the letters, or of the names after an underscore? */
static bool isa_string_has(const char *isa, const char *ext)
{
    size_t len = strlen(ext);
    if (isa != NULL && len == 1)        /* the first longer name may stand right behind the letters; it begins with s, x or z */
        return memchr(isa, *ext, strcspn(isa, "_sxz")) != NULL;
    while (isa != NULL && (isa = strchr(isa, '_')) != NULL) {
        isa++;
        if (strncmp(isa, ext, len) == 0 && (isa[len] == '_' || isa[len] == '\0'))
            return true;
    }
    return false;
}

static bool cpu_has(const struct node *node, const char *ext)
{
    return list_has(node, "riscv,isa-extensions", ext) || isa_string_has(find_text(node, "riscv,isa"), ext);
}

static void read_cpu(const struct node *node)
{
    uint64_t hartid;
    const char *mmu = find_text(node, "mmu-type");
    /* A hart that implements Sv48 or Sv57 implements Sv39 too (Privileged spec, satp). */
    bool sv39 = mmu != NULL && strncmp(mmu, "riscv,sv", 8) == 0 && strcmp(mmu, "riscv,sv32") != 0;
    if (!node_usable(node) || !sv39 || machine.nharts == MACHINE_MAX_HARTS)
        return;
    if (!find_hartid(node, &hartid))
        panic("device tree: %s: reg missing or malformed", node->name);

    bool first = machine.nharts == 0, fp = cpu_has(node, "d") || cpu_has(node, "g");    /* D implies F, G is IMAFD */
    machine.has_sstc = cpu_has(node, "sstc") && (first || machine.has_sstc);
    machine.has_zicboz = cpu_has(node, "zicboz") && (first || machine.has_zicboz);
    machine.has_fp = fp && (first || machine.has_fp);
    machine.harts[machine.nharts++] = (struct machine_hart){ .hartid = hartid, .plic_context = MACHINE_NO_CONTEXT };
    find_number(node, "timebase-frequency", &machine.timebase_hz);      /* 3.8: here or in /cpus */
}

static void read_cpu_intc(const struct node *node)
{
    uint64_t hartid, phandle;
    if (!find_hartid(node->parent, &hartid) || !find_number(node, "phandle", &phandle))
        return;
    for (unsigned i = 0; i < machine.nharts; i++)
        if (machine.harts[i].hartid == hartid)
            intc_phandle[i] = (uint32_t)phandle;
}

static void visit_first(const struct node *node)
{
    struct range r;
    if (is_top_level(node)) {
        if (strcmp(node->name, "chosen") == 0)
            read_chosen(node);
        else if (strcmp(node->name, "aliases") == 0)
            aliases = *node;
        else if (strcmp(node->name, "cpus") == 0)
            find_number(node, "timebase-frequency", &machine.timebase_hz);
        else if (text_is(node, "device_type", "memory") && node_usable(node))
            for (uint32_t i = 0; find_reg(node, i, &r) && machine.nmemory < MACHINE_MAX_RANGES; i++)
                machine.memory[machine.nmemory++] = r;
    } else if (strcmp(node->parent->name, "reserved-memory") == 0) {
        for (uint32_t i = 0; find_reg(node, i, &r); i++)
            reserve(r);
    } else if (strcmp(node->parent->name, "cpus") == 0 && text_is(node, "device_type", "cpu")) {
        read_cpu(node);
    } else if (list_has(node, "compatible", "riscv,cpu-intc")) {
        read_cpu_intc(node);
    }
}

/* ---- second walk: devices ---- */

static void read_plic(const struct node *node)
{
    struct prop prop;
    uint64_t phandle, cause, nirqs;
    if (machine.plic.start != 0)
        return;                         /* one per socket, and one is enough */
    if (!find_reg(node, 0, &machine.plic) || !find_number(node, "riscv,ndev", &nirqs) || nirqs > 1023)
        panic("device tree: %s: reg or riscv,ndev missing or malformed", node->name);
    machine.plic_nirqs = (unsigned)nirqs;
    if (!find_prop(node, "interrupts-extended", &prop))
        panic("device tree: %s: interrupts-extended is missing", node->name);
    /* Entry number i is context number i (binding sifive,plic-1.0.0). */
    for (uint32_t i = 0; prop_cells(&prop, 2 * i, 1, &phandle) && prop_cells(&prop, 2 * i + 1, 1, &cause); i++)
        for (unsigned h = 0; h < machine.nharts; h++)
            if (cause == CAUSE_S_EXTERNAL && intc_phandle[h] == phandle)
                machine.harts[h].plic_context = i;
}

/* The device's interrupt; 0: it has none. */
static unsigned find_irq(const struct node *node)
{
    struct prop prop;
    uint64_t cell;
    if ((find_prop(node, "interrupts", &prop) && prop_cells(&prop, 0, 1, &cell)) ||
        (find_prop(node, "interrupts-extended", &prop) && prop_cells(&prop, 1, 1, &cell)))
        return (unsigned)cell;
    return 0;
}

static void read_uart(const struct node *node)
{
    struct machine_uart uart = { 0 };
    uint64_t cell;
    if (machine.uart.regs.start != 0 && !is_stdout(node))
        return;                         /* stdout-path is preferred, else the first */
    if (!find_reg(node, 0, &uart.regs))
        return;
    uart.irq = find_irq(node);
    if (find_number(node, "reg-shift", &cell) && cell <= 3)
        uart.reg_shift = (unsigned)cell;
    machine.uart = uart;
}

/* Nodes come in any order: insert this one where its address belongs. */
static void read_virtio(const struct node *node)
{
    struct machine_virtio new = { .irq = find_irq(node) };
    if (machine.nvirtio == MACHINE_MAX_VIRTIO || !find_reg(node, 0, &new.regs) || new.irq == 0)
        return;
    unsigned at = machine.nvirtio++;
    for (; at > 0 && machine.virtio[at - 1].regs.start > new.regs.start; at--)
        machine.virtio[at] = machine.virtio[at - 1];
    machine.virtio[at] = new;
}

static void visit_second(const struct node *node)
{
    if (!node_usable(node))
        return;
    if (list_has(node, "compatible", "sifive,plic-1.0.0") || list_has(node, "compatible", "riscv,plic0"))
        read_plic(node);
    else if (list_has(node, "compatible", "ns16550a"))
        read_uart(node);
    else if (list_has(node, "compatible", "google,goldfish-rtc"))
        find_reg(node, 0, &machine.rtc);
    else if (list_has(node, "compatible", "sifive,test0"))
        find_reg(node, 0, &machine.test_device);
    else if (list_has(node, "compatible", "virtio,mmio"))
        read_virtio(node);
}

/* ---- all of it ---- */

static bool block_inside(uint32_t off, uint32_t size)
{
    return off >= FDT_HEADER_SIZE && off <= tree.size && size <= tree.size - off;
}

static void read_header(const uint8_t *fdt)
{
    /* 5.2: magic, totalsize, off_dt_struct, off_dt_strings, off_mem_rsvmap, version, last_comp_version, boot_cpuid_phys,
     * size_dt_strings, size_dt_struct. */
    if (be32(fdt) != FDT_MAGIC)
        panic("device tree: magic is %#x", (unsigned)be32(fdt));
    if (be32(fdt + 24) > FDT_LAST_VERSION)
        panic("device tree: needs a reader of version %u", (unsigned)be32(fdt + 24));
    tree.base = fdt;
    tree.size = be32(fdt + 4);
    tree.structs = be32(fdt + 8);
    tree.strings = be32(fdt + 12);
    uint32_t strings_size = be32(fdt + 32), structs_size = be32(fdt + 36);
    if (tree.size > FDT_SIZE_MAX || !block_inside(tree.structs, structs_size) || !block_inside(tree.strings, strings_size))
        panic("device tree: blocks do not fit into %u bytes", (unsigned)tree.size);
    tree.structs_end = tree.structs + structs_size;
    tree.strings_end = tree.strings + strings_size;
}

/* 5.3: pairs of 64-bit address and size, up to a pair of zeroes. */
static void read_reservation_block(void)
{
    for (uint32_t off = be32(tree.base + 16); block_inside(off, 16); off += 16) {
        const uint8_t *p = tree.base + off;
        uint64_t start = (uint64_t)be32(p) << 32 | be32(p + 4), size = (uint64_t)be32(p + 8) << 32 | be32(p + 12);
        if (size == 0)
            return;
        if (size > UINT64_MAX - start)
            panic("device tree: reservation of %#lx bytes at %#lx", size, start);
        reserve((struct range){ start, start + size });
    }
}

void fdt_read(const void *fdt, paddr_t fdt_pa)
{
    read_header(fdt);
    reserve((struct range){ fdt_pa, fdt_pa + tree.size });
    read_reservation_block();
    walk_all(visit_first);
    walk_all(visit_second);
    if (machine.nmemory == 0)
        panic("device tree: no memory node with a usable reg");
    if (machine.nharts == 0)
        panic("device tree: no cpu node with status okay and an Sv39 mmu-type");
    if (machine.timebase_hz == 0)
        panic("device tree: timebase-frequency is missing");
    if (machine.plic.start == 0)
        panic("device tree: no PLIC");
}
