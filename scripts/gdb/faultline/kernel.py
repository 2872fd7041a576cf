"""kernel.py - the kernel's memory and structures, as gdb sees them.

Owns: reading memory, whatever mode a hart is in; structures and variables by their names; harts and processes.
Does not own: what the three layers say about a page (layers.py); programs (programs.py).

gdb reads memory with the rights that the hart has at the moment, so a hart in user mode or in the firmware shows nothing of the
kernel. Everything here is therefore read by physical address, which QEMU offers to debuggers, and addresses are translated here.
Layouts come from the kernel's own debugging information, those of page-table entries from the privileged specification (Sv39).
"""

import functools
import os
import struct

import gdb

from faultline import elf

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT
PTE_V, PTE_RWX, PTE_A = 1, 0b1110, 1 << 6       # Privileged spec, Sv39
PTE_LEVELS, PTE_INDEX_BITS = 3, 9


class Missing(Exception):
    """Something that a command needs is not there: the sentence that says so."""


# --- The image ---------------------------------------------------------------------------------------------------------

def kernel_file():
    """gdb's object file of the kernel. A program's may be there too, and may use the same names."""
    path = gdb.current_progspace().filename
    for objfile in gdb.objfiles():
        if path is not None and objfile.filename == path:
            if objfile.lookup_global_symbol("vm_fault") is not None:
                return objfile
    raise Missing("gdb has no kernel with symbols: type file build/faultline.elf (or build/faultline-checked.elf)")


@functools.cache
def symbol(name):
    found = kernel_file().lookup_global_symbol(name) or kernel_file().lookup_static_symbol(name)
    if found is None:
        raise Missing(f"this kernel has no {name}: are these helpers of the same version?")
    return found


@functools.cache
def label(name):
    """The address of an assembler's or linker's label."""
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))
    except gdb.error as error:
        raise Missing(f"this kernel has no label {name}") from error


# Files whose view of the structures is complete, and whose functions show which files those are.
VIEWS = ("trap_dispatch", "vm_fault", "path_of", "trace_add")


@functools.cache
def type_of(name):
    for view in VIEWS:
        try:
            found = gdb.lookup_type(name, symbol(view).symtab.global_block())
            if found.sizeof > 0 and (found.code != gdb.TYPE_CODE_STRUCT or found.fields()):
                return found
        except gdb.error:
            continue
    raise Missing(f"this kernel has no {name}: are these helpers of the same version?")


def enum_names(name):
    return {field.enumval: field.name for field in type_of(name).fields()}


def offset_of(type_name, field):
    return next(f.bitpos // 8 for f in type_of(type_name).fields() if f.name == field)


# --- Memory --------------------------------------------------------------------------------------------------------------

pages = {}                              # physical page -> bytes, while one command runs
image_is_right = None                   # for which kernel and connection that has been looked at


def forget():
    """Before a command: the machine may have run, and gdb may have another kernel."""
    pages.clear()
    for function in (symbol, label, type_of):
        function.cache_clear()


def connection():
    try:
        found = gdb.selected_inferior().connection
    except gdb.error:
        found = None
    if found is None or gdb.selected_thread() is None:
        raise Missing("no machine is connected: start one with scripts/debug")
    return found


def physical_mode(on):
    """Whether addresses that gdb reads are physical ones. False: this machine cannot do that."""
    link = connection()
    if not hasattr(link, "send_packet"):
        return False
    return link.send_packet(f"Qqemu.PhyMemMode:{int(on)}") == b"OK"


def read_page(pa):
    if pa not in pages:
        at = pa
        physical = physical_mode(True)
        if not physical:                # the kernel's direct map shows the same, when the hart is in the kernel
            at += label("DIRECT_BASE")
        try:
            pages[pa] = bytes(gdb.selected_inferior().read_memory(at, PAGE_SIZE))
        except gdb.error as error:
            raise Missing(f"physical memory at {pa:#x} cannot be read") from error
        finally:
            if physical:
                physical_mode(False)
    return pages[pa]


def read_physical(pa, size):
    found = b""
    while size > 0:
        within = pa % PAGE_SIZE
        piece = read_page(pa - within)[within:within + size]
        found += piece
        pa, size = pa + len(piece), size - len(piece)
    return found


def walk(root, va):
    """(entry, level) where the walk through a page table ends."""
    table = root
    for level in range(PTE_LEVELS - 1, -1, -1):
        index = va >> (PAGE_SHIFT + PTE_INDEX_BITS * level) & ((1 << PTE_INDEX_BITS) - 1)
        entry, = struct.unpack("<Q", read_physical(table + 8 * index, 8))
        if not entry & PTE_V or entry & PTE_RWX:
            break
        table = entry_address(entry)
    return entry, level


def entry_address(entry):
    return (entry >> 10 & (1 << 44) - 1) << PAGE_SHIFT


def translate(root, va):
    """The physical address, or None."""
    entry, level = walk(root, va)
    if not entry & PTE_V:
        return None
    size = PAGE_SIZE << (PTE_INDEX_BITS * level)
    return entry_address(entry) + va % size


DIRECT_SIZE = 32 << 30                  # of the direct map; beyond it lie the kernel's stacks


def read_kernel(va, size):
    offset = va - label("DIRECT_BASE")
    if 0 <= offset < DIRECT_SIZE:
        return read_physical(offset, size)
    root = int(variable("kernel_root"))
    found = b""
    while size > 0 and va >= label("DIRECT_BASE") and (pa := translate(root, va)) is not None:
        piece = read_physical(pa, min(size, PAGE_SIZE - va % PAGE_SIZE))
        found += piece
        va, size = va + len(piece), size - len(piece)
    if size > 0:
        raise Missing(f"there is no kernel memory at {va:#x}")
    return found


def value_at(kind, address):
    """A value of gdb's with a copy of what is there: nothing is read behind its back."""
    return gdb.Value(read_kernel(address, kind.sizeof), kind)


def at(type_name, address):
    return value_at(type_of(type_name), int(address))


def variable(name):
    found = symbol(name)
    return value_at(found.type, int(found.value().address))


def address_of(name):
    return int(symbol(name).value().address)


def text_at(value):
    """A string in an array of char."""
    return bytes(int(value[i]) & 0xff for i in range(value.type.range()[1] + 1)).split(b"\0")[0].decode(errors="replace")


def string_at(address, limit=256):
    text = b""
    while len(text) < limit and (byte := read_kernel(int(address) + len(text), 1)) != b"\0":
        text += byte
    return text.decode(errors="replace")


# --- Chains of structures ------------------------------------------------------------------------------------------------

MANY = 100_000                          # a chain that is longer than this has been overwritten


def list_of(head, type_name, link):
    """Addresses of the elements of a LIST, whose head is a value."""
    address, count = int(head["lh_first"]), 0
    while address != 0:
        yield address
        address = int(at(type_name, address)[link]["le_next"])
        count += 1
        if count > MANY:
            raise Missing(f"the list of {type_name} has no end: it has been overwritten")


def tree_of(head, type_name, link):
    """Addresses of the elements of an RB tree, in order."""
    def children(address):
        entry = at(type_name, address)[link]
        names = [field.name for field in entry.type.fields()]
        pair = (entry["rbe_left"], entry["rbe_right"]) if "rbe_left" in names else (entry["rbe_link"][1], entry["rbe_link"][2])
        return int(pair[0]), int(pair[1])

    above, address, count = [], int(head["rbh_root"]), 0
    while above or address != 0:
        while address != 0:
            above.append(address)
            address = children(address)[0]
        address = above.pop()
        yield address
        address = children(address)[1]
        count += 1
        if count > MANY or len(above) > 64:
            raise Missing(f"the tree of {type_name} has no end: it has been overwritten")


# --- Is it all there? ----------------------------------------------------------------------------------------------------

def require_image():
    """The machine runs the kernel whose symbols gdb has."""
    global image_is_right
    path = kernel_file().filename
    key = (path, os.path.getmtime(path), connection().num)
    if image_is_right == key:
        return
    for address, piece in elf.samples(path, ".text"):
        if read_kernel(address, len(piece)) != piece:
            raise Missing(f"the machine does not run {os.path.relpath(path)}, or it has been built anew since: start both again, "
                          "and name the same kernel to both")
    image_is_right = key


def require_started():
    require_image()
    if int(variable("machine")["nharts"]) == 0 or all(int(hart["current"]) == 0 for hart in harts()):
        raise Missing("the kernel has not started yet: continue first, for instance to a breakpoint at vm_fault")


# --- Harts, threads, processes -------------------------------------------------------------------------------------------

def register(name):
    """Of the selected hart, now; None: it has no such register."""
    try:
        return int(gdb.newest_frame().read_register(name)) & (1 << 64) - 1
    except (gdb.error, ValueError):
        return None


def harts():
    table, kind = address_of("harts"), type_of("struct hart")
    return [value_at(kind, table + i * kind.sizeof) for i in range(int(variable("machine")["nharts"]))]


def hart_here():
    """The index of the hart that gdb looks at. For QEMU a hart is a thread, counted from 1 by its hartid."""
    hartid = gdb.selected_thread().ptid[1] - 1
    table = variable("machine")["harts"]
    for i in range(int(variable("machine")["nharts"])):
        if int(table[i]["hartid"]) == hartid:
            return i
    raise Missing("gdb looks at a hart that the kernel does not use: see info threads")


USER, SUPERVISOR = 0, 1


def mode():
    """That of the selected hart: Privileged spec, Privilege Levels."""
    level = register("priv")
    if level is not None:
        return level & 3
    return SUPERVISOR if register("pc") >= label("DIRECT_BASE") else USER


class Process:
    """One process, with its thread and its address space."""

    def __init__(self, address):
        self.address = address
        self.proc = at("struct proc", address)
        self.thread = self.proc["thread"]
        self.thread_address = address + offset_of("struct proc", "thread")
        self.pid = int(self.proc["pid"])
        self.name = text_at(self.proc["name"])

    def __str__(self):
        return f"{self.name}[{self.pid}]"

    def space(self):
        """Its struct addrspace."""
        if int(self.proc["as"]) == 0:
            raise Missing(f"{self} has no memory, not yet or not any more")
        return at("struct addrspace", self.proc["as"])

    def frame(self):
        return at("struct trapframe", self.thread["tf"])

    def hart(self):
        """The index of the hart that it runs on, or None."""
        for i, hart in enumerate(harts()):
            if int(hart["current"]) == self.thread_address:
                return i
        return None

    def parent_pid(self):
        return int(at("struct proc", self.proc["parent"])["pid"]) if int(self.proc["parent"]) != 0 else 0

    def state(self):
        states = enum_names("enum thread_state")
        sleeps = states[int(self.thread["state"])] == "THREAD_SLEEPING"
        return "Z" if self.proc["exited"] else "T" if self.proc["stopped"] else "S" if sleeps else "R"


def processes():
    return sorted((Process(address) for address in list_of(variable("all_procs"), "struct proc", "all_link")),
                  key=lambda p: p.pid)


def process_here():
    hart = hart_here()
    address = int(harts()[hart]["proc"])
    if address == 0:
        raise Missing(f"hart {hart} runs no process now; fl ps lists all: give the number of one")
    return Process(address)


def process_named(pid):
    """By its number; None: the one on the selected hart."""
    if pid is None:
        return process_here()
    for process in processes():
        if process.pid == pid:
            return process
    raise Missing(f"there is no process {pid}: fl ps lists all")


# --- Names of files ------------------------------------------------------------------------------------------------------

def path_of(inode_address):
    """The first name of a file, from the root; None: it has none."""
    root, path, inode_address = int(variable("root_inode")), "", int(inode_address)
    while inode_address != root:
        entry_address_ = int(at("struct inode", inode_address)["names"]["lh_first"])
        if entry_address_ == 0:
            return None
        entry = at("struct entry", entry_address_)
        name = read_kernel(entry_address_ + offset_of("struct entry", "name"), int(entry["len"]))
        path = "/" + name.decode(errors="replace") + path
        inode_address = int(entry["dir"])
    return path or "/"
