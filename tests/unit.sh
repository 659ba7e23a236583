#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs test programs two at a time: unit.sh NAME PROGRAM… Silent but for failures and
# one summary line "N passed, N failed, N skipped (NAME)"; a program that dies counts as one failure.
set -u

name=$1
shift
jobs=${JOBS:-2}
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
export LC_ALL=C.UTF-8 TEST_LIMIT=${TEST_LIMIT:-90}
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS-halt_on_error=1:second_deadlock_stack=1}

# Address randomisation of new kernels is wider than this compiler's TSan can take.
export RUNNER=
[ "$name" = tsan ] && RUNNER="setarch $(uname -m) -R"

one() {
	local out=$1/$(basename "$2")

	timeout -k 5 "$TEST_LIMIT" $RUNNER "$2" >"$out" 2>&1 </dev/null
	echo $? >"$out.rc"
}
export -f one
printf '%s\0' "$@" | xargs -0 -r -n 1 -P "$jobs" bash -c 'one "$0" "$1"' "$log"

passed=0 failed=0 skipped=0
for t; do
	out=$log/$(basename "$t")
	rc=$(cat "$out.rc" 2>/dev/null || echo none)
	ok=$(grep -c '^\[       OK \]' "$out")
	bad=$(grep -c '^\[  FAILED  \] [a-z_0-9A-Z]*$' "$out")
	((passed += ok, skipped += $(grep -c '^\[  SKIPPED \] [a-z_0-9A-Z]*$' "$out")))
	[ "$rc" = 0 ] && [ "$ok" = 0 ] && ((passed += 1)) # no cmocka program: the exit speaks
	[ "$rc" = 0 ] && continue
	# cmocka lists its failures twice: as they happen and at the end
	((failed += bad > 1 ? (bad + 1) / 2 : 1))
	echo "== $name $(basename "$t") failed (exit $rc)"
	grep -v '^\[ RUN\|^\[       OK' "$out" | tail -n 60
done
echo "$passed passed, $failed failed, $skipped skipped ($name)"
[ "$failed" = 0 ]
