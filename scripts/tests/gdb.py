#!/usr/bin/env python3
"""gdb.py LAUNCH BUILD ROOT [--show]: gdb's helpers say what is so, and docs/debugging.md shows what they print.

The document's sessions are typed into a gdb, line by line; what it prints must be what the document has. There "..." stands for any
text in a line, and alone for any lines; addresses, line numbers and what else VARIES may differ. Then the helpers are compared with
the guest itself: maps and ps with its own, and the case that they foresee for each fault with the one that is counted. At last what
they say when something is missing. --show: print the sessions as they are, for who writes the document.
"""

import glob
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import LAUNCH, check, finish

BUILD, ROOT = sys.argv[2:4]
sys.path.insert(0, os.path.join(ROOT, "scripts/gdb"))
from faultline import elf               # noqa: E402: found by the line above

PAGE = "docs/debugging.md"
ANSWER_S = 40                           # for one command, continue included
REST_S = 0.4                            # without much work, several times in a row, before ^C
ONLINE = "online"                       # the last that the kernel says before programs run
COMMAND = re.compile(r"^\(gdb\) ", re.MULTILINE)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


# --- gdb ---------------------------------------------------------------------------------------------------------------

def find_gdb():
    """As scripts/debug does; one that knows this machine, and Python."""
    for name in ("gdb-multiarch", "riscv64-unknown-elf-gdb"):
        path = shutil.which(name)
        if path is None:
            continue
        probe = subprocess.run([path, "-nx", "-batch", "-ex", "python print(gdb.VERSION)", "-ex", "set architecture riscv:rv64"],
                               capture_output=True, text=True, check=False)
        version = re.search(r"(\d+)", probe.stdout)
        if version and int(version[1]) >= 13 and "Undefined" not in probe.stderr:
            return path
    return None


def settings():
    """What scripts/debug has gdb do before it connects; the last is the connection itself."""
    script = read("scripts/debug")
    helpers = re.findall(r'-x "\$root_dir/(\S+)"', script)
    return [word for path in helpers for word in ("-x", os.path.join(ROOT, path))] + \
           [word for setting in re.findall(r"-ex '([^']*)'", script) for word in ("-ex", setting)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Session:
    """A machine, if there is one, and a gdb."""

    def __init__(self, gdb, options, kernel=None):
        self.console = tempfile.TemporaryFile()
        self.launch, connect = None, []
        if options is not None:
            port = free_port()
            self.launch = subprocess.Popen([sys.executable, LAUNCH, "--build", BUILD, "--gdb", "--gdb-port", str(port), *options],
                                           stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console)
            connect = ["-ex", f"target remote localhost:{port}"]
        checked = options is not None and ("--checked" in options or "--chaos" in options)
        kernel = kernel or os.path.join(BUILD, "faultline-checked.elf" if checked else "faultline.elf")
        self.gdb = subprocess.Popen([gdb, "-q", "-nx", *([kernel] if kernel != "none" else []), *settings(), "-ex", "set width 0",
                                     "-ex", "set prompt", *connect],
                                    cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    env=dict(os.environ, LC_ALL="C.UTF-8", TERM="dumb", DEBUGINFOD_URLS=""))
        self.number = 0

    def __enter__(self):
        self.do("echo")
        return self

    def __exit__(self, *_):
        try:
            self.gdb.communicate(b"kill\nquit\n", timeout=ANSWER_S)
        except subprocess.TimeoutExpired:
            self.gdb.kill()
            self.gdb.communicate()
        if self.launch is not None:
            self.launch.terminate()
            self.launch.wait()

    def work_s(self):
        """The processor time that QEMU, the launcher's child, has used."""
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == self.launch.pid:
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0

    def interrupt_at_rest(self, words):
        """^C, once the console shows words and the machine has nothing more to do."""
        rests, before = 0, 0
        for _ in range(int(ANSWER_S / REST_S) - 5):
            time.sleep(REST_S)
            now = self.work_s()
            rests = rests + 1 if words in self.shown_on_console() and now - before < REST_S / 4 else 0
            before = now
            if rests == 3:
                break
        self.gdb.send_signal(signal.SIGINT)

    def do(self, command, interrupt=None):
        """What gdb prints for a command; interrupt: ^C, once the console shows this and the guest is at rest."""
        self.number += 1
        end = f"=== {self.number} ==="
        watch = threading.Timer(ANSWER_S, self.gdb.kill)
        watch.start()
        if interrupt is not None:
            threading.Thread(target=self.interrupt_at_rest, args=[interrupt]).start()
        lines = []
        try:
            self.gdb.stdin.write(f"{command}\necho \\n{end}\\n\n".encode())
            self.gdb.stdin.flush()
            for line in iter(self.gdb.stdout.readline, b""):
                if line.decode(errors="replace").strip() == end:
                    break
                lines.append(line.decode(errors="replace"))
            else:
                lines.append("(gdb has ended)\n")
        except BrokenPipeError:
            lines.append("(gdb has ended)\n")
        watch.cancel()
        return "".join(lines).removesuffix("\n")        # the echo's own

    def shown_on_console(self):
        return os.pread(self.console.fileno(), 1 << 20, 0).decode(errors="replace").replace("\r", "")


# --- The document --------------------------------------------------------------------------------------------------------

def sessions_of_page():
    """[(launcher's options, [(command, what ^C waits for, output)])]"""
    found = []
    for block in re.findall(r"^```\n(.*?)^```$", read(PAGE), re.MULTILINE | re.DOTALL):
        if block.startswith("$ scripts/debug "):
            first, _, block = block.partition("\n")
            found.append((shlex.split(first)[2:], []))
        if not found or not block.startswith("(gdb) "):
            continue
        for piece in COMMAND.split(block)[1:]:
            command, _, output = piece.partition("\n")
            interrupt = ONLINE if output.startswith("^C\n") else None
            found[-1][1].append((command, interrupt, output.removeprefix("^C\n")))
    return found


def pattern_of(shown):
    """A regular expression for what the document shows."""
    parts = []
    for line in shown.splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
            continue
        text = re.escape(line).replace(r"\ ", " ").replace(r"\.\.\.", ".*").replace(r"\.\./", r"\S*")
        for varies, any_of_it in VARIES:
            text = re.sub(varies, any_of_it, text)
        parts.append(text + r"\n")
    return "".join(parts)


# What depends on the compiler, on how many files there are, or on the time; in a line that has been escaped.
VARIES = (
    (r"(?<!\w)0x[0-9a-f]+", "0x[0-9a-f]+"),
    (r"(?<![\w.])[0-9a-f]{8,}(?!\w)", "[0-9a-f]+"),
    (r"(\\\.(?:c|h|S):)\d+", r"\1\\d+"),
    (r"(line )\d+", r"\1\\d+"),
    (r"build/userland", r"\\S*userland"),
    (r"^\d+ {4,}", r"\\d+ +"),                             # a line of a source
    (r"( 00:\d\d )\d+ +", r"\1\\d+ +"),                    # maps: the file's number
    (r"^( +\d+ +\d+ +\d+ [RSTZ]) +\d+ +\d+ +\d+ +[\d\\.]+", r"\1 +\\d+ +\\d+ +\\d+ +[\\d.]+"),           # ps
)


def normal(output):
    """Without empty lines."""
    return "".join(line.expandtabs().rstrip() + "\n" for line in output.splitlines() if line.strip())


def page_shows(gdb):
    count = 0
    for number, (options, commands) in enumerate(sessions_of_page(), start=1):
        with Session(gdb, options) as session:
            for command, interrupt, shown in commands:
                count += 1
                got = normal(session.do(command, interrupt))
                good = re.fullmatch(pattern_of(normal(shown)), got)
                check(f"session {number}: {command}", [(not good, f"shown:\n{normal(shown)}seen:\n{got}")])
    check("the page has sessions", [(count < 25, f"{count} commands")])


def show(gdb):
    for options, commands in sessions_of_page():
        print("$ scripts/debug", shlex.join(options))
        with Session(gdb, options) as session:
            for command, interrupt, _ in commands:
                print(f"(gdb) {command}\n" + ("^C\n" if interrupt else "") + normal(session.do(command, interrupt)), end="")


# --- The guest's own words -------------------------------------------------------------------------------------------------

ROW_OF_PS = re.compile(r"^ *(\d+ +\d+ +\d+ \S +\d+ +\d+ +\d+) +[\d.]+ (\S+)", re.MULTILINE)


def as_the_guest_says(gdb):
    script = "sleep 1000 & sleep 1; ps; echo; cat /proc/$!/maps; echo maps of $!; wait"
    with Session(gdb, ["--harts", "2", "sh", "-c", script]) as session:
        session.do("continue", interrupt="maps of")
        console = session.shown_on_console()
        said = re.search(r"^  PID .*\n((?:.+\n)+)\n((?:.+\n)+)maps of (\d+)$", console, re.MULTILINE)
        if said is None:
            check("the guest speaks", [(True, console[-1500:])])
            return
        sleeper = said[3]
        check("fl vmas is /proc/PID/maps", compared(session.do(f"fl vmas {sleeper}"), said[2]))
        for start, offset in re.findall(r"^([0-9a-f]+)-\S+ r-.p ([0-9a-f]+) .*/bin/sleep$", said[2], re.MULTILINE):
            with open(os.path.join(BUILD, "userland/sleep"), "rb") as file:
                file.seek(int(offset, 16) + 1024)       # beyond the headers, which know of the symbols
                row = file.read(16).hex(" ")
            got = session.do(f"fl bytes 0x{start}+1024 {sleeper}") + session.do(f"fl anon 0x{start} {sleeper}")
            words = [row, f"its page {int(offset, 16) >> 12}\n"]
            check(f"page {int(offset, 16) >> 12} of the file", [(any(word not in got for word in words), f"{words} in\n{got}")])
        own = [row for row in ROW_OF_PS.findall(said[1]) if row[0].split()[0] in ("1", sleeper)]
        seen = [row for row in ROW_OF_PS.findall(session.do("fl ps")) if row[0].split()[0] in ("1", sleeper)]
        check("fl ps is ps", [(own != seen or len(own) != 2, f"ps: {own}\nfl ps: {seen}")])


def compared(got, expected):
    return [(normal(got) != normal(expected), f"the guest:\n{expected}gdb:\n{got}")]


def at_the_end(gdb):
    """A file of one page that is mapped as four: step cut of life, before its third load."""
    with Session(gdb, ["life", "cut"]) as session:
        session.do("fl symbols life")
        session.do('tbreak load if $_streq($fl_program(), "life") && page == 26')
        session.do("continue")
        for page, words in ((8, "read   no fault"), (9, "read   SIGBUS: beyond the end of the object"), (11, "read   SIGBUS")):
            got = session.do(f"fl anon base+{page}*4096")
            check(f"one page of file: page {page}", [(words not in got, got)])


def other_traps(gdb):
    """Backtraces that the document does not have: a stack that overflows, a new process, a new program."""
    for options, place, frames in (
            (["--append", "crash=stack"], "panic_trap", ["trap_stack_overflow", "stack_overflow: store page fault", "recurse"]),
            (["life", "copy"], "trap_first_return if $fl_pid() == 3", ["trap_first_return", "context_start: system call fork"]),
            (["life"], "trap_first_return if $fl_pid() == 2", ["trap_enter_program", "trap_entry: none yet", "_start"])):
        with Session(gdb, options) as session:
            session.do(f"break {place}")
            session.do("continue")
            if frames[-1] == "_start":
                session.do("continue")          # the first is the fork's
            got = session.do("bt 12")
            found = re.search(".*".join(re.escape(frame) for frame in frames), got, re.DOTALL)
            check(f"bt: {frames[-1]} below {frames[-2]}", [(not found, got)])


def forecasts(gdb):
    with Session(gdb, ["life"]) as session:
        got = session.do(f"source {os.path.join(ROOT, 'scripts/tests/gdb_forecast.py')}")
    cases = "A1 A2 A3 B1 B2 B3 BUS C SEGV"
    good = re.fullmatch(rf"forecast: (\d+) faults, cases {cases}", got.strip())
    check("each fault's case is foreseen", [(not good or int(good[1]) < 50, got)])


# --- What is missing -------------------------------------------------------------------------------------------------------

def sentences(gdb):
    every = ["fl vmas", "fl anon 0", "fl radix", "fl fault", "fl ps", "fl bt", "fl bytes 0", "fl symbols"]

    def all_say(name, session, words):
        for command in every:
            got = session.do(command)
            check(f"{name}: {command}", [(words not in got or "Traceback" in got or got.count("\n") > 2, got)])

    with Session(gdb, None, kernel="none") as session:
        all_say("no kernel", session, "gdb has no kernel with symbols")
        listed = session.do("fl") + session.do("help fl")
        check("fl and help fl list all", [(listed.count(command.rpartition(" 0")[0] or command) < 2, f"{command} in\n{listed}")
                                          for command in every])
    with Session(gdb, None) as session:
        all_say("no machine", session, "no machine is connected")
    with Session(gdb, ["life"]) as session:
        all_say("before the first instruction", session, "has not started yet")
    with Session(gdb, ["life"], kernel=os.path.join(BUILD, "faultline-checked.elf")) as session:
        all_say("another kernel", session, "does not run")
    with tempfile.TemporaryDirectory() as folder:
        later = os.path.join(folder, "later.elf")
        with open(os.path.join(BUILD, "faultline.elf"), "rb") as file, open(later, "wb") as copy:
            _, text = elf.sections(file.name)[".text"]
            end = len(text) // 3 * 2
            copy.write(file.read().replace(text, text[:end] + text[end:][::-1]))
        with Session(gdb, ["life"], kernel=later) as session:
            all_say("built anew since", session, "does not run")
        bare = os.path.join(folder, "faultline.elf")
        subprocess.run(["riscv64-unknown-elf-strip", "-o", bare, os.path.join(BUILD, "faultline.elf")], check=True)
        with Session(gdb, ["life"], kernel=bare) as session:
            all_say("no symbols", session, "gdb has no kernel with symbols")
    with Session(gdb, ["sh", "-c", "sleep 1000"]) as session:
        session.do("continue", interrupt=ONLINE)
        for command, words in (("fl vmas", "hart 0 runs no process"), ("fl fault", "hart 0 runs no process"),
                               ("fl vmas 99", "there is no process 99"), ("fl radix x", "usage: fl radix [PID]"),
                               ("fl anon", "usage: fl anon ADDRESS [PID]"), ("fl anon nothing 1", 'No symbol "nothing"'),
                               ("fl anon 0xffffffc080200000 1", "is no address of a program's"),
                               ("fl bytes 0x1000 1", "init[1] has nothing at 0x1000"), ("fl nothing", "there is no nothing"),
                               ("fl symbols nothing", "there is no program nothing"), ("fl bt", "hart 0 runs no process")):
            got = session.do(command)
            check(f"at rest: {command}", [(words not in got or "Traceback" in got, got)])


def main():
    gdb = find_gdb()
    if gdb is None:
        print("1..0 # SKIP no gdb 13 or newer for riscv64, with Python (scripts/setup --proof installs gdb-multiarch)")
        return
    if sys.argv[4:] == ["--show"]:
        show(gdb)
        return
    page_shows(gdb)
    as_the_guest_says(gdb)
    at_the_end(gdb)
    other_traps(gdb)
    forecasts(gdb)
    sentences(gdb)
    finish()


main()
