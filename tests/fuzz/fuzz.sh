#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Fuzzes each target for FUZZ_SECONDS: fuzz.sh PROGRAM… New inputs stay below the build
# folder; a crash is printed with the file that repeats it.
set -u

failed=0
for t; do
	name=$(basename "$t")
	new=$(dirname "$t")/found/$name
	mkdir -p "$new"
	echo "== $name for ${FUZZ_SECONDS:-60} s"
	"$t" -max_total_time="${FUZZ_SECONDS:-60}" -rss_limit_mb=2048 -timeout=10 \
		-artifact_prefix="$new/crash-" -verbosity=0 -print_final_stats=1 \
		"$new" "tests/fuzz/corpus/${name#fuzz_}" >"$new.log" 2>&1 || {
		failed=1
		tail -n 60 "$new.log"
	}
	grep -E 'number_of_executed_units|average_exec' "$new.log"
done
exit $failed
