"""elf.py - as much of an ELF file as a comparison with memory needs. Source: the System V ABI, ELF-64 object files."""

import struct

SAMPLES, SAMPLE_BYTES = 32, 64


def sections(path):
    """{name: (address, bytes)} of the sections with contents; empty for what is no ELF file of 64 bits, or has none."""
    with open(path, "rb") as file:
        whole = file.read()
    if whole[:6] != b"\x7fELF\x02\x01":
        return {}
    try:
        return sections_in(whole)
    except (struct.error, IndexError, ValueError):
        return {}                       # it is damaged, or cut off


def sections_in(whole):
    table, = struct.unpack_from("<Q", whole, 40)
    entry_size, count, names_index = struct.unpack_from("<HHH", whole, 58)
    headers = [struct.unpack_from("<IIQQQQ", whole, table + i * entry_size) for i in range(count)]
    names = headers[names_index][4]
    found = {}
    for name_at, kind, _, address, offset, size in headers:
        if kind == 1:                   # SHT_PROGBITS
            name = whole[names + name_at:whole.index(b"\0", names + name_at)].decode()
            found[name] = (address, whole[offset:offset + size])
    return found


def samples(path, section):
    """[(address, bytes)]: pieces of a section from all over it."""
    address, contents = sections(path).get(section, (0, b""))
    step = max(len(contents) // SAMPLES, SAMPLE_BYTES)
    return [(address + at, contents[at:at + SAMPLE_BYTES]) for at in range(0, len(contents), step)]
