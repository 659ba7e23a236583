/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From text to program. The grammar, with what writes the code for it:
 *
 *   either:  both { "or" both }           compile_chain()
 *   both:    one { "and" one }            compile_chain()
 *   one:     "not" one | "(" either ")"   compile_one()
 *          | field [ "not" ] op values    compile_test()
 *
 * A chain jumps to its end as soon as its answer stands. Invariant: after each of
 * these functions returned 0, running the code so far leaves the answer of what it read.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "field/expr_inner.h"

struct parser {
	const char *p;
	size_t n, at;
	enum sonde_table table;
	struct expr *e;
	struct sonde_err *err;
	unsigned depth;
};

static const struct {
	const char *word;
	unsigned how;
} ops[] = {
#define X(id, word, how) [EXPR_##id] = { word, how },
	EXPR_OPS(X)
#undef X
};

/* ── errors ──────────────────────────────────────────────────────────────── */

__attribute__((format(printf, 3, 4))) static int complain(struct parser *ps, size_t at,
							  const char *fmt, ...)
{
	size_t column = 1;
	char text[400];
	va_list ap;

	for (size_t i = 0; i < at && i < ps->n; i++)
		column += ((unsigned char)ps->p[i] & 0xc0) != 0x80;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return sonde_err_set(ps->err, -EINVAL, "column %zu: %s", column, text);
}

static int no_memory(struct parser *ps)
{
	return sonde_err_set(ps->err, -ENOMEM, "not enough memory for the expression");
}

/* ── words ───────────────────────────────────────────────────────────────── */

struct word {
	const char *p;
	size_t n, at;
	bool quoted;
	char shown[64]; /* for messages */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct parser *ps)
{
	while (ps->at < ps->n && is_space(ps->p[ps->at]))
		ps->at++;
}

static char peek(struct parser *ps)
{
	skip_space(ps);
	return ps->at < ps->n ? ps->p[ps->at] : 0;
}

static bool take_char(struct parser *ps, char c)
{
	if (peek(ps) != c || ps->at >= ps->n)
		return false;
	ps->at++;
	return true;
}

static void show(struct word *w)
{
	sonde_text_show(w->shown, sizeof(w->shown), 40, w->p, w->n, 0);
}

/* A run of bytes up to a space or one of @stop. */
static void take_run(struct parser *ps, const char *stop, struct word *w)
{
	skip_space(ps);
	w->at = ps->at;
	w->p = ps->p + ps->at;
	w->quoted = false;
	while (ps->at < ps->n && !is_space(ps->p[ps->at]) && ps->p[ps->at] &&
	       !strchr(stop, ps->p[ps->at]))
		ps->at++;
	w->n = ps->at - w->at;
	show(w);
}

/* Whether the next word is @keyword; takes it when it is. */
static bool take_keyword(struct parser *ps, const char *keyword)
{
	size_t before = ps->at;
	struct word w;

	take_run(ps, "()=!<>,\"'", &w);
	if (w.n == strlen(keyword) && !memcmp(w.p, keyword, w.n))
		return true;
	ps->at = before;
	return false;
}

/* ── code ────────────────────────────────────────────────────────────────── */

static struct insn *emit(struct parser *ps, enum expr_code code, int *ret_r)
{
	struct expr *e = ps->e;

	if (e->n == EXPR_MAX_NODES) {
		*ret_r = sonde_err_set(ps->err, -E2BIG, "the expression has more than %u parts",
				       EXPR_MAX_NODES);
		return NULL;
	}
	if (e->n == e->cap) {
		uint32_t cap = e->cap ? e->cap * 2 : 8;
		struct insn *p = reallocarray(e->insns, cap, sizeof(*p));

		if (!p) {
			*ret_r = no_memory(ps);
			return NULL;
		}
		e->insns = p;
		e->cap = cap;
	}
	e->insns[e->n] = (struct insn){ .code = (uint8_t)code };
	*ret_r = 0;
	return &e->insns[e->n++];
}

static struct literal *literal_add(struct parser *ps)
{
	struct expr *e = ps->e;

	if (e->n_lits == e->cap_lits) {
		uint32_t cap = e->cap_lits ? e->cap_lits * 2 : 8;
		struct literal *p = reallocarray(e->lits, cap, sizeof(*p));

		if (!p)
			return NULL;
		e->lits = p;
		e->cap_lits = cap;
	}
	e->lits[e->n_lits] = (struct literal){ 0 };
	return &e->lits[e->n_lits++];
}

/* ── values ──────────────────────────────────────────────────────────────── */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

/*
 * Escapes of a quoted text: \" \' \\ \n \t \xNN; any other backslash stays. A pattern (@raw) keeps
 * all but that of its own quote, since they mean something to it.
 */
static void unquote(struct expr *e, const char *p, size_t n, char quote, bool raw)
{
	for (size_t i = 0; i < n; i++) {
		char c = p[i], next = i + 1 < n ? p[i + 1] : 0;

		if (c == '\\' && next == quote) {
			c = quote;
			i++;
		} else if (c == '\\' && raw && next) {
			e->texts[e->texts_n++] = c;
			c = next;
			i++;
		} else if (c == '\\' && (next == '\\' || next == '"' || next == '\'')) {
			c = next;
			i++;
		} else if (c == '\\' && (next == 'n' || next == 't')) {
			c = next == 'n' ? '\n' : '\t';
			i++;
		} else if (c == '\\' && next == 'x' && i + 3 < n && hex_digit(p[i + 2]) >= 0 &&
			   hex_digit(p[i + 3]) >= 0) {
			c = (char)(hex_digit(p[i + 2]) * 16 + hex_digit(p[i + 3]));
			i += 3;
		}
		e->texts[e->texts_n++] = c;
	}
}

static int take_quoted(struct parser *ps, bool raw, struct word *w)
{
	size_t start = ps->at, i = start + 1;
	char quote = ps->p[start];

	while (i < ps->n && ps->p[i] != quote)
		i += ps->p[i] == '\\' ? 2 : 1;
	if (i >= ps->n)
		return complain(ps, start, "this quote is not closed");
	w->at = start;
	w->quoted = true;
	w->p = ps->e->texts + ps->e->texts_n;
	unquote(ps->e, ps->p + start + 1, i - start - 1, quote, raw);
	w->n = (size_t)(ps->e->texts + ps->e->texts_n - w->p);
	ps->at = i + 1;
	show(w);
	return 0;
}

static int take_value(struct parser *ps, bool raw, struct word *w)
{
	char c = peek(ps);

	if (c == '"' || c == '\'')
		return take_quoted(ps, raw, w);
	take_run(ps, "(),", w);
	if (!w->n)
		return complain(ps, w->at, "a value is missing here");
	memcpy(ps->e->texts + ps->e->texts_n, w->p, w->n);
	w->p = ps->e->texts + ps->e->texts_n;
	ps->e->texts_n += w->n;
	return 0;
}

static bool is_number(enum sonde_kind kind)
{
	return kind == SONDE_INT || kind == SONDE_UINT || kind == SONDE_REAL || kind == SONDE_TIME;
}

/* Give the literal the type of its field. */
static int literal_type(struct parser *ps, const struct insn *in, struct literal *l,
			const struct word *w)
{
	const struct sonde_field *f = &in->field->pub;
	bool equal = in->op == EXPR_EQ || in->op == EXPR_NE || in->op == EXPR_IN ||
		     in->op == EXPR_INTERSECTS;

	if (f->kind == SONDE_BOOL) {
		l->num.u = w->n == 4 && !memcmp(w->p, "true", 4);
		if (!l->num.u && !(w->n == 5 && !memcmp(w->p, "false", 5)))
			return complain(ps, w->at, "%s is true or false, not '%s'", f->name,
					w->shown);
	} else if (f->kind == SONDE_TIME) {
		if (!number_parse(w->p, w->n, SONDE_PLAIN, &l->num) &&
		    !number_parse_time(w->p, w->n, &l->num))
			return complain(ps, w->at, "'%s' is not a time like 2026-01-31T12:00:00Z",
					w->shown);
	} else if (is_number(f->kind)) {
		if (!number_parse(w->p, w->n, f->unit, &l->num))
			return complain(ps, w->at, "'%s' is not a number%s", w->shown,
					f->unit == SONDE_NANOS ? " with a unit like ms or s"
							       : ", as 80, 1.5k or 64Mi");
	} else if (equal && (f->flags & SONDE_FIELD_ADDR) && !net_parse(w->p, w->n, &l->net)) {
		return complain(ps, w->at, "'%s' is not an address or a network like 10.0.0.0/8",
				w->shown);
	}
	return 0;
}

static int compile_value(struct parser *ps, uint32_t at)
{
	struct insn *in = &ps->e->insns[at];
	struct literal *l;
	struct word w;
	int r = take_value(ps, in->op == EXPR_REGEX || in->op == EXPR_GLOB || in->op == EXPR_PMATCH,
			   &w);

	if (r)
		return r;
	l = literal_add(ps);
	if (!l)
		return no_memory(ps);
	l->p = w.p;
	l->n = w.n;
	in->lits++;
	if (in->op == EXPR_REGEX) {
		size_t where;
		char why[160];

		r = regex_new(w.p, w.n, &in->regex, &where, why, sizeof(why));
		return r == -EINVAL ? complain(ps, w.at + w.quoted + where, "%s", why)
		       : r          ? no_memory(ps)
				    : 0;
	}
	return literal_type(ps, in, l, &w);
}

static int compile_list(struct parser *ps, uint32_t at)
{
	if (!take_char(ps, '('))
		return complain(ps, ps->at, "'%s' wants a list in parentheses, as (a, b)",
				ops[ps->e->insns[at].op].word);
	do {
		int r = compile_value(ps, at);

		if (r)
			return r;
	} while (take_char(ps, ','));
	if (!take_char(ps, ')'))
		return complain(ps, ps->at, "expected ',' or ')' in the list");
	return 0;
}

/* ── tests ───────────────────────────────────────────────────────────────── */

static int no_such_op(struct parser *ps, const struct word *w)
{
	const char *best = "=";
	unsigned least = 100;

	if (!w->n)
		return complain(ps, w->at, "a comparison is missing here, as = or contains");
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		unsigned d = text_distance(w->shown, ops[i].word, 99);

		if (d < least) {
			least = d;
			best = ops[i].word;
		}
	}
	return complain(ps, w->at, "'%s' is no comparison, did you mean '%s'?", w->shown, best);
}

static int take_op(struct parser *ps, struct word *w, enum expr_op *ret)
{
	size_t start;

	skip_space(ps);
	start = ps->at;
	while (ps->at < ps->n && ps->p[ps->at] && strchr("=!<>", ps->p[ps->at]))
		ps->at++;
	if (ps->at > start) {
		*w = (struct word){ .p = ps->p + start, .n = ps->at - start, .at = start };
		show(w);
	} else {
		take_run(ps, "()=!<>,\"'", w);
	}
	if (w->n == 2 && !memcmp(w->p, "==", 2)) {
		*ret = EXPR_EQ;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strlen(ops[i].word) == w->n && !memcmp(ops[i].word, w->p, w->n)) {
			*ret = (enum expr_op)i;
			return 0;
		}
	}
	return no_such_op(ps, w);
}

static const char *kind_word(enum sonde_kind kind)
{
	return kind == SONDE_BOOL ? "true or false" : is_number(kind) ? "a number" : "a text";
}

static int check_op(struct parser *ps, const struct word *w, enum expr_op op,
		    const struct sonde_field *f)
{
	bool text = f->kind == SONDE_TEXT || f->kind == SONDE_LIST;
	unsigned how = ops[op].how;

	if ((how & OP_ANY_KIND) || (text                 ? how & OP_TEXT
				    : is_number(f->kind) ? how & OP_NUMBER
							 : 0))
		return 0;
	return complain(ps, w->at, "'%s' cannot be asked of %s, which is %s", w->shown, f->name,
			kind_word(f->kind));
}

static int take_field(struct parser *ps, const struct sonde_field **ret, unsigned *ret_index)
{
	struct word w;
	char name[80];
	int index;

	take_run(ps, "()=!<>,\"'", &w);
	if (!w.n)
		return complain(ps, w.at,
				w.at < ps->n ? "expected a field, found '%c'" : "expected a field",
				w.at < ps->n && ps->p[w.at] >= 0x20 && ps->p[w.at] < 0x7f
					? ps->p[w.at]
					: '?');
	if (w.n < sizeof(name)) {
		memcpy(name, w.p, w.n);
		name[w.n] = 0;
		*ret = field_find_indexed(ps->table, name, &index);
		if (*ret) {
			*ret_index = (unsigned)(index + 1);
			return 0;
		}
	}
	return complain(ps, w.at, "there is no field '%s', did you mean '%s'?", w.shown,
			sonde_field_nearest(ps->table, w.shown));
}

/* A field that is true or false may stand alone. */
static bool stands_alone(struct parser *ps, const struct sonde_field *f)
{
	size_t before = ps->at;
	bool alone;

	if (f->kind != SONDE_BOOL)
		return false;
	alone = !peek(ps) || peek(ps) == ')' || take_keyword(ps, "and") || take_keyword(ps, "or");
	ps->at = before;
	return alone;
}

static int compile_test(struct parser *ps)
{
	const struct sonde_field *f = NULL;
	enum expr_op op = EXPR_EQ;
	struct insn *in;
	bool negated;
	struct word w;
	unsigned index = 0;
	uint32_t at;
	int r = take_field(ps, &f, &index);

	if (r)
		return r;
	in = emit(ps, CODE_TEST, &r);
	if (!in)
		return r;
	at = ps->e->n - 1;
	in->field = field_def_of(f);
	in->index = index;
	in->lit = ps->e->n_lits;
	if (stands_alone(ps, f)) {
		struct literal *l = literal_add(ps);

		if (!l)
			return no_memory(ps);
		l->num.u = 1;
		in->lits = 1;
		return 0;
	}
	negated = take_keyword(ps, "not");
	r = take_op(ps, &w, &op);
	if (!r)
		r = check_op(ps, &w, op, f);
	in->op = (uint8_t)op;
	if (!r && !(ops[op].how & OP_NONE))
		r = ops[op].how & OP_MANY ? compile_list(ps, at) : compile_value(ps, at);
	if (!r && negated)
		emit(ps, CODE_NOT, &r);
	return r;
}

/* ── the grammar ─────────────────────────────────────────────────────────── */

static int compile_either(struct parser *ps);

static int compile_one(struct parser *ps)
{
	bool not = false;
	int r;

	while (take_keyword(ps, "not"))
		not = !not ;
	if (take_char(ps, '(')) {
		size_t open = ps->at - 1;

		if (++ps->depth > EXPR_MAX_DEPTH)
			return sonde_err_set(ps->err, -E2BIG, "parentheses go deeper than %u",
					     EXPR_MAX_DEPTH);
		r = compile_either(ps);
		ps->depth--;
		if (!r && !take_char(ps, ')'))
			r = complain(ps, peek(ps) ? ps->at : open,
				     peek(ps) ? "expected 'and', 'or' or ')'"
					      : "this '(' is not closed");
	} else {
		r = compile_test(ps);
	}
	if (!r && not )
		emit(ps, CODE_NOT, &r);
	return r;
}

/* @link between parts; its jumps all lead to the end, found when the end is. */
static int compile_chain(struct parser *ps, const char *link, enum expr_code jump,
			 int (*part)(struct parser *ps))
{
	uint32_t last = UINT32_MAX;
	int r = part(ps);

	while (!r && take_keyword(ps, link)) {
		struct insn *in = emit(ps, jump, &r);

		if (!in)
			return r;
		in->target = last; /* until then they are a list */
		last = ps->e->n - 1;
		r = part(ps);
	}
	while (last != UINT32_MAX) {
		uint32_t next = ps->e->insns[last].target;

		ps->e->insns[last].target = ps->e->n;
		last = next;
	}
	return r;
}

static int compile_both(struct parser *ps)
{
	return compile_chain(ps, "and", CODE_IF_FALSE, compile_one);
}

static int compile_either(struct parser *ps)
{
	return compile_chain(ps, "or", CODE_IF_TRUE, compile_both);
}

int expr_compile(const char *text, enum sonde_table table, struct expr **ret, struct sonde_err *err)
{
	struct parser ps = { .p = text, .n = strlen(text), .table = table, .err = err };
	int r;

	if (ps.n > EXPR_MAX_TEXT)
		return sonde_err_set(err, -E2BIG, "the expression is longer than 64 KiB");
	ps.e = calloc(1, sizeof(*ps.e));
	if (ps.e)
		ps.e->texts = malloc(ps.n + 1);
	if (!ps.e || !ps.e->texts) {
		expr_free(ps.e);
		return no_memory(&ps);
	}
	r = compile_either(&ps);
	if (!r && peek(&ps)) {
		struct word w;

		take_run(&ps, "", &w);
		r = complain(&ps, w.at, "expected 'and', 'or' or the end, found '%s'", w.shown);
	}
	if (r) {
		expr_free(ps.e);
		return r;
	}
	*ret = ps.e;
	return 0;
}
