/* SPDX-License-Identifier: BSD-2-Clause */
/* Any arguments: masking stays inside them, keeps the NULs, and is done after one pass over its own
 * output. */
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		return 0;
	memcpy(copy, p, n);
	mask_args(copy, n);
	for (size_t i = 0; i < n; i++) {
		if (copy[i] != (char)p[i] && (copy[i] != '*' || !p[i]))
			abort();
	}
	free(copy);
	return 0;
}
