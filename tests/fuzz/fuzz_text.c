/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sanitizer: whatever bytes come, what it writes is safe, fits, is counted right
 * and stays as it is when it is shown again. The first two bytes choose the room.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_safe(const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		int32_t cp;

		i += text_decode(p + i, n - i, &cp);
		if (cp < 0 || text_is_unsafe(cp))
			abort();
	}
}

static void check_show(const char *p, size_t n, size_t cells, size_t size, unsigned flags)
{
	char *out = malloc(size + 1);
	size_t used, whole = sonde_text_cells(p, n, flags);

	out[size] = 'Z';
	used = sonde_text_show(out, size, cells, p, n, flags);
	if (out[size] != 'Z' || used > cells || (size && strlen(out) >= size))
		abort();
	if (size) {
		check_safe(out, strlen(out));
		if (sonde_text_cells(out, strlen(out), 0) != used)
			abort();
		if (whole <= cells && size > 12 * n && used != whole)
			abort();
		for (const char *c = out; flags && *c; c++)
			if ((unsigned char)*c > 0x7e)
				abort();
	}
	free(out);
}

static void check_json(const char *p, size_t n)
{
	struct buf b = { .max = 16 * n + 16 };
	bool escaped = false;

	if (text_json_told(&b, p, n, &escaped))
		abort();
	if (b.n < 2 || b.p[0] != '"' || b.p[b.n - 1] != '"')
		abort();
	check_safe(b.p, b.n);
	for (size_t i = 1; i + 1 < b.n; i++) {
		if (b.p[i] == '"')
			abort();
		if (b.p[i] == '\\')
			i++;
		if (i + 1 == b.n)
			abort(); /* an escape that eats the closing quote */
	}
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;

	if (n < 2 || n > 4096)
		return 0;
	check_show(p + 2, n - 2, data[0], (size_t)data[1] * 4, 0);
	check_show(p + 2, n - 2, data[0], (size_t)data[1] * 4, SONDE_TEXT_ASCII);
	check_show(p + 2, n - 2, 16 * n, 16 * n, 0);
	check_json(p + 2, n - 2);
	return 0;
}
