#!/usr/bin/env python3
"""disk.py LAUNCH BUILD: disks as the host sees them: which is which, what has come to the image, partitions, odd devices."""

import os
import random
import struct
import sys
import tempfile
import time
import zlib

from harness import check, expect, finish, launch, start

BUILD = sys.argv[2]
SECTOR = 512
PAGE = 4096


def guest(*words):
    return launch("--build", BUILD, "--checked", *words, timeout=60)


def device(path, drive="", properties=""):
    """A disk by QEMU's own words."""
    return (f"--qemu-arg=-drive", f"--qemu-arg=if=none,id=odd,format=raw,file={path}{drive}",
            f"--qemu-arg=-device", f"--qemu-arg=virtio-blk-device,drive=odd{properties}")


def image(name, sectors):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(b"".join(bytes([65 + n % 26]) * SECTOR for n in range(sectors)))
    return path


def contents(path):
    with open(path, "rb") as file:
        return file.read()


# ---- partitions ----

def mbr(*entries):
    """The first block of a disk; entries: (kind, first block, blocks)."""
    table = b"".join(struct.pack("<4xB3xII", *entry) for entry in entries)
    return bytes(446) + table + bytes(64 - len(table)) + b"\x55\xaa"


def gpt(blocks, partitions, damaged=()):
    """A disk with that table at its beginning and its end; damaged: which of the two is not whole."""
    entries = b"".join(struct.pack("<16s16sQQ80x", b"kind" * 4, b"name" * 4, *ends) if ends else bytes(128) for ends in partitions)
    entries += bytes(128 * 128 - len(entries))
    disk = bytearray(blocks * SECTOR)
    disk[:SECTOR] = mbr((0xee, 1, blocks - 1))
    for here, other, at in ((1, blocks - 1, 2), (blocks - 1, 1, blocks - 33)):
        fields = [b"EFI PART", 0x10000, 92, 0, 0, here, other, 34, blocks - 34, bytes(16), at, 128, 128, zlib.crc32(entries)]
        fields[3] = zlib.crc32(struct.pack("<8sIIIIQQQQ16sQIII", *fields)) ^ (here in damaged)
        disk[here * SECTOR:here * SECTOR + 92] = struct.pack("<8sIIIIQQQQ16sQIII", *fields)
        disk[at * SECTOR:at * SECTOR + len(entries)] = entries
    return disk


def marked(disk, *places):
    for block in places:
        disk[block * SECTOR:block * SECTOR + 8] = b"at %5d" % block
    return bytes(disk)


def partitions(folder):
    path = os.path.join(folder, "parts")

    def put(disk):
        with open(path, "wb") as file:
            file.write(disk)

    look = "for d in /dev/vda?*; do echo $d $(head -c 8 $d) $(wc -c <$d); done"
    put(marked(bytearray(mbr((0x83, 63, 100), (0x85, 163, 50), (0x83, 213, 7), (0x83, 4000, 97))).ljust(4096 * SECTOR, b"\0"), 63, 213))
    expect("a master boot record: no extended partition, none beyond the end", guest("--disk", path, "sh", "-c", look), 0,
           "vda: 2 partitions (MBR)\n", "/dev/vda1 at 63 51200\n/dev/vda3 at 213 3584\n")
    expect("a write to a partition ends", guest("--disk", path, "sh", "-c", "printf 1234 | dd of=/dev/vda3 bs=4 seek=895"), 0)
    check("and is where the partition is", [(contents(path)[213 * SECTOR + 3580:220 * SECTOR + 4] != b"1234" + bytes(4), "it is not")])
    code = bytearray(mbr((0x83, 63, 100)).ljust(4096 * SECTOR, b"\0"))
    code[446] = ord("N")
    put(code)
    result = guest("--disk", path, "sh", "-c", "ls /dev")
    check("the first block of a file system is no table", [(result[0] != 0 or "vda1" in result[1], result[1])])
    parts = [(40, 47), None, (1000, 1999), None, None] + [(2000 + n, 2000 + n) for n in range(11)]
    for damaged, says in (((), "GPT"), ((1,), "GPT, its copy")):
        put(marked(gpt(4096, parts, damaged), 40, 1000, 2009))
        result = guest("--disk", path, "sh", "-c", look)
        expect(f"a GUID partition table, damaged: {damaged}", result, 0, f"vda: 12 partitions ({says})\n",
               "/dev/vda1 at 40 4096\n", "/dev/vda15 at 2009 512\n", "/dev/vda3 at 1000 512000\n")
        check("and no more", [("vda2 " in result[1] or "vda16" in result[1], result[1])])
    put(gpt(4096, [(40 + n, 40 + n) for n in range(15)]))
    result = guest(*(word for n in range(8) for word in ("--disk", path + ",ro")), "sh", "-c", "ls /dev | grep -c vd; ls /dev/vd?")
    expect("more partitions than there are numbers: every whole disk is there", result, 0, "54\n", "/dev/vdh",
           "vdd: 1 partition (GPT)", "vdh: 0 partitions (GPT)")
    put(gpt(4096, parts, (1, 4095)))
    result = guest("--disk", path, "sh", "-c", "ls /dev")
    check("neither of the two is whole: no partitions", [(result[0] != 0 or "vda1" in result[1], result[1])])
    disk = bytearray(gpt(40000, [(2048, 38000)]))
    area = bytes(1024) + struct.pack("<III", 1, 4000, 0)
    disk[2048 * SECTOR:2048 * SECTOR + PAGE] = area + bytes(4086 - len(area)) + b"SWAPSPACE2"
    put(disk)
    expect("a partition is swapped to", guest("--memory", "32M", "--disk", path, "--append", "swap=vda1", "sh", "-c",
                                             "cat /proc/swaps; swap advice"), 0, "/dev/vda1", "ok 1 - advice")
    changed = contents(path)
    check("and nothing beside it", [(changed[:2048 * SECTOR + PAGE] != disk[:2048 * SECTOR + PAGE] or
                                     changed[38001 * SECTOR:] != disk[38001 * SECTOR:], "it has changed")])


def larger_than_memory(folder):
    """What is read and written goes through memory, several times as much as there is."""
    source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
    data = random.Random(1).randbytes(96 << 20)
    for path, byte in ((source, data), (target, bytes(len(data)))):
        with open(path, "wb") as file:
            file.write(byte)
    words = ("--memory", "32M", "--disk", source + ",ro", "--disk", target)
    expect("three times the memory is copied from disk to disk",
           guest("--harts", "2", *words, "dd", "if=/dev/vda", "of=/dev/vdb", "bs=65536"), 0)
    check("and is there", [(contents(target) != data, "it differs")])
    expect("what is not closed is written when the machine is switched off",
           guest("--disk", target, "sh", "-c", "exec 3<>/dev/vda; printf 'the last' >&3; sleep 1000 & exit 0"), 0)
    check("and is there, too", [(contents(target)[:12] != b"the last" + data[8:12], "it is not")])


with tempfile.TemporaryDirectory() as folder:
    first, second = image("first", 64), image("second", 99)
    for layout in ("legacy", "modern"):
        expect(f"disks are named as they are given ({layout})",
               guest("--virtio", layout, "--qemu-arg=-device", "--qemu-arg=virtio-rng-device", "--disk", first, "--disk",
                     second + ",ro", "--swap", "1M", "sh", "-c", "echo $(wc -c </dev/vda; wc -c </dev/vdb; wc -c </dev/vdc)"),
               0, "vdb: 49 KiB, read only", "32768 50688 1048576\n")
        expected = bytearray(contents(first))
        expected[1000:1100] = layout.encode().ljust(100, b".")
        with open(os.path.join(folder, "words"), "wb") as file:
            file.write(expected[1000:1100])
        expect(f"a write ends ({layout})",
               guest("--virtio", layout, "--disk", first, "sh", "-c",
                     f"printf '%s' '{expected[1000:1100].decode()}' | dd of=/dev/vda bs=100 seek=10"), 0)
        check(f"and is in the image, and nothing else is ({layout})", [(contents(first) != bytes(expected), "it differs")])
    expect("all places are used", guest(*(word for n in range(8) for word in ("--disk", first + ",ro")), "ls", "/dev"), 0, "vdh")

    result = guest("--swap", "3M", "sh", "-c", "dd if=/dev/vda bs=4096 count=1 | hexdump; wc -c /dev/vda")
    expect("a disk for swapping has the header of mkswap", result, 0,
           "00000400  01 00 00 00 ff 02 00 00  00 00 00 00 00 00 00 00", "53 57  41 50 53 50 41 43 45 32", "3145728 /dev/vda")

    expected = bytearray(contents(second)[:96 * SECTOR] + contents(second)[96 * SECTOR:])
    expected[5000:5010] = b"0123456789"
    expect("blocks of 4096 bytes",
           guest(*device(second, properties=",logical_block_size=4096,physical_block_size=4096"), "sh", "-c",
                 "printf 0123456789 | dd of=/dev/vda bs=10 seek=500; wc -c /dev/vda"), 0, f"{96 * SECTOR} /dev/vda")
    check("and only the bytes written change", [(contents(second) != bytes(expected), "it differs")])
    expect("blocks that are too large", guest(*device(second, properties=",logical_block_size=8192,physical_block_size=8192"),
                                              "ls", "/dev/vda"), 1, "its blocks are not of 512 to 4096 bytes, not used")
    expect("a short queue", guest(*device(second, properties=",queue-size=8"), "sh", "-c", "cat /dev/vda | wc -c"), 0, "50688")

    rules = os.path.join(folder, "rules")
    with open(rules, "w", encoding="ascii") as file:
        file.write('[inject-error]\nevent = "read_aio"\nsector = "40"\nerrno = "5"\n')
    drive = ("--qemu-arg=-drive", f"--qemu-arg=if=none,id=odd,format=raw,rerror=report,file=blkdebug:{rules}:{second}",
             "--qemu-arg=-device", "--qemu-arg=virtio-blk-device,drive=odd")
    expect("an error of the device is one of the read, and the next is good",
           guest(*drive, "sh", "-c", "dd if=/dev/vda of=/x bs=512 skip=39 count=1 && echo good; "
                 "dd if=/dev/vda of=/x bs=512 skip=40 count=1 || echo bad; "
                 "dd if=/dev/vda of=/x bs=512 skip=48 count=1 && echo better"), 0, "good\n", "bad\n", "better\n", "Input/output error")

    partitions(folder)
    larger_than_memory(folder)

    # The machine loses its power at some moment of swapping: whatever else is on the disk, it is one for swapping still.
    area = os.path.join(folder, "area")
    header = bytes(1024) + struct.pack("<III", 1, 8191, 0)
    header += bytes(4086 - len(header)) + b"SWAPSPACE2"
    with open(area, "wb") as file:
        file.write(header)
        file.truncate(8192 * 4096)
    swapping = ("--build", BUILD, "--memory", "32M", "--disk", area, "--append", "swap=vda")
    for number in range(3):
        os.truncate(area, 4096)
        os.truncate(area, 8192 * 4096)
        before = os.stat(area).st_blocks
        machine = start(*swapping, "swap", "twice as much")
        until = time.monotonic() + 30
        while os.stat(area).st_blocks < before + 64 and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5 + random.random())
        machine.terminate()
        machine.communicate()
        check(f"a power cut leaves the header whole ({number + 1})", [
            (contents(area)[:4096] != header, "it has changed"),
            (os.stat(area).st_blocks < before + 64, "nothing had been written yet")])
    expect("and the disk is swapped to again", launch(*swapping, "swap", "advice", timeout=60), 0, "ok 1 - advice")

finish()
