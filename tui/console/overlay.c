/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows over the list: help, and the choice of columns. */
#include <stdio.h>
#include <string.h>

#include "console/app.h"

struct frame {
	int y, x, rows, cols, page;
};

static struct frame frame_of(int rows, int cols, int want_rows, int want_cols)
{
	struct frame f;

	f.rows = want_rows + 2 < rows - 2 ? want_rows + 2 : rows - 2;
	f.cols = want_cols + 4 < cols - 2 ? want_cols + 4 : cols - 2;
	f.y = (rows - f.rows) / 2;
	f.x = (cols - f.cols) / 2;
	f.page = f.rows - 2;
	return f;
}

static void clamp_top(struct app *a, ptrdiff_t n, ptrdiff_t page)
{
	if (a->overlay_top > n - page)
		a->overlay_top = n - page;
	if (a->overlay_top < 0)
		a->overlay_top = 0;
}

static void draw_help(struct app *a, int rows, int cols)
{
	struct frame f = frame_of(rows, cols, ACTIONS - 1, 88);
	char title[80];

	clamp_top(a, ACTIONS - 1, f.page);
	snprintf(title, sizeof(title), "Keys%s", f.page < ACTIONS - 1 ? " (scrolls)" : "");
	canvas_box(f.y, f.x, f.rows, f.cols, ROLE_BOX, title);
	for (int i = 0; i < f.page && a->overlay_top + i + 1 < ACTIONS; i++) {
		enum action act = (enum action)(a->overlay_top + i + 1);
		char keys[64];

		keymap_names(&a->keymap, act, keys, sizeof(keys));
		canvas_str(f.y + 1 + i, f.x + 2, 15, ROLE_KEY, keys);
		canvas_str(f.y + 1 + i, f.x + 18, 12, ROLE_DIM, action_info(act)->name);
		canvas_str(f.y + 1 + i, f.x + 31, f.cols - 33, ROLE_TEXT, action_info(act)->help);
	}
}

static void draw_columns(struct app *a, int rows, int cols)
{
	struct view *v = app_view(a);
	ptrdiff_t n = (ptrdiff_t)sonde_field_count(v->ops->table);
	struct frame f = frame_of(rows, cols, (int)n, 76);

	if (a->overlay_at < a->overlay_top)
		a->overlay_top = a->overlay_at;
	if (a->overlay_at >= a->overlay_top + f.page)
		a->overlay_top = a->overlay_at - f.page + 1;
	clamp_top(a, n, f.page);
	canvas_box(f.y, f.x, f.rows, f.cols, ROLE_BOX, "Columns: Space shows or hides, Esc ends");
	for (int i = 0; i < f.page && a->overlay_top + i < n; i++) {
		const struct sonde_field *fd =
			sonde_field_at(v->ops->table, (size_t)(a->overlay_top + i));
		bool at = a->overlay_top + i == a->overlay_at;
		enum role role = at ? ROLE_CURSOR : ROLE_TEXT;

		canvas_fill(f.y + 1 + i, f.x + 1, f.cols - 2, role);
		canvas_str(f.y + 1 + i, f.x + 2, 3, at ? role : ROLE_KEY,
			   columns_has(&v->columns, fd) ? "[x]" : "[ ]");
		canvas_str(f.y + 1 + i, f.x + 6, 26, role, fd->key);
		canvas_str(f.y + 1 + i, f.x + 33, f.cols - 35, at ? role : ROLE_DIM, fd->help);
	}
}

void overlay_draw(struct app *a, int rows, int cols)
{
	if (a->mode == MODE_HELP)
		draw_help(a, rows, cols);
	else
		draw_columns(a, rows, cols);
}

static void columns_key(struct app *a, const struct term_event *e, enum action act)
{
	struct view *v = app_view(a);

	if (e->key == ' ' || act == ACTION_OPEN)
		columns_toggle(&v->columns, sonde_field_at(v->ops->table, (size_t)a->overlay_at));
}

void overlay_key(struct app *a, const struct term_event *e)
{
	ptrdiff_t n = a->mode == MODE_HELP ? ACTIONS - 1
					   : (ptrdiff_t)sonde_field_count(app_view(a)->ops->table);
	ptrdiff_t *at = a->mode == MODE_HELP ? &a->overlay_top : &a->overlay_at;
	enum action act = keymap_action(&a->keymap, e->key);
	ptrdiff_t by = 0;

	switch (act) {
	case ACTION_UP:
		by = -1;
		break;
	case ACTION_DOWN:
		by = 1;
		break;
	case ACTION_PAGE_UP:
		by = -10;
		break;
	case ACTION_PAGE_DOWN:
		by = 10;
		break;
	case ACTION_TOP:
		by = -n;
		break;
	case ACTION_BOTTOM:
		by = n;
		break;
	case ACTION_BACK:
	case ACTION_QUIT:
	case ACTION_HELP:
	case ACTION_COLUMNS:
		a->mode = MODE_LIST;
		return;
	default:
		if (e->key == TERM_KEY_WHEEL_UP || e->key == TERM_KEY_WHEEL_DOWN)
			by = e->key == TERM_KEY_WHEEL_UP ? -3 : 3;
		else if (a->mode == MODE_COLUMNS)
			columns_key(a, e, act);
		else if (e->key != TERM_KEY_RESIZE)
			a->mode = MODE_LIST;
	}
	*at += by;
	*at = *at < 0 ? 0 : *at >= n ? n - 1 : *at;
}
