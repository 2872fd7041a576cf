#!/usr/bin/env python3
"""shown.py LAUNCH BUILD ROOT [quick]: what the documents show is what a run prints, and who they say did it is in the sources.

In each of PAGES a fence ```console shows commands of this machine, each behind "$ " with its output below: scripts/NAME or
build/PATH, with words. Those of scripts/run with the same options share a boot, in which the guest's shell runs them; what the
kernel prints before is not shown. Where the output shown has ~ before a number, any number will do.

The headers of the programs in userland/examples show commands of the guest in the same way. They are run in one boot.

In docs/tour.md `a` → `b` in `path` says that path has both functions, and that a calls b; every file of mm/ is named; and each stop
has all that a stop should have.

quick: of the pages only what runs on a machine without options, which is one boot.
"""

import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

from harness import check, finish, launch
from reading import begin_of, end_of

BUILD, ROOT = sys.argv[2:4]
QUICK = "quick" in sys.argv[4:]
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from trace_text import split_options        # noqa: E402

TOUR = "docs/tour.md"
PAGES = [TOUR, "docs/reclaim.md"]
PICTURES = {"scripts/policies": "docs/policies.svg", "scripts/cliff": None}      # what writes one; the kept one is to be the same


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


def commands_of_page(page):
    blocks = re.findall(r"^```console\n(\$ (?:scripts|build)/.*?)^```$", read(page), re.MULTILINE | re.DOTALL)
    return [command for block in blocks for command in commands_in(block.splitlines())]


def commands_of_example(path):
    """From the first "$ " of the header to its next line that is not indented."""
    header = read(path).partition("*/")[0]
    shown = re.search(r"(?:^ \*   .*\n)*^ \*   \$ .*\n(?:^ \*   .*\n)*", header, re.MULTILINE)
    return commands_in(line[5:] for line in shown[0].splitlines()) if shown else []


NUMBER = re.compile(r" *~\d+(?:\.\d+)?")


def is_as_shown(expected, got):
    """~ stands before a number that differs, and may be wider than this one."""
    parts = NUMBER.split(expected)
    return re.fullmatch(r" *\d+(?:\.\d+)?".join(map(re.escape, parts)), got) is not None


def compare(name, command, expected, got, *problems):
    check(f"{name}: {command}", [*problems, (not is_as_shown(expected, got), f"shown:\n{expected}seen:\n{got}")])


def compare_in_guest(name, commands, *options):
    """Run all (command, output) in one boot, and let each be a case."""
    script = "".join(f"{command}\necho \"=== $?\"\n" for command, _ in commands)
    status, out, err, _ = launch("--build", BUILD, "--timeout", "150", *options, "sh", give=b"echo '=== 0'\n" + script.encode(),
                                 timeout=160)
    first, *pieces = re.split(r"^=== (\d+)\n", out, flags=re.MULTILINE)
    done = list(zip(pieces[1::2], pieces[2::2]))                # output, and the status behind it
    check(f"{name}: the machine ends", [(status != 0 or len(done) != len(commands), f"status {status}\n{err}{out[-1000:]}{first}")])
    for (command, expected), (got, ended) in zip(commands, done):
        compare(name, command, expected, got, (ended != "0", f"status {ended}"))


# --- Commands of this machine ----------------------------------------------------------------------------------------

def rows_of_cliff(text):
    """way -> [(microseconds, reads)], and what surrounds these."""
    _, header, *rows = text.splitlines()
    numbers = [[(float(spent), int(reads)) for spent, reads in re.findall(r"([\d.]+) +\((\d+)\)", row)] for row in rows]
    return {way: [row[n] for row in numbers] for n, way in enumerate(header.split()[1:])}, [row.split()[0] for row in rows]


def compare_cliff(expected, got):
    """The times differ, and say that the cliff is there; the reads hardly do."""
    (shown_here, shown_sizes), (seen, sizes) = rows_of_cliff(expected), rows_of_cliff(got)
    yield shown_sizes != sizes or shown_here.keys() != seen.keys(), f"other rows:\n{got}"
    for way, row in shown_here.items():
        for (_, reads), (_, reads_seen) in zip(row, seen[way], strict=True):
            yield abs(reads - reads_seen) > 10, f"{way}: {reads_seen} reads, {reads} are shown"
    for name, rows in (("shown", shown_here), ("seen", seen)):
        yield rows["loop"][0][0] < 3 * rows["loop"][-1][0], f"{name}: a loop without enough memory is not 3 times slower"


def compare_here(page, command, expected, folder):
    path, *words = shlex.split(command)
    program = os.path.join(BUILD, path.removeprefix("build/")) if path.startswith("build/") else os.path.join(ROOT, path)
    picture = os.path.join(folder, "picture.svg")
    more = ["-o", picture, "--build", BUILD] if path in PICTURES else []
    done = subprocess.run([program, *more, *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=False, timeout=200)
    problems = [(done.returncode != 0, f"status {done.returncode}")]
    if "--papers" in words:
        with open(picture, encoding="utf-8") as file:
            problems.append((file.read() != read(PICTURES[path]), f"{PICTURES[path]} is another picture"))
    if path == "scripts/cliff":
        check(f"{page}: {command}", problems + list(compare_cliff(expected, done.stdout)))
    else:
        compare(page, command, expected, done.stdout, *problems)


def follow(page, folder):
    """Returns what the page shows of a machine without options, for the caller to run on others."""
    boots = {}
    commands = commands_of_page(page)
    check(f"{page} shows commands", [(len(commands) < 3, f"{len(commands)}")])
    for command, expected in commands:
        words = shlex.split(command)
        if words[0] == "scripts/run":
            options, program = split_options(words[1:])
            boots.setdefault(tuple(options), []).append((shlex.join(program), expected))
        elif not QUICK:
            compare_here(page, command, expected, folder)
    for options, shared in boots.items():
        if options and QUICK:
            continue
        compare_in_guest(" ".join([page, *options]), shared, *options)
    return boots.get((), [])


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


def prose_of(page):
    return re.sub(r"^```\w*\n.*?^```$", "", read(page), flags=re.MULTILINE | re.DOTALL)


def who_did_it():
    named = 0
    for sentence in re.split(r"[.;:](?:\s|\*)|\n\n", prose_of(TOUR)):
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
    paths = set(re.findall(r"`((?!build/)[\w-]+/[\w./-]+)`", prose_of(TOUR)))
    for path in sorted(paths):
        check(f"there is {path}", [(not os.path.exists(os.path.join(ROOT, path)), "no such file")])
    files = {os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "mm/*.[ch]"))}
    check("the tour comes to every file of mm", [(not files <= paths, " ".join(sorted(files - paths)))])


def stops():
    """Each has a time, files, functions, a command, and a question with its answer; the times make what the tour says."""
    first, *rest = re.split(r"^## (?=\d)", read(TOUR), flags=re.MULTILINE)
    said = re.search(r"(\d+) minutes", first)
    minutes = []
    for number, stop in enumerate(rest, start=1):
        title = re.match(r"(\d+)\. .* \((\d+) minutes\)\n", stop)
        minutes.append(int(title[2]) if title else 0)
        parts = ["\nFiles: ", "\n- `", "\n```console\n$ ", "\n**Question.** ", "\n<details markdown=\"1\">\n", "\n</details>\n"]
        check(f"stop {number} of the tour is whole", [(title is None or int(title[1]) != number, "its number or its time")] +
              [(part not in stop, f"it has no {part.strip()}") for part in parts])
    check("the tour takes as long as it says", [(said is None or int(said[1]) != sum(minutes), f"{sum(minutes)} minutes")])


def main():
    examples = sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "userland/examples/*.c")))
    of_examples = [command for path in examples for command in commands_of_example(path)]
    check("the examples show commands", [(len(of_examples) < 3, f"{len(of_examples)}")])
    stops()
    who_did_it()
    with tempfile.TemporaryDirectory() as folder:
        plain = [command for page in PAGES for command in follow(page, folder)]
    compare_in_guest("examples", of_examples)
    compare_in_guest("checked, 2 harts", plain + of_examples, "--checked", "--harts", "2")
    compare_in_guest("examples, chaos", of_examples, "--chaos", "16")
    finish()


main()
