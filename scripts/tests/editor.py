#!/usr/bin/env python3
"""editor.py BUILD ROOT: what editors are given fits the tree.

.devcontainer builds a machine by scripts/setup alone, of files that exist; there is no docker here, so its lines are read. clangd,
where there is one, has no complaint about a file of each kind.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD, ROOT = sys.argv[1:]
CONTAINER = os.path.join(ROOT, ".devcontainer")
FILES = ["mm/fault.c", "mm/fault.h", "arch/riscv/mmu.c", "mm/test/threads.c", "userland/examples/life.c", "userland/xv6/cat.c",
         "userland/tests/lazytests.c", "userland/tests/posix_jobs.c"]
HEADERS = "/usr/lib/picolibc/riscv64-unknown-elf/include"
count = failures = 0


def check(name, wrong, skip=None):
    """One TAP line; wrong: what was seen, empty when it is right."""
    global count, failures
    count += 1
    failures += bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {count} - {name}{f' # SKIP {skip}' if skip else ''}", flush=True)
    for line in (wrong or "").splitlines():
        print("# " + line)


def container():
    with open(os.path.join(CONTAINER, "devcontainer.json"), encoding="utf-8") as file:
        try:
            build = json.load(file)["build"]
        except (ValueError, KeyError) as error:
            check("devcontainer.json", f"{type(error).__name__}: {error}")
            return
    context = os.path.realpath(os.path.join(CONTAINER, build.get("context", ".")))
    check("devcontainer.json: the context is the tree",
          "" if os.path.samefile(context, ROOT) else f"{build.get('context')} is {context}")
    path = os.path.join(CONTAINER, build["dockerfile"])
    check("devcontainer.json: its Dockerfile is there", "" if os.path.isfile(path) else path)
    with open(path, encoding="utf-8") as file:
        lines = [line.split(None, 1) for line in file.read().replace("\\\n", " ").splitlines() if line.strip()
                 and not line.startswith("#")]
    check("Dockerfile: FROM, COPY, RUN, and from Debian 12",
          "" if [word for word, _ in lines] == ["FROM", "COPY", "RUN"] and lines[0][1] == "debian:12" else f"{lines}")
    source, target = lines[1][1].split()
    check("Dockerfile: it copies scripts/setup",
          "" if source == "scripts/setup" and os.access(os.path.join(ROOT, source), os.X_OK) else source)
    commands = [command.split() for command in re.split(r"&&|;", lines[2][1])]
    check("Dockerfile: it runs that, and puts it away", "" if commands[0][0] == target and commands[1:] == [["rm", target]]
          else f"{commands}")

    # It must do so without the rest of the tree: with --check it only looks, and says 0 or 1; 2 is a wrong call.
    with tempfile.TemporaryDirectory() as folder:
        alone = shutil.copy(os.path.join(ROOT, source), folder)
        done = subprocess.run([alone, "--check", *commands[0][1:]], cwd=folder, capture_output=True, text=True, check=False)
    fine = done.returncode == 0 or (done.returncode == 1 and "missing here" in done.stderr)
    check("scripts/setup works alone, with these options", "" if fine else f"status {done.returncode}\n{done.stderr}")


def why_no_clangd():
    if not os.path.isdir(HEADERS):
        return f"picolibc is not in {HEADERS}, which .clangd names"
    return None if shutil.which("clangd") else "no clangd (scripts/setup --proof installs it)"


def clangd():
    program, reason = shutil.which("clangd"), why_no_clangd()
    for path in FILES:
        if reason is not None:
            check(f"clangd: {path}", "", skip=reason)
            continue
        done = subprocess.run([program, f"--compile-commands-dir={BUILD}", f"--check={path}"], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        complaints = [line for line in done.stderr.splitlines() if re.match(r"E\[", line)]
        right = "All checks completed, 0 errors" in done.stderr
        check(f"clangd: {path}", "" if right and not complaints else "\n".join(complaints) or done.stderr[-500:])


container()
clangd()
print(f"1..{count}")
sys.exit(failures > 0)
