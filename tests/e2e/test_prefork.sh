# SPDX-License-Identifier: BSD-2-Clause
# title: each connection of a prefork server is shown with the worker that serves it
. tests/e2e/lib.sh

begin
lab_pod shop server lab:1 echo-server -w 3 8080
lab_pod shop client lab:1 sleep 1000
events_start
start conns conns --json --follow
for i in 1 2 3; do
	lab_exec_bg client talk -e -b 10 -k 4000 "$(lab_ip server)" 8080
done
sleep 3
# All three workers hold one connection each, so each must be named once.
stop conns
workers=$(pgrep -P "$(lab_pid server)" | tr '\n' ' ')
[ "$(echo $workers | wc -w)" = 3 ] || fail "the server has no three workers"
holds conns '{r["pid"] for r in E if r["local"] == A[0] and r["state"] == "ESTABLISHED"
	and r is [q for q in E if q["id"] == r["id"]][-1]} == set(map(int, A[1].split()))' \
	"$(lab_ip server):8080" "$workers"
sleep 1.5
events_stop
holds events '{e["pid"] for e in of("close", local=A[0])} == set(map(int, A[1].split()))' \
	"$(lab_ip server):8080" "$workers"
