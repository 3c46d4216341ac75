#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails unless header, version script and shared library name the same calls.

usage: check-symbols.py HEADER MAP LIBRARY
"""
import re
import subprocess
import sys

sys.path.insert(0, __file__.rpartition("/")[0] + "/lib")
from interface import public_calls  # noqa: E402


def map_names(path):
    with open(path, encoding="utf-8") as script:
        return set(re.findall(r"^\t(magpool_\w+);$", script.read(), re.M))


def library_names(path):
    listing = subprocess.run(
        ["nm", "--dynamic", "--defined-only", "--extern-only", path],
        check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in listing.splitlines()}
    # The version nodes are symbols too.
    return {name for name in names if not name.startswith("LIBMAGPOOL_")}


def report(where, wanted, found):
    for name in sorted(wanted - found):
        print(f"{where}: {name} is missing")
    for name in sorted(found - wanted):
        print(f"{where}: {name} is not in the header")
    return wanted == found


def main():
    header, script, library = sys.argv[1:]
    wanted = set(public_calls(header))
    same = [report(script, wanted, map_names(script)),
            report(library, wanted, library_names(library))]
    print(f"{len(wanted)} calls")
    return 0 if wanted and all(same) else 1


sys.exit(main())
