#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes docs/pictures/*.svg: each view of the console as it runs on the pods of the demo.
# Only pods are shown: a filter keeps this machine's own services out.

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.." || exit 1
if [ -z "$SONDE_OPTIONS" ]; then	# the demo's pods first, then this script again, among them
	exec env O="${O:-build}" tests/lab/demo.sh "$here/pictures.sh"
fi
. "$here/lib.sh"
trap screen_end EXIT
trap 'exit 143' TERM INT HUP PIPE
SCREEN_WAIT=40
options $SONDE_OPTIONS --node-name node-7
out=docs/pictures
mkdir -p $out

picture() { # NAME TITLE
	screen_pane -e -N | /usr/bin/python3 "$here/ansi2svg.py" "$2" "$screen_cols" "$screen_rows" >"$out/$1.svg.tmp" &&
		mv "$out/$1.svg.tmp" "$out/$1.svg" || exit 1
	[ "$(stat -c %s "$out/$1.svg")" -lt 61440 ] || screen_fail "$1.svg is too big"
	echo "$out/$1.svg $(stat -c %s "$out/$1.svg")"
}
sparks() { [ "$(screen_pane | grep -c '[▂▃▄▅▆▇█]\{5\}')" -ge 3 ]; }

running() { screen_pane | grep -q 'batch/job-[0-9]* *Running'; }
node_wide() { # KEY TITLE: a view of the whole node, of which only the demo's namespaces are shown
	keys 5
	see Health
	keys "$1"
	see "Pods › $2"
	keys / C-u 'k8s.ns.name in (shop, batch)' Enter
	see 'in (shop, batch)'
}

see shop/web
keys / 'sonde.kind = pod' Enter
see 'kind = pod'
unseen ' host '
until_true "no rates" sparks
until_true "no job" running
picture pods "sonde: the pods of a node"
keys '?'
see 'Leave; probes detach'
picture help "the keys"
keys Escape
unseen 'Leave; probes detach'

node_wide 2 Processes
keys a
see hidden
keys Down
see postgres
unseen hidden
picture processes "processes as trees, each with its pod"
keys a
see shown
node_wide 3 Connections
keys ':sort -state' Enter
see 'by state'
see 'shop/store'
picture connections "who talks to whom, by name, what has ended among it"
node_wide 4 Events
see connect
until_true "few events" eval '[ "$(screen_pane | grep -c exec)" -gt 5 ]'
picture events "every exec, exit and connection, however short"
keys 1
see 'kind = pod'
keys / C-u shop/store Enter
see '/shop/store'
keys 2
see 'shop/store Processes'
keys / 'postgres' Enter
see '/postgres'
keys d
see SECTION
see cgroup
# The first of its ancestors is this machine's own.
keys / '!ancestry' Enter
see '/!ancestry'
picture details "one process in full"
keys 5
see Health
see tracing
picture health "what sonde sees here, what it does not, and the mend"
keys q
dead 0
