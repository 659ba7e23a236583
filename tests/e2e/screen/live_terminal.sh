# SPDX-License-Identifier: BSD-2-Clause
# title: the terminal is whole after q, Ctrl-c, SIGTERM, a crash and a closed pane
. "$(dirname "$0")/lib.sh"
screen_alone
screen_folders

# A shell as people have it, with a mark that nothing on the console's screen has.
screen_open env PS1='ready> ' bash --norc --noprofile -i
see 'ready>'
tty=$(screen_tmux display-message -p '#{pane_tty}')
before=$(stty -a -F "$tty")
run="$SONDE --config $screen_dir/config --state-dir $screen_dir/state --run-dir $screen_dir/run \
--history $SCREEN_TOP/tests/fixtures/captures/shop.cap"

console_pid() { # the one below the pane's shell
	pid=$(pgrep -P "$(screen_pid)" -x sonde)
	[ -n "$pid" ]
}
whole() { # HOW
	see 'ready>'
	until_true "$1: no shell on the main screen" \
		eval '[ "$(screen_tmux display-message -p "#{alternate_on}")" = 0 ]'
	until_true "$1: the cursor is hidden" \
		eval '[ "$(screen_tmux display-message -p "#{cursor_flag}")" = 1 ]'
	until_true "$1: the mouse is still taken" \
		eval '[ "$(screen_tmux display-message -p "#{mouse_any_flag}")" = 0 ]'
	until_true "$1: stty differs" eval '[ "$(stty -a -F "$tty")" = "$before" ]'
	unseen shop/web
	screen_tmux send-keys -l "echo st''ill \$?"
	screen_tmux send-keys Enter
	see "still $2"
	screen_tmux send-keys C-l
	unseen still
}
begin() {
	screen_tmux send-keys -l "$run"
	screen_tmux send-keys Enter
	see shop/web
	until_true "there is no console" console_pid
	[ "$(screen_tmux display-message -p '#{alternate_on}')" = 1 ] || screen_fail "not on a screen of its own"
}

begin; keys q; whole q 0
begin; keys C-c; whole Ctrl-c 0
begin; kill -TERM "$pid"; whole SIGTERM 0
begin; kill -HUP "$pid"; whole SIGHUP 0
begin; kill -SEGV "$pid"; whole SIGSEGV 139
begin; kill -ABRT "$pid"; whole SIGABRT 134

begin
console=$pid
screen_tmux set-option -g exit-empty off
screen_tmux kill-pane
until_true "the console outlives its terminal" eval '[ ! -d /proc/$console ]'
