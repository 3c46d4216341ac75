#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check-cppcheck.sh DIRECTORY: cppcheck, which keeps its results in DIRECTORY.
set -euo pipefail
mkdir -p "$1"
cache=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

defines=(
	-D_GNU_SOURCE
	# Without the name of the machine it stops at liburcu's headers.
	-D__"$(uname -m)"__
	# It knows the attribute, but not the word of C11.
	'-D_Noreturn=__attribute__((noreturn))'
	# Criterion's, as the functions that they make.
	'-DTest(suite, name, ...)=static void suite##_##name(void)'
	'-DTestSuite(suite, ...)=struct suite##_suite'
)

# The files in test/header are wrong on purpose.
cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$(nproc)" \
	--enable=warning,performance,portability --std=c11 \
	--cppcheck-build-dir="$cache" "${defines[@]}" -Iinclude -Isrc \
	-Itools/shared -i test/header doc perf src test tools
