#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The top level is fixed, each source says its licence and its one job, headers are guarded,
# and nothing generated or bound to one machine is kept.
set -u

bad=0
say() {
	echo "$1"
	bad=1
}
list=$(git ls-files 2>/dev/null)
[ -n "$list" ] || list=$(find . -name build -prune -o -type f -print | sed 's:^\./::')

while read -r top; do
	case $top in
	bpf | core | include | tui | themes | tests | docs | Makefile | README.md | LICENSE | .*) ;;
	*) say "$top does not belong at the top level" ;;
	esac
done < <(echo "$list" | cut -d/ -f1 | sort -u)

while read -r f; do
	[ -e "$f" ] || continue
	head=$(head -n 4 "$f")
	licence=BSD-2-Clause
	[[ $f == bpf/* ]] && licence='(BSD-2-Clause OR GPL-2.0-only)'
	[[ $head == *"SPDX-License-Identifier: $licence"* ]] || say "$f: no SPDX line ($licence)"
	case $f in
	*.[ch])
		[[ $(sed -n 2p "$f") == '/*'* ]] || say "$f: line 2 opens no comment about its job"
		;;
	*.sh | tests/*.py | .ci/run)
		[ -x "$f" ] || [[ $(head -c 2 "$f") != '#!' ]] || say "$f: not executable"
		;;
	esac
	case $f in
	bpf/reads.bpf.h) ;; # a template: included twice, on purpose
	*.h) grep -q '^#ifndef [A-Z0-9_]*_H$' "$f" || [[ $f == *list.h ]] || say "$f: no guard" ;;
	esac
done < <(echo "$list" | grep -E '\.(c|h|sh|py)$|^\.ci/run$|^Makefile$')

while read -r f; do
	case $f in
	*.o | *.a | *.so | *.skel.h | *.pyc | *vmlinux.h) say "$f: generated" ;;
	esac
	[ -e "$f" ] && [ "$(stat -c %s "$f")" -gt 1000000 ] && say "$f: larger than 1 MB"
done <<<"$list"
exit $bad
