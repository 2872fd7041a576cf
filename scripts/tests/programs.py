#!/usr/bin/env python3
"""programs.py LAUNCH BUILD MKINITRAMFS: what a user of scripts/run relies on: statuses, piped input, repetition, init=, other archives."""

import collections
import gzip
import os
import re
import subprocess
import sys
import tempfile

from harness import check, expect, finish, launch

BUILD, MKINITRAMFS = sys.argv[2:]
LINES = 3000


def run(*arguments, **others):
    return launch("--build", BUILD, *arguments, **others)


def statuses():
    expect("a program's status is the command's", run("sh", "-c", "exit 7"), 7)
    expect("so is success", run("true"), 0)
    expect("a program that is killed: 128 + SIGSEGV", run("/tests/elf/fatal/store-to-text"), 128 + 11, "store page fault")
    expect("128 + SIGILL", run("/tests/elf/fatal/illegal-instruction"), 128 + 4, "illegal instruction")
    expect("no such program", run("nosuch"), 127, "nosuch")
    expect("not a program", run("/tests/elf/bad/address-zero"), 126, "Exec format error")
    expect("words with blanks stay one", run("echo", "a  b", "", "c"), 0, "\na  b  c\n")
    expect("a chaos that no program could bear is refused", run("--append", "chaos=1", "--checked", "true"), 0, "chaos=1 ")


def piped_input(harts):
    """The console is a terminal, so input is echoed, and what was typed ahead may stand anywhere between the output."""
    script = "".join(f"echo line-'{n}'\n" for n in range(LINES)) + "exit 9\n"
    status, out, err, _ = run("--harts", harts, "sh", give=script.encode(), timeout=100)
    answers = [int(n) for n in re.findall(r"line-(\d+)\n", out)]    # the echo has quotes
    lost = next((n for n in range(LINES) if answers[n:n + 1] != [n]), LINES)
    check(f"sh runs {LINES} lines of piped input, {harts} harts", [
        (status != 9, f"status {status}\n{err}{out[-500:]}"),
        (len(answers) != LINES or lost < LINES, f"{len(answers)} answers; line {lost} is the first to go wrong")])

    text = "".join(f"{n:05} <[{{%&@~^|;:?!}}]> \n" for n in range(LINES))
    status, out, err, _ = run("--harts", harts, "cat", give=text.encode(), timeout=100)
    given, got = collections.Counter(text), collections.Counter(out)
    wrong = {mark: (got[mark], 2 * given[mark]) for mark in "<[{%&@~^|;?!}]>" if got[mark] != 2 * given[mark]}
    check(f"cat returns {len(text)} bytes, echoed and written, {harts} harts", [
        (status != 0, f"status {status}\n{err}{out[-500:]}"), (bool(wrong), f"(seen, expected): {wrong}")])


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

        echo = os.path.join(BUILD, "userland", "echo")
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
        os.unlink(path)
        status, _, err, took = run("--initrd", path, "true")
        check("no archive", [(status != 2, f"status {status}"), ("does not exist" not in err, err), (took > 3, f"{took} s")])


statuses()
piped_input("1")
piped_input("4")
repeats()
other_first_programs()
other_archives()
finish()
