#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# All tests one after the other, as `make test` calls it (O, JOBS, UNIT, RACES, REPLAY are set).
# A stage is a program that ends with a line "N passed, N failed, N skipped"; one without
# that line counts as one test by its exit. A stage that overruns its limit has failed.
set -u

O=${O:-build}
export O
log=$O/log
mkdir -p "$log"
passed=0 failed=0 skipped=0
children=

cleanup() {
	for pid in $children; do
		kill -TERM -- "-$pid" 2>/dev/null
	done
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# stage NAME LIMIT-IN-SECONDS COMMAND…
stage() {
	local name=$1 limit=$2 began=$SECONDS line rc re
	shift 2
	# a session of its own: what a stage forgets ends with it
	setsid timeout -k 20 "$limit" "$@" >"$log/$name" 2>&1 </dev/null &
	children=$!
	wait "$children"
	rc=$?
	kill -TERM -- "-$children" 2>/dev/null
	children=
	re='([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped'
	line=$(grep -E "^$re" "$log/$name" | tail -n 1)
	if [[ $line =~ $re ]]; then
		((passed += BASH_REMATCH[1], failed += BASH_REMATCH[2], skipped += BASH_REMATCH[3]))
		[ "$rc" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || ((failed += 1))
	else
		((rc == 0 ? (passed += 1) : (failed += 1)))
	fi
	[ "$rc" = 124 ] && echo "ran longer than $limit s" >>"$log/$name"
	if [ "$rc" = 0 ]; then
		printf 'ok    %-9s %3d s  %s\n' "$name" $((SECONDS - began)) "$line"
		grep -iE '^skip' "$log/$name"
	else
		printf 'FAIL  %-9s %3d s  exit %d, whole output in %s\n' "$name" $((SECONDS - began)) \
			"$rc" "$log/$name"
		tail -n 80 "$log/$name" | sed 's/^/      /'
	fi
}

stage lint 180 tests/lint.sh
# shellcheck disable=SC2086
stage unit 240 tests/unit.sh unit $UNIT
# shellcheck disable=SC2086
[ -z "$RACES" ] || stage tsan 120 tests/unit.sh tsan $RACES
# shellcheck disable=SC2086
[ -z "$REPLAY" ] || stage fuzz 60 tests/unit.sh fuzz $REPLAY
stage binary 60 tests/binary.sh
[ ! -x tests/e2e/screen/run.sh ] || stage screen 120 tests/e2e/screen/run.sh
[ ! -x tests/e2e/run.sh ] || stage e2e 240 tests/e2e/run.sh
stage kernel 200 tests/kernels/run.sh bookworm
echo "$passed passed, $failed failed, $skipped skipped in $SECONDS s"
[ "$failed" = 0 ]
