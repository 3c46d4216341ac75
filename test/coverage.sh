#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# coverage.sh [--build DIR] [--list] LINES [BRANCHES]: what the tests reach of
# src/.  Fails under that many percent of the lines, or of the branches.
#
# Counted are the tests of the suites below, in a debug build with checks that
# no other lane runs.  What is reached in a race only, test/schedule reaches
# every time: it has the library's own sources too.  What no test can reach is
# marked in the source, on its line or in a comment of its own right above, with
# the reason:
#
#     /* LCOV_EXCL_BR_LINE: why */        its branches do not count
#     /* LCOV_EXCL_LINE: why */           nor does the line
#
# The branches of assertions are left out by themselves.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib/common.sh

work=$PWD/build-coverage
list=no
suites=(unit api stress fuzz debug inject life schedule)
while [[ ${1-} = --* ]]; do
	case $1 in
	--build) work=$(realpath -m "${2:?}") && shift ;;
	--list) list=yes ;;
	*) usage_error "unknown option '$1'" ;;
	esac
	shift
done
[[ ${1-} =~ ^[0-9.]+$ && ${2-0} =~ ^[0-9.]+$ ]] ||
	usage_error "which percentage of the lines?"

# clang's counters are those of the source, whatever is inlined.  Relocated,
# they live in a mapped file: what ends by _exit or a signal, as children of
# fork do, is counted too.  The file is named here, not in the environment: some
# tests clear that.
flags=("-fprofile-instr-generate=$work/profiles/%m%c.profraw"
	-fcoverage-mapping -fprofile-update=atomic
	-mllvm -runtime-counter-relocation)

build() {
	[ -f "$work/build.ninja" ] ||
		CC=clang meson setup "$work" --buildtype=debug \
			-Db_lundef=false -Dtests=enabled -Dperf=disabled \
			-Ddocs=disabled -Dchecks=true -Dwerror=true \
			"-Dc_args=${flags[*]}" \
			-Dc_link_args="${flags[0]}"
	ninja -C "$work"
	rm -rf "$work/profiles" && mkdir "$work/profiles"
}

# One line, "N tests, N operations"; what failed.
run_tests() {
	local log=$work/meson-logs/testlog.json
	rm -f "$log"
	if ! meson test -C "$work" --no-rebuild "${suites[@]/#/--suite=}" \
		>"$work/last.log" 2>&1; then
		tools/lib/testlog.py --failures 40 "$log"
		die "a test failed"
	fi
	say "$(wc -l <"$log") tests," \
		"$(tools/lib/testlog.py --operations "$log") operations"
}

mkdir -p "$work"
build >"$work/last.log" 2>&1 || { tail -n 40 "$work/last.log" && exit 1; }
say "meson test: ${suites[*]}"
run_tests

# The library is built several times; what one build reaches counts.  Those
# under the scheduler have other atomic accesses, and so other functions.
builds=("$work/src/libmagpool.so")
for kind in "" -narrow; do
	builds+=(-object "$work/test/schedule/libschedule-magpool$kind.so")
done
llvm-profdata-14 merge -o "$work/sum.profdata" "$work"/profiles/*.profraw
for format in text lcov; do
	llvm-cov-14 export "-format=$format" \
		-instr-profile "$work/sum.profdata" \
		"${builds[@]}" \
		>"$work/coverage.$format" 2>"$work/last.log"
done
exec test/coverage.py . "$work/coverage.text" "$work/coverage.lcov" \
	"$1" "${2-0}" "$list"
