#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes tests/fixtures/captures/shop.cap anew from make_capture.c; with --check only says
# whether it is still what that writes.

cd "$(dirname "$0")/../../.." || exit 1
out=${O:-build}
file=tests/fixtures/captures/shop.cap
[ -r "$out/libsonde.a" ] || { echo "there is no $out/libsonde.a: make all" >&2; exit 1; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/sonde-capture.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
gcc -std=gnu11 -O1 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude -Icore -Ibpf -o "$dir/make" \
	tests/e2e/screen/make_capture.c "$out/libsonde.a" \
	-lbpf -lelf -lz -ljansson -lyaml -lutf8proc -lpcre2-8 -lpthread &&
	"$dir/make" "$dir/shop.cap" || exit 1
if [ "$1" = --check ]; then
	cmp "$dir/shop.cap" $file
else
	install -m 644 "$dir/shop.cap" $file
fi
