/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking for rows, folding the tree, keeping the selection on its row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/app.h"

#define LINES_AROUND 6 /* bar, crumb, header and last lines */

ptrdiff_t view_page(void)
{
	int rows, cols;

	term_size(&rows, &cols);
	return rows > LINES_AROUND ? rows - LINES_AROUND : 1;
}

/* Whether what was typed is an expression: it has an operator. Plain words are searched for. */
static bool is_expression(const char *s)
{
	static const char *const words[] = { " contains ", " icontains ", " startswith ",
					     " endswith ", " in (",       " in(",
					     " glob ",     " regex ",     " intersects ",
					     " pmatch ",   " exists",     NULL };

	if (strpbrk(s, "=<>"))
		return true;
	for (size_t i = 0; words[i]; i++)
		if (strstr(s, words[i]))
			return true;
	return false;
}

static bool grow(struct view *v, size_t n)
{
	uint32_t *shown;
	uint64_t *more;

	if (n <= v->cap_shown)
		return true;
	shown = realloc(v->shown, n * sizeof(*shown));
	if (!shown)
		return false;
	v->shown = shown;
	more = realloc(v->more, n * sizeof(*more));
	if (!more)
		return false;
	v->more = more;
	v->cap_shown = n;
	return true;
}

/* Leave out what hangs below a folded row. */
static void fold_rows(struct view *v)
{
	size_t n = sonde_rows_count(v->rows);
	unsigned closed = 0; /* depth of the folded row above + 1, 0: none */

	v->n_shown = 0;
	if (!grow(v, n))
		return;
	for (size_t i = 0; i < n; i++) {
		unsigned depth = sonde_rows_depth(v->rows, i);

		if (closed && depth >= closed)
			continue;
		closed =
			v->n_folded && view_is_folded(v, sonde_rows_id(v->rows, i)) ? depth + 1 : 0;
		v->shown[v->n_shown++] = (uint32_t)i;
	}
}

/* From the last row up: which levels go on below each row. */
static void mark_more(struct view *v)
{
	uint64_t mask = 0;

	for (size_t i = v->n_shown; i-- > 0;) {
		unsigned depth = sonde_rows_depth(v->rows, v->shown[i]);

		depth = depth < 63 ? depth : 63;
		v->more[i] = mask;
		mask &= (1ull << depth) - 1;
		mask |= 1ull << depth;
	}
}

/* Where the selected row stands among the shown ones, -1 when it is not there. */
static ptrdiff_t find_selected(const struct view *v)
{
	ptrdiff_t at = v->list.selected ? sonde_rows_find(v->rows, v->list.selected) : -1;
	size_t lo = 0, hi = v->n_shown;

	if (at < 0)
		return -1;
	while (lo < hi) { /* shown is ascending */
		size_t mid = (lo + hi) / 2;

		if (v->shown[mid] < (uint32_t)at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->n_shown && v->shown[lo] == (uint32_t)at ? (ptrdiff_t)lo : -1;
}

void view_settle(struct view *v)
{
	ptrdiff_t at;

	if (!v->rows)
		return;
	fold_rows(v);
	mark_more(v);
	list_settle(&v->list, find_selected(v), (ptrdiff_t)v->n_shown, view_page());
	at = view_selected(v);
	v->list.selected = at >= 0 ? sonde_rows_id(v->rows, (size_t)at) : 0;
}

void view_load(struct app *a, struct view *v)
{
	bool expression = is_expression(v->filter);
	const struct sonde_query q = {
		.table = v->ops->table,
		.where = expression ? v->filter : NULL,
		.match = expression ? NULL : v->filter,
		.sort = v->sort[0] ? v->sort : NULL,
		.pod = v->pod,
		.proc = v->proc,
		.no_gone = v->no_gone,
		.tree = v->ops->tree && !v->flat,
	};
	struct sonde_rows *rows = NULL;
	struct sonde_err err = { 0 };

	v->empty_filter = false;
	if (sonde_query(a->s, &q, &rows, &err) < 0) {
		v->empty_filter = true;
		app_say(a, ROLE_WARN, "%s", err.text);
		return;
	}
	sonde_rows_unref(v->rows);
	v->rows = rows;
	view_settle(v);
}
