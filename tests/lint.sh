#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs the checks of tests/lint; each is one test, silent when it holds.
set -u

passed=0 failed=0
for check in tests/lint/*.sh; do
	if "$check"; then
		((passed += 1))
	else
		((failed += 1))
		echo "not ok: $(basename "$check" .sh)"
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
