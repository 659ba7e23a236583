#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Lengths: 700 lines a file, 200 a header, 60 a function (100 for one that holds a table
# or a switch over one), 100 columns a line, 250 lines for the Makefile.
set -u

bad=0
dirs=$(ls -d bpf core include tui tests 2>/dev/null)
while read -r f; do
	max=700
	[[ $f == include/*.h || $f == core/*.h || $f == tui/*.h ]] && max=200
	# the face of the whole library is one header: STYLE's 1.2 comments make its length
	[ "$f" = include/sonde/sonde.h ] && max=240
	n=$(wc -l <"$f")
	((n <= max)) || {
		echo "$f: $n lines, $max at most"
		bad=1
	}
done < <(find $dirs -name '*.[ch]')
n=$(wc -l <Makefile)
((n <= 250)) || {
	echo "Makefile: $n lines, 250 at most"
	bad=1
}

# K&R: a function's body opens with a brace in column one and closes with one.
awk '
	FNR == 1 { open = 0 }
	{
		line = $0
		gsub(/\t/, "        ", line)
		gsub(/[\200-\277]/, "", line) # a character counts once, whatever its bytes
		if (length(line) > 100 && !wide[FILENAME]++) {
			printf "%s:%d: %d columns, 100 at most\n", FILENAME, FNR, length(line)
			bad = 1
		}
	}
	/^{/ { open = FNR; table = 0 }
	open && /^\t(switch|case|default|static const)|^\t(\t)?(X|F)\(|^\t\t\{ |^\t\t"/ { table++ }
	/^}/ && open {
		n = FNR - open - 1
		max = table > 5 ? 100 : 60
		if (n > max) {
			printf "%s:%d: a function of %d lines, %d at most\n", FILENAME, open, n, max
			bad = 1
		}
		open = 0
	}
	END { exit bad }
' $(find $dirs -name '*.[ch]') || bad=1
exit $bad
