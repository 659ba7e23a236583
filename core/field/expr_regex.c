/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regular expressions on hostile bytes. The pattern is the engineer's, the text is
 * the workload's: so the work of one match is limited, not its result. A match that
 * runs into a limit counts as no match.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "field/expr_inner.h"

enum { PATTERN_MAX = 4096, STEPS_MAX = 100000, DEPTH_MAX = 1000, HEAP_KIB = 256 };

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static void *take(size_t n, void *unused)
{
	(void)unused;
	return malloc(n);
}

static void give(void *p, void *unused)
{
	(void)unused;
	free(p);
}

static int prepare(struct regex *re)
{
	pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);

	if (!memory)
		return -ENOMEM;
	/* One pair: only whether it matches is asked. */
	re->data = pcre2_match_data_create(1, memory);
	re->limits = pcre2_match_context_create(memory);
	pcre2_general_context_free(memory);
	if (!re->data || !re->limits)
		return -ENOMEM;
	pcre2_set_match_limit(re->limits, STEPS_MAX);
	pcre2_set_depth_limit(re->limits, DEPTH_MAX);
	pcre2_set_heap_limit(re->limits, HEAP_KIB);
	regex_match(re, "", 0); /* takes the first frames now, not at the first event */
	return 0;
}

static int compile(struct regex *re, const char *p, size_t n, PCRE2_SIZE *at, int *code)
{
	pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);
	pcre2_compile_context *limits = memory ? pcre2_compile_context_create(memory) : NULL;

	if (limits) {
		pcre2_set_parens_nest_limit(limits, 50);
		re->code = pcre2_compile((PCRE2_SPTR)p, n,
					 PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
						 PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
						 PCRE2_NEVER_BACKSLASH_C,
					 code, at, limits);
	}
	pcre2_compile_context_free(limits);
	pcre2_general_context_free(memory);
	if (!limits || (!re->code && *code == PCRE2_ERROR_HEAP_FAILED))
		return -ENOMEM;
	return re->code ? 0 : -EINVAL;
}

int regex_new(const char *p, size_t n, struct regex **ret, size_t *ret_at, char *why, size_t size)
{
	struct regex *re = calloc(1, sizeof(*re));
	PCRE2_SIZE at = 0;
	int code = 0, r;

	*ret_at = 0;
	if (!re)
		return -ENOMEM;
	if (n > PATTERN_MAX) {
		snprintf(why, size, "the pattern is longer than %d bytes", PATTERN_MAX);
		r = -EINVAL;
	} else {
		r = compile(re, p, n, &at, &code);
		if (r == -EINVAL && pcre2_get_error_message(code, (PCRE2_UCHAR *)why, size) < 0)
			snprintf(why, size, "it is not a regular expression");
	}
	if (!r)
		r = prepare(re);
	if (r) {
		*ret_at = at;
		regex_free(re);
		return r;
	}
	*ret = re;
	return 0;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	free(re);
}

bool regex_match(struct regex *re, const char *p, size_t n)
{
	return pcre2_match(re->code, (PCRE2_SPTR)(p ? p : ""), n, 0, PCRE2_NO_JIT, re->data,
			   re->limits) >= 0;
}
