#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs sonde in emulated guests with other kernels: run.sh SUITE…, Debian's names. A guest
# has pure cgroup v2; check.py says what must have come out. Without qemu or an image this
# fails, it does not skip.
set -u
cd "$(dirname "$0")/../.." || exit 1

O=${O:-build}
cache=$O/kernels
limit=${GUEST_SECONDS:-85}
passed=0 failed=0
qemu=

cleanup() {
	[ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# A root with busybox, sonde and its libc, and the programs of the lab.
initramfs() {
	local root=$cache/root prog lib
	rm -rf "$root"
	mkdir -p "$root"/{bin,proc,sys,tmp,run,dev,etc,lib,lib64,var}
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$O/sonde" "$root/bin/"
	for prog in echo-server talk dns hello spawn blink; do
		cp "$O/tests/lab/$prog" "$root/bin/"
	done
	ldd "$O/sonde" | grep -oE '/[^ ]+' | while read -r lib; do
		mkdir -p "$root$(dirname "$lib")"
		cp -L "$lib" "$root$lib"
	done
	install -m 755 tests/kernels/guest.sh "$root/init"
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$cache/initramfs.gz"
}

guest() { # SUITE
	local suite=$1 log=$cache/$1/serial
	tests/kernels/fetch.sh "$suite" "$cache" || {
		echo "FAIL  $suite: its kernel cannot be had"
		return 1
	}
	# TCG on purpose: not every host that runs the tests has a KVM that works.
	timeout -k 5 "$limit" qemu-system-x86_64 -accel tcg -smp 2 -m 512 -nographic -no-reboot \
		-kernel "$cache/$suite/vmlinuz" -initrd "$cache/initramfs.gz" \
		-append 'console=ttyS0 panic=-1 quiet' >"$log" 2>&1 </dev/null &
	qemu=$!
	wait "$qemu"
	qemu=
	/usr/bin/python3 tests/kernels/check.py "$suite" "$(cat "$cache/$suite/release")" "$log"
}

for tool in qemu-system-x86_64 busybox; do
	command -v $tool >/dev/null || {
		echo "FAIL  there is no $tool"
		echo "0 passed, 1 failed, 0 skipped"
		exit 1
	}
done
mkdir -p "$cache"
initramfs
for suite in "$@"; do
	out=$(guest "$suite")
	echo "$out"
	((passed += $(grep -c '^ok' <<<"$out"), failed += $(grep -c '^FAIL' <<<"$out")))
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
