"""harness.py - what the tests that call the launcher share: running it, and TAP.

The first argument of each of them is the launcher.
"""

import os
import subprocess
import sys
import time

LAUNCH = sys.argv[1]
count = failures = 0


def check(name, problems):
    """One TAP line; problems is a list of (bool, what was seen)."""
    global count, failures
    count += 1
    seen = [text for bad, text in problems if bad]
    failures += bool(seen)
    print(f"{'not ok' if seen else 'ok'} {count} - {name}", flush=True)
    for text in seen:
        print("# " + text.replace("\n", "\n# "), flush=True)


def start(*arguments, path=None, **others):
    environment = dict(os.environ, PATH=path or os.environ["PATH"])
    return subprocess.Popen([sys.executable, LAUNCH, *arguments], env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **others)


def launch(*arguments, path=None, give=b"", timeout=20):
    """Run the launcher to its end: (status, stdout, stderr, seconds)."""
    began = time.monotonic()
    process = start(*arguments, path=path, stdin=subprocess.PIPE)
    try:
        out, err = process.communicate(give, timeout=timeout)
    except subprocess.TimeoutExpired:
        process.terminate()
        out, err = process.communicate()
    return process.returncode, out.decode(errors="replace"), err.decode(), time.monotonic() - began


def expect(name, result, status, *words):
    """The run must have ended with status, and its console must show each of words."""
    got_status, out, err, took = result
    missing = [word for word in words if word not in out]
    check(name, [
        (got_status != status, f"status {got_status} after {took:.1f} s, expected {status}"),
        (bool(missing), f"not on the console: {missing}"),
        (got_status != status or bool(missing), out[-2000:] + err),
    ])


def finish():
    print(f"1..{count}")
    sys.exit(failures > 0)
