#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails on source files that break a rule which needs no compiler.

usage: check-text.py SOURCE-ROOT

SPDX line on top, 80 columns, no blanks at the end of a line, a newline at the
end of the file, no more than 500 lines in a .c file.
"""
import os
import pathlib
import sys

SUFFIXES = {".c", ".h", ".def", ".map", ".sh", ".py", ".build"}
COLUMNS = 80
C_LINES = 500


def source_files(root):
    for directory, below, names in os.walk(root):
        below[:] = sorted(name for name in below
                          if not name.startswith((".", "build", "__")))
        for name in sorted(names):
            if pathlib.PurePath(name).suffix in SUFFIXES:
                yield pathlib.Path(directory) / name


def faults_of(text, is_c):
    """Line number and what is wrong there."""
    lines = text.split("\n")
    if not any("SPDX-License-Identifier: MIT" in line for line in lines[:2]):
        yield 1, "no SPDX line on top"
    if lines.pop() != "":
        yield len(lines) + 1, "no newline at the end"
    if is_c and len(lines) > C_LINES:
        yield len(lines), f"more than {C_LINES} lines"
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > COLUMNS:
            yield number, f"more than {COLUMNS} columns"
        if line != line.rstrip():
            yield number, "blanks at the end"


def main():
    root = pathlib.Path(sys.argv[1])
    files = list(source_files(root))
    faults = [f"{path.relative_to(root)}:{number}: {what}" for path in files
              for number, what in faults_of(path.read_text(encoding="utf-8"),
                                            path.suffix == ".c")]
    print("\n".join(faults + [f"{len(files)} files"]))
    return 1 if faults or not files else 0


sys.exit(main())
