#!/usr/bin/env python3
"""viewer.py LAUNCH BUILD: the page that scripts/trace writes, in a Chromium without a window: it draws what the kernel counted."""

import json
import os
import re
import shlex
import sys
import tempfile
import time
import xml.dom.minidom

from harness import check, finish

BUILD = sys.argv[2]
HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(HOME, "scripts"))
import chromium             # noqa: E402
import trace_page           # noqa: E402
import trace_text           # noqa: E402

if chromium.find() is None:
    print("1..0 # SKIP there is no Chromium (scripts/setup --proof installs it)")
    sys.exit(0)

CASES = "A1|A2|A3|B1|B2|B3|C|spurious|segv|bus|oom"
HARM = "</script><script>document.title = 'harm'</script><!-- \"'&"          # in the words of the command
NAME = "<i>\"'&\\x"                                                          # of a program
SCRIPT = f"cp /bin/life {shlex.quote('/' + NAME)}; vmstat -p {shlex.quote('/' + NAME)}; exit 0"

# Shows every step of every kind. Returns what is wrong with them, how many there are, and how long it took.
ALL_STEPS = """(() => {
  for (const input of document.querySelectorAll("#kinds input"))
    input.checked = true;
  document.getElementById("who").value = "all";
  select();
  const wrong = [], began = performance.now();
  for (let n = 0; n < shown.length; n++) {
    show(n);
    const say = document.getElementById("sentence").textContent, r = shown[n].record;
    const drawn = id => document.querySelector(`#${id} svg rect`) !== null;
    const all = ["sentence", "when", "line", "change", "harts", "memory", "spaces"].map(id => $(id).innerHTML).join();
    if (here !== n || say.length < 20 || /undefined|NaN|null|\\[object/.test(all))
      wrong.push(`step ${n}, ${r.event} ${r.what}: says ${say}`);
    if (!drawn("change") || !drawn("harts") || (!drawn("spaces") && memoryAfter(shown[n].upto + 1).spaces.has(r.space)))
      wrong.push(`step ${n}, ${r.event} ${r.what}: draws nothing`);
    if (r.event === "fault" && document.querySelector("#picture .now")?.dataset.of !== r.what)
      wrong.push(`step ${n}: the picture does not show ${r.what}`);
    if (r.event !== "switch" && !/:\\d+/.test(document.querySelector("#source h2").textContent))
      wrong.push(`step ${n}, ${r.event}: no line of the source`);
  }
  return { wrong: wrong.slice(0, 5), steps: shown.length, records: records.length, ms: performance.now() - began };
})()"""

COUNTED = """(pid => {
  const seen = {};
  for (const step of steps)
    if (step.kind === "fault" && (pid === null || step.record.pid === pid))
      seen[step.record.what] = (seen[step.record.what] ?? 0) + 1;
  return seen;
})"""


def record(program, *options, nrecords=20000):
    """(status, what the guest printed, the trace)."""
    kept = os.dup(1)
    with tempfile.TemporaryFile() as console:
        os.dup2(console.fileno(), 1)
        try:
            status, text = trace_text.record(program, ["--build", BUILD, *options], nrecords, True)
        finally:
            os.dup2(kept, 1)
            os.close(kept)
        console.seek(0)
        return status, console.read().decode(errors="replace"), text


def page_of(folder, name, program, records, lost, harts):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(trace_page.page(program, records, lost, harts))
    return path


def masked(drawing):
    """A drawing without the numbers that differ from run to run."""
    return re.sub(r"(frame|anon|process|page) (0x)?[0-9a-f]+", r"\1 N", drawing)


def press_all(browser):
    """(key, what was wrong) for what the keys do."""
    def expect(key, where, **more):
        browser.press(key, **more)
        got = browser.evaluate("here")
        return got != where, f"{key}: step {got}, not {where}"

    end = browser.evaluate("shown.length - 1")
    browser.evaluate("document.activeElement.blur()")
    yield expect("End", end)
    yield expect("ArrowLeft", end - 1)
    yield expect("Home", 0)
    yield expect("ArrowLeft", 0)
    yield expect("ArrowRight", 1)
    yield expect("PageDown", min(51, end))
    yield expect("Home", 0)
    browser.evaluate("document.getElementById('speed').value = '120'")
    browser.press(" ", "Space", " ")
    time.sleep(1)
    moved = browser.evaluate("here")
    browser.press(" ", "Space", " ")
    stopped = browser.evaluate("[here, timer]")
    yield moved < 2 or stopped[1] is not None, f"space: played to step {moved}, then {stopped}"
    browser.press("?", "Slash", "?")
    opened = browser.evaluate("document.getElementById('keys').open")
    browser.evaluate("document.getElementById('keys').close()")
    yield not opened, "?: no table of keys"
    browser.evaluate("document.getElementById('next').focus()")
    ring = browser.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    browser.press("Tab")
    yield browser.evaluate("document.activeElement.id") in ("next", ""), "Tab goes nowhere"
    yield ring == "", "no focus to see"


missing = set(trace_page.CASES + list(trace_page.PLACES)) - set(trace_page.sources())
check("the sources have every case and event", [(bool(missing), f"{missing}")])

with tempfile.TemporaryDirectory() as folder:
    program = ["sh", "-c", SCRIPT, HARM]
    status, printed, text = record(program, "--harts", "2")
    counted = {case: int(n) for case, n in re.findall(rf"^fault_({CASES}) +(\d+)", printed, re.MULTILINE)}
    records, lost = trace_text.parse(text)
    harts = trace_text.harts_in(text)
    pids = sorted({r.pid for r in records if r.event == "exec" and r.what == NAME})
    check("a program is recorded", [
        (status != 0 or lost != 0 or harts != 2 or len(pids) != 1, f"{status}, {lost} lost, {harts} harts, {pids}\n{printed}")])
    path = page_of(folder, "trace.html", program, records, lost, harts)
    with open(path, encoding="utf-8") as file:
        loads = re.search(r"""src\s*=|href\s*="[^#]|@import|url\((?!#)|fetch\(|XMLHttp""", file.read())
    check("the page loads nothing", [(loads is not None, f"{loads}")])

    with chromium.Page(path) as browser:
        seen = browser.evaluate(f"{COUNTED}({pids[0]})")
        check("the page's faults by case are those that the kernel has counted", [
            (seen != {case: n for case, n in counted.items() if n > 0}, f"{seen}, counted {counted}"),
            (not all(counted.get(case, 0) > 0 for case in ("A1", "A2", "A3", "B1", "B2", "B3", "C", "segv", "bus")), f"{counted}"),
        ])
        leaves = browser.evaluate("checked")
        check("its leaves are as many as the resident pages at every fault", [
            (leaves["wrong"] > 0 or leaves["faults"] < 50, f"{leaves}")])
        vmas = browser.evaluate("memoryAfter(records.findIndex(r => r.pid === %d && r.event === 'exit'))"
                                ".spaces.get(records.find(r => r.pid === %d && r.event === 'exit').space).vmas" % (pids[0], pids[0]))
        shown = {(vma["what"], vma["by"], vma["rights"]) for vma in vmas}
        check("ranges have their rights and what is behind them", [
            (not {("file", "program", "rx"), ("heap", "", "rw"), ("stack", "program", "rw")} <= shown, f"{shown}"),
            (browser.evaluate("records.filter(r => r.event === 'name' && r.what === 'letters').length") < 2, "no file has a name")])
        result = browser.evaluate(ALL_STEPS)
        check("every step of every kind is drawn and said", [
            (bool(result["wrong"]) or result["steps"] < 500, "\n".join(result["wrong"]) or f"{result}"),
            (result["ms"] / result["steps"] > 200, f"a step takes {result['ms'] / result['steps']:.0f} ms"),
        ])
        print(f"# {result['steps']} steps, {result['ms'] / result['steps']:.1f} ms each")
        memory = browser.evaluate("memoryAfter(records.length).counts")
        check("going back and forth makes no difference", [
            (browser.evaluate(f"memoryAfter({n}), memoryAfter(records.length).counts") != memory, f"after {n}")
            for n in (0, 1, 700)])
        check("the keyboard works", list(press_all(browser)))
        title = browser.evaluate("[document.title, $('program').textContent, document.querySelectorAll('i').length]")
        check("names do no harm", [(title != ["Faultline: faults of " + " ".join(program), " ".join(program), 0], f"{title}")])
        browser.resize(400, 700)
        browser.evaluate("measure(), show(here)")
        wide = browser.evaluate("document.documentElement.scrollWidth")
        check("it fits a telephone", [(wide > 400, f"{wide} wide")])
        browser.call("Emulation.setEmulatedMedia", media="print")
        printed_page = browser.evaluate("['bar', 'change', 'spaces'].map(id => $(id).getBoundingClientRect().height > 20)")
        check("on paper there is the step and no button", [(printed_page != [False, True, True], f"{printed_page}")])
        check("the console says nothing", [(bool(browser.problems()), "\n".join(browser.problems()))])

        # What would be noticed: a fault that is missing, one of another case, leaves that went unrecorded.
        own = next(n for n, r in enumerate(records) if r.pid == pids[0] and r.event == "fault" and r.what == "B2")
        drop = next(n for n, r in enumerate(records) if r.pid == pids[0] and r.event == "drop" and r.leaf == "rx")
        for name, broken in (("missing", records[:own] + records[own + 1:]),
                             ("other", records[:own] + [records[own]._replace(what="B3")] + records[own + 1:])):
            browser.open(page_of(folder, "broken.html", program, broken, 0, harts))
            check(f"a fault that is {name} would be noticed", [(browser.evaluate(f"{COUNTED}({pids[0]})") == seen, "it is not")])
        gone = [r._replace(event="copy") if r.event == "drop" and r.pid == pids[0] and r.leaf == "-" else r for r in records]
        browser.open(page_of(folder, "broken.html", program, gone, 0, harts))
        check("leaves that go unrecorded would be noticed", [(browser.evaluate("checked.wrong") == 0, "they are not")])

        # Traces that are not whole.
        status, printed, text = record(["life", "copy"], nrecords=60)
        for name, part in (("lossy", text), ("cut off", text[:len(text) * 3 // 4 - 40])):
            records, lost = trace_text.parse(part)
            browser.open(page_of(folder, "lossy.html", ["life"], records, lost, 1))
            said = browser.evaluate("document.getElementById('lost').hidden ? '' : document.getElementById('lost').textContent")
            result = browser.evaluate(ALL_STEPS)
            check(f"a trace that is {name} says so", [
                (lost == 0 or f"{lost:,} records were lost" not in said, f"{lost}: {said}"),
                (bool(result["wrong"]) or result["steps"] == 0, "\n".join(result["wrong"])),
                (bool(browser.problems()), "\n".join(browser.problems()))])
        check("what is cut off counts as lost", [(lost <= trace_text.parse(text)[1], f"{lost}")])

        # The pictures in docs, but for numbers.
        for name, case, step in (("zero-fill", "B3", "zero"), ("copy-on-write", "A3", "copy")):
            status, printed, text = record(["life", step])
            records, lost = trace_text.parse(text)
            browser.open(page_of(folder, "picture.html", ["life", step], records, lost, 1))
            drawn = browser.evaluate(f"pictureOf({json.dumps(case)})") + "\n"
            xml.dom.minidom.parseString(drawn)
            with open(os.path.join(HOME, "docs", "pictures", name + ".svg"), encoding="utf-8") as file:
                check(f"docs/pictures/{name}.svg is what is drawn", [(masked(file.read()) != masked(drawn), f"now:\n{drawn}")])

finish()
