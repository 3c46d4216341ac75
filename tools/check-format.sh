#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fails when clang-format 14 would change a file; `--fix` lets it.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(find doc include perf src test tools -name '*.[ch]' | sort)
if [ "${1-}" = --fix ]; then
	clang-format-14 -i "${files[@]}"
else
	clang-format-14 --dry-run --Werror "${files[@]}"
fi
echo "${#files[@]} files"
