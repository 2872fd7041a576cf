"""fl.py - helpers for gdb: the three layers of memory, processes, backtraces through a trap. scripts/debug loads this.

By hand: gdb-multiarch build/faultline.elf -x scripts/gdb/fl.py; then type fl. docs/debugging.md shows a session.
"""

import os
import re
import sys

import gdb

if int(re.search(r"\d+", gdb.VERSION)[0]) < 13:
    print(f"fl: this is gdb {gdb.VERSION}; Faultline's helpers are made for 13 and newer")

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from faultline import commands, programs, unwind        # noqa: E402: found by the line above

commands.install()
programs.install()
unwind.TrapFilter()
gdb.events.stop.connect(programs.on_stop)
