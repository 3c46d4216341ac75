#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check-tidy.sh DIRECTORY: clang-tidy on all C files, with the commands of a
# build that it sets up in DIRECTORY.  A debug build: its assertions tell the
# analyzer what cannot be.
set -euo pipefail
mkdir -p "$1"
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

[ -f "$build/build.ninja" ] ||
	CC=clang meson setup --buildtype=debug -Dtests=enabled "$build" .

# Names the files, and leaves one command for each in $build/tidy: clang-tidy
# would take all there are, and the library and the stress programs are compiled
# again and again with few words changed.  The first is that of the library, or
# of the program, as it is.  What is made in the build directory is left out.
list_files() {
	python3 - "$build" "$PWD" <<'END'
import json
import pathlib
import sys

build, top = map(pathlib.Path, sys.argv[1:])
commands = {}
for command in json.loads((build / "compile_commands.json").read_text()):
    path = (build / command["file"]).resolve()
    if path.is_relative_to(top) and not path.is_relative_to(build):
        commands.setdefault(path, command)
(build / "tidy").mkdir(exist_ok=True)
(build / "tidy/compile_commands.json").write_text(
    json.dumps(list(commands.values())))
print(*sorted(commands), sep="\n")
END
}

# Programs may call exit() and strerror(), and multiply small constants.
program_checks=-concurrency-mt-unsafe
program_checks+=,-bugprone-implicit-widening-of-multiplication-result

# tidy OPTION...: on the files named on stdin.
tidy() {
	xargs -n 1 -P "$(nproc)" clang-tidy-14 --quiet -p "$build/tidy" "$@"
}

files=$(list_files)
status=0
grep "^$PWD/src/" <<<"$files" | tidy || status=1
grep -v "^$PWD/src/" <<<"$files" | tidy --checks="$program_checks" || status=1
wc -l <<<"$files"
exit "$status"
