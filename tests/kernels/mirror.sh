#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Prints the Debian mirror that this machine's own apt uses (one URI), or fails.
set -eu

# One-line files say "deb [options] URI suite …", deb822 files say "URIs: URI …".
uris() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p'
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -n 's/^URIs: *\([^ ]*\).*/\1/p'
}

uri=$(uris | grep -E '/debian/*$' | head -n 1)
[ -n "$uri" ] || {
	echo "no Debian archive among this machine's apt sources" >&2
	exit 1
}
echo "$uri"
