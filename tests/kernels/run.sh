#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Boots Debian kernels in emulated guests and checks what sonde saw in them: run.sh SUITE…
# A missing qemu, kernel or busybox is a failure. KERNELS_TABLE=FILE also writes the table
# of docs/kernels.md. Emulation only: nested virtualisation is not to be counted on.
set -u

O=${O:-build}
cache=${SONDE_KERNELS:-$O/kernels}
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0
tmp=$(mktemp -d) || exit 1
child=
cleanup() {
	# TERM, not KILL: timeout hands it on to what it runs, and then kills that itself.
	[ -z "$child" ] || { kill -TERM "$child" && wait "$child"; } 2>/dev/null
	rm -rf "$tmp"
}

limited() { # SECONDS COMMAND…: waited for in a way that a signal interrupts
	timeout -k 5 "$@" </dev/null &
	child=$!
	wait "$child"
	local rc=$?
	child=
	return $rc
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

give_up() {
	echo "fail: $*"
	echo "$passed passed, $((failed + 1)) failed, 0 skipped"
	exit 1
}

for tool in qemu-system-x86_64 busybox python3 ldd; do
	command -v $tool >/dev/null || give_up "there is no $tool here: make deps"
done
[ -x "$O/sonde" ] || give_up "there is no $O/sonde: make all"

# One initramfs for all: busybox, sonde with its glibc, the loads.
root=$tmp/root
mkdir -p "$root"/{bin,sbin,proc,sys,dev,tmp,run,out,root,etc,var/log}
cp "$(command -v busybox)" "$root/bin/busybox"
readelf -lW "$root/bin/busybox" | grep -q INTERP && give_up "busybox is not static"
for applet in $(busybox --list); do
	[ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done
cp "$O/sonde" "$root/bin/sonde"
for lib in $(ldd "$O/sonde" | grep -o '/[^ )]*'); do
	mkdir -p "$root$(dirname "$lib")"
	cp -L "$lib" "$root$lib"
done
for prog in blink dns echo-server talk udp leader hello spawn; do
	cp "$O/tests/lab/$prog" "$root/bin/" || give_up "the loads are not built: make progs"
done
cp "$here/guest.sh" "$root/init"
echo 'root:x:0:0::/root:/bin/sh
daemon:x:1:1::/:/bin/sh' >"$root/etc/passwd"
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$tmp/initramfs"

boot() { # SUITE: leaves what the guest sent in $tmp/SUITE
	local dir=$cache/$1 limit=${GUEST_LIMIT:-80}
	mkdir -p "$tmp/$1"
	limited "$limit" qemu-system-x86_64 -accel tcg -m 512 -smp 2 -display none -no-reboot \
		-nodefaults -kernel "$dir/vmlinuz" -initrd "$tmp/initramfs" \
		-append 'console=ttyS0 panic=-1 quiet rdinit=/init' \
		-serial "file:$tmp/$1.console" -serial "file:$tmp/$1.tar.gz"
	tar -xzf "$tmp/$1.tar.gz" -C "$tmp/$1" 2>/dev/null
}

results=()
for suite; do
	limited "${FETCH_LIMIT:-60}" "$here/fetch.sh" "$suite" "$cache" ||
		give_up "the kernel of $suite could not be fetched"
	release=$(cat "$cache/$suite/release")
	began=$SECONDS
	boot "$suite"
	echo "$release" >"$tmp/$suite/release"
	echo "== $suite, $release: $((SECONDS - began)) s, $(cut -d' ' -f1 "$tmp/$suite/uptime" \
		2>/dev/null) s of them in the guest"
	if out=$(/usr/bin/python3 "$here/check.py" "$tmp/$suite"); then
		:
	elif [ ! -s "$tmp/$suite/events" ]; then
		tail -n 15 "$tmp/$suite.console" "$tmp/$suite/trace" 2>/dev/null
	fi
	echo "$out"
	((passed += $(grep -c '^ok' <<<"$out"), failed += $(grep -c '^not ok' <<<"$out")))
	results+=("$tmp/$suite")
	[ -z "${KEEP:-}" ] || cp -r "$tmp/$suite" "$KEEP/"
done
[ -z "${KERNELS_TABLE:-}" ] ||
	/usr/bin/python3 "$here/check.py" --table "${results[@]}" >"$KERNELS_TABLE"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
