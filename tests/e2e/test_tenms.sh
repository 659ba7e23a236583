# SPDX-License-Identifier: BSD-2-Clause
# title: processes of 10 ms are seen by the thousand, forty at a time
. tests/e2e/lib.sh

begin
storm_pods 2 2000 storm-10ms -u 10000 -j 20
events_start
storm_go
lab_wait 40 storm_done 2 || fail "the storm did not end in 40 s"
storm_made 2 >"$LAB/made"
events_stop
check storm "$LAB/events" "$LAB/made" storm-10ms
