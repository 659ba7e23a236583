# SPDX-License-Identifier: BSD-2-Clause
# The real lab: pods made by a containerd of its own (root, state, socket, configuration
# and bridge below $LAB), through the interface that a kubelet uses. Source lab.sh first
# and call lab_up; then
#
#   cri_up                               # containerd runs
#   cri_pod shop web echo-server 80      # namespace, name, command…
#   cri_exec web echo hi
#
# lab_down ends the pods through containerd, then containerd, then what a shim may have
# left. The state folder for --runtime-roots is $CRI_STATE.

cri() { "$CRI_PY" "$LAB_SRC/cri.py" "$CRI_SOCK" "$LAB/cri/gen" "$@"; }

cri_missing() {
	local tool
	for tool in containerd containerd-shim-runc-v2 ctr protoc tar; do
		command -v $tool >/dev/null || { echo "the real lab needs $tool"; return; }
	done
	/usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null ||
		{ echo "the real lab needs python3-grpcio"; return; }
	[ -x /usr/lib/cni/bridge ] && [ -x /usr/lib/cni/host-local ] ||
		echo "the real lab needs containernetworking-plugins"
}

cri_up() {
	local why net
	why=$(cri_missing)
	[ -z "$why" ] || { lab_say "$why"; return 1; }
	CRI_PY=/usr/bin/python3
	CRI_SOCK=$LAB/cri/containerd.sock
	CRI_STATE=$LAB/cri/state
	mkdir -p "$LAB"/cri/{root,state,net,gen}
	protoc --proto_path="$LAB_SRC" --python_out="$LAB/cri/gen" cri.proto || return 1
	# The bridge is the one thing that must be on the host; its name and net are ours alone.
	net=$((RANDOM % 200 + 20))
	CRI_BRIDGE=lab$(basename "$LAB" | tr -dc A-Za-z0-9 | tail -c 6)
	echo "$CRI_BRIDGE" >"$LAB/cri/bridge"
	cri_config "$net"
	containerd -c "$LAB/cri/config.toml" >"$LAB/cri/containerd.log" 2>&1 </dev/null &
	lab_own $!
	echo $! >"$LAB/cri/pid"
	disown
	lab_wait 20 cri_ready || { tail -5 "$LAB/cri/containerd.log" >&2; return 1; }
	cri_image localhost/pause:1 /pause pause && cri_image localhost/lab:1 /bin/sh
}

cri_ready() { [ -S "$CRI_SOCK" ] && cri ready 2>/dev/null; }

cri_config() { # NET
	cat >"$LAB/cri/config.toml" <<-END
	version = 2
	root = "$LAB/cri/root"
	state = "$LAB/cri/state"
	oom_score = 0
	[grpc]
	  address = "$CRI_SOCK"
	[plugins."io.containerd.grpc.v1.cri"]
	  sandbox_image = "localhost/pause:1"
	  restrict_oom_score_adj = true
	  disable_apparmor = true
	  # Not in /run/netns: whoever uses ip-netns there later would hide ours from containerd.
	  netns_mounts_under_state_dir = true
	  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
	    runtime_type = "io.containerd.runc.v2"
	    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
	      Root = "$LAB/cri/runc"
	  [plugins."io.containerd.grpc.v1.cri".cni]
	    bin_dir = "/usr/lib/cni"
	    conf_dir = "$LAB/cri/net"
	END
	cat >"$LAB/cri/net/10-lab.conflist" <<-END
	{ "cniVersion": "0.4.0", "name": "$CRI_BRIDGE", "plugins": [ {
	  "type": "bridge", "bridge": "$CRI_BRIDGE", "isGateway": true, "ipMasq": false,
	  "ipam": { "type": "host-local", "subnet": "10.88.$1.0/24", "dataDir": "$LAB/cri/ipam",
	    "routes": [ { "dst": "0.0.0.0/0" } ] } } ] }
	END
}

# An image of one layer, made by hand: the lab's root, or the one program of a sandbox.
cri_image() { # NAME COMMAND [PROGRAM]
	local dir=$LAB/cri/image.$RANDOM sum
	mkdir -p "$dir/root"
	if [ -n "$3" ]; then
		cp "$LAB_BIN/$3" "$dir/root/$3"
		tar -C "$dir/root" -cf "$dir/layer.tar" .
	else
		tar -C "$LAB/fs/root" -cf "$dir/layer.tar" .
	fi
	sum=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
	cat >"$dir/config.json" <<-END
	{ "architecture": "$(dpkg --print-architecture 2>/dev/null || echo amd64)", "os": "linux",
	  "config": { "Cmd": [ "$2" ], "Env": [ "PATH=/bin" ] },
	  "rootfs": { "type": "layers", "diff_ids": [ "sha256:$sum" ] } }
	END
	echo "[{\"Config\":\"config.json\",\"RepoTags\":[\"$1\"],\"Layers\":[\"layer.tar\"]}]" \
		>"$dir/manifest.json"
	tar -C "$dir" -cf "$dir.tar" manifest.json config.json layer.tar
	ctr -a "$CRI_SOCK" -n k8s.io images import "$dir.tar" >/dev/null || return 1
	rm -rf "$dir" "$dir.tar"
}

cri_pod() { # NAMESPACE NAME COMMAND…
	local ns=$1 name=$2 uid made
	shift 2
	uid=$(cat /proc/sys/kernel/random/uuid)
	echo "$uid" >>"$LAB/uids"
	LAB_POD=$LAB/pods/$name
	mkdir "$LAB_POD"
	echo "$uid" >"$LAB_POD/uid"
	echo "$ns" >"$LAB_POD/namespace"
	lab_cgroup_parent "$uid" >"$LAB_POD/cgroup"
	made=$(cri pod "$ns" "$name" "$uid" "$LAB/logs/${ns}_${name}_$uid" \
		"$(cat "$LAB_POD/cgroup")") || return 1
	echo "${made% *}" >"$LAB_POD/id.sandbox"
	echo "${made#* }" >"$LAB_POD/ip"
	cri run "${made% *}" "$ns" "$name" "$uid" "$LAB/logs/${ns}_${name}_$uid" \
		"$(cat "$LAB_POD/cgroup")" main localhost/lab:1 "$@" >"$LAB_POD/id.main"
}

cri_exec() { # POD COMMAND…
	local pod=$1
	shift
	cri exec "$(lab_cid "$pod")" "$@"
}

# Called by lab_clean for a folder that has a containerd in it, dead or alive.
cri_clean() { # DIR
	local dir=$1 pid id
	CRI_PY=/usr/bin/python3
	CRI_SOCK=$dir/cri/containerd.sock
	[ ! -S "$CRI_SOCK" ] || LAB=$dir timeout 60 "$CRI_PY" "$LAB_SRC/cri.py" "$CRI_SOCK" \
		"$dir/cri/gen" stop-all 2>/dev/null
	lab_end_tree "$(cat "$dir/cri/pid" 2>/dev/null)" "$dir"
	# Shims outlive containerd; theirs is the one command line with our socket in it.
	for pid in $(grep -lsa "$dir/cri/" /proc/[0-9]*/cmdline | cut -d/ -f3); do
		case $({ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null) in
		*containerd-shim*" -address $CRI_SOCK"*) kill -KILL "$pid" 2>/dev/null ;;
		esac
	done
	for id in $(ls "$dir/cri/runc/k8s.io" 2>/dev/null); do
		timeout 10 runc --root "$dir/cri/runc/k8s.io" delete --force "$id" 2>/dev/null
	done
	[ ! -r "$dir/cri/bridge" ] || ip link del "$(cat "$dir/cri/bridge")" 2>/dev/null
	[ ! -r "$dir/cri/bridge" ] || rm -f /var/lib/cni/results/"$(cat "$dir/cri/bridge")"-*
	# Only when nobody else left something there.
	rmdir /run/containerd/s /run/containerd /var/lib/cni/results /var/lib/cni 2>/dev/null
	return 0
}

lab_end_tree() { # PID DIR: containerd, if it is still the one that was started here
	local start
	start=$(awk -v p="$1" '$1 == p { print $2 }' "$2/pids" 2>/dev/null)
	[ -n "$1" ] && [ -n "$start" ] || return 0
	lab_kill "$1" "$start" TERM
	lab_wait 10 lab_is_gone "$1" "$start" || lab_kill "$1" "$start"
}

lab_is_gone() { [ "$(lab_start_time "$1")" != "$2" ]; }
