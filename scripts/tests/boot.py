#!/usr/bin/env python3
"""boot.py LAUNCH BUILD: every number of harts comes up, runs a program, and powers off with its status; so do lesser harts."""

import sys

from harness import expect, finish, launch

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
finish()
