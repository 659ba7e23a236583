# SPDX-License-Identifier: BSD-2-Clause
# The quick lab: pods made of runc containers, with the cgroup paths, annotations and
# state folder that kubelet and containerd would leave, so that sonde sees pods where
# there is no cluster. Source it in bash, as root:
#
#   . tests/lab/lab.sh
#   lab_up                              # a bridge in a network namespace of its own
#   lab_pod shop web busybox httpd -f   # namespace, name, image, command…
#   lab_exec web wget -qO- http://$(lab_ip api)/
#   lab_down                            # runs at exit by itself
#
# All of it lives below $LAB: no interface, firewall rule or file is left outside, and
# what a crashed lab left behind is swept by the next lab_up. Only processes that this
# lab started are ended, each by its id and start time.
#
# Knobs, read by lab_pod: LAB_QOS (burstable, besteffort, guaranteed), LAB_CPU (in
# thousandths of a core), LAB_MEM (bytes), LAB_CGROUP (hybrid, or v1: no v2 group of its
# own), LAB_STATE (names: as containerd writes; none: no state on disk; cut: half a JSON).
# The name of a pod's container is "main"; more containers come by lab_container.

LAB_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_TOP=$(cd "$LAB_SRC/../.." && pwd)
LAB_OUT=${O:-build}
case $LAB_OUT in /*) ;; *) LAB_OUT=$LAB_TOP/$LAB_OUT ;; esac
LAB_BIN=$LAB_OUT/tests/lab
LAB_TMP=${LAB_TMP:-/tmp}
LAB_LOCK=$LAB_TMP/sonde-lab.lock

lab_say() { echo "lab: $*" >&2; }

# What this host lacks, as one sentence; "" when the lab can run.
lab_missing() {
	local tool
	[ "$(id -u)" = 0 ] || { echo "the lab needs root"; return; }
	for tool in runc busybox ip nsenter unshare flock gcc; do
		command -v $tool >/dev/null || { echo "the lab needs $tool"; return; }
	done
	file_is_static "$(command -v busybox)" || echo "the lab needs busybox-static"
}

# A program without an interpreter runs in an empty root.
file_is_static() { ! readelf -lW "$1" 2>/dev/null | grep -q INTERP; }

lab_programs() {
	local src out
	mkdir -p "$LAB_BIN"
	(
		flock 9
		for src in "$LAB_SRC"/*.c; do
			out=$LAB_BIN/$(basename "$src" .c)
			[ "$out" -nt "$src" ] && continue
			gcc -std=gnu11 -D_GNU_SOURCE -static -O2 -Wall -Wextra -Werror -pthread \
				-o "$out.tmp" "$src" && mv "$out.tmp" "$out" || exit 1
		done
	) 9>"$LAB_BIN/.lock"
}

# --- processes, by id and start time ------------------------------------------------

lab_start_time() { # PID: clock ticks since boot, "" when it is gone
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	set -- $stat
	echo "${20}"
}

lab_own() { # PID: this lab started it and ends it
	echo "$1 $(lab_start_time "$1")" >>"$LAB/pids"
}

lab_kill() { # PID START [SIGNAL]
	[ "$(lab_start_time "$1")" = "$2" ] && kill "-${3:-KILL}" "$1" 2>/dev/null
	return 0
}

lab_wait() { # SECONDS COMMAND…: until it is true; 1 when the time is over
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# --- up and down --------------------------------------------------------------------

lab_up() {
	local why
	why=$(lab_missing)
	[ -z "$why" ] || { lab_say "$why"; return 1; }
	lab_programs || return 1
	lab_sweep
	lab_register || return 1
	LAB_SHELL=$BASHPID
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir "$LAB/fs"
	mount -t tmpfs -o size=256m,mode=755 sonde-lab "$LAB/fs" || return 1
	mkdir -p "$LAB/fs/root" "$LAB/pods" "$LAB/logs" "$LAB/ctl" "$LAB/runc" \
		"$LAB/state/io.containerd.runtime.v2.task/k8s.io"
	lab_root "$LAB/fs/root" || return 1
	LAB_ROOTS=$LAB/state
	# Another net for each lab: who looks at the whole node must not take one for the other.
	LAB_NET=10.$((RANDOM % 150 + 100)) LAB_NET6=fd$(od -An -N1 -tx1 /dev/urandom | tr -d ' '):$((RANDOM % 9000 + 1000))
	LAB_GW=$LAB_NET.0.1
	unshare -n -- sleep infinity >/dev/null 2>&1 </dev/null &
	LAB_SWITCH=$!
	disown
	lab_own $LAB_SWITCH
	lab_wait 5 lab_has_netns $LAB_SWITCH || return 1
	nsenter -t $LAB_SWITCH -n ip -batch - <<-END
		link add lab0 type bridge
		link set lab0 up
		addr add $LAB_GW/16 dev lab0
		addr add $LAB_NET6::1/64 dev lab0 nodad
	END
}

# Under the lock, so that nobody removes the common cgroup parents under our feet.
lab_register() {
	local me=$BASHPID	# the command substitution below has another one
	exec 9>"$LAB_LOCK"
	flock 9
	LAB=$(mktemp -d "$LAB_TMP/sonde-lab.XXXXXX") &&
		echo "$me $(lab_start_time $me)" >"$LAB/owner"
	exec 9>&-
	[ -r "$LAB/owner" ]
}

lab_has_netns() { [ "$(readlink /proc/$1/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }

# The root of every container: static programs only, as a small image has.
lab_root() {
	local src applet
	mkdir -p "$1"/{bin,dev,etc,lab,proc,sys,tmp,root,run,srv,var/log}
	cp "$(command -v busybox)" "$1/bin/busybox" || return 1
	for applet in $("$1/bin/busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
	for src in "$LAB_SRC"/*.c; do
		cp "$LAB_BIN/$(basename "$src" .c)" "$1/bin/"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$1/etc/passwd"
}

# End everything below a lab folder, whoever made it. Safe to run twice.
lab_clean() { # DIR
	local dir=$1 id pid start cg uid pass
	if [ -d "$dir/cri" ]; then
		. "$LAB_SRC/cri.sh"
		cri_clean "$dir"
	fi
	while read -r pid start; do
		lab_kill "$pid" "$start"
	done 2>/dev/null <"$dir/pids"
	# Twice: a runc that was at work when its shell ended may still bring one up.
	for pass in 1 2; do
		for id in $(ls "$dir/runc" 2>/dev/null); do
			lab_runc_gone "$dir" "$id"
		done
	done
	for uid in $(cat "$dir/uids" 2>/dev/null); do
		for cg in /sys/fs/cgroup/kubepods/*pod"$uid" /sys/fs/cgroup/kubepods/*/pod"$uid" \
			/sys/fs/cgroup/*/kubepods/pod"$uid" /sys/fs/cgroup/*/kubepods/*/pod"$uid"; do
			[ ! -d "$cg" ] || lab_rmdir_cgroup "$cg"
		done
	done
	grep " $dir/" /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r cg; do
		umount -l "$cg" 2>/dev/null
	done
	grep -q " $dir/" /proc/self/mounts || rm -rf "$dir"
}

lab_runc_gone() { # DIR ID
	timeout 10 runc --root "$1/runc" delete --force "$2" >/dev/null 2>&1 && return
	sleep 0.2
	timeout 10 runc --root "$1/runc" delete --force "$2" >/dev/null 2>&1
}

# A group may take a moment to be empty after its last process was killed.
lab_rmdir_cgroup() {
	local try
	for try in 1 2 3 4 5 6 7 8 9 10; do
		find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
		[ -d "$1" ] || return 0
		sleep 0.1
	done
	lab_say "could not remove $1"
}

lab_down() {
	local r=$?
	[ -n "$LAB" ] && [ "$LAB_SHELL" = "$BASHPID" ] || return $r
	trap '' INT TERM HUP
	lab_clean "$LAB"
	LAB=
	lab_sweep
	trap - INT TERM HUP EXIT
	return $r
}

# What labs left whose shell is gone; then the common parents, when nobody uses them.
lab_sweep() {
	local dir pid start cg
	(
		flock 9
		for dir in "$LAB_TMP"/sonde-lab.??????; do
			[ -r "$dir/owner" ] || continue
			read -r pid start <"$dir/owner"
			[ "$(lab_start_time "$pid")" = "$start" ] && continue
			lab_say "sweeping what $dir left"
			lab_clean "$dir"
		done
		[ -z "$(ls -d "$LAB_TMP"/sonde-lab.?????? 2>/dev/null)" ] || exit 0
		rmdir /sys/fs/cgroup/{,*/}kubepods/{burstable,besteffort} \
			/sys/fs/cgroup/{,*/}kubepods 2>/dev/null
		exit 0
	) 9>"$LAB_LOCK"
}

# --- pods ---------------------------------------------------------------------------

lab_json() { # TEXT: as a JSON string
	local s=${1//\\/\\\\}
	s=${s//\"/\\\"}
	s=${s//$'\n'/\\n}
	s=${s//$'\t'/\\t}
	printf '"%s"' "$s"
}

lab_new_id() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# The cgroup parent of a pod, as kubelet's cgroupfs driver names it.
lab_cgroup_parent() { # UID
	case ${LAB_QOS:-besteffort} in
	guaranteed) echo "/kubepods/pod$1" ;;
	*) echo "/kubepods/${LAB_QOS:-besteffort}/pod$1" ;;
	esac
}

# In v1 mode runc sees no v2 hierarchy, so the container stays in the v2 root.
lab_runc() {
	if [ "$(cat "$LAB_POD/cgroup-mode")" = v1 ] && [ -d /sys/fs/cgroup/unified ]; then
		unshare -m -- sh -c 'umount /sys/fs/cgroup/unified && exec "$@"' sh \
			runc --root "$LAB/runc" "$@"
	else
		runc --root "$LAB/runc" "$@"
	fi
}

lab_pod() { # NAMESPACE NAME IMAGE COMMAND…
	local ns=$1 name=$2 image=$3 n uid
	shift 3
	LAB_POD=$LAB/pods/$name
	[ ! -d "$LAB_POD" ] || { lab_say "there is a pod $name"; return 1; }
	mkdir "$LAB_POD"
	uid=$(cat /proc/sys/kernel/random/uuid)
	echo "$uid" >>"$LAB/uids"
	n=$(($(cat "$LAB/last-ip" 2>/dev/null || echo 1) + 1))
	echo $n >"$LAB/last-ip"
	echo "$uid" >"$LAB_POD/uid"
	echo "$ns" >"$LAB_POD/namespace"
	echo "$LAB_NET.$((n / 250)).$((n % 250 + 2))" >"$LAB_POD/ip"
	printf '%s::%x\n' "$LAB_NET6" $((n + 16)) >"$LAB_POD/ip6"
	lab_cgroup_parent "$uid" >"$LAB_POD/cgroup"
	echo "${LAB_CGROUP:-hybrid}" >"$LAB_POD/cgroup-mode"
	mkdir -p "$LAB/logs/${ns}_${name}_$uid"
	lab_pod_limits "$(cat "$LAB_POD/cgroup")"
	lab_make sandbox "" localhost/pause:1 /bin/pause || return 1
	lab_wire "$n" || return 1
	lab_make container main "$image" "$@"
}

# A kubelet sets the sum of its containers' limits on the pod's own group as well.
lab_pod_limits() { # CGROUP
	local c=/sys/fs/cgroup
	if [ -d $c/memory ]; then
		mkdir -p "$c/cpu$1" "$c/memory$1"
		[ -z "$LAB_CPU" ] || echo $((LAB_CPU * 100)) >"$c/cpu$1/cpu.cfs_quota_us"
		[ -z "$LAB_MEM" ] || echo "$LAB_MEM" >"$c/memory$1/memory.limit_in_bytes"
	elif [ -f $c/cgroup.controllers ] && [ -n "$LAB_CPU$LAB_MEM" ]; then
		mkdir -p "$c$1"
		lab_controllers "$1"
		[ -z "$LAB_CPU" ] || echo "$((LAB_CPU * 100)) 100000" >"$c$1/cpu.max"
		[ -z "$LAB_MEM" ] || echo "$LAB_MEM" >"$c$1/memory.max"
	fi
}

# On pure v2 every level above must hand the controllers down.
lab_controllers() { # CGROUP
	local dir=/sys/fs/cgroup part
	for part in $(echo "$1" | tr / ' '); do
		echo '+cpu +memory +pids' >"$dir/cgroup.subtree_control"
		dir=$dir/$part
	done
}

lab_container() { # POD CONTAINER IMAGE COMMAND…: one more container in a pod
	local pod=$1 name=$2 image=$3
	shift 3
	LAB_POD=$LAB/pods/$pod
	lab_make container "$name" "$image" "$@"
}

# Give the sandbox its eth0, with the other end on the lab's bridge.
lab_wire() { # NUMBER
	local pid
	pid=$(cat "$LAB_POD/pid.sandbox")
	nsenter -t "$LAB_SWITCH" -n ip -batch - <<-END || return 1
		link add v$1 type veth peer name eth0 netns $pid
		link set v$1 master lab0 up
	END
	nsenter -t "$pid" -n ip -batch - <<-END
		link set lo up
		addr add $(cat "$LAB_POD/ip")/16 dev eth0
		addr add $(cat "$LAB_POD/ip6")/64 dev eth0 nodad
		link set eth0 up
		route add default via $LAB_GW
	END
}

# One container: root, bundle with what containerd would write there, cgroup, start.
lab_make() { # sandbox|container NAME IMAGE COMMAND…
	local type=$1 cname=$2 image=$3 id bundle log key=${2:-sandbox}
	shift 3
	id=$(lab_new_id)
	bundle=$LAB/state/io.containerd.runtime.v2.task/k8s.io/$id
	[ "${LAB_STATE:-names}" = names ] || bundle=$LAB/bundles/$id
	mkdir -p "$bundle/rootfs" "$LAB/fs/$id/upper" "$LAB/fs/$id/work"
	echo "$id" >"$LAB_POD/id.$key"
	mount -t overlay overlay -o \
		"lowerdir=$LAB/fs/root,upperdir=$LAB/fs/$id/upper,workdir=$LAB/fs/$id/work" \
		"$bundle/rootfs" || return 1
	lab_spec "$type" "$cname" "$image" "$id" "$bundle" "$@" >"$bundle/config.json"
	log=$LAB/logs/$(cat "$LAB_POD/namespace")_$(basename "$LAB_POD")_$(cat "$LAB_POD/uid")/$key
	mkdir -p "$log"
	lab_cut_state "$id" "$bundle"
	lab_runc run -d --bundle "$bundle" --pid-file "$bundle/init.pid" "$id" \
		</dev/null > >(exec "$LAB_BIN/crilog" "$log/0.log") 2>&1 ||
		{ sleep 0.1; cat "$log/0.log" >&2; return 1; }
	cp "$bundle/init.pid" "$LAB_POD/pid.$key"
}

# What a node with broken state looks like to whoever reads it.
lab_cut_state() { # ID BUNDLE
	local there=$LAB/state/io.containerd.runtime.v2.task/k8s.io/$1
	[ "${LAB_STATE:-names}" = cut ] || return 0
	mkdir -p "$there"
	head -c 200 "$2/config.json" >"$there/config.json"
}

lab_spec() { # TYPE CONTAINER IMAGE ID BUNDLE COMMAND…
	local type=$1 cname=$2 image=$3 id=$4 bundle=$5 args= netns= arg name ns uid
	shift 5
	for arg; do
		args="$args${args:+, }$(lab_json "$arg")"
	done
	name=$(basename "$LAB_POD")
	ns=$(cat "$LAB_POD/namespace")
	uid=$(cat "$LAB_POD/uid")
	[ "$type" = sandbox ] ||
		netns=", \"path\": \"/proc/$(cat "$LAB_POD/pid.sandbox")/ns/net\""
	cat <<-END
	{ "ociVersion": "1.0.2",
	  "process": { "terminal": false, "user": { "uid": ${LAB_UID:-0}, "gid": ${LAB_UID:-0} },
	    "args": [ $args ], "cwd": "/",
	    "env": [ "PATH=/bin", "HOSTNAME=$name", "HOME=/root"${LAB_ENV:+, $(lab_json "$LAB_ENV")} ],
	    "capabilities": { $(lab_caps) },
	    "noNewPrivileges": false },
	  "root": { "path": "rootfs", "readonly": false },
	  "hostname": $(lab_json "$name"),
	  "mounts": [
	    { "destination": "/proc", "type": "proc", "source": "proc" },
	    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
	      "options": [ "nosuid", "strictatime", "mode=755", "size=65536k" ] },
	    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": [ "nosuid", "nodev" ] },
	    { "destination": "/lab", "type": "bind", "source": "$LAB/ctl", "options": [ "rbind", "rw" ] }
	  ],
	  "annotations": {
	    "io.kubernetes.cri.container-type": "$type",
	    $( [ "$type" = sandbox ] || echo "\"io.kubernetes.cri.container-name\": $(lab_json "$cname"),
	    \"io.kubernetes.cri.image-name\": $(lab_json "$image")," )
	    $( [ "$type" != sandbox ] ||
	       echo "\"io.kubernetes.cri.sandbox-log-directory\": \"$LAB/logs/${ns}_${name}_$uid\"," )
	    "io.kubernetes.cri.sandbox-id": "$(cat "$LAB_POD/id.sandbox")",
	    "io.kubernetes.cri.sandbox-name": $(lab_json "$name"),
	    "io.kubernetes.cri.sandbox-namespace": $(lab_json "$ns"),
	    "io.kubernetes.cri.sandbox-uid": "$uid"
	  },
	  "linux": {
	    "cgroupsPath": "$(cat "$LAB_POD/cgroup")/$id",
	    "resources": { $(lab_limits "$type") },
	    "namespaces": [ { "type": "pid" }, { "type": "ipc" }, { "type": "uts" },
	      { "type": "mount" }, { "type": "network"$netns } ] } }
	END
}

# What containers get by default from containerd, and a debugger's one for nested labs.
lab_caps() {
	local set list='"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID",
		"CAP_SETUID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT"'
	[ -z "$LAB_CAPS" ] || list="$list, $LAB_CAPS"
	for set in bounding effective permitted; do
		printf '%s"%s": [ %s ]' "${sep-}" $set "$list"
		local sep=', '
	done
}

lab_limits() { # TYPE: sandboxes have none
	local out=
	[ "$1" = container ] || return 0
	[ -z "$LAB_CPU" ] || out="\"cpu\": { \"quota\": $((LAB_CPU * 100)), \"period\": 100000 }"
	[ -z "$LAB_MEM" ] || out="$out${out:+, }\"memory\": { \"limit\": $LAB_MEM }"
	echo "$out"
}

lab_ip() { cat "$LAB/pods/$1/ip"; }
lab_ip6() { cat "$LAB/pods/$1/ip6"; }
lab_uid() { cat "$LAB/pods/$1/uid"; }
lab_cid() { cat "$LAB/pods/$1/id.${2:-main}"; }
lab_pid() { cat "$LAB/pods/$1/pid.${2:-main}"; }
lab_log() { # POD [CONTAINER]: what it said
	sed 's/^[^ ]* [^ ]* [^ ]* //' \
		"$LAB/logs/$(cat "$LAB/pods/$1/namespace")_$1_$(lab_uid "$1")/${2:-main}/0.log"
}

lab_exec() { # POD COMMAND…: in its main container, as kubectl exec would
	local pod=$1
	shift
	LAB_POD=$LAB/pods/$pod
	lab_runc exec "$(lab_cid "$pod")" "$@"
}

lab_exec_bg() { # POD COMMAND…: the same, detached
	local pod=$1
	shift
	LAB_POD=$LAB/pods/$pod
	lab_runc exec -d "$(lab_cid "$pod")" "$@" </dev/null >/dev/null 2>&1
}

lab_pod_rm() { # NAME: the pod ends: its containers, then its sandbox, groups and state
	local name=$1 key id
	LAB_POD=$LAB/pods/$name
	for key in $(cd "$LAB_POD" && ls -d id.* | sed 's/^id\.//' | grep -vx sandbox) sandbox; do
		id=$(cat "$LAB_POD/id.$key" 2>/dev/null) || continue
		lab_runc_gone "$LAB" "$id"
		for dir in "$LAB/state/io.containerd.runtime.v2.task/k8s.io/$id" "$LAB/bundles/$id"; do
			umount -l "$dir/rootfs" 2>/dev/null
			rm -rf "$dir"
		done
		rm -rf "${LAB:?}/fs/$id"
	done
	for key in /sys/fs/cgroup"$(cat "$LAB_POD/cgroup")" /sys/fs/cgroup/*"$(cat "$LAB_POD/cgroup")"; do
		[ ! -d "$key" ] || lab_rmdir_cgroup "$key"
	done
	rm -rf "$LAB_POD"
}
