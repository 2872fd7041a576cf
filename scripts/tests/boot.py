#!/usr/bin/env python3
"""boot.py LAUNCH BUILD: every number of harts comes up, runs a program, and powers off with its status; so do lesser harts.

A boot line that is too long is cut; a device tree that cannot be used is the end, but one that is seen.
"""

import os
import struct
import sys
import tempfile

from harness import check, expect, finish, launch

BUILD = sys.argv[2]

for harts in range(1, 9):
    online = "1 hart online\n" if harts == 1 else f"{harts} harts online\n"
    expect(f"{harts} of {harts} harts", launch("--build", BUILD, "--harts", str(harts), "true"), 0, online)

FLOAT = "/tests/elf/odd/floating-point"
expect("floating point", launch("--build", BUILD, FLOAT), 42)
for cpu in ("rv64,d=off", "rv64,f=off,d=off"):
    expect(f"floating point on {cpu} is an illegal instruction, of the program",
           launch("--build", BUILD, "--cpu", cpu, FLOAT), 128 + 4, "\nfloating-point[", "illegal instruction")
    expect(f"other programs run on {cpu}", launch("--build", BUILD, "--cpu", cpu, "sh", "-c", "ls / | wc -l"), 0)

expect("a boot line of 10000 bytes is cut",
       launch("--build", BUILD, "--qemu-arg=-append", "--qemu-arg=init=/bin/echo -- " + "a" * 10000), 0,
       "boot: the line has more than 8191 bytes, ignoring the rest", "\n" + "a" * 8000)
expect("a boot line of 100 words", launch("--build", BUILD, "echo", *"b" * 100), 0, "\n" + "b " * 99 + "b")


def panics(name, message, *arguments):
    """A panic while the device tree is read: the UART is not known yet, and perhaps no way to give QEMU a status."""
    result = launch("--build", BUILD, *arguments, "true")
    expect(name, result, 255, "panic: device tree: " + message, "backtrace:", " fdt_read+")
    check(name + ": and nothing hangs", [(result[3] > 15, f"{result[3]:.0f} s"), ("launch:" in result[2], result[2])])


panics("a machine without a PLIC", "no PLIC", "--qemu-arg=-machine", "--qemu-arg=aia=aplic")
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "tree.dtb")
    launch("--build", BUILD, "--qemu-arg=-machine", f"--qemu-arg=dumpdtb={path}", "true")
    with open(path, "rb") as file:
        tree = file.read()

    def with_tree(contents):
        with open(path, "wb") as file:
            file.write(contents)
        return "--qemu-arg=-dtb", f"--qemu-arg={path}"

    panics("a PLIC of unknown size", "plic@c000000: reg or riscv,ndev missing",
           *with_tree(tree.replace(b"riscv,ndev", b"riscv,none")))
    # The reservation block, moved to the end: 17 ranges, and two zeroes. It is read before there is any way out but the firmware's.
    at = len(tree) + -len(tree) % 8
    block = b"".join(struct.pack(">QQ", 0x87000000 + 0x2000 * n, 0x1000) for n in range(17)) + bytes(16)
    size_and_offset = struct.pack(">I", at + len(block)) + tree[8:16] + struct.pack(">I", at)
    panics("more reserved ranges than there is room for", "more than 16 reserved ranges",
           *with_tree((tree[:4] + size_and_offset + tree[20:]).ljust(at, b"\0") + block))
finish()
