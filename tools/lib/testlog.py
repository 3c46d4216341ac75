#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts what a `meson test` run really ran, from its testlog.json.

Prints "suite passed failed" for each suite and the name of each test that did
not pass; the last line is "total PASSED FAILED OPERATIONS".  A skipped test is
a failure unless --allow-skip is given: then it counts as nothing, and its name
is printed all the same.

OPERATIONS is the sum of what the tests that passed say of themselves, as in "N
operations": gets and returns with checks of owners, canaries and sums.  With
--operations that number is all that is printed; with --failures LINES it is
the names of the tests that failed, and the last lines of what each said.
"""
import argparse
import collections
import json
import re

GOOD = {"OK", "EXPECTEDFAIL"}

OPERATIONS = re.compile(r"\b(\d+) operations\b")


def suite_of(name):
    """The suite in meson's "project:suite / test"."""
    return name.rpartition(" / ")[0].rpartition(":")[2] or "-"


def operations_of(test):
    return sum(map(int, OPERATIONS.findall(test.get("stdout") or "")))


def tests_of(path):
    with open(path, encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def print_failures(tests, lines):
    for test in tests:
        if test["result"] in GOOD:
            continue
        print(f"{test['result']}: {test['name']}")
        said = (test.get("stdout") or "") + (test.get("stderr") or "")
        for line in said.rstrip().splitlines()[-lines:]:
            print(f"   | {line[:200]}")


def count(tests, allow_skip):
    passed = collections.Counter()
    failed = collections.Counter()
    operations = 0
    for test in tests:
        suite, result = suite_of(test["name"]), test["result"]
        if result in GOOD:
            passed[suite] += 1
            operations += operations_of(test)
            continue
        print(f"{result}: {test['name']}")
        if result != "SKIP" or not allow_skip:
            failed[suite] += 1
    for suite in sorted(passed | failed):
        print(f"{suite}: {passed[suite]} passed, {failed[suite]} failed")
    print("total", sum(passed.values()), sum(failed.values()), operations)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--allow-skip", action="store_true")
    parser.add_argument("--operations", action="store_true")
    parser.add_argument("--failures", type=int)
    parser.add_argument("log")
    arguments = parser.parse_args()

    tests = tests_of(arguments.log)
    if arguments.failures:
        print_failures(tests, arguments.failures)
    elif arguments.operations:
        print(sum(operations_of(t) for t in tests if t["result"] in GOOD))
    else:
        count(tests, arguments.allow_skip)


main()
