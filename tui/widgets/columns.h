/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns of a table: which there are, which of them fit, how wide each is. */
#ifndef TUI_COLUMNS_H
#define TUI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "sonde/err.h"
#include "sonde/field.h"

#define COLUMNS_MAX 32

struct column {
	const struct sonde_field *field;
	int x, width; /* set by columns_fit(); width 0: not shown */
	int want;     /* cells wanted; 0: what is left */
};

struct columns {
	struct column col[COLUMNS_MAX];
	size_t n;
};

/*
 * @words: field names or keys with blanks or commas between; "" or NULL: the table's default ones.
 * -EINVAL with the nearest right word, and @c is unchanged.
 */
int columns_set(struct columns *c, enum sonde_table table, const char *words,
		struct sonde_err *err);

/* Whether @field is among them; add it or take it away (the last one stays). */
bool columns_has(const struct columns *c, const struct sonde_field *field);
void columns_toggle(struct columns *c, const struct sonde_field *field);

/*
 * Lay the columns out in @cells, leaving out @without (may be NULL). When they do not fit the
 * highest rank goes first. Columns of width 0 share what is left.
 */
void columns_fit(struct columns *c, int cells, const char *without);

/* The column at cell @x of the line, or NULL. */
const struct column *columns_at(const struct columns *c, int x);

#endif
