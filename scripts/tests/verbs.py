#!/usr/bin/env python3
"""verbs.py LAUNCH NATIVE FOLDER [-n OPERATIONS] [-s FIRST-LAST] [-- OPTIONS OF LAUNCH]

Random sequences of the verbs on memory (userland/tests/verbs.c), here and in
the guest, must give the same answers. NATIVE is that program for this machine.
First the sequences in FOLDER/*.txt, which differed once, then those of seeds.

What differs is made as short as it gets, and printed: keep it as a file of
FOLDER. scripts/tests/verbs.py --help says more; by hand, for one seed:

  scripts/tests/verbs.py scripts/launch build/userland/tests/verbs-native \\
      userland/tests/verbs -s 7-7
"""

import argparse
import glob
import os
import re
import subprocess
import sys

CANNOT = 77
SECONDS = 400                           # for one run
SHRINKS_MAX = 2                         # the sequences after these are only named


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("launch")
    parser.add_argument("native")
    parser.add_argument("folder")
    parser.add_argument("-n", default="500", metavar="OPERATIONS", help="of a sequence (500)")
    parser.add_argument("-s", metavar="FIRST-LAST", help="seeds (none)")
    parser.add_argument("--no-shrink", action="store_true", help="only name what differs")
    parser.add_argument("--each", action="store_true", help="answers to one sequence as text on standard input, side by side")
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args = parser.parse_args(sys.argv[1:at])
    args.options = sys.argv[at + 1:]
    return args


ARGS = parse()


# ---- running ----

def run(command, text):
    try:
        done = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                              check=False)
        return done.returncode, done.stdout.decode(errors="replace").replace("\r", "")
    except subprocess.TimeoutExpired as error:
        return -1, (error.stdout or b"").decode(errors="replace").replace("\r", "")


def here(*words, text=""):
    return run([ARGS.native, *words], text)


def guest(*words, text=""):
    return run([sys.executable, ARGS.launch, "--timeout", str(SECONDS - 10), *ARGS.options, "--", "verbs", *words], text)


def results(output):
    """Name of a sequence -> its result."""
    return dict(re.findall(r"^= (.*?): (.*)$", output, re.MULTILINE))


def as_text(sequences):
    return "".join(f"= {name}\n" + "".join(line + "\n" for line in lines) for name, lines in sequences.items())


def differing(words, text, names=None):
    """Names of the sequences whose results differ, and what the guest's console showed last if it did not end as it should."""
    (here_status, here_out), (guest_status, guest_out) = here(*words, text=text), guest(*words, text=text)
    if here_status == CANNOT:
        reason = here_out.strip("# \n")
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)
    if here_status != 0:
        print(f"1..0\nBail out! {ARGS.native}: status {here_status}: {here_out[-500:]}")
        sys.exit(1)
    ours, theirs = results(here_out), results(guest_out)
    names = list(ours) if names is None else names
    bad = [name for name in names if name in theirs and ours.get(name) != theirs[name]]
    missing = [name for name in names if name not in theirs]
    return bad + missing[:1], guest_out[-3000:] if missing or guest_status != 0 else "", len(names)


# ---- shrinking ----

def any_differs(candidates):
    """Which of these lists of lines differ: their indices. When the guest dies, the one it died of, and those before it."""
    sequences = {str(i): lines for i, lines in enumerate(candidates)}
    bad, _, _ = differing([], as_text(sequences), list(sequences))
    return [int(name) for name in bad]


def without(lines, chunks):
    gone = {i for first, last in chunks for i in range(first, last)}
    return [line for i, line in enumerate(lines) if i not in gone]


def shrink(lines):
    """Take out of lines, which differ, all that does not matter: large pieces first, as many at once as will go."""
    prefixes = [lines[:n] for n in range(1, len(lines) + 1)] if len(lines) <= 60 else \
               [lines[:n] for n in range(len(lines) // 20, len(lines), len(lines) // 20)]
    bad = any_differs(prefixes)
    lines = prefixes[min(bad)] if bad else lines
    size = max(1, len(lines) // 2)
    while True:
        chunks = [(i, min(i + size, len(lines))) for i in range(0, len(lines), size)]
        goes = any_differs([without(lines, [chunk]) for chunk in chunks]) if len(lines) > 1 else []
        if goes:
            numbers = [len(goes) >> halved for halved in range(len(goes).bit_length())]     # all of them, half of them ... one
            together = [without(lines, [chunks[i] for i in goes[:n]]) for n in numbers]
            lines = together[min(any_differs(together), default=-1)]
        elif size == 1:
            return lines
        if not goes or size > len(lines) // 2:
            size = max(1, size // 2)


def answers(lines):
    """The first answers that differ, both ways."""
    text = as_text({"x": lines})
    sides = []
    for _, output in here("-v", text=text), guest("-v", text=text):
        sides.append([line for line in output.split("\n") if re.match(r"\d+ \[\d\] |= ", line)])
    at = next((i for i, (a, b) in enumerate(zip(*sides)) if a != b), min(map(len, sides)))
    shown = sides[0][:at] if len(lines) <= 40 else []
    pair = [side[at] if at < len(side) else "(nothing)" for side in sides]
    same = len(os.path.commonprefix(pair))
    begins = pair[0][:20] + " ..." if same > 80 else ""              # what is the same is left out where it is long
    cut = pair[0].rfind(" ", 0, same) if same > 80 else 0
    return shown + [f"{who}: {begins}{text[max(cut, 0):]}"[:400] for who, text in zip(("here ", "guest"), pair)]


# ---- TAP ----

def explain(name, lines, console):
    """Diagnostics: why a sequence differs."""
    print(f"# {name} differs", flush=True)
    explain.count += 1
    if ARGS.no_shrink or explain.count > SHRINKS_MAX:
        return
    if console:
        print("# The guest showed last:\n#   " + console.replace("\n", "\n#   "))
    lines = shrink(lines)
    print("# As text, for a file of userland/tests/verbs:")
    print("".join(f"#   {line}\n" for line in lines), end="")
    print("# The answers:")
    print("".join(f"#   {line}\n" for line in answers(lines)), end="", flush=True)
    if not any_differs([lines]):
        print("# But run again it does not differ.", flush=True)


explain.count = 0


def read_regressions():
    sequences = {}
    for path in sorted(glob.glob(os.path.join(ARGS.folder, "*.txt"))):
        with open(path, encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file]
        sequences[os.path.basename(path)] = [line for line in lines if line and not line.startswith("#")]
    return sequences


def main():
    if ARGS.each:
        print("\n".join(answers(sys.stdin.read().splitlines())))
        return 0
    kept = read_regressions()
    bad, console, _ = differing([], as_text(kept), list(kept))
    print(f"1..{len(kept) + bool(ARGS.s)}")
    for number, (name, lines) in enumerate(kept.items(), 1):
        print(f"{'not ok' if name in bad else 'ok'} {number} - {name}", flush=True)
        if name in bad:
            explain(name, lines, console)
    failed = bool(bad)
    if ARGS.s:
        bad, console, count = differing(["-n", ARGS.n, "-s", ARGS.s], "")
        print(f"{'not ok' if bad else 'ok'} {len(kept) + 1} - {count} sequences of {ARGS.n} operations, seeds {ARGS.s}", flush=True)
        for name in bad:
            explain(name, here("-p", "-n", ARGS.n, "-s", name.split()[1])[1].splitlines(), console)
    return failed or bool(bad)


sys.exit(main())
