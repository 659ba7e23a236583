# SPDX-License-Identifier: BSD-2-Clause
# title: of 20,000 processes of 1 ms in 50 containers none is missed, and each has its pod
# limit: 100
. tests/e2e/lib.sh

begin
storm_pods 50 400 storm-1ms
events_start
storm_go
lab_wait 60 storm_done 50 || fail "the storm did not end in 60 s"
storm_made 50 >"$LAB/made"
events_stop
check storm "$LAB/events" "$LAB/made" storm-1ms
