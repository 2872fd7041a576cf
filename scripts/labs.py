"""labs.py - a lab of the course: its description, the tree that a student begins with, and what a submission is worth.

Owns: docs/labs/NAME.toml, taking functions and cases out of C files, the rules for files of strangers, the points.
Does not own: copies of the tree and boots (cases.py), the command line and the formats of results (lab).
"""

import glob
import json
import os
import re
import shlex
import stat
import subprocess
import time
import tomllib

from cases import HOME, Run, Tree, Wrong, case_names, run_cases, tree_files

LABS, LABS_ZH = os.path.join("docs", "labs"), os.path.join("docs", "zh", "labs")
NOT_IN_STARTER = (r"docs/mutants\.md", r"docs/grading\.md", r"docs/(zh/)?labs/.*", r"scripts/tests/labs\.py",
                  r"scripts/mutants\.toml")
CATALOGUE = "# The breaks are the teacher's.\nbreak = []\n"
AT_ONCE = 60                            # cases a boot
GRADE_S = 1200                          # for one submission: who hangs in every case gets no more
SUBMITTED_MAX = 1 << 20                 # bytes of a file


# --- The description -------------------------------------------------------------------------------------------------

class Step:
    """Cases of one program on one machine that one part of a lab is about."""

    def __init__(self, entry):
        self.name, self.about, self.read = entry.pop("name"), entry.pop("about"), entry.pop("read")
        self.points = entry.pop("points")                       # for each case
        self.given = entry.pop("given", False)                  # passes in the starter, and has to stay so
        self.needs = entry.pop("needs", None)                   # a step: these points count when all that is shown there passes
        self.shown, self.kept = entry.pop("shown", []), entry.pop("kept", [])
        self.machine = dict(entry)
        self.run = Run(dict(entry, cases=self.shown + self.kept))


class Missing:
    """A function that the student writes."""

    def __init__(self, entry):
        self.file, self.function = entry.pop("file"), entry.pop("function")
        self.includes = entry.pop("includes", [])
        self.before, self.instead = entry.pop("before", ""), entry.pop("instead", None)        # None: it is not there at all
        if entry:
            raise Wrong(f"{self.function}: unknown keys {', '.join(entry)}")


class Lab:
    def __init__(self, name):
        self.name, self.path = name, os.path.join(LABS, name + ".toml")
        try:
            with open(os.path.join(HOME, self.path), "rb") as file:
                entry = tomllib.load(file)
            self.title, self.hours = entry.pop("title"), entry.pop("hours")
            self.missing = [Missing(m) for m in entry.pop("missing", [])]
            self.steps = [Step(s) for s in entry.pop("step")]
            self.breaks = entry.pop("breaks", [])               # of mutants.toml, that a submission may be guilty of
            self.files = entry.pop("files")
        except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
            raise Wrong(f"{self.path}: {error}") from error
        names = case_names(HOME)
        unknown = [case for s in self.steps for case in s.run.cases if case not in names.get(s.run.program, [])]
        unknown += [s.needs for s in self.steps if s.needs and s.needs not in [other.name for other in self.steps]]
        unknown += [s.name for s in self.steps if s.given and not s.needs]
        unknown += [m.function for m in self.missing if m.file not in self.files] + list(entry)
        if unknown:
            raise Wrong(f"{self.path}: what is {unknown[0]!r}?")

    def max_points(self):
        return sum(s.points * len(s.run.cases) for s in self.steps)

    def for_student(self):
        """The description without what is kept back."""
        lines = ["# Cases are named in full; scripts/lab check runs them.", f"title = {json.dumps(self.title)}",
                 f"hours = {json.dumps(self.hours)}", f"files = {json.dumps(self.files)}"]
        for s in self.steps:
            rows = {"name": s.name, "about": s.about, "read": s.read, "points": s.points, "given": s.given, **s.machine,
                    "shown": s.shown} | ({"needs": s.needs} if s.needs else {})
            if s.shown:
                lines += ["", "[[step]]"] + [f"{key} = {json.dumps(value)}" for key, value in rows.items()]
        return "\n".join(lines) + "\n"


def lab_names():
    return sorted(os.path.basename(path)[:-5] for path in glob.glob(os.path.join(HOME, LABS, "*.toml")))


# --- Text of C ---------------------------------------------------------------------------------------------------------

def definition_of(text, function):
    """(start of its comment, start of its head, start and end of its body with the braces) of a function that text defines."""
    head = re.search(rf"^(?:CASE\({function}\)|[a-zA-Z_][^;{{}}#]*?\b{function}\([^;{{}}]*\))\s*(?=\{{)", text, re.MULTILINE)
    if head is None:
        raise Wrong(f"there is no function {function}")
    start = head.end()
    line_end = text.index("\n", start)
    one_line = text[start:line_end].rstrip().endswith("}")
    end = line_end if one_line else text.index("\n}\n", start) + 2
    above = re.search(r"(?:^/\*(?:(?!\*/).)*\*/\n)\Z", text[:head.start()], re.MULTILINE | re.DOTALL)
    return above.start() if above else head.start(), head.start(), start, end


def without_function(text, function):
    first, _, _, end = definition_of(text, function)
    return text[:first].rstrip("\n") + "\n" + text[end:]


def with_body(text, function, body, before=""):
    first, _, start, end = definition_of(text, function)
    head = text[first:start].rstrip()
    return f"{text[:first]}{before}{head}\n{{\n{body.strip(chr(10))}\n}}{text[end:]}"


def with_include(text, header):
    line = f'#include "{header}"\n'
    if line in text:
        return text
    last = [m.end() for m in re.finditer(r'^#include [^\n]*\n', text, re.MULTILINE)][-1]
    return text[:last] + line + text[last:]


def without_cases(text, names):
    """A file of a test program without these cases, and without what only they have used."""
    for name in names:
        row = rf'^    \{{ \.name = "{re.escape(name)}",(?:[^{{}}]|\{{[^{{}}]*\}})*\}},\n'
        text, count = re.subn(row, "", text, flags=re.MULTILINE)
        if count > 1:
            raise Wrong(f"{name!r} stands there {count} times")
    while True:
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        functions = re.findall(r"^(?:static [^;{}=]*?\b|CASE\()(\w+)\)?(?:\([^;{}]*\))?\s*\{", code, re.MULTILINE)
        unused = [name for name in functions if len(re.findall(rf"\b{name}\b", code)) == 1]
        if not unused:
            return text
        text = without_function(text, unused[0])


# --- The tree that a student begins with ---------------------------------------------------------------------------------

def starter_files(lab):
    """{path: contents}"""
    files = {}
    for name in tree_files():
        if not any(re.fullmatch(pattern, name) for pattern in NOT_IN_STARTER):
            with open(os.path.join(HOME, name), "rb") as file:
                files[name] = file.read()
    for m in lab.missing:
        text = files[m.file].decode()
        text = without_function(text, m.function) if m.instead is None else with_body(text, m.function, m.instead, m.before)
        for header in m.includes + (["kernel/core/print.h"] if "kprintf(" in (m.instead or "") else []):
            text = with_include(text, header)
        files[m.file] = text.encode()
    kept = {case for s in lab.steps for case in s.kept} - {case for s in lab.steps for case in s.shown}
    for name in [name for name in files if re.fullmatch(r"userland/tests/\w+\.c", name)]:
        text = files[name].decode()
        mine = [case for case in sorted(kept) if f'.name = "{case}"' in text]
        if mine:
            files[name] = without_cases(text, mine).encode()
    for folder in (LABS, LABS_ZH):
        handout = os.path.join(folder, lab.name + ".md")
        if folder == LABS or os.path.exists(os.path.join(HOME, handout)):
            with open(os.path.join(HOME, handout), "rb") as file:
                files[handout] = file.read()
    files[lab.path] = lab.for_student().encode()
    files["scripts/mutants.toml"] = CATALOGUE.encode()
    return files


def make_starter(lab, folder, more):
    if os.path.exists(folder) and os.listdir(folder):
        raise Wrong(f"{folder} is there and not empty")
    for name, contents in (starter_files(lab) | {name: text.encode() for name, text in more.items()}).items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(contents)
        source = os.path.join(HOME, name)
        if os.path.exists(source):
            os.chmod(path, stat.S_IMODE(os.stat(source).st_mode))
    subprocess.run(["python3", os.path.join(folder, "scripts/tests/reading.py"), folder, "--write"], stdout=subprocess.DEVNULL)
    environment = dict(os.environ, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull)
    for role in ("AUTHOR", "COMMITTER"):                        # so that two starters are the same to the byte
        environment |= {f"GIT_{role}_NAME": "Faultline", f"GIT_{role}_EMAIL": "faultline@localhost",
                        f"GIT_{role}_DATE": "2000-01-01T00:00:00Z"}
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", f"The lab {lab.name}: where it begins"]):
        try:
            subprocess.run(["git", *words], cwd=folder, env=environment, check=True)
        except OSError as error:
            raise Wrong(f"git: {error.strerror}") from error


# --- Files of strangers --------------------------------------------------------------------------------------------------

FORBIDDEN = r'\b(?:__)?asm(?:__)?\b|##|%:|<:|\[\[|\?\?|\bR"|\bu8R"|\b[uUL]R"|\b_Pragma\b|^\s*#\s*embed\b'
ASSEMBLY = r'__asm__ volatile\((?:[^;"]|"(?:\\.|[^"\\\n])*")*\);'
ATTRIBUTES = {"noinline", "flatten", "unused", "packed", "always_inline", "noreturn", "cold", "hot", "pure", "const"}


def refusal(text, own):
    """Why text is not given to the compiler, that could be made to read other files of this machine; or None. own: what may be."""
    text = re.sub(r"\\\s*\n", "", text)
    for statement in re.findall(ASSEMBLY, text):
        text = text.replace(statement, ";") if statement in own else text
    found = re.search(FORBIDDEN, text, re.MULTILINE)
    if found:
        return f"{found[0].strip()!r} is not taken from a submission"
    for names in re.findall(r"__attribute(?:__)?\s*(\(\([^()]*\)\)|.{0,20})", text):
        if not re.fullmatch(r"\(\([\w\s,]*\)\)", names) or set(re.findall(r"\w+", names.replace("__", ""))) - ATTRIBUTES:
            return f"__attribute__{names} is not taken from a submission"
    return None


def read_submitted(folder, name, own=""):
    """A regular file below folder, no link to somewhere else; inline assembly only as own has it."""
    path, home = os.path.join(folder, name), os.path.realpath(folder)
    if os.path.realpath(path) != os.path.join(home, name) or not os.path.isfile(path):
        raise Wrong(f"{name} is not in the submission")
    with open(path, "rb") as file:
        contents = file.read(SUBMITTED_MAX + 1)
    if len(contents) > SUBMITTED_MAX:
        raise Wrong(f"{name} is too long")
    try:
        why = refusal(contents.decode(), own)
    except UnicodeDecodeError:
        why = "is no text"
    if why:
        raise Wrong(f"{name}: {why}")
    return contents


def check_includes(tree, name):
    """What the file in the tree includes lies in the tree or where the compiler has its own."""
    with open(os.path.join(tree.build_dir, "compile_commands.json"), encoding="utf-8") as file:
        command = next(c for c in json.load(file) if os.path.normpath(os.path.join(c["directory"], c["file"])) ==
                       os.path.join(tree.root, name))
    words = [w for w in shlex.split(command["command"]) if w not in ("-MD", "-c")]
    for option in ("-MQ", "-MF", "-o"):
        at = words.index(option)
        del words[at:at + 2]

    def included(file):
        result = subprocess.run(["timeout", "60", *words[:-1], "-M", file], cwd=command["directory"], capture_output=True,
                                text=True)
        paths = result.stdout.replace("\\\n", " ").split()[1:]
        return result.returncode, {os.path.normpath(os.path.join(command["directory"], path)) for path in paths}

    _, usual = included(os.path.join(HOME, name))
    status, paths = included(os.path.join(tree.root, name))
    places = {os.path.dirname(path) for path in usual} | {os.path.dirname(os.path.dirname(path)) for path in usual}
    if status != 0:
        raise Wrong(f"{name}: not all that it includes is there")
    for path in paths:
        if not path.startswith(tree.root + os.sep) and os.path.dirname(path) not in places:
            raise Wrong(f"{name} includes what is neither this kernel's nor the compiler's")


# --- Grading -------------------------------------------------------------------------------------------------------------

class Row:
    """What became of one case."""

    def __init__(self, step, case, why):
        self.step, self.case, self.why, self.hidden = step, case, why, case in step.kept
        self.score = 0 if why else step.points


def runs_of(steps, hidden):
    """[(run, [(step, case)])]: what may be done in one boot together."""
    together = {}
    for step in steps:
        for case in step.shown + (step.kept if hidden else []):
            run, cases = together.setdefault((step.run.machine(), step.run.instructions), (Run(dict(step.machine, cases=[])), []))
            run.cases.append(case)
            cases.append((step, case))
    return list(together.values())


def run_steps(tree, steps, hidden, sealed, deadline=None):
    """Rows of all cases, in the order of the steps. A kernel that does not come to the first case of all is not tried further."""
    rows, hopeless = {}, None
    for run, cases in runs_of(steps, hidden):
        try:
            results = dict.fromkeys(run.cases, hopeless) if hopeless else run_cases(tree, run, sealed, AT_ONCE, deadline)
        except Wrong as error:
            results = dict.fromkeys(run.cases, str(error))
            hopeless = None if rows else str(error)
        for step, case in cases:
            rows[step, case] = Row(step, case, results.get(case, "was not run"))
    failed = {row.step.name for row in rows.values() if row.why and not row.hidden}
    for row in rows.values():
        if row.step.needs in failed:
            row.score = 0
    return [rows[step, case] for step in steps for case in step.shown + (step.kept if hidden else [])]


def targets_of(steps):
    return sorted({target for step in steps for target in step.run.targets()})


class Grader:
    """A clean copy of this tree, that takes the files of one submission after the other."""

    def __init__(self, lab):
        jobs = os.cpu_count() or 1
        self.lab, self.tree = lab, Tree("lab", lab.name, archive=Tree(jobs=jobs).archive, jobs=jobs)

    def grade(self, folder):
        """folder: of the submission."""
        stands = "\n".join(m.before + (m.instead or "") for m in self.lab.missing)
        try:
            files = {name: read_submitted(folder, name, self.tree.read(name).decode() + stands) for name in self.lab.files}
        except Wrong as error:
            return self.nothing(str(error))
        return self.grade_files(files)

    def grade_files(self, files, also=None):
        """files: path -> contents. also(tree) is called when its kernels are there."""
        tree, own = self.tree, {name: self.tree.read(name) for name in files}
        try:
            for name, contents in files.items():
                tree.write(name, contents)
            for name in files:
                check_includes(tree, name)
            tree.build(*targets_of(self.lab.steps))
            rows = run_steps(tree, self.lab.steps, True, True, time.monotonic() + GRADE_S)
            if also is not None:
                also(tree)
            return rows
        except Wrong as error:
            return self.nothing(str(error).replace(tree.root + os.sep, ""))
        finally:
            for name, contents in own.items():
                tree.write(name, contents)

    def nothing(self, why):
        return [Row(step, case, why) for step in self.lab.steps for case in step.run.cases]
