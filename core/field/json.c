/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows as JSON objects, and the order of values. */
#include "field/field.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

static int json_list(struct buf *out, const char *p, size_t n, bool *ret_escaped)
{
	int r = buf_char(out, '[');

	for (size_t i = 0; i < n && !r;) {
		size_t len = strnlen(p + i, n - i);

		if (i)
			r = buf_char(out, ',');
		if (!r)
			r = text_json_told(out, p + i, len, ret_escaped);
		i += len + 1;
	}
	return r ? r : buf_char(out, ']');
}

static int json_real(struct buf *out, double d)
{
	/* Two digits after the point are more than any of our figures is good for. */
	return isfinite(d) ? buf_fmt(out, "%.2f", d) : buf_str(out, "null");
}

/* Most of what a stream prints are numbers and keys: printf would take a third of its time. */
static int json_uint(struct buf *out, uint64_t u, bool negative)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (negative)
		text[--at] = '-';
	return buf_add(out, text + at, sizeof(text) - at);
}

static int json_key(struct buf *out, const char *key, bool first)
{
	size_t n = strlen(key);
	char text[128];

	if (n + 4 > sizeof(text))
		return -EINVAL;
	text[0] = ',';
	text[1] = '"';
	memcpy(text + 2, key, n);
	text[n + 2] = '"';
	text[n + 3] = ':';
	return buf_add(out, text + first, n + 4 - first);
}

static int json_value(struct buf *out, const struct sonde_value *v, bool *ret_escaped)
{
	switch (v->kind) {
	case SONDE_BOOL:
		return buf_str(out, v->b ? "true" : "false");
	case SONDE_INT:
		return json_uint(out, v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i, v->i < 0);
	case SONDE_UINT:
		return json_uint(out, v->u, false);
	case SONDE_REAL:
		return json_real(out, v->d);
	case SONDE_TEXT:
		return text_json_told(out, v->text.p, v->text.n, ret_escaped);
	case SONDE_TIME:
		return text_json_time(out, v->u);
	case SONDE_LIST:
		return json_list(out, v->text.p, v->text.n, ret_escaped);
	case SONDE_NULL:
	case SONDE_ABSENT:
		break;
	}
	return buf_str(out, "null");
}

/* The object while it is written: which keys had bytes that are no UTF-8. */
struct object {
	struct buf *out;
	uint64_t escaped[4]; /* a bit a field */
	bool any, any_escaped;
};

static int add_field(struct object *o, struct field_ctx *ctx, const void *row,
		     const struct sonde_field *f, size_t i)
{
	struct sonde_value v = { .kind = SONDE_NULL };
	bool escaped = false;
	int r;

	ctx->index = 0;
	field_def_of(f)->get(ctx, row, &v);
	if (v.kind == SONDE_ABSENT)
		return 0;
	r = json_key(o->out, f->key ? f->key : f->name, !o->any);
	o->any = true;
	if (r)
		return r;
	r = json_value(o->out, &v, &escaped);
	if (escaped && i < 64 * ARRAY_SIZE(o->escaped)) {
		o->escaped[i / 64] |= 1ULL << (i % 64);
		o->any_escaped = true;
	}
	return r;
}

static int add_escaped(struct object *o, enum sonde_table table,
		       const struct sonde_field *const *fields, size_t n)
{
	int r = buf_fmt(o->out, "%s\"escaped\":", o->any ? "," : "");
	char sep = '[';

	for (size_t i = 0; i < n && i < 64 * ARRAY_SIZE(o->escaped) && !r; i++) {
		const struct sonde_field *f = fields ? fields[i] : sonde_field_at(table, i);

		if (!(o->escaped[i / 64] >> (i % 64) & 1))
			continue;
		r = buf_fmt(o->out, "%c\"%s\"", sep, f->key ? f->key : f->name);
		sep = ',';
	}
	return r ? r : buf_char(o->out, ']');
}

int field_json(struct field_ctx *ctx, const void *row, enum sonde_table table,
	       const struct sonde_field *const *fields, size_t n, struct buf *out)
{
	struct object o = { .out = out };
	int r = buf_char(out, '{');

	if (!fields)
		n = sonde_field_count(table);
	for (size_t i = 0; i < n && !r; i++) {
		const struct sonde_field *f = fields ? fields[i] : sonde_field_at(table, i);

		if (fields || (f->flags & SONDE_FIELD_JSON))
			r = add_field(&o, ctx, row, f, i);
	}
	if (!r && o.any_escaped)
		r = add_escaped(&o, table, fields, n);
	return r ? r : buf_char(out, '}');
}

static int compare_bytes(const struct sonde_value *a, const struct sonde_value *b)
{
	size_t n = MIN(a->text.n, b->text.n);
	int r = n ? memcmp(a->text.p, b->text.p, n) : 0;

	return r ? r : a->text.n < b->text.n ? -1 : a->text.n > b->text.n;
}

static bool is_known(const struct sonde_value *v)
{
	return v->kind != SONDE_NULL && v->kind != SONDE_ABSENT;
}

int field_compare(const struct sonde_value *a, const struct sonde_value *b)
{
	if (!is_known(a) || !is_known(b))
		return is_known(a) - is_known(b);
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case SONDE_BOOL:
		return a->b - b->b;
	case SONDE_INT:
		return a->i < b->i ? -1 : a->i > b->i;
	case SONDE_UINT:
	case SONDE_TIME:
		return a->u < b->u ? -1 : a->u > b->u;
	case SONDE_REAL:
		return a->d < b->d ? -1 : a->d > b->d;
	default:
		return compare_bytes(a, b);
	}
}
