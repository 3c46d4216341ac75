#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check-manual.sh DIRECTORY...: fails when groff has a warning about a manual
# page there.
set -euo pipefail

status=0
mapfile -t pages < <(find "$@" -maxdepth 1 -name '*.[1-9]' -size +0)
[ ${#pages[@]} -gt 0 ]
for page in "${pages[@]}"; do
	warnings=$(groff -ww -man -Tutf8 "$page" 2>&1 >/dev/null)
	if [ -n "$warnings" ]; then
		printf '%s\n' "$warnings"
		status=1
	fi
done
echo "${#pages[@]} pages"
exit "$status"
