#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when an #include of the library or magpool-stat goes up the layers.

usage: check-layers.py SOURCE-DIRECTORY STAT-DIRECTORY

A file may include headers of its own layer and of lower ones.  A name without
suffix stands for the .c and the .h.
"""
import pathlib
import re
import sys

# From low to high.
LAYERS = [
    "atomic.h check.h live_format.h probe.h platform nodes report config stack "
    "watch distance json",
    "table list.h tally.h budget upstream live",
    "page.h slab slab_layout block magazine counters record region sizing "
    "kept",
    "depot operation quiesce grace rcu live_rows",
    "cache cache_shown drain supply registry registry_state.h thread pool.h "
    "guard quarantine show",
    "arena chain text pool life ends fork trim stats validate "
    "debug leaks place background announce journal loans",
    "hot inline explicit",
]

STAT_LAYERS = [
    # Of other folders: all that it may know of them.
    "argument.h option.h tool.h tool_table.h live_format.h",
    "segment",
    "snapshot process",
    "find sample",
    "field target",
    "show history",
    "lines",
    "settings report.h view.h",
    "report_fields report_json no_json report_list report_metrics "
    "report_tables view_draw view_keys",
    "screen no_screen",
    "magpool-stat test_target",
]
FOREIGN = set(STAT_LAYERS[0].split())

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def layer_table(layers):
    table = {}
    for number, names in enumerate(layers):
        for name in names.split():
            table[name] = number
    return table


def layer_of(table, name):
    """The layer of a file: its own entry, else that of its stem."""
    path = pathlib.PurePath(name)
    return table.get(path.name, table.get(path.stem))


def faults_of(path, table):
    """What is wrong in one file, a line each."""
    own = layer_of(table, path.name)
    if own is None:
        yield f"{path.name}: in no layer"
        return
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        if name.endswith(".def"):
            continue
        other = layer_of(table, name)
        if other is None:
            yield f"{path.name}: includes {name}, which is in no layer"
        elif other > own:
            yield (f"{path.name} (layer {own}) includes "
                   f"{name} (layer {other})")


def stale_entries(names, table):
    """Entries of the table that no file has."""
    stems = {pathlib.PurePath(name).stem for name in names}
    for entry in table:
        if entry not in names and entry not in stems:
            yield f"{entry}: in the table of layers, but there is no such file"


def check(directory, layers, foreign):
    """(number of files, what is wrong)"""
    table = layer_table(layers)
    files = sorted(pathlib.Path(directory).glob("*.[ch]"))
    names = {path.name for path in files} | foreign
    faults = [fault for path in files for fault in faults_of(path, table)]
    return len(files), faults + list(stale_entries(names, table))


def main():
    count, faults = check(sys.argv[1], LAYERS, set())
    more, others = check(sys.argv[2], STAT_LAYERS, FOREIGN)
    print("\n".join(faults + others + [f"{count + more} files"]))
    return 1 if faults or others or not count or not more else 0


sys.exit(main())
