#!/usr/bin/env python3
"""reading.py ROOT [--write]: the lines that docs/reading.md names are those it means, and not too many.

A row of its table is: | number | `path` | `first` ... `last` (or: all) | from-to | why |
first and last are functions or structures of the file (in a header perhaps only declared; labels, in assembly); the range goes
from the comment above first to the end of last. --write puts the line numbers and their sum right; without it a wrong one is a failed case.
"""

import os
import re
import sys

BUDGET = 3_000
ROW = re.compile(r"^\| *(\d+) *\| *`([^`]+)` *\| *(.+?) *\| *(\d+)-(\d+) *\| *(.*?) *\|$")
SUM = re.compile(r"(In all )([\d,]+)( lines\b)")


def begin_of(lines, name, path):
    """The index of the line that defines name, or else declares it, and the first of the comment above it."""
    label = rf"^{name}:" if path.endswith(".S") else rf"^(?:struct|enum|union) {name} \{{|^\w[^;=]*\b{name}\(|^#define {name}\b"
    found = [(line.endswith(";"), index) for index, line in enumerate(lines) if re.match(label, re.sub(r" */\*.*", "", line))]
    if not found:
        return None, None
    first = index = min(found)[1]
    while first > 0 and re.match(r" ?(/\*|\*|\.globl|    \.globl)", lines[first - 1]):
        first -= 1
        if lines[first].startswith("/*"):
            break
    return index, first


def end_of(lines, index, path):
    if path.endswith(".S"):
        while index + 1 < len(lines) and lines[index + 1].strip():
            index += 1
        return index
    while not re.match(r"^\}|^\w[^{]*\);|^static inline .*\}$|^\w.*\{.*\}$|^#define (?!.*\\$)", lines[index]):
        index += 1
    return index


def range_of(root, path, what):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        lines = file.read().split("\n")[:-1]
    if what == "all":
        return 1, len(lines)
    names = re.findall(r"`(\w+)`", what)
    found = [begin_of(lines, name, path) for name in names]
    for name, (index, _) in zip(names, found):
        if index is None:
            raise LookupError(f"{path}: there is no {name}")
    return found[0][1] + 1, end_of(lines, found[-1][0], path) + 1


def main():
    root, write = sys.argv[1], "--write" in sys.argv[2:]
    page = os.path.join(root, "docs/reading.md")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    out, cases, total, seen = [], [], 0, {}
    for line in text.split("\n"):
        match = ROW.match(line)
        if match:
            number, path, what, low, high, _ = match.groups()
            name = f"{number}. {path}: {what}"
            try:
                real = range_of(root, path, what)
                real_text, given = f"{real[0]}-{real[1]}", f"{low}-{high}"
                again = any(a <= real[1] and real[0] <= b for a, b in seen.get(path, []))
                seen.setdefault(path, []).append(real)
                total += real[1] - real[0] + 1
                wrong = f"it says {given}, the file has {real_text}" if given != real_text else "named twice" if again else ""
                line = line.replace(f"| {given} |", f"| {real_text} |")
            except LookupError as error:
                wrong = str(error)
            cases.append((name, wrong))
        out.append(line)
    text = SUM.sub(lambda match: f"{match[1]}{total:,}{match[3]}", "\n".join(out))
    if write:
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
    said = SUM.search("\n".join(out) if not write else text)
    cases.append((f"{total:,} lines of {BUDGET:,}", "" if total <= BUDGET else "too many"))
    cases.append(("the sum is said", "" if said and said[2] == f"{total:,}" else f"it should be {total:,}"))
    failed = len(cases) < 5
    for number, (name, wrong) in enumerate(cases, start=1):
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}" + (f"\n# {wrong}" if wrong else ""))
    print(f"1..{len(cases)}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
