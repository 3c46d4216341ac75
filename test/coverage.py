#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums the coverage of src/ out of what llvm-cov exports.

usage: coverage.py SOURCE-ROOT JSON-FILE LCOV-FILE LINES BRANCHES LIST

Prints a line for each file of which something was not reached, and the sums.
Fails under LINES percent of the lines or BRANCHES percent of the branches.
LIST is yes or no: each line and branch that was not reached.

A branch is one outcome of one condition: `if (a && b)` has four, a loop and a
?: have two each.  A condition within a macro, as mp_likely(), counts like any
other.  llvm-cov tells of it apart from the rest, with its place in the macro:
here it goes by where the macro is used, and by its turn there.  (As !!(a && b)
is a condition too, there are six.)
"""
import collections
import json
import pathlib
import re
import sys

LINE_MARK = re.compile(r"LCOV_EXCL_LINE")
BRANCH_MARK = re.compile(
    r"LCOV_EXCL_(BR_)?LINE|\bMP_(ASSERT|CHECK)\(|\b_?assert\(")


def read_lines(lcov, root):
    """Path -> {line: reached}."""
    files = collections.defaultdict(dict)
    lines = {}
    for text in pathlib.Path(lcov).read_text(encoding="utf-8").split("\n"):
        kind, _, rest = text.partition(":")
        if kind == "SF":
            path = pathlib.Path(rest).resolve()
            lines = files[path] if path.parent == root / "src" else {}
        elif kind == "DA":
            number, count = rest.split(",")[:2]
            lines[int(number)] = count != "0"
    return {path: lines for path, lines in files.items() if lines}


def note(branches, place, branch):
    """An inline function is there once for each file that has it: as its place
    has the column, these are one."""
    for way, count in (("true", branch[4]), ("false", branch[5])):
        key = (*place, way)
        branches[key] = branches.get(key, False) or count != 0


def read_branches(export, root):
    """Path -> {(line, column, turn, way): reached}."""
    files = collections.defaultdict(dict)
    with open(export, encoding="utf-8") as file:
        parts = json.load(file)["data"][0]["files"]
    for part in parts:
        path = pathlib.Path(part["filename"]).resolve()
        if path.parent != root / "src":
            continue
        for branch in part["branches"]:
            note(files[path], (branch[0], branch[1], 0), branch)
        for macro in part["expansions"]:
            at = macro["source_region"]
            for turn, branch in enumerate(macro["branches"], 1):
                note(files[path], (at[0], at[1], turn), branch)
    return files


def is_marked(text, number, mark):
    """On the line itself, or in a comment of its own right above it."""
    if mark.search(text[number - 1]):
        return True
    above = text[number - 2].strip() if number > 1 else ""
    return above.startswith("/*") and bool(mark.search(above))


class Sum:
    """Of one kind of thing that can be reached."""

    def __init__(self):
        self.total, self.reached, self.marked, self.missing = 0, 0, 0, []

    def add(self, reached, where):
        self.total += 1
        self.reached += reached
        if not reached:
            self.missing.append(where)

    def __iadd__(self, other):
        self.total += other.total
        self.reached += other.reached
        self.marked += other.marked
        self.missing += other.missing
        return self

    def percent(self):
        """Cut, not rounded: 99.96 is not 100."""
        return self.reached * 1000 // self.total / 10 if self.total else 0

    def __str__(self):
        return f"{self.percent():7.1f} %"


def sum_up(path, lines, branches, root):
    """(lines, branches) of one file."""
    text = path.read_text(encoding="utf-8").split("\n")
    sums = Sum(), Sum()

    def add(one, place, reached, mark, what):
        if is_marked(text, place[0], mark):
            one.marked += 1
        else:
            at = ":".join(map(str, place))
            one.add(reached, f"{path.relative_to(root)}:{at}: {what}: "
                             f"{text[place[0] - 1].strip()}")

    for number, reached in sorted(lines.items()):
        add(sums[0], (number,), reached, LINE_MARK, "never run")
    for key, reached in sorted(branches.items()):
        add(sums[1], key[:2], reached, BRANCH_MARK, f"never {key[3]}")
    return sums


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    wanted = [float(text) for text in sys.argv[4:6]]
    branches = read_branches(sys.argv[2], root)
    sums = Sum(), Sum()
    for path, lines in sorted(read_lines(sys.argv[3], root).items()):
        of_file = sum_up(path, lines, branches[path], root)
        if of_file[0].missing or of_file[1].missing:
            print(f"{path.name:14}{of_file[0]} of lines"
                  f"{of_file[1]} of branches")
        for one, more in zip(sums, of_file):
            one += more
    if sys.argv[6] == "yes":
        for one in sums:
            print(*one.missing, sep="\n")
    good = True
    for name, one, least in zip(("lines", "branches"), sums, wanted):
        print(f"{name}: {one.reached} of {one.total}, {one.percent():.1f} % "
              f"(at least {least:g} %), {one.marked} marked")
        good = good and one.total > 0 and one.percent() >= least
    return 0 if good else 1


sys.exit(main())
