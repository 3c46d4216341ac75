#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the programs of this directory through GenMC, under RC11 and IMM.

usage: run.py [--seconds N] [--model rc11|imm] GENMC [PROGRAM...]

GENMC is the tool, with its headers where it looks for them.  The comment on top
of a program says what is run:

    include: FILE          a header of this directory, in front of all
    source: FILE...        the files of src/ that are checked with it
    define: MACRO=VALUE
    variant: NAME: FILE FUNCTION: OLD -> NEW
    race: the same, but only a race on a plain variable shows it: not for IMM
    spare: the same, but verified

In a variant each OLD in this function of src/ is replaced by NEW, in a copy;
GenMC must reject it.  The sources as they are must be verified, and so must
what is spare: an order that something else gives already.
"""
import argparse
import collections
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LINE = re.compile(r"^(include|source|define|variant|race|spare): (.*)$")
VARIANT = re.compile(r"([\w-]+): (\S+) (\w+): (.*) -> (.*)")

Run = collections.namedtuple("Run", "program words variant model")
Variant = collections.namedtuple("Variant", "kind name file function old new")
Result = collections.namedtuple("Result", "run verdict executions seconds "
                                "output")


def directives(path):
    """What the comment names; a line that is indented goes on with the last."""
    comment = path.read_text(encoding="utf-8").split("*/\n", 2)[1]
    found = []
    for line in comment.splitlines():
        text = line.removeprefix(" * ")
        if LINE.match(text):
            found.append(text)
        elif found and text.startswith("  "):
            found[-1] += " " + text.strip()
    return [LINE.match(text).groups() for text in found]


def runs_of(path, models):
    words = collections.defaultdict(list)
    variants = [None]
    for kind, rest in directives(path):
        if kind in ("variant", "race", "spare"):
            variants.append(Variant(kind, *VARIANT.fullmatch(rest).groups()))
        else:
            words[kind] += rest.split()
    for model in models:
        for variant in variants:
            if variant and variant.kind == "race" and model == "imm":
                continue
            yield Run(path, words, variant, model)


def change(source, variant):
    """Writes the variant into this copy of src/."""
    path = source / variant.file
    text = path.read_text(encoding="utf-8")
    body = re.search(rf"^[^\s#*/][^;{{}}]*\b{variant.function}\([^;{{}}]*\)\n"
                     r"\{\n.*?^\}\n", text, re.M | re.S)
    if not body or variant.old not in body.group():
        raise SystemExit(f"{variant.name}: no such text in {variant.file}, "
                         f"{variant.function}: {variant.old}")
    changed = body.group().replace(variant.old, variant.new)
    path.write_text(text[:body.start()] + changed + text[body.end():],
                    encoding="utf-8")


def command(options, run, source):
    files = [HERE / name for name in ["weak.h", *run.words["include"]]]
    files += [source / name for name in run.words["source"]]
    return ["nice", "-n", "19", options.genmc, f"--{run.model}",
            "--disable-estimation", "--", f"-I{source}",
            f"-I{ROOT / 'include'}", "-std=c11",
            *[f"-D{word}" for word in run.words["define"]],
            *[f"-include{path}" for path in files], str(run.program)]


def verdict_in(output):
    error = re.search(r"^Error: (.*)$", output, re.M)
    if error:
        return error.group(1).strip()
    return "verified" if "No errors were detected" in output else "no result"


def do(options, run):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as where:
        source = pathlib.Path(where) / "src"
        shutil.copytree(ROOT / "src", source)
        if run.variant:
            change(source, run.variant)
        try:
            output = subprocess.run(
                command(options, run, source), text=True, check=False,
                cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=options.seconds).stdout
        except subprocess.TimeoutExpired:
            output = f"not finished after {options.seconds} s\n"
    count = re.search(r"complete executions explored: (\d+)", output)
    return Result(run, verdict_in(output), int(count[1]) if count else 0,
                  time.monotonic() - started, output)


# What the tool finds in a variant; else it has not understood it.
REJECTED = ("Safety violation!", "Non-atomic race!",
            "Attempt to access non-allocated memory!")


def is_good(result):
    if result.run.variant and result.run.variant.kind != "spare":
        return result.verdict in REJECTED
    return result.verdict == "verified"


def describe(result):
    run = result.run
    name = run.variant.name if run.variant else "(as it is)"
    return (f"{'ok' if is_good(result) else 'FAILED':6} "
            f"{run.program.stem:9} {run.model:4} {name:23} "
            f"{result.verdict[:22]:22} {result.executions:8d} executions "
            f"{result.seconds:6.1f} s")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=1800,
                        help="for one run")
    parser.add_argument("--model", action="append", choices=["rc11", "imm"])
    parser.add_argument("--verbose", action="store_true",
                        help="what the tool says, also of a good run")
    parser.add_argument("genmc", help="the tool")
    parser.add_argument("program", nargs="*", help="as list; without: all")
    return parser.parse_args()


def main():
    options = arguments()
    names = options.program or sorted(p.stem for p in HERE.glob("*.c"))
    runs = [run for name in names
            for run in runs_of(HERE / f"{name}.c",
                               options.model or ["rc11", "imm"])]
    good = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for result in pool.map(lambda run: do(options, run), runs):
            good += is_good(result)
            print(describe(result), flush=True)
            if options.verbose or not is_good(result):
                print(result.output)
    print(f"{good} passed, {len(runs) - good} failed")
    return 0 if runs and good == len(runs) else 1


sys.exit(main())
