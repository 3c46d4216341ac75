# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What quickstart.sh and check.sh say, and how.

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

usage_error() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	printf "Try '%s --help'.\n" "${0##*/}" >&2
	exit 2
}
