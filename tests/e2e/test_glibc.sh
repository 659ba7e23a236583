# SPDX-License-Identifier: BSD-2-Clause
# title: the one file runs in a root that has glibc and nothing else
. tests/e2e/lib.sh

begin
root=$LAB/glibc
mkdir -p "$root"/{bin,proc,sys,tmp}
cp "$SONDE" "$root/bin/sonde"
# Only what glibc itself is made of may be asked for.
ldd "$SONDE" | sed -n 's/.*[ \t]\(\/[^ ]*\) (.*/\1/p' | while read -r lib; do
	case $(basename "$lib") in
	ld-linux* | libc.so* | libm.so* | libpthread.so* | libdl.so* | librt.so* | libresolv.so*) ;;
	*) fail "sonde needs $lib" ;;
	esac
	mkdir -p "$root$(dirname "$lib")"
	cp -L "$lib" "$root$lib"
done || exit 1
mount --rbind /proc "$root/proc" && mount --rbind /sys "$root/sys" || fail "mounts"
lab_pod shop app lab:1 sh -c 'while :; do blink 1000 glibc-mark; sleep 0.05; done'
expect 0 chroot "$root" /bin/sonde doctor --json --state-dir /tmp/state --run-dir /tmp/run
grep -q '"state":"ok"' "$LAB/expect.out" || fail "nothing is ok in there"
expect 0 chroot "$root" /bin/sonde events --json --for 2s --state-dir /tmp/state --run-dir /tmp/run
cp "$LAB/expect.out" "$LAB/events"
holds events 'len(marked("glibc-mark")) > 10'
# The console too, although no terminal is described in there.
tmux -L "glibc$$" -f /dev/null new-session -d -x 120 -y 30 \
	"TERM=xterm-256color chroot $root /bin/sonde --state-dir /tmp/state --run-dir /tmp/run"
for i in $(seq 100); do
	tmux -L "glibc$$" capture-pane -p 2>/dev/null | grep -q 'ev/s.*lost' && break
	[ "$i" -lt 100 ] || { tmux -L "glibc$$" kill-server; fail "the console did not come"; }
	sleep 0.1
done
tmux -L "glibc$$" send-keys q
for i in $(seq 50); do
	tmux -L "glibc$$" list-sessions >/dev/null 2>&1 || break
	[ "$i" -lt 50 ] || { tmux -L "glibc$$" kill-server; fail "the console did not leave"; }
	sleep 0.1
done
# It cannot see the runtime's state there, but the cgroup tells the pod.
holds events 'all(e["pod_uid"] == A[0] for e in marked("glibc-mark"))' "$(lab_uid app)"
