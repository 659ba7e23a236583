#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What sonde costs here: `make bench` runs it, docs/benchmarks.md says what the figures
# mean. Some three minutes with SECONDS_EACH=3; PARTS picks some of it:
#
#   O=build SECONDS_EACH=5 ROUNDS=3 PARTS='storm packets replay model scale live' tests/bench/bench.sh
set -eu

O=${O:-build}
export O
each=${SECONDS_EACH:-5}
rounds=${ROUNDS:-3}
parts=${PARTS:-storm packets replay model scale live}

[ "$(id -u)" = 0 ] || { echo "bench: needs root" >&2; exit 1; }

title() { printf '\n== %s\n' "$*"; }

echo "$("$O/sonde" --version), $(date -u +%FT%TZ)"
echo "$(uname -sr), $(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)"
for part in $parts; do
	case $part in
	storm)
		title "fork+exec+connect storm, beside execsnoop+tcplife"
		python3 tests/bench/measure.py storm "$each" "$rounds"
		;;
	packets)
		title "established traffic"
		python3 tests/bench/measure.py packets "$each" "$rounds"
		;;
	replay)
		title "raw ring records through sensor, identity and model"
		"$O/bench_replay" 1000000
		;;
	model)
		title "the model alone"
		"$O/bench_model" 3
		;;
	scale)
		title "250 pods, 10,000 processes, 50,000 connections"
		"$O/bench_scale"
		;;
	live)
		title "from the start to a complete picture, 2,000 processes more in 100 cgroups"
		python3 tests/bench/measure.py live "$each" "$rounds"
		;;
	*)
		echo "bench: no part is called $part" >&2
		exit 2
		;;
	esac
done
title "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
