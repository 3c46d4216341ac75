#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles a header alone, and twice in one file, without a warning.
#
#   alone.sh HEADER COMPILER FLAGS...
set -eu

header=$1
shift
printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
	"$@" -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow \
		-Werror -
