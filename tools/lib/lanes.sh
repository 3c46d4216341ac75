# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Running things and counting them.  A step is a command that passes or fails;
# a test run is `meson test`, of which each test counts.

work=$PWD/build-check
passed=0
failed=0
operations=0 # with checks of owners, canaries and sums: see testlog.py
lane=''
lane_started=0
log=''
logs=0
skip_options=()
test_seconds=900 # that a test run may take

# start_lane NAME: what follows belongs to it.
start_lane() {
	lane=$1
	lane_started=$SECONDS
	logs=0
	mkdir -p "$work/logs"
	say "== $lane"
}

end_lane() {
	say "   $((SECONDS - lane_started)) s"
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

fail() {
	failed=$((failed + 1))
	say "   FAILED: $1"
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
	step_bounded 600 "$@"
}

# step_bounded SECONDS NAME COMMAND...
step_bounded() {
	local limit=$1 name=$2
	shift 2
	if run_logged "$limit" "$@"; then
		pass "$name"
	else
		fail "$name"
		show_end
		return 1
	fi
}

# figures NAME COMMAND...: as step, and shows what the command says.
figures() {
	step "$@" && sed 's/^/   /' "$log"
}

# build NAME OPTIONS...: one step; warnings are errors.
build() {
	local name=$1
	shift
	step "build ${CC-}${CC:+ }$*" tools/lib/build.sh "$work/$name" \
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
	[ $((good + bad)) -gt 0 ] || fail "no test ran"
	if [ "$bad" -gt 0 ] || [ "$good" -eq 0 ]; then
		show_end
	fi
}

say_operations() {
	say "$operations operations with checks of owners, canaries and sums"
}

# The last line, and the status.
finish() {
	say "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
