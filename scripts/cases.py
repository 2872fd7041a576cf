"""cases.py - cases of test programs on a copy of the tree: what mutate, which breaks the kernel, and lab, which grades one, share.

Owns: the catalogue of breaks as it stands in mutants.toml, copies of the tree, one boot and what its cases came to.
Does not own: which kernels are built, and what is made of their results.
"""

import os
import re
import secrets
import signal
import subprocess
import tempfile
import time
import tomllib

from mkinitramfs import contents_of

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CATALOGUE = os.path.join(HOME, "scripts", "mutants.toml")
CROSS_FILE = os.path.join("scripts", "riscv64-unknown-elf.ini")
DISK = os.path.join("userland", "tests", "disk.img")
KERNELS = {"plain": "faultline.elf", "checked": "faultline-checked.elf"}
PROGRAMS = {                            # where the cases of a program stand
    "lazymore": r"lazy_\w+\.c", "hostile": r"hostile_\w+\.c", "lazytests": r"lazytests\.c", "processes": r"processes\.c",
    "posix": r"posix_\w+\.c", "litmus": r"litmus\.c", "shared": r"shared\.c",
    "disk": r"disk\.c", "swap": r"swap\.c", "oom": r"oom\.c", "commit": r"commit\.c", "trace": r"trace\.c",
}
MM_WHOLE = {                            # cases of "mm" beside its unit tests; threads meet by chance, so they try again
    "threads": ["mm-threads 5000 1", "mm-threads 5000 2", "mm-threads 5000 3"],
    "fuzz": ["mm-fuzz --seed 1 --ops 200000"],
}
CASES_A_BOOT = 8                        # so that the boot line stays short, and a hang costs little
STALL_S = 100                           # a case that prints nothing for so long hangs: all of lazymore takes 25 s on an idle machine
STALL_SEALED_S = 40                     # where the clock counts instructions, a case is silent for 5 s at most
BOOT_S = 900
BUILD_S = 900
OUTPUT_MAX = 4 << 20                    # bytes of a boot: a kernel may print without an end


class Wrong(Exception):
    """The catalogue or the tree cannot be used."""


# --- The catalogue ---------------------------------------------------------------------------------------------------

class Run:
    """Cases of one program on one machine."""

    def __init__(self, entry):
        self.program = entry.pop("program", "lazymore")
        self.cases = entry.pop("cases")
        self.kernel = entry.pop("kernel", "checked" if self.program == "mm" else "plain")
        self.harts = entry.pop("harts", 1)
        self.memory = entry.pop("memory", "128M")
        self.chaos = entry.pop("chaos", 0)
        self.append = entry.pop("append", "")           # words for the boot line
        self.swap = entry.pop("swap", "")               # size of a disk to swap to
        self.instructions = entry.pop("instructions", 0)        # that a case may take, by the clock that counts them; 0: any
        self.early = entry.pop("early", False)          # the program gives up before its first case
        self.unseen = entry.pop("unseen", False)        # the cases pass all the same; the break's text says why
        if entry:
            raise Wrong(f"unknown keys {', '.join(entry)}")
        if self.program == "mm" and self.kernel == "plain" and not set(self.cases) <= set(MM_WHOLE):
            raise Wrong("the unit tests of mm are built for the checked kernel alone")

    def mm_commands(self, case):
        """One after another, until one fails."""
        commands = MM_WHOLE.get(case, [f"mm-test {case.split(':')[0]}"])
        return [c if self.kernel == "checked" else c.replace(" ", "-plain ", 1) for c in commands]

    def targets(self):
        if self.program != "mm":
            return [KERNELS[self.kernel]] + ([DISK] if self.program == "disk" else [])
        return sorted({"mm/test/" + self.mm_commands(case)[0].split()[0] for case in self.cases})

    def machine(self):
        return (self.program, self.kernel, self.harts, self.memory, self.chaos, self.append, self.swap)

    def usual(self):
        return self.where() == ("checked" if self.program == "mm" else "plain, 1 hart, 128M")

    def where(self):
        if self.program == "mm":
            return self.kernel
        harts = f"{self.harts} hart{'s' if self.harts > 1 else ''}"
        return (f"{self.kernel}, {harts}, {self.memory}" + (f", chaos {self.chaos}" if self.chaos else "") +
                (f", {self.append}" if self.append else "") + (f", swap {self.swap}" if self.swap else ""))


class Break:
    """One deliberate mistake."""

    def __init__(self, entry):
        self.name = entry.pop("name", "without a name")
        try:
            self.about = entry.pop("about")             # what a reader would call the mistake
            self.points = entry.pop("points", [])       # S1 .. S12, a .. h, 1.2, also: the demands that it goes against
            self.subtle = entry.pop("subtle", False)    # of the kind that memory managers really have
            self.file, self.old, self.new = entry.pop("file"), entry.pop("old"), entry.pop("new")
            self.runs = [Run(run) for run in entry.pop("runs")]
            if entry:
                raise Wrong(f"unknown keys {', '.join(entry)}")
        except (KeyError, Wrong) as error:
            raise Wrong(f"{self.name}: {error}") from error

    def problem(self, root):
        """Why it cannot be applied to the tree at root, or None."""
        try:
            with open(os.path.join(root, self.file), encoding="utf-8") as file:
                count = file.read().count(self.old)
        except OSError as error:
            return str(error)
        if count != 1:
            return f"its old text is in {self.file} {count} times, not once"
        return None if self.old != self.new else "it changes nothing"


def case_names(root):
    """{program: names of its cases}, from the sources."""
    folder = os.path.join(root, "userland", "tests")
    names = {program: [] for program in PROGRAMS}
    for file in sorted(os.listdir(folder)):
        for program, pattern in PROGRAMS.items():
            if re.fullmatch(pattern, file):
                with open(os.path.join(folder, file), encoding="utf-8") as source:
                    names[program] += re.findall(r'\.name = "([^"]+)"', source.read())
    return names | {"mm": mm_case_names(root)}


def mm_case_names(root):
    folder, names = os.path.join(root, "mm", "test"), list(MM_WHOLE)
    for file in sorted(os.listdir(folder)):
        if file.endswith(".c"):
            with open(os.path.join(folder, file), encoding="utf-8") as source:
                for noun, table in re.findall(r"^const struct test_case (\w+)_cases\[\] = \{(.*?)^\};", source.read(), re.M | re.S):
                    names += [f"{noun}: {name}" for name in re.findall(r'^    \{ "([^"]+)"', table, re.M)]
    return names


def read_catalogue():
    with open(CATALOGUE, "rb") as file:
        try:
            entries = tomllib.load(file)["break"]
        except tomllib.TOMLDecodeError as error:
            raise Wrong(f"{CATALOGUE}: {error}") from error
    return [Break(entry) for entry in entries]


# --- A copy of the tree ----------------------------------------------------------------------------------------------

def tree_files():
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=HOME, capture_output=True)
    if listed.returncode == 0:
        return [name for name in listed.stdout.decode().split("\0") if name and os.path.isfile(os.path.join(HOME, name))]
    found = []
    for where, folders, files in os.walk(HOME):
        folders[:] = [name for name in folders if name not in ("build", ".git")]
        found += [os.path.relpath(os.path.join(where, name), HOME) for name in files]
    return found


class Tree:
    """This source tree, or with folders a copy of it below build/; and its build directory, which stays for small builds later."""

    def __init__(self, *folders, archive=None, jobs=1):
        self.root = os.path.join(HOME, "build", *folders) if folders else HOME
        self.build_dir = os.path.join(self.root, "build")
        self.archive = archive or os.path.join(self.build_dir, "initramfs.cpio")
        self.jobs = jobs
        for name in tree_files() if folders else []:
            with open(os.path.join(HOME, name), "rb") as file:
                self.write(name, file.read())
            os.chmod(os.path.join(self.root, name), os.stat(os.path.join(HOME, name)).st_mode)
        if not os.path.exists(os.path.join(self.build_dir, "build.ninja")):
            self.tool("meson", "setup", self.build_dir, "--cross-file", CROSS_FILE)
        if archive is None:
            self.build("initramfs.cpio")

    def write(self, name, contents):
        """Only what differs, so that ninja builds no more than it must."""
        path = os.path.join(self.root, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                if file.read() == contents:
                    return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(contents)

    def tool(self, *command):
        result = subprocess.run(["timeout", "-k", "5", str(BUILD_S), *command], cwd=self.root, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode != 0:
            lines = result.stdout.decode(errors="replace").split("\n")
            errors = [line for line in lines if "error:" in line] or lines[-5:]
            raise Wrong(f"{command[0]} failed: " + "\n".join(errors))

    def build(self, *targets):
        self.tool("ninja", f"-j{self.jobs}", "-C", self.build_dir, *targets)

    def read(self, name):
        with open(os.path.join(self.root, name), "rb") as file:
            return file.read()


# --- One boot after another ------------------------------------------------------------------------------------------

RESULT = re.compile(r"(not )?ok \d+ - (.*?)( # SKIP.*)?$")
SEAL = re.compile(r"# seal (\d+) ([0-9a-f]{16})$")


def siphash(key, text):
    """SipHash-2-4, as userland/tests/seal.c has it."""
    mask = (1 << 64) - 1
    k0, k1 = (int.from_bytes(key[n:n + 8], "little") for n in (0, 8))
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def rotate(x, bits):
        return (x << bits | x >> (64 - bits)) & mask

    def mix(rounds):
        for _ in range(rounds):
            v[0], v[2] = (v[0] + v[1]) & mask, (v[2] + v[3]) & mask
            v[1], v[3] = rotate(v[1], 13) ^ v[0], rotate(v[3], 16) ^ v[2]
            v[0], v[2] = (rotate(v[0], 32) + v[3]) & mask, (v[2] + v[1]) & mask
            v[3], v[1] = rotate(v[3], 21) ^ v[0], rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    padded = text + bytes(7 - len(text) % 8) + bytes([len(text) & 0xff])
    for n in range(0, len(padded), 8):
        word = int.from_bytes(padded[n:n + 8], "little")
        v[3] ^= word
        mix(2)
        v[0] ^= word
    v[2] ^= 0xff
    mix(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


class Seal:
    """
    A key for one boot. The test programs have it and nobody else is told; a result counts only with the code that they make with
    it. docs/labs/README.md says what this keeps out.
    """

    PLACE = b"results unsealed"         # where the programs have it, in an archive that is not compressed

    def __init__(self):
        self.key = b"\0" + secrets.token_bytes(len(self.PLACE) - 1)

    def archive(self, contents):
        return contents.replace(self.PLACE, self.key)

    def fits(self, result, instructions, code):
        return siphash(self.key, f"{result} {instructions}".encode()) == int(code, 16)


TELLING = (                             # what a line may look like that says why a case failed, the best first
    r"[\w/]+\.c: \w+ is to be written.*",
    r"panic: .*", r"ThreadSanitizer: [^(]*", r"AddressSanitizer: [\w-]+", r"\w+\.c:\d+: .*", r".*no end after.*",
    r"Bail out! .* seen to fail", r".*expected that it.*",
    r".*before and after.*",
)


def reason(lines):
    """The one line, of those that a failed case printed, that says most."""
    for pattern in TELLING:
        for line in lines:
            found = re.search(pattern, line)
            if found:
                return found.group().strip()
    hangs = any("launch: the guest" in line for line in lines)
    return "hangs" if hangs else lines[-1].strip() if lines else "the program is gone"


def results_of(output, seal=None, instructions=0):
    """What a boot printed: {case: None (passed) or why it failed}, whether the program has begun, and the lines since the last."""
    results, lines, started, waiting = {}, [], False, None
    for line in output.split("\n"):
        found, sealed = RESULT.match(line), SEAL.match(line)
        if found and started:           # no result without a plan
            _, name, skipped = found.groups()
            results[name] = reason(lines) if found[1] else "SKIPPED" if skipped else None
            waiting = line, name
            if seal is not None and not found[1]:
                results[name] = "who printed its result has no seal"
        elif sealed and waiting and seal is not None:
            (result, name), took = waiting, int(sealed[1])
            if seal.fits(result, took, sealed[2]) and not result.startswith("not ") and "# SKIP" not in result:
                over = instructions and took > instructions
                results[name] = f"took {took:,} instructions, more than {instructions:,}" if over else None
            waiting = None
        elif re.match(r"1\.\.\d", line):
            started, lines = True, []
        if found or sealed:
            lines = []
        elif line and not re.match(r"1\.\.\d", line):
            lines.append(line.removeprefix("# "))
    return results, started, lines


def bounded_output(command):
    """What command prints, at most OUTPUT_MAX bytes of it: who prints more is ended."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read(OUTPUT_MAX)
    if len(output) == OUTPUT_MAX:
        process.terminate()
        output += b"\n# prints without an end\n"
    process.stdout.close()
    process.wait()
    return output.decode(errors="replace")


def boot_output(tree, run, words, seal=None, seconds=BOOT_S):
    """What a boot of run's machine prints that runs its program with words."""
    command = [os.path.join(tree.root, "scripts", "launch"), "--tap", "--initrd", tree.archive,
               "--kernel", os.path.join(tree.build_dir, KERNELS[run.kernel]),
               "--harts", str(run.harts), "--memory", run.memory, "--timeout", str(seconds),
               "--stall-timeout", str(STALL_S if seal is None else STALL_SEALED_S)]
    if run.chaos:
        command += ["--chaos", str(run.chaos)]
    if run.append:
        command += ["--append", run.append]
    if run.swap:
        command += ["--swap", run.swap]
    if run.instructions:
        command.append("--deterministic")
    if run.program == "disk":
        command += ["--disk", os.path.join(tree.build_dir, DISK) + ",snapshot"]
    with tempfile.NamedTemporaryFile(suffix=".cpio") as archive:
        if seal is not None:
            archive.write(seal.archive(contents_of(tree.archive)))
            archive.flush()
            command[command.index(tree.archive)] = archive.name
        return bounded_output(command + ["--", run.program, *words])


def boot(tree, run, cases, seal=None):
    """Boot once. Returns {case: None (passed) or why it failed} for the cases that came to an end, and why no more did."""
    output = boot_output(tree, run, ["-t", *cases], seal)
    results, started, lines = results_of(output, seal, run.instructions)
    left = [case for case in cases if case not in results]
    if left and started:                # the machine went down in the first of them
        results[left[0]] = reason(lines)
    return {case: results[case] for case in cases if case in results}, None if started else reason(lines)


def run_on_host(tree, command):
    """Run a program of this machine. Returns its status, None if it hangs, and the lines that it printed."""
    program, *words = command.split()
    process = subprocess.Popen([os.path.join(tree.build_dir, "mm", "test", program), *words], start_new_session=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, hangs = process.communicate(timeout=STALL_S)[0], False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, hangs = process.communicate()[0], True
    return None if hangs else process.returncode, output.decode(errors="replace").split("\n")


def run_mm_case(tree, run, case):
    """None or why it failed."""
    for command in run.mm_commands(case):
        status, lines = run_on_host(tree, command)
        if case in MM_WHOLE:
            why = None if status == 0 else "hangs" if status is None else reason(lines)
        else:
            results = [n for n, line in enumerate(lines) if RESULT.match(line)] + [len(lines)]
            why = "hangs" if status is None else "the program is gone"
            for n, after in zip(results, results[1:]):          # here a failure is explained after its result
                failed, name, _ = RESULT.match(lines[n]).groups()
                if name == case:
                    why = reason(lines[n + 1:after]) if failed else None
        if why is not None:
            return why
    return None


def run_cases(tree, run, sealed=False, at_once=CASES_A_BOOT, deadline=None):
    """{case: None or why it failed}, in as many boots as it takes. sealed: only what a program has sealed counts."""
    if run.program == "mm":
        return {case: run_mm_case(tree, run, case) for case in run.cases}
    results, left = {}, list(run.cases)
    while left:
        if deadline is not None and time.monotonic() > deadline:
            return results | dict.fromkeys(left, "there was no time left for it")
        some, nothing_ran = boot(tree, run, left[:at_once], Seal() if sealed else None)
        if nothing_ran and run.early:
            return {case: f"before it, {nothing_ran}" for case in run.cases}
        if nothing_ran:
            raise Wrong(f"the machine does not come as far as the first case ({nothing_ran})")
        results |= some
        left = [case for case in left if case not in some]
    return results
