/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as people read them. */
#include "format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS 1000000000ULL

static size_t clip(int n, size_t size)
{
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

__attribute__((format(printf, 3, 4))) static size_t print(char *dst, size_t size, const char *fmt,
							  ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	return clip(n, size);
}

size_t format_count(char *dst, size_t size, double n, const char *unit)
{
	static const char prefixes[] = "kMGTPE";
	double v = n < 0 ? -n : n;
	int i = -1;

	while (v >= 999.5 && i < 5) {
		v /= 1000;
		i++;
	}
	if (i < 0 && v == (double)(unsigned)v)
		return print(dst, size, "%s%.0f%s", n < 0 ? "-" : "", v, unit);
	if (i < 0)
		return print(dst, size, "%s%.1f%s", n < 0 ? "-" : "", v, unit);
	return print(dst, size, "%s%.*f%c%s", n < 0 ? "-" : "", v < 9.95 ? 1 : 0, v, prefixes[i],
		     unit);
}

size_t format_span(char *dst, size_t size, uint64_t ns)
{
	uint64_t s = ns / NS;

	if (ns < 1000)
		return print(dst, size, "%lluns", (unsigned long long)ns);
	if (ns < 1000000)
		return print(dst, size, "%.0fus", (double)ns / 1e3);
	if (ns < NS)
		return print(dst, size, ns < 10000000 ? "%.1fms" : "%.0fms", (double)ns / 1e6);
	if (s < 60)
		return print(dst, size, s < 10 ? "%.1fs" : "%.0fs", (double)ns / 1e9);
	if (s < 3600)
		return print(dst, size, "%llum%02llus", (unsigned long long)s / 60,
			     (unsigned long long)s % 60);
	if (s < 86400)
		return print(dst, size, "%lluh%02llum", (unsigned long long)s / 3600,
			     (unsigned long long)s / 60 % 60);
	return print(dst, size, "%llud%02lluh", (unsigned long long)s / 86400,
		     (unsigned long long)s / 3600 % 24);
}

static size_t format_time(char *dst, size_t size, uint64_t ns, enum sonde_unit unit,
			  uint64_t now_ns)
{
	time_t s = (time_t)(ns / NS);
	struct tm tm;

	if (unit == SONDE_AGE) { /* whole seconds: it is looked at, not measured */
		uint64_t age = now_ns > ns ? (now_ns - ns) / NS : 0;

		return age < 60 ? print(dst, size, "%llus", (unsigned long long)age)
				: format_span(dst, size, age * NS);
	}
	if (!gmtime_r(&s, &tm))
		return print(dst, size, "?");
	if (unit == SONDE_CLOCK)
		return print(dst, size, "%02d:%02d:%02d.%06llu", tm.tm_hour, tm.tm_min, tm.tm_sec,
			     (unsigned long long)(ns % NS / 1000));
	return print(dst, size, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static size_t format_number(char *dst, size_t size, const struct sonde_value *v,
			    enum sonde_unit unit)
{
	double d = v->kind == SONDE_REAL  ? v->d
		   : v->kind == SONDE_INT ? (double)v->i
					  : (double)v->u;

	switch (unit) {
	case SONDE_BYTES:
		return format_count(dst, size, d, "B");
	case SONDE_BYTE_RATE:
		return format_count(dst, size, d, "B/s");
	case SONDE_RATE:
		return format_count(dst, size, d, "");
	case SONDE_PERCENT:
		return print(dst, size, d < 99.95 ? "%.1f%%" : "%.0f%%", d);
	case SONDE_NANOS:
		return format_span(dst, size, d < 0 ? 0 : (uint64_t)d);
	default:
		if (v->kind == SONDE_INT)
			return print(dst, size, "%lld", (long long)v->i);
		if (v->kind == SONDE_UINT)
			return print(dst, size, "%llu", (unsigned long long)v->u);
		return print(dst, size, "%.2f", d);
	}
}

static size_t copy(char *dst, size_t size, const char *p, size_t n)
{
	if (n >= size)
		n = size - 1;
	if (n)
		memcpy(dst, p, n);
	dst[n] = 0;
	return n;
}

/* Elements with a space between; an empty one is seen as ''. */
static size_t format_list(char *dst, size_t size, const char *p, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 3 < size;) {
		size_t len = strnlen(p + i, n - i);

		if (i)
			dst[at++] = ' ';
		at += len ? copy(dst + at, size - at, p + i, len)
			  : copy(dst + at, size - at, "''", 2);
		i += len + 1;
	}
	dst[at] = 0;
	return at;
}

size_t format_value(char *dst, size_t size, const struct sonde_value *v,
		    const struct sonde_field *f, uint64_t now_ns)
{
	switch (v->kind) {
	case SONDE_NULL:
		return print(dst, size, "?");
	case SONDE_BOOL:
		return print(dst, size, "%s", v->b ? "yes" : "no");
	case SONDE_TEXT:
		return copy(dst, size, v->text.p, v->text.n);
	case SONDE_LIST:
		return format_list(dst, size, v->text.p, v->text.n);
	case SONDE_TIME:
		return format_time(dst, size, v->u, f->unit, now_ns);
	case SONDE_INT:
	case SONDE_UINT:
	case SONDE_REAL:
		return format_number(dst, size, v, f->unit);
	case SONDE_ABSENT:
		break;
	}
	dst[0] = 0;
	return 0;
}
