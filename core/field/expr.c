/* SPDX-License-Identifier: BSD-2-Clause */
/* Running a compiled expression over one row: no allocation, no recursion. */
#include "field/expr.h"

#include <stdlib.h>
#include <string.h>

#include "field/expr_inner.h"

static bool same(const struct literal *l, const char *p, size_t n)
{
	return l->n == n && (!n || !memcmp(l->p, p, n));
}

/* One text against one literal. */
static bool text_fits(const struct insn *in, const struct literal *l, const char *p, size_t n)
{
	struct net addr;

	switch (in->op) {
	case EXPR_CONTAINS:
	case EXPR_ICONTAINS:
		return text_contains(p, n, l->p, l->n, in->op == EXPR_ICONTAINS);
	case EXPR_STARTSWITH:
		return n >= l->n && !memcmp(p, l->p, l->n);
	case EXPR_ENDSWITH:
		return n >= l->n && !memcmp(p + n - l->n, l->p, l->n);
	case EXPR_GLOB:
		return text_glob(l->p, l->n, p, n);
	case EXPR_PMATCH:
		return text_pmatch(l->p, l->n, p, n);
	case EXPR_REGEX:
		return regex_match(in->regex, p, n);
	default: /* = != in intersects */
		if (!(in->field->pub.flags & SONDE_FIELD_ADDR))
			return same(l, p, n);
		return net_parse(p, n, &addr) && net_contains(&l->net, &addr);
	}
}

/* One text against all literals of a test. */
static bool text_fits_any(const struct expr *e, const struct insn *in, const char *p, size_t n)
{
	for (uint32_t i = 0; i < in->lits; i++)
		if (text_fits(in, &e->lits[in->lit + i], p ? p : "", n))
			return true;
	return false;
}

/* "in" wants every element of a list, all else one of them; fields that say so are content with
 * one. */
static bool list_fits(const struct expr *e, const struct insn *in, const char *p, size_t n)
{
	bool all = in->op == EXPR_IN && !(in->field->pub.flags & SONDE_FIELD_ANY);

	for (size_t i = 0; i < n;) {
		size_t len = strnlen(p + i, n - i);

		if (text_fits_any(e, in, p + i, len) != all)
			return !all;
		i += len + 1;
	}
	return all && n;
}

static bool number_fits(const struct expr *e, const struct insn *in, const struct sonde_value *v)
{
	for (uint32_t i = 0; i < in->lits; i++) {
		int r = number_compare(v, &e->lits[in->lit + i].num);

		if (in->op == EXPR_LT   ? r < 0
		    : in->op == EXPR_LE ? r <= 0
		    : in->op == EXPR_GT ? r > 0
		    : in->op == EXPR_GE ? r >= 0
					: !r)
			return true;
	}
	return false;
}

static bool test(const struct expr *e, const struct insn *in, struct field_ctx *ctx,
		 const void *row)
{
	struct sonde_value v = { .kind = SONDE_NULL };
	bool fits;

	ctx->index = in->index;
	in->field->get(ctx, row, &v);
	ctx->index = 0;
	if (v.kind == SONDE_NULL || v.kind == SONDE_ABSENT)
		return false;
	if (in->op == EXPR_EXISTS)
		return true;
	if (v.kind == SONDE_BOOL) { /* as a number, and the union's other bytes are not set */
		v.u = v.b;
		v.kind = SONDE_UINT;
	}
	if (v.kind == SONDE_LIST)
		fits = list_fits(e, in, v.text.p, v.text.n);
	else if (v.kind == SONDE_TEXT)
		fits = text_fits_any(e, in, v.text.p, v.text.n);
	else
		fits = number_fits(e, in, &v);
	return in->op == EXPR_NE ? !fits : fits;
}

bool expr_match(const struct expr *e, struct field_ctx *ctx, const void *row)
{
	bool answer = false;

	for (uint32_t i = 0; i < e->n; i++) {
		const struct insn *in = &e->insns[i];

		switch (in->code) {
		case CODE_TEST:
			answer = test(e, in, ctx, row);
			break;
		case CODE_NOT:
			answer = !answer;
			break;
		default: /* targets lie ahead, so this ends */
			if (answer == (in->code == CODE_IF_TRUE))
				i = in->target - 1;
		}
	}
	return answer;
}

void expr_free(struct expr *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; i < e->n; i++)
		regex_free(e->insns[i].regex);
	free(e->insns);
	free(e->lits);
	free(e->texts);
	free(e);
}
