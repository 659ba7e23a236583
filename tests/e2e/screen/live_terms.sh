# SPDX-License-Identifier: BSD-2-Clause
# title: any TERM works, an unknown one too; NO_COLOR means none; 8, 16 and 256 colours
. "$(dirname "$0")/lib.sh"
screen_alone
replay shop.cap

again() {
	keys q
	dead 0
	screen_tmux kill-server
	screen_on=
	SCREEN_SOCK=sonde-screen-$$-$RANDOM$RANDOM
}
colours() { # how many kinds of colour there are on the screen
	screen_pane -e | grep -ao $'\e\\[[0-9;]*m' | tr -d '\033[m' | tr ';' '\n' |
		grep -cE '^(3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)$'
}
palette() { screen_pane -e | grep -aqE $'\e\\[[0-9;]*[34]8;5;'; }

for t in xterm-256color tmux-256color screen-256color; do
	term $t
	see shop/web
	[ "$(colours)" -gt 0 ] || screen_fail "$t: no colours"
	palette || screen_fail "$t: 256 colours are not used"
	again
done
for t in xterm xterm-16color screen tmux linux; do
	term $t
	see shop/web
	[ "$(colours)" -gt 0 ] || screen_fail "$t: no colours"
	! palette || screen_fail "$t: has no 256 colours"
	screen_lacks ' xl' || screen_fail "$t: lines are letters"
	keys j Enter
	see Processes
	keys '?'
	see 'Leave; probes detach'
	keys Escape
	unseen 'Leave; probes detach'
	again
done
for t in vt100 ansi; do
	term $t
	see shop/web
	[ $t = ansi ] || [ "$(colours)" = 0 ] || screen_fail "$t: has no colours"
	keys Enter
	see Processes
	again
done
term dumb
screen_start
dead 1
grep -q 'set TERM' "$screen_dir/status.err" || screen_fail 'nobody is told to set TERM'
screen_tmux kill-server
screen_on= SCREEN_SOCK=$SCREEN_SOCK-2
term no-such-terminal
see shop/web
see 'TERM no-such-terminal is not known here; drawing as for'
again

term xterm-256color
setenv NO_COLOR=1
see shop/web
[ "$(colours)" = 0 ] || screen_fail "NO_COLOR: there are $(colours) colours"
again
setenv NO_COLOR=
see shop/web
[ "$(colours)" -gt 0 ] || screen_fail "an empty NO_COLOR is none"
again
setenv LC_ALL=C
see shop/web
screen_pane | LC_ALL=C grep -q '[^ -~]' && screen_fail "LC_ALL=C: not only ASCII"
again
