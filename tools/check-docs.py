#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when the documentation and what it is about differ.

usage: check-docs.py SOURCE-ROOT TABLES-PROGRAM

The README holds the table of environment variables and the example as they
are; magpool(3) has the prototype of every call, and no other; the
header has the version of the project; links to files lead somewhere.
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, __file__.rpartition("/")[0] + "/lib")
from interface import normal, public_calls  # noqa: E402


def page_prototypes(text):
    """The prototypes in the synopsis of magpool(3)."""
    synopsis = text.partition(".SH SYNOPSIS")[2].partition(".SH ")[0]
    lines = re.findall(r'^\.B "(.*)"$', synopsis, re.M)
    return {normal(part) for part in " ".join(lines).split(";") if part.strip()}


def check_readme(root, tables):
    readme = (root / "README.md").read_text(encoding="utf-8")
    table = subprocess.run([tables, "--markdown"], check=True,
                           capture_output=True, text=True).stdout
    example = (root / "doc/examples/ten_lines.c").read_text(encoding="utf-8")
    if table not in readme:
        yield "README.md: the environment table is not src/config.def's:"
        yield table
    if example.partition("\n")[2] not in readme:
        yield "README.md: the example is not doc/examples/ten_lines.c"


def check_page(root):
    header = root / "include/magpool/magpool.h"
    wanted = set(public_calls(header).values())
    page = (root / "doc/magpool.3.in").read_text(encoding="utf-8")
    found = page_prototypes(page)
    for prototype in sorted(wanted - found):
        yield f"magpool.3: missing: {prototype}"
    for prototype in sorted(found - wanted):
        yield f"magpool.3: not in the header: {prototype}"
    description = page.partition(".SH DESCRIPTION")[2]
    for name in public_calls(header):
        if name not in description:
            yield f"magpool.3: {name} is not described"


def check_version(root):
    build = (root / "meson.build").read_text(encoding="utf-8")
    version = re.search(r"^  version: '([\d.]+)',$", build, re.M)[1]
    header = (root / "include/magpool/magpool.h").read_text(encoding="utf-8")
    if f'#define MAGPOOL_VERSION "{version}"' not in header:
        yield f"magpool.h: MAGPOOL_VERSION is not {version}"
    parts = re.findall(r"^#define MAGPOOL_VERSION_[A-Z]+ (\d+)$", header, re.M)
    if ".".join(parts) != version:
        yield f"magpool.h: the parts of the version are not {version}"


def check_links(root):
    for page in sorted(root.glob("*.md")) + sorted(root.glob("doc/*.md")):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            if not (page.parent / target).exists():
                yield f"{page.name}: {target} does not exist"


def main():
    root, tables = pathlib.Path(sys.argv[1]), sys.argv[2]
    faults = [*check_readme(root, tables), *check_page(root),
              *check_version(root), *check_links(root)]
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
