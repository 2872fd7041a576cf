#!/usr/bin/env python3
"""programs.py LAUNCH BUILD MKINITRAMFS: what a user of scripts/run relies on.

Statuses, piped input, repetition, init=, other archives, and typing at the shell.
"""

import codecs
import gzip
import os
import pty
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from harness import check, expect, finish, launch, start

BUILD, MKINITRAMFS = sys.argv[2:]
LINES = 3000


def run(*arguments, **others):
    return launch("--build", BUILD, *arguments, **others)


def statuses():
    expect("a program's status is the command's", run("sh", "-c", "exit 7"), 7)
    expect("so is success", run("true"), 0)
    expect("a program that is killed: 128 + SIGSEGV", run("/tests/elf/fatal/store-to-text"), 128 + 11, "store page fault")
    expect("128 + SIGILL", run("/tests/elf/fatal/illegal-instruction"), 128 + 4, "illegal instruction")
    expect("there is an environment", run("env"), 0, "\nPATH=/bin:/tests\nHOME=/\n")
    expect("no such program", run("nosuch"), 127, "nosuch")
    expect("not a program", run("/tests/elf/bad/address-zero"), 126, "Exec format error")
    words = ['"', "'", "\\", '\\"', "", "-- ", "\n", " \n\t", '"a b" c', "\u20ac", "x" * 3000, "\\" * 1500, *"abc" * 60, "end\\"]
    expect("every word arrives as it was given", run("printf", "<%s>", *words), 0, "\n" + "".join(f"<{word}>" for word in words))
    expect("a program in a word", run("sh", "-c", 'for i in "a  b"; do\necho "<$i>\\\\"\ndone'), 0, "\n<a  b>\\\n")
    expect("kill knows the jobs of a script", run("sh", "-c", "sleep 30 & kill %1; wait $!"), 143)
    expect("words with blanks stay one", run("echo", "a  b", "", "c"), 0, "\na  b  c\n")
    expect("nothing is filled ahead with ahead=off", run("--append", "ahead=off", "lazymore", "ahead=off"), 0, "ok 1 - ahead=off\n")
    expect("which is off and not no", run("--append", "ahead=no", "true"), 0, "ahead=no ")
    expect("a chaos that no program could bear is refused", run("--append", "chaos=1", "--checked", "true"), 0, "chaos=1 ")


def piped_input(harts):
    """Nobody sits at the other end: nothing is edited, echoed or drawn, and no prompt asks for more."""
    def answers(name, arguments, text, expected_status, expected):
        status, out, err, _ = run("--harts", harts, *arguments, give=text.encode(), timeout=100)
        got = out.partition("online\n")[2]
        same = next((at for at, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
        check(f"{name}, {harts} harts", [
            (status != expected_status, f"status {status}\n{err}{out[-500:]}"),
            (got != expected, f"{len(got)} characters, {len(expected)} expected, from {same} on {got[same:same + 80]!r}")])

    answers(f"sh runs {LINES} lines of piped input", ["sh"], "".join(f"echo line-'{n}'\n" for n in range(LINES)) + "exit 9\n",
            9, "".join(f"line-{n}\n" for n in range(LINES)))
    text = "".join(f"{n:05} <[{{%&@~^|;:?!}}]> \n" for n in range(LINES))
    answers(f"cat returns {len(text)} bytes", ["cat"], text, 0, text)
    text = "".join(chr(c) for c in range(1, 128) if c != ord(ctrl("D"))) + "\u20ac" * 3000 + " no end"
    answers("the end of the input is there for everyone", ["sh", "-c", "cat; cat; echo ends"], "no newline", 0, "no newlineends\n")
    answers("a script whose last line has no newline", ["sh"], "echo begins\nexit 7", 7, "begins\n")
    answers("one that leaves its input to a program", ["sh"], "cat\necho $?\n", 0, "echo $?\n")
    answers("cat returns what would be keys at a terminal, in a line longer than any buffer", ["cat"], text, 0, text)


def repeats():
    first, second = (run("--deterministic", "lazytests") for _ in range(2))
    check("under the deterministic clock a run repeats to the byte", [
        (first[:2] != second[:2] or first[0] != 0, f"{first[:2]}\n{second[:2]}")])
    # But for the boot row: while it boots the kernel waits for the UART, and how fast that takes bytes is the host's affair.
    first, second = (re.sub(r"reset to .*", "", run("--deterministic", "vmbench")[1]) for _ in range(2))
    check("and its clock to the instruction", [
        (first != second, first + second), ("getpid" not in first, "there is no table")])


def other_first_programs():
    expect("init=PATH gets the words after --", run("--append", "init=/bin/echo", "hello", "world"), 0, "\nhello world\n")
    expect("init=PATH, and its status", run("--append", "init=/bin/false", "x"), 1)
    expect("init=PATH that is not there", run("--append", "init=/no/such", "x"), 255, "panic: cannot run /no/such")


def userland(name):
    return os.path.join(BUILD, "userland", name)


def other_archives():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "archive.cpio")

        def boot(contents):
            with open(path, "wb") as file:
                file.write(contents)
            return run("--initrd", path, "own", "words")

        def pack(*options):
            subprocess.run([sys.executable, MKINITRAMFS, "--output", path, *options], check=True)
            with open(path, "rb") as file:
                return file.read()

        echo = userland("echo")
        own = pack("--file", "init", echo)
        expect("an archive with nothing but /init", boot(own), 0, "\nown words\n")
        expect("names that begin with ./, as find makes them", boot(pack("--file", "./init", echo)), 0, "\nown words\n")
        expect("an archive without /init", boot(pack("--file", "bin/echo", echo)), 255, "panic: cannot run /init")
        expect("an archive that is cut off", boot(own[:len(own) // 2]), 255,
               "the archive ends inside a member", "panic: cannot run /init")
        expect("an archive whose first name has 4 GiB", boot(own[:94] + b"ffffffff" + own[102:]), 255, "initramfs: byte 0 ",
               "panic: cannot run /init")
        expect("a compressed archive", boot(gzip.compress(own)), 255, "compressed archives are not supported")
        expect("something else", boot(b"This is not an archive. " * 100), 255, "not a cpio header")
        empty = boot(b"")
        if "could not load ramdisk" in empty[2]:        # QEMU 11 refuses it; before, the machine has none
            expect("an empty archive", empty, 1)
        else:
            expect("an empty archive", empty, 255, "names no initrd", "panic: cannot run /init")

        added = [os.path.join(folder, name) for name in ("own", "true")]
        for name in added:
            shutil.copyfile(echo, name)
        expect("a program that is added, and one instead of ours", run("--add", added[0], "--add", added[1], "sh", "-c",
               "own a b; /bin/true c; cat /bin/own | wc -c"), 0, f"\na b\nc\n{os.path.getsize(echo)}\n")
        # What an archive has where ours hangs: below /proc, at a device's name, and a file of several names in both.
        ours = ["proc/x", "proc/self/x", "proc/sys/x", "proc/new/x", "dev/zero", "dev/null/x"]
        tools = [option for tool in ("find", "wc", "sh") for option in ("--file", f"bin/{tool}", userland(tool))]
        with open(path, "wb") as file:
            file.write(pack("--file", "init", userland("sh"), "--file", "dev/more", echo, *tools,
                            *(option for name in ours for option in ("--file", name, echo))))
        result = run("--checked", "--initrd", path, "--", "-c", "find / >/all; echo x >/dev/null; wc -c </dev/null; "
                     "echo /proc/[nsx]* /proc/sys/* /dev/[mz]*; echo all-$?")
        expect("an archive with entries where the kernel's own hang", result, 0, "\n/proc/self /proc/stat /proc/swaps /proc/sys "
               "/proc/sys/vm /dev/more /dev/zero\nall-0\n", *(f"initramfs: {name}: skipped" for name in ours))
        for name in ("proc", "dev"):
            expect(f"an archive with a file /{name}", boot(pack("--file", "init", echo, "--file", name, echo)), 0,
                   f"initramfs: {name}: skipped", "\nown words\n")

        os.unlink(path)
        status, _, err, took = run("--initrd", path, "true")
        check("no archive", [(status != 2, f"status {status}"), ("does not exist" not in err, err), (took > 3, f"{took} s")])


class Typist:
    """Somebody at the console: types, and reads what has come since. The launcher's input is a pipe, or else a terminal."""

    def __init__(self, *arguments, terminal=False):
        self.keyboard, guest_end = pty.openpty() if terminal else reversed(os.pipe())
        self.process = start("--build", BUILD, "--append", "terminal=1 rows=24 columns=80", *arguments, stdin=guest_end)
        os.close(guest_end)
        os.set_blocking(self.keyboard, False)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")     # a character may come in two reads
        self.unread = ""

    def read_more(self):
        self.unread += self.decoder.decode(self.process.stdout.read() or b"")
        time.sleep(0.01)

    def read_until(self, words, seconds=30):
        """What came up to the words, or None when they do not come."""
        deadline = time.monotonic() + seconds
        while words not in self.unread:
            if time.monotonic() > deadline or self.process.poll() is not None:
                return None
            self.read_more()
        seen, self.unread = self.unread.split(words, 1)
        return seen

    def type(self, keys, seconds=30):
        left = keys if isinstance(keys, bytes) else keys.encode(errors="surrogateescape")
        deadline = time.monotonic() + seconds
        while left and time.monotonic() < deadline:
            try:
                left = left[os.write(self.keyboard, left):]
            except BlockingIOError:                     # whoever takes them may wait for us to read what they gave
                self.read_more()

    def dialogue(self, name, *turns):
        """Turns are keys and the words that answer them. A case of the test."""
        for keys, answer in turns:
            self.type(keys)
            if self.read_until(answer) is None:
                check(name, [(True, f"{keys[-60:]!r} was not answered by {answer!r} but by {self.unread[-500:]!r}")])
                self.unread = ""
                return
        check(name, [])

    def leave(self):
        if not os.isatty(self.keyboard):                # the end of a pipe is ^D; that of a terminal would end the launcher
            os.close(self.keyboard)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.terminate()
        return self.process.wait()


UP, DOWN, RIGHT, LEFT, HOME, END, DELETE = (f"\x1b[{key}" for key in ("A", "B", "C", "D", "H", "F", "3~"))
BACKSPACE = "\x7f"


def ctrl(letter):
    return chr(ord(letter) & 0x1f)


def any_keys(seed, count):
    """Keys and bytes by chance, broken characters among them; none ends a line or the input."""
    chance = random.Random(seed)
    keys = [UP, DOWN, RIGHT, LEFT, HOME, END, DELETE, BACKSPACE, "\t", ctrl("C"), ctrl("K"), ctrl("W"), "\u20ac"]
    some = [chance.choice(keys) if chance.random() < 0.4 else bytes([chance.randrange(256)]).decode(errors="surrogateescape")
            for _ in range(count)]
    return "".join(key for key in some if key not in ("\n", "\r", ctrl("D")))


def without_signals(keys):
    return keys.translate({ord(ctrl(letter)): None for letter in "C\\Z"})


def typing():
    """Answers hold what the editor cannot have echoed: each stands on a line of its own, or was quoted when it was typed."""
    sh = Typist("sh")
    sh.dialogue("a prompt", ("", "$ "))
    sh.dialogue("arrows, and a letter in the middle", ("echo helo" + LEFT + LEFT + "l\r", "\nhello\n$ "))
    sh.dialogue("Backspace and Delete",
                ("echo wrongX" + LEFT + LEFT + DELETE + DELETE + BACKSPACE * 3 + "ight\r", "\nwight\n$ "))
    sh.dialogue("Home and End", ("cho first" + HOME + "e" + END + " last\r", "\nfirst last\n$ "))
    sh.dialogue("^A ^K ^E ^W ^U", ("nothing" + ctrl("A") + ctrl("K") + "x" + ctrl("U") + "echo one two" + ctrl("W") +
                                   ctrl("E") + "three\r", "\none three\n$ "))
    sh.dialogue("history", (UP + UP + "\r", "\nfirst last\n$ "), ("echo draft" + UP + DOWN + " kept\r", "\ndraft kept\n$ "))
    sh.dialogue("one letter of several bytes is one letter",
                ("echo a\u00e9\u20ac" + LEFT + BACKSPACE + "b\r", "\nab\u20ac\n$ "))
    sh.dialogue("a line that begins inside a character",
                ("\udc80" + BACKSPACE + "\udc80\udcbf" + LEFT + DELETE + "echo whole\r", "\nwhole\n$ "))
    sh.dialogue("any keys whatever", (any_keys(1, 6000) + ctrl("C") * 2 + "echo li'v'es\r", "\nlives\n$ "))
    sh.dialogue("and for the console's own editing",
                ("cat\r" + without_signals(any_keys(2, 3000)) + ctrl("C") + "echo li'v'es\r", "\nlives\n$ "))
    sh.dialogue("Tab completes a command", ("ech\tdone\r", "\ndone\n$ "))
    sh.dialogue("Tab completes a path, and lists what there is",
                ("cat /de\t\t", "\nconsole  full  null  "), ("nu\t\r", "null \n$ "))
    sh.dialogue("Tab quotes what needs it", (">'/a b'\r", "$ "), ("echo /a\t|cat\r", "\n/a b\n$ "))
    sh.dialogue("^C gives a line up", ("echo never" + ctrl("C"), "^C\n$ "), ("echo $?\r", "\n130\n$ "))
    sh.dialogue("^C gives a command of several lines up", ("if true\r", "\n> "), ("then echo" + ctrl("C"), "^C\n$ "),
                ("echo o'k'\r", "\nok\n$ "))
    sh.dialogue("^L draws anew", ("echo cl" + ctrl("L"), "\x1b[2J\r$ echo cl"), ("ear\r", "\nclear\n$ "))
    long = "0123456789" * 30
    sh.dialogue("a line longer than the screen", (f"echo {long}" + HOME + END + "x\r", f"\n{long}x\n$ "))
    sh.dialogue("a program reads lines, edited by the console",
                ("cat\r", "cat\n"), ("lime" + BACKSPACE * 2 + "ne\r", "\nline\n"), (ctrl("D"), "$ "))
    sh.dialogue("read does too", ("read x; echo \"<$x>\"\r", "\n"), ("abx" + BACKSPACE + "c\r", "\n<abc>\n$ "))
    sh.dialogue("^C ends a program and not the shell",
                ("sleep 60\r", "sleep 60\n"), (ctrl("C"), "$ "), ("echo $?\r", "\n130\n$ "))
    sh.dialogue("^C ends the loop around it", ("for i in 1 2 3; do echo $i; sleep 60; done\r", "\n1\n"), (ctrl("C"), "$ "),
                ("echo $i\r", "\n1\n$ "))
    sh.dialogue("^C ends a substitution", ("y=$(echo a; sleep 60)\r", "\n"), (ctrl("C"), "$ "), ("echo \"<$y>\"\r", "\n<>\n$ "))
    sh.dialogue("a job in the background, and the word of its end", ("sleep 0.3 &\r", "[1] "), ("sleep 0.6\r", "$ "),
                ("\r", "[1] Done\tsleep 0.3\n$ "))
    sh.dialogue("fg takes a job to the foreground", ("sleep 60 &\r", "[1] "), ("fg\r", "\nsleep 60\n"), (ctrl("C"), "$ "),
                ("jobs; echo n'o'ne\r", "\nnone\n$ "))
    sh.dialogue("^Z stops a job, and fg and bg let it go on",
                ("sleep 60 | sleep 61\r", "sleep 61\n"), (ctrl("Z"), "\n[1] Stopped\tsleep 60 | sleep 61\n$ "),
                ("echo $?\r", "\n148\n$ "), ("jobs\r", "\n[1] Stopped\tsleep 60 | sleep 61\n$ "),
                ("bg; jobs\r", "\nsleep 60 | sleep 61 &\n[1] Running\tsleep 60 | sleep 61\n$ "),
                ("fg\r", "\nsleep 60 | sleep 61\n"), (ctrl("Z"), "$ "), ("fg\r", "61\n"), (ctrl("C"), "$ "),
                ("jobs; echo n'o'ne\r", "\nnone\n$ "))
    sh.dialogue("^Z ends the loop around it", ("for i in 1 2 3; do echo $i; sleep 60; done\r", "\n1\n"), (ctrl("Z"), "$ "),
                ("kill -KILL %1; wait %1; echo $i\r", "\n1\n$ "))
    sh.dialogue("what sleeps when it is stopped sleeps its time", ("sleep 0.5; echo $?\r", "?\n"), (ctrl("Z"), "$ "),
                ("fg; echo so $?\r", "\nso 0\n$ "))
    sh.dialogue("^\\ ends a program, too", ("sleep 60\r", "sleep 60\n"), (ctrl("\\"), "^\\\nsh: sleep 60: Quit\n$ "),
                ("echo $?\r", "\n131\n$ "))
    sh.dialogue("who reads in the background stops", ("cat &\r", "[1] "), ("sleep 0.3; jobs\r", "\n[1] Stopped\tcat\n$ "),
                ("fg\r", "\ncat\n"), ("line\r", "\nline\n"), (ctrl("D"), "$ "))
    sh.dialogue("kill stops and continues jobs", ("sleep 60 &\r", "[1] "), ("kill -STOP %1; jobs\r", "\n[1] Stopped\tsleep 60\n$ "),
                ("kill -CONT %1; jobs\r", "\n[1] Running\tsleep 60\n$ "), ("kill %1; wait %1; echo $?\r", "\n143\n$ "))
    sh.dialogue("kill knows the jobs", ("sleep 60 | sleep 61 &\r", "[1] "), ("kill %1; wait %1; echo $?\r", "\n143\n$ "),
                ("sleep 60 &\r", "[1] "), ("kill -9 %%; wait %1; echo $?\r", "\n137\n$ "),
                ("kill %1; echo $?\r", "%1: not a process number\n2\n$ "))
    sh.dialogue("ls fills the screen's width",
                ("mkdir /tmp/l; cd /tmp/l; >a; >bb; >\u20acc; ls\r", "\na   bb  \u20acc\n$ "), ("ls -1\r", "\na\nbb\n\u20acc\n$ "),
                ("ls | cat\r", "\na\nbb\n\u20acc\n$ "), ("ls -C a bb | cat\r", "\na   bb\n$ "),
                ("for i in 1 2 3 4 5 6 7 8; do >1234567890123$i; done; ls\r",
                 "\n12345678901231  12345678901234  12345678901237  bb\n12345678901232  12345678901235  12345678901238  \u20acc\n"
                 "12345678901233  12345678901236  a\n$ "), ("cd /\r", "$ "))
    sh.dialogue("top, until q is typed", ("top -d 60\r", " NAME\n"), (" ", " NAME\n"), ("q", "$ "), ("echo o'v'er\r", "\nover\n$ "))
    sh.dialogue("top shows more processes than there are lines",
                ("sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 | sleep 60 & done; top -n 1'\r", "\x1b[2J"))
    screen = sh.read_until("\n$ ") or ""
    check("as many as fit", [(not 20 <= screen.count("\n") <= 22, screen)])
    sh.dialogue("half a line typed ahead is the beginning of the next",
                ("sleep 0.5\r", "sleep 0.5\n"), ("echo half", "$ echo half"), ("way\r", "\nhalfway\n$ "))
    text = "".join(f"{n:04} typed ahead\n" for n in range(1000))
    sh.dialogue("what is typed ahead for a program reaches it", (f"wc -c\r{text}" + ctrl("D"), f"\n{len(text)}\n"), ("", "$ "))
    sh.dialogue("^D deletes in a line", ("echo axb" + LEFT + LEFT + ctrl("D") + "\r", "\nab\n$ "))
    sh.type("(exit 6)\r" + ctrl("D"))
    status = sh.leave()
    check("^D on an empty line ends the shell, with the last status", [(status != 6, f"status {status}, {sh.unread!r}")])


def interrupting():
    """^C behind any number of bytes that nobody has read, whatever they are: no other signal, and not ^A, the launcher's."""
    dice = random.Random(3)
    keys = [byte for byte in range(256) if byte not in b"\x01\x03\x1a\x1c"]
    for name, pasted, harts, terminal in (
            ("6,000 letters", b"x" * 6_000, "1", False),
            ("50,000 bytes", bytes(dice.choices(keys, k=50_000)), "2", False),
            ("200,000 bytes of a terminal", bytes(dice.choices(keys, k=200_000)), "1", True)):
        sh = Typist("--harts", harts, "sh", terminal=terminal)
        sh.dialogue(f"^C is seen behind {name} that nobody reads", ("", "$ "), ("sleep 1000\r", "sleep 1000\n"),
                    (pasted + b"\x03", "^C\n$ "), ("echo o'k'\r", "\nok\n$ "))
        sh.type("exit 4\r", 5)
        status = sh.leave()
        check("and the machine ends as always", [(status != 4, f"status {status}")])


statuses()
piped_input("1")
piped_input("4")
repeats()
other_first_programs()
other_archives()
typing()
interrupting()
finish()
