# SPDX-License-Identifier: BSD-2-Clause
# title: with a ring that is too small and sonde stopped for 5 s, made = received + sampled out + lost
# limit: 100
. tests/e2e/lib.sh

begin
storm_pods 50 400 storm-loss
events_start --ring-kib 64
start ps ps --json --follow --ring-kib 64
both="$(cat "$LAB/events.pid") $(cat "$LAB/ps.pid")"
storm_go
sleep 0.5
kill -STOP $both
sleep 5
kill -CONT $both
lab_wait 60 storm_done 50 || fail "the storm did not end in 60 s"
storm_made 50 >"$LAB/made"
sleep 2
check procfs "$LAB/ps" "$LAB/made" 0.5
stop ps
events_stop
check storm "$LAB/events" "$LAB/made" storm-loss lossy
