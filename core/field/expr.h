/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions over fields: Falco's syntax, compiled once to a small program whose
 * evaluation allocates nothing. docs/fields.md is the manual.
 */
#ifndef FIELD_EXPR_H
#define FIELD_EXPR_H

#include "field/field.h"

struct expr;

/*
 * Compile @text for rows of @table. *@ret is the caller's (expr_free). Returns 0, -EINVAL with
 * "column N: …" and the nearest right word in @err, -E2BIG past 64 KiB or 1,000 nodes, or -ENOMEM.
 */
int expr_compile(const char *text, enum sonde_table table, struct expr **ret,
		 struct sonde_err *err);
void expr_free(struct expr *e);

/*
 * Whether @row matches. A comparison with an unknown value is false, and so is its opposite; "not"
 * turns the answer round, as Falco does. One thread at a time. O(program); a regex may grow its own
 * stack at its first long match, to 256 KiB, and counts as no match past 100,000 steps.
 */
bool expr_match(const struct expr *e, struct field_ctx *ctx, const void *row);

#endif
