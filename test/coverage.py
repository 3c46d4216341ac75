#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums the coverage of src/ out of what llvm-cov exports.

usage: coverage.py SOURCE-ROOT JSON-FILE LCOV-FILE LINES BRANCHES LIST

Fails under LINES percent of the lines or BRANCHES percent of the branches.
LIST is yes or no: each line and branch that was not reached.
"""
import collections
import json
import pathlib
import re
import sys

LINE_MARK = re.compile(r"LCOV_EXCL_LINE")
BRANCH_MARK = re.compile(
    r"LCOV_EXCL_(BR_)?LINE|\bMP_(ASSERT|CHECK)\(|\b_?assert\(")


def read(export, lcov, root):
    """Path -> ({line: reached}, {(line, column, way): reached})."""
    files = collections.defaultdict(lambda: ({}, {}))
    lines = {}
    for text in pathlib.Path(lcov).read_text(encoding="utf-8").split("\n"):
        kind, _, rest = text.partition(":")
        if kind == "SF":
            path = pathlib.Path(rest).resolve()
            lines = files[path][0] if path.parent == root / "src" else {}
        elif kind == "DA":
            number, count = rest.split(",")[:2]
            lines[int(number)] = count != "0"
    # An inline function is there once for each file that has it: with the
    # column, these are one.  Only the other format tells columns.
    with open(export, encoding="utf-8") as file:
        parts = json.load(file)["data"][0]["files"]
    for part in parts:
        path = pathlib.Path(part["filename"]).resolve()
        if path.parent != root / "src":
            continue
        branches = files[path][1]
        for line, column, _, _, true, false, *_ in part["branches"]:
            for way, count in (("true", true), ("false", false)):
                key = (line, column, way)
                branches[key] = branches.get(key, False) or count != 0
    return files


def is_marked(text, number, mark):
    """On the line itself, or in a comment of its own right above it."""
    if mark.search(text[number - 1]):
        return True
    above = text[number - 2].strip() if number > 1 else ""
    return above.startswith("/*") and bool(mark.search(above))


class Sum:
    """Of one kind of thing that can be reached."""

    def __init__(self, name):
        self.name, self.total, self.reached, self.missing = name, 0, 0, []

    def add(self, reached, where):
        self.total += 1
        self.reached += reached
        if not reached:
            self.missing.append(where)

    def percent(self):
        return 100 * self.reached / self.total if self.total else 0


def sum_up(files, root):
    lines, branches = Sum("lines"), Sum("branches")
    for path, (line_table, branch_table) in sorted(files.items()):
        text = path.read_text(encoding="utf-8").split("\n")

        def add(one, number, reached, mark, note=""):
            if not is_marked(text, number, mark):
                one.add(reached, f"{path.relative_to(root)}:{number}:{note} "
                                 f"{text[number - 1].strip()}")

        for number, reached in sorted(line_table.items()):
            add(lines, number, reached, LINE_MARK)
        for key, reached in sorted(branch_table.items()):
            add(branches, key[0], reached, BRANCH_MARK, f" never {key[2]}:")
    return lines, branches


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    wanted = [float(text) for text in sys.argv[4:6]]
    sums = sum_up(read(sys.argv[2], sys.argv[3], root), root)
    good = True
    for one, least in zip(sums, wanted):
        if sys.argv[6] == "yes":
            for where in one.missing:
                print(f"{one.name}: {where}")
    for one, least in zip(sums, wanted):
        # Cut, not rounded: 99.96 is not 100.
        percent = int(one.percent() * 10) / 10
        print(f"{one.name}: {one.reached} of {one.total}, {percent:.1f} % "
              f"(at least {least:g} %)")
        good = good and one.total > 0 and one.percent() >= least
    return 0 if good else 1


sys.exit(main())
