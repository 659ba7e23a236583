/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde.yaml, as anybody may have written it: options stay in their range, warnings are safe to
 * print. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config_inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_warning(const char *p)
{
	size_t n = strlen(p);

	if (n > 600)
		abort();
	for (size_t i = 0; i < n;) {
		int32_t cp;

		i += text_decode(p + i, n - i, &cp);
		if (cp < 0 || text_is_unsafe(cp))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sonde_config c;
	int r;

	if (n > 16384 || sonde_config_init(&c))
		return 0;
	r = config_parse(&c, "sonde.yaml", (const char *)data, n);
	if (r && !c.n_warnings)
		abort(); /* nothing is refused in silence */
	if (c.ring_kib < 64 || (c.ring_kib & (c.ring_kib - 1)) || !c.budget || !c.state_dir ||
	    !c.theme)
		abort();
	for (size_t i = 0; i < c.n_warnings; i++)
		check_warning(c.warnings[i]);
	sonde_config_done(&c);
	return 0;
}
