# SPDX-License-Identifier: BSD-2-Clause
# title: a pod that floods takes nothing from a quiet pod beside it
. tests/e2e/lib.sh

begin
lab_pod shop sink lab:1 echo-server -q -w 2 8080
lab_pod noise noisy lab:1 sh -c "while [ ! -e /lab/noise ]; do sleep 0.1; done
	for i in 1 2 3; do talk -n 1000000 $(lab_ip sink) 8080 >/dev/null & done; wait"
mkfifo "$LAB/ctl/go"
lab_pod storm s1 lab:1 spawn -s -w /lab/go -n 1500 -r 500 quiet-mark storm/s1
events_start
touch "$LAB/ctl/noise"
storm_go
lab_wait 30 storm_done 1 || fail "the quiet pod did not end"
storm_made 1 >"$LAB/made"
lab_pod_rm noisy
sleep 0.5
events_stop
holds events 'len(of(pod="noise/noisy")) > 3000'
# Something had to give, and it was not the quiet one's.
holds events '"storm/s1" not in {r["pod"] for r in S["lost_by"]} and
	{"noise/noisy", "shop/sink"} & {r["pod"] for r in S["lost_by"]}'
holds events 'S["sampled_out"] + S["lost"]["budget"] > 0'
holds events 'len(marked("quiet-mark")) == 1500 and
	{e["pod"] for e in marked("quiet-mark")} == {"storm/s1"}'
