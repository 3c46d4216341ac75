#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh DIRECTORY OPTIONS... [-- TESTS...]: sets up or updates a build
# directory of this tree, and builds it.  TESTS are arguments of `meson test`:
# then only what these want is built.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
directory=$1
shift
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	options+=("$1")
	shift
done

if [ -f "$directory/build.ninja" ]; then
	meson setup --reconfigure "${options[@]}" "$directory" "$top"
else
	meson setup "${options[@]}" "$directory" "$top"
fi
targets=()
if [ $# -gt 0 ]; then
	shift
	mapfile -t targets < <("$top/tools/lib/targets.py" "$directory" "$@")
	[ ${#targets[@]} -gt 0 ]
fi
ninja -C "$directory" "${targets[@]}"
