#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Mutable globals of core and tui, as the compiler made them, beside docs/globals.txt: each
# one there has a reason, and no other may appear.
set -u

O=${O:-build}
bad=0
objects=$(find "$O/core" "$O/tui" -name '*.o' 2>/dev/null)
[ -n "$objects" ] || {
	echo "nothing is built in $O"
	exit 1
}
allowed=$(sed -n 's/^\([^# :]*\):.*/\1/p' docs/globals.txt)
found=
while read -r obj; do
	src=${obj#"$O"/}
	src=${src%.o}.c
	[ -e "$src" ] || continue
	while read -r name; do
		found+="$src/$name"$'\n'
		grep -qxF "$src/$name" <<<"$allowed" || {
			echo "$src: mutable global $name is not in docs/globals.txt"
			bad=1
		}
	# B b: zeroed, D d: set. What holds pointers lands in .data.rel.ro, a d without being mutable.
	done < <(readelf -sW "$obj" | awk -v obj="$obj" '
		BEGIN {
			while ((("readelf -SW " obj) | getline) > 0)
				if (match($0, /\[ *[0-9]+\] /)) {
					n = substr($0, RSTART + 1, RLENGTH - 3) + 0
					split(substr($0, RSTART + RLENGTH), f)
					sec[n] = f[1]
				}
		}
		$4 == "OBJECT" || $4 == "TLS" {
			s = sec[$7]
			if (s ~ /^\.(data|bss|tdata|tbss)/ && s !~ /^\.data\.rel\.ro/)
				print $8
		}' | sed 's/\.[0-9]*$//' | sort -u)
done <<<"$objects"
exit $bad
