#!/usr/bin/env python3
"""count-tests.py LOG STATUS: print "N passed, N failed" for a `meson test` that logged to LOG.json and LOG.junit.xml, status STATUS.

Counts single cases where a test has them (TAP), and one for a test that ended badly without a failed case: it crashed,
hung or never began.
"""

import json
import sys
import xml.etree.ElementTree as xml


def plain_name(name):
    """Without "PROJECT:SUITE / ", which meson puts in front, or not, depending on what was asked for."""
    return name.split(" / ")[-1]


def cases(junit):
    """Test name -> [passed, failed] of its cases."""
    counts = {}
    for case in xml.parse(junit).getroot().iter("testcase"):
        if case.find("skipped") is not None:
            continue
        # The class is PROJECT.TEST for a case of a TAP test; a test without cases is itself a case of PROJECT.
        project, _, test = case.get("classname", "").partition(".")
        bad = case.find("failure") is not None or case.find("error") is not None
        counts.setdefault(plain_name(test or case.get("name", project)), [0, 0])[bad] += 1
    return counts


def main():
    log, status = sys.argv[1], int(sys.argv[2])
    passed = failed = 0
    try:
        counts = cases(log + ".junit.xml")
        with open(log + ".json", encoding="utf-8") as file:
            tests = [json.loads(line) for line in file if line.strip()]
    except (OSError, xml.ParseError, ValueError) as error:
        print(f"no test results: {error}", file=sys.stderr)
        print("0 passed, 0 failed")
        return 1

    for test in tests:
        if test["result"] == "SKIP":
            continue
        bad = test["result"] not in ("OK", "EXPECTEDFAIL")
        good_cases, bad_cases = counts.get(plain_name(test["name"]), (0, 0))
        if bad and bad_cases == 0:
            bad_cases = 1
        elif not bad and good_cases == 0:
            good_cases = 1
        passed += good_cases
        failed += bad_cases
    if status and not failed:
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
