#!/usr/bin/env python3
"""include_graph.py ROOT: calls go downward only, and the machine's words stay under arch/.

Each rule is one TAP line; what breaks it is listed as file:line below it.
"""

import os
import re
import sys

SOURCES = (".c", ".h", ".S")

# Folder -> what its files may include, as path prefixes.
MAY_INCLUDE = {
    "arch": ["arch/", "mm/", "kernel/"],
    "mm": ["arch/", "mm/", "kernel/lock.h", "kernel/panic.h", "kernel/print.h", "kernel/config.h",
           "kernel/errno.h", "kernel/inject.h"],
    "kernel": ["arch/", "mm/", "kernel/", "syscalls/"],
    "syscalls": ["arch/", "mm/", "kernel/", "syscalls/"],
}
KERNEL_FOLDERS = sorted(MAY_INCLUDE)

# Names that belong to the RISC-V and SBI specifications.
MACHINE_WORDS = re.compile(
    r"\b(pte_t|PTE_[VRWXUGADN]|csr\w*|CSR_\w+|sbi_\w+|SBI_\w+|sfence\w*|"
    r"satp|stvec|sscratch|scause|stval|sepc|sstatus|scounteren|stimecmp)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def without_comments_and_strings(text):
    """The same lines, with comments and literals blanked."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    return pattern.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


def sources(root, folder):
    for where, folders, files in os.walk(os.path.join(root, folder)):
        folders[:] = sorted(name for name in folders if name != "test")
        for name in sorted(files):
            if name.endswith(SOURCES):
                path = os.path.join(where, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, root), file.read()


def included(text):
    for number, line in enumerate(text.splitlines(), start=1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def forbidden_includes(root, folder):
    for path, text in sources(root, folder):
        for number, target in included(text):
            if "/" not in target or not target.startswith(tuple(MAY_INCLUDE[folder])):
                yield f"{path}:{number}: includes {target}"


def architecture_back_doors(root, folder):
    for path, text in sources(root, folder):
        for number, target in included(text):
            if re.match(r"arch/[^/]+/", target):
                yield f"{path}:{number}: includes {target}, which is private to one architecture"


def simulated_machine(root, folder):
    """arch/host is for tests on the build machine: the two headers that choose the machine name it, and it itself."""
    for path, text in sources(root, folder):
        for number, target in included(text):
            if target.startswith("arch/host/") and not path.startswith("arch/host/") and \
                    path not in ("arch/mmu.h", "arch/context.h"):
                yield f"{path}:{number}: includes {target}"


def machine_words(root, folder):
    for path, text in sources(root, folder):
        for number, line in enumerate(without_comments_and_strings(text).split("\n"), start=1):
            for match in MACHINE_WORDS.finditer(line):
                yield f"{path}:{number}: says {match.group()}"


def main():
    root = sys.argv[1]
    rules = [(f"{folder}/ includes only what lies below it", forbidden_includes, folder) for folder in KERNEL_FOLDERS]
    rules.append(("arch/ keeps the simulated machine out of the kernel", simulated_machine, "arch"))
    for folder in ("mm", "kernel", "syscalls"):
        rules.append((f"{folder}/ does not look behind the architecture's interface", architecture_back_doors, folder))
        rules.append((f"{folder}/ does not know page-table entries, CSRs or SBI", machine_words, folder))
    failed = False
    for number, (name, rule, folder) in enumerate(rules, start=1):
        broken = list(rule(root, folder))
        failed = failed or bool(broken)
        print(f"{'not ok' if broken else 'ok'} {number} - {name}")
        for line in broken:
            print("# " + line)
    print(f"1..{len(rules)}")
    sys.exit(failed)


main()
