/* SPDX-License-Identifier: BSD-2-Clause */
/* What keys do. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/app.h"

#define DOUBLE_CLICK_NS 400000000ull
#define SHIFT           16
#define SHIFT_MOST      4096

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* ── moving ──────────────────────────────────────────────────────────────── */

static void move_by(struct app *a, ptrdiff_t by)
{
	struct view *v = app_view(a);
	ptrdiff_t row;

	list_move(&v->list, by, (ptrdiff_t)v->n_shown, view_page());
	row = view_selected(v);
	v->list.selected = row >= 0 ? sonde_rows_id(v->rows, (size_t)row) : 0;
}

/* To an end: the newest row of a tail is followed from then on. */
static void move_to_end(struct app *a, bool last)
{
	struct view *v = app_view(a);

	move_by(a, last ? (ptrdiff_t)v->n_shown + 1 : -(ptrdiff_t)v->n_shown - 1);
	v->list.at_end = last && v->ops->tail;
}

/* Left and right: the tree folds; elsewhere the wide column scrolls. */
static void fold_or_scroll(struct app *a, bool left)
{
	struct view *v = app_view(a);

	if (v->ops->tree && !v->flat) {
		if (v->list.selected)
			view_fold(v, v->list.selected, left);
		view_settle(v);
	} else if (left) {
		v->shift -= v->shift < SHIFT ? v->shift : SHIFT;
	} else if (v->shift < SHIFT_MOST) {
		v->shift += SHIFT;
	}
}

/* ── between views ───────────────────────────────────────────────────────── */

/* The scope of a new view: that of the selected row where it has one, else that of this view. */
static void scope_of(struct app *a, sonde_id *pod, sonde_id *proc, char *name, size_t size)
{
	struct view *v = app_view(a);
	ptrdiff_t row = view_selected(v);

	*pod = v->pod;
	*proc = v->proc;
	snprintf(name, size, "%s", v->scope);
	if (v->ops->table == SONDE_PODS && row >= 0) {
		*pod = sonde_rows_id(v->rows, (size_t)row);
		view_text(v, (size_t)row, "owner", name, size);
	}
}

static void go_table(struct app *a, const struct view_ops *ops)
{
	sonde_id pod, proc;
	char name[200];

	scope_of(a, &pod, &proc, name, sizeof(name));
	if (ops == app_view(a)->ops && !pod && !proc) {
		app_say(a, ROLE_DIM, "this is that view");
		return;
	}
	if (ops == app_view(a)->ops) { /* the same key again: the whole node */
		pod = proc = 0;
		app_say(a, ROLE_DIM, "the whole node");
	}
	if (ops->table == SONDE_PODS || ops->table == SONDE_DOCTOR ||
	    app_view(a)->ops->table == SONDE_DOCTOR)
		pod = proc = 0;
	/* Side by side and not on top of each other: from the pods one level down, else in place.
	 */
	if (app_view(a)->ops->table != SONDE_PODS && a->depth > 1 &&
	    app_view(a)->ops->table != SONDE_DETAIL)
		app_pop(a);
	if (ops->table == SONDE_PODS) {
		while (a->depth > 1)
			app_pop(a);
		return;
	}
	app_push(a, ops, pod, ops->table == SONDE_PROCS ? 0 : proc, pod || proc ? name : "");
}

static void go_details(struct app *a)
{
	struct view *v = app_view(a);
	ptrdiff_t row = view_selected(v);

	if (v->ops->table == SONDE_PROCS && row >= 0)
		v->ops->open(a, v, (size_t)row);
	else if (v->ops->open && v->ops->table != SONDE_PODS && row >= 0)
		v->ops->open(a, v, (size_t)row);
	else
		app_say(a, ROLE_DIM, "select a process, a connection or an event first");
}

static void go_log(struct app *a)
{
	struct view *v = app_view(a);
	ptrdiff_t row = view_selected(v);
	sonde_id pod, proc;
	char name[200];

	scope_of(a, &pod, &proc, name, sizeof(name));
	if (v->ops->table == SONDE_PROCS && row >= 0) {
		proc = sonde_rows_id(v->rows, (size_t)row);
		view_text(v, (size_t)row, "owner", name, sizeof(name));
	}
	if (!pod && !proc)
		app_say(a, ROLE_DIM, "select a pod or one of its processes first");
	else
		app_push(a, &view_log, proc ? 0 : pod, proc, name);
}

static void swap_views(struct app *a)
{
	struct view *v;

	if (!a->other) {
		app_say(a, ROLE_DIM, "there was no other view yet");
		return;
	}
	v = a->stack[a->depth - 1];
	a->stack[a->depth - 1] = a->other;
	a->other = v;
	view_release(v);
	a->reload = true;
}

static void back(struct app *a)
{
	struct view *v = app_view(a);

	if (v->filter[0]) {
		v->filter[0] = 0;
		a->reload = true;
	} else if (a->depth > 1) {
		app_pop(a);
	}
}

static void open_row(struct app *a)
{
	struct view *v = app_view(a);
	ptrdiff_t row = view_selected(v);

	if (row >= 0 && v->ops->open)
		v->ops->open(a, v, (size_t)row);
}

static void copy_row(struct app *a)
{
	struct view *v = app_view(a);
	ptrdiff_t row = view_selected(v);
	const char *json = NULL;
	char text[4096] = "";
	ptrdiff_t n = 0;

	if (row < 0)
		return;
	if (v->ops->copy)
		view_text(v, (size_t)row, v->ops->copy, text, sizeof(text));
	n = (ptrdiff_t)strlen(text);
	if (!n) {
		n = sonde_rows_json(v->rows, (size_t)row, NULL, 0, &json);
		if (n > 0)
			(void)term_copy(json, (size_t)n);
	} else {
		(void)term_copy(text, (size_t)n);
	}
	if (n > 0)
		app_say(a, ROLE_GOOD, "copied: %.200s", json ? json : text);
}

static void start_filter(struct app *a)
{
	snprintf(a->filter_before, sizeof(a->filter_before), "%s", app_view(a)->filter);
	prompt_open(&a->prompt, '/', app_view(a)->filter);
	a->mode = MODE_PROMPT;
}

static void act_on_view(struct app *a, enum action act)
{
	struct view *v = app_view(a);

	switch (act) {
	case ACTION_FLAT:
		v->flat = !v->flat;
		a->reload = v->ops->tree != NULL;
		break;
	case ACTION_UNFOLD:
		v->n_folded = 0;
		view_settle(v);
		break;
	case ACTION_GONE:
		v->no_gone = !v->no_gone;
		a->reload = true;
		app_say(a, ROLE_DIM, "what has ended is %s",
			v->no_gone ? "hidden" : "shown for a minute");
		break;
	case ACTION_PAUSE:
		a->paused = !a->paused;
		a->reload = !a->paused;
		break;
	case ACTION_SORT:
		a->mode = MODE_SORT;
		break;
	case ACTION_COLUMNS:
		a->mode = MODE_COLUMNS;
		a->overlay_top = a->overlay_at = 0;
		break;
	default:
		break;
	}
}

static void act_go(struct app *a, enum action act)
{
	switch (act) {
	case ACTION_PODS:
		go_table(a, &view_pods);
		break;
	case ACTION_PROCS:
		go_table(a, &view_procs);
		break;
	case ACTION_CONNS:
		go_table(a, &view_conns);
		break;
	case ACTION_EVENTS:
		go_table(a, &view_events);
		break;
	case ACTION_HEALTH:
		go_table(a, &view_health);
		break;
	case ACTION_DETAILS:
		go_details(a);
		break;
	case ACTION_LOG:
		go_log(a);
		break;
	case ACTION_OPEN:
		open_row(a);
		break;
	case ACTION_BACK:
		back(a);
		break;
	case ACTION_LAST:
		swap_views(a);
		break;
	default:
		act_on_view(a, act);
	}
}

void app_act(struct app *a, enum action act)
{
	switch (act) {
	case ACTION_UP:
		move_by(a, -1);
		break;
	case ACTION_DOWN:
		move_by(a, 1);
		break;
	case ACTION_PAGE_UP:
		move_by(a, -view_page());
		break;
	case ACTION_PAGE_DOWN:
		move_by(a, view_page());
		break;
	case ACTION_TOP:
	case ACTION_BOTTOM:
		move_to_end(a, act == ACTION_BOTTOM);
		break;
	case ACTION_LEFT:
	case ACTION_RIGHT:
		fold_or_scroll(a, act == ACTION_LEFT);
		break;
	case ACTION_FILTER:
		start_filter(a);
		break;
	case ACTION_COMMAND:
		prompt_open(&a->prompt, ':', "");
		a->mode = MODE_PROMPT;
		break;
	case ACTION_COPY:
		copy_row(a);
		break;
	case ACTION_REDRAW:
		term_redraw();
		break;
	case ACTION_HELP:
		a->mode = MODE_HELP;
		a->overlay_top = 0;
		break;
	case ACTION_QUIT:
		a->leave = true;
		break;
	default:
		act_go(a, act);
	}
}

/* ── modes ───────────────────────────────────────────────────────────────── */

static void prompt_take(struct app *a, int key)
{
	struct view *v = app_view(a);
	enum prompt_result r;

	if (key == TERM_KEY_TAB) {
		app_complete(a);
		return;
	}
	r = prompt_key(&a->prompt, key);
	if (a->prompt.sign == '/' && (r == PROMPT_CHANGED || r == PROMPT_DONE)) {
		snprintf(v->filter, sizeof(v->filter), "%s", a->prompt.text);
		a->message[0] = 0;
		a->reload = true;
	}
	if (r == PROMPT_LEFT && a->prompt.sign == '/') {
		snprintf(v->filter, sizeof(v->filter), "%s", a->filter_before);
		a->reload = true;
	}
	if (r == PROMPT_LEFT || r == PROMPT_DONE) {
		a->mode = MODE_LIST;
		a->message[0] = 0;
	}
	if (r == PROMPT_DONE && a->prompt.sign == ':') {
		char line[PROMPT_MAX];

		snprintf(line, sizeof(line), "%s", a->prompt.text);
		prompt_remember(&a->prompt, line);
		app_command(a, line);
	}
}

static void sort_take(struct app *a, int key)
{
	struct view *v = app_view(a);

	a->mode = MODE_LIST;
	for (size_t i = 0; i < v->columns.n; i++) {
		if (key != view_sort_letter(v, i) || !v->columns.col[i].width)
			continue;
		view_sort_by(v, v->columns.col[i].field);
		if (v->ops->tree)
			v->flat = true; /* an order over the whole list is no tree */
		a->reload = true;
		return;
	}
	if (key != TERM_KEY_ESC)
		app_say(a, ROLE_DIM, "no column has that letter");
}

static void click(struct app *a, const struct term_event *e)
{
	struct view *v = app_view(a);
	const struct column *c = columns_at(&v->columns, e->x);
	ptrdiff_t at = v->list.top + e->y - 4;
	uint64_t now = now_ns();

	if (e->y == 3 && c) {
		view_sort_by(v, c->field);
		v->flat = v->flat || v->ops->tree;
		a->reload = true;
		return;
	}
	if (e->y < 4 || e->y >= 4 + view_page() || at >= (ptrdiff_t)v->n_shown)
		return;
	move_by(a, at - v->list.index);
	v->list.at_end = false;
	if (v->list.selected == a->clicked && now < a->clicked_ns + DOUBLE_CLICK_NS) {
		a->clicked = 0;
		open_row(a);
		return;
	}
	a->clicked = v->list.selected;
	a->clicked_ns = now;
}

void app_key(struct app *a, const struct term_event *e)
{
	enum action act;

	if (e->key == TERM_KEY_RESIZE) {
		view_settle(app_view(a));
		return;
	}
	if (a->mode == MODE_PROMPT) {
		prompt_take(a, e->key);
		return;
	}
	if (a->mode == MODE_SORT) {
		sort_take(a, e->key);
		return;
	}
	if (a->mode != MODE_LIST) {
		overlay_key(a, e);
		return;
	}
	a->message[0] = 0;
	if (e->key == TERM_KEY_CLICK) {
		click(a, e);
		return;
	}
	if (e->key == TERM_KEY_WHEEL_UP || e->key == TERM_KEY_WHEEL_DOWN) {
		move_by(a, e->key == TERM_KEY_WHEEL_UP ? -3 : 3);
		return;
	}
	act = keymap_action(&a->keymap, e->key);
	if (act != ACTION_NONE)
		app_act(a, act);
}
