"""trace_text.py - /proc/trace, read: what scripts/trace, scripts/trace_page.py and scripts/policies have in common.

Owns: the way of a trace from the guest to here, and its lines as records.
"""

import collections
import os
import subprocess
import tempfile

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINE_BYTES = 128                        # kernel/fs/trace.c
MAX_HARTS = 8
BUFFER_LINES = 200                      # more than the lines that name fields and harts

Record = collections.namedtuple("Record", "time_ns hart pid space event address access leaf what value spent_ns resident free "
                                          "swapped")
DECIMAL = {"time_ns", "hart", "pid", "spent_ns", "resident", "free", "swapped"}
HEXADECIMAL = {"space", "address", "value"}

# The trace ends before it is written down, by way of a disk, which is quicker than the console.
IN_THE_GUEST = '"$@"; status=$?; echo 0 >/proc/trace; cat /proc/trace >/dev/vda; exit $status'


def parse(text):
    """([Record], lost) of the text, the records in order of time. Lost is what was recorded and is not here, for any reason."""
    records, recorded = [], 0
    for line in text.splitlines()[1:]:
        words = line.split()
        if words[:1] == ["#"]:
            recorded += int(words[3])
        elif len(words) == len(Record._fields):
            records.append(Record(*(int(word) if field in DECIMAL else int(word, 16) if field in HEXADECIMAL else word
                                    for field, word in zip(Record._fields, words))))
    return sorted(records, key=lambda record: record.time_ns), recorded - len(records)


def harts_in(text):
    """How many harts the machine has."""
    return sum(line.startswith("# hart") for line in text.splitlines())


def record(program, options, nrecords, built):
    """Run program in the guest. Returns (status of the launcher, text of the trace)."""
    with tempfile.TemporaryDirectory() as folder:
        disk = os.path.join(folder, "trace")
        with open(disk, "wb") as file:
            file.truncate((nrecords + BUFFER_LINES) * MAX_HARTS * LINE_BYTES)
        launcher = os.path.join(HOME, "scripts", "launch" if built else "run")
        done = subprocess.run([launcher, "--disk", disk, "--append", f"trace={nrecords}", *options, "--", "sh", "-c", IN_THE_GUEST,
                               "sh", *program], check=False)
        with open(disk, "rb") as file:
            return done.returncode, file.read().rstrip(b"\0").decode("ascii")


def split_options(words):
    """The launcher's options, of which each begins with - and most have a word of their own, and the program."""
    alone = {"--checked", "--deterministic", "--reboot", "-v", "--verbose"}
    n = 0
    while n < len(words) and words[n].startswith("-") and words[n] != "--":
        n += 1 if words[n] in alone or "=" in words[n] else 2
    return words[:n], words[n + (words[n:n + 1] == ["--"]):]
