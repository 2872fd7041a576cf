#!/usr/bin/env python3
"""boot.py LAUNCH BUILD: every number of harts comes up, runs a program, and powers off with its status."""

import sys

from harness import expect, finish, launch

BUILD = sys.argv[2]

for harts in range(1, 9):
    online = "1 hart online\n" if harts == 1 else f"{harts} harts online\n"
    expect(f"{harts} of {harts} harts", launch("--build", BUILD, "--harts", str(harts), "true"), 0, online)
finish()
