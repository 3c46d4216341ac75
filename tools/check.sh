#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks the tree.  Without options: builds a release and runs the unit, API
# and short stress tests, in at most three minutes.
#
# No `set -e`: what fails is counted, and the rest goes on.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. tools/lib/common.sh
. tools/lib/packages.sh
. tools/lib/lanes.sh
. tools/lib/all.sh
. tools/lib/soak.sh

show_help() {
	cat <<END
Usage: tools/check.sh [--all | --lane NAME | --soak HOURS] [--no-install]

Builds magpool and runs its tests, in build-check/.

  --all         everything: both compilers, sanitizers, valgrind, invariants,
                long stress, models, schedules, mutants, other processors,
                linters, installation (up to 25 minutes); two parts at a time
  --lane NAME   one part of that:
$(fmt -w 58 <<<"${lanes[*]} ${side_lanes[*]}" | sed 's/^/                /')
  --soak HOURS  everything larger, for that long: all long stress runs in
                random order with new seeds, life, schedules, mutants, fuzzing,
                and the growth of a process (a fraction will do: 0.1)
  --no-install  install no packages; say which ones are missing
  --help        this text

The last line is "N passed, N failed"; the status is 0 if nothing failed.
END
}

parse_arguments() {
	all=no
	chosen=()
	install=yes
	while [ $# -gt 0 ]; do
		case $1 in
		--all) all=yes ;;
		--lane)
			shift
			is_lane "${1-}" || usage_error "no lane '${1-}'"
			chosen+=("$1")
			;;
		--soak)
			shift
			set_soak "${1-}"
			;;
		--no-install) install=no ;;
		--help) show_help && exit 0 ;;
		*) usage_error "unknown option '$1'" ;;
		esac
		shift
	done
}

# Each package that is still missing counts as a failure.
check_packages() {
	local what=check name
	[ ${#chosen[@]} -eq 0 ] && [ "$soak_seconds" -eq 0 ] || what=all
	start_lane packages
	want_packages "$what" "$install"
	for name in $missing; do
		fail "package $name is missing"
	done
	end_lane
}

# The newcomer's check: a test may say that it does not apply here.
check_short() {
	skip_options=(--allow-skip)
	start_lane "release"
	build release --buildtype=release && test_lane release
	end_lane
}

parse_arguments "$@"
set_test_environment
rm -rf "$work/logs"
if [ "$all" = yes ]; then
	chosen=("${lanes[@]}" "${side_lanes[@]}")
fi
check_packages
if [ "$soak_seconds" -gt 0 ]; then
	chosen=(soak)
	check_soak
elif [ "$all" = yes ]; then
	check_all
elif [ ${#chosen[@]} -gt 0 ]; then
	for name in "${chosen[@]}"; do
		run_lane "$name"
	done
else
	chosen=(release)
	check_short
fi
finish packages "${chosen[@]}"
