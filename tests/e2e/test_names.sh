# SPDX-License-Identifier: BSD-2-Clause
# title: beside a busy lab every event of a pod names pod and container, real CRI pods included
# limit: 90
. tests/e2e/lib.sh
. tests/lab/cri.sh

begin
need containerd protoc
cri_up || fail "the real lab did not start"
OPTS="--runtime-roots $LAB_ROOTS:$CRI_STATE ${OPTS#*"$LAB_ROOTS"}"
cri_pod real server echo-server -q 8080 || fail "no CRI pod"
cri_pod real client sh -c "while :; do talk -b 10 $(lab_ip server) 8080; blink 1000 cri-mark; sleep 0.1; done"
lab_pod shop api lab:1 echo-server -q 8080
lab_pod shop web lab:1 sh -c "while :; do talk -b 10 $(lab_ip api) 8080; blink 1000 mark; sleep 0.1; done"
LAB_CGROUP=v1 lab_pod shop old lab:1 sh -c "while :; do talk -b 10 $(lab_ip api) 8080; blink 1000 mark; sleep 0.1; done"
# A group of its own below the container's, as a systemd or a container engine inside makes one.
for cg in /sys/fs/cgroup/unified /sys/fs/cgroup/memory; do
	[ -d "$cg$(cat "$LAB/pods/web/cgroup")" ] || continue
	mkdir "$cg$(cat "$LAB/pods/web/cgroup")/$(lab_cid web)/nested"
	lab_pid web >"$cg$(cat "$LAB/pods/web/cgroup")/$(lab_cid web)/nested/cgroup.procs"
done
"$SONDE" events --for 5s --json $OPTS >"$LAB/events" 2>"$LAB/events.err" </dev/null ||
	fail "events ended with $?"
holds events 'S["received"] > 100 and not any(S["lost"].values())'
for pod in real/client real/server shop/web shop/api shop/old; do
	name=${pod#*/}
	holds events 'len(of(pod_uid=A[0])) > 20' "$(lab_uid "$name")"
	holds events 'all(e.get("pod") == A[1] and e.get("container") == "main" and
		e["container_id"] == A[2] for e in of(pod_uid=A[0]))' \
		"$(lab_uid "$name")" "$pod" "$(lab_cid "$name")"
done
holds events 'all(e["pod"] == "real/client" for e in marked("cri-mark")) and len(marked("cri-mark")) > 10'
holds events '{e["pod"] for e in marked("mark")} == {"shop/web", "shop/old"}'
holds events 'all(e["v"] == 1 and e["node"] and e["boot"] and e["origin"] in ("ring", "picture") for e in E)'
holds events '[e["seq"] for e in E] == sorted({e["seq"] for e in E})'
