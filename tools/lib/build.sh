#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh DIRECTORY OPTIONS...: sets up or updates a build directory of this
# tree, and builds it.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
directory=$1
shift

if [ -f "$directory/build.ninja" ]; then
	meson setup --reconfigure "$@" "$directory" "$top"
else
	meson setup "$@" "$directory" "$top"
fi
meson compile -C "$directory"
