# SPDX-License-Identifier: BSD-2-Clause
# title: a click selects, two open, the header sorts, the wheel scrolls; --no-mouse leaves it alone
. "$(dirname "$0")/lib.sh"
screen_alone
replay shop.cap
options --theme mono

press() { # BUTTON COLUMN ROW, from 1
	screen_tmux send-keys -l $'\e'"[<$1;$2;$3M"$'\e'"[<$1;$2;$3m"
}

# Two clicks are one gesture when the second comes soon, which a busy machine may not manage
# at the first attempt.
opened() { # COLUMN ROW TEXT
	local SCREEN_WAIT=1
	press 0 "$1" "$2"
	sleep 0.05
	press 0 "$1" "$2"
	screen_until screen_has "$3"
}

see shop/web
selected attack/hostile
press 0 5 8
selected shop/store
press 0 5 7
selected shop/api
until_true 'two clicks do not open' opened 5 8 'shop/store-0 Processes'
keys Escape
see ' Pods '
press 0 3 4
see 'by owner  '
press 0 3 4
see 'by owner down'
press 0 3 4
see 'by owner  '
size 120 11
see shop/api
keys Home
selected attack/hostile
press 65 5 6
selected shop/api
press 64 5 6
selected attack/hostile
keys q
dead 0

# In tmux as people use it: the clicks come through a client that is attached.
screen_tmux kill-server
screen_on= SCREEN_SOCK=$SCREEN_SOCK-2
outer() { tmux -L "$SCREEN_SOCK-outer" -f /dev/null "$@"; }
trap 'outer kill-server 2>/dev/null; screen_end' EXIT
term tmux-256color
size 120 40
see shop/web
outer new-session -d -x 120 -y 40 env -u TMUX TERM=xterm-256color tmux -L "$SCREEN_SOCK" attach
until_true "no client was attached" eval 'outer capture-pane -p | grep -q shop/web'
outer send-keys -l $'\e[<0;5;8M'
outer send-keys -l $'\e[<0;5;8m'
selected shop/store
outer send-keys -l $'\e[<64;5;8M'
selected attack/hostile
outer kill-server

# Without the mouse the terminal keeps it: nothing is asked of it.
screen_tmux kill-server
screen_on= SCREEN_SOCK=$SCREEN_SOCK-3
term xterm-256color
options --no-mouse
see shop/web
[ "$(screen_tmux display-message -p '#{mouse_any_flag}')" = 0 ] || screen_fail "--no-mouse took it"
press 0 5 8
keys j
selected batch/report
