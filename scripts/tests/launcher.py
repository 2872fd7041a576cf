#!/usr/bin/env python3
"""launcher.py LAUNCH STUBS: whatever goes wrong, the launcher says so in one line, within seconds, and leaves no QEMU."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import LAUNCH, check, finish, launch, start

STUBS = sys.argv[2]
QEMU = "qemu-system-riscv64"


def stub(behaviour):
    path = os.path.join(STUBS, f"stub-{behaviour}.elf")
    return ["--kernel", path, "--initrd", path]         # any file will do as the archive


def expect(name, result, status, message, seconds):
    got_status, out, err, took = result
    messages = [line for line in err.splitlines() if line.startswith("launch: ")]
    check(name, [
        (got_status != status, f"status {got_status}, expected {status}"),
        (message is None and bool(messages), f"unexpected message: {messages}"),
        (message is not None and (len(messages) != 1 or message not in messages[0]),
         f"expected one message with {message!r}, got:\n{err}"),
        (took > seconds, f"took {took:.1f} s"),
    ])
    return out


def fake_qemu(folder, body):
    path = os.path.join(folder, QEMU)
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + body)
    os.chmod(path, 0o755)


def children_named_qemu(marker):
    """Processes whose command line names marker: only ours do."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if marker.encode() in words and QEMU.encode() in words[0]:
            found.append(int(pid))
    return found


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def wrong_host():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + ":" + os.environ["PATH"]
        fake_qemu(folder, "echo 'QEMU emulator version 5.0.0 (Debian 1:5.0-14)'\n")
        expect("a QEMU that is too old", launch(*stub("silent"), path=path), 2, "version 5.0", 3)
        fake_qemu(folder, "echo 'hello'\n")
        expect("a QEMU that is something else", launch(*stub("silent"), path=path), 2, "no version of QEMU", 3)
        real = shutil.which(QEMU)
        fake_qemu(folder, f'case $1 in -L) echo {folder};; *) exec {real} "$@";; esac\n')
        expect("no firmware", launch(*stub("silent"), path=path), 2, "package opensbi", 3)
        os.unlink(os.path.join(folder, QEMU))
        expect("no QEMU", launch(*stub("silent"), path=folder), 2, "not installed", 3)
    expect("the deterministic clock on two harts", launch(*stub("silent"), "--deterministic", "--harts", "2"), 2, "one hart", 3)
    expect("no kernel", launch("--kernel", "/nonexistent.elf"), 2, "does not exist", 3)
    expect("no such program to add", launch(*stub("silent"), "--add", "/nonexistent"), 2, "no file /nonexistent", 3)
    expect("nothing that a program can be added to", launch(*stub("silent"), "--add", LAUNCH), 2, "not a cpio archive", 3)
    expect("no such CPU", launch(*stub("silent"), "--cpu", "z80"), 77, "no -cpu z80", 3)
    expect("more words than the boot line holds", launch(*stub("silent"), "echo", '"' * 4090), 2, "8191 at most", 3)


def wrong_numbers():
    for option, allowed, values in (
            ("--harts", "1 to 8", ("0", "99", "x", "")),
            ("--memory", "32M to 4G", ("8M", "5G", "lots", "64K", "0x40M")),
            ("--swap", "1M to 64G", ("0", "65G", "lots", "4K")),
            ("--chaos", "8 to 1000000000", ("1", "x", "-8")),
            ("--timeout", "0 to 1000000", ("x", "-1", "nan", "inf")),
            ("--quiet-timeout", "0 to 1000000", ("x",)),
            ("--stall-timeout", "0 to 1000000", ("x",)),
            ("--gdb-port", "1 to 65535", ("0", "x"))):
        for value in values:
            status, _, err, _ = launch(option, value)
            wanted = f"launch: {option}: {allowed}, not {value!r}\n"
            check(f"{option} {value!r}", [(status != 2, f"status {status}"), (err != wanted, err)])


def wrong_disks():
    with tempfile.TemporaryDirectory() as folder:
        def image(name, size, mode=0o644):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.truncate(size)
            os.chmod(path, mode)
            return path

        good = image("good, with a comma.img", 1001 * 512)
        for name, words, message in (
                ("that is not there", (os.path.join(folder, "none"),), "none: No such file"),
                ("that is a folder", (folder,), "is no file"),
                ("without a byte", (image("empty", 0),), "has 0 bytes, which are no sectors"),
                ("of part of a sector", (image("part", 1000),), "has 1000 bytes, which are no sectors"),
                ("of a way that there is not", (good + ",rw",), "No such file"),
                ("too many", (good,) * 9, "room for 8 disks")):
            status, _, err, took = launch(*(word for path in words for word in ("--disk", path)), "true")
            check(f"a disk {name}", [(status != 2, f"status {status}"), (not err.startswith("launch: ") or message not in err, err),
                                     (err.count("\n") != 1, err), (took > 3, f"took {took:.1f} s")])
        if os.geteuid() != 0:                           # root may write to anything
            path = image("fixed", 512, 0o444)
            check("a disk that cannot be written to", [("FILE,ro" not in launch("--disk", path, "true")[2], path)])
        for words in (("--disk", good), ("--disk", good + ",ro", "--virtio", "modern", "--swap", "1M"),
                      ("--disk", good, "--deterministic"),
                      ("--disk", good + ",snapshot") * 7 + ("--swap", "1G")):
            expect(f"QEMU takes {' '.join(words[:1] + words[2:])}", launch(*stub("tap"), *words, "--tap"), 1, None, 6)
        left = [name for name in os.listdir(folder) if name not in ("good, with a comma.img", "empty", "part", "fixed")]
        check("no other file is left", [(bool(left), f"{left}")])


def build_before_launch():
    """A tree of nothing but scripts, and a meson that only counts."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(os.path.dirname(LAUNCH), os.path.join(folder, "scripts"))
        fake = os.path.join(folder, "meson")
        with open(fake, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\ncase $1 in --version) exec {shutil.which("meson")} "$@" ;; compile) ;; *) exit ;; esac\n'
                       'n=0; while [ $n -lt $STEPS ]; do n=$((n + 1)); echo "[$n/$STEPS] Compiling it"; done; exit $FAILS\n')
        os.chmod(fake, 0o755)

        def run(*arguments, stderr=subprocess.PIPE, steps="250", fails="0"):
            return subprocess.run([os.path.join(folder, "scripts/run"), *arguments], stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=stderr, timeout=20,
                                  env=dict(os.environ, PATH=folder + ":" + os.environ["PATH"], STEPS=steps, FAILS=fails))

        done = run("--harts", "99", "true")
        check("a wrong option ends scripts/run before it builds", [
            (done.returncode != 2 or done.stderr != "launch: --harts: 1 to 8, not '99'\n", f"{done}"),
            (os.path.exists(os.path.join(folder, "build")), "there is a build directory")])
        done = run("--harts", "2", "--help")
        check("so does --help, which is 80 columns wide", [
            (done.returncode != 0 or "--memory" not in done.stdout or done.stderr != "", f"{done}"),
            (max(map(len, done.stdout.splitlines())) > 80, done.stdout),
            (os.path.exists(os.path.join(folder, "build")), "there is a build directory")])
        done = run("true")
        check("a build says now and then how far it is", [
            ([line for line in done.stderr.splitlines() if "250" in line] !=
             ["run: building [100/250]", "run: building [200/250]"], f"{done}")])
        controller, terminal = pty.openpty()
        run("true", stderr=terminal, steps="30")
        seen = os.read(controller, 65536).decode()
        while "launch: " not in seen:
            seen += os.read(controller, 65536).decode()
        pieces = re.split(r"[\r\n]+", seen)
        check("on a terminal it counts in one line, which goes away", [
            (pieces.count("run: building [17/30]") != 1 or "run: building [30/30]\r\x1b[K" not in seen, repr(seen)),
            (max(len(piece) for piece in pieces if "/30" in piece) > 80, repr(seen))])
        os.close(controller)
        os.close(terminal)
        done = run("true", fails="1")
        check("a build that fails shows what it said", [
            (done.returncode != 2 or "[250/250] Compiling it\nrun: failed: meson compile" not in done.stderr, f"{done}")])


def wrong_guest():
    expect("a kernel that prints nothing", launch(*stub("silent"), "--quiet-timeout", "1"),
           124, "printed nothing in 1 s", 6)
    expect("a kernel that prints nothing, under the deterministic clock",
           launch(*stub("silent"), "--quiet-timeout", "1", "--deterministic"), 124, "printed nothing in 1 s", 6)
    expect("a guest that hangs", launch(*stub("hang"), "--timeout", "1"), 124, "still runs after 1 s", 6)
    expect("a guest that falls silent", launch(*stub("hang"), "--stall-timeout", "1"), 124, "nothing for 1 s", 6)
    expect("a kernel that panics and does not power off", launch(*stub("panic")), 255, "panicked", 9)
    out = expect("TAP is filtered", launch(*stub("tap"), "--tap"), 1, None, 4)
    wanted = ["ok 1 - first", "# printed by the test", "not ok 2 - second", "# why", "1..2", "# stub: bye"]
    check("and its lines are right", [("# noise before" not in out or out.splitlines()[-6:] != wanted, out)])
    expect("a test that prints no TAP", launch(*stub("no_tap"), "--tap"), 1, "no TAP", 4)
    out = expect("TAP of a guest that hangs", launch(*stub("hang"), "--tap", "--timeout", "1"), 124, "still runs", 6)
    check("ends with Bail out!", [("\nBail out! launch: the guest still runs" not in out, out)])


def input_and_output():
    out = expect("input reaches the guest, and its end is ^D", launch(*stub("echo"), give=b"a\x03\n"), 3, None, 4)
    check("byte by byte", [(out != "Faultline booting: stub\nkey 61\nkey 03\nkey 0a\nkey 04\n", repr(out))])

    controller, terminal = pty.openpty()
    os.write(controller, b"ab")
    process = start(*stub("echo"), "--timeout", "10", stdin=terminal)
    first = b"".join(process.stdout.readline() for _ in range(3))
    os.write(controller, b"\x03")
    second = process.stdout.readline()
    os.write(controller, b"\x01x")
    process.communicate(timeout=10)
    check("what is typed before the machine runs reaches it whole", [(not first.endswith(b"key 61\nkey 62\n"), repr(first))])
    check("on a terminal ^C goes to the guest and Ctrl-A x leaves", [
        (b"key 03" not in second, repr(second)), (process.returncode != 0, f"status {process.returncode}")])
    os.close(controller)
    os.close(terminal)


def nothing_left_behind():
    with tempfile.TemporaryDirectory() as folder:
        kernel = os.path.join(folder, "hang.elf")
        shutil.copy(os.path.join(STUBS, "stub-hang.elf"), kernel)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            process = start("--kernel", kernel, "--initrd", kernel, "--deterministic", stdin=subprocess.DEVNULL)
            came = wait_until(lambda: children_named_qemu(kernel))
            process.send_signal(number)
            process.communicate(timeout=10)
            gone = wait_until(lambda: not children_named_qemu(kernel))
            check(f"no QEMU is left when the launcher gets {signal.Signals(number).name}", [
                (not came, "QEMU never came up"), (not gone, "QEMU still runs"),
                (process.returncode == 0, "status 0")])
            for pid in children_named_qemu(kernel):
                os.kill(pid, signal.SIGKILL)


wrong_host()
wrong_numbers()
wrong_disks()
build_before_launch()
wrong_guest()
input_and_output()
if os.path.isdir("/proc/self"):
    nothing_left_behind()
finish()
