#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds faults into copies of the library; for each, a test must fail.

usage: run.py [--build DIR] [--jobs N] [--only N,N...] [--list]

Each row of table.py is one fault: a text of the sources, what stands there
instead, and the test that kills it.  All are applied to a copy, one at a time
(--only N is what -DMUTANT=N would be), so that the sources that we ship and
read have no fault in them behind an #if, and an old text that is gone is an
error here, not a mutant that tests nothing any more.

First the sources as they are must pass the same tests.  Then each mutant is
built (only the objects that read the changed file) and its test runs, for a
bounded time.  Killed: the test fails, crashes or hangs, or the compiler refuses
the fault where the row says so.  The status is 0 if none survives.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import table

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
COPIED = ("include", "src", "tools/shared", "tools/stat")
# Of the test that is to fail, and of one compiler.
SECONDS = 60
TOLD = re.compile(r"VIOLATION|HUNG|does not hold|(Thread|Address)Sanitizer:|"
                  r"^\[[-\w]*FAIL|^\[[-\w]*CRASH|Unexpected signal|"
                  r"error:|Assertion|lost|twice")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def words(command):
    return subprocess.run(command.split(), check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()


@dataclasses.dataclass(frozen=True)
class Kind:
    """A way to build."""
    compiler: str = "gcc"
    flags: tuple = ()


KINDS = {
    "plain": Kind(),
    "checks": Kind(flags=("-UMP_CHECKS", "-DMP_CHECKS=1")),
    # Tags of three bits and stops in between: see test/stress.
    "narrow": Kind(flags=("-DMP_TAG_BITS=3", "-DMP_YIELD=64")),
    # Each atomic access is a place to stop: see stall.h.
    "stops": Kind(flags=("-include", f"{HERE}/stall.h")),
    "thread": Kind("clang", ("-fsanitize=thread", "-g")),
    "address": Kind(flags=("-fsanitize=address", "-g")),
}
FLAGS = "-std=c11 -O1 -w -D_GNU_SOURCE -DMP_CHECKS=0 -Iinclude".split()
# The program that some tests start, in the directory that they run in.
HOSTS = {"unit-environment": "programs-subject"}
FLAGS.append('-DSUBJECT="./plain-programs-subject"')
LIBRARIES = ["-pthread", "-ldl", "-lm"]


# What other processes see, which all tests of the sums look at.
SEGMENT = [TOP / "test/support" / f"{n}.c"
           for n in ("segment", "segment_fault")]


def includes_of(source):
    """Tests of the interface do not see the library's own headers."""
    if source.parent.name in ("unit", "support", "programs"):
        return [f"-I{TOP}/test/support"]
    if source.parent.name in ("fuzz", "shared", "stat"):
        return ["-Itools/stat", "-Itools/shared", "-Isrc"]
    return ["-Isrc", f"-I{TOP}/test/support"]


def sources_of(program):
    """All sources of a test, the library's too if it uses it."""
    own = parts_of(program)[0]
    return own if program.startswith("fuzz-") else LIBRARY + own


def parts_of(program):
    """The sources of a test besides the library's, and what it is linked to."""
    group, name = program.split("-", 1)
    test = TOP / "test"
    if group == "stress":
        common = ("loan", "storm", "sums", "support")
        return ([test / group / f"{n}.c" for n in (name,) + common] +
                SEGMENT), False
    if group == "unit":
        common = ("child", "crowd", "sums", "upstream")
        return ([test / group / f"{name}.c"] +
                [test / "support" / f"{n}.c" for n in common] +
                SEGMENT), True
    if group == "fuzz":
        # Run without a fuzzer, on the kept inputs.
        return ([test / group / f"{n}.c" for n in (name, "replay")] +
                READER), False
    if group == "programs":
        return [test / group / f"{name}.c", test / "support/upstream.c"], False
    if group == "module":
        return [test / group / f"{name}.c"], True
    return [HERE / f"{name}.c"], False


class Tree:
    """A copy of the sources, and what was built from it."""

    def __init__(self, place, base=None, changed=None):
        self.place, self.base, self.changed = place, base, changed
        shutil.rmtree(place, ignore_errors=True)
        for name in COPIED:
            shutil.copytree(TOP / name, place / name)

    def object_of(self, kind, source):
        flat = str(source).replace("/", "_")
        return self.place / f"{kind}-{flat}.o"

    def reads(self, kind, source):
        """Does that object of the base have to be made anew here?"""
        made = self.base.object_of(kind, source).with_suffix(".d")
        return str(self.changed) in made.read_text().replace("\\", " ").split()

    def compile(self, kind, source):
        """The object, of this tree or of the one below."""
        if self.base and not self.reads(kind, source):
            return self.base.object_of(kind, source)
        out = self.object_of(kind, source)
        if out.exists():
            return out
        how = KINDS[kind]
        run([how.compiler, *FLAGS, *includes_of(source), *how.flags, "-MMD",
             "-MF", out.with_suffix(".d"), "-c", source, "-o", out],
            self.place)
        return out

    def link(self, kind, program):
        if program in HOSTS:
            self.link(kind, HOSTS[program])
        criterion = parts_of(program)[1]
        objects = [self.compile(kind, s) for s in sources_of(program)]
        out = self.place / f"{kind}-{program}"
        how = KINDS[kind]
        run([how.compiler, *how.flags, *objects, "-o", out, *LIBRARIES,
             *URCU, *(CRITERION if criterion else [])], self.place)
        return out


class Refused(Exception):
    """A compiler's no."""


def run(command, place):
    done = subprocess.run(list(map(str, command)), cwd=place, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=SECONDS)
    if done.returncode:
        raise Refused(done.stdout)


def run_test(program, arguments, seconds):
    """(how it ended: None if it passed, what it said)."""
    environment = dict(os.environ, TSAN_OPTIONS="halt_on_error=1",
                       CRITERION_NO_COLORS="1")
    with subprocess.Popen([program, *arguments], text=True, errors="replace",
                          cwd=program.parent, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment, start_new_session=True) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            return f"no end in {seconds} s", said
    if status < 0:
        return signal.Signals(-status).name, said
    return (f"status {status}" if status else None), said


def told(said):
    """The line that says why."""
    for line in COLOUR.sub("", said).splitlines():
        if TOLD.search(line):
            return line.strip().replace(str(TOP) + "/", "")
    return ""


# ---- the sources as they are ------------------------------------------------

def build_base(place, wanted, pool):
    base = Tree(place)
    jobs = {(kind, source) for kind, program in wanted
            for part in (program, HOSTS.get(program, program))
            for source in sources_of(part)}
    list(pool.map(lambda job: base.compile(*job), sorted(jobs)))
    list(pool.map(lambda job: base.link(*job), sorted(wanted)))
    return base


def check_base(base, rows, pool):
    """The tests that do not pass on the sources as they are."""
    runs = {(r.kind, r.program, r.passes()) for r in rows if r.program}

    def check(job):
        kind, program, arguments = job
        how, said = run_test(base.place / f"{kind}-{program}",
                             arguments.split(), SECONDS)
        if how:
            print(f"the sources as they are: {program} {arguments}: {how}")
            print(said[-2000:])
        return bool(how)
    return len(runs), sum(pool.map(check, sorted(runs)))


# ---- mutants ----------------------------------------------------------------

def check_texts(rows):
    """Each text must be in its file, once."""
    bad = False
    for row in rows:
        times = (TOP / row.file).read_text(encoding="utf-8").count(row.old)
        if times != 1:
            bad = True
            print(f"mutant {row.number}, {row.name}: its text is {times} "
                  f"times in {row.file}:\n{row.old}")
    return bad


def apply_fault(place, row):
    path = place / row.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(row.old, row.new), encoding="utf-8")


def try_mutant(place, base, row):
    """(killed, how)"""
    tree = Tree(place / f"m{row.number:02}", base, row.file)
    apply_fault(tree.place, row)
    if not row.program:
        try:
            for source in LIBRARY:
                tree.compile(row.kind, source)
        except Refused as refused:
            return True, told(str(refused))
        return False, "it compiles"
    try:
        program = tree.link(row.kind, row.program)
    except Refused as refused:
        return False, "it does not build: " + told(str(refused))
    how, said = run_test(program, row.arguments.split(), SECONDS)
    return how is not None, f"{how}: {told(said)}" if how else "it passed"


def report(place, base, row):
    started = time.monotonic()
    killed, how = try_mutant(place, base, row)
    print(f"{row.number:3}  {'killed' if killed else 'SURVIVED':8} "
          f"{time.monotonic() - started:5.1f} s  {row.name}\n"
          f"{'':15}{row.killer()}: {how}"[:240], flush=True)
    return killed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build-mutants")
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count(), 4))
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()

    rows = [r for r in table.rows()
            if not arguments.only or str(r.number) in arguments.only]
    if arguments.list:
        for row in rows:
            print(f"{row.number:3}  {row.name} ({row.file}): {row.killer()}")
        return 0
    if check_texts(rows):
        return 1
    place = pathlib.Path(arguments.build).resolve()
    wanted = {(r.kind, r.program) for r in rows if r.program}
    wanted |= {(r.kind, "stress-cycle") for r in rows if not r.program}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        try:
            base = build_base(place / "base", wanted, pool)
        except Refused as refused:
            sys.exit(f"the sources as they are do not build:\n{refused}")
        runs, failed = check_base(base, rows, pool)
        if failed:
            return 1
        print(f"the sources as they are: {runs} tests pass")
        killed = sum(pool.map(lambda r: report(place, base, r), rows))
    print(f"{killed} killed, {len(rows) - killed} survived")
    return 0 if rows and killed == len(rows) else 1


READER = [pathlib.Path("tools") / name for name in (
    "shared/tool.c", "stat/field.c", "stat/report_metrics.c", "stat/sample.c",
    "stat/segment.c", "stat/snapshot.c")]
LIBRARY = [pathlib.Path("src") / p.name for p in sorted(TOP.glob("src/*.c"))]
URCU = words("pkg-config --libs liburcu-bp")
CRITERION = words("pkg-config --libs criterion")
FLAGS += words("pkg-config --cflags criterion liburcu-bp")

if __name__ == "__main__":
    sys.exit(main())
