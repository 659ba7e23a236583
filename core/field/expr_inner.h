/* SPDX-License-Identifier: BSD-2-Clause */
/* What the compiler and the evaluator of expressions share. */
#ifndef FIELD_EXPR_INNER_H
#define FIELD_EXPR_INNER_H

#include "field/expr.h"

#define EXPR_MAX_TEXT  (64u << 10)
#define EXPR_MAX_NODES 1000u
#define EXPR_MAX_DEPTH 100u

/* The one list of comparisons: enum, word, and what it can be asked of. */
#define EXPR_OPS(X)                                    \
	X(EQ, "=", OP_ANY_KIND)                        \
	X(NE, "!=", OP_ANY_KIND)                       \
	X(LT, "<", OP_NUMBER)                          \
	X(LE, "<=", OP_NUMBER)                         \
	X(GT, ">", OP_NUMBER)                          \
	X(GE, ">=", OP_NUMBER)                         \
	X(CONTAINS, "contains", OP_TEXT)               \
	X(ICONTAINS, "icontains", OP_TEXT)             \
	X(STARTSWITH, "startswith", OP_TEXT)           \
	X(ENDSWITH, "endswith", OP_TEXT)               \
	X(IN, "in", OP_ANY_KIND | OP_MANY)             \
	X(INTERSECTS, "intersects", OP_TEXT | OP_MANY) \
	X(GLOB, "glob", OP_TEXT)                       \
	X(PMATCH, "pmatch", OP_TEXT | OP_MANY)         \
	X(REGEX, "regex", OP_TEXT)                     \
	X(EXISTS, "exists", OP_ANY_KIND | OP_NONE)

enum { OP_NUMBER = 1, OP_TEXT = 2, OP_ANY_KIND = 4, OP_MANY = 8, OP_NONE = 16 };

enum expr_op {
#define X(id, word, how) EXPR_##id,
	EXPR_OPS(X)
#undef X
		EXPR_OP_COUNT
};

/* A number of an expression: integers stay exact, so that inode and time compare right. */
struct number {
	bool real, negative;
	uint64_t u; /* magnitude */
	double d;
};

/* An address, or a network of @bits leading bits. */
struct net {
	uint8_t family, bits;
	uint8_t a[16];
};

struct literal {
	const char *p; /* in expr->texts */
	size_t n;
	struct number num;
	struct net net;
};

enum expr_code { CODE_TEST, CODE_NOT, CODE_IF_FALSE, CODE_IF_TRUE };

struct regex;

struct insn {
	uint8_t code;
	uint8_t op;
	uint32_t target; /* of a jump */
	const struct field_def *field;
	unsigned index; /* for ctx->index */
	uint32_t lit, lits;
	struct regex *regex;
};

/* One answer is carried along: tests set it, jumps look at it. */
struct expr {
	struct insn *insns;
	uint32_t n, cap;
	struct literal *lits;
	uint32_t n_lits, cap_lits;
	char *texts; /* never longer than the source, so it never moves */
	size_t texts_n;
};

/* expr_value.c: reading and comparing values. */
bool number_parse(const char *p, size_t n, enum sonde_unit unit, struct number *ret);
bool number_parse_time(const char *p, size_t n, struct number *ret);
int number_compare(const struct sonde_value *v, const struct number *num);
bool net_parse(const char *p, size_t n, struct net *ret);
bool net_contains(const struct net *net, const struct net *addr);
bool text_contains(const char *p, size_t n, const char *q, size_t m, bool fold);
/* "*", "?", "[a-z]" and "\" before any of them. No recursion; O(n m). */
bool text_glob(const char *pattern, size_t m, const char *p, size_t n);
/* Whether the path @q is @p or one of the folders above it, component by component, each a glob. */
bool text_pmatch(const char *q, size_t m, const char *p, size_t n);

/* expr_regex.c. Bytes, the whole text must match; limits on work and memory, no JIT. */
int regex_new(const char *p, size_t n, struct regex **ret, size_t *ret_at, char *why, size_t size);
void regex_free(struct regex *re);
bool regex_match(struct regex *re, const char *p, size_t n);

#endif
