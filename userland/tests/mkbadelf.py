#!/usr/bin/env python3
"""Make ELF files that no linker makes, for the tests that exec them.

  mkbadelf.py DIRECTORY

writes into four folders, by what a kernel must do with the file:

  odd/    unusual, but right: the program runs and ends with status 42
  bad/    must be refused by execve, and the old program goes on
  fatal/  refused, or started and then killed by a signal
  any/    whatever, as long as the kernel survives it

Every file is made here from its header up; the same bytes on every run. Source: System V ABI, chapters 4 and 5; the RISC-V
instruction formats are those of the unprivileged specification.
"""

import os
import random
import shutil
import struct
import sys

PAGE = 4096
TEXT = 0x10000
HEADER_BYTES, PHDR_BYTES = 64, 56
ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
EM_X86_64, EM_RISCV = 62, 243
PT_NULL, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_TLS, PT_GNU_STACK = 0, 1, 2, 3, 4, 7, 0x6474E551
PT_RISCV_ATTRIBUTES = 0x70000003
X, W, R = 1, 2, 4
GIB = 1 << 30
USER_END = 1 << 38
U64 = (1 << 64) - 1


# --- Instructions ----------------------------------------------------------------------------------------------------

A0, A1, A2, A7, SP, ZERO = 10, 11, 12, 17, 2, 0
SYS_EXIT = 93


def i_type(imm, rs1, funct3, rd, opcode):
    return (imm & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def addi(rd, rs1, imm):
    return [i_type(imm, rs1, 0, rd, 0x13)]


def slli(rd, rs1, shift):
    return [i_type(shift, rs1, 1, rd, 0x13)]


def add(rd, rs1, rs2):
    return [rs2 << 20 | rs1 << 15 | rd << 7 | 0x33]


def or_(rd, rs1, rs2):
    return [rs2 << 20 | rs1 << 15 | 6 << 12 | rd << 7 | 0x33]


def ld(rd, rs1, imm=0):
    return [i_type(imm, rs1, 3, rd, 0x03)]


def sd(rs2, rs1, imm=0):
    return [(imm >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | 3 << 12 | (imm & 31) << 7 | 0x23]


def li(rd, value):
    """Any constant below 2^44, in 11-bit steps."""
    code = addi(rd, ZERO, value >> 33 & 0x7FF)
    for shift in (22, 11, 0):
        code += slli(rd, rd, 11) + addi(rd, rd, value >> shift & 0x7FF)
    return code


def auipc(rd, pages):
    return [pages << 12 | rd << 7 | 0x17]


def load(rd, address):
    return li(rd, address) + ld(rd, rd)


def store(rs2, address):
    """Uses a2."""
    return li(A2, address) + sd(rs2, A2)


def fcvt_d_l(rd, rs1):
    return [0x69 << 25 | 2 << 20 | rs1 << 15 | rd << 7 | 0x53]


def fcvt_l_d(rd, rs1):
    return [0x61 << 25 | 2 << 20 | rs1 << 15 | rd << 7 | 0x53]


def leave():
    """exit(a0)"""
    return addi(A7, ZERO, SYS_EXIT) + [0x00000073]


def words(code):
    return b"".join(struct.pack("<I", word) for word in code)


EXIT_42 = addi(A0, ZERO, 42) + leave()


# --- Files -----------------------------------------------------------------------------------------------------------

def segment(offset, vaddr, filesz, memsz=None, flags=R, kind=PT_LOAD, align=PAGE):
    memsz = filesz if memsz is None else memsz
    return struct.pack("<IIQQQQQQ", kind, flags, offset & U64, vaddr & U64, vaddr & U64, filesz & U64, memsz & U64, align)


def header(entry, nsegments, phoff=HEADER_BYTES, kind=ET_EXEC, machine=EM_RISCV, ident=b"\x7fELF\2\1\1", phentsize=PHDR_BYTES,
           phnum=None, version=1):
    return struct.pack("<16sHHIQQQIHHHHHH", ident, kind, machine, version, entry & U64, phoff & U64, 0, 5, HEADER_BYTES,
                       phentsize, nsegments if phnum is None else phnum, 0, 0, 0)


def elf(segments, pieces, entry=TEXT + 0x300, **fields):
    """A file with the program headers behind the ELF header, and pieces = {offset: bytes}."""
    start = header(entry, len(segments), **fields) + b"".join(segments)
    assert not pieces or len(start) <= min(pieces), "the headers run into the contents"
    size = max([len(start)] + [offset + len(piece) for offset, piece in pieces.items()])
    image = bytearray(size)
    image[:len(start)] = start
    for offset, piece in pieces.items():
        image[offset:offset + len(piece)] = piece
    return bytes(image)


def text_segment(code, **fields):
    """The usual one: file offset 0 at TEXT, the code at 0x300."""
    return segment(0, TEXT, 0x300 + len(words(code)), flags=R | X, **fields)


def simple(code=EXIT_42, more=(), pieces=None, entry=TEXT + 0x300, **fields):
    return elf([text_segment(code), *more], {0x300: words(code), **(pieces or {})}, entry, **fields)


def word(value):
    return struct.pack("<Q", value)


# --- Good, if unusual ------------------------------------------------------------------------------------------------

def odd_files():
    yield "no-sections", simple()
    # Into a floating-point register and out again, on harts that have them; else this is an illegal instruction.
    yield "floating-point", simple(addi(A0, ZERO, 42) + fcvt_d_l(A0, A0) + addi(A0, ZERO, 0) + fcvt_l_d(A0, A0) + leave())

    # Can lie anywhere: it finds its data by where it is itself.
    code = auipc(A1, 0x11) + ld(A0, A1, -0x300) + ld(A1, A1, 0x10 - 0x300) + add(A0, A0, A1) + leave()
    yield "position-independent", elf(
        [segment(0, 0, 0x300 + len(words(code)), flags=R | X), segment(0x1000, 0x11000, 0x18, 0x2000, R | W, align=0x10000)],
        {0x300: words(code), 0x1000: word(40), 0x1010: word(2)}, entry=0x300, kind=ET_DYN)

    code = load(A0, 0x21678) + leave()
    yield "unaligned-segments", elf(
        [segment(0x234, TEXT + 0x234, len(words(code)), flags=R | X), segment(0x1678, 0x21678, 8, flags=R | W)],
        {0x234: words(code), 0x1678: word(42)}, entry=TEXT + 0x234)

    # The file goes on behind the data with bytes that must not show in bss.
    code = load(A0, 0x21100)
    for address in (0x21110, 0x21118, 0x21FF8, 0x22000, 0x22FF8, 0x24000, 0x240F8):
        code += load(A1, address) + or_(A0, A0, A1) + store(A0, address)
    yield "unaligned-bss", simple(
        code + leave(), [segment(0x1100, 0x21100, 0x10, 0x3000, R | W)],
        {0x1100: word(42) + word(0) + b"\xff" * (0x2000 - 0x1110)})

    # The whole page is there, in the file too, and bss begins with the next one.
    code = load(A0, 0x21FF8) + load(A1, 0x22000) + or_(A0, A0, A1) + leave()
    yield "bss-on-next-page", simple(
        code, [segment(0x1000, 0x21000, PAGE, PAGE + 8, R | W)], {0x1FF8: word(42) + b"\xff" * 64})

    code = load(A0, TEXT + 0x800) + leave()
    yield "text-and-constants-in-a-page", elf(
        [segment(0x300, TEXT + 0x300, len(words(code)), flags=R | X), segment(0x800, TEXT + 0x800, 8, flags=R)],
        {0x300: words(code), 0x800: word(42)})

    code = load(A0, 0x21100) + store(A0, 0x21200) + load(A1, 0x21208) + add(A0, A0, A1) + leave()
    yield "constants-and-data-in-a-page", simple(
        code, [segment(0x1100, 0x21100, 8, flags=R), segment(0x1200, 0x21200, 16, flags=R | W)],
        {0x1100: word(40), 0x1200: word(0) + word(2)})

    code = load(A0, TEXT + 0x1800) + store(ZERO, TEXT + 0x1800) + load(A1, TEXT + 0x800) + add(A0, A0, A1) + leave()
    yield "file-page-mapped-twice", elf(
        [segment(0, TEXT, 0x808, flags=R | X), segment(0x800, TEXT + 0x1800, 8, flags=R | W)],
        {0x300: words(code), 0x800: word(21)})

    base = 0x100000
    code = load(A0, base)
    for address in (base + 8, base + 100 * GIB, base + 200 * GIB - 8):
        code += load(A1, address) + or_(A0, A0, A1) + store(A0, address)
    yield "bss-of-200-gib", simple(
        code + leave(), [segment(0x1000, base, 8, 200 * GIB, R | W)], {0x1000: word(42)})

    code = load(A0, 0x30000) + store(A0, 0x30008) + addi(A0, A0, 42) + leave()
    yield "only-bss", simple(code, [segment(0, 0x30000, 0, 16, R | W)])

    high = 64 * GIB + 0x10000
    yield "high", elf([segment(0, high, 0x400, flags=R | X)], {0x300: words(EXIT_42), 0x3FC: bytes(4)}, entry=high + 0x300)

    code = addi(A0, ZERO, 0)
    for i in range(6):
        code += load(A1, 0x100000 * (i + 1)) + add(A0, A0, A1)
    yield "many-segments", elf(
        [segment(0, TEXT, 0x400 + len(words(code + leave())), flags=R | X)]
        + [segment(0x1000 * (i + 1), 0x100000 * (i + 1), 8, flags=R | W * (i % 2)) for i in range(6)],
        {0x400: words(code + leave()), **{0x1000 * (i + 1): word(7) for i in range(6)}}, entry=TEXT + 0x400)

    yield "other-headers", simple(more=[
        segment(0, 0, 0, 0, R | W, PT_GNU_STACK, 16), segment(0x300, TEXT + 0x300, 4, kind=PT_NOTE),
        segment(0x300, TEXT + 0x300, 4, kind=PT_TLS), segment(0x300, 0, 4, kind=PT_RISCV_ATTRIBUTES, align=1),
        segment(U64, U64, U64, U64, 7, PT_NULL, U64)])

    code = ld(A0, SP) + addi(A0, A0, 41) + leave()                     # argc is 1
    yield "argument-count", simple(code)

    end = 0x600
    yield "headers-at-end", (
        header(TEXT + 0x300, 1, phoff=end) + bytes(0x300 - HEADER_BYTES) + words(EXIT_42)
        + bytes(end - 0x300 - len(words(EXIT_42))) + segment(0, TEXT, 0x400, flags=R | X))


# --- To be refused ---------------------------------------------------------------------------------------------------

def bad_files():
    good = simple()
    for size in (0, 1, 3, 4, 16, 24, 63, HEADER_BYTES, HEADER_BYTES + 1, HEADER_BYTES + PHDR_BYTES - 1):
        yield f"truncated-{size}", good[:size]
    yield "text-file", b"not a program\n" * 20
    yield "script-circular", b"#!/tests/elf/bad/script-circular\n"
    yield "zeros", bytes(8192)
    yield "ones", b"\xff" * 8192

    yield "magic", simple(ident=b"\x7fELG\2\1\1")
    yield "class-32", simple(ident=b"\x7fELF\1\1\1")
    yield "class-0", simple(ident=b"\x7fELF\0\1\1")
    yield "big-endian", simple(ident=b"\x7fELF\2\2\1")
    yield "machine", simple(machine=EM_X86_64)
    yield "relocatable", simple(kind=ET_REL)
    yield "core", simple(kind=ET_CORE)

    yield "no-headers", simple(phnum=0)
    yield "headers-beyond-end", simple(phoff=0x100000)
    yield "headers-across-end", simple(phoff=len(good) - 8)
    yield "headers-wrap", simple(phoff=U64 - 31)
    yield "headers-negative", simple(phoff=1 << 63)
    yield "headers-too-many", simple(phnum=0xFFFF)
    yield "header-size-0", simple(phentsize=0)
    yield "header-size-small", simple(phentsize=55)
    yield "header-size-huge", simple(phentsize=0xFFFF)
    yield "headers-circular", simple(phoff=0, phnum=3)                  # the table is the ELF header itself

    def one_more(name, *args, **fields):
        return name, simple(more=[segment(*args, **fields)])

    def only(name, *args, **fields):
        return name, elf([segment(*args, **fields)], {0x300: words(EXIT_42)})

    size = len(good)
    yield only("no-load", 0, TEXT, size, flags=R | X, kind=PT_NOTE)
    yield one_more("memory-smaller-than-file", 0, 0x20000, 0x300, 0x200, R | W)
    yield one_more("offset-wraps", -PAGE, 0x20000, 2 * PAGE, None, R)
    yield one_more("file-size-wraps", 0, 0x20000, U64, U64, R)
    yield one_more("file-size-negative", 0, 0x20000, 1 << 63, 1 << 63, R)
    yield one_more("address-wraps", 0, -PAGE, 0x100, 2 * PAGE, R | W)
    yield one_more("memory-wraps", 0, 0x20000, 0x100, U64, R | W)
    yield one_more("memory-wraps-to-text", 0, 0x20000, 0x100, U64 - PAGE, R | W)
    yield one_more("memory-of-256-gib", 0, 0x20000, 0x100, USER_END, R | W)
    yield one_more("memory-over-stack", 0, 0x20000, 0x100, USER_END - 0x20000, R | W)
    yield one_more("address-in-stack", 0, USER_END - 16 * PAGE, 0x100, PAGE, R | W)
    yield one_more("address-at-user-end", 0, USER_END, 0x100, PAGE, R | W)
    yield one_more("address-across-user-end", 0, USER_END - PAGE, 0x100, 2 * PAGE, R | W)
    yield one_more("address-of-kernel", 0, 0xFFFFFFFF80000000, 0x100, PAGE, R | W)
    yield one_more("address-of-direct-map", 0, 0xFFFFFFC000000000, 0x100, PAGE, R | W)
    yield one_more("address-not-canonical", 0, 1 << 40, 0x100, PAGE, R | W)
    yield one_more("address-zero", 0, 0, 0x100, PAGE, R | W)
    yield one_more("address-not-congruent", 0x10, 0x20020, 0x100, PAGE, R | W)
    yield one_more("overlap-by-bss", 0, TEXT - 4 * PAGE, 0x100, 8 * PAGE, R)
    yield "writable-and-text-in-a-page", elf(
        [segment(0x300, TEXT + 0x300, 0x100, flags=R | X), segment(0x800, TEXT + 0x800, 8, flags=R | W)],
        {0x300: words(EXIT_42), 0x800: word(1)})


# --- Fatal at the latest when it runs --------------------------------------------------------------------------------

def fatal_files():
    for name, entry in {
        "zero": 0, "below": TEXT - 4, "beyond": TEXT + PAGE, "stack": USER_END - 2 * PAGE, "user-end": USER_END,
        "kernel": 0xFFFFFFFF80200000, "direct-map": 0xFFFFFFC080200000, "last": U64 - 1, "not-canonical": 1 << 45,
    }.items():
        yield f"entry-{name}", simple(entry=entry)
    yield "entry-in-data", simple(
        more=[segment(0x1000, 0x21000, 0x100, flags=R | W)], pieces={0x1000: words(EXIT_42)}, entry=0x21000)
    yield "text-not-executable", elf([segment(0, TEXT, 0x400, flags=R)], {0x300: words(EXIT_42), 0x3FC: bytes(4)})
    yield "store-to-text", simple(store(ZERO, TEXT) + EXIT_42)
    yield "store-to-constants", simple(
        store(ZERO, 0x21000) + EXIT_42, [segment(0x1000, 0x21000, 0x100, flags=R)], {0x1000: word(1) * 32})
    yield "illegal-instruction", simple([0])
    # More than the file holds: the page beyond its end can be promised, but not delivered.
    yield "load-beyond-end-of-file", simple(
        load(A0, 0x23000) + EXIT_42, [segment(0x1000, 0x21000, 4 * PAGE, flags=R)], {0x1000: word(1)})
    yield "huge-in-file", simple(
        load(A0, 0x21000 + GIB) + EXIT_42, [segment(0x1000, 0x21000, 100 * GIB, flags=R)], {0x1000: word(1)})
    yield "text-beyond-end-of-file", elf([segment(0, TEXT, 4 * PAGE, flags=R | X)], {0x300: words([0x00100073])},
                                         entry=TEXT + 2 * PAGE)


# --- Whatever --------------------------------------------------------------------------------------------------------

def any_files():
    text = {0x300: words(EXIT_42)}
    yield "dynamic", simple(kind=ET_DYN)
    yield "interpreter-itself", simple(
        more=[segment(0x800, TEXT + 0x800, 64, kind=PT_INTERP)], pieces={0x800: b"/tests/elf/any/interpreter-itself\0".ljust(64)})
    yield "interpreter-endless", simple(more=[segment(0x800, TEXT + 0x800, U64, kind=PT_INTERP)], pieces={0x800: b"/" * 64})
    yield "writable-text", elf([segment(0, TEXT, 0x400, flags=R | W | X)], {**text, 0x3FC: bytes(4)})
    yield "execute-only", elf([segment(0, TEXT, 0x400, flags=X)], {**text, 0x3FC: bytes(4)})
    yield "write-only-data", simple(more=[segment(0x1000, 0x21000, 8, flags=W)], pieces={0x1000: word(1)})
    yield "no-rights", simple(more=[segment(0x1000, 0x21000, 8, flags=0)], pieces={0x1000: word(1)})
    yield "descending", elf(
        [segment(0x1000, 0x21000, 8, flags=R | W), segment(0, TEXT, 0x400, flags=R | X)], {**text, 0x1000: word(1)})
    yield "two-file-pages-in-a-page", elf(
        [segment(0, TEXT, 0x400, flags=R | X), segment(0x1100, 0x21100, 8, flags=R), segment(0x2200, 0x21200, 8, flags=R)],
        {**text, 0x1100: word(1), 0x2200: word(2)})
    yield "odd-entry", simple(entry=TEXT + 0x301)
    yield "align-odd", elf([segment(0, TEXT, 0x400, flags=R | X, align=3)], {**text, 0x3FC: bytes(4)})
    yield "version-0", simple(version=0)
    yield "overlap-same", simple(more=[segment(0, TEXT, 0x300, PAGE, R)])
    yield "overlap-partly", simple(more=[segment(0x200, TEXT + 0x200, 0x180, PAGE, R)])
    dice = random.Random(38)
    for n in range(24):
        image = bytearray(simple(more=[segment(0x1000, 0x21000, 64, 0x2000, R | W)], pieces={0x1000: word(n) * 8}))
        for _ in range(1 + n % 4):                      # a few bytes of the headers are wrong
            image[dice.randrange(16, HEADER_BYTES + 2 * PHDR_BYTES)] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        yield f"random-{n}", bytes(image)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[2].strip())
    for folder, files in {"odd": odd_files, "bad": bad_files, "fatal": fatal_files, "any": any_files}.items():
        directory = os.path.join(sys.argv[1], folder)
        shutil.rmtree(directory, ignore_errors=True)        # a file that is no longer made must not stay
        os.makedirs(directory)
        for name, contents in files():
            with open(os.path.join(directory, name), "wb") as out:
                out.write(contents)


if __name__ == "__main__":
    main()
