/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A view: a table of the core with a scope, a filter and an order. What is special to
 * one of them is in its ops, the last thing in its file; everything else is common.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "console/prompt.h"
#include "console/theme.h"
#include "sonde/sonde.h"
#include "widgets/columns.h"
#include "widgets/list.h"

struct app;
struct view;

struct view_ops {
	const char *name;    /* as typed after ":" */
	const char *title;   /* in the breadcrumb */
	const char *empty;   /* said when there is no row and no filter */
	const char *columns; /* field keys with blanks between; NULL: the table's default ones */
	const char *sort;    /* NULL: the table's own order */
	const char *copy;    /* key of the field that "copy" takes; NULL: the row as JSON */
	const char *tree;    /* key of the column that carries the tree's lines, NULL: no tree */
	const char *born;    /* key of the time when the row began: young rows are marked */
	enum sonde_table table;
	bool tail; /* newest row last, and stay there */
	/* The colour of one cell of a row that is alive and not selected. NULL: text. */
	enum role (*role)(const struct view *v, size_t row, const struct sonde_field *f);
	/* Enter on a row. NULL: nothing opens. */
	void (*open)(struct app *a, struct view *v, size_t row);
};

#define FOLDED_MAX 512

struct view {
	const struct view_ops *ops;
	sonde_id pod, proc;      /* scope, 0: none */
	char scope[200];         /* its name, hostile */
	char filter[PROMPT_MAX]; /* as typed */
	char sort[80];
	bool flat, no_gone;
	size_t shift; /* bytes of the last column that are scrolled out to the left */
	struct columns columns;
	struct list list;
	struct sonde_rows *rows; /* NULL before the first load */
	bool empty_filter;       /* the filter is not sound: rows are those before it */
	/* what is left of the rows after folding */
	uint32_t *shown;
	uint64_t *more; /* bit d: a sibling at depth d follows */
	size_t n_shown, cap_shown;
	sonde_id folded[FOLDED_MAX];
	size_t n_folded;
};

extern const struct view_ops view_pods, view_procs, view_conns, view_events, view_detail, view_log,
	view_health;

struct view *view_new(const struct view_ops *ops, sonde_id pod, sonde_id proc, const char *scope);
void view_free(struct view *v); /* NULL is fine */
/* Let go of the rows: a view that is not shown must not hold an old snapshot. It loads again when
 * shown. */
void view_release(struct view *v);

/* The view called @word after ":" (a prefix of two letters is enough), or NULL. */
const struct view_ops *view_find(const char *word);
const struct view_ops *view_at(size_t i);

/* The row of core's rows behind the selection, or -1. */
ptrdiff_t view_selected(const struct view *v);

/* A value of a row by its field's key; kind SONDE_ABSENT when there is no such field. */
void view_value(const struct view *v, size_t row, const char *key, struct sonde_value *ret);
double view_number(const struct view *v, size_t row, const char *key, double unknown);
/* The text of a row's field, cut to @size, NUL-terminated; "" when not known. */
void view_text(const struct view *v, size_t row, const char *key, char *dst, size_t size);

/* The letter that sorts by the @i-th column after "s", 0: none is left for it. */
char view_sort_letter(const struct view *v, size_t i);
/* Sort by @f: numbers the largest first, texts the smallest; the same again turns it around. */
void view_sort_by(struct view *v, const struct sonde_field *f);

bool view_is_folded(const struct view *v, sonde_id id);
void view_fold(struct view *v, sonde_id id, bool on);

#endif
