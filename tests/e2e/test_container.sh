# SPDX-License-Identifier: BSD-2-Clause
# title: in a privileged container with the node's pids, sonde sees the node through --host-root
. tests/e2e/lib.sh

# As a debug pod has it: the node's root at /host, its pids, none of its other namespaces.
inside() { # COMMAND…
	unshare -m -- sh -c '
		root=$1; shift
		mount -t tmpfs tool "$root" && cd "$root" && mkdir bin lib lib64 proc sys tmp host dev run var &&
		mount --rbind / host && mount -t proc proc proc && mount -t sysfs sys sys &&
		mount --rbind /dev dev && mount --rbind /lib lib && mount --rbind /lib64 lib64 &&
		mkdir usr && mount --rbind /usr usr && cp "$SONDE" bin/sonde && exec chroot . /bin/sonde "$@"' \
		sh "$LAB/tool" "$@"
}

begin
export SONDE
case $SONDE in /*) ;; *) SONDE=$PWD/$SONDE ;; esac
mkdir "$LAB/tool"
lab_pod shop app lab:1 sh -c 'while :; do blink 1000 in-mark; sleep 0.05; done'
for root in "--host-root /host" ""; do		# told, and found by itself
	inside events --json --for 2s $root --runtime-roots "$LAB_ROOTS" --state-dir /tmp/state \
		--run-dir /tmp/run >"$LAB/events" 2>"$LAB/events.err" </dev/null || fail "events ended with $?"
	holds events 'len(marked("in-mark")) > 10'
	holds events 'all(e["pod"] == "shop/app" and e["container"] == "main" for e in marked("in-mark"))'
	holds events 'not any(S["lost"].values())'
done
