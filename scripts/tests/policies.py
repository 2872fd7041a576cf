#!/usr/bin/env python3
"""policies.py LAUNCH BUILD ROOT: the kernel's policies do what their papers say, and scripts/policies what it says itself.

The models of scripts/policy_models.py are plain programs written from the papers; no simulator that others have published was at
hand. FIFO, the clock and SIEVE must miss exactly as often as those. S3-FIFO in the kernel differs from its paper (see
mm/policy_s3fifo.c), so both figures stand here.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from harness import check, finish

BUILD, ROOT = sys.argv[2:4]
SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REFERENCES = os.path.join(ROOT, "mm", "test", "references", "skewed.txt")
sys.path.insert(0, SCRIPTS)

import policy_models        # noqa: E402
import trace_text           # noqa: E402

BELADY = "1 2 3 4 1 2 5 1 2 3 4 5".split()
# Misses of references/skewed.txt: of the models as the papers have them; and of those of the kernel's that are none's.
FRAMES = [9, 18, 36, 54]
EXPECTED = {
    "fifo": [2369, 1351, 686, 308],
    "lru": [1517, 986, 509, 242],
    "opt": [1055, 577, 258, 123],
    "clock": [1505, 968, 506, 246],
    "sieve": [1290, 845, 459, 225],
    "s3fifo": [1243, 835, 450, 227],
}
EXPECTED_OF_KERNEL = {"s3fifo": [1518, 952, 511, 245], "two": [2109, 1033, 541, 252]}


def replay(policy, frames, references, *words):
    done = subprocess.run([os.path.join(BUILD, "mm", "test", "mm-replay"), policy, str(frames), *words], text=True, check=True,
                          input="".join(page + "\n" for page in references), stdout=subprocess.PIPE)
    return int(done.stdout.split()[1])


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def read_references(path):
    return [line for line in read(path).splitlines() if not line.startswith("#")]


def same(name, pairs):
    check(name, [(kernel != model, f"{what}: the kernel {kernel}, the model {model}") for what, kernel, model in pairs])


def kernel_and_models(name, strings):
    for policy, model in (("clock", policy_models.clock), ("sieve", policy_models.sieve)):
        same(f"{policy} is its paper's, but that a page comes as used: {name}",
             [(f"{n}, {frames} frames", replay(policy, frames, references), model(references, frames, bit_at_load=True))
              for n, frames, references in strings])
        same(f"{policy} is its paper's where the first use is none: {name}",
             [(f"{n}, {frames} frames", replay(policy, frames, references, "first-use-is-none"), model(references, frames))
              for n, frames, references in strings])
    same(f"fifo is its paper's: {name}", [(f"{n}, {frames} frames", replay("fifo", frames, references),
                                           policy_models.fifo(references, frames)) for n, frames, references in strings])


def random_strings():
    chance = random.Random(1)
    for n in range(12):
        npages = chance.choice([5, 30, 200])
        skewed = n % 2 == 0
        yield n, chance.randrange(1, npages + 2), [
            str(int(chance.paretovariate(0.5)) % npages if skewed else chance.randrange(npages)) for _ in range(2000)]


def committed():
    references = read_references(REFERENCES)
    for policy, expected in EXPECTED.items():
        got = [getattr(policy_models, policy)(references, frames) for frames in FRAMES]
        check(f"recorded references: the model of {policy}", [(got != expected, f"{got}, expected {expected}")])
    for policy, expected in EXPECTED_OF_KERNEL.items():
        got = [replay(policy, frames, references) for frames in FRAMES]
        check(f"recorded references: the kernel's {policy}", [(got != expected, f"{got}, expected {expected}")])
    kernel_and_models("recorded references", [("recorded", frames, references) for frames in FRAMES])
    strings = [references] + [references for _, _, references in random_strings()]
    sizes = (5, 10, 20, 40)
    lru = [[policy_models.lru(references, frames) for frames in sizes] for references in strings]
    check("LRU never misses more with more memory", [(row != sorted(row, reverse=True), f"{row}") for row in lru])
    models = [policy_models.fifo, policy_models.lru, policy_models.clock, policy_models.sieve, policy_models.s3fifo]
    check("nothing beats the optimum", [(policy_models.opt(references, frames) > model(references, frames), model.__name__)
                                        for references in strings for frames in sizes for model in models])


def anomaly():
    got = {(policy, frames): replay(policy, frames, BELADY) for policy in ("fifo", "clock") for frames in (3, 4)}
    check("Belady's anomaly: FIFO misses 9 times with 3 frames, and 10 times with 4",
          [((got["fifo", 3], got["fifo", 4]) != (9, 10), f"{got}")])
    got = [(policy_models.lru(BELADY, frames), policy_models.opt(BELADY, frames)) for frames in (3, 4)]
    check("LRU and the optimum have none", [(got != [(10, 7), (8, 6)], f"{got}")])


def tool(folder, *words):
    return subprocess.run([os.path.join(SCRIPTS, "policies"), "--build", BUILD, "-o", os.path.join(folder, "picture.svg"), *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=200)


def picture_problems(folder, ncurves):
    tree = xml.etree.ElementTree.parse(os.path.join(folder, "picture.svg"))
    curves = tree.findall("{http://www.w3.org/2000/svg}polyline")
    yield len(curves) != ncurves, f"{len(curves)} curves"
    for curve in curves:
        for point in curve.get("points").split():
            x, y = map(float, point.split(","))
            yield not (0 <= x <= 760 and 0 <= y <= 440), f"a point outside the picture: {point}"


def recording(folder):
    """Every turn of a program that goes round 64 pages is in its references, and in order."""
    kept = os.path.join(folder, "kept.txt")
    done = tool(folder, "--keep", kept, "pages", "loop", "64", "320")
    check("a program is recorded", [(done.returncode != 0, done.stdout)])
    array = [int(page, 16) for page in read_references(kept)]
    first = next(page for page in array if sum(other == page for other in array) == 6 and page + 63 in array)
    turns = [page - first for page in array if first <= page < first + 64]
    check("every page that it turns to is there", [(turns != list(range(64)) * 6, f"{turns}")])
    check("the picture has a curve for each policy", list(picture_problems(folder, 7)))


kernel_and_models("random strings", list(random_strings()))
committed()
anomaly()
with tempfile.TemporaryDirectory() as where:
    recording(where)
finish()
