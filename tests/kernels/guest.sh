#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# The guest's first process: pure cgroup v2, two pods as a kubelet and containerd would
# leave them (one by each cgroup driver), a load with known answers, and sonde beside it.
# What sonde printed goes to the serial line between markers; then the guest ends.

export PATH=/bin
/bin/busybox mount -t proc proc /proc # it asks there where it lies itself
/bin/busybox --install -s /bin
mount -t sysfs sys /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t devtmpfs dev /dev 2>/dev/null
ip link set lo up

uid_a=11111111-2222-3333-4444-555555555555
uid_b=66666666-7777-8888-9999-aaaaaaaaaaaa
cid_a=$(printf 'a%.0s' $(seq 64))
cid_b=$(printf 'b%.0s' $(seq 64))
group_a=/sys/fs/cgroup/kubepods/burstable/pod$uid_a/$cid_a
slice_b=kubepods-burstable-pod$(echo $uid_b | tr - _).slice
group_b=/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/$slice_b/cri-containerd-$cid_b.scope

state() { # CID UID POD
	local dir=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$1
	mkdir -p "$dir"
	cat >"$dir/config.json" <<END
{"ociVersion":"1.0.2","annotations":{
"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"main",
"io.kubernetes.cri.image-name":"registry.example/$3:1","io.kubernetes.cri.sandbox-id":"$1",
"io.kubernetes.cri.sandbox-name":"$3","io.kubernetes.cri.sandbox-namespace":"shop",
"io.kubernetes.cri.sandbox-uid":"$2"}}
END
}

mkdir -p "$group_a" "$group_b"
cid_o=$(printf 'd%.0s' $(seq 64))
group_o=${group_a%/*}/$cid_o
mkdir -p "$group_o"
for dir in /sys/fs/cgroup /sys/fs/cgroup/kubepods /sys/fs/cgroup/kubepods/burstable "${group_a%/*}"; do
	echo +memory >"$dir/cgroup.subtree_control"
done
echo 4M >"$group_o/memory.max"
state "$cid_a" $uid_a server
state "$cid_b" $uid_b client
state "$cid_o" $uid_a server

in_a() { sh -c 'echo $$ >'"$group_a"'/cgroup.procs; exec "$@"' sh "$@"; }
in_b() { sh -c 'echo $$ >'"$group_b"'/cgroup.procs; exec "$@"' sh "$@"; }

part() { # NAME FILE: to the serial line
	echo "==begin $1"
	cat "$2"
	echo "==end $1"
}

wait_for() { # WORD FILE: at most a minute, emulation is slow
	local i=0
	until grep -q "$1" "$2" 2>/dev/null || [ $i -ge 600 ]; do
		usleep 100000
		i=$((i + 1))
	done
}

in_a echo-server -q -w 2 8080 >/dev/null &
in_a dns serve -p 53 api.shop.example=127.0.0.1 >/dev/null &

sonde events --json --for 120s >/tmp/events 2>/tmp/events.err &
events=$!
wait_for ready /tmp/events.err
in_b spawn -n 20 guest-mark shop/client >/tmp/made
in_b sh -c 'exit 7'
in_b sh -c 'kill -9 $$'
in_b talk -b 1000 -e -k 300 127.0.0.1 8080 >/dev/null
in_b talk 127.0.0.1 9 >/dev/null
in_b dns ask -c 127.0.0.1 api.shop.example >/dev/null
in_b hello -k 300 127.0.0.1 8080 sni.shop.example >/dev/null
sh -c 'echo $$ >'"$group_o"'/cgroup.procs; exec /bin/dd if=/dev/zero of=/dev/null bs=64M count=1' 2>/dev/null
in_b talk -b 10 -k 20000 127.0.0.1 8080 >/dev/null &
kept=$!
mkdir "${group_b%/*}/cri-containerd-$(printf 'c%.0s' $(seq 64)).scope"
rmdir "${group_b%/*}/cri-containerd-$(printf 'c%.0s' $(seq 64)).scope"
sonde ps --json --where 'k8s.pod.name exists' >/tmp/ps 2>&1
sonde pods --json >/tmp/pods 2>&1
sonde conns --json --where 'k8s.ns.name = shop' >/tmp/conns 2>&1
sonde doctor --json >/tmp/doctor 2>/tmp/doctor.err
echo "exit $?" >>/tmp/doctor.err
kill -INT $events
wait $events
kill $kept
for f in events events.err ps pods conns doctor doctor.err made; do
	part $f /tmp/$f
done
poweroff -f
