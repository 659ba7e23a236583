# SPDX-License-Identifier: BSD-2-Clause
# title: after a hundred pods came and went under load nothing is lost and the tables are right
# limit: 300
. tests/e2e/lib.sh

begin
lab_pod shop server lab:1 echo-server -q -w 4 8080
lab_pod shop steady lab:1 sh -c "while :; do talk -b 100 -e -k 10 $(lab_ip server) 8080; blink 2000; done"
events_start
start ps ps --json --follow
for i in $(seq 100); do
	lab_pod churn "c$i" lab:1 sh -c "blink 1000 churn-mark c$i; talk -b 10 $(lab_ip server) 8080" ||
		fail "pod c$i"
	echo "churn/c$i $(lab_uid "c$i")" >>"$LAB/churned"
	[ $i -le 5 ] || lab_pod_rm "c$((i - 5))"
done
sleep 2
printf 'shop/server %s\n' "$(lab_uid server)" >"$LAB/made"
check procfs "$LAB/ps" "$LAB/made" 3
stop ps
events_stop
holds events 'not any(S["lost"].values()) and S["lost_by"] == []'
holds events 'sorted(e["pod"] for e in marked("churn-mark") if e["argv"][0] == "blink") ==
	sorted(f"churn/c{i}" for i in range(1, 101))'
holds events 'all(e["pod"] == "churn/" + e["argv"][3] for e in marked("churn-mark") if e["argv"][0] == "blink")'
