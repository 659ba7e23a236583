# SPDX-License-Identifier: BSD-2-Clause
# title: five storms in a row lose nothing and leave no memory behind
# limit: 400
. tests/e2e/lib.sh

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$(cat "$LAB/events.pid")/status"; }

begin
events_start
for round in 1 2 3 4 5; do
	storm_pods 20 2000 "storm-$round"
	storm_go
	lab_wait 60 storm_done 20 || fail "storm $round did not end"
	storm_made 20 >>"$LAB/made"
	for i in $(seq 20); do lab_pod_rm "s$i"; done
	rm "$LAB/ctl/go"
	rss >>"$LAB/rss"
done
events_stop
holds events 'S["lost_by"] == [] and not any(S["lost"].values())'
holds events 'all(len(marked(f"storm-{r}")) == 20 * 2001 for r in range(1, 6))'
# What is gone is remembered for a minute; beyond that nothing may grow.
[ "$(tail -1 "$LAB/rss")" -lt 131072 ] || fail "sonde holds $(tail -1 "$LAB/rss") KiB"
