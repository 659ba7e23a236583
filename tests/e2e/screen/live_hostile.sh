# SPDX-License-Identifier: BSD-2-Clause
# title: hostile names, arguments and paths of a live pod harm nothing and keep the columns
# limit: 60
. "$(dirname "$0")/lib.sh"
screen_lab
options --theme mono
lab_pod scr evil lab/evil:1 sh -c 'echo $$; while :; do sleep 60; done' || exit 1
see scr/evil
keys / 'scr/evil' Enter
selected scr/evil
keys 2
see 'scr/evil Processes'
title=$(screen_tmux display-message -p '#{pane_title}')
lab_exec_bg evil hostile 20000 || exit 1
see hostile-18

harmless() { # the view is drawn whole, in its place, and nothing was said to the terminal
	local line
	[ "$(screen_tmux display-message -p '#{pane_title}')" = "$title" ] || screen_fail "the title was changed"
	! screen_tmux show-buffer >/dev/null 2>&1 || screen_fail "the clipboard was written"
	screen_pane | head -1 | grep -q '^ sonde ' || screen_fail "the first line is not the bar"
	screen_pane | tail -1 | grep -q 'Enter' || screen_fail "the last line is not the hints"
	# bidi marks, C1, zero width: none of them may come through
	! screen_pane | grep -qP '[\x{80}-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}]' ||
		screen_fail "a control character came through"
}
aligned() { # TITLE: right-aligned figures end where the column's title ends
	screen_pane | /usr/bin/python3 -c '
import sys, unicodedata
def width(c):
    return 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
lines = sys.stdin.read().split("\n")
end = lines[3].index(sys.argv[1]) + len(sys.argv[1])
rows = [l for l in lines[4:-3] if l.strip()]
bad = 0
for l in rows:
    at, last, after = 0, " ", "?"
    for c in l:
        last = c if at == end - 1 else last
        after = c if at == end else after
        at += width(c)
    if not (last.isdigit() or last in "smhd") or after != " ":
        bad += 1
        print("not aligned:", l)
sys.exit(bad > 0 or len(rows) < 15)' "$1" || screen_fail "column $1"
}
harmless
aligned AGE
size 200 50
see hostile-18
harmless
aligned AGE
size 80 40
see 'scr/evil'
harmless
aligned AGE
size 120 40
keys 4
see 'scr/evil Events'
see hostile-18
harmless
keys 2
see 'scr/evil Processes'
see 'hostile 20000'
keys / 'proc.cmdline contains "hostile-0"' Enter
see ' 1 of '
keys d
see SECTION
see hostile-0
harmless
keys c
see copied
keys q
dead 0
