#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `make demo`: the console on five small pods that talk to each other, for somebody who
# has no cluster at hand. Everything it starts ends with it.
#
#   tests/lab/demo.sh [COMMAND…]     another command than the console, with sonde's
#                                    options in $SONDE_OPTIONS (for scripts and pictures)

cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lab.sh

sonde=$LAB_OUT/sonde
[ -x "$sonde" ] || { echo "There is no $sonde yet: run \`make all\` first." >&2; exit 1; }
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
why=$(lab_missing)
[ -z "$why" ] || { echo "The demo cannot start: $why." >&2; exit 3; }

cat >&2 <<'END'
Five pods of a small shop start on this machine; nothing else is touched, and they go
when you leave (q).

  shop/store   postgres, with a handful of connections
  shop/api     answers the web pods from the store; has a CPU limit that it runs into
  shop/web     serves pages, asks the api for each
  shop/worker  works through jobs: a few processes each second
  batch/job-…  comes, does its thing for some seconds, and goes

Try: arrows and Enter to go from a pod to its processes to their sockets, Esc back,
/ to filter, ? for all keys.
END

name_it() { # the programs under the names that a shop would give them
	local b=$LAB/fs/root/bin
	cp "$b/echo-server" "$b/postgres"
	cp "$b/echo-server" "$b/api-server"
	cp "$b/talk" "$b/psql"
	cp "$b/blink" "$b/thumbnail"
	printf '<html>shop</html>\n' >"$LAB/fs/root/srv/index.html"
}

start_pods() {
	LAB_QOS=burstable LAB_MEM=134217728 lab_pod shop store registry.shop.example/postgres:15 \
		postgres -w 6 5432 &&
	LAB_QOS=burstable LAB_CPU=50 LAB_MEM=67108864 lab_pod shop api registry.shop.example/api:2.4.1 \
		sh -c "api-server -w 3 8080 &
			while :; do psql -n 20 -i 50 -b 2000 -e $(lab_ip store) 5432
				i=0; while [ \$i -lt 60000 ]; do i=\$((i + 1)); done; done" &&
	LAB_QOS=burstable LAB_CPU=500 lab_pod shop web registry.shop.example/web:1.9 \
		sh -c "httpd -f -p 80 -h /srv &
			while :; do talk -b 300 -e -k 20 $(lab_ip api) 8080; sleep 0.3; done" &&
	lab_pod shop worker registry.shop.example/worker:1.9 \
		sh -c "talk -b 64 -k 3600000 $(lab_ip store) 5432 &
			while :; do for j in 1 2 3; do thumbnail 20000 --width 320 photo-\$j.jpg; done
				wget -qO /dev/null http://$(lab_ip web)/; sleep 0.5; done"
}

# The job that comes and goes, made by a loop beside the console.
jobs_loop() {
	local n=0
	exec 8<> <(:)		# a pause that leaves no process behind when this loop is ended
	while kill -0 "$1" 2>/dev/null; do
		n=$((n + 1))
		lab_pod batch "job-$n" registry.shop.example/report:3 \
			sh -c "psql -b 9000 -e -k 3000 $(lab_ip store) 5432; spawn -n 200 -u 10000 -r 50 report $n"
		read -rt 8 -u 8
		lab_pod_rm "job-$n"
		read -rt 4 -u 8
	done
}

lab_up && name_it && start_pods || { echo "The demo could not start its pods." >&2; exit 1; }
jobs_loop $$ >/dev/null 2>&1 &
lab_own $!
disown

mkdir -p "$LAB/sonde/state" "$LAB/sonde/run"
SONDE_OPTIONS="--runtime-roots $LAB_ROOTS --state-dir $LAB/sonde/state --run-dir $LAB/sonde/run"
export SONDE_OPTIONS
if [ $# -gt 0 ]; then
	"$@"
else
	"$sonde" $SONDE_OPTIONS
fi
