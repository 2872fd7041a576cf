#!/usr/bin/env python3
"""mkdisk.py OUTPUT: an image of 8,001 sectors for disk.c, each word of which says where it is."""

import struct
import sys

WORDS = 8001 * 512 // 8
MARK = 0x5ca1ab1e << 32                 # as in disk.c

with open(sys.argv[1], "wb") as file:
    file.write(struct.pack(f"<{WORDS}Q", *(MARK | word for word in range(WORDS))))
