#!/usr/bin/env python3
"""shown.py LAUNCH BUILD ROOT: what the documents show is what a run prints, and who they say did it is in the sources.

docs/mm-tour.md shows commands, each behind "$ " with its output below, in fences; and so do the headers of the programs in
userland/examples. All of them are run in one boot. In the document `a` → `b` in `path` says that path has both functions, and
that a calls b.
"""

import glob
import os
import re
import sys

from harness import check, finish, launch
from reading import begin_of, end_of

BUILD, ROOT = sys.argv[2:]
TOUR = "docs/mm-tour.md"


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


# --- Commands and their output ---------------------------------------------------------------------------------------

def commands_in(lines):
    """[(command, output)] of lines, where what follows a command up to the next one is its output."""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def commands_of_tour():
    blocks = re.findall(r"^```\n(\$ .*?)^```$", read(TOUR), re.MULTILINE | re.DOTALL)
    return [command for block in blocks for command in commands_in(block.splitlines())]


def commands_of_example(path):
    """From the first "$ " of the header to its next line that is not indented."""
    header = read(path).partition("*/")[0]
    shown = re.search(r"(?:^ \*   .*\n)*^ \*   \$ .*\n(?:^ \*   .*\n)*", header, re.MULTILINE)
    return commands_in(line[5:] for line in shown[0].splitlines()) if shown else []


def compare(name, commands, *options):
    """Run all commands in one boot, and let each be a case."""
    script = "".join(f"echo '=== {number}'\n{command}\n" for number, (command, _) in enumerate(commands)) + "echo '=== end'\n"
    status, out, err, _ = launch("--build", BUILD, "--timeout", "150", *options, "sh", give=script.encode(), timeout=160)
    pieces = re.split(r"^=== \w+\n", out, flags=re.MULTILINE)
    ends = status == 0 and len(pieces) == len(commands) + 2
    check(f"{name}: the machine ends", [(not ends, f"status {status}\n{err}{out[-1000:]}")])
    for number, (command, expected) in enumerate(commands):
        got = pieces[number + 1] if number + 1 < len(pieces) else "(nothing)"
        check(f"{name}: {command}", [(got != expected, f"shown:\n{expected}seen:\n{got}")])


# --- Who did it --------------------------------------------------------------------------------------------------------

def body_of(name, path):
    """The lines of a function that path defines, or None."""
    try:
        lines = read(path).split("\n")
    except OSError:
        return None
    index, _ = begin_of(lines, name, path)
    body = "\n".join(lines[index:end_of(lines, index, path) + 1]) if index is not None else ""
    return body if "{" in body or path.endswith(".S") else None


def chains_in(sentence):
    """[(function, path, the one that it is said to be called by)]: names up to `in` and a path are in that path."""
    found, waiting, last, arrow = [], [], None, False
    for match in re.finditer(r"(?P<arrow>→)|(?P<place>\bin\s+)?`(?P<word>[^`\s]+)`", sentence):
        word = match["word"]
        if match["arrow"]:
            arrow = True
        elif match["place"] and "/" in word:
            found += [(name, word, caller) for name, caller in waiting]
            waiting = []
        elif re.fullmatch(r"[a-z_]\w*", word):
            waiting.append((word, last if arrow else None))
            last, arrow = word, False
    return found


def sentences_of_tour():
    prose = re.sub(r"^```\n.*?^```$", "", read(TOUR), flags=re.MULTILINE | re.DOTALL)
    return re.split(r"[.;:](?:\s|\*)|\n\n", prose)


def who_did_it():
    named = 0
    for sentence in sentences_of_tour():
        chain = chains_in(sentence)
        where = {name: path for name, path, _ in chain}
        for name, path, caller in chain:
            named += 1
            wrong = [(body_of(name, path) is None, f"{path} has no {name}")]
            if caller is not None:
                calls = body_of(caller, where[caller]) or ""
                wrong.append((not re.search(rf"\b{name}\(", calls), f"{caller} does not call {name}"))
            check(f"{caller + ' calls ' if caller else ''}{name} in {path}", wrong)
    check("the tour names functions", [(named < 40, f"{named}")])
    for path in sorted(set(re.findall(r"`([\w-]+/[\w./-]+)`", read(TOUR)))):
        check(f"there is {path}", [(not os.path.exists(os.path.join(ROOT, path)), "no such file")])


def main():
    examples = sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "userland/examples/*.c")))
    of_examples = [command for path in examples for command in commands_of_example(path)]
    of_tour = commands_of_tour()
    check("there are enough commands", [(len(of_tour) < 12 or len(of_examples) < 3, f"{len(of_tour)}, {len(of_examples)}")])
    who_did_it()
    compare("plain", of_tour + of_examples)
    compare("checked, 2 harts", of_tour + of_examples, "--checked", "--harts", "2")
    compare("chaos", of_examples, "--chaos", "16")
    finish()


main()
