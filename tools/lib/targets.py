#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints what must be built for a `meson test` run, a file a line.

usage: targets.py DIRECTORY [--setup NAME] [--suite SUITE]... [NAME]...

Of the arguments of `meson test` these count: suites, and names of tests.
"""
import argparse
import json
import pathlib


def introspect(directory, what):
    path = directory / "meson-info" / f"intro-{what}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def is_chosen(test, suites, names):
    if suites and not suites & {s.rpartition(":")[2] for s in test["suite"]}:
        return False
    return not names or test["name"] in names


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--suite", action="append", default=[])
    parser.add_argument("--setup")
    parser.add_argument("name", nargs="*")
    options = parser.parse_intermixed_args()
    top = options.directory.resolve()
    targets = {t["id"]: t for t in introspect(top, "targets")}
    wanted = set()
    for test in introspect(top, "tests"):
        if is_chosen(test, set(options.suite), options.name):
            wanted.update(test["depends"])
    for number in sorted(wanted):
        for name in targets[number]["filename"]:
            print(pathlib.Path(name).resolve().relative_to(top))


main()
