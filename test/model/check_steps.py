#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when the library's atomic steps are not those that steps.txt lists.

usage: check_steps.py [--update] [SOURCE-DIRECTORY]

steps.txt has, for each function of the modelled files, its atomic steps in
order, and for each step where it is in the models or why it is in none:

    file function
            operation target = model: step, step; model: step
            operation target = not modelled: why

A step that is named must be marked `step: NAME` in that model, and each mark of
a model must be named.  Files with atomic steps that are not listed here at all
have a line `file NAME = not modelled: why`.

--update writes the steps anew; what stood behind a step stays where function
and step are the same as before, and is `?` where it is new: to be filled in.
"""
import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
LISTING = HERE / "steps.txt"
FILES = ["list.h", "depot.c", "sizing.h", "sizing.c", "operation.h",
         "operation.c", "quiesce.h", "quiesce.c", "grace.h", "grace.c",
         "cache.h", "cache.c", "supply.c", "drain.c", "explicit.c", "hot.c",
         "pool.h", "pool.c", "fork.c", "slab.c", "thread.c", "ends.c",
         "registry.c"]
# This one defines the macros.  mp_count() is no step: nobody goes by it.
SKIPPED = {"atomic.h"}

HEAD = """\
# The atomic steps of the library and where the models have them.
# check_steps.py compares this with src/; doc/MODEL.md says how to keep it.
"""
STEP = re.compile(
    r"\bmp_((?:load|store|add|sub|or|exchange|cas|cas_weak)_"
    r"(?:relaxed|acquire|release|seq)|compiler_barrier|bump_release|"
    r"operation_count|platform_membarrier)\s*\(")
FUNCTION = re.compile(r"(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*\{\Z")
MARK = re.compile(r"step: ([\w.-]+(?:, [\w.-]+)*)")

Entry = collections.namedtuple("Entry", "step note")


def without_comments(text):
    """Comments, strings and directives blanked: nothing in them is a step."""
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"', " ", text,
                  flags=re.S)
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", "", text, flags=re.M)


def bodies(text):
    """The functions of a file: name and body."""
    depth = start = last = 0
    name = None
    for at, char in enumerate(text):
        if char == "{":
            depth += 1
            if depth == 1:
                found = FUNCTION.search(text[last:at + 1])
                name, start = found and found.group(1), at
        elif char == "}":
            depth -= 1
            if depth == 0:
                if name:
                    yield name, text[start:at]
                last = at + 1


def first_argument(text):
    """Up to the comma or bracket that ends it, on one line."""
    depth = 0
    for at, char in enumerate(text):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif char == "," and depth == 0:
            break
    return " ".join(text[:at].split())


def steps_of(body):
    for found in STEP.finditer(body):
        target = first_argument(body[found.end():])
        yield f"{found.group(1)} {target}".rstrip()


def steps_in(path):
    text = without_comments(path.read_text(encoding="utf-8"))
    functions = {}
    defined = 0
    for name, body in bodies(text):
        steps = list(steps_of(body))
        defined += bool(STEP.match(f"{name}("))
        if steps:
            functions[f"{path.name} {name}"] = steps
    listed = defined + sum(len(steps) for steps in functions.values())
    if listed != len(STEP.findall(text)):
        sys.exit(f"{path.name}: an atomic step outside of a function?")
    return functions


def sources(source):
    """What the code has: functions with their steps, and other files."""
    functions = {}
    for name in FILES:
        functions.update(steps_in(source / name))
    others = [path.name for path in sorted(source.glob("*.[ch]"))
              if path.name not in FILES and path.name not in SKIPPED
              and STEP.search(without_comments(
                  path.read_text(encoding="utf-8")))]
    return functions, others


def listing():
    """What steps.txt has: entries by function, and notes by file."""
    functions, files = {}, {}
    current = None
    if not LISTING.exists():
        return functions, files
    for line in LISTING.read_text(encoding="utf-8").splitlines():
        left, _, note = line.partition(" = ")
        if not line or line.startswith("#"):
            continue
        if line.startswith("file "):
            files[left.split()[1]] = note
        elif line.startswith("\t"):
            functions[current].append(Entry(left.strip(), note))
        else:
            current = line
            functions[current] = []
    return functions, files


def update(source):
    """The code's steps with the notes that still fit."""
    code, others = sources(source)
    old, files = listing()
    lines = [HEAD]
    for name in others:
        lines.append(f"file {name} = {files.get(name, '?')}\n")
    for function, steps in code.items():
        notes = collections.defaultdict(list)
        for entry in old.get(function, []):
            notes[entry.step].append(entry.note)
        lines.append(f"\n{function}\n")
        for step in steps:
            note = notes[step].pop(0) if notes[step] else "?"
            lines.append(f"\t{step} = {note}\n")
    LISTING.write_text("".join(lines), encoding="utf-8")


def marks():
    """The steps that the models mark, as (model, step)."""
    found = set()
    for path in sorted(HERE.glob("*.pml")):
        for names in MARK.findall(path.read_text(encoding="utf-8")):
            found.update((path.stem, name) for name in names.split(", "))
    return found


def named(note):
    """The steps that a note names, as (model, step)."""
    for part in note.split("; "):
        model, _, steps = part.partition(": ")
        for step in steps.split(", "):
            yield model, step


def faults_of_notes(functions, files):
    there = marks()
    used = set()
    notes = [(function, entry.step, entry.note)
             for function, entries in functions.items() for entry in entries]
    notes += [("file", name, note) for name, note in files.items()]
    for function, step, note in notes:
        if re.fullmatch(r"not modelled: \S.*", note):
            continue
        for place in named(note):
            used.add(place)
            if place not in there:
                yield (f"{function}: `{step}` is said to be {note!r}, but no "
                       f"model marks that")
    for model, step in sorted(there - used):
        yield f"{model}.pml: step {step} is that of no line of the code"


def faults_of_code(source, functions, files):
    code, others = sources(source)
    for function, steps in code.items():
        known = [entry.step for entry in functions.get(function, [])]
        if not known:
            yield f"{function}: atomic steps that steps.txt does not have"
        elif steps != known:
            yield (f"{function}: its atomic steps have changed\n"
                   f"    steps.txt: {'; '.join(known)}\n"
                   f"    code:      {'; '.join(steps)}")
    for function in functions:
        if function not in code:
            yield f"{function}: in steps.txt, but the code has no such steps"
    for name in others:
        if name not in files:
            yield f"{name}: has atomic steps, but steps.txt has no word on it"
    for name in files:
        if name not in others:
            yield f"{name}: in steps.txt, but it has no atomic step"


def check(source):
    functions, files = listing()
    faults = list(faults_of_code(source, functions, files))
    faults += faults_of_notes(functions, files)
    total = sum(len(entries) for entries in functions.values())
    for fault in faults:
        print(fault)
    if faults:
        print("Change the model where the protocol has changed, then run "
              "check_steps.py --update and fill in what is `?`.")
    print(f"{total} atomic steps in {len(functions)} functions, "
          f"{len(faults)} faults")
    return 1 if faults or not total else 0


words = sys.argv[1:]
updating = words[:1] == ["--update"]
words = words[updating:]
if len(words) > 1 or any(word.startswith("-") for word in words):
    sys.exit(__doc__)
source = pathlib.Path(words[0]) if words else HERE.parent.parent / "src"
if updating:
    update(source)
sys.exit(check(source))
