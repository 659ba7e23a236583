#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Proves the README's two commands on a bare Debian 12: a debootstrap root with git and make
# and nothing else, and the committed tree. `make run` is tried first, without the kernel's
# BTF in sight and without kernel headers; then `make test`, with a clock.
#
#   tests/bare.sh [run|test]      just one of the two; KEEP_ROOT=DIR: use it, keep it
#
# All mounts live in a mount namespace of their own and end with it, also on failure.
set -u
cd "$(dirname "$0")/.." || exit 1

[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
if [ -z "${BARE_INSIDE:-}" ]; then
	BARE_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
fi

O=${O:-build}
which=${1:-both}
limit=${BARE_LIMIT:-480}
mkdir -p "$O/log"
log=$(cd "$O/log" && pwd)
root=${KEEP_ROOT:-$(mktemp -d /var/tmp/sonde-bare.XXXXXX)}
console=
passed=0 failed=0

cleanup() {
	[ -z "$console" ] || kill "$console" 2>/dev/null
	# nothing of the host is below the root any more when its files go
	grep -o " $root/[^ ]* " /proc/self/mounts | sort -r | xargs -r -n 1 umount -l
	[ -n "${KEEP_ROOT:-}" ] || { grep -q " $root/" /proc/self/mounts || rm -rf "$root"; }
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

check() { # WHAT RC
	if [ "$2" = 0 ]; then
		((passed += 1))
		echo "ok     $1"
	else
		((failed += 1))
		echo "not ok $1"
	fi
}

inside() { # COMMAND in the root, with a clean environment
	env -i HOME=/root TERM=xterm-256color PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$root" /bin/sh -c "cd /sonde && $1"
}

if [ ! -x "$root/usr/bin/make" ]; then
	command -v debootstrap >/dev/null || { echo "there is no debootstrap here"; exit 1; }
	debootstrap --variant=minbase --include=git,make bookworm "$root" \
		"$(tests/kernels/mirror.sh)" >"$log/bare-root" 2>&1 || { tail "$log/bare-root"; exit 1; }
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root/sonde"
git clone -q "file://$PWD" "$root/sonde" || exit 1
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"

test_run() {
	local i=0 began=$SECONDS
	[ ! -d "$root/sys/kernel/btf" ] || mount -t tmpfs tmpfs "$root/sys/kernel/btf"
	mkfifo "$root/run/keys"
	inside 'script -qefc "stty cols 120 rows 40; make run" /run/screen </run/keys' >"$log/bare-run" 2>&1 &
	console=$!
	exec 7>"$root/run/keys"
	# the title bar of the console: then it is up
	until grep -qa 'lost' "$root/run/screen" 2>/dev/null || [ $i -ge 3000 ]; do
		kill -0 "$console" 2>/dev/null || break
		sleep 0.1
		i=$((i + 1))
	done
	grep -qa 'lost' "$root/run/screen"
	check "make run: the console is up after $((SECONDS - began)) s, with nothing but git and make before" $?
	printf q >&7
	wait "$console"
	check "make run: q ends it with exit 0" $?
	console=
	exec 7>&-
	[ "$failed" = 0 ] || tail -c 2000 "$root/run/screen" "$log/bare-run"
	! inside "dpkg-query -W 'linux-headers*'" 2>/dev/null | grep -q .
	check "no kernel headers were wanted" $?
	! inside "make -s all && find build -name '*.o' -newer build/sonde" | grep -q .
	check "a second make has nothing to do" $?
	umount "$root/sys/kernel/btf" 2>/dev/null
}

test_test() {
	local began=$SECONDS rc
	inside 'make test' >"$log/bare-test" 2>&1
	rc=$?
	tail -n 15 "$log/bare-test"
	check "make test: exit $rc after $((SECONDS - began)) s, what it installed included" $rc
	began=$SECONDS
	if [ $rc = 0 ]; then
		inside 'make test' >"$log/bare-test2" 2>&1
		check "make test again: $((SECONDS - began)) s of $limit" $(($? || SECONDS - began > limit))
	fi
}

[ "$which" = test ] || test_run
[ "$which" = run ] || test_test
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
