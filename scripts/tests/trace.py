#!/usr/bin/env python3
"""trace.py LAUNCH BUILD: scripts/trace writes what a viewer opens, and in it stands what the kernel has counted."""

import json
import os
import re
import subprocess
import sys
import tempfile

from harness import check, finish

BUILD = sys.argv[2]
TRACE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "trace")


def trace(folder, *words):
    """(status, what was printed, the file)."""
    path = os.path.join(folder, "trace.json")
    done = subprocess.run([TRACE, "-o", path, "--built", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=120)
    with open(path, encoding="utf-8") as file:
        return done.returncode, done.stdout, json.load(file)


def well_formed(events):
    """What the Trace Event Format demands of those that are written here."""
    for event in events:
        needed = {"ph", "name", "pid", "ts"} | {"X": {"tid", "dur"}, "i": {"tid", "s"}, "C": {"args"}, "M": {"args"}}[event["ph"]]
        yield not needed <= event.keys(), f"fields are missing: {event}"
        yield event.get("dur", 0) < 0 or event["ts"] < 0, f"a time is below 0: {event}"
    times = [event["ts"] for event in events]
    yield times != sorted(times), "not in order of time"


with tempfile.TemporaryDirectory() as folder:
    for name, options in (("1 hart", []), ("2 harts, checked, chaos", ["--harts", "2", "--chaos", "16"])):
        status, printed, written = trace(folder, "--build", BUILD, *options, "vmstat", "-p", "ls", "/bin")
        events = written["traceEvents"]
        check(f"{name}: a program runs", [(status != 0, f"status {status}\n{printed}"),
                                          (written["otherData"]["lost"] != 0, "some records are lost")])
        check(f"{name}: the file is well formed", [problem for problem in well_formed(events) if problem[0]])
        names = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
        pids = [pid for pid, program in names.items() if program == "ls"]
        check(f"{name}: processes have names", [(len(pids) != 1 or names.get(0) != "harts" or names.get(1) != "init", f"{names}")])
        counted = {case: int(n) for case, n in re.findall(r"^fault_([ABC]\d?|spurious|segv|bus|oom) +(\d+)", printed, re.MULTILINE)}
        seen = {}
        for event in events:
            if event["pid"] in pids and event["name"].startswith("fault "):
                seen[event["name"][len("fault "):]] = seen.get(event["name"][len("fault "):], 0) + 1
        check(f"{name}: faults are those that are counted", [(seen != counted or sum(seen.values()) < 10, f"{seen} of {counted}")])
        slices = [event for event in events if event["pid"] == 0 and event["ph"] == "X" and event["name"] == f"ls[{pids[0]}]"]
        check(f"{name}: a hart ran it", [(not slices, "no slice"), (any(s["dur"] <= 0 for s in slices), f"{slices}")])
        counters = {event["name"] for event in events if event["ph"] == "C"}
        check(f"{name}: counters", [(counters != {"resident pages", "pages of the machine"}, f"{counters}")])

    status, printed, written = trace(folder, "--records", "50", "--build", BUILD, "ls", "/bin")
    check("what is lost is said", [(status != 0 or written["otherData"]["lost"] == 0 or " lost" not in printed, printed)])
    status, _, written = trace(folder, "--build", BUILD, "--memory", "32M", "--swap", "64M", "sh", "-c", "echo $(seq 1 10); exit 3")
    check("the status is the program's", [(status != 3, f"{status}")])

finish()
