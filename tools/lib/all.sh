# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The lanes of `check.sh --all`.  Each can be run alone: `check.sh --lane NAME`.

# With timed runs of many threads, and what uses the build of such a one.
lanes=(
	gcc-release gcc-debug coverage address thread schedule manual
	long-stress
)
# Run beside those.
side_lanes=(
	tidy models cppcheck options clang-release arch quickstart install
	mutants fuzz valgrind analyzer format scripts
)

# A test run that finds something must fail, and say where.
set_test_environment() {
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
	export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
}

lane_gcc-release() {
	local -x CC=gcc
	build "$lane" --buildtype=release && test_lane "$lane"
}

lane_gcc-debug() {
	local -x CC=gcc
	build_and_test --buildtype=debug -Dchecks=true -Dperf=disabled -- \
		--suite unit --suite api
}

lane_clang-release() {
	local -x CC=clang
	build "$lane" --buildtype=release &&
		test_lane "$lane" --suite unit --suite api
}

# sanitizer_lane COMPILER SANITIZERS TEST-ARGUMENTS...
sanitizer_lane() {
	local -x CC=$1
	local sanitizers=$2
	shift 2
	# The sanitizers' symbols are in the program: b_lundef would miss them.
	# What gcc finds in code with their calls in it is often not there.
	build_and_test --buildtype=debugoptimized -Db_lundef=false \
		-Dwerror=false -Db_sanitize="$sanitizers" -Dperf=disabled -- \
		"$@"
}

lane_address() {
	sanitizer_lane gcc address,undefined --suite unit --suite api \
		--suite stress --suite inject --suite fuzz
}

# Criterion does not start under the thread sanitizer: the stress programs do.
lane_thread() {
	sanitizer_lane clang thread --suite stress --suite inject
}

lane_valgrind() {
	local -x CC=gcc
	build_and_test --buildtype=debugoptimized -Dperf=disabled -- \
		--setup valgrind api 'cycle -j2 -r1'
}

# The build choices that no other lane takes.
lane_options() {
	local -x CC=gcc
	build_and_test --buildtype=release -Dtls=initial-exec -Db_lto=true \
		-Dperf=disabled -- --suite unit --suite api
}

# Those that find most when they are long; `meson test --suite stress-long` and
# --soak have all of them.
lane_long-stress() {
	local -x CC=gcc
	build gcc-release --buildtype=release &&
		test_lane gcc-release --suite stress-long \
			'caches -j8 -r16 --long' 'churn -j8 -r1 --long' \
			'cycle -j64 -r1 --long' 'forks -j4 -r16 --long' \
			'mixed -j8 -r16 --long' 'pools -j8 -r1 --long' \
			'cycle -j2 -r2 --light --seconds=6 --long' \
			'trim -j8 -r16 --long'
}

lane_fuzz() { step "fuzz" test/fuzz/run.sh --build "$work/fuzz"; }

# Of the stress tests too, with the invariants walked at each depot trip.
lane_coverage() {
	figures "coverage" test/coverage.sh --build "$work/coverage" 99 99.5 &&
		add_operations "$log"
}

lane_models() {
	step "models" test/model/run.py
	step "models and code" test/model/check_steps.py
}

# 200 000 seeds and the bounded searches.
lane_schedule() {
	local -x CC=gcc
	build gcc-release --buildtype=release &&
		test_lane gcc-release --suite schedule-long
}

lane_mutants() {
	figures "mutants" test/mutants/run.py --build "$work/mutants"
}

lane_arch() {
	figures "arch" test/arch/run.sh --build "$work/arch" &&
		add_operations "$log"
}

lane_install() {
	step "install and use" tools/check-install.sh "$work/install"
}

lane_quickstart() {
	step "quickstart" tools/quickstart.sh --no-install \
		--build "$work/quickstart"
}

lane_format() { step "clang-format" tools/check-format.sh; }

lane_tidy() { step "clang-tidy" tools/check-tidy.sh "$work/tidy"; }

lane_cppcheck() {
	step "cppcheck" tools/check-cppcheck.sh "$work/cppcheck"
}

# gcc's own analyzer, which knows C only; on the library.
lane_analyzer() {
	local -x CC=gcc
	build "$lane" --buildtype=debugoptimized -Dtests=disabled \
		-Dperf=disabled -Dc_args=-fanalyzer
}

lane_scripts() { step "shellcheck" tools/check-scripts.sh; }

lane_manual() {
	local -x CC=gcc
	build gcc-release --buildtype=release -Ddocs=enabled &&
		step "manual pages" tools/check-manual.sh \
			"$work/gcc-release/doc" perf
}

is_lane() {
	local name
	for name in "${lanes[@]}" "${side_lanes[@]}"; do
		[ "$name" != "$1" ] || return 0
	done
	return 1
}
