/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one sanitizer: turns hostile bytes into something that a terminal or a JSON
 * reader can take without being steered by them.
 *
 * A text is read unit by unit. A unit is one code point, or one byte that is no
 * UTF-8, and becomes either itself or an escape. What decides is only the unit and
 * how many marks its cell already carries, so escaping a cut text and cutting an
 * escaped one show the same.
 */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <utf8proc.h>

#include "base/macros.h"

#define MARKS_A_CELL 2
#define UNIT_MAX     12 /* \u{10ffff} and a NUL */

/* What is to be written for one unit, and how much of the input it took. */
struct unit {
	char out[UNIT_MAX];
	unsigned char len, cells;
	unsigned char took;
};

size_t text_decode(const char *p, size_t n, int32_t *ret_cp)
{
	utf8proc_ssize_t r;

	r = utf8proc_iterate((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)MIN(n, (size_t)4),
			     ret_cp);
	if (r > 0)
		return (size_t)r;
	*ret_cp = -1;
	return 1;
}

/* Flags are pairs of these and faces take a tint after them: terminals disagree on their width. */
static bool is_joiner(int32_t cp)
{
	return (cp >= 0x1f1e6 && cp <= 0x1f1ff) || (cp >= 0x1f3fb && cp <= 0x1f3ff);
}

bool text_is_unsafe(int32_t cp)
{
	const utf8proc_property_t *prop;

	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return true;
	if (cp < 0x7f)
		return false;
	prop = utf8proc_get_property(cp);
	switch (prop->category) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return prop->ignorable || is_joiner(cp);
	}
}

static bool is_mark(int32_t cp)
{
	utf8proc_category_t c = utf8proc_category(cp);

	return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME || !utf8proc_charwidth(cp);
}

static void unit_escape(struct unit *u, int32_t cp, const char *p)
{
	int n;

	if (cp < 0)
		n = snprintf(u->out, sizeof(u->out), "\\x%02x", (unsigned char)*p);
	else if (cp <= 0xffff)
		n = snprintf(u->out, sizeof(u->out), "\\u%04x", (unsigned)cp);
	else
		n = snprintf(u->out, sizeof(u->out), "\\u{%x}", (unsigned)cp);
	u->len = u->cells = (unsigned char)n;
}

/* Read one unit. @marks counts the marks on the present cell; -1: there is no cell to put one on.
 */
static void unit_read(struct unit *u, const char *p, size_t n, unsigned flags, int *marks)
{
	int32_t cp;

	u->took = (unsigned char)text_decode(p, n, &cp);
	if (cp >= 0x20 && cp < 0x7f) {
		u->out[0] = (char)cp;
		u->len = u->cells = 1;
		*marks = 0;
		return;
	}
	if (cp < 0 || (flags & SONDE_TEXT_ASCII) || text_is_unsafe(cp)) {
		unit_escape(u, cp, p);
		*marks = -1;
		return;
	}
	if (is_mark(cp)) {
		if (*marks < 0 || *marks >= MARKS_A_CELL) {
			unit_escape(u, cp, p);
			*marks = -1;
			return;
		}
		++*marks;
		u->cells = 0;
	} else {
		*marks = 0;
		u->cells = (unsigned char)utf8proc_charwidth(cp);
	}
	memcpy(u->out, p, u->took);
	u->len = u->took;
}

size_t sonde_text_show(char *dst, size_t size, size_t cells, const char *p, size_t n,
		       unsigned flags)
{
	const char *end = flags & SONDE_TEXT_ASCII ? "~" : "…";
	size_t end_n = strlen(end);
	size_t at = 0, used = 0;         /* bytes and columns written */
	size_t cut_at = 0, cut_used = 0; /* where "…" still fits */
	int marks = -1;
	struct unit u;

	if (!size)
		return 0;
	for (size_t i = 0; i < n; i += u.took) {
		unit_read(&u, p + i, n - i, flags, &marks);
		if (used + u.cells > cells || at + u.len >= size)
			goto cut;
		memcpy(dst + at, u.out, u.len);
		at += u.len;
		used += u.cells;
		if (used < cells && at + end_n < size) {
			cut_at = at;
			cut_used = used;
		}
	}
	dst[at] = 0;
	return used;
cut:
	dst[cut_at] = 0;
	if (!cells || cut_at + end_n >= size)
		return cut_used;
	memcpy(dst + cut_at, end, end_n + 1);
	return cut_used + 1;
}

size_t sonde_text_cells(const char *p, size_t n, unsigned flags)
{
	size_t used = 0;
	int marks = -1;
	struct unit u;

	for (size_t i = 0; i < n; i += u.took) {
		unit_read(&u, p + i, n - i, flags, &marks);
		used += u.cells;
	}
	return used;
}

static int json_escape(struct buf *out, int32_t cp)
{
	if (cp <= 0xffff)
		return buf_fmt(out, "\\u%04x", (unsigned)cp);
	cp -= 0x10000;
	return buf_fmt(out, "\\u%04x\\u%04x", 0xd800u + ((unsigned)cp >> 10),
		       0xdc00u + ((unsigned)cp & 0x3ff));
}

/* How many bytes from @p need no escape at all: the common case in one copy. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

int text_json_told(struct buf *out, const char *p, size_t n, bool *ret_escaped)
{
	int r = buf_char(out, '"');

	for (size_t i = 0; i < n && !r;) {
		size_t run = plain_run(p + i, n - i), took;
		int32_t cp;

		if (run) {
			r = buf_add(out, p + i, run);
			i += run;
			continue;
		}
		took = text_decode(p + i, n - i, &cp);
		if (cp < 0) {
			*ret_escaped = true;
			r = buf_fmt(out, "\\\\x%02x", (unsigned char)p[i]);
		} else if (cp == '"' || cp == '\\') {
			r = buf_fmt(out, "\\%c", (char)cp);
		} else if (text_is_unsafe(cp)) {
			r = json_escape(out, cp);
		} else {
			r = buf_add(out, p + i, took);
		}
		i += took;
	}
	return r ? r : buf_char(out, '"');
}

int text_json(struct buf *out, const char *p, size_t n)
{
	bool told = false;

	return text_json_told(out, p, n, &told);
}

int text_time(uint64_t ns, char *dst, size_t size)
{
	time_t s = (time_t)(ns / NS_PER_S);
	struct tm tm;

	gmtime_r(&s, &tm);
	return snprintf(dst, size, "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			(unsigned)(ns % NS_PER_S));
}

int text_json_time(struct buf *out, uint64_t ns)
{
	char text[80];

	text_time(ns, text, sizeof(text));
	return buf_fmt(out, "\"%s\"", text);
}

unsigned text_distance(const char *a, const char *b, unsigned limit)
{
	enum { MAX_WORD = 64 };
	unsigned rows[3][MAX_WORD + 1];
	size_t na = strnlen(a, MAX_WORD), nb = strnlen(b, MAX_WORD);

	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *now = rows[i % 3], *prev = rows[(i + 2) % 3], *prev2 = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = prev[j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, MIN(prev[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, prev2[j - 2] + 1);
			now[j] = best;
		}
	}
	return MIN(rows[na % 3][nb], limit);
}
