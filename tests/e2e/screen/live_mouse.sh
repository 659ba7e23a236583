# SPDX-License-Identifier: BSD-2-Clause
# title: a click selects, two open, the header sorts, the wheel scrolls; --no-mouse leaves it alone
. "$(dirname "$0")/lib.sh"
screen_alone
replay shop.cap
options --theme mono

press() { # BUTTON COLUMN ROW, from 1
	screen_tmux send-keys -l $'\e'"[<$1;$2;$3M"
	screen_tmux send-keys -l $'\e'"[<$1;$2;$3m"
}

see shop/web
selected attack/hostile
press 0 5 8
selected shop/store
press 0 5 7
selected shop/api
press 0 5 8
press 0 5 8
see 'shop/store-0 Processes'
keys Escape
see ' Pods '
until_true "the header did not sort" eval 'press 0 3 4; screen_has "by owner"'
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
