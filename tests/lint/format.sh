#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every C file is laid out as .clang-format says. Version 14 is the one that counts: others
# disagree with it in small things.
set -u

tool=$(command -v clang-format-14 || command -v clang-format) || {
	echo "there is no clang-format"
	exit 1
}
files=$(git ls-files '*.c' '*.h' 2>/dev/null)
[ -n "$files" ] || files=$(find bpf core include tui tests -name '*.[ch]')
out=$(xargs "$tool" --dry-run -Werror <<<"$files" 2>&1) && exit 0
echo "$out" | grep -E 'error:' | sed 's/: error:.*/: not as the formatter lays it out/' | sort -u | head -20
exit 1
