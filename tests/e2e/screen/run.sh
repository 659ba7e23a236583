#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The console's screens: recorded ones (*.test, played from a capture and compared whole)
# and live ones (live_*.sh, on small pods). One line each, then the sum.
#
#   tests/e2e/screen/run.sh [--bless] [WORD…]      only those whose name contains a WORD
#
# --bless compares nothing: it writes what the screens show now to NAME.test.new, for a
# person to read and to take over.

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.." || exit 1
bless=
[ "$1" != --bless ] || { bless=1; shift; }
command -v tmux >/dev/null || { echo "there is no tmux here" >&2; exit 1; }
[ -x "${SONDE:-${O:-build}/sonde}" ] || { echo "there is no sonde: make all" >&2; exit 1; }

passed=0 failed=0 skipped=0 child=
dir=$(mktemp -d "${TMPDIR:-/tmp}/sonde-screens.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
# An interrupted run lets its test clean up first.
trap '[ -z "$child" ] || { kill -TERM $child 2>/dev/null; wait $child; }; exit 130' INT TERM HUP

wanted() { # FILE WORD…
	local name word
	name=$(basename "$1")
	shift
	[ $# -gt 0 ] || return 0
	for word; do
		case $name in *"$word"*) return 0 ;; esac
	done
	return 1
}

# In a shell of its own, which closes its terminal however it ends.
recorded='. "$0/lib.sh"; trap screen_end EXIT; trap "exit 143" TERM INT HUP; . "$1"'

one() { # FILE
	local file=$1 limit start r word ms
	limit=$(sed -n 's/^# limit: //p' "$file" | head -1)
	start=$(date +%s%N)
	case $file in
	*.test) set -- bash -c "$recorded" "$here" "$file" ;;
	*) set -- bash "$file" ;;
	esac
	timeout -k 10 "${limit:-30}" "$@" </dev/null >"$dir/out" 2>&1 &
	child=$!
	wait $child
	r=$?
	child=
	ms=$((($(date +%s%N) - start) / 1000000))
	case $r in
	0) passed=$((passed + 1)) word=ok ;;
	77) skipped=$((skipped + 1)) word=skip ;;
	*) failed=$((failed + 1)) word=FAIL ;;
	esac
	printf '%-4s %6d ms  %s: %s\n' $word $ms "$(basename "$file")" \
		"$(sed -n 's/^# title: //p' "$file" | head -1)"
	[ $word = ok ] || sed 's/^/        | /' "$dir/out" | tail -n 60
	[ $r != 124 ] || echo "        | took longer than ${limit:-30} s"
}

# The file again, with what was seen in place of what was expected.
blessed() { # FILE
	awk -v dir="$SCREEN_BLESS" '
		/^EOF$/ { skip = 0 }
		!skip { print }
		/^expect <</ { skip = 1; f = dir "/" ++n; while ((getline line < f) > 0) print line; close(f) }
	' "$1" >"$1.new"
	cmp -s "$1" "$1.new" && rm "$1.new" || echo "        | see $1.new"
}

for file in "$here"/*.test "$here"/live_*.sh; do
	[ -r "$file" ] && wanted "$file" "$@" || continue
	if [ -z "$bless" ]; then
		one "$file"
		continue
	fi
	case $file in *.test) ;; *) continue ;; esac
	export SCREEN_BLESS=$dir/bless
	rm -rf "$SCREEN_BLESS" && mkdir "$SCREEN_BLESS"
	one "$file"
	blessed "$file"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $((passed + skipped)) -gt 0 ]
