#!/usr/bin/env python3
"""Pack files into a cpio archive of the "newc" format, the one QEMU's -initrd hands to the kernel.

  mkinitramfs.py [--strip STRIP] --output OUT --file PATH HOSTFILE ...

The same inputs give the same bytes: members are sorted, and times, owners and devices are zero.
Format: the kernel.org text "initramfs buffer format"; every header field is eight hexadecimal digits, and
header plus name, and contents, are each padded to four bytes.
"""

import argparse
import os
import subprocess
import tempfile

S_IFDIR, S_IFREG = 0o040000, 0o100000


def read_stripped(path, strip):
    if strip:
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "stripped")
            if open(path, "rb").read(4) == b"\x7fELF":
                subprocess.run([strip, "-o", out, path], check=True)
                path = out
            with open(path, "rb") as file:
                return file.read()
    with open(path, "rb") as file:
        return file.read()


def padded(piece):
    return piece + b"\0" * (-len(piece) % 4)


def member(inode, name, mode, contents=b"", links=1):
    raw = name.encode() + b"\0"
    #         inode  mode  uid gid links  mtime size          device  rdevice name length  checksum
    fields = [inode, mode, 0,  0,  links, 0,    len(contents), 0, 0,  0, 0,   len(raw),    0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return padded(header + raw) + padded(contents)


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--strip", help="command that strips debugging information from ELF files")
    parser.add_argument("--output", required=True)
    parser.add_argument("--file", nargs=2, action="append", default=[], metavar=("PATH", "HOSTFILE"))
    options = parser.parse_args()

    files = {}
    folders = set()
    for path, hostfile in options.file:
        path = path.strip("/")
        if path in files:
            parser.error(f"{path} is given twice")
        files[path] = hostfile
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))

    archive = b""
    for inode, name in enumerate(sorted(folders | set(files)), start=1):
        if name in folders:
            archive += member(inode, name, S_IFDIR | 0o755, links=2)
        else:
            archive += member(inode, name, S_IFREG | 0o755, read_stripped(files[name], options.strip))
    archive += member(0, "TRAILER!!!", 0)
    archive += b"\0" * (-len(archive) % 512)

    with open(options.output, "wb") as out:
        out.write(archive)


if __name__ == "__main__":
    main()
