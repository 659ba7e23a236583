#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Process 1 of a guest: a small node in pure cgroup v2 with kubelet's groups and state as
# containerd and CRI-O leave it, a load that makes each kind of event once or more, and
# sonde watching. All that sonde said goes out of the second serial port as one archive.

export PATH=/bin:/sbin HOME=/root LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
ip link set lo up
hostname guest
mkdir -p /out /var/lib/sonde /run/sonde
C=/sys/fs/cgroup
echo '+memory +pids +cpu' >$C/cgroup.subtree_control

# uid N, id N: names as long as the real ones, told apart by their first digits
uid() { echo "${1}0000000-1111-4222-8333-444444444444"; }
id() { echo "${1}0000000000000000000000000000000000000000000000000000000000000fe"; }

groups() { # PATH: the group and all above it, with controllers
	mkdir -p "$C$1"
	local at=$C part
	for part in $(echo "$1" | tr / ' '); do
		at=$at/$part
		[ "$at" = "$C$1" ] || echo '+memory +pids +cpu' >"$at/cgroup.subtree_control"
	done
}

containerd_state() { # N NAMESPACE POD CONTAINER CGROUPSPATH
	local d=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$(id "$1")
	mkdir -p "$d"
	cat >"$d/config.json" <<-END
	{ "ociVersion": "1.0.2", "process": { "args": [ "sleep" ], "cwd": "/" },
	  "annotations": {
	    "io.kubernetes.cri.container-type": "container",
	    "io.kubernetes.cri.container-name": "$4",
	    "io.kubernetes.cri.image-name": "registry.example/$4:1",
	    "io.kubernetes.cri.sandbox-id": "$(id f)",
	    "io.kubernetes.cri.sandbox-name": "$3",
	    "io.kubernetes.cri.sandbox-namespace": "$2",
	    "io.kubernetes.cri.sandbox-uid": "$(uid "$1")" },
	  "linux": { "cgroupsPath": "$5" } }
	END
}

crio_state() { # N NAMESPACE POD CONTAINER
	local d=/run/containers/storage/overlay-containers/$(id "$1")/userdata
	mkdir -p "$d"
	cat >"$d/config.json" <<-END
	{ "ociVersion": "1.0.2-dev", "process": { "args": [ "sleep" ], "cwd": "/" },
	  "annotations": {
	    "io.container.manager": "cri-o",
	    "io.kubernetes.cri-o.ContainerType": "container",
	    "io.kubernetes.cri-o.SandboxID": "$(id f)",
	    "io.kubernetes.cri-o.KubeName": "$3",
	    "io.kubernetes.cri-o.Namespace": "$2",
	    "io.kubernetes.cri-o.ImageName": "registry.example/$4:1",
	    "io.kubernetes.pod.name": "$3",
	    "io.kubernetes.pod.namespace": "$2",
	    "io.kubernetes.pod.uid": "$(uid "$1")",
	    "io.kubernetes.container.name": "$4" } }
	END
}

WEB=/kubepods/burstable/pod$(uid a)/$(id a)
API=/kubepods.slice/kubepods-besteffort.slice
API=$API/kubepods-besteffort-pod$(uid b | tr - _).slice/cri-containerd-$(id b).scope
STORE=/kubepods.slice/kubepods-pod$(uid c | tr - _).slice/crio-$(id c).scope
BARE=/kubepods/besteffort/pod$(uid d)/$(id d)
HOG=/kubepods/pod$(uid e)/$(id e)

in_group() { # GROUP COMMAND…: run in it, as runc does: first the group, then the exec
	local group=$1
	shift
	sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$C$group" "$@"
}

# within N COMMAND…: until it holds, at most N seconds
within() {
	local left=$(($1 * 10))
	shift
	while ! "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		usleep 100000
	done
}
listens() { netstat -ltun 2>/dev/null | grep -q ":$1 "; }
is_ready() { grep -qx ready /out/events.err; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

send_out() {
	cat /proc/uptime >/out/uptime
	stty -F /dev/ttyS1 raw -echo 2>/dev/null
	tar -C /out -cz . >/dev/ttyS1
	poweroff -f
}
trap send_out EXIT
set -x
exec 2>/out/trace

# Before sonde: a pod that already runs, with a connection that already stands.
containerd_state b shop api api "kubepods-besteffort-pod$(uid b | tr - _).slice:cri-containerd:$(id b)"
groups $API
in_group $API echo-server -w 2 8080 >/dev/null 2>&1 &
echo $! >/out/listener.pid
in_group $API echo-server -6 -w 1 8081 >/dev/null 2>&1 &
in_group $API udp serve 9000 >/dev/null 2>&1 &
in_group $API dns serve store.example=192.0.2.7 >/dev/null 2>&1 &
within 20 listens 8080
within 20 listens 8081
within 20 listens 9000
within 20 listens 53
in_group $API talk -e -b 10 -k 600000 127.0.0.1 8080 >/out/old.talk &
within 20 grep -q connected /out/old.talk

sonde doctor --json >/out/doctor 2>/out/doctor.err
echo $? >/out/doctor.rc
sonde events --json >/out/events 2>/out/events.err &
sonde=$!
within 60 is_ready || exit 1

# Three pods that are born while it watches, one of them without any state on disk.
containerd_state a shop web web "$WEB"
crio_state c shop store store
containerd_state e shop hog hog "$HOG"
groups $WEB
groups $STORE
groups $BARE
groups $HOG
in_group $WEB blink 1000 mark-exec 'two words'
in_group $STORE blink 1000 mark-crio
in_group $BARE blink 1000 mark-bare
in_group $WEB sh -c 'blink 1000 mark-child; exit 7'
in_group $WEB sh -c 'kill -9 $$'
in_group $WEB leader last 20
in_group $WEB sh -c 'setuidgid daemon true' 2>/dev/null
in_group $WEB spawn -n 20 guest-storm shop/web >/out/made
in_group $WEB talk -e -b 5000 -k 300 127.0.0.1 8080 >/out/web.talk
in_group $WEB talk -b 100 -k 300 ::1 8081 >/out/web6.talk
in_group $WEB talk 127.0.0.1 9 >/out/refused.talk
in_group $WEB udp send 127.0.0.1 9000 unconnected >/out/udp4
in_group $WEB udp send -c 127.0.0.1 9000 connected >/out/udp4c
in_group $WEB udp send ::1 9000 unconnected >/out/udp6
in_group $WEB udp send -c ::1 9000 connected >/out/udp6c
in_group $WEB dns ask 127.0.0.1 store.example >/out/dns
in_group $WEB hello -k 300 127.0.0.1 8080 shop.example >/out/hello
echo 8M >$C$HOG/memory.max
echo 0 >$C$HOG/memory.swap.max 2>/dev/null
in_group $HOG tail /dev/zero
# In the network of this guest only; a group that goes takes its container along.
usleep 300000
rmdir $C$STORE
usleep 700000

sonde ps --json >/out/ps 2>/out/ps.err
echo $? >/out/ps.rc
sonde pods --json >/out/pods 2>/out/pods.err
echo $? >/out/pods.rc
sonde conns --json >/out/conns 2>/out/conns.err
echo $? >/out/conns.rc
kill -INT $sonde
wait $sonde
echo $? >/out/events.rc
