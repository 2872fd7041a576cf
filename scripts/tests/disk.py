#!/usr/bin/env python3
"""disk.py LAUNCH BUILD: disks as the host sees them: which is which, what has come to the image, and devices that are odd."""

import os
import random
import struct
import sys
import tempfile
import time

from harness import check, expect, finish, launch, start

BUILD = sys.argv[2]
SECTOR = 512


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
                 "dd if=/dev/vda of=/x bs=512 skip=41 count=1 && echo better"), 0, "good\n", "bad\n", "better\n", "Input/output error")

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
