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
int expr_compile(const char *text, enum sonde_table table, struct expr **ret, struct sonde_err *err);
void expr_free(struct expr *e);

/* Whether @row matches. An expression over an unknown value is false, and so is its comparison's opposite. */
bool expr_match(const struct expr *e, struct field_ctx *ctx, const void *row);

#endif
