"""programs.py - the symbols of the program that a process runs.

Owns: finding its ELF file in the build directory, and telling gdb. All programs lie at the same addresses, so gdb knows one of them
at a time: that of the process on the selected hart, anew at each stop; or the one that fl symbols FILE has named.
"""

import os

import gdb

from faultline import elf, kernel, layers
from faultline.kernel import Missing

known = None                            # the file whose symbols gdb has now
named = False                           # somebody has asked for it by name
found_for = {}                          # (kernel, inode, name) -> file or None


def build_folder():
    return os.path.join(os.path.dirname(kernel.kernel_file().filename), "userland")


def files():
    """Whatever may be a program in the build directory."""
    for where, _, names in os.walk(build_folder()):
        if not where.endswith(".p"):
            for name in sorted(names):
                yield os.path.join(where, name)


def runs(process, path):
    """Is this what the process runs? Its instructions are compared."""
    pieces = elf.samples(path, ".text")
    try:
        return bool(pieces) and all(layers.read_user(process, at, len(piece)) == piece for at, piece in pieces[::4])
    except Missing:
        return False


def file_of(process):
    """The ELF file with symbols of what a process runs, or None."""
    inode = int(process.proc["exe"])
    path = kernel.path_of(inode) if inode != 0 else None
    name = os.path.basename(path or process.name)
    key = (kernel.kernel_file().filename, inode, name)
    if key not in found_for:
        likely = sorted(files(), key=lambda file: os.path.basename(file) != name)
        found_for[key] = next((file for file in likely if runs(process, file)), None)
    return found_for[key]


def use(path):
    """gdb knows these symbols from now on; None: none of a program."""
    global known
    if path == known:
        return
    if known is not None:
        try:
            gdb.execute(f'remove-symbol-file "{known}"', to_string=True)
        except gdb.error:
            pass                        # somebody has removed it by hand
    known = None
    if path is not None:
        gdb.execute(f'add-symbol-file "{path}"', to_string=True)
        known = path


def follow(process):
    """Use the symbols of what process runs."""
    global named
    named = False
    use(file_of(process))
    return known


def choose(word):
    """Use those of a file, or of the program of that name, until told otherwise."""
    global named
    same_name = [path for path in files() if os.path.basename(path) == word and elf.sections(path)]
    path = word if os.path.isfile(word) else same_name[0] if same_name else None
    if path is None or ".text" not in elf.sections(path):
        raise Missing(f"there is no program {word}, neither as a file nor in {os.path.relpath(build_folder())}")
    use(path)
    named = True
    return known


def on_stop(_event):
    """Whatever does not work here must not disturb the stop; the command that needs it says so."""
    if named:
        return
    try:
        kernel.forget()
        kernel.require_started()
        use(file_of(kernel.process_here()))
    except Exception:                   # of a kernel that has panicked anything may come
        pass


class Here(gdb.Function):
    """What a condition of a breakpoint may want to know about the process on this hart."""

    def __init__(self, name, of_process, without_one):
        super().__init__(name)
        self.of_process, self.without_one = of_process, without_one

    def invoke(self):
        try:
            kernel.forget()
            return self.of_process(kernel.process_here())
        except (Missing, gdb.error):
            return self.without_one


def install():
    """$fl_program(), its name, "" without one; $fl_pid(), its number, or 0."""
    Here("fl_program", lambda process: process.name, "")
    Here("fl_pid", lambda process: process.pid, 0)
