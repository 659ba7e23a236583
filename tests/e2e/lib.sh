# SPDX-License-Identifier: BSD-2-Clause
# What the end-to-end tests share: the lab, sonde started on it, conditions with a
# deadline, and the checks in Python (check_*.py). Source it first.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/lab/lab.sh
PY=/usr/bin/python3
SONDE=${SONDE:-$LAB_OUT/sonde}

fail() {
	echo "fail: $*" >&2
	# What sonde said is half of the answer.
	[ -z "$LAB" ] || tail -n 5 "$LAB"/*.err >&2 2>/dev/null
	exit 1
}
skip() { echo "skip: $*" >&2; exit 77; }

need() { # TOOL…: a missing one is a failure: `make deps` brings them all
	local tool
	for tool; do
		command -v "$tool" >/dev/null || fail "there is no $tool here"
	done
}

# A lab, and folders for sonde in it, so that the real ones are never touched.
begin() {
	[ -x "$SONDE" ] || fail "there is no $SONDE: make all"
	lab_up || fail "the lab did not start"
	mkdir -p "$LAB/sonde/state" "$LAB/sonde/run" "$LAB/sonde/bpf"
	OPTS="--runtime-roots $LAB_ROOTS --state-dir $LAB/sonde/state --run-dir $LAB/sonde/run
		--bpf-dir $LAB/sonde/bpf"
}

# Start a streaming command in the background and wait until it is ready.
# start NAME COMMAND [OPTION…]: output in $LAB/NAME, messages in $LAB/NAME.err
start() {
	local name=$1
	shift
	"$SONDE" "$@" $OPTS >"$LAB/$name" 2>"$LAB/$name.err" </dev/null &
	echo $! >"$LAB/$name.pid"
	lab_own $!
	lab_wait 20 is_ready "$name" || fail "sonde $1 was not ready in 20 s"
}

is_ready() {
	grep -qx ready "$LAB/$1.err" && return 0
	kill -0 "$(cat "$LAB/$1.pid")" 2>/dev/null || fail "sonde ended before it was ready"
	return 1
}

events_start() { start events events --json "$@"; }

# End a stream as a person would, and insist on exit 0.
stop() { # NAME [SIGNAL]
	local pid r
	pid=$(cat "$LAB/$1.pid")
	kill "-${2:-INT}" "$pid" || fail "sonde had ended by itself"
	lab_wait 15 is_gone "$pid" || fail "sonde did not end in 15 s after SIG${2:-INT}"
	wait "$pid"
	r=$?
	[ $r = 0 ] || fail "sonde ended with $r instead of 0"
}

is_gone() { # zombies wait for us, they are gone
	local s
	s=$(lab_state "$1") || return 0
	[ "$s" = Z ]
}

lab_state() { # PID: R, S, T, Z…
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	echo "${stat%% *}"
}

events_stop() { stop events; }

seen() { # NAME TEXT: is it in that output already
	grep -qF -- "$2" "$LAB/$1"
}

wait_seen() { # NAME TEXT [SECONDS]
	lab_wait "${3:-5}" seen "$1" "$2" || fail "never saw $2 in the $1"
}

check() { # NAME ARGUMENT…: tests/e2e/check_NAME.py
	local name=$1
	shift
	"$PY" "tests/e2e/check_$name.py" "$@" || fail "check $name"
}

# One NDJSON file, one Python expression that must hold. In it: E all events, S the summary,
# of(type, key=value…) those events, one(…) exactly one of them. Arguments are A[0], A[1]….
holds() { # NAME EXPRESSION [ARGUMENT…]
	local name=$1
	shift
	LAB_UIDS=$LAB/uids "$PY" tests/e2e/check_holds.py "$LAB/$name" "$@" || fail "does not hold: $1"
}

# Exit code of a command, which must be the wanted one.
expect() { # CODE COMMAND…
	local want=$1 r
	shift
	timeout -k 5 30 "$@" >"$LAB/expect.out" 2>"$LAB/expect.err" </dev/null
	r=$?
	[ $r = "$want" ] || { cat "$LAB/expect.err" >&2; fail "\"$*\" ended with $r instead of $want"; }
}

# --- storms: many pods that begin in the same moment --------------------------------

# Pods that wait, and then make COUNT processes each and stay.
# storm_pods PODS COUNT TAG [SPAWN-OPTION…]
storm_pods() {
	local pods=$1 count=$2 tag=$3 i
	shift 3
	mkfifo "$LAB/ctl/go" || return 1
	for i in $(seq "$pods"); do
		lab_pod storm "s$i" lab/storm:1 spawn -s -w /lab/go -n "$count" "$@" "$tag" "storm/s$i" ||
			fail "pod s$i did not start"
	done
}

# While a writer holds the fifo a reader that came late waits with the others; all begin
# when it is closed.
storm_go() {
	exec 7>"$LAB/ctl/go"
	sleep 0.3
	exec 7>&-
}

storm_done() { # PODS: all have said how many they made
	local i
	for i in $(seq "$1"); do
		lab_log "s$i" | grep -q '^made' || return 1
	done
}

# "storm/s1 UID N" a line: what was really made, by those who made it.
storm_made() { # PODS
	local i
	for i in $(seq "$1"); do
		echo "storm/s$i $(lab_uid "s$i") $(lab_log "s$i" | sed -n 's/^made \([0-9]*\) bad 0 .*/\1/p')"
	done
}
