# SPDX-License-Identifier: BSD-2-Clause
# title: resized at any moment under load, the screen is whole; three sizes, each view
# limit: 60
. "$(dirname "$0")/lib.sh"
screen_lab
lab_pod scr busy lab/busy:1 sh -c 'sleep 1000' || exit 1
lab_pod scr store lab/store:1 sh -c 'echo-server -w 2 5432' || exit 1
see scr/busy
lab_exec_bg busy spawn -n 4000 -r 300 work scr || exit 1
until_true "no events" eval 'screen_pane | head -1 | grep -qE "ev/s +[0-9.]*[1-9]"'
framed() { # COLS ROWS: both ends of the screen belong to one frame
	local lines first last
	lines=$(screen_pane)
	first=${lines%%$'\n'*}
	last=${lines##*$'\n'}
	[[ $first == ' sonde '*lost* && $last == *Enter* && ${#first} -le $1 ]] &&
		[[ $(printf '%s\n' "$lines" | wc -l) = $2 ]] && [ "${first% }" != "" ] &&
		[[ ${#first} -ge $(($1 - 3)) ]]
}
for view in 4 2 3 1; do
	keys $view
	for s in "80 24" "120 40" "200 50"; do
		size $s
		until_true "view $view at $s is not whole" framed $s
	done
done
keys 4
for i in 1 2 3 4 5 6 7 8; do
	for s in "61 17" "40 8" "132 43" "20 5" "90 30"; do
		screen_tmux resize-window -x ${s% *} -y ${s#* }
	done
done
size 100 30
until_true "not whole after a storm of sizes" framed 100 30
# SIGTERM in the middle of it ends it as q does, and takes the probes along.
pid=$(pgrep -P "$(screen_pid)" -x sonde) || screen_fail "there is no console"
kill -TERM "$pid"
dead 0
