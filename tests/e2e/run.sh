#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs the end-to-end tests one after another, each in a shell of its own with a time
# limit, and says what passed.
#
#   tests/e2e/run.sh [--long] [-v] [WORD…]     only tests whose name contains a WORD
#
# A test is tests/e2e/test_*.sh (long_*.sh with --long). Its header has "# title: …", a
# sentence that is true when it passes, and may have "# limit: SECONDS" (60). It ends
# with 0, or 77 after a line "skip: reason" on standard error; anything else has failed.

cd "$(dirname "$0")/../.." || exit 1
set_of=test
verbose=
while :; do
	case $1 in
	--long) set_of=long ;;
	-v) verbose=1 ;;
	*) break ;;
	esac
	shift
done

passed=0 failed=0 skipped=0 fails=
dir=$(mktemp -d "${TMPDIR:-/tmp}/sonde-e2e.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
# An interrupted run lets its test clean up before it ends itself.
child=
trap '[ -z "$child" ] || { kill -TERM $child 2>/dev/null; wait $child; }; exit 130' INT TERM HUP

wanted() { # FILE WORD…
	local file=$1 word
	shift
	[ $# -gt 0 ] || return 0
	for word; do
		case $file in *"$word"*) return 0 ;; esac
	done
	return 1
}

header() { sed -n "s/^# $2: //p" "$1" | head -1; }

now() { date +%s%N; }

one() { # FILE
	local file=$1 title limit start ms r
	title=$(header "$file" title)
	limit=$(header "$file" limit)
	start=$(now)
	timeout -k 20 "${limit:-60}" bash "$file" </dev/null >"$dir/out" 2>"$dir/err" &
	child=$!
	wait $child
	r=$?
	child=
	ms=$((($(now) - start) / 1000000))
	case $r in
	0) passed=$((passed + 1)) word=ok ;;
	77) skipped=$((skipped + 1)) word=skip ;;
	124 | 137) failed=$((failed + 1)) word=FAIL
		echo "fail: took longer than ${limit:-60} s" >>"$dir/err" ;;
	*) failed=$((failed + 1)) word=FAIL ;;
	esac
	printf '%-4s %6d ms  %s: %s\n' $word $ms "$(basename "$file" .sh)" "$title"
	[ $word != skip ] || sed -n 's/^skip: /                skipped: /p' "$dir/err"
	if [ $word = FAIL ] || [ -n "$verbose" ]; then
		sed 's/^/        | /' "$dir/out" "$dir/err" | tail -n 60
	fi
	[ $word != FAIL ] || fails="$fails $(basename "$file" .sh)"
}

begin=$(now)
for file in tests/e2e/"$set_of"_*.sh; do
	[ -r "$file" ] && wanted "$file" "$@" && one "$file"
done
echo "$passed passed, $failed failed, $skipped skipped in $((($(now) - begin) / 1000000000)) s"
[ -z "$fails" ] || echo "failed:$fails"
[ $failed = 0 ] && [ $((passed + skipped)) -gt 0 ]
