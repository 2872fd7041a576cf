#!/usr/bin/env python3
"""layers.py ROOT NM OBJECTS: calls go downward only, as the compiler includes and as the linker sees it.

OBJECTS is the folder of a kernel's object files. Each rule is one TAP line; what breaks it is listed below it.
"""

import os
import re
import subprocess
import sys

# Lowest first. A file belongs to the longest prefix that fits.
LAYERS = ["arch", "kernel/core", "mm", "kernel", "syscalls"]

# The calls that do go upward, all of them: where they come from, and where they arrive.
UPWARD = {
    "arch": {"panic", "__stack_chk_fail", "__stack_chk_guard",     # arch/panic.h; the compiler's own
             "kernel_main", "hart_main",                           # head.S: a hart has started
             "trap_dispatch", "trap_dispatch_kernel", "trap_stack_overflow"},          # trap.S
    "kernel": {"syscall_dispatch"},                                # kernel/trap.c's table of causes
}

SOURCES = (".c", ".h", ".S")
# No part of the kernel: tests of mm, and the simulated machine with its stand-in for kernel/core.
NOT_THE_KERNEL = ("mm/test/", "arch/host/")

# Names that belong to the RISC-V and SBI specifications.
MACHINE_WORDS = re.compile(
    r"\b(pte_t|PTE_[VRWXUGADN]|csr\w*|CSR_\w+|sbi_\w+|SBI_\w+|sfence\w*|"
    r"satp|stvec|sscratch|scause|stval|sepc|sstatus|scounteren|stimecmp)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def layer_of(path):
    fitting = [layer for layer in LAYERS if path.startswith(layer + "/")]
    return LAYERS.index(max(fitting, key=len)) if fitting else None


def without_comments_and_strings(text):
    """The same lines, with comments and literals blanked."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    return pattern.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


class Tree:
    def __init__(self, root, nm, objects):
        self.text = {}
        for top in sorted({layer.split("/")[0] for layer in LAYERS}):
            for where, _, names in os.walk(os.path.join(root, top)):
                for name in names:
                    path = os.path.relpath(os.path.join(where, name), root)
                    if name.endswith(SOURCES) and not path.startswith(NOT_THE_KERNEL):
                        with open(os.path.join(root, path), encoding="utf-8") as file:
                            self.text[path] = file.read()
        with open(os.path.join(root, "mm/README.md"), encoding="utf-8") as file:
            self.readme = file.read()
        self.calls = self.read_symbols(nm, objects)      # (path, symbol, path that defines it)

    def read_symbols(self, nm, objects):
        defined, wanted = {}, []
        for path in self.text:
            name = path.replace("/", "_") + ".o"
            if path.endswith(".h") or not os.path.exists(os.path.join(objects, name)):
                continue
            done = subprocess.run([nm, os.path.join(objects, name)], capture_output=True, text=True, check=True)
            for kind, symbol in (line.split()[-2:] for line in done.stdout.splitlines()):
                if kind == "U":
                    wanted.append((path, symbol))
                elif kind.isupper():
                    defined[symbol] = path
        return sorted((path, symbol, defined[symbol]) for path, symbol in wanted
                      if defined.get(symbol, path) != path)

    def in_layer(self, layer):
        return sorted(path for path in self.text if layer_of(path) == LAYERS.index(layer))

    def included(self, path):
        for number, line in enumerate(self.text[path].splitlines(), start=1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1)


def upward_includes(tree, layer):
    for path in tree.in_layer(layer):
        for number, target in tree.included(path):
            at = layer_of(target)
            if at is None or at > LAYERS.index(layer):
                yield f"{path}:{number}: includes {target}"


def upward_calls(tree, layer):
    for path, symbol, target in tree.calls:
        if layer_of(path) == LAYERS.index(layer) < layer_of(target) and symbol not in UPWARD.get(layer, ()):
            yield f"{path}: {symbol} is in {target}"


def stale_exceptions(tree, layer):
    used = {symbol for path, symbol, target in tree.calls if layer_of(path) == LAYERS.index(layer) < layer_of(target)}
    for symbol in sorted(UPWARD.get(layer, set()) - used):
        yield f"{symbol} is allowed to go upward from {layer}/, and nobody calls it"


def architecture_back_doors(tree, layer):
    for path in tree.in_layer(layer):
        for number, target in tree.included(path):
            if re.match(r"arch/[^/]+/", target):
                yield f"{path}:{number}: includes {target}, which is private to one architecture"


def simulated_machine(tree, layer):
    """arch/host is for tests on the build machine: only the two headers that choose the machine name it."""
    for path in tree.in_layer(layer):
        for number, target in tree.included(path):
            if target.startswith("arch/host/") and path not in ("arch/mmu.h", "arch/context.h"):
                yield f"{path}:{number}: includes {target}"


def machine_words(tree, layer):
    for path in tree.in_layer(layer):
        for number, line in enumerate(without_comments_and_strings(tree.text[path]).split("\n"), start=1):
            for match in MACHINE_WORDS.finditer(line):
                yield f"{path}:{number}: says {match.group()}"


def drawing(tree, layer):
    """The rows of mm in mm/README.md: each file on the lowest row that is above all files it calls."""
    block = re.search(r"^## Layers\n.*?```\n(.*?)```", tree.readme, re.DOTALL | re.MULTILINE)
    rows = [line.split("|")[1].split() for line in block.group(1).splitlines() if line.startswith("mm")] if block else []
    drawn = {name: row for row, names in enumerate(reversed(rows)) for name in names}
    files = {path[len("mm/"):-len(".c")] for path in tree.in_layer(layer) if path.endswith(".c")}
    below = {name: set() for name in files}
    for path, _, target in tree.calls:
        if path.startswith("mm/") and target.startswith("mm/"):
            below[path[len("mm/"):-len(".c")]].add(target[len("mm/"):-len(".c")])

    height, circle = {}, []

    def height_of(name, above=()):
        if name in above:
            circle.append(" -> ".join(above + (name,)))
            return 0
        if name not in height:
            height[name] = max((1 + height_of(callee, above + (name,)) for callee in below[name]), default=0)
        return height[name]

    for name in sorted(files):
        height_of(name)
    for line in circle:
        yield f"a circle: {line}"
    for name in sorted(files | set(drawn)):
        if name not in files or drawn.get(name) != height.get(name):
            yield f"{name}: drawn on row {drawn.get(name)}, the linker sees {height.get(name)}"


def main():
    tree = Tree(*sys.argv[1:4])
    rules = []
    for layer in LAYERS:
        rules.append((f"{layer}/ includes only what lies below it", upward_includes, layer))
        rules.append((f"{layer}/ calls only what lies below it", upward_calls, layer))
    for layer in UPWARD:
        rules.append((f"{layer}/ makes each of its upward calls", stale_exceptions, layer))
    for layer in LAYERS[1:]:
        rules.append((f"{layer}/ does not look behind the architecture's interface", architecture_back_doors, layer))
        rules.append((f"{layer}/ does not know page-table entries, CSRs or SBI", machine_words, layer))
    rules.append(("arch/ keeps the simulated machine out of the kernel", simulated_machine, "arch"))
    rules.append(("mm/ is layered as mm/README.md draws it", drawing, "mm"))
    failed = not tree.calls
    for number, (name, rule, layer) in enumerate(rules, start=1):
        broken = list(rule(tree, layer))
        failed = failed or bool(broken)
        print(f"{'not ok' if broken else 'ok'} {number} - {name}")
        for line in broken:
            print("# " + line)
    print(f"1..{len(rules)}")
    sys.exit(failed)


main()
