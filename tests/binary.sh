#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The one file runs where there is glibc and nothing else: it asks the loader for libc only,
# and in a root that holds just the two files of glibc it answers.
set -u

O=${O:-build}
passed=0 failed=0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

check() {
	if [ "$2" = 0 ]; then
		((passed += 1))
	else
		((failed += 1))
		echo "not ok: $1"
	fi
}

needs=$(ldd "$O/sonde" | awk '{ print $1 }' | grep -vE '^(linux-vdso\.so|libc\.so\.6$|/.*/ld-linux)')
[ -z "$needs" ]
check "the binary needs glibc alone, but also: $needs" $?

while read -r lib; do
	mkdir -p "$root$(dirname "$lib")"
	cp -L "$lib" "$root$lib"
done < <(ldd "$O/sonde" | grep -o '/[^ )]*')
cp "$O/sonde" "$root/sonde"
chroot "$root" /sonde help >"$root/out" 2>&1
check "sonde help in a root of glibc alone: $(head -n 3 "$root/out")" $?

# doctor, events and one table; exit 3 of doctor says "no live tracing here", which is an answer
mkdir -p "$root/proc" "$root/sys" "$root/tmp"
if [ "$(id -u)" = 0 ]; then
	run="mount -t proc proc '$root/proc' && mount --rbind /sys '$root/sys' && exec chroot '$root' /sonde"
	for cmd in 'doctor --json' 'events --for 1s --json' 'ps --json'; do
		unshare -m --propagation slave timeout 30 sh -c "$run $cmd" >"$root/out" 2>"$root/err"
		rc=$?
		[ "$rc" = 0 ] && [ -s "$root/out" ]
		check "sonde $cmd there: exit $rc, $(head -n 3 "$root/err")" $?
	done
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
