#!/usr/bin/env python3
"""labs.py LAUNCH [LAB [BREAK...]]: the labs are what they say, and their grader gives nothing for nothing.

Without LAB, in seconds: seals, the rules for files of strangers, and that no starter holds an answer or a case that is kept back.
With one, in the guest: its starter fails its own cases and no other, this tree's own files get all points, a kernel that does
nothing, one that prints results and one that powers off with status 0 get none, and each BREAK fails cases that are about it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from cases import HOME, Seal, read_catalogue, results_of, siphash, tree_files
from harness import check, finish
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from labs import (Grader, Lab, Row, Wrong, definition_of, lab_names, make_starter, read_submitted, refusal, starter_files,
                  with_body, with_include)

LINE_MIN = 24                           # characters: shorter lines may be anybody's


def command_line():
    """scripts/lab as a module."""
    loader = SourceFileLoader("lab", os.path.join(HOME, "scripts", "lab"))
    module = module_from_spec(spec_from_loader("lab", loader))
    loader.exec_module(module)
    return module


# --- Without a guest -----------------------------------------------------------------------------------------------------

def seals():
    key = bytes(range(16))
    check("the code is SipHash-2-4", [(siphash(key, bytes(range(15))) != 0xa129ca6149be45e5, "not what its authors print")])
    seal, other = Seal(), Seal()
    first, second = (f"ok {n} - case {n}" for n in (1, 2))

    def line(result, took, by=seal):
        return f"{result}\n# seal {took} {siphash(by.key, f'{result} {took}'.encode()):016x}\n"

    def got(text, seal=seal, limit=0):
        return results_of("1..2\n" + text, seal, limit)[0]

    good = line(first, 100)
    not_good = line("not " + first, 100)
    check("a sealed result counts", [(got(good) != {"case 1": None}, str(got(good)))])
    for name, text in {"without a seal": first + "\n",
                       "with another's": line(first, 100, other),
                       "of another case": good.replace(first, second),
                       "made out of a failure": not_good.replace("not ok", "ok"),
                       "that took less than was sealed": good.replace("seal 100", "seal 99"),
                       "that is a failure": not_good, "that was skipped": line(first + " # SKIP", 100),
                       "behind something else": good.replace("\n#", "\nok 2 - case 2\n#")}.items():
        check(f"a result {name} does not", [(None in got(text).values(), str(got(text)))])
    check("nor one that took too much", [(got(good, limit=99) == {"case 1": None}, str(got(good, limit=99)))])
    check("nor without a plan", [(bool(results_of(good, seal)[0]), good)])
    place = Seal.PLACE
    check("the key goes where the programs have it", [(seal.archive(b"a" + place + b"b") != b"a" + seal.key + b"b", "")])


HOSTILE = ['asm("nop");', '__asm__ volatile("");', '__as\\\nm("");', "as##m", '%:include "x"', "?\?=include <x>", 'R"(/*)"',
           '__attribute__((section(".text\\n.incbin \\"/etc/passwd\\"\\n"))) int x;', "[[gnu::section(\"x\")]] int x;",
           "__attribute__((alias(\"x\"))) void f(void);", "#embed </etc/passwd>", '_Pragma("x")', "__attribute__(X)"]


def strangers(grader_files):
    for text in HOSTILE:
        check(f"refused: {text!r}", [(refusal(text.replace("?\\?", "??"), "") is None, "")])
    for name in grader_files:
        with open(os.path.join(HOME, name), encoding="utf-8") as file:
            text = file.read()
        why = refusal(text, text)
        check(f"{name} is taken", [(why is not None, str(why))])
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "mm"))
        os.symlink(os.path.join(HOME, "mm/fault.c"), os.path.join(folder, "mm/fault.c"))
        for name in ("mm/fault.c", "mm/map.c", "mm"):
            try:
                read_submitted(folder, name)
                why = "it was"
            except Wrong as error:
                why = str(error)
            check(f"{name}, a link, nothing or a folder, is not taken", [("is not in the submission" not in why, why)])


def answers_of(lab, whole):
    """Lines of the functions that are missing, and of the cases kept back, which stand nowhere else in the tree."""
    lines = []
    for m in lab.missing:
        _, _, start, end = definition_of(whole[m.file], m.function)
        lines += [line.strip() for line in whole[m.file][start:end].split("\n")]
    everything, given = "\n".join(whole.values()), "\n".join(m.before + (m.instead or "") for m in lab.missing)
    return {line for line in lines if len(line) >= LINE_MIN and everything.count(line) == 1 and line not in given}


def starters():
    whole = {}
    for name in tree_files():
        if not name.startswith(("build/", "docs/labs/", "docs/zh/labs/")):
            with open(os.path.join(HOME, name), encoding="utf-8", errors="replace") as file:
                whole[name] = file.read()
    for name in lab_names():
        lab = Lab(name)
        files = {path: contents.decode(errors="replace") for path, contents in starter_files(lab).items()}
        answers, text = answers_of(lab, whole), "\n".join(files.values())
        shown = {case for step in lab.steps for case in step.shown}
        kept = {case for step in lab.steps for case in step.kept} - shown
        found = [line for line in answers if line in text]
        check(f"{name}: the starter holds none of {len(answers)} lines of the answer", [
            (bool(found), "\n".join(found)), (len(answers) < 3, "few")])
        tests = "\n".join(files[path] for path in files if path.startswith("userland/tests/"))
        found = [case for case in kept if f'.name = "{case}"' in tests]
        check(f"{name}: nor any of {len(kept)} cases that are kept back", [(bool(found), str(found)), (len(kept) < 5, "few")])
        found = [path for path in files if re.search(r"docs/((zh/)?labs/(?!%s\.)|grading|mutants)|tests/labs\.py" % name, path)]
        check(f"{name}: nor a page of the teacher's", [
            (bool(found), str(found)), ("[[break]]" in files["scripts/mutants.toml"], "breaks")])
        known = {b.name: b for b in read_catalogue()}
        wrong = [b for b in lab.breaks if b not in known or known[b].file not in lab.files]
        check(f"{name}: its breaks are in files that a student hands in", [(bool(wrong), str(wrong)), (not lab.breaks, "none")])
        check(f"{name}: it makes 100 points", [(lab.max_points() != 100, str(lab.max_points()))])
        if shutil.which("git") is None or name != lab_names()[0]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            heads = []
            for n in ("a", "b"):
                make_starter(lab, os.path.join(folder, n), {})
                listed = subprocess.run(["git", "rev-list", "--all"], cwd=os.path.join(folder, n), capture_output=True, text=True)
                heads.append(listed.stdout.split())
            check(f"{name}: two starters are the same, of one commit", [(len(heads[0]) != 1 or heads[0] != heads[1], str(heads))])


def tables():
    """What is told of several submissions."""
    steps = Lab("lazy").steps
    names = [(step, case) for step in steps for case in step.run.cases]
    got = command_line().table([("good", [Row(step, case, None) for step, case in names]),
                                ("less", [Row(step, case, "wrong" if step is steps[0] else None) for step, case in names]),
                                ("none", [Row(step, case, "mm/map.c:1: error\nmore") for step, case in names])])
    most = steps[0].points * len(steps[0].run.cases)
    expected = ["# 100 of 100  good", f"#  {100 - most} of 100  less  {steps[0].name} 0 of {most}",
                "#   0 of 100  none  mm/map.c:1: error"]
    check("several submissions: a table", [(got.split("\n") != expected + [""], got)])


# --- In the guest --------------------------------------------------------------------------------------------------------

FORGED = {"replace": ("mm/policy_clock.c", "next"), "shootdown": ("arch/riscv/mmu.c", "mmu_activate"),
          "signals": ("kernel/handler.c", "handlers_enter")}
VOID = ("mmu_activate", "handlers_enter")


def forgers(lab):
    """Submissions that do not even try: what stands instead of the body of one function, of the fault by default."""
    names = [case for step in lab.steps for case in step.run.cases]
    results = "".join(f'    kprintf("ok {n} - {case}\\n# seal 1000 {n:016x}\\n");\n' for n, case in enumerate(names, start=1))
    end = "" if FORGED.get(lab.name, ("", ""))[1] in VOID else "\n    return 0;"
    return {"does nothing": "    for (;;)\n        ;" + end,
            "prints results": f'    kprintf("TAP version 13\\n1..{len(names)}\\n");\n{results}    machine_power_off(0);',
            "powers off with status 0": "    machine_power_off(0);"}


def read_whole(path):
    with open(path, "rb") as file:
        return file.read()


def graded(lab, grader, breaks):
    lab_command = command_line()

    def outputs(rows):
        return [lab_command.tap(rows), lab_command.junit(rows), lab_command.gradescope(rows), lab_command.classroom_50(rows, {})]

    def score(rows):
        return lab_command.totals(rows)[0]

    own = {name: grader.tree.read(name) for name in lab.files}
    with tempfile.TemporaryDirectory() as folder:
        make_starter(lab, os.path.join(folder, "starter"), {})
        rows = grader.grade(os.path.join(folder, "starter"))
        wrong = [f"{row.step.name}: {row.case}: {row.why}" for row in rows if bool(row.why) == row.step.given]
        check("the starter fails its own cases and no other", [
            (bool(wrong), "\n".join(wrong)), (score(rows) != 0, f"{score(rows)} points")])
        silent = [row.case for row in rows if row.why and re.search("hangs|is gone|no end|panic", row.why)]
        check("each of them says why", [(bool(silent), str(silent))])
        again = grader.grade(os.path.join(folder, "starter"))
        for row in rows + again:
            if row.step.run.harts > 1:                  # what several harts do wrong is not the same every time
                row.why = row.why and "wrong"
        check("twice the same, in every format", [(outputs(rows) != outputs(again), "")])
        starter = {name: read_whole(os.path.join(folder, "starter", name)) for name in lab.files}
    rows = grader.grade_files(own)
    wrong = [f"{row.step.name}: {row.case}: {row.why}" for row in rows if row.why]
    check("this tree's own files get all points", [
        (bool(wrong), "\n".join(wrong)), (score(rows) != lab.max_points(), f"{score(rows)}")])
    path, function = FORGED.get(lab.name, ("mm/fault.c", "vm_fault"))
    for name, body in forgers(lab).items():
        text = starter[path].decode()
        for header in ("kernel/core/print.h", "arch/power.h"):
            text = with_include(text, header)
        rows = grader.grade_files(starter | {path: with_body(text, function, body).encode()})
        check(f"a kernel that {name} gets nothing", [
            (score(rows) != 0, f"{score(rows)} points"), ("error:" in rows[0].why, rows[0].why)])
    for b in (b for b in read_catalogue() if b.name in breaks):
        rows = grader.grade_files(own | {b.file: own[b.file].replace(b.old.encode(), b.new.encode())})
        must = {(run.program, run.kernel, run.harts, case) for run in b.runs if not run.unseen for case in run.cases}
        failed = [row.case for row in rows if row.why and
                  (row.step.run.program, row.step.run.kernel, row.step.run.harts, row.case) in must]
        check(f"{b.name}: {lab.max_points() - score(rows)} points less", [(not failed, "no case fails that the catalogue names")])


def main():
    if len(sys.argv) > 2:
        lab = Lab(sys.argv[2])
        graded(lab, Grader(lab), sys.argv[3:])
    else:
        seals()
        strangers(sorted({name for lab in lab_names() for name in Lab(lab).files}))
        starters()
        tables()
    finish()


main()
