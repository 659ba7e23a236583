# SPDX-License-Identifier: BSD-2-Clause
# title: a broken pipe ends a stream quietly, a full disk does not
. tests/e2e/lib.sh

begin
lab_pod shop app lab:1 sh -c 'while :; do blink 1000; sleep 0.05; done'
start_pipe() {
	"$SONDE" events --json $OPTS 2>"$LAB/pipe.err" </dev/null &
	echo $! >"$LAB/pipe.pid"
	wait $!
	echo $? >"$LAB/pipe.code"
}
start_pipe | head -n 3 >"$LAB/three"
[ "$(wc -l <"$LAB/three")" = 3 ] || fail "three lines"
r=$(cat "$LAB/pipe.code")
[ "$r" = 0 ] || [ "$r" = 141 ] || fail "ended with $r"
grep -vx -e ready -e 'sonde: nothing recorded before .*' "$LAB/pipe.err" && fail "it was not quiet"
"$SONDE" events --json --for 3s $OPTS >/dev/full 2>"$LAB/full.err" && fail "a full disk went unnoticed"
grep -qi 'no space' "$LAB/full.err" || fail "a full disk has its name"
