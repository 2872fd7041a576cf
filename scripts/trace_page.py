"""trace_page.py - the page that shows a trace: scripts/trace_page.html, with the records and the lines of the source in it.

Owns: where the sources say what a record says; how both get into the page.
"""

import json
import os
import re

from trace_text import HOME

TEMPLATE = os.path.join(HOME, "scripts", "trace_page.html")
FAULT = "mm/fault.c"
CASES = ["A1", "A2", "A3", "B1", "B2", "B3", "C", "spurious", "segv", "bus", "oom"]

# Where the other events come about: a function, and what its line has in it. "heap" is a mapping that brk makes.
PLACES = {
    "copy": (FAULT, "fault_page_lock", "TRACE_COPY"),
    "map": ("mm/map.c", "as_map", "map_locked("),
    "heap": ("mm/map.c", "set_brk_locked", "map_locked("),
    "prot": ("mm/map.c", "protect_locked", "vma_set("),
    "unmap": ("mm/map.c", "unmap_commit", "as_hide("),
    "forget": ("mm/advise.c", "as_forget", "radix_clear("),
    "fork": ("mm/addrspace.c", "as_fork", "pmap_share("),
    "exec": ("kernel/exec.c", "become", "proc_set_program("),
    "exit": ("kernel/proc.c", "proc_exit", "proc_leave_addrspace("),
    "out": ("mm/reclaim.c", "leave", "anon->page = NULL"),
    "in": ("mm/anon.c", "anon_came", "anon->page = page"),
    "fence": ("mm/pmap.c", "fence_page", "mmu_fence_page("),
    "fence_all": ("mm/pmap.c", "fence_all", "mmu_fence_all("),
    "switch": ("kernel/core/sched.c", "switch_to", "context_switch("),
}
MOST_LINES = 22
FUNCTION = re.compile(r"^[a-z_][\w *]*?(\w+)\((?!.*;$)")
ATTRIBUTE = re.compile(r"__attribute__\(\(.*?\)\)+ ")
EXACT = 1 << 53                         # JavaScript's numbers are no more exact from here on


# What decides, where it is not the line that names the case first.
DECISIONS = {"segv": "return FAULT_NO_MAPPING;", "bus": "return FAULT_BEYOND_END;"}


def function_begun(line):
    """The name of the function whose definition begins in line, or None."""
    match = FUNCTION.match(ATTRIBUTE.sub("", line))
    return match and match[1]


def lines_of(path):
    with open(os.path.join(HOME, path), encoding="utf-8") as file:
        return file.read().splitlines()


def excerpt(path, lines, number):
    """The function around line number, or as much of it as there is room for; counted from 1."""
    begin = max(n for n in range(1, number + 1) if function_begun(lines[n - 1]))
    end = next(n for n in range(number, len(lines) + 1) if lines[n - 1] == "}")
    name = function_begun(lines[begin - 1])
    if end - begin >= MOST_LINES:
        begin = max(begin, min(number - MOST_LINES // 2, end - MOST_LINES + 1))
        end = begin + MOST_LINES - 1
    return {"file": path, "line": number, "function": name, "first": begin, "text": lines[begin - 1:end]}


def case_in_source(case):
    """The first line that says so: the cases are named in the code."""
    lines, wanted = lines_of(FAULT), DECISIONS.get(case, rf"\bFAULT_{case.upper()}\b")
    return excerpt(FAULT, lines, next(n for n, line in enumerate(lines, start=1) if re.search(wanted, line)))


def place_in_source(path, name, text):
    lines = lines_of(path)
    begin = next(n for n, line in enumerate(lines, start=1) if function_begun(line) == name)
    return excerpt(path, lines, next(n for n in range(begin, len(lines) + 1) if text in lines[n - 1]))


def sources():
    """Case or event -> its excerpt; without those that this tree has not, as when they are a student's to write."""
    found = {}
    for name in CASES + list(PLACES):
        try:
            found[name] = place_in_source(*PLACES[name]) if name in PLACES else case_in_source(name)
        except (OSError, StopIteration, ValueError):
            pass
    return found


def exact(value):
    return f"{value:#x}" if isinstance(value, int) and value >= EXACT else value


def page(program, records, lost, harts):
    """The text of the page."""
    trace = {"program": " ".join(program), "harts": harts, "lost": lost, "source": sources(),
             "records": [[exact(value) for value in record] for record in records]}
    # Within <script> nothing ends it but "<".
    written = json.dumps(trace, separators=(",", ":")).replace("<", "\\u003c")
    with open(TEMPLATE, encoding="utf-8") as file:
        before, mark, after = file.read().partition('type="application/json">TRACE<')
    return before + mark.replace("TRACE", written) + after
