#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# clang-tidy with the checks of .clang-tidy over core and tui, two files at a time. What passed
# is remembered by the file's own and all headers' contents, so a second run looks at changes only.
set -u

O=${O:-build}
tool=$(command -v clang-tidy-14 || command -v clang-tidy) || {
	echo "there is no clang-tidy"
	exit 1
}
mkdir -p "$O/tidy"
headers=$(cat $(find bpf core include tui -name '*.h' | sort) .clang-tidy | sha256sum | cut -c1-16)
export O tool headers

look() {
	local f out stamp
	for f; do
		stamp=$O/tidy/$(sha256sum <"$f" | cut -c1-16)-$headers
		[ -e "$stamp" ] && continue
		out=$("$tool" --quiet "$f" -- -std=gnu11 -D_GNU_SOURCE -Iinclude -Icore -Itui -Ibpf \
			-I"$O/bpf" -I"$O/gen" -DSONDE_VERSION='""' 2>/dev/null | grep -E 'error:|warning:')
		if [ -n "$out" ]; then
			echo "$out" | sed "s:^$PWD/::"
		else
			: >"$stamp"
		fi
	done
}
export -f look
out=$(find core tui -name '*.c' | sort | xargs -n 4 -P 2 bash -c 'look "$@"' look)
[ -z "$out" ] || {
	echo "$out"
	exit 1
}
