/* SPDX-License-Identifier: BSD-2-Clause */
/* Literals of expressions, and how they compare with values. Nothing here allocates. */
#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "field/expr_inner.h"

struct suffix {
	const char *word;
	uint64_t factor;
};

static const struct suffix sizes[] = {
	{ "", 1 },
	{ "k", 1000 },
	{ "K", 1000 },
	{ "M", 1000000 },
	{ "G", 1000000000 },
	{ "T", 1000000000000 },
	{ "Ki", 1ULL << 10 },
	{ "Mi", 1ULL << 20 },
	{ "Gi", 1ULL << 30 },
	{ "Ti", 1ULL << 40 },
	{ "%", 1 },
};

static const struct suffix durations[] = {
	{ "", 1 },
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", NS_PER_MS },
	{ "s", NS_PER_S },
	{ "m", 60 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "d", 86400 * NS_PER_S },
};

static const struct suffix *suffix_find(const char *p, size_t n, enum sonde_unit unit)
{
	const struct suffix *list = unit == SONDE_NANOS ? durations : sizes;
	size_t count = unit == SONDE_NANOS ? ARRAY_SIZE(durations) : ARRAY_SIZE(sizes);

	for (size_t i = 0; i < count; i++)
		if (strlen(list[i].word) == n && !memcmp(list[i].word, p, n))
			return &list[i];
	return NULL;
}

/* The digits of a whole number at @p; false when there is none or it does not fit. */
static bool whole_parse(const char *p, size_t n, uint64_t *ret, size_t *ret_n)
{
	bool hex = n > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	uint64_t u = 0, base = hex ? 16 : 10;
	size_t i = hex ? 2 : 0, first = i;

	for (; i < n && (hex ? isxdigit((unsigned char)p[i]) : isdigit((unsigned char)p[i])); i++) {
		unsigned c = (unsigned char)p[i];
		uint64_t digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;

		if (u > (UINT64_MAX - digit) / base)
			return false;
		u = u * base + digit;
	}
	*ret = u;
	*ret_n = i;
	return i > first;
}

bool number_parse(const char *p, size_t n, enum sonde_unit unit, struct number *ret)
{
	const struct suffix *s;
	double fraction = 0, place = 0.1;
	size_t i;

	*ret = (struct number){ 0 };
	if (n && *p == '-') {
		ret->negative = true;
		p++;
		n--;
	}
	if (!whole_parse(p, n, &ret->u, &i))
		return false;
	if (i < n && p[i] == '.') {
		size_t first = ++i;

		for (; i < n && isdigit((unsigned char)p[i]); i++, place /= 10)
			fraction += (p[i] - '0') * place;
		if (i == first)
			return false;
		ret->real = true;
	}
	s = suffix_find(p + i, n - i, unit);
	if (!s)
		return false;
	ret->d = ((double)ret->u + fraction) * (double)s->factor;
	if (ret->real && ret->d == floor(ret->d) && ret->d < 9e15) { /* 1.5k is a whole number */
		ret->real = false;
		ret->u = (uint64_t)ret->d;
	} else if (!ret->real) {
		if (ret->u > UINT64_MAX / s->factor)
			return false;
		ret->u *= s->factor;
	}
	if (ret->negative)
		ret->d = -ret->d;
	return true;
}

bool number_parse_time(const char *p, size_t n, struct number *ret)
{
	struct tm tm = { 0 };
	char text[32], *end;
	uint64_t ns = 0;
	time_t s;

	*ret = (struct number){ 0 };
	if (n < 19 || n > 30)
		return false;
	memcpy(text, p, n);
	text[n] = 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!end)
		return false;
	if (*end == '.') {
		uint64_t unit = NS_PER_S / 10;

		for (end++; isdigit((unsigned char)*end); end++, unit /= 10)
			ns += unit * (uint64_t)(*end - '0');
	}
	s = timegm(&tm);
	if (strcmp(end, "Z") || s < 0)
		return false;
	ret->u = (uint64_t)s * NS_PER_S + ns;
	ret->d = (double)ret->u;
	return true;
}

static int compare_whole(bool negative, uint64_t u, const struct number *num)
{
	if (!u)
		negative = false;
	if (negative != (num->negative && num->u))
		return negative ? -1 : 1;
	if (u == num->u)
		return 0;
	return (u < num->u) != negative ? -1 : 1;
}

static int compare_real(double d, const struct number *num)
{
	return d < num->d ? -1 : d > num->d;
}

int number_compare(const struct sonde_value *v, const struct number *num)
{
	switch (v->kind) {
	case SONDE_INT:
		if (num->real)
			return compare_real((double)v->i, num);
		return compare_whole(v->i < 0, v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i, num);
	case SONDE_REAL:
		return compare_real(v->d, num);
	default:
		if (num->real)
			return compare_real((double)v->u, num);
		return compare_whole(false, v->u, num);
	}
}

/* ── addresses ───────────────────────────────────────────────────────────── */

static bool addr_parse(const char *p, size_t n, struct net *ret)
{
	char text[INET6_ADDRSTRLEN];

	if (!n || n >= sizeof(text))
		return false;
	memcpy(text, p, n);
	text[n] = 0;
	*ret = (struct net){ .family = AF_INET, .bits = 32 };
	if (inet_pton(AF_INET, text, ret->a) == 1)
		return true;
	*ret = (struct net){ .family = AF_INET6, .bits = 128 };
	if (inet_pton(AF_INET6, text, ret->a) != 1)
		return false;
	if (!memcmp(ret->a, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12)) { /* IPv4 in IPv6 dress */
		memmove(ret->a, ret->a + 12, 4);
		memset(ret->a + 4, 0, 12);
		ret->family = AF_INET;
		ret->bits = 32;
	}
	return true;
}

bool net_parse(const char *p, size_t n, struct net *ret)
{
	const char *slash = memchr(p, '/', n);
	uint64_t bits;
	size_t digits;

	if (!slash)
		return addr_parse(p, n, ret);
	if (!addr_parse(p, (size_t)(slash - p), ret))
		return false;
	n -= (size_t)(slash - p) + 1;
	if (!whole_parse(slash + 1, n, &bits, &digits) || digits != n || bits > ret->bits)
		return false;
	ret->bits = (uint8_t)bits;
	return true;
}

bool net_contains(const struct net *net, const struct net *addr)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->family != addr->family || memcmp(net->a, addr->a, whole))
		return false;
	return !rest || !((net->a[whole] ^ addr->a[whole]) >> (8 - rest));
}

/* ── texts ───────────────────────────────────────────────────────────────── */

bool text_contains(const char *p, size_t n, const char *q, size_t m, bool fold)
{
	if (!m)
		return true;
	if (!fold)
		return n && memmem(p, n, q, m);
	for (size_t i = 0; i + m <= n; i++)
		if (!strncasecmp(p + i, q, m) && !memchr(p + i, 0, m))
			return true;
	return false;
}

/* One element of a glob at @q against @c: its length when it fits, else 0. */
static size_t glob_one(const char *q, size_t m, unsigned char c)
{
	bool not = false, hit = false;
	size_t i = 1;

	if (*q == '?')
		return 1;
	if (*q == '\\' && m > 1)
		return (unsigned char)q[1] == c ? 2 : 0;
	if (*q != '[' || !memchr(q + 1, ']', m - 1))
		return (unsigned char)*q == c;
	if (i < m && (q[i] == '!' || q[i] == '^')) {
		not = true;
		i++;
	}
	for (size_t first = i; i < m && (q[i] != ']' || i == first); i++) {
		unsigned char lo = (unsigned char)q[i], hi = lo;

		if (i + 2 < m && q[i + 1] == '-' && q[i + 2] != ']') {
			hi = (unsigned char)q[i + 2];
			i += 2;
		}
		hit |= c >= lo && c <= hi;
	}
	return i < m && hit != not ? i + 1 : 0;
}

bool text_glob(const char *q, size_t m, const char *p, size_t n)
{
	size_t i = 0, j = 0, star = SIZE_MAX, from = 0;

	while (i < n) {
		size_t took = 0;

		if (j < m && q[j] == '*') {
			star = ++j;
			from = i;
			continue;
		}
		if (j < m)
			took = glob_one(q + j, m - j, (unsigned char)p[i]);
		if (took) {
			j += took;
			i++;
		} else if (star != SIZE_MAX) { /* the last star takes one more */
			j = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (j < m && q[j] == '*')
		j++;
	return j == m;
}

/* The next component of a path, without slashes; length 0 at the end. */
static size_t component(const char **p, const char *end)
{
	const char *slash;

	while (*p < end && **p == '/')
		++*p;
	slash = *p < end ? memchr(*p, '/', (size_t)(end - *p)) : NULL;
	return (size_t)((slash ? slash : end) - *p);
}

bool text_pmatch(const char *q, size_t m, const char *p, size_t n)
{
	const char *q_end = q + m, *p_end = p + n;
	size_t a, b;

	while ((a = component(&q, q_end))) {
		b = component(&p, p_end);
		if (!b || !text_glob(q, a, p, b))
			return false;
		q += a;
		p += b;
	}
	return true;
}
