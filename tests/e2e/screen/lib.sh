# SPDX-License-Identifier: BSD-2-Clause
# A console in a terminal of its own (tmux), keys for it, and what must stand on the
# screen. Nothing here waits a fixed time: each look is repeated until it is as wanted or
# the deadline is over. The words of a *.test:
#
#   replay NAME            tests/fixtures/captures/NAME is what the console shows
#   size COLS ROWS         of the terminal; while it runs: another size
#   options OPTION…        for sonde
#   term NAME              TERM
#   setenv NAME=VALUE…     for the console's environment
#   keys KEY…              tmux's names (Enter, Up, C-l), anything else is typed as it is.
#                          Escape stands last: what follows at once would be part of it
#   expect <<'EOF'         the whole screen, exactly; "~N" stands for N empty rows
#   see TEXT  unseen TEXT  a part of it

SCREEN_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
SCREEN_OUT=${O:-build}
case $SCREEN_OUT in /*) ;; *) SCREEN_OUT=$SCREEN_TOP/$SCREEN_OUT ;; esac
SONDE=${SONDE:-$SCREEN_OUT/sonde}
SCREEN_SOCK=sonde-screen-$$-$RANDOM
SCREEN_WAIT=${SCREEN_WAIT:-8}
screen_cols=120 screen_rows=40 screen_term=xterm-256color
screen_args=() screen_env=() screen_on= screen_n=0
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR COLORTERM

screen_tmux() { tmux -L "$SCREEN_SOCK" -f /dev/null "$@"; }

screen_fail() {
	echo "fail: $*" >&2
	[ -z "$screen_on" ] || { tail -n 5 "$screen_dir/status.err" 2>/dev/null; echo "the screen:"; screen_pane; } >&2
	exit 1
}

# The server is ours alone; what runs in its panes ends with it.
screen_end() {
	[ -z "$screen_on" ] || screen_tmux kill-server 2>/dev/null
	screen_on=
	[ -z "$screen_dir" ] || rm -rf "$screen_dir"
	screen_dir=
}

# Folders of its own, so that neither this machine's configuration nor its history is read.
screen_folders() {
	[ -z "$screen_dir" ] || return 0
	screen_dir=$(mktemp -d "${TMPDIR:-/tmp}/sonde-screen.XXXXXX") || exit 1
	mkdir "$screen_dir/home" "$screen_dir/config" "$screen_dir/state" "$screen_dir/run"
}

# Open the terminal with COMMAND… in it.
screen_open() {
	screen_folders
	screen_tmux new-session -d -x "$screen_cols" -y "$screen_rows" \
		env HOME="$screen_dir/home" XDG_CONFIG_HOME="$screen_dir/home" TERM="$screen_term" \
		"${screen_env[@]}" "$@" || screen_fail "there is no terminal"
	screen_on=1
	# What ended is still looked at.
	screen_tmux set-option -g remain-on-exit on
	screen_tmux set-option -g status off
	screen_tmux resize-window -x "$screen_cols" -y "$screen_rows"
}

screen_start() {
	[ -z "$screen_on" ] || return 0
	screen_folders
	# Its exit status by a file: tmux does not always have it.
	rm -f "$screen_dir/status"
	screen_open sh -c '"$@" 2>"$0.err"; echo $? >"$0"' "$screen_dir/status" \
		"$SONDE" --config "$screen_dir/config" --state-dir "$screen_dir/state" \
		--run-dir "$screen_dir/run" "${screen_args[@]}"
}

replay() { screen_args+=(--history "$SCREEN_TOP/tests/fixtures/captures/$1"); }
options() { screen_args+=("$@"); }
setenv() { screen_env+=("$@"); }
term() { screen_term=$1; }

size() {
	screen_cols=$1 screen_rows=$2
	[ -z "$screen_on" ] || screen_tmux resize-window -x "$1" -y "$2"
}

keys() {
	local key
	screen_start
	for key; do
		case $key in
		Enter | Escape | Tab | Space | BSpace | Up | Down | Left | Right | Home | End | PgUp | PgDn | DC | \
			BTab | F[1-9] | F10 | C-[a-z])
			screen_tmux send-keys "$key" ;;
		*) screen_tmux send-keys -l -- "$key" ;;
		esac || screen_fail "the terminal took no $key"
	done
}

screen_pane() { screen_tmux capture-pane -p "$@"; }

screen_now() { # milliseconds
	echo $(($(date +%s%N) / 1000000))
}

screen_squeeze() {
	awk 'function out() { if (n > 2) print "~" n; else while (n-- > 0) print ""; n = 0 }
		/^$/ { n++; next } { out(); print } END { out() }'
}

# Until COMMAND… is true; 1 when the time is over.
screen_until() {
	local end=$(($(screen_now) + SCREEN_WAIT * 1000))
	until "$@"; do
		[ "$(screen_now)" -lt $end ] || return 1
		sleep 0.04
	done
}

screen_same() { [ "$(screen_pane | screen_squeeze)" = "$1" ]; }
screen_has() { screen_pane | grep -qF -- "$1"; }
screen_lacks() { ! screen_has "$1"; }
screen_is_still() {
	local now
	now=$(screen_pane)
	[ -n "${now//[[:space:]]/}" ] && [ "$now" = "$screen_before" ] && screen_times=$((screen_times + 1)) ||
		screen_times=0
	screen_before=$now
	[ $screen_times -ge 10 ]
}

expect() {
	local want
	want=$(cat)
	screen_start
	screen_n=$((screen_n + 1))
	if [ -n "$SCREEN_BLESS" ]; then
		screen_times=0
		screen_until screen_is_still || screen_fail "the screen does not come to rest"
		screen_pane | screen_squeeze >"$SCREEN_BLESS/$screen_n"
		return
	fi
	screen_until screen_same "$want" && return
	echo "fail: screen $screen_n is not as expected (- expected, + there)" >&2
	diff -U2 <(printf '%s\n' "$want") <(screen_pane | screen_squeeze) | tail -n +3 >&2
	exit 1
}

see() {
	screen_start
	screen_until screen_has "$1" || screen_fail "$screen_term: never saw: $1"
}

unseen() {
	screen_start
	screen_until screen_lacks "$1" || screen_fail "still there: $1"
}

# --- live tests: pods of the lab, and what stands in the terminal beside the text ------

# A lab; what its pods are is the test's. Options for sonde are set for it.
screen_lab() {
	. "$SCREEN_TOP/tests/lab/lab.sh"
	lab_up || screen_fail "the lab did not start"
	trap 'screen_r=$?; screen_end; (exit $screen_r); lab_down' EXIT
	options --runtime-roots "$LAB_ROOTS" --bpf-dir "$LAB/bpf"
}

# For tests that need no pods.
screen_alone() {
	trap screen_end EXIT
	trap 'exit 143' TERM INT HUP PIPE
}

# The text of the row under the cursor (in --theme mono: the reversed one below the header).
screen_selected() {
	screen_pane -e | sed -n '5,$p' | grep -m1 $'^\e\\[[0-9;]*7m' | sed 's/\x1b\[[0-9;]*m//g'
}
screen_is_selected() { [[ "$(screen_selected)" == *"$1"* ]]; }
selected() { screen_until screen_is_selected "$1" || screen_fail "the cursor is not on $1 but: $(screen_selected)"; }

# The process in the pane.
screen_pid() { screen_tmux display-message -p '#{pane_pid}'; }
dead() { # STATUS
	screen_until test -s "$screen_dir/status" || screen_fail "the console did not end"
	[ "$(cat "$screen_dir/status")" = "$1" ] ||
		screen_fail "$screen_term: ended with $(cat "$screen_dir/status") instead of $1"
}
until_true() { # SENTENCE COMMAND…
	local what=$1
	shift
	screen_until "$@" || screen_fail "$what"
}
