# SPDX-License-Identifier: BSD-2-Clause
# title: without BPF sonde polls, sees what lives long, and says what it misses
. tests/e2e/lib.sh

begin
lab_pod shop app lab:1 sleep 1000
lab_pod shop server lab:1 echo-server -q 8080
events_start --no-bpf
lab_exec_bg app blink 3000000 long-mark
lab_exec_bg app talk -k 3000 "$(lab_ip server)" 8080
wait_seen events long-mark 6
sleep 3.5
events_stop
holds events 'one("exec", argv=["blink", "3000000", "long-mark"])["pod"] == "shop/app"'
holds events 'marked("long-mark")[0]["origin"] == "polling"'
holds events 'of("exit", pid=marked("long-mark")[0]["pid"])'
holds events 'of("connect", remote=A[0], pod="shop/app")' "$(lab_ip server):8080"
grep -qi 'polling.*short-lived' "$LAB/events.err" || fail "it did not say what it misses"
