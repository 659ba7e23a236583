# SPDX-License-Identifier: BSD-2-Clause
# title: a process ends when its last thread does, also when its first thread ended before
. tests/e2e/lib.sh

begin
lab_pod shop app lab:1 sleep 1000
events_start
lab_exec app leader exit 300 7 && fail "leader should end with 7"
lab_exec app leader last 300
lab_exec app leader exec 300 100000 leader-mark
lab_exec app leader kill 300
sleep 0.3
events_stop
ended='one("exit", exec_id=of("exec", argv=["leader"] + A)[0]["exec_id"])'
holds events "$ended"'["exit_code"] == 7' exit 300 7
holds events "$ended"'["exit_code"] == 0' last 300
holds events "$ended"'["signal"] == 9' kill 300
for how in "exit 300 7" "last 300" "kill 300"; do
	holds events '2.9e8 < '"$ended"'["duration_ns"] < 3e9' $how
done
# The thread that became another program kept the pid: one process, two images.
holds events 'of("exec", argv=["leader", "exec", "300", "100000", "leader-mark"])[0]["pid"] ==
	one("exec", argv=["blink", "300", "100000", "leader-mark"])["pid"]'
holds events 'one("exit", exec_id=one("exec", argv=["blink", "300", "100000", "leader-mark"])["exec_id"])["exit_code"] == 0'
holds events 'not of("exit", exec_id=of("exec", argv=["leader", "exec", "300", "100000", "leader-mark"])[0]["exec_id"])'
