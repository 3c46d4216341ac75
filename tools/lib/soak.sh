# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# `check.sh --soak HOURS`: everything larger, round after round, until the time
# is over.  Beside it one program runs all the time, and says at the end whether
# the process grows (test/stress/slope.c).

soak_seconds=0
rounds=0

# set_soak HOURS: a number, with a fraction or without.
set_soak() {
	[[ $1 =~ ^([0-9]+(\.[0-9]+)?|\.[0-9]+)$ ]] ||
		usage_error "--soak: how many hours?"
	soak_seconds=$(awk -v hours="$1" 'BEGIN { printf "%d", hours * 3600 }')
	[ "$soak_seconds" -ge 60 ] || usage_error "--soak: a minute at least"
	[ "$soak_seconds" -le 604800 ] || usage_error "--soak: a week at most"
}

time_is_left() {
	[ $((SECONDS - soak_started)) -lt "$soak_seconds" ]
}

start_slope() {
	slope_log=$work/logs/slope.log
	"$work/soak/test/stress/stress-slope" --threads=2 \
		--seconds="$soak_seconds" >"$slope_log" 2>&1 </dev/null &
	slope_process=$!
	trap 'kill "$slope_process" 2>/dev/null' EXIT
}

end_slope() {
	if wait "$slope_process"; then
		pass "slope"
	else
		fail "slope"
	fi
	add_operations "$slope_log"
	sed 's/^/   /' "$slope_log"
}

# One line of long_runs.py.
soak_run() {
	local command
	eval "command=($1)"
	if run_logged 900 "${command[@]}"; then
		passed=$((passed + 1))
		add_operations "$log"
		rm "$log"
	else
		fail "$1"
		show_end
	fi
}

has_suite() {
	meson introspect --tests "$work/soak" | grep -q ":$1\""
}

soak_round() {
	local line
	while time_is_left && read -r line; do
		soak_run "$line"
	done < <(tools/lib/long_runs.py "$work/soak")
	if time_is_left && has_suite life-long; then
		test_lane soak --suite life-long
	fi
	! time_is_left || figures "mutants" test/mutants/run.py \
		--build "$work/mutants"
	soak_fuzz
	rounds=$((rounds + 1))
	say "   $rounds rounds, $operations operations," \
		"$((SECONDS - soak_started)) s"
}

# For a tenth of the soak, five minutes a target at the most.
soak_fuzz() {
	local minutes=$((soak_seconds / 60 / 30))
	[ "$minutes" -gt 0 ] && time_is_left || return 0
	[ "$minutes" -le 5 ] || minutes=5
	step_bounded 1800 "fuzz" test/fuzz/run.sh --build "$work/fuzz" \
		--long "$minutes" && sed 's/^/   /' "$log"
}

check_soak() {
	local -x CC=gcc
	test_seconds=3600
	start_lane soak
	if build soak --buildtype=release -Dperf=disabled; then
		soak_started=$SECONDS
		start_slope
		while time_is_left; do
			soak_round
		done
		end_slope
	fi
	end_lane
}
