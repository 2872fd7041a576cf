"""unwind.py - backtraces through a trap: from the kernel on into what it has interrupted.

Owns: the words at trap_entry's frame in gdb's own bt; the stack of a thread that sleeps, for fl bt.
Does not own: how gdb finds the way. trap.S says where the registers are, in the words that compilers use (DWARF's call frame
information). It is marked as a signal's frame: only across such a one gdb goes from one stack to another that lies lower, which no
unwinder in Python can have it do, and only from there it takes a pc for the instruction itself, not for the one behind a call.
For fl bt: all functions of the kernel in C keep a frame pointer.
"""

import itertools
import struct

import gdb
from gdb.FrameDecorator import FrameDecorator

from faultline import kernel
from faultline.kernel import Missing

# --- For bt ----------------------------------------------------------------------------------------------------------------

class TrapDecorator(FrameDecorator):
    """
    The frame of a trap, with the cause: once trap_dispatch has written it down. The hart is in the kernel, so gdb can read that by
    itself; other ways of reading would have it forget the frames that it is about to print.
    """

    def function(self):
        frame = self.inferior_frame()
        newer = frame.newer()
        name = function_at(frame.pc() - (newer is not None))
        if newer is None or (newer.newer() is None and newer.name() in ("trap_dispatch", "trap_dispatch_kernel")):
            return name
        try:
            saved = frame.read_register("sp").cast(kernel.type_of("struct trapframe").pointer()).dereference()
            return f"{name}: {cause_words(saved, lambda table: kernel.symbol(table).value(), gdb.Value.string)}"
        except (Missing, gdb.error):
            return name


class TrapFilter:
    def __init__(self):
        self.name, self.priority, self.enabled = "faultline-trap", 100, True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        last = None
        try:
            for decorator in frames:
                last = decorator.inferior_frame()
                yield self.decorated(decorator)
        except gdb.error:               # gdb asks who has called a program's first function before it hands out that
            if last is not None and last.older() is not None:
                yield FrameDecorator(last.older())

    def decorated(self, decorator):
        return TrapDecorator(decorator) if decorator.inferior_frame().type() == gdb.SIGTRAMP_FRAME else decorator


# --- Words -----------------------------------------------------------------------------------------------------------------

INTERRUPT, ECALL_USER = 1 << 63, 8      # Privileged spec, Supervisor Cause Register


def is_system_call(frame):
    return int(frame["cause"]) == ECALL_USER


def cause_words(frame, table_named=kernel.variable, string=kernel.string_at):
    """A trap's cause, by the tables in kernel/trap.c."""
    cause = int(frame["cause"])
    if cause == 0:                      # a new frame; where instructions may be two bytes long no jump is misaligned
        return "none yet"
    if cause == (1 << 64) - 1:          # TRAP_NONE
        return "not as a trap has left it"
    table = table_named("interrupts" if cause & INTERRUPT else "exceptions")
    number = cause & ~INTERRUPT
    name = string(table[number]["name"]) if number <= table.type.range()[1] else f"cause {cause:#x}"
    return f"{name} {system_call_name(int(frame['x'][17]), table_named, string)}" if is_system_call(frame) else name


def system_call_name(number, table_named, string):
    """By syscalls/table.inc. While the call is served its number is in a7."""
    table = table_named("descriptions")
    for i in range(table.type.range()[1] + 1):
        if int(table[i]["number"]) == number:
            return string(table[i]["name"])
    return str(number)


def function_at(pc):
    """The function there, the innermost of those that the compiler has made one; None without symbols."""
    try:
        block = gdb.block_for_pc(pc)
    except RuntimeError:
        block = None
    while block is not None and block.function is None:
        block = block.superblock
    if block is not None:
        return block.function.print_name
    words = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    return None if words.startswith("No symbol") else words.split()[0]


def place_at(pc, address):
    """function (file:line) of pc, looking up address: pc itself, or the call before it."""
    sal = gdb.find_pc_line(address)
    name = function_at(address) or "(no symbols)"
    return f"{name} ({sal.symtab.filename.removeprefix('../')}:{sal.line})" if sal.symtab is not None else name


# --- For fl bt -------------------------------------------------------------------------------------------------------------

def sleeping_stack(process):
    """Return addresses of a thread that does not run, the newest first: by frame pointers, within its kernel stack."""
    context, start, end = process.thread["context"], kernel.label("trap_entry"), kernel.label("context_switch")
    yield int(context["ra"])
    frame = int(context["s"][0])
    top = int(process.thread["tf"])
    bottom = int(context["sp"])
    while bottom < frame <= top:
        saved_fp, return_address = struct.unpack("<QQ", kernel.read_kernel(frame - 16, 16))
        if start <= return_address < end:
            return
        yield return_address
        bottom, frame = frame, saved_fp


def waits_in(process):
    """The first function, on the way out, that is not of the core: what a sleeper is about."""
    for pc in itertools.islice(sleeping_stack(process), 64):
        sal = gdb.find_pc_line(pc - 1)
        if sal.symtab is not None and "kernel/core/" not in sal.symtab.filename and not sal.symtab.filename.endswith(".S"):
            return function_at(pc - 1)
    return "?"
