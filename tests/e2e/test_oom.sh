# SPDX-License-Identifier: BSD-2-Clause
# title: a process that its memory limit ends is shown as an OOM kill of its pod
. tests/e2e/lib.sh

begin
LAB_MEM=16777216 lab_pod shop small lab:1 sleep 1000
events_start
lab_exec small tail /dev/zero && fail "nothing ended it"
sleep 0.3
events_stop
holds events 'len(of("oom", pod="shop/small")) == 1'
holds events 'one("exit", pid=one("oom", pod="shop/small")["pid"])["signal"] == 9'
