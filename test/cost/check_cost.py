#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions of the hot paths, and fails when they are more.

Usage: check_cost.py VALGRIND COST [ROW ...]

Instructions are the one figure of speed that is the same in each run: callgrind
counts them between two runs of different length, so that starting, the first
calls and the end cancel out.  The table is what gcc 12 makes of a release on
x86-64.  Who makes a path longer on purpose changes it, and says why; a path
that became shorter has to be entered too, so that the table stays true.
"""

import re
import subprocess
import sys
import tempfile

# Instructions of one round, the loop and the calls into the library included.
BUDGET = {
    "cycle": 70,
    "small": 101,
    "nested": 159,
    "multipage": 151,
    "cache": 70,
    "own": 71,
}
SLACK = 1  # what another patch level of the compiler may do

FEW, MANY = 1000, 3000


def collected(valgrind, program, row, times):
    """Instructions of the counted function when it runs that often."""
    with tempfile.NamedTemporaryFile(prefix="callgrind.") as out:
        done = subprocess.run(
            [
                valgrind,
                "--tool=callgrind",
                "--callgrind-out-file=" + out.name,
                "--toggle-collect=counted_" + row,
                program,
                row,
                str(times),
            ],
            stderr=subprocess.PIPE,
            text=True,
            timeout=100,
            check=True,
        )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if not found or int(found[1]) == 0:
        sys.exit(f"{row}: callgrind counted nothing:\n{done.stderr}")
    return int(found[1])


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    valgrind, program = sys.argv[1:3]
    bad = 0
    for row in sys.argv[3:] or BUDGET:
        more = collected(valgrind, program, row, MANY)
        less = collected(valgrind, program, row, FEW)
        now = (more - less) / (MANY - FEW)
        off = abs(now - BUDGET[row]) > SLACK
        bad += off
        print(
            f"{row:10} {now:7.2f} instructions, {BUDGET[row]} recorded"
            + ("  <-- not the same" if off else "")
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
