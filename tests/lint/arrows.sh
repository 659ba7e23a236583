#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Holds the tree to docs/arrows.txt: which unit of core includes which, and who may
# include libbpf, SQLite, curl and ncurses. tui sees include/sonde and itself only.
set -u

bad=0
say() {
	echo "$1"
	bad=1
}

declare -A may
while IFS=: read -r unit list; do
	case $unit in '' | '#'*) continue ;; esac
	may[$unit]=" $unit $list "
done <docs/arrows.txt

# includes FILE…: "file<TAB>header" a quoted include
includes() {
	[ $# -gt 0 ] || return 0
	grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]+"' "$@" |
		sed -E 's/^([^:]*):.*"([^"]+)"$/\1\t\2/'
}

for dir in core/*/; do
	unit=$(basename "$dir")
	if [ -z "${may[$unit]+x}" ]; then
		say "core/$unit has no line in docs/arrows.txt"
		continue
	fi
	while IFS=$'\t' read -r file inc; do
		first=${inc%%/*}
		case $inc in
		sonde/*) continue ;;		# the public face is everybody's
		*.skel.h) [ "$unit" = sensor ] || [ "$unit" = contain ] ||
			say "$file includes the skeleton $inc" ;;
		*/*)
			if [ ! -d "core/$first" ]; then
				say "$file includes $inc, which is no unit of core"
			elif [[ ${may[$unit]} != *" $first "* ]]; then
				say "$file includes $inc: core/$unit may not know $first"
			fi
			;;
		*)
			if [ -e "$dir/$inc" ]; then
				say "$file includes \"$inc\": write \"$unit/$inc\""
			elif [ ! -e "bpf/$inc" ]; then
				say "$file includes $inc, which is above it"
			fi
			;;
		esac
	done < <(includes "$dir"*.[ch])
done

# The console may not look into core or bpf; the include path holds it too.
while IFS=$'\t' read -r file inc; do
	case $inc in
	sonde/*) [ -e "include/$inc" ] || say "$file includes $inc, which does not exist" ;;
	*) [ -e "tui/$inc" ] || say "$file includes $inc, which is not tui's" ;;
	esac
done < <(includes $(find tui -name '*.[ch]'))
while IFS=$'\t' read -r file inc; do
	[ -e "include/sonde/$inc" ] || say "$file includes $inc: the face stands alone"
done < <(includes $(find include -name '*.h'))

# only(WHO, PATTERN, PATHS ALLOWED): system headers with an owner
only() {
	local hit
	while read -r hit; do
		[[ $hit =~ ^($3) ]] || say "$hit includes $1; only ${3//|/, } may"
	done < <(grep -rlE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($2)" core include tui)
}
only libbpf 'bpf/(libbpf|bpf)\.h' 'core/sensor/|core/contain/'
only SQLite 'sqlite3\.h' 'core/store/'
only curl 'curl/' 'core/kube/'
only ncurses 'n?curses(w/[a-z]+)?\.h|ncurses/|term\.h' 'tui/console/'
exit $bad
