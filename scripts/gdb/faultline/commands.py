"""commands.py - fl and its subcommands: what they print.

Owns: the words. Each command looks at everything anew and changes nothing in the machine.
Does not own: what is behind them (layers.py, programs.py, unwind.py).
"""

import os
import traceback

import gdb

from faultline import kernel, layers, programs, unwind
from faultline.kernel import Missing, PAGE_SHIFT, PAGE_SIZE
from faultline.layers import EXEC, READ, WRITE, rights

commands = []                           # in the order of help


class Command(gdb.Command):
    """A subcommand. Whatever it lacks is said in one sentence."""

    word = usage = ""
    started = True                      # it needs a kernel that has started

    def __init__(self):
        super().__init__(f"fl {self.word}", gdb.COMMAND_DATA)
        commands.append(self)

    def invoke(self, argument, _from_tty):
        try:
            kernel.forget()
            if self.started:
                kernel.require_started()
            for line in self.lines(gdb.string_to_argv(argument)):
                print(line)
        except Missing as missing:
            raise gdb.GdbError(f"fl {self.word}: {missing}.") from None
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"fl {self.word}: memory cannot be read: {error}.") from None
        except gdb.error as error:
            raise gdb.GdbError(f"fl {self.word}: gdb says: {error}") from None
        except Exception as error:      # a structure that makes no sense; the place is for who writes these helpers
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise gdb.GdbError(f"fl {self.word}: what is in memory makes no sense here: {type(error).__name__}: {error} "
                               f"({os.path.basename(place.filename)}:{place.lineno}).") from None

    def wrong(self):
        return Missing(f"wrong arguments; usage: {self.usage}")

    def process(self, words):
        """That of the optional PID, the only argument."""
        if len(words) > 1 or not all(word.isdecimal() for word in words):
            raise self.wrong()
        return kernel.process_named(int(words[0]) if words else None)


def address_of(expression, process):
    """The value of an expression; of a variable of the program also where the page table does not show it now."""
    value = gdb.parse_and_eval(expression)
    if value.is_lazy and value.address is not None and not int(value.address) >> layers.PAGE_NUMBER_BITS + PAGE_SHIFT:
        value = gdb.Value(layers.read_user(process, int(value.address), value.type.sizeof), value.type)
    return int(value) & (1 << 64) - 1


class Vmas(Command):
    """What a process has been promised: fl vmas [PID]
Its VMAs, as /proc/PID/maps shows them. Without a number: of the process on this hart."""

    word, usage = "vmas", "fl vmas [PID]"

    def lines(self, words):
        for vma in layers.vmas(self.process(words).space()):
            yield vma.maps_line()


class Anon(Command):
    """What each layer says about a page: fl anon ADDRESS [PID]
Its VMA; the way through the radix tree, as level[slot] with each node's references, and whether it is exclusive; the anon with its
frame or slot; the object's page, where that shows; the leaf. Then which case of the picture in mm/README.md a read, a write and a
fetch would be, and with which rights the page would be mapped. ADDRESS is any expression, such as $stval or &variable."""

    word, usage = "anon", "fl anon ADDRESS [PID]"

    def lines(self, words):
        if not 1 <= len(words) <= 2:
            raise self.wrong()
        process = self.process(words[1:])
        va = address_of(words[0], process)
        if va >> layers.PAGE_NUMBER_BITS + PAGE_SHIFT:
            raise Missing(f"{va:#x} is no address of a program's")
        return layers.Page(process, va).lines()


class Radix(Command):
    """The tree of private pages: fl radix [PID]
A line for each node: level, the page numbers below it, its references. Where it has more than one, all below it is shared with
another process. At the bottom the pages that have an anon, those with more than one reference as page*references."""

    word, usage = "radix", "fl radix [PID]"

    def lines(self, words):
        process = self.process(words)
        root = int(process.space()["anons"]["root"])
        self.nodes = self.anons = 0
        lines = list(self.node_lines(root, layers.radix_shape()[0] - 1, 0, True)) if root != 0 else []
        yield f"{process}: {self.nodes} nodes, {self.anons} anons"
        yield from lines

    def node_lines(self, address, level, first, exclusive):
        levels, slots, bits = layers.radix_shape()
        node = kernel.at("struct radix_node", address)
        refs, occupied = layers.refs(node), int(node["occupied"])
        self.nodes += 1
        last = min(first + (1 << bits * (level + 1)), 1 << layers.PAGE_NUMBER_BITS) - 1
        head = f"{'  ' * (levels - level)}level {level}, pages {first:#x}-{last:#x}: refs {refs}" + \
            (", shared" if refs > 1 else "" if exclusive else ", below a shared one")
        exclusive = exclusive and refs == 1
        children = [(slot, int(node["slot"][slot])) for slot in range(slots) if occupied >> slot & 1]
        if level > 0:
            yield head
            for slot, child in children:
                yield from self.node_lines(child, level - 1, first + (slot << bits * level), exclusive)
            return
        self.anons += len(children)
        yield f"{head}; anons at {' '.join(self.anon_word(first + slot, child) for slot, child in children) or 'none'}"

    @staticmethod
    def anon_word(vpn, address):
        refs = layers.Anon(address).refs
        return f"{vpn:#x}" if refs == 1 else f"{vpn:#x}*{refs}"


class Fault(Command):
    """The last page fault: fl fault [PID]
Of the thread on this hart: cause, address, and instruction; what each layer says about the page now; which case it is, and what
has become of it. The kernel keeps a thread's last trap, and while it records a trace (trace=1000 on the boot line) the case of
each fault; what is not kept is not guessed."""

    word, usage = "fault", "fl fault [PID]"
    ACCESS = {12: EXEC, 13: READ, 15: WRITE}            # Privileged spec, Supervisor Cause Register
    WORDS = {EXEC: "fetch", READ: "load", WRITE: "store"}

    def lines(self, words):
        process = self.process(words)
        frame = process.frame()
        hart = process.hart()
        where = f"on hart {hart}" if hart is not None else "on no hart now"
        access = self.ACCESS.get(int(frame["cause"]))
        record = self.last_record(process)
        if access is None:
            yield f"{process}, {where}: its last trap was not a page fault: {unwind.cause_words(frame)}"
        else:
            va, pc = int(frame["value"]), int(frame["pc"])
            yield f"{process}, {where}: {unwind.cause_words(frame)} at {va:#x}, from pc {pc:#x}: {unwind.place_at(pc, pc)}"
            page = layers.Page(process, va)
            yield from page.lines()
            yield f"so this {self.WORDS[access]} is {self.fate(process, page, access)}"
        if record is not None:
            yield self.record_line(record)
        elif not kernel.variable("trace_is_on"):
            yield "no trace is recorded: with trace=1000 on the boot line each fault's case would be kept"
        yield "all its faults: " + self.counts(process)

    def fate(self, process, page, access):
        case, why = page.case(access)
        serving = self.serving(process)
        if case is None:
            return f"refused with {why}"
        if page.leaf_allows(access):
            return "served: the leaf allows it" + (", and the kernel is about to return" if serving else "")
        if serving:
            return f"being served. By what the layers hold at this moment it is {page.forecast(access)}"
        return f"to be tried again, for its leaf is gone or does not allow it. It would be {page.forecast(access)}"

    @staticmethod
    def serving(process):
        """Is the thread, on the selected hart, in the fault function?"""
        if process.hart() is None or process.hart() != kernel.hart_here() or kernel.mode() == kernel.USER:
            return False
        frame = gdb.newest_frame()
        while frame is not None:
            if frame.name() == "vm_fault":
                return True
            frame = frame.older()
        return False

    @staticmethod
    def counts(process):
        names = kernel.enum_names("enum fault_case")
        counted = ((names[case].removeprefix("FAULT_"), int(process.thread["counter"][case])) for case in sorted(names)
                   if names[case] != "FAULT_NCASES")
        return ", ".join(f"{name if len(name) < 3 else name.lower()} {count}" for name, count in counted if count > 0) or "none"

    @staticmethod
    def last_record(process):
        """Of all harts' rings the newest record of a fault of this process, or None."""
        newest, rings = None, kernel.variable("rings")
        fault = next(value for value, name in kernel.enum_names("enum trace_event").items() if name == "TRACE_FAULT")
        in_frame = kernel.type_of("struct trace_frame")["record"].type.range()[1] + 1
        for hart in range(rings.type.range()[1] + 1):
            ring = rings[hart]
            last, recorded = int(ring["last"]), int(ring["recorded"])
            if last == 0 or recorded == 0:
                continue
            circle = [last]             # forward, so the frame before last comes at the end
            while (following := int(kernel.at("struct trace_frame", circle[-1])["next"])) != last:
                circle.append(following)
            for number in range(recorded - 1, max(recorded - in_frame * len(circle), 0) - 1, -1):
                back = (recorded - 1) // in_frame - number // in_frame
                record = kernel.at("struct trace_frame", circle[-back % len(circle)])["record"][number % in_frame]
                if int(record["event"]) == fault and int(record["pid"]) == process.pid:
                    if newest is None or int(record["time"]) > int(newest["time"]):
                        newest = record
                    break
        return newest

    @staticmethod
    def record_line(record):
        case = kernel.enum_names("enum fault_case")[int(record["which"])].removeprefix("FAULT_")
        frame = f", frame {int(record['value']):#x}" if int(record["value"]) != 0 else ""
        return (f"the trace's last fault of it: {Fault.WORDS[int(record['access'])]} at {int(record['address']):#x}, case {case}"
                f"{frame}")


class Ps(Command):
    """All processes: fl ps
As ps shows them, and where each is: on a hart, ready to run, or in which function of the kernel it sleeps."""

    word, usage = "ps", "fl ps"
    CLOCK_TICKS = 100                   # a second, as /proc counts

    def lines(self, words):
        if words:
            raise self.wrong()
        yield "  PID  PPID  PGRP S   VSZ KiB  RSS KiB    FAULTS     TIME NAME             WHERE"
        hertz = int(kernel.variable("machine")["timebase_hz"])
        for p in kernel.processes():
            npages = resident = 0
            if int(p.proc["as"]) != 0:
                space = p.space()
                npages, resident = int(space["vmas"]["npages"]), int(space["pmap"]["resident"])
            ticks = int(p.thread["run_ticks"]) * self.CLOCK_TICKS // hertz
            kib = PAGE_SIZE // 1024
            yield (f"{p.pid:5} {p.parent_pid():5} {int(p.proc['pgid']):5} {p.state()} {npages * kib:9} {resident * kib:8} "
                   f"{self.minor(p):9} {ticks // self.CLOCK_TICKS:5}.{ticks % self.CLOCK_TICKS:02} {p.name:<16} {self.where(p)}")

    @staticmethod
    def minor(p):
        """fault_counts_minor in mm/fault.c."""
        case = {name: value for value, name in kernel.enum_names("enum fault_case").items()}
        taken = sum(int(p.thread["counter"][n]) for n in range(case["FAULT_A1"], case["FAULT_SPURIOUS"] + 1))
        return max(taken - int(p.thread["counter"][case["FAULT_MAJOR"]]), 0)

    @staticmethod
    def where(p):
        if p.state() == "Z":
            return "ended"
        if p.hart() is not None:
            return f"hart {p.hart()}"
        return "ready" if p.state() == "R" else unwind.waits_in(p)


class Bt(Command):
    """Where a process is: fl bt [PID]
The functions that a process sleeps in, and where in its program that began. For the process on this hart gdb's own bt says more."""

    word, usage = "bt", "fl bt [PID]"

    def lines(self, words):
        process = self.process(words)
        hart = process.hart()
        if hart is not None:
            raise Missing(f"{process} runs, on hart {hart}: select that with thread {hart + 1}, then bt"
                          if hart != kernel.hart_here() else f"{process} runs on this hart: bt shows it")
        if process.state() == "Z":
            raise Missing(f"{process} has ended: it has no stack")
        yield f"{process} in the kernel:"
        for pc in unwind.sleeping_stack(process):
            yield f"  {pc:#x} {unwind.place_at(pc, pc - 1)}"
        frame = process.frame()
        pc = int(frame["pc"])
        yield f"came from its program by a {unwind.cause_words(frame)}, at:"
        mine = programs.file_of(process)
        if not programs.named:          # until the next stop
            programs.use(mine)
        known = mine is not None and mine == programs.known
        yield f"  {pc:#x} " + (unwind.place_at(pc, pc) if known else "(gdb has no symbols of this program)")
        if known and unwind.is_system_call(frame):      # its stub calls nobody, so ra is where that was called
            caller = int(frame["x"][1])
            yield f"  {caller:#x} {unwind.place_at(caller, caller - 1)}"


class Bytes(Command):
    """A program's memory: fl bytes ADDRESS [PID]
64 bytes as the program would read them: by its page table, or, where that has no leaf, what the contents layer has."""

    word, usage = "bytes", "fl bytes ADDRESS [PID]"

    def lines(self, words):
        if not 1 <= len(words) <= 2:
            raise self.wrong()
        process = self.process(words[1:])
        va = address_of(words[0], process)
        contents = layers.read_user(process, va, 64)
        for at in range(0, len(contents), 16):
            row = contents[at:at + 16]
            text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            yield f"{va + at:#x}  {row.hex(' ')}  {text}"


class Symbols(Command):
    """Symbols of programs: fl symbols [PROGRAM]
Without an argument gdb gets those of the process on this hart, now and at each stop. With a program's name, or its ELF file, it
keeps these until told otherwise: for breakpoints in a program that does not run yet. All programs lie at the same addresses, so a
breakpoint needs a condition: tbreak main if $_streq($fl_program(), "life")"""

    word, usage = "symbols", "fl symbols [PROGRAM]"
    started = False

    def lines(self, words):
        if len(words) > 1:
            raise self.wrong()
        if words:
            yield f"symbols of {os.path.relpath(programs.choose(words[0]))}, until fl symbols"
            return
        programs.named = False
        kernel.require_started()
        process = kernel.process_here()
        path = programs.follow(process)
        if path is None:
            raise Missing(f"no file in {os.path.relpath(programs.build_folder())} is what {process} runs: "
                          "name its ELF file, fl symbols FILE")
        yield f"symbols of {os.path.relpath(path)}, which {process} runs"


class Fl(gdb.Command):
    """Faultline's memory by its three layers; type fl for the list. See docs/debugging.md."""

    def __init__(self):
        super().__init__("fl", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, argument, _from_tty):
        if argument:
            raise gdb.GdbError(f"fl: there is no {argument.split()[0]}; fl alone lists what there is.")
        for command in commands:
            print(f"{command.usage:<24}{type(command).__doc__.partition(':')[0]}")


def install():
    Fl()
    for kind in (Vmas, Anon, Radix, Fault, Ps, Bt, Bytes, Symbols):
        kind()
