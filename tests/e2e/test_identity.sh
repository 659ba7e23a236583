# SPDX-License-Identifier: BSD-2-Clause
# title: no event of a container is without its pod's UID, and a missing name has its reason
. tests/e2e/lib.sh

cut_short() { # a pod that is gone, state and all, before anybody could read about it
	LAB_STATE=none lab_pod shop brief lab:1 blink 1 brief-mark
	echo "$(lab_uid brief)" >"$LAB/brief-uid"
	lab_pod_rm brief
}

begin
LAB_STATE=none lab_pod shop nameless lab:1 sleep 1000
LAB_STATE=cut lab_pod shop broken lab:1 sleep 1000
events_start
LAB_QOS=guaranteed lab_pod shop late lab:1 sh -c 'blink 1000 late-mark; exec sleep 1000'
LAB_CGROUP=v1 LAB_QOS=burstable lab_pod shop one lab:1 sh -c 'blink 1000 v1-mark; exec sleep 1000'
cut_short
lab_exec nameless blink 1000 nameless-mark
lab_exec broken blink 1000 broken-mark
lab_container late second lab:2 sh -c 'blink 1000 second-mark; exec sleep 1000'
sleep 0.4
events_stop

holds events 'one("exec", argv=["blink", "1000", "late-mark"])["pod"] == "shop/late"'
holds events 'one("exec", argv=["blink", "1000", "late-mark"])["namespace"] == "shop"'
holds events 'one("exec", argv=["blink", "1000", "late-mark"])["container_id"] == A[0]' "$(lab_cid late)"
holds events 'one("exec", argv=["blink", "1000", "late-mark"])["image"] == "lab:1"'
holds events 'one("exec", argv=["blink", "1000", "second-mark"])["container"] == "second"'
holds events 'one("exec", argv=["blink", "1000", "second-mark"])["pod"] == "shop/late"'
holds events 'one("exec", argv=["blink", "1000", "v1-mark"])["pod"] == "shop/one"'
for mark in nameless broken; do
	holds events 'one("exec", argv=["blink", "1000", A[0] + "-mark"])["pod_uid"] == A[1]' \
		$mark "$(lab_uid $mark)"
	holds events 'one("exec", argv=["blink", "1000", A[0] + "-mark"])["pod"] is None and
		len(one("exec", argv=["blink", "1000", A[0] + "-mark"])["pod_reason"]) > 5' $mark
done
holds events 'one("exec", argv=["blink", "1", "brief-mark"])["pod_uid"] == A[0] and
	one("exec", argv=["blink", "1", "brief-mark"])["pod_reason"]' "$(cat "$LAB/brief-uid")"
holds events '{e["pod"] for e in of("container_start")} >= {"shop/late", "shop/one"}'
holds events 'of("container_stop", pod_uid=A[0])' "$(cat "$LAB/brief-uid")"
