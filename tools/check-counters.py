#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when a counter is not where programs look for it.

usage: check-counters.py SOURCE-ROOT

struct magpool_stats has the rows of src/stats.def in their order, and a program
that was built earlier goes on reading them by their places.  tools/counters.txt
lists them as they were: new ones are added at the end, to both.
"""
import pathlib
import re
import sys


def main():
    root = pathlib.Path(sys.argv[1])
    table = (root / "src/stats.def").read_text(encoding="utf-8")
    rows = re.findall(r"^MP_STAT\((\w+),", table, re.M)
    known = (root / "tools/counters.txt").read_text(encoding="utf-8").split()
    for place, (row, name) in enumerate(zip(rows, known)):
        if row != name:
            print(f"word {place} is {row}, and was {name}")
            return 1
    if len(rows) != len(known):
        print("tools/counters.txt and src/stats.def: not as many rows")
        return 1
    print(f"{len(rows)} counters")
    return 0 if rows else 1


sys.exit(main())
