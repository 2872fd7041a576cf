#!/usr/bin/env python3
"""Pack files into a cpio archive of the "newc" format, the one QEMU's -initrd hands to the kernel.

  mkinitramfs.py [--strip STRIP] --output OUT [--file PATH HOSTFILE]... [--tree PATH HOSTFOLDER]...

A file that is named is stripped; what lies in a tree goes in byte for byte.
The same inputs give the same bytes: members are sorted, and times, owners and devices are zero.
Format: the kernel.org text "initramfs buffer format"; every header field is eight hexadecimal digits, and
header plus name, and contents, are each padded to four bytes.

The launcher takes added() from here, for one more file in an archive that is there already.
"""

import argparse
import os
import subprocess
import tempfile

S_IFDIR, S_IFREG = 0o040000, 0o100000
HEADER_SIZE = 110
END = "TRAILER!!!"


def contents_of(path):
    with open(path, "rb") as file:
        return file.read()


def contents_stripped(path, strip):
    if not strip or contents_of(path)[:4] != b"\x7fELF":
        return contents_of(path)
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "stripped")
        subprocess.run([strip, "-o", out, path], check=True)
        return contents_of(out)


def files_under(folder):
    """The files in a folder and below: path from there, path on this machine."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            yield os.path.relpath(path, folder), path


def padded(piece):
    return piece + b"\0" * (-len(piece) % 4)


def member(inode, name, mode, contents=b"", links=1):
    raw = name.encode() + b"\0"
    #         inode  mode  uid gid links  mtime size          device  rdevice name length  checksum
    fields = [inode, mode, 0,  0,  links, 0,    len(contents), 0, 0,  0, 0,   len(raw),    0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return padded(header + raw) + padded(contents)


def end():
    return member(0, END, 0)


def added(archive, files):
    """The archive with files in it: path -> contents. Instead of one that it has: of two members with a name the last counts."""
    start = archive.rfind(END.encode() + b"\0") - HEADER_SIZE
    if start < 0 or not archive.startswith(b"07070", start):
        raise ValueError("not a cpio archive of format newc")
    return archive[:start] + b"".join(member(0, name, S_IFREG | 0o755, files[name]) for name in files) + end()


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--strip", help="command that strips debugging information from ELF files")
    parser.add_argument("--output", required=True)
    parser.add_argument("--file", nargs=2, action="append", default=[], metavar=("PATH", "HOSTFILE"))
    parser.add_argument("--tree", nargs=2, action="append", default=[], metavar=("PATH", "HOSTFOLDER"))
    options = parser.parse_args()

    wanted = [(path.strip("/"), hostfile, options.strip) for path, hostfile in options.file]
    for path, hostfolder in options.tree:
        wanted += [(os.path.join(path.strip("/"), name), hostfile, None) for name, hostfile in files_under(hostfolder)]

    files = {}
    folders = set()
    for path, hostfile, strip in wanted:
        if path in files:
            parser.error(f"{path} is given twice")
        files[path] = hostfile, strip
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))

    archive = b""
    for inode, name in enumerate(sorted(folders | set(files)), start=1):
        if name in folders:
            archive += member(inode, name, S_IFDIR | 0o755, links=2)
        else:
            archive += member(inode, name, S_IFREG | 0o755, contents_stripped(*files[name]))
    archive += end()
    archive += b"\0" * (-len(archive) % 512)

    with open(options.output, "wb") as out:
        out.write(archive)


if __name__ == "__main__":
    main()
