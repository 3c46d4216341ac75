#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails unless library, manual and bpftrace scripts have the same probes.

usage: check-probes.py SOURCE-ROOT LIBRARY yes|no

The last one says whether the library was built with <sys/sdt.h>.
"""
import pathlib
import re
import subprocess
import sys


def library_probes(path):
    """Name and number of arguments of each, by the library's notes."""
    notes = subprocess.run(["readelf", "--notes", "--wide", path], check=True,
                           capture_output=True, text=True).stdout
    found = re.findall(r"Provider: magpool\s+Name: (\w+)\s+"
                       r"Location: .*\s+Arguments: (.*)", notes)
    return {name: len(re.findall(r"\d@", arguments))
            for name, arguments in found}


def manual_probes(root):
    """The same by the synopses in magpool(7)."""
    page = (root / "doc/magpool.7.in").read_text(encoding="utf-8")
    section = page.partition(".SH PROBES")[2].partition(".SH ")[0]
    found = re.findall(r'^\.BI "(\w+)\(" "([^"]*)" \)$', section, re.M)
    return {name: len(arguments.split(",")) for name, arguments in found}


def script_faults(root, known):
    """Probes and arguments that scripts use and that there are not."""
    for path in sorted(root.glob("tools/trace/*.bt")):
        text = path.read_text(encoding="utf-8")
        clauses = re.findall(r"usdt:\*:magpool:(\w+)\s*\{(.*?)^\}", text,
                             re.M | re.S)
        for name, body in clauses:
            used = [int(n) for n in re.findall(r"\barg(\d)", body)]
            if name not in known:
                yield f"{path.name}: no probe {name}"
            elif used and max(used) >= known[name]:
                yield f"{path.name}: {name} has no arg{max(used)}"


def main():
    root, library = pathlib.Path(sys.argv[1]), sys.argv[2]
    manual = manual_probes(root)
    found = library_probes(library)
    faults = [] if manual else ["magpool(7): no probe is described"]
    faults += script_faults(root, manual)
    if sys.argv[3] == "yes" and found != manual:
        faults += [f"the library has {found}", f"magpool(7) has {manual}"]
    if sys.argv[3] == "no" and found:
        faults += [f"without the header, the library has {found}"]
    print("\n".join(faults + [f"{len(found)} probes"]))
    return 1 if faults else 0


sys.exit(main())
