#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzes: replays the kept inputs and looks for new ones, a bounded while.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/lib/common.sh

targets=(calls environment segment shapes)
# Some 20 s each on one slow core; never more than this many seconds.
declare -A runs=([calls]=6000 [environment]=150000 [segment]=100000
	[shapes]=400000)
short_seconds=25
# What an input may have, in bytes.
declare -A most=([calls]=1024 [environment]=1024 [segment]=2048 [shapes]=1024)

show_help() {
	cat <<END
Usage: test/fuzz/run.sh [OPTION]... [TARGET]...

Builds the fuzz targets with libFuzzer, AddressSanitizer and UBSan, replays
test/fuzz/corpus and goes on from there.  Targets: ${targets[*]}.

  --long MINUTES  each target for that long, with a new seed
  --afl MINUTES   the same with AFL++ (afl-fuzz of Debian's package afl++)
  --keep          adds what reached something new to test/fuzz/corpus, minimised
  --build DIR     where to build (build-fuzz)
  --help          this text

What is found is left in DIR/findings; replay it with
  DIR/libfuzzer/test/fuzz/fuzz-TARGET FILE
END
}

parse_arguments() {
	mode=short minutes=0 keep=no work=$PWD/build-fuzz chosen=()
	while [ $# -gt 0 ]; do
		case $1 in
		--long | --afl)
			mode=${1#--}
			minutes=${2-}
			[[ $minutes =~ ^[1-9][0-9]*$ ]] ||
				usage_error "$1: how many minutes?"
			shift
			;;
		--keep) keep=yes ;;
		--build)
			work=$(realpath -m "${2:?}")
			shift
			;;
		--help) show_help && exit 0 ;;
		*)
			[[ " ${targets[*]} " = *" $1 "* ]] ||
				usage_error "no target '$1'"
			chosen+=("$1")
			;;
		esac
		shift
	done
	[ ${#chosen[@]} -gt 0 ] || chosen=("${targets[@]}")
}

# build NAME COMPILER OPTIONS...: the chosen targets.
build() {
	local dir=$work/$1 log=$work/$1.log again=()
	local -x CC=$2
	shift 2
	mkdir -p "$work"
	[ ! -f "$dir/build.ninja" ] || again=(--reconfigure)
	if ! {
		meson setup "${again[@]}" "$dir" \
			--buildtype=debugoptimized -Db_lundef=false \
			-Dtests=enabled -Dperf=disabled -Ddocs=disabled "$@" &&
			ninja -C "$dir" "${chosen[@]/#/test/fuzz/fuzz-}"
	} >"$log" 2>&1; then
		tail -n 40 "$log"
		die "the build failed"
	fi
}

# A sanitizer that reports must end the program.
set_sanitizers() {
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	# Freed memory is quarantined, but not so much that it is all cold.
	export ASAN_OPTIONS=quarantine_size_mb=16:abort_on_error=1
	ASAN_OPTIONS+=:detect_stack_use_after_return=0
	# The library would notice them, and do little of what it usually does.
	export MAGPOOL_DEBUG=0
	# What AFL++ insists on.
	[ "$mode" != afl ] || ASAN_OPTIONS+=:symbolize=0
}

# ---- libFuzzer ---------------------------------------------------------------

# figure NAME LOG: of -print_final_stats.
figure() {
	sed -n "s/^stat::$1: *//p" "$2"
}

# fuzz TARGET: one line, "TARGET: N executions, N features, N s".
fuzz() {
	local target=$1 log=$work/$1.log started=$SECONDS limits features
	local corpus=$work/corpus-$target kept=test/fuzz/corpus/$target
	mkdir -p "$corpus" "$work/findings"
	limits=("-seed=1" "-runs=${runs[$target]}"
		"-max_total_time=$short_seconds")
	[ "$mode" = short ] || limits=("-max_total_time=$((minutes * 60))")
	if ! timeout --kill-after=10 $((minutes * 60 + 120)) \
		"$work/libfuzzer/test/fuzz/fuzz-$target" "${limits[@]}" \
		"-max_len=${most[$target]}" -len_control=20 -entropic=0 \
		-timeout=20 \
		-rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$work/findings/$target-" \
		"$corpus" "$kept" >"$log" 2>&1 </dev/null; then
		say "$target: FOUND SOMETHING, see $work/findings and $log:"
		grep -E 'does not hold|ERROR|runtime error|^ +#[0-9]' "$log" |
			cut -c 1-160 | head -n 30
		return 1
	fi
	features=$(sed -n 's/.* ft: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	say "$target: $(figure number_of_executed_units "$log") executions," \
		"$features features, $((SECONDS - started)) s"
	[ "$keep" = no ] || keep_new "$target"
}

# A small set of inputs that reaches the code that all of them reach.  (Without
# how often: that would be some thousand files.)
keep_new() {
	local target=$1 kept=test/fuzz/corpus/$1 all=$work/all-$1
	rm -rf "$all"
	mkdir -p "$all"
	"$work/libfuzzer/test/fuzz/fuzz-$target" -merge=1 \
		-use_counters=0 "-max_len=${most[$target]}" \
		"$all" "$kept" "$work/corpus-$target" \
		>"$work/$target-merge.log" 2>&1
	find "$kept" -type f -regextype sed -regex '.*/[0-9a-f]\{40\}' -delete
	cp "$all"/* "$kept"
	say "$target: $(find "$kept" -type f | wc -l) inputs kept," \
		"$(du -bs "$kept" | cut -f 1) bytes"
}

# ---- AFL++ -------------------------------------------------------------------

afl() {
	local target=$1 out=$work/afl-out-$1 log=$work/afl-$1.log stats
	local found=0 file
	rm -rf "$out"
	export AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
	export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_CRASH_EXITCODE=1
	timeout --kill-after=10 $((minutes * 60 + 300)) afl-fuzz -t 5000 \
		-m none -V $((minutes * 60)) -i "test/fuzz/corpus/$target" \
		-o "$out" -- "$work/afl/test/fuzz/fuzz-$target" \
		>"$log" 2>&1 </dev/null || { tail -n 30 "$log"; return 1; }
	stats=$out/default/fuzzer_stats
	mkdir -p "$work/findings"
	for file in "$out"/default/{crashes,hangs}/id*; do
		[ -e "$file" ] || continue
		found=$((found + 1))
		cp "$file" "$work/findings/$target-afl-$found"
	done
	say "$target: $(sed -n 's/^execs_done *: //p' "$stats") executions," \
		"$(sed -n 's/^edges_found *: //p' "$stats") edges," \
		"$found findings (AFL++)"
	[ "$found" -eq 0 ] || say "$target: see $work/findings"
	[ "$found" -eq 0 ]
}

parse_arguments "$@"
set_sanitizers
found=0
if [ "$mode" = afl ]; then
	build afl afl-clang-fast -Db_sanitize=address,undefined
	for target in "${chosen[@]}"; do
		afl "$target" || found=1
	done
else
	build libfuzzer clang -Db_sanitize=address,undefined \
		-Dc_args=-fsanitize=fuzzer-no-link
	for target in "${chosen[@]}"; do
		fuzz "$target" || found=1
	done
fi
exit "$found"
