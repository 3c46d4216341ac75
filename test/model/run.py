#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the models of this directory through Spin, at the sizes they name.

usage: run.py [--soak] [--jobs N] [--list] [MODEL...]

The comment on top of a model says what is run, a line each:

    size: WORDS            no fault may be found, and the search be complete
    soak: WORDS            the same, with --soak only
    bug: NAME -> FAULT: WORDS   with -DBUG_NAME this fault must be found
    see: NAME WORDS        with -DSEE_NAME this situation must be reached

WORDS are macros of the model, NAME or NAME=VALUE.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DEPTH = 1_000_000
MEGABYTES = 3000
SECONDS = {"size": 300, "bug": 300, "see": 300, "soak": 7200}
LINE = re.compile(r"^ \* (size|soak|bug|see): (.*)$", re.M)
FAULT = re.compile(r"assertion violated .*\b(\w+)>0\)")

Run = collections.namedtuple("Run", "model kind name fault words")
Result = collections.namedtuple("Result", "run fault states seconds output")


def runs_of(path):
    """The runs that a model's comment names."""
    comment = path.read_text(encoding="utf-8").split("*/\n", 2)[1]
    for kind, rest in LINE.findall(comment):
        name = fault = None
        if kind == "bug":
            name, fault, rest = re.match(r"(\w+) -> (\w+):(.*)",
                                         rest).groups()
        elif kind == "see":
            name, rest = re.match(r"(\w+)(.*)", rest).groups()
        yield Run(path, kind, name, fault, tuple(rest.split()))


def macros(run):
    words = list(run.words)
    if run.name:
        words.append(f"{run.kind.upper()}_{run.name}")
    return [f"-D{word}" for word in words]


def call(command, where, seconds):
    """Its output; what goes wrong is found in there, or not."""
    try:
        done = subprocess.run(command, cwd=where, timeout=seconds,
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        return -1, f"{command[0]}: not finished after {seconds} s\n"


def search(run, where):
    """Builds the searcher of this variant and lets it search."""
    variant = run.kind in ("bug", "see")
    limit = SECONDS[run.kind]
    megabytes = MEGABYTES * (4 if run.kind == "soak" else 1)
    status, output = call(["spin", "-a", *macros(run), str(run.model)],
                          where, limit)
    if status:
        return output
    status, output = call(
        ["gcc", "-O1", "-w", "-DSAFETY",
         f"-DMEMLIM={megabytes}", "-o", "pan", "pan.c"], where, limit)
    if status:
        return output
    return call(["nice", "-n", "10", "./pan", f"-m{DEPTH}",
                 "-w20" if variant else "-w22"], where, limit)[1]


def fault_in(output):
    """What the searcher found: a fault, an obstacle, or None."""
    fault = FAULT.search(output)
    if fault:
        return fault.group(1)
    if re.search(r"^pan:\d+: (.*)$", output, re.M):
        return re.search(r"^pan:\d+: (.*)$", output, re.M).group(1)
    if "errors: 0" not in output:
        return "no result"
    for obstacle in ("Search not completed", "search depth too small",
                     "Bit statespace", "Hash-Compact"):
        if obstacle in output:
            return obstacle
    return None


def steps_to(run, where):
    """The end of the way to the fault."""
    output = call(["spin", "-t", "-p", *macros(run), str(run.model)], where,
                  60)[1]
    return "\n".join(output.splitlines()[-60:])


def do(run):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as where:
        output = search(run, where)
        fault = fault_in(output)
        if fault and run.kind in ("size", "soak"):
            output += steps_to(run, where)
    states = re.search(r"^\s*([0-9.e+]+) states, stored", output, re.M)
    return Result(run, fault, int(float(states.group(1))) if states else 0,
                  time.monotonic() - started, output)


def wanted(run):
    return {"size": None, "soak": None, "see": "seen"}.get(run.kind,
                                                           run.fault)


def describe(result):
    run = result.run
    text = {"size": "verified", "soak": "verified",
            "see": f"reached  {run.name}",
            "bug": f"rejected {run.name} ({run.fault})"}[run.kind]
    if result.fault != wanted(run):
        text = (f"{run.kind} {run.name or ''}: wanted "
                f"{wanted(run) or 'no fault'}, found {result.fault}")
    return (f"{run.model.stem:7} {text:42} {result.states:9d} states "
            f"{result.seconds:5.1f} s  {' '.join(run.words)}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--soak", action="store_true",
                        help="the large sizes too (hours, many gigabytes)")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count()),
                        help="searches at the same time")
    parser.add_argument("--list", action="store_true",
                        help="say what would be run")
    parser.add_argument("model", nargs="*", help="as depot; without: all")
    return parser.parse_args()


def selected(options):
    names = options.model or sorted(p.stem for p in HERE.glob("*.pml"))
    runs = [run for name in names for run in runs_of(HERE / f"{name}.pml")]
    return [run for run in runs if run.kind != "soak" or options.soak]


def count(options, runs):
    passed = states = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(do, runs):
            good = result.fault == wanted(result.run)
            print("ok     " if good else "FAILED ", describe(result),
                  flush=True)
            if not good:
                print(result.output)
            passed += good
            if result.run.kind in ("size", "soak"):
                states += result.states
    print(f"{states} states searched in {len(runs)} runs")
    return passed


def main():
    options = arguments()
    runs = selected(options)
    if options.list:
        for run in runs:
            print(run.model.stem, run.kind, run.name or "", *run.words)
        return 0
    passed = count(options, runs)
    print(f"{passed} passed, {len(runs) - passed} failed")
    return 0 if runs and passed == len(runs) else 1


sys.exit(main())
