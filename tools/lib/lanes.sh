# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Running things and counting them.  A step is a command that passes or fails;
# a test run is `meson test`, of which each test counts.
#
# In $work/logs a lane leaves, besides the logs of its steps, LANE.failed: what
# failed, with some lines of each.  All of that is said again at the very end,
# where it is found in a long log.

work=$PWD/build-check
passed=0
failed=0
operations=0 # with checks of owners, canaries and sums: see testlog.py
lane=''
lane_started=0
lane_used=0
log=''
logs=0
skip_options=()
test_seconds=900 # that a test run may take

# start_lane NAME: what follows belongs to it, and is counted anew.
start_lane() {
	lane=$1
	lane_started=$SECONDS
	logs=0
	passed=0 failed=0 operations=0
	mkdir -p "$work/logs"
	rm -f "$work/logs/$lane".{failed,counts}
	count_processors
	lane_used=$used
	say "== $lane"
}

# The seconds that the commands of this shell took of processors, in $used.
# Not by way of $(...), which is another shell.
count_processors() {
	times >"$work/logs/$lane.times"
	used=$(sed -n '2s/[ms]/ /gp' "$work/logs/$lane.times" |
		awk '{ printf "%d", 60 * ($1 + $3) + $2 + $4 }')
}

# Leaves the counts in a file: the lane may run beside others.
end_lane() {
	count_processors
	say "   $((SECONDS - lane_started)) s," \
		"$((used - lane_used)) s of processors"
	say "$passed $failed $operations" >"$work/logs/$lane.counts"
}

# The next of the lane's logs, in $log.
next_log() {
	logs=$((logs + 1))
	log=$work/logs/$lane-$logs.log
}

pass() {
	passed=$((passed + 1))
	say "   ok: $1"
}

# fail NAME [LOG]: the log's end says why.
fail() {
	failed=$((failed + 1))
	say "   FAILED: $1"
	{
		say "$lane: $1"
		[ $# -lt 2 ] || tail -n 25 "$2" | cut -c 1-200 |
			sed 's/^/   | /'
	} >>"$work/logs/$lane.failed"
}

# run_logged SECONDS COMMAND...: bounded, and without input.
run_logged() {
	local limit=$1
	shift
	next_log
	timeout --kill-after=10 "$limit" "$@" </dev/null >"$log" 2>&1
}

show_end() {
	say "   the end of $log:"
	tail -n 80 "$log" | sed 's/^/   | /'
}

# step NAME COMMAND...: passes when the command does.
step() {
	step_bounded 1200 "$@"
}

# step_bounded SECONDS NAME COMMAND...
step_bounded() {
	local limit=$1 name=$2
	shift 2
	if run_logged "$limit" "$@"; then
		pass "$name"
	else
		fail "$name" "$log"
		show_end
		return 1
	fi
}

# figures NAME COMMAND...: as step, and shows what the command says.
figures() {
	step "$@" && sed 's/^/   /' "$log"
}

# build NAME OPTIONS... [-- TESTS...]: one step; warnings are errors.  TESTS are
# arguments of `meson test`: only what these want is built.
build() {
	local dir=$work/$1
	shift
	step "build ${CC-}${CC:+ }$*" tools/lib/build.sh "$dir" \
		-Dwerror=true -Dtests=enabled "$@"
}

# test_lane NAME ARGUMENTS...: `meson test` in that build; each test counts.
test_lane() {
	local dir=$work/$1
	shift
	say "   meson test $*"
	rm -f "$dir"/meson-logs/testlog*
	run_logged "$test_seconds" meson test -C "$dir" --no-rebuild \
		--print-errorlogs "$@"
	count_tests "$dir"/meson-logs/testlog*.json
}

# build_and_test OPTIONS... -- ARGUMENTS...: both, in the lane's own build.
build_and_test() {
	build "$lane" "$@" || return
	while [ "$1" != -- ]; do shift; done
	shift
	test_lane "$lane" "$@"
}

# count_tests JSON: adds the results; none at all is a failure.
count_tests() {
	local counts good bad done
	counts=$(tools/lib/testlog.py "${skip_options[@]}" "$1") ||
		counts='total 0 0 0'
	sed -e '$d' -e 's/^/   /' <<<"$counts"
	read -r _ good bad done <<<"${counts##*$'\n'}"
	passed=$((passed + good))
	failed=$((failed + bad))
	operations=$((operations + done))
	[ "$done" -eq 0 ] || say "   $done operations"
	[ $((good + bad)) -gt 0 ] || fail "no test ran" "$log"
	if [ "$bad" -gt 0 ] || [ "$good" -eq 0 ]; then
		show_end
	fi
	[ "$bad" -eq 0 ] || tools/lib/testlog.py --failures 25 "$1" |
		sed "/^[^ ]/s/^/$lane: /" >>"$work/logs/$lane.failed"
}

# add_operations LOG: what programs say of themselves in it.
add_operations() {
	operations=$((operations + $(grep -o '[0-9]* operations' "$1" |
		awk '{ sum += $1 } END { printf "%d", sum }')))
}

say_operations() {
	say "$operations operations with checks of owners, canaries and sums"
}

# add_lanes NAME...: what they have counted.
add_lanes() {
	local name good bad operations_there
	passed=0 failed=0 operations=0
	for name in "$@"; do
		if ! read -r good bad operations_there \
			2>/dev/null <"$work/logs/$name.counts"; then
			lane=$name
			fail "the lane did not end"
			continue
		fi
		passed=$((passed + good))
		failed=$((failed + bad))
		operations=$((operations + operations_there))
	done
}

say_failures() {
	local name
	say "== what failed"
	for name in "$@"; do
		[ ! -e "$work/logs/$name.failed" ] ||
			sed 's/^/   /' "$work/logs/$name.failed"
	done
}

# finish LANE...: the last line, and the status.
finish() {
	add_lanes "$@"
	[ "$operations" -eq 0 ] || say_operations
	[ "$failed" -eq 0 ] || say_failures "$@"
	say "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# ---- many lanes --------------------------------------------------------------

run_lane() {
	start_lane "$1"
	"lane_$1"
	end_lane
}

# run_track NAME...: those that nobody has taken yet, one after the other.  What
# a lane says comes in one piece.
run_track() {
	local name
	for name in "$@"; do
		mkdir "$work/logs/$name.taken" 2>/dev/null || continue
		say "-- $name begins"
		run_lane "$name" >"$work/logs/$name.said" 2>&1
		flock "$work/logs" cat "$work/logs/$name.said"
	done
}

# All: two at a time.  Of the lanes with timed runs, which keep all processors
# busy, no more than one; beside it those in which one thing waits for another.
check_all() {
	run_track "${lanes[@]}" "${side_lanes[@]}" &
	run_track "${side_lanes[@]}" &
	wait
}
