/* SPDX-License-Identifier: BSD-2-Clause */
/* What all views share: making, finding, and reading values of their rows. */
#include "views/view.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct view_ops *const views[] = {
	&view_pods, &view_procs, &view_conns, &view_events, &view_detail, &view_log, &view_health,
};

const struct view_ops *view_at(size_t i)
{
	return i < sizeof(views) / sizeof(views[0]) ? views[i] : NULL;
}

const struct view_ops *view_find(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; view_at(i); i++)
		if (strcmp(view_at(i)->name, word) == 0 ||
		    strcmp(sonde_table_name(view_at(i)->table), word) == 0)
			return view_at(i);
	for (size_t i = 0; n >= 2 && view_at(i); i++)
		if (strncmp(view_at(i)->name, word, n) == 0)
			return view_at(i);
	return NULL;
}

struct view *view_new(const struct view_ops *ops, sonde_id pod, sonde_id proc, const char *scope)
{
	struct view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->ops = ops;
	v->pod = pod;
	v->proc = proc;
	v->list.index = -1;
	v->list.at_end = ops->tail;
	snprintf(v->scope, sizeof(v->scope), "%s", scope ? scope : "");
	snprintf(v->sort, sizeof(v->sort), "%s", ops->sort ? ops->sort : "");
	(void)columns_set(&v->columns, ops->table, ops->columns, NULL);
	return v;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	sonde_rows_unref(v->rows);
	free(v->shown);
	free(v->more);
	free(v);
}

void view_release(struct view *v)
{
	sonde_rows_unref(v->rows);
	v->rows = NULL;
	v->n_shown = 0;
}

ptrdiff_t view_selected(const struct view *v)
{
	if (!v->rows || v->list.index < 0 || (size_t)v->list.index >= v->n_shown)
		return -1;
	return v->shown[v->list.index];
}

void view_value(const struct view *v, size_t row, const char *key, struct sonde_value *ret)
{
	const struct sonde_field *f = sonde_field_find(v->ops->table, key);

	if (f)
		sonde_rows_value(v->rows, row, f, ret);
	else
		ret->kind = SONDE_ABSENT;
}

double view_number(const struct view *v, size_t row, const char *key, double unknown)
{
	struct sonde_value val;

	view_value(v, row, key, &val);
	switch (val.kind) {
	case SONDE_BOOL:
		return val.b;
	case SONDE_INT:
		return (double)val.i;
	case SONDE_UINT:
	case SONDE_TIME:
		return (double)val.u;
	case SONDE_REAL:
		return val.d;
	default:
		return unknown;
	}
}

void view_text(const struct view *v, size_t row, const char *key, char *dst, size_t size)
{
	struct sonde_value val;
	size_t n = 0;

	view_value(v, row, key, &val);
	if (val.kind == SONDE_TEXT || val.kind == SONDE_LIST) {
		n = val.text.n < size - 1 ? val.text.n : size - 1;
		for (size_t i = 0; i < n; i++)
			dst[i] = val.text.p[i] ? val.text.p[i] : ' ';
	}
	dst[n] = 0;
}

bool view_is_folded(const struct view *v, sonde_id id)
{
	for (size_t i = 0; i < v->n_folded; i++)
		if (v->folded[i] == id)
			return true;
	return false;
}

void view_fold(struct view *v, sonde_id id, bool on)
{
	for (size_t i = 0; i < v->n_folded; i++) {
		if (v->folded[i] != id)
			continue;
		if (!on)
			v->folded[i] = v->folded[--v->n_folded];
		return;
	}
	if (on && v->n_folded < FOLDED_MAX)
		v->folded[v->n_folded++] = id;
}

/* Letters go to columns from left to right: the first of the title that is still free. */
char view_sort_letter(const struct view *v, size_t i)
{
	char taken[COLUMNS_MAX + 1] = "";

	for (size_t k = 0; k <= i && k < v->columns.n; k++) {
		const char *t = v->columns.col[k].field->title;

		taken[k] = ' ';
		for (; *t; t++) {
			char c = (char)tolower((unsigned char)*t);

			if (isalpha((unsigned char)c) && !strchr(taken, c)) {
				taken[k] = c;
				break;
			}
		}
	}
	return i < v->columns.n && taken[i] != ' ' ? taken[i] : 0;
}

void view_sort_by(struct view *v, const struct sonde_field *f)
{
	const char *now = v->sort[0] == '-' ? v->sort + 1 : v->sort;
	bool down = f->kind != SONDE_TEXT && f->kind != SONDE_LIST;

	if (strcmp(now, f->key) == 0)
		down = v->sort[0] != '-';
	snprintf(v->sort, sizeof(v->sort), "%s%s", down ? "-" : "", f->key);
}
