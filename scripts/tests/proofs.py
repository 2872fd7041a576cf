#!/usr/bin/env python3
"""proofs.py ROOT [--deep]: spin searches the models of docs/proofs to the end.

The order that the kernel has must hold in every state that can be reached. Each order that is known to be wrong must
be refuted: a model that finds nothing wrong with it would not notice if the kernel had it. --deep takes minutes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.join(sys.argv[1], "docs", "proofs")
DEEP = "--deep" in sys.argv[2:]
MEMORY_MIB = 12000 if DEEP else 1500
MODEL_SECONDS = 3600 if DEEP else 180   # for one search; the longest takes twenty seconds on an idle machine
DEPTH = 20_000_000 if DEEP else 1_000_000

# Model, definitions, what is claimed.
HOLDS = [
    ("exclusivity.pml", "SPACES=2", "two address spaces, any number of operations"),
    ("exclusivity.pml", "SPACES=3 OPERATIONS=3", "three address spaces, three operations"),
    ("exclusivity.pml", "SPACES=2 INSTALL_BEFORE_COUNT", "the copy may be installed before its children are counted"),
    ("fence.pml", "HARTS=2", "two harts: no program uses a frame that has been given away"),
    ("fence.pml", "HARTS=2 TABLE", "two harts: no walker uses a table that has been given away"),
    ("fence.pml", "HARTS=2 SATP_BEFORE_LOOK", "programs alone would allow satp before the look at stale"),
    ("fence.pml", "HARTS=2 LEAVE_BEFORE_SATP", "programs alone would allow the bit to be cleared before satp"),
    ("fence.pml", "HARTS=2 TABLE CLEAR_AFTER_SFENCE", "with satp last, the mark may be cleared after sfence.vma"),
    ("asid.pml", "SPACES=2 LIMIT=4", "two harts, three numbers to give: nobody uses another's translations"),
    ("asid.pml", "SPACES=2 LIMIT=1", "nor on hardware without ASIDs"),
    ("neighbourhood.pml", "PAGES=1 TOGETHER=2",
     "faults in one neighbourhood, two threads at a time, any number of operations"),
    ("neighbourhood.pml", "PAGES=1 OPERATIONS=4 BYTES",
     "faults in one neighbourhood, three threads, four operations: what is read is what was stored"),
    ("neighbourhood.pml", "PAGES=2 OPERATIONS=4 BYTES",
     "faults in two neighbourhoods, three threads, four operations: the same"),
    ("neighbourhood.pml", "PAGES=2 OPERATIONS=3 WRITERS_FIRST",
     "readers may be kept out while a writer waits"),
    ("neighbourhood.pml", "PAGES=2 OPERATIONS=3 MISS_KEEPS_GENERATION",
     "a miss, which takes nothing away, need not raise the generation"),
    ("neighbourhood.pml", "PAGES=2 OPERATIONS=3 PUT_BEFORE_INSTALL",
     "a writer may put the old node before the copy is installed, if the children are counted"),
    ("reclaim.pml", "TWO", "a page goes, beside two threads of one address space, any number of operations"),
    ("reclaim.pml", "TWO FORK OPERATIONS=4", "a page goes that a fork may share, three threads, four operations"),
    ("reclaim.pml", "PAGES=2 TWO OPERATIONS=3", "two pages that come and go together, and move, three operations"),
    ("reclaim.pml", "PAGES=2 FORK OPERATIONS=3", "two pages that a fork may share, three operations"),
    ("reclaim.pml", "FILE TWO OPERATIONS=4", "a file's page, mapped, read, written and cut, four operations"),
    ("reclaim.pml", "PAGES=2 TWO OPERATIONS=3 MOVE_UNLOCKED",
     "the number may change without anon->lock, since the leaf has gone before"),
    ("reclaim.pml", "PAGES=2 TWO OPERATIONS=3 GATHER_WAITS", "read-ahead could wait for its neighbour, and be slow"),
]
LONG = [
    ("asid.pml", "SPACES=2 LIMIT=4"),
    ("neighbourhood.pml", "PAGES=1 TOGETHER=2"),
    ("neighbourhood.pml", "PAGES=2 OPERATIONS=4 BYTES"),
]
if DEEP:
    HOLDS += [
        ("exclusivity.pml", "SPACES=3 OPERATIONS=4", "three address spaces, four operations"),
        ("fence.pml", "HARTS=3", "three harts, programs"),
        ("fence.pml", "HARTS=3 TABLE", "three harts, walkers"),
        ("asid.pml", "SPACES=3 LIMIT=4", "two harts, three address spaces, three numbers to give"),
        ("asid.pml", "SPACES=2 LIMIT=4 RETURN_FIRST", "a hart that stays where it is need not forget yet"),
        ("neighbourhood.pml", "PAGES=1",
         "faults in one neighbourhood, three threads, any number of operations"),
        ("neighbourhood.pml", "PAGES=2 OPERATIONS=6",
         "faults in two neighbourhoods, three threads, six operations"),
        ("neighbourhood.pml", "PAGES=2 OPERATIONS=5 MISS_KEEPS_GENERATION",
         "the same without a new generation at a miss, five operations"),
        ("neighbourhood.pml", "PAGES=1 TOGETHER=2 PUT_BEFORE_INSTALL",
         "the old node put first, two threads at a time, any number of operations"),
        ("reclaim.pml", "FORK OPERATIONS=6", "a page goes that a fork may share, six operations"),
        ("reclaim.pml", "PAGES=2 TWO OPERATIONS=4", "two pages that come and go together, and move, four operations"),
        ("reclaim.pml", "PAGES=2 FORK OPERATIONS=4", "two pages that a fork may share, four operations"),
        ("reclaim.pml", "FILE TWO", "a file's page, any number of operations"),
    ]

REFUTED = [
    ("exclusivity.pml", "SPACES=2 BOTTOM_UP", "the test of a path from the anon up"),
    ("exclusivity.pml", "SPACES=2 UNORDERED_LOADS", "the test without acquire"),
    ("exclusivity.pml", "SPACES=2 PUT_BEFORE_COUNT", "the old node put before the children are counted"),
    ("exclusivity.pml", "SPACES=2 UNORDERED_PUT", "the put without release"),
    ("exclusivity.pml", "SPACES=2 PUT_BEFORE_ENTER", "the old anon put while its page is in sight"),
    ("exclusivity.pml", "SPACES=2 PUBLISH_BEFORE_REDUCE", "the child runs before the parent's leaves are read-only"),
    ("exclusivity.pml", "SPACES=2 KEEP_HINT", "the hint survives a fork"),
    ("fence.pml", "HARTS=2 NO_FENCE_FENCER", "no full fence where the translation is taken away"),
    ("fence.pml", "HARTS=2 NO_FENCE_COMER", "no full fence where a hart comes"),
    ("fence.pml", "HARTS=2 LOOK_BEFORE_BIT", "the look at stale before the bit in harts"),
    ("fence.pml", "HARTS=2 MARK_AFTER_LOOK", "the marks after the look at who is running"),
    ("fence.pml", "HARTS=2 MARK_PASSES_ENTRY", "the mark seen before the entry: no release"),
    ("fence.pml", "HARTS=2 GIVE_BEFORE_FENCE", "the frame given away before the fence"),
    ("fence.pml", "HARTS=2 TABLE SATP_BEFORE_LOOK", "satp before the look at stale"),
    ("fence.pml", "HARTS=2 TABLE LEAVE_BEFORE_SATP", "the bit cleared before satp"),
    ("fence.pml", "HARTS=2 SATP_BEFORE_LOOK CLEAR_AFTER_SFENCE", "with satp first, the mark cleared after sfence.vma"),
    ("asid.pml", "SPACES=2 LIMIT=4 NO_FORGET", "no fence of everything when a generation begins"),
    ("asid.pml", "SPACES=2 LIMIT=4 FORGET_AFTER_SATP", "that fence after satp"),
    ("asid.pml", "SPACES=2 LIMIT=4 GIVE_CARRIED", "a number given away that some hart has carried along"),
    ("asid.pml", "SPACES=2 LIMIT=4 KEEP_NONE", "a second number for a space that runs elsewhere"),
    ("asid.pml", "SPACES=2 LIMIT=4 NUMBER_FIRST", "the number to fence read before the entry is cleared"),
    ("asid.pml", "SPACES=2 LIMIT=4 NO_MARK", "no mark for harts that have left"),
    ("asid.pml", "SPACES=3 LIMIT=3", "so few numbers that all may be carried"),
    ("neighbourhood.pml", "PAGES=1 WINDOW",
     "the write lock let go and a read lock taken: the fault may miss again"),
    ("neighbourhood.pml", "PAGES=1 WINDOW ONLY_DAMAGE BYTES", "and if it does not look, it damages"),
    ("neighbourhood.pml", "PAGES=1 FORK_KEEPS_GENERATION",
     "a fork without a new generation: what is remembered as exclusive is shared"),
    ("neighbourhood.pml", "PAGES=1 FORK_KEEPS_GENERATION ONLY_DAMAGE BYTES", "and is stored to"),
    ("neighbourhood.pml", "PAGES=1 BIRTH_KEEPS_GENERATION ONLY_DAMAGE BYTES",
     "a new address space with a generation that some memory bears"),
    ("neighbourhood.pml", "PAGES=1 REMEMBER_SHARED ONLY_DAMAGE BYTES",
     "a leaf node remembered although its path is shared"),
    ("neighbourhood.pml", "PAGES=1 BOTTOM_UP ONLY_DAMAGE BYTES", "the walk from the leaf node up"),
    ("neighbourhood.pml", "PAGES=1 PUT_BEFORE_COUNT",
     "the old node put before its children are counted, beside a thread that faults"),
    ("neighbourhood.pml", "PAGES=1 PUT_BEFORE_ENTER",
     "the old anon put while another thread may have it in sight"),
    ("neighbourhood.pml", "PAGES=1 NO_NEIGHBOURHOOD",
     "two faults in a neighbourhood that none has locked"),
    ("neighbourhood.pml", "PAGES=1 FORK_READS ONLY_DAMAGE BYTES", "a fork that only reads as->lock"),
    ("neighbourhood.pml", "PAGES=2 MAKE_WHILE_READING ONLY_DAMAGE BYTES",
     "a fault that makes nodes while it only reads as->lock"),
    ("neighbourhood.pml", "PAGES=1 KEEP_NEIGHBOURHOOD",
     "a miss that keeps its neighbourhood while it waits for as->lock: everybody waits"),
    ("neighbourhood.pml", "PAGES=1 UPGRADE",
     "a miss that keeps its read lock while it waits to write: everybody waits"),
    ("reclaim.pml", "TWO OPERATIONS=3 FREE_BEFORE_UNMAP", "the frame freed before the leaves go"),
    ("reclaim.pml", "TWO OPERATIONS=3 WRITE_BEFORE_UNMAP", "the page written before the leaves go"),
    ("reclaim.pml", "TWO OPERATIONS=3 NO_FENCE", "a leaf that goes without a fence"),
    ("reclaim.pml", "FORK OPERATIONS=4 ONE_LEAF", "only one space's leaf taken"),
    ("reclaim.pml", "TWO OPERATIONS=3 NO_TAKE_BACK", "the last put of an anon without a look at the queue"),
    ("reclaim.pml", "TWO OPERATIONS=4 KEEP_SLOT", "a slot kept over a store"),
    ("reclaim.pml", "TWO OPERATIONS=4 SLOT_LATE", "the slot set after the anon is on no queue"),
    ("reclaim.pml", "TWO OPERATIONS=3 STAY_NAMES_NONE", "a page that stays on no queue for a moment"),
    ("reclaim.pml", "TWO OPERATIONS=3 WAIT_FOR_ANON", "anon->lock waited for under queue_lock: everybody waits"),
    ("reclaim.pml", "TWO OPERATIONS=3 WAIT_FOR_SPACE", "as->lock waited for: who allocates may have it"),
    ("reclaim.pml", "FILE TWO OPERATIONS=3 WAIT_FOR_OBJECT", "the object's lock waited for under its anon's"),
    ("reclaim.pml", "PAGES=2 OPERATIONS=3 MOVE_BEFORE_HIDE", "a new number before the old leaf has gone"),
    ("reclaim.pml", "PAGES=2 OPERATIONS=4 NUMBER_BEFORE_LOCK", "the number read before anon->lock is taken"),
    ("reclaim.pml", "FILE TWO OPERATIONS=3 TAKE_PINNED", "a file's page taken although it is pinned"),
    ("reclaim.pml", "FILE TWO OPERATIONS=3 CUT_BEFORE_HIDE", "a file's page gone before its leaf"),
]
if DEEP:
    REFUTED += [
        ("asid.pml", "SPACES=3 LIMIT=4 KEEP_OLDER", "a number kept from longer ago, because another carries the same"),
    ]


class Failed(Exception):
    pass


def run(folder, *command):
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=MODEL_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{command[0]}: not done after {MODEL_SECONDS} seconds") from late
    text = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: status {done.returncode}\n{text[-2000:]}")
    return text


def flags_for(definitions):
    return ["-D" + word for word in definitions.split()]


def search(folder, model, definitions, *options):
    """Build the verifier and let it run: what it printed."""
    run(folder, "spin", "-a", *flags_for(definitions), model)
    # To optimise a verifier takes longer than a short search without.
    optimise = "-O2" if DEEP or (model, definitions) in LONG else "-O0"
    run(folder, "cc", optimise, "-w", "-DSAFETY", f"-DMEMLIM={MEMORY_MIB}", *options, "-o", "pan", "pan.c")
    return run(folder, "./pan", f"-m{DEPTH}", "-w24")


def number(pattern, text):
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise Failed(f"the verifier does not say {pattern!r}:\n{text[-2000:]}")
    return int(float(found.group(1)))       # beyond a hundred million, Spin prints six digits and a power


def all_states(folder, model, definitions):
    """How many states can be reached, none of them wrong."""
    text = search(folder, model, definitions, "-DCOLLAPSE")
    for sign in ("Search not completed", "max search depth too small", "reached -DMEMLIM", "out of memory"):
        if sign in text:
            raise Failed(f"the search did not come to its end:\n{text[:2000]}")
    if number(r"errors: (\d+)$", text) != 0:
        raise Failed(text[:2000])
    return f"holds in all of {number(r'^ *([0-9.e+]+) states, stored', text)} states"


def counterexample(folder, model, definitions):
    """How long the counterexample is: found breadth first, then replayed up to the assertion that fails."""
    text = search(folder, model, definitions, "-DBFS")
    if number(r"errors: (\d+)$", text) == 0:
        raise Failed(f"nothing wrong found in {number(r'^ *([0-9.e+]+) states, stored', text)} states")
    replay = run(folder, "spin", "-t", "-p", *flags_for(definitions), model)
    if "text of failed assertion" not in replay:
        raise Failed(f"the trail does not end in a failed assertion:\n{replay[-2000:]}")
    return f"refuted in {number(r'^spin: trail ends after ([0-9]+) steps', replay)} steps"


def claims():
    for model, definitions, claim in HOLDS:
        yield model, definitions, claim, all_states
    for model, definitions, claim in REFUTED:
        yield model, definitions, claim, counterexample


def main():
    count = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for model, definitions, claim, method in claims():
            count += 1
            shutil.copy(os.path.join(FOLDER, model), folder)
            began = time.monotonic()
            name = f"{count} - {model} {definitions}: {claim}"
            try:
                result = method(folder, model, definitions)
                print(f"ok {name}: {result}, {time.monotonic() - began:.1f} s", flush=True)
            except Failed as failure:
                failures += 1
                print(f"not ok {name}")
                print("# " + str(failure).replace("\n", "\n# "), flush=True)
    print(f"1..{count}")
    sys.exit(failures > 0)


main()
