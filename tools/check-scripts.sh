#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every shell script of the tree through shellcheck; what a script sources is
# read with it.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t scripts < <(
	grep --recursive --files-with-matches '^#!.*sh$' .ci perf test tools |
		sort
)
shellcheck --external-sources --check-sourced --source-path=. "${scripts[@]}"
echo "${#scripts[@]} scripts"
