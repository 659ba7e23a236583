# SPDX-License-Identifier: BSD-2-Clause
# title: processes that follow each other under one pid are not mixed up
. tests/e2e/lib.sh

begin
LAB_CAPS='"CAP_CHECKPOINT_RESTORE", "CAP_SYS_ADMIN"' lab_pod shop reuse lab:1 sleep 1000
events_start
pid=$(lab_exec reuse pidreuse -n 5 reuse-mark) || fail "this kernel gave no pid twice: $pid"
pid=${pid#pid }
events_stop
holds events 'len(marked("reuse-mark")) == 5 + 1'			# and pidreuse itself
holds events '{e["pid"] for e in marked("reuse-mark") if e["argv"][0] == "blink"} == {int(A[0])}' "$pid"
holds events 'len({e["exec_id"] for e in marked("reuse-mark")}) == 6'
holds events 'sorted(e["argv"][3] for e in marked("reuse-mark") if e["argv"][0] == "blink"
	and one("exit", exec_id=e["exec_id"])["pid"] == e["pid"]
	and one("exit", exec_id=e["exec_id"])["time"] > e["time"]
	and e["pod"] == "shop/reuse") == list("01234")'
