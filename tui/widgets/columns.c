/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing and laying out columns. */
#include "widgets/columns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEAST_FLEX   24 /* a name that is cut shorter tells nothing */
#define LEAST_NARROW 12 /* below 60 cells */

static void add(struct columns *c, const struct sonde_field *f)
{
	if (c->n < COLUMNS_MAX)
		c->col[c->n++] = (struct column){ .field = f, .want = f->width };
}

int columns_set(struct columns *c, enum sonde_table table, const char *words, struct sonde_err *err)
{
	struct columns made = { .n = 0 };

	while (words && *words) {
		size_t n = strcspn(words, " ,");
		char word[64];
		const struct sonde_field *f;

		if (n && n < sizeof(word)) {
			memcpy(word, words, n);
			word[n] = 0;
			f = sonde_field_find(table, word);
			if (!f)
				return sonde_err_set(err, -EINVAL,
						     "no column '%s'; did you mean '%s'?", word,
						     sonde_field_nearest(table, word));
			if (!columns_has(&made, f))
				add(&made, f);
		}
		words += n;
		words += strspn(words, " ,");
	}
	if (!made.n)
		for (size_t i = 0; i < sonde_field_count(table); i++)
			if (sonde_field_at(table, i)->flags & SONDE_FIELD_DEFAULT)
				add(&made, sonde_field_at(table, i));
	*c = made;
	return 0;
}

bool columns_has(const struct columns *c, const struct sonde_field *field)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->col[i].field == field)
			return true;
	return false;
}

void columns_toggle(struct columns *c, const struct sonde_field *field)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->col[i].field != field)
			continue;
		if (c->n == 1)
			return;
		memmove(&c->col[i], &c->col[i + 1], (c->n - i - 1) * sizeof(c->col[0]));
		c->n--;
		return;
	}
	/* Before a last column that takes what is left: there it would be pushed off the screen. */
	if (c->n && c->n < COLUMNS_MAX && !c->col[c->n - 1].want) {
		c->col[c->n] = c->col[c->n - 1];
		c->col[c->n - 1] = (struct column){ .field = field, .want = field->width };
		c->n++;
	} else {
		add(c, field);
	}
}

static int least(const struct column *col, int cells)
{
	return col->want ? col->want : cells < 60 ? LEAST_NARROW : LEAST_FLEX;
}

/* The shown column that goes first when there is no room: highest rank, the rightmost of them. */
static struct column *first_to_go(struct columns *c)
{
	struct column *worst = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (c->col[i].width && (!worst || c->col[i].field->rank >= worst->field->rank))
			worst = &c->col[i];
	return worst;
}

void columns_fit(struct columns *c, int cells, const char *without)
{
	int need = 0, flex = 0, left, x = 0;
	size_t shown = 0;

	for (size_t i = 0; i < c->n; i++) {
		bool out = without && strcmp(c->col[i].field->key, without) == 0 && c->n > 1;

		c->col[i].width = out ? 0 : least(&c->col[i], cells);
		need += c->col[i].width ? c->col[i].width + 1 : 0;
		shown += c->col[i].width > 0;
	}
	while (need - 1 > cells && shown > 1) {
		struct column *out = first_to_go(c);

		need -= out->width + 1;
		out->width = 0;
		shown--;
	}
	for (size_t i = 0; i < c->n; i++)
		flex += c->col[i].width && !c->col[i].want;
	left = cells - (need - 1);
	for (size_t i = 0; i < c->n; i++) {
		struct column *col = &c->col[i];

		if (!col->width)
			continue;
		if (!col->want && left > 0) {
			int more = left / flex;

			col->width += more;
			left -= more;
			flex--;
		}
		if (shown == 1 && col->width > cells)
			col->width = cells > 0 ? cells : 1;
		col->x = x;
		x += col->width + 1;
	}
}

const struct column *columns_at(const struct columns *c, int x)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->col[i].width && x >= c->col[i].x && x < c->col[i].x + c->col[i].width + 1)
			return &c->col[i];
	return NULL;
}
