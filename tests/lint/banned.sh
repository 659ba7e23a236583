#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Calls that have no place here: unbounded copies, shells, guesses at numbers; and in core
# whatever prints or ends the process. Comments and texts in quotes do not count.
set -u

bad=0
# code FILE…: the files without comments and string contents, line numbers kept
code() {
	for f; do
		sed -E 's/\\"//g; s/"[^"]*"/""/g; s/'"'"'[^'"'"']*'"'"'/0/g; s://.*$::; s:/\*.*\*/::g' "$f" |
			awk -v f="$f" '
				/\/\*/ { sub(/\/\*.*/, ""); print f ":" NR ":" $0; inside = 1; next }
				inside { if (/\*\//) { sub(/.*\*\//, ""); inside = 0 } else next }
				{ print f ":" NR ":" $0 }'
	done
}
ban() { # ban WHY CALLS FILE…
	local why=$1 calls=$2 out
	shift 2
	out=$(code "$@" | grep -E "(^|[^A-Za-z0-9_.>])($calls)[[:space:]]*\(")
	[ -z "$out" ] || {
		echo "$out" | sed "s/\$/   <- $why/"
		bad=1
	}
}

all=$(find bpf core include tui tests -name '*.[ch]')
ours=$(find bpf core include tui -name '*.[ch]')
# Tests copy constants of their own; nothing from outside passes there.
ban 'no bound' 'sprintf|vsprintf|strcpy|stpcpy|strcat|strncat|gets|strncpy|alloca' $ours
ban 'no bound' 'gets|alloca' $all
ban 'no error' 'atoi|atol|atoll|atof' $ours
ban 'a shell' 'system|popen|wordexp' $all
ban 'not safe with threads' 'strtok|localtime|gmtime|ctime|asctime|rand|srand' $(find core include tui -name '*.[ch]')
ban 'a guessable file' 'mktemp|tmpnam|tempnam|tmpfile' $all
ban 'core never prints' 'printf|vprintf|puts|putchar|perror|vwarn|warnx|syslog|psignal' \
	$(find core -name '*.[ch]')
ban 'core never exits' 'exit|_exit|abort|errx|verr|quick_exit' $(find core -name '*.[ch]')
exit $bad
