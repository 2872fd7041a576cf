#!/usr/bin/env python3
"""crash.py LAUNCH BUILD CRASH_C: each bug on purpose of kernel/check/crash.c ends in the panic that stands beside it there."""

import re
import sys

from harness import check, expect, finish, launch

BUILD, CRASH_C = sys.argv[2:]


def crashes():
    """(name, function, text of the panic, does the plain kernel notice too?) for each row of the table."""
    with open(CRASH_C, encoding="utf-8") as file:
        either, checked = file.read().split("/* checked kernel */")
    row = re.compile(r'\{ "(\w+)", (\w+) \}, +/\* (.*) \*/')
    return [match.groups() + (True,) for match in row.finditer(either)] + \
           [match.groups() + (False,) for match in row.finditer(checked)]


def crash(name, *options):
    return launch("--build", BUILD, "--append", f"crash={name}", *options, "true")


table = crashes()
check("the table of kernel/check/crash.c has been read", [(len(table) < 16, f"{len(table)} rows")])
for name, function, text, plain_too in table:
    seen = ["\npanic: ", text, "\nbacktrace:\n", " crash_if_asked+"]
    expect(f"crash={name}, checked kernel", crash(name, "--checked"), 255, *seen)
    if plain_too:
        expect(f"crash={name}, plain kernel", crash(name), 255, *seen)
expect("undefined behaviour is named by its function", crash("undefined", "--checked"), 255, "  #0 ", " shift_too_far+")
null = crash("null", "--harts", "4")
expect("a panic shows registers and who called whom", null, 255, " ra ffffff", " sp ffffff", " t6 ", " read_null+",
       " crash_if_asked+")
check("and is printed once, by one hart", [(null[1].count("panic: ") != 1, null[1])])
finish()
