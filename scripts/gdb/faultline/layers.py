"""layers.py - what policy, contents and cache say about one page, and so which case of the picture an access would be.

Owns: the same decisions as mm/fault.c, made from outside and without changing anything.
Read next: the picture at the top of mm/fault.c.
"""

from faultline import kernel
from faultline.kernel import Missing, PAGE_SHIFT, PAGE_SIZE

READ, WRITE, EXEC = 1, 2, 4             # PROT_ and enum access: arch/types.h
SWAP_ZEROES = 0xffffffff                # mm/swap.h
ZEROES = bytes(PAGE_SIZE)


def rights(bits):
    return "".join(letter if bits & bit else "-" for letter, bit in zip("rwx", (READ, WRITE, EXEC)))


def refs(value):
    return int(value["refs"])


# --- Policy ----------------------------------------------------------------------------------------------------------------

class Vma:
    def __init__(self, address):
        v = kernel.at("struct vma", address)
        self.start, self.end, self.prot = int(v["start"]), int(v["end"]), int(v["prot"])
        self.shared, self.kind = bool(v["shared"]), int(v["kind"])
        self.object, self.first_index = int(v["object"]), int(v["object_index"])
        self.inode = int(self.contents()["inode"]) if self.object != 0 else 0

    def contents(self):
        return kernel.at("struct vm_object", self.object)

    def index(self, va):
        return self.first_index + (va - self.start >> PAGE_SHIFT)

    def rights(self):
        return rights(self.prot) + ("s" if self.shared else "p")

    def name(self):
        """As /proc/PID/maps has it."""
        path = kernel.path_of(self.inode) if self.inode != 0 else None
        if path is not None:
            return path
        if self.object != 0:
            if self.object == int(kernel.variable("trampoline")):
                return "[vdso]"
            return "(deleted)" if self.contents()["limited"] else "/dev/zero (deleted)"
        return {"VMA_HEAP": "[heap]", "VMA_STACK": "[stack]"}.get(kernel.enum_names("enum vma_kind")[self.kind], "")

    def named(self):
        return self.object != 0 or kernel.enum_names("enum vma_kind")[self.kind] != "VMA_PLAIN"

    def maps_line(self):
        inode = kernel.at("struct inode", self.inode) if self.inode != 0 else None
        dev, ino = (int(inode["dev"]), int(inode["ino"])) if inode is not None else (0, 0)
        line = (f"{self.start:08x}-{self.end:08x} {self.rights()} {self.first_index * PAGE_SIZE:08x} "
                f"{dev >> 8:02x}:{dev & 0xff:02x} {ino}")
        return f"{line:<72} {self.name()}" if self.named() else line


def vmas(space):
    return [Vma(address) for address in kernel.tree_of(space["vmas"]["tree"], "struct vma", "tree_link")]


# --- Contents --------------------------------------------------------------------------------------------------------------

class Anon:
    def __init__(self, address):
        a = kernel.at("struct anon", address)
        self.refs, self.page, self.slot = refs(a), int(a["page"]), int(a["slot"])
        self.dirty, self.idle = bool(a["dirty"]), bool(a["idle"])
        self.vpn = int(a["vpn"])

    def frame(self):
        """The physical address of its page; None: it is on disk only."""
        return frame_of(self.page) if self.page != 0 else None

    def __str__(self):
        place = f"frame {self.frame():#x}" if self.page != 0 else "no frame"
        if self.slot == SWAP_ZEROES:
            place += ", all zero: nothing to be read from disk"
        elif self.slot != 0:
            place += f", slot {self.slot:#x} on disk"
        return f"{place}, refs {self.refs}"


def frame_of(page):
    """page_to_phys."""
    size = kernel.type_of("struct page").sizeof
    number = (page - int(kernel.variable("page_frames"))) // size + int(kernel.variable("page_first_pfn"))
    return number << PAGE_SHIFT


def radix_shape():
    """(levels, slots of a node, bits of a page number that choose one)"""
    levels = kernel.type_of("struct radix_spare")["node"].type.range()[1] + 1
    slots = kernel.type_of("struct radix_node")["slot"].type.range()[1] + 1
    return levels, slots, slots.bit_length() - 1


def radix_path(radix, vpn):
    """([(level, slot, refs)] from the root down, address of what the last slot holds; 0: nothing)."""
    levels, slots, bits = radix_shape()
    if vpn >> PAGE_NUMBER_BITS:
        return [], 0
    path, address = [], int(radix["root"])
    for level in range(levels - 1, -1, -1):
        if address == 0:
            break
        node = kernel.at("struct radix_node", address)
        slot = vpn >> bits * level & slots - 1
        path.append((level, slot, refs(node)))
        address = int(node["slot"][slot])
    return path, address


PAGE_NUMBER_BITS = 26                   # of user space in Sv39: USER_END


# --- Cache -----------------------------------------------------------------------------------------------------------------

def leaf(space, va):
    """(frame, rights) of a leaf, or None."""
    entry, level = kernel.walk(int(space["pmap"]["root"]), va)
    if level != 0 or not entry & kernel.PTE_V:
        return None
    return kernel.entry_address(entry), entry >> 1 & (READ | WRITE | EXEC)


# --- A page ----------------------------------------------------------------------------------------------------------------

class Page:
    """What each layer says about the page with address va."""

    def __init__(self, process, va):
        self.process, self.va = process, va & -PAGE_SIZE
        self.vpn = va >> PAGE_SHIFT
        space = process.space()
        self.user = self.vpn >> PAGE_NUMBER_BITS == 0
        self.vma = next((vma for vma in vmas(space) if vma.start <= va < vma.end), None)
        self.path, anon = radix_path(space["anons"], self.vpn)
        self.anon = Anon(anon) if anon != 0 else None
        self.path_exclusive = all(count == 1 for _, _, count in self.path)
        self.exclusive = self.anon is not None and self.path_exclusive and self.anon.refs == 1
        self.leaf = leaf(space, va) if self.user else None
        self.index = self.beyond = self.object_anon = None
        if self.vma is not None and self.vma.object != 0:
            contents = self.vma.contents()
            self.index = self.vma.index(va)
            self.beyond = self.index << PAGE_SHIFT >= int(contents["size_bytes"])
            _, anon = radix_path(contents["slots"], self.index)
            self.object_anon = Anon(anon) if anon != 0 else None

    def refused(self, access):
        """Why the VMAs forbid it, or None: allowed() in mm/fault.c."""
        if self.vma is None:
            return "SIGSEGV: no VMA"
        if not self.vma.prot & access:
            return "SIGSEGV: the VMA forbids it"
        if self.beyond:
            return "SIGBUS: beyond the end of the object"
        return None

    def leaf_allows(self, access):
        return self.leaf is not None and bool(self.leaf[1] & access)

    def case(self, access):
        """(case, what it does): the picture in mm/fault.c, whatever the leaf says. The case is None where the VMA refuses."""
        why = self.refused(access)
        if why is not None:
            return None, why
        write = access == WRITE
        if self.vma.shared:
            used, found = self.object_anon, ("C", "map the object's page" + (", dirty from now on" if write else ""))
        elif self.anon is not None and write and not self.exclusive:
            used, found = self.anon, ("A3", "copy to a new anon, for others may see this one")
        elif self.anon is not None:
            used, found = self.anon, ("A2" if write else "A1", "map the anon's page")
        elif self.vma.object == 0:
            used, found = None, ("B3", "zero-fill a new anon")
        elif write:
            used, found = self.object_anon, ("B2", "copy the object's page to a new anon")
        else:
            used, found = self.object_anon, ("B1", "map the object's page")
        if used is not None and used.page == 0:
            found = (found[0], "read the page from disk, then " + found[1])
        return found

    def new_rights(self, access):
        """Of the leaf that case() leads to: writable only where no store has to come by a fault first."""
        case, _ = self.case(access)
        if access == WRITE or case == "B3":
            return self.vma.prot
        may_store = {"A1": self.exclusive and self.anon.slot == 0,
                     "B1": False,
                     "C": self.object_anon is not None and self.object_anon.dirty and self.object_anon.slot == 0}[case]
        return self.vma.prot if may_store else self.vma.prot & ~WRITE

    def forecast(self, access):
        case, what = self.case(access)
        if case is not None and self.leaf_allows(access):
            return "no fault: the leaf allows it"
        return f"{case}: {what}; leaf {rights(self.new_rights(access))}" if case is not None else what

    def lines(self):
        """One for each thing that a layer knows."""
        yield f"page {self.vpn:#x} of {self.process}, at {self.va:#x}"
        if self.vma is None:
            yield "  VMA    none"
        else:
            what = self.vma.name() or "memory without a file"
            of_object = f", its page {self.index}" if self.index is not None else ""
            yield f"  VMA    {self.vma.start:#x}-{self.vma.end:#x} {self.vma.rights()} {what}{of_object}"
        yield from self.radix_lines()
        if self.anon is not None:
            how = "exclusive" if self.exclusive else "shared: not to be stored to"
            yield f"  anon   {self.anon}: {how}"
        elif self.index is not None:
            yield "  anon   none: it shows the object's page"
        else:
            yield "  anon   none"
        if self.index is not None and self.anon is None:
            yield f"  object {self.object_line()}"
        yield f"  leaf   {rights(self.leaf[1])}, frame {self.leaf[0]:#x}" if self.leaf is not None else "  leaf   none"
        for word, access in (("read", READ), ("write", WRITE), ("fetch", EXEC)):
            yield f"  {word:<6} {self.forecast(access)}"

    def radix_lines(self):
        levels = radix_shape()[0]
        if not self.path:
            yield "  radix  empty"
        else:
            steps = ", ".join(f"{level}[{slot}] refs {count}" for level, slot, count in self.path)
            end = "" if len(self.path) == levels else "; no node below"
            yield f"  radix  {steps}{end}: {'exclusive' if self.path_exclusive else 'shared with another tree'}"

    def object_line(self):
        if self.beyond:
            return "ends before it"
        if self.object_anon is None:
            return "has no page for it yet"
        return f"{self.object_anon}, {'dirty' if self.object_anon.dirty else 'clean'}"

    def bytes(self):
        """What the program would read here: by its leaf, or else from the contents."""
        if self.leaf is not None:
            return kernel.read_physical(self.leaf[0], PAGE_SIZE)
        if self.vma is None or self.beyond:
            raise Missing(f"{self.process} has nothing at {self.va:#x}")
        anon = self.anon if self.anon is not None and not self.vma.shared else self.object_anon
        if anon is not None and anon.page == 0 and anon.slot != SWAP_ZEROES:
            raise Missing(f"the page at {self.va:#x} of {self.process} is on disk")
        if anon is not None:
            return kernel.read_physical(anon.frame(), PAGE_SIZE) if anon.page != 0 else ZEROES
        return self.source() if self.vma.object != 0 else ZEROES

    def source(self):
        """What the object's page will be filled with."""
        contents, at = self.vma.contents(), self.index << PAGE_SHIFT
        size = max(0, min(PAGE_SIZE, int(contents["source_bytes"]) - at))
        found = kernel.read_kernel(int(contents["source"]) + at, size) if size > 0 else b""
        return found + bytes(PAGE_SIZE - len(found))


def read_user(process, va, size):
    found = b""
    while size > 0:
        piece = Page(process, va).bytes()[va % PAGE_SIZE:][:size]
        found += piece
        va, size = va + len(piece), size - len(piece)
    return found
