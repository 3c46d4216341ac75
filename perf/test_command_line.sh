#!/bin/sh
# SPDX-License-Identifier: MIT
# What the tool says to a bad command line and to bad CSV: the line, the
# value, what was expected, and status 2.
# usage: test_command_line.sh MAGPOOL-PERF
set -u
perf=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

# run STATUS PATTERN ARGUMENT...: the output must hold the pattern.
run() {
	status=$1 pattern=$2
	shift 2
	"$perf" "$@" >"$folder/output" 2>&1
	got=$?
	if [ $got -ne "$status" ]; then
		echo "not ok: magpool-perf $*: status $got, expected $status"
		failed=1
	elif ! grep -qF -- "$pattern" "$folder/output"; then
		echo "not ok: magpool-perf $*: no \"$pattern\" in"
		failed=1
	else
		echo "ok: magpool-perf $*"
		return
	fi
	sed 's/^/    /' "$folder/output"
}

# csv PATTERN TEXT: a file with that text is refused so.
csv() {
	printf '%b' "$2" >"$folder/shapes.csv"
	run 2 "shapes.csv:$1" --shapes "$folder/shapes.csv" calls
}

run 0 'Usage: magpool-perf' --help
run 0 'magpool-perf 0.' --version
run 0 'handoff' --list
run 2 "unrecognized option" --no-such-option
run 2 "--time: \`soon': expected a number" --time soon
run 2 "--time: \`nan': expected a number" --time nan
run 2 "--time: \`0': expected a number" --time 0
run 2 "--repeats: \`2': expected a whole number" --repeats 2
run 2 "--threads: \`0': expected a whole number" --threads 1,0
run 2 "--threads: \`-1': expected a whole number" --threads=-1
run 2 "--threads: \`1,,2': expected numbers" --threads 1,,2
run 2 "--peers: \`nobody': expected one of magpool" --peers malloc,nobody
run 2 "--baseline: \`x': expected one of magpool" --baseline x
run 2 "\`lunch': expected a workload, one of cycle" lunch
run 2 "--mix: \`gl': expected" --mix gl calls
run 2 "expected a readable CSV file" --shapes "$folder/none.csv" calls
run 2 "handoff: none of the peers can do it" \
	--peers limit --baseline limit handoff

csv "1: \`call;weight': expected the first line" 'call;weight\n'
csv "2: \`': expected at least one call" 'call,weight,sizes\n'
csv "1: \`': expected" '\n'
csv "2: \`a 1 2': expected three fields" 'call,weight,sizes\na 1 2\n'
csv "3: \`a': expected three fields" 'call,weight,sizes\na,1,8\na\n'
csv "2: \`,9': expected three fields" 'call,weight,sizes\na,1,8,9\n'
csv "2: \`': expected the name of a call" 'call,weight,sizes\n,1,8\n'
csv "2: \`0': expected a weight from 1" 'call,weight,sizes\na,0,8\n'
csv "2: \`-1': expected a weight from 1" 'call,weight,sizes\na,-1,8\n'
csv "2: \`': expected a weight from 1" 'call,weight,sizes\na,,8\n'
csv "2: \`8x': expected a size" 'call,weight,sizes\na,1,8 8x\n'
csv "2: \`99999999': expected a size" 'call,weight,sizes\na,1,99999999\n'
csv "2: \`': expected the sizes" 'call,weight,sizes\na,1,\n'

# A run, short, of a file of one's own (with CRLF): a table comes out.
printf 'call,weight,sizes\r\na,1,8 0 300\r\nb,2,5000\r\n' >"$folder/own.csv"
run 0 'hit rate of the magazines' --time 0.2 --repeats 3 --threads 1 \
	--shapes "$folder/own.csv" calls
run 0 'vs limit' --time 0.2 --repeats 3 --threads 1 --baseline limit \
	--peers magpool small

# Every workload, every peer that is there: each runs to its end.
run 0 'hit rate of the magazines' --time 1 --repeats 3 --threads 2 \
	cycle small multipage nested scaling handoff hold mixed latency
run 0 'magpool-own8' --time 1 --repeats 3 --threads 2 --peers all cycle small
run 0 'churn 1-100' --time 0.3 --repeats 3 --peers magpool,none churn
run 0 'trimmed' --time 0.3 --repeats 3 --peers magpool burst
run 0 'idle  magpool ' --time 0.3 --repeats 3 --threads 50 \
	--peers magpool idle
run 0 'growth calls    magpool ' --time 0.3 --repeats 3 --peers magpool growth
run 0 '64 against' --time 0.5 --repeats 3 --peers magpool oversubscribed
run 0 'gets/s' --time 0.6 --repeats 3 --watch --peers magpool small

# Targets: they have their own workloads; two short processes, every row.
run 2 "--targets: expected no other options" --targets small
run 2 "--targets: expected no other options" --targets --peers magpool
run 2 "--processes: \`0': expected a whole number" --targets --processes 0
run 0 'latency handoff,magpool,p99.9 of get <= 1.00 x malloc,' \
	--targets --csv --time 1 --repeats 3 --processes 2
rows=$(grep -c ',2,\(reached\|missed\|not clean\)$' "$folder/output")
if [ "$rows" -lt 25 ]; then
	echo "not ok: magpool-perf --targets: $rows rows of two processes"
	sed 's/^/    /' "$folder/output"
	failed=1
fi

# What a process of its own records arrives here.
for peer in jemalloc mimalloc tcmalloc; do
	"$perf" --time 0.2 --repeats 3 --threads 1 --peers $peer latency \
		>"$folder/output" 2>&1 || continue
	steps=$(awk -v peer=$peer '$3 == "small" || $2 == "small" {
		for (i = 1; i < NF; i++)
			if ($i == peer && $(i + 1) == "get") print $NF }' \
		"$folder/output")
	run 0 "$peer" --time 0.2 --repeats 3 --peers $peer burst
	if [ "${steps:-0}" -lt 1000 ] ||
		! grep -q "^burst  *$peer  *[1-9]" "$folder/output"; then
		echo "not ok: magpool-perf --peers $peer: no steps or no RSS"
		failed=1
	fi
done

# For programs.
run 0 'small,1,magpool,' --csv --time 0.2 --repeats 3 --threads 1 small
run 2 "--plot: \`x.gif': expected a name" --plot x.gif
run 2 '--compare: expected two files' --compare "$folder/a.json"
if "$perf" --json --time 0.2 --repeats 3 --threads 1 small \
	>"$folder/a.json" 2>"$folder/output"; then
	run 0 'within the spread' --compare "$folder/a.json" "$folder/a.json"
	run 2 'expected what --json has printed' \
		--compare "$folder/a.json" "$folder/own.csv"
	echo '{"results": [{"peer": 1}]}' >"$folder/b.json"
	run 2 'b.json: result 1:' --compare "$folder/a.json" "$folder/b.json"
else
	run 2 'was built without jansson' --json --time 0.2 --repeats 3 small
fi
exit $failed
