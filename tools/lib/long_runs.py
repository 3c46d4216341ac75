#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a build directory has that takes a seed: a line each, the command.

usage: long_runs.py BUILD

The stress-long runs and the schedules, in random order, each with a seed of its
own.
"""
import json
import random
import shlex
import subprocess
import sys


def tests_of(build):
    """Meson's list of the tests."""
    return json.loads(subprocess.run(
        ["meson", "introspect", "--tests", build], check=True,
        stdout=subprocess.PIPE).stdout)


def is_wanted(test):
    suites = {suite.rpartition(":")[2] for suite in test["suite"]}
    # A search through all schedules is the same each time.
    return "stress-long" in suites or (
        "schedule-long" in suites and "--exhaustive" not in test["cmd"])


def main():
    runs = [test["cmd"] for test in tests_of(sys.argv[1]) if is_wanted(test)]
    random.shuffle(runs)
    for command in runs:
        seed = f"--seed={random.getrandbits(32) | 1}"
        print(shlex.join(command + [seed]))


main()
