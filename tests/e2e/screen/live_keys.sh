# SPDX-License-Identifier: BSD-2-Clause
# title: every key of the action list does what its help says, on live pods
# limit: 60
. "$(dirname "$0")/lib.sh"
screen_lab
lab_pod scr client lab/client:1 sh -c 'echo one line of log; while :; do sleep 0.2; done' || exit 1
lab_pod scr store lab/store:1 sh -c 'echo-server -w 2 5432' || exit 1
lab_pod scr web lab/web:1 sh -c "talk -b 64 -k 3600000 $(lab_ip store) 5432" || exit 1

did=' '
did() { did="$did$* "; }	# the actions that were tried

options --theme mono
see scr/web
screen_tmux set-option -g set-clipboard on

keys / 'scr/' Enter
see '/scr/'
unseen 'ssh.service'
see '3 of '
did filter

selected scr/client
keys j;	selected scr/store
keys Down;	selected scr/web
keys k;	selected scr/store
keys Up;	selected scr/client
did down up
keys G;	selected scr/web
keys g;	selected scr/client
keys End;	selected scr/web
keys Home;	selected scr/client
did bottom top
keys PgDn;	selected scr/web
keys PgUp;	selected scr/client
keys C-f;	selected scr/web
keys C-b;	selected scr/client
did page-down page-up

keys c
see 'copied: scr/client'
until_true "c did not reach the clipboard" \
	eval '[ "$(screen_tmux show-buffer 2>/dev/null)" = scr/client ]'
did copy

keys l
see 'one line of log'
see 'scr/client Log'
did log
keys Escape
unseen 'one line of log'
did back

keys j Enter
see 'scr/store Processes'
see '├ echo-server'
did open
keys j
selected echo-server
keys Left
see '▸'
unseen '├ echo-server'
keys Right
see '├ echo-server'
unseen '▸'
did left right
keys Left
see '▸'
keys z
see '├ echo-server'
did unfold
keys v
unseen '├ echo-server'
keys v
see '├ echo-server'
did flat
keys s
see 'sort by'
keys n
see 'by name'
did sort
keys v
see '├ echo-server'

keys d
see 'SECTION'
see '/bin/'
did details
keys Escape
see 'scr/store Processes'
keys -
see 'SECTION'
keys -
see 'scr/store Processes'
did last
keys 3
see 'scr/store Connections'
see 'LISTEN'
see ':5432'
did connections
keys 2
see 'scr/store Processes'
did processes
keys 4
see 'scr/store Events'
did events
lab_exec store sh -c 'true marker-one' >/dev/null
see marker-one
keys Space
see PAUSED
lab_exec store sh -c 'true marker-two' >/dev/null
did pause
unseen marker-two
keys Space
see marker-two
unseen PAUSED
keys 5
see Health
see tracing
did health
keys 1
see Pods
see scr/client
did pods

keys Escape
keys / 'scr/store' Enter
selected scr/store
keys 2
see 'scr/store Processes'
lab_exec_bg store sh -c 'exec sleep 0.5'
see sleep
until_true "the sleep did not end" eval '! lab_exec store pidof sleep >/dev/null'
see sleep
keys a
unseen '└ sleep'
see hidden
keys a
see shown
did gone

keys o
see 'Columns: '
keys Escape
unseen 'Columns: '
did columns
keys : 'conn' Tab Enter
see 'scr/store Connections'
did command
keys '?'
see 'Leave; probes detach'
keys Escape
unseen 'Leave; probes detach'
keys F1
see 'Leave; probes detach'
keys Escape
unseen 'Leave; probes detach'
did help

printf '\033[1;1Hrubbish on the screen' >"$(screen_tmux display-message -p '#{pane_tty}')"
see rubbish
keys C-l
unseen rubbish
did redraw
keys q
dead 0
did quit

for action in $(sed -n 's/^\tX([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$SCREEN_TOP/tui/console/actions.h"); do
	case $did in
	*" $action "*) ;;
	*) screen_fail "nobody tried the action $action" ;;
	esac
done
