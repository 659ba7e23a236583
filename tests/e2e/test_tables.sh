# SPDX-License-Identifier: BSD-2-Clause
# title: pods, ps and conns say what procfs and the cgroups say
. tests/e2e/lib.sh

begin
lab_pod shop server lab:1 echo-server -w 2 8080
LAB_QOS=burstable LAB_CPU=50 LAB_MEM=67108864 lab_pod shop busy lab:1 sh -c 'while :; do :; done'
lab_pod shop client lab:1 talk -b 1000 -e -k 60000 "$(lab_ip server)" 8080
printf 'shop/%s %s\n' server "$(lab_uid server)" busy "$(lab_uid busy)" client "$(lab_uid client)" >"$LAB/pods.txt"
sleep 0.5
for table in pods ps conns; do
	"$SONDE" $table --json $OPTS >"$LAB/t.$table" 2>"$LAB/t.err" || fail "$table ended with $?"
done
check procfs "$LAB/t.ps" "$LAB/pods.txt" 0
holds t.ps 'one(pid=int(A[0]))["argv"] == ["echo-server", "-w", "2", "8080"]' "$(lab_pid server)"
holds t.ps 'one(pid=int(A[0]))["container"] == "main" and one(pid=int(A[0]))["threads"] == 1 and
	one(pid=int(A[0]))["rss_bytes"] > 0' "$(lab_pid server)"
holds t.ps 'one(pid=int(A[0]))["ppid"] == int(A[1])' "$(pgrep -P "$(lab_pid server)" | head -1)" "$(lab_pid server)"
holds t.pods 'one(pod="shop/server")["processes"] == 4 and one(pod="shop/server")["containers"] == 1'
holds t.pods 'one(pod="shop/busy")["memory_limit"] == 67108864'
holds t.pods 'one(pod="shop/client")["conns"] == 1'
holds t.conns 'one(pod="shop/client", state="ESTABLISHED")["remote"] == A[0]' "$(lab_ip server):8080"
holds t.conns 'one(pod="shop/client", state="ESTABLISHED")["pid"] == int(A[0])' "$(lab_pid client)"
holds t.conns 'one(pod="shop/server", state="ESTABLISHED")["local"] == A[0]' "$(lab_ip server):8080"
holds t.conns 'one(pod="shop/server", state="ESTABLISHED")["pid"] in map(int, A[0].split())' \
	"$(pgrep -P "$(lab_pid server)" | tr '\n' ' ')"
holds t.conns 'one(pod="shop/server", state="LISTEN")["local"].endswith(":8080")'
# With time to measure, the pod that runs into its limit shows it.
start pods2 pods --json --follow
sleep 3
stop pods2
holds pods2 'of(pod="shop/busy")[-1]["cpu_throttled_pct"] > 50 and 2 < of(pod="shop/busy")[-1]["cpu_pct"] < 12'
"$SONDE" ps --json --where 'k8s.pod.name = client' --columns pid,pod,argv --sort -pid $OPTS >"$LAB/few" 2>&1 ||
	fail "ps --where"
holds few 'len(E) == 2 and all(list(r) == ["pid", "pod", "argv"] for r in E) and E[0]["pid"] > E[1]["pid"]'
